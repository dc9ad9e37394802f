/* SPDX-License-Identifier: Apache-2.0 */
/* gpsd's lines, the age of fixes by their own time, and what their time is worth; all under a made-up clock. */
#include "agent/gnss.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BOOT   (5000 * NS_PER_S)
#define NOON_S 1795780800LL /* 2026-11-27T12:00:00Z */

static const struct gnss_sky no_sky = { NAN, -1, INT64_MIN / 2 };

static bool gpsd_says(struct gnss_fix *f, struct gnss_sky *s, const char *line)
{
	return gnss_gpsd_line(f, s, line, strlen(line), BOOT);
}

static void tpv_and_the_sky_before_it_make_a_fix(void **state)
{
	struct gnss_sky s = no_sky;
	struct gnss_fix f;

	(void)state;
	assert_false(gpsd_says(&f, &s,
		"{\"class\":\"SKY\",\"device\":\"/dev/pts/1\",\"hdop\":0.92,\"satellites\":["
		"{\"PRN\":1,\"used\":true},{\"PRN\":2,\"used\":false},{\"PRN\":3,\"used\":true}]}"
		"\r"));
	assert_true(gpsd_says(&f, &s,
		"{\"class\":\"TPV\",\"device\":\"/dev/pts/1\",\"status\":1,\"mode\":3,\"time\":"
		"\"2026-11-27T12:00:00.500Z\",\"ept\":0.005,\"lat\":22.823400000,\"lon\":104."
		"983600000,"
		"\"altHAE\":984.0,\"epx\":3.0,\"epy\":4.0,\"track\":84.4,\"speed\":1.852,\"eph\":9."
		"5}\r"));
	assert_int_equal(f.mode, GNSS_3D);
	assert_int_equal(f.lat_e7, 228234000);
	assert_int_equal(f.lon_e7, 1049836000);
	assert_int_equal(f.utc_ns, NOON_S * NS_PER_S + 500 * NS_PER_MS);
	assert_int_equal(f.stamp_ns, 12 * 3600 * NS_PER_S + 500 * NS_PER_MS);
	assert_int_equal(f.satellites, 2);
	assert_true(f.hdop == 0.92 && f.accuracy_m == 9.5 && f.speed_mps == 1.852);
	assert_true(f.heading_deg == 84.4);
	assert_int_equal(f.mono_ns, BOOT);
}

static void accuracy_is_eph_else_of_both_axes_else_of_hdop(void **state)
{
	struct gnss_sky s = no_sky;
	struct gnss_fix f;

	(void)state;
	gpsd_says(&f, &s,
		"{\"class\":\"TPV\",\"mode\":2,\"lat\":1,\"lon\":2,\"epx\":3.0,\"epy\":4.0}");
	assert_true(f.accuracy_m == 5 && f.mode == GNSS_2D && f.stamp_ns == GNSS_NO_STAMP);
	gpsd_says(&f, &s, "{\"class\":\"SKY\",\"hdop\":2,\"uSat\":7,\"nSat\":11}");
	gpsd_says(&f, &s, "{\"class\":\"TPV\",\"mode\":2,\"lat\":1,\"lon\":2}");
	assert_true(f.accuracy_m == 38 && f.satellites == 7);
}

static void what_gpsd_says_without_satellites_is_no_fix(void **state)
{
	static const char *const none[] = {
		"{\"class\":\"TPV\",\"mode\":1}",
		"{\"class\":\"TPV\",\"mode\":0,\"lat\":22.8,\"lon\":104.9}",
		"{\"class\":\"TPV\",\"mode\":3,\"lat\":22.8}",
		"{\"class\":\"TPV\",\"mode\":3,\"status\":5,\"lat\":22.8,\"lon\":104.9}",
		"{\"class\":\"TPV\",\"mode\":3,\"status\":8,\"lat\":22.8,\"lon\":104.9}",
		"{\"class\":\"TPV\",\"mode\":3,\"lat\":0.0,\"lon\":0.0}",
		"{\"class\":\"TPV\",\"mode\":3,\"lat\":92.8,\"lon\":104.9}",
		"{\"class\":\"TPV\",\"mode\":3,\"lat\":\"22.8\",\"lon\":104.9}",
		"{\"class\":\"TPV\",\"mode\":3,\"lat\":NaN,\"lon\":104.9}",
	};
	struct gnss_sky s = no_sky;
	struct gnss_fix f;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_true(gpsd_says(&f, &s, none[i]));
		assert_int_equal(f.mode, GNSS_NO_FIX);
	}
	assert_false(gpsd_says(&f, &s, "{\"class\":\"VERSION\",\"release\":\"3.22\"}"));
	assert_false(gpsd_says(&f, &s, "{\"class\":\"TPV\""));
	assert_false(gpsd_says(&f, &s, "[1]"));
	assert_false(gpsd_says(&f, &s, ""));
}

