/* SPDX-License-Identifier: Apache-2.0 */
/* A hamlet: what it is, and everything that this rests on. */
#include "endpoints.h"
#include "html.h"
#include "last_access.h"
#include "operators.h"

#include "../../probes/core/clock.h"
#include "../i18n.h"

#include <stdio.h>
#include <string.h>

#define CHART_DAYS 30

struct view {
	const struct request *q;
	struct buf *b;
	struct handles *h;
	struct store_hamlet hamlet;
	struct operators operators;
	bool any;
};

static const char *lang(const struct view *v)
{
	return v->q->lang;
}

static void put_heading(struct view *v, enum i18n_key key)
{
	buf_puts(v->b, "<h2>");
	html_text(v->b, i18n(key, lang(v)));
	buf_puts(v->b, "</h2>\n");
}

static void put_tag(struct view *v)
{
	buf_puts(v->b, " <span class=\"tag\">");
	html_text(v->b, i18n(TR_SIMULATED, lang(v)));
	buf_puts(v->b, "</span>");
}

/* --- what was judged ------------------------------------------------------------------------------------------ */

static int put_best(void *arg, const struct truth_row *row)
{
	struct view *v = arg;

	v->any = true;
	buf_puts(v->b, "<p class=\"big\">");
	html_status(v->b, truth_status_name[row->status], lang(v));
	if (row->simulated)
		put_tag(v);
	buf_puts(v->b, "</p>\n<p class=\"lead\">");
	html_text(v->b, !strcmp(lang(v), "en") ? row->reason_en : row->reason_vi);
	buf_puts(v->b, "</p>\n");
	if (row->simulated) {
		buf_puts(v->b, "<p class=\"note\">");
		html_text(v->b, i18n(TR_SIMULATED_NOTE, lang(v)));
		buf_puts(v->b, "</p>\n");
	}
	return 0;
}

static void put_number(struct view *v, double value, int decimals, const char *unit)
{
	char text[I18N_NUMBER];

	buf_printf(v->b, "%s%s", i18n_number(text, value, decimals, lang(v)), unit);
}

static void put_operator(struct view *v, const char *plmn)
{
	const char *brand = operators_brand(&v->operators, plmn);

	if (!strcmp(plmn, "*"))
		html_text(v->b, i18n(TR_BEST_OF_ALL, lang(v)));
	else if (brand)
		html_textf(v->b, "%s (%s)", brand, plmn);
	else
		html_text(v->b, plmn);
}

static int put_row(void *arg, const struct truth_row *row)
{
	struct view *v = arg;
	char since[16];

	buf_puts(v->b, "<tr><th scope=\"row\">");
	put_operator(v, row->plmn);
	buf_puts(v->b, "</th><td>");
	html_text(v->b, row->technology);
	buf_puts(v->b, "</td><td>");
	html_status(v->b, truth_status_name[row->status], lang(v));
	buf_puts(v->b, "</td><td class=\"n\">");
	if (row->n) {
		put_number(v, row->share * 100, 1, " % (");
		put_number(v, row->low * 100, 1, "–");
		put_number(v, row->high * 100, 1, ")");
	} else {
		buf_puts(v->b, "–");
	}
	buf_printf(v->b,
		"</td><td class=\"n\">%u</td><td class=\"n\">%u</td><td "
		"class=\"n\">%u</td><td>%c</td><td>%s</td>",
		row->n, row->days, row->probes, row->grade,
		row->since ? store_day_text(row->since, since) : "–");
	buf_puts(v->b, "<td>");
	html_text(v->b, !strcmp(lang(v), "en") ? row->reason_en : row->reason_vi);
	buf_printf(v->b, "</td><td><code>%s</code> <span class=\"note\">%.12s</span></td></tr>\n",
		row->profile, row->profile_hash);
	return 0;
}

static void put_judgements(struct view *v)
{
	const char *l = lang(v);
	char share[64], n[64], days[64], probes[64];
	const char *const columns[] = { i18n(TR_OPERATOR, l), i18n(TR_TECHNOLOGY, l),
		i18n(TR_STATUS, l), share, n, days, probes, i18n(TR_GRADE, l), i18n(TR_SINCE, l),
		i18n(TR_REASON, l), i18n(TR_PROFILE_TITLE, l), NULL };
	const struct truth_query all = { .hamlet = v->hamlet.code };

	snprintf(share, sizeof(share), "#%s", i18n(TR_SHARE_INTERVAL, l));
	snprintf(n, sizeof(n), "#%s", i18n(TR_SAMPLES, l));
	snprintf(days, sizeof(days), "#%s", i18n(TR_DAYS, l));
	snprintf(probes, sizeof(probes), "#%s", i18n(TR_PROBES, l));
	put_heading(v, TR_BY_OPERATOR);
	html_table_begin(v->b, i18n(TR_EVIDENCE, l), columns);
	if (v->h->truth)
		truth_rows(v->h->truth, &all, put_row, v);
	html_table_end(v->b);
}

