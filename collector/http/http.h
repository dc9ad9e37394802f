/* SPDX-License-Identifier: Apache-2.0 */
/* The pages, the API and the tiles, over HTTP. */
#ifndef COLLECTOR_HTTP_HTTP_H
#define COLLECTOR_HTTP_HTTP_H

#include "../../probes/core/why.h"

struct http;
struct http_context;

struct http_options {
	const char *listen;               /* "127.0.0.1", "::", "0.0.0.0" */
	int port;                         /* 0: any free one, see http_port() */
	unsigned threads;                 /* of the pool; 0: 2 */
	const char *cert_file, *key_file; /* TLS by itself; NULL or "": plain, for behind a proxy */
	struct http_context *context;     /* what the endpoints work on; outlives the server */
};

int http_start(struct http **out, const struct http_options *o, struct why *why) MUST_CHECK;
void http_stop(struct http *h); /* waits for requests under way; NULL is fine */
int http_port(const struct http *h);

#endif
