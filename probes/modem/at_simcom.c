/* SPDX-License-Identifier: Apache-2.0 */
/* SIMCom: +CPSI? tells everything in one line, two with an NR leg. */
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <math.h>
#include <string.h>

static const char *const makers[] = { "simcom", "SIM7", "SIM8", "SIM5360", "A7600", "A7670", NULL };

static const struct at_command commands[] = {
	{ "AT+CPSI?", "+CPSI:", ANSWER_LINES, NULL },
	{ 0 },
};

static void plmn(struct radio *x, const char *text)
{
	char mcc[4] = "";

	if (strlen(text) < 6 || text[3] != '-')
		return;
	memcpy(mcc, text, 3);
	radio_plmn(x, RANK_BEST, FIELD_PLMN, mcc, text + 4);
}

/* "EUTRAN-BAND3", "NR5G_BAND78" */
static void band(struct radio *x, enum field f, const char *name)
{
	const char *at = strcasestr(name, "BAND");

	if (at)
		radio_int(x, RANK_BEST, f, text_lead(at + 4));
}

/* Most families print tenths (-1056), the IoT ones whole decibels (-105); an RSRP shows which. */
static double scale_of(const char *rsrp)
{
	double v;

	return text_real(rsrp, &v) && fabs(v) > 200 ? 0.1 : 1;
}

/* LTE,mode,MCC-MNC,TAC,cell,PCI,band,EARFCN,dl,ul,RSRQ,RSRP,RSSI,SNR; the SNR's scale is not told, so it is left out */
static void lte(struct radio *x, const struct text_fields *f)
{
	double scale = scale_of(text_field(f, 11));

	radio_text(x, RANK_BEST, FIELD_RAT, "LTE");
	plmn(x, text_field(f, 2));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 3));
	radio_int_text(x, RANK_BEST, FIELD_CELL, text_field(f, 4));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, 5));
	band(x, FIELD_BAND, text_field(f, 6));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, 7));
	radio_real_text(x, RANK_BEST, FIELD_RSRQ, text_field(f, 10), scale);
	radio_real_text(x, RANK_BEST, FIELD_RSRP, text_field(f, 11), scale);
	radio_real_text(x, RANK_BEST, FIELD_RSSI, text_field(f, 12), scale);
}

/* NR5G_SA,mode,MCC-MNC,TAC,cell,PCI,band,ARFCN,RSRP,RSRQ,SNR */
static void nr_sa(struct radio *x, const struct text_fields *f)
{
	double scale = scale_of(text_field(f, 8));

	radio_text(x, RANK_BEST, FIELD_RAT, "NR5G-SA");
	plmn(x, text_field(f, 2));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 3));
	radio_int_text(x, RANK_BEST, FIELD_CELL, text_field(f, 4));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, 5));
	band(x, FIELD_BAND, text_field(f, 6));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, 7));
	radio_real_text(x, RANK_BEST, FIELD_RSRP, text_field(f, 8), scale);
	radio_real_text(x, RANK_BEST, FIELD_RSRQ, text_field(f, 9), scale);
	radio_real_text(x, RANK_BEST, FIELD_SINR, text_field(f, 10), scale);
}

/* NR5G_NSA,PCI,band,ARFCN,RSRP,RSRQ,SNR, beside the line of the LTE cell */
static void nr_nsa(struct radio *x, const struct text_fields *f)
{
	double scale = scale_of(text_field(f, 4));

	radio_int_text(x, RANK_BEST, FIELD_NR_PCI, text_field(f, 1));
	band(x, FIELD_NR_BAND, text_field(f, 2));
	radio_real_text(x, RANK_BEST, FIELD_NR_RSRP, text_field(f, 4), scale);
	radio_real_text(x, RANK_BEST, FIELD_NR_RSRQ, text_field(f, 5), scale);
	radio_real_text(x, RANK_BEST, FIELD_NR_SINR, text_field(f, 6), scale);
	if (!radio_has(x, FIELD_NR_RSRP))
		return;
	radio_text(x, RANK_BEST, FIELD_RAT, "NR5G-NSA");
	radio_bool(x, RANK_BEST, FIELD_ENDC_AVAILABLE, true);
}

/* WCDMA,mode,MCC-MNC,LAC,cell,band,PSC,UARFCN,SSC,Ec/Io,RSCP,...: levels come without their minus */
static void wcdma(struct radio *x, const struct text_fields *f)
{
	double v;

	radio_text(x, RANK_BEST, FIELD_RAT, "WCDMA");
	plmn(x, text_field(f, 2));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 3));
	radio_int_text(x, RANK_BEST, FIELD_CELL, text_field(f, 4));
	radio_int_text(x, RANK_BEST, FIELD_PCI, text_field(f, 6));
	radio_int_text(x, RANK_BEST, FIELD_ARFCN, text_field(f, 7));
	if (text_real(text_field(f, 9), &v))
		radio_real(x, RANK_BEST, FIELD_ECNO, -fabs(v));
	if (text_real(text_field(f, 10), &v))
		radio_real(x, RANK_BEST, FIELD_RSCP, -fabs(v));
}

/* GSM,mode,MCC-MNC,LAC,cell,"81 EGSM 900",RxLev */
static void gsm(struct radio *x, const struct text_fields *f)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "GSM");
	plmn(x, text_field(f, 2));
	radio_hex_text(x, RANK_BEST, FIELD_TAC, text_field(f, 3));
	radio_int_text(x, RANK_BEST, FIELD_CELL, text_field(f, 4));
	if (text_field(f, 5)[0] >= '0' && text_field(f, 5)[0] <= '9')
		radio_int(x, RANK_BEST, FIELD_ARFCN, text_lead(text_field(f, 5)));
	radio_real_text(x, RANK_BEST, FIELD_RXLEV, text_field(f, 6), 1);
}

static void cpsi(struct radio *x, const char *rest)
{
	static const struct {
		const char *system;
		void (*take)(struct radio *x, const struct text_fields *f);
	} systems[] = {
		{ "LTE", lte }, /* also "LTE CAT-M1", "LTE NB-IOT" */
		{ "NR5G_SA", nr_sa },
		{ "NR5G_NSA", nr_nsa },
		{ "WCDMA", wcdma },
		{ "GSM", gsm },
	};
	static const struct {
		const char *says, *word;
	} modes[] = {
		{ "Online", "ONLINE" },
		{ "Offline", "OFFLINE" },
		{ "Low Power", "LOWPOWER" },
		{ "Factory Test", "FTM" },
		{ "Reset", "RESET" },
	};
	struct text_fields f;

	text_split(&f, rest);
	if (text_has_prefix(text_field(&f, 0), "NO SERVICE")) {
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "NOSERVICE");
		return;
	}
	for (size_t i = 0; i < COUNT(modes); i++)
		if (text_has_prefix(text_field(&f, 1), modes[i].says))
			radio_text(x, RANK_BEST, FIELD_MODEM_STATE, modes[i].word);
	for (size_t i = 0; i < COUNT(systems); i++)
		if (text_has_prefix(text_field(&f, 0), systems[i].system))
			systems[i].take(x, &f);
}

static void parse(struct radio *x, const char *answer)
{
	static const struct at_line table[] = { { "+CPSI:", cpsi } };

	at_parse_lines(x, answer, table, COUNT(table));
}

static const struct at_command neighbours[] = {
	{ "AT+CMGRMI=4", "+CMGRMI:", ANSWER_MAYBE, NULL },
	{ 0 },
};

const struct at_dialect at_simcom = { "simcom", makers, commands, parse, commands, neighbours,
	NULL };
