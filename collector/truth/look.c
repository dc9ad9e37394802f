/* SPDX-License-Identifier: Apache-2.0 */
/* Judging without writing: another profile, another moment. */
#include "agg.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct choosing {
	struct truth_panel *panel;
	const struct profile *profile;
};

static int take_operator(void *arg, const struct store_operator *o)
{
	const struct choosing *c = arg;
	struct truth_panel *p = c->panel;
	bool wanted = !c->profile->networks;

	for (size_t i = 0; i < c->profile->networks; i++)
		wanted |= c->profile->network[i] == strtoul(o->plmn, NULL, 10);
	if (!wanted || strcmp(o->status, "active") || p->count == COUNT(p->operator))
		return 0;
	snprintf(p->name[p->count], sizeof(p->name[0]), "%s", o->brand);
	p->operator[p->count] =(
		struct judge_operator){ (uint32_t)strtoul(o->plmn, NULL, 10), p->name[p->count] };
	p->count++;
	return 0;
}

int truth_panel(struct truth_panel *out, struct store *s, const struct profile *p)
{
	struct choosing c = { out, p };

	memset(out, 0, sizeof(*out));
	return store_operators(s, take_operator, &c);
}

static int32_t since_of(struct db *d, const struct judgement *j, const struct profile *p,
	const char *hamlet, int32_t day)
{
	char plmn[8] = "*";
	int32_t since = INT32_MIN;
	sqlite3_stmt *st;

	if (!j->n) /* began with the first judgement, which says nothing about the hamlet */
		return INT32_MIN;
	if (j->plmn)
		snprintf(plmn, sizeof(plmn), "%05u", j->plmn % 1000000);
	st = db_query(d,
		"SELECT h.day,h.status FROM history h JOIN status s USING(hamlet,technology,plmn) "
		"WHERE hamlet=? AND technology=? AND plmn=?"
		" AND s.hash=? AND h.day<=? ORDER BY h.day DESC LIMIT 1",
		"tttti", hamlet, p->technology, plmn, p->hash, (int64_t)day);
	if (db_row(st) && sqlite3_column_int(st, 1) == (int)j->status)
		since = sqlite3_column_int(st, 0);
	if (db_end(d, st))
		since = INT32_MIN;
	return since;
}

struct looking {
	struct db *db;
	const struct timeline *t;
	const struct store_hamlet *h;
	struct timeline_view now, before;
};

static int look_at(struct looking *l, uint32_t plmn,
	int (*each)(void *arg, const struct truth_row *row), void *arg)
{
	struct judgement j;
	struct truth_row row;
	struct json_object *detail;
	enum truth_status before;
	int stopped;

	timeline_aim(&l->before, l->t, plmn);
	judge(&j, &l->before.input, plmn);
	before = j.status;
	timeline_aim(&l->now, l->t, plmn);
	judge_after(&j, &l->now.input, plmn, before);
	if (plmn && !j.n)
		return 0;
	status_row(&row, l->h, &j, l->t, &l->now,
		since_of(l->db, &j, l->t->profile, l->h->code,
			store_day_of(l->now.input.as_of_ns - 1)),
		&detail);
	stopped = each(arg, &row);
	json_object_put(detail);
	return stopped;
}

static bool first_of(const struct timeline *t, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (t->line[k].plmn == t->line[i].plmn)
			return false;
	return t->line[i].plmn && t->line[i].plmn != UINT32_MAX;
}

int look(struct db *d, struct store *s, const struct profile *p, const struct truth_panel *panel,
	const struct store_hamlet *h, int64_t as_of_ns,
	int (*each)(void *arg, const struct truth_row *row), void *arg)
{
	int32_t today = store_day_of(as_of_ns - 1), last = timeline_last_day(d, h->code, today);
	int32_t window = (int32_t)profile_value(p, P_WINDOW);
	struct looking l = { .db = d, .h = h };
	struct timeline t;
	int stopped;
	int err = timeline_load(
		&t, d, s, h->code, p, (last == INT32_MIN ? today : last) - window - 1, today);

	if (err)
		return err;
	l.t = &t;
	timeline_view(&l.now, &t, panel->operator, panel->count, as_of_ns);
	timeline_view(&l.before, &t, panel->operator, panel->count, today * STORE_DAY_NS);
	stopped = look_at(&l, 0, each, arg);
	for (size_t i = 0; i < t.lines && !stopped; i++)
		if (first_of(&t, i))
			stopped = look_at(&l, t.line[i].plmn, each, arg);
	timeline_view_done(&l.now);
	timeline_view_done(&l.before);
	timeline_done(&t);
	return stopped;
}
