/* SPDX-License-Identifier: Apache-2.0 */
/* Orders: keys 1 to 6 are the head and mean the same in every version, so that an order that is too new can
 * be refused by its id. */
#include "order.h"
#include "cb.h"
#include "clock.h"
#include "cose.h"
#include "utf8.h"
#include <errno.h>
#include <string.h>

const char *const order_action_name[ORDER_ACTIONS] = { NULL, "run", "plan", "suppress",
	"unsuppress", "restart" };

enum key {
	KEY_V = 1,
	KEY_PROBE,
	KEY_ID,
	KEY_NUMBER,
	KEY_ISSUED,
	KEY_EXPIRES,
	KEY_ACTION,
	KEY_WHAT,
	KEY_UNTIL,
	KEY_STOP,
	KEY_ENTRIES,
	KEY_TARGET,
	KEYS
};
#define BIT(key)  (1u << (key))
#define HEAD      (BIT(KEY_EXPIRES + 1) - BIT(KEY_V))
#define PAIRS_MAX 24

enum entry_key { ENTRY_TEST = 1, ENTRY_INTERVAL, ENTRY_ENABLED };
#define INTERVAL_MOST 31622400 /* a leap year */

/* What an action needs, and what it may have besides. */
static const struct {
	uint32_t needs, may;
} fields[ORDER_ACTIONS] = {
	[ORDER_RUN] = { BIT(KEY_WHAT), BIT(KEY_TARGET) },
	[ORDER_PLAN] = { BIT(KEY_UNTIL) | BIT(KEY_ENTRIES), 0 },
	[ORDER_SUPPRESS] = { BIT(KEY_WHAT) | BIT(KEY_UNTIL), BIT(KEY_STOP) },
	[ORDER_UNSUPPRESS] = { BIT(KEY_WHAT), 0 },
	[ORDER_RESTART] = { BIT(KEY_WHAT), 0 },
};

/* --- writing --- */
static uint32_t fields_of(const struct order *o)
{
	uint32_t have = 0;

	have |= *o->what ? BIT(KEY_WHAT) : 0;
	have |= *o->target ? BIT(KEY_TARGET) : 0;
	have |= o->until_ns ? BIT(KEY_UNTIL) : 0;
	have |= o->stop_running ? BIT(KEY_STOP) : 0;
	have |= o->entries || o->action == ORDER_PLAN ? BIT(KEY_ENTRIES) : 0;
	return have;
}

static bool entries_sound(const struct order *o)
{
	for (uint32_t i = 0; i < o->entries; i++) {
		const struct order_entry *e = &o->entry[i];

		if (!*e->test || e->interval_s > INTERVAL_MOST ||
			(!e->interval_s && e->enabled < 0))
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (!strcmp(e->test, o->entry[k].test))
				return false;
	}
	return true;
}

bool order_sound(const struct order *o)
{
	uint32_t have = fields_of(o);

	if (o->action < ORDER_RUN || o->action >= ORDER_ACTIONS || o->entries > ORDER_ENTRIES)
		return false;
	return (have & fields[o->action].needs) == fields[o->action].needs &&
	       !(have & ~(fields[o->action].needs | fields[o->action].may)) &&
	       o->number <= INT64_MAX && entries_sound(o);
}

static void put_entry(struct buf *b, const struct order_entry *e)
{
	cb_put_map(b, 1 + (e->interval_s != 0) + (e->enabled >= 0));
	cb_put_uint(b, ENTRY_TEST);
	cb_put_text(b, e->test);
	if (e->interval_s) {
		cb_put_uint(b, ENTRY_INTERVAL);
		cb_put_uint(b, e->interval_s);
	}
	if (e->enabled >= 0) {
		cb_put_uint(b, ENTRY_ENABLED);
		cb_put_bool(b, e->enabled);
	}
}

static void put_head(struct buf *b, const struct order *o)
{
	cb_put_uint(b, KEY_V);
	cb_put_uint(b, ORDER_VERSION);
	cb_put_uint(b, KEY_PROBE);
	cb_put_bytes(b, o->probe, PROBE_ID);
	cb_put_uint(b, KEY_ID);
	cb_put_bytes(b, o->id, ORDER_ID);
	cb_put_uint(b, KEY_NUMBER);
	cb_put_uint(b, o->number);
	cb_put_uint(b, KEY_ISSUED);
	cb_put_int(b, o->issued_ns);
	cb_put_uint(b, KEY_EXPIRES);
	cb_put_int(b, o->expires_ns);
}

static void put_payload(struct buf *b, const struct order *o)
{
	uint32_t have = fields_of(o);

	cb_put_map(b, 7 + (size_t)__builtin_popcount(have));
	put_head(b, o);
	cb_put_uint(b, KEY_ACTION);
	cb_put_uint(b, o->action);
	if (have & BIT(KEY_WHAT)) {
		cb_put_uint(b, KEY_WHAT);
		cb_put_text(b, o->what);
	}
	if (have & BIT(KEY_UNTIL)) {
		cb_put_uint(b, KEY_UNTIL);
		cb_put_int(b, o->until_ns);
	}
	if (have & BIT(KEY_STOP)) {
		cb_put_uint(b, KEY_STOP);
		cb_put_bool(b, true);
	}
	if (have & BIT(KEY_ENTRIES)) {
		cb_put_uint(b, KEY_ENTRIES);
		cb_put_array(b, o->entries);
		for (uint32_t i = 0; i < o->entries; i++)
			put_entry(b, &o->entry[i]);
	}
	if (have & BIT(KEY_TARGET)) {
		cb_put_uint(b, KEY_TARGET);
		cb_put_text(b, o->target);
	}
}

