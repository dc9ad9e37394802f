/* SPDX-License-Identifier: Apache-2.0 */
/* The truth about hamlets, kept in agg.db of the store's folder: rollups by hour, status, history.
 * One worker writes; any number of readers, each with its own handle in its own thread. */
#ifndef TRUTH_TRUTH_H
#define TRUTH_TRUTH_H

#include "../store/store.h"
#include "evidence.h"
#include "judge.h"
#include "profile.h"

/* --- the worker --------------------------------------------------------------------------------- */
struct truth_options {
	const char *folder;          /* of the store */
	const char *const *profiles; /* files; one per technology */
	size_t profile_count;
	/* Told after a hamlet's status was written; from the worker's thread.  May be NULL. */
	void (*judged)(void *arg, const char *hamlet);
	void *arg;
};
struct truth_worker;
int truth_start(
	struct truth_worker **out, const struct truth_options *o, struct why *why) MUST_CHECK;
void truth_stop(struct truth_worker *w); /* waits; NULL is fine */

/* One round without a thread: takes the whole dirty list, rolls up, judges every hamlet as of the
 * given moment.  -EBUSY when another process does it. */
int truth_round(const struct truth_options *o, int64_t as_of_ns, struct why *why) MUST_CHECK;

/* --- reading ---------------------------------------------------------------------------------------- */
struct truth;
int truth_open(struct truth **out, const char *folder,
	struct why *why) MUST_CHECK; /* -ENOENT: nothing was judged yet */
void truth_close(struct truth *t);   /* NULL is fine */

struct truth_row {
	char hamlet[STORE_CODE], province[STORE_CODE], commune[STORE_CODE];
	char plmn[8]; /* "45204", "*" the best of all */
	char technology[16], profile[40], profile_hash[65];
	enum truth_status status, before; /* before: when silent, what the last evidence said */
	enum truth_cause cause;
	char grade;
	double share, low, high;
	uint32_t n;
	unsigned days, parts, probes;
	bool simulated;
	int32_t since;                     /* day the status began */
	int64_t as_of_ns, last_usable_ns;  /* UTC_UNKNOWN never */
	int64_t population;                /* -1 unknown */
	const char *reason_vi, *reason_en; /* these three live during the callback */
	const char *
		detail; /* JSON: counts, medians, rates, outage, evidence {from, to, probes: [{probe, first_seq, last_seq, records}]} */
};
struct truth_query { /* NULL or 0: any */
	const char *hamlet, *province, *commune;
	const char *plmn; /* "*" for the best of all */
	const char *technology;
	const char *status;
};
/* By hamlet, technology, plmn ("*" first). */
int truth_rows(struct truth *t, const struct truth_query *q,
	int (*each)(void *arg, const struct truth_row *row), void *arg);

struct truth_counts {
	uint32_t hamlets[TRUTH_STATUSES];
	int64_t people[TRUTH_STATUSES]; /* of hamlets whose population is known */
	uint32_t people_unknown;        /* hamlets without */
};
/* Hamlets by status, for each province (parent NULL) or each commune of a province. */
int truth_count(struct truth *t, const char *technology, const char *plmn, const char *province,
	int (*each)(void *arg, const char *unit, const struct truth_counts *c), void *arg);

/* Changes of status, oldest first. */
int truth_history(struct truth *t, const char *hamlet, const char *plmn, const char *technology,
	int (*each)(void *arg, int32_t day, enum truth_status status), void *arg);

struct truth_hour {        /* one hour of one point, network and technology */
	int64_t hour;      /* since 1970 */
	const char *point; /* "" the reference point */
	uint32_t plmn;     /* 0 unknown */
	uint8_t rat;       /* enum store_rat; RAT_NONE: limited or no service */
	unsigned served, no_data, limited, no_service; /* ten-minute samples, 0..6 */
	unsigned records;
	struct levels levels; /* rsrp, sinr of slots; rates and round trips of tests */
};
int truth_hours(struct truth *t, const char *hamlet, int32_t from_day, int32_t to_day,
	int (*each)(void *arg, const struct truth_hour *h),
	void *arg); /* days from..to, both included */

struct truth_state_hour { /* how often each access state was told */
	int64_t hour;
	uint32_t state[ACCESS_STATES];
};
int truth_states(struct truth *t, const char *hamlet, int32_t from_day, int32_t to_day,
	int (*each)(void *arg, const struct truth_state_hour *h), void *arg);

/* Judges a hamlet from its rollups as of a moment, under any profile, and writes nothing.  Rows as of
 * truth_rows(), "*" first; since is INT32_MIN when the kept history is of another profile. */
struct truth_panel { /* the networks that "every operator" means */
	struct judge_operator operator[32];
	char name[32][64];
	size_t count;
};
int truth_panel(struct truth_panel *out, struct store *s, const struct profile *p) MUST_CHECK;
int truth_judge_at(struct truth *t, struct store *s, const struct profile *p,
	const struct truth_panel *panel, const struct store_hamlet *h, int64_t as_of_ns,
	int (*each)(void *arg, const struct truth_row *row), void *arg);
/* The last day that has a rollup, of all hamlets; INT32_MIN none. */
int32_t truth_last_day(struct truth *t);

/* Changes when anything was written by others since this handle was last asked; -1 unreadable. */
int64_t truth_version(struct truth *t);
/* Last time the worker finished a round, UTC ns; 0 never. */
int64_t truth_finished(struct truth *t);

/* `phusong-collector judge [--profile FILE]... [--as-of TIME]`: arguments after the word.  Exit status. */
int truth_judge_run(int argc, char **argv, const char *folder, const char *const *profiles,
	size_t profile_count);

#endif
