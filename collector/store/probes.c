/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of probes: who may send, where each one stands, since when. */
#include "inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROBE_COLUMNS \
	"number, id, hamlet, cluster, role, simulated, retired, online, added, first_batch, " \
	"last_seen, agent FROM probe "

static void probe_get(sqlite3_stmt *st, struct store_probe *p)
{
	*p = (struct store_probe){ .number = sqlite3_column_int64(st, 0),
		.role = (uint8_t)sqlite3_column_int(st, 4),
		.simulated = sqlite3_column_int(st, 5),
		.retired = sqlite3_column_int(st, 6),
		.online = sqlite3_column_int(st, 7),
		.added_ns = sqlite3_column_int64(st, 8),
		.first_batch_ns = sqlite3_column_int64(st, 9),
		.last_seen_ns = sqlite3_column_int64(st, 10) };
	db_text(st, 1, p->id, sizeof(p->id));
	db_text(st, 2, p->hamlet, sizeof(p->hamlet));
	db_text(st, 3, p->cluster, sizeof(p->cluster));
	db_text(st, 11, p->agent, sizeof(p->agent));
}

int store_probe(struct store *s, const char *id, struct store_probe *out)
{
	sqlite3_stmt *st = db_query(&s->meta, "SELECT " PROBE_COLUMNS "WHERE id=?", "t", id);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		probe_get(st, out);
		err = 0;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

int store_probes(struct store *s, const char *hamlet,
	int (*each)(void *arg, const struct store_probe *p), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT " PROBE_COLUMNS "WHERE ?1 IS NULL OR hamlet=?1 OR number IN (SELECT probe "
		"FROM placement WHERE hamlet=?1) ORDER BY number",
		"t", hamlet);
	struct store_probe p;
	int err = 0, ended;

	while (!err && db_row(st)) {
		probe_get(st, &p);
		err = each(arg, &p);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

/* Its stay begins at the beginning of time when it is its first: a backlog from before the
 * registration belongs to the hamlet where the probe was installed. */
static int stay(struct store *s, int64_t number, const struct store_probe *p, bool first)
{
	int64_t now = clock_wall();
	int err = 0;

	if (!first)
		err = db_run(&s->meta, "UPDATE placement SET till=? WHERE probe=? AND till=?",
			"iii", now, number, INT64_MAX);
	if (!err && *p->hamlet)
		err = db_run(&s->meta,
			"INSERT OR REPLACE INTO placement(probe, since, till, hamlet, cluster, "
			"role) VALUES(?,?,?,?,?,?)",
			"iiitti", number, first ? INT64_MIN : now, INT64_MAX, p->hamlet, p->cluster,
			(int64_t)p->role);
	return err;
}

static int add(struct store *s, const struct store_probe *p, const char *actor)
{
	struct store_probe old = { 0 };
	char detail[256];
	int64_t number;
	int err = store_probe(s, p->id, &old);

	if (err == -ENOENT)
		err = db_run(&s->meta,
			"INSERT INTO probe(id, role, simulated, retired, online, added, "
			"first_batch, last_seen, agent, hamlet, cluster, repeated)"
			" VALUES(?,?,?,0,0,?,0,0,'',?,?,0)",
			"tiiitt", p->id, (int64_t)p->role, (int64_t)p->simulated, clock_wall(),
			p->hamlet, p->cluster);
	else if (!err)
		err = db_run(&s->meta,
			"UPDATE probe SET role=?, simulated=max(simulated,?), retired=0, hamlet=?, "
			"cluster=? WHERE id=?",
			"iittt", (int64_t)p->role, (int64_t)p->simulated, p->hamlet, p->cluster,
			p->id);
	if (err)
		return err;
	number = db_int(&s->meta, 0, "SELECT number FROM probe WHERE id=?", "t", p->id);
	if (!old.number || strcmp(old.hamlet, p->hamlet) != 0 ||
		strcmp(old.cluster, p->cluster) != 0 || old.role != p->role)
		err = stay(s, number, p,
			!db_int(&s->meta, 0, "SELECT count(*) FROM placement WHERE probe=?", "i",
				number));
	snprintf(detail, sizeof(detail), "hamlet=%s cluster=%s role=%s simulated=%d", p->hamlet,
		p->cluster, probe_role_name[p->role], p->simulated);
	return err ? err
	           : store_audit(s, actor, old.number ? "probe move" : "probe add", p->id, detail);
}

static int add_whole(
	struct store *s, const struct store_probe *p, const char *actor, struct why *why)
{
	bool own = sqlite3_get_autocommit(s->meta.handle);
	int err = own ? meta_begin(s) : 0;

	if (!err) {
		err = add(s, p, actor);
		if (own)
			err = meta_end(s, err);
	}
	return err ? why_say(why, err, "probe %s: %s", p->id, store_problem(s)) : 0;
}

int store_probe_import(struct store *s, const char *id, const char *actor, struct why *why)
{
	struct store_probe p;
	int err = store_probe(s, id, &p);

	if (!err && p.retired)
		return why_say(why, -EPERM, "probe %s is retired", id);
	if (err != -ENOENT)
		return err;
	if (strncmp(id, WALKTEST_ID, strlen(WALKTEST_ID)) != 0 || strlen(id) >= sizeof(p.id))
		return why_say(why, -EINVAL, "%s: not the id of an import", id);
	p = (struct store_probe){ .role = ROLE_ROAMING };
	snprintf(p.id, sizeof(p.id), "%s", id);
	return add_whole(s, &p, actor, why);
}

int store_probe_add(
	struct store *s, const struct store_probe *p, const char *actor, struct why *why)
{
	uint8_t id[PROBE_ID];

	if (probe_id_parse(p->id, id) < 0)
		return why_say(why, -EINVAL,
			"%s: not a probe id (26 characters of base32, as `phusong-agent status` "
			"shows it)",
			p->id);
	if (p->role > ROLE_ROAMING)
		return why_say(why, -EINVAL, "unknown role");
	if (*p->hamlet && !db_int(&s->meta, 0, "SELECT 1 FROM hamlet WHERE code=?", "t", p->hamlet))
		return why_say(why, -ENOENT, "%s: no hamlet with this code; import hamlets first",
			p->hamlet);
	if (*p->cluster && !db_int(&s->meta, 0, "SELECT 1 FROM cluster WHERE hamlet=? AND code=?",
				   "tt", p->hamlet, p->cluster))
		return why_say(why, -ENOENT, "%s: no cluster with this code in hamlet %s",
			p->cluster, p->hamlet);
	return add_whole(s, p, actor, why);
}

int store_probe_retire(struct store *s, const char *id, const char *actor, struct why *why)
{
	struct store_probe p;
	int err = store_probe(s, id, &p);

	if (err)
		return why_say(why, err, "%s: no such probe", id);
	err = meta_begin(s);
	if (!err)
		err = db_run(&s->meta, "UPDATE probe SET retired=1, online=0 WHERE id=?", "t", id);
	if (!err)
		err = store_audit(s, actor, "probe retire", id, "");
	err = meta_end(s, err);
	return err ? why_say(why, err, "probe %s: %s", id, store_problem(s)) : 0;
}

int store_probe_seen(struct store *s, const char *id, bool online, int64_t now_ns)
{
	return db_run(&s->meta, "UPDATE probe SET online=?, last_seen=max(last_seen, ?) WHERE id=?",
		"iit", (int64_t)online, now_ns, id);
}
