/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/kstamp.h"
#include "../../probes/reflector/admission.h"
#include "../../probes/reflector/stamp_reflector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define S 1000000000LL

static const struct stamp_limits limits = { 256, 300, 100, 1000, { 0 } };

static struct kstamp_message from(const char *address, uint16_t port)
{
	struct kstamp_message m = { .at_ns = 1795466290 * S, .ttl = 60 };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&m.from;
	struct sockaddr_in *four = (struct sockaddr_in *)&m.from;

	if (strchr(address, ':')) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, address, &six->sin6_addr), 1);
	} else {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, address, &four->sin_addr), 1);
	}
	return m;
}

/* The number that the reflector gives this packet, -1 for no answer. */
static int64_t ask(struct stamp_reflector *r, const char *address, uint16_t port, uint16_t ssid,
	int64_t now_ns)
{
	struct stamp_request q = { 1, S, { false, STAMP_NTP, 5 }, ssid };
	struct kstamp_message m = from(address, port);
	struct stamp_reply reply;
	uint8_t bytes[STAMP_BYTES];

	assert_int_equal(stamp_put_request(bytes, sizeof(bytes), &q, NULL), 0);
	if (!stamp_reflector_answer(r, bytes, sizeof(bytes), &m, now_ns))
		return -1;
	assert_int_equal(stamp_get_reply(bytes, sizeof(bytes), &reply, NULL), 0);
	return reply.seq;
}

static void a_session_is_an_address_a_port_and_an_identifier(void **state)
{
	struct stamp_reflector *r = stamp_reflector_bare(&limits);
	(void)state;

	assert_int_equal(ask(r, "192.0.2.1", 1000, 7, S), 0);
	assert_int_equal(ask(r, "192.0.2.1", 1000, 7, S), 1);
	assert_int_equal(ask(r, "192.0.2.1", 1000, 8, S), 0);
	assert_int_equal(ask(r, "192.0.2.1", 1001, 7, S), 0);
	assert_int_equal(ask(r, "192.0.2.2", 1000, 7, S), 0);
	assert_int_equal(ask(r, "2001:db8::1", 1000, 7, S), 0);
	assert_int_equal(ask(r, "192.0.2.1", 1000, 7, S), 2);
	stamp_reflector_free(r);
}

static void a_session_unused_for_too_long_begins_anew(void **state)
{
	struct stamp_reflector *r = stamp_reflector_bare(&limits);
	(void)state;

	assert_int_equal(ask(r, "192.0.2.1", 1000, 7, S), 0);
	assert_int_equal(ask(r, "192.0.2.1", 1000, 7, 299 * S), 1);
	assert_int_equal(ask(r, "192.0.2.1", 1000, 7, 600 * S), 0);
	stamp_reflector_free(r);
}

static void a_source_over_its_rate_is_not_answered_and_takes_nothing_from_others(void **state)
{
	struct stamp_reflector *r = stamp_reflector_bare(&limits);
	int answered = 0;
	(void)state;

	for (int i = 0; i < 1000; i++)
		answered += ask(r, "2001:db8::1", 1000, 7, S) >= 0;
	assert_int_equal(answered, 100);
	/* the same subscriber with another address of its /64 */
	assert_int_equal(ask(r, "2001:db8::2", 1000, 7, S), -1);
	assert_int_equal(ask(r, "2001:db8:0:1::1", 1000, 7, S), 0);
	/* a second later there is a second's worth again */
	assert_int_equal(ask(r, "2001:db8::1", 1000, 7, 2 * S), 100);
	assert_int_equal(stamp_reflector_counts(r).limited, 901);
	/* and no more than that after a long silence */
	answered = 0;
	for (int i = 0; i < 1000; i++)
		answered += ask(r, "2001:db8::1", 1000, 7, 50 * S) >= 0;
	assert_int_equal(answered, 100);
	stamp_reflector_free(r);
}

