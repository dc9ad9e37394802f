/* SPDX-License-Identifier: Apache-2.0 */
/* When the journal is full: the least valuable records go first.  What went is noted in the same
 * atomic step, adds up while nobody reads, and becomes a gap record when somebody does. */
#include "journal_inside.h"
#include "../probes/core/codec.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const reason_text[NOTE_REASONS] = { "journal_full", "medium_failed" };

/* A gap record that goes itself: what it told is not forgotten. */
static void absorb(struct note *n, const uint8_t *bytes, size_t len)
{
	struct record *r = mem_new(sizeof(*r));
	size_t used;

	if (!codec_decode(r, bytes, len, &used, NULL)) {
		uint64_t first = (uint64_t)record_int(r, FIELD_GAP_FIRST, (int64_t)n->first);
		uint64_t last = (uint64_t)record_int(r, FIELD_GAP_LAST, (int64_t)n->last);

		n->count += (uint64_t)record_int(r, FIELD_GAP_COUNT, 0);
		if (first < n->first)
			n->first = first;
		if (last > n->last)
			n->last = last;
	}
	free(r);
}

void note_drop(struct note *n, uint64_t seq, uint8_t kind, int64_t mono_ns, const uint8_t *record,
	size_t len)
{
	if (!n->count) {
		uint32_t id = n->id;

		*n = (struct note){ .id = id,
			.first = seq,
			.last = seq,
			.first_mono = mono_ns,
			.last_mono = mono_ns };
	}
	n->id++;
	n->count++;
	if (seq <= n->first) {
		n->first = seq;
		n->first_mono = mono_ns;
	}
	if (seq >= n->last) {
		n->last = seq;
		n->last_mono = mono_ns;
	}
	if (kind < COUNT(n->kinds))
		n->kinds[kind]++;
	if (kind == RECORD_GAP)
		absorb(n, record, len);
}

static void gap_record(struct record *r, enum note_reason reason, const struct note *n)
{
	char kinds[512] = "";
	size_t len = 0;

	record_begin(r, RECORD_GAP);
	record_set_text(r, FIELD_GAP_REASON, reason_text[reason]);
	record_set_int(r, FIELD_GAP_FIRST, (int64_t)n->first);
	record_set_int(r, FIELD_GAP_LAST, (int64_t)n->last);
	record_set_int(r, FIELD_GAP_COUNT, (int64_t)n->count);
	record_set_int(r, FIELD_GAP_FIRST_MONO_NS, n->first_mono);
	record_set_int(r, FIELD_GAP_LAST_MONO_NS, n->last_mono);
	for (unsigned i = 0; i < COUNT(n->kinds); i++)
		if (n->kinds[i] && record_kind_name(i) && len < sizeof(kinds) - 40)
			len += (size_t)snprintf(kinds + len, sizeof(kinds) - len, "%s%s=%u",
				len ? " " : "", record_kind_name(i), n->kinds[i]);
	record_set_text(r, FIELD_GAP_KINDS, kinds);
}

/* The frame of the gap record carries the note's id: one write tells it and settles the note. */
static int tell(struct journal *j, enum note_reason reason)
{
	struct record *r = mem_new(sizeof(*r));
	struct note before = j->note[reason];
	struct item *i = NULL;
	struct buf b;
	int err;

	buf_init(&b, RECORD_BYTES_MAX);
	gap_record(r, reason, &before);
	r->seq = j->next_seq;
	err = codec_encode(&b, r);
	if (!err) {
		i = mem_new(sizeof(*i) + b.len);
		*i = (struct item){ .seq = r->seq,
			.mono_ns = r->mono_ns,
			.note = before.id,
			.len = b.len,
			.class = (uint8_t)record_value(r),
			.kind = r->kind,
			.tells = (uint8_t)(reason + 1) };
		memcpy(i->bytes, b.data, b.len);
		j->next_seq++;
		j->note[reason].count = 0; /* what making room for it drops is a note of its own */
		err = item_put(j, i);
	}
	if (err && i) { /* the number is not lost: the next record has it */
		j->next_seq--;
		j->note[reason] = before;
	} else if (!err) {
		j->home[reason] = 0;
	}
	free(i);
	buf_done(&b);
	free(r);
	return err;
}

int notes_tell(struct journal *j)
{
	int err = 0;

	for (int r = 0; r < NOTE_REASONS && !err; r++)
		if (j->note[r].count && !j->medium)
			err = tell(j, (enum note_reason)r);
	return err;
}

/* --- making room --- */
struct shrinking {
	struct segment *s;
	struct note *note;
	int class;
	uint64_t dropped;
};

