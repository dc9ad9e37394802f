/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei: ^HCSQ?, ^SYSINFOEX, ^MONSC. */
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <string.h>

static const char *const makers[] = { "huawei", NULL };

static const struct at_command commands[] = {
	{ "AT^SYSINFOEX", "^SYSINFOEX:", ANSWER_MAYBE, NULL },
	{ "AT^HCSQ?", "^HCSQ:", ANSWER_LINES, NULL },
	{ "AT^MONSC", "^MONSC:", ANSWER_MAYBE, NULL },
	{ 0 },
};

/* An index of ^HCSQ; 255 and what is beyond the scale sets nothing. */
static void level(
	struct radio *x, enum field f, const char *text, int most, double base, double step)
{
	int64_t n;

	if (text_int(text, &n) && n >= 0 && n <= most)
		radio_real(x, RANK_SECOND, f, base + step * (double)n);
}

/* "LTE",RSSI,RSRP,SINR,RSRQ; "WCDMA",RSSI,RSCP,Ec/Io; "GSM",RSSI: lower edges of the intervals */
static void hcsq(struct radio *x, const char *rest)
{
	struct text_fields f;
	const char *mode;

	text_split(&f, rest);
	mode = text_field(&f, 0);
	if (!strcmp(mode, "LTE")) {
		level(x, FIELD_RSSI, text_field(&f, 1), 96, -121, 1);
		level(x, FIELD_RSRP, text_field(&f, 2), 97, -141, 1);
		level(x, FIELD_SINR, text_field(&f, 3), 251, -20.2, 0.2);
		level(x, FIELD_RSRQ, text_field(&f, 4), 34, -20, 0.5);
	} else if (!strcmp(mode, "WCDMA")) {
		level(x, FIELD_RSSI, text_field(&f, 1), 96, -121, 1);
		level(x, FIELD_RSCP, text_field(&f, 2), 96, -121, 1);
		level(x, FIELD_ECNO, text_field(&f, 3), 65, -32.5, 0.5);
	} else if (!strcmp(mode, "GSM")) {
		level(x, FIELD_RXLEV, text_field(&f, 1), 96, -121, 1);
	} else {
		if (!strcmp(mode, "NOSERVICE"))
			radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "NOSERVICE");
		return;
	}
	radio_text(x, RANK_SECOND, FIELD_RAT, mode);
}

/* service,domain,roaming,SIM,lock,mode,"mode name",submode,"submode name" */
static void sysinfoex(struct radio *x, const char *rest)
{
	static const char *const service[] = { "NOSERVICE", "LIMSRV", "ONLINE", "LIMSRV",
		"LOWPOWER" };
	struct text_fields f;
	int64_t n;

	text_split(&f, rest);
	if (text_int(text_field(&f, 0), &n) && n >= 0 && n < (int64_t)COUNT(service))
		radio_text(x, RANK_SECOND, FIELD_MODEM_STATE, service[n]);
	if (!strcmp(text_field(&f, 3), "255"))
		radio_text(x, RANK_GUESS, FIELD_SIM, "missing");
	if (text_has_prefix(text_field(&f, 6), "LTE") ||
		text_has_prefix(text_field(&f, 6), "WCDMA") ||
		text_has_prefix(text_field(&f, 6), "GSM"))
		radio_text(x, RANK_SECOND, FIELD_RAT, text_field(&f, 6));
}

/* LTE,MCC,MNC,EARFCN,cell,PCI,TAC,RSRP,RSRQ,RSSI; identities in hexadecimal */
static void monsc_lte(struct radio *x, const struct text_fields *f)
{
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, 4));
	radio_hex_text(x, RANK_BEST, FIELD_PCI, text_field(f, 5));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 6));
	radio_real_text(x, RANK_BEST, FIELD_RSRP, text_field(f, 7), 1);
	radio_real_text(x, RANK_BEST, FIELD_RSRQ, text_field(f, 8), 1);
	radio_real_text(x, RANK_BEST, FIELD_RSSI, text_field(f, 9), 1);
}

/* WCDMA,MCC,MNC,UARFCN,PSC,cell,LAC,RSCP,RSSI,Ec/No */
static void monsc_wcdma(struct radio *x, const struct text_fields *f)
{
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, 4));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, 5));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 6));
	radio_real_text(x, RANK_BEST, FIELD_RSCP, text_field(f, 7), 1);
	radio_real_text(x, RANK_BEST, FIELD_ECNO, text_field(f, 9), 1);
}

static void monsc(struct radio *x, const char *rest)
{
	struct text_fields f;
	const char *mode;

	text_split(&f, rest);
	mode = text_field(&f, 0);
	if (!strcmp(mode, "LTE"))
		monsc_lte(x, &f);
	else if (!strcmp(mode, "WCDMA"))
		monsc_wcdma(x, &f);
	else
		return;
	radio_text(x, RANK_BEST, FIELD_RAT, mode);
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(&f, 1), text_field(&f, 2));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(&f, 3));
}

static void parse(struct radio *x, const char *answer)
{
	static const struct at_line table[] = {
		{ "^HCSQ:", hcsq },
		{ "^SYSINFOEX:", sysinfoex },
		{ "^MONSC:", monsc },
	};

	at_parse_lines(x, answer, table, COUNT(table));
}

static const struct at_command quick[] = {
	{ "AT^HCSQ?", "^HCSQ:", ANSWER_LINES, NULL },
	{ 0 },
};

static const struct at_command neighbours[] = {
	{ "AT^MONNC", "^MONNC:", ANSWER_MAYBE, NULL },
	{ 0 },
};

const struct at_dialect at_huawei = { "huawei", makers, commands, parse, quick, neighbours, NULL };
