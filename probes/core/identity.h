/* SPDX-License-Identifier: Apache-2.0 */
/* Who a probe or a collector is: an Ed25519 key pair made on first start.  Never a MAC or serial number. */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "why.h"
#include <stddef.h>
#include <stdint.h>

#define PROBE_ID 16 /* bytes: the first 16 of SHA-256(public key) */
#define PROBE_ID_TEXT \
	27 /* 26 characters of lower-case base32 (RFC 4648 6, no padding) and a zero */
#define PUBLIC_KEY 32
#define SIGNATURE  64

struct identity;

/* Reads the private key (PKCS#8 PEM, mode 0600) or makes one there: temporary file, fsync, rename.
 * A file that is there but cannot be read is an error and is never overwritten. */
int identity_open(struct identity **out, const char *path, struct why *why) MUST_CHECK;
int identity_make(struct identity **out) MUST_CHECK; /* in memory only: tests, simulations */
/* From a 32-byte seed (RFC 8032 private key): reproducible tests and simulations only. */
int identity_from_seed(struct identity **out, const uint8_t seed[32]) MUST_CHECK;
void identity_free(struct identity *i);

const uint8_t *identity_public(const struct identity *i);   /* PUBLIC_KEY bytes */
const uint8_t *identity_id(const struct identity *i);       /* PROBE_ID bytes */
struct evp_pkey_st;                                         /* OpenSSL's EVP_PKEY */
struct evp_pkey_st *identity_key(const struct identity *i); /* borrowed; for certificate requests */
int identity_sign(const struct identity *i, const void *bytes, size_t n,
	uint8_t out[SIGNATURE]) MUST_CHECK; /* thread-safe */
int identity_verify(const uint8_t key[PUBLIC_KEY], const void *bytes, size_t n,
	const uint8_t signature[SIGNATURE]) MUST_CHECK; /* 0 or -EKEYREJECTED */

void probe_id_of(const uint8_t key[PUBLIC_KEY], uint8_t out[PROBE_ID]);
char *probe_id_text(const uint8_t id[PROBE_ID], char out[PROBE_ID_TEXT]); /* returns out */
int probe_id_parse(
	const char *text, uint8_t out[PROBE_ID]) MUST_CHECK; /* -EINVAL; upper case accepted */

#define TOPIC_MAX 64
/* "ps1/<s>/<probe>/<leaf>", <s> the first hexadecimal digit of the id.  Returns out. */
char *topic_make(const uint8_t id[PROBE_ID], const char *leaf, char out[TOPIC_MAX]);
/* Takes such a topic apart; leaf points into topic.  -EINVAL when it is not one or <s> does not fit. */
int topic_parse(const char *topic, uint8_t id[PROBE_ID], const char **leaf) MUST_CHECK;

#endif
