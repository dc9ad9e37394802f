/* SPDX-License-Identifier: Apache-2.0 */
/* When tests run: phases, exclusivity, backoff, what is put off and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/schedule.h"
#include "../../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS NS_PER_MS

/* A measurement that lasts 30 ms and fails when told. */
struct nap {
	struct loop_timer end;
};

static struct {
	int running, exclusive, most_beside_exclusive, runs;
	int result;
} seen;

static bool is_exclusive(const struct probe *p)
{
	return probe_type_of(p)->needs & PROBE_EXCLUSIVE;
}

static void leave(struct probe *p, int err)
{
	seen.running--;
	seen.exclusive -= is_exclusive(p);
	probe_done(p, err);
}

static void woke(struct loop_timer *t)
{
	leave(probe_of(container_of(t, struct nap, end)), seen.result);
}

static int nap_start(struct probe *p)
{
	struct nap *n = probe_state(p);

	n->end.fire = woke;
	loop_timer_in(probe_loop(p), &n->end, 30 * MS);
	seen.runs++;
	seen.running++;
	seen.exclusive += is_exclusive(p);
	if (seen.exclusive && seen.running - 1 > seen.most_beside_exclusive)
		seen.most_beside_exclusive = seen.running - 1;
	return 0;
}

static void nap_cancel(struct probe *p)
{
	loop_timer_stop(probe_loop(p), &((struct nap *)probe_state(p))->end);
	leave(p, -ECANCELED);
}

static const struct setting nothing[] = { { 0 } };
static const struct probe_type plain = { .name = "latency",
	.accept = nothing,
	.state_size = sizeof(struct nap),
	.start = nap_start,
	.cancel = nap_cancel };
static const struct probe_type greedy = { .name = "throughput",
	.needs = PROBE_EXCLUSIVE,
	.accept = nothing,
	.state_size = sizeof(struct nap),
	.start = nap_start,
	.cancel = nap_cancel };

static enum schedule_verdict verdict;
static unsigned asked;
static struct record last;

static void on_record(void *arg, struct probe *p, const struct record *r)
{
	(void)arg;
	(void)p;
	last = *r;
}

/* What suppressions told: "+name" and "-name". */
static char told[256];

static void on_suppression(void *arg, const struct suppress_item *i)
{
	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%c%s ", i->active ? '+' : '-',
		i->name);
}

static enum schedule_verdict may(void *arg, struct probe *p, unsigned tries)
{
	(void)arg;
	(void)p;
	(void)tries;
	asked++;
	return verdict;
}

static const uint8_t an_id[16] = { 1, 2, 3 }, another_id[16] = { 9, 2, 3 };

static int begin(void **state)
{
	static struct probe_world w;

	memset(&w, 0, sizeof(w));
	memset(&seen, 0, sizeof(seen));
	memset(&last, 0, sizeof(last));
	verdict = SCHEDULE_GO;
	asked = 0;
	told[0] = 0;
	setenv("TZ", "UTC", 1);
	*state = &w;
	return loop_new(&w.loop);
}

static int end(void **state)
{
	struct probe_world *w = *state;

	loop_free(w->loop);
	return 0;
}

static struct schedule *made(struct probe_world *w, const struct plan *plan)
{
	struct schedule_owner owner = { on_record, may, NULL, on_suppression, NULL };
	struct schedule *s = NULL;

	assert_int_equal(schedule_new(&s, w, plan, 0, owner), 0);
	return s;
}

/* A test every so often. */
static void add(
	struct schedule *s, const struct probe_type *type, const char *name, int64_t interval_ns)
{
	struct plan_test t = { .interval_ns = interval_ns };

	assert_int_equal(schedule_add(s, type, name, &t, NULL), 0);
}

static void add_event(struct schedule *s, const char *name, const struct plan_event *e)
{
	struct plan_test t = { .interval_ns = 60 * NS_PER_S, .event = e };

	assert_int_equal(schedule_add(s, &plain, name, &t, NULL), 0);
}

static struct schedule_entry entry(const struct schedule *s, size_t i)
{
	struct schedule_entry e;

	schedule_entry(s, i, &e);
	return e;
}

