/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon knows, for Prometheus: a file for node_exporter's textfile collector, replaced whole.  Only what is
 * known is in it: an unknown value is absent, never 0. */
#ifndef AGENT_TEXTFILE_H
#define AGENT_TEXTFILE_H

#include "budget.h"
#include "schedule.h"
#include "uplink.h"

struct textfile_facts {
	const char *probe, *version; /* version of the agent */
	bool simulated;
	int64_t running_s;
	enum access_state state;
	int64_t state_s;          /* how long so far */
	struct clock_state clock; /* now */
	bool has_broker;
	const struct uplink_status *uplink;
	const struct budget *budget;
	const struct record *signal; /* the newest; kind 0: none */
	const struct schedule *schedule;
	const struct record *last; /* of each test, in the schedule's order; kind 0: none */
	double temperature_c;      /* NAN unknown */
	int64_t mono_ns;           /* clock_mono(), for ages */
};

struct textfile {
	char path[512]; /* "": none is written */
	int64_t every_ns, due_ns;
	uint64_t writes, bytes; /* since start: whoever puts it on flash sees what it costs */
	int err;                /* of the newest write */
};

/* The text in the exposition format 0.0.4. */
void textfile_put(struct buf *out, const struct textfile *t, const struct textfile_facts *f);
bool textfile_due(const struct textfile *t, int64_t now_ns); /* clock_loop() */
/* Writes it beside and renames it over path; 0 or -errno. */
int textfile_write(struct textfile *t, const struct textfile_facts *f, int64_t now_ns) MUST_CHECK;
void textfile_end(
	struct textfile *t); /* the file goes: what stands in it would not be true any more */

#endif
