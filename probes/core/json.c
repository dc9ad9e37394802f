/* SPDX-License-Identifier: Apache-2.0 */
/* A record as JSON: every field of its kind by name, null when it is not known. */
#include "codec.h"
#include "mem.h"
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *text_or_null(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}

static struct json_object *known(int64_t v)
{
	return v < 0 ? NULL : json_object_new_int64(v);
}

/* The shortest decimal that reads back as the same number; json-c prints 17 digits of its own. */
static struct json_object *real(double v)
{
	char text[40];

	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return json_object_new_double_s(v, text);
}

static struct json_object *degrees(int32_t e7)
{
	char text[24];

	snprintf(text, sizeof(text), "%.7f", e7 / 1e7);
	return json_object_new_double_s(e7 / 1e7, text);
}

static struct json_object *place(const struct place *p)
{
	struct json_object *o;

	if (p->source == PLACE_NONE || p->source >= PLACE_SOURCES)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "lat", degrees(p->lat_e7));
	json_object_object_add(o, "lon", degrees(p->lon_e7));
	json_object_object_add(o, "accuracy_m", known(p->accuracy_m));
	json_object_object_add(o, "source", json_object_new_string(place_source_name[p->source]));
	return o;
}

static struct json_object *clock_of(const struct record_clock *k)
{
	struct json_object *o = json_object_new_object();
	const char *source = clock_source_name[k->source < CLOCK_SOURCES ? k->source : CLOCK_NONE];

	json_object_object_add(o, "source", json_object_new_string(source));
	json_object_object_add(o, "error_us", known(k->error_us));
	json_object_object_add(o, "sync_age_s", known(k->sync_age_s));
	return o;
}

static struct json_object *ints(const struct record *r, enum field f)
{
	struct json_object *o = json_object_new_array();
	int64_t list[RECORD_INTS];
	size_t n = record_ints(r, f, list, COUNT(list));

	for (size_t i = 0; i < n; i++)
		json_object_array_add(o, json_object_new_int64(list[i]));
	return o;
}

static struct json_object *value(const struct record *r, enum field f, enum field_type type)
{
	if (!record_has(r, f))
		return NULL;
	switch (type) {
	case FIELD_BOOL:
		return json_object_new_boolean(record_bool(r, f, false));
	case FIELD_INT:
		return json_object_new_int64(record_int(r, f, 0));
	case FIELD_REAL:
		return real(record_real(r, f, 0));
	case FIELD_TEXT:
		return json_object_new_string(record_text(r, f));
	default:
		return ints(r, f);
	}
}

struct json_object *codec_json(const struct record *r)
{
	struct json_object *o = json_object_new_object();
	char utc[CLOCK_TEXT];

	json_object_object_add(o, "v", json_object_new_int(RECORD_VERSION));
	json_object_object_add(o, "kind", text_or_null(record_kind_name(r->kind)));
	json_object_object_add(o, "seq", json_object_new_int64((int64_t)r->seq));
	json_object_object_add(o, "mono_ns", json_object_new_int64(r->mono_ns));
	json_object_object_add(o, "utc", text_or_null(clock_text(r->utc_ns, utc)));
	json_object_object_add(o, "clock", clock_of(&r->clock));
	json_object_object_add(o, "state",
		text_or_null(r->state < ACCESS_STATES ? access_state_name[r->state] : NULL));
	json_object_object_add(o, "place", place(&r->place));
	json_object_object_add(o, "uplink", text_or_null(r->uplink));
	for (unsigned n = 1; n < FIELD_LIMIT && r->kind < 32; n++) {
		const struct field_info *info = field_info(n);

		if (info && info->kinds & 1u << r->kind)
			json_object_object_add(o, info->name, value(r, (enum field)n, info->type));
	}
	return o;
}
