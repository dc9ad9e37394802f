/* SPDX-License-Identifier: Apache-2.0 */
/* A profile and evidence made by hand, for the tests of the truth. */
#ifndef TESTS_TRUTH_FIXTURE_H
#define TESTS_TRUTH_FIXTURE_H

#include "collector/store/store.h"
#include "collector/truth/judge.h"

#include <stdio.h>
#include <string.h>

#define FIRST_DAY 20700
#define VIETTEL   45204u
#define MOBIFONE  45201u
#define VINAPHONE 45202u

static inline void fixture_threshold(struct profile *p, enum profile_threshold t, double value)
{
	p->t[t] = (struct threshold){ .given = true, .value = value, .basis = BASIS_OWN };
	snprintf(p->t[t].source, sizeof(p->t[t].source), "test");
}

static inline struct profile fixture_profile(void)
{
	static const struct {
		enum profile_threshold t;
		double value;
	} values[] = {
		{ P_WINDOW, 28 },
		{ P_SILENT, 48 },
		{ P_MIN_N, 30 },
		{ P_MIN_DAYS, 5 },
		{ P_MIN_PARTS, 3 },
		{ P_NONE_SHARE, 0.05 },
		{ P_AVAILABILITY, 0.95 },
		{ P_OUTAGE, 24 },
		{ P_RSRP, -121 },
		{ P_SINR, -3 },
		{ P_DOWN_RATE, 5 },
		{ P_DOWN_SHARE, 0.95 },
		{ P_RATE_N, 10 },
		{ P_RATE_NEEDED, 0 },
		{ P_MARGIN, 0.01 },
		{ P_A_N, 300 },
		{ P_A_DAYS, 14 },
		{ P_A_PROBES, 2 },
		{ P_B_N, 100 },
		{ P_B_DAYS, 7 },
	};
	struct profile p = { .id = "test-4g",
		.name_vi = "thử",
		.name_en = "test",
		.technology = "4g",
		.rats = 1u << RAT_LTE | 1u << RAT_NR_NSA | 1u << RAT_NR_SA };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fixture_threshold(&p, values[i].t, values[i].value);
	return p;
}

/* days days with `each` samples of a set, spread over the day, the levels with them */
struct fixture_days {
	unsigned days, each;
	enum slot_set set;
	int rsrp_dbm; /* 0: none */
	int sinr_db;  /* 99: none */
	unsigned downs;
	double down_mbps;
};

static inline void fixture_add(struct evidence *e, int32_t first, const struct fixture_days *f)
{
	for (unsigned d = 0; d < f->days; d++) {
		struct evidence_day day = { .day = first + (int32_t)d };

		for (unsigned i = 0; i < f->each; i++) {
			slot_set(day.slots[f->set], i * SLOTS_DAY / f->each);
			if (f->rsrp_dbm)
				day.levels.rsrp[rsrp_bin(10 * f->rsrp_dbm)]++;
			if (f->set == SLOT_SERVED && f->sinr_db != 99)
				day.levels.sinr[sinr_bin(10 * f->sinr_db)]++;
		}
		for (unsigned i = 0; i < f->downs; i++) {
			day.levels.down[rate_bin(f->down_mbps * 1e6)]++;
			day.levels.down_n++;
			day.levels.data_ok++;
			day.levels.down_sum_bps += f->down_mbps * 1e6;
		}
		evidence_add(e, &day);
	}
}

#endif
