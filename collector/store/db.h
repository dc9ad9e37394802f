/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection: pragmas, prepared statements kept by their text's address, errors as -errno.
 * Private to collector/store. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "../../probes/core/why.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_STATEMENTS 64

struct db {
	sqlite3 *handle;
	struct {
		const char *sql;
		sqlite3_stmt *st;
	} kept[DB_STATEMENTS];
};

/* schema: run when a new file is made; NULL opens an existing file for reading only. */
int db_open(struct db *d, const char *path, const char *schema, bool write) MUST_CHECK;
void db_close(struct db *d);              /* zeroed is fine */
int db_errno(const struct db *d, int rc); /* 0 for OK, ROW and DONE */

/* Binds by letters: i int64_t, d double, t text (NULL allowed), b bytes and size_t, n nothing (NULL).
 * sql must be a literal: its address is the key.  NULL when it could not be prepared. */
sqlite3_stmt *db_query(struct db *d, const char *sql, const char *types, ...);
bool db_row(sqlite3_stmt *st);              /* the next row; NULL is fine */
int db_end(struct db *d, sqlite3_stmt *st); /* gives it back; 0, or -errno of what stopped it */
int db_run(struct db *d, const char *sql, const char *types,
	...) MUST_CHECK; /* to the end, rows ignored */
int64_t db_int(struct db *d, int64_t unless, const char *sql, const char *types,
	...);                                            /* first column of the first row */
int db_script(struct db *d, const char *sql) MUST_CHECK; /* several statements, no values */

void db_text(sqlite3_stmt *st, int column, char *out, size_t room); /* cut, always terminated */

#endif
