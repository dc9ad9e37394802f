/* SPDX-License-Identifier: Apache-2.0 */
/* From a message to a reply.  Nothing that is not authentic is answered: whoever can write to the broker would
 * make the device talk. */
#include "orders_inside.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include "../probes/resolve.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET      16 /* messages at once, then one a second: a check costs a signature */
#define PATIENCE_NS (60 * NS_PER_S) /* so long at most */
#define LOOK_NS     (NS_PER_S / 2)  /* is it quiet now? */
#define RESOLVE_NS  (10 * NS_PER_S)
#define RUN_NS      (1800 * NS_PER_S) /* a run that waits for an idle line has its chances within this */
#define AHEAD_NS    (600 * NS_PER_S) /* issued later than now: one of the clocks is wrong */
#define VALID_NS    (31 * DAY_NS)    /* longest from issue to expiry */

bool orders_now(const struct orders *o, int64_t *utc_ns)
{
	struct clock_state now;

	(o->o.clock ? o->o.clock : clock_read)(&now);
	*utc_ns = now.utc_ns;
	/* a time that nobody vouches for is that of the last shutdown, on a device without a clock */
	return now.source != CLOCK_NONE && now.source != CLOCK_MANUAL && now.utc_ns != UTC_UNKNOWN;
}

/* --- telling --- */
static void tell(struct orders *o, const uint8_t id[ORDER_ID], enum reply_state state,
	const char *word, const char *detail)
{
	struct order_reply r = { .state = (uint8_t)state };
	struct buf b;

	memcpy(r.id, id, ORDER_ID);
	snprintf(r.word, sizeof(r.word), "%s", word);
	snprintf(r.detail, sizeof(r.detail), "%s", detail);
	if (!orders_now(o, &r.utc_ns))
		r.utc_ns = UTC_UNKNOWN;
	buf_init(&b, REPLY_BYTES_MAX);
	if (!reply_seal(&b, &r, o->o.identity) && o->o.doer.reply)
		o->o.doer.reply(o->o.doer.arg, b.data, b.len);
	buf_done(&b);
}

