/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of neighbours of AT modems.  A neighbour is what was measured: without a level it is only a frequency that
 * the network told the modem to look at. */
#include "cells.h"
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct list {
	struct cells *cells;
	/* of the lines that depend on one before */
	char arfcn[16];
	char page[16];              /* "IntraFreq" of !LTEINFO */
	struct text_fields columns; /* its header, after the page's name */
};

static bool measured(const struct radio *x)
{
	return radio_has(x, FIELD_RSRP) || radio_has(x, FIELD_RSCP) || radio_has(x, FIELD_RXLEV);
}

static void give(struct list *l, struct radio *x)
{
	if (measured(x))
		cell_give(l->cells, x);
}

/* "neighbourcell intra","LTE",EARFCN,PCI,RSRQ,RSRP,RSSI,SINR,...: RSRQ comes first here, RSRP first for the serving
 * cell.  "neighbourcell inter" the same.  "neighbourcell","GSM",MCC,MNC,LAC,cell,BSIC,ARFCN,RxLev,... while in
 * GSM; while in LTE that line has other fields and its level is no dBm (-1920), so it is left out, as is
 * WCDMA, whose fields depend on the serving technology, too. */
static void qeng(struct list *l, const char *rest)
{
	struct text_fields f;
	struct record r;
	struct radio x;

	text_split(&f, rest);
	cell_begin(&x, &r);
	if (text_has_prefix(text_field(&f, 0), "neighbourcell in") &&
		!strcmp(text_field(&f, 1), "LTE")) {
		radio_text(&x, RANK_BEST, FIELD_RAT, "LTE");
		radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text_field(&f, 2));
		radio_int_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 3));
		radio_real_text(&x, RANK_BEST, FIELD_RSRQ, text_field(&f, 4), 1);
		radio_real_text(&x, RANK_BEST, FIELD_RSRP, text_field(&f, 5), 1);
		radio_real_text(&x, RANK_BEST, FIELD_RSSI, text_field(&f, 6), 1);
	} else if (!strcmp(text_field(&f, 0), "neighbourcell") &&
		   !strcmp(text_field(&f, 1), "GSM") && strlen(text_field(&f, 2)) == 3 &&
		   f.n >= 13) {
		radio_text(&x, RANK_BEST, FIELD_RAT, "GSM");
		radio_plmn(&x, RANK_BEST, FIELD_PLMN, text_field(&f, 2), text_field(&f, 3));
		radio_hex_text(&x, RANK_BEST, FIELD_TAC, text_field(&f, 4));
		radio_hex_text(&x, RANK_BEST, FIELD_CELL, text_field(&f, 5));
		radio_int_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 6));
		radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text_field(&f, 7));
		radio_real_text(&x, RANK_BEST, FIELD_RXLEV, text_field(&f, 8), 1);
	}
	give(l, &x);
}

/* LTE,EARFCN,PCI in hexadecimal,RSRP,RSRQ,RSSI; WCDMA,UARFCN,PSC,RSCP,Ec/No; GSM,band,ARFCN,BSIC,cell,LAC,RxLev; NONE.
 * NR is left out: its levels come in eighths of a dB from one firmware and in tenths from another. */
