/* SPDX-License-Identifier: Apache-2.0 */
/* Brokers in: Paho's callbacks copy into a bounded queue; the writer thread takes groups out of it,
 * commits, and only then lets the talker thread publish the receipts.  A full queue drops and
 * counts: what has no receipt is still on the device and comes again. */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "../../probes/core/identity.h"
#include "../store/store.h"
#include "counters.h"

struct ingest;

#define INGEST_BROKERS 8

struct ingest_options {
	const char *folder; /* of the store: the writer opens its own handle */
	const struct identity *identity;
	const char
		*brokers[INGEST_BROKERS + 1]; /* "mqtt://host:port" or "mqtts://..."; NULL ends */
	const char *user, *password;          /* or NULL */
	const char *ca_file, *cert_file, *key_file;
	const char *slices; /* first hexadecimal digits of probe ids */
	const char *share;  /* or NULL */
	bool open;          /* unknown probes register themselves */
	size_t queue_messages, queue_bytes;
	uint32_t group_records, group_ms;
};

int ingest_start(struct ingest **out, const struct ingest_options *o, struct why *why) MUST_CHECK;
/* Disconnects, stores what is queued, ends the threads.  NULL is fine. */
void ingest_stop(struct ingest *in);

const struct ingest_counters *ingest_counters(const struct ingest *in);
struct ingest_state { /* a snapshot, for /metrics and the status page */
	size_t brokers, connected;
	size_t queued, queued_bytes, queue_room, queue_bytes_room;
};
void ingest_state(struct ingest *in, struct ingest_state *out);

#endif
