/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/nmea.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MONO (1000 * NS_PER_S)

struct ear {
	struct nmea nmea;
	struct gnss_fix last;
	int heard;
};

static void hear(void *arg, const struct gnss_fix *f)
{
	struct ear *e = arg;

	e->last = *f;
	e->heard++;
}

static void begin(struct ear *e)
{
	memset(e, 0, sizeof(*e));
	nmea_begin(&e->nmea);
}

static void feed(struct ear *e, const char *bytes, int64_t mono_ns)
{
	nmea_feed(&e->nmea, bytes, strlen(bytes), mono_ns, hear, e);
}

/* With its checksum and line end. */
static void say(struct ear *e, const char *body)
{
	char line[256];
	unsigned sum = 0;

	for (const char *c = body; *c; c++)
		sum ^= (uint8_t)*c;
	snprintf(line, sizeof(line), "$%s*%02X\r\n", body, sum);
	feed(e, line, MONO);
}

#define GGA "GPGGA,041530.20,2249.4040,N,10459.0160,E,1,08,0.9,1012.4,M,-28.1,M,,"
#define RMC "GPRMC,041530.20,A,2249.4040,N,10459.0160,E,3.60,84.4,271126,,,A"

static void a_fix_is_put_together_from_several_sentences(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, GGA);
	assert_int_equal(e.heard, 1);
	assert_int_equal(e.last.mode, GNSS_3D);
	assert_int_equal(e.last.lat_e7, 228234000);
	assert_int_equal(e.last.lon_e7, 1049836000);
	assert_int_equal(e.last.satellites, 8);
	assert_true(fabs(e.last.hdop - 0.9) < 1e-9);
	assert_true(fabs(e.last.accuracy_m - 17.1) < 1e-9);
	assert_int_equal(e.last.stamp_ns, (4 * 3600 + 15 * 60 + 30) * NS_PER_S + 200 * NS_PER_MS);
	assert_int_equal(e.last.utc_ns, UTC_UNKNOWN);
	assert_true(isnan(e.last.speed_mps));
	say(&e, RMC);
	assert_int_equal(e.heard, 2);
	assert_int_equal(e.last.utc_ns, 1795752930200 * NS_PER_MS);
	assert_true(fabs(e.last.speed_mps - 1.852) < 1e-6);
	assert_true(fabs(e.last.heading_deg - 84.4) < 1e-9);
	assert_int_equal(e.last.satellites, 8);
	say(&e, "GPGST,041530.20,5.1,,,,3.0,4.0,8.8");
	assert_true(fabs(e.last.accuracy_m - 10) < 1e-9);
	assert_int_equal(e.last.mono_ns, MONO);
}

static void the_south_and_the_west_are_negative(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, "GNGGA,000000,0830.0000,S,07015.0000,W,2,05,2.0,1,M,1,M,,");
	assert_int_equal(e.last.lat_e7, -85000000);
	assert_int_equal(e.last.lon_e7, -702500000);
	assert_true(fabs(e.last.accuracy_m - 9.5) < 1e-9); /* corrected */
}

static void every_talker_of_the_list_is_understood_and_no_other(void **state)
{
	static const char *const talkers[] = { "GP", "GN", "GL", "GA", "GB", "BD", "II", "HC" };
	char line[128];
	struct ear e;

	(void)state;
	for (size_t i = 0; i < sizeof(talkers) / sizeof(talkers[0]); i++) {
		begin(&e);
		snprintf(line, sizeof(line), "%s%s", talkers[i], &GGA[2]);
		say(&e, line);
		assert_int_equal(e.heard, i < 6);
	}
}

static void a_wrong_or_missing_checksum_is_noise(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	feed(&e, "$" GGA "*00\r\n", MONO);
	feed(&e, "$" GGA "\r\n", MONO);
	feed(&e, "$" GGA "*4\r\n", MONO);
	feed(&e, "$" GGA "*GG\r\n", MONO);
	assert_int_equal(e.heard, 0);
	assert_int_equal(e.nmea.noise, 4);
	assert_int_equal(e.nmea.sentences, 0);
}

static void a_sentence_may_come_byte_by_byte_after_half_another(void **state)
{
	const char *text =
		"$GPGGA,0415$GPRMC,041530.20,A,2249.4040,N,10459.0160,E,3.60,84.4,271126,,,"
		"A*50\r\n";
	struct ear e;

	(void)state;
	begin(&e);
	for (const char *c = text; *c; c++)
		nmea_feed(&e.nmea, c, 1, MONO + (c - text), hear, &e);
	assert_int_equal(e.heard, 1);
	assert_int_equal(e.last.mono_ns, MONO + 11); /* when its own dollar came */
	assert_int_equal(e.nmea.noise, 1);
}

static void any_sentence_can_say_that_there_is_no_fix(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, GGA);
	say(&e, "GPRMC,041530.20,V,2249.4040,N,10459.0160,E,3.60,84.4,271126,,,A");
	assert_int_equal(e.last.mode, GNSS_NO_FIX);
	begin(&e);
	say(&e, RMC);
	assert_int_equal(e.last.mode, GNSS_2D); /* how many satellites is not known */
	say(&e, "GPGGA,041530.20,2249.4040,N,10459.0160,E,0,03,,,M,,M,,");
	assert_int_equal(e.last.mode, GNSS_NO_FIX);
	begin(&e);
	say(&e, "GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99");
	say(&e, GGA);
	assert_int_equal(e.last.mode, GNSS_NO_FIX);
}

