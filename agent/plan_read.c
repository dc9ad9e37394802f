/* SPDX-License-Identifier: Apache-2.0 */
/* The plan out of the configuration: lists of events and suppressions, and what tests say of them. */
#include "plan.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INTERVAL_USUAL_S 300 /* the default of tests */

/* A calendar alone would start a whole fleet in the same second; RFC 8194 leaves the spread to its user. */
#define FLEET_SPREAD_S "60"

const struct setting plan_event_common[] = {
	{ "kind", SETTING_TEXT, 0, 0, NULL, "", plan_kind_name, "what makes it happen" },
	{ "name", SETTING_TEXT, 0, 48, NULL, "", NULL, "tests and suppressions refer to it" },
	{ "cycle_interval_s", SETTING_INT, 0, 31536000, "0", "s", NULL,
		"results carry the beginning of the cycle of this length, in UTC; 0: they do not" },
	{ 0 },
};

#define SPREAD(unless) \
	{ \
		"random_spread_s", SETTING_INT, 0, 86400, unless, "s", NULL, \
			"it happens up to so much later, by chance" \
	}
#define BOUNDS \
	{ "start", SETTING_TEXT, 0, 40, "", "", NULL, \
		"not before this, \"2026-12-01T00:00:00+07:00\"; \"\": no bound" }, \
	{ \
		"end", SETTING_TEXT, 0, 40, "", "", NULL, "not from this on" \
	}

static const struct setting periodic[] = {
	{ "interval_s", SETTING_INT, 1, 604800, NULL, "s", NULL, "from one to the next" },
	SPREAD("0"),
	BOUNDS,
	{ 0 },
};

static const struct setting calendar[] = {
	{ "month", SETTING_TEXT, 0, 120, "*", "", NULL, "\"*\", \"1-3,12\", \"january march\"" },
	{ "day_of_month", SETTING_TEXT, 0, 120, "*", "", NULL, "\"*\", \"1,15\"" },
	{ "day_of_week", SETTING_TEXT, 0, 120, "*", "", NULL, "\"*\", \"mon-fri\", \"6,7\"" },
	{ "hour", SETTING_TEXT, 0, 120, "*", "", NULL, "local time: \"2\", \"8-17\", \"22-5\"" },
	{ "minute", SETTING_TEXT, 0, 200, "0", "", NULL, "\"0\", \"0,30\"" },
	{ "second", SETTING_TEXT, 0, 200, "0", "", NULL, "\"0\"" },
	SPREAD(FLEET_SPREAD_S),
	BOUNDS,
	{ 0 },
};

static const struct setting one_off[] = {
	{ "time", SETTING_TEXT, 0, 40, NULL, "", NULL,
		"once, then: \"2026-12-01T02:00:00+07:00\"" },
	SPREAD(FLEET_SPREAD_S),
	{ 0 },
};

static const struct setting immediate[] = { SPREAD("0"), { 0 } };
static const struct setting sudden[] = { SPREAD(FLEET_SPREAD_S), { 0 } };

const struct setting plan_suppression_settings[] = {
	{ "name", SETTING_TEXT, 0, 48, NULL, "", NULL, "in records and status" },
	{ "match", SETTING_TEXTS, 0, 64, NULL, "", NULL,
		"tests with such a tag, name or kind; * ? [a-z] as in names of files" },
	{ "start", SETTING_TEXT, 0, 48, "", "", NULL,
		"event that begins it; \"\": the start of the agent" },
	{ "end", SETTING_TEXT, 0, 48, "", "", NULL, "event that ends it; \"\": nothing does" },
	{ "windows", SETTING_TEXTS, 0, 40, "", "", NULL,
		"only then, local time: \"06:00-22:00\"; none: all day" },
	{ "stop_running", SETTING_BOOL, 0, 0, "false", "", NULL,
		"true: what is running when it begins is stopped" },
	{ 0 },
};

