/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of eight seats; within a row the least recently used goes. */
#include "seats.h"
#include "../core/clock.h"
#include "../core/mem.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define ROW 8

struct seat {
	uint8_t key[SEAT_KEY];
	bool taken;
	int64_t used_ns;
	_Alignas(max_align_t) uint8_t value[];
};

void seats_init(struct seats *s, size_t count, size_t value_bytes, int64_t expire_ns)
{
	*s = (struct seats){ .rows = count / ROW + 1, .expire_ns = expire_ns };
	s->seat_bytes = sizeof(struct seat) + (value_bytes + 15) / 16 * 16;
	s->bytes = mem_new(s->rows * ROW * s->seat_bytes);
	if (getrandom(&s->secret, sizeof(s->secret), GRND_NONBLOCK) != sizeof(s->secret))
		s->secret = (uint64_t)clock_mono();
}

void seats_done(struct seats *s)
{
	free(s->bytes);
	*s = (struct seats){ 0 };
}

static uint64_t mix(uint64_t v)
{
	/* the finalizer of SplitMix64: each bit of the input moves half of the output's */
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ULL;
	v = (v ^ v >> 27) * 0x94d049bb133111ebULL;
	return v ^ v >> 31;
}

static size_t row_of(const struct seats *s, const uint8_t *key)
{
	uint64_t h = s->secret, word = 0;

	for (size_t i = 0; i < SEAT_KEY; i += 4) {
		memcpy(&word, key + i, 4);
		h = mix(h ^ word) + s->secret;
	}
	return (size_t)(h % s->rows);
}

void *seats_take(struct seats *s, const uint8_t key[SEAT_KEY], int64_t now_ns)
{
	uint8_t *row = s->bytes + row_of(s, key) * ROW * s->seat_bytes;
	struct seat *worst = NULL;

	for (size_t i = 0; i < ROW; i++) {
		struct seat *seat = (struct seat *)(void *)(row + i * s->seat_bytes);

		if (seat->taken && now_ns - seat->used_ns > s->expire_ns)
			seat->taken = false;
		if (seat->taken && !memcmp(seat->key, key, SEAT_KEY)) {
			seat->used_ns = now_ns;
			return seat->value;
		}
		if (!worst || (worst->taken && (!seat->taken || seat->used_ns < worst->used_ns)))
			worst = seat;
	}
	s->evicted += worst->taken;
	memset(worst, 0, s->seat_bytes);
	memcpy(worst->key, key, SEAT_KEY);
	worst->taken = true;
	worst->used_ns = now_ns;
	return worst->value;
}

void seats_client(uint8_t key[SEAT_KEY], const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	memset(key, 0, SEAT_KEY);
	if (from->ss_family == AF_INET) {
		key[0] = 4;
		memcpy(key + 1, &four->sin_addr, 4);
	} else if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		key[0] = 4;
		memcpy(key + 1, six->sin6_addr.s6_addr + 12, 4);
	} else if (from->ss_family == AF_INET6) {
		key[0] = 6;
		memcpy(key + 1, &six->sin6_addr, 8);
	}
}

bool allowance_take(struct allowance *a, int64_t now_ns, int64_t per_second, int64_t burst)
{
	int64_t one = NS_PER_S / per_second, most = one * burst;

	if (!a->used) {
		a->used = true;
		a->tokens_ns = most;
	} else {
		a->tokens_ns += now_ns - a->at_ns;
		if (a->tokens_ns > most)
			a->tokens_ns = most;
	}
	a->at_ns = now_ns;
	if (a->tokens_ns < one)
		return false;
	a->tokens_ns -= one;
	return true;
}