static void gsa_tells_the_mode_before_and_after(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, "GNGSA,A,2,01,02,03,,,,,,,,,,2.5,1.5,2.0,1");
	assert_int_equal(e.heard, 0);
	say(&e, GGA);
	assert_int_equal(e.last.mode, GNSS_2D);
	say(&e, "GNGSA,A,3,01,02,03,04,05,,,,,,,,2.5,1.5,2.0,1");
	assert_int_equal(e.heard, 2);
	assert_int_equal(e.last.mode, GNSS_3D);
	assert_true(fabs(e.last.hdop - 0.9) < 1e-9); /* of GGA, which is of this moment */
}

static void dead_reckoning_simulation_and_null_island_are_no_fix(void **state)
{
	static const char *const none[] = {
		"GPGGA,041530,2249.4040,N,10459.0160,E,6,08,0.9,1,M,1,M,,",
		"GPGGA,041530,2249.4040,N,10459.0160,E,7,08,0.9,1,M,1,M,,",
		"GPGGA,041530,2249.4040,N,10459.0160,E,8,08,0.9,1,M,1,M,,",
		"GPGGA,041530,0000.0000,N,00000.0000,E,1,08,0.9,1,M,1,M,,",
		"GPRMC,041530,A,2249.4040,N,10459.0160,E,0,0,271126,,,E",
		"GPRMC,041530,A,2249.4040,N,10459.0160,E,0,0,271126,,,S",
		"GPRMC,041530,A,2249.4040,N,10459.0160,E,0,0,271126,,,N",
		"GPGGA,041530,2260.4040,N,10459.0160,E,1,08,0.9,1,M,1,M,,",
		"GPGGA,041530,9149.4040,N,10459.0160,E,1,08,0.9,1,M,1,M,,",
		"GPGGA,041530,2249.4040,N,18059.0160,E,1,08,0.9,1,M,1,M,,",
		"GPGGA,041530,2249.4040,X,10459.0160,E,1,08,0.9,1,M,1,M,,",
		"GPGGA,041530,49.4040,N,10459.0160,E,1,08,0.9,1,M,1,M,,",
		"GPGGA,041530,,,,,1,08,0.9,1,M,1,M,,",
	};
	struct ear e;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		begin(&e);
		say(&e, none[i]);
		assert_int_equal(e.heard, 1);
		assert_int_equal(e.last.mode, GNSS_NO_FIX);
	}
}

static void what_cannot_be_a_value_is_unknown(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, "GPGGA,,2249.4040,N,10459.0160,E,1,,99.99,1,M,1,M,,");
	assert_int_equal(e.last.stamp_ns, GNSS_NO_STAMP);
	assert_int_equal(e.last.satellites, -1);
	assert_true(isnan(e.last.hdop) && isnan(e.last.accuracy_m));
	say(&e, "GPRMC,246060,A,2249.4040,N,10459.0160,E,9999,400,311326,,,A");
	assert_int_equal(e.last.stamp_ns, GNSS_NO_STAMP);
	assert_int_equal(e.last.utc_ns, UTC_UNKNOWN);
	assert_true(isnan(e.last.speed_mps) && isnan(e.last.heading_deg));
	say(&e, "GPRMC,041530,A,2249.4040,N,10459.0160,E,0,0,300226,,,A"); /* 30 February */
	assert_int_equal(e.last.utc_ns, UTC_UNKNOWN);
}

static void a_new_moment_forgets_the_one_before(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, GGA);
	say(&e, RMC);
	say(&e, "GPRMC,041531.20,A,2249.4041,N,10459.0160,E,,,271126,,,A");
	assert_int_equal(e.last.satellites, -1);
	assert_true(isnan(e.last.speed_mps) && isnan(e.last.hdop));
	assert_int_equal(e.last.lat_e7, 228234017);
}

static void two_digits_of_a_year_are_this_century_or_a_rollover_ago(void **state)
{
	struct ear e;

	(void)state;
	begin(&e);
	say(&e, "GPRMC,000000,A,2249.4040,N,10459.0160,E,,,130407,,,A");
	assert_int_equal(e.last.utc_ns, 1176422400 * NS_PER_S); /* 2007-04-13 */
	say(&e, "GPRMC,000001,A,2249.4040,N,10459.0160,E,,,060180,,,A");
	assert_int_equal(e.last.utc_ns, 315964801 * NS_PER_S); /* 1980-01-06 */
}

static void a_line_that_never_ends_is_passed_over(void **state)
{
	char flood[4096];
	struct ear e;

	(void)state;
	begin(&e);
	memset(flood, 'A', sizeof(flood));
	flood[0] = '$';
	nmea_feed(&e.nmea, flood, sizeof(flood), MONO, hear, &e);
	say(&e, GGA);
	assert_int_equal(e.heard, 1);
	assert_int_equal(e.nmea.noise, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fix_is_put_together_from_several_sentences),
		cmocka_unit_test(the_south_and_the_west_are_negative),
		cmocka_unit_test(every_talker_of_the_list_is_understood_and_no_other),
		cmocka_unit_test(a_wrong_or_missing_checksum_is_noise),
		cmocka_unit_test(a_sentence_may_come_byte_by_byte_after_half_another),
		cmocka_unit_test(any_sentence_can_say_that_there_is_no_fix),
		cmocka_unit_test(gsa_tells_the_mode_before_and_after),
		cmocka_unit_test(dead_reckoning_simulation_and_null_island_are_no_fix),
		cmocka_unit_test(what_cannot_be_a_value_is_unknown),
		cmocka_unit_test(a_new_moment_forgets_the_one_before),
		cmocka_unit_test(two_digits_of_a_year_are_this_century_or_a_rollover_ago),
		cmocka_unit_test(a_line_that_never_ends_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