/* --- age ----------------------------------------------------------------------------------------------------------- */
/* A fix whose stamp is `stamp_s` seconds after noon, read `mono_s` seconds after boot. */
static struct gnss_fix fix_at(double stamp_s, double mono_s)
{
	struct gnss_fix f;

	gnss_fix_clear(&f, BOOT + llround(mono_s * 1e9));
	f.mode = GNSS_3D;
	f.lat_e7 = 228234000;
	f.lon_e7 = 1049836000;
	f.utc_ns = NOON_S * NS_PER_S + llround(stamp_s * 1e9);
	f.stamp_ns = f.utc_ns % GNSS_DAY_NS;
	return f;
}

/* Seconds from the fix to the moment it was read; NAN: not known. */
static double age(struct gnss_track *t, struct gnss_fix f)
{
	int64_t read_ns = f.mono_ns, when;

	gnss_track_take(t, &f);
	when = gnss_track_when(t, &f, NULL, 0);
	return when == GNSS_NO_STAMP ? NAN : (double)(read_ns - when) / 1e9;
}

static void run_live(struct gnss_track *t, int from_s, int to_s, double late_s)
{
	for (int i = from_s; i < to_s; i++)
		age(t, fix_at(i, i + late_s));
}

static void a_live_fix_is_fresh_after_two_seconds(void **state)
{
	struct gnss_track t = { 0 };

	(void)state;
	assert_true(isnan(age(&t, fix_at(0, 0.2))));
	assert_true(isnan(age(&t, fix_at(1, 1.2))));
	assert_true(age(&t, fix_at(3, 3.2)) < 0.01);
	assert_true(fabs(age(&t, fix_at(4, 4.6)) - 0.4) < 0.01); /* this sentence took longer */
}

static void the_last_fix_over_and_over_grows_old(void **state)
{
	struct gnss_track t = { 0 };

	(void)state;
	run_live(&t, 0, 10, 0.2);
	/* as TinyGSM#841: the same stamp, again and again */
	assert_true(fabs(age(&t, fix_at(9, 14.2)) - 5) < 0.01);
	assert_true(fabs(age(&t, fix_at(9, 1209.2)) - 1200) < 0.3);
	assert_true(age(&t, fix_at(1210, 1210.2)) < 0.01); /* back alive */
}

static void a_stale_fix_after_a_restart_is_never_fresh(void **state)
{
	struct gnss_track t = { 0 };

	(void)state;
	assert_true(isnan(age(&t, fix_at(9, 0))));
	for (int i = 1; i < 600; i++)
		assert_true(isnan(age(&t, fix_at(9, i))));
}

static void a_backlog_read_in_one_go_is_old_until_it_is_over(void **state)
{
	struct gnss_track t = { 0 };

	(void)state;
	for (int i = 0; i < 60; i++) /* a minute of sentences within half a second */
		assert_true(isnan(age(&t, fix_at(i, 60 + i / 120.0))));
	assert_true(isnan(age(&t, fix_at(61, 61.1))));
	run_live(&t, 62, 66, 0.1);
	assert_true(age(&t, fix_at(66, 66.1)) < 0.1);
}

static void delayed_fixes_are_as_old_as_they_are(void **state)
{
	struct gnss_track t = { 0 };

	(void)state;
	run_live(&t, 0, 10, 0.2);
	assert_true(fabs(age(&t, fix_at(10, 17.2)) - 7) < 0.01);
	assert_true(fabs(age(&t, fix_at(11, 17.3)) - 6.1) < 0.01);
}

