/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/echo.h"
#include "../../probes/latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const struct echo_socket raw4 = { -1, AF_INET, true }, ping4 = { -1, AF_INET, false };
static const struct echo_socket ping6 = { -1, AF_INET6, false };

static void a_request_has_the_bytes_of_rfc_792(void **state)
{
	/* the sum over 0800 0000 1234 0005 0102 0304 0506 0708 is 2a4d, its complement d5b2 */
	static const uint8_t want[] = { 8, 0, 0xd5, 0xb2, 0x12, 0x34, 0, 5, 1, 2, 3, 4, 5, 6, 7,
		8 };
	uint8_t bytes[ECHO_BYTES];
	(void)state;

	echo_put(bytes, sizeof(bytes), AF_INET, &(struct echo){ 0x1234, 5, 0x0102030405060708 });
	assert_memory_equal(bytes, want, sizeof(want));
	echo_put(bytes, sizeof(bytes), AF_INET6, &(struct echo){ 0x1234, 5, 0x0102030405060708 });
	assert_int_equal(bytes[0], 128);
	assert_int_equal(bytes[2] | bytes[3], 0);
}

static void a_reply_is_read_with_and_without_an_ip_header(void **state)
{
	uint8_t bytes[24 + ECHO_BYTES] = { 0x46 },
			   *icmp = bytes + 24; /* with four bytes of options */
	struct echo e;
	(void)state;

	echo_put(icmp, ECHO_BYTES, AF_INET, &(struct echo){ 0x1234, 5, 99 });
	icmp[0] = 0;
	assert_int_equal(echo_get(bytes, sizeof(bytes), &raw4, &e), 0);
	assert_int_equal(e.id, 0x1234);
	assert_int_equal(e.seq, 5);
	assert_int_equal(e.run, 99);
	assert_int_equal(echo_get(icmp, ECHO_BYTES, &ping4, &e), 0);
	icmp[0] = 129;
	assert_int_equal(echo_get(icmp, ECHO_BYTES, &ping6, &e), 0);
	assert_int_equal(echo_get(icmp, ECHO_BYTES, &ping4, &e), -EBADMSG);
}

static void requests_errors_and_short_packets_are_no_replies(void **state)
{
	uint8_t bytes[20 + ECHO_BYTES] = { 0x45 };
	struct echo e;
	(void)state;

	for (size_t n = 0; n < sizeof(bytes); n++)
		assert_int_equal(echo_get(bytes, n, &raw4, &e), -EBADMSG);
	bytes[20] = 8; /* our own request, seen on loopback */
	assert_int_equal(echo_get(bytes, sizeof(bytes), &raw4, &e), -EBADMSG);
	bytes[20] = 0;
	assert_int_equal(echo_get(bytes, sizeof(bytes), &raw4, &e), 0);
	bytes[21] = 1;
	assert_int_equal(echo_get(bytes, sizeof(bytes), &raw4, &e), -EBADMSG);
	bytes[21] = 0;
	bytes[0] = 0x4f; /* a header that reaches behind the packet */
	assert_int_equal(echo_get(bytes, sizeof(bytes), &raw4, &e), -EBADMSG);
	bytes[0] = 0x41;
	assert_int_equal(echo_get(bytes, sizeof(bytes), &raw4, &e), -EBADMSG);
}

static void targets_are_hosts_and_addresses_with_and_without_ports(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
	} good[] = { { "a.example", "a.example", 862 }, { "a.example:99", "a.example", 99 },
		{ "192.0.2.1:65535", "192.0.2.1", 65535 }, { "2001:db8::1", "2001:db8::1", 862 },
		{ "[2001:db8::1]", "2001:db8::1", 862 }, { "[::1]:5", "::1", 5 } };
	static const char *const bad[] = { "", ":5", "a:", "a:0", "a:65536", "a:5x", "[::1",
		"[::1]5", "[]:5", "a-name-that-is-much-too-long-for-the-room" };
	char host[24];
	uint16_t port;
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		port = 862;
		assert_int_equal(latency_target(good[i].text, host, sizeof(host), &port), 0);
		assert_string_equal(host, good[i].host);
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(latency_target(bad[i], host, sizeof(host), &port), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_the_bytes_of_rfc_792),
		cmocka_unit_test(a_reply_is_read_with_and_without_an_ip_header),
		cmocka_unit_test(requests_errors_and_short_packets_are_no_replies),
		cmocka_unit_test(targets_are_hosts_and_addresses_with_and_without_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
