/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk or drive adds up to.  Pure. */
#ifndef AGENT_SURVEY_SUM_H
#define AGENT_SURVEY_SUM_H

#include "place.h"
#include "../probes/core/record.h"

enum survey_rat { SURVEY_GSM, SURVEY_WCDMA, SURVEY_LTE, SURVEY_NSA, SURVEY_SA, SURVEY_RATS };
extern const char *const survey_rat_name[SURVEY_RATS];

#define SURVEY_DBM_LEAST (-157)
#define SURVEY_DBM_BINS  128 /* of 1 dB */

struct survey_sum {
	uint64_t samples, placed; /* records of signal; of them with a place */
	uint64_t failed;          /* of them with an error: the modem was not read */
	uint64_t unserved;        /* of them read, with no cell that serves */
	uint64_t skipped;         /* seconds without a round because the one before was not over */
	double walked_m;
	bool has_from;
	struct place_fix from; /* where the distance is counted from */
	uint64_t rat[SURVEY_RATS];
	uint32_t level[SURVEY_RATS][SURVEY_DBM_BINS];
};

void survey_sum_take(struct survey_sum *s, const struct record *r);
/* The newest good fix, any number of times.  A receiver that stands still wanders: a step counts once it is longer than
 * the accuracy of the fix, and 10 m at least. */
void survey_sum_walk(struct survey_sum *s, const struct place_fix *f);
/* The level that counts for the technology in use, in dBm; false: there is none. */
bool survey_level(const struct record *r, enum survey_rat *rat, double *dbm);
/* Levels of a technology; false: none was told. */
struct survey_levels {
	uint64_t n;
	int least, median, most; /* dBm */
};
bool survey_levels(const struct survey_sum *s, enum survey_rat rat, struct survey_levels *out);

#endif
