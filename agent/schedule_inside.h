/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the schedule share; nobody else includes it. */
#ifndef AGENT_SCHEDULE_INSIDE_H
#define AGENT_SCHEDULE_INSIDE_H

#include "schedule.h"
#include "../probes/core/log.h"

#define SCHEDULE_TESTS 64

struct test {
	struct schedule *schedule;
	struct probe *probe;
	struct plan_test local, plan; /* as configured, and as it holds now */
	bool off;                     /* by an order */
	struct loop_timer timer;
	int64_t phase_ns;
	int64_t due_ns;    /* clock_loop(); INT64_MAX: nothing is planned */
	int64_t spread_ns; /* drawn for this occurrence */
	int64_t next_utc;  /* of an event that stands in wall time; UTC_UNKNOWN */
	int64_t taken_utc; /* the last occurrence that was taken; UTC_UNKNOWN */
	bool planned;      /* the timer stands for due_ns, not for another look */
	bool forced;       /* schedule_run_now() */
	bool stopped;      /* by schedule_stop() */
	enum schedule_wait waits;
	int64_t held_ns;   /* since when HOLD is said, clock_loop(); 0: it is not */
	unsigned failures; /* in a row */
	unsigned tries;    /* put off for a busy line */
	char cycle[PLAN_CYCLE_TEXT];
	struct schedule_counts counts;
	int last_err;
	struct complaint complaint;
};

struct schedule {
	struct probe_world *world;
	struct schedule_owner owner;
	struct suppress suppress;
	int64_t start_delay_ns, retry_ns;
	uint8_t id[16];
	bool started, replanned;
	unsigned early;         /* a bit for each event that happened before the start */
	int64_t utc_ns, utc_at; /* wall time at clock_loop(), as last told; UTC_UNKNOWN */
	uint64_t random;
	size_t count;
	struct test tests[SCHEDULE_TESTS];
};

/* schedule.c */
void schedule_plan_next(struct test *t);
void schedule_plan_first(struct test *t, int64_t delay_ns);
void schedule_happened(struct test *t); /* its event */

/* schedule_time.c */
int64_t schedule_utc(const struct schedule *s);               /* now, or UTC_UNKNOWN */
int64_t schedule_chance(struct schedule *s, int64_t most_ns); /* 0 .. most_ns */
int64_t schedule_periodic(struct test *t);                    /* clock_loop() of the next run */
void schedule_by_clock(struct test *t); /* sets due_ns, next_utc and spread_ns */

/* schedule_orders.c */
struct test *schedule_test(struct schedule *s, const char *name);
const struct suppress_item *schedule_suppressed(const struct test *t);
void schedule_look(struct schedule *s);

#endif
