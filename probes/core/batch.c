/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of a batch.  The records are one byte string, back to back: a reader takes the head
 * without looking at them and steps over one it cannot use. */
#include "batch.h"
#include "cb.h"
#include "cose.h"
#include "utf8.h"
#include <errno.h>
#include <string.h>

enum key {
	KEY_V = 1,
	KEY_PROBE,
	KEY_BOOT,
	KEY_FIRST_SEQ,
	KEY_N,
	KEY_SIMULATED,
	KEY_AGENT,
	KEY_CLOCKS,
	KEY_RECORDS
};
#define KEYS_NEEDED \
	(1u << KEY_V | 1u << KEY_PROBE | 1u << KEY_BOOT | 1u << KEY_FIRST_SEQ | 1u << KEY_N | \
		1u << KEY_RECORDS)
#define PAIRS_MAX 24

static void put_clocks(struct buf *b, const struct batch_head *head)
{
	cb_put_array(b, head->clocks);
	for (uint32_t i = 0; i < head->clocks; i++) {
		const struct clock_pair *p = &head->clock[i];

		cb_put_array(b, 4);
		cb_put_int(b, p->mono_ns);
		cb_put_int(b, p->utc_ns);
		if (p->error_us < 0)
			cb_put_null(b);
		else
			cb_put_int(b, p->error_us);
		cb_put_uint(b, p->source);
	}
}

static void put_payload(struct buf *b, const struct batch_head *head, const void *records, size_t n)
{
	cb_put_map(b, 9);
	cb_put_uint(b, KEY_V);
	cb_put_uint(b, BATCH_VERSION);
	cb_put_uint(b, KEY_PROBE);
	cb_put_bytes(b, head->probe, PROBE_ID);
	cb_put_uint(b, KEY_BOOT);
	cb_put_bytes(b, head->boot, sizeof(head->boot));
	cb_put_uint(b, KEY_FIRST_SEQ);
	cb_put_uint(b, head->first_seq);
	cb_put_uint(b, KEY_N);
	cb_put_uint(b, head->count);
	cb_put_uint(b, KEY_SIMULATED);
	cb_put_bool(b, head->simulated);
	cb_put_uint(b, KEY_AGENT);
	cb_put_text(b, head->agent);
	cb_put_uint(b, KEY_CLOCKS);
	put_clocks(b, head);
	cb_put_uint(b, KEY_RECORDS);
	cb_put_bytes(b, records, n);
}

int batch_seal(struct buf *out, struct batch_head *head, const void *records, size_t n,
	const struct identity *signer)
{
	size_t before = out->len;
	struct buf payload;
	int err;

	if (head->clocks > BATCH_CLOCKS || head->count > BATCH_RECORDS_MAX || n > BATCH_BYTES_MAX)
		return -EMSGSIZE;
	memcpy(head->probe, identity_id(signer), PROBE_ID);
	buf_init(&payload, BATCH_BYTES_MAX);
	put_payload(&payload, head, records, n);
	err = payload.err ? payload.err
	                  : cose_seal(out, COSE_BATCH, payload.data, payload.len, signer);
	if (!err && out->len - before > BATCH_BYTES_MAX)
		err = out->err = -EMSGSIZE;
	buf_done(&payload);
	return err;
}

/* A version that is read without the rest being understood: the first pair of the payload. */
static bool other_version(const struct cose *m)
{
	struct cb_reader c = cb_reading(m->payload, m->payload_len);
	uint64_t v;

	cb_map(&c, PAIRS_MAX);
	if (cb_uint(&c, UINT64_MAX) != KEY_V || c.err)
		return false;
	v = cb_uint(&c, UINT64_MAX);
	return !c.err && v != BATCH_VERSION;
}

static void get_agent(struct cb_reader *c, char out[BATCH_AGENT])
{
	size_t n;
	const char *text = cb_text(c, &n);

	if (!c->err)
		utf8_clean(out, BATCH_AGENT, text, n);
}

static void get_clocks(struct cb_reader *c, struct batch_head *head)
{
	head->clocks = (uint32_t)cb_array(c, BATCH_CLOCKS);
	for (uint32_t i = 0; i < head->clocks; i++) {
		struct clock_pair *p = &head->clock[i];

		if (cb_array(c, 4) != 4 && !c->err)
			c->err = -EBADMSG;
		p->mono_ns = cb_int(c, 0, INT64_MAX);
		p->utc_ns = cb_int(c, INT64_MIN + 1, INT64_MAX);
		p->error_us = cb_null(c) ? -1 : cb_int(c, 0, INT64_MAX);
		p->source = (uint8_t)cb_uint(c, CLOCK_SOURCES - 1);
	}
}

