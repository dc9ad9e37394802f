/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of collector/store share.  Private. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include "db.h"
#include "store.h"
#include <limits.h>

#define RAW_OPEN 16 /* raw files open at once */

struct span { /* sequence numbers first..last of a probe */
	int64_t probe;
	uint64_t first, last;
};

struct raw { /* one raw file */
	struct db db;
	int32_t day;
	bool open, in_group;
	unsigned pinned;   /* being read: not to be closed */
	uint64_t used;     /* turn of the last use */
	int64_t marked;    /* probe whose (hamlet, day) was marked dirty last in this group */
	struct span *span; /* put here in this group, not yet noted in `grouped` */
	size_t spans, room;
};

struct store {
	char folder[PATH_MAX / 2];
	enum store_mode mode;
	struct db meta;
	struct raw raw[RAW_OPEN];
	uint64_t turn;
	int lock; /* descriptor of writer.lock */

	/* the open group */
	bool in_group, spilled; /* spilled: a raw file was committed before the rest */
	int64_t number;         /* of the group */
	int64_t mark;           /* for dirty pairs, 0: none taken yet */
	struct span fresh;      /* stored, not yet in the ledger table; probe 0: none */
	uint64_t fresh_most;    /* the ledger has nothing from fresh.last to here */
	bool placeable;         /* a boot's UTC became known */
};

/* store.c */
int meta_begin(struct store *s) MUST_CHECK;
int meta_end(
	struct store *s, int err); /* COMMIT when err is 0, else ROLLBACK; returns what happened */

/* rawfile.c */
int raw_get(struct store *s, int32_t day, bool make, struct raw **out) MUST_CHECK; /* -ENOENT */
int raw_begin(struct store *s, struct raw *r) MUST_CHECK;  /* joins the group */
int raw_commit(struct store *s, struct raw *r) MUST_CHECK; /* notes its spans, commits */
void raw_rollback(struct raw *r);
void raw_note(struct raw *r, int64_t probe, uint64_t seq);
void raw_close_all(struct store *s);
int raw_days(struct store *s, int32_t **days, size_t *n) MUST_CHECK; /* sorted, to be freed */

/* ledger.c */
int ledger_add(struct store *s, struct span add) MUST_CHECK; /* no number of it is there yet */
int ledger_add_missing(struct store *s, struct span add, uint64_t *added) MUST_CHECK;
int ledger_free_after(
	struct store *s, int64_t probe, uint64_t seq, bool *there, uint64_t *free_last) MUST_CHECK;

/* row.c */
void row_fill(struct store_row *row, const struct record *r);
int row_put(struct raw *raw, const struct store_row *row) MUST_CHECK; /* 1: it was there */
void row_get(sqlite3_stmt *st, struct store_row *row);
#define ROW_COLUMNS \
	"probe,seq,kind,utc_ns,boot,mono_ns,received_ns,state,bits,clock_source,clock_error_us," \
	"clock_age_s,lat_e7,lon_e7," \
	"accuracy_m,place_source,plmn,rat,reg,rsrp_d,sinr_d,nr_rsrp_d,rate_bps,body"

/* group.c */
int group_lock(struct store *s, bool *unclean) MUST_CHECK;
void group_unlock(struct store *s, bool clean);
int note_row(struct store *s, const char *hamlet, const struct store_row *row, int32_t day,
	const struct record *r) MUST_CHECK;

/* recover.c */
int recover(struct store *s)
	MUST_CHECK; /* in a meta transaction: completes the ledger from the raw files */
int place_boots(struct store *s)
	MUST_CHECK; /* own groups: rows of boots whose UTC became known go to their days */

#endif
