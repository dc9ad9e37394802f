/* SPDX-License-Identifier: Apache-2.0 */
/* For an inspector: does the ledger say what the raw files hold, is each record there once? */
#include "inside.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <stdlib.h>

struct spans {
	struct span *at;
	size_t n;
};

static void span_add(struct spans *s, int64_t probe, uint64_t seq, size_t from)
{
	struct span *last = s->n > from ? &s->at[s->n - 1] : NULL;

	if (last && last->probe == probe && last->last + 1 == seq) {
		last->last = seq;
		return;
	}
	if (s->n % 1024 == 0)
		s->at = mem_grow(s->at, s->n + 1024, sizeof(*s->at));
	s->at[s->n++] = (struct span){ probe, seq, seq };
}

static int raw_spans(struct store *s, int32_t day, struct spans *out)
{
	size_t from = out->n; /* spans of one file in key order */
	sqlite3_stmt *st;
	struct raw *raw;
	int err = raw_get(s, day, false, &raw);

	if (err)
		return err == -ENOENT ? 0 : err;
	/* rows about to be placed elsewhere have a copy there already */
	st = db_query(&raw->db, "SELECT probe, seq FROM record ORDER BY probe, seq", "");
	while (db_row(st))
		span_add(out, sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1),
			from);
	return db_end(&raw->db, st);
}

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->probe != y->probe)
		return x->probe < y->probe ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted and merged; *twice counts what lies in more than one. */
static void merge(struct spans *s, uint64_t *twice)
{
	size_t kept = 0;

	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_place);
	for (size_t i = 0; i < s->n; i++) {
		struct span *last = kept ? &s->at[kept - 1] : NULL;
		struct span now = s->at[i];

		if (!last || last->probe != now.probe || now.first > last->last + 1) {
			s->at[kept++] = now;
			continue;
		}
		if (now.first <= last->last)
			*twice += (now.last < last->last ? now.last : last->last) - now.first + 1;
		if (now.last > last->last)
			last->last = now.last;
	}
	s->n = kept;
}

static uint64_t total(const struct spans *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->at[i].last - s->at[i].first + 1;
	return n;
}

/* How many numbers are in both; both are sorted and disjoint. */
static uint64_t common(const struct spans *a, const struct spans *b)
{
	uint64_t n = 0, first, last;
	size_t i = 0, j = 0;

	while (i < a->n && j < b->n) {
		const struct span *x = &a->at[i], *y = &b->at[j];

		if (x->probe == y->probe) {
			first = x->first > y->first ? x->first : y->first;
			last = x->last < y->last ? x->last : y->last;
			if (first <= last)
				n += last - first + 1;
		}
		if (x->probe < y->probe || (x->probe == y->probe && x->last < y->last))
			i++;
		else
			j++;
	}
	return n;
}

static int ledger_spans(struct store *s, struct spans *out)
{
	sqlite3_stmt *st = db_query(
		&s->meta, "SELECT probe, first, last FROM ledger ORDER BY probe, first", "");

	while (db_row(st)) {
		if (out->n % 1024 == 0)
			out->at = mem_grow(out->at, out->n + 1024, sizeof(*out->at));
		out->at[out->n++] = (struct span){ sqlite3_column_int64(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2) };
	}
	return db_end(&s->meta, st);
}

static int gather(struct store *s, struct spans *raw, struct spans *ledger, struct store_check *c)
{
	int32_t *days = NULL;
	size_t n = 0;
	int err = raw_days(s, &days, &n);

	for (size_t i = 0; !err && i < n; i++)
		err = raw_spans(s, days[i], raw);
	free(days);
	c->raw_files = n;
	return err ? err : ledger_spans(s, ledger);
}

int store_verify(struct store *s, struct store_check *out, struct why *why)
{
	struct spans raw = { 0 }, ledger = { 0 };
	struct store_check c = { 0 };
	uint64_t both, none = 0;
	bool unclean;
	int err = group_lock(s, &unclean); /* nobody writes meanwhile */

	if (err)
		return why_say(why, err, "the folder cannot be locked");
	err = gather(s, &raw, &ledger, &c);
	group_unlock(s, !unclean);
	if (err) {
		why_say(why, err, "cannot be read: %s", store_problem(s));
		goto out;
	}
	merge(&raw, &c.twice);
	merge(&ledger, &none);
	c.probes = (uint64_t)db_int(&s->meta, 0, "SELECT count(*) FROM probe", "");
	c.raw_records = total(&raw);
	c.ledger_records = total(&ledger);
	both = common(&raw, &ledger);
	c.not_in_raw = c.ledger_records - both;
	c.not_in_ledger = c.raw_records - both;
	err = store_audit_verify(s, &c.audit_entries, why);
	if (!err && (c.not_in_raw || c.not_in_ledger || c.twice || none))
		err = why_say(why, -EBADMSG,
			"%llu records of the ledger are not in the raw files, %llu in raw files "
			"not in the ledger, %llu twice",
			(unsigned long long)c.not_in_raw, (unsigned long long)c.not_in_ledger,
			(unsigned long long)(c.twice + none));
	*out = c;
out:
	free(raw.at);
	free(ledger.at);
	return err;
}
