/* SPDX-License-Identifier: Apache-2.0 */
/* The reports of `phusong-collector report`, made while one waits.  One at a time: a report reads much, and the map
 * must go on answering. */
#include "endpoints.h"

#include "../../probes/core/clock.h"
#include "../../probes/core/log.h"
#include "../report/report.h"

#include <errno.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define MAKING_AGE_S 60 /* a report may be this old in a cache */
#define RETRY_S      5

static const struct format {
	const char *name, *type;
	void (*make)(struct buf *out, const struct report *r);
} formats[] = {
	{ "html", NULL, report_html },
	{ "csv", "text/csv; charset=utf-8", report_csv },
	{ "geojson", "application/geo+json", report_geojson },
};

static const struct format *format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

static int make(const struct request *q, struct reply *r, const struct format *f,
	const char *province, struct why *why)
{
	const struct context_options *c = context_options(q->context);
	const struct report_options o = { .folder = c->folder,
		.boundaries = c->boundaries,
		.profile = c->profile,
		.province = province,
		.lang = q->lang,
		.as_of_ns = UTC_UNKNOWN };
	struct report *report = NULL;
	int err;

	err = report_collect(&report, &o, why);
	if (!err)
		f->make(&r->body, report);
	report_free(report);
	return err;
}

static bool known_province(const struct request *q, const char *code)
{
	struct handles *h = context_take(q->context);
	struct store_unit unit;
	bool known = h && !store_unit(h->store, UNIT_PROVINCE, code, STORE_TODAY, &unit);

	context_return(q->context, h);
	return known;
}

unsigned report_file(const struct request *q, struct reply *r)
{
	const struct format *f = format_named(q->part[1]);
	const char *province = strcmp(q->part[0], "all") ? q->part[0] : "";
	struct why why = { { 0 } };
	int err;

	if (!f || !*context_options(q->context)->profile ||
		(*province && !known_province(q, province)))
		return reply_problem(q, r, 404);
	/* whoever waited here would hold a thread that others need for the map */
	if (!context_report_begin(q->context)) {
		r->retry_s = RETRY_S;
		return reply_problem(q, r, 503);
	}
	buf_init(&r->body, REPORT_BYTES_MAX); /* nothing is in it yet */
	err = make(q, r, f, province, &why);
#ifdef __GLIBC__
	malloc_trim(0); /* a report of the country takes hundreds of megabytes for some seconds */
#endif
	context_report_end(q->context);
	if (err) {
		log_error("http", "%s: %s", q->path, why.text);
		return reply_problem(q, r, 500);
	}
	r->type = f->type;
	r->filename = f->type ? strrchr(q->path, '/') + 1 : NULL;
	r->max_age_s = MAKING_AGE_S;
	return 200;
}
