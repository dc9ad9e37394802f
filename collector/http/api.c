/* SPDX-License-Identifier: Apache-2.0 */
/* The same facts as the pages, as JSON (/api/v1) and as OGC API - Features (/collections). */
#include "endpoints.h"
#include "operators.h"

#include "../../probes/core/clock.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct json_object json;

static void put_text(json *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text && *text ? json_object_new_string(text) : NULL);
}

static void put_int(json *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

static void put_known(json *o, const char *key, int64_t v) /* -1 is unknown */
{
	json_object_object_add(o, key, v < 0 ? NULL : json_object_new_int64(v));
}

static void put_bool(json *o, const char *key, bool yes)
{
	json_object_object_add(o, key, json_object_new_boolean(yes));
}

/* With so many decimals that a reader's number is not longer than what is known. */
static void put_real(json *o, const char *key, double v, int decimals)
{
	char text[40];

	snprintf(text, sizeof(text), "%.*f", decimals, v);
	json_object_object_add(o, key, isfinite(v) ? json_object_new_double_s(v, text) : NULL);
}

static void put_time(json *o, const char *key, int64_t utc_ns)
{
	char text[CLOCK_TEXT];

	put_text(o, key, utc_ns > 0 ? clock_text(utc_ns, text) : NULL);
}

static unsigned send_json(struct reply *r, json *o, const char *type)
{
	buf_puts(&r->body, json_object_to_json_string_ext(
				   o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_puts(&r->body, "\n");
	json_object_put(o);
	r->type = type;
	return 200;
}

/* --- pieces --------------------------------------------------------------------------------------------------- */

static json *counts_json(const struct picture_counts *c)
{
	json *o = json_object_new_object();

	for (size_t s = 0; s < STATUSES; s++)
		put_int(o, page_statuses[s], (int64_t)c->by_status[s]);
	return o;
}

static void put_hamlet(json *o, const struct picture_hamlet *h)
{
	char grade[2] = { h->grade, 0 };

	put_text(o, "code", h->code);
	put_text(o, "name", h->name);
	put_text(o, "province", h->province);
	put_text(o, "commune", h->commune);
	put_text(o, "status", h->status);
	put_text(o, "grade", grade);
	put_time(o, "since", h->since_ns);
	put_text(o, "reported", h->reported);
	put_known(o, "population", h->population);
	put_bool(o, "simulated", h->simulated);
}

struct judgements {
	json *list;
	struct operators operators;
};

static int add_judgement(void *arg, const struct truth_row *row)
{
	struct judgements *to = arg;
	json *o = json_object_new_object(), *reason = json_object_new_object();
	char since[16], grade[2] = { row->grade == '-' ? 0 : row->grade, 0 };

	put_text(o, "operator", row->plmn);
	put_text(o, "operator_name", operators_brand(&to->operators, row->plmn));
	put_text(o, "technology", row->technology);
	put_text(o, "status", truth_status_name[row->status]);
	put_text(o, "before_silence",
		row->status == TRUTH_SILENT ? truth_status_name[row->before] : NULL);
	put_text(o, "cause", truth_cause_name[row->cause]);
	put_real(o, "share", row->n ? row->share : NAN, 4);
	put_real(o, "share_low", row->n ? row->low : NAN, 4);
	put_real(o, "share_high", row->n ? row->high : NAN, 4);
	put_int(o, "samples", row->n);
	put_int(o, "days", row->days);
	put_int(o, "day_parts", row->parts);
	put_int(o, "probes", row->probes);
	put_text(o, "grade", grade);
	put_text(o, "since", row->since ? store_day_text(row->since, since) : NULL);
	put_time(o, "last_usable", row->last_usable_ns);
	put_time(o, "as_of", row->as_of_ns);
	put_bool(o, "simulated", row->simulated);
	put_text(reason, "vi", row->reason_vi);
	put_text(reason, "en", row->reason_en);
	json_object_object_add(o, "reason", reason);
	put_text(o, "profile", row->profile);
	put_text(o, "profile_hash", row->profile_hash);
	json_object_object_add(o, "detail", row->detail ? json_tokener_parse(row->detail) : NULL);
	json_object_array_add(to->list, o);
	return 0;
}

static json *probe_json(struct store *s, const struct store_probe *p)
{
	json *o = json_object_new_object(), *c = json_object_new_object();
	struct store_custody custody = { 0 };

	put_text(o, "id", p->id);
	put_text(o, "hamlet", p->hamlet);
	put_text(o, "cluster", p->cluster);
	put_text(o, "role", probe_role_name[p->role]);
	put_bool(o, "simulated", p->simulated);
	put_bool(o, "retired", p->retired);
	put_bool(o, "online", p->online);
	put_time(o, "added", p->added_ns);
	put_time(o, "last_seen", p->last_seen_ns);
	put_text(o, "agent", p->agent);
	if (!store_custody(s, p->number, &custody)) {
		put_int(c, "made", (int64_t)custody.highest);
		put_int(c, "stored", (int64_t)custody.received);
		put_int(c, "missing", (int64_t)custody.missing);
		put_int(c, "dropped", (int64_t)custody.dropped);
		put_int(c, "skipped", (int64_t)custody.skipped);
		put_int(c, "rejected", (int64_t)custody.rejected);
		put_int(c, "repeated", (int64_t)custody.repeated);
	}
	json_object_object_add(o, "ledger", c);
	return o;
}

/* --- /api/v1 ------------------------------------------------------------------------------------------------------ */

unsigned api_list(const struct request *q, struct reply *r)
{
	json *list = json_object_new_array();

	(void)q;
	for (const struct endpoint *e = endpoints; e->pattern; e++) {
		json *o = json_object_new_object();

		put_text(o, "path", endpoint_path(e));
		put_text(o, "method", endpoint_posts(e) ? "POST" : "GET");
		put_text(o, "about", e->about);
		json_object_array_add(list, o);
	}
	return send_json(r, list, "application/json");
}

unsigned api_summary(const struct request *q, struct reply *r)
{
	const struct picture *p = context_picture(q->context);
	json *o = json_object_new_object();

	put_int(o, "hamlets", (int64_t)p->count);
	put_text(o, "technology", context_technology(q->context));
	json_object_object_add(o, "by_status", counts_json(&p->all));
	context_release(q->context, p);
	return send_json(r, o, "application/json");
}

struct province_list {
	json *list;
	const struct picture *picture;
};

static int add_province(void *arg, const struct store_unit *u)
{
	struct province_list *to = arg;
	json *o = json_object_new_object();

	put_text(o, "code", u->code);
	put_text(o, "name", u->full_name);
	put_text(o, "name_en", u->name_en);
	put_known(o, "population", u->population);
	json_object_object_add(o, "by_status", counts_json(picture_counts(to->picture, u->code)));
	json_object_array_add(to->list, o);
	return 0;
}

unsigned api_provinces(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);
	struct province_list to = { json_object_new_array(), NULL };

	if (h) {
		to.picture = context_picture(q->context);
		store_units(h->store, UNIT_PROVINCE, NULL, STORE_TODAY, add_province, &to);
		context_release(q->context, to.picture);
		context_return(q->context, h);
		return send_json(r, to.list, "application/json");
	}
	json_object_put(to.list);
	return reply_problem(q, r, 503);
}

unsigned api_province_hamlets(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);
	const struct picture *p;
	struct store_unit unit;
	json *list;
	int err = h ? store_unit(h->store, UNIT_PROVINCE, q->part[0], STORE_TODAY, &unit) : -EIO;

	context_return(q->context, h);
	if (err)
		return reply_problem(q, r, err == -ENOENT ? 404 : 503);
	list = json_object_new_array();
	p = context_picture(q->context);
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->hamlets[i].province, q->part[0])) {
			json *o = json_object_new_object();

			put_hamlet(o, &p->hamlets[i]);
			json_object_array_add(list, o);
		}
	context_release(q->context, p);
	return send_json(r, list, "application/json");
}

