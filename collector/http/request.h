/* SPDX-License-Identifier: Apache-2.0 */
/* One request as the endpoints see it, and what they answer; the only file that knows
 * libmicrohttpd is server.c. */
#ifndef COLLECTOR_HTTP_REQUEST_H
#define COLLECTOR_HTTP_REQUEST_H

#include "../../probes/core/buf.h"

struct http_context; /* what endpoints share: endpoints.h */

#define REQUEST_PARTS 4

struct request {
	struct http_context *context;
	const char *path;
	const char *part
		[REQUEST_PARTS]; /* what the {} of the pattern stand for, in order; NULL after the last */
	const char *lang;        /* "vi" or "en": ?lang=, cookie, Accept-Language, else vi */
	void *connection;        /* the server's own */
};

/* Value of a query parameter, decoded; NULL when absent. */
const char *request_query(const struct request *q, const char *name);
/* A whole number in a query parameter, within least..most, else `unless`. */
int64_t request_number(
	const struct request *q, const char *name, int64_t least, int64_t most, int64_t unless);

struct reply {
	struct buf body;
	const char *type;     /* "text/html; charset=utf-8" when NULL */
	const char *filename; /* offered for saving; NULL: shown */
	unsigned max_age_s;   /* 0: ask again each time (an ETag makes that cheap) */
};

/* Fills in the reply and returns the HTTP status. */
typedef unsigned request_handler(const struct request *q, struct reply *r);

struct endpoint {
	const char *pattern; /* "/hamlets/{}": {} stands for one part of the path */
	request_handler *handle;
	const char *about; /* for the list of endpoints and OpenAPI */
};
extern const struct endpoint endpoints[]; /* endpoints.c; ends with a NULL pattern */

/* A plain page that says what is wrong, in the language of the request. */
unsigned reply_problem(const struct request *q, struct reply *r, unsigned status);

#endif
