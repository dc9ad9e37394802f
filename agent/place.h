/* SPDX-License-Identifier: Apache-2.0 */
/* Where a record was measured.  A place that somebody surveyed wins, and GNSS says when the probe is not there;
 * without one the place is the fix of GNSS, if it is good and fresh, else there is none.  On a survey the fix is the
 * place, whatever was surveyed.  Nothing outlives the process.  Pure: what it knows it was told, time included. */
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include "../config/conf.h"
#include "../probes/core/record.h"
#include "gnss_fix.h"

struct place_options {
	struct place surveyed; /* PLACE_NONE: none */
	bool gnss;             /* there is a receiver */
	bool survey;
	/* a fix that is worse is none */
	uint8_t mode_least; /* enum gnss_mode */
	double accuracy_m;  /* most; one that does not tell its accuracy is none, but on a survey */
	int satellites;     /* least, where the receiver tells them */
	int64_t age_ns;     /* from the fix to the measurement, either way */
	double moved_m;     /* further from the surveyed place than this and both accuracies ... */
	int64_t moved_ns; /* ... for so long: moved; so long within it and the surveyed place's accuracy: back */
	int decimals; /* of degrees that are told; 7 all */
};
/* Sections place and gnss. */
void place_settings(const struct conf *c, bool survey, struct place_options *out);
struct place place_of(const struct settings *s); /* PLACE_NONE when no place is configured */

#define PLACE_FIXES 16 /* remembered, so that a long measurement gets the place where it began */

struct place_fix {
	struct gnss_fix fix;
	int64_t at_ns; /* clock_mono() at which it was true */
};

enum place_news { PLACE_STAYS, PLACE_MOVED, PLACE_BACK };

struct whereabouts {
	struct place_options o;
	struct gnss_track track;
	struct place_fix good[PLACE_FIXES]; /* a ring of those that pass the gates */
	size_t count, next;
	int64_t heard_ns;     /* when the receiver last said anything of a fix; 0 never */
	struct gnss_fix last; /* what it said, whatever it is worth */
	int64_t last_at_ns;   /* GNSS_NO_STAMP unknown */
	bool moved;
	int64_t turning_since_ns,
		turning_last_ns; /* fixes speak for the other side since; 0: they do not */
	double distance_m;       /* of the newest good fix from the surveyed place; NAN */
	enum place_news news;
};

void place_begin(struct whereabouts *w, const struct place_options *o);
/* now: as for gnss_track_when(), at now_mono, which is clock_mono() of this moment. */
void place_told(struct whereabouts *w, const struct gnss_fix *f, const struct clock_state *now,
	int64_t now_mono);

/* The good fix nearest to a moment, NULL: none within the limit of age. */
const struct place_fix *place_near(const struct whereabouts *w, int64_t mono_ns);
/* Of GNSS at that moment, as FIELD_FIX: 2d 3d none no_data no_fix no_time unproven stale poor. */
const char *place_word(const struct whereabouts *w, int64_t mono_ns);
/* Sets place, and the fields that tell how good it is, as of r->mono_ns. */
void place_stamp(const struct whereabouts *w, struct record *r);
/* Once after each change, then PLACE_STAYS. */
enum place_news place_news(struct whereabouts *w);

double place_distance_m(int32_t lat_a_e7, int32_t lon_a_e7, int32_t lat_b_e7, int32_t lon_b_e7);

#endif
