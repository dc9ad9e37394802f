/* SPDX-License-Identifier: Apache-2.0 */
/* What servers and routers send to the measurements: Retry-After, TCP_INFO of any kernel, addresses of DNS
 * answers, URLs of a configuration, what portals say, and counts of bytes at any times.  The first byte chooses. */
#include "probes/core/mem.h"
#include "probes/fetch.h"
#include "probes/ipv6_verdict.h"
#include "probes/rate.h"
#include "probes/service_portal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool yes)
{
	if (!yes)
		abort();
}

static void read_url(const uint8_t *bytes, size_t n)
{
	char text[600], host[64];
	unsigned port;
	bool tls;

	n = n < sizeof(text) ? n : sizeof(text) - 1;
	memcpy(text, bytes, n);
	text[n] = 0;
	if (!fetch_url(text, host, sizeof(host), &port, &tls))
		must(strlen(host) > 0 && port <= 65535);
}

/* A Location header, a page, and the page as a pattern for the header: nothing of it may take long. */
static void read_portal(const uint8_t *bytes, size_t n)
{
	char text[2100], host[64], *page;

	n = n < sizeof(text) ? n : sizeof(text) - 1;
	memcpy(text, bytes, n);
	text[n] = 0;
	page = strchr(text, '\n');
	if (page)
		*page++ = 0;
	portal_host(host, sizeof(host), text, page ? page : "");
	must(strlen(host) < sizeof(host) && !strpbrk(host, "/?#"));
	must(portal_matches("*", text) && portal_matches(host, host));
	(void)portal_matches("*a*b*c*d*e*f*g*h*", page ? page : "");
	(void)portal_matches(page ? page : text, text);
}

static void read_addresses(const uint8_t *bytes, size_t n)
{
	int length;

	if (n < 16)
		return;
	length = nat64_prefix_length(bytes);
	must(!length || (length >= 32 && length <= 96));
	must(v6_kind(bytes) <= V6_GLOBAL);
	must(v4_kind(bytes) <= V4_PUBLIC);
}

/* Counts that grow by any steps at any distances, as a clock that is set or a stalled loop would give. */
static void judge(const uint8_t *bytes, size_t n)
{
	static const double bounds[] = { 2.5e6, 5e6, 15e6, 40e6 };
	static struct rate r;
	struct rate_verdict v;
	int64_t at = 0, total = 0, sub[64];

	rate_clear(&r);
	for (size_t i = 0; i + 4 <= n; i += 4) {
		at += (int64_t)(bytes[i] | bytes[i + 1] << 8) * 10000;
		total += (int64_t)(bytes[i + 2] | bytes[i + 3] << 8) * 16;
		rate_add(&r, at, total);
	}
	rate_judge(&r, bounds, COUNT(bounds), n ? bytes[0] * 1000000LL : 0, &v);
	must(isfinite(v.bps) && v.bps >= 0 && v.rate_class <= COUNT(bounds));
	must(v.ramp_ns >= 0 && v.steady_ns >= 0 && v.peak_ns >= 0);
	must(rate_intervals(&r, 100000000, sub, 64) <= 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fetch_tcp tcp;
	int seconds;

	if (!n)
		return 0;
	switch (bytes[0]) {
	case 'R':
		seconds = fetch_retry_after((const char *)bytes + 1, n - 1);
		must(seconds >= -1 && seconds <= 86400);
		break;
	case 'T':
		fetch_tcp_read(&tcp, bytes + 1, n - 1);
		must(tcp.rtt_us >= -1 && tcp.min_rtt_us >= -1);
		break;
	case 'U':
		read_url(bytes + 1, n - 1);
		break;
	case 'P':
		read_portal(bytes + 1, n - 1);
		break;
	case 'A':
		read_addresses(bytes + 1, n - 1);
		break;
	default:
		judge(bytes + 1, n - 1);
	}
	return 0;
}
