/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/core/mem.h"
#include "probes/probe.h"
#include <errno.h>
#include <string.h>

/* A probe that does what the test wants, and an owner that counts. */
enum act { ACT_RUN, ACT_REFUSE, ACT_FAIL_AT_ONCE, ACT_EMIT_AND_END };

struct fake {
	struct loop_timer later;
	struct probe *p;
};

static struct {
	enum act act;
	struct loop *loop;
	struct probe_world world;
	unsigned records, done, closed, cancelled;
	int err;
	struct record last;
	bool free_in_done, start_in_done, inside_start, done_inside_start;
} t;

static void later(struct loop_timer *timer)
{
	struct fake *f = container_of(timer, struct fake, later);
	struct record r;

	probe_record(f->p, &r);
	record_set_text(&r, FIELD_RAT, "LTE");
	probe_emit(f->p, &r);
	probe_done(f->p, 0);
}

static int fake_open(struct probe *p, struct why *why)
{
	struct fake *f = probe_state(p);

	assert_ptr_equal(probe_of(f), p);
	f->p = p;
	f->later.fire = later;
	return t.act == ACT_REFUSE ? why_say(why, -EPERM, "no") : 0;
}

static void fake_close(struct probe *p)
{
	(void)p;
	t.closed++;
}

static int fake_start(struct probe *p)
{
	struct fake *f = probe_state(p);

	if (t.act == ACT_FAIL_AT_ONCE)
		probe_fail(p, -ENETDOWN, "unreachable", "no route to %s", "there");
	if (t.act == ACT_EMIT_AND_END)
		loop_timer_in(probe_loop(p), &f->later, 0);
	return 0;
}

static void fake_cancel(struct probe *p)
{
	struct fake *f = probe_state(p);

	t.cancelled++;
	loop_timer_stop(probe_loop(p), &f->later);
	probe_done(p, -ECANCELED);
}

static int refusing_start(struct probe *p)
{
	(void)p;
	return -ENODEV;
}

static const struct probe_type fake = { "signal", 0, NULL, sizeof(struct fake), fake_open,
	fake_close, fake_start, fake_cancel, NULL };
static const struct probe_type refusing = { "signal", 0, NULL, 0, NULL, NULL, refusing_start,
	fake_cancel, NULL };

static void on_record(void *arg, struct probe *p, const struct record *r)
{
	(void)arg;
	(void)p;
	t.records++;
	t.last = *r;
}

static void on_done(void *arg, struct probe *p, int err)
{
	(void)arg;
	t.done++;
	t.err = err;
	t.done_inside_start |= t.inside_start;
	assert_false(probe_running(p));
	if (t.free_in_done)
		probe_free(p);
	else if (t.start_in_done && t.done == 1)
		assert_int_equal(probe_start(p, 0), 0);
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	assert_int_equal(loop_new(&t.loop), 0);
	t.world.loop = t.loop;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(t.loop);
	return 0;
}

static struct probe *make(const struct probe_type *type)
{
	struct probe_owner owner = { on_record, on_done, NULL };
	struct probe *p = NULL;

	assert_int_equal(probe_new(&p, type, "village", NULL, &t.world, owner, NULL), 0);
	return p;
}

static int start(struct probe *p, int64_t timeout_ns)
{
	int err;

	t.inside_start = true;
	err = probe_start(p, timeout_ns);
	t.inside_start = false;
	return err;
}

static void turn_until_done(void)
{
	for (int i = 0; i < 10 && !t.done; i++)
		loop_turn(t.loop, NS_PER_S);
}

static void a_run_emits_and_ends_once(void **state)
{
	struct probe *p;

	(void)state;
	t.act = ACT_EMIT_AND_END;
	p = make(&fake);
	assert_int_equal(start(p, NS_PER_S), 0);
	assert_true(probe_running(p));
	assert_int_equal(start(p, 0), -EBUSY);
	turn_until_done();
	assert_int_equal(t.done, 1);
	assert_int_equal(t.err, 0);
	assert_int_equal(t.records, 1);
	assert_string_equal(record_text(&t.last, FIELD_TEST), "village");
	assert_false(record_has(&t.last, FIELD_ERROR));
	probe_free(p);
	assert_int_equal(t.closed, 1);
}

static void a_deadline_ends_the_run_and_leaves_a_record(void **state)
{
	struct probe *p = make(&fake);

	(void)state;
	assert_int_equal(start(p, 5 * NS_PER_MS), 0);
	turn_until_done();
	assert_int_equal(t.cancelled, 1);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.err, -ETIMEDOUT);
	assert_int_equal(t.records, 1);
	assert_string_equal(record_text(&t.last, FIELD_ERROR), "timeout");
	probe_free(p);
}

static void a_failure_inside_start_is_told_from_the_loop(void **state)
{
	struct probe *p;

	(void)state;
	t.act = ACT_FAIL_AT_ONCE;
	p = make(&fake);
	assert_int_equal(start(p, NS_PER_S), 0);
	assert_int_equal(t.done, 0);
	turn_until_done();
	assert_int_equal(t.done, 1);
	assert_false(t.done_inside_start);
	assert_int_equal(t.err, -ENETDOWN);
	assert_int_equal(t.records, 1);
	assert_string_equal(record_text(&t.last, FIELD_ERROR), "unreachable");
	assert_string_equal(record_text(&t.last, FIELD_ERROR_TEXT), "no route to there");
	probe_free(p);
}

static void cancelling_after_an_early_failure_ends_it_once(void **state)
{
	struct probe *p;

	(void)state;
	t.act = ACT_FAIL_AT_ONCE;
	p = make(&fake);
	assert_int_equal(start(p, NS_PER_S), 0);
	probe_cancel(p);
	loop_turn(t.loop, NS_PER_MS);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.cancelled, 0);
	probe_free(p);
}