const struct setting *plan_event_accepts(const char *kind)
{
	static const struct setting *const by_kind[PLAN_KINDS] = { [PLAN_PERIODIC] = periodic,
		[PLAN_CALENDAR] = calendar,
		[PLAN_ONE_OFF] = one_off,
		[PLAN_IMMEDIATE] = immediate,
		[PLAN_STARTUP] = sudden,
		[PLAN_CONTROLLER_LOST] = sudden,
		[PLAN_CONTROLLER_CONNECTED] = sudden };

	for (size_t i = 0; i < PLAN_KINDS; i++)
		if (!strcmp(kind, plan_kind_name[i]))
			return by_kind[i];
	return NULL;
}

static void problem(struct buf *out, const struct settings *s, const char *where, const char *key,
	const char *text)
{
	buf_printf(out, "%s:%d: %s.%s: %s\n", settings_file(s), settings_line(s, key), where, key,
		text);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static enum plan_kind kind_named(const char *text)
{
	int i = 0;

	while (i < PLAN_KINDS - 1 && strcmp(text, plan_kind_name[i]) != 0)
		i++;
	return (enum plan_kind)i;
}

static int64_t read_time(
	const struct settings *s, const char *key, const char *where, struct buf *problems)
{
	const char *text = settings_text(s, key);
	int64_t utc;

	if (!*text)
		return UTC_UNKNOWN;
	if (!clock_parse(text, &utc))
		return utc;
	problem(problems, s, where, key, "is not a time as \"2026-12-01T02:00:00+07:00\"");
	return UTC_UNKNOWN;
}

static void read_calendar(
	struct plan_calendar *c, const struct settings *s, const char *where, struct buf *problems)
{
	const struct {
		const char *key;
		enum plan_field field;
		uint64_t *bits;
	} parts[] = { { "second", PLAN_SECOND, &c->second }, { "minute", PLAN_MINUTE, &c->minute },
		{ "hour", PLAN_HOUR, &c->hour },
		{ "day_of_month", PLAN_DAY_OF_MONTH, &c->day_of_month },
		{ "month", PLAN_MONTH, &c->month },
		{ "day_of_week", PLAN_DAY_OF_WEEK, &c->day_of_week } };
	bool whole = true;

	for (size_t i = 0; i < COUNT(parts); i++) {
		struct why why = { "" };

		if (!plan_set(settings_text(s, parts[i].key), parts[i].field, parts[i].bits, &why))
			continue;
		problem(problems, s, where, parts[i].key, why.text);
		whole = false;
	}
	/* any day will do to find out: 30 February never comes */
	if (whole && plan_calendar_next(c, 1767225600 * NS_PER_S) == UTC_UNKNOWN)
		problem(problems, s, where, "day_of_month", "there is no such day in these months");
}

static void read_event(
	struct plan_event *e, const struct settings *s, const char *where, struct buf *problems)
{
	*e = (struct plan_event){ .name = settings_text(s, "name"),
		.kind = kind_named(settings_text(s, "kind")),
		.random_spread_ns = settings_int(s, "random_spread_s") * NS_PER_S,
		.cycle_interval_ns = settings_int(s, "cycle_interval_s") * NS_PER_S,
		.start_utc = UTC_UNKNOWN,
		.end_utc = UTC_UNKNOWN,
		.time_utc = UTC_UNKNOWN };
	if (!*e->name)
		problem(problems, s, where, "name", "must not be empty");
	if (e->kind == PLAN_PERIODIC || e->kind == PLAN_CALENDAR) {
		e->start_utc = read_time(s, "start", where, problems);
		e->end_utc = read_time(s, "end", where, problems);
		if (e->end_utc != UTC_UNKNOWN && e->end_utc <= e->start_utc)
			problem(problems, s, where, "end", "is not after its start");
	}
	if (e->kind == PLAN_PERIODIC)
		e->interval_ns = settings_int(s, "interval_s") * NS_PER_S;
	if (e->kind == PLAN_CALENDAR)
		read_calendar(&e->calendar, s, where, problems);
	if (e->kind == PLAN_ONE_OFF) {
		e->time_utc = read_time(s, "time", where, problems);
		if (!*settings_text(s, "time"))
			problem(problems, s, where, "time", "must be given");
	}
}

const struct plan_event *plan_event_named(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->events; i++)
		if (!strcmp(p->event[i].name, name))
			return &p->event[i];
	return NULL;
}

