/* SPDX-License-Identifier: Apache-2.0 */
/* From what was tried to what it means: the verdict on IPv6.  A pure function, so that each verdict can
 * be explained and tested by a table. */
#ifndef PROBES_IPV6_VERDICT_H
#define PROBES_IPV6_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum v4_address { V4_NONE, V4_PRIVATE, V4_CGNAT, V4_PUBLIC };
enum v6_address { V6_NONE, V6_LINK_LOCAL, V6_ULA, V6_GLOBAL };
extern const char *const v4_address_name[], *const v6_address_name[];

enum tried { UNTRIED, FAILED, WORKED };

struct family_evidence {
	enum tried
		route; /* there is a way to the target, or to the internet if its address is unknown */
	enum tried
		dns; /* the target's name has an address of this family; UNTRIED: it is a literal of it */
	bool dns_empty;          /* the name server answered: there is none */
	enum tried udp;          /* a small STAMP packet came back */
	enum tried udp_large;    /* one as long as the interface allows */
	enum tried tcp, http;    /* connected; a small answer came */
	enum tried http_large;   /* an answer of many full packets came */
	int64_t tcp_us, http_us; /* -1 unknown */
};

struct ipv6_evidence {
	enum v4_address v4_address;
	enum v6_address v6_address;
	bool v6_target_global; /* the target's address is a global one: reaching it says something */
	struct family_evidence v4, v6;
	bool nat64; /* a prefix was found (RFC 7050) */
	bool clat;  /* IPv4 here is made from IPv6 (192.0.0.0/29, RFC 7335) */
};

enum ipv6_verdict {
	IPV6_NONE,
	IPV6_ULA_ONLY,
	IPV6_NO_ROUTE,
	IPV6_DNS_BROKEN,
	IPV6_PMTUD_BLACK_HOLE,
	IPV6_BROKEN,
	IPV6_SLOW,
	IPV6_WORKS,
	IPV6_V6ONLY_NAT64,
	IPV6_VERDICTS
};
extern const char *const ipv6_verdict_name[IPV6_VERDICTS];

/* -ENODATA: the far end itself does not answer over either family, so that nothing can be said of IPv6. */
int ipv6_judge(const struct ipv6_evidence *e, enum ipv6_verdict *out);

/* 192.0.0.0/29 CLAT (RFC 7335) and other kinds of addresses, from 4 or 16 bytes in network order. */
enum v4_address v4_kind(const uint8_t a[4]);
enum v6_address v6_kind(const uint8_t a[16]);
bool v4_is_clat(const uint8_t a[4]);

/* The NAT64 prefix length (RFC 6052 2.2) with which this AAAA of ipv4only.arpa holds 192.0.0.170 or .171
 * (RFC 7050 3); 0 when it holds neither. */
int nat64_prefix_length(const uint8_t a[16]);

#endif
