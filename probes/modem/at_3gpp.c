/* SPDX-License-Identifier: Apache-2.0 */
/* TS 27.007: what every modem understands. */
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <string.h>

/* Never +COPS=0 (minutes of searching on some modems) and never +COPS=2 (takes the line down). */
const struct at_command at_3gpp_commands[] = {
	{ "AT+CPIN?", "+CPIN:", ANSWER_LINES, at_3gpp_sim },
	{ "AT+CIMI", "+CIMI:", ANSWER_PLAIN, at_3gpp_imsi },
	{ "AT+CFUN?", "+CFUN:", ANSWER_LINES, NULL },
	{ "AT+CREG?", "+CREG:", ANSWER_LINES, NULL },
	{ "AT+CGREG?", "+CGREG:", ANSWER_LINES, NULL },
	{ "AT+CEREG?", "+CEREG:", ANSWER_LINES, NULL },
	{ "AT+C5GREG?", "+C5GREG:", ANSWER_LINES, NULL },
	{ "AT+COPS?", "+COPS:", ANSWER_LINES, NULL },
	{ "AT+CSQ", "+CSQ:", ANSWER_LINES, NULL },
	{ "AT+CESQ", "+CESQ:", ANSWER_LINES, NULL },
	{ 0 },
};

const struct at_command at_3gpp_quick[] = {
	{ "AT+CGREG?", "+CGREG:", ANSWER_LINES, NULL },
	{ "AT+CEREG?", "+CEREG:", ANSWER_LINES, NULL },
	{ "AT+C5GREG?", "+C5GREG:", ANSWER_LINES, NULL },
	{ 0 },
};

const struct at_command at_3gpp_levels[] = {
	{ "AT+CSQ", "+CSQ:", ANSWER_LINES, NULL },
	{ "AT+CESQ", "+CESQ:", ANSWER_LINES, NULL },
	{ 0 },
};

/* 8.40 and 8.15: whether the clock follows the network, and the clock */
const struct at_command at_3gpp_clock[] = {
	{ "AT+CTZU?", "+CTZU:", ANSWER_LINES, NULL },
	{ "AT+CCLK?", "+CCLK:", ANSWER_LINES, NULL },
	{ 0 },
};

/* AcT of TS 27.007 7.3 */
const char *at_3gpp_technology(int64_t act)
{
	switch (act) {
	case 0:
	case 1:
	case 3:
	case 8:
		return "GSM";
	case 2:
	case 4:
	case 5:
	case 6:
		return "WCDMA";
	case 7:
	case 9:
	case 10:
		return "LTE";
	case 11:
	case 12:
		return "NR5G-SA";
	case 13:
		return "NR5G-NSA";
	default:
		return NULL;
	}
}

/* "2,1,"2616","DDAEA01",7" answers a question; "1,"2616","DDAEA01",7" comes unasked, without <n>. */
static void registration(struct radio *x, enum radio_domain d, const char *rest)
{
	struct text_fields f;
	size_t at = 0;
	int64_t n, stat, act;

	text_split(&f, rest);
	if (f.n >= 2 && !f.quoted[1] && strlen(text_field(&f, 1)) <= 2 &&
		text_int(text_field(&f, 1), &stat)) {
		at = 1;
		if (text_int(text_field(&f, 0), &n) && n < 2)
			x->reports_lost = true;
	}
	if (!text_int(text_field(&f, at), &stat))
		return;
	radio_registration(x, d, (int)stat);
	if (stat != 1 && stat != 5 &&
		stat != 8) /* the area of a cell that does not serve says nothing here */
		goto cause;
	radio_hex_text(x, RANK_GENERIC, FIELD_TAC, text_field(&f, at + 1));
	radio_hex_text(x, RANK_GENERIC, FIELD_CELL, text_field(&f, at + 2));
	if (text_int(text_field(&f, at + 3), &act) && at_3gpp_technology(act))
		radio_text(x, d == DOMAIN_CS ? RANK_GUESS : RANK_GENERIC, FIELD_RAT,
			at_3gpp_technology(act));
cause:
	/* <cause_type> 0: a cause of the standard; 1: the maker's own */
	if (d != DOMAIN_5GS && stat == 3 && text_int(text_field(&f, at + 4), &n) && n == 0)
		radio_int_text(x, RANK_GENERIC, FIELD_REJECT_CAUSE, text_field(&f, at + 5));
}

static void creg(struct radio *x, const char *rest)
{
	registration(x, DOMAIN_CS, rest);
}

static void cgreg(struct radio *x, const char *rest)
{
	registration(x, DOMAIN_PS, rest);
}

static void cereg(struct radio *x, const char *rest)
{
	registration(x, DOMAIN_EPS, rest);
}

static void c5greg(struct radio *x, const char *rest)
{
	registration(x, DOMAIN_5GS, rest);
}

static void cops(struct radio *x, const char *rest)
{
	struct text_fields f;
	const char *name;
	char mcc[4] = "";
	int64_t format, act;

	text_split(&f, rest);
	if (f.n < 3 || !text_int(text_field(&f, 1), &format))
		return;
	name = text_field(&f, 2);
	if (format == 2 && strlen(name) >= 5) {
		memcpy(mcc, name, 3);
		radio_plmn(x, RANK_GENERIC, FIELD_PLMN, mcc, name + 3);
	} else if (format != 2) {
		radio_text(x, RANK_GENERIC, FIELD_OPERATOR_NAME, name);
		x->reports_lost = true; /* we had asked for digits */
	}
	if (text_int(text_field(&f, 3), &act) && at_3gpp_technology(act))
		radio_text(x, RANK_GENERIC, FIELD_RAT, at_3gpp_technology(act));
}

