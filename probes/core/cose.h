/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Sign1 (RFC 9052 4.2) with EdDSA and the signer's public key as key id: the envelope of
 * batches, receipts, orders and replies.  The external data (RFC 9052 4.3) names what is inside, so that one
 * kind of message can never pass as another. */
#ifndef CORE_COSE_H
#define CORE_COSE_H

#include "buf.h"
#include "identity.h"

#define COSE_BATCH   "ps1"
#define COSE_RECEIPT "ps1r"
#define COSE_ORDER   "ps1o"
#define COSE_REPLY   "ps1a"

/* Appends the signed message to out.  -EMSGSIZE when it does not fit. */
int cose_seal(struct buf *out, const char *what, const void *payload, size_t n,
	const struct identity *signer) MUST_CHECK;

struct cose {
	uint8_t key[PUBLIC_KEY];
	const uint8_t *payload; /* in the caller's bytes */
	size_t payload_len;
};

/* Checks form and signature.  -ENODATA cut short, -EBADMSG malformed, -EKEYREJECTED signature. */
int cose_open(struct cose *out, const char *what, const void *bytes, size_t n,
	struct why *why) MUST_CHECK;

#endif
