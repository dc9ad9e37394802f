/* SPDX-License-Identifier: Apache-2.0 */
/* What an authentic order may do here: limits that only the local configuration can raise. */
#include "orders_inside.h"
#include "../probes/core/mem.h"
#include "../probes/latency.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RESTART_EVERY_NS (3600 * NS_PER_S)
#define SKEW_NS          (600 * NS_PER_S) /* between our clock and the collector's: "7 days" are 7 days */

static unsigned accept_of(const struct order *o)
{
	switch (o->action) {
	case ORDER_RUN:
		return ACCEPT_RUN;
	case ORDER_PLAN:
		return ACCEPT_PLAN;
	case ORDER_RESTART:
		return !strcmp(o->what, "modem") ? ACCEPT_MODEM : ACCEPT_RESTART;
	default:
		return ACCEPT_SUPPRESS;
	}
}

static bool can(const struct order *o, const struct order_doer *d)
{
	switch (o->action) {
	case ORDER_RUN:
		return d->run;
	case ORDER_PLAN:
		return d->plan;
	case ORDER_SUPPRESS:
		return d->suppress && d->unsuppress;
	case ORDER_UNSUPPRESS:
		return d->unsuppress;
	case ORDER_RESTART:
		if (strcmp(o->what, "agent") && strcmp(o->what, "modem"))
			return false;
		return strcmp(o->what, "modem") ? d->restart_agent : d->restart_modem;
	default:
		return false;
	}
}

/* A clock that was wrong once must not block or free the counts for ever: both ways. */
static bool within(const struct kept *k, int64_t now_ns, int64_t window_ns)
{
	return k->at_ns > now_ns - window_ns && k->at_ns < now_ns + window_ns;
}

static unsigned so_many(const struct order_memory *m, enum order_action action, int64_t now_ns,
	int64_t window_ns, uint64_t *bytes)
{
	unsigned n = 0;

	*bytes = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct kept *k = &m->kept[i];

		if (k->action != action || k->state == REPLY_REFUSED ||
			!within(k, now_ns, window_ns))
			continue;
		n++;
		*bytes += k->bytes;
	}
	return n;
}

/* --- run --- */
int orders_target_host(const char *target, char *host, size_t room)
{
	const char *scheme = strstr(target, "://");
	char place[ORDER_TARGET];
	uint16_t port;

	target = scheme ? scheme + 3 : target;
	snprintf(place, sizeof(place), "%.*s", (int)strcspn(target, "/?#"), target);
	if (strchr(place, '@')) /* what comes before it is no host */
		return -EINVAL;
	return latency_target(place, host, room, &port);
}

static const char *check_target(const struct order *o, const struct order_limits *l,
	const struct order_test *t, struct why *why)
{
	char host[ORDER_TARGET];
	bool listed = false;

	for (size_t i = 0; l->targets[i] && !listed; i++)
		listed = !strcmp(l->targets[i], o->target);
	if (!t->target) {
		why_say(why, 0, "a test of kind %s has no target", t->kind);
		return "target";
	}
	if (!listed || orders_target_host(o->target, host, sizeof(host))) {
		why_say(why, 0, "the target %s is not listed in orders.targets", o->target);
		return "target";
	}
	return NULL;
}

static const char *check_run(const struct order *o, const struct order_limits *l,
	const struct order_doer *d, const struct order_memory *m, int64_t now_ns, uint64_t *cost,
	struct why *why)
{
	struct order_test t;
	uint64_t bytes;
	const char *word;

	if (!d->test(d->arg, o->what, &t) || !t.enabled) {
		why_say(why, 0, "no test \"%s\" is in the plan here", o->what);
		return "no_such_test";
	}
	word = *o->target ? check_target(o, l, &t, why) : NULL;
	if (word)
		return word;
	if (so_many(m, ORDER_RUN, now_ns, 3600 * NS_PER_S, &bytes) >= l->runs_hour) {
		why_say(why, 0, "%u runs in an hour are allowed here", l->runs_hour);
		return "too_often";
	}
	if (so_many(m, ORDER_RUN, now_ns, DAY_NS, &bytes) >= l->runs_day) {
		why_say(why, 0, "%u runs in a day are allowed here", l->runs_day);
		return "too_often";
	}
	*cost = t.bytes;
	if (bytes + t.bytes > l->bytes_day) {
		why_say(why, 0,
			"ordered runs may move %llu bytes in a day here, this would make %llu",
			(unsigned long long)l->bytes_day, (unsigned long long)(bytes + t.bytes));
		return "bytes";
	}
	return NULL;
}

