/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EARTH_M      6371008.8 /* mean radius, IUGG 1980 */
#define DEGREE_M     (EARTH_M * M_PI / 180)
#define SILENT_NS    (5 * NS_PER_S)  /* a receiver that says nothing for so long has no data */
#define TURN_GAP_NS  (60 * NS_PER_S) /* fixes further apart are not "for so long" */
#define SURVEY_WORST 1000.0 /* m: what a survey's records tell all the same, with their accuracy */
#define APART_NS     (400 * NS_PER_MS)
#define ALL_DECIMALS 7

struct place place_of(const struct settings *s)
{
	struct place p = { .accuracy_m = -1, .source = PLACE_NONE };

	if (!settings_given(s, "lat") || !settings_given(s, "lon"))
		return p;
	p.lat_e7 = (int32_t)lround(settings_real(s, "lat") * 1e7);
	p.lon_e7 = (int32_t)lround(settings_real(s, "lon") * 1e7);
	p.accuracy_m = (int32_t)settings_int(s, "accuracy_m");
	p.source = PLACE_SURVEYED;
	return p;
}

void place_settings(const struct conf *c, bool survey, struct place_options *out)
{
	const struct settings *p = conf_section(c, "place"), *g = conf_section(c, "gnss");

	*out = (struct place_options){ .surveyed = place_of(p),
		.gnss = *settings_text(g, "source"),
		.survey = survey,
		.mode_least = survey ? GNSS_2D : GNSS_3D,
		.accuracy_m = survey ? SURVEY_WORST : (double)settings_int(g, "accuracy_m"),
		.satellites = survey ? 0 : (int)settings_int(g, "satellites"),
		.age_ns = settings_int(g, "age_s") * NS_PER_S,
		.moved_m = (double)settings_int(g, "moved_m"),
		.moved_ns = settings_int(g, "moved_s") * NS_PER_S,
		.decimals = (int)settings_int(p, "decimals") };
}

/* Haversine: within 0.6 % anywhere on the ellipsoid, and exact enough for metres. */
double place_distance_m(int32_t lat_a_e7, int32_t lon_a_e7, int32_t lat_b_e7, int32_t lon_b_e7)
{
	double radian = M_PI / 180 / 1e7, a = lat_a_e7 * radian, b = lat_b_e7 * radian;
	double dlat = sin((b - a) / 2), dlon = sin((lon_b_e7 - (double)lon_a_e7) * radian / 2);
	double h = dlat * dlat + cos(a) * cos(b) * dlon * dlon;

	return 2 * EARTH_M * asin(sqrt(h < 1 ? h : 1));
}

void place_begin(struct whereabouts *w, const struct place_options *o)
{
	memset(w, 0, sizeof(*w));
	w->o = *o;
	w->last_at_ns = GNSS_NO_STAMP;
	w->distance_m = NAN;
}

static bool good(const struct whereabouts *w, const struct gnss_fix *f, int64_t at_ns)
{
	const struct place_options *o = &w->o;

	if (f->mode < o->mode_least || at_ns == GNSS_NO_STAMP || f->mono_ns - at_ns > o->age_ns)
		return false;
	if (f->satellites >= 0 && f->satellites < o->satellites)
		return false;
	return isnan(f->accuracy_m) ? o->survey : f->accuracy_m <= o->accuracy_m;
}

/* Has it been on the other side of the limit for long enough? */
static void turn(struct whereabouts *w, const struct gnss_fix *f, int64_t at_ns)
{
	const struct place *s = &w->o.surveyed;
	double limit = w->o.moved_m + (s->accuracy_m > 0 ? s->accuracy_m : 0);
	bool other;

	w->distance_m = place_distance_m(s->lat_e7, s->lon_e7, f->lat_e7, f->lon_e7);
	other = w->moved ? w->distance_m <= limit : w->distance_m > limit + f->accuracy_m;
	if (!other) {
		w->turning_since_ns = 0;
		return;
	}
	if (!w->turning_since_ns || at_ns - w->turning_last_ns > TURN_GAP_NS)
		w->turning_since_ns = at_ns;
	w->turning_last_ns = at_ns;
	if (at_ns - w->turning_since_ns < w->o.moved_ns)
		return;
	w->moved = !w->moved;
	w->turning_since_ns = 0;
	w->news = w->moved ? PLACE_MOVED : PLACE_BACK;
}

