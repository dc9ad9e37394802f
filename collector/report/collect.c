/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what a report is made of; the formats only write it down. */
#include "report.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct collecting {
	struct report *r;
	struct store *store;
	struct truth *truth;
	int err;
};

static void name_operator(const struct report *r, struct report_row *row)
{
	if (!strcmp(row->row.plmn, "*"))
		return;
	snprintf(row->operator, sizeof(row->operator), "%s", row->row.plmn);
	for (size_t i = 0; i < r->panel.count; i++)
		if (r->panel.operator[i].plmn == strtoul(row->row.plmn, NULL, 10))
			snprintf(row->operator, sizeof(row->operator), "%s", r->panel.name[i]);
}

static int take_row(void *arg, const struct truth_row *t)
{
	struct report *r = arg;
	struct report_hamlet *h = &r->hamlet[r->hamlets - 1];
	struct report_row *row;

	h->row = mem_grow(h->row, h->rows + 1, sizeof(*h->row));
	row = &h->row[h->rows++];
	*row = (struct report_row){ .row = *t };
	row->row.reason_vi = row->reason_vi = mem_copy(t->reason_vi);
	row->row.reason_en = row->reason_en = mem_copy(t->reason_en);
	row->row.detail = row->detail = mem_copy(t->detail);
	name_operator(r, row);
	return 0;
}

static void note_population(struct report *r, const struct store_hamlet *h)
{
	if (h->population < 0 || !*h->population_source)
		return;
	for (size_t i = 0; i < r->population_sources; i++)
		if (!strcmp(r->population_source[i], h->population_source))
			return;
	r->population_source =
		mem_grow(r->population_source, r->population_sources + 1, STORE_NAME);
	snprintf(r->population_source[r->population_sources++], STORE_NAME, "%s",
		h->population_source);
}

static int by_plmn(const void *a, const void *b)
{
	return strcmp(
		((const struct report_row *)a)->row.plmn, ((const struct report_row *)b)->row.plmn);
}

static int take_hamlet(void *arg, const struct store_hamlet *h)
{
	struct collecting *c = arg;
	struct report *r = c->r;
	struct report_hamlet *to;
	struct store_unit u;

	if (h->to != INT32_MAX && h->to <= store_day_of(r->as_of_ns - 1))
		return 0;
	r->hamlet = mem_grow(r->hamlet, r->hamlets + 1, sizeof(*r->hamlet));
	to = &r->hamlet[r->hamlets++];
	*to = (struct report_hamlet){ .hamlet = *h };
	if (!store_unit(c->store, UNIT_COMMUNE, h->commune, STORE_TODAY, &u))
		snprintf(to->commune, sizeof(to->commune), "%s", u.full_name);
	else
		snprintf(to->commune, sizeof(to->commune), "%s", h->commune);
	note_population(r, h);
	c->err = truth_judge_at(
		c->truth, c->store, &r->profile, &r->panel, h, r->as_of_ns, take_row, r);
	to = &r->hamlet[r->hamlets - 1];
	if (to->rows)
		qsort(to->row, to->rows, sizeof(*to->row), by_plmn);
	return c->err;
}

static int name_province(struct collecting *c, const char *code, struct why *why)
{
	struct store_unit u;
	int err;

	if (!code || !*code)
		return 0;
	err = store_unit(c->store, UNIT_PROVINCE, code, STORE_TODAY, &u);
	if (err)
		return why_say(why, err, "there is no province %s", code);
	snprintf(c->r->province_code, sizeof(c->r->province_code), "%s", code);
	snprintf(c->r->province, sizeof(c->r->province), "%s", u.full_name);
	snprintf(c->r->province_en, sizeof(c->r->province_en), "%s",
		*u.name_en ? u.name_en : u.full_name);
	return 0;
}

static int open_all(struct collecting *c, const struct report_options *o, struct why *why)
{
	struct boundaries *b = NULL;
	struct buf problems;
	int err;

	buf_init(&problems, 1 << 16);
	err = profile_load(&c->r->profile, o->profile, &problems);
	if (err)
		why_say(why, err, "%.300s", buf_text(&problems));
	buf_done(&problems);
	if (!err)
		err = store_open(&c->store, o->folder, STORE_READ, why);
	if (!err && (err = truth_open(&c->truth, o->folder, why)) == -ENOENT)
		why_say(why, err, "%s: nothing was judged yet", o->folder);
	if (!err && o->boundaries && *o->boundaries)
		err = boundaries_load(&b, o->boundaries, why);
	c->r->boundaries = b;
	return err;
}

static int fill(struct collecting *c, const struct report_options *o, struct why *why)
{
	struct report *r = c->r;
	int32_t last;
	int err = name_province(c, o->province, why);

	if (err)
		return err;
	last = truth_last_day(c->truth);
	r->lang = o->lang && !strcmp(o->lang, "en") ? "en" : "vi";
	r->as_of_ns = o->as_of_ns != UTC_UNKNOWN
	                      ? o->as_of_ns
	                      : (last == INT32_MIN ? 0 : last + 1LL) * STORE_DAY_NS;
	err = truth_panel(&r->panel, c->store, &r->profile);
	if (!err)
		err = store_hamlets(c->store, *r->province_code ? r->province_code : NULL, NULL,
			take_hamlet, c);
	return err ? why_say(why, err, "%s: cannot be read: %s", o->folder, strerror(-err)) : 0;
}

int report_collect(struct report **out, const struct report_options *o, struct why *why)
{
	struct collecting c = { .r = mem_new(sizeof(struct report)) };
	int err = open_all(&c, o, why);

	if (!err)
		err = fill(&c, o, why);
	store_close(c.store);
	truth_close(c.truth);
	if (err)
		report_free(c.r);
	else
		*out = c.r;
	return err;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->hamlets; i++) {
		for (size_t k = 0; k < r->hamlet[i].rows; k++) {
			free(r->hamlet[i].row[k].reason_vi);
			free(r->hamlet[i].row[k].reason_en);
			free(r->hamlet[i].row[k].detail);
		}
		free(r->hamlet[i].row);
	}
	free(r->hamlet);
	free(r->population_source);
	boundaries_free(r->boundaries);
	free(r);
}
