/* SPDX-License-Identifier: Apache-2.0 */
/* Signed batches of records, and the receipts for them: COSE_Sign1 (RFC 9052, EdDSA) over CBOR.
 * The same bytes travel over MQTT, on a USB stick or anything else.  Layout: WIRE.md. */
#ifndef CORE_BATCH_H
#define CORE_BATCH_H

#include "buf.h"
#include "clock.h"
#include "identity.h"

#define BATCH_VERSION     1
#define BATCH_BYTES_MAX   (256 * 1024) /* a whole batch; a longer one is refused unread */
#define BATCH_RECORDS_MAX 4096
#define BATCH_CLOCKS      8
#define BATCH_AGENT       32

/* At mono_ns of this boot it was utc_ns: fills in the records that were made before. */
struct clock_pair {
	int64_t mono_ns, utc_ns, error_us; /* error_us -1 unknown */
	uint8_t source;                    /* enum clock_source */
};

struct batch_head {
	uint8_t probe[PROBE_ID], boot[16];
	uint64_t first_seq; /* of the first record */
	uint32_t count;
	bool simulated;          /* modem and link were simulated: shown wherever the probe is */
	char agent[BATCH_AGENT]; /* version of the sender */
	uint32_t clocks;
	struct clock_pair clock[BATCH_CLOCKS];
};

/* Signs head and records (encoded back to back, head->count of them) into out.  head->probe is
 * overwritten with the signer's id. */
int batch_seal(struct buf *out, struct batch_head *head, const void *records, size_t n,
	const struct identity *signer) MUST_CHECK;

struct batch {
	struct batch_head head;
	uint8_t key[PUBLIC_KEY];
	const uint8_t *records, *end; /* into the caller's bytes */
};

/* Checks everything but the records: size, form, version, that the key hashes to the probe id, the
 * signature.  -EMSGSIZE, -EBADMSG, -ENODATA, -EPROTONOSUPPORT (version), -EKEYREJECTED (signature),
 * -EPERM (id and key do not belong together); why says it for a person. */
int batch_open(struct batch *out, const void *bytes, size_t n, struct why *why) MUST_CHECK;

/* UTC of a moment of the batch's boot by its clock map: the pair nearest in time, of source manual only
 * when there is no other; UTC_UNKNOWN when the map is empty. *error_us and *source may be NULL. */
int64_t batch_utc(
	const struct batch_head *head, int64_t mono_ns, int64_t *error_us, uint8_t *source);

/* --- receipts: what the collector says after its commit --- */
enum reject_code { REJECT_MALFORMED = 1, REJECT_UNKNOWN_KIND = 2, REJECT_OUT_OF_RANGE = 3 };

#define RECEIPT_RANGES 256
struct receipt {
	uint8_t probe[PROBE_ID], boot[16];
	uint32_t pause_s; /* do not send before this many seconds have passed */
	int64_t utc_ns;   /* the collector's clock, UTC_UNKNOWN when it has none */
	uint32_t ranges;  /* first..last, both included, durable at the collector */
	struct {
		uint64_t first, last;
	} range[RECEIPT_RANGES];
	uint32_t rejected; /* kept in the quarantine, not to be sent again */
	struct {
		uint64_t seq;
		uint32_t code;
	} reject[RECEIPT_RANGES];
};
int receipt_seal(
	struct buf *out, const struct receipt *r, const struct identity *collector) MUST_CHECK;
/* key NULL: any collector's key is accepted; the one that signed is written to found (may be NULL).
 * Errors as of batch_open(); -EPERM: signed with another key than `key`. */
int receipt_open(struct receipt *out, const void *bytes, size_t n, const uint8_t *key,
	uint8_t found[PUBLIC_KEY], struct why *why) MUST_CHECK;

#endif
