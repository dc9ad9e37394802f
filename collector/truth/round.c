/* SPDX-License-Identifier: Apache-2.0 */
/* Dirty days to rollups, rollups to status and history.  History is judged day by day from the first
 * day that changed: what a day was called depends on the evidence and on the day before it, never on
 * when records arrived. */
#include "round.h"

#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HISTORY_DAYS  800 /* judged again at most */
#define NETWORKS_MOST 64  /* of one hamlet */

/* --- opening ------------------------------------------------------------------------------------------ */

static int load_profiles(struct rounds *r, const struct truth_options *o, struct why *why)
{
	struct buf problems;
	int err = 0;

	if (!o->profile_count || o->profile_count > PROFILES_MOST)
		return why_say(why, -EINVAL, "there must be 1 to %d profiles", PROFILES_MOST);
	r->profile = mem_new(o->profile_count * sizeof(*r->profile));
	buf_init(&problems, 1 << 16);
	for (size_t i = 0; i < o->profile_count && !err; i++) {
		err = profile_load(&r->profile[i], o->profiles[i], &problems);
		if (err)
			why_say(why, err, "%.300s", buf_text(&problems));
		for (size_t k = 0; k < i && !err; k++)
			if (!strcmp(r->profile[k].technology, r->profile[i].technology))
				err = why_say(why, -EINVAL, "%s and %s judge the same technology",
					r->profile[k].id, r->profile[i].id);
		r->profiles = i + 1;
	}
	buf_done(&problems);
	return err;
}

static int take_lock(struct rounds *r, const char *folder, struct why *why)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/truth.lock", folder);
	r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (r->lock < 0)
		return why_say(why, -errno, "%s: %s", path, strerror(errno));
	if (flock(r->lock, LOCK_EX | LOCK_NB) < 0)
		return why_say(why, errno == EWOULDBLOCK ? -EBUSY : -errno,
			"%s: another process judges", path);
	return 0;
}

struct rebuilding {
	struct store *store;
	const char *hamlet;
	bool measured;
};

static int mark_day(void *arg, int32_t day)
{
	const struct rebuilding *b = arg;

	return store_dirty_mark(b->store, b->hamlet, day);
}

static int has_probe(void *arg, const struct store_probe *p)
{
	struct rebuilding *b = arg;

	(void)p;
	b->measured = true;
	return 0;
}

static int mark_hamlet(void *arg, const struct store_hamlet *h)
{
	struct rebuilding b = { .store = arg, .hamlet = h->code };
	int err = store_probes(b.store, h->code, has_probe, &b);

	return err || !b.measured ? err : store_days(b.store, mark_day, &b);
}

/* A new or removed agg.db: all that was ever measured is rolled up. */
static int rebuild(struct rounds *r)
{
	int err;

	if (db_int(&r->agg, 0, "SELECT count(*) FROM kv WHERE key='begun'", ""))
		return 0;
	err = store_hamlets(r->store, NULL, NULL, mark_hamlet, r->store);
	return err ? err : db_run(&r->agg, "INSERT INTO kv VALUES('begun','1')", "");
}

int rounds_open(struct rounds *r, const struct truth_options *o, struct why *why)
{
	int err;

	*r = (struct rounds){ .lock = -1, .judged = o->judged, .arg = o->arg };
	err = load_profiles(r, o, why);
	if (!err)
		err = store_open(&r->store, o->folder, STORE_WRITE, why);
	if (!err)
		err = take_lock(r, o->folder, why);
	if (!err)
		err = agg_open(&r->agg, o->folder, true, why);
	for (size_t i = 0; i < r->profiles && !err; i++)
		if ((err = truth_panel(&r->panel[i], r->store, &r->profile[i])))
			why_say(why, err, "operators cannot be read");
	if (!err && (err = rebuild(r)))
		why_say(why, err, "the days to judge cannot be marked: %s", strerror(-err));
	if (err)
		rounds_close(r);
	return err;
}

void rounds_close(struct rounds *r)
{
	db_close(&r->agg);
	store_close(r->store);
	if (r->lock >= 0)
		close(r->lock);
	free(r->profile);
	*r = (struct rounds){ .lock = -1 };
}

/* --- one hamlet, one technology ------------------------------------------------------------------------ */

struct network { /* one row of the status table while its history is judged */
	uint32_t plmn;
	char text[8];
	enum truth_status plain,
		shown; /* of the day before: judged by itself, and as it was shown */
	bool has_shown;
	int32_t since;
	struct judgement judgement;
};

static size_t networks_of(const struct timeline *t, struct network *out)
{
	size_t n = 0;

	out[n++] = (struct network){ .plmn = 0, .text = "*" };
	for (size_t i = 0; i < t->lines && n < NETWORKS_MOST; i++) {
		bool known = t->line[i].plmn == UINT32_MAX;

		for (size_t k = 0; k < n; k++)
			known |= out[k].plmn == t->line[i].plmn;
		if (known)
			continue;
		out[n] = (struct network){ .plmn = t->line[i].plmn };
		snprintf(out[n].text, sizeof(out[n].text), "%05u", t->line[i].plmn % 1000000);
		n++;
	}
	return n;
}

