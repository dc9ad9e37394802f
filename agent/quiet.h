/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that cost power wait while the device lives on a battery that runs low, or is hot.  With hysteresis: what
 * waits ends five points above the share, and three degrees below the limit. */
#ifndef AGENT_QUIET_H
#define AGENT_QUIET_H

#include "power.h"
#include <stdbool.h>

struct quiet {
	double below_share, above_c; /* 0: not looked at */
	bool low, hot;
	char why[96]; /* while quiet */
};

enum quiet_change { QUIET_SAME, QUIET_BEGAN, QUIET_ENDED };

bool quiet_is(const struct quiet *q);
/* Unknown is no reason to be quiet; a reading that gets lost ends what it began. */
enum quiet_change quiet_look(struct quiet *q, const struct power_state *now);

#endif
