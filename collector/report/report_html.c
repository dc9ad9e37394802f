/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "../i18n.h"
#include "markup.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char style[] =
	"body{font:14px/1.45 system-ui,sans-serif;margin:1.5em auto;max-width:75em;padding:0 "
	"1em;color:#111}"
	"h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.15em;margin:1.4em 0 .4em}"
	"table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:600;padding:"
	".3em 0}"
	"th,td{border:1px solid #999;padding:.25em "
	".45em;text-align:left;vertical-align:top}thead{background:#eee}"
	".n{text-align:right;font-variant-numeric:tabular-nums}.note{border-left:4px solid "
	"#555;padding:.2em .8em;margin:.8em 0}"
	".maps{display:flex;gap:1em;align-items:flex-start;flex-wrap:wrap}.map{flex:3 1 "
	"20em;max-width:46em;border:1px solid #999}"
	".inset{flex:1 1 "
	"12em;max-width:16em}.unit{fill:#f6f6f2;stroke:#777;stroke-width:.5}.here{fill:#cfd8dc}"
	".isle{fill:#333;stroke:#333}svg text{font:9px sans-serif}code,td "
	"small{word-break:break-all}"
	"@media "
	"print{body{margin:0;max-width:none;font-size:10px}thead{display:table-header-group}tr{"
	"break-inside:avoid}}";

static const char *tr(const struct report *r, enum i18n_key key)
{
	return i18n(key, r->lang);
}

static bool english(const struct report *r)
{
	return !strcmp(r->lang, "en");
}

static const char *place(const struct report *r)
{
	if (!*r->province_code)
		return tr(r, TR_NATIONWIDE);
	return english(r) ? r->province_en : r->province;
}

static void fact(struct buf *out, const char *term, const char *text)
{
	buf_puts(out, "<p><strong>");
	markup(out, term);
	buf_puts(out, ":</strong> ");
	markup(out, text);
	buf_puts(out, "</p>\n");
}

static void put_head(struct buf *out, const struct report *r)
{
	char as_of[CLOCK_TEXT], window[64];

	buf_printf(out,
		"<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
		r->lang);
	markup(out, tr(r, TR_REPORT_TITLE));
	buf_puts(out, " · ");
	markup(out, place(r));
	buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
	markup_cell(out, "h1", tr(r, TR_REPORT_TITLE));
	buf_puts(out, "\n");
	fact(out, tr(r, TR_PROVINCE), place(r));
	fact(out, tr(r, TR_AS_OF),
		r->as_of_ns ? clock_text(r->as_of_ns, as_of) : tr(r, TR_WHY_NEVER));
	snprintf(window, sizeof(window), "%.0f %s", profile_value(&r->profile, P_WINDOW),
		tr(r, TR_DAYS_UNIT));
	fact(out, tr(r, TR_WINDOW), window);
	fact(out, tr(r, TR_PROFILE_TITLE), english(r) ? r->profile.name_en : r->profile.name_vi);
	buf_puts(out, "<div class=\"note\">");
	markup_cell(out, "p", tr(r, TR_NOT_CONFORMITY));
	markup_cell(out, "p", tr(r, TR_SILENCE_NOTE));
	buf_puts(out, "</div>\n");
}

/* Hamlets with this status; network: "*" or a number.  *people is -1 when nothing is known of any. */
static unsigned count(
	const struct report *r, const char *plmn, enum truth_status status, int64_t *people)
{
	unsigned n = 0;
	bool known = false;

	*people = 0;
	for (size_t i = 0; i < r->hamlets; i++) {
		enum truth_status is =
			TRUTH_UNMEASURED; /* an operator of whom nothing is known here */

		for (size_t k = 0; k < r->hamlet[i].rows; k++)
			if (!strcmp(r->hamlet[i].row[k].row.plmn, plmn))
				is = r->hamlet[i].row[k].row.status;
		if (is != status)
			continue;
		n++;
		known |= r->hamlet[i].hamlet.population >= 0;
		if (r->hamlet[i].hamlet.population > 0)
			*people += r->hamlet[i].hamlet.population;
	}
	if (n && !known)
		*people = -1;
	return n;
}

