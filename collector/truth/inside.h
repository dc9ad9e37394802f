/* SPDX-License-Identifier: Apache-2.0 */
/* What judge.c and reason.c share.  Private. */
#ifndef TRUTH_INSIDE_H
#define TRUTH_INSIDE_H

#include "../i18n.h"
#include "judge.h"
#include "wilson.h"

enum point_class {
	POINT_UNKNOWN,
	POINT_NONE,
	POINT_UNSTABLE,
	POINT_WEAK,
	POINT_OK
}; /* worse to better */

struct verdict { /* about one point */
	enum point_class class;
	const struct point_evidence *at; /* NULL: nothing is known */
	uint32_t plmn;
	uint32_t available;
	enum i18n_key why;   /* the threshold that decided */
	double value, limit; /* in that sentence */
	bool rate_unmeasured;
};

struct fill { /* a value for {name} */
	const char *name;
	const char *vi, *en; /* text, when vi is set */
	double number;
	int decimals;
};

/* Adds a sentence to both reasons. */
void reason_say(struct judgement *j, enum i18n_key key, const struct fill *fill, size_t n);
void reason_of_point(struct judgement *j, const struct judge_input *in, const struct verdict *v);
void reason_of_silence(struct judgement *j, const struct judge_input *in);

#endif