static void get_pair(struct cb_reader *c, uint64_t key, struct batch *b)
{
	size_t n;

	switch (key) {
	case KEY_V:
		cb_uint(c, BATCH_VERSION);
		break;
	case KEY_PROBE:
		cb_copy(c, b->head.probe, PROBE_ID);
		break;
	case KEY_BOOT:
		cb_copy(c, b->head.boot, sizeof(b->head.boot));
		break;
	case KEY_FIRST_SEQ:
		b->head.first_seq = cb_uint(c, INT64_MAX);
		break;
	case KEY_N:
		b->head.count = (uint32_t)cb_uint(c, BATCH_RECORDS_MAX);
		break;
	case KEY_SIMULATED:
		b->head.simulated = cb_bool(c);
		break;
	case KEY_AGENT:
		get_agent(c, b->head.agent);
		break;
	case KEY_CLOCKS:
		get_clocks(c, &b->head);
		break;
	case KEY_RECORDS:
		b->records = cb_bytes(c, &n);
		b->end = b->records ? b->records + n : NULL;
		break;
	default: /* of a later version that says it is compatible */
		cb_skip(c);
	}
}

static int get_payload(struct batch *b, const struct cose *m)
{
	struct cb_reader c = cb_reading(m->payload, m->payload_len);
	size_t pairs = cb_map(&c, PAIRS_MAX);
	uint64_t last = 0;
	uint32_t seen = 0;

	for (size_t i = 0; i < pairs && !c.err; i++) {
		uint64_t key = cb_uint(&c, UINT32_MAX);

		if (!c.err && key <= last)
			c.err = -EBADMSG;
		last = key;
		if (key < 32)
			seen |= 1u << key;
		get_pair(&c, key, b);
	}
	if (c.err || c.at != c.end || (seen & KEYS_NEEDED) != KEYS_NEEDED)
		return -EBADMSG;
	return 0;
}

int batch_open(struct batch *out, const void *bytes, size_t n, struct why *why)
{
	struct batch b = { 0 };
	uint8_t id[PROBE_ID];
	struct cose m;
	int err;

	if (n > BATCH_BYTES_MAX)
		return why_say(why, -EMSGSIZE, "the batch has %zu bytes, more than %d", n,
			BATCH_BYTES_MAX);
	err = cose_open(&m, COSE_BATCH, bytes, n, why);
	if (err)
		return err;
	if (other_version(&m))
		return why_say(why, -EPROTONOSUPPORT, "the batch is of another version than %d",
			BATCH_VERSION);
	err = get_payload(&b, &m);
	if (err)
		return why_say(why, err, "the head of the batch is malformed");
	probe_id_of(m.key, id);
	if (memcmp(id, b.head.probe, PROBE_ID))
		return why_say(why, -EPERM, "the batch is signed with the key of another probe");
	memcpy(b.key, m.key, PUBLIC_KEY);
	*out = b;
	return 0;
}

/* The nearest pair; one that nobody vouches for, such as a board's that boots with the time of its last
 * end, only when there is no other. */
static const struct clock_pair *best_pair(const struct batch_head *head, int64_t mono_ns)
{
	const struct clock_pair *best = NULL;
	uint64_t nearest = UINT64_MAX;

	for (uint32_t i = 0; i < head->clocks && i < BATCH_CLOCKS; i++) {
		const struct clock_pair *p = &head->clock[i];
		bool better = best && best->source == CLOCK_MANUAL && p->source != CLOCK_MANUAL;
		bool worse = best && best->source != CLOCK_MANUAL && p->source == CLOCK_MANUAL;
		int64_t at = p->mono_ns;
		uint64_t away = at > mono_ns ? (uint64_t)at - (uint64_t)mono_ns
		                             : (uint64_t)mono_ns - (uint64_t)at;

		if (better || (!worse && away < nearest)) {
			nearest = away;
			best = p;
		}
	}
	return best;
}

int64_t batch_utc(
	const struct batch_head *head, int64_t mono_ns, int64_t *error_us, uint8_t *source)
{
	const struct clock_pair *best = best_pair(head, mono_ns);
	int64_t utc;

	if (error_us)
		*error_us = best ? best->error_us : -1;
	if (source)
		*source = best ? best->source : CLOCK_NONE;
	if (!best || __builtin_sub_overflow(mono_ns, best->mono_ns, &utc) ||
		__builtin_add_overflow(utc, best->utc_ns, &utc))
		return UTC_UNKNOWN;
	return utc;
}
