/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the plan, and what they mean in time. */
#include "plan.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_S      86400
#define DAYS_MOST  (8 * 366) /* 29 February, over 2100 */
#define NAME_LEAST 3         /* letters of a month or weekday that tell it from the others */

const char *const plan_kind_name[PLAN_KINDS + 1] = { "periodic", "calendar", "one_off", "immediate",
	"startup", "controller_lost", "controller_connected", NULL };

static const char *const months[] = { "january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december", NULL };
static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday",
	"saturday", "sunday", NULL };

/* RFC 8194, the typedefs of ietf-lmap-common */
static const struct field {
	const char *what;
	int least, most;
	const char *const *names; /* the first is `least` */
} fields[PLAN_FIELDS] = {
	[PLAN_SECOND] = { "second", 0, 59, NULL },
	[PLAN_MINUTE] = { "minute", 0, 59, NULL },
	[PLAN_HOUR] = { "hour", 0, 23, NULL },
	[PLAN_DAY_OF_MONTH] = { "day of the month", 1, 31, NULL },
	[PLAN_MONTH] = { "month", 1, 12, months },
	[PLAN_DAY_OF_WEEK] = { "weekday", 1, 7, weekdays },
};

/* --- sets ------------------------------------------------------------------------------------------------------- */

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* -1 when it is no name. */
static int name_value(const struct field *f, const char *text, size_t n)
{
	for (int i = 0; f->names && f->names[i] && n >= NAME_LEAST; i++)
		if (n <= strlen(f->names[i]) && !strncasecmp(text, f->names[i], n))
			return f->least + i;
	return -1;
}

/* Reads one value and moves *at behind it. */
static int take_value(const struct field *f, const char **at, int *out, struct why *why)
{
	const char *from = *at;
	int v = 0;

	while (letter(**at))
		++*at;
	if (*at > from) {
		v = name_value(f, from, (size_t)(*at - from));
		if (v < 0)
			return why_say(why, -EINVAL, "\"%.*s\" is no %s", (int)(*at - from), from,
				f->what);
		*out = v;
		return 0;
	}
	while (digit(**at) && v < 1000)
		v = v * 10 + (*(*at)++ - '0');
	if (*at == from)
		return why_say(why, -EINVAL, "a %s is missing before \"%.20s\"", f->what, from);
	if (v < f->least || v > f->most || digit(**at))
		return why_say(
			why, -EINVAL, "a %s is a number from %d to %d", f->what, f->least, f->most);
	*out = v;
	return 0;
}

static void add_range(const struct field *f, int from, int to, uint64_t *bits)
{
	for (int v = from;; v = v == f->most ? f->least : v + 1) {
		*bits |= 1ULL << v;
		if (v == to)
			return;
	}
}

#define SEPARATORS ", \t"

static int take_range(const struct field *f, const char **at, uint64_t *bits, struct why *why)
{
	int from = 0, to = 0, err = take_value(f, at, &from, why);

	to = from;
	if (!err && **at == '-') {
		++*at;
		err = take_value(f, at, &to, why);
	}
	if (!err && **at && !strchr(SEPARATORS, **at))
		err = why_say(why, -EINVAL, "\"%.20s\" is not understood", *at);
	if (!err)
		add_range(f, from, to, bits);
	return err;
}

int plan_set(const char *text, enum plan_field field, uint64_t *bits, struct why *why)
{
	const struct field *f = &fields[field];
	const char *at = text + strspn(text, SEPARATORS);
	uint64_t found = 0;
	int err = 0;

	if (*at == '*') {
		at += 1 + strspn(at + 1, SEPARATORS);
		if (*at)
			return why_say(why, -EINVAL, "\"*\" is all and stands alone");
		add_range(f, f->least, f->most, bits);
		return 0;
	}
	while (*at && !err) {
		err = take_range(f, &at, &found, why);
		at += err ? 0 : strspn(at, SEPARATORS);
	}
	if (!err && !found)
		err = why_say(why, -EINVAL, "names no %s; \"*\" is all", f->what);
	if (!err)
		*bits = found;
	return err;
}

/* --- windows ---------------------------------------------------------------------------------------------------- */

/* "22:00" in seconds; moves *at behind it. */
static int take_clock(const char **at, int *out, struct why *why)
{
	const char *t = *at;
	int hour, minute;

	if (!digit(t[0]) || !digit(t[1]) || t[2] != ':' || !digit(t[3]) || !digit(t[4]))
		return why_say(
			why, -EINVAL, "\"%.20s\" does not begin with a time as \"22:00\"", t);
	hour = (t[0] - '0') * 10 + t[1] - '0';
	minute = (t[3] - '0') * 10 + t[4] - '0';
	if (minute > 59 || hour * 60 + minute > 24 * 60)
		return why_say(why, -EINVAL, "\"%.5s\" is no time of the day", t);
	*out = (hour * 60 + minute) * 60;
	*at += 5;
	return 0;
}

