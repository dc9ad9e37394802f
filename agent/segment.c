/* SPDX-License-Identifier: Apache-2.0 */
/* Frames into bytes and back.  A frame is believed when its CRC fits; whatever follows the last whole
 * frame is a torn write. */
#include "segment.h"
#include "../probes/core/mem.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC    "phusongJ"
#define VERSION  1
#define FILE_MAX (64u << 20)

char *segment_name(uint64_t first_seq, char out[SEGMENT_NAME])
{
	snprintf(out, SEGMENT_NAME, "%016llx.seg", (unsigned long long)first_seq);
	return out;
}

static void put32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_put(b, &v, sizeof(v));
}

static void put64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	buf_put(b, &v, sizeof(v));
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint32_t crc_of(const void *bytes, size_t n)
{
	return (uint32_t)crc32(0, bytes, (uInt)n);
}

/* --- writing --- */
void put_header(struct buf *b, const uint8_t boot[16], uint64_t first_seq, uint64_t reserved)
{
	size_t at = b->len;

	buf_put(b, MAGIC, 8);
	put32(b, VERSION);
	buf_put(b, boot, 16);
	put64(b, first_seq);
	put64(b, reserved);
	if (!b->err)
		put32(b, crc_of(b->data + at, HEADER_BYTES - 4));
}

static size_t frame_begin(struct buf *b, enum frame_type type)
{
	uint8_t t = (uint8_t)type;

	put64(b, 0);
	buf_put(b, &t, 1);
	return b->len - 1;
}

static void frame_end(struct buf *b, size_t body)
{
	uint32_t v[2];

	if (b->err)
		return;
	v[0] = htole32((uint32_t)(b->len - body));
	v[1] = htole32(crc_of(b->data + body, b->len - body));
	memcpy(b->data + body - FRAME_HEAD, v, sizeof(v));
}

void put_record_frame(struct buf *b, uint8_t class, uint8_t kind, uint8_t tells, uint32_t note,
	uint64_t seq, int64_t mono_ns, const void *record, size_t n)
{
	size_t body = frame_begin(b, FRAME_RECORD);
	uint8_t head[3] = { class, kind, tells };

	buf_put(b, head, sizeof(head));
	put32(b, note);
	put64(b, seq);
	put64(b, (uint64_t)mono_ns);
	buf_put(b, record, n);
	frame_end(b, body);
}

void put_clock_frame(struct buf *b, const struct clock_pair *p)
{
	size_t body = frame_begin(b, FRAME_CLOCK);

	buf_put(b, &p->source, 1);
	put64(b, (uint64_t)p->mono_ns);
	put64(b, (uint64_t)p->utc_ns);
	put64(b, (uint64_t)p->error_us);
	frame_end(b, body);
}

void put_reserve_frame(struct buf *b, uint64_t reserved)
{
	size_t body = frame_begin(b, FRAME_RESERVE);

	put64(b, reserved);
	frame_end(b, body);
}

void put_receipt_frame(struct buf *b, uint64_t first, uint64_t last)
{
	size_t body = frame_begin(b, FRAME_RECEIPT);

	put64(b, first);
	put64(b, last);
	frame_end(b, body);
}

void put_note_frame(struct buf *b, enum note_reason reason, const struct note *n)
{
	size_t body = frame_begin(b, FRAME_NOTE);
	uint8_t r = (uint8_t)reason;

	buf_put(b, &r, 1);
	put32(b, n->id);
	put64(b, n->first);
	put64(b, n->last);
	put64(b, n->count);
	put64(b, (uint64_t)n->first_mono);
	put64(b, (uint64_t)n->last_mono);
	for (size_t i = 0; i < COUNT(n->kinds); i++)
		put32(b, n->kinds[i]);
	frame_end(b, body);
}

void put_clean_frame(struct buf *b)
{
	frame_end(b, frame_begin(b, FRAME_CLEAN));
}

