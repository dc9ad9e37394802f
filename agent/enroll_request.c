/* SPDX-License-Identifier: Apache-2.0 */
/* The probe's identity is its key at the broker, too: one key to guard, and a certificate whose name can be checked
 * against it.  Nothing that is signed for one use can pass for the other: COSE signs a CBOR array that begins with
 * "Signature1" (RFC 9052 4.4), TLS 1.3 signs 64 blanks and a text first (RFC 8446 4.4.3), a request begins as DER. */
#include "enroll.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define PEM_MOST 16384

static int write_request(struct buf *out, X509_REQ *r)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n = 0;

	if (bio && PEM_write_bio_X509_REQ(bio, r) == 1)
		n = BIO_get_mem_data(bio, &text);
	if (n > 0)
		buf_put(out, text, (size_t)n);
	BIO_free(bio);
	return n > 0 ? out->err : -EIO;
}

int enroll_request(struct buf *out, const struct identity *i, struct why *why)
{
	char probe[PROBE_ID_TEXT];
	X509_REQ *r = X509_REQ_new();
	int err = -EIO;

	probe_id_text(identity_id(i), probe);
	if (r && X509_REQ_set_version(r, 0) &&
		X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(r), "CN", MBSTRING_ASC,
			(const uint8_t *)probe, -1, -1, 0) &&
		X509_REQ_set_pubkey(r, identity_key(i)) &&
		X509_REQ_sign(r, identity_key(i), NULL)) /* Ed25519 has its own digest */
		err = write_request(out, r);
	X509_REQ_free(r);
	ERR_clear_error();
	return err ? why_say(why, err, "the certificate request cannot be made") : 0;
}

int enroll_certificate(const char *pem, const struct identity *i, struct why *why)
{
	size_t n = strlen(pem);
	BIO *bio = n < PEM_MOST ? BIO_new_mem_buf(pem, (int)n) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	char cn[64] = "", probe[PROBE_ID_TEXT];
	int err = 0;

	if (cert)
		X509_NAME_get_text_by_NID(
			X509_get_subject_name(cert), NID_commonName, cn, sizeof(cn));
	if (!cert)
		err = why_say(why, -EBADMSG, "the answer has no certificate");
	else if (EVP_PKEY_eq(X509_get0_pubkey(cert), identity_key(i)) != 1 ||
		 strcmp(cn, probe_id_text(identity_id(i), probe)))
		err = why_say(why, -EPERM, "the certificate of the answer is for another probe");
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return err;
}
