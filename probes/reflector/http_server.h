/* SPDX-License-Identifier: Apache-2.0 */
/* The far end of the throughput measurement over HTTP and HTTPS, and of LibreSpeed clients.
 *
 *   GET  /down?bytes=N      N incompressible bytes, no more than the limit
 *   GET  /down?seconds=S    as many as go through in S seconds, within the same limits
 *   POST /up                takes a body, answers {"bytes":n}
 *   GET  /ping              204
 *   GET  /garbage.php?ckSize=N  N MiB      GET, POST /empty.php      GET /getIP.php    (also below /backend)
 *   GET  /healthz           200 and what is going on, or 503 when no transfer would be let in
 *
 * A transfer beyond the limits gets 503 with Retry-After.  Its threads are libmicrohttpd's. */
#ifndef REFLECTOR_HTTP_SERVER_H
#define REFLECTOR_HTTP_SERVER_H

#include "../core/why.h"
#include <stdint.h>

struct http_limits {
	int64_t transfer_bytes, transfer_s;  /* of one transfer */
	int64_t transfers, client_transfers; /* at the same time: of all, of one client */
	int64_t client_bytes_hour;           /* of one client in one clock hour, both directions */
	int64_t retry_s;                     /* what a refused client is told */
	int64_t threads;
};

struct http_listen {
	const char *address;              /* "" is any */
	uint16_t port, tls_port;          /* 0: none */
	const char *cert_file, *key_file; /* PEM; needed with tls_port */
};

struct http_server;
/* Binds and reads the key: what may need privileges. */
int http_server_open(struct http_server **out, const struct http_listen *where,
	const struct http_limits *limits, struct why *why) MUST_CHECK;
int http_server_start(struct http_server *s, struct why *why) MUST_CHECK; /* makes the threads */
void http_server_free(struct http_server *s); /* ends transfers in progress; NULL is fine */

#endif
