/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a test: planned, due, put off or left out, run, planned again. */
#include "schedule_inside.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_LATER_NS (60 * NS_PER_S) /* a busy line is asked again after this */
#define WAIT_TURN_NS   (NS_PER_S / 2)  /* the link or the modem is somebody's: look again */
#define FIRST_RUNS_NS  (60 * NS_PER_S) /* a technician waits for them */
#define LATE_MOST_NS \
	(60 * NS_PER_S)    /* an occurrence that the clock jumped over by less still counts */
#define STEP_NS (NS_PER_S) /* by more than this the clock was set, or the device slept */

const char *const schedule_wait_name[SCHEDULE_WAITS] = { "", "clock", "window", "turn", "line",
	"device" };

static bool periodic(const struct test *t)
{
	return !t->plan.event || t->plan.event->kind == PLAN_PERIODIC;
}

static void set_timer(struct test *t)
{
	struct loop *l = t->schedule->world->loop;

	t->planned = true;
	if (t->due_ns == INT64_MAX)
		loop_timer_stop(l, &t->timer);
	else
		loop_timer_at(l, &t->timer, t->due_ns);
}

static void look_again(struct test *t, int64_t after_ns, enum schedule_wait why)
{
	t->planned = false;
	t->waits = why;
	loop_timer_in(t->schedule->world->loop, &t->timer, after_ns);
}

void schedule_plan_next(struct test *t)
{
	t->tries = 0;
	t->held_ns = 0;
	t->forced = false;
	t->waits = SCHEDULE_WAITS_NOT;
	if (t->off)
		t->due_ns = INT64_MAX;
	else if (periodic(t))
		t->due_ns = schedule_periodic(t);
	else if (plan_event_by_clock(t->plan.event))
		schedule_by_clock(t);
	else
		t->due_ns = INT64_MAX;
	set_timer(t);
}

static bool must_wait(const struct schedule *s, const struct test *t)
{
	unsigned own = probe_type_of(t->probe)->needs;

	for (size_t i = 0; i < s->count; i++) {
		unsigned other;

		if (&s->tests[i] == t || !probe_running(s->tests[i].probe))
			continue;
		other = probe_type_of(s->tests[i].probe)->needs;
		if ((own & other) & PROBE_MODEM)
			return true;
		if ((own & PROBE_EXCLUSIVE) && !(other & PROBE_LOADED))
			return true;
		if ((other & PROBE_EXCLUSIVE) && !(own & PROBE_LOADED))
			return true;
	}
	return false;
}

static void run(struct test *t)
{
	struct schedule *s = t->schedule;
	int err;

	t->counts.invocations++;
	t->waits = SCHEDULE_WAITS_NOT;
	t->held_ns = 0;
	t->stopped = false;
	plan_cycle(t->plan.event, schedule_utc(s), t->cycle);
	err = probe_start(t->probe, t->plan.limit_ns);
	if (!err)
		return; /* on_done() follows */
	t->counts.failures++;
	t->failures++;
	t->last_err = err;
	if (s->owner.ran)
		s->owner.ran(s->owner.arg, t->probe, err);
	schedule_plan_next(t);
}

/* Left out when it has waited for so long that the next one is due. */
static int64_t patience(const struct test *t)
{
	return periodic(t) ? t->plan.interval_ns : RETRY_LATER_NS * 60;
}

/* Outside its windows a test is put off into the next one, to a place of its own in it: a fleet must not begin
 * when the window opens, and an interval longer than the window must not miss it for ever. */
static bool put_off(struct test *t)
{
	struct schedule *s = t->schedule;
	int64_t utc = schedule_utc(s), room, wait;

	if (t->forced || plan_inside(&t->plan.windows, utc))
		return false;
	wait = plan_opens(&t->plan.windows, utc, &room);
	if (wait < 0) { /* without a clock nobody knows what time of the day it is: not now */
		look_again(t, RETRY_LATER_NS, SCHEDULE_WAITS_CLOCK);
		return true;
	}
	/* early enough that the run ends in it, where it is long enough for that */
	room = room > 2 * t->plan.limit_ns ? room - t->plan.limit_ns : room / 2;
	if (periodic(t) && t->plan.interval_ns < room)
		room = t->plan.interval_ns;
	t->due_ns =
		loop_now(s->world->loop) + wait + schedule_phase(s->id, probe_name(t->probe), room);
	t->waits = SCHEDULE_WAITS_WINDOW;
	loop_timer_at(s->world->loop, &t->timer, t->due_ns);
	t->planned = false;
	return true;
}

