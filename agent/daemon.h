/* SPDX-License-Identifier: Apache-2.0 */
/* The running agent: what run.c builds and the files named below work on. */
#ifndef AGENT_DAEMON_H
#define AGENT_DAEMON_H

#include "access.h"
#include "budget.h"
#include "control.h"
#include "controller.h"
#include "gnss.h"
#include "guard.h"
#include "health.h"
#include "led.h"
#include "orders_daemon.h"
#include "place.h"
#include "quiet.h"
#include "schedule.h"
#include "settings.h"
#include "textfile.h"
#include "uplink.h"
#include "world.h"
#include "../probes/core/log.h"

struct daemon {
	struct conf *conf;
	const char *brokers[17];
	char password[256];
	uint8_t collector_key[PUBLIC_KEY];
	char probe[PROBE_ID_TEXT];
	bool simulated;
	char iface[16];  /* whose counters and name stand for the way out; "" unknown */
	char billed[16]; /* whose traffic counts; "": all but loopback */
	struct whereabouts where;
	struct gnss *gnss; /* NULL: no receiver */
	struct gnss_time gnss_time;
	const char *survey; /* name of the walk or drive; NULL: the daemon at its place */
	const char *user;   /* becomes this user instead of agent.user; or NULL */
	int64_t started_ns; /* clock_mono() */

	struct probe_world world;
	struct schedule *schedule;
	struct record *last; /* the newest of each test, in the schedule's order; kind 0: none */
	struct identity *identity;
	struct journal *journal;
	struct journal_past past;
	struct uplink *uplink;
	struct access *access;
	struct budget budget;
	bool *cut;   /* of each test, in the schedule's order: the allowance does not let it run */
	bool slowed; /* telemetry, by the allowance */
	struct guard guard;
	char guarded[16]; /* whose counters the guard looks at */
	struct plan plan;
	struct quiet quiet;
	struct controller controller;
	struct loop_timer watch; /* while a test may spend much */
	struct control *control;
	uint64_t sim;           /* hash of the SIM that the allowance knows of; 0 none */
	int64_t credit_asked_s; /* since boot, of the credit that the access state was told; 0 none */
	struct order_desk *desk;
	struct complaint complaint;
	struct led *led;
	struct textfile textfile;
	struct complaint textfile_complaint;
	double temperature_c; /* of the newest health record; NAN unknown */

	struct loop_signal end, interrupt;
	struct loop_timer tick, health;
	struct health_watch *sensors;
	const char *reset,
		*power_cause;      /* of health_reset(), health_power_cause(); NULL: nothing */
	int64_t cpu_ns, cpu_at_ns; /* this process's, at the last health record */
	int64_t health_every_ns;
	uint64_t skipped_told;
	bool health_told;
	struct clock_pair pair; /* the newest handed over; source CLOCK_NONE: none */
};

/* run.c: built in one order and taken apart in the other.  The caller has set conf, and for a survey what belongs to
 * it: then only latency is measured, nothing is sent, and whoever calls measures the signal. */
int daemon_start(struct daemon *d, struct why *why) MUST_CHECK;
int daemon_live(struct daemon *d);  /* until told to end */
void daemon_done(struct daemon *d); /* half-built is fine */

/* gnss_daemon.c */
int daemon_gnss_start(struct daemon *d, const char *source, struct why *why) MUST_CHECK;
void daemon_gnss_health(struct daemon *d, struct record *r);
struct json_object *daemon_gnss_document(const struct daemon *d); /* NULL: no receiver */

/* records.c: arg is the daemon in all that follow */
void daemon_record(struct daemon *d, struct record *r); /* stamps r and hands it over */
/* A record of kind event, and a line in the log. */
void daemon_event(struct daemon *d, const char *event, const char *step, const char *outcome,
	const char *format, ...) PRINTF(5, 6);
/* The same about an order: event "order", with its id. */
void daemon_event_order(struct daemon *d, const char *id, const char *step, const char *outcome,
	const char *detail);
void daemon_measured(void *arg, struct probe *p, const struct record *r);
void daemon_access_changed(void *arg, struct record *r);

/* permit.c */
enum schedule_verdict daemon_may_run(void *arg, struct probe *p, unsigned tries);
void daemon_ran(void *arg, struct probe *p, int err);
void daemon_suppression(void *arg, const struct suppress_item *i);
void daemon_quiet(struct daemon *d); /* looks at d->device */

/* spend.c */
int daemon_spend_settings(struct daemon *d, struct why *why);
void daemon_count_traffic(struct daemon *d);
/* The SIM in use by its hash, 0 unknown: budget_sim(). */
void daemon_sim(struct daemon *d, uint64_t sim);
bool daemon_affords(struct daemon *d, struct probe *p); /* caps its next run, if it must and can */
/* What a large test may cost is on flash before it starts.  -EAGAIN: something is measured, that a save would hold
 * up. */
int daemon_pledge(struct daemon *d, const struct probe *p) MUST_CHECK;
void daemon_watch(struct daemon *d, const struct probe *p); /* looks often while p runs */
int64_t daemon_gather(const struct daemon *d); /* how long the uplink is to gather small batches */

/* duties.c */
void daemon_tick(struct loop_timer *t);
void daemon_health(struct loop_timer *t);
void daemon_supply_fails(void *arg);
void daemon_uplink_changed(void *arg);
void daemon_look_at_link(struct daemon *d); /* its address, or where the way out is */

/* signs.c: what is told to those beside the device, by light and file */
void daemon_signs_open(struct daemon *d);
void daemon_signs(struct daemon *d); /* at each tick */
void daemon_signs_close(struct daemon *d);

/* modems.c */
void daemon_modems(struct daemon *d); /* recovery, surveys, hints: as configured */
void daemon_look_at_modems(
	struct daemon *d); /* at each tick: credit to the state, the SIM to the allowance */

/* status_document.c */
struct json_object *daemon_status(void *daemon); /* the document of `status --json` */

#endif
