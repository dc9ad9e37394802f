/* SPDX-License-Identifier: Apache-2.0 */
/* After a kill: the ledger from the raw files.  After a boot's UTC became known: its rows to their days. */
#include "inside.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void hamlet_of(struct store *s, int64_t probe, char out[STORE_CODE])
{
	sqlite3_stmt *st =
		db_query(&s->meta, "SELECT hamlet FROM probe WHERE number=?", "i", probe);

	out[0] = 0;
	if (db_row(st))
		db_text(st, 0, out, STORE_CODE);
	db_end(&s->meta, st);
}

/* The rows of a span again told to meta.db: dirty pairs, gaps, missing times. */
static int note_span(struct store *s, struct raw *raw, const struct span *span)
{
	sqlite3_stmt *st = db_query(&raw->db,
		"SELECT " ROW_COLUMNS " FROM record WHERE probe=? AND seq BETWEEN ? AND ?", "iii",
		span->probe, (int64_t)span->first, (int64_t)span->last);
	struct record *r = mem_new(sizeof(*r));
	char hamlet[STORE_CODE];
	bool marked = false;
	struct store_row row;
	int err = 0, ended;

	hamlet_of(s, span->probe, hamlet);
	while (!err && db_row(st)) {
		row_get(st, &row);
		if (row.kind == RECORD_GAP && store_row_decode(&row, r) < 0)
			continue;
		if (row.kind != RECORD_GAP && row.utc_ns != UTC_UNKNOWN && marked)
			continue;
		marked |= row.utc_ns != UTC_UNKNOWN;
		err = note_row(s, hamlet, &row, raw->day, r);
	}
	ended = db_end(&raw->db, st);
	free(r);
	return err ? err : ended;
}

static int recover_file(struct store *s, struct raw *raw, int64_t known, int64_t *newest)
{
	sqlite3_stmt *st = db_query(&raw->db,
		"SELECT number, probe, first, last FROM grouped WHERE number>?", "i", known);
	uint64_t added = 0;
	struct span span;
	int err = 0, ended;

	while (!err && db_row(st)) {
		if (sqlite3_column_int64(st, 0) > *newest)
			*newest = sqlite3_column_int64(st, 0);
		span = (struct span){ sqlite3_column_int64(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2),
			(uint64_t)sqlite3_column_int64(st, 3) };
		err = ledger_add_missing(s, span, &added);
		if (!err)
			err = note_span(s, raw, &span);
	}
	ended = db_end(&raw->db, st);
	return err ? err : ended;
}

int recover(struct store *s)
{
	int64_t known =
		db_int(&s->meta, 0, "SELECT CAST(value AS INTEGER) FROM kv WHERE key='group'", "");
	int64_t newest = known;
	struct raw *raw;
	int32_t *days;
	size_t n;
	int err = raw_days(s, &days, &n);

	if (err)
		return err;
	s->mark = 0;
	for (size_t i = 0; !err && i < n; i++) {
		err = raw_get(s, days[i], false, &raw);
		if (!err)
			err = recover_file(s, raw, known, &newest);
	}
	free(days);
	s->mark = 0;
	if (!err && newest > known)
		err = db_run(&s->meta,
			"INSERT OR REPLACE INTO kv(key, value) VALUES('group', CAST(? AS TEXT))",
			"i", newest);
	return err;
}

/* --- placing --- */

struct unplaced {
	int64_t probe, boot, mono_ns, utc_ns;
	int32_t day;
};

static int64_t placed_utc(const struct unplaced *u, const struct store_row *row)
{
	int64_t utc_ns;

	if (__builtin_sub_overflow(row->mono_ns, u->mono_ns, &utc_ns) ||
		__builtin_add_overflow(utc_ns, u->utc_ns, &utc_ns) || !clock_plausible(utc_ns) ||
		utc_ns > row->received_ns + STORE_DAY_NS)
		return UTC_UNKNOWN;
	return utc_ns;
}

