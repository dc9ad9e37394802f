/* SPDX-License-Identifier: Apache-2.0 */
/* When each test runs: at its interval or by an event of the plan, inside its windows, unless suppressed.
 * Each probe has its own phase in every interval, from its id, so that a fleet that got power at the same
 * moment does not measure at the same moment.  What fills the link runs alone. */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include "../probes/probe.h"
#include "plan.h"
#include "suppress.h"

struct schedule;

/* In the words of LMAP (RFC 8194): what happened to the invocations of a schedule. */
struct schedule_counts {
	uint64_t invocations, failures;
	uint64_t overlaps;     /* due while the run before was still going on */
	uint64_t suppressions; /* left out or stopped: suppressed, no allowance, a busy line */
};

enum schedule_wait {
	SCHEDULE_WAITS_NOT,
	SCHEDULE_WAITS_CLOCK, /* stands in wall time, which is unknown */
	SCHEDULE_WAITS_WINDOW,
	SCHEDULE_WAITS_TURN, /* the link or the modem is another test's */
	SCHEDULE_WAITS_LINE, /* the owner said LATER */
	SCHEDULE_WAITS_HELD, /* the owner said HOLD */
	SCHEDULE_WAITS
};
/* "", "clock", "window", "turn", "line", "device" */
extern const char *const schedule_wait_name[SCHEDULE_WAITS];

struct schedule_entry {                  /* for status */
	const char *name, *kind, *event; /* event: NULL: by its interval */
	int64_t interval_ns;             /* 0: by an event that is not periodic */
	int64_t next_ns;                 /* clock_loop(); INT64_MAX: when its event happens */
	bool running, enabled;
	enum schedule_wait waits;
	const char *suppressed; /* by which suppression; NULL: not */
	struct schedule_counts counts;
	int last_err;
	const struct probe *probe;
};

enum schedule_verdict {
	SCHEDULE_GO,
	SCHEDULE_LATER, /* ask again in a minute (schedule_retry()); counted in `tries` */
	SCHEDULE_SOON,  /* ask again in half a second; not counted */
	SCHEDULE_HOLD, /* ask again in a minute; neither: after an interval the run counts as left out */
	SCHEDULE_SKIP, /* left out, counted */
	SCHEDULE_PASS, /* not wanted now: nothing is left out */
};

struct schedule_owner {
	void (*record)(void *arg, struct probe *p, const struct record *r);
	/* Asked before a run; tries counts the times it said LATER for this one.  May be NULL. */
	enum schedule_verdict (*may)(void *arg, struct probe *p, unsigned tries);
	void (*ran)(void *arg, struct probe *p, int err); /* after a run; may be NULL */
	/* A suppression began (i->active) or ended; may be NULL.  Not to call the schedule from. */
	void (*suppression)(void *arg, const struct suppress_item *i);
	void *arg;
};

/* plan: its suppressions; may be NULL; outlives the schedule. */
int schedule_new(struct schedule **out, struct probe_world *w, const struct plan *plan,
	int64_t start_delay_ns, struct schedule_owner owner) MUST_CHECK;
void schedule_free(struct schedule *s); /* cancels what is running; NULL is fine */

/* Makes the probe: its open() runs here. */
int schedule_add(struct schedule *s, const struct probe_type *type, const char *name,
	const struct plan_test *plan, struct why *why) MUST_CHECK;
void schedule_retry(struct schedule *s, int64_t after_ns);     /* for LATER; a minute unless told */
void schedule_start(struct schedule *s, const uint8_t id[16]); /* id gives the phases */

/* Wall time now, or UTC_UNKNOWN: every few seconds, and when it was learnt or set.  Calendar and one_off
 * events, windows and suppressions go by it; before the first call it is unknown. */
void schedule_clock(struct schedule *s, int64_t utc_ns);

/* --- from outside the plan: orders, the uplink, a person.  All on the loop's thread. ------------------------ */

/* An event of the plan happened: PLAN_CONTROLLER_LOST, PLAN_CONTROLLER_CONNECTED. */
void schedule_event(struct schedule *s, enum plan_kind kind);

/* Runs the test as soon as its turn comes, whatever its windows and its place in the plan; what may() says still
 * holds, and owner.ran() follows when it did run.  -ENOENT: no such test, -EPERM: suppressed, -EBUSY: running,
 * -ESHUTDOWN: switched off by schedule_replan(). */
int schedule_run_now(struct schedule *s, const char *test) MUST_CHECK;

/* Keeps every test from starting that has `match` (a name, kind or tag, or a pattern of them) until clock_mono()
 * is until_mono (SUPPRESS_NEVER: for ever, or until the agent ends); stop_running also ends those that run.
 * Again with the same match it changes that one.  -EINVAL: empty or longer than 64 bytes, -ENOSPC: too many. */
int schedule_suppress(
	struct schedule *s, const char *match, int64_t until_mono, bool stop_running) MUST_CHECK;
/* -ENOENT; those of the plan stay. */
int schedule_unsuppress(struct schedule *s, const char *match);

struct schedule_change {
	const char *test;
	int64_t interval_ns; /* from then on periodic, with this interval; 0: as in the local plan */
	bool off;            /* not run at all */
};
/* What differs from the local plan, from now on: the whole of it, so that each call forgets the one before, and
 * n = 0 goes back to the local plan.  All or nothing: -ENOENT, -EINVAL (interval below 1 s or above a week), with
 * a sentence; the plan that held stays.  A test that the configuration does not run cannot be switched on. */
int schedule_replan(struct schedule *s, const struct schedule_change *changes, size_t n,
	struct why *why) MUST_CHECK;
bool schedule_replanned(const struct schedule *s);

/* --- looking ---------------------------------------------------------------------------------------------- */

size_t schedule_count(const struct schedule *s);
void schedule_entry(const struct schedule *s, size_t i, struct schedule_entry *out);
size_t schedule_suppressions(const struct schedule *s, const struct suppress_item **out);
bool schedule_busy(const struct schedule *s);        /* something is being measured; NULL: no */
uint64_t schedule_skipped(const struct schedule *s); /* all suppressions and overlaps */
/* Stops what runs and is chosen, with a record that says why (probe_stop()); counts it as suppressed. */
void schedule_stop(struct schedule *s, bool (*chosen)(void *arg, const struct probe *p), void *arg,
	const char *word, const char *sentence);
/* Puts into a record of p what started the run: schedule_event and cycle_number. */
void schedule_stamp(const struct schedule *s, const struct probe *p, struct record *r);

/* The first due time at or after now of a test with this interval and phase; for tests. */
int64_t schedule_due(int64_t now_ns, int64_t interval_ns, int64_t phase_ns);
int64_t schedule_phase(const uint8_t id[16], const char *name, int64_t interval_ns);
/* After more than 10 failures in a row the interval is doubled each time, up to 16 times, or to 10 min. */
int64_t schedule_backoff(int64_t interval_ns, unsigned failures);

#endif
