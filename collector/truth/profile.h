/* SPDX-License-Identifier: Apache-2.0 */
/* A rule profile: which technology is judged and by which thresholds.  Profiles are data
 * (config/profiles); each threshold names its source and how sure it is. */
#ifndef TRUTH_PROFILE_H
#define TRUTH_PROFILE_H

#include "../../probes/core/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* symbol, key, unit, least, most, needed, meaning */
#define PROFILE_THRESHOLDS(X) \
	X(WINDOW, "window_days", "days", 1, 400, true, "how far back evidence counts") \
	X(SILENT, "silent_after_h", "h", 1, 2400, true, \
		"silence longer than this is shown as silent") \
	X(MIN_N, "min_samples", "samples", 1, 1e6, true, \
		"ten-minute samples needed for any verdict") \
	X(MIN_DAYS, "min_days", "days", 1, 400, true, "days they must spread over") \
	X(MIN_PARTS, "min_day_parts", "parts", 1, 4, true, "of the four parts of the day") \
	X(NONE_SHARE, "no_signal_share", "share", 0, 0.5, true, \
		"no signal when served in at most this share of samples") \
	X(AVAILABILITY, "availability_share", "share", 0, 1, true, \
		"share of samples that must be available") \
	X(OUTAGE, "outage_most_h", "h", 0.1, 2400, false, "longest outage allowed") \
	X(RSRP, "rsrp_least_dbm", "dBm", -156, -31, false, \
		"a sample below this level is not available") \
	X(SINR, "sinr_median_least_db", "dB", -30, 40, false, "median SINR below this is weak") \
	X(DOWN_MEAN, "down_mean_mbps", "Mbit/s", 0.001, 1e5, false, "mean download needed") \
	X(DOWN_RATE, "down_rate_mbps", "Mbit/s", 0.001, 1e5, false, \
		"download that down_share of the tests must reach") \
	X(DOWN_SHARE, "down_share", "share", 0, 1, false, \
		"share of tests that must reach down_rate_mbps") \
	X(UP_MEAN, "up_mean_mbps", "Mbit/s", 0.001, 1e5, false, "mean upload needed") \
	X(RATE_N, "rate_min_tests", "tests", 1, 1e6, true, "tests needed before a rate is judged") \
	X(RATE_NEEDED, "rate_needed", "0 or 1", 0, 1, true, \
		"1: covered only when the rate was measured") \
	X(MARGIN, "hysteresis_share", "share", 0, 0.2, true, \
		"a status stays while its share is within this of the limit") \
	X(A_N, "grade_a_samples", "samples", 1, 1e6, true, "grade A needs this many samples") \
	X(A_DAYS, "grade_a_days", "days", 1, 400, true, "on this many days") \
	X(A_PROBES, "grade_a_probes", "probes", 1, 100, true, "of this many probes") \
	X(B_N, "grade_b_samples", "samples", 1, 1e6, true, "grade B needs this many samples") \
	X(B_DAYS, "grade_b_days", "days", 1, 400, true, "on this many days")

enum profile_threshold {
#define X(symbol, key, unit, least, most, needed, meaning) P_##symbol,
	PROFILE_THRESHOLDS(X)
#undef X
		P_COUNT
};

/* Only `confirmed` may be called what a regulation says. */
enum profile_basis { BASIS_CONFIRMED, BASIS_UNCONFIRMED, BASIS_OWN };
extern const char *const profile_basis_name[3]; /* "confirmed" "unconfirmed" "own" */

struct threshold {
	bool given;
	double value;
	uint8_t basis; /* enum profile_basis */
	char source[240];
};

#define PROFILE_NETWORKS 16

struct profile {
	char id[40], name_vi[160], name_en[160];
	char technology[16]; /* "4g": names the row in the status table */
	/* Networks with cells of their own: only when each of them has nothing has everybody nothing.
	 * None: all that the registry calls active. */
	uint32_t network[PROFILE_NETWORKS];
	size_t networks;
	uint32_t rats; /* 1 << RAT_LTE | ...: what counts as served */
	struct threshold t[P_COUNT];
	char hash[65]; /* SHA-256 of profile_canonical(), hex */
};

/* Every problem is a line in problems; -EINVAL when there are any. */
int profile_load(struct profile *out, const char *path, struct buf *problems) MUST_CHECK;
/* What conf.h cannot see: thresholds that contradict each other.  Sets the hash. */
int profile_seal(struct profile *p, struct buf *problems) MUST_CHECK;
void profile_canonical(
	struct buf *out, const struct profile *p); /* one setting a line, always the same order */

const char *profile_key(enum profile_threshold t);
const char *profile_unit(enum profile_threshold t);
double profile_value(
	const struct profile *p, enum profile_threshold t); /* 0 when it is not given */

#endif
