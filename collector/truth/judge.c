/* SPDX-License-Identifier: Apache-2.0 */
/* From evidence to a status: first a class for each point and operator, then the hamlet from its
 * points, then what silence does to it. */
#include "inside.h"

#include "../../probes/core/clock.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const truth_status_name[TRUTH_STATUSES] = { "no_signal", "partial", "unstable", "weak",
	"covered", "unmeasured", "silent" };
const char *const truth_cause_name[TRUTH_CAUSES] = { "", "unknown", "power", "backhaul", "credit",
	"modem" };

int truth_status_from(const char *name)
{
	for (int i = 0; i < TRUTH_STATUSES; i++)
		if (!strcmp(name, truth_status_name[i]))
			return i;
	return -EINVAL;
}

static double share_of(uint32_t k, uint32_t n)
{
	return n ? (double)k / n : 0;
}

/* --- one point, one operator ------------------------------------------------------------------- */

static bool enough(const struct profile *p, uint32_t n, uint32_t days, uint8_t parts)
{
	return n >= profile_value(p, P_MIN_N) && days >= profile_value(p, P_MIN_DAYS) &&
	       evidence_parts(parts) >= profile_value(p, P_MIN_PARTS);
}

/* lack: the slots that say there is no broadband.  margin widens or narrows the limit. */
static bool nothing_there(
	const struct profile *p, const struct evidence *e, uint32_t lack, double margin)
{
	return enough(p, lack, e->bad_days, e->bad_parts) &&
	       share_of(e->n - lack, e->n) <= profile_value(p, P_NONE_SHARE) + margin;
}

static bool decide(
	struct verdict *v, enum point_class class, enum i18n_key why, double value, double limit)
{
	v->class = class;
	v->why = why;
	v->value = value;
	v->limit = limit;
	return true;
}

static bool rate_fails(
	struct verdict *v, const struct profile *p, const struct levels *l, double margin)
{
	uint32_t need = (uint32_t)profile_value(p, P_RATE_N), reached;
	double mean, share;

	if (p->t[P_DOWN_MEAN].given && l->down_n >= need) {
		mean = l->down_sum_bps / l->down_n / 1e6;
		if (mean < profile_value(p, P_DOWN_MEAN) * (1 - margin))
			return decide(v, POINT_WEAK, TR_WHY_WEAK_DOWN_MEAN, mean,
				profile_value(p, P_DOWN_MEAN));
	}
	if (p->t[P_DOWN_RATE].given && l->down_n >= need) {
		reached = histogram_count(
			l->down, rate_bin(profile_value(p, P_DOWN_RATE) * 1e6), RATE_BINS);
		share = share_of(reached, l->down_n);
		if (share < profile_value(p, P_DOWN_SHARE) - margin)
			return decide(v, POINT_WEAK, TR_WHY_WEAK_DOWN_SHARE, share,
				profile_value(p, P_DOWN_SHARE));
	}
	if (p->t[P_UP_MEAN].given && l->up_n >= need) {
		mean = l->up_sum_bps / l->up_n / 1e6;
		if (mean < profile_value(p, P_UP_MEAN) * (1 - margin))
			return decide(v, POINT_WEAK, TR_WHY_WEAK_UP_MEAN, mean,
				profile_value(p, P_UP_MEAN));
	}
	v->rate_unmeasured =
		((p->t[P_DOWN_MEAN].given || p->t[P_DOWN_RATE].given) && l->down_n < need) ||
		(p->t[P_UP_MEAN].given && l->up_n < need);
	return false;
}

static bool level_fails(
	struct verdict *v, const struct profile *p, const struct evidence *e, double margin)
{
	double limit = profile_value(p, P_AVAILABILITY);
	int median = histogram_median(e->levels.sinr, SINR_BINS);

	if (share_of(v->available, e->slots[SLOT_SERVED]) < limit - margin)
		return decide(v, POINT_WEAK, TR_WHY_WEAK_LEVEL,
			share_of(v->available, e->slots[SLOT_SERVED]), limit);
	if (p->t[P_SINR].given && median >= 0 &&
		sinr_of((unsigned)median) < profile_value(p, P_SINR))
		return decide(v, POINT_WEAK, TR_WHY_WEAK_SINR, sinr_of((unsigned)median),
			profile_value(p, P_SINR));
	return false;
}

