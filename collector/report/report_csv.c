/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "../i18n.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void cell(struct buf *out, const char *text, bool last)
{
	text = text ? text : "";
	buf_puts(out, "\"");
	if (*text && strchr("=+-@\t\r", *text))
		buf_puts(out, "'");
	for (; *text; text++) {
		if (*text == '"')
			buf_puts(out, "\"");
		buf_put(out, text, 1);
	}
	buf_puts(out, last ? "\"\r\n" : "\",");
}

static void number(struct buf *out, bool known, double v, int decimals)
{
	if (known)
		buf_printf(out, "%.*f", decimals, v);
	buf_puts(out, ",");
}

static void day(struct buf *out, bool known, int32_t d)
{
	char text[16];

	if (known)
		buf_puts(out, store_day_text(d, text));
	buf_puts(out, ",");
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static void evidence(struct buf *out, const char *detail)
{
	struct json_object *o = json_tokener_parse(detail ? detail : ""), *e = NULL, *probes = NULL;
	struct buf ids;

	buf_init(&ids, 1 << 16);
	if (o && json_object_object_get_ex(o, "evidence", &e)) {
		json_object_object_get_ex(e, "probes", &probes);
		buf_printf(out, "%s,%s,", text_of(e, "from"), text_of(e, "to"));
	} else {
		buf_puts(out, ",,");
	}
	for (size_t i = 0; probes && i < json_object_array_length(probes); i++) {
		struct json_object *p = json_object_array_get_idx(probes, i);

		buf_printf(&ids, "%s%s:%s-%s", i ? " " : "", text_of(p, "probe"),
			text_of(p, "first_seq"), text_of(p, "last_seq"));
	}
	cell(out, buf_text(&ids), false);
	buf_done(&ids);
	json_object_put(o);
}

static void put_hamlet(struct buf *out, const struct report_hamlet *h)
{
	const struct store_hamlet *s = &h->hamlet;

	cell(out, s->code, false);
	cell(out, s->name, false);
	cell(out, s->commune, false);
	cell(out, h->commune, false);
	cell(out, s->province, false);
	number(out, s->has_point, s->lat_e7 / 1e7, 5);
	number(out, s->has_point, s->lon_e7 / 1e7, 5);
	number(out, s->population >= 0, (double)s->population, 0);
	cell(out, s->population_source, false);
	cell(out, s->grid_power, false);
	cell(out, s->reported, false);
	day(out, s->reported_on != INT32_MIN && *s->reported, s->reported_on);
	cell(out, s->reported_source, false);
}

static void put_row(struct buf *out, const struct report *r, const struct report_row *row)
{
	const struct truth_row *t = &row->row;
	const char grade[2] = { t->grade, 0 };
	char as_of[CLOCK_TEXT];

	cell(out, t->plmn, false);
	cell(out, row->operator, false);
	cell(out, t->technology, false);
	cell(out, truth_status_name[t->status], false);
	cell(out, i18n_status(truth_status_name[t->status], r->lang), false);
	cell(out, truth_status_name[t->before], false);
	cell(out, truth_cause_name[t->cause], false);
	number(out, t->n, t->share, 4);
	number(out, t->n, t->low, 4);
	number(out, t->n, t->high, 4);
	buf_printf(out, "%u,%u,%u,%u,", t->n, t->days, t->parts, t->probes);
	cell(out, t->grade == '-' ? "" : grade, false);
	day(out, t->since != INT32_MIN, t->since);
	buf_puts(out, t->simulated ? "yes," : "no,");
	cell(out, !strcmp(r->lang, "en") ? t->reason_en : t->reason_vi, false);
	evidence(out, t->detail);
	cell(out, t->profile, false);
	cell(out, t->profile_hash, false);
	cell(out, t->as_of_ns ? clock_text(t->as_of_ns, as_of) : "", true);
}

void report_csv(struct buf *out, const struct report *r)
{
	buf_puts(out, "\xef\xbb\xbfhamlet_code,hamlet,commune_code,commune,province_code,lat,lon,"
		      "population,population_source,grid_power,"
		      "reported,reported_on,reported_source,plmn,operator,technology,status,status_"
		      "word,before,cause,share,share_low,"
		      "share_high,samples,days,day_parts,probes,grade,since,simulated,reason,"
		      "evidence_from,evidence_to,evidence,profile,"
		      "profile_sha256,as_of\r\n");
	for (size_t i = 0; i < r->hamlets; i++)
		for (size_t k = 0; k < r->hamlet[i].rows; k++) {
			put_hamlet(out, &r->hamlet[i]);
			put_row(out, r, &r->hamlet[i].row[k]);
		}
}