static json *hamlet_json(const struct picture_hamlet *h)
{
	json *o = json_object_new_object();

	put_hamlet(o, h);
	if (h->has_point) {
		put_real(o, "lat", h->lat_e7 / 1e7, 7);
		put_real(o, "lon", h->lon_e7 / 1e7, 7);
	}
	return o;
}

unsigned api_hamlet(const struct request *q, struct reply *r)
{
	const struct picture *p = context_picture(q->context);
	const struct picture_hamlet *found = picture_hamlet(p, q->part[0]);
	const struct truth_query all = { .hamlet = q->part[0] };
	json *o = found ? hamlet_json(found) : NULL;
	struct judgements to = { .list = NULL };
	struct handles *h;

	context_release(q->context, p);
	if (!o)
		return reply_problem(q, r, 404);
	h = context_take(q->context);
	if (!h) {
		json_object_put(o);
		return reply_problem(q, r, 503);
	}
	to.list = json_object_new_array();
	operators_load(&to.operators, h->store);
	if (h->truth)
		truth_rows(h->truth, &all, add_judgement, &to);
	context_return(q->context, h);
	json_object_object_add(o, "judgements", to.list);
	return send_json(r, o, "application/json");
}

#define PROBES 10000 /* in one answer */

struct probe_list {
	json *list;
	struct store *store;
	int64_t skip, left;
};

static int add_probe(void *arg, const struct store_probe *p)
{
	struct probe_list *to = arg;

	if (to->skip-- > 0)
		return 0;
	json_object_array_add(to->list, probe_json(to->store, p));
	return --to->left <= 0;
}

unsigned api_probes(const struct request *q, struct reply *r)
{
	struct probe_list to = { .left = PROBES };
	struct handles *h;

	if (!request_take(q, "limit", 1, PROBES, &to.left) ||
		!request_take(q, "offset", 0, INT32_MAX, &to.skip))
		return reply_problem(q, r, 400);
	h = context_take(q->context);
	if (!h)
		return reply_problem(q, r, 503);
	to.list = json_object_new_array();
	to.store = h->store;
	store_probes(h->store, NULL, add_probe, &to);
	context_return(q->context, h);
	return send_json(r, to.list, "application/json");
}

static json *access_json(struct store *s, const struct store_probe *p)
{
	struct store_access a;
	json *o;

	if (store_last_access(s, p, &a) || a.state >= ACCESS_STATES)
		return NULL;
	o = json_object_new_object();
	put_text(o, "state", access_state_name[a.state]);
	put_text(o, "cause", a.cause);
	put_time(o, "at", a.utc_ns);
	return o;
}

static int add_range(void *arg, uint64_t first, uint64_t last)
{
	json *pair = json_object_new_array();

	json_object_array_add(pair, json_object_new_int64((int64_t)first));
	json_object_array_add(pair, json_object_new_int64((int64_t)last));
	json_object_array_add(arg, pair);
	return 0;
}

unsigned api_probe(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);
	struct store_probe p;
	json *o, *missing;

	if (!h)
		return reply_problem(q, r, 503);
	if (store_probe(h->store, q->part[0], &p)) {
		context_return(q->context, h);
		return reply_problem(q, r, 404);
	}
	o = probe_json(h->store, &p);
	missing = json_object_new_array();
	store_missing(h->store, p.number, 1000, add_range, missing);
	json_object_object_add(o, "missing_ranges", missing);
	json_object_object_add(o, "access", access_json(h->store, &p));
	context_return(q->context, h);
	return send_json(r, o, "application/json");
}
