/* SPDX-License-Identifier: Apache-2.0 */
/* Suppressions (RFC 8194 suppression): which hold now, of the plan's and of those that were ordered.
 *
 * Whether one of the plan holds follows from when its events happened last, by the calendar also before this
 * start of the agent: neither a restart nor a step of the clock leaves it on or off by mistake.  One that hangs
 * on the time of day holds while the time is unknown: what is suppressed is what may do harm. */
#ifndef AGENT_SUPPRESS_H
#define AGENT_SUPPRESS_H

#include "plan.h"

#define SUPPRESS_ORDERED 16
#define SUPPRESS_TEXT    65
#define SUPPRESS_NEVER   INT64_MAX

struct suppress_item {
	char name[SUPPRESS_TEXT];            /* of the plan; of an ordered one its pattern */
	const struct plan_suppression *plan; /* NULL: ordered */
	int64_t until_mono;                  /* ordered: clock_mono(), SUPPRESS_NEVER */
	bool stop_running;
	bool active;
	int64_t since_mono; /* of active */
};

struct suppress {
	size_t count;
	struct suppress_item item[PLAN_SUPPRESSIONS + SUPPRESS_ORDERED];
	int64_t begun_mono;
	int64_t happened_mono[PLAN_KINDS]; /* the last startup, controller_lost ...; 0: not yet */
};

struct suppress_now {
	int64_t mono_ns, utc_ns; /* utc_ns may be UTC_UNKNOWN */
};

/* What a test is called when it is looked for. */
struct suppress_subject {
	const char *name, *kind;
	const struct settings *settings; /* with "tags"; or NULL */
};

void suppress_init(struct suppress *x, const struct plan *p, int64_t mono_ns); /* p may be NULL */
void suppress_happened(struct suppress *x, enum plan_kind kind, int64_t mono_ns);

/* Adds one, or changes the one with this pattern.  -EINVAL: empty or too long; -ENOSPC. */
int suppress_order(
	struct suppress *x, const char *match, int64_t until_mono, bool stop_running) MUST_CHECK;
/* Takes an ordered one back; the next suppress_look() tells that it ended.  -ENOENT. */
int suppress_lift(struct suppress *x, const char *match);

/* Finds out what holds now; changed() is told of each that began or ended. */
void suppress_look(struct suppress *x, struct suppress_now now,
	void (*changed)(void *arg, const struct suppress_item *i), void *arg);

/* The first one that holds for a test; NULL: none. */
const struct suppress_item *suppress_of(
	const struct suppress *x, const struct suppress_subject *subject);
bool suppress_matches(const struct suppress_item *i, const struct suppress_subject *subject);
/* ns until an active one will have ended; -1: not known, or never. */
int64_t suppress_left(const struct suppress_item *i, struct suppress_now now);

#endif
