/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule as others see and change it: events, orders, suppressions, status. */
#include "schedule_inside.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INTERVAL_MOST (604800 * NS_PER_S) /* as in the configuration */

struct test *schedule_test(struct schedule *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(probe_name(s->tests[i].probe), name))
			return &s->tests[i];
	return NULL;
}

static struct suppress_subject subject(const struct test *t)
{
	return (struct suppress_subject){ probe_name(t->probe), probe_type_of(t->probe)->name,
		t->plan.settings };
}

const struct suppress_item *schedule_suppressed(const struct test *t)
{
	struct suppress_subject who = subject(t);

	return suppress_of(&t->schedule->suppress, &who);
}

/* --- suppressions ----------------------------------------------------------------------------------------------- */

static void stop_test(struct test *t, const char *word, const char *sentence)
{
	t->stopped = true;
	probe_stop(t->probe, word, "%s", sentence); /* ends in on_done() */
}

static void changed(void *arg, const struct suppress_item *i)
{
	struct schedule *s = arg;
	char sentence[128];

	if (s->owner.suppression)
		s->owner.suppression(s->owner.arg, i);
	if (!i->active || !i->stop_running)
		return;
	snprintf(sentence, sizeof(sentence), "stopped by the suppression \"%s\"", i->name);
	for (size_t k = 0; k < s->count; k++) {
		struct suppress_subject who = subject(&s->tests[k]);

		if (probe_running(s->tests[k].probe) && suppress_matches(i, &who))
			stop_test(&s->tests[k], "suppressed", sentence);
	}
}

void schedule_look(struct schedule *s)
{
	struct suppress_now now = { clock_mono(), schedule_utc(s) };

	if (s->started)
		suppress_look(&s->suppress, now, changed, s);
}

int schedule_suppress(struct schedule *s, const char *match, int64_t until_mono, bool stop_running)
{
	int err = suppress_order(&s->suppress, match, until_mono, stop_running);

	if (!err)
		schedule_look(s);
	return err;
}

int schedule_unsuppress(struct schedule *s, const char *match)
{
	int err = suppress_lift(&s->suppress, match);

	if (!err)
		schedule_look(s);
	return err;
}

void schedule_stop(struct schedule *s, bool (*chosen)(void *arg, const struct probe *p), void *arg,
	const char *word, const char *sentence)
{
	for (size_t i = 0; i < s->count; i++)
		if (probe_running(s->tests[i].probe) && chosen(arg, s->tests[i].probe))
			stop_test(&s->tests[i], word, sentence);
}

/* --- events and orders ------------------------------------------------------------------------------------------ */

void schedule_event(struct schedule *s, enum plan_kind kind)
{
	suppress_happened(&s->suppress, kind, clock_mono());
	if (!s->started)
		s->early |= 1u << kind;
	for (size_t i = 0; i < s->count && s->started; i++)
		if (s->tests[i].plan.event && s->tests[i].plan.event->kind == kind)
			schedule_happened(&s->tests[i]);
	schedule_look(s);
}

int schedule_run_now(struct schedule *s, const char *test)
{
	struct test *t = schedule_test(s, test);

	if (!t)
		return -ENOENT;
	if (t->off)
		return -ESHUTDOWN;
	if (probe_running(t->probe))
		return -EBUSY;
	if (schedule_suppressed(t))
		return -EPERM;
	t->forced = true;
	t->planned = false; /* the next occurrence of its event is still to come */
	t->tries = 0;
	t->due_ns = loop_now(s->world->loop);
	loop_timer_in(s->world->loop, &t->timer, 0);
	return 0;
}

static int check_change(struct schedule *s, const struct schedule_change *c, struct why *why)
{
	if (!schedule_test(s, c->test))
		return why_say(why, -ENOENT, "this plan has no test \"%.64s\"", c->test);
	if (c->interval_ns && (c->interval_ns < NS_PER_S || c->interval_ns > INTERVAL_MOST))
		return why_say(why, -EINVAL, "%.64s: an interval is from 1 s to a week", c->test);
	return 0;
}

static const struct schedule_change *change_of(
	const struct schedule_change *changes, size_t n, const char *name)
{
	for (size_t i = n; i > 0; i--)
		if (!strcmp(changes[i - 1].test, name))
			return &changes[i - 1];
	return NULL;
}

static bool same_plan(const struct plan_test *a, const struct plan_test *b)
{
	return a->event == b->event && a->interval_ns == b->interval_ns;
}

static void apply(struct test *t, const struct schedule_change *c)
{
	struct plan_test plan = t->local;
	bool off = c && c->off;

	if (c && c->interval_ns) {
		plan.event = NULL;
		plan.interval_ns = c->interval_ns;
	}
	if (same_plan(&plan, &t->plan) && off == t->off)
		return; /* its next run stays where it is */
	t->plan = plan;
	t->off = off;
	t->due_ns = INT64_MAX;
	if (probe_running(t->probe)) {
		t->phase_ns =
			schedule_phase(t->schedule->id, probe_name(t->probe), plan.interval_ns);
		return; /* planned when it ends */
	}
	schedule_plan_first(t, 0);
	if (plan.event && plan.event->kind == PLAN_IMMEDIATE)
		schedule_happened(t);
}

int schedule_replan(
	struct schedule *s, const struct schedule_change *changes, size_t n, struct why *why)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = check_change(s, &changes[i], why);
	if (err)
		return err;
	s->replanned = n > 0;
	for (size_t i = 0; i < s->count; i++)
		apply(&s->tests[i], change_of(changes, n, probe_name(s->tests[i].probe)));
	return 0;
}

bool schedule_replanned(const struct schedule *s)
{
	return s->replanned;
}

/* --- looking ---------------------------------------------------------------------------------------------------- */

size_t schedule_count(const struct schedule *s)
{
	return s->count;
}

void schedule_entry(const struct schedule *s, size_t i, struct schedule_entry *out)
{
	const struct test *t = &s->tests[i];
	const struct plan_event *e = t->plan.event;
	const struct suppress_item *by = schedule_suppressed(t);

	*out = (struct schedule_entry){ .name = probe_name(t->probe),
		.kind = probe_type_of(t->probe)->name,
		.event = e ? e->name : NULL,
		.interval_ns = !e || e->kind == PLAN_PERIODIC ? t->plan.interval_ns : 0,
		.next_ns = t->due_ns,
		.running = probe_running(t->probe),
		.enabled = !t->off,
		.waits = t->waits,
		.suppressed = by ? by->name : NULL,
		.counts = t->counts,
		.last_err = t->last_err,
		.probe = t->probe };
}

size_t schedule_suppressions(const struct schedule *s, const struct suppress_item **out)
{
	*out = s->suppress.item;
	return s->suppress.count;
}

bool schedule_busy(const struct schedule *s)
{
	for (size_t i = 0; s && i < s->count; i++)
		if (probe_running(s->tests[i].probe))
			return true;
	return false;
}

uint64_t schedule_skipped(const struct schedule *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->tests[i].counts.suppressions + s->tests[i].counts.overlaps;
	return n;
}

void schedule_stamp(const struct schedule *s, const struct probe *p, struct record *r)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct test *t = &s->tests[i];

		if (t->probe != p || !t->plan.event)
			continue;
		record_set_text(r, FIELD_SCHEDULE_EVENT, t->plan.event->name);
		if (*t->cycle)
			record_set_text(r, FIELD_CYCLE_NUMBER, t->cycle);
	}
}
