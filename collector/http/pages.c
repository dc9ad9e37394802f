/* SPDX-License-Identifier: Apache-2.0 */
/* The map, a province, the probes, the state of the system. */
#include "endpoints.h"
#include "html.h"

#include "../../probes/core/clock.h"
#include "../../probes/core/mem.h"
#include "../i18n.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the map element --------------------------------------------------------------------------------------- */

static void add_word(struct json_object *words, const char *name, const char *text)
{
	json_object_object_add(words, name, json_object_new_string(text));
}

/* Texts that the script shows, from the catalogue. */
static void put_words(struct buf *b, const char *lang)
{
	struct json_object *words = json_object_new_object();

	for (size_t i = 0; i < STATUSES; i++)
		add_word(words, page_statuses[i], i18n_status(page_statuses[i], lang));
	add_word(words, "zoom_in", i18n(TR_ZOOM_IN, lang));
	add_word(words, "zoom_out", i18n(TR_ZOOM_OUT, lang));
	add_word(words, "attribution", i18n(TR_MAP_SOURCE, lang));
	add_word(words, "simulated", i18n(TR_SIMULATED, lang));
	add_word(words, "hoang_sa", i18n(TR_HOANG_SA, lang));
	add_word(words, "truong_sa", i18n(TR_TRUONG_SA, lang));
	html_text(b, json_object_to_json_string_ext(words, JSON_C_TO_STRING_PLAIN));
	json_object_put(words);
}

static void put_map(const struct request *q, struct buf *b, double south, double west, double north,
	double east)
{
	buf_puts(b, "<div id=\"map\" role=\"application\" tabindex=\"0\" aria-label=\"");
	html_text(b, i18n(TR_MAP_LABEL, q->lang));
	buf_printf(b, "\" data-bounds=\"[[%.4f,%.4f],[%.4f,%.4f]]\" data-words=\"", south, west,
		north, east);
	put_words(b, q->lang);
	buf_puts(b, "\"></div>\n");
}

/* The legend counts and, with scripts, shows and hides. */
static void put_legend(const struct request *q, struct buf *b, const struct picture_counts *counts)
{
	buf_puts(b, "<ul class=\"map-tools\" aria-label=\"");
	html_text(b, i18n(TR_LEGEND, q->lang));
	buf_puts(b, "\">\n");
	for (size_t i = 0; i < STATUSES; i++) {
		buf_printf(b,
			"<li><label><input type=\"checkbox\" name=\"show-status\" value=\"%s\" "
			"checked>",
			page_statuses[i]);
		html_status(b, page_statuses[i], q->lang);
		buf_printf(b, " <span>%zu</span></label></li>\n", counts->by_status[i]);
	}
	buf_puts(b, "</ul>\n");
}

/* --- / ---------------------------------------------------------------------------------------------------------- */

static void put_count_cells(struct buf *b, const struct picture_counts *counts)
{
	buf_printf(b, "<td class=\"n\">%zu</td>", counts->hamlets);
	for (size_t i = 0; i < STATUSES; i++)
		buf_printf(b, "<td class=\"n\">%zu</td>", counts->by_status[i]);
}

struct province_rows {
	struct buf *b;
	const struct picture *picture;
	bool empty; /* now: those without any hamlet */
};

static int put_province_row(void *arg, const struct store_unit *u)
{
	struct province_rows *rows = arg;
	const struct picture_counts *counts = picture_counts(rows->picture, u->code);

	if (!counts->hamlets != rows->empty)
		return 0;
	buf_printf(rows->b, "<tr><th scope=\"row\"><a href=\"/provinces/%s\">", u->code);
	html_text(rows->b, u->name);
	buf_puts(rows->b, "</a></th>");
	put_count_cells(rows->b, counts);
	buf_puts(rows->b, "</tr>\n");
	return 0;
}

static void put_province_table(
	const struct request *q, struct buf *b, struct store *s, const struct picture *p)
{
	const char *columns[STATUSES + 3] = { i18n(TR_PROVINCE, q->lang) };
	char titles[STATUSES + 1][STORE_NAME];
	struct province_rows rows = { b, p, false };

	snprintf(titles[STATUSES], sizeof(titles[0]), "#%s", i18n(TR_ALL, q->lang));
	columns[1] = titles[STATUSES];
	for (size_t i = 0; i < STATUSES; i++) {
		snprintf(titles[i], sizeof(titles[i]), "#%s",
			i18n_status(page_statuses[i], q->lang));
		columns[2 + i] = titles[i];
	}
	columns[STATUSES + 2] = NULL;
	html_table_begin(b, i18n(TR_BY_PROVINCE, q->lang), columns);
	store_units(s, UNIT_PROVINCE, NULL, STORE_TODAY, put_province_row, &rows);
	buf_puts(b, "<tr><th scope=\"row\">");
	html_text(b, i18n(TR_NATIONWIDE, q->lang));
	buf_puts(b, "</th>");
	put_count_cells(b, &p->all);
	buf_puts(b, "</tr>\n");
	rows.empty = true;
	store_units(s, UNIT_PROVINCE, NULL, STORE_TODAY, put_province_row, &rows);
	html_table_end(b);
}

