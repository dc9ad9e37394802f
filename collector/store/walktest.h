/* SPDX-License-Identifier: Apache-2.0 */
/* Logs of phone apps that write a line a second while somebody walks or drives, in the form of G-NetTrack: comma, semicolon or
 * tab between the cells, names in the first line.  One line becomes one record of kind signal.  Total: any bytes give a
 * record in range, or a sentence.  docs/survey.md has the columns and what becomes of them. */
#ifndef STORE_WALKTEST_H
#define STORE_WALKTEST_H

#include "../../probes/core/record.h"

#define WALKTEST_LINE    4096 /* bytes; a longer one is refused */
#define WALKTEST_COLUMNS 128

enum walktest_column {
	WT_TIME,
	WT_LAT,
	WT_LON,
	WT_MODE,
	WT_TECH,
	WT_LEVEL,
	WT_QUALITY,
	WT_SNR,
	WT_RSSI,
	WT_OPERATOR,
	WT_PLMN,
	WT_WHOLE_CELL,
	WT_CELL,
	WT_NODE,
	WT_CELL_HEX,
	WT_NODE_HEX,
	WT_TAC,
	WT_TAC_HEX,
	WT_ARFCN,
	WT_PCI,
	WT_SPEED,
	WT_HEADING,
	WT_ACCURACY,
	WT_LOCATION,
	WT_COLUMNS_KNOWN
};

struct walktest {
	char separator;
	size_t columns;
	int column[WT_COLUMNS_KNOWN];    /* -1: not there */
	char name[WT_COLUMNS_KNOWN][24]; /* as the file calls it */
	int64_t utc_offset_s;            /* of the log's clock, where a time does not say its own */
	int64_t now_ns;                  /* UTC: nothing can be measured after it */
};

/* line: without its end; cells are terminated in place, so it has one writable byte behind it.  -EINVAL: a sentence. */
int walktest_header(struct walktest *w, char *line, size_t n, struct why *why) MUST_CHECK;
/* Cleared with record_clear(); seq, mono_ns and FIELD_SURVEY are the caller's. */
int walktest_row(const struct walktest *w, char *line, size_t n, struct record *out,
	struct why *why) MUST_CHECK;

/* "+07:00", "+7", "-3:30", "Z" */
int walktest_offset(const char *text, int64_t *seconds) MUST_CHECK;

#endif
