/* SPDX-License-Identifier: Apache-2.0 */
/* The journal against full disks, failing disks and a power cut at every byte of everything that was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/journal.h"
#include "probes/core/codec.h"
#include "probes/core/mem.h"
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64];

static void wipe(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(folder);
}

static int setup(void **state)
{
	snprintf(base, sizeof(base), "%s/phusong-journal-XXXXXX",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	*state = NULL;
	return mkdtemp(base) ? rmdir(base) : -1;
}

static int teardown(void **state)
{
	(void)state;
	wipe(base);
	return 0;
}

static struct journal_options options(uint8_t boot)
{
	struct journal_options o = { .folder = base, .bytes_max = 1 << 20, .segment_bytes = 4096 };

	memset(o.boot, boot, sizeof(o.boot));
	return o;
}

static struct journal *opened(const struct journal_options *o, struct journal_past *past)
{
	struct journal *j = NULL;
	struct why why = { "" };
	int err = journal_open(&j, o, past, &why);

	if (err)
		print_message("%s\n", why.text);
	assert_int_equal(err, 0);
	return j;
}

static void make(struct record *r, enum record_kind kind, int64_t mono)
{
	record_clear(r, kind);
	r->mono_ns = mono;
	record_set_text(r, FIELD_TEST, "a test with a name of some length");
	if (kind == RECORD_ACCESS)
		record_set_text(r, FIELD_EVIDENCE, "registered");
}

static uint64_t append(struct journal *j, enum record_kind kind, int64_t mono)
{
	struct record r;

	make(&r, kind, mono);
	assert_int_equal(journal_append(j, &r), 0);
	return r.seq;
}

/* What can be read: seq by seq, with the ranges that gap records tell. */
struct seen {
	bool there[4096], told[4096];
	size_t count, gaps;
	uint64_t told_count, last;
	struct record gap;
};

static void look(struct journal *j, struct seen *s)
{
	struct batch_head head = { 0 };
	struct record r;
	struct buf b;
	uint64_t after = 0;
	int n;

	memset(s, 0, sizeof(*s));
	buf_init(&b, 1 << 20);
	while ((n = journal_read(j, after, 7, 4096, &head, &b, &after)) > 0) {
		size_t at = 0, used;

		for (int i = 0; i < n; i++, at += used) {
			assert_int_equal(codec_decode(&r, b.data + at, b.len - at, &used, NULL), 0);
			assert_true(r.seq > s->last && r.seq < COUNT(s->there));
			s->last = r.seq;
			s->there[r.seq] = true;
			s->count++;
			if (r.kind != RECORD_GAP)
				continue;
			s->gap = r;
			s->gaps++;
			s->told_count += (uint64_t)record_int(&r, FIELD_GAP_COUNT, 0);
			for (int64_t k = record_int(&r, FIELD_GAP_FIRST, 0);
				k <= record_int(&r, FIELD_GAP_LAST, -1); k++)
				s->told[k] = true;
		}
		assert_int_equal(at, b.len);
		buf_clear(&b);
	}
	assert_int_equal(n, 0);
	buf_done(&b);
}

static void records_come_back_in_order_and_after_a_restart(void **state)
{
	struct journal_options o = options(1);
	struct journal_past past;
	struct journal *j = opened(&o, &past);
	struct seen *s = mem_new(sizeof(*s));

	(void)state;
	assert_false(past.any);
	for (int i = 0; i < 200; i++)
		assert_int_equal(append(j, RECORD_SIGNAL, i), i + 1);
	look(j, s);
	assert_int_equal(s->count, 200);
	journal_close(j);
	j = opened(&o, &past);
	assert_true(past.any && past.clean && past.same_boot);
	assert_int_equal(past.skipped, 0);
	assert_int_equal(past.last_mono_ns, 199);
	look(j, s);
	assert_int_equal(s->count, 200);
	assert_int_equal(append(j, RECORD_SIGNAL, 1), 201);
	journal_close(j);
	free(s);
}