static void monnc(struct list *l, const char *rest)
{
	struct text_fields f;
	const char *mode;
	struct record r;
	struct radio x;

	text_split(&f, rest);
	mode = text_field(&f, 0);
	cell_begin(&x, &r);
	if (!strcmp(mode, "LTE")) {
		radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text_field(&f, 1));
		radio_hex_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 2));
		radio_real_text(&x, RANK_BEST, FIELD_RSRP, text_field(&f, 3), 1);
		radio_real_text(&x, RANK_BEST, FIELD_RSRQ, text_field(&f, 4), 1);
	} else if (!strcmp(mode, "WCDMA")) {
		radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text_field(&f, 1));
		radio_int_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 2));
		radio_real_text(&x, RANK_BEST, FIELD_RSCP, text_field(&f, 3), 1);
		radio_real_text(&x, RANK_BEST, FIELD_ECNO, text_field(&f, 4), 1);
	} else if (!strcmp(mode, "GSM")) {
		radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text_field(&f, 2));
		radio_int_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 3));
		radio_hex_text(&x, RANK_BEST, FIELD_CELL, text_field(&f, 4));
		radio_hex_text(&x, RANK_BEST, FIELD_TAC, text_field(&f, 5));
		radio_real_text(&x, RANK_BEST, FIELD_RXLEV, text_field(&f, 6), 1);
	} else {
		return;
	}
	radio_text(&x, RANK_BEST, FIELD_RAT, mode);
	give(l, &x);
}

/* LTE_Intra,sib3,EARFCN,... and LTE_InterFreq1,EARFCN,... head the LTE_Intra_Cell1 and LTE_InterFreq1_Cell1 lines
 * behind them: PCI,RSRQ,RSRP,RSSI,srxlev in tenths. */
static void cmgrmi(struct list *l, const char *rest)
{
	struct text_fields f;
	struct record r;
	struct radio x;
	double scale, v;

	text_split(&f, rest);
	if (!text_has_prefix(text_field(&f, 0), "LTE_Int"))
		return;
	if (!strstr(text_field(&f, 0), "_Cell")) {
		snprintf(l->arfcn, sizeof(l->arfcn), "%s",
			text_field(&f, strcmp(text_field(&f, 0), "LTE_Intra") ? 1 : 2));
		return;
	}
	scale = text_real(text_field(&f, 3), &v) && fabs(v) > 200 ? 0.1 : 1;
	cell_begin(&x, &r);
	radio_text(&x, RANK_BEST, FIELD_RAT, "LTE");
	radio_int_text(&x, RANK_BEST, FIELD_ARFCN, l->arfcn);
	radio_int_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 1));
	radio_real_text(&x, RANK_BEST, FIELD_RSRQ, text_field(&f, 2), scale);
	radio_real_text(&x, RANK_BEST, FIELD_RSRP, text_field(&f, 3), scale);
	radio_real_text(&x, RANK_BEST, FIELD_RSSI, text_field(&f, 4), scale);
	give(l, &x);
}

/* 2,rat,MCC,MNC,TAC,cell,ARFCN,PCI,...: a neighbour's indexes stand at its end, RSRP before RSRQ.  Where ARFCN and PCI are is the
 * same trap as for the serving cell: decimal in one firmware, hexadecimal in the next. */
static void gtccinfo(struct list *l, const char *line)
{
	struct text_fields f;
	struct record r;
	struct radio x;
	bool nr;

	text_split(&f, line);
	nr = !strcmp(text_field(&f, 1), "9");
	if (strcmp(text_field(&f, 0), "2") != 0 || f.n < 11 ||
		(!nr && strcmp(text_field(&f, 1), "4") != 0))
		return;
	cell_begin(&x, &r);
	radio_text(&x, RANK_BEST, FIELD_RAT, nr ? "NR5G-SA" : "LTE");
	radio_plmn(&x, RANK_BEST, FIELD_PLMN, text_field(&f, 2), text_field(&f, 3));
	radio_hex_text(&x, RANK_BEST, FIELD_TAC, text_field(&f, 4));
	radio_hex_text(&x, RANK_BEST, FIELD_CELL, text_field(&f, 5));
	radio_index(&x, RANK_BEST, FIELD_RSRP, nr ? INDEX_SS_RSRP : INDEX_RSRP,
		text_field(&f, f.n - 2));
	radio_index(&x, RANK_BEST, FIELD_RSRQ, nr ? INDEX_SS_RSRQ : INDEX_RSRQ,
		text_field(&f, f.n - 1));
	give(l, &x);
}