/* TS 27.007 8.2: 1 is full functionality; 0 and 4 have no radio */
static void cfun(struct radio *x, const char *rest)
{
	struct text_fields f;
	int64_t n;

	text_split(&f, rest);
	if (!text_int(text_field(&f, 0), &n) || n == 1)
		return;
	x->radio_off = true;
	radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "RADIOOFF");
}

/* TS 27.007 8.5: -113 + 2n dBm.  99,99 is usual in LTE. */
static void csq(struct radio *x, const char *rest)
{
	struct text_fields f;
	int64_t n;

	text_split(&f, rest);
	if (text_int(text_field(&f, 0), &n) && n >= 0 && n <= 31)
		radio_real(x, RANK_GUESS, FIELD_RSSI, -113 + 2 * (double)n);
}

/* TS 27.007 8.69: six fields, nine since Release 15.  With both LTE and NR filled it is EN-DC. */
static void cesq(struct radio *x, const char *rest)
{
	struct text_fields f;
	int64_t lte;
	bool both;

	text_split(&f, rest);
	both = text_int(text_field(&f, 5), &lte) && lte >= 0 && lte <= 97;
	radio_index(x, RANK_GUESS, FIELD_RXLEV, INDEX_RXLEV, text_field(&f, 0));
	radio_index(x, RANK_GUESS, FIELD_RSCP, INDEX_RSCP, text_field(&f, 2));
	radio_index(x, RANK_GUESS, FIELD_ECNO, INDEX_ECNO, text_field(&f, 3));
	radio_index(x, RANK_GENERIC, FIELD_RSRQ, INDEX_RSRQ, text_field(&f, 4));
	radio_index(x, RANK_GENERIC, FIELD_RSRP, INDEX_RSRP, text_field(&f, 5));
	radio_index(x, RANK_GENERIC, both ? FIELD_NR_RSRQ : FIELD_RSRQ, INDEX_SS_RSRQ,
		text_field(&f, 6));
	radio_index(x, RANK_GENERIC, both ? FIELD_NR_RSRP : FIELD_RSRP, INDEX_SS_RSRP,
		text_field(&f, 7));
	radio_index(x, RANK_GENERIC, both ? FIELD_NR_SINR : FIELD_SINR, INDEX_SS_SINR,
		text_field(&f, 8));
	if (!both && radio_has(x, FIELD_RSRP) && text_int(text_field(&f, 7), &lte) && lte <= 126)
		radio_text(x, RANK_GUESS, FIELD_RAT, "NR5G-SA");
}

static void cpin(struct radio *x, const char *rest)
{
	static const struct {
		const char *says, *word;
	} words[] = {
		{ "READY", "ready" },
		{ "SIM PUK", "puk" },
		{ "SIM PIN", "pin" },
		{ "NOT INSERTED", "missing" },
		{ "SIM REMOVED", "missing" },
		{ "PH-", "pin" }, /* locked to a device or network */
		{ "NOT READY", "unknown" },
	};

	while (*rest == ' ')
		rest++;
	for (size_t i = 0; i < COUNT(words); i++)
		if (text_has_prefix(rest, words[i].says)) {
			radio_text(x, RANK_GENERIC, FIELD_SIM, words[i].word);
			return;
		}
}

/* TS 27.007 9.2.1, as a number and in words */
static void cme_error(struct radio *x, const char *rest)
{
	static const struct {
		const char *number, *says, *word;
	} errors[] = {
		{ "10", "SIM not inserted", "missing" },
		{ "11", "SIM PIN required", "pin" },
		{ "12", "SIM PUK required", "puk" },
		{ "13", "SIM failure", "failure" },
		{ "14", "SIM busy", "busy" },
		{ "15", "SIM wrong", "failure" },
	};

	while (*rest == ' ')
		rest++;
	for (size_t i = 0; i < COUNT(errors); i++)
		if (!strcmp(rest, errors[i].number) || text_has_prefix(rest, errors[i].says)) {
			radio_text(x, RANK_GENERIC, FIELD_SIM, errors[i].word);
			return;
		}
}

void at_3gpp_sim(struct radio *x, const char *answer)
{
	static const struct at_line table[] = {
		{ "+CPIN:", cpin },
		{ "+CME ERROR:", cme_error },
	};

	at_parse_lines(x, answer, table, COUNT(table));
}

void at_3gpp_parse(struct radio *x, const char *answer)
{
	static const struct at_line table[] = {
		{ "+CREG:", creg },
		{ "+CGREG:", cgreg },
		{ "+CEREG:", cereg },
		{ "+C5GREG:", c5greg },
		{ "+COPS:", cops },
		{ "+CFUN:", cfun },
		{ "+CSQ:", csq },
		{ "+CESQ:", cesq },
		{ "+CPIN:", cpin },
	};

	at_parse_lines(x, answer, table, COUNT(table));
}

void at_3gpp_imsi(struct radio *x, const char *answer)
{
	char line[TEXT_LINE];
	const char *digits;

	while (text_line(&answer, line)) {
		digits = text_has_prefix(line, "+CIMI:") ? line + 6 : line;
		radio_home_of_imsi(x, digits + strspn(digits, " \""));
	}
}

uint16_t at_3gpp_contexts(const char *answer)
{
	char line[TEXT_LINE];
	struct text_fields f;
	uint16_t active = 0;
	int64_t cid, state;

	while (text_line(&answer, line)) {
		if (!text_has_prefix(line, "+CGACT:"))
			continue;
		text_split(&f, line + 7);
		if (text_int(text_field(&f, 0), &cid) && text_int(text_field(&f, 1), &state) &&
			cid >= 1 && cid <= 15 && state == 1)
			active |= (uint16_t)(1u << cid);
	}
	return active;
}
