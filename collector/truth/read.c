/* SPDX-License-Identifier: Apache-2.0 */
/* What pages, the API and reports read. */
#include "agg.h"
#include "truth.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct truth {
	struct db db;
};

int truth_open(struct truth **out, const char *folder, struct why *why)
{
	struct truth *t = mem_new(sizeof(*t));
	int err = agg_open(&t->db, folder, false, why);

	if (err)
		free(t);
	else
		*out = t;
	return err;
}

void truth_close(struct truth *t)
{
	if (!t)
		return;
	db_close(&t->db);
	free(t);
}

static void fill_row(struct truth_row *row, sqlite3_stmt *st)
{
	char grade[2];

	db_text(st, 0, row->hamlet, sizeof(row->hamlet));
	db_text(st, 1, row->technology, sizeof(row->technology));
	db_text(st, 2, row->plmn, sizeof(row->plmn));
	db_text(st, 3, row->province, sizeof(row->province));
	db_text(st, 4, row->commune, sizeof(row->commune));
	db_text(st, 5, row->profile, sizeof(row->profile));
	db_text(st, 6, row->profile_hash, sizeof(row->profile_hash));
	row->status = (enum truth_status)(sqlite3_column_int(st, 7) % TRUTH_STATUSES);
	row->before = (enum truth_status)(sqlite3_column_int(st, 8) % TRUTH_STATUSES);
	row->cause = (enum truth_cause)(sqlite3_column_int(st, 9) % TRUTH_CAUSES);
	db_text(st, 10, grade, sizeof(grade));
	row->grade = grade[0];
	row->share = sqlite3_column_double(st, 11);
	row->low = sqlite3_column_double(st, 12);
	row->high = sqlite3_column_double(st, 13);
	row->n = (uint32_t)sqlite3_column_int64(st, 14);
	row->days = (unsigned)sqlite3_column_int(st, 15);
	row->parts = (unsigned)sqlite3_column_int(st, 16);
	row->probes = (unsigned)sqlite3_column_int(st, 17);
	row->simulated = sqlite3_column_int(st, 18);
	row->since = sqlite3_column_int(st, 19);
	row->as_of_ns = sqlite3_column_int64(st, 20);
	row->last_usable_ns = sqlite3_column_int64(st, 21);
	row->population = sqlite3_column_int64(st, 22);
	row->reason_vi = (const char *)sqlite3_column_text(st, 23);
	row->reason_en = (const char *)sqlite3_column_text(st, 24);
	row->detail = (const char *)sqlite3_column_text(st, 25);
}

int truth_rows(struct truth *t, const struct truth_query *q,
	int (*each)(void *arg, const struct truth_row *row), void *arg)
{
	const struct truth_query any = { .hamlet = NULL };
	int status, stopped = 0, err;
	sqlite3_stmt *st;

	q = q ? q : &any;
	status = q->status ? truth_status_from(q->status) : -1;
	if (q->status && status < 0)
		return -EINVAL;
	/* two forms, so that one hamlet is found by the key */
	if (q->hamlet)
		st = db_query(&t->db,
			"SELECT * FROM status WHERE hamlet=?1 AND (?2 IS NULL OR plmn=?2) AND (?3 "
			"IS NULL OR technology=?3)"
			" AND (?4<0 OR status=?4) ORDER BY hamlet,technology,plmn",
			"ttti", q->hamlet, q->plmn, q->technology, (int64_t)status);
	else
		st = db_query(&t->db,
			"SELECT * FROM status WHERE (?1 IS NULL OR plmn=?1) AND (?2 IS NULL OR "
			"technology=?2) AND (?3<0 OR status=?3)"
			" AND (?4 IS NULL OR province=?4) AND (?5 IS NULL OR commune=?5) ORDER BY "
			"hamlet,technology,plmn",
			"ttitt", q->plmn, q->technology, (int64_t)status, q->province, q->commune);
	while (!stopped && db_row(st)) {
		struct truth_row row;

		fill_row(&row, st);
		stopped = each(arg, &row);
	}
	err = db_end(&t->db, st);
	return stopped ? stopped : err;
}

int truth_count(struct truth *t, const char *technology, const char *plmn, const char *province,
	int (*each)(void *arg, const char *unit, const struct truth_counts *c), void *arg)
{
	struct truth_counts c = { .people_unknown = 0 };
	char unit[STORE_CODE] = "", name[STORE_CODE];
	int stopped = 0, err;
	bool any = false;
	sqlite3_stmt *st = db_query(&t->db,
		"SELECT CASE WHEN ?3 IS NULL THEN province ELSE commune END AS "
		"unit,status,count(*),sum(CASE WHEN population>=0 THEN population"
		" ELSE 0 END),sum(population<0) FROM status WHERE technology=?1 AND plmn=?2 AND "
		"(?3 IS NULL OR province=?3)"
		" GROUP BY unit,status ORDER BY unit,status",
		"ttt", technology, plmn, province);

	while (!stopped && db_row(st)) {
		int status = sqlite3_column_int(st, 1) % TRUTH_STATUSES;

		db_text(st, 0, name, sizeof(name));
		if (any && strcmp(name, unit)) {
			stopped = each(arg, unit, &c);
			c = (struct truth_counts){ .people_unknown = 0 };
		}
		memcpy(unit, name, sizeof(unit));
		any = true;
		c.hamlets[status] += (uint32_t)sqlite3_column_int64(st, 2);
		c.people[status] += sqlite3_column_int64(st, 3);
		c.people_unknown += (uint32_t)sqlite3_column_int64(st, 4);
	}
	err = db_end(&t->db, st);
	if (any && !stopped && !err)
		stopped = each(arg, unit, &c);
	return stopped ? stopped : err;
}

