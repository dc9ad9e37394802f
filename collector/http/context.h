/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoints work on: read-only handles of the store, one for each request under way, and a
 * picture of all hamlets with their status that a thread renews when something changed. */
#ifndef COLLECTOR_HTTP_CONTEXT_H
#define COLLECTOR_HTTP_CONTEXT_H

#include "../ingest/ingest.h"
#include "../store/boundaries.h"
#include "../store/store.h"
#include "../truth/truth.h"
#include "cache.h"
#include "picture.h"

struct http_context;
struct enroller;

struct context_options {
	const char *folder;     /* of the store */
	const char *boundaries; /* folder of the GeoJSON files */
	const char *technology; /* whose status is shown: "4g" */
	const char *
		profile; /* file of the rule profile that reports are judged by; "" none: no reports */
	struct ingest *ingest;     /* for /metrics; may be NULL */
	struct enroller *enroller; /* NULL: no enrolment here */
};
int context_new(
	struct http_context **out, const struct context_options *o, struct why *why) MUST_CHECK;
void context_free(struct http_context *c);

const struct boundaries *context_boundaries(const struct http_context *c);
const char *context_technology(const struct http_context *c);
const struct context_options *context_options(const struct http_context *c); /* texts only */
struct ingest *context_ingest(const struct http_context *c);
struct enroller *context_enroller(const struct http_context *c);

/* Handles for one request; give them back.  NULL: the store cannot be opened (logged). */
struct handles {
	struct store *store;
	struct truth *truth; /* NULL while nothing was judged yet */
	struct handles *next;
};
struct handles *context_take(struct http_context *c);
void context_return(struct http_context *c, struct handles *h); /* NULL is fine */

struct cache *context_cache(struct http_context *c);

/* A report reads much and the map must go on answering: one is made at a time.  false: another is. */
bool context_report_begin(struct http_context *c) MUST_CHECK;
void context_report_end(struct http_context *c);

/* The newest picture; it stays as it is until it is given back. */
const struct picture *context_picture(struct http_context *c);
void context_release(struct http_context *c, const struct picture *p);

#endif