/* margin > 0 makes it easier to be called good, < 0 harder. */
static void judge_point(
	struct verdict *v, const struct profile *p, const struct point_evidence *at, double margin)
{
	const struct evidence *e = &at->e;
	uint32_t served = e->slots[SLOT_SERVED];
	uint32_t lack = e->slots[SLOT_OTHER] + e->slots[SLOT_LIMITED] + e->slots[SLOT_NO_SERVICE];
	uint32_t below = p->t[P_RSRP].given ? evidence_below(e, profile_value(p, P_RSRP)) : 0;
	double limit = profile_value(p, P_AVAILABILITY);

	*v = (struct verdict){
		.class = POINT_UNKNOWN, .at = at, .plmn = at->plmn, .why = TR_WHY_TOO_FEW
	};
	v->available = served - (below < served ? below : served);
	if (nothing_there(p, e, lack, -margin)) {
		decide(v, POINT_NONE, TR_WHY_NONE, 0, 0);
		return;
	}
	if (!enough(p, e->n, e->days, e->parts))
		return;
	if (share_of(served, e->n) < limit - margin) {
		decide(v, POINT_UNSTABLE, TR_WHY_UNSTABLE_SHARE, share_of(served, e->n), limit);
		return;
	}
	if (p->t[P_OUTAGE].given && evidence_outage_h(e) > profile_value(p, P_OUTAGE)) {
		decide(v, POINT_UNSTABLE, TR_WHY_UNSTABLE_OUTAGE, evidence_outage_h(e),
			profile_value(p, P_OUTAGE));
		return;
	}
	if (level_fails(v, p, e, margin) || rate_fails(v, p, &e->levels, margin))
		return;
	/* a boosted reference signal looks strong and carries nothing */
	if (histogram_median(e->levels.sinr, SINR_BINS) < 0 && !e->levels.data_ok)
		decide(v, POINT_UNKNOWN, TR_WHY_RSRP_ALONE, 0, 0);
	else if (v->rate_unmeasured && profile_value(p, P_RATE_NEEDED) > 0)
		decide(v, POINT_UNKNOWN, TR_WHY_RATE_UNMEASURED, 0, 0);
	else
		decide(v, POINT_OK, TR_WHY_COVERED, share_of(v->available, e->n), limit);
}

/* --- one point, best of all ------------------------------------------------------------------------ */

static bool better(const struct verdict *a, const struct verdict *b)
{
	if (a->class != b->class)
		return a->class > b->class;
	if (!a->at || !b->at)
		return a->at && !b->at;
	return share_of(a->available, a->at->e.n) > share_of(b->available, b->at->e.n);
}

static bool all_operators_none(const struct judge_input *in, const char *point, double margin)
{
	struct verdict v;

	for (size_t o = 0; o < in->operator_count; o++) {
		bool none = false;

		for (size_t i = 0; i < in->n && !none; i++)
			if (in->at[i].plmn == in->operators[o].plmn &&
				!strcmp(in->at[i].point, point)) {
				judge_point(&v, in->profile, &in->at[i], margin);
				none = v.class == POINT_NONE;
			}
		if (!none)
			return false;
	}
	return in->operator_count > 0;
}

/* That one operator has nothing does not say that nobody has: that takes samples without any cell,
 * or a verdict about each operator. */
static void judge_anybody(
	struct verdict *v, const struct judge_input *in, const char *point, double margin)
{
	const struct point_evidence *everyone = NULL;
	struct verdict one;
	bool seen = in->seen && !*point;

