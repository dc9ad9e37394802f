/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the plan and what they mean in time; what a file may say; which suppression holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/plan.h"
#include "../../agent/settings.h"
#include "../../agent/suppress.h"
#include "../../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOUR (3600 * NS_PER_S)
#define DAY  (24 * HOUR)

static int zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
	return 0;
}

static int hanoi(void **state)
{
	(void)state;
	return zone("<+07>-7"); /* without summer time since 1975; needs no database of zones */
}

static int64_t utc(const char *text)
{
	int64_t ns = 0;

	assert_int_equal(clock_parse(text, &ns), 0);
	return ns;
}

static void assert_time(int64_t got, const char *want)
{
	char text[CLOCK_TEXT];

	assert_string_equal(clock_text(got, text), want);
}

static uint64_t set(const char *text, enum plan_field f)
{
	struct why why = { "" };
	uint64_t bits = 0;

	if (plan_set(text, f, &bits, &why))
		fail_msg("%s: %s", text, why.text);
	return bits;
}

static struct plan_calendar calendar(const char *month, const char *day_of_month,
	const char *day_of_week, const char *hour, const char *minute, const char *second)
{
	return (struct plan_calendar){ set(second, PLAN_SECOND), set(minute, PLAN_MINUTE),
		set(hour, PLAN_HOUR), set(day_of_month, PLAN_DAY_OF_MONTH), set(month, PLAN_MONTH),
		set(day_of_week, PLAN_DAY_OF_WEEK) };
}

/* --- sets ------------------------------------------------------------------------------------------------------- */

static void a_set_is_values_ranges_and_names(void **state)
{
	(void)state;
	assert_int_equal(set("0", PLAN_MINUTE), 1);
	assert_int_equal(set("0,30", PLAN_MINUTE), 1 | 1ULL << 30);
	assert_int_equal(set(" 1-3 , 5 ", PLAN_HOUR), 0x2e);
	assert_int_equal(set("22-1", PLAN_HOUR), 3ULL << 22 | 3);
	assert_int_equal(set("*", PLAN_HOUR), 0xffffff);
	assert_int_equal(set("*", PLAN_DAY_OF_MONTH), 0xfffffffe);
	assert_int_equal(set("mon-fri", PLAN_DAY_OF_WEEK), 0x3e);
	assert_int_equal(set("Sunday", PLAN_DAY_OF_WEEK), 1 << 7);
	assert_int_equal(set("sat-mon", PLAN_DAY_OF_WEEK), 1 << 6 | 1 << 7 | 1 << 1);
	assert_int_equal(set("january march", PLAN_MONTH), 1 << 1 | 1 << 3);
	assert_int_equal(set("12,jun", PLAN_MONTH), 1 << 12 | 1 << 6);
}

