/* SPDX-License-Identifier: Apache-2.0 */
/* What is not a page and not JSON: embedded files, tiles, reports, metrics. */
#include "endpoints.h"
#include "gzip.h"

#include "../../probes/core/clock.h"
#include "../../probes/core/log.h"

#include <stdlib.h>
#include <string.h>

/* made by packaging/embed.sh */
struct web_file {
	const char *path;
	const unsigned char *data;
	size_t size;
};
extern const struct web_file web_files[];

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".html", "text/html; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(dot, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

/* From the cache, where the reader takes it compressed. */
static bool cached(const struct request *q, struct reply *r, uint64_t edition)
{
	r->zipped = q->gzip && cache_get(context_cache(q->context), q->path, edition, &r->body);
	return r->zipped;
}

static void keep(const struct request *q, struct reply *r, uint64_t edition)
{
	if (!q->gzip || r->body.len < GZIP_LEAST || !gzip(&r->body))
		return;
	r->zipped = true;
	cache_put(context_cache(q->context), q->path, edition, &r->body);
}

unsigned file_static(const struct request *q, struct reply *r)
{
	const char *path = q->path + strlen("/static/");

	for (const struct web_file *f = web_files; f->path; f++) {
		if (strcmp(f->path, path))
			continue;
		r->type = type_of(path);
		r->max_age_s = 300;
		if (!cached(q, r, 0)) {
			buf_put(&r->body, f->data, f->size);
			keep(q, r, 0);
		}
		return 200;
	}
	return reply_problem(q, r, 404);
}

/* --- tiles ------------------------------------------------------------------------------------------------- */

static bool number_of(const char *text, unsigned most, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (unsigned)v;
	return *text >= '0' && *text <= '9' && !*end && v <= most;
}

static int make_tile(const struct request *q, struct reply *r, const struct picture *p,
	struct mvt_tile tile, uint64_t edition)
{
	int err;

	if (cached(q, r, edition))
		return 0;
	if (p)
		err = tile_hamlets(&r->body, p->points, p->point_count, tile);
	else
		err = tile_units(&r->body, context_boundaries(q->context), tile);
	if (!err)
		keep(q, r, edition);
	return err;
}

unsigned file_tile(const struct request *q, struct reply *r)
{
	bool hamlets = !strcmp(q->part[0], "hamlets");
	const struct picture *p = NULL;
	struct mvt_tile tile;
	int err;

	if ((!hamlets && strcmp(q->part[0], "units")) ||
		!number_of(q->part[1], TILE_ZOOM_MOST, &tile.z) ||
		!number_of(q->part[2], (1u << tile.z) - 1, &tile.x) ||
		!number_of(q->part[3], (1u << tile.z) - 1, &tile.y))
		return reply_problem(q, r, 404);
	if (hamlets)
		p = context_picture(q->context);
	err = make_tile(q, r, p, tile, p ? p->edition : 0);
	if (p)
		context_release(q->context, p);
	if (err) {
		log_error("http", "%s: %s", q->path, strerror(-err));
		return reply_problem(q, r, 500);
	}
	r->max_age_s = hamlets ? 0 : 3600;
	r->type = "application/vnd.mapbox-vector-tile";
	return 200; /* an empty tile is a valid one */
}

/* --- metrics ------------------------------------------------------------------------------------------------ */

static void metric(struct buf *b, const char *name, const char *type, const char *help, double v)
{
	buf_printf(b, "# HELP phusong_%s %s\n# TYPE phusong_%s %s\nphusong_%s %.17g\n", name, help,
		name, type, name, v);
}

static void ingest_metrics(struct buf *b, struct ingest *in)
{
	const struct ingest_counters *counters = ingest_counters(in);
	struct ingest_state state;

#define X(counter, help) \
	metric(b, "ingest_" #counter "_total", "counter", help, \
		(double)atomic_load(&counters->counter));
	INGEST_COUNTERS(X)
#undef X
	ingest_state(in, &state);
	metric(b, "ingest_brokers", "gauge", "brokers in the configuration", (double)state.brokers);
	metric(b, "ingest_brokers_connected", "gauge", "brokers connected now",
		(double)state.connected);
	metric(b, "ingest_queue_messages", "gauge", "messages waiting for the writer",
		(double)state.queued);
	metric(b, "ingest_queue_bytes", "gauge", "bytes waiting for the writer",
		(double)state.queued_bytes);
}

static void status_metrics(struct buf *b, struct http_context *c)
{
	const struct picture *p = context_picture(c);

	buf_puts(b, "# HELP phusong_hamlets hamlets by status, best of all operators\n# TYPE "
		    "phusong_hamlets gauge\n");
	for (size_t i = 0; i < STATUSES; i++)
		buf_printf(b, "phusong_hamlets{status=\"%s\"} %zu\n", page_statuses[i],
			p->all.by_status[i]);
	context_release(c, p);
}

static int count_suspects(void *arg, const char *reason, uint64_t now, uint64_t ever)
{
	buf_printf(
		arg, "phusong_quarantine{reason=\"%s\"} %llu\n", reason, (unsigned long long)now);
	(void)ever;
	return 0;
}

unsigned file_metrics(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);

	if (context_ingest(q->context))
		ingest_metrics(&r->body, context_ingest(q->context));
	status_metrics(&r->body, q->context);
	if (h) {
		buf_puts(&r->body, "# HELP phusong_quarantine items kept in the quarantine\n# TYPE "
				   "phusong_quarantine gauge\n");
		store_suspect_counts(h->store, count_suspects, &r->body);
		context_return(q->context, h);
	}
	metric(&r->body, "store_readable", "gauge", "1 while the store can be read", h ? 1 : 0);
	r->type = "text/plain; version=0.0.4; charset=utf-8";
	return 200;
}

unsigned file_healthz(const struct request *q, struct reply *r)
{
	struct handles *h = context_take(q->context);

	buf_puts(&r->body, h ? "ok\n" : "the store cannot be read\n");
	context_return(q->context, h);
	r->type = "text/plain; charset=utf-8";
	return h ? 200 : 503;
}
