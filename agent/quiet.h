/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that cost power wait while the device lives on a battery that runs low, or is hot.  With hysteresis: what
 * waits ends five points above the share, and three degrees below the limit. */
#ifndef AGENT_QUIET_H
#define AGENT_QUIET_H

#include "../config/conf.h"
#include <math.h>

/* The device now, as far as it can be known; whoever reads sensors fills it. */
struct quiet_device {
	int on_battery;       /* 1 yes, 0 no, -1 unknown */
	double battery_share; /* 0 .. 1; NAN unknown */
	double temperature_c; /* the hottest; NAN unknown */
};
#define QUIET_UNKNOWN ((struct quiet_device){ -1, NAN, NAN })

struct quiet {
	double below_share, above_c; /* 0: not looked at */
	bool low, hot;
	char why[96]; /* while quiet */
};

enum quiet_change { QUIET_SAME, QUIET_BEGAN, QUIET_ENDED };

bool quiet_is(const struct quiet *q);
/* Unknown is no reason to be quiet; a reading that gets lost ends what it began. */
enum quiet_change quiet_look(struct quiet *q, const struct quiet_device *now);

#endif
