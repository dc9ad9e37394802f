/* SPDX-License-Identifier: Apache-2.0 */
/* One file of the journal: a header, then frames [length, CRC-32, body].  Inside of journal*.c only. */
#ifndef AGENT_SEGMENT_H
#define AGENT_SEGMENT_H

#include "../probes/core/batch.h"
#include "disk.h"

#define SEGMENT_NAME 24 /* "%016llx.seg" and a zero */
#define HEADER_BYTES 48
#define FRAME_HEAD   8  /* length and CRC-32 of the body, little-endian */
#define RECORD_HEAD  24 /* before the encoded record in the body of its frame */
#define FRAME_MAX    (RECORD_HEAD + 4096)

enum frame_type {
	FRAME_RECORD = 1,
	FRAME_CLOCK,   /* a clock pair of this segment's boot */
	FRAME_RESERVE, /* numbers below are given or lost, whatever happens */
	FRAME_RECEIPT, /* first and last of a range */
	FRAME_NOTE, /* what was dropped and is not yet told by a gap record; the newest of a reason holds */
	FRAME_CLEAN, /* the journal was closed; true while nothing follows */
};

enum note_reason { NOTE_FULL, NOTE_MEDIUM, NOTE_REASONS };

/* Dropped records that no gap record tells yet. */
struct note {
	uint32_t id; /* counts up at each change and each telling */
	uint64_t first, last, count;
	int64_t first_mono, last_mono;
	uint32_t kinds[16];
};

struct entry {
	uint64_t seq;
	uint32_t at;  /* of the frame in the file */
	uint16_t len; /* of the body */
	uint8_t class;
	bool done; /* has its receipt */
};

struct segment {
	uint8_t boot[16];
	uint64_t first_seq; /* its name */
	uint64_t reserved;
	uint64_t bytes;
	struct entry *entries; /* ascending */
	size_t count, room, live;
	uint64_t damage; /* records in it that cannot be read any more, found while opening */
};

/* What a scan of a segment finds beside its records. */
struct scan {
	void *arg;
	void (*clock)(void *arg, const struct segment *s, const struct clock_pair *p);
	void (*receipt)(void *arg, uint64_t first, uint64_t last);
	void (*note)(
		void *arg, const struct segment *s, enum note_reason reason, const struct note *n);
	void (*told)(void *arg, enum note_reason reason, uint32_t id);
	/* set by the scan */
	bool clean;
	int64_t last_mono; /* of the newest record, INT64_MIN none */
	uint64_t torn;     /* bytes after the last whole frame */
	uint64_t rotten;   /* frames inside that fail their CRC */
};

char *segment_name(uint64_t first_seq, char out[SEGMENT_NAME]);

/* Frames are built in memory. */
void put_header(struct buf *b, const uint8_t boot[16], uint64_t first_seq, uint64_t reserved);
void put_record_frame(struct buf *b, uint8_t class, uint8_t kind, uint8_t tells, uint32_t note,
	uint64_t seq, int64_t mono_ns, const void *record, size_t n);
void put_clock_frame(struct buf *b, const struct clock_pair *p);
void put_reserve_frame(struct buf *b, uint64_t reserved);
void put_receipt_frame(struct buf *b, uint64_t first, uint64_t last);
void put_note_frame(struct buf *b, enum note_reason reason, const struct note *n);
void put_clean_frame(struct buf *b);

/* Reads the file `first_seq` of the folder.  -EBADMSG: the header is not whole. */
int segment_load(
	struct segment **out, int folder, uint64_t first_seq, struct scan *scan) MUST_CHECK;
void segment_free(struct segment *s);
void segment_add(struct segment *s, const struct entry *e);
struct entry *segment_find(
	struct segment *s, uint64_t least); /* the first with seq >= least, or NULL */

/* Appends the encoded record of e to out; -EBADMSG when the medium gives back something else. */
int segment_read(int fd, const struct entry *e, struct buf *out) MUST_CHECK;

/* Replaces the file by what kept holds; atomic.  The entries are the caller's to load again. */
int segment_rewrite(
	struct segment *s, int folder, const struct disk *disk, const struct buf *kept) MUST_CHECK;

/* Hands each whole frame of the file to keep(); those it wants are appended to out. */
int segment_filter(const struct segment *s, int folder, struct buf *out,
	bool (*keep)(void *arg, enum frame_type type, const uint8_t *body, size_t n),
	void *arg) MUST_CHECK;

struct record_frame {
	uint8_t class, kind, tells;
	uint32_t note;
	uint64_t seq;
	int64_t mono_ns;
	const uint8_t *record;
	size_t len;
};
bool get_record_frame(struct record_frame *out, const uint8_t *body, size_t n);

#endif
