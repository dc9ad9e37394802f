/* SPDX-License-Identifier: Apache-2.0 */
/* Orders to probes, and what the probes said to them. */
#include "inside.h"

#include <errno.h>
#include <json-c/json.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESEND_FIRST_S 60
#define LATER_FIRST_S  5
#define RESEND_MOST_S  3600
#define OUTCOME_NS     (7 * STORE_DAY_NS) /* after its expiry an accepted order is still asked for */
#define PLAN_DEPTH     3

#define ORDER_COLUMNS \
	"number, id, probe, action, what, target, until, stop, plan, issued, expires, actor, " \
	"state, word, detail, replied, sent, last_sent FROM orders "

const char *store_order_state_name(int state)
{
	if (state == STORE_ORDER_OPEN)
		return "open";
	if (state == STORE_ORDER_EXPIRED)
		return "expired";
	return state > 0 && state < REPLY_STATES ? reply_state_name[state] : "unknown";
}

/* --- a plan as JSON --- */
static void put_plan(struct buf *out, const struct order *o)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < o->entries; i++) {
		const struct order_entry *e = &o->entry[i];
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "test", json_object_new_string(e->test));
		if (e->interval_s)
			json_object_object_add(
				one, "interval_s", json_object_new_int64(e->interval_s));
		if (e->enabled >= 0)
			json_object_object_add(one, "enabled", json_object_new_boolean(e->enabled));
		json_object_array_add(list, one);
	}
	buf_puts(out, json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN));
	json_object_put(list);
}

static void get_entry(struct json_object *from, struct order_entry *e)
{
	struct json_object *v;

	e->enabled = -1;
	if (json_object_object_get_ex(from, "test", &v))
		snprintf(e->test, sizeof(e->test), "%s", json_object_get_string(v));
	if (json_object_object_get_ex(from, "interval_s", &v))
		e->interval_s = (uint32_t)json_object_get_int64(v);
	if (json_object_object_get_ex(from, "enabled", &v))
		e->enabled = (int8_t)json_object_get_boolean(v);
}

static void get_plan(const char *text, struct order *o)
{
	struct json_tokener *t = json_tokener_new_ex(PLAN_DEPTH);
	struct json_object *list = t && text ? json_tokener_parse_ex(t, text, -1) : NULL;
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n && i < ORDER_ENTRIES; i++)
		get_entry(json_object_array_get_idx(list, i), &o->entry[o->entries++]);
	json_object_put(list);
	if (t)
		json_tokener_free(t);
}

/* --- rows --- */
static void order_get(sqlite3_stmt *st, struct store_order *o)
{
	struct order *w = &o->order;

	memset(o, 0, sizeof(*o));
	w->number = (uint64_t)sqlite3_column_int64(st, 0);
	db_text(st, 1, o->id, sizeof(o->id));
	db_text(st, 2, o->probe, sizeof(o->probe));
	w->action = (uint8_t)sqlite3_column_int(st, 3);
	db_text(st, 4, w->what, sizeof(w->what));
	db_text(st, 5, w->target, sizeof(w->target));
	w->until_ns = sqlite3_column_int64(st, 6);
	w->stop_running = sqlite3_column_int(st, 7);
	get_plan((const char *)sqlite3_column_text(st, 8), w);
	w->issued_ns = sqlite3_column_int64(st, 9);
	w->expires_ns = sqlite3_column_int64(st, 10);
	db_text(st, 11, o->actor, sizeof(o->actor));
	o->state = sqlite3_column_int(st, 12);
	db_text(st, 13, o->word, sizeof(o->word));
	db_text(st, 14, o->detail, sizeof(o->detail));
	o->replied_ns = sqlite3_column_int64(st, 15);
	o->sent = sqlite3_column_int64(st, 16);
	o->last_sent_ns = sqlite3_column_int64(st, 17);
	(void)!probe_id_parse(o->id, w->id);
	(void)!probe_id_parse(o->probe, w->probe);
}

