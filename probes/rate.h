/* SPDX-License-Identifier: Apache-2.0 */
/* From a growing count of bytes to a rate: finds the ramp-up and leaves it out, says how sure the rate
 * is and whether its class is decided.  Pure: no clock, no socket. */
#ifndef PROBES_RATE_H
#define PROBES_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_POINTS 640 /* 30 s at 50 ms and some */
#define RATE_BOUNDS 16

struct rate {
	size_t n;
	struct rate_point {
		int64_t at_ns, bytes; /* bytes: all that were moved until then */
	} point[RATE_POINTS];
};

void rate_clear(struct rate *r);
/* Both grow, or stay; a point beyond RATE_POINTS is dropped. */
void rate_add(struct rate *r, int64_t at_ns, int64_t bytes);

enum rate_confidence { RATE_LOW, RATE_MEDIUM, RATE_HIGH };
extern const char *const rate_confidence_name[]; /* "low" "medium" "high" */

struct rate_verdict {
	double bps; /* after the ramp-up; 0 when nothing moved */
	double half95,
		half99; /* half width of its intervals, bit/s; infinite when there are too few blocks */
	int64_t ramp_ns;   /* from the first point to where counting began */
	int64_t steady_ns; /* counted */
	bool settled;      /* it has stopped growing */
	size_t rate_class; /* 0: below the first bound, ... */
	bool decided;      /* rate_class will not change any more, by a 99 % interval */
	enum rate_confidence confidence; /* in rate_class */
	int64_t peak_ns;                 /* when the rate was highest, from the first point */
};

/* bounds_bps grow; rtt_ns is the round trip of the path, 0 unknown: nothing is decided within a few of them. */
void rate_judge(const struct rate *r, const double *bounds_bps, size_t bounds, int64_t rtt_ns,
	struct rate_verdict *out);

/* "<2.5" "2.5-5" ">=40": bounds in the unit they are to be shown in.  Returns out. */
#define RATE_CLASS_TEXT 48
char *rate_class_text(const double *bounds, size_t n, size_t rate_class, char out[RATE_CLASS_TEXT]);

/* Rates of consecutive intervals of interval_ns, at most room of them; returns how many. */
size_t rate_intervals(const struct rate *r, int64_t interval_ns, int64_t *bps, size_t room);

#endif
