/* SPDX-License-Identifier: Apache-2.0 */
/* Replies to orders, signed by the probe. */
#include "cb.h"
#include "clock.h"
#include "cose.h"
#include "order.h"
#include "utf8.h"
#include <errno.h>
#include <string.h>

const char *const reply_state_name[REPLY_STATES] = { NULL, "accepted", "refused", "done", "later" };

enum key { KEY_V = 1, KEY_PROBE, KEY_ID, KEY_STATE, KEY_WORD, KEY_DETAIL, KEY_UTC };
#define KEYS_NEEDED \
	(1u << KEY_V | 1u << KEY_PROBE | 1u << KEY_ID | 1u << KEY_STATE | 1u << KEY_WORD)
#define PAIRS_MAX 24

/* Details are made of names and messages of others, and may have been cut in the middle of a character. */
static void put_text(struct buf *b, const char *text)
{
	char clean[REPLY_DETAIL];
	size_t n = utf8_clean(clean, sizeof(clean), text, strlen(text));

	for (size_t i = 0; i < n; i++)
		if ((uint8_t)clean[i] < 0x20 || clean[i] == 0x7f)
			clean[i] = ' ';
	cb_put_text(b, utf8_printable(clean, n) ? clean : "?");
}

static void put_payload(struct buf *b, const struct order_reply *r, const struct identity *probe)
{
	cb_put_map(b, 6 + (*r->detail != 0));
	cb_put_uint(b, KEY_V);
	cb_put_uint(b, ORDER_VERSION);
	cb_put_uint(b, KEY_PROBE);
	cb_put_bytes(b, identity_id(probe), PROBE_ID);
	cb_put_uint(b, KEY_ID);
	cb_put_bytes(b, r->id, ORDER_ID);
	cb_put_uint(b, KEY_STATE);
	cb_put_uint(b, r->state);
	cb_put_uint(b, KEY_WORD);
	put_text(b, r->word);
	if (*r->detail) {
		cb_put_uint(b, KEY_DETAIL);
		put_text(b, r->detail);
	}
	cb_put_uint(b, KEY_UTC);
	if (r->utc_ns == UTC_UNKNOWN)
		cb_put_null(b);
	else
		cb_put_int(b, r->utc_ns);
}

int reply_seal(struct buf *out, const struct order_reply *r, const struct identity *probe)
{
	struct buf payload;
	int err;

	if (r->state < REPLY_ACCEPTED || r->state >= REPLY_STATES)
		return -EINVAL;
	buf_init(&payload, REPLY_BYTES_MAX - 256);
	put_payload(&payload, r, probe);
	err = payload.err ? payload.err
	                  : cose_seal(out, COSE_REPLY, payload.data, payload.len, probe);
	buf_done(&payload);
	return err;
}

static void get_text(struct cb_reader *c, char *out, size_t room)
{
	size_t n;
	const char *text = cb_text(c, &n);

	if (!c->err && (n >= room || !utf8_printable(text, n)))
		c->err = -EBADMSG;
	if (c->err)
		return;
	memcpy(out, text, n);
	out[n] = 0;
}

static void get_pair(struct cb_reader *c, uint64_t key, struct order_reply *r)
{
	switch (key) {
	case KEY_V:
		if (cb_uint(c, UINT32_MAX) != ORDER_VERSION && !c->err)
			c->err = -EPROTONOSUPPORT;
		break;
	case KEY_PROBE:
		cb_copy(c, r->probe, PROBE_ID);
		break;
	case KEY_ID:
		cb_copy(c, r->id, ORDER_ID);
		break;
	case KEY_STATE:
		r->state = (uint8_t)cb_uint(c, REPLY_STATES - 1);
		if (!c->err && !r->state)
			c->err = -EBADMSG;
		break;
	case KEY_WORD:
		get_text(c, r->word, sizeof(r->word));
		break;
	case KEY_DETAIL:
		get_text(c, r->detail, sizeof(r->detail));
		break;
	case KEY_UTC:
		r->utc_ns = cb_null(c) ? UTC_UNKNOWN : cb_int(c, INT64_MIN + 1, INT64_MAX);
		break;
	default:
		cb_skip(c);
	}
}

int reply_read(struct order_reply *out, const uint8_t *payload, size_t n)
{
	struct cb_reader c = cb_reading(payload, n);
	size_t pairs = cb_map(&c, PAIRS_MAX);
	uint64_t last = 0;
	uint32_t seen = 0;

	memset(out, 0, sizeof(*out));
	out->utc_ns = UTC_UNKNOWN;
	for (size_t i = 0; i < pairs && !c.err; i++) {
		uint64_t key = cb_uint(&c, UINT32_MAX);

		if (!c.err && key <= last)
			c.err = -EBADMSG;
		last = key;
		if (key < 32)
			seen |= 1u << key;
		get_pair(&c, key, out);
	}
	if (c.err == -EPROTONOSUPPORT)
		return c.err;
	return c.err || c.at != c.end || (seen & KEYS_NEEDED) != KEYS_NEEDED ? -EBADMSG : 0;
}

int reply_open(struct order_reply *out, const void *bytes, size_t n, struct why *why)
{
	uint8_t id[PROBE_ID];
	struct order_reply r;
	struct cose m;
	int err;

	if (n > REPLY_BYTES_MAX)
		return why_say(why, -EMSGSIZE, "the reply has %zu bytes, too many", n);
	err = cose_open(&m, COSE_REPLY, bytes, n, why);
	if (err)
		return err;
	err = reply_read(&r, m.payload, m.payload_len);
	if (err == -EPROTONOSUPPORT)
		return why_say(why, err, "the reply is of another version than %d", ORDER_VERSION);
	if (err)
		return why_say(why, err, "the reply is malformed");
	probe_id_of(m.key, id);
	if (memcmp(id, r.probe, PROBE_ID))
		return why_say(why, -EPERM, "the reply is signed by another than its probe");
	*out = r;
	return 0;
}
