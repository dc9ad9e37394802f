/* SPDX-License-Identifier: Apache-2.0 */
#include "survey_sum.h"
#include <math.h>
#include <string.h>

#define STEP_LEAST_M 10.0
#define SPEED_MOST   100.0 /* m/s: more is a fix that jumped, not a road */

const char *const survey_rat_name[SURVEY_RATS] = { "GSM", "WCDMA", "LTE", "NR5G-NSA", "NR5G-SA" };

bool survey_level(const struct record *r, enum survey_rat *rat, double *dbm)
{
	static const enum field levels[SURVEY_RATS] = { FIELD_RXLEV, FIELD_RSCP, FIELD_RSRP,
		FIELD_RSRP, FIELD_RSRP };
	const char *name = record_text(r, FIELD_RAT);

	for (int i = 0; name && i < SURVEY_RATS; i++) {
		if (strcmp(name, survey_rat_name[i]))
			continue;
		*rat = (enum survey_rat)i;
		*dbm = record_real(r, levels[i], NAN);
		return !isnan(*dbm);
	}
	return false;
}

void survey_sum_take(struct survey_sum *s, const struct record *r)
{
	enum survey_rat rat;
	double dbm;
	long bin;

	if (r->kind != RECORD_SIGNAL)
		return;
	s->samples++;
	s->placed += r->place.source != PLACE_NONE;
	if (record_has(r, FIELD_ERROR)) {
		s->failed++;
		return;
	}
	if (!record_has(r, FIELD_RAT)) {
		s->unserved++;
		return;
	}
	if (!survey_level(r, &rat, &dbm))
		return;
	s->rat[rat]++;
	bin = lround(dbm) - SURVEY_DBM_LEAST;
	bin = bin < 0 ? 0 : bin >= SURVEY_DBM_BINS ? SURVEY_DBM_BINS - 1 : bin;
	s->level[rat][bin]++;
}

void survey_sum_walk(struct survey_sum *s, const struct place_fix *f)
{
	double step, least = STEP_LEAST_M;

	if (s->has_from && f->at_ns <= s->from.at_ns)
		return;
	if (!isnan(f->fix.accuracy_m) && f->fix.accuracy_m > least)
		least = f->fix.accuracy_m;
	if (s->has_from) {
		step = place_distance_m(
			s->from.fix.lat_e7, s->from.fix.lon_e7, f->fix.lat_e7, f->fix.lon_e7);
		if (step < least)
			return;
		if (step <= SPEED_MOST * (double)(f->at_ns - s->from.at_ns) / NS_PER_S)
			s->walked_m += step;
	}
	s->from = *f;
	s->has_from = true;
}

bool survey_levels(const struct survey_sum *s, enum survey_rat rat, struct survey_levels *out)
{
	uint64_t seen = 0;
	bool any = false, half = false;

	out->n = s->rat[rat];
	for (int i = 0; i < SURVEY_DBM_BINS; i++) {
		if (!s->level[rat][i])
			continue;
		seen += s->level[rat][i];
		if (!any)
			out->least = i + SURVEY_DBM_LEAST;
		any = true;
		if (!half && seen * 2 >= out->n)
			out->median = i + SURVEY_DBM_LEAST;
		half = seen * 2 >= out->n;
		out->most = i + SURVEY_DBM_LEAST;
	}
	return any;
}