static int64_t utc(const char *text)
{
	int64_t ns = 0;

	assert_int_equal(clock_parse(text, &ns), 0);
	return ns;
}

static void turn_for(struct probe_world *w, int64_t ns)
{
	int64_t until = clock_loop() + ns;

	while (clock_loop() < until)
		loop_turn(w->loop, 5 * MS);
}

/* Turns until it is true, five seconds at most: how long it took. */
#define UNTIL(w, condition) \
	({ \
		int64_t from_ = clock_loop(); \
		while (!(condition) && clock_loop() - from_ < 5 * NS_PER_S) \
			loop_turn((w)->loop, 2 * MS); \
		assert_true(condition); \
		clock_loop() - from_; \
	})

static void a_phase_belongs_to_the_probe_and_the_test(void **state)
{
	int64_t hour = 3600 * NS_PER_S, a = schedule_phase(an_id, "latency", hour);

	(void)state;
	assert_int_equal(a, schedule_phase(an_id, "latency", hour));
	assert_int_not_equal(a, schedule_phase(another_id, "latency", hour));
	assert_int_not_equal(a, schedule_phase(an_id, "ipv6", hour));
	assert_true(a >= 0 && a < hour);
}

static void a_fleet_is_spread_over_the_whole_interval(void **state)
{
	unsigned tenth[10] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint8_t id[16] = { (uint8_t)i, (uint8_t)(i >> 8) };

		tenth[schedule_phase(id, "signal", 1000) / 100]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenth[i], 850, 1150);
}

static void the_next_due_time_keeps_the_phase(void **state)
{
	(void)state;
	assert_int_equal(schedule_due(1000, 100, 30), 1030);
	assert_int_equal(schedule_due(1030, 100, 30), 1030);
	assert_int_equal(schedule_due(1031, 100, 30), 1130);
}

static void failures_stretch_the_interval_after_the_first_ten(void **state)
{
	int64_t minute = 60 * NS_PER_S;

	(void)state;
	assert_int_equal(schedule_backoff(minute, 0), minute);
	assert_int_equal(schedule_backoff(minute, 10), minute);
	assert_int_equal(schedule_backoff(minute, 11), 2 * minute);
	assert_int_equal(schedule_backoff(minute, 13), 8 * minute);
	assert_int_equal(schedule_backoff(minute, 1000), 10 * minute);
	assert_int_equal(schedule_backoff(NS_PER_S, 1000), 16 * NS_PER_S);
	assert_int_equal(schedule_backoff(600 * minute, 1000), 600 * minute);
}

static void what_fills_the_link_runs_alone(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add(s, &plain, "a", 50 * MS);
	add(s, &plain, "b", 60 * MS);
	add(s, &greedy, "c", 70 * MS);
	schedule_start(s, an_id);
	assert_false(schedule_busy(s));
	for (int i = 0; i < 300 && !seen.running; i++)
		turn_for(w, MS);
	assert_int_equal(schedule_busy(s), seen.running > 0);
	turn_for(w, 1500 * MS);
	assert_true(seen.runs > 8);
	assert_int_equal(seen.most_beside_exclusive, 0);
	assert_int_equal(schedule_busy(s), seen.running > 0);
	schedule_free(s);
	assert_int_equal(seen.running, 0);
}

static void a_run_that_is_left_out_is_counted(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);
	struct schedule_entry e;

	verdict = SCHEDULE_SKIP;
	add(s, &plain, "a", 50 * MS);
	schedule_start(s, an_id);
	turn_for(w, 400 * MS);
	schedule_entry(s, 0, &e);
	assert_int_equal(seen.runs, 0);
	assert_true(e.counts.suppressions >= 3);
	assert_int_equal(schedule_skipped(s), e.counts.suppressions);
	schedule_free(s);
}

static void a_failing_test_is_counted_and_goes_on(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);
	struct schedule_entry e;

	seen.result = -ENETDOWN;
	add(s, &plain, "a", 40 * MS);
	schedule_start(s, an_id);
	turn_for(w, 400 * MS);
	schedule_entry(s, 0, &e);
	assert_true(e.counts.failures >= 2);
	assert_int_equal(e.last_err, -ENETDOWN);
	schedule_free(s);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