static void a_receiver_that_sets_its_clock_back_is_believed_after_half_a_minute(void **state)
{
	struct gnss_track t = { 0 };
	double a = 0;

	(void)state;
	run_live(&t, 0, 10, 0.2);
	for (int i = 10; i < 36; i++)
		a = age(&t, fix_at(i - 600, i + 0.2));
	assert_true(fabs(a - 600) < 0.1);
	for (int i = 36; i < 45; i++)
		a = age(&t, fix_at(i - 600, i + 0.2));
	assert_true(fabs(a) < 0.01);
}

static void midnight_is_no_step(void **state)
{
	struct gnss_track t = { 0 };

	(void)state;
	run_live(&t, 43195, 43205, 0.2); /* noon and twelve hours */
	assert_true(age(&t, fix_at(43205, 43205.2)) < 0.01);
}

static void no_fix_and_no_stamp_teach_nothing(void **state)
{
	struct gnss_track t = { 0 };
	struct gnss_fix f = fix_at(0, 0);

	(void)state;
	f.mode = GNSS_NO_FIX;
	age(&t, f);
	assert_false(t.any);
	run_live(&t, 0, 10, 0.2);
	f = fix_at(10, 10.2);
	f.stamp_ns = GNSS_NO_STAMP;
	assert_true(isnan(age(&t, f)));
}

static void our_own_good_clock_outweighs_the_receivers(void **state)
{
	struct clock_state now = { CLOCK_NTP, (NOON_S + 3600) * NS_PER_S, 1000, 0 };
	struct gnss_track t = { 0 };
	struct gnss_fix f;

	(void)state;
	run_live(&t, 0, 10, 0.2);
	f = fix_at(10, 10.2);
	gnss_track_take(&t, &f);
	/* it runs an hour behind, and looks live by itself */
	assert_true(f.mono_ns - gnss_track_when(&t, &f, &now, f.mono_ns) > 3500 * NS_PER_S);
	now.source = CLOCK_MANUAL;
	assert_true(f.mono_ns - gnss_track_when(&t, &f, &now, f.mono_ns) < NS_PER_S);
	/* a date that rolled over is not old, and leap seconds not heard of yet are no reason either */
	now = (struct clock_state){ CLOCK_NTP, f.utc_ns + 1024 * 7 * GNSS_DAY_NS, 1000, 0 };
	assert_true(f.mono_ns - gnss_track_when(&t, &f, &now, f.mono_ns) < NS_PER_S);
	now.utc_ns = f.utc_ns - 18 * NS_PER_S;
	assert_true(f.mono_ns - gnss_track_when(&t, &f, &now, f.mono_ns) < NS_PER_S);
}

/* --- time ---------------------------------------------------------------------------------------------------------- */
static bool tells(struct gnss_time *t, struct gnss_fix f, int64_t *utc_ns, int64_t *mono_ns)
{
	return gnss_time_take(t, &f, f.mono_ns, utc_ns, mono_ns);
}

static void the_time_is_that_of_the_least_delay(void **state)
{
	struct gnss_time t = { 0 };
	int64_t utc_ns, mono_ns;

	(void)state;
	assert_true(tells(&t, fix_at(0, 0.4), &utc_ns, &mono_ns));
	assert_int_equal(utc_ns, NOON_S * NS_PER_S);
	assert_int_equal(mono_ns, BOOT + 400 * NS_PER_MS);
	assert_false(tells(&t, fix_at(1, 1.42), &utc_ns, &mono_ns));
	assert_false(tells(&t, fix_at(2, 2.9), &utc_ns, &mono_ns));
	assert_true(
		tells(&t, fix_at(3, 3.1), &utc_ns, &mono_ns)); /* 0.3 s better than what was told */
	assert_int_equal(utc_ns - (mono_ns - BOOT), NOON_S * NS_PER_S - 100 * NS_PER_MS);
	assert_false(tells(&t, fix_at(4, 4.4), &utc_ns, &mono_ns));
}

static void it_is_confirmed_every_ten_minutes(void **state)
{
	struct gnss_time t = { 0 };
	int64_t utc_ns, mono_ns;
	int told = 0;

	(void)state;
	for (int i = 0; i < 3600; i++)
		told += tells(&t, fix_at(i, i + 0.2), &utc_ns, &mono_ns);
	assert_int_equal(told, 6);
}

