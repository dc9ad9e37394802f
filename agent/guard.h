/* SPDX-License-Identifier: Apache-2.0 */
/* Is the line idle?  A test that fills it would disturb people, and measure them instead of the line.
 * Thresholds as the FCC's performance tests use them: 64 kbit/s down, 32 kbit/s up. */
#ifndef AGENT_GUARD_H
#define AGENT_GUARD_H

#include "traffic.h"

struct guard {
	uint64_t down_bps_most, up_bps_most; /* 0: no limit */
	struct traffic last;
	int64_t last_ns;
	bool have;
	uint64_t down_bps, up_bps; /* between the last two looks */
};

void guard_look(struct guard *g, const struct traffic *now, int64_t mono_ns);
bool guard_idle(const struct guard *g);

#endif
