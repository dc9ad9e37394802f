/* SPDX-License-Identifier: Apache-2.0 */
/* One batch into the open group: the same way for MQTT, for files and for what comes out of the
 * quarantine.  The caller begins and commits the group and sends the receipts after the commit. */
#ifndef INGEST_INTAKE_H
#define INGEST_INTAKE_H

#include "../store/store.h"
#include "counters.h"

struct intake {
	struct store *store;
	struct ingest_counters *counters;
	bool open;      /* unknown probes register themselves, without a hamlet */
	bool replaying; /* from the quarantine: what cannot be taken in stays where it is */
	struct record record;
};

enum taken { TAKEN, TAKEN_QUARANTINED, TAKEN_WAITING };

struct intake_result {
	enum taken taken;
	int64_t probe; /* number; TAKEN only, as all below */
	uint8_t id[PROBE_ID], boot[16];
	uint64_t first, last; /* sequence numbers of the batch */
	uint32_t records, stored, repeated, rejected;
	struct {
		uint64_t seq;
		uint32_t code;
	} reject[RECEIPT_RANGES];
};

/* topic NULL: not from a broker.  size: what was announced, n: what there is.  0, or -errno of the
 * store: then the group must be aborted. */
int intake_batch(struct intake *in, const char *topic, const void *bytes, size_t n,
	int64_t received_ns, struct intake_result *out) MUST_CHECK;

/* The receipt for results about one probe that are in the open group. */
int intake_receipt(struct intake *in, const struct intake_result *r, uint32_t pause_s,
	struct receipt *out) MUST_CHECK;

/* Batches of probes that have been registered since they came.  Begins and commits itself. */
int intake_replay(struct intake *in, uint64_t *batches) MUST_CHECK;

/* An export of `phusong-agent export`: "PSX1\n", then for each batch its length as a big-endian
 * 32-bit number and its bytes. */
struct intake_file {
	uint64_t batches, stored, repeated, rejected, quarantined, waiting;
	uint64_t cut; /* bytes at the end that are not a whole batch */
};
int intake_journal(
	struct intake *in, const char *path, struct intake_file *out, struct why *why) MUST_CHECK;

#endif