static void what_is_no_set_is_told(void **state)
{
	static const struct {
		const char *text;
		enum plan_field field;
		const char *why;
	} wrong[] = {
		{ "", PLAN_HOUR, "names no hour" },
		{ "24", PLAN_HOUR, "from 0 to 23" },
		{ "0", PLAN_MONTH, "from 1 to 12" },
		{ "8", PLAN_DAY_OF_WEEK, "from 1 to 7" },
		{ "99999999999999999999", PLAN_MINUTE, "from 0 to 59" },
		{ "1-", PLAN_HOUR, "missing" },
		{ "-3", PLAN_HOUR, "missing" },
		{ "mo", PLAN_DAY_OF_WEEK, "\"mo\" is no weekday" },
		{ "monday", PLAN_HOUR, "is no hour" },
		{ "* 3", PLAN_HOUR, "stands alone" },
		{ "1;2", PLAN_HOUR, "\";2\" is not understood" },
		{ "1-2-3", PLAN_HOUR, "\"-3\" is not understood" },
		{ "3*", PLAN_HOUR, "not understood" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct why why = { "" };
		uint64_t bits = 42;

		assert_int_equal(plan_set(wrong[i].text, wrong[i].field, &bits, &why), -EINVAL);
		if (!strstr(why.text, wrong[i].why))
			fail_msg("\"%s\": %s", wrong[i].text, why.text);
		assert_int_equal(bits, 42);
	}
}

/* --- windows ---------------------------------------------------------------------------------------------------- */

static struct plan_windows windows(const char *a, const char *b)
{
	struct plan_windows w = { .count = b ? 2 : 1 };
	struct why why = { "" };

	assert_int_equal(plan_window(a, &w.at[0], &why), 0);
	if (b)
		assert_int_equal(plan_window(b, &w.at[1], &why), 0);
	return w;
}

static void a_window_may_go_over_midnight(void **state)
{
	struct plan_windows w = windows("22:00-05:00", NULL);
	int64_t length;

	(void)state;
	assert_true(plan_inside(&w, utc("2026-11-27T22:00:00+07:00")));
	assert_true(plan_inside(&w, utc("2026-11-27T00:00:00+07:00")));
	assert_true(plan_inside(&w, utc("2026-11-27T04:59:59.9+07:00")));
	assert_false(plan_inside(&w, utc("2026-11-27T05:00:00+07:00")));
	assert_false(plan_inside(&w, utc("2026-11-27T21:59:59+07:00")));
	assert_int_equal(
		plan_opens(&w, utc("2026-11-27T21:00:00.25+07:00"), &length), HOUR - NS_PER_S / 4);
	assert_int_equal(length, 7 * HOUR);
	assert_int_equal(plan_opens(&w, utc("2026-11-27T23:00:00+07:00"), &length), 0);
	assert_int_equal(plan_closes(&w, utc("2026-11-27T23:00:00+07:00")), 6 * HOUR);
	assert_int_equal(plan_closes(&w, utc("2026-11-27T12:00:00+07:00")), -1);
}

static void windows_that_touch_close_where_the_last_one_does(void **state)
{
	struct plan_windows w = windows("08:00-12:00", "12:00-24:00"),
			    all = windows("00:00-12:00", "12:00-24:00");

	(void)state;
	assert_int_equal(plan_closes(&w, utc("2026-11-27T09:00:00+07:00")), 15 * HOUR);
	assert_int_equal(plan_closes(&all, utc("2026-11-27T09:00:00+07:00")), -1);
	assert_true(plan_inside(&all, utc("2026-11-27T23:59:59+07:00")));
}

static void without_windows_it_is_always_and_with_them_never_without_a_clock(void **state)
{
	struct plan_windows none = { 0 }, w = windows("00:00-24:00", NULL);
	int64_t length;

	(void)state;
	assert_true(plan_inside(&none, UTC_UNKNOWN));
	assert_false(plan_inside(&w, UTC_UNKNOWN));
	assert_int_equal(plan_opens(&w, UTC_UNKNOWN, &length), -1);
	assert_int_equal(plan_opens(&none, 0, &length), -1);
}

static void what_is_no_window_is_told(void **state)
{
	static const char *const wrong[] = { "", "22:00", "22:00-", "22-5", "25:00-01:00",
		"22:60-01:00", "24:01-01:00", "24:00-01:00", "22:00-22:00", "22:00-05:00x",
		"22:00_05:00", "9:00-12:00" };
	struct plan_window w;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct why why = { "" };

		assert_int_equal(plan_window(wrong[i], &w, &why), -EINVAL);
		assert_true(*why.text);
	}
	assert_int_equal(plan_window(" 22:00 - 05:00 ", &w, NULL), 0);
}

/* --- the calendar ----------------------------------------------------------------------------------------------- */

