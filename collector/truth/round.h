/* SPDX-License-Identifier: Apache-2.0 */
/* The work of one round.  Private to collector/truth. */
#ifndef TRUTH_ROUND_H
#define TRUTH_ROUND_H

#include "agg.h"
#include "truth.h"

#define PROFILES_MOST 8

struct rounds { /* what a worker holds from round to round */
	struct store *store;
	struct db agg;
	int lock;
	struct profile *profile;
	size_t profiles;
	struct truth_panel panel[PROFILES_MOST]; /* of each profile */
	void (*judged)(void *arg, const char *hamlet);
	void *arg;
};

int rounds_open(struct rounds *r, const struct truth_options *o,
	struct why *why) MUST_CHECK; /* -EBUSY: another has it */
void rounds_close(struct rounds *r);
/* Rolls up what is dirty, at most `most` pairs; *left: there may be more. */
int round_dirty(struct rounds *r, size_t most, int64_t as_of_ns, bool *left) MUST_CHECK;
/* Judges those whose status may have changed by the passing of time alone, and those without one. */
int round_sweep(struct rounds *r, int64_t as_of_ns, const bool *stop) MUST_CHECK;
/* All days from `from` on are judged again. */
int judge_hamlet(struct rounds *r, const char *hamlet, int32_t from, int64_t as_of_ns) MUST_CHECK;

#endif