static void put_counts(struct buf *out, const struct report *r)
{
	char plmn[8];
	int64_t people, ignored;

	markup_cell(out, "h2", tr(r, TR_COUNTS_TITLE));
	buf_puts(out, "\n<table>\n<thead><tr>");
	markup_cell(out, "th", tr(r, TR_STATUS));
	markup_cell(out, "th", tr(r, TR_DEFINITION));
	markup_cell(out, "th", tr(r, TR_BEST_OF_ALL));
	markup_cell(out, "th", tr(r, TR_PEOPLE));
	for (size_t i = 0; i < r->panel.count; i++)
		markup_cell(out, "th", r->panel.name[i]);
	buf_puts(out, "</tr></thead>\n<tbody>\n");
	for (int s = 0; s < TRUTH_STATUSES; s++) {
		unsigned n = count(r, "*", (enum truth_status)s, &people);

		buf_puts(out, "<tr>");
		markup_cell(out, "th scope=\"row\"", i18n_status(truth_status_name[s], r->lang));
		markup_cell(out, "td", i18n_status_meaning(truth_status_name[s], r->lang));
		buf_printf(out, "<td class=\"n\">%u</td>", n);
		if (people < 0)
			buf_puts(out, "<td class=\"n\">–</td>");
		else
			buf_printf(out, "<td class=\"n\">%lld</td>", (long long)people);
		for (size_t i = 0; i < r->panel.count; i++) {
			snprintf(plmn, sizeof(plmn), "%05u", r->panel.operator[i].plmn % 1000000);
			buf_printf(out, "<td class=\"n\">%u</td>",
				count(r, plmn, (enum truth_status)s, &ignored));
		}
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody>\n</table>\n<p>");
	markup(out, tr(r, TR_POPULATION_SOURCE));
	buf_puts(out, ": ");
	for (size_t i = 0; i < r->population_sources; i++) {
		buf_puts(out, i ? "; " : "");
		markup(out, r->population_source[i]);
	}
	if (!r->population_sources)
		markup(out, tr(r, TR_POPULATION_UNKNOWN));
	buf_puts(out, "</p>\n");
}

static void put_reported(struct buf *out, const struct report *r, const struct store_hamlet *h)
{
	char day[16];
	const char *word = i18n_reported(h->reported, r->lang);

	buf_puts(out, "<td>");
	markup(out, *word ? word : tr(r, TR_NOT_REPORTED));
	if (*h->reported && h->reported_on != INT32_MIN)
		buf_printf(out, " (%s)", store_day_text(h->reported_on, day));
	if (*h->reported_source) {
		buf_puts(out, "<br><small>");
		markup(out, h->reported_source);
		buf_puts(out, "</small>");
	}
	buf_puts(out, "</td>");
}

static void put_share(struct buf *out, const struct report *r, const struct truth_row *t)
{
	char share[I18N_NUMBER], low[I18N_NUMBER], high[I18N_NUMBER];

	if (!t->n) {
		buf_puts(out, "<td>–</td>");
		return;
	}
	buf_printf(out, "<td class=\"n\">%s %% (%s–%s)</td>",
		i18n_number(share, 100 * t->share, 1, r->lang),
		i18n_number(low, 100 * t->low, 1, r->lang),
		i18n_number(high, 100 * t->high, 1, r->lang));
}

static void put_verdict(struct buf *out, const struct report *r, const struct report_row *row)
{
	const struct truth_row *t = &row->row;
	char day[16];

	markup_cell(out, "td", *row->operator ? row->operator : tr(r, TR_BEST_OF_ALL));
	markup_cell(out, "td", i18n_status(truth_status_name[t->status], r->lang));
	put_share(out, r, t);
	buf_printf(out, "<td class=\"n\">%u / %u / %u</td><td>%s</td><td>%s</td>", t->n, t->days,
		t->probes, t->grade == '-' ? "–" : (const char[2]){ t->grade, 0 },
		t->since == INT32_MIN ? "–" : store_day_text(t->since, day));
	markup_cell(out, "td", english(r) ? t->reason_en : t->reason_vi);
}

static void put_hamlet(struct buf *out, const struct report *r, const struct report_hamlet *h)
{
	const struct store_hamlet *s = &h->hamlet;
	const char *grid = !strcmp(s->grid_power, "yes")  ? tr(r, TR_YES)
	                   : !strcmp(s->grid_power, "no") ? tr(r, TR_NO)
	                                                  : tr(r, TR_UNKNOWN);

	for (size_t k = 0; k < h->rows; k++) {
		buf_puts(out, "<tr>");
		if (!k) {
			buf_printf(out, "<th scope=\"rowgroup\" rowspan=\"%zu\">", h->rows);
			markup(out, s->name);
			buf_puts(out, "<br><small>");
			markup(out, s->code);
			buf_puts(out, "<br>");
			markup(out, h->commune);
			buf_puts(out, "<br>");
			if (s->population >= 0)
				buf_printf(out, "%s: %lld<br>", tr(r, TR_PEOPLE),
					(long long)s->population);
			buf_printf(out, "%s: %s</small></th>", tr(r, TR_GRID_POWER), grid);
		}
		if (!k)
			put_reported(out, r, s);
		else
			buf_puts(out, "<td></td>");
		put_verdict(out, r, &h->row[k]);
		buf_puts(out, "</tr>\n");
	}
}

static void put_hamlets(struct buf *out, const struct report *r)
{
	static const enum i18n_key columns[] = { TR_HAMLET, TR_REPORTED, TR_OPERATOR, TR_MEASURED,
		TR_SHARE_INTERVAL };

	markup_cell(out, "h2", tr(r, TR_HAMLETS));
	buf_puts(out, "\n<table>\n<thead><tr>");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		markup_cell(out, "th", tr(r, columns[i]));
	buf_printf(
		out, "<th>%s / %s / %s</th>", tr(r, TR_SAMPLES), tr(r, TR_DAYS), tr(r, TR_PROBES));
	markup_cell(out, "th", tr(r, TR_GRADE));
	markup_cell(out, "th", tr(r, TR_SINCE));
	markup_cell(out, "th", tr(r, TR_REASON));
	buf_puts(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->hamlets; i++)
		put_hamlet(out, r, &r->hamlet[i]);
	buf_puts(out, "</tbody>\n</table>\n");
}

static void put_profile(struct buf *out, const struct report *r)
{
	static const enum i18n_key basis[] = { TR_CONFIRMED, TR_UNCONFIRMED, TR_OWN_CHOICE };
	const struct profile *p = &r->profile;

	markup_cell(out, "h2", tr(r, TR_PROFILE_TITLE));
	buf_printf(out, "\n<p>%s · %s: <code>%s</code></p>\n<table>\n<thead><tr>", p->id, "SHA-256",
		p->hash);
	markup_cell(out, "th", tr(r, TR_SETTING));
	markup_cell(out, "th", tr(r, TR_VALUE));
	markup_cell(out, "th", tr(r, TR_EVIDENCE));
	markup_cell(out, "th", tr(r, TR_SOURCE));
	buf_puts(out, "</tr></thead>\n<tbody>\n");
	for (int i = 0; i < P_COUNT; i++) {
		if (!p->t[i].given)
			continue;
		buf_printf(out,
			"<tr><th scope=\"row\"><code>%s</code></th><td class=\"n\">%.9g %s</td>",
			profile_key((enum profile_threshold)i), p->t[i].value,
			profile_unit((enum profile_threshold)i));
		markup_cell(out, "td", tr(r, basis[p->t[i].basis % 3]));
		markup_cell(out, "td", p->t[i].source);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody>\n</table>\n");
}

void report_html(struct buf *out, const struct report *r)
{
	put_head(out, r);
	put_counts(out, r);
	if (r->boundaries) {
		markup_cell(out, "h2", tr(r, TR_MAP));
		buf_puts(out, "\n<div class=\"maps\">\n");
		report_map(out, r);
		buf_puts(out, "</div>\n");
		markup_cell(out, "p", tr(r, TR_BOUNDARY_NOTE));
	}
	put_hamlets(out, r);
	put_profile(out, r);
	buf_puts(out, "</body>\n</html>\n");
}