static void leave_out(struct test *t)
{
	t->counts.suppressions++;
	schedule_plan_next(t);
}

static void hold(struct test *t, int64_t again_ns, enum schedule_wait why)
{
	int64_t now = loop_now(t->schedule->world->loop);

	if (!t->held_ns)
		t->held_ns = now;
	if (now - t->held_ns > patience(t))
		leave_out(t);
	else
		look_again(t, again_ns, why);
}

static void ask_owner(struct test *t)
{
	struct schedule *s = t->schedule;

	switch (s->owner.may ? s->owner.may(s->owner.arg, t->probe, t->tries) : SCHEDULE_GO) {
	case SCHEDULE_GO:
		run(t);
		break;
	case SCHEDULE_LATER:
		t->tries++;
		look_again(t, s->retry_ns, SCHEDULE_WAITS_LINE);
		break;
	case SCHEDULE_SOON:
		hold(t, WAIT_TURN_NS, SCHEDULE_WAITS_TURN);
		break;
	case SCHEDULE_HOLD:
		hold(t, RETRY_LATER_NS, SCHEDULE_WAITS_HELD);
		break;
	case SCHEDULE_SKIP:
		leave_out(t);
		break;
	case SCHEDULE_PASS:
		schedule_plan_next(t);
		break;
	}
}

static void due(struct loop_timer *timer)
{
	struct test *t = container_of(timer, struct test, timer);
	struct schedule *s = t->schedule;

	if (t->planned)
		t->taken_utc = t->next_utc;
	if (!t->forced && t->plan.event && !plan_event_bounded(t->plan.event, schedule_utc(s)) &&
		periodic(t)) {
		schedule_plan_next(t);
	} else if (put_off(t)) {
		return;
	} else if (schedule_suppressed(t)) {
		leave_out(t);
	} else if (!must_wait(s, t)) {
		ask_owner(t);
	} else if (loop_now(s->world->loop) - t->due_ns > patience(t)) {
		t->counts.overlaps++;
		schedule_plan_next(t);
	} else {
		look_again(t, WAIT_TURN_NS, SCHEDULE_WAITS_TURN);
	}
}

void schedule_happened(struct test *t)
{
	struct schedule *s = t->schedule;

	if (t->off)
		return;
	if (probe_running(t->probe) || t->due_ns != INT64_MAX) {
		t->counts.overlaps++;
		return;
	}
	t->due_ns = loop_now(s->world->loop) + schedule_chance(s, t->plan.event->random_spread_ns);
	set_timer(t);
}

/* Whether a test that stands in wall time is still where the clock says; it may have been set. */
static void check_clock(struct test *t)
{
	struct schedule *s = t->schedule;
	int64_t now = loop_now(s->world->loop), utc = schedule_utc(s), expected;

	if (!t->planned || t->off || probe_running(t->probe) || !plan_event_by_clock(t->plan.event))
		return;
	if (t->next_utc == UTC_UNKNOWN) {
		schedule_plan_next(t);
		return;
	}
	expected = now + (t->next_utc - utc) + t->spread_ns;
	if (llabs(expected - t->due_ns) < STEP_NS)
		return;
	if (t->next_utc <= utc && utc - t->next_utc < LATE_MOST_NS) {
		t->due_ns = now;
		set_timer(t);
	} else {
		schedule_plan_next(t);
	}
}

void schedule_clock(struct schedule *s, int64_t utc_ns)
{
	s->utc_ns = utc_ns;
	s->utc_at = loop_now(s->world->loop);
	for (size_t i = 0; i < s->count && s->started && utc_ns != UTC_UNKNOWN; i++)
		check_clock(&s->tests[i]);
	schedule_look(s);
}

static struct test *test_of(struct schedule *s, const struct probe *p)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->tests[i].probe == p)
			return &s->tests[i];
	return NULL;
}

