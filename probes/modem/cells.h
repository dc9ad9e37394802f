/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of scans and lists of neighbours share: cells, one record each. */
#ifndef MODEM_CELLS_H
#define MODEM_CELLS_H

#include "modem.h"
#include "radio.h"

#define CELLS_MOST 100 /* of one survey */

struct cells {
	void (*cell)(void *arg, const struct record *r); /* may be NULL */
	void *arg;
	size_t n;
};

void cell_begin(struct radio *x, struct record *r);
/* Without FIELD_RAT it is none. */
void cell_give(struct cells *c, struct radio *x);

/* tool_cells.c: what mmcli and uqmi print */
void tool_scan_cells(struct cells *c, const char *answer);
void tool_neighbour_cells(struct cells *c, const char *answer);

#endif
