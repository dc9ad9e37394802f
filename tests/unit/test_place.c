/* SPDX-License-Identifier: Apache-2.0 */
/* Where a record was measured, decided under a made-up clock; and what a walk adds up to. */
#include "agent/place.h"
#include "agent/survey_show.h"
#include "agent/survey_sum.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BOOT   (5000 * NS_PER_S)
#define NOON_S 1795780800LL
#define LAT    228234000
#define LON    1049836000

static const struct place_options usual = { .surveyed = { LAT, LON, 10, PLACE_SURVEYED },
	.gnss = true,
	.mode_least = GNSS_3D,
	.accuracy_m = 50,
	.satellites = 4,
	.age_ns = 10 * NS_PER_S,
	.moved_m = 200,
	.moved_ns = 300 * NS_PER_S,
	.decimals = 7 };

static struct place_options without_survey(void)
{
	struct place_options o = usual;

	o.surveyed = (struct place){ .accuracy_m = -1 };
	return o;
}

static int64_t mono(double s)
{
	return BOOT + llround(s * 1e9);
}

/* A good fix north_m metres north of the surveyed place, at second s after boot, read a tenth later. */
static struct gnss_fix fix(double s, double north_m)
{
	struct gnss_fix f;

	gnss_fix_clear(&f, mono(s + 0.1));
	f.utc_ns = NOON_S * NS_PER_S + llround(s * 1e9);
	f.stamp_ns = f.utc_ns % GNSS_DAY_NS;
	f.mode = GNSS_3D;
	f.lat_e7 = LAT + (int32_t)lround(north_m * 89.932);
	f.lon_e7 = LON;
	f.accuracy_m = 12;
	f.hdop = 0.8;
	f.satellites = 9;
	f.speed_mps = 1.4;
	f.heading_deg = 350;
	return f;
}

static void tell(struct whereabouts *w, struct gnss_fix f)
{
	place_told(w, &f, NULL, f.mono_ns);
}

/* A fix each second from..to-1. */
static void stay(struct whereabouts *w, int from, int to, double north_m)
{
	for (int i = from; i < to; i++)
		tell(w, fix(i, north_m));
}

static struct record stamped(const struct whereabouts *w, double s)
{
	struct record r;

	record_clear(&r, RECORD_SIGNAL);
	r.mono_ns = mono(s);
	place_stamp(w, &r);
	return r;
}

static void a_surveyed_place_wins(void **state)
{
	struct whereabouts w;
	struct record r;

	(void)state;
	place_begin(&w, &usual);
	stay(&w, 0, 60, 50);
	r = stamped(&w, 59);
	assert_int_equal(r.place.source, PLACE_SURVEYED);
	assert_int_equal(r.place.lat_e7, LAT);
	assert_false(record_has(&r, FIELD_FIX) || record_has(&r, FIELD_FIX_AGE_MS));
	assert_int_equal(place_news(&w), PLACE_STAYS);
	assert_true(fabs(w.distance_m - 50) < 0.5);
}

static void far_away_for_long_enough_is_moved_and_back_again(void **state)
{
	struct whereabouts w;
	struct record r;

	(void)state;
	place_begin(&w, &usual);
	stay(&w, 0, 10, 0);
	stay(&w, 10, 309, 5000);
	assert_int_equal(place_news(&w), PLACE_STAYS);
	stay(&w, 309, 312, 5000);
	assert_int_equal(place_news(&w), PLACE_MOVED);
	assert_int_equal(place_news(&w), PLACE_STAYS);
	assert_true(fabs(w.distance_m - 5000) < 10);
	r = stamped(&w, 311);
	assert_int_equal(
		r.place.lat_e7, LAT); /* it is where it was installed that it is registered for */
	assert_string_equal(record_text(&r, FIELD_FIX), "moved");
	stay(&w, 312, 611, 100);
	assert_true(w.moved);
	stay(&w, 611, 614, 100);
	assert_int_equal(place_news(&w), PLACE_BACK);
	r = stamped(&w, 613);
	assert_false(record_has(&r, FIELD_FIX));
}

static void a_wrong_fix_now_and_then_moves_nothing(void **state)
{
	struct whereabouts w;

	(void)state;
	place_begin(&w, &usual);
	for (int i = 0; i < 2000; i++)
		tell(&w, fix(i, i % 250 ? 5000 : 20));
	assert_int_equal(place_news(&w), PLACE_STAYS);
}

