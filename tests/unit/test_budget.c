/* SPDX-License-Identifier: Apache-2.0 */
/* The month's allowance, and whether the line is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/budget.h"
#include "../../agent/guard.h"
#include "../../probes/core/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t boot_a[16] = { 0xa }, boot_b[16] = { 0xb };
static char folder[64], path[96];

static int begin(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	snprintf(folder, sizeof(folder), "/tmp/test_budget.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/budget", folder);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int64_t utc(const char *text)
{
	int64_t ns = 0;

	assert_int_equal(clock_parse(text, &ns), 0);
	return ns;
}

static void opened(struct budget *b, const uint8_t boot[16])
{
	memset(b, 0, sizeof(*b));
	b->limit = 1000;
	b->reserve = 100;
	b->reset_day = 5;
	budget_open(b, path, boot);
}

static void count(struct budget *b, uint64_t bytes, const char *when)
{
	struct traffic t = { bytes, 0 };

	budget_count(b, &t, when ? utc(when) : UTC_UNKNOWN, false);
}

static void what_flowed_before_the_first_start_is_not_ours(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 500000, "2026-11-10T00:00:00Z");
	assert_int_equal(b.used, 0);
	count(&b, 500400, "2026-11-10T00:01:00Z");
	assert_int_equal(b.used, 400);
}

static void the_reserve_is_not_for_tests(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 899, "2026-11-10T00:00:00Z");
	assert_true(budget_may_spend(&b));
	count(&b, 900, "2026-11-10T00:00:00Z");
	assert_false(budget_may_spend(&b));
}

static void a_restart_in_the_same_boot_counts_what_flowed_meanwhile(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 1000, "2026-11-10T00:00:00Z");
	count(&b, 1100, "2026-11-10T00:00:00Z");
	assert_int_equal(budget_save(&b, 0, true), 0);
	opened(&b, boot_a);
	assert_int_equal(b.used, 100);
	count(&b, 1300, "2026-11-10T01:00:00Z");
	assert_int_equal(b.used, 300);
}

static void after_another_boot_the_counters_began_at_zero(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 1000, "2026-11-10T00:00:00Z");
	count(&b, 1100, "2026-11-10T00:00:00Z");
	assert_int_equal(budget_save(&b, 0, true), 0);
	opened(&b, boot_b);
	count(&b, 50, NULL);
	assert_int_equal(b.used, 150);
}

static void an_interface_that_went_and_came_counts_from_zero(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 1000, "2026-11-10T00:00:00Z");
	count(&b, 1200, "2026-11-10T00:00:00Z");
	count(&b, 30, "2026-11-10T00:00:00Z");
	assert_int_equal(b.used, 230);
}

static void the_allowance_begins_anew_on_its_day_and_not_before(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 500, "2026-12-04T23:59:00Z");
	assert_int_equal(b.used, 500);
	count(&b, 510, "2026-12-05T00:00:00Z");
	assert_int_equal(b.used, 10);
}

static void a_clock_that_is_unknown_or_steps_back_gives_nothing_back(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 500, NULL);
	count(&b, 600, "1976-01-20T00:00:00Z");
	assert_int_equal(b.used, 600);
	count(&b, 700, "2026-11-11T00:00:00Z");
	assert_int_equal(b.used, 700);
}

static void a_clock_that_ran_ahead_does_not_end_the_months_for_good(void **state)
{
	struct traffic t = { 300, 0 };
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 200, "2037-01-20T00:00:00Z");
	count(&b, 250, "2026-11-10T00:01:00Z"); /* nobody vouches for this either */
	assert_int_equal(b.period, budget_period(utc("2037-01-20T00:00:00Z"), 5));
	budget_count(&b, &t, utc("2026-11-10T00:02:00Z"), true);
	assert_int_equal(b.period, budget_period(utc("2026-11-10T00:02:00Z"), 5));
	assert_int_equal(b.used, 300);
	count(&b, 310, "2026-12-10T00:00:00Z");
	assert_int_equal(b.used, 10);
}

static void a_damaged_file_is_as_none(void **state)
{
	struct budget b;
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("phusong budget 1 24", f);
	fclose(f);
	opened(&b, boot_a);
	assert_int_equal(b.used, 0);
}

static void traffic_of_others_makes_the_line_busy(void **state)
{
	struct guard g = { .down_bps_most = 64000, .up_bps_most = 32000 };
	struct traffic t = { 0, 0 };

	(void)state;
	guard_look(&g, &t, 0);
	assert_true(guard_idle(&g));
	t.down = 5 * 64000 / 8;
	guard_look(&g, &t, 5 * NS_PER_S);
	assert_true(guard_idle(&g));
	t.down += 5 * 65000 / 8;
	guard_look(&g, &t, 10 * NS_PER_S);
	assert_false(guard_idle(&g));
	t.up = 5 * 33000 / 8;
	guard_look(&g, &t, 15 * NS_PER_S);
	assert_false(guard_idle(&g));
	guard_look(&g, &t, 20 * NS_PER_S);
	assert_true(guard_idle(&g));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_flowed_before_the_first_start_is_not_ours, begin, end),
		cmocka_unit_test_setup_teardown(the_reserve_is_not_for_tests, begin, end),
		cmocka_unit_test_setup_teardown(
			a_restart_in_the_same_boot_counts_what_flowed_meanwhile, begin, end),
		cmocka_unit_test_setup_teardown(
			after_another_boot_the_counters_began_at_zero, begin, end),
		cmocka_unit_test_setup_teardown(
			an_interface_that_went_and_came_counts_from_zero, begin, end),
		cmocka_unit_test_setup_teardown(
			the_allowance_begins_anew_on_its_day_and_not_before, begin, end),
		cmocka_unit_test_setup_teardown(
			a_clock_that_is_unknown_or_steps_back_gives_nothing_back, begin, end),
		cmocka_unit_test_setup_teardown(
			a_clock_that_ran_ahead_does_not_end_the_months_for_good, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_as_none, begin, end),
		cmocka_unit_test(traffic_of_others_makes_the_line_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