static const struct plan_event *refer(const struct plan *p, const struct settings *s,
	const char *key, const char *where, struct buf *problems)
{
	const char *name = settings_text(s, key);
	const struct plan_event *e = *name ? plan_event_named(p, name) : NULL;
	char text[128];

	if (*name && !e) {
		snprintf(text, sizeof(text), "there is no event \"%s\"", name);
		problem(problems, s, where, key, text);
	}
	return e;
}

static void read_windows(
	struct plan_windows *w, const struct settings *s, const char *where, struct buf *problems)
{
	size_t n = settings_count(s, "windows");
	struct why why = { "" };

	w->count = 0;
	if (n > PLAN_WINDOWS)
		problem(problems, s, where, "windows", "has more than 8 windows");
	for (size_t i = 0; i < n && i < PLAN_WINDOWS; i++)
		if (plan_window(settings_text_at(s, "windows", i), &w->at[w->count++], &why))
			problem(problems, s, where, "windows", why.text);
}

/* --- suppressions ----------------------------------------------------------------------------------------------- */

static void read_suppression(struct plan_suppression *x, const struct plan *p,
	const struct settings *s, const char *where, struct buf *problems)
{
	*x = (struct plan_suppression){ .name = settings_text(s, "name"),
		.settings = s,
		.start = refer(p, s, "start", where, problems),
		.end = refer(p, s, "end", where, problems),
		.stop_running = settings_bool(s, "stop_running") };
	read_windows(&x->windows, s, where, problems);
	if (!settings_count(s, "match"))
		problem(problems, s, where, "match", "matches nothing");
	if (x->start && x->start->kind == PLAN_PERIODIC)
		problem(problems, s, where, "start", "a periodic event cannot begin a suppression");
	if (x->end && x->end->kind == PLAN_PERIODIC)
		problem(problems, s, where, "end", "a periodic event cannot end a suppression");
	if (x->start && x->start == x->end)
		problem(problems, s, where, "end", "is the event that begins it");
}

static bool name_taken(const struct conf *c, const char *section, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(settings_text(conf_at(c, section, i), "name"),
			    settings_text(conf_at(c, section, k), "name")))
			return true;
	return false;
}

/* How many of the section there is room for. */
static size_t size_of(const struct conf *c, const char *section, size_t most, struct buf *problems)
{
	size_t n = conf_count(c, section);

	if (n <= most)
		return n;
	buf_printf(problems, "%s: more than %zu %s\n", settings_file(conf_at(c, section, 0)), most,
		section);
	return most;
}

void plan_read(struct plan *p, const struct conf *c, struct buf *problems)
{
	size_t events = size_of(c, "events", PLAN_EVENTS, problems),
	       suppressions = size_of(c, "suppressions", PLAN_SUPPRESSIONS, problems);
	char where[48];

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < events; i++) {
		const struct settings *s = conf_at(c, "events", i);

		snprintf(where, sizeof(where), "events[%zu]", i);
		if (name_taken(c, "events", i))
			problem(problems, s, where, "name", "another event has this name");
		read_event(&p->event[p->events++], s, where, problems);
	}
	for (size_t i = 0; i < suppressions; i++) {
		const struct settings *s = conf_at(c, "suppressions", i);

		snprintf(where, sizeof(where), "suppressions[%zu]", i);
		if (name_taken(c, "suppressions", i))
			problem(problems, s, where, "name", "another suppression has this name");
		read_suppression(&p->suppression[p->suppressions++], p, s, where, problems);
	}
}

void plan_read_test(struct plan_test *out, const struct plan *p, const struct settings *s,
	const char *where, struct buf *problems)
{
	*out = (struct plan_test){ .event = refer(p, s, "event", where, problems),
		.interval_ns = settings_int(s, "interval_s") * NS_PER_S,
		.limit_ns = settings_int(s, "limit_s") * NS_PER_S,
		.settings = s };
	read_windows(&out->windows, s, where, problems);
	/* the default is no contradiction: check --print-config writes it out */
	if (*settings_text(s, "event") && settings_int(s, "interval_s") != INTERVAL_USUAL_S)
		problem(problems, s, where, "interval_s",
			"stands in place of an event: one of both");
	if (out->event && out->event->kind == PLAN_PERIODIC)
		out->interval_ns = out->event->interval_ns;
}
