/* SPDX-License-Identifier: Apache-2.0 */
/* Records on flash until the collector's receipt: append-only segments with a CRC per record,
 * bounded in bytes, fsync in batches; survives a power cut at any byte of any write.  The only
 * place that gives out sequence numbers.  One thread uses it at a time; one process owns the folder
 * (lock file: a second one gets -EBUSY). */
#ifndef AGENT_JOURNAL_H
#define AGENT_JOURNAL_H

#include "../probes/core/batch.h"
#include "../probes/core/record.h"
#include "disk.h"

struct journal;

struct journal_options {
	const char *folder;      /* made when missing, mode 0700 */
	uint64_t bytes_max;      /* all segments together; at least 4 segments */
	uint32_t segment_bytes;  /* default 65536 when 0 */
	int64_t sync_every_ns;   /* fsync at the latest so long after an append; 0: each append */
	uint8_t boot[16];        /* this boot (clock_boot_id()) */
	bool read_only;          /* look only: no lock, no repair, no new numbers */
	const struct disk *disk; /* how files are written; NULL: disk_real */
};

/* What the boot before left, for the state power_lost. */
struct journal_past {
	bool any;             /* the journal was not empty or new */
	bool same_boot;       /* the agent only restarted */
	bool clean;           /* the last thing written was journal_close() */
	int64_t last_mono_ns; /* of the newest record, in its own boot's time */
	int64_t last_utc_ns;  /* by that boot's clock pairs, or UTC_UNKNOWN */
	uint64_t repaired;    /* bytes of torn writes cut off while opening */
	uint64_t
		skipped; /* sequence numbers given up because their records were torn: a gap record tells */
};

int journal_open(struct journal **out, const struct journal_options *o, struct journal_past *past,
	struct why *why) MUST_CHECK;
void journal_close(struct journal *j);   /* syncs and leaves the clean mark; NULL is fine */
void journal_abandon(struct journal *j); /* as if the process had been killed: for tests */

/* Gives r the next sequence number and appends it.  Numbers are never given twice, also not after a
 * power cut.  When the journal is full the least valuable records go first and a gap record says
 * what and how many.  -ENOSPC, -EROFS, -EIO: the medium failed; r is kept in memory (bounded) and
 * written when the medium is back, and the state is told by journal_stats(). */
int journal_append(struct journal *j, struct record *r) MUST_CHECK;
int journal_sync(struct journal *j) MUST_CHECK; /* now */
int64_t journal_sync_due(const struct journal
		*j); /* clock_mono() time of the next needed journal_sync(), INT64_MAX none */

/* This boot's clock became known (again): kept beside the records, goes into every batch. */
int journal_clock(struct journal *j, const struct clock_pair *pair) MUST_CHECK;

/* What is read is on the medium first, so that no number leaves the device that a cut could take back.
 * Fills in the next batch after `after` (0: from the oldest unreceipted): records of one boot, at most
 * max_records and max_bytes, as encoded bytes; head->boot, first_seq, count and clocks are set.  *last is the
 * highest sequence number in it.  Returns the number of records, 0 when there are none, or -errno. */
int journal_read(struct journal *j, uint64_t after, uint32_t max_records, size_t max_bytes,
	struct batch_head *head, struct buf *records, uint64_t *last) MUST_CHECK;

/* first..last are durable (or rejected) at the collector: whole segments below are unlinked.  Survives a
 * restart; forgetting one only means sending again. */
int journal_receipt(struct journal *j, uint64_t first, uint64_t last) MUST_CHECK;

struct journal_stats {
	uint64_t next_seq, oldest_seq; /* oldest that has no receipt; next_seq when there is none */
	uint64_t waiting, bytes, written, syncs, dropped;
	int medium; /* 0, or -errno of the last failed write until one succeeded */
};
void journal_stats(const struct journal *j, struct journal_stats *out);

#endif