static void a_start_that_fails_is_an_attempt_on_record(void **state)
{
	struct probe *p = make(&refusing);

	(void)state;
	assert_int_equal(start(p, 0), -ENODEV);
	assert_false(probe_running(p));
	assert_int_equal(t.done, 0);
	assert_int_equal(t.records, 1);
	assert_string_equal(record_text(&t.last, FIELD_ERROR), "failed");
	probe_free(p);
}

static void cancelling_by_the_owner_leaves_no_record(void **state)
{
	struct probe *p = make(&fake);

	(void)state;
	probe_cancel(p); /* idle is fine */
	assert_int_equal(start(p, 0), 0);
	probe_cancel(p);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.err, -ECANCELED);
	assert_int_equal(t.records, 0);
	probe_free(p);
}

static void the_owner_may_free_or_start_again_from_done(void **state)
{
	struct probe *p;

	(void)state;
	t.act = ACT_EMIT_AND_END;
	t.start_in_done = true;
	p = make(&fake);
	assert_int_equal(start(p, 0), 0);
	for (int i = 0; i < 10 && t.done < 2; i++)
		loop_turn(t.loop, NS_PER_S);
	assert_int_equal(t.done, 2);
	t.start_in_done = false;
	t.free_in_done = true;
	assert_int_equal(start(p, 0), 0);
	for (int i = 0; i < 10 && t.done < 3; i++)
		loop_turn(t.loop, NS_PER_S);
	assert_int_equal(t.closed, 1);
}

static void freeing_a_run_in_progress_calls_nobody_back(void **state)
{
	struct probe *p = make(&fake);

	(void)state;
	assert_int_equal(start(p, NS_PER_S), 0);
	probe_free(p);
	probe_free(NULL);
	assert_int_equal(t.cancelled, 1);
	assert_int_equal(t.closed, 1);
	assert_int_equal(t.done, 0);
}

static void an_instance_that_cannot_open_is_no_instance(void **state)
{
	struct probe_owner owner = { on_record, on_done, NULL };
	struct probe *p = NULL;
	struct why why = { "" };

	(void)state;
	t.act = ACT_REFUSE;
	assert_int_equal(probe_new(&p, &fake, "x", NULL, &t.world, owner, &why), -EPERM);
	assert_null(p);
	assert_int_equal(t.closed, 0);
	assert_string_equal(why.text, "no");
}

static void radio_fields_come_from_a_fresh_signal_record_only(void **state)
{
	struct probe *p = make(&fake);
	struct record r;

	(void)state;
	record_begin(&t.world.last_signal, RECORD_SIGNAL);
	record_set_text(&t.world.last_signal, FIELD_RAT, "LTE");
	record_set_int(&t.world.last_signal, FIELD_BAND, 3);
	record_set_real(&t.world.last_signal, FIELD_RSRP, -97.5);
	record_clear(&r, RECORD_THROUGHPUT);
	probe_radio(p, &r, FIELD_START_RAT);
	assert_string_equal(record_text(&r, FIELD_START_RAT), "LTE");
	assert_int_equal(record_int(&r, FIELD_START_BAND, 0), 3);
	assert_true(record_real(&r, FIELD_START_RSRP, 0) == -97.5);
	assert_false(record_has(&r, FIELD_START_RSRQ));

	t.world.last_signal.mono_ns -= 121 * NS_PER_S;
	record_clear(&r, RECORD_THROUGHPUT);
	probe_radio(p, &r, FIELD_END_RAT);
	assert_int_equal(r.count, 0);
	probe_free(p);
}

static void a_run_that_is_stopped_says_why(void **state)
{
	struct probe *p = make(&fake);

	(void)state;
	probe_stop(p, "budget", "idle is fine");
	assert_int_equal(t.records, 0);
	assert_int_equal(probe_start(p, 0), 0);
	probe_stop(p, "budget", "%d MB are used up", 300);
	assert_int_equal(t.records, 1);
	assert_string_equal(record_text(&t.last, FIELD_ERROR), "budget");
	assert_string_equal(record_text(&t.last, FIELD_ERROR_TEXT), "300 MB are used up");
	assert_int_equal(t.done, 1);
	assert_int_equal(t.err, -ECANCELED);
	/* the next run knows nothing of it */
	assert_int_equal(probe_start(p, 0), 0);
	assert_null(probe_stopped(p));
	probe_cancel(p);
	assert_int_equal(t.records, 1);
	probe_free(p);
}

static void a_kind_that_does_not_tell_its_cost_costs_something_unless_it_is_the_modems(void **state)
{
	static const struct probe_type modem = { .name = "signal", .needs = PROBE_MODEM };
	struct probe *p = make(&fake), *m = make(&modem);

	(void)state;
	assert_int_equal(probe_most_bytes(p), PROBE_BYTES_UNTOLD);
	assert_int_equal(probe_most_bytes(m), 0);
	probe_free(p);
	probe_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_emits_and_ends_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_deadline_ends_the_run_and_leaves_a_record, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_failure_inside_start_is_told_from_the_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cancelling_after_an_early_failure_ends_it_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_start_that_fails_is_an_attempt_on_record, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cancelling_by_the_owner_leaves_no_record, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_owner_may_free_or_start_again_from_done, setup, teardown),
		cmocka_unit_test_setup_teardown(
			freeing_a_run_in_progress_calls_nobody_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_instance_that_cannot_open_is_no_instance, setup, teardown),
		cmocka_unit_test_setup_teardown(
			radio_fields_come_from_a_fresh_signal_record_only, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_that_is_stopped_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_kind_that_does_not_tell_its_cost_costs_something_unless_it_is_the_modems,
			setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
