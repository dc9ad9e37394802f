/* SPDX-License-Identifier: Apache-2.0 */
/* The count is cut into blocks of about a round trip, from its end backwards: shorter ones would follow
 * TCP's own rhythm.  The ramp-up ends with the first block near the median of the later half. */
#include "rate.h"
#include "core/clock.h"
#include "core/mem.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_LEAST_NS (50 * NS_PER_MS)
#define BLOCK_MOST_NS  (500 * NS_PER_MS)
#define BLOCK_PACKETS  16 /* fewer in a block, and their number jumps by too much */
#define PACKET_BITS    12000
#define BLOCKS         256
#define BLOCKS_NEEDED  4 /* in the steady part, before anything is decided */
#define NEAR_LOW \
	0.85 /* of the median: the ramp-up is over; above NEAR_HIGH is the burst of a token bucket */
#define NEAR_HIGH     1.25
#define STILL_GROWING 1.08 /* later half against earlier half */
#define UNSEEN        0.02 /* error that blocks cannot show: slow fading, shapers with long periods */

const char *const rate_confidence_name[] = { "low", "medium", "high" };

void rate_clear(struct rate *r)
{
	r->n = 0;
}

void rate_add(struct rate *r, int64_t at_ns, int64_t bytes)
{
	if (r->n < RATE_POINTS)
		r->point[r->n++] = (struct rate_point){ at_ns, bytes };
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *v, size_t n)
{
	double sorted[BLOCKS];

	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), by_size);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

struct blocks {
	size_t n;
	double bps[BLOCKS];  /* in order of time */
	size_t from[BLOCKS]; /* index of the point where each begins */
};

static double bps_between(const struct rate_point *a, const struct rate_point *b)
{
	return b->at_ns > a->at_ns
	               ? (double)(b->bytes - a->bytes) * 8e9 / (double)(b->at_ns - a->at_ns)
	               : 0;
}

static void cut(const struct rate *r, int64_t length, struct blocks *out)
{
	size_t end = r->n - 1, i = end;

	out->n = 0;
	while (i > 0 && out->n < BLOCKS) {
		i--;
		if (r->point[end].at_ns - r->point[i].at_ns < length)
			continue;
		out->bps[out->n] = bps_between(&r->point[i], &r->point[end]);
		out->from[out->n++] = i;
		end = i;
	}
	for (size_t a = 0, b = out->n; a + 1 < b; a++) {
		double bps = out->bps[a];
		size_t from = out->from[a];

		b--;
		out->bps[a] = out->bps[b];
		out->from[a] = out->from[b];
		out->bps[b] = bps;
		out->from[b] = from;
	}
}

/* The first block that counts. */
static size_t ramp_end(const struct blocks *b)
{
	double m = median(b->bps + b->n / 2, b->n - b->n / 2);
	size_t i = 0;

	while (i < b->n * 2 / 3 && (b->bps[i] < NEAR_LOW * m || b->bps[i] > NEAR_HIGH * m))
		i++;
	/* it may hold the last of the ramp-up */
	if (b->n - i > BLOCKS_NEEDED)
		i++;
	return i;
}

/* Two-sided quantiles of Student's t. */
static double student(size_t df, bool p99)
{
	static const double t95[] = { 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23 };
	static const double t99[] = { 63.66, 9.92, 5.84, 4.60, 4.03, 3.71, 3.50, 3.36, 3.25, 3.17 };

	if (!df)
		return INFINITY;
	if (df <= COUNT(t95))
		return p99 ? t99[df - 1] : t95[df - 1];
	/* Cornish-Fisher to the first order */
	return p99 ? 2.576 + 4.9 / (double)df : 1.96 + 2.4 / (double)df;
}

/* Standard error of the mean of v, widened for what neighbours have in common. */
static double standard_error(const double *v, size_t n)
{
	double mean = 0, square = 0, neighbours = 0, rho;

	for (size_t i = 0; i < n; i++)
		mean += v[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		square += (v[i] - mean) * (v[i] - mean);
		if (i)
			neighbours += (v[i] - mean) * (v[i - 1] - mean);
	}
	if (n < 2 || square <= 0)
		return 0;
	rho = neighbours / square;
	rho = rho < 0 ? 0 : rho > 0.7 ? 0.7 : rho;
	return sqrt(square / (double)(n - 1) / (double)n * (1 + rho) / (1 - rho));
}

