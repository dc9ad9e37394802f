/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void numbers_go_in_network_byte_order(void **state)
{
	static const uint8_t want[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0,
		'x', 'y' };
	uint8_t bytes[sizeof(want)];
	struct wire w = wire_over(bytes, sizeof(bytes));
	(void)state;

	memset(bytes, 0xaa, sizeof(bytes));
	wire_put_u8(&w, 0x01);
	wire_put_u16(&w, 0x0203);
	wire_put_u32(&w, 0x04050607);
	wire_put_u64(&w, 0x08090a0b0c0d0e0fULL);
	wire_put_zero(&w, 2);
	wire_put(&w, "xy", 2);
	assert_int_equal(w.err, 0);
	assert_int_equal(wire_left(&w), 0);
	assert_memory_equal(bytes, want, sizeof(want));
}

static void numbers_come_back(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 99, 'x',
		'y' };
	struct wire w = wire_reading(bytes, sizeof(bytes));
	char text[2];
	(void)state;

	assert_int_equal(wire_get_u8(&w), 0x01);
	assert_int_equal(wire_get_u16(&w), 0x0203);
	assert_int_equal(wire_get_u32(&w), 0x04050607);
	assert_true(wire_get_u64(&w) == 0x08090a0b0c0d0e0fULL);
	wire_skip(&w, 1);
	wire_get(&w, text, 2);
	assert_memory_equal(text, "xy", 2);
	assert_int_equal(w.err, 0);
}

static void what_does_not_fit_fails_for_good_and_gives_zeroes(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3 };
	struct wire w = wire_reading(bytes, sizeof(bytes));
	char text[2] = { 'a', 'b' };
	(void)state;

	assert_int_equal(wire_get_u32(&w), 0);
	assert_int_equal(w.err, -EMSGSIZE);
	assert_int_equal(wire_get_u8(&w), 0); /* there is one, but the reader has failed */
	wire_get(&w, text, sizeof(text));
	assert_int_equal(text[0] | text[1], 0);
	assert_int_equal(wire_left(&w), 0);
}

static void writing_past_the_end_changes_nothing(void **state)
{
	uint8_t bytes[4] = { 9, 9, 9, 9 };
	struct wire w = wire_over(bytes, 3);
	(void)state;

	wire_put_u32(&w, 1);
	wire_put_u8(&w, 1);
	wire_put(&w, "abc", 3);
	wire_put_zero(&w, 1);
	assert_int_equal(w.err, -EMSGSIZE);
	assert_memory_equal(bytes, "\x09\x09\x09\x09", 4);
}

static void nothing_at_all_is_fine(void **state)
{
	struct wire w = wire_over(NULL, 0);
	(void)state;

	wire_skip(&w, 0);
	wire_put(&w, NULL, 0);
	assert_int_equal(w.err, 0);
	wire_skip(&w, SIZE_MAX);
	assert_int_equal(w.err, -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_go_in_network_byte_order),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(what_does_not_fit_fails_for_good_and_gives_zeroes),
		cmocka_unit_test(writing_past_the_end_changes_nothing),
		cmocka_unit_test(nothing_at_all_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
