/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#define T1 1795466290123456789LL /* 2026-11-23T20:38:10 */

static const struct stamp_key key = { 6, "secret" };

static void an_unauthenticated_request_has_the_bytes_of_the_rfc(void **state)
{
	/* RFC 8762 figure 2 with the SSID of RFC 8972: T1 is 1795466290 s and 0.123456789 s since 1970 */
	static const uint8_t want[16] = { 0x01, 0x02, 0x03, 0x04, 0xee, 0xaf, 0x22, 0xb2, 0x1f,
		0x9a, 0xdd, 0x37, 0x80 | 0x05, 0x87, 0xbe, 0xef };
	struct stamp_request r = { 0x01020304, T1, { true, STAMP_NTP, 1 }, 0xbeef };
	uint8_t bytes[STAMP_BYTES];
	(void)state;

	assert_int_equal(stamp_put_request(bytes, sizeof(bytes), &r, NULL), 0);
	assert_memory_equal(bytes, want, 12);
	assert_memory_equal(bytes + 14, want + 14, 2);
	for (size_t i = 16; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
}

static void a_request_comes_back_as_it_was(void **state)
{
	struct stamp_request in = { 7, T1, { true, STAMP_PTP, 25 }, 9 }, out;
	uint8_t bytes[STAMP_AUTH_BYTES + 30];
	(void)state;

	assert_int_equal(stamp_put_request(bytes, STAMP_BYTES, &in, NULL), 0);
	assert_int_equal(stamp_get_request(bytes, STAMP_BYTES, &out, NULL), 0);
	assert_int_equal(out.seq, 7);
	assert_int_equal(out.sent_ns, T1);
	assert_int_equal(out.ssid, 9);
	assert_true(out.error.synced);
	assert_int_equal(out.error.format, STAMP_PTP);
	assert_in_range(out.error.error_us, 25, 26);
	assert_int_equal(stamp_put_request(bytes, sizeof(bytes), &in, &key), 0);
	assert_int_equal(stamp_get_request(bytes, sizeof(bytes), &out, &key), 0);
	assert_int_equal(out.sent_ns, T1);
}

static void reflect_and_compare(size_t n, const struct stamp_key *k)
{
	struct stamp_request in = { 41, T1, { true, STAMP_NTP, 100 }, 0x1234 };
	struct stamp_reply r = { .seq = 17,
		.sent_ns = T1 + 900,
		.received_ns = T1 + 500,
		.ttl = 61,
		.error = { false, STAMP_NTP, 2000000 } },
			   out;
	uint8_t bytes[256];

	assert_int_equal(stamp_put_request(bytes, n, &in, k), 0);
	stamp_reflect(bytes, n, &r, k);
	assert_int_equal(stamp_get_reply(bytes, n, &out, k), 0);
	assert_int_equal(out.seq, 17);
	assert_int_equal(out.request_seq, 41);
	assert_int_equal(out.ssid, 0x1234);
	assert_int_equal(out.ttl, 61);
	assert_in_range(out.sent_ns, T1 + 899, T1 + 901);
	assert_in_range(out.received_ns, T1 + 499, T1 + 501);
	assert_in_range(out.request_sent_ns, T1 - 1, T1 + 1);
	assert_true(out.request_error.synced);
	assert_false(out.error.synced);
	assert_in_range(out.error.error_us, 2000000, 2020000);
}

static void a_reply_carries_all_four_times_and_both_numbers(void **state)
{
	(void)state;
	reflect_and_compare(STAMP_BYTES, NULL);
	reflect_and_compare(STAMP_BYTES + 100, NULL);
	reflect_and_compare(STAMP_AUTH_BYTES, &key);
	reflect_and_compare(STAMP_AUTH_BYTES + 4, &key);
}

static void one_changed_bit_is_rejected_when_authenticated(void **state)
{
	struct stamp_request in = { 1, T1, { true, STAMP_NTP, 1 }, 1 }, out;
	uint8_t bytes[STAMP_AUTH_BYTES];
	(void)state;

	assert_int_equal(stamp_put_request(bytes, sizeof(bytes), &in, &key), 0);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 1;
		assert_int_equal(
			stamp_get_request(bytes, sizeof(bytes), &out, &key), -EKEYREJECTED);
		bytes[i] ^= 1;
	}
	assert_int_equal(stamp_get_request(bytes, sizeof(bytes), &out, &key), 0);
}