static void all_sources_together_are_limited_too(void **state)
{
	struct stamp_reflector *r = stamp_reflector_bare(&limits);
	char address[32];
	int answered = 0;
	(void)state;

	for (int i = 0; i < 2000; i++) {
		snprintf(address, sizeof(address), "10.0.%d.%d", i / 250, i % 250);
		answered += ask(r, address, 1000, 7, S) >= 0;
	}
	assert_int_equal(answered, 1000);
	stamp_reflector_free(r);
}

static void strangers_without_number_take_no_more_than_the_table(void **state)
{
	struct seats s;
	uint8_t key[SEAT_KEY] = { 0 };
	(void)state;

	seats_init(&s, 100, sizeof(int), 300 * S);
	for (uint32_t i = 0; i < 10000; i++) {
		int *value;

		memcpy(key, &i, sizeof(i));
		value = seats_take(&s, key, S + i);
		assert_int_equal(*value, 0);
		*value = 1;
	}
	assert_true(s.evicted >= 10000 - s.rows * 8);
	/* the newest is still there */
	assert_int_equal(*(int *)seats_take(&s, key, 2 * S), 1);
	seats_done(&s);
}

static void who_is_in_use_keeps_the_seat(void **state)
{
	struct seats s;
	uint8_t key[SEAT_KEY] = { 0 };
	static const uint8_t ours[SEAT_KEY] = "ours";
	(void)state;

	seats_init(&s, 100, sizeof(int), 300 * S);
	*(int *)seats_take(&s, ours, S) = 1;
	for (uint32_t i = 0; i < 10000; i++) {
		memcpy(key, &i, sizeof(i));
		seats_take(&s, key, S + 2 * i);
		assert_int_equal(*(int *)seats_take(&s, ours, S + 2 * i + 1), 1);
	}
	seats_done(&s);
}

static void an_ipv4_client_is_the_same_over_a_dual_stack_socket(void **state)
{
	struct kstamp_message four = from("192.0.2.7", 1), mapped = from("::ffff:192.0.2.7", 2);
	struct kstamp_message six = from("2001:db8::7", 3);
	uint8_t a[SEAT_KEY], b[SEAT_KEY], c[SEAT_KEY];
	(void)state;

	seats_client(a, &four.from);
	seats_client(b, &mapped.from);
	seats_client(c, &six.from);
	assert_memory_equal(a, b, SEAT_KEY);
	assert_memory_not_equal(a, c, SEAT_KEY);
}

static void places_and_bytes_are_counted_per_client_and_hour(void **state)
{
	struct http_limits few = {
		.transfers = 3, .client_transfers = 2, .client_bytes_hour = 1000
	};
	uint8_t a[SEAT_KEY] = "a", b[SEAT_KEY] = "b";
	struct admission adm;
	(void)state;

	admission_init(&adm, &few);
	assert_true(admission_enter(&adm, a, S));
	assert_true(admission_enter(&adm, a, S));
	assert_false(admission_enter(&adm, a, S)); /* of one client */
	assert_true(admission_enter(&adm, b, S));
	assert_false(admission_enter(&adm, b, S)); /* of all */
	assert_true(admission_state(&adm).full);
	admission_leave(&adm, a, S);
	assert_true(admission_spend(&adm, b, 999, S));
	assert_false(admission_spend(&adm, b, 1, S));
	assert_false(admission_enter(&adm, b, S)); /* of the hour */
	assert_true(admission_enter(&adm, b, 3601 * S));
	admission_done(&adm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_an_address_a_port_and_an_identifier),
		cmocka_unit_test(a_session_unused_for_too_long_begins_anew),
		cmocka_unit_test(
			a_source_over_its_rate_is_not_answered_and_takes_nothing_from_others),
		cmocka_unit_test(all_sources_together_are_limited_too),
		cmocka_unit_test(strangers_without_number_take_no_more_than_the_table),
		cmocka_unit_test(who_is_in_use_keeps_the_seat),
		cmocka_unit_test(an_ipv4_client_is_the_same_over_a_dual_stack_socket),
		cmocka_unit_test(places_and_bytes_are_counted_per_client_and_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
