/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collector/truth/wilson.h"

static void intervals_match_published_ones(void **state)
{
	/* Newcombe, Statistics in Medicine 17 (1998), table I, method 3; 15/148 and 0/20, 1/29 */
	static const struct {
		uint64_t k, n;
		double low, high;
	} known[] = {
		{ 81, 263, 0.2553, 0.3662 },
		{ 15, 148, 0.0624, 0.1605 },
		{ 0, 20, 0, 0.1611 },
		{ 1, 29, 0.0061, 0.1718 },
		{ 20, 20, 0.8389, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct interval got = wilson_95(known[i].k, known[i].n);

		assert_float_equal(got.low, known[i].low, 0.00006);
		assert_float_equal(got.high, known[i].high, 0.00006);
	}
}

static void nothing_known_is_everything_possible(void **state)
{
	struct interval got = wilson_95(0, 0);

	(void)state;
	assert_true(got.low == 0 && got.high == 1);
	got = wilson_95(UINT32_MAX, UINT32_MAX);
	assert_true(got.low < 1 && got.high == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_match_published_ones),
		cmocka_unit_test(nothing_known_is_everything_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
