/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the plan, a line each: window, second, minute, hour, day of the month, month, day of the week, share of
 * the allowance, pattern of a suppression, and a time in seconds.  What is taken has to hold together: the next
 * instant matches, nothing that matches lies between, and a window that opens is open. */
#include "agent/budget.h"
#include "agent/plan.h"
#include "agent/suppress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { WINDOW, SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, CUT, MATCH, TIME, LINES };

/* With summer time: hours that come twice and not at all. */
static void set_zone(void)
{
	static bool done;

	if (done)
		return;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	done = true;
}

static void check_window(const char *text, int64_t now)
{
	struct plan_windows w = { .count = 1 };
	struct why why = { "" };
	int64_t wait, length, left;

	if (plan_window(text, &w.at[0], &why)) {
		if (!*why.text)
			abort();
		return;
	}
	wait = plan_opens(&w, now, &length);
	if (wait < 0 || wait >= 86400 * NS_PER_S || length <= 0 || length > 86400 * NS_PER_S)
		abort();
	if ((wait == 0) != plan_inside(&w, now))
		abort();
	left = plan_closes(&w, now);
	if (wait && left >= 0)
		abort();
	if (!wait && left >= 0 && left > length)
		abort();
}

static bool matches(const struct plan_calendar *c, int64_t utc_ns)
{
	return plan_calendar_last(c, utc_ns) == utc_ns;
}

static void check_calendar(char *line[LINES], int64_t now)
{
	struct plan_calendar c;
	struct why why = { "" };
	int64_t next, last, between;
	int err = plan_set(line[SECOND], PLAN_SECOND, &c.second, &why);

	err = err ? err : plan_set(line[MINUTE], PLAN_MINUTE, &c.minute, &why);
	err = err ? err : plan_set(line[HOUR], PLAN_HOUR, &c.hour, &why);
	err = err ? err : plan_set(line[DAY_OF_MONTH], PLAN_DAY_OF_MONTH, &c.day_of_month, &why);
	err = err ? err : plan_set(line[MONTH], PLAN_MONTH, &c.month, &why);
	err = err ? err : plan_set(line[DAY_OF_WEEK], PLAN_DAY_OF_WEEK, &c.day_of_week, &why);
	if (err) {
		if (!*why.text)
			abort();
		return;
	}
	next = plan_calendar_next(&c, now);
	last = plan_calendar_last(&c, now);
	if (next != UTC_UNKNOWN && (next <= now || !matches(&c, next)))
		abort();
	if (last != UTC_UNKNOWN && (last > now || !matches(&c, last)))
		abort();
	if (next == UTC_UNKNOWN)
		return;
	/* nothing between now and then; the hour that comes twice in autumn is taken once */
	between = plan_calendar_last(&c, next - NS_PER_S);
	if (between != UTC_UNKNOWN && between > now && next - between > 3 * 3600 * NS_PER_S)
		abort();
}

static void check_match(const char *text)
{
	struct suppress_subject who = { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"throughput", NULL };
	struct suppress x;

	suppress_init(&x, NULL, 0);
	if (suppress_order(&x, text, SUPPRESS_NEVER, false))
		return;
	suppress_look(&x, (struct suppress_now){ 1, UTC_UNKNOWN }, NULL, NULL);
	(void)suppress_of(&x, &who);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *line[LINES], *at = text;
	struct budget_cut cut;
	struct why why = { "" };
	int64_t now;

	if (!text)
		abort();
	set_zone();
	if (n)
		memcpy(text, data, n);
	text[n] = 0;
	for (int i = 0; i < LINES; i++) {
		line[i] = at;
		at += strcspn(at, "\n");
		if (*at)
			*at++ = 0;
	}
	/* 1970 .. 2243, or anything when it is not plausible: never a crash */
	now = strtoll(line[TIME], NULL, 10) % 8640000000 * NS_PER_S;
	check_window(line[WINDOW], now);
	check_calendar(line, now);
	check_match(line[MATCH]);
	if (!budget_cut(line[CUT], &cut, &why) &&
		(cut.percent < 1 || cut.percent > 100 || !*cut.name))
		abort();
	free(text);
	return 0;
}
