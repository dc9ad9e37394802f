/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"
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

void doc_say_result(FILE *out, struct json_object *r)
{
	static const struct {
		const char *key, *shown;
		double by;
	} numbers[] = {
		{ "rsrp_dbm", "%.0f dBm", 1 },
		{ "sinr_db", "SINR %.0f dB", 1 },
		{ "rtt_p50_us", "%.2f ms", 1000 },
		{ "lost_up", "lost up %.0f", 1 },
		{ "lost_down", "lost down %.0f", 1 },
		{ "rate_bps", "%.1f Mbit/s", 1e6 },
		{ "total_us", "%.0f ms", 1000 },
		{ "scan_cells", "%.0f cells", 1 },
	};
	static const char *const texts[] = { "rat", "plmn", "registration", "modem_state",
		"direction", "verdict", "target" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (doc_at(r, texts[i]))
			fprintf(out, "%s ", doc_text(r, texts[i], ""));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (doc_at(r, numbers[i].key)) {
			double v =
				json_object_get_double(doc_at(r, numbers[i].key)) / numbers[i].by;

			/* the formats are those above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			fprintf(out, numbers[i].shown, v);
#pragma GCC diagnostic pop
			fputc(' ', out);
		}
	fputc('\n', out);
}
