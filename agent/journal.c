/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as its users see it. */
#include "journal_inside.h"
#include "../probes/core/codec.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT_BYTES       65536
#define RETRY               NS_PER_S /* between two tries of a medium that fails */
#define SEGMENTS_LEAST      4
#define SEGMENT_BYTES_LEAST 1024
#define SEGMENT_BYTES_MAX   (16u << 20)

/* --- opening --- */
static int open_folder(struct journal *j, struct why *why)
{
	const char *path = j->o.folder;
	int err = 0;

	if (!j->o.read_only && mkdir(path, 0700) && errno != EEXIST)
		err = -errno;
	if (!err) {
		j->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = j->folder < 0 ? -errno : 0;
	}
	return err ? why_say(why, err, "%s: the journal's folder cannot be opened: %s", path,
			     strerror(-err))
	           : 0;
}

static int lock_folder(struct journal *j, struct why *why)
{
	char text[24] = "";
	int err = 0;

	j->lock = openat(j->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock < 0)
		return why_say(
			why, -errno, "%s/lock: cannot be opened: %s", j->o.folder, strerror(errno));
	if (flock(j->lock, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
		(void)!pread(j->lock, text, sizeof(text) - 1, 0);
		return why_say(why, err, "%s: another agent uses this journal (process %s)",
			j->o.folder, *text ? text : "unknown");
	}
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	(void)!ftruncate(j->lock, 0);
	(void)!pwrite(j->lock, text, strlen(text), 0); /* only for the message above */
	return 0;
}

/* Goes on in the last segment if it is of this boot and has room. */
static int go_on(struct journal *j)
{
	struct segment *s = j->count ? j->segs[j->count - 1] : NULL;
	char name[SEGMENT_NAME];
	int err;

	if (!s || memcmp(s->boot, j->o.boot, 16) || s->bytes > j->o.segment_bytes / 2)
		return -ENOENT;
	j->fd = openat(j->folder, segment_name(s->first_seq, name), O_RDWR | O_CLOEXEC);
	if (j->fd < 0)
		return -errno;
	err = j->disk->truncate(j->fd, s->bytes);
	j->synced = s->bytes;
	if (!err)
		return 0;
	close(j->fd);
	j->fd = -1;
	return err;
}

static int put_record(struct journal *j, struct record *r);

static int skip_numbers(struct journal *j, const struct journal_past *past)
{
	uint64_t first = j->next_seq - past->skipped;
	struct record *r;
	int err;

	if (!past->skipped)
		return 0;
	r = mem_new(sizeof(*r));
	record_begin(r, RECORD_GAP);
	record_set_text(r, FIELD_GAP_REASON, "torn_write");
	record_set_int(r, FIELD_GAP_FIRST, (int64_t)first);
	record_set_int(r, FIELD_GAP_LAST, (int64_t)j->next_seq - 1);
	/* After a kill all that was written is there.  After a cut nobody knows: the count is absent. */
	if (past->same_boot && !past->repaired)
		record_set_int(r, FIELD_GAP_COUNT, 0);
	err = put_record(j, r);
	free(r);
	return err ? err : journal_sync(j);
}

/* No number is given before it is reserved on the medium, and none twice. */
static int begin(struct journal *j, struct journal_past *past, struct why *why)
{
	int err;

	past->skipped = j->reserved - j->next_seq;
	j->next_seq = j->reserved;
	err = go_on(j);
	err = err ? active_roll(j) : active_reserve(j);
	if (!err)
		err = skip_numbers(j, past);
	else if (err == -ENOSPC)
		(void)!skip_numbers(j, past); /* it waits in memory, as what follows does */
	if (err == -ENOSPC) {
		log_warn("journal", "%s: the medium is full: results are kept in memory for now",
			j->o.folder);
		return 0;
	}
	if (err)
		return why_say(why, err, "%s: cannot be written: %s", j->o.folder, strerror(-err));
	drop_finished(j);
	return 0;
}

static int check_options(const struct journal_options *o, struct why *why)
{
	if (o->segment_bytes < SEGMENT_BYTES_LEAST || o->segment_bytes > SEGMENT_BYTES_MAX)
		return why_say(why, -EINVAL, "%s: a segment of %u bytes is not possible", o->folder,
			o->segment_bytes);
	if (!o->read_only && o->bytes_max < (uint64_t)SEGMENTS_LEAST * o->segment_bytes)
		return why_say(why, -EINVAL, "%s: the journal needs at least %u bytes", o->folder,
			SEGMENTS_LEAST * o->segment_bytes);
	return 0;
}

int journal_open(struct journal **out, const struct journal_options *o, struct journal_past *past,
	struct why *why)
{
	struct journal *j = mem_new(sizeof(*j));
	struct journal_past found = { .last_utc_ns = UTC_UNKNOWN };
	int err;

	j->o = *o;
	if (!j->o.segment_bytes)
		j->o.segment_bytes = SEGMENT_BYTES;
	j->disk = o->disk ? o->disk : &disk_real;
	j->folder = j->lock = j->fd = -1;
	j->held_end = &j->held;
	err = check_options(&j->o, why);
	if (!err)
		err = open_folder(j, why);
	if (!err && !o->read_only)
		err = lock_folder(j, why);
	if (!err)
		err = journal_load(j, &found, why);
	if (!err && !o->read_only)
		err = begin(j, &found, why);
	if (err) {
		journal_abandon(j);
		return err;
	}
	if (past)
		*past = found;
	*out = j;
	return 0;
}

void journal_abandon(struct journal *j)
{
	if (!j)
		return;
	while (j->held) {
		struct item *i = j->held;

		j->held = i->next;
		free(i);
	}
	for (size_t i = 0; i < j->count; i++)
		segment_free(j->segs[i]);
	free(j->segs);
	free(j->boots);
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock >= 0)
		close(j->lock);
	if (j->folder >= 0)
		close(j->folder);
	free(j);
}

