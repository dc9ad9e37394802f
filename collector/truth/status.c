/* SPDX-License-Identifier: Apache-2.0 */
/* A judgement as a row, with what it rests on as JSON. */
#include "agg.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PROBES_NAMED 64

static void put_number(struct json_object *o, const char *key, double v, int decimals)
{
	char text[40];

	snprintf(text, sizeof(text), "%.*f", decimals, v);
	json_object_object_add(o, key, json_object_new_double_s(v, text));
}

static void put_int(struct json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

static void put_level(struct json_object *o, const char *key, int v)
{
	json_object_object_add(o, key, v == INT_MIN ? NULL : json_object_new_int(v));
}

static void put_rate(struct json_object *o, const char *key, double bps)
{
	if (bps < 0)
		json_object_object_add(o, key, NULL);
	else
		put_number(o, key, bps, 0);
}

static void put_day(struct json_object *o, const char *key, int32_t day)
{
	char text[16];

	json_object_object_add(o, key, json_object_new_string(store_day_text(day, text)));
}

/* The ranges of sequence numbers of the window, one per probe. */
static struct json_object *probes_json(const struct timeline *t, const struct timeline_view *v)
{
	struct json_object *list = json_object_new_array();
	int64_t named[PROBES_NAMED];
	size_t count = 0;

	for (size_t i = 0; i < t->sources && count < PROBES_NAMED; i++) {
		const struct rollup_source *s = &t->source[i].s;
		struct rollup_source sum = *s;
		struct json_object *o;
		bool known = t->source[i].day < v->from || t->source[i].day > v->to;

		for (size_t k = 0; k < count; k++)
			known |= named[k] == s->probe;
		if (known)
			continue;
		named[count++] = s->probe;
		for (size_t k = i + 1; k < t->sources; k++) {
			const struct rollup_source *more = &t->source[k].s;

			if (more->probe != s->probe || t->source[k].day > v->to)
				continue;
			sum.first_seq =
				more->first_seq < sum.first_seq ? more->first_seq : sum.first_seq;
			sum.last_seq =
				more->last_seq > sum.last_seq ? more->last_seq : sum.last_seq;
			sum.records += more->records;
			sum.usable += more->usable;
			sum.simulated |= more->simulated;
		}
		o = json_object_new_object();
		put_int(o, "probe", s->probe);
		json_object_object_add(o, "point", json_object_new_string(s->point));
		put_int(o, "first_seq", (int64_t)sum.first_seq);
		put_int(o, "last_seq", (int64_t)sum.last_seq);
		put_int(o, "records", sum.records);
		put_int(o, "usable", sum.usable);
		json_object_object_add(o, "simulated", json_object_new_boolean(sum.simulated));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *detail_json(
	const struct judgement *j, const struct timeline *t, const struct timeline_view *v)
{
	struct json_object *o = json_object_new_object(), *evidence = json_object_new_object();
	char plmn[8];

	put_int(o, "available", j->available);
	put_int(o, "no_service", j->no_service);
	put_int(o, "limited_service", j->limited);
	put_int(o, "other_technology", j->other);
	put_int(o, "no_data", j->no_data);
	put_int(o, "below_level", j->below);
	put_number(o, "outage_h", j->outage_h, 2);
	put_level(o, "rsrp_median_dbm", j->rsrp_median);
	put_level(o, "sinr_median_db", j->sinr_median);
	put_rate(o, "down_mean_bps", j->down_mean_bps);
	put_int(o, "down_tests", j->down_n);
	put_rate(o, "up_mean_bps", j->up_mean_bps);
	put_int(o, "up_tests", j->up_n);
	snprintf(plmn, sizeof(plmn), "%05u", j->best % 1000000);
	json_object_object_add(
		o, "best", j->best && j->best != UINT32_MAX ? json_object_new_string(plmn) : NULL);
	put_day(evidence, "from", v->from);
	put_day(evidence, "to", v->to);
	json_object_object_add(evidence, "probes", probes_json(t, v));
	json_object_object_add(o, "evidence", evidence);
	return o;
}

void status_row(struct truth_row *row, const struct store_hamlet *h, const struct judgement *j,
	const struct timeline *t, const struct timeline_view *v, int32_t since,
	struct json_object **detail)
{
	*row = (struct truth_row){ .plmn = "*",
		.status = j->status,
		.before = j->before,
		.cause = j->cause,
		.grade = j->grade,
		.share = j->share,
		.low = j->low,
		.high = j->high,
		.n = j->n,
		.days = j->days,
		.parts = j->parts,
		.probes = j->probes,
		.simulated = j->simulated,
		.since = since,
		.as_of_ns = v->input.as_of_ns,
		.last_usable_ns = v->input.last_usable_ns,
		.population = h->population,
		.reason_vi = j->reason_vi,
		.reason_en = j->reason_en };
	if (j->plmn)
		snprintf(row->plmn, sizeof(row->plmn), "%05u", j->plmn % 1000000);
	snprintf(row->hamlet, sizeof(row->hamlet), "%s", h->code);
	snprintf(row->province, sizeof(row->province), "%s", h->province);
	snprintf(row->commune, sizeof(row->commune), "%s", h->commune);
	snprintf(row->technology, sizeof(row->technology), "%s", t->profile->technology);
	snprintf(row->profile, sizeof(row->profile), "%s", t->profile->id);
	snprintf(row->profile_hash, sizeof(row->profile_hash), "%s", t->profile->hash);
	*detail = detail_json(j, t, v);
	row->detail = json_object_to_json_string_ext(*detail, JSON_C_TO_STRING_PLAIN);
}

int agg_put_status(struct db *d, const struct store_hamlet *h, const struct judgement *j,
	const struct timeline *t, const struct timeline_view *v, int32_t since)
{
	const char grade[2] = { j->grade, 0 };
	struct json_object *detail;
	struct truth_row r;
	int err;

	status_row(&r, h, j, t, v, since, &detail);
	err = db_run(d,
		"INSERT OR REPLACE INTO status "
		"VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"tttttttiiitdddiiiiiiiiittt", r.hamlet, r.technology, r.plmn, r.province, r.commune,
		r.profile, r.profile_hash, (int64_t)r.status, (int64_t)r.before, (int64_t)r.cause,
		grade, r.share, r.low, r.high, (int64_t)r.n, (int64_t)r.days, (int64_t)r.parts,
		(int64_t)r.probes, (int64_t)r.simulated, (int64_t)r.since, r.as_of_ns,
		r.last_usable_ns, r.population, r.reason_vi, r.reason_en, r.detail);
	json_object_put(detail);
	return err;
}
