/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"
#include "mem.h"

#include <errno.h>
#include <string.h>

const char *const access_state_name[ACCESS_STATES] = {
	[STATE_UNKNOWN] = "unknown",
	[STATE_OK] = "ok",
	[STATE_POWER_LOST] = "power_lost",
	[STATE_MODEM_ABSENT] = "modem_absent",
	[STATE_MODEM_HUNG] = "modem_hung",
	[STATE_SIM_MISSING] = "sim_missing",
	[STATE_SIM_LOCKED] = "sim_locked",
	[STATE_NO_SERVICE] = "no_service",
	[STATE_LIMITED_SERVICE] = "limited_service",
	[STATE_DENIED] = "denied",
	[STATE_ATTACHED_NO_IP] = "attached_no_ip",
	[STATE_IP_NO_INTERNET] = "ip_no_internet",
	[STATE_CAPTIVE_OR_NO_CREDIT] = "captive_or_no_credit",
	[STATE_COLLECTOR_DOWN] = "collector_down",
};

int access_state_from(const char *name)
{
	for (size_t i = 0; name && i < COUNT(access_state_name); i++)
		if (!strcmp(name, access_state_name[i]))
			return (int)i;
	return -EINVAL;
}
