/* SPDX-License-Identifier: Apache-2.0 */
/* One request as the endpoints see it, and what they answer; the only file that knows
 * libmicrohttpd is server.c. */
#ifndef COLLECTOR_HTTP_REQUEST_H
#define COLLECTOR_HTTP_REQUEST_H

#include "../../probes/core/buf.h"
#include <string.h>
#include <sys/socket.h>

struct http_context; /* what endpoints share: endpoints.h */

#define REQUEST_PARTS 4

struct request {
	struct http_context *context;
	const char *path;
	const char *part
		[REQUEST_PARTS]; /* what the {} of the pattern stand for, in order; NULL after the last */
	const char *lang;        /* "vi" or "en": ?lang=, cookie, Accept-Language, else vi */
	bool chosen;             /* by ?lang= */
	bool gzip;               /* the reader takes gzip */
	void *connection;        /* the server's own */
	const char *body;        /* of a POST, terminated; dies with the request */
	size_t body_len;
	const struct sockaddr *from; /* who asks; behind a proxy that is the proxy */
	bool secure;                 /* over TLS, or from this machine itself */
};

/* Value of a query parameter, decoded; NULL when absent. */
const char *request_query(const struct request *q, const char *name);

struct reply {
	struct buf body;
	bool zipped;          /* the body is gzip */
	const char *type;     /* "text/html; charset=utf-8" when NULL */
	const char *filename; /* offered for saving; NULL: shown */
	unsigned max_age_s;   /* 0: ask again each time (an ETag makes that cheap) */
	unsigned retry_s;     /* of a refusal: try again after, 0 not said */
};

/* Fills in the reply and returns the HTTP status. */
typedef unsigned request_handler(const struct request *q, struct reply *r);

struct endpoint {
	/* "/hamlets/{code}": {code} stands for one part of the path.  "POST /path": only POST, and never cached;
	 * else GET and HEAD. */
	const char *pattern;
	request_handler *handle;
	const char *about;  /* for the list of endpoints and OpenAPI, as the rest */
	const char *type;   /* of the answer; NULL: a page */
	const char *schema; /* of openapi.c, NULL none; "[X]": a list of them */
	const char *query;  /* parameters of openapi.c, with a blank between */
};
extern const struct endpoint endpoints[]; /* endpoints.c; ends with a NULL pattern */

static inline bool endpoint_posts(const struct endpoint *e)
{
	return !strncmp(e->pattern, "POST ", 5);
}

static inline const char *endpoint_path(const struct endpoint *e)
{
	return e->pattern + (endpoint_posts(e) ? 5 : 0);
}

#define GZIP_LEAST 512 /* bytes; less gains nothing */

/* Parses a whole number of a query parameter.  Absent: *out stays.  false: it is no number, or out of range. */
bool request_take(
	const struct request *q, const char *name, int64_t least, int64_t most, int64_t *out);

/* Says what is wrong, in the language of the request: a page, or problem+json where programs ask. */
unsigned reply_problem(const struct request *q, struct reply *r, unsigned status);

#endif
