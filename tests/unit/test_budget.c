/* SPDX-License-Identifier: Apache-2.0 */
/* The month's allowance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/budget.h"
#include "../../probes/core/clock.h"
#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"
#include <errno.h>
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

/* --- the file --------------------------------------------------------------------------------------------------- */

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void the_file_of_version_1_is_read(void **state)
{
	struct traffic_each each = { 2, { { "wwan0", { 700, 400 } }, { "eth0", { 50, 50 } } } };
	struct budget b;

	(void)state;
	write_file("phusong budget 1 24320 500 0a000000000000000000000000000000 600 400\n");
	opened(&b, boot_a);
	assert_int_equal(b.used, 500);
	assert_int_equal(b.period, 24320);
	/* one sum of all interfaces until now: 1000 of 1200 are known */
	budget_count_each(&b, &each, UTC_UNKNOWN, false);
	assert_int_equal(b.used, 700);
	each.at[0].moved.down += 5;
	budget_count_each(&b, &each, UTC_UNKNOWN, false);
	assert_int_equal(b.used, 705);
	write_file("phusong budget 1 24320 500 0b000000000000000000000000000000 600 400\n");
	opened(&b, boot_a);
	budget_count_each(&b, &each, UTC_UNKNOWN, false);
	assert_int_equal(b.used, 500 + 1205);
}

static void a_file_of_which_a_byte_was_changed_is_as_none(void **state)
{
	char text[2048];
	struct budget b;
	FILE *f;
	size_t n;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 4711, "2026-11-10T00:00:00Z");
	budget_sim(&b, 0xabcdef);
	assert_int_equal(budget_save(&b, 0, true), 0);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	opened(&b, boot_a);
	assert_int_equal(b.used, 4711);
	log_quiet(true);
	for (size_t i = 0; i + 1 < n; i++) {
		char was = text[i];

		text[i] = was == '7' ? '8' : '7';
		write_file(text);
		text[i] = was;
		opened(&b, boot_a);
		assert_true(b.used == 0 || b.used == 4711);
		if (b.used)
			assert_int_equal(b.sim, 0xabcdef);
	}
	log_quiet(false);
}

static void an_interface_that_goes_and_comes_does_not_count_the_others_again(void **state)
{
	struct traffic_each both = { 2, { { "wwan0", { 700, 400 } }, { "eth0", { 100000, 0 } } } };
	struct traffic_each one = { 1, { { "eth0", { 100010, 0 } } } };
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	budget_count_each(&b, &both, UTC_UNKNOWN, false);
	budget_count_each(&b, &one, UTC_UNKNOWN, false);
	assert_int_equal(b.used, 10);
	both.at[0].moved = (struct traffic){ 20, 0 }; /* made anew */
	both.at[1].moved.down = 100010;
	budget_count_each(&b, &both, UTC_UNKNOWN, false);
	assert_int_equal(b.used, 30);
}

static void a_cut_in_a_large_test_counts_what_it_may_have_cost(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 100, "2026-11-10T00:00:00Z");
	budget_pledge(&b, 600);
	assert_false(budget_pledged(&b));
	assert_int_equal(budget_save(&b, 0, false), 0);
	assert_true(budget_pledged(&b));
	/* killed: the counters tell */
	opened(&b, boot_a);
	assert_int_equal(b.used, 100);
	/* a power cut: nobody can tell */
	opened(&b, boot_b);
	assert_int_equal(b.used, 700);
	/* over before the cut */
	opened(&b, boot_a);
	budget_pledge(&b, 0);
	assert_int_equal(budget_save(&b, 0, false), 0);
	opened(&b, boot_b);
	assert_int_equal(b.used, 100);
}

static void what_flows_is_saved_before_it_is_much(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	assert_int_equal(budget_save(&b, NS_PER_S, true), 0);
	count(&b, 200 << 10, "2026-11-10T00:00:00Z");
	assert_int_equal(budget_save(&b, 2 * NS_PER_S, false), 0);
	opened(&b, boot_b);
	assert_int_equal(b.used, 0); /* not yet */
	opened(&b, boot_a);
	count(&b, 300 << 10, "2026-11-10T00:00:00Z");
	assert_int_equal(budget_save(&b, 3 * NS_PER_S, false), 0);
	opened(&b, boot_b);
	assert_int_equal(b.used, 300 << 10);
}

/* --- SIMs ------------------------------------------------------------------------------------------------------- */