	*v = (struct verdict){ .class = POINT_UNKNOWN, .why = TR_WHY_NEVER };
	for (size_t i = 0; i < in->n; i++) {
		if (strcmp(in->at[i].point, point))
			continue;
		if (!in->at[i].plmn) {
			everyone = &in->at[i];
			continue;
		}
		judge_point(&one, in->profile, &in->at[i], margin);
		if (better(&one, v))
			*v = one;
	}
	if (v->class > POINT_NONE)
		return;
	if (everyone && !seen &&
		nothing_there(
			in->profile, &everyone->e, everyone->e.slots[SLOT_NO_SERVICE], -margin)) {
		*v = (struct verdict){ .at = everyone,
			.available = everyone->e.slots[SLOT_SERVED] };
		decide(v, POINT_NONE, TR_WHY_NONE, 0, 0);
	} else if (v->class == POINT_NONE && !seen && all_operators_none(in, point, margin)) {
		decide(v, POINT_NONE, TR_WHY_NONE_OPERATORS, 0, 0);
	} else if (v->class == POINT_NONE) {
		decide(v, POINT_UNKNOWN, seen ? TR_WHY_SEEN : TR_WHY_OPERATORS_MISSING, 0, 0);
	} else if (!v->at && everyone && everyone->e.n) {
		*v = (struct verdict){ .at = everyone, .why = TR_WHY_TOO_FEW };
	}
}

/* --- the hamlet ---------------------------------------------------------------------------------------- */

static void at_point(struct verdict *v, const struct judge_input *in, uint32_t plmn,
	const char *point, double margin)
{
	*v = (struct verdict){ .class = POINT_UNKNOWN, .plmn = plmn, .why = TR_WHY_NEVER };
	if (!plmn) {
		judge_anybody(v, in, point, margin);
		return;
	}
	for (size_t i = 0; i < in->n; i++)
		if (in->at[i].plmn == plmn && !strcmp(in->at[i].point, point))
			judge_point(v, in->profile, &in->at[i], margin);
}

static bool first_of_point(const struct judge_input *in, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (!strcmp(in->at[j].point, in->at[i].point))
			return false;
	return true;
}

/* Names of the clusters in a class (or better, when at_least). */
static size_t clusters_in(const struct judge_input *in, uint32_t plmn, enum point_class class,
	bool at_least, double margin, struct buf *names)
{
	struct verdict v;
	size_t count = 0;

	for (size_t i = 0; i < in->n; i++) {
		if (!*in->at[i].point || !first_of_point(in, i))
			continue;
		at_point(&v, in, plmn, in->at[i].point, margin);
		if (v.class != class && !(at_least && v.class > class))
			continue;
		buf_printf(names, "%s%s", count++ ? ", " : "", in->at[i].name);
	}
	return count;
}

static char grade_of(const struct profile *p, const struct judgement *j)
{
	if (j->status >= TRUTH_UNMEASURED)
		return '-';
	if (j->n >= profile_value(p, P_A_N) && j->days >= profile_value(p, P_A_DAYS) &&
		j->probes >= profile_value(p, P_A_PROBES) && j->parts == 4)
		return 'A';
	if (j->n >= profile_value(p, P_B_N) && j->days >= profile_value(p, P_B_DAYS))
		return 'B';
	return 'C';
}

static void figures(struct judgement *j, const struct judge_input *in, const struct verdict *v)
{
	const struct evidence *e = v->at ? &v->at->e : NULL;
	struct interval i = wilson_95(v->available, e ? e->n : 0);
	int median;

	j->available = v->available;
	j->low = i.low;
	j->high = i.high;
	j->best = v->plmn;
	j->probes = in->probes;
	j->simulated = in->simulated;
	if (!e)
		return;
	j->n = e->n;
	j->share = share_of(v->available, e->n);
	j->no_service = e->slots[SLOT_NO_SERVICE];
	j->limited = e->slots[SLOT_LIMITED];
	j->other = e->slots[SLOT_OTHER];
	j->no_data = e->slots[SLOT_NO_DATA];
	j->below = e->slots[SLOT_SERVED] - v->available;
	j->days = e->days;
	j->parts = evidence_parts(e->parts);
	j->outage_h = evidence_outage_h(e);
	j->first_day = e->first_day;
	j->last_day = e->n ? e->last_day : -1;
	median = histogram_median(e->levels.rsrp, RSRP_BINS);
	j->rsrp_median = median < 0 ? INT_MIN : rsrp_of((unsigned)median);
	median = histogram_median(e->levels.sinr, SINR_BINS);
	j->sinr_median = median < 0 ? INT_MIN : sinr_of((unsigned)median);
	j->down_n = e->levels.down_n;
	j->up_n = e->levels.up_n;
	j->down_mean_bps = j->down_n ? e->levels.down_sum_bps / j->down_n : -1;
	j->up_mean_bps = j->up_n ? e->levels.up_sum_bps / j->up_n : -1;
}