unsigned page_map(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);
	const struct picture *p;

	if (!h)
		return reply_problem(q, r, 503);
	p = context_picture(q->context);
	html_begin(q, r, i18n(TR_MAP_TITLE, q->lang), "map", true);
	buf_puts(&r->body, "<p class=\"lead\">");
	html_text(&r->body, i18n(TR_MAP_LEAD, q->lang));
	buf_puts(&r->body, "</p>\n");
	put_legend(q, &r->body, &p->all);
	put_map(q, &r->body, 6.5, 101.5, 23.6,
		117.9); /* the whole country, both archipelagos in it */
	buf_puts(&r->body, "<h2>");
	html_text(&r->body, i18n(TR_COUNTS_TITLE, q->lang));
	buf_puts(&r->body, "</h2>\n");
	put_province_table(q, &r->body, h->store, p);
	html_end(q, r, "lib/leaflet.js map.js");
	context_release(q->context, p);
	context_return(q->context, h);
	return 200;
}

/* --- /provinces/CODE ------------------------------------------------------------------------------------------- */

static void put_hamlet_row(const struct request *q, struct buf *b, const struct boundaries *units,
	const struct picture_hamlet *h)
{
	const struct boundary *commune =
		boundaries_named(units->communes, units->commune_count, h->commune);
	char since[CLOCK_TEXT];

	buf_puts(b, "<tr><th scope=\"row\"><a href=\"/hamlets/");
	html_text(b, h->code);
	buf_puts(b, "\">");
	html_text(b, h->name);
	buf_puts(b, "</a>");
	if (h->simulated) {
		buf_puts(b, " <span class=\"tag\">");
		html_text(b, i18n(TR_SIMULATED, q->lang));
		buf_puts(b, "</span>");
	}
	buf_puts(b, "</th><td>");
	html_text(b, commune ? commune->name : h->commune);
	buf_puts(b, "</td><td>");
	html_status(b, h->status, q->lang);
	buf_puts(b, "</td><td>");
	if (h->grade)
		buf_put(b, &h->grade, 1);
	buf_printf(b, "</td><td>%.10s</td><td>", clock_text(h->since_ns, since));
	html_text(b, h->reported[0] ? i18n_reported(h->reported, q->lang)
				    : i18n(TR_NOT_REPORTED, q->lang));
	buf_puts(b, "</td></tr>\n");
}

static void put_hamlet_table(
	const struct request *q, struct buf *b, const struct picture *p, const struct store_unit *u)
{
	const char *const columns[] = { i18n(TR_HAMLET, q->lang), i18n(TR_COMMUNE, q->lang),
		i18n(TR_STATUS, q->lang), i18n(TR_GRADE, q->lang), i18n(TR_SINCE, q->lang),
		i18n(TR_REPORTED, q->lang), NULL };
	const char *const fill[] = { "name", u->full_name, NULL };
	struct buf caption;

	buf_init(&caption, 512);
	i18n_put(&caption, TR_HAMLETS_OF, q->lang, fill);
	html_table_begin(b, buf_text(&caption), columns);
	for (unsigned status = 0; status < STATUSES; status++)
		for (size_t i = 0; i < p->count; i++)
			if (!strcmp(p->hamlets[i].province, u->code) &&
				status_index(p->hamlets[i].status) == status)
				put_hamlet_row(
					q, b, context_boundaries(q->context), &p->hamlets[i]);
	html_table_end(b);
	buf_done(&caption);
}

static void put_report_links(const struct request *q, struct buf *b, const char *code)
{
	static const char *const formats[] = { "html", "csv", "geojson" };

	buf_puts(b, "<p>");
	html_text(b, i18n(TR_REPORT_DOWNLOAD, q->lang));
	buf_puts(b, ":");
	for (size_t i = 0; i < COUNT(formats); i++)
		buf_printf(b, " <a href=\"/reports/%s.%s?lang=%s\">%s</a>", code, formats[i],
			q->lang, formats[i]);
	buf_puts(b, "</p>\n");
}

static void put_province(const struct request *q, struct reply *r, const struct store_unit *u)
{
	const struct boundaries *units = context_boundaries(q->context);
	const struct boundary *area =
		boundaries_named(units->provinces, units->province_count, u->code);
	const struct picture *p = context_picture(q->context);

	html_begin(q, r, !strcmp(q->lang, "en") && u->name_en[0] ? u->name_en : u->full_name, "map",
		true);
	put_legend(q, &r->body, picture_counts(p, u->code));
	if (area)
		put_map(q, &r->body, area->south, area->west, area->north, area->east);
	put_report_links(q, &r->body, u->code);
	put_hamlet_table(q, &r->body, p, u);
	html_end(q, r, "lib/leaflet.js map.js");
	context_release(q->context, p);
}

unsigned page_province(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);
	struct store_unit u;
	unsigned status = 200;

	if (!h)
		return reply_problem(q, r, 503);
	if (store_unit(h->store, UNIT_PROVINCE, q->part[0], STORE_TODAY, &u))
		status = reply_problem(q, r, 404);
	else
		put_province(q, r, &u);
	context_return(q->context, h);
	return status;
}
