/* SPDX-License-Identifier: Apache-2.0 */
/* The IANA special-purpose address registries (RFC 6890, as of 2024) as tables: the blocks that are not
 * "globally reachable", and those that are no unicast. */
#include "address.h"
#include "mem.h"
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct block4 {
	uint32_t net;
	uint8_t bits;
};

static const struct block4 blocks4[] = {
	{ 0x00000000, 8 },  /* this network: RFC 791 3.2 */
	{ 0x0a000000, 8 },  /* private: RFC 1918 */
	{ 0x64400000, 10 }, /* shared, CGNAT: RFC 6598 */
	{ 0x7f000000, 8 },  /* loopback: RFC 1122 3.2.1.3 */
	{ 0xa9fe0000, 16 }, /* link-local: RFC 3927 */
	{ 0xac100000, 12 }, /* private: RFC 1918 */
	{ 0xc0000000, 24 }, /* IETF protocols, DS-Lite: RFC 6890 2.1, RFC 6333 */
	{ 0xc0000200, 24 }, /* documentation: RFC 5737 */
	{ 0xc0586300, 24 }, /* 6to4 relays, deprecated: RFC 7526 */
	{ 0xc0a80000, 16 }, /* private: RFC 1918 */
	{ 0xc6120000, 15 }, /* benchmarking: RFC 2544 */
	{ 0xc6336400, 24 }, /* documentation: RFC 5737 */
	{ 0xcb007100, 24 }, /* documentation: RFC 5737 */
	{ 0xe0000000, 3 },  /* multicast (RFC 5771), reserved (RFC 1112 4), broadcast (RFC 919 7) */
};

struct block6 {
	uint8_t net[6];
	uint8_t bits; /* at most 48 */
};

/* Inside 2000::/3; all outside of it is special, but for the two forms that hold an IPv4 address. */
static const struct block6 blocks6[] = {
	{ { 0x20, 0x01, 0x00, 0x00 },
		23 }, /* IETF protocols, Teredo, benchmarking, ORCHID: RFC 2928 */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation: RFC 3849 */
	{ { 0x20, 0x02 }, 16 },             /* 6to4: RFC 3056, deprecated with its relays */
	{ { 0x3f, 0xff, 0x00 }, 20 },       /* documentation: RFC 9637 */
};

static bool special4(uint32_t a)
{
	for (size_t i = 0; i < COUNT(blocks4); i++)
		if ((a ^ blocks4[i].net) >> (32 - blocks4[i].bits) == 0)
			return true;
	return false;
}

static bool within(const uint8_t a[16], const struct block6 *b)
{
	unsigned whole = b->bits / 8, rest = b->bits % 8;

	return !memcmp(a, b->net, whole) &&
	       (!rest || (a[whole] ^ b->net[whole]) >> (8 - rest) == 0);
}

static uint32_t inner4(const uint8_t a[16])
{
	return (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15];
}

static bool special6(const uint8_t a[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }; /* RFC 4291 2.5.5.2 */
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };    /* RFC 6052 2.1 */

	if (!memcmp(a, mapped, sizeof(mapped)) || !memcmp(a, nat64, sizeof(nat64)))
		return special4(inner4(a));
	if (a[0] >> 5 != 1) /* 2000::/3 is what is given out as global unicast: RFC 4291 2.4 */
		return true;
	for (size_t i = 0; i < COUNT(blocks6); i++)
		if (within(a, &blocks6[i]))
			return true;
	return false;
}

bool address_is_special(const struct sockaddr *a)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (a && a->sa_family == AF_INET) {
		memcpy(&v4, a, sizeof(v4));
		return special4(ntohl(v4.sin_addr.s_addr));
	}
	if (a && a->sa_family == AF_INET6) {
		memcpy(&v6, a, sizeof(v6));
		return special6(v6.sin6_addr.s6_addr);
	}
	return true;
}
