/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "../i18n.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text && *text ? json_object_new_string(text) : NULL);
}

static void put_int(struct json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

static struct json_object *fixed(double v, int decimals)
{
	char text[40];

	snprintf(text, sizeof(text), "%.*f", decimals, v);
	return json_object_new_double_s(v, text);
}

static void put_day(struct json_object *o, const char *key, bool known, int32_t day)
{
	char text[16];

	put_text(o, key, known ? store_day_text(day, text) : NULL);
}

static struct json_object *verdict(const struct report *r, const struct report_row *row)
{
	const struct truth_row *t = &row->row;
	struct json_object *o = json_object_new_object();
	char grade[2] = { t->grade == '-' ? 0 : t->grade, 0 };

	put_text(o, "plmn", t->plmn);
	put_text(o, "operator", row->operator);
	put_text(o, "status", truth_status_name[t->status]);
	put_text(o, "status_word", i18n_status(truth_status_name[t->status], r->lang));
	put_text(o, "before", truth_status_name[t->before]);
	put_text(o, "cause", truth_cause_name[t->cause]);
	json_object_object_add(o, "share", t->n ? fixed(t->share, 4) : NULL);
	json_object_object_add(o, "share_low", t->n ? fixed(t->low, 4) : NULL);
	json_object_object_add(o, "share_high", t->n ? fixed(t->high, 4) : NULL);
	put_int(o, "samples", t->n);
	put_int(o, "days", t->days);
	put_int(o, "day_parts", t->parts);
	put_int(o, "probes", t->probes);
	put_text(o, "grade", grade);
	put_day(o, "since", t->since != INT32_MIN, t->since);
	json_object_object_add(o, "simulated", json_object_new_boolean(t->simulated));
	put_text(o, "reason", !strcmp(r->lang, "en") ? t->reason_en : t->reason_vi);
	json_object_object_add(o, "detail", json_tokener_parse(t->detail ? t->detail : "null"));
	return o;
}

static struct json_object *geometry(const struct store_hamlet *h)
{
	struct json_object *o, *at;

	if (!h->has_point)
		return NULL;
	o = json_object_new_object();
	at = json_object_new_array();
	json_object_array_add(at, fixed(h->lon_e7 / 1e7, 5));
	json_object_array_add(at, fixed(h->lat_e7 / 1e7, 5));
	put_text(o, "type", "Point");
	json_object_object_add(o, "coordinates", at);
	return o;
}

static struct json_object *feature(const struct report *r, const struct report_hamlet *h)
{
	struct json_object *o = json_object_new_object(), *p = json_object_new_object(),
			   *all = json_object_new_array();
	const struct store_hamlet *s = &h->hamlet;

	put_text(p, "hamlet", s->name);
	put_text(p, "commune_code", s->commune);
	put_text(p, "commune", h->commune);
	put_text(p, "province_code", s->province);
	json_object_object_add(
		p, "population", s->population < 0 ? NULL : json_object_new_int64(s->population));
	put_text(p, "population_source", s->population_source);
	put_text(p, "grid_power", s->grid_power);
	put_text(p, "reported", s->reported);
	put_day(p, "reported_on", *s->reported && s->reported_on != INT32_MIN, s->reported_on);
	put_text(p, "reported_source", s->reported_source);
	put_text(p, "technology", r->profile.technology);
	put_text(p, "status", h->rows ? truth_status_name[h->row[0].row.status] : NULL);
	for (size_t i = 0; i < h->rows; i++)
		json_object_array_add(all, verdict(r, &h->row[i]));
	json_object_object_add(p, "verdicts", all);
	put_text(o, "type", "Feature");
	put_text(o, "id", s->code);
	json_object_object_add(o, "geometry", geometry(s));
	json_object_object_add(o, "properties", p);
	return o;
}

/* Feature by feature, so that the whole country does not lie in memory as a tree. */
void report_geojson(struct buf *out, const struct report *r)
{
	struct json_object *head = json_object_new_object();
	char as_of[CLOCK_TEXT];
	const char *text;

	put_text(head, "as_of", r->as_of_ns ? clock_text(r->as_of_ns, as_of) : "");
	put_text(head, "profile", r->profile.id);
	put_text(head, "profile_sha256", r->profile.hash);
	put_text(head, "note", i18n(TR_NOT_CONFORMITY, r->lang));
	text = json_object_to_json_string_ext(
		head, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	buf_printf(out, "{\"type\":\"FeatureCollection\",\"phusong\":%s,\"features\":[", text);
	json_object_put(head);
	for (size_t i = 0; i < r->hamlets; i++) {
		struct json_object *f = feature(r, &r->hamlet[i]);

		buf_puts(out, i ? ",\n" : "\n");
		buf_puts(out, json_object_to_json_string_ext(
				      f, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(f);
	}
	buf_puts(out, "\n]}\n");
}
