/* SPDX-License-Identifier: Apache-2.0 */
/* How strong a signal is, in a word: for aiming an antenna, never for judging a hamlet. */
#ifndef AGENT_LEVEL_H
#define AGENT_LEVEL_H

#include "words.h"
#include "../probes/core/record.h"

struct level {
	enum field
		field; /* RSRP, NR_RSRP, RSCP, RXLEV or RSSI: what counts for the technology in use */
	double dbm;
	unsigned grade;    /* 0 very poor .. 4 very good */
	double fair, good; /* the bounds of grade 2 and 3, dBm */
	double share;      /* 0 .. 1 on a scale from just below grade 1 to just above grade 4 */
};

/* False: the record tells no level. */
bool level_of(const struct record *r, struct level *out);
enum word level_word(unsigned grade);
#define LEVEL_WEAK 2 /* grades below are weak */
/* Where the bounds are from, with the two that matter. */
char *level_source(char *out, size_t room, bool vi, const struct level *l);

#endif
