/* SPDX-License-Identifier: Apache-2.0 */
/* The far end of STAMP: stateful (RFC 8762 4.3), both address families, on the loop.  Answers with as
 * many bytes as it was asked with, never more, and not at all to what is malformed or too much. */
#ifndef REFLECTOR_STAMP_H
#define REFLECTOR_STAMP_H

#include "../core/loop.h"
#include "../stamp.h"

struct stamp_limits {
	int64_t sessions, session_s; /* remembered at most, and for how long unused */
	int64_t per_source_pps, overall_pps;
	struct stamp_key key; /* len 0: unauthenticated */
};

struct stamp_counts {
	uint64_t answered, malformed, limited, unsent, evicted;
};

struct stamp_reflector;
/* Opens UDP sockets on port for IPv4 and IPv6 (one of the two may be missing on this machine), at
 * address ("" is any). */
int stamp_reflector_new(struct stamp_reflector **out, struct loop *l, const char *address,
	uint16_t port, const struct stamp_limits *limits, struct why *why) MUST_CHECK;
void stamp_reflector_free(struct stamp_reflector *r);
struct stamp_counts stamp_reflector_counts(const struct stamp_reflector *r);

/* One packet, without a socket: turns the request in bytes into the reply, or says with false that there is
 * none.  For the reflector itself, tests and the fuzzer. */
struct kstamp_message;
bool stamp_reflector_answer(struct stamp_reflector *r, uint8_t *bytes, size_t n,
	const struct kstamp_message *m, int64_t now_ns);
/* A reflector with neither loop nor sockets. */
struct stamp_reflector *stamp_reflector_bare(const struct stamp_limits *limits);

#endif
