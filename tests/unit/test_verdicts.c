/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts on IPv6 and on services, by tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../probes/core/mem.h"
#include "../../probes/ipv6_verdict.h"
#include "../../probes/service_portal.h"
#include "../../probes/service_verdict.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define GOOD4 \
	.v4 = { .route = WORKED, \
		.dns = WORKED, \
		.udp = WORKED, \
		.tcp = WORKED, \
		.http = WORKED, \
		.tcp_us = 30000, \
		.http_us = 60000 }
#define GLOBAL .v4_address = V4_PUBLIC, .v6_address = V6_GLOBAL, .v6_target_global = true
#define HTTP_WORKS(d, u, ul, hl) \
	.route = WORKED, .dns = (d), .udp = (u), .udp_large = (ul), .tcp = WORKED, .http = WORKED, \
	.http_large = (hl)
#define ALL_WORKS HTTP_WORKS(WORKED, WORKED, WORKED, WORKED)
#define NO_TIMES  .tcp_us = -1, .http_us = -1
#define NOTHING   (-1)

static const struct {
	const char *what;
	struct ipv6_evidence e;
	int want; /* a verdict, or NOTHING can be said */
} ipv6_cases[] = {
	{ "no address", { .v4_address = V4_PUBLIC, .v6_address = V6_NONE, GOOD4 }, IPV6_NONE },
	{ "link-local only", { .v4_address = V4_PUBLIC, .v6_address = V6_LINK_LOCAL, GOOD4 },
		IPV6_NONE },
	{ "ULA only",
		{ .v4_address = V4_PUBLIC,
			.v6_address = V6_ULA,
			GOOD4,
			.v6 = { .route = FAILED, NO_TIMES } },
		IPV6_ULA_ONLY },
	{ "ULA that reaches a ULA",
		{ .v6_address = V6_ULA, GOOD4, .v6 = { ALL_WORKS, .tcp_us = 1, .http_us = 2 } },
		IPV6_ULA_ONLY },
	{ "ULA translated to the world",
		{ .v6_address = V6_ULA,
			.v4_address = V4_PUBLIC,
			.v6_target_global = true,
			GOOD4,
			.v6 = { ALL_WORKS, .tcp_us = 30000, .http_us = 60000 } },
		IPV6_WORKS },
	{ "no route", { GLOBAL, GOOD4, .v6 = { .route = FAILED, .dns = WORKED, NO_TIMES } },
		IPV6_NO_ROUTE },
	{ "name server silent",
		{ GLOBAL, GOOD4, .v6 = { .route = WORKED, .dns = FAILED, NO_TIMES } },
		IPV6_DNS_BROKEN },
	{ "name server hides AAAA",
		{ GLOBAL, GOOD4,
			.v6 = { HTTP_WORKS(FAILED, WORKED, WORKED, WORKED), .dns_empty = true,
				.tcp_us = 1, .http_us = 2 } },
		IPV6_DNS_BROKEN },
	{ "the target has no AAAA",
		{ GLOBAL, GOOD4,
			.v6 = { .route = WORKED, .dns = FAILED, .dns_empty = true, NO_TIMES } },
		NOTHING },
	{ "no address to try", { GLOBAL, GOOD4, .v6 = { .route = WORKED, NO_TIMES } }, NOTHING },
	{ "large answers vanish",
		{ GLOBAL, GOOD4,
			.v6 = { HTTP_WORKS(WORKED, WORKED, WORKED, FAILED), .tcp_us = 30000,
				.http_us = 60000 } },
		IPV6_PMTUD_BLACK_HOLE },
	{ "TCP saves itself",
		{ GLOBAL, GOOD4,
			.v6 = { HTTP_WORKS(WORKED, WORKED, FAILED, WORKED), .tcp_us = 30000,
				.http_us = 60000 } },
		IPV6_WORKS },
	{ "even the small answer vanishes",
		{ GLOBAL, GOOD4,
			.v6 = { .route = WORKED,
				.dns = WORKED,
				.udp = WORKED,
				.udp_large = FAILED,
				.tcp = WORKED,
				.http = FAILED,
				.tcp_us = 30000,
				.http_us = -1 } },
		IPV6_PMTUD_BLACK_HOLE },
	{ "UDP only",
		{ GLOBAL, GOOD4,
			.v6 = { .route = WORKED,
				.dns = WORKED,
				.udp = WORKED,
				.udp_large = WORKED,
				.tcp = FAILED,
				NO_TIMES } },
		IPV6_BROKEN },
	{ "nothing comes back",
		{ GLOBAL, GOOD4,
			.v6 = { .route = WORKED,
				.dns = WORKED,
				.udp = FAILED,
				.tcp = FAILED,
				NO_TIMES } },
		IPV6_BROKEN },
	{ "the server is down",
		{ GLOBAL,
			.v4 = { .route = WORKED,
				.dns = WORKED,
				.udp = FAILED,
				.tcp = FAILED,
				NO_TIMES },
			.v6 = { .route = WORKED,
				.dns = WORKED,
				.udp = FAILED,
				.tcp = FAILED,
				NO_TIMES } },
		NOTHING },
	{ "only IPv6 and it is broken",
		{ .v6_address = V6_GLOBAL,
			.v6_target_global = true,
			.v4 = { .route = FAILED, NO_TIMES },
			.v6 = { .route = WORKED,
				.dns = WORKED,
				.udp = FAILED,
				.tcp = FAILED,
				NO_TIMES } },
		IPV6_BROKEN },
	{ "slow to connect",
		{ GLOBAL, GOOD4, .v6 = { ALL_WORKS, .tcp_us = 300000, .http_us = 330000 } },
		IPV6_SLOW },
	{ "a little slower",
		{ GLOBAL, GOOD4, .v6 = { ALL_WORKS, .tcp_us = 70000, .http_us = 140000 } },
		IPV6_WORKS },
	{ "both are slow",
		{ GLOBAL, .v4 = { ALL_WORKS, .tcp_us = 600000, .http_us = 1200000 },
			.v6 = { ALL_WORKS, .tcp_us = 900000, .http_us = 1800000 } },
		IPV6_WORKS },
	{ "works", { GLOBAL, GOOD4, .v6 = { ALL_WORKS, .tcp_us = 30000, .http_us = 60000 } },
		IPV6_WORKS },
	{ "UDP blocked",
		{ GLOBAL, GOOD4,
			.v6 = { HTTP_WORKS(WORKED, FAILED, UNTRIED, WORKED), .tcp_us = 30000,
				.http_us = 60000 } },
		IPV6_WORKS },
	{ "no IPv4, NAT64",
		{ .v6_address = V6_GLOBAL,
			.v6_target_global = true,
			.nat64 = true,
			.v4 = { .route = FAILED, NO_TIMES },
			.v6 = { ALL_WORKS, .tcp_us = 1, .http_us = 2 } },
		IPV6_V6ONLY_NAT64 },
	{ "464XLAT",
		{ .v4_address = V4_PRIVATE,
			.clat = true,
			.v6_address = V6_GLOBAL,
			.v6_target_global = true,
			.nat64 = true,
			GOOD4,
			.v6 = { ALL_WORKS, .tcp_us = 30000, .http_us = 60000 } },
		IPV6_V6ONLY_NAT64 },
	{ "dual stack beside a NAT64",
		{ GLOBAL, .nat64 = true, GOOD4,
			.v6 = { ALL_WORKS, .tcp_us = 30000, .http_us = 60000 } },
		IPV6_WORKS },
};

