/* SPDX-License-Identifier: Apache-2.0 */
#include "db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUSY_MS 20000

int db_errno(const struct db *d, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
		return d->handle && sqlite3_system_errno(d->handle) == ENOSPC ? -ENOSPC : -EIO;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return d->handle && sqlite3_system_errno(d->handle) == ENOSPC ? -ENOSPC : -ENOENT;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

static int begin_schema(struct db *d, const char *schema)
{
	int err;

	if (db_int(d, 0, "SELECT count(*) FROM sqlite_master", ""))
		return 0;
	err = db_script(d, "BEGIN IMMEDIATE");
	/* another process may have been quicker */
	if (!err && !db_int(d, 0, "SELECT count(*) FROM sqlite_master", ""))
		err = db_script(d, schema);
	if (!err)
		return db_script(d, "COMMIT");
	if (!sqlite3_get_autocommit(d->handle))
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

int db_open(struct db *d, const char *path, const char *schema, bool write)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
	            (schema && write ? SQLITE_OPEN_CREATE : 0);
	int err;

	*d = (struct db){ 0 };
	err = db_errno(d, sqlite3_open_v2(path, &d->handle, flags, NULL));
	if (err)
		goto fail;
	sqlite3_extended_result_codes(d->handle, 1);
	sqlite3_busy_timeout(d->handle, BUSY_MS);
	if (write) {
		err = db_script(d,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-2048;"
			"PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=8388608");
		if (!err && schema)
			err = begin_schema(d, schema);
	} else {
		/* opened for writing, where permitted, only to take part in the WAL's locks */
		err = db_script(d, "PRAGMA query_only=ON; PRAGMA cache_size=-1024");
		if (!err) /* nothing is read before this: a file that is not a database is found here */
			err = db_run(d, "SELECT count(*) FROM sqlite_master", "");
	}
	if (!err)
		return 0;
fail:
	db_close(d);
	return err;
}

void db_close(struct db *d)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(d->kept[i].st);
	sqlite3_close(d->handle);
	*d = (struct db){ 0 };
}

static sqlite3_stmt *prepared(struct db *d, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) % DB_STATEMENTS;
	sqlite3_stmt *st = NULL;
	size_t i;

	for (i = 0; i < DB_STATEMENTS; i++, at = (at + 1) % DB_STATEMENTS) {
		if (!d->kept[at].sql)
			break;
		if (d->kept[at].sql == sql && !sqlite3_stmt_busy(d->kept[at].st))
			return d->kept[at].st;
		if (d->kept[at].sql ==
			sql) { /* in use further up the stack: a second one, not kept */
			i = DB_STATEMENTS;
			break;
		}
	}
	if (sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) !=
		SQLITE_OK)
		return NULL;
	if (i < DB_STATEMENTS) {
		d->kept[at].sql = sql;
		d->kept[at].st = st;
	}
	return st;
}

static sqlite3_stmt *bound(struct db *d, const char *sql, const char *types, va_list values)
{
	sqlite3_stmt *st = prepared(d, sql);
	const void *bytes;

	for (int i = 1; st && *types; i++, types++) {
		switch (*types) {
		case 'i':
			sqlite3_bind_int64(st, i, va_arg(values, int64_t));
			break;
		case 'd':
			sqlite3_bind_double(st, i, va_arg(values, double));
			break;
		case 't':
			sqlite3_bind_text(st, i, va_arg(values, const char *), -1, SQLITE_STATIC);
			break;
		case 'b':
			bytes = va_arg(values, const void *);
			sqlite3_bind_blob64(st, i, bytes, va_arg(values, size_t), SQLITE_STATIC);
			break;
		default:
			sqlite3_bind_null(st, i);
		}
	}
	return st;
}

sqlite3_stmt *db_query(struct db *d, const char *sql, const char *types, ...)
{
	va_list values;
	sqlite3_stmt *st;

	va_start(values, types);
	st = bound(d, sql, types, values);
	va_end(values);
	return st;
}

bool db_row(sqlite3_stmt *st)
{
	return st && sqlite3_step(st) == SQLITE_ROW;
}

static bool kept(const struct db *d, const sqlite3_stmt *st)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		if (d->kept[i].st == st)
			return true;
	return false;
}

int db_end(struct db *d, sqlite3_stmt *st)
{
	int rc;

	if (!st)
		return db_errno(d, sqlite3_errcode(d->handle)) ?: -EIO;
	if (kept(d, st)) {
		rc = sqlite3_reset(st);
		sqlite3_clear_bindings(st);
	} else {
		rc = sqlite3_finalize(st);
	}
	return db_errno(d, rc);
}

int db_run(struct db *d, const char *sql, const char *types, ...)
{
	va_list values;
	sqlite3_stmt *st;

	va_start(values, types);
	st = bound(d, sql, types, values);
	va_end(values);
	while (db_row(st))
		;
	return db_end(d, st);
}

int64_t db_int(struct db *d, int64_t unless, const char *sql, const char *types, ...)
{
	va_list values;
	sqlite3_stmt *st;

	va_start(values, types);
	st = bound(d, sql, types, values);
	va_end(values);
	if (db_row(st) && sqlite3_column_type(st, 0) != SQLITE_NULL)
		unless = sqlite3_column_int64(st, 0);
	db_end(d, st);
	return unless;
}

int db_script(struct db *d, const char *sql)
{
	return db_errno(d, sqlite3_exec(d->handle, sql, NULL, NULL, NULL));
}

void db_text(sqlite3_stmt *st, int column, char *out, size_t room)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	snprintf(out, room, "%s", text ? text : "");
}
