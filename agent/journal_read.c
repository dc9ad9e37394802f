/* SPDX-License-Identifier: Apache-2.0 */
/* Records out of the journal in the order of their numbers, and their receipts in. */
#include "journal_inside.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct reading {
	struct journal *j;
	struct batch_head *head;
	struct buf *records;
	uint32_t max_records;
	size_t max_bytes;
	uint64_t last;
	bool full;
};

static void lost(struct journal *j, struct segment *s, struct entry *e)
{
	note_drop(&j->note[NOTE_MEDIUM], e->seq, 0, 0, NULL, 0);
	j->note_dirty = true;
	j->dropped++;
	e->done = true;
	s->live--;
}

static int add(struct reading *k, struct segment *s, struct entry *e, int fd)
{
	size_t before = k->records->len;
	int err;

	if (k->head->count == k->max_records ||
		(k->head->count && before + e->len > k->max_bytes + RECORD_HEAD)) {
		k->full = true;
		return 0;
	}
	err = segment_read(fd, e, k->records);
	if (err == -EBADMSG) {
		lost(k->j, s, e);
		return 0;
	}
	if (err)
		return err;
	if (!k->head->count++)
		k->head->first_seq = e->seq;
	k->last = e->seq;
	return 0;
}

static int read_segment(struct reading *k, struct segment *s, uint64_t after)
{
	struct entry *e = segment_find(s, after + 1), *end = s->entries + s->count;
	char name[SEGMENT_NAME];
	int fd = -1, err = 0;

	for (; e && e < end && !err && !k->full; e++) {
		if (e->done)
			continue;
		if (k->head->count && memcmp(k->head->boot, s->boot, 16)) {
			k->full = true;
			break;
		}
		if (fd < 0) {
			fd = openat(k->j->folder, segment_name(s->first_seq, name),
				O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				return -errno;
		}
		memcpy(k->head->boot, s->boot, 16);
		err = add(k, s, e, fd);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

int journal_read(struct journal *j, uint64_t after, uint32_t max_records, size_t max_bytes,
	struct batch_head *head, struct buf *records, uint64_t *last)
{
	struct reading k = { .j = j, .head = head, .records = records, .max_bytes = max_bytes };
	const struct boot_clocks *clocks;
	int err = 0;

	k.max_records = max_records < BATCH_RECORDS_MAX ? max_records : BATCH_RECORDS_MAX;
	head->count = head->clocks = 0;
	if (!j->o.read_only) {
		err = notes_tell(j);
		if (!err)
			err = journal_sync(j);
	}
	/* A medium that cannot be written to can often still be read: what is on it goes out. */
	if (err && j->dirty_since)
		return err;
	err = 0;
	for (size_t i = 0; i < j->count && !err && !k.full; i++)
		if (j->segs[i]->live)
			err = read_segment(&k, j->segs[i], after);
	if (err && !head->count)
		return err;
	clocks = head->count ? clocks_of(j, head->boot, false) : NULL;
	if (clocks) {
		head->clocks = clocks->n;
		memcpy(head->clock, clocks->pair, sizeof(clocks->pair));
	}
	if (head->count)
		*last = k.last;
	return (int)head->count;
}

int journal_receipt(struct journal *j, uint64_t first, uint64_t last)
{
	bool changed = false;
	struct buf b;
	int err;

	if (j->o.read_only)
		return -EROFS;
	mark_done(j, first, last, &changed);
	if (!changed)
		return 0;
	if (!active(j))
		return 0; /* a receipt that is forgotten is asked for again */
	buf_init(&b, 64);
	put_receipt_frame(&b, first, last);
	err = active_write(j, &b);
	buf_done(&b);
	drop_finished(j);
	return err;
}
