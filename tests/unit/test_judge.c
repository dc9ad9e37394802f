/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "probes/core/clock.h"
#include "tests/unit/truth_fixture.h"

#define SERVED_WELL \
	{ \
		28, 24, SLOT_SERVED, -95, 12, 1, 20 \
	}

static const struct judge_operator operators[] = { { MOBIFONE, "MobiFone" },
	{ VINAPHONE, "VinaPhone" }, { VIETTEL, "Viettel" } };

static struct judge_input input(const struct profile *p, const struct point_evidence *at, size_t n)
{
	int64_t as_of = (FIRST_DAY + 28LL) * 86400 * NS_PER_S;
	int64_t last = UTC_UNKNOWN;

	for (size_t i = 0; i < n; i++)
		if (at[i].e.n && (at[i].e.last_slot + 1) * SLOT_S * NS_PER_S > last)
			last = (at[i].e.last_slot + 1) * SLOT_S * NS_PER_S;
	return (struct judge_input){ .profile = p,
		.at = at,
		.n = n,
		.operators = operators,
		.operator_count = 3,
		.probes = 1,
		.as_of_ns = as_of,
		.last_usable_ns = last };
}

static void each_status_comes_from_its_evidence(void **state)
{
	static const struct {
		const char *what;
		struct fixture_days part[2];
		enum truth_status status;
		char grade;
	} cases[] = {
		{ "good", { SERVED_WELL }, TRUTH_COVERED, 'B' },
		{ "good, SINR only", { { 28, 24, SLOT_SERVED, -95, 12, 0, 0 } }, TRUTH_COVERED,
			'B' },
		{ "good, a transfer only", { { 28, 24, SLOT_SERVED, -95, 99, 1, 20 } },
			TRUTH_COVERED, 'B' },
		{ "a strong RSRP and nothing else", { { 28, 24, SLOT_SERVED, -60, 99, 0, 0 } },
			TRUTH_UNMEASURED, '-' },
		{ "a strong RSRP, disturbed", { { 28, 24, SLOT_SERVED, -60, -9, 1, 20 } },
			TRUTH_WEAK, 'B' },
		{ "below the level", { { 28, 24, SLOT_SERVED, -124, 3, 0, 0 } }, TRUTH_WEAK, 'B' },
		{ "slow", { { 28, 24, SLOT_SERVED, -95, 12, 1, 2 } }, TRUTH_WEAK, 'B' },
		{ "slow, but too few tests",
			{ { 9, 24, SLOT_SERVED, -95, 12, 1, 2 },
				{ 19, 24, SLOT_SERVED, -95, 12, 0, 0 } },
			TRUTH_COVERED, 'B' },
		{ "no service", { { 28, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 } }, TRUTH_NO_SIGNAL,
			'B' },
		{ "no service, few",
			{ { 5, 6, SLOT_NO_SERVICE, 0, 99, 0, 0 }, { 23, 0, 0, 0, 99, 0, 0 } },
			TRUTH_NO_SIGNAL, 'C' },
		{ "no service, 29 samples",
			{ { 5, 5, SLOT_NO_SERVICE, 0, 99, 0, 0 },
				{ 1, 4, SLOT_NO_SERVICE, 0, 99, 0, 0 } },
			TRUTH_UNMEASURED, '-' },
		{ "no service on four days", { { 4, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 } },
			TRUTH_UNMEASURED, '-' },
		{ "no service in two parts of the day", { { 28, 2, SLOT_NO_SERVICE, 0, 99, 0, 0 } },
			TRUTH_UNMEASURED, '-' },
		{ "emergency only", { { 28, 24, SLOT_LIMITED, 0, 99, 0, 0 } }, TRUTH_NO_SIGNAL,
			'B' },
		{ "2G only", { { 28, 24, SLOT_OTHER, 0, 99, 0, 0 } }, TRUTH_NO_SIGNAL, 'B' },
		{ "half of the days",
			{ { 14, 24, SLOT_SERVED, -95, 12, 1, 20 },
				{ 14, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 } },
			TRUTH_UNSTABLE, 'B' },
		{ "one long outage",
			{ { 27, 144, SLOT_SERVED, -95, 12, 1, 20 },
				{ 1, 143, SLOT_NO_SERVICE, 0, 99, 0, 0 } },
			TRUTH_COVERED, 'B' },
		{ "one outage of two days",
			{ { 60, 144, SLOT_SERVED, -95, 12, 1, 20 },
				{ 2, 144, SLOT_NO_SERVICE, 0, 99, 0, 0 } },
			TRUTH_UNSTABLE, 'B' },
		{ "registered, no internet", { { 28, 24, SLOT_NO_DATA, -95, 12, 0, 0 } },
			TRUTH_UNSTABLE, 'B' },
		{ "nothing", { { .days = 0 } }, TRUTH_UNMEASURED, '-' },
	};
	struct profile p = fixture_profile();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct point_evidence at = { "", "", VIETTEL, { .n = 0 } };
		struct judge_input in;
		struct judgement j;

		fixture_add(&at.e, FIRST_DAY, &cases[i].part[0]);
		fixture_add(&at.e, FIRST_DAY + (int32_t)cases[i].part[0].days, &cases[i].part[1]);
		in = input(&p, &at, 1);
		in.as_of_ns = at.e.n ? in.last_usable_ns : in.as_of_ns;
		judge(&j, &in, VIETTEL);
		if (j.status != cases[i].status || j.grade != cases[i].grade)
			fail_msg("%s: %s %c: %s", cases[i].what, truth_status_name[j.status],
				j.grade, j.reason_en);
		assert_true(*j.reason_vi && *j.reason_en);
		assert_null(strchr(j.reason_vi, '{'));
		assert_null(strchr(j.reason_en, '{'));
		assert_true(j.low <= j.share && j.share <= j.high);
	}
}

