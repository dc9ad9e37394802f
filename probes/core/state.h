/* SPDX-License-Identifier: Apache-2.0 */
/* The access states: what a probe knows about its own link to the world.  Numbers are on the wire
 * and in databases: append only. */
#ifndef CORE_STATE_H
#define CORE_STATE_H

enum access_state {
	STATE_UNKNOWN = 0,
	STATE_OK = 1,
	STATE_POWER_LOST = 2,
	STATE_MODEM_ABSENT = 3,
	STATE_MODEM_HUNG = 4,
	STATE_SIM_MISSING = 5,
	STATE_SIM_LOCKED = 6,
	STATE_NO_SERVICE = 7,      /* says something about coverage */
	STATE_LIMITED_SERVICE = 8, /* says something about coverage */
	STATE_DENIED = 9,
	STATE_ATTACHED_NO_IP = 10,
	STATE_IP_NO_INTERNET = 11,
	STATE_CAPTIVE_OR_NO_CREDIT = 12,
	STATE_COLLECTOR_DOWN = 13,
	ACCESS_STATES
};

extern const char *const access_state_name[ACCESS_STATES]; /* "unknown" "ok" "power_lost" ... */
int access_state_from(const char *name);                   /* the number, or -EINVAL */

#endif
