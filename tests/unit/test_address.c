/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that an order may not send a probe to: the edges of every block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/core/address.h"
#include "probes/core/mem.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

static bool special(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_is_special((struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return address_is_special((struct sockaddr *)&v6);
}

static void all(const char *const *list, size_t n, bool want)
{
	for (size_t i = 0; i < n; i++)
		if (special(list[i]) != want)
			fail_msg("%s is %sspecial", list[i], want ? "not " : "");
}

static void every_special_ipv4_block_is_known_to_its_edges(void **state)
{
	static const char *const in[] = { "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255",
		"100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.1",
		"169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.170",
		"192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
		"198.19.255.255", "198.51.100.7", "203.0.113.255", "224.0.0.1", "239.255.255.255",
		"240.0.0.1", "255.255.255.255" };
	static const char *const out[] = { "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
		"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255",
		"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
		"203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8", "203.162.4.190" };

	(void)state;
	all(in, COUNT(in), true);
	all(out, COUNT(out), false);
}

static void every_special_ipv6_block_is_known_to_its_edges(void **state)
{
	static const char *const in[] = { "::", "::1", "100::1", "64:ff9b:1::1", "2001::1",
		"2001:1ff:ffff::", "2001:2::1", "2001:db8::1", "2001:db8:ffff::1", "2002::1",
		"2002:808:808::1", "3fff::1", "3fff:fff::1", "5f00::1", "fc00::1", "fdff::1",
		"fe80::1", "febf::1", "fec0::1", "ff02::1", "ffff::1", "4000::1", "::8.8.8.8" };
	static const char *const out[] = { "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1",
		"2400:cb00::1", "2001:ee0::1", "3ffe:ffff::1", "3fff:1000::1", "2a00:1450::1" };

	(void)state;
	all(in, COUNT(in), true);
	all(out, COUNT(out), false);
}

static void an_ipv4_address_inside_of_an_ipv6_one_is_judged_by_itself(void **state)
{
	static const char *const in[] = { "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:0.0.0.0",
		"64:ff9b::192.168.1.1", "64:ff9b::7f00:1", "64:ff9b::100.64.0.1" };
	static const char *const out[] = { "::ffff:8.8.8.8", "64:ff9b::8.8.8.8" };

	(void)state;
	all(in, COUNT(in), true);
	all(out, COUNT(out), false);
}

static void what_is_no_internet_address_is_special(void **state)
{
	struct sockaddr other = { .sa_family = AF_UNIX };

	(void)state;
	assert_true(address_is_special(&other));
	assert_true(address_is_special(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_special_ipv4_block_is_known_to_its_edges),
		cmocka_unit_test(every_special_ipv6_block_is_known_to_its_edges),
		cmocka_unit_test(an_ipv4_address_inside_of_an_ipv6_one_is_judged_by_itself),
		cmocka_unit_test(what_is_no_internet_address_is_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
