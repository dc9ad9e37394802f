/* SPDX-License-Identifier: Apache-2.0 */
/* Sierra Wireless: !GSTATUS? is a page of two columns of "name:   value". */
#include "dialect.h"
#include "text.h"
#include <string.h>

static const char *const makers[] = { "sierra", "EM7", "EM9", "MC7", "DW5811", "DW5816", NULL };

static const struct at_command commands[] = {
	{ "AT!GSTATUS?", "!GSTATUS:", ANSWER_BLOCK, NULL },
	{ 0 },
};

#define VALUE 64

static void real(struct radio *x, enum field f, const char *page, const char *key)
{
	char value[VALUE];

	if (text_value(page, key, value, sizeof(value)))
		radio_real_text(x, RANK_BEST, f, value, 1);
}

static void integer(struct radio *x, enum field f, const char *page, const char *key)
{
	char value[VALUE];

	if (text_value(page, key, value, sizeof(value)))
		radio_int_text(x, RANK_BEST, f, value);
}

/* "D5AC (54700)" */
static void hex(struct radio *x, enum field f, const char *page, const char *key)
{
	char value[VALUE];

	if (!text_value(page, key, value, sizeof(value)))
		return;
	value[strcspn(value, " (")] = 0;
	radio_hex_text(x, RANK_BEST, f, value);
}

/* "B3", "n78" */
static void band(struct radio *x, enum field f, const char *page, const char *key)
{
	char value[VALUE];

	if (text_value(page, key, value, sizeof(value)) && strchr("Bbn", value[0]))
		radio_int(x, RANK_BEST, f, text_lead(value + 1));
}

static void lte(struct radio *x, const char *page)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "LTE");
	band(x, FIELD_BAND, page, "LTE band:");
	integer(x, FIELD_ARFCN, page, "LTE Rx chan:");
	hex(x, FIELD_TAC, page, "TAC:");
	hex(x, FIELD_CELL, page, "Cell ID:");
	real(x, FIELD_RSSI, page, "PCC RxM RSSI:");
	/* the main receive chain comes first, the diversity chain second */
	real(x, FIELD_RSRP, page, "RSRP (dBm):");
	real(x, FIELD_RSRQ, page, "RSRQ (dB):");
	real(x, FIELD_SINR, page, "SINR (dB):");
}

static void nr(struct radio *x, const char *page)
{
	band(x, FIELD_NR_BAND, page, "NR5G band:");
	real(x, FIELD_NR_RSRP, page, "NR5G RSRP (dBm):");
	real(x, FIELD_NR_RSRQ, page, "NR5G RSRQ (dB):");
	real(x, FIELD_NR_SINR, page, "NR5G SINR (dB):");
	if (!radio_has(x, FIELD_NR_RSRP))
		return;
	radio_text(x, RANK_BEST, FIELD_RAT, "NR5G-NSA");
	radio_bool(x, RANK_BEST, FIELD_ENDC_AVAILABLE, true);
}

static void wcdma(struct radio *x, const char *page)
{
	radio_text(x, RANK_BEST, FIELD_RAT, "WCDMA");
	integer(x, FIELD_ARFCN, page, "WCDMA channel:");
	hex(x, FIELD_TAC, page, "LAC:");
	hex(x, FIELD_CELL, page, "UTRAN cell ID:");
	real(x, FIELD_RSSI, page, "RxM RSSI C0:");
}

/* "Registered       Normal Service", "Deregistered     No Service" */
static void state(struct radio *x, const char *page)
{
	char value[VALUE];

	if (strcasestr(page, "No Service\n") || strcasestr(page, "No service\r"))
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "NOSERVICE");
	else if (strcasestr(page, "Limited Service"))
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, "LIMSRV");
	else if (text_value(page, "Mode:", value, sizeof(value)))
		radio_text(x, RANK_BEST, FIELD_MODEM_STATE, value);
}

static void parse(struct radio *x, const char *answer)
{
	const char *page = strcasestr(answer, "!GSTATUS:");
	char system[VALUE] = "";

	if (!page)
		return;
	page += strlen("!GSTATUS:");
	state(x, page);
	if (!text_value(page, "System mode:", system, sizeof(system)))
		return;
	if (text_has_prefix(system, "LTE") || text_has_prefix(system, "ENDC"))
		lte(x, page);
	if (strcasestr(page, "NR5G band:"))
		nr(x, page);
	if (text_has_prefix(system, "WCDMA") || text_has_prefix(system, "UMTS"))
		wcdma(x, page);
}

static const struct at_command neighbours[] = {
	{ "AT!LTEINFO?", "!LTEINFO:", ANSWER_BLOCK, NULL },
	{ 0 },
};

const struct at_dialect at_sierra = { "sierra", makers, commands, parse, commands, neighbours,
	NULL };
