/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be taken in: kept whole, visible, counted, bounded. */
#include "inside.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define DIGEST 32

static int digest_of(const struct store_suspect *q, uint8_t out[DIGEST])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int ok;

	if (!c)
		return -ENOMEM;
	ok = EVP_DigestInit_ex(c, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(c, q->reason, strlen(q->reason)) &&
	     EVP_DigestUpdate(c, q->probe, strlen(q->probe)) &&
	     EVP_DigestUpdate(c, &q->seq, sizeof(q->seq)) &&
	     EVP_DigestUpdate(c, q->bytes, q->bytes_len) && EVP_DigestFinal_ex(c, out, NULL);
	EVP_MD_CTX_free(c);
	return ok ? 0 : -EIO;
}

static int bytes_changed(struct store *s, int64_t by)
{
	return db_run(&s->meta,
		"INSERT INTO kv(key, value) VALUES('quarantine_bytes', CAST(?1 AS TEXT))"
		" ON CONFLICT(key) DO UPDATE SET value=CAST(CAST(value AS INTEGER)+?1 AS TEXT)",
		"i", by);
}

/* Room for n more bytes: the oldest of the reason with most entries goes, so that a flood of one kind
 * does not drive out the few of another. */
static int make_room(struct store *s, size_t n)
{
	int64_t held, number, size;
	int err = 0;

	for (int turns = 0; !err && turns < 10000; turns++) {
		held = db_int(&s->meta, 0,
			"SELECT CAST(value AS INTEGER) FROM kv WHERE key='quarantine_bytes'", "");
		if (held + (int64_t)n <= STORE_SUSPECT_BYTES)
			return 0;
		number = db_int(&s->meta, 0,
			"SELECT min(number) FROM quarantine WHERE reason="
			"(SELECT reason FROM quarantine GROUP BY reason ORDER BY count(*) DESC "
			"LIMIT 1)",
			"");
		if (!number)
			return 0;
		size = db_int(&s->meta, 0, "SELECT length(bytes) FROM quarantine WHERE number=?",
			"i", number);
		err = db_run(&s->meta, "DELETE FROM quarantine WHERE number=?", "i", number);
		if (!err)
			err = bytes_changed(s, -size);
	}
	return err;
}

static int add(struct store *s, const struct store_suspect *q)
{
	uint8_t digest[DIGEST];
	int err = digest_of(q, digest);

	if (err)
		return err;
	err = db_run(&s->meta,
		"INSERT INTO quarantined(reason, ever) VALUES(?,1) ON CONFLICT(reason) DO UPDATE "
		"SET ever=ever+1",
		"t", q->reason);
	if (err)
		return err;
	err = db_run(&s->meta, "UPDATE quarantine SET times=times+1 WHERE digest=?", "b", digest,
		(size_t)DIGEST);
	if (err || sqlite3_changes(s->meta.handle))
		return err;
	err = make_room(s, q->bytes_len);
	if (!err)
		err = db_run(&s->meta,
			"INSERT INTO quarantine(received, reason, detail, topic, probe, seq, size, "
			"digest, times, bytes)"
			" VALUES(?,?,?,?,?,?,?,?,1,?)",
			"ittttiibb", q->received_ns, q->reason, q->detail, q->topic, q->probe,
			(int64_t)q->seq, (int64_t)q->size, digest, (size_t)DIGEST, q->bytes,
			q->bytes_len);
	return err ? err : bytes_changed(s, (int64_t)q->bytes_len);
}

int store_suspect_add(struct store *s, const struct store_suspect *q)
{
	bool own = sqlite3_get_autocommit(s->meta.handle);
	int err = own ? meta_begin(s) : 0;

	if (err)
		return err;
	err = add(s, q);
	return own ? meta_end(s, err) : err;
}

int store_suspects(struct store *s, const char *reason, const char *probe,
	int (*each)(void *arg, const struct store_suspect *q), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT number, received, reason, detail, topic, probe, seq, size, bytes FROM "
		"quarantine"
		" WHERE (?1 IS NULL OR reason=?1) AND (?2 IS NULL OR probe=?2) ORDER BY number",
		"tt", reason, probe);
	struct store_suspect q;
	int err = 0, ended;

	while (!err && db_row(st)) {
		q = (struct store_suspect){ .number = sqlite3_column_int64(st, 0),
			.received_ns = sqlite3_column_int64(st, 1),
			.seq = (uint64_t)sqlite3_column_int64(st, 6),
			.size = (uint64_t)sqlite3_column_int64(st, 7),
			.bytes = sqlite3_column_blob(st, 8),
			.bytes_len = (size_t)sqlite3_column_bytes(st, 8) };
		db_text(st, 2, q.reason, sizeof(q.reason));
		db_text(st, 3, q.detail, sizeof(q.detail));
		db_text(st, 4, q.topic, sizeof(q.topic));
		db_text(st, 5, q.probe, sizeof(q.probe));
		err = each(arg, &q);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

int store_suspect_waiting(
	struct store *s, int64_t after, struct store_suspect *head, struct buf *bytes)
{
	/* in the order of the index, so that going through all of them reads each once */
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT q.number, q.received, q.size, q.bytes FROM quarantine q CROSS JOIN probe p "
		"ON "
		"p.id=q.probe WHERE q.reason='unknown_probe' AND q.number>? AND p.retired=0"
		" AND length(q.bytes)=q.size ORDER BY q.number LIMIT 1",
		"i", after);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		*head = (struct store_suspect){ .number = sqlite3_column_int64(st, 0),
			.received_ns = sqlite3_column_int64(st, 1),
			.size = (uint64_t)sqlite3_column_int64(st, 2) };
		buf_clear(bytes);
		buf_put(bytes, sqlite3_column_blob(st, 3), (size_t)sqlite3_column_bytes(st, 3));
		err = bytes->err;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

int store_suspect_drop(struct store *s, int64_t number)
{
	bool own = sqlite3_get_autocommit(s->meta.handle);
	int64_t size;
	int err = own ? meta_begin(s) : 0;

	if (err)
		return err;
	size = db_int(
		&s->meta, 0, "SELECT length(bytes) FROM quarantine WHERE number=?", "i", number);
	err = db_run(&s->meta, "DELETE FROM quarantine WHERE number=?", "i", number);
	if (!err)
		err = bytes_changed(s, -size);
	return own ? meta_end(s, err) : err;
}

int store_suspect_counts(struct store *s,
	int (*each)(void *arg, const char *reason, uint64_t now, uint64_t ever), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT reason, (SELECT count(*) FROM quarantine q WHERE q.reason=w.reason), ever "
		"FROM quarantined w ORDER BY reason",
		"");
	int err = 0, ended;

	while (!err && db_row(st))
		err = each(arg, (const char *)sqlite3_column_text(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2));
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}
