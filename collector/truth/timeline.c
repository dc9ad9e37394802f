/* SPDX-License-Identifier: Apache-2.0 */
/* Rollups of a hamlet, read once and looked at from any day: what the judge is asked about. */
#include "agg.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEAKS_AFTER_NS \
	(3600 * NS_PER_S) /* records this much later than the last sample tell the cause of a silence */

static struct timeline_line *line_of(struct timeline *t, const char *point, uint32_t plmn)
{
	struct timeline_line *l;

	for (size_t i = 0; i < t->lines; i++)
		if (t->line[i].plmn == plmn && !strcmp(t->line[i].point, point))
			return &t->line[i];
	t->line = mem_grow(t->line, t->lines + 1, sizeof(*t->line));
	l = &t->line[t->lines++];
	*l = (struct timeline_line){ .plmn = plmn };
	snprintf(l->point, sizeof(l->point), "%s", point);
	snprintf(l->name, sizeof(l->name), "%s", point);
	return l;
}

/* Rows come in the order of days. */
static struct evidence_day *day_of(struct timeline_line *l, int32_t day)
{
	if (l->days && l->day[l->days - 1].day == day)
		return &l->day[l->days - 1];
	l->day = mem_grow(l->day, l->days + 1, sizeof(*l->day));
	l->day[l->days] = (struct evidence_day){ .day = day };
	return &l->day[l->days++];
}

static void add_mask(struct evidence_day *d, enum slot_set set, int hour, int mask)
{
	for (unsigned i = 0; i < SLOTS_HOUR; i++)
		if (mask >> i & 1)
			slot_set(d->slots[set], (unsigned)hour * SLOTS_HOUR + i);
}

static bool any_slot(const struct evidence_day *d, unsigned slot)
{
	for (int set = 0; set < SLOT_SETS; set++)
		if (slot_has(d->slots[set], slot))
			return true;
	return false;
}

/* The best that anybody had counts: sets are in that order. */
static void add_everyone(struct evidence_day *all, const struct evidence_day *one)
{
	for (unsigned slot = 0; slot < SLOTS_DAY; slot++) {
		int set = 0;

		while (set < SLOT_SETS && !slot_has(one->slots[set], slot))
			set++;
		if (set == SLOT_SETS)
			continue;
		if (any_slot(all, slot))
			for (int worse = set + 1; worse < SLOT_SETS; worse++)
				all->slots[worse][slot / 64] &= ~(1ULL << (slot % 64));
		if (!any_slot(all, slot))
			slot_set(all->slots[set], slot);
	}
}

static void fold_levels(
	struct evidence_day *day, sqlite3_stmt *st, const struct profile *p, unsigned rat)
{
	struct hour_levels l;

	if (levels_unpack(&l, sqlite3_column_blob(st, 15), (size_t)sqlite3_column_bytes(st, 15)))
		return;
	/* a 5G verdict about NSA rests on the NR leg, not on its LTE anchor */
	if (rat == RAT_NR_NSA && !(p->rats >> RAT_LTE & 1)) {
		memcpy(l.levels.rsrp, l.nr_rsrp, sizeof(l.nr_rsrp));
		memcpy(l.levels.sinr, l.nr_sinr, sizeof(l.nr_sinr));
	}
	l.levels.down_n = (uint32_t)sqlite3_column_int64(st, 9);
	l.levels.down_sum_bps = sqlite3_column_double(st, 10);
	l.levels.up_n = (uint32_t)sqlite3_column_int64(st, 11);
	l.levels.up_sum_bps = sqlite3_column_double(st, 12);
	l.levels.data_ok = (uint32_t)sqlite3_column_int64(st, 13);
	l.levels.data_failed = (uint32_t)sqlite3_column_int64(st, 14);
	levels_add(&day->levels, &l.levels);
}

static void fold(struct timeline *t, sqlite3_stmt *st)
{
	char point[STORE_CODE];
	uint32_t plmn = (uint32_t)sqlite3_column_int64(st, 2);
	unsigned rat = (unsigned)sqlite3_column_int(st, 3);
	int hour = sqlite3_column_int(st, 4);
	bool counts = rat < 32 && t->profile->rats >> rat & 1;
	struct evidence_day *day;

	db_text(st, 1, point, sizeof(point));
	day = day_of(line_of(t, point, plmn), sqlite3_column_int(st, 0));
	add_mask(day, counts ? SLOT_SERVED : SLOT_OTHER, hour, sqlite3_column_int(st, 5));
	add_mask(day, counts ? SLOT_NO_DATA : SLOT_OTHER, hour, sqlite3_column_int(st, 6));
	add_mask(day, SLOT_LIMITED, hour, sqlite3_column_int(st, 7));
	add_mask(day, SLOT_NO_SERVICE, hour, sqlite3_column_int(st, 8));
	if (counts)
		fold_levels(day, st, t->profile, rat);
}

/* Lines of networks are renumbered: 0 stands for everyone from here on, so samples of an unknown
 * network only live on in it. */
