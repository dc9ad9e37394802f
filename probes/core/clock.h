/* SPDX-License-Identifier: Apache-2.0 */
/* Time.  Monotonic and wall time are different types of number here and are never mixed: durations
 * and records use the time since boot, UTC is attached when it is known and says how well. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "why.h"
#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL
#define NS_PER_US 1000LL

enum clock_source {
	CLOCK_NONE, /* never learnt in this boot: UTC is unknown */
	CLOCK_NTP,  /* the kernel says synchronised (adjtimex) */
	CLOCK_GNSS,
	CLOCK_NETWORK, /* +CCLK after NITZ */
	CLOCK_MQTT,    /* the broker or collector told us */
	CLOCK_HTTP,
	CLOCK_MANUAL, /* set by hand: the operating system has a plausible time nobody vouches for */
	CLOCK_SOURCES
};
extern const char *const clock_source_name[CLOCK_SOURCES]; /* "none" "ntp" "gnss" ... */

struct clock_state {
	enum clock_source source;
	int64_t utc_ns;     /* since 1970, or INT64_MIN when unknown */
	int64_t error_us;   /* estimated, -1 unknown (adjtimex: esterror) */
	int64_t sync_age_s; /* since it was last confirmed, -1 never */
};

#define UTC_UNKNOWN INT64_MIN

int64_t clock_mono(void); /* CLOCK_BOOTTIME, ns since boot, suspended time included */
int64_t clock_loop(void); /* CLOCK_MONOTONIC, what loop timers use */
int64_t clock_wall(void); /* CLOCK_REALTIME, ns since 1970, whatever it is worth */

/* What the kernel and what we were told say now.  A wall clock that somebody set to another time
 * than the last trusted one of this boot, run on, is not followed until it is confirmed.  Thread-safe. */
void clock_read(struct clock_state *out);

/* The same from given numbers: what adjtimex(2) says, the wall clock, and clock_mono(). */
struct clock_kernel {
	bool synced;                /* not STA_UNSYNC */
	int64_t esterror, maxerror; /* us */
	int64_t wall_ns, mono_ns;
};
void clock_judge(struct clock_state *out, const struct clock_kernel *kernel);

/* Tells the module about a time from elsewhere: utc_ns held at mono_ns (clock_mono()).  A worse
 * source never replaces a better one that is less than a day old.  Thread-safe.  Does not set the
 * system's clock. */
void clock_told(enum clock_source source, int64_t utc_ns, int64_t mono_ns, int64_t error_us);
void clock_forget(void); /* for tests: as after boot */

/* A plausible UTC: 2024-01-01 .. 2060-01-01.  The end is near enough for a clock that jumps by 50
 * years, either way, to be noticed, and far enough for any device of ours. */
bool clock_plausible(int64_t utc_ns);

/* The kernel's boot id (16 bytes) from /proc/sys/kernel/random/boot_id or, for tests and
 * containers, from `file`. */
int clock_boot_id(uint8_t out[16], const char *file) MUST_CHECK;

/* Fires when the wall clock is set by anybody (TFD_TIMER_CANCEL_ON_SET): a kernel timestamp pair
 * that straddles the step is not a round trip. */
struct loop;
struct clock_watch;
int clock_watch_new(struct clock_watch **out, struct loop *l,
	void (*stepped)(void *arg, int64_t by_ns), void *arg);
void clock_watch_free(struct clock_watch *w);

#define CLOCK_TEXT 32
/* "2026-11-23T20:38:10.123Z"; "" for UTC_UNKNOWN.  Returns out. */
char *clock_text(int64_t utc_ns, char out[CLOCK_TEXT]);
/* Parses RFC 3339 in UTC or with an offset; -EINVAL otherwise. */
int clock_parse(const char *text, int64_t *utc_ns);

#endif
