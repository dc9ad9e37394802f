/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing probes in: a claim made here, used there, once.  The probe sends the claim code and a certificate
 * request signed by its identity; it gets a certificate, the brokers and the collector's key, and is registered where
 * the claim says. */
#ifndef ENROLL_ENROLL_H
#define ENROLL_ENROLL_H

#include "../../probes/core/buf.h"
#include "../../probes/core/claim.h"
#include "../../probes/core/identity.h"
#include "../store/store.h"
#include <sys/socket.h>

struct enroller;

#define ENROLL_BROKERS 8

struct enroll_options {
	const char *folder;                      /* of the store */
	const char *brokers[ENROLL_BROKERS + 1]; /* what probes are told; NULL ends */
	const char *broker_ca_file;              /* authorities of the brokers, PEM; "": our own */
	const char *ca_command;                  /* another authority; "": our own */
	unsigned days;                           /* certificates of probes are good for so long */
	const uint8_t *collector_key;            /* PUBLIC_KEY bytes: told to probes */
};

int enroll_new(struct enroller **out, const struct enroll_options *o, struct why *why) MUST_CHECK;
void enroll_free(struct enroller *e); /* NULL is fine */

/* One request, any thread; JSON in, JSON out.  Returns the HTTP status: 200, 400, 403 (the claim), 429 (*retry_s),
 * 500.  Everything but 200 is an RFC 9457 problem with a word in "code":
 * bad_request claim_malformed claim_unknown claim_expired claim_used request_refused too_many failed */
unsigned enroll_take(struct enroller *e, const struct sockaddr *from, const char *body, size_t n,
	struct buf *answer, unsigned *retry_s);

/* --- for the command line --- */
/* A new claim; code is the only copy there is. */
int enroll_claim(struct store *s, struct store_claim *c, const char *actor, char code[CLAIM_CODE],
	struct why *why) MUST_CHECK;
/* Revokes the probe's certificates and writes the list for the broker (copy: a second place, or ""). */
int enroll_revoke(struct store *s, const char *probe, const char *ca_command, const char *copy,
	const char *actor, uint64_t *revoked, struct why *why) MUST_CHECK;
/* "sha256//..." as curl's --pinnedpubkey wants it, of the certificate in a PEM file. */
int enroll_pin(const char *cert_file, char out[64], struct why *why) MUST_CHECK;

#endif
