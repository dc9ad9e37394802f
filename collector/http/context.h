/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoints work on: read-only handles of the store, one for each request under way, and a
 * picture of all hamlets with their status that is renewed when something changed. */
#ifndef COLLECTOR_HTTP_CONTEXT_H
#define COLLECTOR_HTTP_CONTEXT_H

#include "../ingest/ingest.h"
#include "../store/boundaries.h"
#include "../store/store.h"
#include "../truth/truth.h"
#include "tiles.h"

struct http_context;

struct context_options {
	const char *folder;     /* of the store */
	const char *boundaries; /* folder of the GeoJSON files */
	const char *technology; /* whose status is shown: "4g" */
	const char *
		profile; /* file of the rule profile that reports are judged by; "" none: no reports */
	struct ingest *ingest; /* for /metrics; may be NULL */
};
int context_new(
	struct http_context **out, const struct context_options *o, struct why *why) MUST_CHECK;
void context_free(struct http_context *c);

const struct boundaries *context_boundaries(const struct http_context *c);
const char *context_technology(const struct http_context *c);
const struct context_options *context_options(const struct http_context *c); /* texts only */
struct ingest *context_ingest(const struct http_context *c);

/* Handles for one request; give them back.  NULL: the store cannot be opened (logged). */
struct handles {
	struct store *store;
	struct truth *truth; /* NULL while nothing was judged yet */
	struct handles *next;
};
struct handles *context_take(struct http_context *c);
void context_return(struct http_context *c, struct handles *h); /* NULL is fine */

/* All hamlets, for tiles and lists. */
struct picture_hamlet {
	char code[STORE_CODE], name[STORE_NAME], commune[8], province[8], reported[32];
	const char *status; /* of best-of-all operators */
	char grade;         /* 'A' 'B' 'C', 0 none */
	int64_t since_ns;   /* UTC_UNKNOWN */
	int64_t population;
	bool simulated;
	bool has_point;
	int32_t lat_e7, lon_e7;
};
struct picture {
	struct picture_hamlet *hamlets; /* by code */
	struct tile_hamlet *points;     /* those that have one */
	size_t count, point_count;
};
/* Locked for reading until context_release(); never NULL. */
const struct picture *context_picture(struct http_context *c);
void context_release(struct http_context *c);

#endif
