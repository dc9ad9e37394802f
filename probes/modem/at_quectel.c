/* SPDX-License-Identifier: Apache-2.0 */
/* Quectel: +QENG="servingcell" and what stands beside it. */
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <stdio.h>
#include <string.h>

static const char *const makers[] = { "quectel", NULL };

static const struct at_command commands[] = {
	{ "AT+QNWINFO", "+QNWINFO:", ANSWER_MAYBE, NULL },
	{ "AT+QCAINFO", "+QCAINFO:", ANSWER_MAYBE, NULL },
	{ "AT+QCSQ", "+QCSQ:", ANSWER_MAYBE, NULL },
	{ "AT+QENG=\"servingcell\"", "+QENG:", ANSWER_LINES, NULL },
	{ "AT+QSPN", "+QSPN:", ANSWER_MAYBE, NULL },
	{ "AT+QRSRQ", "+QRSRQ:", ANSWER_MAYBE, NULL },
	{ 0 },
};

/* The EC2x, EG2x, EG9x and x06 families print +QENG's SINR on scales that differ by firmware; their +QCSQ has
 * one scale, which the manual defines. */
static bool sinr_by_qcsq(const struct radio *x)
{
	static const char *const models[] = { "EC2", "EG2", "EG9", "EG06", "EP06", "EM06", "EG12",
		"EG18", "EM12" };

	for (size_t i = 0; i < COUNT(models); i++)
		if (strstr(x->model, models[i]))
			return true;
	return false;
}

/* type,duplex,MCC,MNC,cell,PCI,EARFCN,band,ul,dl,TAC,RSRP,RSRQ,RSSI,SINR: at is where MCC stands. */
static void lte(struct radio *x, const struct text_fields *f, size_t at)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "LTE");
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(f, at), text_field(f, at + 1));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, at + 2));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, at + 3));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, at + 4));
	radio_int_text(x, RANK_BEST, FIELD_BAND, text_field(f, at + 5));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, at + 8));
	radio_real_text(x, RANK_BEST, FIELD_RSRP, text_field(f, at + 9), 1);
	radio_real_text(x, RANK_BEST, FIELD_RSRQ, text_field(f, at + 10), 1);
	radio_real_text(x, RANK_BEST, FIELD_RSSI, text_field(f, at + 11), 1);
	if (!sinr_by_qcsq(x))
		radio_real_text(x, RANK_BEST, FIELD_SINR, text_field(f, at + 12), 1);
}

/* MCC,MNC,cell,PCI,TAC,ARFCN,band,bandwidth,RSRP,RSRQ,SINR */
static void nr_sa(struct radio *x, const struct text_fields *f, size_t at)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "NR5G-SA");
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(f, at), text_field(f, at + 1));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, at + 2));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, at + 3));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, at + 4));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, at + 5));
	radio_int_text(x, RANK_BEST, FIELD_BAND, text_field(f, at + 6));
	radio_real_text(x, RANK_BEST, FIELD_RSRP, text_field(f, at + 8), 1);
	radio_real_text(x, RANK_BEST, FIELD_RSRQ, text_field(f, at + 9), 1);
	radio_real_text(x, RANK_BEST, FIELD_SINR, text_field(f, at + 10), 1);
}

/* MCC,MNC,PCI,RSRP,SINR,RSRQ,ARFCN,band: not the order of SA.  The RM500Q prints tenths of a dB (180 where
 * QMI says 18.5), others whole ones. */
static void nr_nsa(struct radio *x, const struct text_fields *f, size_t at)
{
	double sinr;

	radio_int_text(x, RANK_BEST, FIELD_NR_PCI, text_field(f, at + 2));
	radio_real_text(x, RANK_BEST, FIELD_NR_RSRP, text_field(f, at + 3), 1);
	if (text_real(text_field(f, at + 4), &sinr))
		radio_real_text(x, RANK_BEST, FIELD_NR_SINR, text_field(f, at + 4),
			strstr(x->model, "RM500Q") || sinr > 40 || sinr < -23.5 ? 0.1 : 1);
	radio_real_text(x, RANK_BEST, FIELD_NR_RSRQ, text_field(f, at + 5), 1);
	radio_int_text(x, RANK_BEST, FIELD_NR_BAND, text_field(f, at + 7));
	if (!radio_has(x, FIELD_NR_RSRP))
		return;
	radio_text(x, RANK_BEST, FIELD_RAT, "NR5G-NSA");
	radio_bool(x, RANK_BEST, FIELD_ENDC_AVAILABLE, true);
	radio_bool(x, RANK_BEST, FIELD_NR_CONNECTED, !strcmp(x->state, "CONNECT"));
}

