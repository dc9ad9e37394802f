/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/clock.h"
#include "../../probes/core/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#define UTC_2026 1795466290000000000LL /* 2026-11-23T20:38:10Z */
#define MONO     (5000 * NS_PER_S)

static int forget(void **state)
{
	(void)state;
	clock_forget();
	return 0;
}

static struct clock_state judge(bool synced, int64_t esterror, int64_t wall_ns, int64_t mono_ns)
{
	const struct clock_kernel k = { synced, esterror, 16000000, wall_ns, mono_ns };
	struct clock_state s;

	clock_judge(&s, &k);
	return s;
}

static void a_synchronised_kernel_is_believed(void **state)
{
	struct clock_state s = judge(true, 850, UTC_2026, MONO);
	(void)state;

	assert_int_equal(s.source, CLOCK_NTP);
	assert_true(s.utc_ns == UTC_2026);
	assert_int_equal(s.error_us, 850);
	assert_int_equal(s.sync_age_s, 0);
}

static void without_an_estimate_the_bound_of_the_error_is_taken(void **state)
{
	struct clock_kernel k = { true, 0, 250000, UTC_2026, MONO };
	struct clock_state s;
	(void)state;

	clock_judge(&s, &k);
	assert_int_equal(s.error_us, 250000);
	k.maxerror = 16000000; /* the kernel's "no idea" */
	clock_judge(&s, &k);
	assert_int_equal(s.error_us, -1);
}

static void an_implausible_wall_clock_is_no_utc_whatever_the_kernel_says(void **state)
{
	static const int64_t wall[] = { 0, 3600 * NS_PER_S, 1600000000 * NS_PER_S,
		UTC_2026 + 80LL * 366 * 86400 * NS_PER_S };
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		for (int synced = 0; synced < 2; synced++) {
			struct clock_state s = judge(synced, 10, wall[i], MONO);

			assert_int_equal(s.source, CLOCK_NONE);
			assert_true(s.utc_ns == UTC_UNKNOWN);
			assert_int_equal(s.error_us, -1);
			assert_int_equal(s.sync_age_s, -1);
		}
	}
}

static void a_plausible_time_nobody_vouches_for_is_manual_with_unknown_error(void **state)
{
	struct clock_state s = judge(false, 10, UTC_2026, MONO);
	(void)state;

	assert_int_equal(s.source, CLOCK_MANUAL);
	assert_true(s.utc_ns == UTC_2026);
	assert_int_equal(s.error_us, -1);
	assert_int_equal(s.sync_age_s, -1);
}

static void a_kernel_that_lost_its_servers_says_since_when(void **state)
{
	struct clock_state s;
	(void)state;

	judge(true, 10, UTC_2026, MONO);
	s = judge(false, 10, UTC_2026 + 600 * NS_PER_S, MONO + 600 * NS_PER_S);
	assert_int_equal(s.source, CLOCK_MANUAL);
	assert_int_equal(s.sync_age_s, 600);
}

#define YEAR_NS (365LL * 86400 * NS_PER_S)

/* Setting a clock by hand also takes the kernel's being synchronised away. */
static void a_jump_of_fifty_years_either_way_is_not_followed(void **state)
{
	static const int64_t jump[] = { 50 * YEAR_NS, -50 * YEAR_NS, 3600 * NS_PER_S,
		-3600 * NS_PER_S };
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		struct clock_state s;

		clock_forget();
		if (i < 2) { /* nothing was trusted in this boot: what is implausible is unknown */
			s = judge(false, 10, UTC_2026 + jump[i], MONO);
			assert_int_equal(s.source, CLOCK_NONE);
			assert_true(s.utc_ns == UTC_UNKNOWN);
		}
		judge(true, 10, UTC_2026, MONO);
		s = judge(false, 10, UTC_2026 + 60 * NS_PER_S + jump[i], MONO + 60 * NS_PER_S);
		assert_int_equal(s.source, CLOCK_NTP);
		assert_true(s.utc_ns == UTC_2026 + 60 * NS_PER_S);
		assert_int_equal(s.error_us, 10 + 60 * 100);
		assert_int_equal(s.sync_age_s, 60);
		/* whom the kernel follows is believed again */
		s = judge(true, 10, UTC_2026 + 3600 * NS_PER_S, MONO + 120 * NS_PER_S);
		assert_true(s.utc_ns == UTC_2026 + 3600 * NS_PER_S);
	}
}

static void a_time_that_was_told_runs_on_with_the_boot_clock(void **state)
{
	struct clock_state s;
	(void)state;

	clock_told(CLOCK_NETWORK, UTC_2026, MONO, 1000000);
	s = judge(false, 0, 0, MONO + 100 * NS_PER_S);
	assert_int_equal(s.source, CLOCK_NETWORK);
	assert_true(s.utc_ns == UTC_2026 + 100 * NS_PER_S);
	assert_int_equal(s.error_us, 1000000 + 100 * 100); /* 100 ppm of drift */
	assert_int_equal(s.sync_age_s, 100);
	s = judge(false, 0, 0, MONO - 100 * NS_PER_S); /* of a record that was made before */
	assert_true(s.utc_ns == UTC_2026 - 100 * NS_PER_S);
}

