/* SPDX-License-Identifier: Apache-2.0 */
/* The words beside the states.  They are in journals and databases: append only. */
#include "access.h"
#include "../probes/core/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct access_word access_causes[] = {
	{ STATE_UNKNOWN, "start" },
	{ STATE_UNKNOWN, "power_back" },
	{ STATE_UNKNOWN, "not_registered" },
	{ STATE_UNKNOWN, "untold" },
	{ STATE_UNKNOWN, "untested" },
	{ STATE_UNKNOWN, "port_busy" },
	{ STATE_UNKNOWN, "no_access" },
	{ STATE_UNKNOWN, "not_read" },
	{ STATE_UNKNOWN, "stale" },
	{ STATE_OK, "none" },
	{ STATE_OK, "target_down" },
	{ STATE_POWER_LOST, "cut" },
	{ STATE_POWER_LOST, "brown_out" },
	{ STATE_POWER_LOST, "overheat" },
	{ STATE_POWER_LOST, "watchdog" },
	{ STATE_MODEM_ABSENT, "port_gone" },
	{ STATE_MODEM_HUNG, "no_answer" },
	{ STATE_SIM_MISSING, "missing" },
	{ STATE_SIM_MISSING, "failure" },
	{ STATE_SIM_LOCKED, "pin" },
	{ STATE_SIM_LOCKED, "puk" },
	{ STATE_NO_SERVICE, "no_cell" },
	{ STATE_LIMITED_SERVICE, "emergency_only" },
	{ STATE_LIMITED_SERVICE, "other_networks" },
	{ STATE_DENIED, "not_told" },
	{ STATE_DENIED, "imsi_unknown" },
	{ STATE_DENIED, "illegal_ue" },
	{ STATE_DENIED, "imei_not_accepted" },
	{ STATE_DENIED, "illegal_me" },
	{ STATE_DENIED, "data_not_allowed" },
	{ STATE_DENIED, "services_not_allowed" },
	{ STATE_DENIED, "plmn_not_allowed" },
	{ STATE_DENIED, "area_not_allowed" },
	{ STATE_DENIED, "roaming_not_allowed" },
	{ STATE_DENIED, "data_not_allowed_here" },
	{ STATE_DENIED, "no_suitable_cells" },
	{ STATE_DENIED, "network_failure" },
	{ STATE_DENIED, "congestion" },
	{ STATE_DENIED, "option_not_authorized" },
	{ STATE_DENIED, "severe_network_failure" },
	{ STATE_ATTACHED_NO_IP, "no_address" },
	{ STATE_ATTACHED_NO_IP, "context_refused" },
	{ STATE_IP_NO_INTERNET, "dns" },
	{ STATE_IP_NO_INTERNET, "route" },
	{ STATE_IP_NO_INTERNET, "unreachable" },
	{ STATE_CAPTIVE_OR_NO_CREDIT, "portal" },
	{ STATE_CAPTIVE_OR_NO_CREDIT, "no_credit" },
	{ STATE_COLLECTOR_DOWN, "broker" },
	{ STATE_COLLECTOR_DOWN, "receipts" },
	{ 0 },
};

/* TS 24.301 9.9.3.9 and Annex A; TS 24.008 10.5.5.14 and Annex G use the same numbers for the same.  What
 * else there is would be a fault of the modem, or lasts seconds: it keeps its number. */
static const struct {
	uint8_t number;
	const char *cause, *meaning;
} rejects[] = {
	{ 2, "imsi_unknown", "IMSI unknown in HSS" },
	{ 3, "illegal_ue", "illegal UE" },
	{ 5, "imei_not_accepted", "IMEI not accepted" },
	{ 6, "illegal_me", "illegal ME" },
	{ 7, "data_not_allowed", "EPS services not allowed" },
	{ 8, "services_not_allowed", "EPS and non-EPS services not allowed" },
	{ 11, "plmn_not_allowed", "PLMN not allowed" },
	{ 12, "area_not_allowed", "tracking area not allowed" },
	{ 13, "roaming_not_allowed", "roaming not allowed in this tracking area" },
	{ 14, "data_not_allowed_here", "EPS services not allowed in this PLMN" },
	{ 15, "no_suitable_cells", "no suitable cells in tracking area" },
	{ 17, "network_failure", "network failure" },
	{ 22, "congestion", "congestion" },
	{ 35, "option_not_authorized", "requested service option not authorized in this PLMN" },
	{ 42, "severe_network_failure", "severe network failure" },
};

const char *access_reject(int64_t number, char room[ACCESS_CAUSE], const char **meaning)
{
	*meaning = "";
	if (number < 0)
		return "not_told";
	for (size_t i = 0; i < COUNT(rejects); i++)
		if (rejects[i].number == number) {
			*meaning = rejects[i].meaning;
			return rejects[i].cause;
		}
	snprintf(room, ACCESS_CAUSE, "reject_%" PRId64, number);
	return room;
}

bool access_cause_fits(enum access_state state, const char *cause)
{
	if (state == STATE_DENIED && !strncmp(cause, "reject_", 7))
		return cause[7] && strspn(cause + 7, "0123456789") == strlen(cause + 7);
	for (const struct access_word *w = access_causes; w->cause; w++)
		if (w->state == state && !strcmp(w->cause, cause))
			return true;
	return false;
}
