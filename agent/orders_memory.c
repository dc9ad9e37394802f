/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of orders: one small file, replaced whole, CBOR with a CRC-32 after it. */
#include "orders_inside.h"
#include "../probes/core/cb.h"
#include "../probes/core/file.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define MEMORY_VERSION 1
#define MEMORY_BYTES   (96 * 1024)
#define CRC_BYTES      4

/* --- writing --- */
static void put_kept(struct buf *b, const struct kept *k)
{
	cb_put_array(b, 9);
	cb_put_bytes(b, k->id, ORDER_ID);
	cb_put_uint(b, k->number);
	cb_put_uint(b, k->action);
	cb_put_uint(b, k->state);
	cb_put_int(b, k->at_ns);
	cb_put_uint(b, k->bytes);
	cb_put_text(b, k->what);
	cb_put_text(b, k->word);
	cb_put_bytes(b, k->detail, strlen(k->detail)); /* may be cut in the middle of a character */
}

static void put_plan(struct buf *b, const struct order_memory *m)
{
	if (!m->plan) {
		cb_put_null(b);
		return;
	}
	cb_put_array(b, 4);
	cb_put_bytes(b, m->plan_id, ORDER_ID);
	cb_put_int(b, m->plan_until_ns);
	cb_put_int(b, m->heard_ns);
	cb_put_array(b, 3 * (size_t)m->entries);
	for (uint32_t i = 0; i < m->entries; i++) {
		cb_put_text(b, m->entry[i].test);
		cb_put_uint(b, m->entry[i].interval_s);
		cb_put_int(b, m->entry[i].enabled);
	}
}

static void put_memory(struct buf *b, const struct order_memory *m)
{
	cb_put_array(b, 8);
	cb_put_uint(b, MEMORY_VERSION);
	cb_put_bytes(b, m->key, PUBLIC_KEY);
	cb_put_uint(b, m->highest);
	cb_put_int(b, m->newest_ns);
	cb_put_int(b, m->not_before_ns);
	cb_put_array(b, m->count);
	for (uint32_t i = 0; i < m->count; i++)
		put_kept(b, &m->kept[i]);
	put_plan(b, m);
	cb_put_array(b, m->suppressions);
	for (uint32_t i = 0; i < m->suppressions; i++) {
		cb_put_array(b, 4);
		cb_put_bytes(b, m->suppress[i].id, ORDER_ID);
		cb_put_text(b, m->suppress[i].what);
		cb_put_int(b, m->suppress[i].until_ns);
		cb_put_int(b, m->suppress[i].since_ns);
	}
}

static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)n);
}

