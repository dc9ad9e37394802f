/* SPDX-License-Identifier: Apache-2.0 */
/* A list being imported: cells out of it, checked, with every complaint naming file and line.
 * Private to collector/store. */
#ifndef STORE_SHEET_H
#define STORE_SHEET_H

#include "csv.h"
#include "import.h"
#include "inside.h"

struct sheet {
	struct import *im;
	struct csv csv;
	const char *file; /* name for messages */
	size_t row;       /* being looked at */
	size_t bad;       /* lines refused so far */
	bool row_bad;
};

/* Reads the file, begins a transaction of meta.db. */
int sheet_open(struct sheet *sh, struct import *im, const char *path) MUST_CHECK;
/* Commits when err is 0 and no line is bad and writes the audit entry, else rolls everything back. */
int sheet_close(struct sheet *sh, int err, const char *what) MUST_CHECK;

void sheet_bad(struct sheet *sh, const char *format, ...) PRINTF(2, 3); /* this line is refused */
void sheet_warn(struct sheet *sh, const char *format, ...) PRINTF(2, 3);
/* A column that must be there: -1 and a complaint about the header when it is not. */
int sheet_need(struct sheet *sh, const char *words);
/* Runs row() for each line; a line that was complained about counts as bad; an error ends it. */
int sheet_each(struct sheet *sh, int (*row)(struct sheet *sh, void *arg), void *arg) MUST_CHECK;

const char *sheet_cell(const struct sheet *sh, int column);
void sheet_name(struct sheet *sh, int column, char *out, size_t room,
	bool needed); /* NFC, trimmed; too long is refused */
void sheet_digits(struct sheet *sh, int column, const char *what, size_t digits, char *out,
	bool needed); /* a code of so many digits */
int64_t sheet_number(struct sheet *sh, int column,
	const char *what); /* -1 when empty; "1.234" and "1 234" are refused */
int32_t sheet_day(struct sheet *sh, int column, const char *what,
	int32_t unless); /* YYYY-MM-DD, YYYY-MM, DD/MM/YYYY */
/* Latitude and longitude of Vietnam, point or comma as decimal sign; false: both are empty. */
bool sheet_point(struct sheet *sh, int lat, int lon, int32_t *lat_e7, int32_t *lon_e7);
bool sheet_real(const char *text, double *out);
bool sheet_in_vietnam(double lat, double lon); /* its bounding box, the islands included */

#endif