/* MCC,MNC,LAC,cell,UARFCN,PSC,RAC,RSCP,Ec/Io */
static void wcdma(struct radio *x, const struct text_fields *f, size_t at)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "WCDMA");
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(f, at), text_field(f, at + 1));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, at + 2));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, at + 3));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, at + 4));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, at + 5));
	radio_real_text(x, RANK_BEST, FIELD_RSCP, text_field(f, at + 7), 1);
	radio_real_text(x, RANK_BEST, FIELD_ECNO, text_field(f, at + 8), 1);
}

/* MCC,MNC,LAC,cell,BSIC,ARFCN,band,RxLev */
static void gsm(struct radio *x, const struct text_fields *f, size_t at)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "GSM");
	radio_plmn(x, RANK_BEST, FIELD_PLMN, text_field(f, at), text_field(f, at + 1));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, at + 2));
	radio_hex_text(x, RANK_BEST, FIELD_CELL, text_field(f, at + 3));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, at + 4));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, at + 5));
	radio_real_text(x, RANK_BEST, FIELD_RXLEV, text_field(f, at + 7), 1);
}

/* One line: "servingcell",state,type,...; three for EN-DC: "servingcell",state then "LTE",... then "NR5G-NSA",... */
static void qeng(struct radio *x, const char *rest)
{
	static const struct {
		const char *type;
		bool duplex; /* FDD or TDD stands between the type and the MCC */
		void (*take)(struct radio *x, const struct text_fields *f, size_t at);
	} types[] = {
		{ "LTE", true, lte },
		{ "CAT-M", true, lte },
		{ "eMTC", true, lte },
		{ "CAT-NB", true, lte },
		{ "NBIoT", true, lte },
		{ "NR5G-SA", true, nr_sa },
		{ "NR5G-NSA", false, nr_nsa },
		{ "WCDMA", false, wcdma },
		{ "GSM", false, gsm },
	};
	struct text_fields f;
	size_t at = 0;

	text_split(&f, rest);
	if (!strcmp(text_field(&f, 0), "servingcell")) {
		snprintf(x->state, sizeof(x->state), "%s", text_field(&f, 1));
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, x->state);
		at = 2;
	}
	for (size_t i = 0; i < COUNT(types); i++)
		if (!strcmp(text_field(&f, at), types[i].type))
			types[i].take(x, &f, at + (types[i].duplex ? 2 : 1));
}

static int64_t band_number(const char *name)
{
	const char *band = strstr(name, "BAND ");

	return band ? text_lead(band + 5) : 0;
}

/* "FDD LTE","51503","LTE BAND 1",150; a second line for the NR leg */
static void qnwinfo(struct radio *x, const char *rest)
{
	struct text_fields f;
	char mcc[4] = "";
	bool nr, leg;

	text_split(&f, rest);
	if (f.n < 4 || strlen(text_field(&f, 1)) < 5)
		return;
	nr = strstr(text_field(&f, 0), "NR5G") != NULL;
	leg = nr && !strcmp(radio_get_text(x, FIELD_RAT), "LTE");
	if (leg) {
		radio_int(x, RANK_SECOND, FIELD_NR_BAND, band_number(text_field(&f, 2)));
		return;
	}
	memcpy(mcc, text_field(&f, 1), 3);
	radio_plmn(x, RANK_SECOND, FIELD_PLMN, mcc, text_field(&f, 1) + 3);
	radio_int(x, RANK_SECOND, FIELD_BAND, band_number(text_field(&f, 2)));
	radio_int_text(x, RANK_SECOND, FIELD_ARFCN, text_field(&f, 3));
	if (nr)
		radio_text(x, RANK_GENERIC, FIELD_RAT, "NR5G-SA");
	else if (strstr(text_field(&f, 0), "LTE"))
		radio_text(x, RANK_GENERIC, FIELD_RAT, "LTE");
}

