/* SPDX-License-Identifier: Apache-2.0 */
/* The thread, and what others hand to it.  It waits in one poll() for its inbox, for Paho's events and
 * for the next moment at which something is due. */
#include "uplink_inside.h"
#include "../probes/core/codec.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define INBOX_RECORDS 2048
#define INBOX_BYTES   (512 * 1024)
#define DEAR_CLASS    (RECORD_VALUE_CLASSES - 2)
#define TAG_RECORD    0
#define TAG_CLOCK     1
#define TAG_REPLY     2
#define TAG_SYNC      3

/* --- other threads --- */
static void overflowed(struct uplink *u, const struct record *r)
{
	struct overflow *o = &u->overflow;

	pthread_mutex_lock(&u->lock);
	if (!o->count++)
		o->first_mono = r->mono_ns;
	o->last_mono = r->mono_ns;
	if (r->kind < COUNT(o->kinds))
		o->kinds[r->kind]++;
	u->status.queue_dropped++;
	pthread_mutex_unlock(&u->lock);
}

void uplink_record(struct uplink *u, const struct record *r)
{
	struct buf b;

	buf_init(&b, RECORD_BYTES_MAX);
	if (codec_encode(&b, r) || queue_put(record_value(r) >= DEAR_CLASS ? u->dear : u->inbox,
					   TAG_RECORD, b.data, b.len))
		overflowed(u, r);
	buf_done(&b);
}

void uplink_clock(struct uplink *u, const struct clock_pair *pair)
{
	(void)!queue_put(u->dear, TAG_CLOCK, pair,
		sizeof(*pair)); /* the next one comes when the clock is set again */
}

void uplink_publish_reply(struct uplink *u, const void *bytes, size_t n)
{
	(void)!queue_put(u->dear, TAG_REPLY, bytes, n); /* full: it is asked for again */
}

void uplink_sync(struct uplink *u)
{
	(void)!queue_put(u->dear, TAG_SYNC, "", 1); /* full: the next sync that is due does it */
}

void uplink_status(struct uplink *u, struct uplink_status *out)
{
	pthread_mutex_lock(&u->lock);
	*out = u->status;
	pthread_mutex_unlock(&u->lock);
}

/* --- the thread --- */
static void store(struct uplink *u, struct record *r, int64_t now)
{
	int err = journal_append(u->o.journal, r);

	if (err && err != -EMSGSIZE)
		log_complain(&u->medium, now, "journal", "cannot be written: %s", strerror(-err));
	else
		log_recovered(&u->medium, "journal", "the medium");
	uplink_appended(u, r, now);
}

static void take(struct uplink *u, struct queue *q, struct record *r, int64_t now)
{
	struct queue_item *i;
	size_t used;

	while ((i = queue_take(q, 0))) {
		if (i->tag == TAG_RECORD && !codec_decode(r, i->data, i->len, &used, NULL)) {
			store(u, r, now);
		} else if (i->tag == TAG_CLOCK) {
			struct clock_pair pair;

			memcpy(&pair, i->data, sizeof(pair));
			(void)!journal_clock(u->o.journal,
				&pair); /* it is in memory and goes into the next segment */
		} else if (i->tag == TAG_REPLY) {
			uplink_reply(u, i->data, i->len);
		} else if (i->tag == TAG_SYNC) {
			u->sync_now = true;
		}
		free(i);
	}
}

/* They never had a number: the gap record says when and what, but has no range. */
static void tell_overflow(struct uplink *u, struct record *r, int64_t now)
{
	struct overflow o;
	char kinds[512] = "";
	size_t len = 0;

	pthread_mutex_lock(&u->lock);
	o = u->overflow;
	u->overflow = (struct overflow){ 0 };
	pthread_mutex_unlock(&u->lock);
	if (!o.count)
		return;
	for (unsigned i = 0; i < COUNT(o.kinds); i++)
		if (o.kinds[i] && record_kind_name(i) && len < sizeof(kinds) - 40)
			len += (size_t)snprintf(kinds + len, sizeof(kinds) - len, "%s%s=%u",
				len ? " " : "", record_kind_name(i), o.kinds[i]);
	record_begin(r, RECORD_GAP);
	record_set_text(r, FIELD_GAP_REASON, "queue_full");
	record_set_int(r, FIELD_GAP_COUNT, (int64_t)o.count);
	record_set_text(r, FIELD_GAP_KINDS, kinds);
	record_set_int(r, FIELD_GAP_FIRST_MONO_NS, o.first_mono);
	record_set_int(r, FIELD_GAP_LAST_MONO_NS, o.last_mono);
	store(u, r, now);
}