static void make_everyone(struct timeline *t)
{
	size_t own = t->lines;

	for (size_t i = 0; i < own; i++)
		if (!t->line[i].plmn)
			t->line[i].plmn = UINT32_MAX;
	for (size_t i = 0; i < own; i++) {
		char point[STORE_CODE];

		memcpy(point, t->line[i].point, sizeof(point)); /* lines move when one is added */
		for (size_t k = 0; k < t->line[i].days; k++) {
			struct timeline_line *all = line_of(t, point, 0);
			struct evidence_day *one = &t->line[i].day[k], *day = NULL;
			size_t at = 0;

			while (at < all->days && all->day[at].day < one->day)
				at++;
			if (at == all->days || all->day[at].day != one->day) {
				all->day = mem_grow(all->day, all->days + 1, sizeof(*all->day));
				memmove(all->day + at + 1, all->day + at,
					(all->days - at) * sizeof(*all->day));
				all->day[at] = (struct evidence_day){ .day = one->day };
				all->days++;
			}
			day = &all->day[at];
			add_everyone(day, one);
		}
	}
}

static int load_hours(
	struct timeline *t, struct db *d, const char *hamlet, int32_t from, int32_t to)
{
	sqlite3_stmt *st = db_query(d,
		"SELECT "
		"day,point,plmn,rat,hour,served,no_data,limited,no_service,down_n,down_sum,up_n,up_"
		"sum,data_ok,data_failed,bins"
		" FROM hour WHERE hamlet=? AND day BETWEEN ? AND ? ORDER BY "
		"day,point,plmn,rat,hour",
		"tii", hamlet, (int64_t)from, (int64_t)to);

	while (db_row(st))
		fold(t, st);
	return db_end(d, st);
}

static int load_sources(
	struct timeline *t, struct db *d, const char *hamlet, int32_t from, int32_t to)
{
	sqlite3_stmt *st = db_query(d,
		"SELECT "
		"day,probe,point,first_seq,last_seq,records,usable,last,last_usable,last_state,"
		"battery,simulated"
		" FROM source WHERE hamlet=? AND day BETWEEN ? AND ? ORDER BY day,probe",
		"tii", hamlet, (int64_t)from, (int64_t)to);

	while (db_row(st)) {
		struct timeline_source *s;

		t->source = mem_grow(t->source, t->sources + 1, sizeof(*t->source));
		s = &t->source[t->sources++];
		*s = (struct timeline_source){ .day = sqlite3_column_int(st, 0) };
		s->s.probe = sqlite3_column_int64(st, 1);
		db_text(st, 2, s->s.point, sizeof(s->s.point));
		s->s.first_seq = (uint64_t)sqlite3_column_int64(st, 3);
		s->s.last_seq = (uint64_t)sqlite3_column_int64(st, 4);
		s->s.records = (uint32_t)sqlite3_column_int64(st, 5);
		s->s.usable = (uint32_t)sqlite3_column_int64(st, 6);
		s->s.last_ns = sqlite3_column_int64(st, 7);
		s->s.last_usable_ns = sqlite3_column_int64(st, 8);
		s->s.last_state = (uint8_t)sqlite3_column_int(st, 9);
		s->s.on_battery = sqlite3_column_int(st, 10);
		s->s.simulated = sqlite3_column_int(st, 11);
	}
	return db_end(d, st);
}

static int load_seen(struct timeline *t, struct db *d, const char *hamlet, int32_t from, int32_t to)
{
	sqlite3_stmt *st =
		db_query(d, "SELECT day FROM seen WHERE hamlet=? AND day BETWEEN ? AND ?", "tii",
			hamlet, (int64_t)from, (int64_t)to);

	while (db_row(st)) {
		t->seen_day = mem_grow(t->seen_day, t->seen_days + 1, sizeof(*t->seen_day));
		t->seen_day[t->seen_days++] = sqlite3_column_int(st, 0);
	}
	return db_end(d, st);
}

static int name_cluster(void *arg, const struct store_cluster *c)
{
	struct timeline *t = arg;

	for (size_t i = 0; i < t->lines; i++)
		if (!strcmp(t->line[i].point, c->code) && *c->name)
			snprintf(t->line[i].name, sizeof(t->line[i].name), "%s", c->name);
	return 0;
}

int timeline_load(struct timeline *out, struct db *d, struct store *names, const char *hamlet,
	const struct profile *p, int32_t from, int32_t to)
{
	struct timeline t = { .profile = p };
	int err = load_hours(&t, d, hamlet, from, to);

	if (!err)
		make_everyone(&t);
	if (!err)
		err = load_sources(&t, d, hamlet, from, to);
	if (!err)
		err = load_seen(&t, d, hamlet, from, to);
	if (!err && names)
		err = store_clusters(names, hamlet, name_cluster, &t);
	if (err)
		timeline_done(&t);
	else
		*out = t;
	return err;
}

void timeline_done(struct timeline *t)
{
	for (size_t i = 0; i < t->lines; i++)
		free(t->line[i].day);
	free(t->line);
	free(t->source);
	free(t->seen_day);
	*t = (struct timeline){ 0 };
}

