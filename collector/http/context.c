/* SPDX-License-Identifier: Apache-2.0 */
/* Handles of the databases belong to one thread at a time, so requests borrow them from a stack; what every
 * tile and list needs is kept in one picture, so that a tile is made from memory. */
#include "context.h"

#include "../../probes/core/clock.h"
#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE_AGE_NS \
	(2 * NS_PER_S) /* how old a picture may be before it is looked whether it still holds */

struct http_context {
	struct context_options options; /* copies */
	struct boundaries *boundaries;
	struct ingest *ingest;
	pthread_mutex_t lock; /* of idle and complaint */
	struct handles *idle;
	struct complaint complaint;
	pthread_rwlock_t picture_lock;
	pthread_mutex_t renew; /* one thread renews */
	struct picture picture;
	_Atomic int64_t checked_ns; /* clock_mono() */
};

/* --- handles -------------------------------------------------------------------------------------------------- */

static void handles_free(struct handles *h)
{
	if (!h)
		return;
	truth_close(h->truth);
	store_close(h->store);
	free(h);
}

static struct handles *handles_open(struct http_context *c)
{
	struct handles *h = mem_new(sizeof(*h));
	struct why why = { { 0 } };

	if (store_open(&h->store, c->options.folder, STORE_READ, &why)) {
		pthread_mutex_lock(&c->lock);
		log_complain(&c->complaint, clock_mono(), "http", "%s", why.text);
		pthread_mutex_unlock(&c->lock);
		free(h);
		return NULL;
	}
	return h;
}

struct handles *context_take(struct http_context *c)
{
	struct handles *h;

	pthread_mutex_lock(&c->lock);
	h = c->idle;
	if (h)
		c->idle = h->next;
	pthread_mutex_unlock(&c->lock);
	if (!h)
		h = handles_open(c);
	if (h && !h->truth && truth_open(&h->truth, c->options.folder, NULL))
		h->truth = NULL; /* nothing was judged yet */
	return h;
}

void context_return(struct http_context *c, struct handles *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&c->lock);
	h->next = c->idle;
	c->idle = h;
	pthread_mutex_unlock(&c->lock);
}

/* --- the picture ---------------------------------------------------------------------------------------------- */

static void picture_done(struct picture *p)
{
	free(p->hamlets);
	free(p->points);
	*p = (struct picture){ 0 };
}

static int add_hamlet(void *arg, const struct store_hamlet *h)
{
	struct picture *p = arg;
	struct picture_hamlet *to;

	if ((p->count & (p->count - 1)) == 0) /* doubles */
		p->hamlets = mem_grow(p->hamlets, p->count ? 2 * p->count : 1, sizeof(*p->hamlets));
	to = &p->hamlets[p->count++];
	*to = (struct picture_hamlet){ .status = "unmeasured",
		.since_ns = UTC_UNKNOWN,
		.population = h->population,
		.has_point = h->has_point,
		.lat_e7 = h->lat_e7,
		.lon_e7 = h->lon_e7 };
	snprintf(to->code, sizeof(to->code), "%s", h->code);
	snprintf(to->name, sizeof(to->name), "%s", h->name);
	snprintf(to->commune, sizeof(to->commune), "%.7s", h->commune);
	snprintf(to->province, sizeof(to->province), "%.7s", h->province);
	snprintf(to->reported, sizeof(to->reported), "%s", h->reported);
	return 0;
}

static int by_code(const void *a, const void *b)
{
	return strcmp(
		((const struct picture_hamlet *)a)->code, ((const struct picture_hamlet *)b)->code);
}

static int add_status(void *arg, const struct truth_row *row)
{
	struct picture *p = arg;
	struct picture_hamlet key, *h;

	memcpy(key.code, row->hamlet, sizeof(key.code));
	h = p->count ? bsearch(&key, p->hamlets, p->count, sizeof(*h), by_code) : NULL;
	if (!h)
		return 0;
	h->status = truth_status_name[row->status];
	h->grade = row->grade == '-' ? 0 : row->grade;
	h->since_ns = row->since ? (int64_t)row->since * STORE_DAY_NS : UTC_UNKNOWN;
	h->simulated = row->simulated;
	return 0;
}

