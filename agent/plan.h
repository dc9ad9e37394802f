/* SPDX-License-Identifier: Apache-2.0 */
/* When, in the words of LMAP (RFC 8193, RFC 8194): events, windows and suppressions as the configuration
 * tells them.  What is here is a function of its arguments: no clock is read and nothing happens.  Local
 * time is the device's (TZ, /etc/localtime). */
#ifndef AGENT_PLAN_H
#define AGENT_PLAN_H

#include "../config/conf.h"
#include "../probes/core/clock.h"

#define PLAN_EVENTS       32
#define PLAN_SUPPRESSIONS 16
#define PLAN_WINDOWS      8

/* The event types of RFC 8194 */
enum plan_kind {
	PLAN_PERIODIC,
	PLAN_CALENDAR,
	PLAN_ONE_OFF,
	PLAN_IMMEDIATE, /* when the plan takes effect */
	PLAN_STARTUP,   /* when the agent starts */
	PLAN_CONTROLLER_LOST,
	PLAN_CONTROLLER_CONNECTED, /* after it was lost */
	PLAN_KINDS
};
extern const char *const plan_kind_name[PLAN_KINDS + 1]; /* ends with NULL */

/* A bit for each value that matches; an instant matches when all six do. */
struct plan_calendar {
	uint64_t second, minute; /* 0 .. 59 */
	uint64_t hour;           /* 0 .. 23 */
	uint64_t day_of_month;   /* 1 .. 31 */
	uint64_t month;          /* 1 .. 12 */
	uint64_t day_of_week;    /* 1 Monday .. 7 Sunday (ISO 8601) */
};

struct plan_window { /* of the local day, in seconds since midnight; over midnight when to < from */
	int from_s, to_s;
};

struct plan_windows {
	size_t count; /* 0: always */
	struct plan_window at[PLAN_WINDOWS];
};

struct plan_event {
	const char *name;
	enum plan_kind kind;
	int64_t interval_ns;           /* periodic */
	struct plan_calendar calendar; /* calendar */
	int64_t time_utc;              /* one_off */
	int64_t start_utc, end_utc;    /* periodic, calendar: only between; UTC_UNKNOWN: no bound */
	int64_t random_spread_ns;      /* it happens up to so much later */
	int64_t cycle_interval_ns;     /* 0: no cycle numbers */
};

struct plan_suppression {
	const char *name;
	const struct settings *settings;      /* its "match" holds patterns */
	const struct plan_event *start, *end; /* NULL: from the beginning; for ever */
	struct plan_windows windows;
	bool stop_running;
};

/* How a test stands in the plan. */
struct plan_test {
	const struct plan_event *event; /* NULL: periodic, by interval_ns */
	int64_t interval_ns, limit_ns;  /* limit_ns is what RFC 8194 calls duration */
	struct plan_windows windows;
	const struct settings *settings; /* its "tags"; may be NULL */
};

struct plan {
	size_t events, suppressions;
	struct plan_event event[PLAN_EVENTS];
	struct plan_suppression suppression[PLAN_SUPPRESSIONS];
};

/* --- texts ------------------------------------------------------------------------------------------------------ */

enum plan_field {
	PLAN_SECOND,
	PLAN_MINUTE,
	PLAN_HOUR,
	PLAN_DAY_OF_MONTH,
	PLAN_MONTH,
	PLAN_DAY_OF_WEEK,
	PLAN_FIELDS
};

/* "*", or values and ranges: "0,15,30", "22-5" (over the end), "mon-fri", "january march".  -EINVAL. */
int plan_set(const char *text, enum plan_field field, uint64_t *bits, struct why *why) MUST_CHECK;
/* "22:00-05:00"; the end may be 24:00.  -EINVAL. */
int plan_window(const char *text, struct plan_window *out, struct why *why) MUST_CHECK;

/* --- times ------------------------------------------------------------------------------------------------------ */

/* The first instant after, the last not after `utc_ns` that matches; UTC_UNKNOWN when there is none within
 * eight years (29 February comes in four, and not in 2100). */
int64_t plan_calendar_next(const struct plan_calendar *c, int64_t utc_ns);
int64_t plan_calendar_last(const struct plan_calendar *c, int64_t utc_ns);

/* The same for an event of kind calendar or one_off, its bounds included; UTC_UNKNOWN for the other kinds. */
int64_t plan_event_next(const struct plan_event *e, int64_t utc_ns);
int64_t plan_event_last(const struct plan_event *e, int64_t utc_ns);
bool plan_event_by_clock(const struct plan_event *e); /* calendar, one_off; NULL: no */
/* Between start and end; an event with bounds does not happen while the time is unknown. */
bool plan_event_bounded(const struct plan_event *e, int64_t utc_ns);

/* Inside one of the windows.  Without windows: always; with windows and without a known time: never. */
bool plan_inside(const struct plan_windows *w, int64_t utc_ns);
/* ns until the next window opens, 0 inside of one, and how long it is open; -1 without windows or time. */
int64_t plan_opens(const struct plan_windows *w, int64_t utc_ns, int64_t *length_ns);
/* ns until the windows we are inside of close; -1 when outside, or never. */
int64_t plan_closes(const struct plan_windows *w, int64_t utc_ns);

#define PLAN_CYCLE_TEXT 20
/* "YYYYMMDD.HHMMSS" of the cycle that utc_ns lies in; "" without cycle or time.  Returns out. */
char *plan_cycle(const struct plan_event *e, int64_t utc_ns, char out[PLAN_CYCLE_TEXT]);

/* --- configuration ---------------------------------------------------------------------------------------------- */

extern const struct setting plan_event_common[], plan_suppression_settings[];
const struct setting *plan_event_accepts(const char *kind); /* NULL: no such kind */

/* Events and suppressions of the file; p refers into c.  Each problem is a line with file and line. */
void plan_read(struct plan *p, const struct conf *c, struct buf *problems);
const struct plan_event *plan_event_named(const struct plan *p, const char *name);
/* Of the group s, which is called `where` in messages ("tests[2]"). */
void plan_read_test(struct plan_test *out, const struct plan *p, const struct settings *s,
	const char *where, struct buf *problems);

#endif