static void the_next_instant_is_in_local_time(void **state)
{
	struct plan_calendar daily = calendar("*", "*", "*", "2", "0", "0"),
			     fridays = calendar("*", "*", "fri", "8-9", "0,30", "0"),
			     first = calendar("*", "1", "*", "0", "0", "0");

	(void)state;
	/* 02:00 in Hà Nội is 19:00 UTC of the day before */
	assert_time(plan_calendar_next(&daily, utc("2026-11-27T12:00:00Z")),
		"2026-11-27T19:00:00.000Z");
	assert_time(plan_calendar_next(&daily, utc("2026-11-27T19:00:00Z")),
		"2026-11-28T19:00:00.000Z");
	assert_time(plan_calendar_next(&daily, utc("2026-11-27T18:59:59.999Z")),
		"2026-11-27T19:00:00.000Z");
	assert_time(plan_calendar_last(&daily, utc("2026-11-27T19:00:00Z")),
		"2026-11-27T19:00:00.000Z");
	assert_time(plan_calendar_last(&daily, utc("2026-11-27T18:59:59.999Z")),
		"2026-11-26T19:00:00.000Z");
	/* 27 November 2026 is a Friday */
	assert_time(plan_calendar_next(&fridays, utc("2026-11-27T09:30:00+07:00")),
		"2026-12-04T01:00:00.000Z");
	assert_time(plan_calendar_next(&fridays, utc("2026-11-27T08:10:00+07:00")),
		"2026-11-27T01:30:00.000Z");
	assert_time(plan_calendar_last(&fridays, utc("2026-11-27T07:00:00+07:00")),
		"2026-11-20T02:30:00.000Z");
	assert_time(plan_calendar_next(&first, utc("2026-12-31T23:00:00+07:00")),
		"2026-12-31T17:00:00.000Z");
}

static void the_29th_of_february_comes_and_the_30th_never(void **state)
{
	struct plan_calendar leap = calendar("feb", "29", "*", "12", "0", "0"),
			     never = calendar("feb", "30", "*", "*", "*", "*");

	(void)state;
	assert_time(
		plan_calendar_next(&leap, utc("2026-11-27T00:00:00Z")), "2028-02-29T05:00:00.000Z");
	assert_time(
		plan_calendar_last(&leap, utc("2026-11-27T00:00:00Z")), "2024-02-29T05:00:00.000Z");
	assert_true(plan_calendar_next(&never, utc("2026-11-27T00:00:00Z")) == UTC_UNKNOWN);
	assert_true(plan_calendar_last(&never, utc("2026-11-27T00:00:00Z")) == UTC_UNKNOWN);
	assert_true(plan_calendar_next(&leap, UTC_UNKNOWN) == UTC_UNKNOWN);
}

static void an_hour_that_summer_time_leaves_out_is_left_out(void **state)
{
	struct plan_calendar at = calendar("*", "*", "*", "2", "30", "0");

	(void)state;
	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	/* on 28 March 2027 the clocks go from 02:00 to 03:00 */
	assert_time(
		plan_calendar_next(&at, utc("2027-03-27T02:00:00Z")), "2027-03-29T00:30:00.000Z");
	zone("<+07>-7");
}

static void a_calendar_goes_on_from_second_to_second(void **state)
{
	struct plan_calendar each = calendar("*", "*", "*", "*", "*", "*"),
			     tens = calendar("*", "*", "*", "*", "59", "50-5");
	int64_t at = utc("2026-12-31T23:59:58+07:00");

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(plan_calendar_next(&each, at), at + NS_PER_S);
		at += NS_PER_S;
		assert_int_equal(plan_calendar_last(&each, at), at);
	}
	assert_time(
		plan_calendar_next(&tens, utc("2026-11-27T03:59:05Z")), "2026-11-27T03:59:50.000Z");
	assert_time(
		plan_calendar_next(&tens, utc("2026-11-27T03:59:59Z")), "2026-11-27T04:59:00.000Z");
}

