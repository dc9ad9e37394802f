/* SPDX-License-Identifier: Apache-2.0 */
/* Batches out of the journal to the broker, receipts from the collector into the journal. */
#include "uplink_inside.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEAR_CLASS  (RECORD_VALUE_CLASSES - 2) /* the two dearest are sent at once */
#define CLOCK_TRUST (30 * NS_PER_S) /* a receipt older than that says nothing about the time now */

void uplink_appended(struct uplink *u, const struct record *r, int64_t now)
{
	int64_t at = record_value(r) >= DEAR_CLASS ? now : now + u->o.gather_ns;

	if (++u->unsent >= u->o.batch_records)
		at = now;
	if (at < u->send_at)
		u->send_at = at;
}

static int seal(
	struct uplink *u, struct buf *out, struct batch_head *head, const struct buf *records)
{
	head->simulated = u->o.simulated;
	snprintf(head->agent, sizeof(head->agent), "%s", u->o.agent ? u->o.agent : "");
	return batch_seal(out, head, records->data, records->len, u->o.identity);
}

/* Sends the records after `after`, at most `most`, as flight f.  1: sent, 0: there are none. */
static int send_batch(
	struct uplink *u, struct flight *f, uint64_t after, uint32_t most, int64_t now)
{
	struct batch_head head = { 0 };
	struct buf records, sealed;
	uint64_t last = 0;
	int token = 0, n, err = 0;

	buf_init(&records, BATCH_BYTES_MAX);
	buf_init(&sealed, BATCH_BYTES_MAX);
	n = journal_read(u->o.journal, after, most, u->o.batch_bytes, &head, &records, &last);
	if (n > 0)
		err = seal(u, &sealed, &head, &records);
	if (n > 0 && !err)
		err = link_publish(u->link, u->topic_batch, sealed.data, sealed.len, false, &token);
	if (n > 0 && !err) {
		u->now.batches_sent++;
		u->now.resent += f->last != 0;
		u->now.bytes_sent += sealed.len;
		window_sent(&u->window, f, head.first_seq, last, head.count, token, now);
	}
	buf_done(&sealed);
	buf_done(&records);
	return n < 0 ? n : err ? err : n > 0;
}

/* True when it was sent or needs no sending any more. */
static bool send_again(struct uplink *u, struct flight *f, int64_t now)
{
	uint64_t last = f->last;
	bool unheard = f->arrived && u->now.last_receipt_mono <= f->sent_at;
	int64_t waited = now - f->sent_at;
	int n = send_batch(u, f, f->first - 1, f->count, now);

	if (n < 0)
		return false;
	if (unheard)
		uplink_problem(u,
			"%s: no receipt for what was sent %lld s ago: is no collector listening "
			"there?",
			u->now.broker, (long long)(waited / NS_PER_S));
	if (!n || f->first > last) { /* what it held has its receipts or was dropped */
		if (n && f->last > u->cursor)
			u->cursor = f->last;
		if (!n)
			f->last = 0;
	}
	return true;
}

static void send_new(struct uplink *u, int64_t now)
{
	while (u->send_at <= now) {
		struct flight *f = window_free_place(&u->window);
		int n;

		if (!f)
			return; /* the next receipt makes room */
		n = send_batch(u, f, u->cursor, u->o.batch_records, now);
		if (n < 0) {
			u->send_at =
				now + NS_PER_S; /* the connection is going, or the medium fails */
			return;
		}
		if (!n) {
			u->send_at = INT64_MAX;
			u->unsent = 0;
			return;
		}
		u->cursor = f->last;
	}
}

void uplink_send(struct uplink *u, int64_t now)
{
	struct flight *f;

	u->now.pause_s =
		u->pause_until > now ? (uint32_t)((u->pause_until - now) / NS_PER_S + 1) : 0;
	if (u->phase != PHASE_UP || now < u->pause_until)
		return;
	while ((f = window_due(&u->window, now)))
		if (!send_again(u, f, now)) {
			f->resend_at = now + 5 * NS_PER_S;
			break;
		}
	send_new(u, now);
}

int64_t uplink_send_due(const struct uplink *u)
{
	int64_t due = window_next(&u->window);

	if (u->phase != PHASE_UP)
		return INT64_MAX;
	if (u->send_at < due && window_used(&u->window) < u->window.size)
		due = u->send_at;
	return due < u->pause_until ? u->pause_until : due;
}

/* --- receipts --- */
static int check(
	struct uplink *u, struct receipt *r, const uint8_t *bytes, size_t n, struct why *why)
{
	uint8_t key[PUBLIC_KEY];
	int err = receipt_open(r, bytes, n, u->pinned ? u->key : NULL, key, why);

	if (err)
		return err;
	if (memcmp(r->probe, identity_id(u->o.identity), PROBE_ID))
		return why_say(why, -EPERM, "the receipt is for another probe");
	if (!u->pinned) {
		memcpy(u->key, key, PUBLIC_KEY);
		u->pinned = true;
	}
	return 0;
}

static void told_time(const struct receipt *r, int64_t sent_at, int64_t now)
{
	if (r->utc_ns == UTC_UNKNOWN || !clock_plausible(r->utc_ns) || !sent_at ||
		now - sent_at > CLOCK_TRUST)
		return;
	/* The collector read its clock after we sent and before now: the middle is at most half of that off. */
	clock_told(CLOCK_MQTT, r->utc_ns, sent_at + (now - sent_at) / 2,
		(now - sent_at) / 2 / NS_PER_US + 1);
}

static int64_t settle(struct uplink *u, uint64_t first, uint64_t last)
{
	int64_t sent_at = window_receipt(&u->window, first, last);

	(void)!journal_receipt(
		u->o.journal, first, last); /* one that is forgotten means sending again */
	return sent_at;
}

void uplink_receipt(struct uplink *u, const uint8_t *bytes, size_t n, int64_t now)
{
	struct receipt *r = malloc(sizeof(*r));
	struct why why = { "" };
	int64_t sent_at = 0;

	if (!r || check(u, r, bytes, n, &why)) {
		uplink_problem(u, "a receipt was not accepted: %s", why.text);
		free(r);
		return;
	}
	for (uint32_t i = 0; i < r->ranges; i++) {
		int64_t at = settle(u, r->range[i].first, r->range[i].last);

		sent_at = at ? at : sent_at;
	}
	for (uint32_t i = 0; i < r->rejected; i++) {
		settle(u, r->reject[i].seq, r->reject[i].seq);
		log_warn("uplink", "the collector keeps record %llu in its quarantine (code %u)",
			(unsigned long long)r->reject[i].seq, r->reject[i].code);
	}
	told_time(r, sent_at, now);
	window_heard(&u->window, now);
	u->pause_until = r->pause_s ? now + r->pause_s * NS_PER_S : 0;
	u->now.receipts++;
	u->now.last_receipt_mono = now;
	u->now.last_receipt_utc = r->utc_ns;
	u->now.problem[0] = 0;
	u->backoff_ns = NS_PER_S;
	u->told = true;
	free(r);
}
