/* SPDX-License-Identifier: Apache-2.0 */
#include "quiet.h"
#include <stdio.h>

#define SHARE_MORE 0.05
#define COOLER_C   3

bool quiet_is(const struct quiet *q)
{
	return q->low || q->hot;
}

static void say(struct quiet *q, const struct power_state *now)
{
	size_t n = 0;

	if (q->low)
		n = (size_t)snprintf(q->why, sizeof(q->why), "on battery at %.0f %%, below %.0f %%",
			now->share * 100, q->below_share * 100);
	if (q->hot)
		snprintf(q->why + n, sizeof(q->why) - n, "%s%.0f degrees, above %.0f",
			n ? ", " : "", now->temperature_c, q->above_c);
}

enum quiet_change quiet_look(struct quiet *q, const struct power_state *now)
{
	bool was = quiet_is(q);

	/* a comparison with NAN is false */
	q->low = q->below_share > 0 && now->on_battery == 1 &&
	         now->share < q->below_share + (q->low ? SHARE_MORE : 0);
	q->hot = q->above_c > 0 && now->temperature_c > q->above_c - (q->hot ? COOLER_C : 0);
	if (quiet_is(q))
		say(q, now);
	return was == quiet_is(q) ? QUIET_SAME : was ? QUIET_ENDED : QUIET_BEGAN;
}