static void an_event_happens_only_within_its_bounds(void **state)
{
	struct plan_event e = { .kind = PLAN_CALENDAR,
		.calendar = calendar("*", "*", "*", "*", "0", "0"),
		.start_utc = utc("2026-11-27T00:00:00Z"),
		.end_utc = utc("2026-11-27T02:00:00Z") };

	(void)state;
	assert_time(plan_event_next(&e, utc("2020-01-01T00:00:00Z")), "2026-11-27T00:00:00.000Z");
	assert_time(plan_event_next(&e, utc("2026-11-27T00:00:00Z")), "2026-11-27T01:00:00.000Z");
	assert_true(plan_event_next(&e, utc("2026-11-27T01:00:00Z")) == UTC_UNKNOWN);
	assert_time(plan_event_last(&e, utc("2030-01-01T00:00:00Z")), "2026-11-27T01:00:00.000Z");
	assert_true(plan_event_last(&e, utc("2020-01-01T00:00:00Z")) == UTC_UNKNOWN);
	assert_false(plan_event_bounded(&e, UTC_UNKNOWN));
}

static void cycles_are_named_by_when_they_began(void **state)
{
	struct plan_event e = { .cycle_interval_ns = HOUR };
	char text[PLAN_CYCLE_TEXT];

	(void)state;
	assert_string_equal(plan_cycle(&e, utc("2026-11-27T02:59:59.9Z"), text), "20261127.020000");
	assert_string_equal(plan_cycle(&e, UTC_UNKNOWN, text), "");
	e.cycle_interval_ns = 0;
	assert_string_equal(plan_cycle(&e, utc("2026-11-27T02:59:59Z"), text), "");
}

/* --- the file --------------------------------------------------------------------------------------------------- */

static int load(struct conf **out, const char *text, struct buf *problems)
{
	char path[] = "/tmp/test_plan.XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	buf_init(problems, 1 << 16);
	err = agent_conf_load(out, path, problems);
	unlink(path);
	return err;
}

static void a_plan_is_read(void **state)
{
	static const char text[] =
		"events = ( { kind = \"calendar\"; name = \"nightly\"; hour = \"2\"; },\n"
		"{ kind = \"periodic\"; name = \"hourly\"; interval_s = 3600; random_spread_s = "
		"60; "
		"cycle_interval_s = 3600; },\n"
		"{ kind = \"one_off\"; name = \"audit\"; time = \"2026-12-01T02:00:00+07:00\"; },\n"
		"{ kind = \"controller_lost\"; name = \"alone\"; } );\n"
		"suppressions = ( { name = \"quiet-days\"; match = [ \"heavy\" ]; start = "
		"\"audit\"; "
		"windows = [ \"06:00-22:00\" ]; stop_running = true; } );\n"
		"tests = ( { kind = \"latency\"; target = \"h\"; event = \"hourly\"; tags = [ "
		"\"light\" ]; "
		"windows = [ \"22:00-05:00\", \"12:00-13:00\" ]; },\n"
		"{ kind = \"latency\"; name = \"b\"; target = \"h\"; interval_s = 60; limit_s = 7; "
		"} );\n";
	struct conf *c = NULL;
	struct buf problems;
	struct plan_test t;
	struct plan p;

	(void)state;
	if (load(&c, text, &problems))
		fail_msg("%s", buf_text(&problems));
	plan_read(&p, c, &problems);
	assert_int_equal(p.events, 4);
	assert_int_equal(p.suppressions, 1);
	assert_int_equal(p.event[0].random_spread_ns, 60 * NS_PER_S); /* a fleet does not march */
	assert_int_equal(p.event[3].kind, PLAN_CONTROLLER_LOST);
	assert_time(p.event[2].time_utc, "2026-11-30T19:00:00.000Z");
	assert_ptr_equal(p.suppression[0].start, &p.event[2]);
	assert_null(p.suppression[0].end);
	assert_true(p.suppression[0].stop_running);
	plan_read_test(&t, &p, conf_at(c, "tests", 0), "tests[0]", &problems);
	assert_ptr_equal(t.event, &p.event[1]);
	assert_int_equal(t.interval_ns, HOUR);
	assert_int_equal(t.windows.count, 2);
	plan_read_test(&t, &p, conf_at(c, "tests", 1), "tests[1]", &problems);
	assert_null(t.event);
	assert_int_equal(t.interval_ns, 60 * NS_PER_S);
	assert_int_equal(t.limit_ns, 7 * NS_PER_S);
	assert_int_equal(problems.len, 0);
	buf_done(&problems);
	conf_free(c);
}