static void each_evidence_has_its_ipv6_verdict(void **state)
{
	bool seen[IPV6_VERDICTS] = { false };

	(void)state;
	for (size_t i = 0; i < COUNT(ipv6_cases); i++) {
		enum ipv6_verdict v = IPV6_VERDICTS;
		int err = ipv6_judge(&ipv6_cases[i].e, &v), got = err ? NOTHING : (int)v;

		if (got != ipv6_cases[i].want)
			fail_msg("%s: %s", ipv6_cases[i].what,
				err ? "nothing" : ipv6_verdict_name[v]);
		if (!err)
			seen[v] = true;
	}
	for (size_t i = 0; i < IPV6_VERDICTS; i++)
		assert_true(seen[i]);
}

static void addresses_are_of_their_kind(void **state)
{
	static const struct {
		const char *text;
		int want;
	} four[] = { { "10.1.2.3", V4_PRIVATE }, { "172.31.0.1", V4_PRIVATE },
		{ "172.32.0.1", V4_PUBLIC }, { "192.168.1.1", V4_PRIVATE },
		{ "100.64.0.1", V4_CGNAT }, { "100.127.255.1", V4_CGNAT },
		{ "100.128.0.1", V4_PUBLIC }, { "169.254.9.9", V4_NONE }, { "127.0.0.1", V4_NONE },
		{ "224.0.0.1", V4_NONE }, { "192.0.0.4", V4_PRIVATE },
		{ "113.160.1.1", V4_PUBLIC } };
	static const struct {
		const char *text;
		int want;
	} six[] = { { "fe80::1", V6_LINK_LOCAL }, { "febf::1", V6_LINK_LOCAL },
		{ "fd00::1", V6_ULA }, { "fc00::1", V6_ULA }, { "2001:ee0::1", V6_GLOBAL },
		{ "3fff::1", V6_GLOBAL }, { "::1", V6_NONE }, { "ff02::1", V6_NONE },
		{ "64:ff9b::1", V6_NONE } };
	uint8_t a[16];

	(void)state;
	for (size_t i = 0; i < COUNT(four); i++) {
		assert_int_equal(inet_pton(AF_INET, four[i].text, a), 1);
		assert_int_equal(v4_kind(a), four[i].want);
		assert_int_equal(v4_is_clat(a), !strcmp(four[i].text, "192.0.0.4"));
	}
	for (size_t i = 0; i < COUNT(six); i++) {
		assert_int_equal(inet_pton(AF_INET6, six[i].text, a), 1);
		assert_int_equal(v6_kind(a), six[i].want);
	}
}