/* First pass: a copy with its time in the file of its day. */
static int copy_row(
	struct store *s, const struct unplaced *u, struct store_row *row, const char *hamlet)
{
	struct raw *to;
	int32_t day;
	int err;

	row->utc_ns = placed_utc(u, row);
	day = store_day_of(row->utc_ns);
	if (row->utc_ns == UTC_UNKNOWN || day == u->day)
		return 0;
	err = raw_get(s, day, true, &to);
	if (!err)
		err = raw_begin(s, to);
	if (!err)
		err = row_put(to, row);
	if (err < 0)
		return err;
	if (to->marked == row->probe)
		return 0;
	to->marked = row->probe;
	return row->kind == RECORD_GAP ? 0 : note_row(s, hamlet, row, day, NULL);
}

/* Second pass, when the copies are durable: the original goes, or gets its time where it lies. */
static int settle_row(
	struct store *s, const struct unplaced *u, struct store_row *row, const char *hamlet)
{
	struct raw *from;
	int err = raw_get(s, u->day, false, &from);

	row->utc_ns = placed_utc(u, row);
	if (err || row->utc_ns == UTC_UNKNOWN)
		return err;
	err = raw_begin(s, from);
	if (err)
		return err;
	if (store_day_of(row->utc_ns) != u->day)
		return db_run(&from->db, "DELETE FROM record WHERE probe=? AND seq=?", "ii",
			row->probe, (int64_t)row->seq);
	err = db_run(&from->db, "UPDATE record SET utc_ns=? WHERE probe=? AND seq=?", "iii",
		row->utc_ns, row->probe, (int64_t)row->seq);
	if (err || from->marked == row->probe || row->kind == RECORD_GAP)
		return err;
	from->marked = row->probe;
	return note_row(s, hamlet, row, u->day, NULL);
}

static int each_unplaced_row(struct store *s, const struct unplaced *u,
	int (*pass)(struct store *s, const struct unplaced *u, struct store_row *row,
		const char *hamlet))
{
	char hamlet[STORE_CODE];
	struct store_row row;
	sqlite3_stmt *st;
	struct raw *from;
	int err = raw_get(s, u->day, false, &from), ended;

	if (err == -ENOENT)
		return 0;
	if (err)
		return err;
	hamlet_of(s, u->probe, hamlet);
	from->pinned++;
	st = db_query(&from->db,
		"SELECT " ROW_COLUMNS " FROM record WHERE probe=? AND boot=? AND utc_ns IS NULL",
		"ii", u->probe, u->boot);
	while (!err && db_row(st)) {
		row_get(st, &row);
		err = pass(s, u, &row, hamlet);
	}
	ended = db_end(&from->db, st);
	from->pinned--;
	return err ? err : ended;
}

static int place(struct store *s, const struct unplaced *u)
{
	int err = store_group_begin(s);

	if (err)
		return err;
	err = each_unplaced_row(s, u, copy_row);
	if (!err)
		err = store_group_commit(s);
	if (!err)
		err = store_group_begin(s);
	if (!err)
		err = each_unplaced_row(s, u, settle_row);
	if (!err)
		err = db_run(&s->meta, "DELETE FROM unplaced WHERE probe=? AND boot=? AND day=?",
			"iii", u->probe, u->boot, (int64_t)u->day);
	if (!err)
		err = store_group_commit(s);
	store_group_abort(s); /* nothing when it was committed */
	return err;
}

int place_boots(struct store *s)
{
	struct unplaced u;
	sqlite3_stmt *st;
	bool found;
	int err = 0;

	do {
		st = db_query(&s->meta,
			"SELECT probe, boot, day, mono_ns, utc_ns FROM unplaced WHERE utc_ns IS "
			"NOT NULL LIMIT 1",
			"");
		found = db_row(st);
		if (found)
			u = (struct unplaced){ sqlite3_column_int64(st, 0),
				sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 3),
				sqlite3_column_int64(st, 4), sqlite3_column_int(st, 2) };
		err = db_end(&s->meta, st);
		if (!err && found)
			err = place(s, &u);
	} while (!err && found);
	return err;
}