/* Words between blanks, as fields. */
static void split_blanks(struct text_fields *f, const char *line)
{
	char commas[TEXT_LINE];
	size_t n = 0;

	for (; *line && n + 1 < sizeof(commas); line++) {
		bool blank = *line == ' ' || *line == '\t';

		if (!blank)
			commas[n++] = *line;
		else if (n && commas[n - 1] != ',')
			commas[n++] = ',';
	}
	while (n && commas[n - 1] == ',')
		n--;
	commas[n] = 0;
	text_split(f, commas);
}

static const char *column(const struct list *l, const struct text_fields *values, const char *name)
{
	for (size_t i = 0; i < l->columns.n; i++)
		if (!strcasecmp(l->columns.at[i], name))
			return text_field(values, i);
	return "";
}

/* Pages of !LTEINFO have a head that names their columns: "IntraFreq:    PCI  RSRQ   RSRP   RSSI RXLV" */
static bool lteinfo_head(struct list *l, const char *line)
{
	static const char *const pages[] = { "Serving", "IntraFreq", "InterFreq", "WCDMA", "GSM",
		"CDMA" };

	for (size_t i = 0; i < COUNT(pages); i++) {
		size_t n = strlen(pages[i]);

		if (strncasecmp(line, pages[i], n) != 0 || line[n] != ':')
			continue;
		snprintf(l->page, sizeof(l->page), "%s", pages[i]);
		split_blanks(&l->columns, line + n + 1);
		return true;
	}
	return false;
}

static void lteinfo(struct list *l, const char *line)
{
	struct text_fields f;
	struct record r;
	struct radio x;
	bool inter;

	if (lteinfo_head(l, line) || !*l->page)
		return;
	split_blanks(&f, line);
	if (!strcmp(l->page, "Serving")) {
		snprintf(l->arfcn, sizeof(l->arfcn), "%s", column(l, &f, "EARFCN"));
		return;
	}
	inter = !strcmp(l->page, "InterFreq");
	if (!inter && strcmp(l->page, "IntraFreq") != 0)
		return;
	cell_begin(&x, &r);
	radio_text(&x, RANK_BEST, FIELD_RAT, "LTE");
	radio_int_text(&x, RANK_BEST, FIELD_ARFCN, inter ? column(l, &f, "EARFCN") : l->arfcn);
	radio_int_text(&x, RANK_BEST, FIELD_PCI, column(l, &f, "PCI"));
	radio_real_text(&x, RANK_BEST, FIELD_RSRQ, column(l, &f, "RSRQ"), 1);
	radio_real_text(&x, RANK_BEST, FIELD_RSRP, column(l, &f, "RSRP"), 1);
	radio_real_text(&x, RANK_BEST, FIELD_RSSI, column(l, &f, "RSSI"), 1);
	give(l, &x);
}

size_t neighbour_cells(
	const char *answer, void (*cell)(void *arg, const struct record *r), void *arg)
{
	static const struct {
		const char *prefix;
		void (*take)(struct list *l, const char *rest);
	} heads[] = {
		{ "+QENG:", qeng },
		{ "^MONNC:", monnc },
		{ "+CMGRMI:", cmgrmi },
	};
	bool sierra = text_has_prefix(answer, "!LTEINFO:"),
	     fibocom = text_has_prefix(answer, "+GTCCINFO:");
	struct cells cells = { cell, arg, 0 };
	struct list l = { .cells = &cells };
	const char *at = answer;
	char line[TEXT_LINE];

	while (text_line(&at, line)) {
		if (sierra)
			lteinfo(&l, line);
		else if (fibocom)
			gtccinfo(&l, line);
		for (size_t i = 0; i < COUNT(heads); i++)
			if (text_has_prefix(line, heads[i].prefix))
				heads[i].take(&l, line + strlen(heads[i].prefix));
	}
	tool_neighbour_cells(&cells, answer);
	return cells.n;
}