static void publish_status(struct uplink *u)
{
	struct journal_stats stats;
	int before = u->now.journal.medium;

	journal_stats(u->o.journal, &stats);
	u->now.journal = stats;
	pthread_mutex_lock(&u->lock);
	u->now.queue_dropped = u->status.queue_dropped;
	u->status = u->now;
	pthread_mutex_unlock(&u->lock);
	if ((u->told || before != stats.medium) && u->o.loop && u->o.changed && !u->stopping)
		(void)!loop_post(u->o.loop, u->o.changed, u->o.arg);
	u->told = false;
}

static int wait_ms(const struct uplink *u, int64_t now)
{
	int64_t due = journal_sync_due(u->o.journal), other = uplink_connection_due(u);

	due = other < due ? other : due;
	other = uplink_send_due(u);
	due = other < due ? other : due;
	if (u->stopping && u->stop_at < due)
		due = u->stop_at;
	if (due == INT64_MAX)
		return -1;
	if (due <= now)
		return 0;
	due = (due - now + NS_PER_MS - 1) / NS_PER_MS;
	return due > 3600000 ? 3600000 : (int)due;
}

static void wait_for_something(struct uplink *u, int64_t now)
{
	struct pollfd p[4] = {
		{ .fd = queue_fd(u->inbox), .events = POLLIN },
		{ .fd = queue_fd(u->dear), .events = POLLIN },
		{ .fd = u->wake, .events = POLLIN },
		{ .fd = u->link ? link_fd(u->link) : -1, .events = POLLIN },
	};
	uint64_t count;

	if (poll(p, COUNT(p), wait_ms(u, now)) > 0 && p[2].revents)
		(void)!read(u->wake, &count, sizeof(count));
}

/* True when the thread has nothing more to do. */
static bool stop_now(struct uplink *u, int64_t now)
{
	struct journal_stats stats;
	int ms;

	pthread_mutex_lock(&u->lock);
	ms = u->stop_ms;
	pthread_mutex_unlock(&u->lock);
	if (ms < 0)
		return false;
	if (!u->stopping) {
		u->stopping = true;
		u->stop_at = now + ms * NS_PER_MS;
		if (u->send_at != INT64_MAX)
			u->send_at = now;
		(void)!write(u->wake, &(uint64_t){ 1 }, sizeof(uint64_t));
		return false; /* one more turn at once: what was handed over before the stop is in the inbox */
	}
	journal_stats(u->o.journal, &stats);
	return now >= u->stop_at || !stats.waiting || u->phase == PHASE_WAIT || !u->brokers;
}

static void *run(void *arg)
{
	struct uplink *u = arg;
	struct record *r = mem_new(sizeof(*r));
	int64_t now = clock_mono();

	do {
		wait_for_something(u, now);
		now = clock_mono();
		take(u, u->dear, r, now);
		take(u, u->inbox, r, now);
		tell_overflow(u, r, now);
		uplink_events(u, now);
		uplink_connection(u, now);
		uplink_send(u, now);
		if (u->sync_now || journal_sync_due(u->o.journal) <= now)
			(void)!journal_sync(
				u->o.journal); /* the next turn tries again, the status tells */
		u->sync_now = false;
		publish_status(u);
	} while (!stop_now(u, now));
	(void)!journal_sync(u->o.journal);
	if (u->link)
		uplink_goodbye(u);
	publish_status(u);
	free(r);
	return NULL;
}

/* --- starting and stopping --- */
static int take_brokers(struct uplink *u, struct why *why)
{
	for (const char *const *b = u->o.brokers; b && *b; b++) {
		bool tls = !strncmp(*b, "mqtts://", 8);
		const char *rest = *b + (tls ? 8 : 7);

		if ((!tls && strncmp(*b, "mqtt://", 7)) || !*rest || strlen(rest) > URI_MAX - 8)
			return why_say(why, -EINVAL,
				"%s: a broker is mqtt://host:1883 or mqtts://host:8883", *b);
		if (u->brokers == BROKERS_MAX)
			return why_say(why, -EINVAL, "more than %d brokers", BROKERS_MAX);
		snprintf(u->uri[u->brokers++], URI_MAX, "%s://%s", tls ? "ssl" : "tcp", rest);
	}
	return 0;
}

