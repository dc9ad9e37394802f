/* SPDX-License-Identifier: Apache-2.0 */
/* A group of batches, stored at once.  Raw files commit first, each with a note of what this group
 * put into it, then meta.db commits the ledger and the group's number.  Whoever comes after a kill in
 * between finds notes with a number that meta.db has not seen, and completes the ledger from them.
 *
 * writer.lock serialises groups between processes; its first byte says whether the last holder
 * finished, the boot id after it whether the machine lost power since. */
#include "inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_TEXT 40 /* '0' clean or '1' not, then the boot id in hexadecimal */

static void lock_text(char out[LOCK_TEXT], bool clean)
{
	uint8_t boot[16] = { 0 };
	size_t at;

	if (clock_boot_id(boot, NULL) < 0)
		memset(boot, 0, sizeof(boot));
	at = (size_t)snprintf(out, LOCK_TEXT, "%c ", clean ? '0' : '1');
	for (size_t i = 0; i < sizeof(boot); i++)
		at += (size_t)snprintf(out + at, LOCK_TEXT - at, "%02x", boot[i]);
	out[at++] = '\n';
	memset(out + at, 0, LOCK_TEXT - at);
}

int group_lock(struct store *s, bool *unclean)
{
	char want[LOCK_TEXT], found[LOCK_TEXT] = "";

	if (s->mode != STORE_WRITE)
		return -EROFS;
	while (flock(s->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	lock_text(want, true);
	*unclean = pread(s->lock, found, sizeof(found) - 1, 0) <= 0 || strcmp(found, want) != 0;
	lock_text(want, false);
	if (pwrite(s->lock, want, strlen(want), 0) < 0) {
		int err = -errno;

		flock(s->lock, LOCK_UN);
		return err;
	}
	return 0;
}

/* Not clean: the file already says so. */
void group_unlock(struct store *s, bool clean)
{
	char text[LOCK_TEXT];

	lock_text(text, true);
	if (clean && pwrite(s->lock, text, strlen(text), 0) < 0)
		clean = false; /* the next one completes the ledger once more, which changes nothing */
	flock(s->lock, LOCK_UN);
}

int store_group_begin(struct store *s)
{
	bool unclean;
	int err = group_lock(s, &unclean);

	if (err)
		return err;
	err = meta_begin(s);
	if (!err && unclean) {
		err = meta_end(s, recover(s));
		if (!err)
			err = meta_begin(s);
	}
	if (err) {
		group_unlock(s, false);
		return err;
	}
	s->number =
		db_int(&s->meta, 0, "SELECT CAST(value AS INTEGER) FROM kv WHERE key='group'", "") +
		1;
	s->in_group = true;
	s->spilled = false;
	s->mark = 0;
	s->fresh = (struct span){ 0 };
	return 0;
}

static int flush_fresh(struct store *s)
{
	int err = s->fresh.probe ? ledger_add(s, s->fresh) : 0;

	s->fresh.probe = 0;
	return err;
}

/* Is seq new?  Consecutive numbers of a probe need one look at the ledger for all. */
static int claim(struct store *s, int64_t probe, uint64_t seq, bool *there)
{
	struct span *f = &s->fresh;
	uint64_t free_last;
	int err;

	*there = false;
	if (f->probe == probe && seq == f->last + 1 && seq <= s->fresh_most) {
		f->last = seq;
		return 0;
	}
	*there = f->probe == probe && seq >= f->first && seq <= f->last;
	if (*there)
		return 0;
	err = flush_fresh(s);
	if (!err)
		err = ledger_free_after(s, probe, seq, there, &free_last);
	if (err || *there)
		return err;
	*f = (struct span){ probe, seq, seq };
	s->fresh_most = free_last;
	return 0;
}

static int64_t boot_number(const uint8_t boot[16])
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | boot[i];
	return (int64_t)n;
}

static int mark_dirty(struct store *s, const char *hamlet, int32_t day)
{
	int err;

	if (!s->mark) {
		s->mark = db_int(&s->meta, 0,
				  "SELECT CAST(value AS INTEGER) FROM kv WHERE key='mark'", "") +
		          1;
		err = db_run(&s->meta,
			"INSERT OR REPLACE INTO kv(key, value) VALUES('mark', CAST(? AS TEXT))",
			"i", s->mark);
		if (err)
			return err;
	}
	return db_run(&s->meta, "INSERT OR REPLACE INTO dirty(hamlet, day, mark) VALUES(?,?,?)",
		"tii", hamlet, (int64_t)day, s->mark);
}

/* What meta.db must know of a new row besides the ledger.  r is only needed of a gap record. */
int note_row(struct store *s, const char *hamlet, const struct store_row *row, int32_t day,
	const struct record *r)
{
	int64_t first, last, count;
	int err = 0;

	if (row->utc_ns == UTC_UNKNOWN)
		err = db_run(&s->meta,
			"INSERT OR IGNORE INTO unplaced(probe, boot, day) VALUES(?,?,?)", "iii",
			row->probe, row->boot, (int64_t)day);
	else if (*hamlet)
		err = mark_dirty(s, hamlet, day);
	if (err || row->kind != RECORD_GAP)
		return err;
	first = record_int(r, FIELD_GAP_FIRST, 0);
	last = record_int(r, FIELD_GAP_LAST, 0);
	count = record_int(
		r, FIELD_GAP_COUNT, -1); /* absent: a cut, nobody knows how many were records */
	if (first < 1 || last < first || count < -1 || count > last - first + 1)
		return 0;
	return db_run(&s->meta,
		"INSERT OR REPLACE INTO dropped(probe, first, last, count, reason) "
		"VALUES(?,?,?,?,?)",
		"iiiit", row->probe, first, last, count, record_text(r, FIELD_GAP_REASON));
}

/* UTC by the record or by its batch's clock map.  A time that cannot be is no time: a probe with a
 * broken clock must neither make a file for each day of the century nor be judged in the future. */
static int64_t utc_of(const struct store_incoming *in, const struct record *r)
{
	int64_t utc_ns = r->utc_ns;

	if (utc_ns == UTC_UNKNOWN)
		utc_ns = batch_utc(in->head, r->mono_ns, NULL, NULL);
	if (utc_ns == UTC_UNKNOWN || !clock_plausible(utc_ns) ||
		utc_ns > in->received_ns + STORE_DAY_NS)
		return UTC_UNKNOWN;
	return utc_ns;
}

int store_insert(struct store *s, const struct store_incoming *in, const struct record *r,
	const void *body, size_t n, unsigned unknown)
{
	struct store_row row = {
		.probe = in->probe, .received_ns = in->received_ns, .body = body, .body_len = n
	};
	struct raw *raw;
	int32_t day;
	bool there;
	int err;

	if (r->seq < 1 || r->seq >= INT64_MAX)
		return -ERANGE;
	err = claim(s, in->probe, r->seq, &there);
	if (err || there)
		return err ? err : 1;
	row_fill(&row, r);
	row.boot = boot_number(in->head->boot);
	row.utc_ns = utc_of(in, r);
	row.bits |= (in->head->simulated ? ROW_SIMULATED : 0) | (unknown ? ROW_UNKNOWN_FIELDS : 0);
	day = store_day_of(row.utc_ns == UTC_UNKNOWN ? row.received_ns : row.utc_ns);
	err = raw_get(s, day, true, &raw);
	if (!err)
		err = raw_begin(s, raw);
	if (!err)
		err = row_put(raw, &row);
	if (err < 0)
		return err;
	raw_note(raw, row.probe, row.seq);
	if (raw->marked == row.probe && row.kind != RECORD_GAP && row.utc_ns != UTC_UNKNOWN)
		return 0;
	if (row.utc_ns != UTC_UNKNOWN)
		raw->marked = row.probe;
	return note_row(s, in->hamlet, &row, day, r);
}

int store_reject(struct store *s, const struct store_incoming *in, uint64_t seq, uint32_t code,
	const char *reason, const void *bytes, size_t n)
{
	struct store_suspect q = { .received_ns = in->received_ns,
		.reason = "record",
		.seq = seq,
		.size = n,
		.bytes = bytes,
		.bytes_len = n };
	int err = 0;

	if (seq >= 1 && seq < INT64_MAX)
		err = db_run(&s->meta,
			"INSERT OR IGNORE INTO rejected(probe, seq, code) VALUES(?,?,?)", "iii",
			in->probe, (int64_t)seq, (int64_t)code);
	snprintf(q.detail, sizeof(q.detail), "%s", reason);
	probe_id_text(in->head->probe, q.probe);
	return err ? err : store_suspect_add(s, &q);
}

static const struct clock_pair *last_clock(const struct batch_head *head)
{
	const struct clock_pair *best = NULL;

	for (uint32_t i = 0; i < head->clocks && i < BATCH_CLOCKS; i++)
		if (clock_plausible(head->clock[i].utc_ns) &&
			(!best || head->clock[i].mono_ns > best->mono_ns))
			best = &head->clock[i];
	return best;
}

int store_batch(struct store *s, const struct store_incoming *in, uint64_t repeated)
{
	int64_t boot = boot_number(in->head->boot);
	const struct clock_pair *c = last_clock(in->head);
	int err;

	err = db_run(&s->meta, "INSERT OR IGNORE INTO boot(probe, boot, id) VALUES(?,?,?)", "iib",
		in->probe, boot, in->head->boot, (size_t)16);
	if (!err && c)
		err = db_run(&s->meta,
			"UPDATE boot SET mono_ns=?, utc_ns=?, error_us=?, source=? WHERE probe=? "
			"AND boot=?",
			"iiiiii", c->mono_ns, c->utc_ns, c->error_us, (int64_t)c->source, in->probe,
			boot);
	/* The mapping is frozen where the rows to be placed are listed: a repetition after a kill
	 * then chooses the same days. */
	if (!err && db_int(&s->meta, 0,
			    "SELECT 1 FROM unplaced WHERE probe=? AND boot=? AND utc_ns IS NULL",
			    "ii", in->probe, boot)) {
		err = db_run(&s->meta,
			"UPDATE unplaced SET (mono_ns, utc_ns)=(SELECT mono_ns, utc_ns FROM boot "
			"WHERE probe=?1 AND boot=?2)"
			" WHERE probe=?1 AND boot=?2 AND utc_ns IS NULL",
			"ii", in->probe, boot);
		s->placeable = true;
	}
	if (!err)
		err = db_run(&s->meta,
			"UPDATE probe SET first_batch=CASE WHEN first_batch>0 THEN first_batch "
			"ELSE ?1 END, last_seen=max(last_seen, ?1),"
			" agent=?2, simulated=max(simulated, ?3), repeated=repeated+?4 WHERE "
			"number=?5",
			"itiii", in->received_ns, in->head->agent, (int64_t)in->head->simulated,
			(int64_t)repeated, in->probe);
	return err;
}

int store_group_commit(struct store *s)
{
	bool some = s->spilled;
	int err = flush_fresh(s);

	for (struct raw *r = s->raw; !err && r < s->raw + RAW_OPEN; r++)
		if (r->open && r->in_group) {
			some = true; /* also when it fails: a COMMIT that was cut off may hold */
			err = raw_commit(s, r);
		}
	if (!err)
		err = db_run(&s->meta,
			"INSERT OR REPLACE INTO kv(key, value) VALUES('group', CAST(? AS TEXT))",
			"i", s->number);
	if (!err)
		err = db_script(&s->meta, "COMMIT");
	if (err) {
		s->spilled = some;
		store_group_abort(s);
		return err;
	}
	s->in_group = false;
	group_unlock(s, true);
	if (s->placeable) {
		s->placeable = false;
		if (place_boots(s) < 0)
			s->placeable =
				true; /* the group itself is durable; tried again after the next one */
	}
	return 0;
}

void store_group_abort(struct store *s)
{
	if (!s->in_group)
		return;
	for (struct raw *r = s->raw; r < s->raw + RAW_OPEN; r++)
		if (r->open && r->in_group)
			raw_rollback(r);
	if (!sqlite3_get_autocommit(s->meta.handle))
		sqlite3_exec(s->meta.handle, "ROLLBACK", NULL, NULL, NULL);
	s->fresh.probe = 0;
	s->in_group = false;
	group_unlock(s, !s->spilled);
}