/* Every minute at second 30, without a spread. */
static const struct plan_event half_past = { .name = "half-past",
	.kind = PLAN_CALENDAR,
	.calendar = { 1ULL << 30, (1ULL << 60) - 1, (1 << 24) - 1, ~1u, 0x1ffe, 0xfe },
	.start_utc = UTC_UNKNOWN,
	.end_utc = UTC_UNKNOWN,
	.cycle_interval_ns = 3600 * NS_PER_S };

static void a_calendar_test_runs_when_its_time_comes_and_once(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add_event(s, "a", &half_past);
	schedule_start(s, an_id);
	turn_for(w, 50 * MS);
	assert_int_equal(seen.runs, 0);
	assert_int_equal(entry(s, 0).waits, SCHEDULE_WAITS_CLOCK);
	schedule_clock(s, utc("2026-11-27T02:00:29.7Z"));
	assert_int_equal(entry(s, 0).waits, SCHEDULE_WAITS_NOT);
	assert_true(UNTIL(w, seen.runs) > 290 * MS);
	UNTIL(w, !seen.running);
	/* a step back does not bring it again */
	schedule_clock(s, utc("2026-11-27T02:00:25Z"));
	assert_in_range(entry(s, 0).next_ns - clock_loop(), 60 * NS_PER_S, 65 * NS_PER_S);
	assert_int_equal(seen.runs, 1);
	schedule_free(s);
}

static void a_clock_that_is_set_moves_what_stands_in_wall_time(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add_event(s, "a", &half_past);
	schedule_start(s, an_id);
	schedule_clock(s, utc("2026-11-27T02:00:00Z"));
	assert_in_range(entry(s, 0).next_ns - clock_loop(), 25 * NS_PER_S, 30 * NS_PER_S);
	/* over by ten seconds: late, and still run */
	schedule_clock(s, utc("2026-11-27T02:00:40Z"));
	UNTIL(w, seen.runs && !seen.running);
	/* by fifty years, either way: no run, and the next one is near */
	schedule_clock(s, utc("1976-11-27T02:00:05Z"));
	assert_in_range(entry(s, 0).next_ns - clock_loop(), 20 * NS_PER_S, 25 * NS_PER_S);
	schedule_clock(s, utc("2026-11-27T02:01:05Z"));
	assert_in_range(entry(s, 0).next_ns - clock_loop(), 20 * NS_PER_S, 25 * NS_PER_S);
	turn_for(w, 50 * MS);
	assert_int_equal(seen.runs, 1);
	schedule_free(s);
}

static void what_happens_once_runs_once(void **state)
{
	struct plan_event then = { .name = "then",
		.kind = PLAN_ONE_OFF,
		.time_utc = utc("2026-11-27T02:00:00Z"),
		.start_utc = UTC_UNKNOWN,
		.end_utc = UTC_UNKNOWN };
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add_event(s, "a", &then);
	schedule_start(s, an_id);
	schedule_clock(s, utc("2026-11-27T01:59:59.95Z"));
	UNTIL(w, seen.runs && !seen.running);
	turn_for(w, 50 * MS);
	assert_int_equal(seen.runs, 1);
	assert_int_equal(entry(s, 0).next_ns, INT64_MAX);
	schedule_free(s);
	/* after the time: not at all */
	s = made(w, NULL);
	add_event(s, "a", &then);
	schedule_start(s, an_id);
	schedule_clock(s, utc("2026-11-27T02:00:10Z"));
	turn_for(w, 100 * MS);
	assert_int_equal(seen.runs, 1);
	schedule_free(s);
}

static const struct plan_event at_startup = { .name = "startup",
	.kind = PLAN_STARTUP,
	.start_utc = UTC_UNKNOWN,
	.end_utc = UTC_UNKNOWN },
			       lost = { .name = "lost",
				       .kind = PLAN_CONTROLLER_LOST,
				       .start_utc = UTC_UNKNOWN,
				       .end_utc = UTC_UNKNOWN };

