/* SPDX-License-Identifier: Apache-2.0 */
/* Small things in meta.db: key and value, dirty pairs, the audit chain. */
#include "inside.h"

#include <endian.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

int store_kv_set(struct store *s, const char *key, const char *value)
{
	if (!value)
		return db_run(&s->meta, "DELETE FROM kv WHERE key=?", "t", key);
	return db_run(
		&s->meta, "INSERT OR REPLACE INTO kv(key, value) VALUES(?,?)", "tt", key, value);
}

int store_kv_get(struct store *s, const char *key, struct buf *out)
{
	sqlite3_stmt *st = db_query(&s->meta, "SELECT value FROM kv WHERE key=?", "t", key);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		buf_put(out, sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
		err = out->err;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

/* --- dirty pairs --- */

int store_dirty_list(struct store *s, size_t most,
	int (*each)(void *arg, const struct store_dirty *d), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT hamlet, day, mark FROM dirty ORDER BY mark LIMIT ?", "i", (int64_t)most);
	struct store_dirty d;
	int err = 0, ended;

	while (!err && db_row(st)) {
		db_text(st, 0, d.hamlet, sizeof(d.hamlet));
		d.day = sqlite3_column_int(st, 1);
		d.mark = sqlite3_column_int64(st, 2);
		err = each(arg, &d);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

int store_dirty_done(struct store *s, const struct store_dirty *d, size_t n)
{
	int err = meta_begin(s);

	if (err)
		return err;
	for (size_t i = 0; !err && i < n; i++)
		err = db_run(&s->meta, "DELETE FROM dirty WHERE hamlet=? AND day=? AND mark<=?",
			"tii", d[i].hamlet, (int64_t)d[i].day, d[i].mark);
	return meta_end(s, err);
}

int store_dirty_mark(struct store *s, const char *hamlet, int32_t day)
{
	int64_t mark;
	int err = meta_begin(s);

	if (err)
		return err;
	mark = db_int(&s->meta, 0, "SELECT CAST(value AS INTEGER) FROM kv WHERE key='mark'", "") +
	       1;
	err = db_run(&s->meta,
		"INSERT OR REPLACE INTO kv(key, value) VALUES('mark', CAST(? AS TEXT))", "i", mark);
	if (!err)
		err = db_run(&s->meta,
			"INSERT OR REPLACE INTO dirty(hamlet, day, mark) VALUES(?,?,?)", "tii",
			hamlet, (int64_t)day, mark);
	return meta_end(s, err);
}

/* --- audit --- */

#define HASH 32

/* SHA-256 over the hash before, number, time and the texts, each text with its length before it; numbers
 * as 64 bits, big endian, so that anybody can compute it again. */
static int chain(uint8_t out[HASH], const uint8_t before[HASH], int64_t number, int64_t at_ns,
	const char *const text[4])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint64_t n, head[2] = { htobe64((uint64_t)number), htobe64((uint64_t)at_ns) };
	int ok;

	if (!c)
		return -ENOMEM;
	ok = EVP_DigestInit_ex(c, EVP_sha256(), NULL) && EVP_DigestUpdate(c, before, HASH) &&
	     EVP_DigestUpdate(c, head, sizeof(head));
	for (int i = 0; ok && i < 4; i++) {
		n = htobe64(strlen(text[i]));
		ok = EVP_DigestUpdate(c, &n, sizeof(n)) &&
		     EVP_DigestUpdate(c, text[i], strlen(text[i]));
	}
	ok = ok && EVP_DigestFinal_ex(c, out, NULL);
	EVP_MD_CTX_free(c);
	return ok ? 0 : -EIO;
}

static int audit_append(struct store *s, const char *const text[4])
{
	sqlite3_stmt *st = db_query(
		&s->meta, "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", "");
	uint8_t before[HASH] = { 0 }, hash[HASH];
	int64_t number = 1, at_ns = clock_wall();
	int err;

	if (db_row(st)) {
		number = sqlite3_column_int64(st, 0) + 1;
		if (sqlite3_column_bytes(st, 1) == HASH)
			memcpy(before, sqlite3_column_blob(st, 1), HASH);
	}
	err = db_end(&s->meta, st);
	if (!err)
		err = chain(hash, before, number, at_ns, text);
	if (!err)
		err = db_run(&s->meta,
			"INSERT INTO audit(number, at, actor, action, object, detail, hash) "
			"VALUES(?,?,?,?,?,?,?)",
			"iittttb", number, at_ns, text[0], text[1], text[2], text[3], hash,
			(size_t)HASH);
	return err;
}

int store_audit(struct store *s, const char *actor, const char *action, const char *object,
	const char *detail)
{
	const char *const text[4] = { actor ? actor : "", action ? action : "",
		object ? object : "", detail ? detail : "" };
	bool own = sqlite3_get_autocommit(s->meta.handle);
	int err = own ? meta_begin(s) : 0;

	if (err)
		return err;
	err = audit_append(s, text);
	return own ? meta_end(s, err) : err;
}

int store_audit_verify(struct store *s, uint64_t *entries, struct why *why)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT number, at, actor, action, object, detail, hash FROM audit ORDER BY number",
		"");
	uint8_t before[HASH] = { 0 }, hash[HASH];
	int64_t number = 0, found;
	int err = 0, ended;

	while (!err && db_row(st)) {
		const char *text[4];

		for (int i = 0; i < 4; i++)
			text[i] = sqlite3_column_text(st, 2 + i)
			                  ? (const char *)sqlite3_column_text(st, 2 + i)
			                  : "";
		found = sqlite3_column_int64(st, 0);
		number++;
		err = chain(hash, before, found, sqlite3_column_int64(st, 1), text);
		if (!err && (found != number || sqlite3_column_bytes(st, 6) != HASH ||
				    memcmp(hash, sqlite3_column_blob(st, 6), HASH) != 0))
			err = why_say(why, -EBADMSG,
				"audit entry %lld does not fit the one before it: something was "
				"changed or removed",
				(long long)number);
		memcpy(before, hash, HASH);
	}
	ended = db_end(&s->meta, st);
	if (!err && !ended)
		*entries = (uint64_t)number;
	return err ? err : ended;
}

int64_t store_audit_last(struct store *s)
{
	return db_int(&s->meta, -1, "SELECT coalesce(max(number),0) FROM audit", "");
}

int store_audits(struct store *s, int64_t after, size_t most,
	int (*each)(void *arg, const struct store_audit_entry *e), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT number, at, actor, action, object, detail FROM audit WHERE number>? ORDER "
		"BY number LIMIT ?",
		"ii", after, (int64_t)most);
	int err = 0, ended;

	while (!err && db_row(st)) {
		struct store_audit_entry e = { sqlite3_column_int64(st, 0),
			sqlite3_column_int64(st, 1), (const char *)sqlite3_column_text(st, 2),
			(const char *)sqlite3_column_text(st, 3),
			(const char *)sqlite3_column_text(st, 4),
			(const char *)sqlite3_column_text(st, 5) };

		err = each(arg, &e);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}