static void a_receipt_frees_whole_segments_and_survives(void **state)
{
	struct journal_options o = options(1);
	struct journal *j = opened(&o, NULL);
	struct seen *s = mem_new(sizeof(*s));
	struct journal_stats before, after;

	(void)state;
	for (int i = 0; i < 300; i++)
		append(j, RECORD_SIGNAL, i);
	journal_stats(j, &before);
	assert_int_equal(journal_receipt(j, 101, 200), 0); /* out of order */
	journal_stats(j, &after);
	assert_int_equal(after.waiting, 200);
	assert_int_equal(after.oldest_seq, 1);
	assert_int_equal(journal_receipt(j, 1, 100), 0);
	journal_stats(j, &after);
	assert_int_equal(after.oldest_seq, 201);
	assert_true(after.bytes < before.bytes / 2);
	journal_close(j);
	j = opened(&o, NULL);
	look(j, s);
	assert_int_equal(s->count, 100);
	assert_true(s->there[201] && s->there[300] && !s->there[200]);
	assert_int_equal(journal_receipt(j, 1, 300), 0);
	look(j, s);
	assert_int_equal(s->count, 0);
	journal_close(j);
	j = opened(&o, NULL);
	assert_int_equal(append(j, RECORD_SIGNAL, 1), 301);
	journal_close(j);
	free(s);
}

static void a_batch_is_of_one_boot_and_carries_its_clock(void **state)
{
	struct journal_options o = options(1);
	struct clock_pair pair = { 1000, 1700000000000000000, 50, CLOCK_NTP };
	struct journal_past past;
	struct journal *j = opened(&o, NULL);
	struct batch_head head;
	struct buf b;
	uint64_t last;

	(void)state;
	buf_init(&b, 65536);
	append(j, RECORD_SIGNAL, 500);
	append(j, RECORD_SIGNAL, 2000);
	assert_int_equal(journal_clock(j, &pair), 0);
	journal_close(j);
	o = options(2);
	j = opened(&o, &past);
	assert_false(past.same_boot);
	assert_int_equal(past.last_utc_ns, 1700000000000001000);
	append(j, RECORD_SIGNAL, 7);
	assert_int_equal(journal_read(j, 0, 100, 32768, &head, &b, &last), 2);
	assert_int_equal(head.boot[0], 1);
	assert_int_equal(head.clocks, 1);
	assert_int_equal(batch_utc(&head, 500, NULL, NULL), 1699999999999999500);
	buf_clear(&b);
	assert_int_equal(journal_read(j, last, 100, 32768, &head, &b, &last), 1);
	assert_int_equal(head.boot[0], 2);
	assert_int_equal(head.clocks, 0);
	buf_done(&b);
	journal_close(j);
}

static void when_full_the_least_valuable_go_first_and_a_gap_says_so(void **state)
{
	struct journal_options o = options(1);
	struct journal_stats stats;
	struct journal *j;
	struct seen *s = mem_new(sizeof(*s));

	(void)state;
	o.segment_bytes = 2048;
	o.bytes_max = 16384;
	o.sync_every_ns = NS_PER_S;
	j = opened(&o, NULL);
	for (int i = 1; i <= 600; i++)
		append(j, i % 10 ? RECORD_SIGNAL : RECORD_ACCESS, i);
	journal_stats(j, &stats);
	assert_true(stats.bytes <= o.bytes_max + 512);
	assert_true(stats.dropped > 300);
	look(j, s);
	for (int i = 10; i <= 600; i += 10)
		assert_true(s->there[i]);
	for (int i = 1; i <= 600; i++)
		assert_true(s->there[i] || s->told[i]);
	assert_int_equal(s->gaps, 1);
	assert_string_equal(record_text(&s->gap, FIELD_GAP_REASON), "journal_full");
	assert_int_equal(s->told_count + s->count - 1, 600);
	assert_non_null(strstr(record_text(&s->gap, FIELD_GAP_KINDS), "signal="));
	journal_close(j);
	j = opened(&o, NULL);
	look(j, s);
	assert_int_equal(s->gaps, 1); /* told once */
	journal_close(j);
	free(s);
}

static void a_second_agent_is_told_that_the_journal_is_in_use(void **state)
{
	struct journal_options o = options(1);
	struct journal *j = opened(&o, NULL), *second = NULL;
	struct why why = { "" };

	(void)state;
	assert_int_equal(journal_open(&second, &o, NULL, &why), -EBUSY);
	assert_non_null(strstr(why.text, "another agent"));
	o.read_only = true;
	assert_int_equal(journal_open(&second, &o, NULL, &why), 0);
	journal_close(second);
	journal_close(j);
}