static void remember(struct whereabouts *w, const struct gnss_fix *f, int64_t at_ns)
{
	size_t newest = (w->next + PLACE_FIXES - 1) % PLACE_FIXES,
	       before = (newest + PLACE_FIXES - 1) % PLACE_FIXES;
	bool same = w->count && w->good[newest].fix.stamp_ns == f->stamp_ns;
	bool often = w->count > 1 && at_ns - w->good[before].at_ns < APART_NS;

	/* the same moment with a sentence more; or of a receiver that speaks ten times a second one of many */
	if (same || often) {
		w->good[newest] = (struct place_fix){ *f, at_ns };
		return;
	}
	w->good[w->next] = (struct place_fix){ *f, at_ns };
	w->next = (w->next + 1) % PLACE_FIXES;
	w->count += w->count < PLACE_FIXES;
}

void place_told(struct whereabouts *w, const struct gnss_fix *f, const struct clock_state *now,
	int64_t now_mono)
{
	struct gnss_fix own = *f;

	gnss_track_take(&w->track, &own);
	w->last = own;
	w->heard_ns = now_mono;
	w->last_at_ns = own.mode >= GNSS_2D ? gnss_track_when(&w->track, &own, now, now_mono)
	                                    : GNSS_NO_STAMP;
	if (!good(w, &own, w->last_at_ns))
		return;
	remember(w, &own, w->last_at_ns);
	if (w->o.surveyed.source == PLACE_SURVEYED && !w->o.survey)
		turn(w, &own, w->last_at_ns);
}

const struct place_fix *place_near(const struct whereabouts *w, int64_t mono_ns)
{
	const struct place_fix *best = NULL;

	for (size_t i = 0; i < w->count; i++) {
		const struct place_fix *each = &w->good[i];
		int64_t away = llabs(mono_ns - each->at_ns);

		if (away <= w->o.age_ns && (!best || away < llabs(mono_ns - best->at_ns)))
			best = each;
	}
	return best;
}

const char *place_word(const struct whereabouts *w, int64_t mono_ns)
{
	const struct place_fix *near = place_near(w, mono_ns);

	if (!w->o.gnss)
		return "none";
	if (near)
		return near->fix.mode >= GNSS_3D ? "3d" : "2d";
	if (!w->heard_ns || mono_ns - w->heard_ns > SILENT_NS)
		return "no_data";
	if (w->last.mode < GNSS_2D)
		return "no_fix";
	if (w->last.stamp_ns == GNSS_NO_STAMP)
		return "no_time";
	if (w->last_at_ns == GNSS_NO_STAMP)
		return "unproven";
	if (mono_ns - w->last_at_ns > w->o.age_ns)
		return "stale";
	return "poor";
}

/* To a grid of so many decimals; the accuracy takes in what that moves the point at most. */
static void round_place(struct place *p, int decimals)
{
	int32_t grid = 1;

	if (decimals >= ALL_DECIMALS)
		return;
	for (int i = decimals; i < ALL_DECIMALS; i++)
		grid *= 10;
	p->lat_e7 = (int32_t)lround((double)p->lat_e7 / grid) * grid;
	p->lon_e7 = (int32_t)lround((double)p->lon_e7 / grid) * grid;
	if (p->accuracy_m >= 0)
		p->accuracy_m += (int32_t)ceil(grid / 1e7 * DEGREE_M * M_SQRT1_2);
}

static void stamp_quality(const struct place_fix *near, struct record *r)
{
	const struct gnss_fix *f = &near->fix;

	record_set_int(r, FIELD_FIX_AGE_MS, (r->mono_ns - near->at_ns) / NS_PER_MS);
	if (f->satellites >= 0)
		record_set_int(r, FIELD_SATELLITES, f->satellites);
	record_set_real(r, FIELD_HDOP, f->hdop);
	record_set_real(r, FIELD_SPEED_MPS, f->speed_mps);
	record_set_real(r, FIELD_HEADING_DEG, f->heading_deg);
}

void place_stamp(const struct whereabouts *w, struct record *r)
{
	const struct place_fix *near;

	if (w->o.surveyed.source == PLACE_SURVEYED && !w->o.survey) {
		r->place = w->o.surveyed;
		round_place(&r->place, w->o.decimals);
		if (w->moved)
			record_set_text(r, FIELD_FIX, "moved");
		return;
	}
	if (!w->o.gnss && !w->o.survey)
		return;
	record_set_text(r, FIELD_FIX, place_word(w, r->mono_ns));
	near = place_near(w, r->mono_ns);
	if (!near)
		return;
	r->place = (struct place){ .lat_e7 = near->fix.lat_e7,
		.lon_e7 = near->fix.lon_e7,
		.accuracy_m =
			isnan(near->fix.accuracy_m) ? -1 : (int32_t)ceil(near->fix.accuracy_m),
		.source = PLACE_GNSS };
	round_place(&r->place, w->o.decimals);
	stamp_quality(near, r);
}

enum place_news place_news(struct whereabouts *w)
{
	enum place_news news = w->news;

	w->news = PLACE_STAYS;
	return news;
}