/* --- the distribution of levels, as bars --------------------------------------------------------------------- */

#define CHART_FROM  (-140)
#define CHART_TO    (-50)
#define CHART_WIDTH 4 /* dB a bar */
#define CHART_BARS  ((CHART_TO - CHART_FROM) / CHART_WIDTH + 1)

struct chart {
	uint32_t bar[CHART_BARS], most, all;
};

static int add_hour(void *arg, const struct truth_hour *hour)
{
	struct chart *c = arg;

	for (unsigned i = 0; i < RSRP_BINS; i++) {
		int at = (rsrp_of(i) - CHART_FROM) / CHART_WIDTH;

		at = at < 0 ? 0 : at >= CHART_BARS ? CHART_BARS - 1 : at;
		c->bar[at] += hour->levels.rsrp[i];
		c->all += hour->levels.rsrp[i];
	}
	return 0;
}

static void put_bars(struct view *v, const struct chart *c)
{
	buf_printf(v->b,
		"<div class=\"chart\"><svg role=\"img\" width=\"%d\" height=\"150\" viewBox=\"0 0 "
		"%d 150\"><title>",
		CHART_BARS * 22 + 20, CHART_BARS * 22 + 20);
	html_text(v->b, i18n(TR_LEVEL_CHART, lang(v)));
	buf_puts(v->b, "</title>");
	for (int i = 0; i < CHART_BARS; i++) {
		int height = (int)(110.0 * c->bar[i] / c->most);
		int level = CHART_FROM + i * CHART_WIDTH;

		buf_printf(v->b,
			"<rect x=\"%d\" y=\"%d\" width=\"19\" height=\"%d\" "
			"fill=\"#0b5394\"><title>%d…%d dBm: %u</title></rect>",
			10 + i * 22, 120 - height, height, level, level + CHART_WIDTH, c->bar[i]);
		if (i % 5 == 0)
			buf_printf(v->b, "<text x=\"%d\" y=\"137\" font-size=\"12\">%d</text>",
				6 + i * 22, level);
	}
	buf_puts(v->b, "</svg></div>\n<p class=\"note\">");
	html_text(v->b, i18n(TR_LEVEL, lang(v)));
	buf_printf(v->b, " · n = %u</p>\n", c->all);
}

static void put_chart(struct view *v)
{
	struct chart c = { 0 };
	int32_t today = store_day_of(clock_wall());

	if (!v->h->truth ||
		truth_hours(v->h->truth, v->hamlet.code, today - CHART_DAYS, today, add_hour, &c) ||
		!c.all)
		return;
	for (int i = 0; i < CHART_BARS; i++)
		if (c.bar[i] > c.most)
			c.most = c.bar[i];
	put_heading(v, TR_LEVEL_CHART);
	put_bars(v, &c);
}

/* --- what it is ---------------------------------------------------------------------------------------------------- */

static int put_probe(void *arg, const struct store_probe *p)
{
	struct view *v = arg;
	char seen[CLOCK_TEXT];

	buf_printf(v->b, "<li><code>%s</code>", p->id);
	if (p->simulated)
		put_tag(v);
	buf_puts(v->b, " · ");
	html_text(v->b, i18n(p->role == ROLE_CLUSTER      ? TR_ROLE_CLUSTER
				: p->role == ROLE_ROAMING ? TR_ROLE_ROAMING
							  : TR_ROLE_REFERENCE,
				lang(v)));
	if (p->cluster[0]) {
		buf_puts(v->b, " ");
		html_text(v->b, p->cluster);
	}
	buf_puts(v->b, " · ");
	html_text(v->b, i18n(TR_LAST_SEEN, lang(v)));
	buf_printf(v->b, " %.16s · ",
		p->last_seen_ns > 0 ? clock_text(p->last_seen_ns, seen) : i18n(TR_NEVER, lang(v)));
	html_textf(v->b, "%s: ", i18n(TR_PROBE_STATE, lang(v)));
	put_last_access(v->b, v->h->store, p, lang(v));
	buf_puts(v->b, "</li>\n");
	v->any = true;
	return 0;
}

static void put_count_fact(struct view *v, enum i18n_key term, int64_t value)
{
	char text[32] = "";

	if (value >= 0)
		snprintf(text, sizeof(text), "%lld", (long long)value);
	html_fact(v->b, i18n(term, lang(v)), text);
}