/* --- reading --- */
bool get_record_frame(struct record_frame *out, const uint8_t *body, size_t n)
{
	if (n <= RECORD_HEAD || body[0] != FRAME_RECORD)
		return false;
	*out = (struct record_frame){
		.class = body[1],
		.kind = body[2],
		.tells = body[3],
		.note = get32(body + 4),
		.seq = get64(body + 8),
		.mono_ns = (int64_t)get64(body + 16),
		.record = body + RECORD_HEAD,
		.len = n - RECORD_HEAD,
	};
	return true;
}

static void got_record(
	struct segment *s, struct scan *scan, const uint8_t *body, size_t n, size_t at)
{
	struct record_frame f;

	if (!get_record_frame(&f, body, n) || (s->count && s->entries[s->count - 1].seq >= f.seq))
		return;
	segment_add(s,
		&(struct entry){
			.seq = f.seq, .at = (uint32_t)at, .len = (uint16_t)n, .class = f.class });
	scan->last_mono = f.mono_ns;
	if (f.tells && f.tells <= NOTE_REASONS)
		scan->told(scan->arg, (enum note_reason)(f.tells - 1), f.note);
}

static void got_note(struct segment *s, struct scan *scan, const uint8_t *body)
{
	struct note n = {
		.id = get32(body + 2),
		.first = get64(body + 6),
		.last = get64(body + 14),
		.count = get64(body + 22),
		.first_mono = (int64_t)get64(body + 30),
		.last_mono = (int64_t)get64(body + 38),
	};

	for (size_t i = 0; i < COUNT(n.kinds); i++)
		n.kinds[i] = get32(body + 46 + 4 * i);
	if (body[1] < NOTE_REASONS)
		scan->note(scan->arg, s, (enum note_reason)body[1], &n);
}

static void got_frame(
	struct segment *s, struct scan *scan, const uint8_t *body, size_t n, size_t at)
{
	struct clock_pair p;

	scan->clean = false;
	if (body[0] == FRAME_RECORD) {
		got_record(s, scan, body, n, at);
	} else if (body[0] == FRAME_CLOCK && n == 26) {
		p = (struct clock_pair){ (int64_t)get64(body + 2), (int64_t)get64(body + 10),
			(int64_t)get64(body + 18), body[1] };
		scan->clock(scan->arg, s, &p);
	} else if (body[0] == FRAME_RESERVE && n == 9) {
		if (get64(body + 1) > s->reserved)
			s->reserved = get64(body + 1);
	} else if (body[0] == FRAME_RECEIPT && n == 17) {
		scan->receipt(scan->arg, get64(body + 1), get64(body + 9));
	} else if (body[0] == FRAME_NOTE && n == 110) {
		got_note(s, scan, body);
	} else if (body[0] == FRAME_CLEAN && n == 1) {
		scan->clean = true;
	}
}

/* The length of the whole frame at `at`, 0 when there is none. */
static size_t frame_at(const uint8_t *file, size_t size, size_t at)
{
	size_t n;

	if (size - at < FRAME_HEAD + 1)
		return 0;
	n = get32(file + at);
	if (!n || n > FRAME_MAX || size - at - FRAME_HEAD < n)
		return 0;
	return get32(file + at + 4) == crc_of(file + at + FRAME_HEAD, n) ? FRAME_HEAD + n : 0;
}

/* A frame whose bytes have changed, with whole ones after it: the length to step over, else 0. */
static size_t rotten_at(const uint8_t *file, size_t size, size_t at)
{
	size_t n = size - at < FRAME_HEAD + 1 ? 0 : FRAME_HEAD + (size_t)get32(file + at);

	if (n <= FRAME_HEAD || n > FRAME_HEAD + FRAME_MAX || size - at < n)
		return 0;
	return frame_at(file, size, at + n) ? n : 0;
}

static int read_file(int folder, const char *name, uint8_t **out, size_t *size)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if ((uint64_t)st.st_size > FILE_MAX)
		err = -EBADMSG;
	if (!err) {
		*out = mem_new((size_t)st.st_size + 1);
		n = pread(fd, *out, (size_t)st.st_size, 0);
		err = n < 0 ? -errno : 0;
		*size = n < 0 ? 0 : (size_t)n;
		if (err)
			free(*out);
	}
	close(fd);
	return err;
}

