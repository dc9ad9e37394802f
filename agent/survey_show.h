/* SPDX-License-Identifier: Apache-2.0 */
/* The survey on a terminal: two lines that are kept up to date, or a line every ten seconds where there is no terminal. */
#ifndef AGENT_SURVEY_SHOW_H
#define AGENT_SURVEY_SHOW_H

#include "survey_sum.h"
#include <stdio.h>

struct survey_view {
	const struct survey_sum *sum;
	const struct record *signal;  /* the newest; NULL: none yet */
	const struct record *latency; /* NULL: none, or none yet */
	const char *fix;              /* place_word() now */
	const struct place_fix *near; /* now; or NULL */
	const char *problem;          /* of the receiver, "" none */
	uint64_t lost;                /* records that the journal could not keep */
	int64_t seconds;              /* since the beginning */
	bool vietnamese;
};

#define SURVEY_BAR 20 /* cells */
/* -140 dBm is an empty bar and -60 a full one; out has room for SURVEY_BAR characters of three bytes. */
void survey_bar(double dbm, char out[3 * SURVEY_BAR + 1]);
/* On a terminal over what was written the time before, once something was. */
void survey_show(FILE *out, const struct survey_view *v, bool terminal, bool again);
void survey_summary(FILE *out, const struct survey_view *v);

#endif