/* --- plan --- */
static uint32_t least_interval(const struct order_limits *l, const char *kind)
{
	for (size_t i = 0; i < COUNT(l->least_of) && *l->least_of[i].kind; i++)
		if (!strcmp(l->least_of[i].kind, kind))
			return l->least_of[i].least_s;
	return l->least_s;
}

static const char *check_entry(const struct order_entry *e, const struct order_limits *l,
	const struct order_doer *d, uint64_t *cost, struct why *why)
{
	struct order_test t;
	uint32_t least;

	if (!d->test(d->arg, e->test, &t) || !t.enabled) {
		why_say(why, 0, "no test \"%s\" is in the plan here", e->test);
		return "no_such_test";
	}
	least = least_interval(l, t.kind);
	if (e->interval_s && e->interval_s < least && e->interval_s < t.interval_s) {
		why_say(why, 0, "%s: every %u s is more than the allowed %u s", e->test,
			e->interval_s, least);
		return "interval";
	}
	/* what runs no more often than here costs nothing that was not agreed to here */
	if (e->enabled && e->interval_s && e->interval_s < t.interval_s)
		*cost += t.bytes * (86400 / e->interval_s + 1);
	return NULL;
}

static const char *check_plan(const struct order *o, const struct order_limits *l,
	const struct order_doer *d, int64_t now_ns, uint64_t *cost, struct why *why)
{
	const char *word = NULL;

	if (o->until_ns <= now_ns || o->until_ns > now_ns + l->plan_ns + SKEW_NS) {
		why_say(why, 0, "a plan may hold for %lld days here",
			(long long)(l->plan_ns / DAY_NS));
		return "too_long";
	}
	for (uint32_t i = 0; i < o->entries && !word; i++)
		word = check_entry(&o->entry[i], l, d, cost, why);
	if (!word && *cost > l->bytes_day) {
		why_say(why, 0, "orders may move %llu bytes in a day here, this plan may move %llu",
			(unsigned long long)l->bytes_day, (unsigned long long)*cost);
		return "bytes";
	}
	return word;
}

/* --- the rest --- */
static const char *check_suppress(const struct order *o, const struct order_limits *l,
	const struct order_doer *d, const struct order_memory *m, int64_t now_ns, struct why *why)
{
	struct order_test t;
	bool there = false;

	if (strcmp(o->what, "*") && !d->test(d->arg, o->what, &t) &&
		!(d->tag && d->tag(d->arg, o->what))) {
		why_say(why, 0, "no test and no tag \"%s\" is in the plan here", o->what);
		return "no_such_test";
	}
	if (o->until_ns <= now_ns || o->until_ns > now_ns + l->suppress_ns + SKEW_NS) {
		why_say(why, 0, "tests may be suppressed for %lld days here",
			(long long)(l->suppress_ns / DAY_NS));
		return "too_long";
	}
	for (uint32_t i = 0; i < m->suppressions; i++)
		there |= !strcmp(m->suppress[i].what, o->what);
	if (!there && m->suppressions == ORDERS_SUPPRESSED) {
		why_say(why, 0, "%d suppressions are in force", ORDERS_SUPPRESSED);
		return "too_many";
	}
	return NULL;
}

static const char *check_restart(const struct order_memory *m, int64_t now_ns, struct why *why)
{
	uint64_t bytes;

	if (!so_many(m, ORDER_RESTART, now_ns, RESTART_EVERY_NS, &bytes))
		return NULL;
	why_say(why, 0, "one restart in an hour is allowed");
	return "too_often";
}

const char *orders_check(const struct order *o, const struct order_limits *l,
	const struct order_doer *d, const struct order_memory *m, int64_t now_ns, uint64_t *bytes,
	struct why *why)
{
	*bytes = 0;
	if (!(l->accept & accept_of(o))) {
		why_say(why, 0, "orders.accept does not list this here");
		return "not_accepted";
	}
	if (!can(o, d)) {
		why_say(why, 0, "this agent cannot do that");
		return "unsupported";
	}
	switch (o->action) {
	case ORDER_RUN:
		return check_run(o, l, d, m, now_ns, bytes, why);
	case ORDER_PLAN:
		return check_plan(o, l, d, now_ns, bytes, why);
	case ORDER_SUPPRESS:
		return check_suppress(o, l, d, m, now_ns, why);
	case ORDER_RESTART:
		return check_restart(m, now_ns, why);
	default:
		return NULL;
	}
}
