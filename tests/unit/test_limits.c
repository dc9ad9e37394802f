/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps tests from running beside the plan: a busy line, a device that is low or hot, nobody who listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/controller.h"
#include "../../agent/guard.h"
#include "../../agent/quiet.h"
#include "../../probes/core/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY (86400 * NS_PER_S)

/* --- the line --------------------------------------------------------------------------------------------------- */

static const struct guard fcc = { .down_bps_most = 64000, .up_bps_most = 32000 };

static void look(struct guard *g, int64_t s, uint64_t down, uint64_t up)
{
	struct traffic t = { down, up };

	guard_look(g, &t, s * NS_PER_S);
}

static void traffic_of_others_makes_the_line_busy(void **state)
{
	struct guard g = fcc;
	uint64_t down = 0, up = 0;
	int64_t at = 0;

	(void)state;
	look(&g, at, 0, 0);
	for (int i = 0; i < 3; i++)
		look(&g, at += 5, down += 5 * 64000 / 8, up);
	assert_int_equal(guard_line(&g), GUARD_IDLE);
	for (int i = 0; i < 3; i++)
		look(&g, at += 5, down += 5 * 66000 / 8, up);
	assert_int_equal(guard_line(&g), GUARD_BUSY);
	for (int i = 0; i < 3; i++)
		look(&g, at += 5, down, up += 5 * 33000 / 8);
	assert_int_equal(guard_line(&g), GUARD_BUSY);
	for (int i = 0; i < 3; i++)
		look(&g, at += 5, down, up);
	assert_int_equal(guard_line(&g), GUARD_IDLE);
}

static void nothing_is_said_before_five_seconds(void **state)
{
	struct guard g = fcc;

	(void)state;
	assert_int_equal(guard_line(&g), GUARD_UNKNOWN);
	look(&g, 0, 0, 0);
	look(&g, 4, 0, 0);
	assert_int_equal(guard_line(&g), GUARD_UNKNOWN);
	look(&g, 5, 0, 0);
	assert_int_equal(guard_line(&g), GUARD_IDLE);
	guard_forget(&g);
	assert_int_equal(guard_line(&g), GUARD_UNKNOWN);
}

static void a_burst_counts_over_ten_seconds_and_not_by_itself(void **state)
{
	struct guard g = fcc;

	(void)state;
	for (int64_t s = 0; s <= 10; s++)
		look(&g, s, s < 10 ? 0 : 40000, 0); /* 320 kbit in one second of ten */
	assert_int_equal(g.down_bps, 32000);
	assert_int_equal(guard_line(&g), GUARD_IDLE);
	look(&g, 11, 90000, 0);
	assert_int_equal(guard_line(&g), GUARD_BUSY);
}

static void looks_in_quick_succession_do_not_shorten_the_window(void **state)
{
	struct guard g = fcc;
	struct traffic t = { 0, 0 };

	(void)state;
	for (int64_t ms = 0; ms <= 60000; ms += 100) {
		t.down = (uint64_t)ms * 10; /* 80 kbit/s */
		guard_look(&g, &t, ms * NS_PER_MS);
		if (ms >= 6000)
			assert_int_equal(guard_line(&g), GUARD_BUSY);
	}
	assert_in_range(g.down_bps, 79000, 81000);
}

static void an_interface_made_anew_and_a_device_that_slept_begin_anew(void **state)
{
	struct guard g = fcc;

	(void)state;
	look(&g, 0, 1000000, 0);
	look(&g, 6, 1000000, 0);
	look(&g, 8, 500, 0);
	assert_int_equal(guard_line(&g), GUARD_UNKNOWN);
	look(&g, 14, 500, 0);
	assert_int_equal(guard_line(&g), GUARD_IDLE);
	look(&g, 1000, 90000000, 0);
	assert_int_equal(guard_line(&g), GUARD_UNKNOWN);
}

static void without_thresholds_the_line_is_always_idle(void **state)
{
	struct guard g = { 0 };

	(void)state;
	assert_int_equal(guard_line(&g), GUARD_IDLE);
}

/* --- the device ------------------------------------------------------------------------------------------------- */

static void unknown_is_no_reason_to_be_quiet(void **state)
{
	struct quiet q = { .below_share = 0.3, .above_c = 80 };
	struct power_state d = POWER_UNKNOWN;

	(void)state;
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	d.on_battery = 1;
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	d.on_battery = -1;
	d.share = 0.05;
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	assert_false(quiet_is(&q));
}

static void a_low_battery_makes_quiet_and_mains_end_it(void **state)
{
	struct quiet q = { .below_share = 0.3 };
	struct power_state d = { 1, 0.31, NAN, 0 };

	(void)state;
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	d.share = 0.29;
	assert_int_equal(quiet_look(&q, &d), QUIET_BEGAN);
	assert_string_equal(q.why, "on battery at 29 %, below 30 %");
	d.share = 0.34; /* the sun came out for a minute */
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	assert_true(quiet_is(&q));
	d.share = 0.36;
	assert_int_equal(quiet_look(&q, &d), QUIET_ENDED);
	d.share = 0.1;
	assert_int_equal(quiet_look(&q, &d), QUIET_BEGAN);
	d.on_battery = 0;
	assert_int_equal(quiet_look(&q, &d), QUIET_ENDED);
}

