/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on after an order was carried out: runs that are waited for, a plan and suppressions that hold for a
 * while, also over a restart. */
#include "orders_inside.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <string.h>

#define TICK_NS       (10 * NS_PER_S) /* while something holds that ends by itself */
#define HEARD_SAVE_NS (6 * 3600 * NS_PER_S)

void orders_tick_soon(struct orders *o)
{
	loop_timer_in(o->o.loop, &o->tick, TICK_NS);
}

/* --- runs --- */
void orders_ran(struct orders *o, const char *test, bool other_target, int err)
{
	for (size_t i = 0; i < ORDERS_RUNNING; i++) {
		struct running *r = &o->running[i];
		struct kept *k;

		if (!r->until_ns || r->other_target != other_target || strcmp(r->test, test))
			continue;
		r->until_ns = 0;
		k = memory_find(&o->memory, r->id);
		if (k && k->state == REPLY_ACCEPTED)
			orders_finish(o, k, err ? "failed" : "ok", err ? strerror(-err) : "");
	}
}

static void overdue_runs(struct orders *o)
{
	int64_t now = clock_mono();

	for (size_t i = 0; i < ORDERS_RUNNING; i++) {
		struct running *r = &o->running[i];
		struct kept *k;

		if (!r->until_ns || now < r->until_ns)
			continue;
		r->until_ns = 0;
		k = memory_find(&o->memory, r->id);
		if (k)
			orders_finish(o, k, "not_run", "its turn did not come");
	}
}

/* --- what holds, and ends by itself --- */
static void end_plan(struct orders *o, const char *outcome, const char *why)
{
	struct order_memory *m = &o->memory;

	m->plan = false;
	orders_save(o);
	if (o->o.doer.plan)
		(void)!o->o.doer.plan(o->o.doer.arg, NULL, 0, NULL);
	orders_event(o, "plan", outcome, m->plan_id, "back to the local plan: %s", why);
}

bool orders_collector_lost(const struct orders *o)
{
	const struct order_memory *m = &o->memory;
	int64_t silent = clock_mono() - o->heard_ns, now;

	if (!o->heard && m->plan && m->heard_ns && orders_now(o, &now) &&
		now - m->heard_ns > silent)
		silent = now - m->heard_ns; /* it was silent before this agent started, too */
	return o->o.limits.lost_ns && silent > o->o.limits.lost_ns;
}

static void look_at_plan(struct orders *o, bool known, int64_t now)
{
	struct order_memory *m = &o->memory;

	if (m->plan && known && now >= m->plan_until_ns)
		end_plan(o, "ended", "its time is over");
	else if (m->plan && orders_collector_lost(o))
		end_plan(o, "reverted", "the collector is lost");
}

static void look_at_suppressions(struct orders *o, bool known, int64_t now)
{
	struct order_memory *m = &o->memory;
	bool ended = false;

	for (uint32_t i = 0; known && i < m->suppressions; i++) {
		struct suppression s = m->suppress[i];

		if (now < s.until_ns)
			continue;
		if (o->o.doer.unsuppress)
			(void)!o->o.doer.unsuppress(o->o.doer.arg, s.what, NULL);
		orders_event(o, "suppress", "ended", s.id, "%s", s.what);
		memory_unsuppress(m, s.what);
		ended = true;
		i--;
	}
	if (ended)
		orders_save(o);
}

void orders_tick(struct loop_timer *t)
{
	struct orders *o = container_of(t, struct orders, tick);
	bool known, more = o->memory.plan || o->memory.suppressions;
	int64_t now;

	known = orders_now(o, &now);
	overdue_runs(o);
	look_at_plan(o, known, now);
	look_at_suppressions(o, known, now);
	for (size_t i = 0; i < ORDERS_RUNNING; i++)
		more |= o->running[i].until_ns != 0;
	if (more)
		orders_tick_soon(o);
}

void orders_heard(struct orders *o)
{
	struct order_memory *m = &o->memory;
	int64_t now;

	o->heard_ns = clock_mono();
	o->heard = true;
	if (!m->plan || !orders_now(o, &now))
		return;
	if (now - m->heard_ns < HEARD_SAVE_NS &&
		(!o->o.limits.lost_ns || now - m->heard_ns < o->o.limits.lost_ns / 4) &&
		now >= m->heard_ns)
		return;
	if (o->o.doer.busy && o->o.doer.busy(o->o.doer.arg))
		return; /* the next receipt will do */
	m->heard_ns = now;
	orders_save(o);
}

/* --- life --- */
static void apply_plan(struct orders *o)
{
	struct order_memory *m = &o->memory;
	const struct order_doer *d = &o->o.doer;
	struct why why = { "" };

	if (!m->plan || (d->plan && !d->plan(d->arg, m->entry, m->entries, &why)))
		return;
	/* the local plan is another now */
	if (d->plan)
		(void)!d->plan(d->arg, NULL, 0, NULL);
	m->plan = false;
	orders_save(o);
	orders_event(o, "plan", "reverted", m->plan_id,
		"it does not fit the local plan any more: %s", why.text);
}

/* While the time is not known a suppression holds as long as it would have from its beginning: too long is
 * the harmless side, and on_tick() ends it when the time comes to be known. */
static void apply_suppressions(struct orders *o)
{
	struct order_memory *m = &o->memory;
	int64_t now;
	bool known = orders_now(o, &now);

	for (uint32_t i = 0; i < m->suppressions; i++) {
		const struct suppression *s = &m->suppress[i];
		int64_t left = s->until_ns - (known ? now : s->since_ns);

		if (o->o.doer.suppress && left > 0)
			(void)!o->o.doer.suppress(
				o->o.doer.arg, s->what, clock_loop() + left, false, NULL);
	}
}

static void close_open_ones(struct orders *o)
{
	for (uint32_t i = 0; i < o->memory.count; i++) {
		struct kept *k = &o->memory.kept[i];

		if (k->state != REPLY_ACCEPTED)
			continue;
		if (k->action == ORDER_RUN)
			orders_finish(o, k, "interrupted", "the agent ended before the run did");
		else if (k->action == ORDER_RESTART && !strcmp(k->what, "agent"))
			orders_finish(o, k, "ok", "the agent has started again");
		else if (k->action == ORDER_SUPPRESS ||
			 (k->action == ORDER_PLAN && o->memory.plan &&
				 !memcmp(k->id, o->memory.plan_id, ORDER_ID)))
			orders_finish(o, k, "ok", "in force since the agent has started again");
		else
			orders_finish(o, k, "interrupted", "the agent ended in the middle of it");
	}
}

void orders_start(struct orders *o)
{
	if (o->started)
		return;
	o->started = true;
	apply_plan(o);
	apply_suppressions(o);
	close_open_ones(o);
	orders_tick_soon(o);
}
