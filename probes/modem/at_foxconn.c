/* SPDX-License-Identifier: Apache-2.0 */
/* Foxconn (Dell DW5821e and kin): ^DEBUG? is a page of "NAME: value" lines with units. */
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <stdio.h>
#include <string.h>

static const char *const makers[] = { "foxconn", "DW5821", "T77W968", "T99W", "DW5930", NULL };

static const struct at_command commands[] = {
	{ "AT^DEBUG?", NULL, ANSWER_BLOCK, NULL },
	{ 0 },
};

/* "-84.5dBm rx_diversity: 15 (-256.0dBm,...)": the number before its unit */
static void level(struct radio *x, enum field f, const char *rest)
{
	char number[16];
	size_t n;

	rest += strspn(rest, " \t");
	n = strspn(rest, "-+.0123456789");
	if (!n || n >= sizeof(number) || strncmp(rest + n, "dB", 2) != 0)
		return;
	memcpy(number, rest, n);
	number[n] = 0;
	radio_real_text(x, RANK_BEST, f, number, 1);
}

static void rsrp(struct radio *x, const char *rest)
{
	level(x, FIELD_RSRP, rest);
}

static void rsrq(struct radio *x, const char *rest)
{
	level(x, FIELD_RSRQ, rest);
}

static void rssi(struct radio *x, const char *rest)
{
	level(x, FIELD_RSSI, rest);
}

static void sinr(struct radio *x, const char *rest)
{
	level(x, FIELD_SINR, rest);
}

static void band_is(struct radio *x, const char *rest)
{
	const char *lte = strstr(rest, "LTE_B");

	if (!lte)
		return;
	radio_text(x, RANK_BEST, FIELD_RAT, "LTE");
	radio_int(x, RANK_BEST, FIELD_BAND, text_lead(lte + 5));
}

static void earfcn(struct radio *x, const char *rest)
{
	rest += strspn(rest, " ");
	if (*rest >= '0' && *rest <= '9')
		radio_int(x, RANK_BEST, FIELD_ARFCN, text_lead(rest));
}

static void plmn(struct radio *x, const char *rest)
{
	char mcc[4], mnc[4];

	if (sscanf(rest, " %3[0-9] %3[0-9]", mcc, mnc) == 2)
		radio_plmn(x, RANK_BEST, FIELD_PLMN, mcc, mnc);
}

static void tac(struct radio *x, const char *rest)
{
	radio_hex_text(x, RANK_BEST, FIELD_TAC, rest + strspn(rest, " "));
}

/* "112819-3(16)": base station, sector, PCI (TS 23.003 19.6: 20 and 8 bits) */
static void enb(struct radio *x, const char *rest)
{
	unsigned station, sector, pci;

	if (sscanf(rest, " %7u-%3u(%4u)", &station, &sector, &pci) != 3 || station > 0xfffff ||
		sector > 255)
		return;
	radio_int(x, RANK_BEST, FIELD_CELL, ((int64_t)station << 8) | sector);
	radio_int(x, RANK_BEST, FIELD_PCI, pci);
}

static void emm_cause(struct radio *x, const char *rest)
{
	int64_t cause;

	if (text_int(rest + strspn(rest, " "), &cause) && cause > 0)
		radio_int(x, RANK_BEST, FIELD_REJECT_CAUSE, cause);
}

/* does not tell home from roaming: +CEREG does */
static void status(struct radio *x, const char *rest)
{
	radio_text(x, RANK_BEST, FIELD_MODEM_STATE, rest + strspn(rest, " "));
}

static void parse(struct radio *x, const char *answer)
{
	static const struct at_line table[] = {
		{ "PCC info:", band_is },
		{ "EARFCN(DL/UL):", earfcn },
		{ "PLMN:", plmn },
		{ "TAC:", tac },
		{ "eNB ID(PCI):", enb },
		{ "EMM CAUSE:", emm_cause },
		{ "RSRP:", rsrp },
		{ "RSRQ:", rsrq },
		{ "RSSI:", rssi },
		{ "RS-SINR:", sinr },
		{ "STATUS:", status },
	};

	at_parse_lines(x, answer, table, COUNT(table));
}

const struct at_dialect at_foxconn = { "foxconn", makers, commands, parse, commands, NULL, NULL };