static void silence_is_never_no_signal(void **state)
{
	struct profile p = fixture_profile();

	(void)state;
	for (int cause = CAUSE_NONE; cause < TRUTH_CAUSES; cause++) {
		struct point_evidence at = { "", "", VIETTEL, { .n = 0 } };
		struct judge_input in;
		struct judgement j;

		/* it measured well for ten days, then nothing came for eighteen */
		fixture_add(&at.e, FIRST_DAY,
			&(struct fixture_days){ 10, 24, SLOT_SERVED, -95, 12, 1, 20 });
		in = input(&p, &at, 1);
		in.cause = (enum truth_cause)cause;
		for (uint32_t plmn = 0; plmn <= VIETTEL; plmn += VIETTEL) {
			judge(&j, &in, plmn);
			assert_int_equal(j.status, TRUTH_SILENT);
			assert_int_equal(j.before, TRUTH_COVERED);
			assert_int_equal(j.cause, cause == CAUSE_NONE ? CAUSE_UNKNOWN : cause);
			assert_int_equal(j.grade, '-');
		}
		/* and one that never measured anything stays unmeasured */
		at.e = (struct evidence){ 0 };
		in.last_usable_ns = UTC_UNKNOWN;
		judge(&j, &in, 0);
		assert_int_equal(j.status, TRUTH_UNMEASURED);
	}
}

static void a_silent_hamlet_keeps_what_was_measured_before(void **state)
{
	struct profile p = fixture_profile();
	struct point_evidence at = { "", "", VIETTEL, { .n = 0 } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	fixture_add(
		&at.e, FIRST_DAY, &(struct fixture_days){ 10, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 });
	in = input(&p, &at, 1);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_SILENT);
	assert_int_equal(j.before, TRUTH_NO_SIGNAL);
	assert_non_null(strstr(j.reason_vi, "Trước đó: trắng sóng"));
	in.as_of_ns = in.last_usable_ns + 47 * 3600 * NS_PER_S;
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_NO_SIGNAL);
}