/* How much it concerns a reader: what is drawn when several fall together. */
static unsigned rank_of(const char *status)
{
	static const char *const order[] = { "no_signal", "partial", "unstable", "weak", "silent",
		"unmeasured", "covered" };

	for (unsigned i = 0; i < COUNT(order); i++)
		if (!strcmp(order[i], status))
			return i;
	return COUNT(order);
}

static void add_points(struct picture *p)
{
	p->points = mem_grow(NULL, p->count, sizeof(*p->points));
	for (size_t i = 0; i < p->count; i++) {
		const struct picture_hamlet *h = &p->hamlets[i];

		if (h->has_point)
			p->points[p->point_count++] = (struct tile_hamlet){ .code = h->code,
				.name = h->name,
				.status = h->status,
				.rank = rank_of(h->status),
				.simulated = h->simulated,
				.at = mvt_project(h->lat_e7 / 1e7, h->lon_e7 / 1e7) };
	}
}

static void picture_make(struct picture *p, struct http_context *c, struct handles *h)
{
	const struct truth_query best = { .plmn = "*", .technology = c->options.technology };

	if (store_hamlets(h->store, NULL, NULL, add_hamlet, p))
		log_error("http", "hamlets cannot be read: %s", store_problem(h->store));
	if (p->count)
		qsort(p->hamlets, p->count, sizeof(*p->hamlets), by_code);
	if (h->truth)
		truth_rows(h->truth, &best, add_status, p);
	add_points(p);
}

static void picture_renew(struct http_context *c)
{
	struct handles *h = context_take(c);
	struct picture fresh = { 0 };

	if (!h)
		return; /* the old one still tells what was known */
	picture_make(&fresh, c, h);
	context_return(c, h);
	pthread_rwlock_wrlock(&c->picture_lock);
	picture_done(&c->picture);
	c->picture = fresh;
	pthread_rwlock_unlock(&c->picture_lock);
}

const struct picture *context_picture(struct http_context *c)
{
	if (clock_mono() - c->checked_ns > PICTURE_AGE_NS && !pthread_mutex_trylock(&c->renew)) {
		picture_renew(c);
		c->checked_ns = clock_mono();
		pthread_mutex_unlock(&c->renew);
	}
	pthread_rwlock_rdlock(&c->picture_lock);
	return &c->picture;
}

void context_release(struct http_context *c)
{
	pthread_rwlock_unlock(&c->picture_lock);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

int context_new(struct http_context **out, const struct context_options *o, struct why *why)
{
	struct http_context *c = mem_new(sizeof(*c));
	int err;

	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->renew, NULL);
	pthread_rwlock_init(&c->picture_lock, NULL);
	c->options = (struct context_options){ .folder = mem_copy(o->folder),
		.boundaries = mem_copy(o->boundaries),
		.technology = mem_copy(o->technology),
		.profile = mem_copy(o->profile ? o->profile : "") };
	c->ingest = o->ingest;
	c->checked_ns = -PICTURE_AGE_NS;
	err = boundaries_load(&c->boundaries, o->boundaries, why);
	if (err) {
		context_free(c);
		return err;
	}
	picture_renew(c);
	*out = c;
	return 0;
}

void context_free(struct http_context *c)
{
	if (!c)
		return;
	for (struct handles *h = c->idle, *next; h; h = next) {
		next = h->next;
		handles_free(h);
	}
	boundaries_free(c->boundaries);
	picture_done(&c->picture);
	pthread_rwlock_destroy(&c->picture_lock);
	pthread_mutex_destroy(&c->renew);
	pthread_mutex_destroy(&c->lock);
	free((char *)c->options.folder);
	free((char *)c->options.boundaries);
	free((char *)c->options.technology);
	free((char *)c->options.profile);
	free(c);
}

const struct boundaries *context_boundaries(const struct http_context *c)
{
	return c->boundaries;
}

const char *context_technology(const struct http_context *c)
{
	return c->options.technology;
}

const struct context_options *context_options(const struct http_context *c)
{
	return &c->options;
}

struct ingest *context_ingest(const struct http_context *c)
{
	return c->ingest;
}
