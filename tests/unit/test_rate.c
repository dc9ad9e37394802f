/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../probes/core/clock.h"
#include "../../probes/rate.h"
#include <math.h>
#include <string.h>

static const double bounds[] = { 2.5e6, 5e6, 15e6, 40e6 };
#define TICK (50 * NS_PER_MS)

struct line {
	double bps;     /* when it has settled */
	double ramp_s;  /* doubling until then */
	double noise;   /* share of the rate, uniform, per tick */
	double burst_s; /* so long at twice the rate first */
	double growth;  /* share a second, for ever */
};

static uint64_t next_random(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return *x >> 33;
}

static void run(struct rate *r, const struct line *l, double seconds, uint64_t seed)
{
	double bytes = 0;

	rate_clear(r);
	for (int64_t t = 0; (double)t <= seconds * 1e9; t += TICK) {
		double s = (double)t / 1e9, bps = l->bps * (1 + l->growth * s);

		rate_add(r, t, (int64_t)bytes);
		if (s < l->ramp_s)
			bps *= exp2((s - l->ramp_s) / l->ramp_s * 5);
		else if (s < l->burst_s)
			bps *= 2;
		bps *= 1 + l->noise * ((double)(next_random(&seed) % 2001) / 1000 - 1);
		bytes += bps / 8 * TICK / 1e9;
	}
}

static void the_ramp_up_is_left_out(void **state)
{
	static const double rates[] = { 1e6, 5.5e6, 20e6, 95e6 };
	static struct rate r;
	struct rate_verdict v;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		run(&r, &(struct line){ .bps = rates[i], .ramp_s = 0.5 }, 3, 1);
		rate_judge(&r, bounds, 4, 40 * NS_PER_MS, &v);
		assert_true(fabs(v.bps - rates[i]) < 0.01 * rates[i]);
		assert_in_range(v.ramp_ns, 350 * NS_PER_MS, 900 * NS_PER_MS);
		assert_true(v.settled);
		assert_true(v.decided);
	}
}

static void the_burst_of_a_token_bucket_is_left_out(void **state)
{
	static struct rate r;
	struct rate_verdict v;

	(void)state;
	run(&r, &(struct line){ .bps = 10e6, .burst_s = 0.6 }, 3, 1);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_true(fabs(v.bps - 10e6) < 0.02 * 10e6);
}

static void a_rate_near_a_bound_stays_undecided(void **state)
{
	static struct rate r;
	struct rate_verdict v;

	(void)state;
	run(&r, &(struct line){ .bps = 4.95e6, .noise = 0.3 }, 3, 3);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_false(v.decided);
	assert_int_equal(v.confidence, RATE_LOW);
}

static void a_rate_that_still_grows_decides_only_the_top_class(void **state)
{
	static struct rate r;
	struct rate_verdict v;

	(void)state;
	run(&r, &(struct line){ .bps = 6e6, .growth = 1 }, 1, 1);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_false(v.settled);
	assert_false(v.decided);
	run(&r, &(struct line){ .bps = 60e6, .growth = 1 }, 1, 1);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_true(v.decided);
	assert_int_equal(v.rate_class, 4);
}

/* 2,000 runs over noisy lines that are stopped as soon as the class is decided. */
static void a_decided_class_is_right_in_99_of_100(void **state)
{
	static const double rates[] = { 0.5e6, 1.8e6, 3.5e6, 7e6, 12e6, 19e6, 30e6, 48e6, 80e6,
		4.2e6 };
	static struct rate whole, part;
	size_t wrong = 0, decided = 0;
	struct rate_verdict v;

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		double bps = rates[i % 10];
		size_t right = 0;

		while (right < 4 && bps >= bounds[right])
			right++;
		run(&whole, &(struct line){ .bps = bps, .ramp_s = 0.3, .noise = 0.5 }, 4,
			i * 7919 + 1);
		rate_clear(&part);
		for (size_t k = 0; k < whole.n; k++) {
			rate_add(&part, whole.point[k].at_ns, whole.point[k].bytes);
			rate_judge(&part, bounds, 4, 50 * NS_PER_MS, &v);
			if (!v.decided)
				continue;
			decided++;
			wrong += v.rate_class != right;
			break;
		}
	}
	assert_true(decided > 1900);
	assert_true(wrong * 100 <= decided);
}

static void nothing_and_little_are_no_rate(void **state)
{
	static struct rate r;
	struct rate_verdict v;

	(void)state;
	rate_clear(&r);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_true(v.bps == 0);
	assert_false(v.decided);
	rate_add(&r, 0, 0);
	rate_add(&r, 0, 5000);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_false(v.decided);
	rate_add(&r, TICK, 5000000);
	rate_judge(&r, bounds, 4, 0, &v);
	assert_false(v.decided);
	assert_true(v.bps > 0);
	for (int64_t t = 2; t < 100; t++)
		rate_add(&r, t * TICK, 5000000); /* stalled */
	rate_judge(&r, bounds, 4, 0, &v);
	assert_true(isfinite(v.bps));
	for (size_t i = 0; i < 2 * RATE_POINTS; i++)
		rate_add(&r, (int64_t)(100 + i) * TICK, 5000000);
	assert_int_equal(r.n, RATE_POINTS);
}

static void a_class_is_named_by_its_bounds(void **state)
{
	static const double shown[] = { 2.5, 5, 15, 40 };
	static const char *const want[] = { "<2.5", "2.5-5", "5-15", "15-40", ">=40" };
	char text[RATE_CLASS_TEXT];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(rate_class_text(shown, 4, i, text), want[i]);
	assert_string_equal(rate_class_text(shown, 0, 0, text), "any");
}

static void intervals_add_up_to_what_was_moved(void **state)
{
	static struct rate r;
	int64_t bps[64];
	double bytes = 0;
	size_t n;

	(void)state;
	run(&r, &(struct line){ .bps = 8e6, .noise = 0.2 }, 2, 1);
	n = rate_intervals(&r, 100 * NS_PER_MS, bps, 64);
	assert_int_equal(n, 20);
	for (size_t i = 0; i < n; i++)
		bytes += (double)bps[i] / 80;
	assert_true(fabs(bytes - (double)r.point[40].bytes) < 100);
	assert_int_equal(rate_intervals(&r, 100 * NS_PER_MS, bps, 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ramp_up_is_left_out),
		cmocka_unit_test(the_burst_of_a_token_bucket_is_left_out),
		cmocka_unit_test(a_rate_near_a_bound_stays_undecided),
		cmocka_unit_test(a_rate_that_still_grows_decides_only_the_top_class),
		cmocka_unit_test(a_decided_class_is_right_in_99_of_100),
		cmocka_unit_test(nothing_and_little_are_no_rate),
		cmocka_unit_test(a_class_is_named_by_its_bounds),
		cmocka_unit_test(intervals_add_up_to_what_was_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