static void only_a_valid_fresh_fix_has_a_time(void **state)
{
	struct gnss_time t = { 0 };
	struct gnss_fix f = fix_at(0, 0.2);
	int64_t utc_ns, mono_ns;

	(void)state;
	assert_false(gnss_time_take(&t, &f, GNSS_NO_STAMP, &utc_ns, &mono_ns));
	assert_false(gnss_time_take(&t, &f, f.mono_ns - 5 * NS_PER_S, &utc_ns, &mono_ns));
	f.mode = GNSS_NO_FIX;
	assert_false(tells(&t, f, &utc_ns, &mono_ns));
	f = fix_at(0, 0.2);
	f.utc_ns = UTC_UNKNOWN;
	assert_false(tells(&t, f, &utc_ns, &mono_ns));
	assert_int_equal(t.date, GNSS_DATE_NONE);
}

static void a_date_1024_weeks_behind_is_refused_and_explained(void **state)
{
	struct gnss_time t = { 0 };
	struct gnss_fix f = fix_at(0, 0.2);
	int64_t utc_ns, mono_ns;

	(void)state;
	f.utc_ns -= 1024 * 7 * GNSS_DAY_NS;
	assert_false(tells(&t, f, &utc_ns, &mono_ns));
	assert_int_equal(t.date, GNSS_DATE_ROLLED);
	f.utc_ns = 0;
	assert_false(tells(&t, f, &utc_ns, &mono_ns));
	assert_int_equal(t.date, GNSS_DATE_IMPLAUSIBLE);
	assert_true(tells(&t, fix_at(1, 1.2), &utc_ns, &mono_ns));
	assert_int_equal(t.date, GNSS_DATE_GOOD);
}

static void sources_are_two_forms(void **state)
{
	static const char *const good[] = { "gpsd://127.0.0.1:2947", "gpsd://localhost",
		"gpsd://[::1]:2947", "gpsd://10.0.0.2:1/dev/ttyUSB1", "gpsd://127.0.0.1/dev/ttyS0",
		"/dev/ttyUSB1", "/dev/ttyS0@38400",
		"/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0@115200" };
	static const char *const bad[] = { "", "gpsd", "gpsd://", "gpsd://example.org:2947",
		"gpsd://127.0.0.1:0", "gpsd://127.0.0.1:70000", "gpsd://127.0.0.1:29x",
		"gpsd://127.0.0.1:", "gpsd://127.0.0.1/a\"b", "ttyUSB1", "/dev/ttyS0@12345",
		"/dev/ttyS0@" };
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (gnss_source_check(good[i], NULL))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why.text[0] = 0;
		if (!gnss_source_check(bad[i], &why) || !*why.text)
			fail_msg("%s is taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tpv_and_the_sky_before_it_make_a_fix),
		cmocka_unit_test(accuracy_is_eph_else_of_both_axes_else_of_hdop),
		cmocka_unit_test(what_gpsd_says_without_satellites_is_no_fix),
		cmocka_unit_test(a_live_fix_is_fresh_after_two_seconds),
		cmocka_unit_test(the_last_fix_over_and_over_grows_old),
		cmocka_unit_test(a_stale_fix_after_a_restart_is_never_fresh),
		cmocka_unit_test(a_backlog_read_in_one_go_is_old_until_it_is_over),
		cmocka_unit_test(delayed_fixes_are_as_old_as_they_are),
		cmocka_unit_test(
			a_receiver_that_sets_its_clock_back_is_believed_after_half_a_minute),
		cmocka_unit_test(midnight_is_no_step),
		cmocka_unit_test(no_fix_and_no_stamp_teach_nothing),
		cmocka_unit_test(our_own_good_clock_outweighs_the_receivers),
		cmocka_unit_test(the_time_is_that_of_the_least_delay),
		cmocka_unit_test(it_is_confirmed_every_ten_minutes),
		cmocka_unit_test(only_a_valid_fresh_fix_has_a_time),
		cmocka_unit_test(a_date_1024_weeks_behind_is_refused_and_explained),
		cmocka_unit_test(sources_are_two_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