static void what_a_plan_cannot_say_is_told_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
	} wrong[] = {
		{ "events = ( { kind = \"weekly\"; name = \"a\"; } );", "events[0].kind" },
		{ "events = ( { kind = \"startup\"; name = \"a\"; hour = \"3\"; } );",
			"events[0].hour: unknown key" },
		{ "events = ( { kind = \"calendar\"; name = \"a\"; hour = \"24\"; } );",
			":1: events[0].hour: a hour is a number from 0 to 23" },
		{ "events = ( { kind = \"calendar\"; name = \"a\"; month = \"feb\"; day_of_month = "
		  "\"30\"; } );",
			"no such day" },
		{ "events = ( { kind = \"one_off\"; name = \"a\"; time = \"tomorrow\"; } );",
			"events[0].time: is not a time" },
		{ "events = ( { kind = \"one_off\"; name = \"a\"; } );",
			"events[0].time: must be given" },
		{ "events = ( { kind = \"startup\"; name = \"\"; } );",
			"events[0].name: must not be empty" },
		{ "events = ( { kind = \"startup\"; name = \"a\"; },\n{ kind = \"startup\"; name = "
		  "\"a\"; } );",
			":2: events[1].name: another event has this name" },
		{ "events = ( { kind = \"periodic\"; name = \"a\"; interval_s = 9; "
		  "start = \"2026-12-01T00:00:00Z\"; end = \"2026-11-01T00:00:00Z\"; } );",
			"events[0].end: is not after its start" },
		{ "suppressions = ( { name = \"s\"; match = [ \"*\" ]; start = \"a\"; } );",
			"suppressions[0].start: there is no event \"a\"" },
		{ "suppressions = ( { name = \"s\"; match = [ ]; } );", "matches nothing" },
		{ "events = ( { kind = \"periodic\"; name = \"a\"; interval_s = 9; } );\n"
		  "suppressions = ( { name = \"s\"; match = [ \"*\" ]; start = \"a\"; } );",
			":2: suppressions[0].start: a periodic event cannot" },
		{ "tests = ( { kind = \"latency\"; target = \"h\"; event = \"a\"; } );",
			"tests[0].event: there is no event \"a\"" },
		{ "events = ( { kind = \"startup\"; name = \"a\"; } );\n"
		  "tests = ( { kind = \"latency\"; target = \"h\"; event = \"a\"; interval_s = 3; "
		  "} );",
			":2: tests[0].interval_s: stands in place of an event" },
		{ "tests = ( { kind = \"latency\"; target = \"h\"; windows = [ \"22:00\" ]; } );",
			"tests[0].windows: \"22:00\"" },
		{ "budget = { cut = [ \"throughput\" ]; };",
			"budget.cut[0]: \"throughput\" is not as" },
		{ "budget = { cut = [ \"weather 50\" ]; };",
			"there is no kind or test \"weather\"" },
		{ "budget = { cut = [ \"latency 0\" ]; };", "from 1 to 100" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct conf *c = NULL;
		struct buf problems;

		assert_int_equal(load(&c, wrong[i].text, &problems), -EINVAL);
		if (!strstr(buf_text(&problems), wrong[i].message))
			fail_msg("%s\n%s", wrong[i].text, buf_text(&problems));
		buf_done(&problems);
	}
}

/* --- suppressions ----------------------------------------------------------------------------------------------- */

static char told[128];

static void changed(void *arg, const struct suppress_item *i)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%c%s ", i->active ? '+' : '-',
		i->name);
}

static const char *look(struct suppress *x, int64_t mono_ns, int64_t utc_ns)
{
	told[0] = 0;
	suppress_look(x, (struct suppress_now){ mono_ns, utc_ns }, changed, NULL);
	return told;
}

