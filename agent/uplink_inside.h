/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the uplink share.  All but the inbox and what the mutex guards belongs to its thread. */
#ifndef AGENT_UPLINK_INSIDE_H
#define AGENT_UPLINK_INSIDE_H

#include "link.h"
#include "uplink.h"
#include "window.h"
#include "../probes/core/log.h"
#include "../probes/core/queue.h"
#include <pthread.h>

#define BROKERS_MAX 8
#define URI_MAX     128

enum phase { PHASE_WAIT, PHASE_CONNECTING, PHASE_UP };

/* Records that did not fit into the inbox. */
struct overflow {
	uint64_t count;
	int64_t first_mono, last_mono;
	uint32_t kinds[16];
};

struct uplink {
	struct uplink_options o;
	struct queue *inbox,
		*dear; /* records and clock pairs; those of the dearest classes apart, so that others cannot crowd them out */
	pthread_t thread;

	pthread_mutex_t lock; /* guards the next three */
	struct uplink_status status;
	struct overflow overflow;
	int stop_ms; /* -1: go on */

	struct uplink_status now; /* the thread's own copy */
	bool told;                /* now differs from status in what changed() is for */
	int wake;                 /* eventfd: stop */

	struct link *link;
	char client_id[PROBE_ID_TEXT], topic_batch[TOPIC_MAX], topic_status[TOPIC_MAX],
		topic_receipt[TOPIC_MAX], topic_order[TOPIC_MAX], topic_reply[TOPIC_MAX];
	char uri[BROKERS_MAX][URI_MAX];
	size_t brokers, broker; /* how many, and the one in use or tried */
	int version;            /* to try next */
	enum phase phase;
	int64_t retry_at, connect_by, up_since, backoff_ns;
	uint64_t random;

	struct window window;
	uint64_t cursor; /* the highest number that was sent in this run */
	uint32_t unsent;
	int64_t send_at; /* INT64_MAX: nothing waits */
	int64_t pause_until, stop_at;
	bool stopping;
	bool sync_now; /* somebody asked for it */
	bool pinned;
	uint8_t key[PUBLIC_KEY];
	struct complaint complaint, medium;
};

/* uplink_link.c: the connection */
void uplink_connection(struct uplink *u, int64_t now); /* tries again, gives up */
void uplink_events(struct uplink *u, int64_t now);
int64_t uplink_connection_due(const struct uplink *u);
void uplink_goodbye(struct uplink *u);
void uplink_problem(struct uplink *u, const char *format, ...) PRINTF(2, 3);

void uplink_reply(struct uplink *u, const void *bytes, size_t n);

/* uplink_send.c: batches out, receipts in */
void uplink_send(struct uplink *u, int64_t now);
int64_t uplink_send_due(const struct uplink *u);
void uplink_receipt(struct uplink *u, const uint8_t *bytes, size_t n, int64_t now);
void uplink_appended(struct uplink *u, const struct record *r, int64_t now);

#endif
