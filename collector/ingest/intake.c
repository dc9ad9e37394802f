/* SPDX-License-Identifier: Apache-2.0 */
#include "intake.h"
#include "../../probes/core/codec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OVERSIZE_KEPT 4096 /* of a message that is too long only so much is kept */

static int suspect(struct intake *in, const char *topic, const char *reason, const char *detail,
	const uint8_t *id, const void *bytes, size_t n, int64_t received_ns)
{
	struct store_suspect q = { .received_ns = received_ns,
		.size = n,
		.bytes = bytes,
		.bytes_len = n > BATCH_BYTES_MAX ? OVERSIZE_KEPT : n };

	if (in->replaying)
		return 0;
	snprintf(q.reason, sizeof(q.reason), "%s", reason);
	snprintf(q.detail, sizeof(q.detail), "%s", detail);
	snprintf(q.topic, sizeof(q.topic), "%s", topic ? topic : "");
	if (id)
		probe_id_text(id, q.probe);
	return store_suspect_add(in->store, &q);
}

static const char *reason_of(int err)
{
	switch (err) {
	case -EMSGSIZE:
		return "oversize";
	case -EPROTONOSUPPORT:
		return "version";
	case -EKEYREJECTED:
		return "signature";
	case -EPERM:
		return "foreign_id";
	default:
		return "malformed";
	}
}

static int quarantine(struct intake *in, const char *topic, const char *reason, const char *detail,
	const uint8_t *id, const void *bytes, size_t n, int64_t received_ns,
	struct intake_result *out)
{
	out->taken = TAKEN_QUARANTINED;
	COUNT_UP(in->counters, quarantined, 1);
	return suspect(in, topic, reason, detail, id, bytes, n, received_ns);
}

/* Who sent it, by registry.  -ENOENT: nobody we know. */
static int sender(struct intake *in, const struct batch *b, struct store_probe *p)
{
	struct store_probe fresh = { .role = ROLE_ROAMING, .simulated = b->head.simulated };
	int err;

	probe_id_text(b->head.probe, fresh.id);
	err = store_probe(in->store, fresh.id, p);
	if (err != -ENOENT || !in->open)
		return !err && p->retired ? -ENOENT : err;
	err = store_probe_add(in->store, &fresh, "register=open", NULL);
	return err ? err : store_probe(in->store, fresh.id, p);
}

static int reject(struct intake *in, const struct store_incoming *si, struct intake_result *out,
	uint64_t seq, uint32_t code, const char *reason, const void *bytes, size_t n)
{
	int err = store_reject(in->store, si, seq, code, reason, bytes, n);

	if (err)
		return err;
	COUNT_UP(in->counters, rejected, 1);
	if (seq && out->rejected < RECEIPT_RANGES) {
		out->reject[out->rejected].seq = seq;
		out->reject[out->rejected].code = code;
		out->rejected++;
	}
	return 0;
}

/* What does not decode goes to the quarantine and is receipted as rejected, or it would come for ever.
 * used is 0 when not even its end can be found. */
static int take_undecodable(struct intake *in, const struct store_incoming *si,
	struct intake_result *out, int why, uint64_t expected, const uint8_t *p, size_t used,
	size_t left)
{
	bool kind = why == -EPROTONOSUPPORT;

	return reject(in, si, out, in->record.seq ? in->record.seq : expected,
		kind ? REJECT_UNKNOWN_KIND : REJECT_MALFORMED,
		kind ? "a kind of record that this version does not know"
		     : "does not decode as a record",
		p, used ? used : left);
}

static int take_record(struct intake *in, const struct store_incoming *si,
	struct intake_result *out, const uint8_t *p, size_t used, unsigned unknown)
{
	int err = store_insert(in->store, si, &in->record, p, used, unknown);

	if (err == -ERANGE)
		return reject(in, si, out, in->record.seq, REJECT_OUT_OF_RANGE,
			"its sequence number cannot be", p, used);
	if (err < 0)
		return err;
	*(err ? &out->repeated : &out->stored) += 1;
	return 0;
}