static void a_worse_source_waits_a_day_and_a_better_one_does_not(void **state)
{
	(void)state;
	clock_told(CLOCK_NETWORK, UTC_2026, MONO, 1000000);
	clock_told(CLOCK_HTTP, UTC_2026 + NS_PER_S, MONO, 500000);
	assert_int_equal(judge(false, 0, 0, MONO).source, CLOCK_NETWORK);
	clock_told(CLOCK_GNSS, UTC_2026 + 2 * NS_PER_S, MONO, 1);
	assert_int_equal(judge(false, 0, 0, MONO).source, CLOCK_GNSS);
	clock_told(CLOCK_MQTT, UTC_2026, MONO + 86400 * NS_PER_S, 1);
	assert_int_equal(judge(false, 0, 0, MONO).source, CLOCK_GNSS);
	clock_told(CLOCK_MQTT, UTC_2026, MONO + 86401 * NS_PER_S, -7);
	assert_int_equal(judge(false, 0, 0, MONO).source, CLOCK_MQTT);
	assert_int_equal(judge(false, 0, 0, MONO).error_us, -1);
}

static void nonsense_is_not_taken(void **state)
{
	(void)state;
	clock_told(CLOCK_NONE, UTC_2026, MONO, 0);
	clock_told(CLOCK_SOURCES, UTC_2026, MONO, 0);
	clock_told(CLOCK_GNSS, UTC_UNKNOWN, MONO, 0);
	clock_told(CLOCK_GNSS, 315964800 * NS_PER_S, MONO,
		0); /* GNSS receivers begin in January 1980 */
	assert_int_equal(judge(false, 0, 0, MONO).source, CLOCK_NONE);
}

static void reading_this_kernel_agrees_with_the_wall_clock(void **state)
{
	struct clock_state s;
	int64_t wall, loop;
	(void)state;

	clock_read(&s);
	wall = clock_wall();
	if (clock_plausible(wall)) {
		assert_true(s.source == CLOCK_NTP || s.source == CLOCK_MANUAL);
		assert_in_range(wall - s.utc_ns, 0, NS_PER_S);
	} else {
		assert_int_equal(s.source, CLOCK_NONE);
	}
	loop = clock_loop();
	assert_true(loop > 0 && clock_mono() >= loop); /* suspended time included */
}

static void boot_ids_are_read_and_nonsense_is_refused(void **state)
{
	static const uint8_t want[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe,
		0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
	static const char *const bad[] = { "", "0123", "0123456789abcdeffedcba9876543210ff\n",
		"g123456789abcdeffedcba9876543210\n" };
	char path[] = "/tmp/phusong-boot-XXXXXX";
	int fd = mkstemp(path);
	uint8_t id[16] = { 0 }, again[16];
	(void)state;

	assert_true(fd >= 0);
	assert_true(write(fd, "01234567-89ab-cdef-FEDC-ba9876543210\n", 37) == 37);
	assert_int_equal(clock_boot_id(id, path), 0);
	assert_memory_equal(id, want, 16);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(pwrite(fd, bad[i], strlen(bad[i]), 0) == (ssize_t)strlen(bad[i]));
		assert_int_equal(clock_boot_id(id, path), -EBADMSG);
		assert_memory_equal(id, want, 16);
	}
	close(fd);
	unlink(path);
	assert_int_equal(clock_boot_id(id, path), -ENOENT);
	assert_int_equal(clock_boot_id(id, NULL), 0);
	assert_int_equal(clock_boot_id(again, NULL), 0);
	assert_memory_equal(id, again, 16);
}

static void times_are_written_in_utc_with_milliseconds(void **state)
{
	char out[CLOCK_TEXT];
	(void)state;

	assert_string_equal(clock_text(UTC_2026 + 123456789, out), "2026-11-23T20:38:10.123Z");
	assert_string_equal(clock_text(0, out), "1970-01-01T00:00:00.000Z");
	assert_string_equal(clock_text(-1, out), "1969-12-31T23:59:59.999Z");
	assert_string_equal(clock_text(UTC_UNKNOWN, out), "");
	assert_string_equal(clock_text(INT64_MAX, out), "2262-04-11T23:47:16.854Z");
	assert_string_equal(clock_text(INT64_MIN + 1, out), "1677-09-21T00:12:43.145Z");
}

/* Each day from 1970 to 2199, against the calendar that everybody learns. */
static void every_date_is_written_and_read(void **state)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = 1970, month = 1, day = 1;
	char out[CLOCK_TEXT], want[64];
	int64_t ns;
	(void)state;

	for (int64_t at = 0; year < 2200; at += 86400 * NS_PER_S) {
		bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

		snprintf(want, sizeof(want), "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
		assert_string_equal(clock_text(at, out), want);
		assert_int_equal(clock_parse(want, &ns), 0);
		assert_true(ns == at);
		if (++day > lengths[month - 1] + (month == 2 && leap)) {
			day = 1;
			month = month % 12 + 1;
			year += month == 1;
		}
	}
}

