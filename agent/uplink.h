/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread of ours that talks: it owns Paho and the journal, because both may block.  Nothing
 * here blocks the caller, whatever the network does. */
#ifndef AGENT_UPLINK_H
#define AGENT_UPLINK_H

#include "../probes/core/identity.h"
#include "../probes/core/loop.h"
#include "journal.h"

struct queue;

struct uplink;

struct uplink_options {
	struct journal *journal; /* the thread owns it until uplink_stop() returns */
	const struct identity *identity;
	const char *const *
		brokers; /* "mqtt://host:1883", "mqtts://host:8883"; tried in order, NULL ends.  None: journal only */
	const char *user, *password;                /* or NULL; the user of a probe is its id */
	const char *ca_file, *cert_file, *key_file; /* for mqtts; or NULL */
	const uint8_t *
		collector_key; /* PUBLIC_KEY bytes: only its receipts count; NULL: the first one seen is pinned for this run */
	uint32_t batch_records;  /* most records in a batch; 0: 200 */
	uint32_t batch_bytes;    /* most bytes; 0: 32768 */
	uint32_t window;         /* batches sent without a receipt; 0: 4 */
	int64_t resend_after_ns; /* without a receipt; 0: 60 s, doubled each time up to 1 h */
	int64_t gather_ns;  /* wait so long for more records before a small batch is sent; 0: 30 s.
	                                   * Records of the two dearest classes are sent at once. */
	int64_t connect_ns; /* from TCP to the broker's consent; 0: 20 s */
	bool simulated;     /* goes into every batch */
	const char *agent;  /* version text */
	struct queue
		*orders;   /* messages of the order topic go there as they come; NULL: not wanted */
	struct loop *loop; /* changed() runs there; may be NULL */
	void (*changed)(
		void *arg); /* the connection, the receipts or the medium changed: look at uplink_status() */
	void *arg;
};

struct uplink_status {
	bool connected;
	char broker[128]; /* the one in use or tried */
	int mqtt_version; /* 5 or 3 (3.1.1), 0 not connected yet */
	char problem
		[160]; /* the last thing that went wrong, "" when nothing did since the last receipt */
	int64_t down_since_mono; /* clock_mono() when the connection was lost or first tried; 0 while connected */
	int64_t last_receipt_mono, last_receipt_utc;      /* 0 and UTC_UNKNOWN: none in this run */
	uint64_t receipts, batches_sent, resent, refused; /* refused: reason code >= 0x80 */
	uint64_t
		queue_dropped; /* records lost because the queue to the thread was full: a gap record follows */
	uint64_t bytes_sent;
	uint32_t pause_s; /* asked for by the collector, still to wait */
	struct journal_stats journal;
};

int uplink_start(struct uplink **out, const struct uplink_options *o, struct why *why) MUST_CHECK;
/* Tries for at most wait_ms to get a receipt for all that is in the journal, disconnects, syncs. NULL is fine. */
void uplink_stop(struct uplink *u, int wait_ms);

/* Hands a record over (copied); never blocks.  When the queue is full the least valuable waiting
 * record goes and a gap record says so. */
void uplink_record(struct uplink *u, const struct record *r);
void uplink_sync(struct uplink *u); /* what was handed over before goes to the medium at once */
void uplink_clock(
	struct uplink *u, const struct clock_pair *pair); /* this boot's clock became known */
/* Publishes a reply to an order (copied), if the broker is connected; else it is dropped: the order comes
 * again and is answered again. */
void uplink_publish_reply(struct uplink *u, const void *bytes, size_t n);
void uplink_status(struct uplink *u, struct uplink_status *out); /* any thread */

#endif
