/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict about a hamlet.  Pure: no clock, no file, no memory of earlier calls; the same evidence
 * and profile always give the same judgement.
 *
 * "No signal" comes only from samples in which a healthy modem said no_service or limited_service, or
 * was registered on another technology only.  Silence, power, modem, SIM, credit and broker faults
 * make no samples, so they can never add up to it. */
#ifndef TRUTH_JUDGE_H
#define TRUTH_JUDGE_H

#include "evidence.h"
#include "profile.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum truth_status {
	TRUTH_NO_SIGNAL,
	TRUTH_PARTIAL,
	TRUTH_UNSTABLE,
	TRUTH_WEAK,
	TRUTH_COVERED,
	TRUTH_UNMEASURED,
	TRUTH_SILENT,
	TRUTH_STATUSES
};
extern const char *const truth_status_name[TRUTH_STATUSES]; /* "no_signal" ... */
int truth_status_from(const char *name);                    /* or -EINVAL */

enum truth_cause {
	CAUSE_NONE,
	CAUSE_UNKNOWN,
	CAUSE_POWER,
	CAUSE_BACKHAUL,
	CAUSE_CREDIT,
	CAUSE_MODEM,
	TRUTH_CAUSES
};
extern const char *const
	truth_cause_name[TRUTH_CAUSES]; /* "" "unknown" "power" "backhaul" "credit" "modem" */

struct point_evidence {    /* what is known of one operator at one point */
	const char *point; /* "" the reference point, else the cluster's code */
	const char *name;  /* for sentences */
	uint32_t plmn;     /* 0: whoever; see evidence_everyone */
	struct evidence e;
};

struct judge_operator {
	uint32_t plmn;
	const char *name;
};

struct judge_input {
	const struct profile *profile;
	const struct point_evidence
		*at; /* one per point and operator, and one per point with plmn 0: */
	size_t n;    /* a slot is served when anybody was, no_service when somebody found nothing */
	const struct judge_operator *operators; /* networks of their own that are active */
	size_t operator_count;
	bool seen;        /* a survey of the window saw broadband cells at the reference point */
	unsigned probes;  /* that gave samples in the window */
	bool simulated;   /* one of them is a simulator */
	int64_t as_of_ns; /* end of what is looked at */
	/* when the last usable sample ended, UTC_UNKNOWN never; of this operator or of anybody */
	int64_t last_usable_ns;
	enum truth_cause cause; /* of a silence, if it is one */
};

#define REASON_MAX 900

struct judgement {
	uint32_t plmn; /* 0: best of all */
	enum truth_status status;
	enum truth_status before; /* silent: what the last evidence said; else equal to status */
	enum truth_cause cause;
	double share; /* available samples; low, high: Wilson 95 % */
	double low, high;
	uint32_t n, available, no_service, limited, other, no_data, below;
	unsigned days, parts, probes;
	char grade; /* 'A' 'B' 'C', '-' when there is no verdict */
	double outage_h;
	int rsrp_median, sinr_median;      /* dBm, dB; INT32_MIN unknown */
	double down_mean_bps, up_mean_bps; /* < 0 unknown */
	uint32_t down_n, up_n;
	bool simulated;
	uint32_t best;               /* best of all: the operator it rests on, 0 none */
	int32_t first_day, last_day; /* of the evidence; 0 and -1 when there is none */
	char reason_vi[REASON_MAX], reason_en[REASON_MAX];
};

/* plmn 0: the best of all. */
void judge(struct judgement *out, const struct judge_input *in, uint32_t plmn);
/* The same with the status of the day before: stays with it while the shares are within the
 * profile's margin of the limit that parts them. */
void judge_after(struct judgement *out, const struct judge_input *in, uint32_t plmn,
	enum truth_status previous);

#endif