static void startup_happens_at_the_start_and_controller_lost_when_told(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add_event(s, "a", &at_startup);
	add_event(s, "b", &lost);
	schedule_start(s, an_id);
	UNTIL(w, seen.runs && !seen.running);
	assert_int_equal(entry(s, 0).counts.invocations, 1);
	assert_int_equal(entry(s, 1).counts.invocations, 0);
	assert_int_equal(entry(s, 1).next_ns, INT64_MAX);
	schedule_event(s, PLAN_CONTROLLER_CONNECTED);
	turn_for(w, 50 * MS);
	assert_int_equal(seen.runs, 1);
	schedule_event(s, PLAN_CONTROLLER_LOST);
	UNTIL(w, seen.running);
	schedule_event(s, PLAN_CONTROLLER_LOST); /* while it runs */
	UNTIL(w, !seen.running);
	turn_for(w, 50 * MS);
	assert_int_equal(entry(s, 1).counts.invocations, 1);
	assert_int_equal(entry(s, 1).counts.overlaps, 1);
	schedule_free(s);
	/* known to be lost when the agent starts: by the calendar, from the last receipt of the boot before */
	s = made(w, NULL);
	add_event(s, "b", &lost);
	schedule_event(s, PLAN_CONTROLLER_LOST);
	turn_for(w, 20 * MS);
	assert_int_equal(entry(s, 0).counts.invocations, 0);
	schedule_start(s, an_id);
	UNTIL(w, entry(s, 0).counts.invocations == 1);
	schedule_free(s);
}

static void a_record_says_which_event_started_it_and_in_which_cycle(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);
	struct record r;

	add_event(s, "a", &half_past);
	add(s, &plain, "b", 3600 * NS_PER_S);
	schedule_start(s, an_id);
	schedule_clock(s, utc("2026-11-27T02:59:29.95Z"));
	UNTIL(w, entry(s, 0).running);
	record_clear(&r, RECORD_LATENCY);
	schedule_stamp(s, entry(s, 0).probe, &r);
	assert_string_equal(record_text(&r, FIELD_SCHEDULE_EVENT), "half-past");
	assert_string_equal(record_text(&r, FIELD_CYCLE_NUMBER), "20261127.020000");
	record_clear(&r, RECORD_LATENCY);
	schedule_stamp(s, entry(s, 1).probe, &r);
	assert_false(record_has(&r, FIELD_SCHEDULE_EVENT));
	schedule_free(s);
}

/* --- windows ---------------------------------------------------------------------------------------------------- */

static const struct plan_windows night = { 1, { { 22 * 3600, 5 * 3600 } } };

static void outside_its_window_a_test_is_put_off_into_the_next_one(void **state)
{
	struct plan_test t = { .interval_ns = 100 * MS, .limit_ns = NS_PER_S, .windows = night };
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);
	int64_t wait, from;

	assert_int_equal(schedule_add(s, &plain, "a", &t, NULL), 0);
	t.interval_ns = 86400 * NS_PER_S; /* longer than the window: it must be met all the same */
	assert_int_equal(schedule_add(s, &plain, "b", &t, NULL), 0);
	schedule_start(s, an_id);
	from = clock_loop();
	schedule_clock(s, utc("2026-11-27T21:59:59.5Z"));
	assert_int_equal(schedule_run_now(s, "b"), 0); /* whoever orders it does not wait */
	UNTIL(w, entry(s, 1).counts.invocations == 1);
	UNTIL(w, entry(s, 0).waits == SCHEDULE_WAITS_WINDOW || seen.runs > 1);
	UNTIL(w, entry(s, 0).counts.invocations >= 1);
	assert_true(clock_loop() - from >= 490 * MS);
	assert_int_equal(entry(s, 0).counts.suppressions, 0);
	schedule_free(s);

	/* at noon: to a place of its own between 22:00 and 05:00 */
	t.event = &at_startup;
	s = made(w, NULL);
	assert_int_equal(schedule_add(s, &plain, "b", &t, NULL), 0);
	schedule_start(s, an_id);
	schedule_clock(s, utc("2026-11-27T12:00:00Z"));
	UNTIL(w, entry(s, 0).waits == SCHEDULE_WAITS_WINDOW);
	wait = entry(s, 0).next_ns - clock_loop();
	assert_in_range(wait, 10 * 3600 * NS_PER_S - NS_PER_S, 17 * 3600 * NS_PER_S);
	schedule_free(s);
}

