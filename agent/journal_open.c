/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the journal as the last run left it: whole, or cut anywhere. */
#include "journal_inside.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEING_MADE 1024 /* header, clock pairs and notes of a new segment have fewer bytes */

struct range {
	uint64_t first, last;
};

struct loading {
	struct journal *j;
	struct range *receipts;
	size_t receipt_count, receipt_room;
	uint32_t told[NOTE_REASONS];
	struct range *aside; /* numbers in files that were set aside */
	size_t aside_count;
};

static void on_clock(void *arg, const struct segment *s, const struct clock_pair *p)
{
	struct loading *l = arg;

	clocks_add(clocks_of(l->j, s->boot, true), p);
}

static void on_receipt(void *arg, uint64_t first, uint64_t last)
{
	struct loading *l = arg;

	if (l->receipt_count == l->receipt_room) {
		l->receipt_room = l->receipt_room ? 2 * l->receipt_room : 64;
		l->receipts = mem_grow(l->receipts, l->receipt_room, sizeof(*l->receipts));
	}
	l->receipts[l->receipt_count++] = (struct range){ first, last };
}

static void on_note(
	void *arg, const struct segment *s, enum note_reason reason, const struct note *n)
{
	struct loading *l = arg;

	if (n->id < l->j->note[reason].id)
		return;
	l->j->note[reason] = *n;
	l->j->home[reason] = s->first_seq;
}

static void on_told(void *arg, enum note_reason reason, uint32_t id)
{
	struct loading *l = arg;

	if (id > l->told[reason])
		l->told[reason] = id;
}

void mark_done(struct journal *j, uint64_t first, uint64_t last, bool *changed)
{
	for (size_t i = 0; i < j->count; i++) {
		struct segment *s = j->segs[i];
		struct entry *e = segment_find(s, first), *end = s->entries + s->count;

		for (; e && e < end && e->seq <= last; e++) {
			if (e->done)
				continue;
			e->done = true;
			s->live--;
			*changed = true;
		}
	}
}

/* --- the files --- */
static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int list(struct journal *j, uint64_t **out, size_t *count)
{
	int fd = openat(j->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0, room = 0;
	struct dirent *e;

	*out = NULL;
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		unsigned long long seq;
		char name[SEGMENT_NAME];

		if (!strcmp(e->d_name, "rewrite.new") && !j->o.read_only)
			(void)!j->disk->unlink(j->folder, e->d_name);
		if (sscanf(e->d_name, "%16llx", &seq) != 1 ||
			strcmp(e->d_name, segment_name(seq, name)))
			continue;
		if (n == room) {
			room = room ? 2 * room : 64;
			*out = mem_grow(*out, room, sizeof(**out));
		}
		(*out)[n++] = seq;
	}
	closedir(d);
	*count = n;
	if (n)
		qsort(*out, n, sizeof(**out), by_number);
	return 0;
}

/* A small file without a whole header is one that was being made: no number of it was ever given.
 * Of another nobody knows what it held: all numbers up to the next file are told as lost. */
static void headless(struct loading *l, uint64_t first_seq, uint64_t next, uint64_t bytes)
{
	char name[SEGMENT_NAME], aside[SEGMENT_NAME + 8];
	struct journal *j = l->j;

	segment_name(first_seq, name);
	if (j->o.read_only)
		return;
	if (bytes <= BEING_MADE) {
		(void)!j->disk->unlink(j->folder, name);
		return;
	}
	snprintf(aside, sizeof(aside), "%s.bad", name);
	log_warn("journal", "%s/%s does not begin as a journal does: kept as %s", j->o.folder, name,
		aside);
	if (j->disk->rename(j->folder, name, aside))
		return;
	l->aside = mem_grow(l->aside, l->aside_count + 1, sizeof(*l->aside));
	l->aside[l->aside_count++] = (struct range){ first_seq, next - 1 };
}

static void keep(struct journal *j, struct segment *s)
{
	if (j->count == j->room) {
		j->room = j->room ? 2 * j->room : 16;
		j->segs = mem_grow(j->segs, j->room, sizeof(struct segment *));
	}
	j->segs[j->count++] = s;
	j->total += s->bytes;
}

