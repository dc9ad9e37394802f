/* SPDX-License-Identifier: Apache-2.0 */
/* Raw records out: of a hamlet, a probe or all, by time. */
#include "inside.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stay { /* a probe in a hamlet, by the collector's dated placements */
	int64_t probe, since, till;
};

static int stays_of(struct store *s, const char *hamlet, struct stay **out, size_t *n)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT probe, since, till FROM placement WHERE hamlet=? ORDER BY probe, since",
		"t", hamlet);
	struct stay *list = NULL;
	size_t count = 0;
	int err;

	while (db_row(st)) {
		if (count % 16 == 0)
			list = mem_grow(list, count + 16, sizeof(*list));
		list[count++] = (struct stay){ sqlite3_column_int64(st, 0),
			sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2) };
	}
	err = db_end(&s->meta, st);
	if (err) {
		free(list);
		return err;
	}
	*out = list;
	*n = count;
	return 0;
}

struct reading {
	const struct store_query *q;
	int (*each)(void *arg, const struct store_row *row);
	void *arg;
};

#define TIMED   " AND utc_ns>=? AND utc_ns<? ORDER BY probe, seq"
#define UNTIMED " AND utc_ns IS NULL AND received_ns>=? AND received_ns<? ORDER BY probe, seq"

static int read_file(
	struct db *db, const struct reading *rd, int64_t probe, int64_t from, int64_t to)
{
	uint32_t kinds = rd->q->kinds ? rd->q->kinds : UINT32_MAX;
	struct store_row row;
	sqlite3_stmt *st;
	int err = 0, ended;

	if (probe)
		st = rd->q->without_time
		             ? db_query(db,
				       "SELECT " ROW_COLUMNS " FROM record WHERE probe=?" UNTIMED,
				       "iii", probe, from, to)
		             : db_query(db,
				       "SELECT " ROW_COLUMNS " FROM record WHERE probe=?" TIMED,
				       "iii", probe, from, to);
	else
		st = rd->q->without_time
		             ? db_query(db, "SELECT " ROW_COLUMNS " FROM record WHERE 1" UNTIMED,
				       "ii", from, to)
		             : db_query(db, "SELECT " ROW_COLUMNS " FROM record WHERE 1" TIMED,
				       "ii", from, to);
	while (!err && db_row(st)) {
		if (!(kinds >> sqlite3_column_int(st, 2) & 1))
			continue;
		row_get(st, &row);
		err = rd->each(rd->arg, &row);
	}
	ended = db_end(db, st);
	return err ? err : ended;
}

static int read_day(
	struct store *s, const struct reading *rd, int32_t day, const struct stay *stays, size_t n)
{
	const struct store_query *q = rd->q;
	struct raw *raw;
	int err = raw_get(s, day, false, &raw);

	if (err)
		return err == -ENOENT ? 0 : err;
	raw->pinned++;
	if (!q->hamlet)
		err = read_file(&raw->db, rd, q->probe, q->from_ns, q->to_ns);
	for (size_t i = 0; q->hamlet && !err && i < n; i++)
		err = read_file(&raw->db, rd, stays[i].probe,
			stays[i].since > q->from_ns ? stays[i].since : q->from_ns,
			stays[i].till < q->to_ns ? stays[i].till : q->to_ns);
	raw->pinned--;
	return err;
}

int store_rows(struct store *s, const struct store_query *q,
	int (*each)(void *arg, const struct store_row *row), void *arg)
{
	struct reading rd = { q, each, arg };
	struct stay *stays = NULL;
	int32_t *days = NULL, first, last;
	size_t n = 0, count = 0;
	int err;

	if (q->from_ns >= q->to_ns)
		return 0;
	first = store_day_of(q->from_ns);
	last = store_day_of(q->to_ns - 1);
	err = raw_days(s, &days, &count);
	if (!err && q->hamlet)
		err = stays_of(s, q->hamlet, &stays, &n);
	for (size_t i = 0; !err && i < count; i++)
		if (days[i] >= first && days[i] <= last)
			err = read_day(s, &rd, days[i], stays, n);
	free(days);
	free(stays);
	return err;
}

int store_row(struct store *s, int64_t probe, uint64_t seq, int32_t day,
	int (*each)(void *arg, const struct store_row *row), void *arg)
{
	struct store_row row;
	sqlite3_stmt *st;
	struct raw *raw;
	int err = raw_get(s, day, false, &raw), ended;

	if (err)
		return err;
	raw->pinned++;
	st = db_query(&raw->db, "SELECT " ROW_COLUMNS " FROM record WHERE probe=? AND seq=?", "ii",
		probe, (int64_t)seq);
	err = -ENOENT;
	if (db_row(st)) {
		row_get(st, &row);
		err = each(arg, &row);
	}
	ended = db_end(&raw->db, st);
	raw->pinned--;
	return ended ? ended : err;
}

#define ACCESS_DAYS \
	4 /* heartbeats come every few minutes: the newest file that has any of it has it */

static int newest_access(struct store *s, int64_t probe, int32_t day, struct store_access *out)
{
	struct record *r;
	struct store_row row;
	sqlite3_stmt *st;
	struct raw *raw;
	int err = raw_get(s, day, false, &raw), ended;

	if (err)
		return err;
	raw->pinned++;
	st = db_query(&raw->db,
		"SELECT " ROW_COLUMNS " FROM record WHERE probe=? AND kind=? ORDER BY seq DESC "
		"LIMIT 1",
		"ii", probe, (int64_t)RECORD_ACCESS);
	err = -ENOENT;
	if (db_row(st)) {
		row_get(st, &row);
		*out = (struct store_access){ .state = row.state, .utc_ns = row.utc_ns };
		r = mem_new(sizeof(*r));
		if (!store_row_decode(&row, r) && record_has(r, FIELD_CAUSE))
			snprintf(out->cause, sizeof(out->cause), "%s", record_text(r, FIELD_CAUSE));
		free(r);
		err = 0;
	}
	ended = db_end(&raw->db, st);
	raw->pinned--;
	return ended ? ended : err;
}

int store_last_access(struct store *s, const struct store_probe *p, struct store_access *out)
{
	int32_t last = store_day_of(p->last_seen_ns) + 1; /* a record may be a day ahead of us */
	int err = -ENOENT;

	if (p->last_seen_ns <= 0)
		return -ENOENT;
	for (int32_t day = last; day > last - ACCESS_DAYS && err == -ENOENT; day--)
		err = newest_access(s, p->number, day, out);
	return err;
}