static void look_back(struct rounds *r, const char *hamlet, const char *technology,
	struct network *n, int32_t from)
{
	sqlite3_stmt *st = db_query(&r->agg,
		"SELECT status,day FROM history WHERE hamlet=? AND technology=? AND plmn=? AND "
		"day<? ORDER BY day DESC LIMIT 1",
		"ttti", hamlet, technology, n->text, (int64_t)from);

	if (db_row(st)) {
		n->shown = (enum truth_status)sqlite3_column_int(st, 0);
		n->since = sqlite3_column_int(st, 1);
		n->has_shown = true;
	}
	if (db_end(&r->agg, st))
		n->has_shown = false;
}

static int judge_one_day(struct rounds *r, const char *hamlet, const struct timeline *t,
	struct network *n, struct timeline_view *v, int32_t day)
{
	struct judgement *j = &n->judgement;
	enum truth_status before = n->plain;

	timeline_aim(v, t, n->plmn);
	judge(j, &v->input, n->plmn);
	n->plain = j->status;
	judge_after(j, &v->input, n->plmn, before);
	if (n->has_shown && n->shown == j->status)
		return 0;
	n->shown = j->status;
	n->has_shown = true;
	n->since = day;
	return db_run(&r->agg, "INSERT OR REPLACE INTO history VALUES(?,?,?,?,?)", "tttii", hamlet,
		t->profile->technology, n->text, (int64_t)day, (int64_t)j->status);
}

static int64_t end_of(int32_t day, int64_t as_of_ns)
{
	int64_t end = (day + 1LL) * STORE_DAY_NS;

	return end < as_of_ns ? end : as_of_ns;
}

static int judge_days(struct rounds *r, const struct store_hamlet *h, const struct timeline *t,
	int32_t from, int64_t as_of_ns)
{
	struct network *network = mem_new(NETWORKS_MOST * sizeof(*network));
	size_t n = networks_of(t, network);
	int32_t today = store_day_of(as_of_ns - 1);
	const struct truth_panel *panel = &r->panel[t->profile - r->profile];
	struct timeline_view v;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		look_back(r, h->code, t->profile->technology, &network[i], from);
	/* the day before is judged only to know where hysteresis starts */
	timeline_view(&v, t, panel->operator, panel->count, from * STORE_DAY_NS);
	for (size_t i = 0; i < n; i++) {
		timeline_aim(&v, t, network[i].plmn);
		judge(&network[i].judgement, &v.input, network[i].plmn);
		network[i].plain = network[i].judgement.status;
	}
	timeline_view_done(&v);
	for (int32_t day = from; day <= today && !err; day++) {
		timeline_view(&v, t, panel->operator, panel->count, end_of(day, as_of_ns));
		for (size_t i = 0; i < n && !err; i++) {
			err = judge_one_day(r, h->code, t, &network[i], &v, day);
			if (!err && day == today && (!network[i].plmn || network[i].judgement.n))
				err = agg_put_status(
					&r->agg, h, &network[i].judgement, t, &v, network[i].since);
		}
		timeline_view_done(&v);
	}
	free(network);
	return err;
}

static int judge_technology(struct rounds *r, const struct store_hamlet *h, const struct profile *p,
	int32_t from, int64_t as_of_ns)
{
	int32_t window = (int32_t)profile_value(p, P_WINDOW), today = store_day_of(as_of_ns - 1);
	int32_t last = timeline_last_day(&r->agg, h->code, from - 1);
	struct timeline t;
	int err;

	if (last == INT32_MIN || last > from)
		last = from;
	err = timeline_load(&t, &r->agg, r->store, h->code, p, last - window - 1, today);
	if (err)
		return err;
	err = db_run(&r->agg, "DELETE FROM history WHERE hamlet=? AND technology=? AND day>=?",
		"tti", h->code, p->technology, (int64_t)from);
	if (!err)
		err = db_run(&r->agg, "DELETE FROM status WHERE hamlet=? AND technology=?", "tt",
			h->code, p->technology);
	if (!err)
		err = judge_days(r, h, &t, from, as_of_ns);
	timeline_done(&t);
	return err;
}

int judge_hamlet(struct rounds *r, const char *hamlet, int32_t from, int64_t as_of_ns)
{
	int32_t today = store_day_of(as_of_ns - 1);
	struct store_hamlet h;
	int err = store_hamlet(r->store, hamlet, &h);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (from > today)
		from = today;
	if (from < today - HISTORY_DAYS)
		from = today - HISTORY_DAYS;
	err = agg_begin(&r->agg);
	if (err)
		return err;
	for (size_t i = 0; i < r->profiles && !err; i++)
		err = judge_technology(r, &h, &r->profile[i], from, as_of_ns);
	err = agg_end(&r->agg, err);
	if (!err && r->judged)
		r->judged(r->arg, hamlet);
	return err;
}