static bool header_fits(const uint8_t *file, size_t size, uint64_t first_seq)
{
	return size >= HEADER_BYTES && !memcmp(file, MAGIC, 8) && get32(file + 8) == VERSION &&
	       get64(file + 28) == first_seq && get32(file + 44) == crc_of(file, HEADER_BYTES - 4);
}

int segment_load(struct segment **out, int folder, uint64_t first_seq, struct scan *scan)
{
	char name[SEGMENT_NAME];
	uint8_t *file;
	size_t size, at = HEADER_BYTES, n;
	struct segment *s;
	int err = read_file(folder, segment_name(first_seq, name), &file, &size);

	scan->clean = false;
	scan->last_mono = INT64_MIN;
	scan->torn = scan->rotten = 0;
	if (err)
		return err;
	if (!header_fits(file, size, first_seq)) {
		scan->torn = size;
		free(file);
		return -EBADMSG;
	}
	s = mem_new(sizeof(*s));
	memcpy(s->boot, file + 12, 16);
	s->first_seq = first_seq;
	s->reserved = get64(file + 36);
	for (; at < size; at += n) {
		n = frame_at(file, size, at);
		if (n) {
			got_frame(s, scan, file + at + FRAME_HEAD, n - FRAME_HEAD, at);
			continue;
		}
		n = rotten_at(file, size, at);
		if (!n)
			break;
		scan->rotten++;
	}
	s->bytes = at;
	scan->torn = size - at;
	if (scan->torn)
		scan->clean = false;
	free(file);
	*out = s;
	return 0;
}

void segment_free(struct segment *s)
{
	if (!s)
		return;
	free(s->entries);
	free(s);
}

void segment_add(struct segment *s, const struct entry *e)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->entries = mem_grow(s->entries, s->room, sizeof(*s->entries));
	}
	s->entries[s->count++] = *e;
	s->live += !e->done;
}

struct entry *segment_find(struct segment *s, uint64_t least)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->entries[middle].seq < least)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->count ? &s->entries[low] : NULL;
}

int segment_read(int fd, const struct entry *e, struct buf *out)
{
	uint8_t frame[FRAME_HEAD + FRAME_MAX];
	size_t n = FRAME_HEAD + (size_t)e->len;
	ssize_t got = pread(fd, frame, n, e->at);

	if (got < 0)
		return -errno;
	if ((size_t)got != n || frame_at(frame, n, 0) != n || e->len <= RECORD_HEAD)
		return -EBADMSG;
	buf_put(out, frame + FRAME_HEAD + RECORD_HEAD, e->len - RECORD_HEAD);
	return out->err;
}

int segment_filter(const struct segment *s, int folder, struct buf *out,
	bool (*keep)(void *arg, enum frame_type type, const uint8_t *body, size_t n), void *arg)
{
	char name[SEGMENT_NAME];
	uint8_t *file;
	size_t size, n;
	int err = read_file(folder, segment_name(s->first_seq, name), &file, &size);

	if (err)
		return err;
	if (size > s->bytes)
		size = s->bytes;
	for (size_t at = HEADER_BYTES; at < size; at += n) {
		const uint8_t *body = file + at + FRAME_HEAD;

		n = frame_at(file, size, at);
		if (n && keep(arg, (enum frame_type)body[0], body, n - FRAME_HEAD))
			buf_put(out, file + at, n);
		if (!n)
			n = rotten_at(file, size, at);
		if (!n)
			break;
	}
	free(file);
	return out->err;
}

int segment_rewrite(struct segment *s, int folder, const struct disk *disk, const struct buf *kept)
{
	char name[SEGMENT_NAME];
	int fd = disk->create(folder, "rewrite.new"), err;

	if (fd < 0)
		return fd;
	err = disk->write(fd, kept->data, kept->len, 0);
	if (!err)
		err = disk->sync(fd);
	close(fd);
	if (!err)
		err = disk->rename(folder, "rewrite.new", segment_name(s->first_seq, name));
	if (!err)
		err = disk->sync(folder);
	if (err)
		disk->unlink(folder, "rewrite.new");
	return err;
}
