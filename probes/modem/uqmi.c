/* SPDX-License-Identifier: Apache-2.0 */
/* QMI through OpenWrt's uqmi.  Its own default is to wait for ever: -t gives it a limit, the child another. */
#include "tool.h"
#include "../core/mem.h"
#include <string.h>

#define LIMIT "5000" /* TOOL_LIMIT_MS */

static const struct tool_step steps[] = {
	{ { "-t", LIMIT, "-d", "%", "--get-serving-system" }, uqmi_serving_parse, true, true,
		false },
	{ { "-t", LIMIT, "-d", "%", "--get-signal-info" }, uqmi_signal_parse, false, true, false },
	{ { "-t", LIMIT, "-d", "%", "--get-system-info" }, uqmi_system_parse, false, true, false },
	{ { "-t", LIMIT, "-d", "%", "--uim-get-sim-state" }, uqmi_sim_parse, false, false, false },
	{ { "-t", LIMIT, "-d", "%", "--get-imsi" }, uqmi_imsi_parse, false, false, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step quick[] = {
	{ { "-t", LIMIT, "-d", "%", "--get-serving-system" }, uqmi_serving_parse, true, true,
		false },
	{ { "-t", LIMIT, "-d", "%", "--get-signal-info" }, uqmi_signal_parse, false, true, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step look[] = {
	{ { "-t", LIMIT, "-d", "%", "--get-serving-system" }, uqmi_serving_parse, true, false,
		false },
	{ { NULL }, NULL, false, false, false },
};

#define SCAN_LIMIT "900000" /* operators.timeout_s is shorter, and ends it */

static const struct tool_step scan[] = {
	{ { "-t", SCAN_LIMIT, "-d", "%", "--network-scan" }, NULL, true, true, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step neighbours[] = {
	{ { "-t", LIMIT, "-d", "%", "--get-cell-location-info" }, NULL, true, true, false },
	{ { NULL }, NULL, false, false, false },
};

/* gives back what a program that was killed left open in the modem */
static const struct tool_step reopen[] = {
	{ { "-t", LIMIT, "-d", "%", "--sync" }, NULL, true, false, false },
	{ { NULL }, NULL, false, false, false },
};

static const struct tool_step reset[] = {
	{ { "-t", LIMIT, "-d", "%", "--set-device-operating-mode", "reset" }, NULL, true, false,
		false },
	{ { NULL }, NULL, false, false, false },
};

const struct tool tool_uqmi = { .program = "uqmi",
	.port_is_file = true,
	.steps = steps,
	.quick = quick,
	.look = look,
	.scan = scan,
	.scan_name = "network_scan",
	.neighbours = neighbours,
	.reopen = reopen,
	.reset = reset };

static void level(struct radio *x, enum field f, struct json_object *from, const char *key)
{
	double v;

	if (tool_number(from, key, &v))
		radio_real(x, RANK_BEST, f, v);
}

/* Older versions print tenths as an integer (250 is 25.0 dB), newer ones decibels as a decimal number. */
static void snr(struct radio *x, enum field f, struct json_object *from)
{
	struct json_object *v = tool_member(from, "snr", NULL);
	double n = json_object_get_double(v);

	if (json_object_is_type(v, json_type_int))
		radio_real(x, RANK_BEST, f, n <= -32768 ? n : n / 10);
	else if (json_object_is_type(v, json_type_double))
		radio_real(x, RANK_BEST, f, n);
}

static void one_signal(struct radio *x, struct json_object *s, bool leg)
{
	const char *type = tool_text(s, "type");

	if (!strcmp(type, "lte")) {
		radio_text(x, RANK_BEST, FIELD_RAT, "LTE");
		level(x, FIELD_RSSI, s, "rssi");
		level(x, FIELD_RSRP, s, "rsrp");
		level(x, FIELD_RSRQ, s, "rsrq");
		snr(x, FIELD_SINR, s);
	} else if (!strcmp(type, "5gnr") || !strcmp(type, "nr5g")) {
		level(x, leg ? FIELD_NR_RSRP : FIELD_RSRP, s, "rsrp");
		level(x, leg ? FIELD_NR_RSRQ : FIELD_RSRQ, s, "rsrq");
		snr(x, leg ? FIELD_NR_SINR : FIELD_SINR, s);
		/* -32768: EN-DC is offered, the leg is not in use */
		if (radio_has(x, leg ? FIELD_NR_RSRP : FIELD_RSRP))
			radio_text(x, RANK_BEST, FIELD_RAT, leg ? "NR5G-NSA" : "NR5G-SA");
		if (leg)
			radio_bool(x, RANK_BEST, FIELD_NR_CONNECTED, radio_has(x, FIELD_NR_RSRP));
	} else if (!strcmp(type, "wcdma")) {
		radio_text(x, RANK_BEST, FIELD_RAT, "WCDMA");
		level(x, FIELD_RSSI, s, "rssi");
	} else if (!strcmp(type, "gsm")) {
		radio_text(x, RANK_BEST, FIELD_RAT, "GSM");
		level(x, FIELD_RXLEV, s, "signal");
	}
}

void uqmi_signal_parse(struct radio *x, struct json_object *answer)
{
	if (!json_object_is_type(answer, json_type_array)) {
		one_signal(x, answer, false);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(answer) && i < 4; i++)
		one_signal(x, json_object_array_get_idx(answer, i),
			!strcmp(radio_get_text(x, FIELD_RAT), "LTE"));
}

void uqmi_serving_parse(struct radio *x, struct json_object *answer)
{
	static const struct {
		const char *says;
		int stat;
	} words[] = { { "not_registered", 0 }, { "searching", 2 }, { "registering_denied", 3 },
		{ "unknown", 4 } };
	const char *says = tool_text(answer, "registration");
	struct json_object *roaming = tool_member(answer, "roaming", NULL);
	double mcc, mnc;

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcmp(says, words[i].says))
			radio_registration(x, DOMAIN_EPS, words[i].stat);
	if (!strcmp(says, "registered"))
		radio_registration(x, DOMAIN_EPS, json_object_get_boolean(roaming) ? 5 : 1);
	if (!strcmp(says, "searching"))
		radio_text(x, RANK_SECOND, FIELD_MODEM_STATE, "SEARCH");
	/* the MNC is a number here: 452/04 comes as 452 and 4 */
	if (tool_number(answer, "plmn_mcc", &mcc) && tool_number(answer, "plmn_mnc", &mnc) &&
		mcc >= 0 && mcc < 1000 && mnc >= 0 && mnc < 1000)
		radio_plmn_numbers(x, RANK_BEST, FIELD_PLMN, (int)mcc, (int)mnc);
	radio_text(x, RANK_BEST, FIELD_OPERATOR_NAME, tool_text(answer, "plmn_description"));
}

void uqmi_system_parse(struct radio *x, struct json_object *answer)
{
	struct json_object *lte = tool_member(answer, "lte", NULL),
			   *nr = tool_member(answer, "5gnr", NULL);
	struct json_object *in = strncmp(radio_get_text(x, FIELD_RAT), "NR5G-SA", 7) ? lte : nr;
	struct json_object *endc = tool_member(lte, "endc_available", NULL);
	double v;

	if (tool_number(in, "tracking_area_code", &v) && v >= 0 && v < 1 << 24)
		radio_int(x, RANK_BEST, FIELD_TAC, (int64_t)v);
	if (tool_number(in, "cell_id", &v) && v >= 0 && v < 68719476736.0)
		radio_int(x, RANK_BEST, FIELD_CELL, (int64_t)v);
	if (json_object_is_type(endc, json_type_boolean))
		radio_bool(x, RANK_BEST, FIELD_ENDC_AVAILABLE, json_object_get_boolean(endc));
	if (!strncmp(tool_text(in, "service_status"), "limited", 7))
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "LIMSRV");
	else if (!strcmp(tool_text(in, "service_status"), "none"))
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "NOSERVICE");
}

void uqmi_sim_parse(struct radio *x, struct json_object *answer)
{
	static const struct {
		const char *says, *word;
	} states[] = {
		{ "ready", "ready" },
		{ "pin1_or_upin_pin_required", "pin" },
		{ "puk1_or_upin_puk_required", "puk" },
		{ "pin1_blocked", "puk" },
		{ "illegal", "failure" },
	};
	const char *state = tool_text(answer, "card_application_state");

	for (size_t i = 0; i < COUNT(states); i++)
		if (!strcmp(state, states[i].says))
			radio_text(x, RANK_BEST, FIELD_SIM, states[i].word);
	if (!strcmp(tool_text(answer, "card_state"), "absent"))
		radio_text(x, RANK_BEST, FIELD_SIM, "missing");
}

void uqmi_imsi_parse(struct radio *x, struct json_object *answer)
{
	if (json_object_is_type(answer, json_type_string))
		radio_home_of_imsi(x, json_object_get_string(answer));
}
