/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/trips.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#define MS 1000000LL
#define T0 (1795466290000LL * MS)

/* n packets, one every 50 ms */
static void send_all(struct trips *t, size_t n)
{
	trips_init(t, n, 2000 * MS);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(trips_sent(t, T0 + (int64_t)i * 50 * MS, 0), 0);
}

static enum trip_news reply(struct trips *t, uint32_t seq, uint32_t far_seq, int64_t rtt_ns)
{
	int64_t sent = T0 + seq * 50 * MS;
	struct trip_reply r = { .seq = seq,
		.back_ns = sent + rtt_ns,
		.kernel = true,
		.told = true,
		.far_in_ns = 77 * MS,
		.far_out_ns = 77 * MS,
		.far_seq = far_seq };

	return trips_reply(t, &r);
}

static void the_time_the_far_end_held_a_packet_is_not_round_trip(void **state)
{
	struct trips t;
	struct record r;
	struct trip_reply back = { .seq = 0,
		.back_ns = T0 + 30 * MS,
		.told = true,
		.far_in_ns = 5 * MS,
		.far_out_ns = 15 * MS };
	(void)state;

	send_all(&t, 1);
	assert_int_equal(trips_reply(&t, &back), TRIP_ANSWERED);
	record_clear(&r, RECORD_LATENCY);
	trips_fill(&t, &r, true);
	assert_true(record_real(&r, FIELD_RTT_P50_US, 0) == 20000);
	trips_done(&t);
}

static void the_kernels_time_of_departure_replaces_ours(void **state)
{
	struct trips t;
	struct record r;
	(void)state;

	send_all(&t, 1);
	reply(&t, 0, 0, 30 * MS);
	trips_departed(&t, 0, T0 + 10 * MS);
	trips_departed(&t, 9, T0); /* of nobody */
	record_clear(&r, RECORD_LATENCY);
	trips_fill(&t, &r, true);
	assert_true(record_real(&r, FIELD_RTT_P50_US, 0) == 20000);
	assert_string_equal(record_text(&r, FIELD_STAMPS), "kernel");
	trips_done(&t);
}

static void loss_is_told_apart_by_the_far_ends_own_numbers(void **state)
{
	struct trips t;
	unsigned up, down;
	(void)state;

	send_all(&t, 6);
	/* 1 is lost on the way there, the replies to 2 and 3 on the way back */
	reply(&t, 0, 0, MS);
	reply(&t, 4, 3, MS);
	reply(&t, 5, 4, MS);
	assert_true(trips_split(&t, &up, &down));
	assert_int_equal(up, 1);
	assert_int_equal(down, 2);
	trips_done(&t);
}

static void what_was_lost_last_is_lost_in_an_unknown_direction(void **state)
{
	struct trips t;
	unsigned up, down;
	struct record r;
	(void)state;

	send_all(&t, 3);
	reply(&t, 0, 0, MS);
	reply(&t, 1, 1, MS);
	assert_false(trips_split(&t, &up, &down));
	record_clear(&r, RECORD_LATENCY);
	trips_fill(&t, &r, true);
	assert_false(record_has(&r, FIELD_LOST_UP));
	assert_int_equal(record_int(&r, FIELD_SENT, 0), 3);
	assert_int_equal(record_int(&r, FIELD_RECEIVED, 0), 2);
	trips_done(&t);
}

static void a_far_end_that_starts_again_in_the_middle_cannot_split_loss(void **state)
{
	struct trips t;
	unsigned up, down;
	(void)state;

	send_all(&t, 3);
	reply(&t, 0, 0, MS);
	reply(&t, 2, 0, MS);
	assert_false(trips_split(&t, &up, &down));
	trips_done(&t);
}

static void doubles_on_either_way_are_counted_and_are_no_loss(void **state)
{
	struct trips t;
	unsigned up, down;
	(void)state;

	send_all(&t, 3);
	assert_int_equal(reply(&t, 0, 0, MS), TRIP_ANSWERED);
	assert_int_equal(reply(&t, 0, 0, MS), TRIP_DUPLICATE); /* on the way back */
	assert_int_equal(reply(&t, 1, 1, MS), TRIP_ANSWERED);
	assert_int_equal(reply(&t, 1, 2, MS), TRIP_DUPLICATE); /* on the way there */
	assert_int_equal(reply(&t, 2, 3, MS), TRIP_ANSWERED);
	assert_int_equal(t.duplicates, 2);
	assert_true(trips_split(&t, &up, &down));
	assert_int_equal(up + down, 0);
	trips_done(&t);
}

static void a_reply_after_a_later_one_is_reordered(void **state)
{
	struct trips t;
	(void)state;

	send_all(&t, 5);
	reply(&t, 0, 0, MS);
	reply(&t, 4, 4, MS);
	reply(&t, 1, 1, MS);
	reply(&t, 2, 2, MS);
	reply(&t, 3, 3, MS);
	assert_int_equal(t.reordered, 3);
	assert_true(trips_complete(&t));
	trips_done(&t);
}

