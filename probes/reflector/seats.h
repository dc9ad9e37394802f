/* SPDX-License-Identifier: Apache-2.0 */
/* A table with a fixed number of seats: what a stranger sends never makes it grow.  A newcomer takes
 * a free seat of its row, or that of whoever was silent longest there. */
#ifndef REFLECTOR_SEATS_H
#define REFLECTOR_SEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAT_KEY 20 /* an address, a port, a session: unused bytes are zero */

struct seats {
	uint8_t *bytes;
	size_t rows, seat_bytes;
	int64_t expire_ns;
	uint64_t secret; /* so that nobody can choose who shares a row */
	uint64_t evicted;
};

/* For about `count` keys with value_bytes (zeroed at first) each; those unused for expire_ns are new again. */
void seats_init(struct seats *s, size_t count, size_t value_bytes, int64_t expire_ns);
void seats_done(struct seats *s);

/* The value of key, taking a seat if needed; never NULL.  Valid until the next call. */
void *seats_take(struct seats *s, const uint8_t key[SEAT_KEY], int64_t now_ns);

struct sockaddr_storage;
/* Who is at the other end: an IPv4 address (mapped ones, too) whole, of an IPv6 address the /64, which is
 * one subscriber.  Zero-fills the key. */
void seats_client(uint8_t key[SEAT_KEY], const struct sockaddr_storage *from);

/* A bucket of tokens, full at first, for rates: true when one more is allowed now. */
struct allowance {
	int64_t tokens_ns, at_ns; /* tokens are kept as the time they took to come */
	bool used;
};
bool allowance_take(struct allowance *a, int64_t now_ns, int64_t per_second, int64_t burst);

#endif
