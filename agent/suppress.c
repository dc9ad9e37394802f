/* SPDX-License-Identifier: Apache-2.0 */
#include "suppress.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

void suppress_init(struct suppress *x, const struct plan *p, int64_t mono_ns)
{
	memset(x, 0, sizeof(*x));
	x->begun_mono = mono_ns;
	for (size_t i = 0; p && i < p->suppressions; i++) {
		struct suppress_item *one = &x->item[x->count++];

		snprintf(one->name, sizeof(one->name), "%s", p->suppression[i].name);
		one->plan = &p->suppression[i];
		one->stop_running = p->suppression[i].stop_running;
	}
}

void suppress_happened(struct suppress *x, enum plan_kind kind, int64_t mono_ns)
{
	x->happened_mono[kind] = mono_ns;
}

int suppress_order(struct suppress *x, const char *match, int64_t until_mono, bool stop_running)
{
	struct suppress_item *one = NULL;

	if (!*match || strlen(match) >= SUPPRESS_TEXT)
		return -EINVAL;
	for (size_t i = 0; i < x->count; i++)
		if (!x->item[i].plan && !strcmp(x->item[i].name, match))
			one = &x->item[i];
	if (!one && x->count == COUNT(x->item))
		return -ENOSPC;
	if (!one) {
		one = &x->item[x->count++];
		*one = (struct suppress_item){ .active = false };
		memcpy(one->name, match, strlen(match) + 1);
	}
	one->until_mono = until_mono;
	one->stop_running = stop_running;
	return 0;
}

int suppress_lift(struct suppress *x, const char *match)
{
	for (size_t i = 0; i < x->count; i++)
		if (!x->item[i].plan && !strcmp(x->item[i].name, match)) {
			x->item[i].until_mono = INT64_MIN;
			return 0;
		}
	return -ENOENT;
}

/* --- what holds ------------------------------------------------------------------------------------------------- */

#define NOT_YET INT64_MAX
#define UNKNOWN (-1)

/* ns since the event happened last. */
static int64_t age(const struct suppress *x, const struct plan_event *e, struct suppress_now now)
{
	int64_t last;

	if (plan_event_by_clock(e)) {
		if (now.utc_ns == UTC_UNKNOWN)
			return UNKNOWN;
		last = plan_event_last(e, now.utc_ns);
		return last == UTC_UNKNOWN ? NOT_YET : now.utc_ns - last;
	}
	if (e->kind == PLAN_STARTUP || e->kind == PLAN_IMMEDIATE)
		return now.mono_ns - x->begun_mono;
	last = x->happened_mono[e->kind];
	return last ? now.mono_ns - last : NOT_YET;
}

static bool planned(
	const struct suppress *x, const struct plan_suppression *p, struct suppress_now now)
{
	int64_t started = p->start ? age(x, p->start, now) : now.mono_ns - x->begun_mono,
		ended = p->end ? age(x, p->end, now) : NOT_YET;

	if (started == UNKNOWN || ended == UNKNOWN)
		return true;
	if (started == NOT_YET)
		return false;
	/* what ended once for all does not begin again with the agent */
	if (ended != NOT_YET && (ended <= started || (!p->start && p->end->kind == PLAN_ONE_OFF)))
		return false;
	return now.utc_ns == UTC_UNKNOWN || plan_inside(&p->windows, now.utc_ns);
}

void suppress_look(struct suppress *x, struct suppress_now now,
	void (*changed)(void *arg, const struct suppress_item *i), void *arg)
{
	for (size_t i = 0; i < x->count; i++) {
		struct suppress_item *one = &x->item[i];
		bool active =
			one->plan ? planned(x, one->plan, now) : one->until_mono > now.mono_ns;

		if (active != one->active) {
			one->active = active;
			one->since_mono = now.mono_ns;
			if (changed)
				changed(arg, one);
		}
	}
	/* an ordered one that is over leaves its place */
	for (size_t i = x->count; i > 0; i--)
		if (!x->item[i - 1].plan && !x->item[i - 1].active) {
			memmove(&x->item[i - 1], &x->item[i], (x->count - i) * sizeof(x->item[0]));
			x->count--;
		}
}

/* --- whom it concerns ------------------------------------------------------------------------------------------- */

/* RFC 8194 glob-pattern: fnmatch(3) without special treatment of paths. */
static bool pattern_matches(const char *pattern, const struct suppress_subject *subject)
{
	const struct settings *s = subject->settings;

	if (!fnmatch(pattern, subject->name, 0) || !fnmatch(pattern, subject->kind, 0))
		return true;
	for (size_t i = 0; s && i < settings_count(s, "tags"); i++)
		if (!fnmatch(pattern, settings_text_at(s, "tags", i), 0))
			return true;
	return false;
}

bool suppress_matches(const struct suppress_item *i, const struct suppress_subject *subject)
{
	if (!i->plan)
		return pattern_matches(i->name, subject);
	for (size_t k = 0; k < settings_count(i->plan->settings, "match"); k++)
		if (pattern_matches(settings_text_at(i->plan->settings, "match", k), subject))
			return true;
	return false;
}

const struct suppress_item *suppress_of(
	const struct suppress *x, const struct suppress_subject *subject)
{
	for (size_t i = 0; i < x->count; i++)
		if (x->item[i].active && suppress_matches(&x->item[i], subject))
			return &x->item[i];
	return NULL;
}

int64_t suppress_left(const struct suppress_item *i, struct suppress_now now)
{
	int64_t left = -1, end;

	if (!i->plan)
		return i->until_mono == SUPPRESS_NEVER ? -1 : i->until_mono - now.mono_ns;
	if (now.utc_ns == UTC_UNKNOWN)
		return -1;
	left = plan_closes(&i->plan->windows, now.utc_ns);
	end = i->plan->end ? plan_event_next(i->plan->end, now.utc_ns) : UTC_UNKNOWN;
	if (end != UTC_UNKNOWN && (left < 0 || end - now.utc_ns < left))
		left = end - now.utc_ns;
	return left;
}
