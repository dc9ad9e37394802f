/* SPDX-License-Identifier: Apache-2.0 */
/* The segment that is written to.  A write that fails leaves the file as it was; records then wait in
 * memory, in order, until the medium is back. */
#include "journal_inside.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct segment *active(struct journal *j)
{
	return j->fd >= 0 ? j->segs[j->count - 1] : NULL;
}

struct boot_clocks *clocks_of(struct journal *j, const uint8_t boot[16], bool make)
{
	struct boot_clocks *b;

	for (size_t i = 0; i < j->boot_count; i++)
		if (!memcmp(j->boots[i].boot, boot, 16))
			return &j->boots[i];
	if (!make)
		return NULL;
	j->boots = mem_grow(j->boots, j->boot_count + 1, sizeof(*j->boots));
	b = &j->boots[j->boot_count++];
	memset(b, 0, sizeof(*b));
	memcpy(b->boot, boot, 16);
	return b;
}

/* Keeps the oldest pair, which reaches back to the start of the boot, and the newest ones. */
void clocks_add(struct boot_clocks *b, const struct clock_pair *p)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->pair[i].mono_ns == p->mono_ns && b->pair[i].utc_ns == p->utc_ns)
			return;
	if (b->n == BATCH_CLOCKS) {
		memmove(&b->pair[1], &b->pair[2], (BATCH_CLOCKS - 2) * sizeof(*p));
		b->n--;
	}
	b->pair[b->n++] = *p;
}

static void put_notes(struct journal *j, struct buf *b)
{
	for (int r = 0; r < NOTE_REASONS; r++)
		if (j->note[r].count)
			put_note_frame(b, (enum note_reason)r, &j->note[r]);
}

static void notes_are_in(struct journal *j, uint64_t first_seq)
{
	for (int r = 0; r < NOTE_REASONS; r++)
		if (j->note[r].count)
			j->home[r] = first_seq;
	j->note_dirty = false;
}

static int new_file(struct journal *j, const char *name, const struct buf *head)
{
	int fd = j->disk->create(j->folder, name), err;

	if (fd < 0)
		return fd;
	err = j->disk->write(fd, head->data, head->len, 0);
	if (!err)
		err = j->disk->sync(fd);
	if (!err)
		err = j->disk->sync(j->folder);
	if (!err)
		return fd;
	close(fd);
	j->disk->unlink(j->folder, name);
	return err;
}

/* The least number that is not on file: a segment is named after it, so that one that was given but
 * not yet written is never taken for one that was. */
static uint64_t next_on_file(const struct journal *j)
{
	return j->putting ? j->putting : j->held ? j->held->seq : j->next_seq;
}

static void adopt(struct journal *j, int fd, uint64_t first_seq, size_t bytes)
{
	struct segment *s = mem_new(sizeof(*s));

	memcpy(s->boot, j->o.boot, 16);
	s->first_seq = first_seq;
	s->reserved = j->reserved;
	s->bytes = bytes;
	if (j->count == j->room) {
		j->room = j->room ? 2 * j->room : 16;
		j->segs = mem_grow(j->segs, j->room, sizeof(struct segment *));
	}
	if (j->fd >= 0)
		close(j->fd);
	j->segs[j->count++] = s;
	j->fd = fd;
	j->synced = bytes;
	j->total += bytes;
	j->written += bytes;
	j->syncs++;
	j->dirty_since = 0;
	notes_are_in(j, s->first_seq);
}

/* Each segment stands alone: boot, clock pairs, reserved numbers and notes are in it again, so that
 * those before it can go. */
int active_roll(struct journal *j)
{
	const struct boot_clocks *clocks = clocks_of(j, j->o.boot, false);
	uint64_t first_seq = next_on_file(j), upto = j->next_seq + RESERVE_BLOCK;
	char name[SEGMENT_NAME];
	struct buf b;
	int fd, err;

	if (active(j)) {
		err = active_sync(j);
		if (err)
			return err;
	}
	buf_init(&b, 8192);
	put_header(&b, j->o.boot, first_seq, upto);
	for (uint32_t i = 0; clocks && i < clocks->n; i++)
		put_clock_frame(&b, &clocks->pair[i]);
	put_notes(j, &b);
	fd = new_file(j, segment_name(first_seq, name), &b);
	if (fd >= 0) {
		j->reserved = upto;
		adopt(j, fd, first_seq, b.len);
	}
	buf_done(&b);
	j->medium = fd < 0 ? fd : 0;
	return j->medium;
}

