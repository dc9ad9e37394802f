/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/kstamp.h"
#include "emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S 1000000000LL

/* One control message as a kernel of this word size writes it. */
static size_t put(uint8_t *at, int level, int type, const void *data, size_t n)
{
	struct cmsghdr head = { CMSG_LEN(n), level, type };

	memset(at, 0, CMSG_SPACE(n));
	memcpy(at, &head, sizeof(head));
	memcpy(at + CMSG_LEN(0), data, n);
	return CMSG_SPACE(n);
}

static struct kstamp_message parse(void *control, size_t n)
{
	struct msghdr m = { .msg_control = control, .msg_controllen = n };
	struct kstamp_message out = { .ttl = -1 };

	kstamp_parse(&m, &out);
	return out;
}

static void times_of_64_and_32_bit_kernels_are_read(void **state)
{
	static const int64_t wide[6] = { 1795466290, 123456789 };
	static const int32_t narrow[6] = { 1795466290, 123456789 };
	static const struct {
		int type;
		const void *data;
		size_t n;
	} cases[] = { { 37, wide, 48 }, { 65, wide, 48 }, { 37, narrow, 24 }, { 35, wide, 16 },
		{ 64, wide, 16 }, { 35, narrow, 8 } };
	uint8_t control[256];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = put(control, SOL_SOCKET, cases[i].type, cases[i].data, cases[i].n);
		struct kstamp_message m = parse(control, n);

		assert_true(m.kernel);
		assert_int_equal(m.at_ns, 1795466290 * S + 123456789);
	}
}

static void a_time_that_is_zero_or_impossible_is_none(void **state)
{
	static const int64_t bad[][6] = { { 0, 0 }, { 0, 5 }, { -1, 0 }, { 1, S }, { 1, -1 },
		{ INT64_MAX, 0 } };
	uint8_t control[256];
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(parse(control, put(control, SOL_SOCKET, 37, bad[i], 48)).kernel);
}

static void a_departure_has_its_number_and_an_icmp_error_its_errno(void **state)
{
	struct sock_extended_err left = { .ee_errno = ENOMSG,
		.ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
		.ee_info = SCM_TSTAMP_SND,
		.ee_data = 4711 };
	struct sock_extended_err queued = { .ee_errno = ENOMSG,
		.ee_origin = SO_EE_ORIGIN_TIMESTAMPING,
		.ee_info = SCM_TSTAMP_SCHED,
		.ee_data = 1 };
	struct sock_extended_err refused = {
		.ee_errno = ECONNREFUSED, .ee_origin = SO_EE_ORIGIN_ICMP, .ee_type = 3, .ee_code = 3
	};
	uint8_t control[256];
	struct kstamp_message m;
	(void)state;

	m = parse(control, put(control, IPPROTO_IPV6, IPV6_RECVERR, &left, sizeof(left)));
	assert_true(m.departure);
	assert_int_equal(m.departure_id, 4711);
	assert_int_equal(m.error, 0);
	m = parse(control, put(control, IPPROTO_IP, IP_RECVERR, &queued, sizeof(queued)));
	assert_false(m.departure);
	m = parse(control, put(control, IPPROTO_IP, IP_RECVERR, &refused, sizeof(refused)));
	assert_int_equal(m.error, ECONNREFUSED);
	assert_false(m.departure);
}

