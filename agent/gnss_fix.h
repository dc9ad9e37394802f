/* SPDX-License-Identifier: Apache-2.0 */
/* A fix as a receiver tells it; how old it is by the receiver's own time; and what that time is worth.
 * Pure: what it knows it was told, time included. */
#ifndef AGENT_GNSS_FIX_H
#define AGENT_GNSS_FIX_H

#include "../probes/core/clock.h"

#define GNSS_DAY_NS   (86400 * NS_PER_S)
#define GNSS_NO_STAMP INT64_MIN

enum gnss_mode {
	GNSS_NO_FIX = 1,
	GNSS_2D = 2,
	GNSS_3D = 3
}; /* the numbers of NMEA's GSA, and gpsd's */

struct gnss_fix {
	int64_t mono_ns;  /* clock_mono() when its first word was read */
	int64_t stamp_ns; /* the receiver's time of it, in the UTC day; GNSS_NO_STAMP: not told */
	int64_t utc_ns;   /* the same with the date; UTC_UNKNOWN */
	uint8_t mode;     /* enum gnss_mode; the position only counts from GNSS_2D on */
	int32_t lat_e7, lon_e7;
	double accuracy_m; /* horizontal, 95 %; NAN unknown, as are the next three */
	double hdop, speed_mps, heading_deg;
	int satellites; /* used; -1 unknown */
};
void gnss_fix_clear(struct gnss_fix *f, int64_t mono_ns); /* no fix, nothing known */

/* Accuracy of a receiver that tells its HDOP and no estimate: gpsd's error model (gpsd_error_model() in its
 * libgpsd_core.c), 19 m times HDOP at 95 %, 4.75 m with corrections from the ground or by satellite. */
double gnss_accuracy(double hdop, bool corrected);

/* Age.  A receiver that repeats its last fix as if it were new (vshymanskyy/TinyGSM#841) is found out by
 * the fix's own time: the receiver's clock is ours plus an offset, and the fix that came with the least delay
 * tells the offset.  Whatever lies behind that is old, however recently it was read. */
struct gnss_track {
	bool any;
	int64_t offset_ns;         /* stamp minus clock_mono(), of the least delayed */
	int64_t offset_at;         /* clock_mono() when that was so */
	int64_t settled_at;        /* since when it did not jump ahead */
	int64_t stamp_ns, seen_ns; /* of the newest fix: its stamp, and when that was first read */
	int64_t run_at,
		run_offset_ns; /* stamps have advanced as time does since run_at; their best offset */
};
/* Every fix, also a word more of the one before: that keeps the time it was first read. */
void gnss_track_take(struct gnss_track *t, struct gnss_fix *f);
/* clock_mono() at which f was true; GNSS_NO_STAMP: not known (yet).  now: what else was known of the time at now_mono,
 * CLOCK_NTP outweighs what the receiver says; may be NULL. */
int64_t gnss_track_when(const struct gnss_track *t, const struct gnss_fix *f,
	const struct clock_state *now, int64_t now_mono);

/* UTC.  Told once when it is trusted, then when it is better known, and every ten minutes. */
enum gnss_date {
	GNSS_DATE_NONE,
	GNSS_DATE_GOOD,
	GNSS_DATE_ROLLED, /* 1024 weeks behind: the receiver missed a rollover of the GPS week */
	GNSS_DATE_IMPLAUSIBLE, /* see clock_plausible() */
};
/* Time read from sentences, without a pulse: gpsd_json(5), TOFF, knows offsets of 10 to 700 ms from the
 * computing and the serial line, and jitter and wander of 100 to 300 ms. */
#define GNSS_TIME_ERROR_US 1000000

struct gnss_time {
	enum gnss_date date;
	bool any;
	int64_t offset_ns, offset_at; /* UTC minus clock_mono(), of the least delayed */
	int64_t told_offset_ns, told_at;
};
/* True: clock_told(CLOCK_GNSS, *utc_ns, *mono_ns, GNSS_TIME_ERROR_US) is due.  when_ns: of gnss_track_when(); only
 * fixes whose age is known can have a time. */
bool gnss_time_take(struct gnss_time *t, const struct gnss_fix *f, int64_t when_ns, int64_t *utc_ns,
	int64_t *mono_ns);

#endif