int order_seal(struct buf *out, const struct order *o, const struct identity *collector)
{
	struct buf payload;
	int err;

	if (!order_sound(o))
		return -EINVAL;
	buf_init(&payload, ORDER_BYTES_MAX - 256);
	put_payload(&payload, o);
	err = payload.err ? payload.err
	                  : cose_seal(out, COSE_ORDER, payload.data, payload.len, collector);
	buf_done(&payload);
	return err;
}

/* --- reading --- */
static void get_word(struct cb_reader *c, char *out, size_t room, size_t least)
{
	size_t n;
	const char *text = cb_text(c, &n);

	if (c->err)
		return;
	if (n < least || n >= room || !utf8_printable(text, n)) {
		c->err = -EBADMSG;
		return;
	}
	memcpy(out, text, n);
	out[n] = 0;
}

static void get_entry(struct cb_reader *c, struct order_entry *e)
{
	size_t pairs = cb_map(c, 3);
	uint64_t last = 0;

	*e = (struct order_entry){ .enabled = -1 };
	for (size_t i = 0; i < pairs && !c->err; i++) {
		uint64_t key = cb_uint(c, UINT32_MAX);

		if (!c->err && (key <= last || key > ENTRY_ENABLED))
			c->err = key <= last ? -EBADMSG : -EPROTONOSUPPORT;
		last = key;
		if (key == ENTRY_TEST)
			get_word(c, e->test, sizeof(e->test), 1);
		else if (key == ENTRY_INTERVAL)
			e->interval_s = (uint32_t)cb_uint(c, INTERVAL_MOST);
		else if (key == ENTRY_ENABLED)
			e->enabled = cb_bool(c);
	}
}

static void get_head(struct cb_reader *c, uint64_t key, struct order *o)
{
	switch (key) {
	case KEY_PROBE:
		cb_copy(c, o->probe, PROBE_ID);
		break;
	case KEY_ID:
		cb_copy(c, o->id, ORDER_ID);
		break;
	case KEY_NUMBER:
		o->number = cb_uint(c, INT64_MAX);
		break;
	case KEY_ISSUED:
		o->issued_ns = cb_int(c, 0, INT64_MAX);
		break;
	default:
		o->expires_ns = cb_int(c, 0, INT64_MAX);
	}
}

static void get_body(struct cb_reader *c, uint64_t key, struct order *o)
{
	switch (key) {
	case KEY_ACTION:
		o->action = (uint8_t)cb_uint(c, UINT8_MAX);
		if (!c->err && (o->action < ORDER_RUN || o->action >= ORDER_ACTIONS))
			c->err = -EPROTONOSUPPORT;
		break;
	case KEY_WHAT:
		get_word(c, o->what, sizeof(o->what), 1);
		break;
	case KEY_UNTIL:
		o->until_ns = cb_int(c, 1, INT64_MAX);
		break;
	case KEY_STOP:
		o->stop_running = cb_bool(c);
		break;
	case KEY_ENTRIES:
		o->entries = (uint32_t)cb_array(c, ORDER_ENTRIES);
		for (uint32_t i = 0; i < o->entries && !c->err; i++)
			get_entry(c, &o->entry[i]);
		break;
	case KEY_TARGET:
		get_word(c, o->target, sizeof(o->target), 1);
		break;
	default:
		c->err = -EPROTONOSUPPORT;
	}
}

/* The rest of what is not understood is read over, so that it is at least well-formed. */
static int skip_rest(struct cb_reader c, size_t items)
{
	for (c.err = 0; items && !c.err; items--)
		cb_skip(&c);
	return c.err || c.at != c.end ? -EBADMSG : -EPROTONOSUPPORT;
}

int order_read(struct order *out, const uint8_t *payload, size_t n)
{
	struct cb_reader c = cb_reading(payload, n);
	size_t pairs = cb_map(&c, PAIRS_MAX);
	uint64_t version = 0, last = 0;
	uint32_t seen = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < pairs && !c.err; i++) {
		uint64_t key = cb_uint(&c, UINT32_MAX);
		struct cb_reader value = c;

		if (c.err || key <= last)
			return -EBADMSG;
		last = key;
		seen |= key < KEYS ? BIT(key) : 0;
		if (key == KEY_V)
			version = cb_uint(&c, UINT32_MAX);
		else if (key <= KEY_EXPIRES)
			get_head(&c, key, out);
		else if ((seen & HEAD) != HEAD)
			return -EBADMSG;
		else if (version != ORDER_VERSION)
			return skip_rest(value, 2 * (pairs - i) - 1);
		else
			get_body(&c, key, out);
		if (c.err == -EPROTONOSUPPORT)
			return skip_rest(value, 2 * (pairs - i) - 1);
	}
	if (c.err || c.at != c.end || (seen & HEAD) != HEAD)
		return -EBADMSG;
	if (version != ORDER_VERSION)
		return -EPROTONOSUPPORT;
	return order_sound(out) ? 0 : -EBADMSG;
}

int order_open(struct order *out, const void *bytes, size_t n, const uint8_t key[PUBLIC_KEY],
	struct why *why)
{
	struct cose m;
	int err;

	memset(out, 0, sizeof(*out));
	if (n > ORDER_BYTES_MAX)
		return why_say(why, -EMSGSIZE, "the order has %zu bytes, too many", n);
	err = cose_open(&m, COSE_ORDER, bytes, n, why);
	if (err)
		return err;
	if (memcmp(key, m.key, PUBLIC_KEY))
		return why_say(why, -EPERM, "the order is signed by another collector");
	err = order_read(out, m.payload, m.payload_len);
	if (err == -EPROTONOSUPPORT)
		return why_say(why, err,
			"the order is of another version than %d, or has a field or an action "
			"that is not known here",
			ORDER_VERSION);
	return err ? why_say(why, err, "the order is malformed") : 0;
}