static void each_sim_has_its_own_page_and_finds_it_again(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	count(&b, 10, "2026-11-10T00:00:00Z"); /* no SIM is known yet: the first one's */
	budget_sim(&b, 0xa);
	count(&b, 100, "2026-11-10T00:00:00Z");
	assert_int_equal(b.used, 100);
	budget_sim(&b, 0xb);
	assert_int_equal(b.used, 0);
	count(&b, 140, "2026-11-10T00:00:00Z");
	budget_sim(&b, 0); /* not known for a moment: nothing changes */
	count(&b, 150, "2026-11-10T00:00:00Z");
	assert_int_equal(b.used, 50);
	budget_sim(&b, 0xa);
	assert_int_equal(b.used, 100);
	assert_int_equal(budget_save(&b, 0, false), 0); /* a change of SIM is saved at once */
	opened(&b, boot_a);
	assert_int_equal(b.sim, 0xa);
	assert_int_equal(b.used, 100);
	budget_sim(&b, 0xb);
	assert_int_equal(b.used, 50);
	/* its page is of last month when it comes back */
	budget_sim(&b, 0xa);
	count(&b, 150, "2026-12-10T00:00:00Z");
	assert_int_equal(b.used, 0);
	budget_sim(&b, 0xb);
	count(&b, 151, "2026-12-10T00:00:00Z");
	assert_int_equal(b.used, 1);
}

static void of_many_sims_the_newest_are_remembered(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	count(&b, 0, "2026-11-10T00:00:00Z");
	for (uint64_t i = 1; i <= 3 * BUDGET_SIMS; i++) {
		budget_sim(&b, i);
		count(&b, i, "2026-11-10T00:00:00Z");
		assert_int_equal(b.used, 1);
	}
	assert_int_equal(budget_save(&b, 0, true), 0);
	opened(&b, boot_a);
	budget_sim(&b, 3 * BUDGET_SIMS - 1);
	assert_int_equal(b.used, 1);
	budget_sim(&b, 1);
	assert_int_equal(b.used, 0); /* forgotten */
}

/* --- shares ----------------------------------------------------------------------------------------------------- */

static void what_is_cut_first_is_told_by_kind_or_name(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	assert_int_equal(budget_cut("throughput 70", &b.cut[0], NULL), 0);
	assert_int_equal(budget_cut("night  50 %", &b.cut[1], NULL), 0);
	b.cuts = 2;
	assert_int_equal(budget_for_tests(&b), 900);
	assert_int_equal(budget_line(&b, "throughput", "throughput"), 630);
	assert_int_equal(budget_line(&b, "night", "throughput"), 450);
	assert_int_equal(budget_line(&b, "night", "latency"), 450);
	assert_int_equal(budget_line(&b, "other", "latency"), 900);
	b.limit = 0;
	assert_true(budget_line(&b, "night", "latency") == UINT64_MAX);
}

static void a_share_is_a_name_and_a_percentage(void **state)
{
	static const char *const wrong[] = { "", "throughput", "throughput 0", "throughput 101",
		"throughput x", "throughput -5", " 70", "throughput 70 % x", "throughput 70.5",
		"throughput 99999999999999999999",
		"a-name-of-a-test-that-is-longer-than-any-test-may-have 5" };
	struct budget_cut c;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct why why = { "" };

		if (budget_cut(wrong[i], &c, &why) != -EINVAL || !*why.text)
			fail_msg("\"%s\" was taken", wrong[i]);
	}
}

static void telemetry_is_slowed_and_never_stopped(void **state)
{
	struct budget b;

	(void)state;
	opened(&b, boot_a);
	b.used = 899;
	assert_int_equal(budget_gather(&b, 30 * NS_PER_S), 30 * NS_PER_S);
	b.used = 900;
	assert_int_equal(budget_gather(&b, 30 * NS_PER_S), 120 * NS_PER_S);
	b.used = 1000;
	assert_int_equal(budget_gather(&b, 30 * NS_PER_S), 900 * NS_PER_S);
	assert_int_equal(budget_gather(&b, 3600 * NS_PER_S), 4 * 3600 * NS_PER_S);
	b.limit = 0;
	assert_int_equal(budget_gather(&b, 30 * NS_PER_S), 30 * NS_PER_S);
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
		cmocka_unit_test_setup_teardown(the_file_of_version_1_is_read, begin, end),
		cmocka_unit_test_setup_teardown(
			a_file_of_which_a_byte_was_changed_is_as_none, begin, end),
		cmocka_unit_test_setup_teardown(
			an_interface_that_goes_and_comes_does_not_count_the_others_again, begin,
			end),
		cmocka_unit_test_setup_teardown(
			a_cut_in_a_large_test_counts_what_it_may_have_cost, begin, end),
		cmocka_unit_test_setup_teardown(what_flows_is_saved_before_it_is_much, begin, end),
		cmocka_unit_test_setup_teardown(
			each_sim_has_its_own_page_and_finds_it_again, begin, end),
		cmocka_unit_test_setup_teardown(of_many_sims_the_newest_are_remembered, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_cut_first_is_told_by_kind_or_name, begin, end),
		cmocka_unit_test_setup_teardown(a_share_is_a_name_and_a_percentage, begin, end),
		cmocka_unit_test_setup_teardown(telemetry_is_slowed_and_never_stopped, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