static void rfc_3339_is_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} t[] = {
		{ "2026-11-23T20:38:10Z", UTC_2026 },
		{ "2026-11-23t20:38:10.5z", UTC_2026 + 500 * NS_PER_MS },
		{ "2026-11-24T03:38:10.123456789+07:00", UTC_2026 + 123456789 },
		{ "2026-11-23 17:08:10-03:30", UTC_2026 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2024-02-29T00:00:00Z", 1709164800 * NS_PER_S },
		{ "2016-12-31T23:59:60Z", 1483228800 * NS_PER_S }, /* a leap second */
		{ "2026-11-23T20:38:10.1234567891234Z", UTC_2026 + 123456789 },
	};
	int64_t ns;
	(void)state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(clock_parse(t[i].text, &ns), 0);
		assert_true(ns == t[i].ns);
	}
}

static void what_is_not_rfc_3339_is_refused(void **state)
{
	static const char *const bad[] = { "", "2026", "2026-11-23", "2026-11-23T20:38:10",
		"2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-11-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T20:60:00Z",
		"2026-11-23T20:38:61Z", "2026-11-23T20:38:10.Z", "2026-11-23T20:38:10ZZ",
		"2026-11-23T20:38:10+7", "2026-11-23T20:38:10+24:00", "1969-12-31T23:59:59Z",
		"9999-01-01T00:00:00Z", "2026-1-23T20:38:10Z", " 2026-11-23T20:38:10Z",
		"2026-11-23T20:38:1\xc3\xa9Z" };
	int64_t ns = 77;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(clock_parse(bad[i], &ns), -EINVAL);
	assert_int_equal(ns, 77);
}

static void every_source_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < CLOCK_SOURCES; i++)
		assert_non_null(clock_source_name[i]);
	assert_string_equal(clock_source_name[CLOCK_MANUAL], "manual");
}

static void count_step(void *arg, int64_t by_ns)
{
	int *steps = arg;

	assert_in_range(by_ns + NS_PER_S, 0, 2 * NS_PER_S);
	++*steps;
}

/* By one nanosecond: on 0 the kernel wakes nobody.  -1 ns is -1 s and 999999999 ns. */
static int step_clock(bool back)
{
	struct timex set = { .modes = ADJ_SETOFFSET | ADJ_NANO };

	set.time.tv_sec = back ? -1 : 0;
	set.time.tv_usec = back ? 999999999 : 1;
	return adjtimex(&set);
}

/* A step also ends the kernel's being synchronised, so the test keeps off a clock that is. */
static void a_step_of_the_wall_clock_is_noticed_each_time(void **state)
{
	struct timex look = { 0 };
	struct clock_watch *w;
	struct loop *l;
	int steps = 0;
	(void)state;

	assert_int_equal(loop_new(&l), 0);
	assert_int_equal(clock_watch_new(&w, l, count_step, &steps), 0);
	loop_turn(l, 5 * NS_PER_MS);
	for (int i = 1; i <= 4; i++) {
		if (adjtimex(&look) < 0 || !(look.status & STA_UNSYNC) ||
			step_clock(i % 2 == 0) < 0)
			break;
		loop_turn(l, NS_PER_S);
		assert_true(steps >= i); /* somebody else may set it too */
	}
	clock_watch_free(w);
	clock_watch_free(NULL);
	loop_free(l);
	if (!steps) {
		print_message("the clock may not be set here, or is synchronised\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_synchronised_kernel_is_believed, forget),
		cmocka_unit_test_setup(without_an_estimate_the_bound_of_the_error_is_taken, forget),
		cmocka_unit_test_setup(
			an_implausible_wall_clock_is_no_utc_whatever_the_kernel_says, forget),
		cmocka_unit_test_setup(
			a_plausible_time_nobody_vouches_for_is_manual_with_unknown_error, forget),
		cmocka_unit_test_setup(a_kernel_that_lost_its_servers_says_since_when, forget),
		cmocka_unit_test_setup(a_jump_of_fifty_years_either_way_is_not_followed, forget),
		cmocka_unit_test_setup(a_time_that_was_told_runs_on_with_the_boot_clock, forget),
		cmocka_unit_test_setup(
			a_worse_source_waits_a_day_and_a_better_one_does_not, forget),
		cmocka_unit_test_setup(nonsense_is_not_taken, forget),
		cmocka_unit_test_setup(reading_this_kernel_agrees_with_the_wall_clock, forget),
		cmocka_unit_test(boot_ids_are_read_and_nonsense_is_refused),
		cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
		cmocka_unit_test(every_date_is_written_and_read),
		cmocka_unit_test(rfc_3339_is_read),
		cmocka_unit_test(what_is_not_rfc_3339_is_refused),
		cmocka_unit_test(every_source_has_a_name),
		cmocka_unit_test(a_step_of_the_wall_clock_is_noticed_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