static void one_operator_without_signal_does_not_speak_for_all(void **state)
{
	const struct fixture_days limited = { 28, 24, SLOT_LIMITED, 0, 99, 0, 0 },
				  none = { 28, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 };
	struct profile p = fixture_profile();
	struct point_evidence at[4] = { { "", "", VIETTEL, { .n = 0 } }, { "", "", 0, { .n = 0 } },
		{ "", "", MOBIFONE, { .n = 0 } }, { "", "", VINAPHONE, { .n = 0 } } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	fixture_add(&at[0].e, FIRST_DAY, &limited);
	fixture_add(&at[1].e, FIRST_DAY, &limited);
	in = input(&p, at, 2);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_NO_SIGNAL);
	judge(&j, &in, 0);
	assert_int_equal(j.status, TRUTH_UNMEASURED);
	assert_non_null(strstr(j.reason_en, "MobiFone, VinaPhone"));
	/* each of them measured: then it does */
	fixture_add(&at[2].e, FIRST_DAY, &limited);
	fixture_add(&at[3].e, FIRST_DAY, &limited);
	in = input(&p, at, 4);
	judge(&j, &in, 0);
	assert_int_equal(j.status, TRUTH_NO_SIGNAL);
	/* a modem that finds no cell at all speaks for everybody */
	at[0].e = at[1].e = (struct evidence){ 0 };
	fixture_add(&at[0].e, FIRST_DAY, &none);
	fixture_add(&at[1].e, FIRST_DAY, &none);
	in = input(&p, at, 2);
	judge(&j, &in, 0);
	assert_int_equal(j.status, TRUTH_NO_SIGNAL);
	/* unless a survey saw somebody's cells */
	in.seen = true;
	judge(&j, &in, 0);
	assert_int_equal(j.status, TRUTH_UNMEASURED);
}

static void the_best_operator_counts_for_all(void **state)
{
	struct profile p = fixture_profile();
	struct point_evidence at[2] = { { "", "", MOBIFONE, { .n = 0 } },
		{ "", "", VIETTEL, { .n = 0 } } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	fixture_add(&at[0].e, FIRST_DAY,
		&(struct fixture_days){ 28, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 });
	fixture_add(&at[1].e, FIRST_DAY, &(struct fixture_days)SERVED_WELL);
	in = input(&p, at, 2);
	judge(&j, &in, 0);
	assert_int_equal(j.status, TRUTH_COVERED);
	assert_int_equal(j.best, VIETTEL);
	assert_non_null(strstr(j.reason_en, "Viettel"));
}

static void a_dip_is_a_served_centre_and_a_cluster_without(void **state)
{
	struct profile p = fixture_profile();
	struct point_evidence at[2] = { { "", "", VIETTEL, { .n = 0 } },
		{ "c1", "Xóm Đồi", VIETTEL, { .n = 0 } } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	fixture_add(&at[0].e, FIRST_DAY, &(struct fixture_days)SERVED_WELL);
	fixture_add(&at[1].e, FIRST_DAY,
		&(struct fixture_days){ 28, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 });
	in = input(&p, at, 2);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_PARTIAL);
	assert_non_null(strstr(j.reason_vi, "Xóm Đồi"));
	/* the centre decides: without it nothing is partial */
	at[0].e = (struct evidence){ 0 };
	in = input(&p, at, 2);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_UNMEASURED);
	/* no signal in the centre is no signal, and the cluster that is served is named */
	at[0].e = at[1].e = (struct evidence){ 0 };
	fixture_add(&at[1].e, FIRST_DAY, &(struct fixture_days)SERVED_WELL);
	fixture_add(&at[0].e, FIRST_DAY,
		&(struct fixture_days){ 28, 24, SLOT_NO_SERVICE, 0, 99, 0, 0 });
	in = input(&p, at, 2);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_NO_SIGNAL);
	assert_non_null(strstr(j.reason_en, "Xóm Đồi"));
}

static void a_status_near_its_limit_stays(void **state)
{
	struct profile p = fixture_profile();
	struct point_evidence at = { "", "", VIETTEL, { .n = 0 } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	/* 94.4 % served; the limit is 95 % and the margin one point */
	for (int32_t d = 0; d < 28; d++) {
		struct evidence_day day = { .day = FIRST_DAY + d };

		for (unsigned s = 0; s < 18; s++)
			slot_set(day.slots[s ? SLOT_SERVED : SLOT_NO_SERVICE], s * 8);
		day.levels.sinr[sinr_bin(100)] = 17;
		evidence_add(&at.e, &day);
	}
	in = input(&p, &at, 1);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_UNSTABLE);
	judge_after(&j, &in, VIETTEL, TRUTH_COVERED);
	assert_int_equal(j.status, TRUTH_COVERED);
	judge_after(&j, &in, VIETTEL, TRUTH_WEAK);
	assert_int_equal(j.status, TRUTH_UNSTABLE);
	judge_after(&j, &in, VIETTEL, TRUTH_SILENT);
	assert_int_equal(j.status, TRUTH_UNSTABLE);
}