static void without_a_clock_a_test_with_windows_waits_for_one(void **state)
{
	struct plan_test t = { .interval_ns = 50 * MS, .windows = night };
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	assert_int_equal(schedule_add(s, &plain, "a", &t, NULL), 0);
	schedule_start(s, an_id);
	turn_for(w, 200 * MS);
	assert_int_equal(seen.runs, 0);
	assert_int_equal(entry(s, 0).waits, SCHEDULE_WAITS_CLOCK);
	schedule_free(s);
}

/* --- suppressions, orders --------------------------------------------------------------------------------------- */

static void what_is_suppressed_is_counted_and_comes_back(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);
	int64_t from;

	add(s, &plain, "a", 50 * MS);
	add(s, &greedy, "big", 60 * MS);
	schedule_start(s, an_id);
	from = clock_loop();
	assert_int_equal(schedule_suppress(s, "", SUPPRESS_NEVER, false), -EINVAL);
	assert_int_equal(schedule_suppress(s, "through*", clock_mono() + 300 * MS, false), 0);
	assert_string_equal(told, "+through* ");
	assert_string_equal(entry(s, 1).suppressed, "through*");
	assert_null(entry(s, 0).suppressed);
	assert_int_equal(schedule_run_now(s, "big"), -EPERM);
	UNTIL(w, entry(s, 1).counts.suppressions >= 2 && entry(s, 0).counts.invocations >= 2);
	assert_int_equal(entry(s, 1).counts.invocations, 0);
	UNTIL(w, clock_loop() - from > 310 * MS);
	schedule_clock(s, UTC_UNKNOWN); /* as every few seconds */
	assert_string_equal(told, "+through* -through* ");
	UNTIL(w, entry(s, 1).counts.invocations >= 1);
	assert_int_equal(schedule_unsuppress(s, "through*"), -ENOENT);
	schedule_free(s);
}

static void a_suppression_that_stops_what_runs_leaves_a_record(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add(s, &plain, "a", 3600 * NS_PER_S);
	schedule_start(s, an_id);
	assert_int_equal(schedule_run_now(s, "b"), -ENOENT);
	assert_int_equal(schedule_run_now(s, "a"), 0);
	UNTIL(w, seen.running);
	assert_int_equal(schedule_run_now(s, "a"), -EBUSY);
	assert_int_equal(schedule_suppress(s, "a", SUPPRESS_NEVER, false), 0);
	assert_int_equal(seen.running, 1);
	assert_int_equal(schedule_unsuppress(s, "a"), 0);
	assert_int_equal(schedule_suppress(s, "a", SUPPRESS_NEVER, true), 0);
	assert_int_equal(seen.running, 0);
	assert_string_equal(record_text(&last, FIELD_ERROR), "suppressed");
	assert_non_null(strstr(record_text(&last, FIELD_ERROR_TEXT), "\"a\""));
	assert_int_equal(entry(s, 0).counts.suppressions, 1);
	assert_int_equal(entry(s, 0).counts.failures, 0);
	schedule_free(s);
}

static void another_plan_holds_until_the_local_one_is_back(void **state)
{
	struct schedule_change changes[] = { { "a", 50 * MS, false }, { "b", 0, true } };
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);
	struct why why = { "" };

	add(s, &plain, "a", 3600 * NS_PER_S);
	add(s, &plain, "b", 50 * MS);
	add_event(s, "c", &half_past);
	schedule_start(s, an_id);
	assert_int_equal(schedule_replan(s, changes, 2, &why), -EINVAL); /* 50 ms */
	assert_non_null(strstr(why.text, "a: "));
	assert_false(schedule_replanned(s));
	changes[0].interval_ns = NS_PER_S;
	assert_int_equal(schedule_replan(s, changes, 2, &why), 0);
	assert_true(schedule_replanned(s));
	assert_int_equal(entry(s, 0).interval_ns, NS_PER_S);
	assert_false(entry(s, 1).enabled);
	assert_int_equal(schedule_run_now(s, "b"), -ESHUTDOWN);
	UNTIL(w, entry(s, 0).counts.invocations >= 1);
	assert_int_equal(entry(s, 1).counts.invocations, 0);
	/* the next order forgets the one before */
	changes[0] = (struct schedule_change){ "c", NS_PER_S, false };
	assert_int_equal(schedule_replan(s, changes, 1, &why), 0);
	assert_int_equal(entry(s, 0).interval_ns, 3600 * NS_PER_S);
	assert_true(entry(s, 1).enabled);
	assert_null(entry(s, 2).event);
	assert_int_equal(schedule_replan(s, NULL, 0, &why), 0);
	assert_false(schedule_replanned(s));
	assert_string_equal(entry(s, 2).event, "half-past");
	UNTIL(w, entry(s, 1).counts.invocations >= 1);
	schedule_free(s);
}