static void on_record(void *arg, struct probe *p, const struct record *r)
{
	struct schedule *s = arg;

	s->owner.record(s->owner.arg, p, r);
}

static void on_done(void *arg, struct probe *p, int err)
{
	struct schedule *s = arg;
	struct test *t = test_of(s, p);

	if (!t)
		return;
	t->last_err = err;
	if (t->stopped) {
		t->counts.suppressions++;
	} else if (err) {
		t->failures++;
		t->counts.failures++;
		log_complain(&t->complaint, clock_loop(), "schedule", "%s: %s", probe_name(p),
			strerror(-err));
	} else {
		if (t->failures)
			log_recovered(&t->complaint, "schedule", probe_name(p));
		t->failures = 0;
	}
	if (s->owner.ran)
		s->owner.ran(s->owner.arg, p, err);
	schedule_plan_next(t);
}

int schedule_new(struct schedule **out, struct probe_world *w, const struct plan *plan,
	int64_t start_delay_ns, struct schedule_owner owner)
{
	struct schedule *s = mem_new(sizeof(*s));

	s->world = w;
	s->owner = owner;
	s->start_delay_ns = start_delay_ns;
	s->retry_ns = RETRY_LATER_NS;
	s->utc_ns = UTC_UNKNOWN;
	suppress_init(&s->suppress, plan, clock_mono());
	*out = s;
	return 0;
}

void schedule_retry(struct schedule *s, int64_t after_ns)
{
	s->retry_ns = after_ns;
}

int schedule_add(struct schedule *s, const struct probe_type *type, const char *name,
	const struct plan_test *plan, struct why *why)
{
	struct probe_owner owner = { on_record, on_done, s };
	struct test *t = &s->tests[s->count];
	int err;

	if (s->count == SCHEDULE_TESTS)
		return why_say(why, -E2BIG, "more than %d tests", SCHEDULE_TESTS);
	err = probe_new(&t->probe, type, name, plan->settings, s->world, owner, why);
	if (err)
		return err;
	t->schedule = s;
	t->timer.fire = due;
	t->local = t->plan = *plan;
	t->due_ns = INT64_MAX;
	t->next_utc = t->taken_utc = UTC_UNKNOWN;
	s->count++;
	return 0;
}

/* Where a test stands that just came into the plan. */
void schedule_plan_first(struct test *t, int64_t delay_ns)
{
	struct schedule *s = t->schedule;
	int64_t now = loop_now(s->world->loop), interval = t->plan.interval_ns;

	t->waits = SCHEDULE_WAITS_NOT;
	if (!periodic(t) || t->off) {
		schedule_plan_next(t);
		return;
	}
	t->phase_ns = schedule_phase(s->id, probe_name(t->probe), interval);
	if (probe_type_of(t->probe)->needs & PROBE_EXCLUSIVE)
		t->due_ns = schedule_due(now + delay_ns, interval, t->phase_ns);
	else /* soon, spread over at most a minute */
		t->due_ns = now + delay_ns +
		            t->phase_ns % (interval < FIRST_RUNS_NS ? interval : FIRST_RUNS_NS);
	set_timer(t);
}

void schedule_start(struct schedule *s, const uint8_t id[16])
{
	memcpy(s->id, id, sizeof(s->id));
	s->random = (uint64_t)schedule_phase(id, "jitter", INT64_MAX) ^ (uint64_t)clock_wall();
	s->started = true;
	for (size_t i = 0; i < s->count; i++) {
		struct test *t = &s->tests[i];
		const struct plan_event *e = t->plan.event;

		schedule_plan_first(t, s->start_delay_ns);
		if (e && (e->kind == PLAN_STARTUP || e->kind == PLAN_IMMEDIATE)) {
			t->due_ns = loop_now(s->world->loop) + s->start_delay_ns +
			            schedule_chance(s, e->random_spread_ns);
			set_timer(t);
		}
		if (e && s->early & 1u << e->kind)
			schedule_happened(t);
	}
	s->early = 0;
	schedule_look(s);
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		loop_timer_stop(s->world->loop, &s->tests[i].timer);
		probe_free(s->tests[i].probe);
	}
	free(s);
}
