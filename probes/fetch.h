/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP on the loop: one libcurl multi handle.  libcurl is never given a name to look up (its resolver
 * can block the loop for seconds), never uses a proxy that was not configured, and follows nothing. */
#ifndef PROBES_FETCH_H
#define PROBES_FETCH_H

#include "core/loop.h"
#include <stddef.h>
#include <sys/socket.h>

struct fetch;
struct fetch_job;

int fetch_new(struct fetch **out, struct loop *l) MUST_CHECK;
void fetch_free(
	struct fetch *f); /* cancels what is running; not from inside a callback; NULL is fine */

struct fetch_options {   /* zeroes are good defaults; everything is copied but noise */
	const char *url; /* http:// or https:// */
	const struct sockaddr_storage *
		address; /* of the URL's host (its port is not used); NULL: the host is a literal */
	const char *iface;          /* bound to it; NULL or "": by the routing table */
	const char *method;         /* NULL: GET, or POST when there is something to send */
	const char *const *headers; /* "Name: value", NULL ends; may be NULL */
	const void *body;           /* to send */
	size_t body_len;
	int64_t noise;   /* to send so many random bytes instead */
	size_t keep;     /* bytes of the answer that are kept; the rest is counted and dropped */
	bool unverified; /* accept any certificate */
	const char *ca_file; /* NULL: the system's */
	const char *proxy;   /* NULL: none */
	bool reuse;          /* over a connection that an earlier job with `reuse` left open */
	bool abort_close;    /* what was not sent yet when it ends is thrown away (TCP reset) */
	int64_t timeout_ns;  /* 0: 30 s */
	int64_t connect_ns;  /* 0: 10 s, and never more than timeout_ns */
};

struct fetch_result {
	int err; /* 0: a whole answer came, whatever its status; else -errno: -ECONNREFUSED,
	                      * -ETIMEDOUT, -ENETUNREACH, -ECONNRESET, -EKEYREJECTED (certificate), -EPROTO (TLS) ... */
	const char *problem; /* the same for a person, "" when err is 0 */
	const char *
		certificate; /* -EKEYREJECTED: "name" (of another), "time", "untrusted"; else or not known "" */
	int status;          /* 0: there was no answer */
	const char *version; /* "1.1", "2", or "" */
	const char *body;    /* what was kept, terminated */
	size_t body_len;
	const char *location; /* header of a redirect, or "" */
	int retry_after_s;    /* Retry-After in seconds, -1 none or a date */
	bool tls, connected;  /* connected: TCP was, also if it is not known when */
	/* Phases in us, -1 not reached: TCP connected, then TLS ready, then from the request to the first byte
	 * of its answer, and all together.  connect and tls are 0 when the connection was reused. */
	int64_t connect_us, tls_us, first_byte_us, total_us;
	int64_t down, up;                      /* payload bytes */
	struct sockaddr_storage local, remote; /* ss_family 0 unknown */
};

/* done() is called exactly once, from a later turn of the loop, unless fetch_cancel() comes before; the job is
 * gone when it returns.  -EINVAL: the URL cannot be used, or its host is a name and no address was given. */
int fetch_start(struct fetch_job **out, struct fetch *f, const struct fetch_options *o,
	void (*done)(void *arg, const struct fetch_result *r), void *arg) MUST_CHECK;
void fetch_cancel(struct fetch_job *j); /* done() is not called; NULL is fine */

/* Payload so far.  up is what libcurl took, part of which may still be in the socket's buffer: see
 * fetch_tcp.bytes_acked. */
void fetch_moved(const struct fetch_job *j, int64_t *down, int64_t *up);

/* What the kernel says about the job's connection (TCP_INFO); -1: this kernel does not tell. */
struct fetch_tcp {
	int64_t rtt_us, min_rtt_us, rcv_rtt_us;
	int64_t bytes_sent, bytes_retrans, bytes_acked, bytes_received;
	int64_t segs_out, segs_in;
	int64_t mss, pmtu;
};
int fetch_tcp(const struct fetch_job *j, struct fetch_tcp *out); /* -ENOTCONN when there is none */
/* From the bytes of struct tcp_info, as many as the kernel gave. */
void fetch_tcp_read(struct fetch_tcp *out, const void *bytes, size_t n);

/* Takes a URL apart; -EINVAL when it is not http(s)://host[:port][/path], -EMSGSIZE when the host does not fit. */
int fetch_url(const char *url, char *host, size_t room, unsigned *port, bool *tls);
/* "http://host/" and "/ping" make "http://host/ping": people end addresses with a slash or do not.  Cut to room. */
void fetch_at(char *out, size_t room, const char *base, const char *path);
/* "120" -> 120; -1 when it is anything else (RFC 9110 10.2.3 also allows a date).  At most a day. */
int fetch_retry_after(const char *text, size_t n);

#endif