int memory_save(struct order_memory *m)
{
	struct buf b;
	uint32_t crc;
	int err;

	buf_init(&b, MEMORY_BYTES);
	put_memory(&b, m);
	crc = crc_of(b.data, b.len);
	buf_put(&b,
		&(uint8_t[CRC_BYTES]){ (uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
			(uint8_t)(crc >> 8), (uint8_t)crc },
		CRC_BYTES);
	err = b.err ? b.err : file_replace(m->path, b.data, b.len, 0600);
	buf_done(&b);
	return err;
}

/* --- reading --- */
static void array_of(struct cb_reader *c, size_t n)
{
	if (cb_array(c, n) != n && !c->err)
		c->err = -EBADMSG;
}

static void get_text(struct cb_reader *c, char *out, size_t room)
{
	size_t n;
	const char *text = cb_text(c, &n);

	if (!c->err && n >= room)
		c->err = -EBADMSG;
	if (!c->err && n)
		memcpy(out, text, n);
}

static void get_kept(struct cb_reader *c, struct kept *k)
{
	const uint8_t *detail;
	size_t n;

	array_of(c, 9);
	cb_copy(c, k->id, ORDER_ID);
	k->number = cb_uint(c, INT64_MAX);
	k->action = (uint8_t)cb_uint(c, ORDER_ACTIONS - 1);
	k->state = (uint8_t)cb_uint(c, REPLY_STATES - 1);
	k->at_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
	k->bytes = cb_uint(c, INT64_MAX);
	get_text(c, k->what, sizeof(k->what));
	get_text(c, k->word, sizeof(k->word));
	detail = cb_bytes(c, &n);
	if (!c->err && n >= sizeof(k->detail))
		c->err = -EBADMSG;
	if (!c->err && n)
		memcpy(k->detail, detail, n);
	if (!c->err && !k->state)
		c->err = -EBADMSG;
}

static void get_plan(struct cb_reader *c, struct order_memory *m)
{
	size_t n;

	if (cb_null(c))
		return;
	array_of(c, 4);
	cb_copy(c, m->plan_id, ORDER_ID);
	m->plan_until_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
	m->heard_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
	n = cb_array(c, 3 * ORDER_ENTRIES);
	if (!c->err && n % 3)
		c->err = -EBADMSG;
	for (size_t i = 0; i < n / 3 && !c->err; i++) {
		struct order_entry *e = &m->entry[m->entries++];

		get_text(c, e->test, sizeof(e->test));
		e->interval_s = (uint32_t)cb_uint(c, UINT32_MAX);
		e->enabled = (int8_t)cb_int(c, -1, 1);
	}
	m->plan = !c->err;
}

static void get_suppression(struct cb_reader *c, struct suppression *s)
{
	array_of(c, 4);
	cb_copy(c, s->id, ORDER_ID);
	get_text(c, s->what, sizeof(s->what));
	s->until_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
	s->since_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
}

static void get_memory(struct cb_reader *c, struct order_memory *m)
{
	array_of(c, 8);
	if (cb_uint(c, UINT32_MAX) != MEMORY_VERSION && !c->err)
		c->err = -EPROTONOSUPPORT;
	cb_copy(c, m->key, PUBLIC_KEY);
	m->highest = cb_uint(c, INT64_MAX);
	m->newest_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
	m->not_before_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
	m->count = (uint32_t)cb_array(c, ORDERS_KEPT);
	for (uint32_t i = 0; i < m->count && !c->err; i++)
		get_kept(c, &m->kept[i]);
	get_plan(c, m);
	m->suppressions = (uint32_t)cb_array(c, ORDERS_SUPPRESSED);
	for (uint32_t i = 0; i < m->suppressions && !c->err; i++)
		get_suppression(c, &m->suppress[i]);
}

int memory_decode(struct order_memory *m, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	struct cb_reader c;

	if (n < CRC_BYTES)
		return -EBADMSG;
	n -= CRC_BYTES;
	if (crc_of(p, n) != ((uint32_t)p[n] << 24 | (uint32_t)p[n + 1] << 16 |
				    (uint32_t)p[n + 2] << 8 | p[n + 3]))
		return -EBADMSG;
	c = cb_reading(p, n);
	get_memory(&c, m);
	return c.err ? c.err : c.at != c.end ? -EBADMSG : 0;
}

static void forget_all(struct order_memory *m, const uint8_t *key)
{
	char path[sizeof(m->path)];

	memcpy(path, m->path, sizeof(path));
	memset(m, 0, sizeof(*m));
	memcpy(m->path, path, sizeof(path));
	if (key)
		memcpy(m->key, key, PUBLIC_KEY);
}

void memory_load(struct order_memory *m, const char *path, const uint8_t *key)
{
	struct buf b;
	int err;

	snprintf(m->path, sizeof(m->path), "%s", path);
	forget_all(m, key);
	buf_init(&b, MEMORY_BYTES);
	err = file_read(path, &b);
	if (!err)
		err = memory_decode(m, b.data, b.len);
	buf_done(&b);
	if (err && err != -ENOENT) {
		log_warn("orders", "%s cannot be read (%s): orders issued before now are refused",
			path, strerror(-err));
		forget_all(m, key);
		m->damaged = true;
	} else if (!err && key && memcmp(m->key, key, PUBLIC_KEY)) {
		log_info("orders", "another collector's key: what the former one ordered is over");
		forget_all(m, key);
	} else if (!err && !key) { /* nobody is trusted any more: nothing that was ordered holds */
		m->plan = false;
		m->suppressions = 0;
	}
}

/* --- use --- */
struct kept *memory_find(struct order_memory *m, const uint8_t id[ORDER_ID])
{
	for (uint32_t i = 0; i < m->count; i++)
		if (!memcmp(m->kept[i].id, id, ORDER_ID))
			return &m->kept[i];
	return NULL;
}

struct kept *memory_add(struct order_memory *m, const struct order *o, int64_t now_ns)
{
	struct kept *k;

	if (m->count == ORDERS_KEPT) {
		if (m->kept[0].at_ns > now_ns - DAY_NS && m->kept[0].at_ns <= now_ns)
			return NULL;
		memmove(m->kept, m->kept + 1, (ORDERS_KEPT - 1) * sizeof(m->kept[0]));
		m->count--;
	}
	k = &m->kept[m->count++];
	*k = (struct kept){ .number = o->number, .action = o->action, .at_ns = now_ns };
	memcpy(k->id, o->id, ORDER_ID);
	memcpy(k->what, o->what, sizeof(k->what));
	if (o->number > m->highest)
		m->highest = o->number;
	if (o->issued_ns > m->newest_ns)
		m->newest_ns = o->issued_ns;
	return k;
}

void memory_unsuppress(struct order_memory *m, const char *what)
{
	for (uint32_t i = 0; i < m->suppressions; i++)
		if (!strcmp(m->suppress[i].what, what)) {
			m->suppressions--;
			memmove(&m->suppress[i], &m->suppress[i + 1],
				(m->suppressions - i) * sizeof(m->suppress[0]));
			return;
		}
}
