/* SPDX-License-Identifier: Apache-2.0 */
/* ModemManager through mmcli -J: absent is "--", numbers are texts. */
#include "tool.h"
#include "../core/mem.h"
#include <stdio.h>
#include <string.h>

/* The rate of the signal interface is 0 until somebody sets it: without it every level is "--". */
static void nothing(struct radio *x, struct json_object *answer)
{
	(void)x;
	(void)answer;
}

static const struct tool_step steps[] = {
	{ { "-J", "-m", "%" }, mm_modem_parse, true, false, false },
	{ { "-J", "-i", "&" }, mm_sim_parse, false, false, false },
	{ { "-J", "-m", "%", "--signal-setup=30" }, nothing, false, false, false },
	{ { "-J", "-m", "%", "--signal-get" }, mm_signal_parse, false, true, false },
	{ { "-J", "-m", "%", "--location-get" }, mm_location_parse, false, false, false },
	{ { NULL }, NULL, false, false, false },
};

/* As often as it can: a whole round sets it back. */
static const struct tool_step quick[] = {
	{ { "-J", "-m", "%", "--signal-setup=1" }, nothing, false, false, true },
	{ { "-J", "-m", "%" }, mm_modem_parse, true, false, false },
	{ { "-J", "-m", "%", "--signal-get" }, mm_signal_parse, false, true, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step look[] = {
	{ { "-J", "-m", "%" }, mm_modem_parse, true, false, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step scan[] = {
	{ { "--timeout=900", "-J", "-m", "%", "--3gpp-scan" }, NULL, true, true, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step neighbours[] = {
	{ { "-m", "%", "--get-cell-info" }, NULL, true, true, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step clock_steps[] = {
	{ { "-J", "-m", "%", "--time" }, NULL, true, true, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step balance[] = {
	{ { "--timeout=60", "-m", "%", "--3gpp-ussd-initiate=$" }, NULL, true, true, false },
	{ { "-m", "%", "--3gpp-ussd-cancel" }, NULL, false, false, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step reset[] = {
	{ { "-m", "%", "--reset" }, NULL, true, false, false },
	{ { NULL }, NULL, false, false, false },
};

const struct tool tool_mmcli = { .program = "mmcli",
	.steps = steps,
	.quick = quick,
	.look = look,
	.scan = scan,
	.scan_name = "network_scan",
	.neighbours = neighbours,
	.clock = clock_steps,
	.balance = balance,
	.reset = reset };

struct word {
	const char *says;
	int stat; /* of TS 27.007 10.1.22 */
};

static const struct word registrations[] = {
	{ "idle", 0 },
	{ "home", 1 },
	{ "searching", 2 },
	{ "denied", 3 },
	{ "unknown", 4 },
	{ "roaming", 5 },
	{ "home-sms-only", 6 },
	{ "roaming-sms-only", 7 },
	{ "emergency-only", 8 },
	{ "home-csfb-not-preferred", 9 },
	{ "roaming-csfb-not-preferred", 10 },
	{ "attached-rlos", 11 },
};

static void technology(struct radio *x, struct json_object *list)
{
	bool lte = false, nr = false, umts = false, gsm = false;
	const char *name;

	if (!json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list) && i < 16; i++) {
		name = json_object_get_string(json_object_array_get_idx(list, i));
		if (!name)
			continue;
		lte |= !strcmp(name, "lte");
		nr |= !strcmp(name, "5gnr");
		umts |= !strncmp(name, "hs", 2) || !strcmp(name, "umts");
		gsm |= !strncmp(name, "gsm", 3) || !strcmp(name, "gprs") || !strcmp(name, "edge");
	}
	radio_text(x, RANK_SECOND, FIELD_RAT,
		nr     ? (lte ? "NR5G-NSA" : "NR5G-SA")
		: lte  ? "LTE"
		: umts ? "WCDMA"
		: gsm  ? "GSM"
		       : NULL);
}

/* The words of AT modems where there is one; failed, disabled, locked and so on stay as they are. */
static const char *state_word(const char *state)
{
	if (!strcmp(state, "searching"))
		return "SEARCH";
	if (!strcmp(state, "registered"))
		return "NOCONN";
	return strcmp(state, "connected") ? state : "CONNECT";
}

static void sim(struct radio *x, struct json_object *generic)
{
	const char *state = tool_text(generic, "state"),
		   *why = tool_text(generic, "state-failed-reason");
	const char *lock = tool_text(generic, "unlock-required");

	if (!strcmp(why, "sim-missing"))
		radio_text(x, RANK_BEST, FIELD_SIM, "missing");
	else if (!strcmp(why, "sim-error") || !strcmp(why, "sim-wrong"))
		radio_text(x, RANK_BEST, FIELD_SIM, "failure");
	else if (!strcmp(lock, "sim-pin"))
		radio_text(x, RANK_BEST, FIELD_SIM, "pin");
	else if (!strcmp(lock, "sim-puk"))
		radio_text(x, RANK_BEST, FIELD_SIM, "puk");
	else if (*state && strcmp(state, "failed") && strcmp(state, "locked") &&
		 strcmp(state, "unknown"))
		radio_text(x, RANK_BEST, FIELD_SIM, "ready");
}

void mm_modem_parse(struct radio *x, struct json_object *answer)
{
	struct json_object *gpp = tool_member(answer, "modem", "3gpp", NULL);
	struct json_object *generic = tool_member(answer, "modem", "generic", NULL);
	const char *registration = tool_text(gpp, "registration-state"),
		   *plmn = tool_text(gpp, "operator-code");
	char mcc[4] = "", modem[100];

	for (size_t i = 0; i < COUNT(registrations); i++)
		if (!strcmp(registration, registrations[i].says))
			radio_registration(x, DOMAIN_EPS, registrations[i].stat);
	if (strlen(plmn) >= 5) {
		memcpy(mcc, plmn, 3);
		radio_plmn(x, RANK_BEST, FIELD_PLMN, mcc, plmn + 3);
	}
	/* the code stands in for a name that the modem does not tell */
	if (strcmp(tool_text(gpp, "operator-name"), plmn) != 0)
		radio_text(x, RANK_BEST, FIELD_OPERATOR_NAME, tool_text(gpp, "operator-name"));
	radio_text(x, RANK_BEST, FIELD_MODEM_STATE, state_word(tool_text(generic, "state")));
	x->radio_off = !strcmp(tool_text(generic, "power-state"), "off") ||
	               !strcmp(tool_text(generic, "power-state"), "low") ||
	               !strcmp(tool_text(generic, "state"), "disabled");
	technology(x, tool_member(generic, "access-technologies", NULL));
	sim(x, generic);
	snprintf(x->device, sizeof(x->device), "%s", tool_text(generic, "device"));
	if (tool_text(generic, "sim")[0] == '/') /* becomes a word of a command */
		snprintf(x->sim_object, sizeof(x->sim_object), "%s", tool_text(generic, "sim"));
	snprintf(modem, sizeof(modem), "%.48s %.48s", tool_text(generic, "manufacturer"),
		tool_text(generic, "model"));
	if (strlen(modem) > 1)
		radio_text(x, RANK_BEST, FIELD_MODEM, modem);
}

static bool level(struct radio *x, enum field f, struct json_object *from, const char *key)
{
	double v;

	if (!tool_number(from, key, &v))
		return false;
	radio_real(x, RANK_BEST, f, v);
	return true;
}

void mm_signal_parse(struct radio *x, struct json_object *answer)
{
	struct json_object *s = tool_member(answer, "modem", "signal", NULL);
	struct json_object *lte, *nr, *umts;
	bool has_lte, has_nr;

	if (!s)
		s = tool_member(answer, "signal", NULL);
	lte = tool_member(s, "lte", NULL);
	nr = tool_member(s, "5g", NULL);
	umts = tool_member(s, "umts", NULL);
	has_lte = level(x, FIELD_RSSI, lte, "rssi");
	has_lte |= level(x, FIELD_RSRP, lte, "rsrp");
	has_lte |= level(x, FIELD_RSRQ, lte, "rsrq");
	has_lte |= level(x, FIELD_SINR, lte, "snr");
	has_nr = level(x, has_lte ? FIELD_NR_RSRP : FIELD_RSRP, nr, "rsrp");
	has_nr |= level(x, has_lte ? FIELD_NR_RSRQ : FIELD_RSRQ, nr, "rsrq");
	has_nr |= level(x, has_lte ? FIELD_NR_SINR : FIELD_SINR, nr, "snr");
	if (has_lte || has_nr) {
		radio_text(x, RANK_BEST, FIELD_RAT,
			has_nr ? (has_lte ? "NR5G-NSA" : "NR5G-SA") : "LTE");
	} else if (level(x, FIELD_RSCP, umts, "rscp") || level(x, FIELD_RSSI, umts, "rssi")) {
		level(x, FIELD_ECNO, umts, "ecio");
		radio_text(x, RANK_BEST, FIELD_RAT, "WCDMA");
	} else if (level(x, FIELD_RXLEV, tool_member(s, "gsm", NULL), "rssi")) {
		radio_text(x, RANK_BEST, FIELD_RAT, "GSM");
	}
}

void mm_location_parse(struct radio *x, struct json_object *answer)
{
	struct json_object *l = tool_member(answer, "modem", "location", "3gpp", NULL);

	radio_hex_text(x, RANK_BEST, FIELD_CELL, tool_text(l, "cid"));
	radio_hex_text(x, RANK_SECOND, FIELD_TAC, tool_text(l, "lac"));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, tool_text(l, "tac"));
	radio_plmn(x, RANK_SECOND, FIELD_PLMN, tool_text(l, "mcc"), tool_text(l, "mnc"));
}

void mm_sim_parse(struct radio *x, struct json_object *answer)
{
	radio_home_of_imsi(x, tool_text(tool_member(answer, "sim", "properties", NULL), "imsi"));
}