int truth_history(struct truth *t, const char *hamlet, const char *plmn, const char *technology,
	int (*each)(void *arg, int32_t day, enum truth_status status), void *arg)
{
	sqlite3_stmt *st = db_query(&t->db,
		"SELECT day,status FROM history WHERE hamlet=? AND technology=? AND plmn=? ORDER "
		"BY day",
		"ttt", hamlet, technology, plmn);
	int stopped = 0, err;

	while (!stopped && db_row(st))
		stopped = each(arg, sqlite3_column_int(st, 0),
			(enum truth_status)(sqlite3_column_int(st, 1) % TRUTH_STATUSES));
	err = db_end(&t->db, st);
	return stopped ? stopped : err;
}

static unsigned bits(sqlite3_stmt *st, int column)
{
	return (unsigned)__builtin_popcount((unsigned)sqlite3_column_int(st, column));
}

int truth_hours(struct truth *t, const char *hamlet, int32_t from_day, int32_t to_day,
	int (*each)(void *arg, const struct truth_hour *h), void *arg)
{
	sqlite3_stmt *st = db_query(&t->db,
		"SELECT "
		"day,hour,point,plmn,rat,served,no_data,limited,no_service,records,down_n,down_sum,"
		"up_n,up_sum,data_ok,data_failed,bins"
		" FROM hour WHERE hamlet=? AND day BETWEEN ? AND ? ORDER BY "
		"day,hour,point,plmn,rat",
		"tii", hamlet, (int64_t)from_day, (int64_t)to_day);
	int stopped = 0, err;

	while (!stopped && db_row(st)) {
		struct hour_levels l;
		struct truth_hour h = { .hour = sqlite3_column_int64(st, 0) * 24 +
			                        sqlite3_column_int(st, 1) };

		if (levels_unpack(
			    &l, sqlite3_column_blob(st, 16), (size_t)sqlite3_column_bytes(st, 16)))
			continue;
		h.point = (const char *)sqlite3_column_text(st, 2);
		h.plmn = (uint32_t)sqlite3_column_int64(st, 3);
		h.rat = (uint8_t)(sqlite3_column_int(st, 4) % STORE_RATS);
		h.served = bits(st, 5);
		h.no_data = bits(st, 6);
		h.limited = bits(st, 7);
		h.no_service = bits(st, 8);
		h.records = (unsigned)sqlite3_column_int(st, 9);
		h.levels = l.levels;
		h.levels.down_n = (uint32_t)sqlite3_column_int64(st, 10);
		h.levels.down_sum_bps = sqlite3_column_double(st, 11);
		h.levels.up_n = (uint32_t)sqlite3_column_int64(st, 12);
		h.levels.up_sum_bps = sqlite3_column_double(st, 13);
		h.levels.data_ok = (uint32_t)sqlite3_column_int64(st, 14);
		h.levels.data_failed = (uint32_t)sqlite3_column_int64(st, 15);
		stopped = each(arg, &h);
	}
	err = db_end(&t->db, st);
	return stopped ? stopped : err;
}

int truth_states(struct truth *t, const char *hamlet, int32_t from_day, int32_t to_day,
	int (*each)(void *arg, const struct truth_state_hour *h), void *arg)
{
	struct truth_state_hour h = { .hour = -1 };
	sqlite3_stmt *st = db_query(&t->db,
		"SELECT day*24+hour AS at,state,n FROM state WHERE hamlet=? AND day BETWEEN ? AND "
		"? ORDER BY at,state",
		"tii", hamlet, (int64_t)from_day, (int64_t)to_day);
	int stopped = 0, err;

	while (!stopped && db_row(st)) {
		int64_t at = sqlite3_column_int64(st, 0);

		if (h.hour >= 0 && at != h.hour)
			stopped = each(arg, &h);
		if (at != h.hour)
			h = (struct truth_state_hour){ .hour = at };
		h.state[sqlite3_column_int(st, 1) % ACCESS_STATES] =
			(uint32_t)sqlite3_column_int64(st, 2);
	}
	err = db_end(&t->db, st);
	if (h.hour >= 0 && !stopped && !err)
		stopped = each(arg, &h);
	return stopped ? stopped : err;
}

int64_t truth_version(struct truth *t)
{
	return db_int(&t->db, -1, "PRAGMA data_version", "");
}

int64_t truth_finished(struct truth *t)
{
	return db_int(&t->db, 0, "SELECT value FROM kv WHERE key='finished'", "");
}

int truth_judge_at(struct truth *t, struct store *s, const struct profile *p,
	const struct truth_panel *panel, const struct store_hamlet *h, int64_t as_of_ns,
	int (*each)(void *arg, const struct truth_row *row), void *arg)
{
	return look(&t->db, s, p, panel, h, as_of_ns, each, arg);
}

int32_t truth_last_day(struct truth *t)
{
	return (int32_t)db_int(&t->db, INT32_MIN, "SELECT max(day) FROM source", "");
}