static void fixes_far_apart_are_not_for_so_long(void **state)
{
	struct whereabouts w;

	(void)state;
	place_begin(&w, &usual);
	stay(&w, 0, 10, 5000);
	for (int i = 100; i < 3000; i += 90)
		tell(&w, fix(i, 5000));
	assert_false(w.moved);
}

static void a_fix_that_came_late_moves_nothing(void **state)
{
	struct whereabouts w;
	struct gnss_fix f;

	(void)state;
	place_begin(&w, &usual);
	stay(&w, 0, 10, 0);
	for (int i = 10; i < 35; i++) {
		f = fix(i, 5000);
		f.mono_ns = mono(i + 15);
		tell(&w, f);
	}
	assert_true(w.distance_m < 1);
	assert_int_equal(stamped(&w, 34).place.source, PLACE_SURVEYED);
}

static void what_the_accuracies_explain_is_not_moved(void **state)
{
	struct place_options o = usual;
	struct whereabouts w;

	(void)state;
	o.surveyed.accuracy_m = 1000; /* the hamlet's centre, say */
	place_begin(&w, &o);
	stay(&w, 0, 400, 1150);
	assert_false(w.moved);
	stay(&w, 400, 800, 1250);
	assert_true(w.moved);
}

static void without_a_surveyed_place_a_good_fix_is_the_place(void **state)
{
	struct place_options o = without_survey();
	struct whereabouts w;
	struct record r;

	(void)state;
	place_begin(&w, &o);
	stay(&w, 0, 10, 30);
	r = stamped(&w, 9.5);
	assert_int_equal(r.place.source, PLACE_GNSS);
	assert_int_equal(r.place.lat_e7, LAT + 2698);
	assert_int_equal(r.place.accuracy_m, 12);
	assert_string_equal(record_text(&r, FIELD_FIX), "3d");
	assert_int_equal(record_int(&r, FIELD_SATELLITES, 0), 9);
	assert_true(record_real(&r, FIELD_HDOP, 0) == 0.8);
	assert_true(record_real(&r, FIELD_SPEED_MPS, 0) == 1.4);
	assert_true(record_real(&r, FIELD_HEADING_DEG, 0) == 350);
	/* the fix of second 9 came a tenth later, and that tenth is all that is known of delays */
	assert_int_equal(record_int(&r, FIELD_FIX_AGE_MS, 0), 400);
}

static void nothing_that_is_too_bad_is_a_place(void **state)
{
	struct place_options o = without_survey();
	struct whereabouts w;
	struct gnss_fix f;

	(void)state;
	for (int what = 0; what < 6; what++) {
		place_begin(&w, &o);
		for (int i = 0; i < 10; i++) {
			f = fix(i, 0);
			if (what == 0)
				f.mode = GNSS_2D;
			else if (what == 1)
				f.accuracy_m = 51;
			else if (what == 2)
				f.accuracy_m = NAN;
			else if (what == 3)
				f.satellites = 3;
			else if (what == 4)
				f.mode = GNSS_NO_FIX;
			else
				f.stamp_ns = GNSS_NO_STAMP;
			tell(&w, f);
		}
		assert_int_equal(stamped(&w, 9.5).place.source, PLACE_NONE);
		assert_string_equal(place_word(&w, mono(9.5)), what < 4    ? "poor"
							       : what == 4 ? "no_fix"
									   : "no_time");
	}
}

static void a_place_grows_old_and_a_repeated_fix_does_not_keep_it(void **state)
{
	struct place_options o = without_survey();
	struct whereabouts w;
	struct gnss_fix f;

	(void)state;
	place_begin(&w, &o);
	stay(&w, 0, 10, 0);
	for (int i = 10; i < 40; i++) {
		f = fix(9, 0);
		f.mono_ns = mono(i + 0.1);
		tell(&w, f);
	}
	assert_int_equal(stamped(&w, 19).place.source, PLACE_GNSS);
	assert_int_equal(stamped(&w, 20).place.source, PLACE_NONE);
	assert_string_equal(place_word(&w, mono(40)), "stale");
	assert_string_equal(place_word(&w, mono(50)), "no_data");
}