static void several_messages_are_all_read(void **state)
{
	static const int64_t time[6] = { 5, 6 };
	struct in_pktinfo info = { .ipi_ifindex = 3, .ipi_spec_dst = { htonl(0x0a000001) } };
	int ttl = 61;
	uint8_t control[256];
	size_t n = put(control, SOL_SOCKET, 37, time, 48);
	struct kstamp_message m;
	(void)state;

	n += put(control + n, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	n += put(control + n, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	m = parse(control, n);
	assert_int_equal(m.at_ns, 5 * S + 6);
	assert_int_equal(m.ttl, 61);
	assert_int_equal(m.ifindex, 3);
	assert_int_equal(((struct sockaddr_in *)&m.to)->sin_addr.s_addr, htonl(0x0a000001));
}

static void lengths_that_lie_are_not_followed(void **state)
{
	static const int64_t time[6] = { 5, 6 };
	static const size_t lies[] = { 0, 1, 15, 65, 4096, SIZE_MAX, SIZE_MAX - 7 };
	(void)state;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint8_t *control =
			malloc(CMSG_SPACE(48)); /* exact: a sanitizer sees one byte more */
		size_t n = put(control, SOL_SOCKET, 37, time, 48);

		memcpy(control, &lies[i], sizeof(size_t));
		assert_false(parse(control, n).kernel);
		free(control);
	}
	for (size_t cut = 0; cut < CMSG_LEN(48); cut++) {
		uint8_t whole[CMSG_SPACE(48)], *control = malloc(cut + 1);

		put(whole, SOL_SOCKET, 37, time, 48);
		memcpy(control, whole, cut);
		assert_false(parse(control, cut).kernel);
		free(control);
	}
}

static int udp_pair(int family, int *to)
{
	struct sockaddr_storage at = { .ss_family = (sa_family_t)family };
	socklen_t n = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int from = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*to = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (family == AF_INET6)
		((struct sockaddr_in6 *)&at)->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (*to < 0 || bind(*to, (struct sockaddr *)&at, n) ||
		getsockname(*to, (struct sockaddr *)&at, &n) ||
		connect(from, (struct sockaddr *)&at, n)) {
		close(from);
		close(*to);
		return -1;
	}
	return from;
}

static void check_loopback(int family)
{
	struct kstamp_message m;
	char room[8];
	int to, from = udp_pair(family, &to);

	if (from < 0) {
		print_message("no loopback of family %d here\n", family);
		return;
	}
	assert_int_equal(kstamp_arm(from, family, true), KSTAMP_KERNEL);
	kstamp_arm(to, family, false);
	for (uint32_t i = 0; i < 3; i++) {
		struct pollfd p = { from, 0, 0 };
		int64_t left_ns;

		assert_int_equal(kstamp_send(from, "ping", 4, NULL, 0, NULL, 0), 4);
		assert_int_equal(poll(&p, 1, 1000), 1); /* POLLERR, asked for or not */
		assert_int_equal(kstamp_drain(from, &m), 0);
		assert_true(m.departure && m.kernel);
		assert_int_equal(m.departure_id, i);
		left_ns = m.at_ns;
		assert_int_equal(kstamp_receive(to, room, sizeof(room), &m), 4);
		assert_true(m.at_ns >= left_ns && m.at_ns - left_ns < S);
		assert_true(m.ttl > 0);
		assert_int_equal(m.to.ss_family, family);
		assert_int_equal(kstamp_drain(from, &m), -EAGAIN);
	}
	assert_int_equal(kstamp_send(from, "0123456789", 10, NULL, 0, NULL, 0), 10);
	kstamp_receive(to, room, sizeof(room), &m);
	assert_true(m.truncated);
	close(from);
	close(to);
}

static void departures_over_loopback_are_numbered_and_precede_arrivals(void **state)
{
	(void)state;
	SKIP_EMULATED("setsockopt(SO_TIMESTAMPING) is not known: the probe says that it took the "
		      "times itself");
	check_loopback(AF_INET);
	check_loopback(AF_INET6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_64_and_32_bit_kernels_are_read),
		cmocka_unit_test(a_time_that_is_zero_or_impossible_is_none),
		cmocka_unit_test(a_departure_has_its_number_and_an_icmp_error_its_errno),
		cmocka_unit_test(several_messages_are_all_read),
		cmocka_unit_test(lengths_that_lie_are_not_followed),
		cmocka_unit_test(departures_over_loopback_are_numbered_and_precede_arrivals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
