/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of +QSCAN and +COPS=? as cells and operators. */
#include "cells.h"
#include "dialect.h"
#include "text.h"
#include "../core/mem.h"
#include <string.h>

/* "LTE",MCC,MNC,EARFCN,PCI,RSRP,RSRQ,srxlev,squal,cell,TAC,bandwidth,band; NR5G the same with the subcarrier spacing
 * in squal's place.  A cell whose SIB1 was not read has "-" for its network: it is a cell all the same. */
static void qscan(struct cells *s, const char *rest)
{
	struct text_fields f;
	struct record r;
	struct radio x;

	cell_begin(&x, &r);
	text_split(&f, rest);
	if (!strcmp(text_field(&f, 0), "LTE"))
		radio_text(&x, RANK_BEST, FIELD_RAT, "LTE");
	else if (!strcmp(text_field(&f, 0), "NR5G"))
		radio_text(&x, RANK_BEST, FIELD_RAT, "NR5G-SA");
	radio_plmn(&x, RANK_BEST, FIELD_PLMN, text_field(&f, 1), text_field(&f, 2));
	radio_int_text(&x, RANK_BEST, FIELD_ARFCN, text_field(&f, 3));
	radio_int_text(&x, RANK_BEST, FIELD_PCI, text_field(&f, 4));
	radio_real_text(&x, RANK_BEST, FIELD_RSRP, text_field(&f, 5), 1);
	radio_real_text(&x, RANK_BEST, FIELD_RSRQ, text_field(&f, 6), 1);
	radio_hex_text(&x, RANK_BEST, FIELD_CELL, text_field(&f, 9));
	radio_hex_text(&x, RANK_BEST, FIELD_TAC, text_field(&f, 10));
	radio_int_text(&x, RANK_BEST, FIELD_BAND, text_field(&f, 12));
	cell_give(s, &x);
}

/* status,"long name","short name","digits",AcT (TS 27.007 7.3) */
static void operator_of(struct cells *s, const char *group)
{
	static const char *const status[] = { "unknown", "available", "current", "forbidden" };
	struct text_fields f;
	char mcc[4] = "";
	const char *plmn;
	struct record r;
	struct radio x;
	int64_t n, act;

	text_split(&f, group);
	plmn = text_field(&f, 3);
	if (f.n < 4 || strlen(plmn) < 5 || !text_int(text_field(&f, 0), &n) || n < 0 ||
		n >= (int64_t)COUNT(status))
		return; /* "(0-4)": what the command accepts */
	cell_begin(&x, &r);
	memcpy(mcc, plmn, 3);
	radio_plmn(&x, RANK_BEST, FIELD_PLMN, mcc, plmn + 3);
	radio_text(&x, RANK_BEST, FIELD_OPERATOR_NAME, text_field(&f, 1));
	if (!text_int(text_field(&f, 4), &act))
		act = 0; /* the field is younger than GSM */
	radio_text(&x, RANK_BEST, FIELD_RAT, at_3gpp_technology(act));
	record_set_text(&r, FIELD_PLMN_STATUS, status[n]);
	if (radio_has(&x, FIELD_PLMN))
		cell_give(s, &x);
}

static void cops(struct cells *s, const char *rest)
{
	char group[TEXT_LINE];
	const char *from, *to;

	for (; (from = strchr(rest, '(')) && (to = strchr(from, ')')); rest = to + 1) {
		size_t n = (size_t)(to - from - 1);

		if (n >= sizeof(group))
			continue;
		memcpy(group, from + 1, n);
		group[n] = 0;
		operator_of(s, group);
	}
}

size_t survey_cells(const char *answer, void (*cell)(void *arg, const struct record *r), void *arg)
{
	struct cells s = { cell, arg, 0 };
	const char *at = answer;
	char line[TEXT_LINE];

	while (text_line(&at, line)) {
		if (text_has_prefix(line, "+QSCAN:"))
			qscan(&s, line + 7);
		else if (text_has_prefix(line, "+COPS:"))
			cops(&s, line + 6);
	}
	tool_scan_cells(&s, answer);
	return s.n;
}

void cell_begin(struct radio *x, struct record *r)
{
	record_clear(r, RECORD_OPERATORS);
	radio_begin(x, r, "");
}

void cell_give(struct cells *c, struct radio *x)
{
	radio_end(x);
	if (c->n >= CELLS_MOST || !radio_has(x, FIELD_RAT))
		return;
	c->n++;
	if (c->cell)
		c->cell(c->arg, x->r);
}
