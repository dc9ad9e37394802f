/* SPDX-License-Identifier: Apache-2.0 */
/* Power and heat, for whoever must be quiet on battery or when it is hot.  Asking costs nothing: what is
 * told was read in the background, at most a minute ago unless at_ns says otherwise. */
#ifndef AGENT_POWER_H
#define AGENT_POWER_H

#include <math.h>
#include <stdint.h>

struct power_state {
	int on_battery;       /* 1 yes, 0 no, -1 unknown: no supply tells */
	double share;         /* charge of the batteries, 0..1; NAN unknown */
	double temperature_c; /* hottest thermal zone; NAN unknown */
	int64_t at_ns; /* clock_mono() of the reading; 0: there was none yet, all is unknown */
};
#define POWER_UNKNOWN ((struct power_state){ -1, NAN, NAN, 0 })

struct health_watch;
void health_power(const struct health_watch *w, struct power_state *out); /* w may be NULL */

#endif
