/* SPDX-License-Identifier: Apache-2.0 */
/* The running agent: what run.c builds and status_document.c tells about. */
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

struct json_object *daemon_status(void *daemon); /* the document of `status --json` */

#endif