/* RFC 6052 2.4 with 192.0.0.170 in the place of its example. */
static void a_nat64_prefix_is_found_at_each_length(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = { { "64:ff9b::c000:aa", 96 }, { "64:ff9b::c000:ab", 96 },
		{ "2001:db8:c000:aa::", 32 }, { "2001:db8:1c0:0:aa::", 40 },
		{ "2001:db8:122:c000:0:aa00::", 48 }, { "2001:db8:122:3c0:0:aa::", 56 },
		{ "2001:db8:122:344:c0:0:aa00:0", 64 }, { "2001:db8::1", 0 },
		{ "64:ff9b::c000:ac", 0 } };
	uint8_t a[16];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(inet_pton(AF_INET6, cases[i].text, a), 1);
		if (nat64_prefix_length(a) != cases[i].want)
			fail_msg("%s: %d", cases[i].text, nat64_prefix_length(a));
	}
}

static const struct {
	const char *what;
	struct service_evidence e;
	enum service_verdict want;
} service_cases[] = {
	{ "as expected", { .connected = true, .status = 204, .expect = 204 }, SERVICE_OK },
	{ "any good status", { .connected = true, .status = 301 }, SERVICE_OK },
	{ "a page in the place of 204", { .connected = true, .status = 200, .expect = 204 },
		SERVICE_CAPTIVE_PORTAL },
	{ "a redirect in the place of 204", { .connected = true, .status = 302, .expect = 204 },
		SERVICE_CAPTIVE_PORTAL },
	{ "511 says so", { .connected = true, .status = 511 }, SERVICE_CAPTIVE_PORTAL },
	{ "over TLS it is no portal",
		{ .connected = true, .tls = true, .status = 200, .expect = 204 }, SERVICE_SERVICE },
	{ "an error of the server", { .connected = true, .status = 503, .expect = 204 },
		SERVICE_SERVICE },
	{ "not found", { .connected = true, .status = 404 }, SERVICE_SERVICE },
	{ "a wrong certificate", { .err = -EKEYREJECTED, .connected = true, .tls = true },
		SERVICE_CERTIFICATE },
	{ "no name server", { .dns_err = -ETIMEDOUT }, SERVICE_NETWORK },
	{ "no such name", { .dns_err = -ENOENT }, SERVICE_SERVICE },
	{ "no name server, and an address answers",
		{ .dns_err = -ETIMEDOUT, .control = true, .control_ok = true }, SERVICE_NETWORK },
	{ "no name server for this name, another name is found",
		{ .dns_err = -EAGAIN, .control = true, .control_ok = true, .control_named = true },
		SERVICE_SERVICE },
	{ "no such name, and an address answers",
		{ .dns_err = -ENOENT, .control = true, .control_ok = true }, SERVICE_SERVICE },
	{ "no route", { .err = -ENETUNREACH }, SERVICE_NETWORK },
	{ "no answer to SYN", { .err = -ETIMEDOUT }, SERVICE_NETWORK },
	{ "no answer to SYN, others answer",
		{ .err = -ETIMEDOUT, .control = true, .control_ok = true }, SERVICE_SERVICE },
	{ "refused, and nothing else answers", { .err = -ECONNREFUSED, .control = true },
		SERVICE_NETWORK },
	{ "refused", { .err = -ECONNREFUSED }, SERVICE_SERVICE },
	{ "connected, then silence", { .err = -ETIMEDOUT, .connected = true }, SERVICE_SERVICE },
};