int plan_window(const char *text, struct plan_window *out, struct why *why)
{
	const char *at = text + strspn(text, " ");
	struct plan_window w;
	int err = take_clock(&at, &w.from_s, why);

	at += strspn(at, " ");
	if (!err && *at++ != '-')
		return why_say(why, -EINVAL, "\"%.40s\" is not as \"22:00-05:00\"", text);
	at += err ? 0 : strspn(at, " ");
	if (!err)
		err = take_clock(&at, &w.to_s, why);
	if (err)
		return err;
	at += strspn(at, " ");
	if (*at)
		return why_say(why, -EINVAL, "\"%.20s\" is too much after a window", at);
	if (w.from_s == w.to_s || w.from_s == DAY_S)
		return why_say(why, -EINVAL, "\"%.40s\" is never open", text);
	*out = w;
	return 0;
}

static bool local_time(int64_t utc_ns, struct tm *out)
{
	time_t t = (time_t)(utc_ns / NS_PER_S - (utc_ns % NS_PER_S < 0));

	return utc_ns != UTC_UNKNOWN && localtime_r(&t, out);
}

static int second_of_day(const struct tm *t)
{
	int s = (t->tm_hour * 60 + t->tm_min) * 60 + t->tm_sec;

	return s < DAY_S ? s : DAY_S - 1; /* a leap second belongs to its minute */
}

static bool inside(const struct plan_window *w, int s)
{
	return w->from_s < w->to_s ? s >= w->from_s && s < w->to_s : s >= w->from_s || s < w->to_s;
}

static int length_s(const struct plan_window *w)
{
	return w->to_s - w->from_s + (w->to_s < w->from_s ? DAY_S : 0);
}

bool plan_inside(const struct plan_windows *w, int64_t utc_ns)
{
	struct tm now;

	if (!w->count)
		return true;
	if (!local_time(utc_ns, &now))
		return false;
	for (size_t i = 0; i < w->count; i++)
		if (inside(&w->at[i], second_of_day(&now)))
			return true;
	return false;
}

int64_t plan_opens(const struct plan_windows *w, int64_t utc_ns, int64_t *length_ns)
{
	int now, wait, soonest = DAY_S, length = 0;
	struct tm local;

	if (!w->count || !local_time(utc_ns, &local))
		return -1;
	now = second_of_day(&local);
	for (size_t i = 0; i < w->count; i++) {
		wait = inside(&w->at[i], now) ? 0 : (w->at[i].from_s - now + DAY_S) % DAY_S;
		if (wait < soonest || (wait == soonest && length_s(&w->at[i]) > length)) {
			soonest = wait;
			length = length_s(&w->at[i]);
		}
	}
	*length_ns = length * NS_PER_S;
	return soonest ? soonest * NS_PER_S - (utc_ns % NS_PER_S + NS_PER_S) % NS_PER_S : 0;
}

/* Windows may touch and overlap: from end to end, until one ends where no other goes on. */
int64_t plan_closes(const struct plan_windows *w, int64_t utc_ns)
{
	struct tm local;
	int at, left = 0;

	if (!plan_inside(w, utc_ns) || !w->count || !local_time(utc_ns, &local))
		return -1;
	at = second_of_day(&local);
	for (size_t i = 0; i < w->count && left < DAY_S; i++) {
		const struct plan_window *one = &w->at[i];
		int more;

		if (!inside(one, (at + left) % DAY_S))
			continue;
		more = (one->to_s - (at + left) % DAY_S + DAY_S) % DAY_S;
		left += more ? more : DAY_S;
		i = (size_t)-1;
	}
	return left < DAY_S ? left * NS_PER_S : -1;
}

/* --- the calendar ----------------------------------------------------------------------------------------------- */

#define HAS(bits, v) (((bits) >> (v)) & 1)

static bool day_matches(const struct plan_calendar *c, const struct tm *day)
{
	return HAS(c->month, day->tm_mon + 1) && HAS(c->day_of_month, day->tm_mday) &&
	       HAS(c->day_of_week, day->tm_wday ? day->tm_wday : 7);
}

/* The local time of that day as UTC; false for an hour that a change to summer time leaves out. */
static bool instant(const struct tm *day, int second, int64_t *utc_ns)
{
	struct tm t = *day, back;
	time_t at;

	t.tm_hour = second / 3600;
	t.tm_min = second / 60 % 60;
	t.tm_sec = second % 60;
	t.tm_isdst = -1;
	at = mktime(&t);
	if (!localtime_r(&at, &back) || second_of_day(&back) != second)
		return false;
	*utc_ns = (int64_t)at * NS_PER_S;
	return true;
}

/* The first second of the day from `from` on that matches, -1 when there is none. */
static int first_second(const struct plan_calendar *c, int from)
{
	for (int h = from / 3600; h < 24; h++) {
		if (!HAS(c->hour, h))
			continue;
		for (int m = h == from / 3600 ? from / 60 % 60 : 0; m < 60; m++) {
			bool same = h == from / 3600 && m == from / 60 % 60;

			if (!HAS(c->minute, m))
				continue;
			for (int s = same ? from % 60 : 0; s < 60; s++)
				if (HAS(c->second, s))
					return (h * 60 + m) * 60 + s;
		}
	}
	return -1;
}