static void defaults(struct uplink *u)
{
	struct uplink_options *o = &u->o;
	const uint8_t *id = identity_id(o->identity);
	struct journal_stats stats;

	o->batch_records = o->batch_records ? o->batch_records : 200;
	if (o->batch_records > BATCH_RECORDS_MAX)
		o->batch_records = BATCH_RECORDS_MAX;
	o->batch_bytes = o->batch_bytes ? o->batch_bytes : 32768;
	if (o->batch_bytes > BATCH_BYTES_MAX - 8192)
		o->batch_bytes = BATCH_BYTES_MAX - 8192;
	o->connect_ns = o->connect_ns ? o->connect_ns : 20 * NS_PER_S;
	o->gather_ns = o->gather_ns ? o->gather_ns : 30 * NS_PER_S;
	u->window.size = o->window ? o->window : 4;
	if (u->window.size > WINDOW_MAX)
		u->window.size = WINDOW_MAX;
	u->window.resend_ns = o->resend_after_ns ? o->resend_after_ns : 60 * NS_PER_S;
	probe_id_text(id, u->client_id);
	topic_make(id, "batch", u->topic_batch);
	topic_make(id, "status", u->topic_status);
	topic_make(id, "receipt", u->topic_receipt);
	topic_make(id, "order", u->topic_order);
	topic_make(id, "reply", u->topic_reply);
	memcpy(&u->random, id, sizeof(u->random));
	u->random |= 1;
	u->backoff_ns = NS_PER_S;
	u->version = 5;
	u->stop_ms = -1;
	u->now.last_receipt_utc = UTC_UNKNOWN;
	u->pinned = o->collector_key;
	if (o->collector_key)
		memcpy(u->key, o->collector_key, PUBLIC_KEY);
	journal_stats(o->journal, &stats);
	u->send_at = stats.waiting ? 0 : INT64_MAX;
	u->now.journal = stats;
	u->status = u->now;
}

static int start_thread(struct uplink *u)
{
	sigset_t all, before;
	int err;

	sigfillset(&all); /* signals are the loop's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&u->thread, NULL, run, u);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

static void done(struct uplink *u)
{
	queue_free(u->inbox);
	queue_free(u->dear);
	if (u->wake >= 0)
		close(u->wake);
	pthread_mutex_destroy(&u->lock);
	free(u);
}

int uplink_start(struct uplink **out, const struct uplink_options *o, struct why *why)
{
	struct uplink *u = mem_new(sizeof(*u));
	int err;

	u->o = *o;
	pthread_mutex_init(&u->lock, NULL);
	u->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	defaults(u);
	err = take_brokers(u, why);
	if (!err)
		err = u->wake < 0 ? -errno : queue_new(&u->inbox, INBOX_RECORDS, INBOX_BYTES);
	if (!err)
		err = queue_new(&u->dear, INBOX_RECORDS, INBOX_BYTES);
	if (!err && u->brokers) {
		struct link_options l = { .client_id = u->client_id,
			.user = o->user,
			.password = o->password,
			.ca_file = o->ca_file,
			.cert_file = o->cert_file,
			.key_file = o->key_file,
			.will_topic = u->topic_status,
			.will_text = "{\"online\":false}",

			.connect_s = (int)(u->o.connect_ns / NS_PER_S) };

		err = link_new(&u->link, &l);
	}
	if (!err)
		err = start_thread(u);
	if (err) {
		why_say(why, err, "the uplink cannot be started: %s", strerror(-err));
		link_free(u->link);
		done(u);
		return err;
	}
	*out = u;
	return 0;
}

void uplink_stop(struct uplink *u, int wait_for_ms)
{
	uint64_t one = 1;

	if (!u)
		return;
	pthread_mutex_lock(&u->lock);
	u->stop_ms = wait_for_ms > 0 ? wait_for_ms : 0;
	pthread_mutex_unlock(&u->lock);
	(void)!write(u->wake, &one, sizeof(one));
	pthread_join(u->thread, NULL);
	done(u);
}
