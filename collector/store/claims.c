/* SPDX-License-Identifier: Apache-2.0 */
/* Claims, with which a technician brings a probe in, and the certificates that probes got. */
#include "inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CLAIM_COLUMNS \
	"name, hash, hamlet, cluster, role, simulated, created, expires, actor, probe, used FROM " \
	"claim "
#define CERTIFICATE_COLUMNS "serial, probe, issued, expires, revoked, pem FROM certificate "

static void claim_get(sqlite3_stmt *st, struct store_claim *c)
{
	memset(c, 0, sizeof(*c));
	db_text(st, 0, c->name, sizeof(c->name));
	if (sqlite3_column_bytes(st, 1) == STORE_HASH)
		memcpy(c->hash, sqlite3_column_blob(st, 1), STORE_HASH);
	db_text(st, 2, c->hamlet, sizeof(c->hamlet));
	db_text(st, 3, c->cluster, sizeof(c->cluster));
	c->role = (uint8_t)sqlite3_column_int(st, 4);
	c->simulated = sqlite3_column_int(st, 5);
	c->created_ns = sqlite3_column_int64(st, 6);
	c->expires_ns = sqlite3_column_int64(st, 7);
	db_text(st, 8, c->actor, sizeof(c->actor));
	db_text(st, 9, c->probe, sizeof(c->probe));
	c->used_ns = sqlite3_column_int64(st, 10);
}