static double mean_of(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return n ? sum / (double)n : 0;
}

static size_t class_of(double bps, const double *bounds, size_t n)
{
	size_t c = 0;

	while (c < n && bps >= bounds[c])
		c++;
	return c;
}

static bool within(const struct rate_verdict *v, double half, const double *bounds, size_t n)
{
	bool top = v->rate_class == n;

	half += UNSEEN * v->bps;
	/* a rate that still grows can only leave its class upwards */
	if (!v->settled && !top)
		return false;
	return class_of(v->bps - half, bounds, n) == v->rate_class &&
	       (top || class_of(v->bps + half, bounds, n) == v->rate_class);
}

static void judge_blocks(const struct rate *r, const struct blocks *b, struct rate_verdict *out)
{
	size_t first = ramp_end(b), n = b->n - first, half = n / 2, best = first;
	const struct rate_point *from = &r->point[b->from[first]], *to = &r->point[r->n - 1];
	double se = standard_error(b->bps + first, n);
	double early = mean_of(b->bps + first, half),
	       late = mean_of(b->bps + first + half, n - half);

	out->bps = bps_between(from, to);
	out->ramp_ns = from->at_ns - r->point[0].at_ns;
	out->steady_ns = to->at_ns - from->at_ns;
	if (n >= BLOCKS_NEEDED) {
		out->half95 = student(n - 1, false) * se;
		out->half99 = student(n - 1, true) * se;
		out->settled = late < STILL_GROWING * early;
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->bps[i] > b->bps[best])
			best = i;
	out->peak_ns = r->point[b->from[best]].at_ns - r->point[0].at_ns;
}

void rate_judge(const struct rate *r, const double *bounds_bps, size_t bounds, int64_t rtt_ns,
	struct rate_verdict *out)
{
	struct blocks b;
	int64_t length = rtt_ns < BLOCK_LEAST_NS  ? BLOCK_LEAST_NS
	                 : rtt_ns > BLOCK_MOST_NS ? BLOCK_MOST_NS
	                                          : rtt_ns;
	int64_t all, few;

	*out = (struct rate_verdict){ .half95 = INFINITY, .half99 = INFINITY };
	if (r->n < 2)
		return;
	all = r->point[r->n - 1].at_ns - r->point[0].at_ns;
	few = (int64_t)(BLOCK_PACKETS * PACKET_BITS * 1e9 /
			(bps_between(&r->point[0], &r->point[r->n - 1]) + 1));
	few = few > BLOCK_MOST_NS ? BLOCK_MOST_NS : few;
	if (length < few)
		length = few;
	/* a little less than the length: ticks are late by microseconds, never early */
	length -= length / 8;
	if (all / length > BLOCKS - 1)
		length = all / (BLOCKS - 1);
	cut(r, length, &b);
	if (b.n)
		judge_blocks(r, &b, out);
	else
		out->bps = bps_between(&r->point[0], &r->point[r->n - 1]);
	out->rate_class = class_of(out->bps, bounds_bps, bounds);
	out->decided = within(out, out->half99, bounds_bps, bounds);
	if (out->decided)
		out->confidence = RATE_HIGH;
	else if (within(out, out->half95, bounds_bps, bounds))
		out->confidence = RATE_MEDIUM;
}

char *rate_class_text(const double *bounds, size_t n, size_t rate_class, char out[RATE_CLASS_TEXT])
{
	if (!n)
		snprintf(out, RATE_CLASS_TEXT, "any");
	else if (rate_class == 0)
		snprintf(out, RATE_CLASS_TEXT, "<%g", bounds[0]);
	else if (rate_class >= n)
		snprintf(out, RATE_CLASS_TEXT, ">=%g", bounds[n - 1]);
	else
		snprintf(out, RATE_CLASS_TEXT, "%g-%g", bounds[rate_class - 1], bounds[rate_class]);
	return out;
}

size_t rate_intervals(const struct rate *r, int64_t interval_ns, int64_t *bps, size_t room)
{
	size_t n = 0, from = 0;

	for (size_t i = 1; i < r->n && n < room; i++) {
		/* the tick nearest to the interval's end */
		if (r->point[i].at_ns - r->point[from].at_ns < interval_ns - interval_ns / 8)
			continue;
		bps[n++] = (int64_t)bps_between(&r->point[from], &r->point[i]);
		from = i;
	}
	return n;
}