/* The last one not after `to`. */
static int last_second(const struct plan_calendar *c, int to)
{
	for (int h = to / 3600; h >= 0; h--) {
		if (!HAS(c->hour, h))
			continue;
		for (int m = h == to / 3600 ? to / 60 % 60 : 59; m >= 0; m--) {
			bool same = h == to / 3600 && m == to / 60 % 60;

			if (!HAS(c->minute, m))
				continue;
			for (int s = same ? to % 60 : 59; s >= 0; s--)
				if (HAS(c->second, s))
					return (h * 60 + m) * 60 + s;
		}
	}
	return -1;
}

/* Noon of the day so many days from `from`: no change of the clocks moves it to another day. */
static bool day_from(const struct tm *from, int days, struct tm *out)
{
	*out = *from;
	out->tm_mday += days;
	out->tm_hour = 12;
	out->tm_min = out->tm_sec = 0;
	out->tm_isdst = -1;
	return mktime(out) != -1;
}

int64_t plan_calendar_next(const struct plan_calendar *c, int64_t utc_ns)
{
	struct tm local, day;
	int64_t at;

	if (!local_time(utc_ns, &local))
		return UTC_UNKNOWN;
	for (int d = 0; d <= DAYS_MOST; d++) {
		int s = d ? 0 : second_of_day(&local);

		if (!day_from(&local, d, &day))
			return UTC_UNKNOWN;
		if (!day_matches(c, &day))
			continue;
		for (s = first_second(c, s); s >= 0;
			s = s + 1 < DAY_S ? first_second(c, s + 1) : -1)
			if (instant(&day, s, &at) && at > utc_ns)
				return at;
	}
	return UTC_UNKNOWN;
}

int64_t plan_calendar_last(const struct plan_calendar *c, int64_t utc_ns)
{
	struct tm local, day;
	int64_t at;

	if (!local_time(utc_ns, &local))
		return UTC_UNKNOWN;
	for (int d = 0; d <= DAYS_MOST; d++) {
		int s = d ? DAY_S - 1 : second_of_day(&local);

		if (!day_from(&local, -d, &day))
			return UTC_UNKNOWN;
		if (!day_matches(c, &day))
			continue;
		for (s = last_second(c, s); s >= 0; s = s ? last_second(c, s - 1) : -1)
			if (instant(&day, s, &at) && at <= utc_ns)
				return at;
	}
	return UTC_UNKNOWN;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

bool plan_event_by_clock(const struct plan_event *e)
{
	return e && (e->kind == PLAN_CALENDAR || e->kind == PLAN_ONE_OFF);
}

bool plan_event_bounded(const struct plan_event *e, int64_t utc_ns)
{
	bool bounds = e->start_utc != UTC_UNKNOWN || e->end_utc != UTC_UNKNOWN;

	if (!bounds)
		return true;
	return utc_ns != UTC_UNKNOWN && utc_ns >= e->start_utc &&
	       (e->end_utc == UTC_UNKNOWN || utc_ns < e->end_utc);
}

int64_t plan_event_next(const struct plan_event *e, int64_t utc_ns)
{
	int64_t at = UTC_UNKNOWN;

	if (utc_ns == UTC_UNKNOWN)
		return UTC_UNKNOWN;
	if (e->kind == PLAN_ONE_OFF)
		at = e->time_utc > utc_ns ? e->time_utc : UTC_UNKNOWN;
	else if (e->kind == PLAN_CALENDAR)
		at = plan_calendar_next(
			&e->calendar, e->start_utc > utc_ns ? e->start_utc - 1 : utc_ns);
	return at != UTC_UNKNOWN && plan_event_bounded(e, at) ? at : UTC_UNKNOWN;
}

int64_t plan_event_last(const struct plan_event *e, int64_t utc_ns)
{
	bool over = e->end_utc != UTC_UNKNOWN && e->end_utc <= utc_ns;
	int64_t at = UTC_UNKNOWN;

	if (utc_ns == UTC_UNKNOWN)
		return UTC_UNKNOWN;
	if (e->kind == PLAN_ONE_OFF)
		at = e->time_utc <= utc_ns ? e->time_utc : UTC_UNKNOWN;
	else if (e->kind == PLAN_CALENDAR)
		at = plan_calendar_last(&e->calendar, over ? e->end_utc - 1 : utc_ns);
	return at != UTC_UNKNOWN && plan_event_bounded(e, at) ? at : UTC_UNKNOWN;
}

char *plan_cycle(const struct plan_event *e, int64_t utc_ns, char out[PLAN_CYCLE_TEXT])
{
	struct tm utc;
	time_t t;

	out[0] = 0;
	if (!e || e->cycle_interval_ns <= 0 || utc_ns == UTC_UNKNOWN || utc_ns < 0)
		return out;
	t = (time_t)((utc_ns - utc_ns % e->cycle_interval_ns) / NS_PER_S);
	if (gmtime_r(&t, &utc) && utc.tm_year < 8000)
		strftime(out, PLAN_CYCLE_TEXT, "%Y%m%d.%H%M%S", &utc);
	return out;
}
