/* SPDX-License-Identifier: Apache-2.0 */
/* The first step that fails names the verdict, from the address to the full-size packet. */
#include "ipv6_verdict.h"
#include "core/mem.h"
#include <errno.h>
#include <string.h>

/* RFC 8305 5: a client that may choose gives IPv6 250 ms before it turns to IPv4.  Slower than this, and
 * than twice IPv4, IPv6 is not what people get. */
#define SLOW_BY_US 250000

const char *const v4_address_name[] = { "none", "private", "cgnat", "public" };
const char *const v6_address_name[] = { "none", "link_local", "ula", "global" };
const char *const ipv6_verdict_name[IPV6_VERDICTS] = { "none", "ula_only", "no_route", "dns_broken",
	"pmtud_black_hole", "broken", "slow", "works", "v6only_nat64" };

static bool reached(const struct family_evidence *f)
{
	return f->udp == WORKED || f->tcp == WORKED || f->http == WORKED;
}

static bool slower(int64_t v6_us, int64_t v4_us)
{
	return v6_us >= 0 && v4_us >= 0 && v6_us > v4_us + SLOW_BY_US && v6_us > 2 * v4_us;
}

/* What small packets cannot see: routers that drop long ones and say nothing (RFC 4890 4.3.1).  TCP may
 * save itself by a smaller MSS, so one of the two is enough. */
static bool long_packets_vanish(const struct family_evidence *f)
{
	if (f->http == WORKED && f->http_large == FAILED)
		return true;
	return f->http != WORKED && f->udp == WORKED && f->udp_large == FAILED && f->tcp == WORKED;
}

int ipv6_judge(const struct ipv6_evidence *e, enum ipv6_verdict *out)
{
	const struct family_evidence *v4 = &e->v4, *v6 = &e->v6;
	bool only = e->v4_address == V4_NONE || e->clat;

	if (e->v6_address == V6_NONE || e->v6_address == V6_LINK_LOCAL) {
		*out = IPV6_NONE;
	} else if (e->v6_address == V6_ULA && !(v6->http == WORKED && e->v6_target_global)) {
		*out = IPV6_ULA_ONLY; /* with prefix translation it may still reach the world */
	} else if (v6->http == WORKED || (v6->http == UNTRIED && v6->tcp == WORKED)) {
		if (long_packets_vanish(v6))
			*out = IPV6_PMTUD_BLACK_HOLE;
		else if (v6->dns == FAILED)
			*out = IPV6_DNS_BROKEN;
		else if (slower(v6->tcp_us, v4->tcp_us) || slower(v6->http_us, v4->http_us))
			*out = IPV6_SLOW;
		else
			*out = only && e->nat64 ? IPV6_V6ONLY_NAT64 : IPV6_WORKS;
	} else if (v6->route == FAILED) {
		*out = IPV6_NO_ROUTE;
	} else if (v6->dns == FAILED && !v6->dns_empty) {
		*out = IPV6_DNS_BROKEN;
	} else if (v6->dns == FAILED) {
		return -ENODATA; /* the target has no IPv6 at all: its fault, not the line's */
	} else if (!v6->udp && !v6->tcp) {
		return -ENODATA; /* no address of the target to try */
	} else if (long_packets_vanish(v6)) {
		*out = IPV6_PMTUD_BLACK_HOLE;
	} else if (!reached(v6) && !reached(v4) && v4->route == WORKED && v4->dns != FAILED) {
		return -ENODATA;
	} else {
		*out = IPV6_BROKEN;
	}
	return 0;
}

bool v4_is_clat(const uint8_t a[4])
{
	return a[0] == 192 && !a[1] && !a[2] && a[3] < 8;
}

enum v4_address v4_kind(const uint8_t a[4])
{
	if (a[0] == 0 || a[0] == 127 || a[0] >= 224)
		return V4_NONE;
	if (a[0] == 169 && a[1] == 254) /* nobody gave it one (RFC 3927) */
		return V4_NONE;
	if (a[0] == 100 && (a[1] & 0xc0) == 64) /* RFC 6598 */
		return V4_CGNAT;
	if (a[0] == 10 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
		v4_is_clat(a))
		return V4_PRIVATE;
	return V4_PUBLIC;
}

enum v6_address v6_kind(const uint8_t a[16])
{
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return V6_LINK_LOCAL;
	if ((a[0] & 0xfe) == 0xfc) /* RFC 4193 */
		return V6_ULA;
	return (a[0] & 0xe0) == 0x20 ? V6_GLOBAL : V6_NONE; /* 2000::/3 (RFC 4291 2.4) */
}

int nat64_prefix_length(const uint8_t a[16])
{
	static const int lengths[] = { 96, 64, 56, 48, 40, 32 };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		size_t at = (size_t)lengths[i] / 8, n = 0;
		uint8_t v4[4];

		/* byte 8 is skipped: it is zero in all but the longest (RFC 6052 2.2) */
		if (lengths[i] != 96 && a[8])
			continue;
		for (; n < 4; at++)
			if (lengths[i] == 96 || at != 8)
				v4[n++] = a[at];
		if (v4[0] == 192 && !v4[1] && !v4[2] && (v4[3] == 170 || v4[3] == 171))
			return lengths[i];
	}
	return 0;
}