static void a_reply_after_the_deadline_is_lost_on_the_way_back(void **state)
{
	struct trips t;
	unsigned up, down;
	(void)state;

	send_all(&t, 2);
	assert_int_equal(reply(&t, 0, 0, 2001 * MS), TRIP_LATE);
	assert_int_equal(reply(&t, 1, 1, 2000 * MS), TRIP_ANSWERED);
	assert_true(trips_split(&t, &up, &down));
	assert_int_equal(up, 0);
	assert_int_equal(down, 1);
	trips_done(&t);
}

static void a_clock_set_between_there_and_back_leaves_no_round_trip(void **state)
{
	struct trips t;
	struct record r;
	struct trip_reply back = {
		.seq = 0, .back_ns = T0 + 3600 * 1000 * MS, .offset_ns = 3600 * 1000 * MS
	};
	(void)state;

	send_all(&t, 2);
	assert_int_equal(trips_reply(&t, &back), TRIP_ANSWERED);
	reply(&t, 1, 1, 20 * MS);
	record_clear(&r, RECORD_LATENCY);
	trips_fill(&t, &r, false);
	assert_int_equal(record_int(&r, FIELD_RECEIVED, 0), 2);
	assert_int_equal(record_int(&r, FIELD_DISCARDED, 0), 1);
	assert_true(record_real(&r, FIELD_RTT_MAX_US, 0) == 20000);
	trips_done(&t);
}

static void jitter_is_smoothed_by_a_sixteenth(void **state)
{
	struct trips t;
	struct record r;
	(void)state;

	send_all(&t, 3);
	reply(&t, 0, 0, 20 * MS);
	reply(&t, 1, 1, 36 * MS); /* J = 16/16 = 1 ms */
	reply(&t, 2, 2, 20 * MS); /* J = 1 + (16 - 1)/16 = 1.9375 ms */
	record_clear(&r, RECORD_LATENCY);
	trips_fill(&t, &r, true);
	assert_true(record_real(&r, FIELD_JITTER_US, 0) == 1937.5);
	assert_true(record_real(&r, FIELD_IPDV_P95_US, 0) == 16000);
	trips_done(&t);
}

static void numbers_out_of_range_are_harmless(void **state)
{
	struct trips t;
	unsigned up, down;
	(void)state;

	send_all(&t, 2);
	assert_int_equal(reply(&t, 2, 0, MS), TRIP_UNKNOWN);
	assert_int_equal(reply(&t, UINT32_MAX, UINT32_MAX, MS), TRIP_UNKNOWN);
	assert_int_equal(reply(&t, 0, UINT32_MAX, MS), TRIP_ANSWERED);
	assert_int_equal(reply(&t, 1, 1, MS), TRIP_ANSWERED);
	assert_false(trips_split(&t, &up, &down));
	assert_int_equal(trips_sent(&t, T0, 0), -ENOBUFS);
	trips_done(&t);
}

static void one_way_delays_that_the_clocks_contradict_are_left_out(void **state)
{
	struct trips t;
	struct record r;
	struct trip_reply back = { .seq = 0,
		.back_ns = T0 + 30 * MS,
		.told = true,
		.far_in_ns = T0 + 40 * MS,
		.far_out_ns = T0 + 40 * MS };
	(void)state;

	send_all(&t, 1);
	trips_reply(&t, &back);
	record_clear(&r, RECORD_LATENCY);
	trips_fill_one_way(&t, &r, 1000); /* down: -10 ms with clocks good to 1 ms */
	assert_false(record_has(&r, FIELD_OWD_UP_P50_US));
	trips_fill_one_way(&t, &r, 20000);
	assert_true(record_real(&r, FIELD_OWD_UP_P50_US, 0) == 40000);
	trips_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_the_far_end_held_a_packet_is_not_round_trip),
		cmocka_unit_test(the_kernels_time_of_departure_replaces_ours),
		cmocka_unit_test(loss_is_told_apart_by_the_far_ends_own_numbers),
		cmocka_unit_test(what_was_lost_last_is_lost_in_an_unknown_direction),
		cmocka_unit_test(a_far_end_that_starts_again_in_the_middle_cannot_split_loss),
		cmocka_unit_test(doubles_on_either_way_are_counted_and_are_no_loss),
		cmocka_unit_test(a_reply_after_a_later_one_is_reordered),
		cmocka_unit_test(a_reply_after_the_deadline_is_lost_on_the_way_back),
		cmocka_unit_test(a_clock_set_between_there_and_back_leaves_no_round_trip),
		cmocka_unit_test(jitter_is_smoothed_by_a_sixteenth),
		cmocka_unit_test(numbers_out_of_range_are_harmless),
		cmocka_unit_test(one_way_delays_that_the_clocks_contradict_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