static int take_records(struct intake *in, const struct store_incoming *si, const struct batch *b,
	struct intake_result *out)
{
	const uint8_t *p = b->records;
	uint64_t expected = b->head.first_seq;
	unsigned unknown;
	size_t used;
	int err = 0;

	for (uint32_t i = 0; !err && i < b->head.count && p < b->end; i++) {
		unknown = 0;
		used = 0;
		in->record.seq = 0;
		err = codec_decode(&in->record, p, (size_t)(b->end - p), &used, &unknown);
		if (!err) {
			err = take_record(in, si, out, p, used, unknown);
			expected = in->record.seq;
		} else {
			err = take_undecodable(
				in, si, out, err, expected, p, used, (size_t)(b->end - p));
			if (!used) /* nothing after it can be found */
				break;
		}
		if (expected > out->last)
			out->last = expected;
		expected++;
		p += used;
		out->records++;
	}
	return err;
}

static int take(struct intake *in, const struct batch *b, const struct store_probe *p,
	int64_t received_ns, struct intake_result *out)
{
	struct store_incoming si = { p->number, p->hamlet, &b->head, received_ns };
	int err;

	out->taken = TAKEN;
	out->probe = p->number;
	memcpy(out->id, b->head.probe, sizeof(out->id));
	memcpy(out->boot, b->head.boot, sizeof(out->boot));
	out->first = out->last = b->head.first_seq;
	err = take_records(in, &si, b, out);
	if (!err)
		err = store_batch(in->store, &si, out->repeated);
	if (err)
		return err;
	COUNT_UP(in->counters, batches, 1);
	COUNT_UP(in->counters, stored, out->stored);
	COUNT_UP(in->counters, repeated, out->repeated);
	return 0;
}

int intake_batch(struct intake *in, const char *topic, const void *bytes, size_t n,
	int64_t received_ns, struct intake_result *out)
{
	uint8_t named[PROBE_ID];
	struct store_probe p;
	struct why why = { "" };
	const char *leaf;
	struct batch b;
	int err;

	memset(out, 0, sizeof(*out));
	err = n > BATCH_BYTES_MAX
	              ? why_say(&why, -EMSGSIZE, "%zu bytes, more than %d", n, BATCH_BYTES_MAX)
	              : batch_open(&b, bytes, n, &why);
	if (err)
		return quarantine(
			in, topic, reason_of(err), why.text, NULL, bytes, n, received_ns, out);
	if (topic && (topic_parse(topic, named, &leaf) < 0 ||
			     memcmp(named, b.head.probe, PROBE_ID) != 0))
		return quarantine(in, topic, "foreign_id", "the topic's probe is not the signer",
			b.head.probe, bytes, n, received_ns, out);
	err = sender(in, &b, &p);
	if (err == -ENOENT) {
		out->taken = TAKEN_WAITING;
		COUNT_UP(in->counters, waiting, 1);
		return suspect(in, topic, "unknown_probe",
			"not registered: `phusong-collector probe add` takes it in", b.head.probe,
			bytes, n, received_ns);
	}
	return err ? err : take(in, &b, &p, received_ns, out);
}

int intake_receipt(
	struct intake *in, const struct intake_result *r, uint32_t pause_s, struct receipt *out)
{
	uint64_t range[RECEIPT_RANGES][2];
	size_t n = 0;
	int err = store_ranges(in->store, r->probe, r->first, r->last, RECEIPT_RANGES, range, &n);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	memcpy(out->probe, r->id, sizeof(out->probe));
	memcpy(out->boot, r->boot, sizeof(out->boot));
	out->pause_s = pause_s;
	out->utc_ns = clock_plausible(clock_wall()) ? clock_wall() : UTC_UNKNOWN;
	out->ranges = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		out->range[i].first = range[i][0];
		out->range[i].last = range[i][1];
	}
	out->rejected = r->rejected;
	for (uint32_t i = 0; i < r->rejected; i++) {
		out->reject[i].seq = r->reject[i].seq;
		out->reject[i].code = r->reject[i].code;
	}
	return 0;
}
