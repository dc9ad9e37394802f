/* SPDX-License-Identifier: Apache-2.0 */
/* A small certificate authority for probes and brokers, in a folder of the collector's data: ca.key (mode 0600),
 * ca.crt, crl.pem.  Made on first use.  Private keys of probes never come here: they send requests. */
#ifndef ENROLL_AUTHORITY_H
#define ENROLL_AUTHORITY_H

#include "../../probes/core/buf.h"
#include "../../probes/core/identity.h"
#include "../store/store.h"

struct authority;
struct X509_req_st; /* OpenSSL's X509_REQ */

/* data: the collector's folder.  -EINVAL: what is there is no key and certificate that belong together; it is
 * left as it is. */
int authority_open(struct authority **out, const char *data, struct why *why) MUST_CHECK;
void authority_free(struct authority *a);                     /* NULL is fine */
const char *authority_certificate(const struct authority *a); /* PEM, lives with a */
const char *authority_folder(const struct authority *a);

/* A request (PEM) of the probe itself: signed with an Ed25519 key whose hash is the probe id.  What else it asks
 * for is ignored.  -EBADMSG, -EKEYREJECTED, -EPERM (key and id do not belong together). */
int request_check(struct X509_req_st **out, const char *pem, size_t n, const char *probe,
	struct why *why) MUST_CHECK;
void request_free(struct X509_req_st *r);

/* A client certificate with the probe id as common name.  out->pem points into pem. */
int authority_sign(const struct authority *a, struct X509_req_st *r, const char *probe,
	unsigned days, struct store_certificate *out, struct buf *pem, struct why *why) MUST_CHECK;

/* What another authority has made of such a request: its serial and times, if it is for this key and name. */
int certificate_check(struct X509_req_st *r, const char *probe, const char *pem,
	struct store_certificate *out, struct why *why) MUST_CHECK;

/* A new key and a server certificate for these names and addresses, as key_path and cert_path. */
int authority_server(const struct authority *a, const char *const names[], size_t n, unsigned days,
	const char *key_path, const char *cert_path, struct why *why) MUST_CHECK;

/* Writes crl.pem anew from the store's revoked certificates, and a copy to `copy` unless that is "". */
int authority_revocations(
	const struct authority *a, struct store *s, const char *copy, struct why *why) MUST_CHECK;

#endif
