/* SPDX-License-Identifier: Apache-2.0 */
/* The running agent: what run.c builds and the files named below work on. */
#ifndef AGENT_DAEMON_H
#define AGENT_DAEMON_H

#include "access.h"
#include "budget.h"
#include "control.h"
#include "guard.h"
#include "schedule.h"
#include "settings.h"
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
	struct place place;
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
	struct guard guard;
	struct control *control;
	struct complaint complaint;

	struct loop_signal end, interrupt;
	struct loop_timer tick, health;
	int64_t health_every_ns;
	uint64_t skipped_told;
	bool health_told;
	struct clock_pair pair; /* the newest handed over; source CLOCK_NONE: none */
};

/* records.c: arg is the daemon in all that follow */
void daemon_record(struct daemon *d, struct record *r); /* stamps r and hands it over */
/* A record of kind event, and a line in the log. */
void daemon_event(struct daemon *d, const char *event, const char *step, const char *outcome,
	const char *format, ...) PRINTF(5, 6);
void daemon_measured(void *arg, struct probe *p, const struct record *r);
void daemon_access_changed(void *arg, struct record *r);

/* permit.c */
enum schedule_verdict daemon_may_run(void *arg, const struct probe *p, unsigned tries);
void daemon_ran(void *arg, struct probe *p, int err);
void daemon_count_traffic(struct daemon *d);

/* duties.c */
void daemon_tick(struct loop_timer *t);
void daemon_health(struct loop_timer *t);
void daemon_uplink_changed(void *arg);

/* modems.c */
void daemon_modems(struct daemon *d); /* recovery, surveys, hints: as configured */

/* status_document.c */
struct json_object *daemon_status(void *daemon); /* the document of `status --json` */

#endif
