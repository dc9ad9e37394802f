/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: the same envelope as a batch, under their own name, signed by the collector. */
#include "batch.h"
#include "cb.h"
#include "cose.h"
#include <errno.h>
#include <string.h>

enum key { KEY_V = 1, KEY_PROBE, KEY_BOOT, KEY_PAUSE_S, KEY_UTC, KEY_RANGES, KEY_REJECTED };
#define KEYS_NEEDED       (1u << KEY_V | 1u << KEY_PROBE | 1u << KEY_BOOT | 1u << KEY_RANGES)
#define PAIRS_MAX         24
#define PAUSE_MAX         86400
#define RECEIPT_BYTES_MAX (RECEIPT_RANGES * 48 + 512)

static void put_payload(struct buf *b, const struct receipt *r)
{
	cb_put_map(b, 7);
	cb_put_uint(b, KEY_V);
	cb_put_uint(b, BATCH_VERSION);
	cb_put_uint(b, KEY_PROBE);
	cb_put_bytes(b, r->probe, PROBE_ID);
	cb_put_uint(b, KEY_BOOT);
	cb_put_bytes(b, r->boot, sizeof(r->boot));
	cb_put_uint(b, KEY_PAUSE_S);
	cb_put_uint(b, r->pause_s);
	cb_put_uint(b, KEY_UTC);
	if (r->utc_ns == UTC_UNKNOWN)
		cb_put_null(b);
	else
		cb_put_int(b, r->utc_ns);
	cb_put_uint(b, KEY_RANGES);
	cb_put_array(b, r->ranges);
	for (uint32_t i = 0; i < r->ranges; i++) {
		cb_put_array(b, 2);
		cb_put_uint(b, r->range[i].first);
		cb_put_uint(b, r->range[i].last);
	}
	cb_put_uint(b, KEY_REJECTED);
	cb_put_array(b, r->rejected);
	for (uint32_t i = 0; i < r->rejected; i++) {
		cb_put_array(b, 2);
		cb_put_uint(b, r->reject[i].seq);
		cb_put_uint(b, r->reject[i].code);
	}
}

int receipt_seal(struct buf *out, const struct receipt *r, const struct identity *collector)
{
	struct buf payload;
	int err;

	if (r->ranges > RECEIPT_RANGES || r->rejected > RECEIPT_RANGES)
		return -EMSGSIZE;
	buf_init(&payload, RECEIPT_BYTES_MAX);
	put_payload(&payload, r);
	err = payload.err ? payload.err
	                  : cose_seal(out, COSE_RECEIPT, payload.data, payload.len, collector);
	buf_done(&payload);
	return err;
}

static void get_ranges(struct cb_reader *c, struct receipt *r)
{
	r->ranges = (uint32_t)cb_array(c, RECEIPT_RANGES);
	for (uint32_t i = 0; i < r->ranges; i++) {
		if (cb_array(c, 2) != 2 && !c->err)
			c->err = -EBADMSG;
		r->range[i].first = cb_uint(c, INT64_MAX);
		r->range[i].last = cb_uint(c, INT64_MAX);
		if (!c->err && r->range[i].first > r->range[i].last)
			c->err = -EBADMSG;
	}
}

static void get_rejected(struct cb_reader *c, struct receipt *r)
{
	r->rejected = (uint32_t)cb_array(c, RECEIPT_RANGES);
	for (uint32_t i = 0; i < r->rejected; i++) {
		if (cb_array(c, 2) != 2 && !c->err)
			c->err = -EBADMSG;
		r->reject[i].seq = cb_uint(c, INT64_MAX);
		r->reject[i].code = (uint32_t)cb_uint(c, UINT32_MAX);
	}
}

static void get_pair(struct cb_reader *c, uint64_t key, struct receipt *r)
{
	switch (key) {
	case KEY_V:
		if (cb_uint(c, UINT32_MAX) != BATCH_VERSION && !c->err)
			c->err = -EPROTONOSUPPORT;
		break;
	case KEY_PROBE:
		cb_copy(c, r->probe, PROBE_ID);
		break;
	case KEY_BOOT:
		cb_copy(c, r->boot, sizeof(r->boot));
		break;
	case KEY_PAUSE_S:
		r->pause_s = (uint32_t)cb_uint(c, PAUSE_MAX);
		break;
	case KEY_UTC:
		r->utc_ns = cb_null(c) ? UTC_UNKNOWN : cb_int(c, INT64_MIN + 1, INT64_MAX);
		break;
	case KEY_RANGES:
		get_ranges(c, r);
		break;
	case KEY_REJECTED:
		get_rejected(c, r);
		break;
	default:
		cb_skip(c);
	}
}

static int get_payload(struct receipt *r, const struct cose *m)
{
	struct cb_reader c = cb_reading(m->payload, m->payload_len);
	size_t pairs = cb_map(&c, PAIRS_MAX);
	uint64_t last = 0;
	uint32_t seen = 0;

	memset(r, 0, sizeof(*r));
	r->utc_ns = UTC_UNKNOWN;
	for (size_t i = 0; i < pairs && !c.err; i++) {
		uint64_t key = cb_uint(&c, UINT32_MAX);

		if (!c.err && key <= last)
			c.err = -EBADMSG;
		last = key;
		if (key < 32)
			seen |= 1u << key;
		get_pair(&c, key, r);
	}
	if (c.err == -EPROTONOSUPPORT)
		return c.err;
	return c.err || c.at != c.end || (seen & KEYS_NEEDED) != KEYS_NEEDED ? -EBADMSG : 0;
}

int receipt_open(struct receipt *out, const void *bytes, size_t n, const uint8_t *key,
	uint8_t found[PUBLIC_KEY], struct why *why)
{
	struct receipt r;
	struct cose m;
	int err;

	if (n > 2 * RECEIPT_BYTES_MAX)
		return why_say(why, -EMSGSIZE, "the receipt has %zu bytes, too many", n);
	err = cose_open(&m, COSE_RECEIPT, bytes, n, why);
	if (err)
		return err;
	if (key && memcmp(key, m.key, PUBLIC_KEY))
		return why_say(why, -EPERM, "the receipt is signed by another collector");
	err = get_payload(&r, &m);
	if (err == -EPROTONOSUPPORT)
		return why_say(
			why, err, "the receipt is of another version than %d", BATCH_VERSION);
	if (err)
		return why_say(why, err, "the receipt is malformed");
	if (found)
		memcpy(found, m.key, PUBLIC_KEY);
	*out = r;
	return 0;
}
