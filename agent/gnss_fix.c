/* SPDX-License-Identifier: Apache-2.0 */
#include "gnss_fix.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_NS (2 * NS_PER_S) /* a backlog that is read in one go is over by then */
#define JUMP_NS   (NS_PER_S / 2) /* more than sentences come sooner or later than each other */
#define STEP_OFF_NS \
	(700 * NS_PER_MS)           /* stamps of a live stream advance as time does, within this */
#define ADOPT_NS    (30 * NS_PER_S) /* a receiver that set its clock back is believed after this */
#define BEHIND_NS   (2 * NS_PER_S)
#define DRIFT_SHARE 5000 /* 200 ppm: two crystals */
#define ROLLOVER_NS \
	(1024 * 7 * GNSS_DAY_NS) /* the week is sent in ten bits: IS-GPS-200 20.3.3.3.1.1 */
#define TELL_NS   (600 * NS_PER_S)
#define BETTER_NS (50 * NS_PER_MS)
#define ABSURD_NS (2 * NS_PER_S)

void gnss_fix_clear(struct gnss_fix *f, int64_t mono_ns)
{
	*f = (struct gnss_fix){ .mono_ns = mono_ns,
		.stamp_ns = GNSS_NO_STAMP,
		.utc_ns = UTC_UNKNOWN,
		.mode = GNSS_NO_FIX,
		.accuracy_m = NAN,
		.hdop = NAN,
		.speed_mps = NAN,
		.heading_deg = NAN,
		.satellites = -1 };
}

double gnss_accuracy(double hdop, bool corrected)
{
	return hdop * (corrected ? 4.75 : 19);
}

/* a - b on a clock that begins anew after `round`: -round/2 .. round/2 */
static int64_t around(int64_t a, int64_t b, int64_t round)
{
	int64_t d = (a - b) % round;

	if (d > round / 2)
		d -= round;
	if (d < -round / 2)
		d += round;
	return d;
}

static int64_t day(int64_t a, int64_t b)
{
	return around(a, b, GNSS_DAY_NS);
}

/* The best offset, run on: it may have drifted either way since, and is taken for the one that calls nothing old that
 * is not. */
static int64_t offset_now(const struct gnss_track *t, int64_t mono_ns)
{
	return t->offset_ns - (mono_ns - t->offset_at) / DRIFT_SHARE;
}

static void adopt(struct gnss_track *t, int64_t offset_ns, int64_t mono_ns, bool jumped)
{
	if (!t->any || jumped)
		t->settled_at = mono_ns;
	t->any = true;
	t->offset_ns = offset_ns;
	t->offset_at = mono_ns;
}

/* A stream whose stamps lie behind and yet advance as time does: the receiver's clock was set back. */
static void follow_run(struct gnss_track *t, const struct gnss_fix *f, int64_t offset_ns)
{
	int64_t step = day(f->stamp_ns, t->stamp_ns), elapsed = f->mono_ns - t->seen_ns;

	if (step <= 0 || llabs(step - elapsed) > STEP_OFF_NS || !t->run_at) {
		t->run_at = f->mono_ns;
		t->run_offset_ns = offset_ns;
	} else if (day(offset_ns, t->run_offset_ns) > 0) {
		t->run_offset_ns = offset_ns;
	}
}

void gnss_track_take(struct gnss_track *t, struct gnss_fix *f)
{
	int64_t offset_ns, ahead;

	if (f->stamp_ns == GNSS_NO_STAMP || f->mode < GNSS_2D)
		return;
	if (t->any && f->stamp_ns == t->stamp_ns) {
		f->mono_ns = t->seen_ns;
		return;
	}
	offset_ns = day(f->stamp_ns, f->mono_ns % GNSS_DAY_NS);
	if (t->any)
		follow_run(t, f, offset_ns);
	ahead = t->any ? day(offset_ns, offset_now(t, f->mono_ns)) : 0;
	if (!t->any || ahead >= 0)
		adopt(t, offset_ns, f->mono_ns, ahead > JUMP_NS);
	else if (-ahead > BEHIND_NS && f->mono_ns - t->run_at >= ADOPT_NS)
		adopt(t, t->run_offset_ns, f->mono_ns, false);
	t->stamp_ns = f->stamp_ns;
	t->seen_ns = f->mono_ns;
}

int64_t gnss_track_when(const struct gnss_track *t, const struct gnss_fix *f,
	const struct clock_state *now, int64_t now_mono)
{
	int64_t when, late;

	if (!t->any || f->stamp_ns == GNSS_NO_STAMP || f->mono_ns - t->settled_at < SETTLE_NS)
		return GNSS_NO_STAMP;
	late = day(offset_now(t, f->mono_ns), day(f->stamp_ns, f->mono_ns % GNSS_DAY_NS));
	when = f->mono_ns - (late > 0 ? late : 0);
	if (!now || now->source != CLOCK_NTP || f->utc_ns == UTC_UNKNOWN)
		return when;
	/* Weeks apart is a date that rolled over, and some seconds ahead a receiver that has not heard yet of
	 * leap seconds: its position is good all the same. */
	late = around(now->utc_ns - (now_mono - f->mono_ns), f->utc_ns, ROLLOVER_NS);
	if (late > ABSURD_NS && f->mono_ns - late < when)
		when = f->mono_ns - late;
	return when;
}

static enum gnss_date judge(int64_t utc_ns)
{
	if (clock_plausible(utc_ns))
		return GNSS_DATE_GOOD;
	if (clock_plausible(utc_ns + ROLLOVER_NS))
		return GNSS_DATE_ROLLED;
	return GNSS_DATE_IMPLAUSIBLE;
}

bool gnss_time_take(struct gnss_time *t, const struct gnss_fix *f, int64_t when_ns, int64_t *utc_ns,
	int64_t *mono_ns)
{
	int64_t offset_ns, best;

	if (f->utc_ns == UTC_UNKNOWN || f->mode < GNSS_2D || when_ns == GNSS_NO_STAMP ||
		f->mono_ns - when_ns > NS_PER_S)
		return false;
	t->date = judge(f->utc_ns);
	if (t->date != GNSS_DATE_GOOD)
		return false;
	offset_ns = f->utc_ns - f->mono_ns;
	best = t->offset_ns - (f->mono_ns - t->offset_at) / DRIFT_SHARE;
	if (!t->any || offset_ns >= best || best - offset_ns > ABSURD_NS) {
		t->offset_ns = offset_ns;
		t->offset_at = f->mono_ns;
	} else {
		offset_ns = best;
	}
	if (t->any && f->mono_ns - t->told_at < TELL_NS &&
		llabs(offset_ns - t->told_offset_ns) < BETTER_NS)
		return false;
	t->any = true;
	t->told_offset_ns = offset_ns;
	t->told_at = f->mono_ns;
	*mono_ns = f->mono_ns;
	*utc_ns = f->mono_ns + offset_ns;
	return true;
}
