/* SPDX-License-Identifier: Apache-2.0 */
/* agg.db: rollups, status and history.  Everything in it can be made again from the raw records.
 * Private to collector/truth. */
#ifndef TRUTH_AGG_H
#define TRUTH_AGG_H

#include "../store/db.h"
#include "judge.h"
#include "profile.h"
#include "rollup.h"
#include "truth.h"

int agg_open(struct db *d, const char *folder, bool write, struct why *why) MUST_CHECK;
int agg_begin(struct db *d) MUST_CHECK;
int agg_end(struct db *d, int err) MUST_CHECK; /* commits when err is 0; returns what happened */

/* Puts the day in the place of what was there. */
int agg_put_day(struct db *d, const struct rollup *r) MUST_CHECK;

/* Histograms as bytes: tag, bin, count, ... each a LEB128 number; only bins that are not 0. */
void levels_pack(struct buf *out, const struct hour_levels *l);
int levels_unpack(
	struct hour_levels *out, const uint8_t *bytes, size_t n) MUST_CHECK; /* -EBADMSG */

struct timeline_line { /* one point and network, day by day */
	char point[STORE_CODE], name[STORE_NAME];
	uint32_t plmn; /* 0: whoever */
	struct evidence_day *day;
	size_t days;
};
struct timeline_source { /* a probe's share of a day */
	int32_t day;
	struct rollup_source s;
};
struct timeline { /* what is known of a hamlet about one technology */
	const struct profile *profile;
	struct timeline_line *line;
	size_t lines;
	struct timeline_source *source;
	size_t sources;
	int32_t *seen_day; /* days whose surveys saw broadband cells */
	size_t seen_days;
};
int timeline_load(struct timeline *out, struct db *d, struct store *names, const char *hamlet,
	const struct profile *p, int32_t from, int32_t to) MUST_CHECK;
void timeline_done(struct timeline *t);
int32_t timeline_last_day(
	struct db *d, const char *hamlet, int32_t until); /* with evidence; INT32_MIN none */

struct timeline_view { /* the input of the judge at one moment */
	struct judge_input input;
	struct point_evidence *at;
	size_t n;
	int32_t from, to; /* days of the window */
};
void timeline_view(struct timeline_view *out, const struct timeline *t,
	const struct judge_operator *operators, size_t operator_count, int64_t as_of_ns);
/* The same evidence, the silence of one network. */
void timeline_aim(struct timeline_view *v, const struct timeline *t, uint32_t plmn);
void timeline_view_done(struct timeline_view *v);

struct json_object;
/* Fills in the row; *detail holds row->detail and is to be put. */
void status_row(struct truth_row *row, const struct store_hamlet *h, const struct judgement *j,
	const struct timeline *t, const struct timeline_view *v, int32_t since,
	struct json_object **detail);
int agg_put_status(struct db *d, const struct store_hamlet *h, const struct judgement *j,
	const struct timeline *t, const struct timeline_view *v, int32_t since) MUST_CHECK;

/* truth_judge_at() on a connection. */
int look(struct db *d, struct store *s, const struct profile *p, const struct truth_panel *panel,
	const struct store_hamlet *h, int64_t as_of_ns,
	int (*each)(void *arg, const struct truth_row *row), void *arg);

#endif