/* The tail of a write that was cut: no number in it was ever acknowledged as being on the medium. */
static int cut_tail(struct journal *j, const struct segment *s)
{
	char name[SEGMENT_NAME];
	int fd = openat(j->folder, segment_name(s->first_seq, name), O_RDWR | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = j->disk->truncate(fd, s->bytes);
	if (!err)
		err = j->disk->sync(fd);
	close(fd);
	return err;
}

static void note_lost(struct journal *j, uint64_t first, uint64_t last, uint64_t count)
{
	struct note *n = &j->note[NOTE_MEDIUM];

	note_drop(n, first, 0, 0, NULL, 0);
	n->count += count - 1;
	if (last > n->last)
		n->last = last;
	j->note_dirty = true;
	j->dropped += count;
}

/* Segments with bytes that changed on the medium, or a tear where none can be, are written again without
 * them, with a note of what is missing. */
static int mend(struct loading *l)
{
	struct journal *j = l->j;
	int err = 0;

	for (size_t i = 0; i < l->aside_count; i++)
		note_lost(j, l->aside[i].first, l->aside[i].last,
			l->aside[i].last - l->aside[i].first + 1);
	for (size_t i = 0; i < j->count && !err && !j->o.read_only; i++) {
		struct segment *s = j->segs[i];

		if (!s->damage)
			continue;
		log_warn("journal", "%s: %llu records of segment %llx cannot be read any more",
			j->o.folder, (unsigned long long)s->damage,
			(unsigned long long)s->first_seq);
		note_lost(j, s->first_seq, s->count ? s->entries[s->count - 1].seq : s->first_seq,
			s->damage);
		err = segment_shrink(j, s, -1);
	}
	return err;
}

static void take_past(struct journal *j, const struct segment *s, const struct scan *scan,
	struct journal_past *past)
{
	past->any = true;
	past->same_boot = !memcmp(s->boot, j->o.boot, 16);
	past->clean = scan->clean;
	if (scan->last_mono != INT64_MIN) {
		struct batch_head head = { 0 };
		const struct boot_clocks *b = clocks_of(j, s->boot, false);

		head.clocks = b ? b->n : 0;
		if (b)
			memcpy(head.clock, b->pair, sizeof(b->pair));
		past->last_mono_ns = scan->last_mono;
		past->last_utc_ns = batch_utc(&head, scan->last_mono, NULL, NULL);
	}
}

static int load_all(struct loading *l, const uint64_t *names, size_t n, struct journal_past *past,
	struct why *why)
{
	struct journal *j = l->j;

	for (size_t i = 0; i < n; i++) {
		struct scan scan = { l, on_clock, on_receipt, on_note, on_told, false, 0, 0, 0 };
		struct segment *s;
		int err = segment_load(&s, j->folder, names[i], &scan);

		past->repaired += scan.torn;
		if (err == -EBADMSG) {
			headless(l, names[i], i + 1 < n ? names[i + 1] : names[i] + 1, scan.torn);
			continue;
		}
		if (!err) {
			keep(j, s);
			if (i + 1 == n && scan.torn && !j->o.read_only)
				err = cut_tail(j, s);
			s->damage = scan.rotten + (i + 1 < n && scan.torn);
			take_past(j, s, &scan, past);
		}
		if (err)
			return why_say(why, err, "%s: segment %016llx cannot be read: %s",
				j->o.folder, (unsigned long long)names[i], strerror(-err));
	}
	return 0;
}

/* The numbers: those that are there, those that a note tells, and after a cut all that were reserved. */
static void count_on(struct journal *j, bool clean)
{
	uint64_t last = 0, reserved = 0;

	for (size_t i = 0; i < j->count; i++) {
		const struct segment *s = j->segs[i];

		if (s->first_seq > last + 1)
			last = s->first_seq - 1;
		if (s->count && s->entries[s->count - 1].seq > last)
			last = s->entries[s->count - 1].seq;
		if (s->reserved > reserved)
			reserved = s->reserved;
	}
	for (int r = 0; r < NOTE_REASONS; r++)
		if (j->note[r].count && j->note[r].last > last)
			last = j->note[r].last;
	j->next_seq = last + 1;
	j->reserved = clean || reserved < j->next_seq ? j->next_seq : reserved;
}

int journal_load(struct journal *j, struct journal_past *past, struct why *why)
{
	struct loading l = { .j = j };
	uint64_t *names = NULL;
	size_t n = 0;
	bool changed;
	int err = list(j, &names, &n);

	if (err)
		why_say(why, err, "%s: cannot be listed: %s", j->o.folder, strerror(-err));
	else
		err = load_all(&l, names, n, past, why);
	for (size_t i = 0; i < l.receipt_count && !err; i++)
		mark_done(j, l.receipts[i].first, l.receipts[i].last, &changed);
	for (int r = 0; r < NOTE_REASONS; r++) {
		if (l.told[r] >= j->note[r].id) {
			j->note[r] = (struct note){ .id = l.told[r] };
			j->home[r] = 0;
		}
	}
	if (!err) {
		err = mend(&l);
		if (err)
			why_say(why, err, "%s: cannot be mended: %s", j->o.folder, strerror(-err));
	}
	count_on(j, past->clean);
	free(l.aside);
	free(names);
	free(l.receipts);
	return err;
}
