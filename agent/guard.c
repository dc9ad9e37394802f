/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"
#include "../probes/core/clock.h"
#include <string.h>

#define APART_NS  NS_PER_S        /* looks that are nearer to each other are not kept */
#define WINDOW_NS (10 * NS_PER_S) /* the mean of this counts ... */
#define LEAST_NS  (5 * NS_PER_S)  /* ... and before so long nothing is said */

static uint64_t rate(uint64_t from, uint64_t to, int64_t ns)
{
	return to > from ? (uint64_t)((double)(to - from) * 8 * NS_PER_S / (double)ns) : 0;
}

static int64_t span(const struct guard *g)
{
	return g->n > 1 ? g->look[g->n - 1].at_ns - g->look[0].at_ns : 0;
}

static void drop_oldest(struct guard *g)
{
	g->n--;
	memmove(&g->look[0], &g->look[1], g->n * sizeof(g->look[0]));
}

void guard_look(struct guard *g, const struct traffic *now, int64_t mono_ns)
{
	struct guard_look *newest = g->n ? &g->look[g->n - 1] : NULL;

	/* the device slept, or the interface went and came */
	if (newest && (mono_ns - newest->at_ns > 6 * WINDOW_NS || now->down < newest->moved.down ||
			      now->up < newest->moved.up))
		guard_forget(g);
	else if (newest && mono_ns - newest->at_ns < APART_NS)
		return;
	if (g->n == GUARD_LOOKS)
		drop_oldest(g);
	g->look[g->n++] = (struct guard_look){ mono_ns, *now };
	/* as few as make up the window */
	while (g->n > 2 && mono_ns - g->look[1].at_ns >= WINDOW_NS)
		drop_oldest(g);
	if (!span(g))
		return;
	g->down_bps = rate(g->look[0].moved.down, now->down, span(g));
	g->up_bps = rate(g->look[0].moved.up, now->up, span(g));
}

enum guard_line guard_line(const struct guard *g)
{
	if (!g->down_bps_most && !g->up_bps_most)
		return GUARD_IDLE;
	if (span(g) < LEAST_NS)
		return GUARD_UNKNOWN;
	return (g->down_bps_most && g->down_bps > g->down_bps_most) ||
	                       (g->up_bps_most && g->up_bps > g->up_bps_most)
	               ? GUARD_BUSY
	               : GUARD_IDLE;
}

void guard_forget(struct guard *g)
{
	g->n = 0;
	g->down_bps = g->up_bps = 0;
}