int store_claim(struct store *s, const char *name, struct store_claim *out)
{
	sqlite3_stmt *st = db_query(&s->meta, "SELECT " CLAIM_COLUMNS "WHERE name=?", "t", name);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		claim_get(st, out);
		err = 0;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

int store_claims(struct store *s, int (*each)(void *arg, const struct store_claim *c), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta, "SELECT " CLAIM_COLUMNS "ORDER BY created, name", "");
	struct store_claim c;
	int err = 0, ended;

	while (!err && db_row(st)) {
		claim_get(st, &c);
		err = each(arg, &c);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

static int add(struct store *s, const struct store_claim *c, const char *actor)
{
	char detail[256];
	int err = db_run(&s->meta,
		"INSERT INTO claim(name, hash, hamlet, cluster, role, simulated, created, expires, "
		"actor, probe, used) VALUES(?,?,?,?,?,?,?,?,?,'',0)",
		"tbttiiiit", c->name, c->hash, (size_t)STORE_HASH, c->hamlet, c->cluster,
		(int64_t)c->role, (int64_t)c->simulated, c->created_ns, c->expires_ns, actor);

	snprintf(detail, sizeof(detail), "hamlet=%s cluster=%s role=%s", c->hamlet, c->cluster,
		probe_role_name[c->role]);
	return err ? err : store_audit(s, actor, "claim add", c->name, detail);
}

int store_claim_add(
	struct store *s, const struct store_claim *c, const char *actor, struct why *why)
{
	int err;

	if (c->role > ROLE_ROAMING)
		return why_say(why, -EINVAL, "unknown role");
	if (*c->hamlet && !db_int(&s->meta, 0, "SELECT 1 FROM hamlet WHERE code=?", "t", c->hamlet))
		return why_say(why, -ENOENT, "%s: no hamlet with this code; import hamlets first",
			c->hamlet);
	if (*c->cluster && !db_int(&s->meta, 0, "SELECT 1 FROM cluster WHERE hamlet=? AND code=?",
				   "tt", c->hamlet, c->cluster))
		return why_say(why, -ENOENT, "%s: no cluster with this code in hamlet %s",
			c->cluster, c->hamlet);
	err = meta_begin(s);
	if (!err)
		err = meta_end(s, add(s, c, actor));
	/* a name that is taken is the caller's to try again: nothing to say yet */
	return err && err != -EEXIST
	               ? why_say(why, err, "the claim cannot be stored: %s", store_problem(s))
	               : err;
}

int store_claim_withdraw(struct store *s, const char *name, const char *actor, struct why *why)
{
	struct store_claim c;
	int err = meta_begin(s);

	if (err)
		return why_say(why, err, "%s: %s", name, store_problem(s));
	err = store_claim(s, name, &c);
	if (err)
		why_say(why, err, "%s: no such claim", name);
	else if (c.used_ns)
		err = why_say(why, -EPERM, "%s: was used by probe %s", name, c.probe);
	if (!err)
		err = db_run(&s->meta, "DELETE FROM claim WHERE name=?", "t", name);
	if (!err)
		err = store_audit(s, actor, "claim withdraw", name, "");
	err = meta_end(s, err);
	return err ? why_say(why, err, "%s: %s", name, store_problem(s)) : 0;
}

/* --- use --- */
static int note_certificate(struct store *s, const struct store_certificate *cert)
{
	return db_run(&s->meta,
		"INSERT INTO certificate(serial, probe, issued, expires, revoked, pem) "
		"VALUES(?,?,?,?,0,?)",
		"ttiit", cert->serial, cert->probe, cert->issued_ns, cert->expires_ns, cert->pem);
}

static int use(struct store *s, const struct store_claim *c, const struct store_certificate *cert,
	struct why *why)
{
	struct store_claim now;
	struct store_probe p = { .role = c->role, .simulated = c->simulated };
	char actor[32], detail[128];
	int err = store_claim(s, c->name, &now);

	if (err)
		return why_say(why, err, "the claim is gone");
	if (now.used_ns && strcmp(now.probe, cert->probe) != 0)
		return why_say(why, -EPERM, "another probe used the claim");
	snprintf(actor, sizeof(actor), "claim %s", c->name);
	snprintf(p.id, sizeof(p.id), "%s", cert->probe);
	snprintf(p.hamlet, sizeof(p.hamlet), "%s", c->hamlet);
	snprintf(p.cluster, sizeof(p.cluster), "%s", c->cluster);
	err = store_probe_add(s, &p, actor, why);
	if (!err)
		err = db_run(&s->meta, "UPDATE claim SET probe=?, used=? WHERE name=?", "tit",
			cert->probe, cert->issued_ns, c->name);
	if (!err)
		err = note_certificate(s, cert);
	snprintf(detail, sizeof(detail), "certificate=%s", cert->serial);
	return err ? err : store_audit(s, actor, "probe enroll", cert->probe, detail);
}

int store_claim_use(struct store *s, const struct store_claim *c,
	const struct store_certificate *cert, struct why *why)
{
	int err = meta_begin(s);

	if (!err)
		err = meta_end(s, use(s, c, cert, why));
	return err ? why_say(why, err, "the claim cannot be used: %s", store_problem(s)) : 0;
}

/* --- certificates --- */
static void certificate_get(sqlite3_stmt *st, struct store_certificate *c)
{
	memset(c, 0, sizeof(*c));
	db_text(st, 0, c->serial, sizeof(c->serial));
	db_text(st, 1, c->probe, sizeof(c->probe));
	c->issued_ns = sqlite3_column_int64(st, 2);
	c->expires_ns = sqlite3_column_int64(st, 3);
	c->revoked_ns = sqlite3_column_int64(st, 4);
	c->pem = (const char *)sqlite3_column_text(st, 5);
}

int store_certificate(struct store *s, const char *probe, int64_t now_ns,
	struct store_certificate *out, struct buf *pem)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT " CERTIFICATE_COLUMNS "WHERE probe=? AND revoked=0 AND expires>? ORDER BY "
		"issued DESC LIMIT 1",
		"ti", probe, now_ns);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		certificate_get(st, out);
		buf_puts(pem, out->pem ? out->pem : "");
		out->pem = NULL;
		err = pem->err;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

int store_certificates(struct store *s, const char *probe, bool revoked,
	int (*each)(void *arg, const struct store_certificate *c), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT " CERTIFICATE_COLUMNS
		"WHERE (?1 IS NULL OR probe=?1) AND (?2=0 OR revoked>0) ORDER BY serial",
		"ti", probe, (int64_t)revoked);
	struct store_certificate c;
	int err = 0, ended;

	while (!err && db_row(st)) {
		certificate_get(st, &c);
		err = each(arg, &c);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

static int revoke(
	struct store *s, const char *probe, int64_t now_ns, const char *actor, uint64_t *revoked)
{
	char detail[64];
	int err = db_run(&s->meta, "UPDATE certificate SET revoked=? WHERE probe=? AND revoked=0",
		"it", now_ns, probe);

	*revoked = (uint64_t)sqlite3_changes(s->meta.handle);
	if (err || !*revoked)
		return err;
	snprintf(detail, sizeof(detail), "%llu certificates", (unsigned long long)*revoked);
	return store_audit(s, actor, "certificates revoke", probe, detail);
}

int store_certificates_revoke(
	struct store *s, const char *probe, int64_t now_ns, const char *actor, uint64_t *revoked)
{
	int err = meta_begin(s);

	return err ? err : meta_end(s, revoke(s, probe, now_ns, actor, revoked));
}