/* --- a medium that fails --- */
static int failing; /* -errno of every change while set */

static int failing_create(int folder, const char *name)
{
	return failing ? failing : disk_real.create(folder, name);
}

static int failing_write(int fd, const void *bytes, size_t n, uint64_t at)
{
	if (failing && n > 3)
		disk_real.write(fd, bytes, n / 2, at); /* as far as it got */
	return failing ? failing : disk_real.write(fd, bytes, n, at);
}

static int failing_truncate(int fd, uint64_t length)
{
	return failing ? failing : disk_real.truncate(fd, length);
}

static int failing_sync(int fd)
{
	return failing ? failing : disk_real.sync(fd);
}

static const struct disk failing_disk = {
	.create = failing_create,
	.write = failing_write,
	.truncate = failing_truncate,
	.sync = failing_sync,
};

static void a_medium_that_fails_is_survived_and_heals(void **state)
{
	static const int errors[] = { -ENOSPC, -EROFS, -EIO };
	struct disk disk = failing_disk;
	struct journal_options o = options(1);
	struct seen *s = mem_new(sizeof(*s));
	uint64_t given = 0;

	(void)state;
	disk.rename = disk_real.rename;
	disk.unlink = disk_real.unlink;
	o.disk = &disk;
	for (size_t e = 0; e < COUNT(errors); e++) {
		struct journal *j = opened(&o, NULL);
		struct journal_stats stats;
		struct record r;

		given = append(j, RECORD_SIGNAL, 1);
		failing = errors[e];
		for (int i = 0; i < 40; i++) {
			make(&r, RECORD_SIGNAL, i);
			assert_int_equal(journal_append(j, &r), errors[e]);
			assert_int_equal(r.seq, ++given);
		}
		journal_stats(j, &stats);
		assert_int_equal(stats.medium, errors[e]);
		assert_int_equal(journal_sync(j), errors[e]);
		assert_true(journal_sync_due(j) > clock_mono()); /* or its owner would spin */
		failing = 0;
		given = append(j, RECORD_SIGNAL, 3);
		journal_stats(j, &stats);
		assert_int_equal(stats.medium, 0);
		look(j, s);
		assert_int_equal(s->count, given);
		journal_close(j);
	}
	free(s);
}

/* Killed, the disk filled up, started again: it measures on, and no number is lost or given twice. */
static void an_agent_that_starts_on_a_full_disk_measures_on(void **state)
{
	struct disk disk = failing_disk;
	struct journal_options o = options(1);
	struct seen *s = mem_new(sizeof(*s));
	struct journal_stats stats;
	struct journal_past past;
	struct record r;

	(void)state;
	disk.rename = disk_real.rename;
	disk.unlink = disk_real.unlink;
	o.disk = &disk;
	for (int boot = 1; boot <= 2; boot++) {
		struct journal *j = opened(&o, NULL);
		uint64_t given = append(j, RECORD_SIGNAL, 5);

		assert_int_equal(journal_sync(j), 0);
		journal_abandon(j);
		failing = -ENOSPC;
		o.boot[0] = (uint8_t)boot; /* the same segment goes on, or another one is begun */
		j = opened(&o, &past);
		journal_stats(j, &stats);
		assert_int_equal(stats.medium, -ENOSPC);
		assert_true(journal_sync_due(j) < INT64_MAX);
		make(&r, RECORD_SIGNAL, 1);
		assert_int_equal(journal_append(j, &r), -ENOSPC);
		assert_int_equal(r.seq, given + past.skipped + 2); /* the gap record has one */
		failing = 0;
		append(j, RECORD_SIGNAL, 1);
		assert_int_equal(journal_sync(j), 0);
		look(j, s);
		assert_int_equal(s->last, r.seq + 1);
		for (uint64_t n = 1; n <= s->last; n++)
			assert_true(s->there[n] != s->told[n]);
		journal_close(j);
	}
	free(s);
}