void orders_event(struct orders *o, const char *step, const char *outcome,
	const uint8_t id[ORDER_ID], const char *format, ...)
{
	char detail[256], text[ORDER_ID_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	if (o->o.doer.event)
		o->o.doer.event(o->o.doer.arg, step, outcome, probe_id_text(id, text), detail);
}

static const char *step_of(uint8_t action)
{
	return action > 0 && action < ORDER_ACTIONS ? order_action_name[action] : "unknown";
}

void orders_save(struct orders *o)
{
	int err = memory_save(&o->memory);

	if (err)
		log_complain(&o->complaint, clock_mono(), "orders", "%s: %s", o->memory.path,
			strerror(-err));
}

/* --- the end of an order --- */
void orders_finish(struct orders *o, struct kept *k, const char *word, const char *detail)
{
	bool good = !strcmp(word, "ok");

	k->state = REPLY_DONE;
	snprintf(k->word, sizeof(k->word), "%s", word);
	snprintf(k->detail, sizeof(k->detail), "%s", detail);
	orders_save(
		o); /* when it fails the word is lost in a power cut, and the order is not done again */
	orders_event(o, step_of(k->action), good ? "ok" : "failed", k->id, "%s%s%s", k->what,
		*k->what && *detail ? ": " : "", detail);
	tell(o, k->id, REPLY_DONE, word, detail);
}

/* Decided against, for good. */
static void refuse(struct orders *o, const struct order *order, int64_t now, const char *word,
	const char *detail)
{
	struct order_memory *before = mem_new(sizeof(*before));
	struct kept *k;

	*before = o->memory;
	k = memory_add(&o->memory, order, now);
	if (k) {
		k->state = REPLY_REFUSED;
		snprintf(k->word, sizeof(k->word), "%s", word);
		snprintf(k->detail, sizeof(k->detail), "%s", detail);
	}
	if (!k || memory_save(&o->memory)) { /* it cannot be told from the next one of its kind */
		o->memory = *before;
		tell(o, order->id, REPLY_LATER, k ? "memory" : "too_many", "");
	} else {
		o->heard_ns = clock_mono();
		o->heard = true;
		o->status.refused++;
		orders_event(o, step_of(order->action),
			!strcmp(word, "expired") ? "expired" : "refused", order->id, "%s: %s", word,
			detail);
		tell(o, order->id, REPLY_REFUSED, word, detail);
	}
	free(before);
}

/* --- carrying out --- */
static int64_t loop_time_of(int64_t until_utc, int64_t now_utc_ns)
{
	return clock_loop() + (until_utc - now_utc_ns);
}

static int do_run(struct orders *o, const struct order *order, struct why *why)
{
	const struct order_doer *d = &o->o.doer;
	struct running *r = NULL;
	int err;

	for (size_t i = 0; i < ORDERS_RUNNING && !r; i++)
		r = o->running[i].until_ns ? NULL : &o->running[i];
	if (!r)
		return why_say(why, -EBUSY, "%d ordered runs wait already", ORDERS_RUNNING);
	/* noted first: it may end inside the call */
	memcpy(r->id, order->id, ORDER_ID);
	memcpy(r->test, order->what, sizeof(r->test));
	r->other_target = *order->target;
	r->until_ns = clock_mono() + RUN_NS;
	err = d->run(d->arg, order->what, order->target, why);
	if (err)
		r->until_ns = 0;
	return err;
}

static int do_unsuppress(struct orders *o, const struct order *order, struct why *why)
{
	const struct order_doer *d = &o->o.doer;
	int err = 0;

	if (strcmp(order->what, "*"))
		return d->unsuppress(d->arg, order->what, why);
	/* "*" ends them all: the names are still there, the memory is changed by the caller */
	for (uint32_t i = 0; i < o->memory.suppressions; i++) {
		int one = d->unsuppress(d->arg, o->memory.suppress[i].what, why);

		err = err ? err : one;
	}
	return err;
}

static int carry_out(struct orders *o, const struct order *order, int64_t now, struct why *why)
{
	const struct order_doer *d = &o->o.doer;

	switch (order->action) {
	case ORDER_RUN:
		return do_run(o, order, why);
	case ORDER_PLAN:
		return d->plan(d->arg, order->entry, order->entries, why);
	case ORDER_SUPPRESS:
		return d->suppress(d->arg, order->what, loop_time_of(order->until_ns, now),
			order->stop_running, why);
	case ORDER_UNSUPPRESS:
		return do_unsuppress(o, order, why);
	default:
		return strcmp(order->what, "modem") ? d->restart_agent(d->arg, why)
		                                    : d->restart_modem(d->arg, why);
	}
}

static void note_plan(struct order_memory *m, const struct order *order, int64_t now)
{
	m->plan = order->entries > 0;
	memcpy(m->plan_id, order->id, ORDER_ID);
	m->plan_until_ns = order->until_ns;
	m->heard_ns = now;
	m->entries = order->entries;
	memcpy(m->entry, order->entry, sizeof(m->entry));
}

static void note_suppression(struct order_memory *m, const struct order *order, int64_t now)
{
	struct suppression *s;

	memory_unsuppress(m, order->what);
	s = &m->suppress[m->suppressions++];
	*s = (struct suppression){ .until_ns = order->until_ns, .since_ns = now };
	memcpy(s->id, order->id, ORDER_ID);
	memcpy(s->what, order->what, sizeof(s->what));
}

/* What holds on is part of the memory that is written before anything is done. */
static void note(struct order_memory *m, const struct order *order, int64_t now)
{
	if (order->action == ORDER_PLAN)
		note_plan(m, order, now);
	else if (order->action == ORDER_SUPPRESS)
		note_suppression(m, order, now);
}

static void note_end(struct orders *o, const struct order *order, int err)
{
	struct order_memory *m = &o->memory;

	if (order->action == ORDER_UNSUPPRESS && !strcmp(order->what, "*"))
		m->suppressions = 0;
	else if (order->action == ORDER_UNSUPPRESS || (order->action == ORDER_SUPPRESS && err))
		memory_unsuppress(m, order->what);
	else if (order->action == ORDER_PLAN && err)
		m->plan = false;
}

static void tell_begun(struct orders *o, const struct order *order)
{
	if (order->action == ORDER_PLAN && order->entries)
		orders_event(o, "plan", "begun", order->id, "%u tests", order->entries);
	else if (order->action == ORDER_PLAN)
		orders_event(o, "plan", "begun", order->id, "all as in the local plan");
	else
		orders_event(o, step_of(order->action), "begun", order->id, "%s%s%s", order->what,
			*order->target ? " towards " : "", order->target);
}

static void obey(struct orders *o, const struct order *order, int64_t now, uint64_t bytes)
{
	struct order_memory *before = mem_new(sizeof(*before));
	struct why why = { "" };
	struct kept *k;
	bool later;
	int err;

	*before = o->memory;
	k = memory_add(&o->memory, order, now);
	if (k) {
		k->state = REPLY_ACCEPTED;
		k->bytes = bytes;
		note(&o->memory, order, now);
	}
	if (!k || memory_save(&o->memory)) { /* what cannot be remembered is not done */
		o->memory = *before;
		free(before);
		tell(o, order->id, REPLY_LATER, k ? "memory" : "too_many", "");
		return;
	}
	free(before);
	o->status.accepted++;
	o->heard_ns = clock_mono(); /* a repeated one may be the broker's doing alone */
	o->heard = true;
	tell_begun(o, order);
	tell(o, order->id, REPLY_ACCEPTED, "accepted", "");
	err = carry_out(o, order, now, &why);
	note_end(o, order, err);
	later = order->action == ORDER_RUN ||
	        (order->action == ORDER_RESTART && strcmp(order->what, "modem"));
	if (err && order->action == ORDER_PLAN) /* half of it may be in force */
		(void)!o->o.doer.plan(o->o.doer.arg, NULL, 0, NULL);
	k = memory_find(&o->memory, order->id);
	if (k && k->state == REPLY_ACCEPTED && (err || !later))
		orders_finish(o, k, err ? "failed" : "ok",
			err ? (*why.text ? why.text : strerror(-err)) : "");
	orders_tick_soon(o);
}

/* --- deciding --- */
static void drop_first(struct orders *o)
{
	resolve_cancel(o->query);
	o->query = NULL;
	free(o->waiting[0].order);
	o->waits--;
	memmove(o->waiting, o->waiting + 1, o->waits * sizeof(o->waiting[0]));
}

static void after_resolving(void *arg, int err, const struct sockaddr_storage *addrs, size_t n);
static void next(struct orders *o);

/* 0: the answer comes later; else what is wrong is in why and *word. */
static int ask_for_target(
	struct orders *o, const struct order *order, const char **word, struct why *why)
{
	char host[ORDER_TARGET];

	*word = "address";
	if (orders_target_host(order->target, host, sizeof(host)) || !o->o.resolve)
		return why_say(why, -EINVAL, "the host of %s cannot be looked up", order->target);
	return resolve_start(&o->query, o->o.resolve, host, 0, RESOLVE_NS, after_resolving, o);
}

static void after_resolving(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct orders *o = arg;
	struct order *order = o->waiting[0].order;
	struct why why = { "" };
	const char *word;
	uint64_t bytes;
	int64_t now;

	(void)addrs, (void)n; /* the resolver of orders refuses what is special by itself */
	o->query = NULL;
	if (!orders_now(o, &now)) {
		tell(o, order->id, REPLY_LATER, "clock_unknown", "");
	} else if (err == -EPERM) {
		refuse(o, order, now, "address", "the target is in a private or special range");
	} else if (err) {
		tell(o, order->id, REPLY_LATER, "dns", resolve_text(err));
	} else if ((word = orders_check(
			    order, &o->o.limits, &o->o.doer, &o->memory, now, &bytes, &why))) {
		refuse(o, order, now, word, why.text);
	} else {
		obey(o, order, now, bytes);
	}
	drop_first(o);
	next(o);
}

/* NULL: it may go on.  *state: whether for good. */
static const char *check_time(struct orders *o, const struct order *order, int64_t *now,
	enum reply_state *state, struct why *why)
{
	struct order_memory *m = &o->memory;

	*state = REPLY_REFUSED;
	if (order->number <= m->highest) {
		why_say(why, 0, "a later order was decided upon already");
		return "replay";
	}
	*state = REPLY_LATER;
	if (!orders_now(o, now)) {
		why_say(why, 0, "nobody vouches for the time here");
		return "clock_unknown";
	}
	if (order->issued_ns > *now + AHEAD_NS) {
		why_say(why, 0, "it was issued in the future, by the clock here");
		return "issued_ahead";
	}
	if (m->damaged) {
		m->damaged = false;
		m->not_before_ns = *now;
	}
	*state = REPLY_REFUSED;
	if (order->issued_ns < m->not_before_ns) {
		why_say(why, 0, "what was done before it was issued is not known any more");
		return "replay";
	}
	if (order->expires_ns <= *now || order->expires_ns <= m->newest_ns) {
		why_say(why, 0, "it is too late for it");
		return "expired";
	}
	if (order->expires_ns < order->issued_ns ||
		order->expires_ns - order->issued_ns > VALID_NS) {
		why_say(why, 0, "an order is good for %lld days at most",
			(long long)(VALID_NS / DAY_NS));
		return "too_long";
	}
	return NULL;
}

/* True when it is done with. */
static bool decide(struct orders *o, const struct order *order)
{
	enum reply_state state;
	struct why why = { "" };
	uint64_t bytes;
	int64_t now;
	const char *word = check_time(o, order, &now, &state, &why);

	if (word && (state == REPLY_LATER || !strcmp(word, "replay"))) {
		/* not remembered, hence no event: whoever repeats it could fill the journal */
		o->status.refused += state == REPLY_REFUSED;
		tell(o, order->id, state, word, why.text);
		return true;
	}
	if (!word)
		word = orders_check(order, &o->o.limits, &o->o.doer, &o->memory, now, &bytes, &why);
	if (!word && *order->target && !o->o.limits.allow_private) {
		if (!ask_for_target(o, order, &word, &why))
			return false;
	}
	if (word)
		refuse(o, order, now, word, why.text);
	else
		obey(o, order, now, bytes);
	return true;
}

/* Deciding writes to flash, which may take a second: not beside a measurement, if there is a choice. */
static bool must_wait(const struct orders *o)
{
	const struct order *order = o->waiting[0].order;

	if (order->stop_running || order->action == ORDER_RESTART || !o->o.doer.busy)
		return false;
	return clock_mono() - o->waiting[0].since_ns < PATIENCE_NS && o->o.doer.busy(o->o.doer.arg);
}

static void next(struct orders *o)
{
	while (o->waits && !o->query) {
		if (must_wait(o)) {
			loop_timer_in(o->o.loop, &o->look, LOOK_NS);
			return;
		}
		if (!decide(o, o->waiting[0].order))
			return;
		drop_first(o);
	}
}

static void on_look(struct loop_timer *t)
{
	next(container_of(t, struct orders, look));
}

/* --- messages --- */
static bool in_bucket(struct orders *o)
{
	int64_t now = clock_mono();

	o->bucket += (double)(now - o->bucket_ns) / (double)NS_PER_S;
	o->bucket = o->bucket > BUCKET ? BUCKET : o->bucket;
	o->bucket_ns = now;
	if (o->bucket < 1)
		return false;
	o->bucket -= 1;
	return true;
}

static void false_one(struct orders *o, const char *problem)
{
	o->status.false_ones++;
	snprintf(o->status.problem, sizeof(o->status.problem), "%s", problem);
	log_complain(&o->complaint, clock_mono(), "orders", "not obeyed: %s", problem);
}

static void too_new(struct orders *o, const struct order *order)
{
	static const char detail[] = "its version, or something in it, is not known here";
	int64_t now;

	if (order->number <= o->memory.highest)
		tell(o, order->id, REPLY_REFUSED, "replay", "");
	else if (orders_now(o, &now))
		refuse(o, order, now, "unknown", detail);
	else
		tell(o, order->id, REPLY_LATER, "clock_unknown", "");
}

static bool answered_before(struct orders *o, const struct order *order)
{
	struct kept *k = memory_find(&o->memory, order->id);

	for (size_t i = 0; i < o->waits && !k; i++)
		if (!memcmp(o->waiting[i].order->id, order->id, ORDER_ID))
			return true; /* its turn comes */
	if (!k)
		return false;
	o->status.repeated++;
	tell(o, k->id, (enum reply_state)k->state,
		k->state == REPLY_ACCEPTED ? "accepted" : k->word, k->detail);
	return true;
}

static void take(struct orders *o, struct order *order, int err)
{
	if (answered_before(o, order)) {
		free(order);
	} else if (err) {
		too_new(o, order);
		free(order);
	} else if (o->waits == ORDERS_WAITING) {
		tell(o, order->id, REPLY_LATER, "busy", "");
		free(order);
	} else {
		o->waiting[o->waits++] = (struct waiting){ order, clock_mono() };
		next(o);
	}
}

void orders_message(struct orders *o, const void *bytes, size_t n)
{
	struct why why = { "" };
	struct order *order;
	int err;

	if (!in_bucket(o)) {
		o->status.dropped++;
		log_complain(&o->complaint, clock_mono(), "orders",
			"too many orders at once: some are dropped");
		return;
	}
	if (!o->o.key) {
		false_one(o, "uplink.collector_key is not set: no order can be believed");
		return;
	}
	order = mem_new(sizeof(*order));
	err = order_open(order, bytes, n, o->o.key, &why);
	if (err && err != -EPROTONOSUPPORT) {
		false_one(o, why.text);
	} else if (memcmp(order->probe, identity_id(o->o.identity), PROBE_ID)) {
		false_one(o, "the order is for another probe");
	} else {
		take(o, order, err);
		return;
	}
	free(order);
}

/* --- life --- */
int orders_open(struct orders **out, const struct orders_options *options, struct why *why)
{
	struct orders *o = mem_new(sizeof(*o));

	if (strlen(options->path) >= sizeof(o->memory.path)) {
		free(o);
		return why_say(why, -ENAMETOOLONG, "%s: too long", options->path);
	}
	o->o = *options;
	o->bucket = BUCKET;
	o->bucket_ns = o->heard_ns = clock_mono();
	o->look.fire = on_look;
	o->tick.fire = orders_tick;
	memory_load(&o->memory, options->path, options->key);
	*out = o;
	return 0;
}

void orders_free(struct orders *o)
{
	if (!o)
		return;
	loop_timer_stop(o->o.loop, &o->look);
	loop_timer_stop(o->o.loop, &o->tick);
	while (o->waits)
		drop_first(o);
	free(o);
}

void orders_status(const struct orders *o, struct orders_status *out)
{
	const struct order_memory *m = &o->memory;

	*out = o->status;
	out->plan = m->plan;
	probe_id_text(m->plan_id, out->plan_id);
	out->plan_until_ns = m->plan_until_ns;
	out->suppressed = m->suppressions;
	for (uint32_t i = 0; i < m->suppressions; i++) {
		snprintf(out->suppress[i].what, sizeof(out->suppress[i].what), "%s",
			m->suppress[i].what);
		out->suppress[i].until_ns = m->suppress[i].until_ns;
	}
}
