/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"
#include "../probes/core/mem.h"
#include <json-c/json.h>

struct json_object *doc_at(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!o || !json_object_is_type(o, json_type_object) ||
		!json_object_object_get_ex(o, key, &v))
		return NULL;
	return v;
}

int64_t doc_int(struct json_object *o, const char *key, int64_t unless)
{
	struct json_object *v = doc_at(o, key);

	return v ? json_object_get_int64(v) : unless;
}

const char *doc_text(struct json_object *o, const char *key, const char *unless)
{
	struct json_object *v = doc_at(o, key);

	return v && json_object_is_type(v, json_type_string) ? json_object_get_string(v) : unless;
}

bool doc_bool(struct json_object *o, const char *key)
{
	struct json_object *v = doc_at(o, key);

	return v && json_object_get_boolean(v);
}

double doc_real(struct json_object *o, const char *key, double unless)
{
	struct json_object *v = doc_at(o, key);

	return v ? json_object_get_double(v) : unless;
}

static void take_ints(struct json_object *v, enum field f, struct record *out)
{
	int64_t list[RECORD_INTS];
	size_t n = json_object_array_length(v);

	if (n > COUNT(list))
		n = COUNT(list);
	for (size_t i = 0; i < n; i++)
		list[i] = json_object_get_int64(json_object_array_get_idx(v, i));
	record_set_ints(out, f, list, n);
}

static void take(struct json_object *v, const struct field_info *info, struct record *out)
{
	enum field f = (enum field)info->number;
	enum json_type type = json_object_get_type(v);

	switch (info->type) {
	case FIELD_BOOL:
		if (type == json_type_boolean)
			record_set_bool(out, f, json_object_get_boolean(v));
		break;
	case FIELD_INT:
		if (type == json_type_int)
			record_set_int(out, f, json_object_get_int64(v));
		break;
	case FIELD_REAL:
		if (type == json_type_int || type == json_type_double)
			record_set_real(out, f, json_object_get_double(v));
		break;
	case FIELD_TEXT:
		if (type == json_type_string)
			record_set_text(out, f, json_object_get_string(v));
		break;
	case FIELD_INTS:
		if (type == json_type_array)
			take_ints(v, f, out);
		break;
	}
}

bool doc_record(struct json_object *o, struct record *out)
{
	int kind = record_kind_from(doc_text(o, "kind", "")), state;

	if (kind < 0)
		return false;
	record_clear(out, (enum record_kind)kind);
	out->seq = (uint64_t)doc_int(o, "seq", 0);
	out->mono_ns = doc_int(o, "mono_ns", 0);
	if (clock_parse(doc_text(o, "utc", ""), &out->utc_ns))
		out->utc_ns = UTC_UNKNOWN;
	state = access_state_from(doc_text(o, "state", ""));
	out->state = (uint8_t)(state < 0 ? STATE_UNKNOWN : state);
	json_object_object_foreach(o, key, v)
	{
		const struct field_info *info = v ? field_named(key) : NULL;

		if (info && info->kinds & 1u << out->kind)
			take(v, info, out);
	}
	return true;
}