static void what_memory_could_not_hold_while_the_medium_failed_is_told(void **state)
{
	struct disk disk = failing_disk;
	struct journal_options o = options(1);
	struct seen *s = mem_new(sizeof(*s));
	struct journal *j;
	struct record r;

	(void)state;
	disk.rename = disk_real.rename;
	disk.unlink = disk_real.unlink;
	o.disk = &disk;
	j = opened(&o, NULL);
	failing = -EIO;
	for (int i = 1; i <= 1000; i++) {
		make(&r, i == 5 ? RECORD_ACCESS : RECORD_SIGNAL, i);
		assert_int_equal(journal_append(j, &r), -EIO);
	}
	failing = 0;
	append(j, RECORD_SIGNAL, 1001);
	look(j, s);
	assert_true(s->there[5]);
	assert_string_equal(record_text(&s->gap, FIELD_GAP_REASON), "medium_failed");
	for (int i = 1; i <= 1001; i++)
		assert_true(s->there[i] || s->told[i]);
	journal_close(j);
	free(s);
}

/* --- the power is cut --- */
enum op_type { OP_CREATE, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_SYNC_FOLDER, OP_RENAME, OP_UNLINK };

struct op {
	enum op_type type;
	char name[40], to[40];
	uint64_t at;
	size_t n;
	uint8_t *bytes;
	uint64_t given, durable; /* before this op: highest number handed out, and highest synced */
};

static struct op ops[20000];
static size_t op_count;
static uint64_t given_now, durable_now;
static struct {
	int fd;
	char name[40];
} files[64];

static struct op *log_op(enum op_type type, const char *name)
{
	struct op *o = &ops[op_count++];

	assert_true(op_count < COUNT(ops));
	*o = (struct op){ .type = type, .given = given_now, .durable = durable_now };
	snprintf(o->name, sizeof(o->name), "%s", name);
	return o;
}

static const char *name_of(int fd)
{
	for (size_t i = 0; i < COUNT(files); i++)
		if (files[i].fd == fd && *files[i].name)
			return files[i].name;
	return "";
}

static int log_create(int folder, const char *name)
{
	int fd = disk_real.create(folder, name);

	for (size_t i = 0; i < COUNT(files); i++) /* the number of a closed file comes back */
		if (files[i].fd == fd)
			files[i].name[0] = 0;
	for (size_t i = 0; i < COUNT(files); i++)
		if (!files[i].name[0]) {
			files[i].fd = fd;
			snprintf(files[i].name, sizeof(files[i].name), "%s", name);
			break;
		}
	log_op(OP_CREATE, name);
	return fd;
}

static int log_write(int fd, const void *bytes, size_t n, uint64_t at)
{
	struct op *o = log_op(OP_WRITE, name_of(fd));

	o->at = at;
	o->n = n;
	o->bytes = mem_new(n + 1);
	memcpy(o->bytes, bytes, n);
	return disk_real.write(fd, bytes, n, at);
}

static int log_truncate(int fd, uint64_t length)
{
	log_op(OP_TRUNCATE, name_of(fd))->at = length;
	return disk_real.truncate(fd, length);
}

static int log_sync(int fd)
{
	const char *name = name_of(fd);

	log_op(*name ? OP_SYNC : OP_SYNC_FOLDER, name);
	return 0;
}

static int log_rename(int folder, const char *from, const char *to)
{
	struct op *o = log_op(OP_RENAME, from);

	snprintf(o->to, sizeof(o->to), "%s", to);
	return disk_real.rename(folder, from, to);
}

static int log_unlink(int folder, const char *name)
{
	log_op(OP_UNLINK, name);
	return disk_real.unlink(folder, name);
}

static const struct disk logging = { log_create, log_write, log_truncate, log_sync, log_rename,
	log_unlink };

static int no_sync(int fd)
{
	(void)fd;
	return 0;
}

/* Files as they are, and as they would be if only what was synced remains. */
struct inode {
	uint8_t data[65536], synced[65536];
	size_t len, synced_len;
};
struct name {
	char text[40];
	struct inode *file;
};
static struct name now[128], kept[128];
static struct inode *inodes[256];
static size_t inode_count;

static struct name *find_name(struct name *table, const char *text)
{
	for (int i = 0; i < 128; i++)
		if (!strcmp(table[i].text, text))
			return &table[i];
	return NULL;
}

static struct name *place_for(const char *text)
{
	struct name *n = find_name(now, text);