static void a_new_process_knows_no_place(void **state)
{
	struct place_options o = without_survey();
	struct whereabouts w;
	struct gnss_fix f;

	(void)state;
	place_begin(&w, &o);
	assert_string_equal(place_word(&w, mono(0)), "no_data");
	assert_int_equal(stamped(&w, 0).place.source, PLACE_NONE);
	for (int i = 0; i < 100; i++) { /* a modem that has nothing newer says its last word */
		f = fix(0, 0);
		f.mono_ns = mono(i);
		tell(&w, f);
		assert_int_equal(stamped(&w, i).place.source, PLACE_NONE);
	}
	assert_string_equal(place_word(&w, mono(99)), "unproven");
}

static void a_long_measurement_gets_the_place_where_it_began(void **state)
{
	struct place_options o = without_survey();
	struct whereabouts w;
	struct record r;

	(void)state;
	place_begin(&w, &o);
	for (int i = 0; i < 30; i++)
		tell(&w, fix(i, i * 10));
	r = stamped(&w, 20.1);
	assert_int_equal(r.place.lat_e7, fix(20, 200).lat_e7);
	r = stamped(&w, 20.8);
	assert_int_equal(r.place.lat_e7, fix(21, 210).lat_e7);
	assert_true(record_int(&r, FIELD_FIX_AGE_MS, 0) < 0);
}

static void coordinates_can_be_rounded_and_say_so(void **state)
{
	struct place_options o = usual;
	struct whereabouts w;
	struct record r;

	(void)state;
	o.decimals = 3;
	place_begin(&w, &o);
	r = stamped(&w, 1);
	assert_int_equal(r.place.lat_e7, 228230000);
	assert_int_equal(r.place.lon_e7, 1049840000);
	assert_int_equal(r.place.accuracy_m, 10 + 79); /* half the diagonal of 111 m squares */
	o = without_survey();
	o.decimals = 2;
	place_begin(&w, &o);
	stay(&w, 0, 10, 0);
	r = stamped(&w, 9);
	assert_int_equal(r.place.lat_e7, 228200000);
	assert_int_equal(r.place.accuracy_m, 12 + 787);
}

static void on_a_survey_the_fix_is_the_place_and_poor_ones_are_told(void **state)
{
	struct place_options o = usual;
	struct whereabouts w;
	struct gnss_fix f;
	struct record r;

	(void)state;
	o.survey = true;
	o.mode_least = GNSS_2D;
	o.satellites = 0;
	o.accuracy_m = 1000;
	place_begin(&w, &o);
	r = stamped(&w, 0);
	assert_int_equal(r.place.source, PLACE_NONE);
	assert_string_equal(record_text(&r, FIELD_FIX), "no_data");
	for (int i = 0; i < 400; i++) {
		f = fix(i, 5000);
		f.mode = GNSS_2D;
		f.accuracy_m = NAN;
		tell(&w, f);
	}
	r = stamped(&w, 399);
	assert_int_equal(r.place.source, PLACE_GNSS);
	assert_int_equal(r.place.accuracy_m, -1);
	assert_string_equal(record_text(&r, FIELD_FIX), "2d");
	assert_false(w.moved);
	o.gnss = false;
	place_begin(&w, &o);
	r = stamped(&w, 0);
	assert_string_equal(record_text(&r, FIELD_FIX), "none");
}

static void distances_are_those_of_the_earth(void **state)
{
	(void)state;
	/* Hà Nội to Điện Biên Phủ, 296 km */
	assert_true(fabs(place_distance_m(210285000, 1058542000, 213860000, 1030230000) - 296500) <
		    1500);
	assert_true(place_distance_m(LAT, LON, LAT, LON) == 0);
	assert_true(fabs(place_distance_m(LAT, LON, LAT + 90 * 1000, LON) - 1000.8) < 1);
	assert_true(fabs(place_distance_m(0, 1799999999, 0, -1799999999) - 0.022) < 0.01);
	assert_true(place_distance_m(900000000, 0, -900000000, 1800000000) > 2e7);
}

/* --- sums ------------------------------------------------------------------------------------------------------------ */
static void walk(struct survey_sum *s, double at_s, double north_m, double accuracy_m)
{
	struct place_fix f = { fix(at_s, north_m), mono(at_s) };

	f.fix.accuracy_m = accuracy_m;
	survey_sum_walk(s, &f);
}

static void a_receiver_that_stands_still_walks_nowhere(void **state)
{
	struct survey_sum s = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		walk(&s, i, i % 7, 12);
	assert_true(s.walked_m == 0);
}

