/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the journal share.  Inside of journal*.c only. */
#ifndef AGENT_JOURNAL_INSIDE_H
#define AGENT_JOURNAL_INSIDE_H

#include "journal.h"
#include "segment.h"

#define RESERVE_BLOCK 64  /* numbers reserved ahead: at most so many are skipped after a cut */
#define HELD_RECORDS  512 /* kept in memory while the medium fails */
#define HELD_BYTES    (256 * 1024)

/* A record that has its number. */
struct item {
	struct item *next;
	uint64_t seq;
	int64_t mono_ns;
	uint32_t note; /* id of the note this gap record tells */
	uint8_t class, kind, tells;
	size_t len;
	uint8_t bytes[];
};

struct boot_clocks {
	uint8_t boot[16];
	uint32_t n;
	struct clock_pair pair[BATCH_CLOCKS];
};

struct journal {
	struct journal_options o;
	const struct disk *disk;
	int folder, lock;
	struct segment **segs; /* ascending; the last one is written to while fd >= 0 */
	size_t count, room;
	int fd;
	uint64_t synced;     /* bytes of the active segment that are on the medium */
	int64_t dirty_since; /* clock_mono(), 0: nothing to sync */
	struct boot_clocks *boots;
	size_t boot_count;
	uint64_t next_seq, reserved, total;
	uint64_t putting; /* number of the record that is being written, 0 none */
	struct note note[NOTE_REASONS];
	uint64_t home
		[NOTE_REASONS]; /* first_seq of the segment with the newest durable note, 0 none */
	bool note_dirty;
	struct item *held, **held_end;
	size_t held_count, held_bytes;
	uint64_t written, syncs, dropped;
	int medium;
	int64_t retry_at; /* 0, or no sync before, after one that failed */
};

/* journal_write.c: the active segment */
struct segment *active(struct journal *j); /* NULL: none is open */
int active_roll(struct journal *j) MUST_CHECK;
int active_write(struct journal *j, const struct buf *frames) MUST_CHECK;
int active_reserve(struct journal *j) MUST_CHECK;
int active_sync(struct journal *j) MUST_CHECK;
int item_put(
	struct journal *j, const struct item *i) MUST_CHECK; /* 0: on file or dropped with a note */
void item_hold(struct journal *j, struct item *i);           /* takes it */
int held_flush(struct journal *j) MUST_CHECK;
struct boot_clocks *clocks_of(struct journal *j, const uint8_t boot[16], bool make);
void clocks_add(struct boot_clocks *b, const struct clock_pair *p);

/* journal_full.c: what is dropped, and telling it */
void note_drop(struct note *n, uint64_t seq, uint8_t kind, int64_t mono_ns, const uint8_t *record,
	size_t len);
int notes_tell(struct journal *j) MUST_CHECK;
int make_room(
	struct journal *j, unsigned class) MUST_CHECK; /* -ENOSPC: nothing there is less dear */
int segment_shrink(struct journal *j, struct segment *s, int class) MUST_CHECK;
void drop_finished(struct journal *j);

/* journal_open.c: how a program finds it */
int journal_load(struct journal *j, struct journal_past *past, struct why *why) MUST_CHECK;
void mark_done(struct journal *j, uint64_t first, uint64_t last, bool *changed);

#endif
