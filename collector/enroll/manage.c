/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment from the command line's side: claims are made, certificates are taken back. */
#include "../../probes/core/file.h"
#include "authority.h"
#include "command.h"
#include "enroll.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define NAME_TRIES 20
#define PEM_MOST   (64 * 1024)

int enroll_claim(struct store *s, struct store_claim *c, const char *actor, char code[CLAIM_CODE],
	struct why *why)
{
	int err = -EEXIST;

	/* a name is 20 bits: with thousands of claims one that is taken is not rare */
	for (int i = 0; i < NAME_TRIES && err == -EEXIST; i++) {
		err = claim_make(code);
		if (err)
			return why_say(why, err, "no random numbers");
		claim_name(code, c->name);
		claim_hash(code, c->hash);
		err = store_claim_add(s, c, actor, why);
	}
	return err == -EEXIST ? why_say(why, err, "too many claims: withdraw some") : err;
}

struct revoking {
	const char *ca_command, *folder;
	struct why *why;
};

static int revoke_elsewhere(void *arg, const struct store_certificate *c)
{
	struct revoking *r = arg;
	struct buf said;
	int err;

	if (c->revoked_ns)
		return 0;
	buf_init(&said, PEM_MOST);
	err = command_run(r->ca_command, "revoke", r->folder, c->pem, c->probe, 0, &said, r->why);
	buf_done(&said);
	return err;
}

int enroll_revoke(struct store *s, const char *probe, const char *ca_command, const char *copy,
	const char *actor, uint64_t *revoked, struct why *why)
{
	struct revoking r = { ca_command, store_folder(s), why };
	struct authority *a = NULL;
	int err = 0;

	*revoked = 0;
	if (*ca_command)
		err = store_certificates(s, probe, false, revoke_elsewhere, &r);
	if (!err)
		err = store_certificates_revoke(s, probe, clock_wall(), actor, revoked);
	if (err)
		return why_say(why, err, "probe %s: its certificates cannot be revoked: %s", probe,
			store_problem(s));
	if (!*revoked || *ca_command)
		return 0;
	err = authority_open(&a, store_folder(s), why);
	if (!err)
		err = authority_revocations(a, s, copy, why);
	authority_free(a);
	return err;
}

int enroll_pin(const char *cert_file, char out[64], struct why *why)
{
	uint8_t hash[EVP_MAX_MD_SIZE], *der = NULL;
	X509 *cert = NULL;
	BIO *bio;
	struct buf text;
	unsigned n = 0;
	int len = 0, err;

	buf_init(&text, 1024 * 1024);
	err = file_read(cert_file, &text);
	bio = err ? NULL : BIO_new_mem_buf(text.data, (int)text.len);
	cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : 0;
	if (len > 0 && EVP_Digest(der, (size_t)len, hash, &n, EVP_sha256(), NULL) == 1) {
		memcpy(out, "sha256//", 8);
		EVP_EncodeBlock((uint8_t *)out + 8, hash, 32); /* 44 characters and a zero */
	} else {
		err = why_say(why, err ? err : -EINVAL, "%s: no certificate can be read: %s",
			cert_file, err ? strerror(-err) : "is it PEM?");
	}
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
	buf_done(&text);
	return err;
}
