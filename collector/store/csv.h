/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180) with a header line, in memory: quoted cells, doubled quotes, LF or CRLF, an optional
 * byte-order mark; comma or semicolon, whichever the header has more of.  Total: any bytes give
 * a table or an error with line and column. */
#ifndef STORE_CSV_H
#define STORE_CSV_H

#include "../../probes/core/why.h"
#include <stddef.h>
#include <stdint.h>

#define CSV_COLUMNS   64
#define CSV_BYTES_MAX (64 * 1024 * 1024)

struct csv {
	char *text;           /* cells are terminated strings inside it */
	const char **cell;    /* rows * columns, header first */
	int *line;            /* where each row begins in the file, from 1 */
	size_t rows, columns; /* rows without the header */
};

/* Every row must have as many cells as the header; empty lines are passed over.  UTF-8 is checked (the
 * message names line and byte), names are not yet normalised. */
int csv_parse(struct csv *out, const void *bytes, size_t n, struct why *why) MUST_CHECK;
int csv_read(struct csv *out, const char *path, struct why *why) MUST_CHECK;
void csv_done(struct csv *c); /* zeroed is fine */

/* The column whose header is one of the words ("hamlet_code|code|ma_thon"), -1 when there is none.
 * Letter case, spaces, underscores and Vietnamese marks do not matter. */
int csv_column(const struct csv *c, const char *words);
const char *csv_cell(const struct csv *c, size_t row, int column); /* "" for column -1 */
const char *csv_header(const struct csv *c, int column);

#endif