static void steps_add_up_once_each(void **state)
{
	struct survey_sum s = { 0 };

	(void)state;
	for (int i = 0; i <= 1000; i++)
		for (int again = 0; again < 3; again++)
			walk(&s, i, i * 1.5, 8);
	assert_true(fabs(s.walked_m - 1500) < 15);
}

static void a_fix_that_jumps_is_no_road(void **state)
{
	struct survey_sum s = { 0 };

	(void)state;
	walk(&s, 0, 0, 5);
	walk(&s, 1, 4000, 5);
	walk(&s, 2, 4, 5);
	assert_true(s.walked_m == 0);
}

static struct record level_of(const char *rat, enum field f, double dbm)
{
	struct record r;

	record_clear(&r, RECORD_SIGNAL);
	record_set_text(&r, FIELD_RAT, rat);
	record_set_real(&r, f, dbm);
	return r;
}

static void levels_are_summed_by_technology(void **state)
{
	struct survey_sum s = { 0 };
	struct survey_levels l;
	struct record r;

	(void)state;
	for (int i = 0; i < 5; i++) {
		r = level_of("LTE", FIELD_RSRP, -80 - 10 * i);
		r.place.source = i ? PLACE_GNSS : PLACE_NONE;
		survey_sum_take(&s, &r);
	}
	r = level_of("GSM", FIELD_RXLEV, -71);
	survey_sum_take(&s, &r);
	record_clear(&r, RECORD_SIGNAL);
	survey_sum_take(&s, &r);
	record_set_text(&r, FIELD_ERROR, "modem_hung");
	survey_sum_take(&s, &r);
	assert_int_equal(s.samples, 8);
	assert_int_equal(s.placed, 4);
	assert_int_equal(s.unserved, 1);
	assert_int_equal(s.failed, 1);
	assert_true(survey_levels(&s, SURVEY_LTE, &l));
	assert_true(l.n == 5 && l.least == -120 && l.median == -100 && l.most == -80);
	assert_true(survey_levels(&s, SURVEY_GSM, &l));
	assert_true(l.n == 1 && l.least == -71 && l.median == -71 && l.most == -71);
	assert_false(survey_levels(&s, SURVEY_SA, &l));
}

static void the_bar_has_its_ends(void **state)
{
	char bar[3 * SURVEY_BAR + 1], full[3 * SURVEY_BAR + 1], half[3 * SURVEY_BAR + 1];

	(void)state;
	survey_bar(-140, bar);
	survey_bar(-60, full);
	survey_bar(-100, half);
	assert_int_equal(strlen(bar), 3 * SURVEY_BAR);
	assert_null(strstr(bar, "█"));
	assert_null(strstr(full, "░"));
	assert_memory_equal(half, full, 3 * SURVEY_BAR / 2);
	assert_memory_equal(half + 3 * SURVEY_BAR / 2, bar, 3 * SURVEY_BAR / 2);
	survey_bar(NAN, bar);
	survey_bar(1e9, full);
	assert_int_equal(strlen(full), 3 * SURVEY_BAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_surveyed_place_wins),
		cmocka_unit_test(far_away_for_long_enough_is_moved_and_back_again),
		cmocka_unit_test(a_wrong_fix_now_and_then_moves_nothing),
		cmocka_unit_test(fixes_far_apart_are_not_for_so_long),
		cmocka_unit_test(a_fix_that_came_late_moves_nothing),
		cmocka_unit_test(what_the_accuracies_explain_is_not_moved),
		cmocka_unit_test(without_a_surveyed_place_a_good_fix_is_the_place),
		cmocka_unit_test(nothing_that_is_too_bad_is_a_place),
		cmocka_unit_test(a_place_grows_old_and_a_repeated_fix_does_not_keep_it),
		cmocka_unit_test(a_new_process_knows_no_place),
		cmocka_unit_test(a_long_measurement_gets_the_place_where_it_began),
		cmocka_unit_test(coordinates_can_be_rounded_and_say_so),
		cmocka_unit_test(on_a_survey_the_fix_is_the_place_and_poor_ones_are_told),
		cmocka_unit_test(distances_are_those_of_the_earth),
		cmocka_unit_test(a_receiver_that_stands_still_walks_nowhere),
		cmocka_unit_test(steps_add_up_once_each),
		cmocka_unit_test(a_fix_that_jumps_is_no_road),
		cmocka_unit_test(levels_are_summed_by_technology),
		cmocka_unit_test(the_bar_has_its_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
