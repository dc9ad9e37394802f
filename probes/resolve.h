/* SPDX-License-Identifier: Apache-2.0 */
/* Names to addresses with c-ares on the loop.  Nothing here ever blocks: neither getaddrinfo() nor a
 * thread of a library, because a measurement must go on when the name server is silent. */
#ifndef PROBES_RESOLVE_H
#define PROBES_RESOLVE_H

#include "core/loop.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct resolve;
struct resolve_query;

/* servers: "192.0.2.1,[2001:db8::1]:5353", or NULL for the system's.  -EINVAL when they cannot be read. */
int resolve_new(struct resolve **out, struct loop *l, const char *servers) MUST_CHECK;
void resolve_free(struct resolve *r); /* cancels what is running; NULL is fine */

/* From now on an answer with an address for which refused() is true counts as none: -EPERM.  For targets that
 * others have chosen.  The well-known name of RFC 7050, which nobody connects to, stays as it is. */
void resolve_refuse(struct resolve *r, bool (*refused)(const struct sockaddr *a));

/* family is 4, 6 or 0 for both.  done() is called exactly once, from a later turn of the loop, unless
 * resolve_cancel() comes before; the query is gone when done() returns.  Literal addresses ("::1",
 * "[::1]", "fe80::1%eth0", "192.0.2.1") are answered without DNS.  The ports of addrs are 0; at most 16
 * addresses; they die with the callback.
 *
 * err: 0; -ENOENT no such name, or none of this family; -ETIMEDOUT nobody answered within timeout_ns;
 * -ECONNREFUSED no server listens, or all failed (c-ares before 1.19 says the same of SERVFAIL); -EAGAIN
 * they failed (SERVFAIL); -EACCES they refused; -EPERM an address is not allowed (resolve_refuse()); -EBADMSG the answer cannot be read; -EINVAL that is no name. */
int resolve_start(struct resolve_query **out, struct resolve *r, const char *name, int family,
	int64_t timeout_ns,
	void (*done)(void *arg, int err, const struct sockaddr_storage *addrs, size_t n),
	void *arg) MUST_CHECK;
const char *resolve_text(int err);            /* that error in words */
void resolve_cancel(struct resolve_query *q); /* done() is not called; NULL is fine */

#endif