static void put_reported(struct view *v)
{
	const struct store_hamlet *h = &v->hamlet;
	char day[16], text[400];

	if (!h->reported[0]) {
		html_fact(v->b, i18n(TR_REPORTED, lang(v)), i18n(TR_NOT_REPORTED, lang(v)));
		return;
	}
	snprintf(text, sizeof(text), "%s · %s · %s", i18n_reported(h->reported, lang(v)),
		h->reported_on == INT32_MIN ? "–" : store_day_text(h->reported_on, day),
		h->reported_source);
	html_fact(v->b, i18n(TR_REPORTED, lang(v)), text);
}

static void put_facts(struct view *v)
{
	const struct store_hamlet *h = &v->hamlet;
	const char *power = !strcmp(h->grid_power, "yes")  ? i18n(TR_YES, lang(v))
	                    : !strcmp(h->grid_power, "no") ? i18n(TR_NO, lang(v))
	                                                   : "";
	char text[64] = "";

	buf_puts(v->b, "<dl class=\"facts\">");
	html_fact(v->b, i18n(TR_CODE, lang(v)), h->code);
	if (h->has_point)
		snprintf(text, sizeof(text), "%.5f, %.5f (WGS 84)", h->lat_e7 / 1e7,
			h->lon_e7 / 1e7);
	html_fact(v->b, i18n(TR_POSITION, lang(v)), text);
	put_count_fact(v, TR_PEOPLE, h->population);
	html_fact(v->b, i18n(TR_POPULATION_SOURCE, lang(v)), h->population_source);
	put_count_fact(v, TR_HOUSEHOLDS, h->households);
	html_fact(v->b, i18n(TR_GRID_POWER, lang(v)), power);
	html_fact(v->b, i18n(TR_FORMER_COMMUNE, lang(v)), h->former_commune);
	put_reported(v);
	buf_puts(v->b, "</dl>\n");
}

static void put_crumbs(struct view *v)
{
	struct store_unit province, commune;

	buf_puts(v->b, "<p class=\"crumbs\"><a href=\"/\">");
	html_text(v->b, i18n(TR_NATIONWIDE, lang(v)));
	buf_puts(v->b, "</a>");
	if (!store_unit(v->h->store, UNIT_PROVINCE, v->hamlet.province, STORE_TODAY, &province)) {
		buf_printf(v->b, " › <a href=\"/provinces/%s\">", province.code);
		html_text(v->b, province.full_name);
		buf_puts(v->b, "</a>");
	}
	if (!store_unit(v->h->store, UNIT_COMMUNE, v->hamlet.commune, STORE_TODAY, &commune)) {
		buf_puts(v->b, " › ");
		html_text(v->b, commune.full_name);
	}
	buf_puts(v->b, "</p>\n");
}

static void put_page(struct view *v, struct reply *r)
{
	const struct truth_query best = { .hamlet = v->hamlet.code,
		.plmn = "*",
		.technology = context_technology(v->q->context) };

	operators_load(&v->operators, v->h->store);
	html_begin(v->q, r, v->hamlet.name, "", false);
	put_crumbs(v);
	if (v->h->truth)
		truth_rows(v->h->truth, &best, put_best, v);
	if (!v->any) {
		buf_puts(v->b, "<p class=\"big\">");
		html_status(v->b, "unmeasured", lang(v));
		buf_puts(v->b, "</p>\n<p class=\"lead\">");
		html_text(v->b, i18n(TR_WHY_NEVER, lang(v)));
		buf_puts(v->b, "</p>\n");
	}
	put_facts(v);
	put_judgements(v);
	put_chart(v);
	put_heading(v, TR_DEVICE_HISTORY);
	buf_puts(v->b, "<ul>\n");
	v->any = false;
	store_probes(v->h->store, v->hamlet.code, put_probe, v);
	if (!v->any) {
		buf_puts(v->b, "<li>");
		html_text(v->b, i18n(TR_NONE, lang(v)));
		buf_puts(v->b, "</li>");
	}
	buf_puts(v->b, "</ul>\n");
	html_end(v->q, r, NULL);
}

unsigned page_hamlet(const struct request *q, struct reply *r)
{
	struct view v = { .q = q, .b = &r->body, .h = context_take(q->context) };
	unsigned status = 200;

	if (!v.h)
		return reply_problem(q, r, 503);
	if (store_hamlet(v.h->store, q->part[0], &v.hamlet))
		status = reply_problem(q, r, 404);
	else
		put_page(&v, r);
	context_return(q->context, v.h);
	return status;
}