static void each_evidence_has_its_service_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(service_cases); i++) {
		enum service_verdict v = service_judge(&service_cases[i].e);

		if (v != service_cases[i].want)
			fail_msg("%s: %s", service_cases[i].what, service_verdict_name[v]);
	}
}

static void hosts_match_patterns_as_people_write_them(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "*.topup.test", "www.topup.test", true },
		{ "*.topup.test", "WWW.TopUp.test", true },
		{ "*.topup.test", "topup.test", false },
		{ "*topup.test", "topup.test", true },
		{ "*.topup.test", "www.topup.test.evil.example", false },
		{ "topup.test", "topup.test", true },
		{ "topup.?est", "topup.best", true },
		{ "topup.?est", "topup.est", false },
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "**", "a", true },
		{ "a*b*c", "a-b-b-c", true },
		{ "a*b*c", "a-c-b", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (portal_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
}

static void a_portal_s_host_is_found_and_nothing_more_of_it(void **state)
{
	static const char *const cases[][3] = {
		{ "http://login.test/x?msisdn=84912345678", "", "login.test" },
		{ "https://login.test:8443/", "", "login.test" },
		{ "http://84912345678.login.test:80/", "", "XXXXXXXXXXX.login.test" },
		{ "http://10.255.255.254/", "", "10.255.255.254" },
		{ "http://[2001:db8::1]/", "", "[2001:db8::1]" },
		{ "/login", "", "" },
		{ "javascript:alert(1)", "", "" },
		{ "", "<meta http-equiv=refresh content=0;url=http://a.test/b>", "a.test" },
		{ "", "<META CONTENT=\"0; URL='https://a.test/?q'\" HTTP-EQUIV=\"REFRESH\">",
			"a.test" },
		{ "",
			"<meta charset=utf-8><meta http-equiv=refresh "
			"content=\"1;url=http://a.test\">",
			"a.test" },
		{ "", "<meta name=x content=\"url=http://a.test\">", "" },
		{ "", "<meta http-equiv=refresh content=\"1;url=/here\">", "" },
		{ "", "<a href=http://topup.test/>", "" },
		{ "", "<meta", "" },
	};
	char host[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		portal_host(host, sizeof(host), cases[i][0], cases[i][1]);
		assert_string_equal(host, cases[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_match_patterns_as_people_write_them),
		cmocka_unit_test(a_portal_s_host_is_found_and_nothing_more_of_it),
		cmocka_unit_test(each_evidence_has_its_ipv6_verdict),
		cmocka_unit_test(addresses_are_of_their_kind),
		cmocka_unit_test(a_nat64_prefix_is_found_at_each_length),
		cmocka_unit_test(each_evidence_has_its_service_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