static void heat_makes_quiet_until_it_is_three_degrees_cooler(void **state)
{
	struct quiet q = { .above_c = 80 };
	struct power_state d = { 1, 0.01, 80.0, 0 };

	(void)state;
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	d.temperature_c = 80.6;
	assert_int_equal(quiet_look(&q, &d), QUIET_BEGAN);
	assert_non_null(strstr(q.why, "81 degrees, above 80"));
	d.temperature_c = 78;
	assert_int_equal(quiet_look(&q, &d), QUIET_SAME);
	d.temperature_c = 76.9;
	assert_int_equal(quiet_look(&q, &d), QUIET_ENDED);
	d.temperature_c = 90;
	assert_int_equal(quiet_look(&q, &d), QUIET_BEGAN);
	d.temperature_c = NAN; /* the sensor is gone */
	assert_int_equal(quiet_look(&q, &d), QUIET_ENDED);
}

/* --- the controller --------------------------------------------------------------------------------------------- */

static char path[64];

static int begin(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_limits.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	strncat(path, "/c", sizeof(path) - strlen(path) - 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	*strrchr(path, '/') = 0;
	return rmdir(path);
}

static void a_controller_is_lost_after_its_time_and_back_with_a_receipt(void **state)
{
	struct controller c;

	(void)state;
	controller_open(&c, path, 2 * DAY, NS_PER_S);
	assert_int_equal(controller_look(&c, 0, DAY, UTC_UNKNOWN), CONTROLLER_SAME);
	assert_int_equal(
		controller_look(&c, 0, 2 * DAY + 2 * NS_PER_S, UTC_UNKNOWN), CONTROLLER_IS_LOST);
	assert_int_equal(controller_look(&c, 0, 3 * DAY, UTC_UNKNOWN), CONTROLLER_SAME);
	assert_int_equal(controller_look(&c, 4 * DAY, 4 * DAY, UTC_UNKNOWN), CONTROLLER_IS_BACK);
	assert_int_equal(controller_look(&c, 4 * DAY, 5 * DAY, UTC_UNKNOWN), CONTROLLER_SAME);
	assert_int_equal(
		controller_look(&c, 4 * DAY, 6 * DAY + 1, UTC_UNKNOWN), CONTROLLER_IS_LOST);
}

static void a_device_that_reboots_each_night_notices_too(void **state)
{
	int64_t then = 1795737600 * NS_PER_S; /* November 2026 */
	struct controller c;

	(void)state;
	controller_open(&c, path, 2 * DAY, 0);
	assert_int_equal(controller_look(&c, NS_PER_S, 2 * NS_PER_S, then), CONTROLLER_SAME);
	assert_int_equal(controller_save(&c), 0);
	controller_open(&c, path, 2 * DAY, 0); /* another boot: time begins at 0 */
	assert_int_equal(controller_look(&c, 0, NS_PER_S, UTC_UNKNOWN), CONTROLLER_SAME);
	assert_int_equal(controller_look(&c, 0, NS_PER_S, then + DAY), CONTROLLER_SAME);
	controller_open(&c, path, 2 * DAY, 0);
	assert_int_equal(controller_look(&c, 0, NS_PER_S, then + 2 * DAY), CONTROLLER_IS_LOST);
	/* a clock that goes back does not bring it back */
	assert_int_equal(controller_look(&c, 0, 2 * NS_PER_S, then), CONTROLLER_SAME);
	assert_true(c.lost);
}

static void without_a_timeout_it_is_never_lost(void **state)
{
	struct controller c;

	(void)state;
	controller_open(&c, path, 0, 0);
	assert_int_equal(controller_look(&c, 0, 10000 * DAY, UTC_UNKNOWN), CONTROLLER_SAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traffic_of_others_makes_the_line_busy),
		cmocka_unit_test(nothing_is_said_before_five_seconds),
		cmocka_unit_test(a_burst_counts_over_ten_seconds_and_not_by_itself),
		cmocka_unit_test(looks_in_quick_succession_do_not_shorten_the_window),
		cmocka_unit_test(an_interface_made_anew_and_a_device_that_slept_begin_anew),
		cmocka_unit_test(without_thresholds_the_line_is_always_idle),
		cmocka_unit_test(unknown_is_no_reason_to_be_quiet),
		cmocka_unit_test(a_low_battery_makes_quiet_and_mains_end_it),
		cmocka_unit_test(heat_makes_quiet_until_it_is_three_degrees_cooler),
		cmocka_unit_test_setup_teardown(
			a_controller_is_lost_after_its_time_and_back_with_a_receipt, begin, end),
		cmocka_unit_test_setup_teardown(
			a_device_that_reboots_each_night_notices_too, begin, end),
		cmocka_unit_test_setup_teardown(without_a_timeout_it_is_never_lost, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