static void judge_clusters(struct judgement *j, const struct judge_input *in, uint32_t plmn,
	const struct verdict *v, double margin)
{
	struct buf names;
	bool there = false;

	buf_init(&names, 400);
	if (v->class == POINT_NONE) {
		there = clusters_in(in, plmn, POINT_UNSTABLE, true, margin, &names) > 0;
		if (there)
			reason_say(j, TR_WHY_NONE_CLUSTER,
				&(struct fill){
					"clusters", buf_text(&names), buf_text(&names), 0, 0 },
				1);
	} else if (v->class > POINT_NONE &&
		   clusters_in(in, plmn, POINT_NONE, false, margin, &names)) {
		j->status = TRUTH_PARTIAL;
		j->reason_vi[0] = j->reason_en[0] = 0;
		reason_say(j, TR_WHY_PARTIAL,
			&(struct fill){ "clusters", buf_text(&names), buf_text(&names), 0, 0 }, 1);
		reason_of_point(j, in, v);
	} else if (v->class == POINT_UNKNOWN &&
		   clusters_in(in, plmn, POINT_NONE, true, margin, &names)) {
		reason_say(j, TR_WHY_NO_REFERENCE, NULL, 0);
	}
	buf_done(&names);
}

static void judge_with(
	struct judgement *out, const struct judge_input *in, uint32_t plmn, double margin)
{
	static const enum truth_status status_of[] = { [POINT_UNKNOWN] = TRUTH_UNMEASURED,
		[POINT_NONE] = TRUTH_NO_SIGNAL,
		[POINT_UNSTABLE] = TRUTH_UNSTABLE,
		[POINT_WEAK] = TRUTH_WEAK,
		[POINT_OK] = TRUTH_COVERED };
	double silent_ns = profile_value(in->profile, P_SILENT) * 3600e9;
	struct verdict v;

	*out = (struct judgement){ .plmn = plmn,
		.grade = '-',
		.last_day = -1,
		.rsrp_median = INT_MIN,
		.sinr_median = INT_MIN,
		.down_mean_bps = -1,
		.up_mean_bps = -1 };
	at_point(&v, in, plmn, "", margin);
	out->status = status_of[v.class];
	figures(out, in, &v);
	reason_of_point(out, in, &v);
	judge_clusters(out, in, plmn, &v, margin);
	out->before = out->status;
	out->grade = grade_of(in->profile, out);
	if (in->last_usable_ns != UTC_UNKNOWN &&
		(double)(in->as_of_ns - in->last_usable_ns) > silent_ns) {
		out->status = TRUTH_SILENT;
		out->cause = in->cause == CAUSE_NONE ? CAUSE_UNKNOWN : in->cause;
		out->grade = '-';
		reason_of_silence(out, in);
	}
	if (in->simulated)
		reason_say(out, TR_WHY_SIMULATED, NULL, 0);
}

void judge(struct judgement *out, const struct judge_input *in, uint32_t plmn)
{
	judge_with(out, in, plmn, 0);
}

void judge_after(struct judgement *out, const struct judge_input *in, uint32_t plmn,
	enum truth_status previous)
{
	static const double direction[2] = { 1, -1 };
	double margin = profile_value(in->profile, P_MARGIN);
	struct judgement other;

	judge_with(out, in, plmn, 0);
	/* only verdicts are sticky: evidence that is missing, or silence, is shown as it is */
	if (out->status == previous || out->status >= TRUTH_UNMEASURED ||
		previous >= TRUTH_UNMEASURED || !(margin > 0))
		return;
	for (size_t i = 0; i < COUNT(direction); i++) {
		judge_with(&other, in, plmn, direction[i] * margin);
		if (other.status == previous) {
			*out = other;
			return;
		}
	}
}