/* --- rounds --------------------------------------------------------------------------------------------- */

struct dirty_list {
	struct store_dirty *d;
	size_t n;
};

static int take_dirty(void *arg, const struct store_dirty *d)
{
	struct dirty_list *l = arg;

	l->d = mem_grow(l->d, l->n + 1, sizeof(*l->d));
	l->d[l->n++] = *d;
	return 0;
}

static int by_hamlet(const void *a, const void *b)
{
	const struct store_dirty *x = a, *y = b;
	int order = strcmp(x->hamlet, y->hamlet);

	return order ? order : (x->day > y->day) - (x->day < y->day);
}

static int roll_up(struct rounds *r, const struct store_dirty *d)
{
	struct rollup *rolled = NULL;
	int err = rollup_day(&rolled, r->store, d->hamlet, d->day);

	if (!err)
		err = agg_begin(&r->agg);
	if (!err)
		err = agg_end(&r->agg, agg_put_day(&r->agg, rolled));
	rollup_free(rolled);
	return err;
}

int round_dirty(struct rounds *r, size_t most, int64_t as_of_ns, bool *left)
{
	struct dirty_list l = { NULL, 0 };
	int err = store_dirty_list(r->store, most, take_dirty, &l);

	if (l.n)
		qsort(l.d, l.n, sizeof(*l.d), by_hamlet);
	for (size_t i = 0; i < l.n && !err; i++) {
		err = *l.d[i].hamlet ? roll_up(r, &l.d[i]) : 0;
		/* the earliest day of a hamlet comes first: it is judged from there when all its days are in */
		if (err || (i + 1 < l.n && !strcmp(l.d[i].hamlet, l.d[i + 1].hamlet)))
			continue;
		for (size_t k = i; *l.d[i].hamlet; k--)
			if (!k || strcmp(l.d[k - 1].hamlet, l.d[i].hamlet)) {
				err = judge_hamlet(r, l.d[i].hamlet, l.d[k].day, as_of_ns);
				break;
			}
	}
	if (!err && l.n)
		err = store_dirty_done(r->store, l.d, l.n);
	*left = l.n == most;
	free(l.d);
	return err;
}

struct sweep {
	struct rounds *r;
	int64_t as_of_ns;
	const bool *stop;
};

/* The day from which a hamlet must be judged: INT32_MAX none. */
static int32_t due(const struct sweep *w, const char *hamlet)
{
	int32_t today = store_day_of(w->as_of_ns - 1), from = INT32_MAX, day;

	for (size_t i = 0; i < w->r->profiles; i++) {
		const struct profile *p = &w->r->profile[i];
		int64_t silent_ns = (int64_t)(profile_value(p, P_SILENT) * 3600e9),
			as_of = INT64_MIN, usable = UTC_UNKNOWN;
		sqlite3_stmt *st = db_query(&w->r->agg,
			"SELECT as_of,last_usable,status,hash=? FROM status WHERE hamlet=? AND "
			"technology=? AND plmn='*'",
			"ttt", p->hash, hamlet, p->technology);
		bool there = db_row(st), same = there && sqlite3_column_int(st, 3),
		     silent = there && sqlite3_column_int(st, 2) == TRUTH_SILENT;

		if (there) {
			as_of = sqlite3_column_int64(st, 0);
			usable = sqlite3_column_int64(st, 1);
		}
		if (db_end(&w->r->agg, st))
			return INT32_MAX;
		if (!same) { /* new, or another profile: all that there is */
			day = (int32_t)db_int(&w->r->agg, today,
				"SELECT min(day) FROM hour WHERE hamlet=?", "t", hamlet);
			from = day < from ? day : from;
		} else if (store_day_of(as_of - 1) < today ||
			   (!silent && usable != UTC_UNKNOWN && usable + silent_ns < w->as_of_ns)) {
			day = store_day_of(as_of - 1);
			from = day < from ? day : from;
		}
	}
	return from;
}

static int sweep_hamlet(void *arg, const struct store_hamlet *h)
{
	struct sweep *w = arg;
	int32_t from = due(w, h->code);
	int err = from == INT32_MAX ? 0 : judge_hamlet(w->r, h->code, from, w->as_of_ns);

	return err ?: w->stop && __atomic_load_n(w->stop, __ATOMIC_RELAXED) ? 1 : 0;
}

int round_sweep(struct rounds *r, int64_t as_of_ns, const bool *stop)
{
	struct sweep w = { r, as_of_ns, stop };
	char text[24];
	int err = store_hamlets(r->store, NULL, NULL, sweep_hamlet, &w);

	if (err)
		return err < 0 ? err : 0;
	snprintf(text, sizeof(text), "%lld", (long long)as_of_ns);
	return db_run(&r->agg, "INSERT OR REPLACE INTO kv VALUES('finished',?)", "t", text);
}
