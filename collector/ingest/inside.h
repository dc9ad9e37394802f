/* SPDX-License-Identifier: Apache-2.0 */
/* What brokers.c, writer.c and ingest.c share.  Private to collector/ingest. */
#ifndef INGEST_INSIDE_H
#define INGEST_INSIDE_H

#include "../../probes/core/queue.h"
#include "ingest.h"
#include "intake.h"
#include <pthread.h>
#include <stdatomic.h>

#define MESSAGE_MAX (1024 * 1024) /* MQTT 5: brokers keep longer ones from us */

/* Messages in both queues: the tag says what it is and which broker, then the topic, a zero byte
 * and the payload. */
enum message_kind {
	MESSAGE_BATCH,
	MESSAGE_STATUS,
	MESSAGE_STATUS_OLD,
	MESSAGE_RECEIPT,
	MESSAGE_REPLY,
	MESSAGE_ORDER, /* before the payload: four bytes, big endian, after so many seconds it is void */
};
#define MESSAGE_TAG(kind, broker) ((uint32_t)(kind) | (uint32_t)(broker) << 8)
#define TAG_KIND(tag)             ((tag)&0xff)
#define TAG_BROKER(tag)           ((tag) >> 8)

enum link { LINK_DOWN, LINK_TRYING, LINK_UP };

struct broker {
	struct ingest *in;
	unsigned number;
	char url[256];
	void *client;          /* MQTTAsync */
	bool tls, old;         /* old: MQTT 3.1.1 */
	_Atomic int link;      /* enum link */
	_Atomic bool refused;  /* the last attempt reached the broker and failed */
	_Atomic int denied;    /* reason code of a subscription that the broker refused, 0 none */
	bool subscribed, told; /* told: that it was refused */
	int64_t next_ns;       /* CLOCK_MONOTONIC of the next attempt */
	unsigned failures;
	char problem[128];
	pthread_mutex_t lock; /* of problem */
};

struct ingest {
	struct ingest_options o;
	struct ingest_counters counters;
	struct queue *in, *out;
	struct broker broker[INGEST_BROKERS];
	size_t brokers;
	pthread_t writer, talker;
	bool writer_runs, talker_runs;
	_Atomic bool ending;
	struct store *store; /* the writer's own */
};

/* writer.c */
void *writer_run(void *ingest);

/* orders.c; both run on the writer's thread */
void orders_send(struct ingest *in); /* those that are due, to every broker that is connected */
/* Within the open group. */
int orders_take_reply(
	struct ingest *in, const char *topic, const uint8_t *bytes, size_t n) MUST_CHECK;

/* brokers.c */
int brokers_make(struct ingest *in, struct why *why) MUST_CHECK;
void *talker_run(void *ingest);
void brokers_free(struct ingest *in);

#endif
