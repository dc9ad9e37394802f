/* SPDX-License-Identifier: Apache-2.0 */
/* Fibocom: Intel-based ones (+XMCI, +XLEC, +RSRP, +RSRQ) and later ones (+GTCCINFO). */
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <string.h>

static const char *const makers[] = { "fibocom", "L850", "L860", "FM150", "FM350", "FG150", "NL668",
	NULL };

static const struct at_command commands[] = {
	{ "AT+XLEC?", "+XLEC:", ANSWER_MAYBE, NULL },
	{ "AT+RSRP?", "+RSRP:", ANSWER_MAYBE, NULL },
	{ "AT+RSRQ?", "+RSRQ:", ANSWER_MAYBE, NULL },
	{ "AT+XMCI=1", "+XMCI:", ANSWER_MAYBE, NULL },
	{ "AT+GTCCINFO?", "+GTCCINFO:", ANSWER_BLOCK, NULL },
	{ 0 },
};

static void level_list(struct radio *x, enum field level, const char *rest)
{
	struct text_fields f;

	text_split(&f, rest);
	if (f.n < 3)
		return;
	radio_int_text(x, RANK_SECOND, FIELD_PCI, text_field(&f, 0));
	radio_int_text(x, RANK_SECOND, FIELD_ARFCN, text_field(&f, 1));
	radio_real_text(x, RANK_BEST, level, text_field(&f, 2), 1);
}

static void rsrp(struct radio *x, const char *rest)
{
	level_list(x, FIELD_RSRP, rest);
}

static void rsrq(struct radio *x, const char *rest)
{
	level_list(x, FIELD_RSRQ, rest);
}

void at_rsrp_list(struct radio *x, const char *line)
{
	static const struct at_line table[] = { { "+RSRP:", rsrp }, { "+RSRQ:", rsrq } };

	at_parse_lines(x, line, table, COUNT(table));
}

static void xlec(struct radio *x, const char *rest)
{
	const char *band = strstr(rest, "BAND_LTE_");

	if (band)
		radio_int(x, RANK_BEST, FIELD_BAND, text_lead(band + 9));
}

/* type,MCC,MNC,TAC,cell,PCI,dl,ul,path loss,RSRP index,RSRQ index; type 4 is the serving LTE cell */
static void xmci(struct radio *x, const char *rest)
{
	struct text_fields f;

	text_split(&f, rest);
	if (strcmp(text_field(&f, 0), "4") != 0)
		return;
	radio_text(x, RANK_BEST, FIELD_RAT, "LTE");
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(&f, 1), text_field(&f, 2));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(&f, 3));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(&f, 4));
	radio_hex_text(x, RANK_BEST, FIELD_PCI, text_field(&f, 5));
	radio_hex_text(x, RANK_BEST, FIELD_ARFCN, text_field(&f, 6));
	radio_index(x, RANK_SECOND, FIELD_RSRP, INDEX_RSRP, text_field(&f, 9));
	radio_index(x, RANK_SECOND, FIELD_RSRQ, INDEX_RSRQ, text_field(&f, 10));
}

/* 1,rat,MCC,MNC,TAC,cell,ARFCN,PCI,band,bandwidth,SINR,RxLev,RSRP index,RSRQ index; rat 4 is LTE (band 100 + n), 9 is
 * NR (5000 + n, or 500 + n below 10) on the ss scales.  ARFCN and PCI are decimal in one firmware and hexadecimal in the
 * next, so they are left out. */
static void serving_cell(struct radio *x, const struct text_fields *f)
{
	bool nr = !strcmp(text_field(f, 1), "9");
	bool leg = nr && !strcmp(radio_get_text(x, FIELD_RAT), "LTE");
	int64_t band;

	if (strcmp(text_field(f, 0), "1") != 0 || (!nr && strcmp(text_field(f, 1), "4") != 0))
		return;
	if (text_int(text_field(f, 8), &band)) {
		if (!nr && band > 100 && band < 200)
			radio_int(x, RANK_BEST, FIELD_BAND, band - 100);
		if (nr && band > 5000 && band < 6000)
			radio_int(x, RANK_BEST, leg ? FIELD_NR_BAND : FIELD_BAND, band - 5000);
		if (nr && band > 500 && band < 510)
			radio_int(x, RANK_BEST, leg ? FIELD_NR_BAND : FIELD_BAND, band - 500);
	}
	if (nr)
		radio_index(x, RANK_BEST, leg ? FIELD_NR_SINR : FIELD_SINR, INDEX_SS_SINR,
			text_field(f, 10));
	radio_index(x, RANK_BEST, leg ? FIELD_NR_RSRP : FIELD_RSRP, nr ? INDEX_SS_RSRP : INDEX_RSRP,
		text_field(f, 12));
	radio_index(x, RANK_BEST, leg ? FIELD_NR_RSRQ : FIELD_RSRQ, nr ? INDEX_SS_RSRQ : INDEX_RSRQ,
		text_field(f, 13));
	radio_text(x, RANK_BEST, FIELD_RAT, leg ? "NR5G-NSA" : nr ? "NR5G-SA" : "LTE");
	if (leg)
		return;
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(f, 2), text_field(f, 3));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 4));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, 5));
}

static void parse(struct radio *x, const char *answer)
{
	static const struct at_line table[] = {
		{ "+XLEC:", xlec },
		{ "+RSRP:", rsrp },
		{ "+RSRQ:", rsrq },
		{ "+XMCI:", xmci },
	};
	const char *cells = strstr(answer, "+GTCCINFO:");
	char line[TEXT_LINE];
	struct text_fields f;

	at_parse_lines(x, answer, table, COUNT(table));
	while (cells && text_line(&cells, line)) {
		text_split(&f, line);
		if (f.n >= 14)
			serving_cell(x, &f);
	}
}

static const struct at_command quick[] = {
	{ "AT+RSRP?", "+RSRP:", ANSWER_MAYBE, NULL },
	{ "AT+RSRQ?", "+RSRQ:", ANSWER_MAYBE, NULL },
	{ "AT+GTCCINFO?", "+GTCCINFO:", ANSWER_BLOCK, NULL },
	{ 0 },
};

static const struct at_command neighbours[] = {
	{ "AT+GTCCINFO?", "+GTCCINFO:", ANSWER_BLOCK, NULL },
	{ 0 },
};

const struct at_dialect at_fibocom = { "fibocom", makers, commands, parse, quick, neighbours,
	NULL };