static bool wanted(void *arg, enum frame_type type, const uint8_t *body, size_t n)
{
	struct shrinking *k = arg;
	struct record_frame f;
	const struct entry *e;

	if (type == FRAME_CLOCK || type == FRAME_RECEIPT)
		return true;
	if (!get_record_frame(&f, body, n))
		return false; /* reserved numbers are in the header, the newest note is written again */
	e = segment_find(k->s, f.seq);
	if (!e || e->seq != f.seq || e->done)
		return false;
	if ((int)e->class > k->class)
		return true;
	note_drop(k->note, f.seq, f.kind, f.mono_ns, f.record, f.len);
	k->dropped++;
	return false;
}

static void ignore_clock(void *arg, const struct segment *s, const struct clock_pair *p)
{
	(void)arg, (void)s, (void)p;
}

static void ignore_receipt(void *arg, uint64_t first, uint64_t last)
{
	(void)arg, (void)first, (void)last;
}

static void ignore_note(
	void *arg, const struct segment *s, enum note_reason reason, const struct note *n)
{
	(void)arg, (void)s, (void)reason, (void)n;
}

static void ignore_told(void *arg, enum note_reason reason, uint32_t id)
{
	(void)arg, (void)reason, (void)id;
}

/* The entries of the file as it is now: all of them are unreceipted. */
static int reload(struct journal *j, struct segment *s)
{
	struct scan scan = { .clock = ignore_clock,
		.receipt = ignore_receipt,
		.note = ignore_note,
		.told = ignore_told };
	struct segment *fresh;
	int err = segment_load(&fresh, j->folder, s->first_seq, &scan);

	if (err)
		return err;
	free(s->entries);
	j->total += fresh->bytes;
	j->total -= s->bytes;
	*s = *fresh;
	free(fresh);
	return 0;
}

int segment_shrink(struct journal *j, struct segment *s, int class)
{
	struct note note = j->note[NOTE_FULL];
	struct shrinking k = { .s = s, .note = &note, .class = class };
	struct buf b;
	int err;

	buf_init(&b, s->bytes + 4096);
	put_header(&b, s->boot, s->first_seq, s->reserved);
	err = segment_filter(s, j->folder, &b, wanted, &k);
	if (note.count)
		put_note_frame(&b, NOTE_FULL, &note);
	if (j->note[NOTE_MEDIUM].count)
		put_note_frame(&b, NOTE_MEDIUM, &j->note[NOTE_MEDIUM]);
	if (!err)
		err = b.err ? b.err : segment_rewrite(s, j->folder, j->disk, &b);
	j->medium = err;
	if (!err) {
		j->written += b.len;
		j->syncs += 2;
		j->note[NOTE_FULL] = note;
		for (int r = 0; r < NOTE_REASONS; r++)
			if (j->note[r].count)
				j->home[r] = s->first_seq;
		j->note_dirty = false;
		j->dropped += k.dropped;
		err = reload(j, s);
	}
	buf_done(&b);
	return err;
}

/* What rewriting would free: -1 counts only what has its receipt. */
static uint64_t gain(const struct segment *s, int class)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].done || (int)s->entries[i].class <= class)
			bytes += FRAME_HEAD + s->entries[i].len;
	return bytes;
}

static struct segment *best(struct journal *j, int class)
{
	struct segment *found = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < j->count; i++) {
		uint64_t g = j->segs[i] == active(j) ? 0 : gain(j->segs[i], class);

		if (g > most) {
			most = g;
			found = j->segs[i];
		}
	}
	return found;
}

int make_room(struct journal *j, unsigned class)
{
	struct segment *a = active(j);

	for (int c = -1; c <= (int)class; c++) {
		struct segment *s = best(j, c);

		if (s) {
			int err = segment_shrink(j, s, c);

			if (!err)
				drop_finished(j);
			return err;
		}
		if (a && gain(a, c))
			return active_roll(j);
	}
	j->medium = 0;
	return -ENOSPC;
}

/* Unlinks from the front, in order: the receipts for a segment are in it or behind it. */
void drop_finished(struct journal *j)
{
	while (j->count && j->segs[0] != active(j) && !j->segs[0]->live) {
		struct segment *s = j->segs[0];
		char name[SEGMENT_NAME];

		for (int r = 0; r < NOTE_REASONS; r++)
			if (j->note[r].count && j->home[r] == s->first_seq)
				j->note_dirty = true;
		if (j->note_dirty && active_sync(j))
			return;
		if (j->disk->unlink(j->folder, segment_name(s->first_seq, name)))
			return;
		j->total -= s->bytes;
		segment_free(s);
		memmove(&j->segs[0], &j->segs[1], --j->count * sizeof(struct segment *));
	}
}
