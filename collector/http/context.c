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
#include <time.h>

#define LOOK_NS     NS_PER_S   /* how often it is looked whether the picture still holds */
#define CACHE_BYTES (6u << 20) /* of compressed tiles and files */

struct http_context {
	struct context_options options; /* copies */
	struct boundaries *boundaries;
	struct ingest *ingest;
	struct enroller *enroller;
	struct cache *cache;
	pthread_mutex_t report; /* held while one is made */
	pthread_mutex_t lock;   /* of what follows */
	struct handles *idle;
	struct complaint complaint;
	struct picture *picture;
	uint64_t editions;
	bool ending;
	pthread_cond_t wake;

	/* of the thread that renews the picture */
	pthread_t thread;
	bool running;
	struct handles *own;
	int64_t seen_registry, seen_statuses;
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

static void complain(struct http_context *c, const char *what, const char *why)
{
	pthread_mutex_lock(&c->lock);
	log_complain(&c->complaint, clock_mono(), "http", "%s%s", what, why);
	pthread_mutex_unlock(&c->lock);
}

static struct handles *handles_open(struct http_context *c)
{
	struct handles *h = mem_new(sizeof(*h));
	struct why why = { { 0 } };

	if (store_open(&h->store, c->options.folder, STORE_READ, &why)) {
		complain(c, "", why.text);
		free(h);
		return NULL;
	}
	return h;
}

/* Looks for what did not exist yet when they were opened. */
static void handles_complete(struct http_context *c, struct handles *h)
{
	if (!h->truth && truth_open(&h->truth, c->options.folder, NULL))
		h->truth = NULL; /* nothing was judged yet */
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
	if (h)
		handles_complete(c, h);
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

/* What the picture shows changed, or may have: read on the handles that are kept for this alone. */
static bool changed(struct http_context *c, struct handles *h)
{
	int64_t registry = store_audit_last(h->store),
		statuses = h->truth ? truth_version(h->truth) : -1;
	bool yes = registry != c->seen_registry || statuses != c->seen_statuses;

	c->seen_registry = registry;
	c->seen_statuses = statuses;
	return yes;
}

static void picture_set(struct http_context *c, struct picture *fresh)
{
	struct picture *old;

	pthread_mutex_lock(&c->lock);
	old = c->picture;
	fresh->users = 1;
	fresh->edition = ++c->editions;
	c->picture = fresh;
	if (old && --old->users)
		old = NULL; /* its last reader frees it */
	pthread_mutex_unlock(&c->lock);
	picture_free(old);
}

/* The handles of the thread that renews: what they saw last is compared, so they are not shared. */
static void renew(struct http_context *c)
{
	struct picture *fresh;
	int err;

	if (!c->own)
		c->own = handles_open(c);
	if (!c->own)
		return; /* the old picture still tells what was known */
	handles_complete(c, c->own);
	if (!changed(c, c->own) && c->picture)
		return;
	err = picture_make(&fresh, c->own->store, c->own->truth, c->options.technology);
	if (err) {
		c->seen_registry = -1; /* once more at the next look */
		complain(c, "hamlets cannot be read: ", store_problem(c->own->store));
		return;
	}
	picture_set(c, fresh);
}

static bool wait_ns(struct http_context *c, int64_t ns)
{
	struct timespec until;
	bool ending;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ns / NS_PER_S;
	until.tv_nsec += ns % NS_PER_S;
	if (until.tv_nsec >= NS_PER_S) {
		until.tv_nsec -= NS_PER_S;
		until.tv_sec++;
	}
	pthread_mutex_lock(&c->lock);
	while (!c->ending && pthread_cond_timedwait(&c->wake, &c->lock, &until) != ETIMEDOUT)
		;
	ending = c->ending;
	pthread_mutex_unlock(&c->lock);
	return ending;
}

static void *renewing(void *arg)
{
	struct http_context *c = arg;
	int64_t pause = LOOK_NS;

	while (!wait_ns(c, pause)) {
		int64_t began = clock_mono();

		renew(c);
		/* with very many hamlets that change all the time: at most a tenth of a core */
		pause = 10 * (clock_mono() - began);
		pause = pause < LOOK_NS ? LOOK_NS : pause;
	}
	return NULL;
}

const struct picture *context_picture(struct http_context *c)
{
	struct picture *p;

	pthread_mutex_lock(&c->lock);
	p = c->picture;
	p->users++;
	pthread_mutex_unlock(&c->lock);
	return p;
}

void context_release(struct http_context *c, const struct picture *p)
{
	struct picture *mine = (struct picture *)p;
	bool last;

	pthread_mutex_lock(&c->lock);
	last = --mine->users == 0;
	pthread_mutex_unlock(&c->lock);
	if (last)
		picture_free(mine);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

static void begin(struct http_context *c, const struct context_options *o)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->report, NULL);
	c->options = (struct context_options){ .folder = mem_copy(o->folder),
		.boundaries = mem_copy(o->boundaries),
		.technology = mem_copy(o->technology),
		.profile = mem_copy(o->profile ? o->profile : "") };
	c->ingest = o->ingest;
	c->enroller = o->enroller;
	c->cache = cache_new(CACHE_BYTES);
	c->seen_registry = c->seen_statuses = -1;
}

int context_new(struct http_context **out, const struct context_options *o, struct why *why)
{
	struct http_context *c = mem_new(sizeof(*c));
	int err;

	begin(c, o);
	err = boundaries_load(&c->boundaries, o->boundaries, why);
	if (!err) {
		renew(c);
		if (!c->picture)
			err = why_say(why, -EIO, "%s: the hamlets cannot be read", o->folder);
	}
	if (!err) {
		err = -pthread_create(&c->thread, NULL, renewing, c);
		c->running = !err;
	}
	if (err) {
		context_free(c);
		return err;
	}
	*out = c;
	return 0;
}

void context_free(struct http_context *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	if (c->running)
		pthread_join(c->thread, NULL);
	for (struct handles *h = c->idle, *next; h; h = next) {
		next = h->next;
		handles_free(h);
	}
	handles_free(c->own);
	boundaries_free(c->boundaries);
	picture_free(c->picture);
	cache_free(c->cache);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->report);
	pthread_mutex_destroy(&c->lock);
	free((char *)c->options.folder);
	free((char *)c->options.boundaries);
	free((char *)c->options.technology);
	free((char *)c->options.profile);
	free(c);
}

struct cache *context_cache(struct http_context *c)
{
	return c->cache;
}

bool context_report_begin(struct http_context *c)
{
	return !pthread_mutex_trylock(&c->report);
}

void context_report_end(struct http_context *c)
{
	pthread_mutex_unlock(&c->report);
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

struct enroller *context_enroller(const struct http_context *c)
{
	return c->enroller;
}