	if (!n)
		n = find_name(now, "");
	if (!n)
		abort(); /* more files than a history makes */
	snprintf(n->text, sizeof(n->text), "%s", text);
	return n;
}

static void play(const struct op *o, size_t bytes)
{
	struct name *n = find_name(now, o->name), *to;

	switch (o->type) {
	case OP_CREATE:
		n = place_for(o->name);
		assert_true(inode_count < COUNT(inodes));
		n->file = inodes[inode_count++] = mem_new(sizeof(*n->file));
		break;
	case OP_WRITE:
		memcpy(n->file->data + o->at, o->bytes, bytes);
		if (o->at + bytes > n->file->len)
			n->file->len = o->at + bytes;
		break;
	case OP_TRUNCATE:
		n->file->len = o->at;
		break;
	case OP_SYNC:
		memcpy(n->file->synced, n->file->data, n->file->len);
		n->file->synced_len = n->file->len;
		break;
	case OP_SYNC_FOLDER:
		memcpy(kept, now, sizeof(now));
		break;
	case OP_RENAME:
		to = place_for(o->to);
		to->file = n->file;
		n->text[0] = 0;
		break;
	case OP_UNLINK:
		if (n)
			n->text[0] = 0;
		break;
	}
}

static void materialise(const struct name *table, bool synced)
{
	wipe(base);
	assert_int_equal(mkdir(base, 0700), 0);
	for (int i = 0; i < 128; i++) {
		char path[160];
		int fd;

		if (!table[i].text[0])
			continue;
		snprintf(path, sizeof(path), "%s/%s", base, table[i].text);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		assert_true(fd >= 0);
		assert_true(write(fd, synced ? table[i].file->synced : table[i].file->data,
				    synced ? table[i].file->synced_len : table[i].file->len) >= 0);
		close(fd);
	}
}

static uint64_t receipted; /* all up to here had their receipts in the history */

static void check_after_cut(uint64_t given, uint64_t durable, struct seen *s)
{
	struct disk fast = disk_real;
	struct journal_options o = options(9);
	struct journal_past past;
	struct journal *j;
	uint64_t next;

	fast.sync = no_sync;
	o.segment_bytes = 1024;
	o.bytes_max = 8192;
	o.disk = &fast;
	j = opened(&o, &past);
	next = append(j, RECORD_HEALTH, 1);
	assert_true(next > given);
	look(j, s);
	for (uint64_t i = receipted + 1; i < next; i++) {
		if (!s->there[i] && !s->told[i])
			print_message(
				"number %llu is neither there nor told, given %llu, durable %llu\n",
				(unsigned long long)i, (unsigned long long)given,
				(unsigned long long)durable);
		assert_true(s->there[i] || s->told[i]);
	}
	journal_close(j);
	j = opened(&o, &past);
	assert_true(past.clean);
	assert_true(append(j, RECORD_HEALTH, 1) > next);
	journal_close(j);
}

/* Rolls, receipts in and out of order, drops because it is full, a restart. */
static void live_through_a_history(void)
{
	struct journal_options o = options(1);
	struct clock_pair pair = { 1, 1700000000000000000, 50, CLOCK_NTP };
	struct journal *j;

	o.segment_bytes = 1024;
	o.bytes_max = 8192;
	o.sync_every_ns = NS_PER_S;
	o.disk = &logging;
	j = opened(&o, NULL);
	for (int i = 1; i <= 150; i++) {
		given_now = append(j, i % 8 ? RECORD_SIGNAL : RECORD_ACCESS, i);
		if (i == 3)
			assert_int_equal(journal_clock(j, &pair), 0);
		if (i % 5 == 0) {
			assert_int_equal(journal_sync(j), 0);
			durable_now = given_now;
		}
		if (i == 20)
			assert_int_equal(journal_receipt(j, 8, 12), 0);
		if (i == 25)
			assert_int_equal(journal_receipt(j, 1, 7), 0);
	}
	journal_close(j);
	log_op(OP_SYNC_FOLDER, "");
}

