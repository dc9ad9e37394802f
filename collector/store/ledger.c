/* SPDX-License-Identifier: Apache-2.0 */
/* Which sequence numbers are stored: disjoint, not touching ranges by probe in meta.db.  It alone
 * decides what is a double; where a record lies depends on a time that may be learnt later. */
#include "inside.h"

#include <errno.h>

/* The range that begins at or before seq, nearest to it. */
static int range_before(
	struct store *s, int64_t probe, uint64_t seq, bool *found, uint64_t *first, uint64_t *last)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT first, last FROM ledger WHERE probe=? AND first<=? ORDER BY first DESC "
		"LIMIT 1",
		"ii", probe, (int64_t)seq);

	*found = db_row(st);
	if (*found) {
		*first = (uint64_t)sqlite3_column_int64(st, 0);
		*last = (uint64_t)sqlite3_column_int64(st, 1);
	}
	return db_end(&s->meta, st);
}

int ledger_free_after(
	struct store *s, int64_t probe, uint64_t seq, bool *there, uint64_t *free_last)
{
	uint64_t first, last, next = INT64_MAX;
	sqlite3_stmt *st;
	bool found;
	int err = range_before(s, probe, seq, &found, &first, &last);

	if (err)
		return err;
	*there = found && last >= seq;
	if (*there)
		return 0;
	st = db_query(&s->meta,
		"SELECT first FROM ledger WHERE probe=? AND first>? ORDER BY first LIMIT 1", "ii",
		probe, (int64_t)seq);
	if (db_row(st))
		next = (uint64_t)sqlite3_column_int64(st, 0);
	*free_last = next - 1;
	return db_end(&s->meta, st);
}

int ledger_add(struct store *s, struct span add)
{
	uint64_t first, last;
	int64_t after;
	bool found;
	int err;

	after = db_int(&s->meta, 0, "SELECT last FROM ledger WHERE probe=? AND first=?", "ii",
		add.probe, (int64_t)(add.last + 1));
	if (after) {
		err = db_run(&s->meta, "DELETE FROM ledger WHERE probe=? AND first=?", "ii",
			add.probe, (int64_t)(add.last + 1));
		if (err)
			return err;
		add.last = (uint64_t)after;
	}
	err = range_before(s, add.probe, add.first, &found, &first, &last);
	if (err)
		return err;
	if (found && last + 1 == add.first)
		return db_run(&s->meta, "UPDATE ledger SET last=? WHERE probe=? AND first=?", "iii",
			(int64_t)add.last, add.probe, (int64_t)first);
	return db_run(&s->meta, "INSERT INTO ledger(probe, first, last) VALUES(?,?,?)", "iii",
		add.probe, (int64_t)add.first, (int64_t)add.last);
}

int ledger_add_missing(struct store *s, struct span add, uint64_t *added)
{
	uint64_t at = add.first, first, last, free_last;
	bool there;
	int err = 0;

	while (!err && at <= add.last) {
		err = range_before(s, add.probe, at, &there, &first, &last);
		if (!err && there && last >= at) {
			at = last + 1;
			continue;
		}
		if (!err)
			err = ledger_free_after(s, add.probe, at, &there, &free_last);
		if (err)
			break;
		if (free_last > add.last)
			free_last = add.last;
		err = ledger_add(s, (struct span){ add.probe, at, free_last });
		*added += free_last - at + 1;
		at = free_last + 1;
	}
	return err;
}

int store_ranges(struct store *s, int64_t probe, uint64_t first, uint64_t last, size_t most,
	uint64_t (*range)[2], size_t *n)
{
	uint64_t before_first, before_last;
	sqlite3_stmt *st;
	size_t count = 0;
	bool found;
	int err;

	if (s->fresh.probe) {
		err = ledger_add(s, s->fresh);
		if (err)
			return err;
		s->fresh.probe = 0;
	}
	err = range_before(s, probe, first, &found, &before_first, &before_last);
	if (err)
		return err;
	if (found && before_last >= first)
		first = before_first;
	st = db_query(&s->meta,
		"SELECT first, last FROM ledger WHERE probe=? AND first BETWEEN ? AND ? ORDER BY "
		"first",
		"iii", probe, (int64_t)first, (int64_t)last);
	while (count < most && db_row(st)) {
		range[count][0] = (uint64_t)sqlite3_column_int64(st, 0);
		range[count][1] = (uint64_t)sqlite3_column_int64(st, 1);
		count++;
	}
	err = db_end(&s->meta, st);
	if (!err)
		*n = count;
	return err;
}

int store_custody(struct store *s, int64_t probe, struct store_custody *out)
{
	struct store_custody c = { 0 };
	int64_t highest_reject;

	c.received = (uint64_t)db_int(
		&s->meta, 0, "SELECT sum(last-first+1) FROM ledger WHERE probe=?", "i", probe);
	c.highest = (uint64_t)db_int(
		&s->meta, 0, "SELECT max(last) FROM ledger WHERE probe=?", "i", probe);
	c.rejected = (uint64_t)db_int(
		&s->meta, 0, "SELECT count(*) FROM rejected WHERE probe=?", "i", probe);
	highest_reject =
		db_int(&s->meta, 0, "SELECT max(seq) FROM rejected WHERE probe=?", "i", probe);
	c.dropped = (uint64_t)db_int(&s->meta, 0,
		"SELECT sum(count) FROM dropped WHERE probe=? AND count>0", "i", probe);
	c.skipped = (uint64_t)db_int(&s->meta, 0,
		"SELECT sum(last-first+1) FROM dropped WHERE probe=? AND count<1", "i", probe);
	c.repeated = (uint64_t)db_int(
		&s->meta, 0, "SELECT repeated FROM probe WHERE number=?", "i", probe);
	if ((uint64_t)highest_reject > c.highest)
		c.highest = (uint64_t)highest_reject;
	if (c.highest > c.received + c.rejected + c.dropped + c.skipped)
		c.missing = c.highest - c.received - c.rejected - c.dropped - c.skipped;
	*out = c;
	return 0;
}

/* The union of what arrived, was rejected or told as dropped, in order; what lies between is missing.
 * A gap record that dropped only some of its range does not say which: its range counts as told. */
int store_missing(struct store *s, int64_t probe, size_t most,
	int (*each)(void *arg, uint64_t first, uint64_t last), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT first, last FROM ledger WHERE probe=?1 UNION ALL SELECT seq, seq FROM "
		"rejected WHERE probe=?1"
		" UNION ALL SELECT first, last FROM dropped WHERE probe=?1 ORDER BY 1",
		"i", probe);
	uint64_t expected = 1, first, last;
	int err = 0, ended;

	while (!err && most && db_row(st)) {
		first = (uint64_t)sqlite3_column_int64(st, 0);
		last = (uint64_t)sqlite3_column_int64(st, 1);
		if (first > expected) {
			err = each(arg, expected, first - 1);
			most--;
		}
		if (last >= expected)
			expected = last + 1;
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}
