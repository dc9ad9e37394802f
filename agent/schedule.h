/* SPDX-License-Identifier: Apache-2.0 */
/* When each test runs.  Each probe has its own phase in every interval, from its id, so that a fleet that
 * got power at the same moment does not measure at the same moment.  What fills the link runs alone. */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include "../probes/probe.h"

struct schedule;

/* In the words of LMAP (RFC 8194): what happened to the invocations of a schedule. */
struct schedule_counts {
	uint64_t invocations, failures;
	uint64_t overlaps;     /* due while the run before was still going on */
	uint64_t suppressions; /* left out: allowance used up, or the line never idle */
};

struct schedule_entry { /* for status */
	const char *name, *kind;
	int64_t interval_ns, next_ns; /* next_ns: clock_loop() */
	bool running;
	struct schedule_counts counts;
	int last_err;
};

enum schedule_verdict {
	SCHEDULE_GO,
	SCHEDULE_LATER, /* ask again in a minute */
	SCHEDULE_SKIP,  /* left out, counted */
	SCHEDULE_PASS,  /* not wanted now: nothing is left out */
};

struct schedule_owner {
	void (*record)(void *arg, struct probe *p, const struct record *r);
	/* Asked before a run; tries counts the times it said LATER for this one.  May be NULL. */
	enum schedule_verdict (*may)(void *arg, const struct probe *p, unsigned tries);
	void (*ran)(void *arg, struct probe *p, int err); /* after a run; may be NULL */
	void *arg;
};

int schedule_new(struct schedule **out, struct probe_world *w, int64_t start_delay_ns,
	struct schedule_owner owner) MUST_CHECK;
void schedule_free(struct schedule *s); /* cancels what is running; NULL is fine */

/* Makes the probe: its open() runs here. */
int schedule_add(struct schedule *s, const struct probe_type *type, const char *name,
	const struct settings *settings, int64_t interval_ns, int64_t limit_ns,
	struct why *why) MUST_CHECK;
void schedule_start(struct schedule *s, const uint8_t id[16]); /* id gives the phases */

/* A run of this test as soon as the line, the modem and the owner allow it; its interval begins anew.
 * -ENOENT: no such test; -EBUSY: it is running. */
int schedule_run_now(struct schedule *s, const char *name, struct why *why) MUST_CHECK;

size_t schedule_count(const struct schedule *s);
void schedule_entry(const struct schedule *s, size_t i, struct schedule_entry *out);
bool schedule_busy(const struct schedule *s);        /* something is being measured; NULL: no */
uint64_t schedule_skipped(const struct schedule *s); /* all suppressions and overlaps */

/* The first due time at or after now of a test with this interval and phase; for tests. */
int64_t schedule_due(int64_t now_ns, int64_t interval_ns, int64_t phase_ns);
int64_t schedule_phase(const uint8_t id[16], const char *name, int64_t interval_ns);
/* After more than 10 failures in a row the interval is doubled each time, up to 16 times, or to 10 min. */
int64_t schedule_backoff(int64_t interval_ns, unsigned failures);

#endif
