/* SPDX-License-Identifier: Apache-2.0 */
/* The only thread that writes records: take a group, store it, commit, hand over the receipts. */
#include "inside.h"
#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUP_MESSAGES  256
#define STATUS_MAX      4096
#define STATUS_DEPTH    4
#define REPLAY_EVERY_NS (10 * NS_PER_S) /* look for batches of probes registered meanwhile */
#define ORDERS_EVERY_NS (NS_PER_S)      /* look for orders to be sent */
#define RETRY_FIRST_MS  200
#define RETRY_MOST_MS   5000

struct receipt_out {
	uint32_t tag;
	struct buf message; /* topic, zero byte, sealed receipt */
};

struct writer {
	struct ingest *in;
	struct intake intake;
	struct intake_result *result;
	struct receipt *receipt;
	struct queue_item *item[GROUP_MESSAGES];
	size_t items;
	struct receipt_out out[GROUP_MESSAGES];
	size_t outs;
	struct buf sealed;
	struct complaint broken;
	unsigned retry_ms;
};

static int64_t mono(void)
{
	return clock_loop();
}

/* Waits for a first message, then for more until there is a group's worth or group_ms passed.
 * How many records a message has is not known before it is opened: 32 bytes are about the least. */
static void gather(struct writer *w)
{
	int64_t until = 0, left_ms = 200;
	size_t bytes = 0;

	while (w->items < GROUP_MESSAGES && bytes < (size_t)w->in->o.group_records * 64) {
		struct queue_item *item = queue_take(w->in->in, (int)left_ms);

		if (!item)
			break;
		if (!w->items)
			until = mono() + w->in->o.group_ms * NS_PER_MS;
		w->item[w->items++] = item;
		bytes += item->len;
		left_ms = (until - mono()) / NS_PER_MS;
		if (left_ms < 0)
			left_ms = 0;
	}
}

/* The fuller the queue, the longer probes are asked to wait. */
static uint32_t pause_now(struct ingest *in)
{
	size_t by_count = queue_count(in->in) * 100 / in->o.queue_messages;
	size_t by_bytes = queue_bytes(in->in) * 100 / in->o.queue_bytes;
	size_t full = by_count > by_bytes ? by_count : by_bytes;

	return full > 75 ? 15 : full > 50 ? 5 : 0;
}

static int seal_receipt(struct writer *w, uint32_t tag)
{
	struct receipt_out *out = &w->out[w->outs];
	char topic[TOPIC_MAX];
	int err = intake_receipt(&w->intake, w->result, pause_now(w->in), w->receipt);

	if (err)
		return err;
	buf_clear(&w->sealed);
	if (receipt_seal(&w->sealed, w->receipt, w->in->o.identity) < 0) {
		COUNT_UP(&w->in->counters, receipts_lost, 1);
		return 0;
	}
	topic_make(w->result->id, "receipt", topic);
	buf_init(&out->message, 64 * 1024);
	buf_put(&out->message, topic, strlen(topic) + 1);
	buf_put(&out->message, w->sealed.data, w->sealed.len);
	out->tag = MESSAGE_TAG(MESSAGE_RECEIPT, TAG_BROKER(tag));
	w->outs++;
	return 0;
}

/* {"online":true,...} while it is connected, as last will {"online":false}; an empty message only
 * removes a retained one. */
static bool says_online(const char *text, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(STATUS_DEPTH);
	struct json_object *o = NULL, *online;
	bool yes;

	if (t && n > 0 && n < STATUS_MAX)
		o = json_tokener_parse_ex(t, text, (int)n);
	yes = o && json_object_object_get_ex(o, "online", &online) &&
	      json_object_get_boolean(online);
	json_object_put(o);
	if (t)
		json_tokener_free(t);
	return yes;
}

static int take_status(
	struct writer *w, uint32_t kind, const char *topic, const char *text, size_t n)
{
	uint8_t id[PROBE_ID];
	char name[PROBE_ID_TEXT];
	const char *leaf;
	bool online = says_online(text, n);
	int err;

	if (topic_parse(topic, id, &leaf) < 0)
		return 0;
	COUNT_UP(&w->in->counters, statuses, 1);
	err = store_probe_seen(w->intake.store, probe_id_text(id, name), online,
		kind == MESSAGE_STATUS && online ? clock_wall() : 0);
	return err || !online ? err : store_orders_awake(w->intake.store, name);
}