/* "PCC",EARFCN,bandwidth,"LTE BAND 1",state,PCI,RSRP,RSRQ,RSSI,SINR */
static void qcainfo(struct radio *x, const char *rest)
{
	struct text_fields f;

	text_split(&f, rest);
	if (strcasecmp(text_field(&f, 0), "PCC") != 0 || !strstr(text_field(&f, 3), "LTE"))
		return;
	radio_int_text(x, RANK_SECOND, FIELD_ARFCN, text_field(&f, 1));
	radio_int(x, RANK_SECOND, FIELD_BAND, band_number(text_field(&f, 3)));
	radio_int_text(x, RANK_SECOND, FIELD_PCI, text_field(&f, 5));
	radio_real_text(x, RANK_SECOND, FIELD_RSRP, text_field(&f, 6), 1);
	radio_real_text(x, RANK_SECOND, FIELD_RSRQ, text_field(&f, 7), 1);
	radio_real_text(x, RANK_SECOND, FIELD_RSSI, text_field(&f, 8), 1);
}

/* "LTE",RSSI,RSRP,SINR,RSRQ: the SINR is 0..250 for -20..30 dB in the EC2x, EG2x and x06 families */
static void qcsq(struct radio *x, const char *rest)
{
	struct text_fields f;
	double raw;

	text_split(&f, rest);
	if (strcasecmp(text_field(&f, 0), "LTE") != 0)
		return;
	radio_text(x, RANK_GENERIC, FIELD_RAT, "LTE");
	radio_real_text(x, RANK_SECOND, FIELD_RSRP, text_field(&f, 2), 1);
	radio_real_text(x, RANK_SECOND, FIELD_RSRQ, text_field(&f, 4), 1);
	if (sinr_by_qcsq(x) && text_real(text_field(&f, 3), &raw) && raw >= 0 && raw <= 250)
		radio_real(x, RANK_BEST, FIELD_SINR, raw / 5 - 20);
}

/* full name, short name, SPN, alphabet, PLMN; alphabet 1 is UCS-2 in hexadecimal, which is left out */
static void qspn(struct radio *x, const char *rest)
{
	struct text_fields f;

	text_split(&f, rest);
	if (!strcmp(text_field(&f, 3), "0"))
		radio_text(x, RANK_SECOND, FIELD_OPERATOR_NAME, text_field(&f, 0));
}

/* four receive ports and the technology; the first port that measured */
static void qrsrq(struct radio *x, const char *rest)
{
	struct text_fields f;
	bool leg;
	double v;

	text_split(&f, rest);
	leg = !strcmp(text_field(&f, 4), "NR5G") && radio_has(x, FIELD_NR_RSRP);
	for (size_t i = 0; i < 4; i++)
		if (text_real(text_field(&f, i), &v) && v > -100) {
			radio_real(x, RANK_GUESS, leg ? FIELD_NR_RSRQ : FIELD_RSRQ, v);
			if (!strcmp(text_field(&f, 4), "NR5G") || !strcmp(text_field(&f, 4), "LTE"))
				radio_text(x, RANK_GUESS, FIELD_RAT,
					!strcmp(text_field(&f, 4), "NR5G") ? "NR5G-SA"
									   : text_field(&f, 4));
			return;
		}
}

static void parse(struct radio *x, const char *answer)
{
	static const struct at_line table[] = {
		{ "+QENG:", qeng },
		{ "+QNWINFO:", qnwinfo },
		{ "+QCAINFO:", qcainfo },
		{ "+QCSQ:", qcsq },
		{ "+QSPN:", qspn },
		{ "+QRSRQ:", qrsrq },
	};

	at_parse_lines(x, answer, table, COUNT(table));
}

static const struct at_command quick[] = {
	{ "AT+QCSQ", "+QCSQ:", ANSWER_MAYBE, NULL },
	{ "AT+QENG=\"servingcell\"", "+QENG:", ANSWER_LINES, NULL },
	{ 0 },
};

static const struct at_command neighbours[] = {
	{ "AT+QENG=\"neighbourcell\"", "+QENG:", ANSWER_MAYBE, NULL },
	{ 0 },
};

/* Its +CCLK is UTC or local time as +CTZU was set, both with the zone behind it; +QLTS=1 is UTC. */
static const struct at_command clock_commands[] = {
	{ "AT+QLTS=1", "+QLTS:", ANSWER_LINES, NULL },
	{ 0 },
};

const struct at_dialect at_quectel = { "quectel", makers, commands, parse, quick, neighbours,
	clock_commands };
