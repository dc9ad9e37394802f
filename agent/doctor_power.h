/* SPDX-License-Identifier: Apache-2.0 */
/* What the board tells about its power, by /sys/class. */
#ifndef AGENT_DOCTOR_POWER_H
#define AGENT_DOCTOR_POWER_H

struct power_seen {        /* -1: this board does not tell */
	int under_voltage; /* 1: now, or since it was last asked */
	int mains;         /* 1: connected */
	int charge;        /* of the battery, 0..100 */
};

void power_look(struct power_seen *out, const char *sys_class); /* "/sys/class" */

#endif