static int take_message(struct writer *w, const struct queue_item *item)
{
	const char *topic = (const char *)item->data;
	size_t skip = strnlen(topic, item->len) + 1;
	const uint8_t *payload = item->data + skip;
	size_t n;
	int err;

	if (skip > item->len)
		return 0;
	n = item->len - skip;
	if (TAG_KIND(item->tag) == MESSAGE_REPLY)
		return orders_take_reply(w->in, topic, payload, n);
	if (TAG_KIND(item->tag) != MESSAGE_BATCH)
		return take_status(w, TAG_KIND(item->tag), topic, (const char *)payload, n);
	err = intake_batch(&w->intake, topic, payload, n, clock_wall(), w->result);
	if (err || w->result->taken != TAKEN)
		return err;
	return seal_receipt(w, item->tag);
}

static void drop_receipts(struct writer *w)
{
	for (size_t i = 0; i < w->outs; i++)
		buf_done(&w->out[i].message);
	w->outs = 0;
}

static void send_receipts(struct writer *w)
{
	for (size_t i = 0; i < w->outs; i++)
		if (queue_put(w->in->out, w->out[i].tag, w->out[i].message.data,
			    w->out[i].message.len) < 0)
			COUNT_UP(&w->in->counters, receipts_lost, 1);
	drop_receipts(w);
}

static int store_group(struct writer *w)
{
	int err = store_group_begin(w->intake.store);

	for (size_t i = 0; !err && i < w->items; i++)
		err = take_message(w, w->item[i]);
	if (!err)
		err = store_group_commit(w->intake.store);
	if (err) {
		store_group_abort(w->intake.store);
		drop_receipts(w);
	}
	return err;
}

/* The disk is full or worse: nothing is receipted, the group is dropped and the devices send it
 * again; meanwhile tries become rarer. */
static void failed(struct writer *w, int err)
{
	struct timespec pause;

	COUNT_UP(&w->in->counters, groups_failed, 1);
	log_complain(&w->broken, mono(), "ingest", "%s; nothing is receipted until it is: %s (%s)",
		err == -ENOSPC ? "the disk of the database is full"
			       : "the database cannot be written",
		strerror(-err), store_problem(w->intake.store));
	w->retry_ms = w->retry_ms ? w->retry_ms * 2 : RETRY_FIRST_MS;
	if (w->retry_ms > RETRY_MOST_MS)
		w->retry_ms = RETRY_MOST_MS;
	pause = (struct timespec){ w->retry_ms / 1000, (long)(w->retry_ms % 1000) * 1000000 };
	if (!atomic_load(&w->in->ending))
		nanosleep(&pause, NULL);
}

static void group(struct writer *w)
{
	int64_t began = mono();
	int err = store_group(w);

	COUNT_UP(&w->in->counters, commit_us, (uint64_t)((mono() - began) / NS_PER_US));
	if (err) {
		failed(w, err);
	} else {
		COUNT_UP(&w->in->counters, groups, 1);
		w->retry_ms = 0;
		log_recovered(&w->broken, "ingest", "the database");
		send_receipts(w);
	}
	for (size_t i = 0; i < w->items; i++)
		free(w->item[i]);
	w->items = 0;
}

static void replay(struct writer *w)
{
	uint64_t batches = 0;
	int err = intake_replay(&w->intake, &batches);

	if (err)
		log_complain(&w->broken, mono(), "ingest", "waiting batches cannot be taken in: %s",
			strerror(-err));
	else if (batches)
		log_info("ingest", "%llu waiting batches of registered probes taken in",
			(unsigned long long)batches);
}

void *writer_run(void *ingest)
{
	struct ingest *in = ingest;
	struct writer *w = mem_new(sizeof(*w));
	int64_t replay_ns = mono(), orders_ns = replay_ns;

	w->in = in;
	w->intake = (struct intake){
		.store = in->store, .counters = &in->counters, .open = in->o.open
	};
	w->result = mem_new(sizeof(*w->result));
	w->receipt = mem_new(sizeof(*w->receipt));
	buf_init(&w->sealed, 64 * 1024);
	for (;;) {
		gather(w);
		if (w->items)
			group(w);
		else if (atomic_load(&in->ending) && !queue_count(in->in))
			break;
		if (mono() >= orders_ns) {
			orders_send(in);
			orders_ns = mono() + ORDERS_EVERY_NS;
		}
		if (mono() >= replay_ns) {
			replay(w);
			replay_ns = mono() + REPLAY_EVERY_NS;
		}
	}
	buf_done(&w->sealed);
	free(w->receipt);
	free(w->result);
	free(w);
	return NULL;
}