static void short_packets_and_impossible_lengths_are_refused(void **state)
{
	struct stamp_request r = { 1, T1, { true, STAMP_NTP, 1 }, 1 };
	struct stamp_reply reply;
	uint8_t bytes[STAMP_BYTES_MAX + 1] = { 0 };
	(void)state;

	for (size_t n = 0; n < STAMP_BYTES; n++) {
		assert_int_equal(stamp_get_request(bytes, n, &r, NULL), -EMSGSIZE);
		assert_int_equal(stamp_get_reply(bytes, n, &reply, NULL), -EMSGSIZE);
		assert_int_equal(stamp_put_request(bytes, n, &r, NULL), -EMSGSIZE);
	}
	assert_int_equal(stamp_get_request(bytes, STAMP_BYTES, &r, &key), -EMSGSIZE);
	assert_int_equal(stamp_put_request(bytes, STAMP_BYTES + 3, &r, NULL), -EMSGSIZE);
	assert_int_equal(stamp_put_request(bytes, sizeof(bytes), &r, NULL), -EMSGSIZE);
}

static void tlvs_are_flagged_as_known_unknown_or_malformed(void **state)
{
	uint8_t bytes[STAMP_BYTES + 4 + 4 + 2 + 4] = { 0 }, *tlv = bytes + STAMP_BYTES;
	struct stamp_reply r = { .seq = 1 };
	(void)state;

	memcpy(tlv, "\x80\x01\x00\x00", 4);             /* extra padding of nothing */
	memcpy(tlv + 4, "\x80\x63\x00\x02\xab\xcd", 6); /* type 99 */
	memcpy(tlv + 10, "\x80\x01\xff\xff", 4);        /* longer than what is left */
	stamp_reflect(bytes, sizeof(bytes), &r, NULL);
	assert_int_equal(tlv[0], 0);
	assert_int_equal(tlv[4], 0x80);
	assert_memory_equal(tlv + 8, "\xab\xcd", 2);
	assert_int_equal(tlv[10], 0x40);
}

static void ntp_times_after_2036_are_of_the_next_era(void **state)
{
	int64_t after = 2085978496LL * 1000000000LL + 5; /* 2036-02-07T06:28:16Z */
	(void)state;

	assert_int_equal(stamp_time_put(after, STAMP_NTP) >> 32, 0);
	assert_in_range(
		stamp_time_get(stamp_time_put(after, STAMP_NTP), STAMP_NTP), after - 1, after + 1);
	assert_in_range(stamp_time_get(stamp_time_put(T1, STAMP_NTP), STAMP_NTP), T1, T1);
}

static void times_survive_both_formats_to_the_nanosecond(void **state)
{
	(void)state;
	for (int64_t ns = T1; ns < T1 + 2000000000LL; ns += 1234567) {
		assert_int_equal(stamp_time_get(stamp_time_put(ns, STAMP_NTP), STAMP_NTP), ns);
		assert_int_equal(stamp_time_get(stamp_time_put(ns, STAMP_PTP), STAMP_PTP), ns);
	}
}

static void error_estimates_are_never_too_small_and_at_most_two_percent_too_large(void **state)
{
	(void)state;
	for (int64_t us = 1; us < 3600000000LL; us = us * 5 / 3 + 1) {
		struct stamp_error e = { true, STAMP_NTP, us };
		struct stamp_error back = stamp_error_get(stamp_error_put(&e));

		assert_in_range(back.error_us, us, us + us / 50 + 1);
		assert_true(back.synced);
	}
}

static void an_unknown_error_estimate_stays_unknown(void **state)
{
	struct stamp_error e = { false, STAMP_PTP, -1 };
	(void)state;

	assert_int_equal(stamp_error_get(stamp_error_put(&e)).error_us, -1);
	assert_int_equal(stamp_error_get(stamp_error_put(&e)).format, STAMP_PTP);
	assert_int_equal(stamp_error_get(0x3fff).error_us, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unauthenticated_request_has_the_bytes_of_the_rfc),
		cmocka_unit_test(a_request_comes_back_as_it_was),
		cmocka_unit_test(a_reply_carries_all_four_times_and_both_numbers),
		cmocka_unit_test(one_changed_bit_is_rejected_when_authenticated),
		cmocka_unit_test(short_packets_and_impossible_lengths_are_refused),
		cmocka_unit_test(tlvs_are_flagged_as_known_unknown_or_malformed),
		cmocka_unit_test(ntp_times_after_2036_are_of_the_next_era),
		cmocka_unit_test(times_survive_both_formats_to_the_nanosecond),
		cmocka_unit_test(
			error_estimates_are_never_too_small_and_at_most_two_percent_too_large),
		cmocka_unit_test(an_unknown_error_estimate_stays_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
