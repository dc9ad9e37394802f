/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/quantile.h"
#include "../../probes/core/state.h"
#include "../../probes/core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <stdlib.h>

static void quantiles_are_of_the_nearest_rank(void **state)
{
	/* the worked example of the nearest-rank method: 15 20 35 40 50 */
	int64_t v[] = { 40, 15, 50, 35, 20 };
	(void)state;

	quantile_sort(v, 5);
	assert_int_equal(quantile_of(v, 5, 0.05), 15);
	assert_int_equal(quantile_of(v, 5, 0.30), 20);
	assert_int_equal(quantile_of(v, 5, 0.40), 20);
	assert_int_equal(quantile_of(v, 5, 0.50), 35);
	assert_int_equal(quantile_of(v, 5, 1.00), 50);
}

static void whole_ranks_are_not_lost_to_rounding(void **state)
{
	int64_t v[1000];
	(void)state;

	for (int i = 0; i < 1000; i++)
		v[i] = i + 1;
	for (int percent = 1; percent <= 100; percent++) {
		assert_int_equal(quantile_of(v, 100, percent / 100.0), percent);
		assert_int_equal(quantile_of(v, 1000, percent / 100.0), percent * 10);
	}
}

static void sorting_holds_at_the_ends_of_the_range(void **state)
{
	int64_t v[] = { INT64_MAX, 0, INT64_MIN, -1, 1 };
	(void)state;

	quantile_sort(v, 5);
	assert_true(v[0] == INT64_MIN && v[1] == -1 && v[2] == 0 && v[3] == 1 && v[4] == INT64_MAX);
	quantile_sort(v, 0);
	assert_true(quantile_of(v, 1, 0.5) == INT64_MIN);
}

static void odd_fractions_stay_inside(void **state)
{
	const int64_t v[] = { 1, 2, 3 };
	(void)state;

	assert_int_equal(quantile_of(v, 3, 0), 1);
	assert_int_equal(quantile_of(v, 3, -1), 1);
	assert_int_equal(quantile_of(v, 3, 7), 3);
}

static void every_access_state_has_its_name_and_back(void **state)
{
	(void)state;
	for (int i = 0; i < ACCESS_STATES; i++)
		assert_int_equal(access_state_from(access_state_name[i]), i);
	assert_string_equal(access_state_name[STATE_CAPTIVE_OR_NO_CREDIT], "captive_or_no_credit");
	assert_int_equal(access_state_from("fine"), -EINVAL);
	assert_int_equal(access_state_from(""), -EINVAL);
	assert_int_equal(access_state_from(NULL), -EINVAL);
}

static void memory_comes_zeroed_grows_and_copies(void **state)
{
	uint8_t *p = mem_new(100);
	char *text = mem_copy("Phù Song");
	(void)state;

	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	p[99] = 7;
	p = mem_grow(p, 1000, 4);
	assert_int_equal(p[99], 7);
	assert_string_equal(text, "Phù Song");
	assert_null(mem_copy(NULL));
	free(text);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_of_the_nearest_rank),
		cmocka_unit_test(whole_ranks_are_not_lost_to_rounding),
		cmocka_unit_test(sorting_holds_at_the_ends_of_the_range),
		cmocka_unit_test(odd_fractions_stay_inside),
		cmocka_unit_test(every_access_state_has_its_name_and_back),
		cmocka_unit_test(memory_comes_zeroed_grows_and_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