static void no_cut_at_any_byte_loses_or_doubles_anything(void **state)
{
	struct seen *s = mem_new(sizeof(*s));
	size_t cuts = 0;

	(void)state;
	receipted = 12;
	live_through_a_history();
	memset(now, 0, sizeof(now));
	memset(kept, 0, sizeof(kept));
	for (size_t k = 0; k < op_count; k++) {
		struct op *o = &ops[k];

		materialise(kept, true);
		check_after_cut(o->durable, o->durable, s);
		for (size_t b = 0; o->type == OP_WRITE && b < o->n; b++, cuts++) {
			play(o, b);
			materialise(now, false);
			check_after_cut(o->given, o->durable, s);
		}
		play(o, o->n);
		materialise(now, false);
		check_after_cut(o->given, o->durable, s);
		cuts += 2;
	}
	print_message("%zu cuts in %zu operations\n", cuts, op_count);
	while (inode_count)
		free(inodes[--inode_count]);
	while (op_count)
		free(ops[--op_count].bytes);
	free(s);
}

static void flip(const char *name, off_t at)
{
	char path[160];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x10;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void a_byte_that_changed_on_the_medium_costs_one_record_and_is_told(void **state)
{
	struct journal_options o = options(1);
	struct seen *s = mem_new(sizeof(*s));
	struct journal_past past;
	struct journal *j = opened(&o, NULL);

	(void)state;
	for (int i = 0; i < 20; i++)
		append(j, RECORD_SIGNAL, i);
	journal_close(j);
	flip("0000000000000001.seg", 700);
	j = opened(&o, &past);
	look(j, s);
	assert_int_equal(s->count, 20); /* 19 of them, and the gap record */
	assert_int_equal(s->gaps, 1);
	assert_string_equal(record_text(&s->gap, FIELD_GAP_REASON), "medium_failed");
	assert_int_equal(s->told_count, 1);
	journal_close(j);
	j = opened(&o, NULL);
	look(j, s);
	assert_int_equal(s->gaps, 1);
	journal_close(j);
	free(s);
}

static void a_file_that_is_no_segment_does_not_stop_the_agent(void **state)
{
	struct journal_options o = options(1);
	struct seen *s = mem_new(sizeof(*s));
	struct journal *j;

	(void)state;
	o.segment_bytes = 16384;
	j = opened(&o, NULL);
	for (int i = 0; i < 300; i++)
		append(j, RECORD_SIGNAL, i);
	journal_close(j);
	flip("0000000000000001.seg", 3); /* the header of the oldest */
	j = opened(&o, NULL);
	look(j, s);
	assert_true(s->there[300] && !s->there[1]);
	for (int i = 1; i <= 300; i++)
		assert_true(s->there[i] || s->told[i]);
	assert_true(append(j, RECORD_SIGNAL, 1) > 300);
	journal_close(j);
	free(s);
}

static void thirty_days_of_backlog_open_in_a_moment(void **state)
{
	struct journal_options o = options(1);
	struct journal *j;
	struct journal_stats stats;
	int64_t began;

	(void)state;
	o.segment_bytes = 65536;
	o.bytes_max = 64 << 20;
	o.sync_every_ns = 60 * NS_PER_S;
	j = opened(&o, NULL);
	for (int i = 0; i < 43200; i++)
		append(j, RECORD_SIGNAL, i);
	journal_close(j);
	began = clock_mono();
	j = opened(&o, NULL);
	print_message("43,200 records: %lld ms\n", (long long)((clock_mono() - began) / NS_PER_MS));
	journal_stats(j, &stats);
	assert_int_equal(stats.waiting, 43200);
	assert_true(clock_mono() - began < 2 * NS_PER_S);
	journal_close(j);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(records_come_back_in_order_and_after_a_restart),
		T(a_receipt_frees_whole_segments_and_survives),
		T(a_batch_is_of_one_boot_and_carries_its_clock),
		T(when_full_the_least_valuable_go_first_and_a_gap_says_so),
		T(a_second_agent_is_told_that_the_journal_is_in_use),
		T(a_medium_that_fails_is_survived_and_heals),
		T(an_agent_that_starts_on_a_full_disk_measures_on),
		T(what_memory_could_not_hold_while_the_medium_failed_is_told),
		T(no_cut_at_any_byte_loses_or_doubles_anything),
		T(a_byte_that_changed_on_the_medium_costs_one_record_and_is_told),
		T(a_file_that_is_no_segment_does_not_stop_the_agent),
		T(thirty_days_of_backlog_open_in_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