static void a_suppression_follows_from_its_events_whenever_the_agent_started(void **state)
{
	struct plan_event monday = { .kind = PLAN_CALENDAR,
		.calendar = calendar("*", "*", "mon", "8", "0", "0"),
		.start_utc = UTC_UNKNOWN,
		.end_utc = UTC_UNKNOWN },
			  friday = { .kind = PLAN_CALENDAR,
				  .calendar = calendar("*", "*", "fri", "17", "0", "0"),
				  .start_utc = UTC_UNKNOWN,
				  .end_utc = UTC_UNKNOWN };
	struct plan p = { .suppressions = 1,
		.suppression = { { .name = "week", .start = &monday, .end = &friday } } };
	struct suppress x;

	(void)state;
	suppress_init(&x, &p, NS_PER_S);
	/* Wednesday: it began before we did */
	assert_string_equal(look(&x, 2 * NS_PER_S, utc("2026-11-25T12:00:00+07:00")), "+week ");
	assert_string_equal(look(&x, 3 * NS_PER_S, utc("2026-11-27T16:59:59+07:00")), "");
	assert_int_equal(suppress_left(&x.item[0], (struct suppress_now){ 3 * NS_PER_S,
							   utc("2026-11-27T16:00:00+07:00") }),
		HOUR);
	assert_string_equal(look(&x, 4 * NS_PER_S, utc("2026-11-27T17:00:00+07:00")), "-week ");
	assert_string_equal(look(&x, 5 * NS_PER_S, utc("2026-11-30T08:00:00+07:00")), "+week ");
	/* a clock that jumps takes it along, both ways, and an unknown one holds it */
	assert_string_equal(look(&x, 6 * NS_PER_S, utc("1976-11-27T18:00:00+07:00")), "-week ");
	assert_string_equal(look(&x, 7 * NS_PER_S, UTC_UNKNOWN), "+week ");
}

static void one_by_the_time_of_the_day_holds_until_the_time_is_known(void **state)
{
	struct plan p = { .suppressions = 1, .suppression = { { .name = "days" } } };
	struct suppress x;

	(void)state;
	p.suppression[0].windows = windows("06:00-22:00", NULL);
	suppress_init(&x, &p, 0);
	assert_string_equal(look(&x, NS_PER_S, UTC_UNKNOWN), "+days ");
	assert_int_equal(suppress_left(&x.item[0], (struct suppress_now){ 0, UTC_UNKNOWN }), -1);
	assert_string_equal(look(&x, NS_PER_S, utc("2026-11-27T23:00:00+07:00")), "-days ");
	assert_string_equal(look(&x, NS_PER_S, utc("2026-11-28T06:00:00+07:00")), "+days ");
}

static void one_without_a_start_holds_from_the_beginning_until_its_end_for_good(void **state)
{
	struct plan_event then = { .kind = PLAN_ONE_OFF,
		.time_utc = utc("2026-12-01T00:00:00Z"),
		.start_utc = UTC_UNKNOWN,
		.end_utc = UTC_UNKNOWN };
	struct plan p = { .suppressions = 1, .suppression = { { .name = "s", .end = &then } } };
	struct suppress x;

	(void)state;
	suppress_init(&x, &p, 0);
	assert_string_equal(look(&x, NS_PER_S, utc("2026-11-27T00:00:00Z")), "+s ");
	assert_string_equal(look(&x, NS_PER_S, utc("2026-12-01T00:00:00Z")), "-s ");
	/* the agent starts again, a year later */
	suppress_init(&x, &p, 0);
	assert_string_equal(look(&x, NS_PER_S, utc("2027-12-01T00:00:00Z")), "");
}