void journal_close(struct journal *j)
{
	struct buf b;

	if (j && active(j) && !journal_sync(j) && !j->held) {
		buf_init(&b, 64);
		put_clean_frame(&b);
		if (!active_write(j, &b))
			(void)!j->disk->sync(j->fd);
		buf_done(&b);
	}
	journal_abandon(j);
}

/* --- writing --- */
static int put_record(struct journal *j, struct record *r)
{
	struct item *i;
	struct buf b;
	int err;

	buf_init(&b, RECORD_BYTES_MAX);
	r->seq = j->next_seq;
	err = codec_encode(&b, r);
	if (err) {
		buf_done(&b);
		return err;
	}
	j->next_seq++;
	i = mem_new(sizeof(*i) + b.len);
	i->seq = r->seq;
	i->mono_ns = r->mono_ns;
	i->class = (uint8_t)record_value(r);
	i->kind = r->kind;
	i->len = b.len;
	memcpy(i->bytes, b.data, b.len);
	buf_done(&b);
	err = held_flush(j);
	if (!err)
		err = item_put(j, i);
	if (err)
		item_hold(j, i);
	else
		free(i);
	return err;
}

int journal_append(struct journal *j, struct record *r)
{
	int err;

	if (j->o.read_only)
		return -EROFS;
	err = put_record(j, r);
	if (!err && !j->o.sync_every_ns)
		err = journal_sync(j);
	return err;
}

int journal_sync(struct journal *j)
{
	int err = j->o.read_only ? -EROFS : held_flush(j);

	if (!err && !active(j))
		err = active_roll(j);
	if (!err)
		err = active_sync(j);
	j->retry_at = err ? clock_mono() + RETRY : 0;
	return err;
}

int64_t journal_sync_due(const struct journal *j)
{
	int64_t due = INT64_MAX;

	if (j->held)
		due = 0; /* is the medium back? */
	else if (j->dirty_since)
		due = j->dirty_since + j->o.sync_every_ns;
	return due != INT64_MAX && due < j->retry_at ? j->retry_at : due;
}

int journal_clock(struct journal *j, const struct clock_pair *pair)
{
	struct buf b;
	int err;

	if (j->o.read_only)
		return -EROFS;
	clocks_add(clocks_of(j, j->o.boot, true), pair);
	if (!active(j))
		return active_roll(j);
	buf_init(&b, 64);
	put_clock_frame(&b, pair);
	err = active_write(j, &b);
	buf_done(&b);
	return err;
}

void journal_stats(const struct journal *j, struct journal_stats *out)
{
	*out = (struct journal_stats){
		.next_seq = j->next_seq,
		.oldest_seq = j->next_seq,
		.waiting = j->held_count,
		.bytes = j->total,
		.written = j->written,
		.syncs = j->syncs,
		.dropped = j->dropped,
		.medium = j->medium,
	};
	if (j->held)
		out->oldest_seq = j->held->seq;
	for (size_t i = j->count; i-- > 0;) {
		const struct segment *s = j->segs[i];

		out->waiting += s->live;
		for (size_t k = 0; s->live && k < s->count; k++) {
			if (s->entries[k].done)
				continue;
			out->oldest_seq = s->entries[k].seq;
			break;
		}
	}
}
