/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include <netinet/in.h>
#include <string.h>

/* IPv4 as mapped, IPv6 without its last 64 bits: whoever has one of them has them all (RFC 6177 2). */
static void who_is(const struct sockaddr *from, uint8_t out[16])
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memset(out, 0, 16);
	if (from && from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &v4.sin_addr, 4);
	} else if (from && from->sa_family == AF_INET6) {
		memcpy(&v6, from, sizeof(v6));
		memcpy(out, &v6.sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? 16 : 8);
	}
}

static size_t find(const struct limit *l, const uint8_t who[16])
{
	for (size_t i = 0; i < LIMIT_ADDRESSES; i++)
		if (l->entry[i].last_ns && !memcmp(l->entry[i].who, who, 16))
			return i;
	return LIMIT_ADDRESSES;
}

unsigned limit_wait_s(const struct limit *l, const struct sockaddr *from, int64_t now_ns)
{
	uint8_t who[16];
	int64_t left;
	size_t i;

	who_is(from, who);
	i = find(l, who);
	if (i == LIMIT_ADDRESSES || l->entry[i].failures < LIMIT_FAILURES)
		return 0;
	left = l->entry[i].since_ns + LIMIT_WINDOW_NS - now_ns;
	return left > 0 ? (unsigned)(left / 1000000000) + 1 : 0;
}

void limit_failed(struct limit *l, const struct sockaddr *from, int64_t now_ns)
{
	uint8_t who[16];
	size_t i, oldest = 0;

	who_is(from, who);
	i = find(l, who);
	if (i == LIMIT_ADDRESSES) { /* in the place of who has not tried for longest */
		for (i = 0; i < LIMIT_ADDRESSES; i++)
			if (l->entry[i].last_ns < l->entry[oldest].last_ns)
				oldest = i;
		i = oldest;
		memset(&l->entry[i], 0, sizeof(l->entry[i]));
		memcpy(l->entry[i].who, who, 16);
	}
	if (!l->entry[i].failures || now_ns - l->entry[i].since_ns >= LIMIT_WINDOW_NS) {
		l->entry[i].failures = 0;
		l->entry[i].since_ns = now_ns;
	}
	l->entry[i].failures++;
	l->entry[i].last_ns = now_ns;
}