static void what_has_to_hold_is_asked_again_and_then_left_out(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add(s, &plain, "a", 3600 * NS_PER_S);
	schedule_start(s, an_id);
	verdict = SCHEDULE_HOLD;
	assert_int_equal(schedule_run_now(s, "a"), 0);
	UNTIL(w, entry(s, 0).waits == SCHEDULE_WAITS_HELD);
	assert_int_equal(entry(s, 0).counts.suppressions, 0);
	verdict = SCHEDULE_SOON;
	assert_int_equal(schedule_run_now(s, "a"), 0);
	assert_true(UNTIL(w, asked == 3) > 450 * MS);
	assert_int_equal(entry(s, 0).waits, SCHEDULE_WAITS_TURN);
	verdict = SCHEDULE_GO;
	UNTIL(w, seen.runs == 1);
	schedule_free(s);
}

static void the_line_is_asked_again_after_the_time_that_was_told(void **state)
{
	struct probe_world *w = *state;
	struct schedule *s = made(w, NULL);

	add(s, &greedy, "a", 3600 * NS_PER_S);
	schedule_retry(s, 50 * MS);
	schedule_start(s, an_id);
	verdict = SCHEDULE_LATER;
	assert_int_equal(schedule_run_now(s, "a"), 0);
	assert_true(UNTIL(w, asked == 4) >= 145 * MS);
	assert_int_equal(entry(s, 0).waits, SCHEDULE_WAITS_LINE);
	schedule_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_belongs_to_the_probe_and_the_test),
		cmocka_unit_test(a_fleet_is_spread_over_the_whole_interval),
		cmocka_unit_test(the_next_due_time_keeps_the_phase),
		cmocka_unit_test(failures_stretch_the_interval_after_the_first_ten),
		cmocka_unit_test_setup_teardown(what_fills_the_link_runs_alone, begin, end),
		cmocka_unit_test_setup_teardown(a_run_that_is_left_out_is_counted, begin, end),
		cmocka_unit_test_setup_teardown(a_failing_test_is_counted_and_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(
			a_calendar_test_runs_when_its_time_comes_and_once, begin, end),
		cmocka_unit_test_setup_teardown(
			a_clock_that_is_set_moves_what_stands_in_wall_time, begin, end),
		cmocka_unit_test_setup_teardown(what_happens_once_runs_once, begin, end),
		cmocka_unit_test_setup_teardown(
			startup_happens_at_the_start_and_controller_lost_when_told, begin, end),
		cmocka_unit_test_setup_teardown(
			a_record_says_which_event_started_it_and_in_which_cycle, begin, end),
		cmocka_unit_test_setup_teardown(
			outside_its_window_a_test_is_put_off_into_the_next_one, begin, end),
		cmocka_unit_test_setup_teardown(
			without_a_clock_a_test_with_windows_waits_for_one, begin, end),
		cmocka_unit_test_setup_teardown(
			what_is_suppressed_is_counted_and_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(
			a_suppression_that_stops_what_runs_leaves_a_record, begin, end),
		cmocka_unit_test_setup_teardown(
			another_plan_holds_until_the_local_one_is_back, begin, end),
		cmocka_unit_test_setup_teardown(
			what_has_to_hold_is_asked_again_and_then_left_out, begin, end),
		cmocka_unit_test_setup_teardown(
			the_line_is_asked_again_after_the_time_that_was_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
