/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"
#include "words.h"
#include "../probes/core/codec.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

/* Large and small numbers in the unit that keeps them short. */
static const struct {
	const char *unit;
	double from, by;
	const char *shown;
} scales[] = {
	{ "us", 1000000, 1e6, "s" },
	{ "us", 1000, 1e3, "ms" },
	{ "bit/s", 1e6, 1e6, "Mbit/s" },
	{ "bit/s", 1000, 1e3, "kbit/s" },
	{ "B", 1e6, 1e6, "MB" },
	{ "B", 10000, 1e3, "kB" },
};

static void number(char *out, size_t room, double v, const char *unit)
{
	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
		if (!strcmp(scales[i].unit, unit) && fabs(v) >= scales[i].from) {
			snprintf(out, room, "%.3g %s", v / scales[i].by, scales[i].shown);
			if (fabs(v) / scales[i].by >= 1000)
				snprintf(out, room, "%.0f %s", v / scales[i].by, scales[i].shown);
			return;
		}
	snprintf(out, room, "%.*f%s%s", fabs(v - round(v)) < 0.005 ? 0 : 2, v, *unit ? " " : "",
		unit);
}

static void list(const struct record *r, enum field f, const char *unit, char *out, size_t room)
{
	int64_t v[RECORD_INTS];
	size_t n = record_ints(r, f, v, RECORD_INTS), used = 0;

	*out = 0;
	for (size_t i = 0; i < n && used + 24 < room; i++) {
		char one[40];

		number(one, sizeof(one), (double)v[i], unit);
		used += (size_t)snprintf(out + used, room - used, "%s%s", i ? ", " : "", one);
	}
}

char *show_value_in(const struct record *r, enum field f, char *out, size_t room, bool vi)
{
	const struct field_info *info = field_info(f);

	*out = 0;
	if (!info || !record_has(r, f))
		return out;
	switch (info->type) {
	case FIELD_BOOL:
		snprintf(out, room, "%s", word(record_bool(r, f, false) ? W_YES : W_NO, vi));
		break;
	case FIELD_INT:
		if (*info->unit && strcmp(info->unit, "ns"))
			number(out, room, (double)record_int(r, f, 0), info->unit);
		else
			snprintf(out, room, "%" PRId64 "%s%s", record_int(r, f, 0),
				*info->unit ? " " : "", info->unit);
		break;
	case FIELD_REAL:
		number(out, room, record_real(r, f, 0), info->unit);
		break;
	case FIELD_TEXT:
		snprintf(out, room, "%s", record_text(r, f));
		break;
	case FIELD_INTS:
		list(r, f, info->unit, out, room);
		break;
	}
	return words_safe(out);
}

char *show_value(const struct record *r, enum field f, char *out, size_t room)
{
	return show_value_in(r, f, out, room, false);
}

/* "rtt_p50_us" is shown as "rtt_p50": the unit stands behind the value. */
static void label(char *out, size_t room, const struct field_info *info)
{
	static const char *const tails[] = { "_us", "_ms", "_dbm", "_db", "_bps", "_ns", "_s",
		"_c" };
	size_t n;

	snprintf(out, room, "%s", info->name);
	n = strlen(out);
	for (size_t i = 0; *info->unit && i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t t = strlen(tails[i]);

		if (n > t && !strcmp(out + n - t, tails[i])) {
			out[n - t] = 0;
			break;
		}
	}
}

void show_record(FILE *out, const struct record *r, bool vi)
{
	char time[CLOCK_TEXT], name[64], value[RECORD_ARENA];
	const char *kind = record_kind_name(r->kind);

	fprintf(out, "%s  %s\n", kind ? kind : "?",
		r->utc_ns == UTC_UNKNOWN ? word(W_NO_CLOCK, vi) : clock_text(r->utc_ns, time));
	for (unsigned f = 1; f < FIELD_LIMIT; f++) {
		const struct field_info *info = field_info(f);

		if (!info || !record_has(r, (enum field)f) || f == FIELD_TEST)
			continue;
		label(name, sizeof(name), info);
		show_value_in(r, (enum field)f, value, sizeof(value), vi);
		fprintf(out, "  %-18s ", name);
		/* answers of modems have several lines */
		for (const char *c = value; *c; c++)
			if (*c == '\n')
				fprintf(out, "\n  %-18s ", "");
			else if (*c != '\r')
				fputc(*c, out);
		fputc('\n', out);
	}
	fflush(out);
}

void show_record_json(FILE *out, const struct record *r)
{
	struct json_object *o = codec_json(r);

	fprintf(out, "%s\n",
		json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(out);
	json_object_put(o);
}

void show_line(FILE *out, const struct record *r)
{
	static const enum field main_fields[] = { FIELD_ERROR, FIELD_FROM_STATE, FIELD_CAUSE,
		FIELD_EVIDENCE, FIELD_RAT, FIELD_PLMN, FIELD_RSRP, FIELD_REGISTRATION,
		FIELD_SCAN_CELLS, FIELD_TARGET, FIELD_RTT_P50_US, FIELD_SENT, FIELD_RECEIVED,
		FIELD_DIRECTION, FIELD_RATE_BPS, FIELD_VERDICT, FIELD_JOURNAL_RECORDS,
		FIELD_GAP_COUNT, FIELD_GAP_REASON };
	char time[CLOCK_TEXT], value[RECORD_ARENA];
	const char *kind = record_kind_name(r->kind);

	fprintf(out, "%8" PRIu64 "  %-24s %-10s %-14s", r->seq,
		r->utc_ns == UTC_UNKNOWN ? "-" : clock_text(r->utc_ns, time), kind ? kind : "?",
		r->state < ACCESS_STATES ? access_state_name[r->state] : "?");
	for (size_t i = 0; i < sizeof(main_fields) / sizeof(main_fields[0]); i++)
		if (record_has(r, main_fields[i])) {
			const struct field_info *info = field_info(main_fields[i]);

			/* a bare number says nothing */
			fprintf(out, " %s%s%s", info->type == FIELD_INT ? info->name : "",
				info->type == FIELD_INT ? "=" : "",
				show_value(r, main_fields[i], value, sizeof(value)));
		}
	fputc('\n', out);
}