static int each_order(struct store *s, sqlite3_stmt *st,
	int (*each)(void *arg, const struct store_order *o), void *arg)
{
	struct store_order *o = malloc(sizeof(*o));
	int err = o ? 0 : -ENOMEM, ended;

	while (!err && db_row(st)) {
		order_get(st, o);
		err = each(arg, o);
	}
	ended = db_end(&s->meta, st);
	free(o);
	return err ? err : ended;
}

int store_orders(struct store *s, const char *probe, bool open,
	int (*each)(void *arg, const struct store_order *o), void *arg)
{
	return each_order(s,
		db_query(&s->meta,
			"SELECT " ORDER_COLUMNS
			"WHERE (?1 IS NULL OR probe=?1) AND (?2=0 OR state IN (0,1,4)) "
			"ORDER BY number DESC",
			"ti", probe, (int64_t)open),
		each, arg);
}

int store_order(struct store *s, const char *id, struct store_order *out)
{
	sqlite3_stmt *st = db_query(&s->meta, "SELECT " ORDER_COLUMNS "WHERE id=?", "t", id);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		order_get(st, out);
		err = 0;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

/* --- issuing --- */

/* Microseconds, and greater than all before: also when an older copy of this store was put back, no probe
 * takes a new order for an old one. */
static int64_t new_number(struct store *s, int64_t now_ns)
{
	int64_t last = db_int(&s->meta, 0, "SELECT max(number) FROM orders", ""),
		now = now_ns / NS_PER_US;

	return now > last ? now : last + 1;
}

static int insert(struct store *s, const struct store_order *o)
{
	const struct order *w = &o->order;
	struct buf plan;
	int err;

	buf_init(&plan, 64 * 1024);
	if (w->action == ORDER_PLAN)
		put_plan(&plan, w);
	err = plan.err;
	if (!err)
		err = db_run(&s->meta,
			"INSERT INTO orders(number, id, probe, action, what, target, until, stop, "
			"plan, issued, expires, actor, state, word, detail, replied, sent, "
			"last_sent, next) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,0,'','',0,0,0,0)",
			"ittittiitiit", (int64_t)w->number, o->id, o->probe, (int64_t)w->action,
			w->what, w->target, w->until_ns, (int64_t)w->stop_running, buf_text(&plan),
			w->issued_ns, w->expires_ns, o->actor);
	buf_done(&plan);
	return err;
}

static int add(struct store *s, struct store_order *o)
{
	struct order *w = &o->order;
	char detail[512];
	int err;

	w->issued_ns = clock_wall();
	w->number = (uint64_t)new_number(s, w->issued_ns);
	err = insert(s, o);
	snprintf(detail, sizeof(detail), "id=%s %s%s%s entries=%u", o->id, w->what,
		*w->target ? " target=" : "", w->target, w->entries);
	if (!err) {
		char action[32];

		snprintf(action, sizeof(action), "order %s", order_action_name[w->action]);
		err = store_audit(s, o->actor, action, o->probe, detail);
	}
	return err;
}

int store_order_add(struct store *s, struct store_order *o, const char *actor, struct why *why)
{
	struct order *w = &o->order;
	struct store_probe p;
	int err = store_probe(s, o->probe, &p);

	if (err)
		return why_say(why, err, "%s: no such probe", o->probe);
	if (p.retired)
		return why_say(why, -EPERM, "%s: is retired", o->probe);
	if (!order_sound(w))
		return why_say(why, -EINVAL,
			"the order does not hold together (a test named twice, or nothing said "
			"about one)");
	if (RAND_bytes(w->id, ORDER_ID) != 1 || probe_id_parse(o->probe, w->probe) < 0)
		return why_say(why, -EIO, "no id can be made");
	probe_id_text(w->id, o->id);
	snprintf(o->actor, sizeof(o->actor), "%s", actor);
	o->state = STORE_ORDER_OPEN;
	err = meta_begin(s);
	if (!err)
		err = meta_end(s, add(s, o));
	return err ? why_say(why, err, "the order cannot be stored: %s", store_problem(s)) : 0;
}

/* --- sending --- */
int store_orders_due(struct store *s, int64_t now_ns, size_t most,
	int (*each)(void *arg, const struct store_order *o), void *arg)
{
	return each_order(s,
		db_query(&s->meta,
			"SELECT " ORDER_COLUMNS "AS o WHERE state IN (0,1,4) AND next<=?1 AND "
			"((state IN (0,4) AND expires>?1 AND number=("
			"SELECT min(number) FROM orders WHERE probe=o.probe AND state IN (0,4) AND "
			"expires>?1)) OR (state=1 AND expires>?2)) ORDER BY number LIMIT ?3",
			"iii", now_ns, now_ns - OUTCOME_NS, (int64_t)most),
		each, arg);
}

int store_order_sent(struct store *s, const struct store_order *o, int64_t now_ns)
{
	int64_t pause = RESEND_FIRST_S;

	for (int64_t i = 0; i < o->sent && pause < RESEND_MOST_S; i++)
		pause *= 2;
	if (pause > RESEND_MOST_S)
		pause = RESEND_MOST_S;
	return db_run(&s->meta, "UPDATE orders SET sent=sent+1, last_sent=?, next=? WHERE number=?",
		"iii", now_ns, now_ns + pause * NS_PER_S, (int64_t)o->order.number);
}

int store_orders_awake(struct store *s, const char *probe)
{
	return db_run(&s->meta, "UPDATE orders SET next=0 WHERE probe=? AND state IN (0,1,4)", "t",
		probe);
}

int store_orders_expire(struct store *s, int64_t now_ns)
{
	/* looked for first: an UPDATE takes the write lock even when it changes nothing */
	if (!db_int(&s->meta, 0, "SELECT 1 FROM orders WHERE state IN (0,4) AND expires<=? LIMIT 1",
		    "i", now_ns))
		return 0;
	return db_run(&s->meta, "UPDATE orders SET state=100 WHERE state IN (0,4) AND expires<=?",
		"i", now_ns);
}

/* --- replies --- */

/* What was accepted, refused or done does not become less. */
static bool moves(int from, int to)
{
	if (from == REPLY_DONE || from == REPLY_REFUSED)
		return false;
	if (to == REPLY_LATER)
		return from == STORE_ORDER_OPEN || from == REPLY_LATER;
	return from != to;
}

/* "Not now" is mostly a clock that is about to be told by a receipt. */
static int64_t next_try(const struct store_order *o, const struct order_reply *r, int64_t now_ns)
{
	int64_t pause = LATER_FIRST_S;

	if (r->state != REPLY_LATER)
		return now_ns + RESEND_MOST_S * NS_PER_S;
	for (int64_t i = 1; i < o->sent && pause < RESEND_MOST_S; i++)
		pause *= 2;
	return now_ns + (pause < RESEND_MOST_S ? pause : RESEND_MOST_S) * NS_PER_S;
}

static int note_reply(
	struct store *s, const struct store_order *o, const struct order_reply *r, int64_t now_ns)
{
	char action[32], detail[320];
	int err = db_run(&s->meta,
		"UPDATE orders SET state=?, word=?, detail=?, replied=?, next=? WHERE number=?",
		"ittiii", (int64_t)r->state, r->word, r->detail, now_ns, next_try(o, r, now_ns),
		(int64_t)o->order.number);

	if (err || (r->state == REPLY_LATER && o->state == REPLY_LATER))
		return err;
	snprintf(action, sizeof(action), "order %s", reply_state_name[r->state]);
	snprintf(detail, sizeof(detail), "id=%s %s%s%s", o->id, r->word, *r->detail ? ": " : "",
		r->detail);
	return store_audit(s, "probe", action, o->probe, detail);
}

int store_order_reply(struct store *s, const struct order_reply *r, int64_t now_ns)
{
	struct store_order *o = malloc(sizeof(*o));
	char id[ORDER_ID_TEXT];
	bool own = sqlite3_get_autocommit(s->meta.handle);
	int err = o ? store_order(s, probe_id_text(r->id, id), o) : -ENOMEM;

	if (!err && memcmp(o->order.probe, r->probe, PROBE_ID))
		err = -ENOENT;
	if (!err && moves(o->state, r->state)) {
		err = own ? meta_begin(s) : 0;
		if (!err) {
			err = note_reply(s, o, r, now_ns);
			if (own)
				err = meta_end(s, err);
		}
		err = err ? err : 1;
	}
	free(o);
	return err;
}