static void a_rate_that_the_profile_needs_must_be_measured(void **state)
{
	struct profile p = fixture_profile();
	struct point_evidence at = { "", "", VIETTEL, { .n = 0 } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	fixture_threshold(&p, P_RATE_NEEDED, 1);
	fixture_add(&at.e, FIRST_DAY, &(struct fixture_days){ 28, 24, SLOT_SERVED, -95, 12, 0, 0 });
	in = input(&p, &at, 1);
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_UNMEASURED);
	fixture_threshold(&p, P_DOWN_MEAN, 100);
	at.e = (struct evidence){ 0 };
	fixture_add(
		&at.e, FIRST_DAY, &(struct fixture_days){ 28, 24, SLOT_SERVED, -95, 12, 1, 90 });
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.status, TRUTH_WEAK);
	assert_non_null(strstr(j.reason_vi, "90,0 Mbit/s"));
}

static void grade_a_needs_two_probes(void **state)
{
	struct profile p = fixture_profile();
	struct point_evidence at = { "", "", VIETTEL, { .n = 0 } };
	struct judge_input in;
	struct judgement j;

	(void)state;
	fixture_add(&at.e, FIRST_DAY, &(struct fixture_days)SERVED_WELL);
	in = input(&p, &at, 1);
	in.probes = 2;
	in.simulated = true;
	judge(&j, &in, VIETTEL);
	assert_int_equal(j.grade, 'A');
	assert_non_null(strstr(j.reason_vi, "mô phỏng"));
}

static void an_outage_ends_where_nobody_looked(void **state)
{
	struct evidence e = { 0 };
	struct evidence_day day = { .day = FIRST_DAY };

	(void)state;
	slot_set(day.slots[SLOT_NO_SERVICE], 0);
	slot_set(day.slots[SLOT_NO_SERVICE], 6); /* an hour later: the same outage */
	slot_set(day.slots[SLOT_NO_SERVICE], 20);
	evidence_add(&e, &day);
	assert_int_equal(e.longest_slots, 7);
	day = (struct evidence_day){ .day = FIRST_DAY + 1 };
	for (unsigned s = 0; s < SLOTS_DAY; s++)
		slot_set(day.slots[SLOT_LIMITED], s);
	evidence_add(&e, &day);
	day.day++;
	evidence_add(&e, &day);
	assert_int_equal(e.longest_slots, 288); /* across midnight */
}

static void bins_keep_their_edges(void **state)
{
	(void)state;
	assert_int_equal(rsrp_of(rsrp_bin(-1210)), -121);
	assert_int_equal(rsrp_of(rsrp_bin(-1215)), -122);
	assert_int_equal(rsrp_bin(-32768), 0);
	assert_int_equal(sinr_of(sinr_bin(-35)), -4);
	assert_int_equal(rate_bin(0), 0);
	assert_int_equal(rate_bin(1e6), 120);
	assert_int_equal(rate_bin(1e99), RATE_BINS - 1);
	assert_true(rate_of(rate_bin(5e6)) <= 5e6 && rate_of(rate_bin(5e6) + 1) > 5e6);
	assert_int_equal(rtt_bin(1e5), 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_status_comes_from_its_evidence),
		cmocka_unit_test(silence_is_never_no_signal),
		cmocka_unit_test(a_silent_hamlet_keeps_what_was_measured_before),
		cmocka_unit_test(one_operator_without_signal_does_not_speak_for_all),
		cmocka_unit_test(the_best_operator_counts_for_all),
		cmocka_unit_test(a_dip_is_a_served_centre_and_a_cluster_without),
		cmocka_unit_test(a_status_near_its_limit_stays),
		cmocka_unit_test(a_rate_that_the_profile_needs_must_be_measured),
		cmocka_unit_test(grade_a_needs_two_probes),
		cmocka_unit_test(an_outage_ends_where_nobody_looked),
		cmocka_unit_test(bins_keep_their_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
