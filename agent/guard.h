/* SPDX-License-Identifier: Apache-2.0 */
/* Is the line idle?  A test that fills it would disturb people, and measure them instead of the line.
 * Thresholds as the FCC's performance tests use them: 64 kbit/s down, 32 kbit/s up, the mean of ten seconds, so
 * that neither a single keep-alive nor a pause between two pages decides. */
#ifndef AGENT_GUARD_H
#define AGENT_GUARD_H

#include "traffic.h"

#define GUARD_LOOKS 16

struct guard {
	uint64_t down_bps_most, up_bps_most; /* 0: no limit */
	struct guard_look {
		int64_t at_ns;
		struct traffic moved;
	} look[GUARD_LOOKS]; /* the oldest first */
	size_t n;
	uint64_t down_bps, up_bps; /* over the looks that are kept */
};

enum guard_line {
	GUARD_UNKNOWN, /* not looked at for long enough */
	GUARD_IDLE,
	GUARD_BUSY
};

void guard_look(struct guard *g, const struct traffic *now, int64_t mono_ns);
enum guard_line guard_line(const struct guard *g);
/* What flowed until now was ours: looks begin anew. */
void guard_forget(struct guard *g);

#endif