int active_write(struct journal *j, const struct buf *frames)
{
	struct segment *s = active(j);
	int err = j->disk->write(j->fd, frames->data, frames->len, s->bytes);

	j->medium = err;
	if (err) {
		/* what may have been written is cut off again, or else written over */
		(void)!j->disk->truncate(j->fd, s->bytes);
		return err;
	}
	s->bytes += frames->len;
	j->total += frames->len;
	j->written += frames->len;
	if (!j->dirty_since)
		j->dirty_since = clock_mono();
	return 0;
}

static int sync_file(struct journal *j)
{
	struct segment *s = active(j);
	int err = j->disk->sync(j->fd);

	j->medium = err;
	if (err)
		return err;
	j->synced = s->bytes;
	j->dirty_since = 0;
	j->syncs++;
	return 0;
}

int active_reserve(struct journal *j)
{
	uint64_t upto = j->next_seq + RESERVE_BLOCK;
	struct buf b;
	int err;

	buf_init(&b, 64);
	put_reserve_frame(&b, upto);
	err = active_write(j, &b);
	buf_done(&b);
	if (!err)
		err = sync_file(j);
	if (!err) {
		j->reserved = upto;
		active(j)->reserved = upto;
	}
	return err;
}

/* Numbers and notes ride along with a sync that is due anyway. */
int active_sync(struct journal *j)
{
	bool few = j->reserved < j->next_seq + RESERVE_BLOCK / 2, notes = j->note_dirty;
	uint64_t upto = j->next_seq + RESERVE_BLOCK;
	struct buf b;
	int err = 0;

	if (!active(j) || (!j->dirty_since && !notes))
		return 0;
	buf_init(&b, 1024);
	if (few)
		put_reserve_frame(&b, upto);
	if (notes)
		put_notes(j, &b);
	if (b.len)
		err = active_write(j, &b);
	buf_done(&b);
	if (!err)
		err = sync_file(j);
	if (err)
		return err;
	if (few)
		j->reserved = active(j)->reserved = upto;
	if (notes)
		notes_are_in(j, active(j)->first_seq);
	return 0;
}

/* --- records --- */
static int fit(struct journal *j, const struct item *i, size_t bytes)
{
	struct segment *s;
	int err = 0;

	while (!err && j->total + bytes > j->o.bytes_max)
		err = make_room(j, i->class);
	if (err)
		return err;
	s = active(j);
	/* one without records has this number's name already */
	if (!s || (s->bytes + bytes > j->o.segment_bytes && s->count))
		err = active_roll(j);
	if (!err && i->seq >= j->reserved)
		err = active_reserve(j);
	return err;
}

int item_put(struct journal *j, const struct item *i)
{
	struct buf b;
	int err;

	buf_init(&b, FRAME_HEAD + FRAME_MAX);
	put_record_frame(
		&b, i->class, i->kind, i->tells, i->note, i->seq, i->mono_ns, i->bytes, i->len);
	j->putting = i->seq;
	err = b.err ? b.err : fit(j, i, b.len);
	j->putting = 0;
	if (err == -ENOSPC && !j->medium) { /* full of dearer records */
		note_drop(&j->note[NOTE_FULL], i->seq, i->kind, i->mono_ns, i->bytes, i->len);
		j->note_dirty = true;
		j->dropped++;
		if (!j->dirty_since)
			j->dirty_since = clock_mono();
		err = 0;
	} else if (!err) {
		uint64_t at = active(j)->bytes;

		err = active_write(j, &b);
		if (!err)
			segment_add(active(j), &(struct entry){ .seq = i->seq,
						       .at = (uint32_t)at,
						       .len = (uint16_t)(b.len - FRAME_HEAD),
						       .class = i->class });
	}
	buf_done(&b);
	return err;
}

static void held_drop(struct journal *j)
{
	struct item **at, **least = &j->held, *i;

	for (at = &j->held; *at; at = &(*at)->next)
		if ((*at)->class < (*least)->class)
			least = at;
	i = *least;
	*least = i->next;
	if (j->held_end == &i->next)
		j->held_end = least;
	j->held_count--;
	j->held_bytes -= i->len;
	j->dropped++;
	note_drop(&j->note[NOTE_MEDIUM], i->seq, i->kind, i->mono_ns, i->bytes, i->len);
	j->note_dirty = true;
	free(i);
}

void item_hold(struct journal *j, struct item *i)
{
	*j->held_end = i;
	j->held_end = &i->next;
	j->held_count++;
	j->held_bytes += i->len;
	while (j->held_count > HELD_RECORDS || j->held_bytes > HELD_BYTES)
		held_drop(j);
}

int held_flush(struct journal *j)
{
	while (j->held) {
		struct item *i = j->held;
		int err = item_put(j, i);

		if (err)
			return err;
		j->held = i->next;
		if (!j->held)
			j->held_end = &j->held;
		j->held_count--;
		j->held_bytes -= i->len;
		free(i);
	}
	return 0;
}