int32_t timeline_last_day(struct db *d, const char *hamlet, int32_t until)
{
	return (int32_t)db_int(d, INT32_MIN,
		"SELECT max(day) FROM hour WHERE hamlet=? AND day<=? AND "
		"served+no_data+limited+no_service>0",
		"ti", hamlet, (int64_t)until);
}

/* --- one moment ------------------------------------------------------------------------------------- */

static int32_t last_sample_day(const struct timeline *t, int32_t until)
{
	int32_t last = INT32_MIN;

	for (size_t i = 0; i < t->lines; i++)
		for (size_t k = t->line[i].days; k > 0; k--) {
			struct evidence one = { .n = 0 };

			if (t->line[i].day[k - 1].day > until || t->line[i].day[k - 1].day <= last)
				continue;
			evidence_add(&one, &t->line[i].day[k - 1]);
			if (one.n)
				last = t->line[i].day[k - 1].day;
		}
	return last;
}

static enum truth_cause cause_of(const struct rollup_source *s, int64_t last_usable_ns)
{
	if (s->last_ns == UTC_UNKNOWN)
		return CAUSE_UNKNOWN;
	if (s->last_ns > last_usable_ns + SPEAKS_AFTER_NS)
		switch (s->last_state) {
		case STATE_POWER_LOST:
			return CAUSE_POWER;
		case STATE_MODEM_ABSENT:
		case STATE_MODEM_HUNG:
		case STATE_SIM_MISSING:
		case STATE_SIM_LOCKED:
		case STATE_DENIED:
			return CAUSE_MODEM;
		case STATE_CAPTIVE_OR_NO_CREDIT:
			return CAUSE_CREDIT;
		case STATE_ATTACHED_NO_IP:
		case STATE_IP_NO_INTERNET:
		case STATE_COLLECTOR_DOWN:
			return CAUSE_BACKHAUL;
		default:
			break;
		}
	return s->on_battery ? CAUSE_POWER : CAUSE_UNKNOWN;
}

static void view_sources(struct timeline_view *v, const struct timeline *t, int32_t until)
{
	const struct rollup_source *latest = NULL;

	for (size_t i = 0; i < t->sources; i++) {
		const struct timeline_source *s = &t->source[i];
		bool counted = false;

		if (s->day > until)
			continue;
		if (!latest || s->s.last_ns >= latest->last_ns)
			latest = &s->s;
		if (s->day < v->from || s->day > v->to || !s->s.usable)
			continue;
		v->input.simulated |= s->s.simulated;
		for (size_t k = 0; k < i && !counted; k++)
			counted = t->source[k].s.probe == s->s.probe && t->source[k].s.usable &&
			          t->source[k].day >= v->from;
		v->input.probes += !counted;
	}
	v->input.cause = latest && v->input.last_usable_ns != UTC_UNKNOWN
	                         ? cause_of(latest, v->input.last_usable_ns)
	                         : CAUSE_NONE;
}

void timeline_view(struct timeline_view *out, const struct timeline *t,
	const struct judge_operator *operators, size_t operator_count, int64_t as_of_ns)
{
	int32_t until = store_day_of(as_of_ns - 1), last = last_sample_day(t, until);
	struct timeline_view v = { .to = last == INT32_MIN ? until : last };

	v.from = v.to - (int32_t)profile_value(t->profile, P_WINDOW) + 1;
	v.at = mem_new((t->lines + 1) * sizeof(*v.at));
	for (size_t i = 0; i < t->lines; i++) {
		const struct timeline_line *l = &t->line[i];
		struct point_evidence *at = &v.at[v.n++];

		*at = (struct point_evidence){
			.point = l->point, .name = l->name, .plmn = l->plmn
		};
		for (size_t k = 0; k < l->days; k++)
			if (l->day[k].day >= v.from && l->day[k].day <= v.to)
				evidence_add(&at->e, &l->day[k]);
	}
	v.input = (struct judge_input){ .profile = t->profile,
		.at = v.at,
		.n = v.n,
		.operators = operators,
		.operator_count = operator_count,
		.as_of_ns = as_of_ns,
		.last_usable_ns = UTC_UNKNOWN };
	for (size_t i = 0; i < t->seen_days; i++)
		v.input.seen |= t->seen_day[i] >= v.from && t->seen_day[i] <= v.to;
	timeline_aim(&v, t, 0);
	view_sources(&v, t, until);
	*out = v;
}

void timeline_aim(struct timeline_view *v, const struct timeline *t, uint32_t plmn)
{
	int64_t last = -1;

	(void)t;
	for (size_t i = 0; i < v->n; i++)
		if (v->at[i].plmn == plmn && v->at[i].e.n && v->at[i].e.last_slot > last)
			last = v->at[i].e.last_slot;
	v->input.last_usable_ns = last < 0 ? UTC_UNKNOWN : (last + 1) * SLOT_S * NS_PER_S;
	/* a slot that is still running ends in the future */
	if (last >= 0 && v->input.last_usable_ns > v->input.as_of_ns)
		v->input.last_usable_ns = v->input.as_of_ns;
}

void timeline_view_done(struct timeline_view *v)
{
	free(v->at);
	v->at = NULL;
}
