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
static const struct probe_type plain = { "latency", 0, nothing, sizeof(struct nap), NULL, NULL,
	nap_start, nap_cancel, NULL };
static const struct probe_type greedy = { "throughput", PROBE_EXCLUSIVE, nothing,
	sizeof(struct nap), NULL, NULL, nap_start, nap_cancel, NULL };

static enum schedule_verdict verdict;
static unsigned asked;

static void on_record(void *arg, struct probe *p, const struct record *r)
{
	(void)arg;
	(void)p;
	(void)r;
}

static enum schedule_verdict may(void *arg, const struct probe *p, unsigned tries)
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
	verdict = SCHEDULE_GO;
	asked = 0;
	*state = &w;
	return loop_new(&w.loop);
}

static int end(void **state)
{
	struct probe_world *w = *state;

	loop_free(w->loop);
	return 0;
}

static struct schedule *made(struct probe_world *w)
{
	struct schedule_owner owner = { on_record, may, NULL, NULL };
	struct schedule *s = NULL;

	assert_int_equal(schedule_new(&s, w, 0, owner), 0);
	return s;
}

static void turn_for(struct probe_world *w, int64_t ns)
{
	int64_t until = clock_loop() + ns;

	while (clock_loop() < until)
		loop_turn(w->loop, 5 * MS);
}

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
	struct schedule *s = made(w);

	assert_int_equal(schedule_add(s, &plain, "a", NULL, 50 * MS, 0, NULL), 0);
	assert_int_equal(schedule_add(s, &plain, "b", NULL, 60 * MS, 0, NULL), 0);
	assert_int_equal(schedule_add(s, &greedy, "c", NULL, 70 * MS, 0, NULL), 0);
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
	struct schedule *s = made(w);
	struct schedule_entry e;

	verdict = SCHEDULE_SKIP;
	assert_int_equal(schedule_add(s, &plain, "a", NULL, 50 * MS, 0, NULL), 0);
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
	struct schedule *s = made(w);
	struct schedule_entry e;

	seen.result = -ENETDOWN;
	assert_int_equal(schedule_add(s, &plain, "a", NULL, 40 * MS, 0, NULL), 0);
	schedule_start(s, an_id);
	turn_for(w, 400 * MS);
	schedule_entry(s, 0, &e);
	assert_true(e.counts.failures >= 2);
	assert_int_equal(e.last_err, -ENETDOWN);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
