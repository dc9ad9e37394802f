/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"
#include "../probes/core/clock.h"

static uint64_t rate(uint64_t from, uint64_t to, int64_t ns)
{
	return to > from ? (uint64_t)((double)(to - from) * 8 * NS_PER_S / (double)ns) : 0;
}

void guard_look(struct guard *g, const struct traffic *now, int64_t mono_ns)
{
	if (g->have && mono_ns - g->last_ns < NS_PER_S)
		return;
	if (g->have) {
		g->down_bps = rate(g->last.down, now->down, mono_ns - g->last_ns);
		g->up_bps = rate(g->last.up, now->up, mono_ns - g->last_ns);
	}
	g->last = *now;
	g->last_ns = mono_ns;
	g->have = true;
}

bool guard_idle(const struct guard *g)
{
	return (!g->down_bps_most || g->down_bps <= g->down_bps_most) &&
	       (!g->up_bps_most || g->up_bps <= g->up_bps_most);
}