static void events_of_the_controller_begin_and_end_one(void **state)
{
	struct plan_event lost = { .kind = PLAN_CONTROLLER_LOST },
			  back = { .kind = PLAN_CONTROLLER_CONNECTED };
	struct plan p = { .suppressions = 1,
		.suppression = { { .name = "alone", .start = &lost, .end = &back } } };
	struct suppress x;

	(void)state;
	suppress_init(&x, &p, 0);
	assert_string_equal(look(&x, 1 * NS_PER_S, UTC_UNKNOWN), "");
	suppress_happened(&x, PLAN_CONTROLLER_LOST, 2 * NS_PER_S);
	assert_string_equal(look(&x, 3 * NS_PER_S, UTC_UNKNOWN), "+alone ");
	suppress_happened(&x, PLAN_CONTROLLER_CONNECTED, 4 * NS_PER_S);
	assert_string_equal(look(&x, 5 * NS_PER_S, UTC_UNKNOWN), "-alone ");
	suppress_happened(&x, PLAN_CONTROLLER_LOST, 6 * NS_PER_S);
	assert_string_equal(look(&x, 7 * NS_PER_S, UTC_UNKNOWN), "+alone ");
}

static void ordered_ones_come_and_go_and_there_is_room_for_so_many(void **state)
{
	struct suppress_subject who = { "night-throughput", "throughput", NULL };
	struct suppress x;
	char name[16];

	(void)state;
	suppress_init(&x, NULL, 0);
	assert_int_equal(suppress_order(&x, "thr?ughput", 10 * NS_PER_S, false), 0);
	assert_null(suppress_of(&x, &who)); /* looked at next */
	assert_string_equal(look(&x, NS_PER_S, UTC_UNKNOWN), "+thr?ughput ");
	assert_non_null(suppress_of(&x, &who));
	assert_int_equal(suppress_order(&x, "thr?ughput", 20 * NS_PER_S, true), 0);
	assert_int_equal(x.count, 1);
	assert_string_equal(look(&x, 15 * NS_PER_S, UTC_UNKNOWN), "");
	assert_string_equal(look(&x, 20 * NS_PER_S, UTC_UNKNOWN), "-thr?ughput ");
	assert_int_equal(x.count, 0);
	for (size_t i = 0; i < COUNT(x.item); i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		assert_int_equal(suppress_order(&x, name, SUPPRESS_NEVER, false), 0);
	}
	assert_int_equal(suppress_order(&x, "one more", SUPPRESS_NEVER, false), -ENOSPC);
	assert_int_equal(suppress_lift(&x, "t3"), 0);
	assert_int_equal(suppress_lift(&x, "t99"), -ENOENT);
	look(&x, NS_PER_S, UTC_UNKNOWN);
	assert_int_equal(x.count, COUNT(x.item) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_is_values_ranges_and_names),
		cmocka_unit_test(what_is_no_set_is_told),
		cmocka_unit_test(a_window_may_go_over_midnight),
		cmocka_unit_test(windows_that_touch_close_where_the_last_one_does),
		cmocka_unit_test(without_windows_it_is_always_and_with_them_never_without_a_clock),
		cmocka_unit_test(what_is_no_window_is_told),
		cmocka_unit_test(the_next_instant_is_in_local_time),
		cmocka_unit_test(the_29th_of_february_comes_and_the_30th_never),
		cmocka_unit_test(an_hour_that_summer_time_leaves_out_is_left_out),
		cmocka_unit_test(a_calendar_goes_on_from_second_to_second),
		cmocka_unit_test(an_event_happens_only_within_its_bounds),
		cmocka_unit_test(cycles_are_named_by_when_they_began),
		cmocka_unit_test(a_plan_is_read),
		cmocka_unit_test(what_a_plan_cannot_say_is_told_with_its_place),
		cmocka_unit_test(a_suppression_follows_from_its_events_whenever_the_agent_started),
		cmocka_unit_test(one_by_the_time_of_the_day_holds_until_the_time_is_known),
		cmocka_unit_test(
			one_without_a_start_holds_from_the_beginning_until_its_end_for_good),
		cmocka_unit_test(events_of_the_controller_begin_and_end_one),
		cmocka_unit_test(ordered_ones_come_and_go_and_there_is_room_for_so_many),
	};

	return cmocka_run_group_tests(tests, hanoi, NULL);
}
