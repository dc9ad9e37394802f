/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 (RFC 5280) through OpenSSL.  P-256 for the authority: every TLS library there is can check it; the keys of
 * probes are the Ed25519 keys they have (RFC 8410), which Mosquitto takes as client keys in TLS 1.2 and 1.3. */
#include "authority.h"
#include "../../probes/core/file.h"
#include "../../probes/core/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER     "authority"
#define CA_DAYS    (20 * 365L)
#define CRL_DAYS   (10 * 365L) /* an outdated list makes the broker refuse everybody */
#define BACKDATE_S (86400L)    /* clocks of brokers and probes are not always right */
#define PEM_MOST   (64 * 1024)
#define SERIAL     16 /* bytes; RFC 5280 4.1.2.2: at most 20, positive */

struct authority {
	char folder[PATH_MAX / 2];
	EVP_PKEY *key;
	X509 *cert;
	char *pem;
};

static int openssl_failed(struct why *why, const char *what)
{
	char text[120] = "";
	unsigned long code = ERR_get_error();

	if (code)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	return why_say(why, -EIO, "%s: %s", what, *text ? text : "OpenSSL failed");
}

/* --- pieces --- */
static int pem_of(int (*write)(BIO *, void *), void *what, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n = 0;

	if (bio && write(bio, what) == 1)
		n = BIO_get_mem_data(bio, &text);
	if (n > 0)
		buf_put(out, text, (size_t)n);
	BIO_free(bio);
	return n > 0 ? out->err : -EIO;
}

static int write_cert(BIO *bio, void *cert)
{
	return PEM_write_bio_X509(bio, cert);
}

static int write_crl(BIO *bio, void *crl)
{
	return PEM_write_bio_X509_CRL(bio, crl);
}

static int write_key(BIO *bio, void *key)
{
	return PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
}

static X509 *read_cert(const char *text, size_t n)
{
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return cert;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
	return ok;
}

static bool set_serial(X509 *cert)
{
	uint8_t bytes[SERIAL];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always 16 bytes long */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return ok;
}

static bool set_name(X509_NAME *name, const char *cn)
{
	return X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const uint8_t *)cn, -1, -1, 0);
}

/* All that certificates have in common; the caller adds what they are for and signs. */
static X509 *begin_cert(const char *cn, EVP_PKEY *key, const X509_NAME *issuer, long days)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, 2) && set_serial(cert) &&
		set_name(X509_get_subject_name(cert), cn) &&
		X509_set_issuer_name(cert, issuer ? issuer : X509_get_subject_name(cert)) &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -BACKDATE_S) &&
		X509_time_adj_ex(X509_getm_notAfter(cert), (int)days, 0, NULL) &&
		X509_set_pubkey(cert, key))
		return cert;
	X509_free(cert);
	return NULL;
}

static int64_t time_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) * NS_PER_S : 0;
}

static void describe(const X509 *cert, const char *probe, struct store_certificate *out)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = n ? BN_bn2hex(n) : NULL;

	memset(out, 0, sizeof(*out));
	snprintf(out->serial, sizeof(out->serial), "%s", hex ? hex : "");
	snprintf(out->probe, sizeof(out->probe), "%s", probe);
	out->issued_ns = clock_wall();
	out->expires_ns = time_of(X509_get0_notAfter(cert));
	OPENSSL_free(hex);
	BN_free(n);
}

/* What root made by hand must be readable for the service, whose folder it is. */
static void give_to_owner(const char *path, const char *like)
{
	struct stat st;

	if (geteuid() == 0 && !stat(like, &st))
		(void)!lchown(path, st.st_uid, st.st_gid);
}

/* --- the authority itself --- */
static int path_in(const struct authority *a, const char *name, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/%s", a->folder, name) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void give_all(const struct authority *a, const char *like)
{
	static const char *const names[] = { "lock", "ca.key", "ca.crt", "crl.pem" };
	char path[PATH_MAX];

	for (size_t i = 0; i < COUNT(names); i++)
		if (!path_in(a, names[i], path))
			give_to_owner(path, like);
}

static int make(struct authority *a, struct why *why)
{
	char path[PATH_MAX], cn[64];
	uint8_t bytes[4];
	struct buf pem;
	int err;

	a->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (!a->key || RAND_bytes(bytes, sizeof(bytes)) != 1)
		return openssl_failed(why, "no key for the authority");
	/* two installations must not have authorities of the same name */
	snprintf(cn, sizeof(cn), "phusong authority %02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
		bytes[3]);
	a->cert = begin_cert(cn, a->key, NULL, CA_DAYS);
	if (!a->cert ||
		!add_extension(
			a->cert, a->cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
		!add_extension(a->cert, a->cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
		!add_extension(a->cert, a->cert, NID_subject_key_identifier, "hash") ||
		!X509_sign(a->cert, a->key, EVP_sha256()))
		return openssl_failed(why, "no certificate for the authority");
	buf_init(&pem, PEM_MOST);
	err = pem_of(write_key, a->key, &pem);
	path_in(a, "ca.key", path);
	if (!err)
		err = file_replace(path, pem.data, pem.len, 0600);
	if (pem.data)
		OPENSSL_cleanse(pem.data, pem.len);
	buf_clear(&pem);
	if (!err)
		err = pem_of(write_cert, a->cert, &pem);
	path_in(a, "ca.crt", path);
	if (!err)
		err = file_replace(path, pem.data, pem.len, 0644);
	buf_done(&pem);
	return err ? why_say(why, err, "%s: the authority cannot be made: %s", a->folder,
			     strerror(-err))
	           : 0;
}

static int load_key(struct authority *a, struct why *why)
{
	char path[PATH_MAX];
	struct stat st;
	struct buf text;
	BIO *bio;
	int err;

	path_in(a, "ca.key", path);
	buf_init(&text, PEM_MOST);
	err = file_read(path, &text);
	if (!err && !stat(path, &st) && st.st_mode & 077)
		err = why_say(
			why, -EPERM, "%s: others may read the authority's key: chmod 600", path);
	if (!err) {
		bio = BIO_new_mem_buf(text.data, (int)text.len);
		a->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, "") : NULL;
		BIO_free(bio);
		if (!a->key)
			err = why_say(
				why, -EINVAL, "%s: is no private key; it is left as it is", path);
	}
	if (text.data)
		OPENSSL_cleanse(text.data, text.len);
	buf_done(&text);
	return err;
}

static int load(struct authority *a, struct why *why)
{
	char path[PATH_MAX];
	struct buf text;
	int err = load_key(a, why);

	if (err)
		return err;
	path_in(a, "ca.crt", path);
	buf_init(&text, PEM_MOST);
	err = file_read(path, &text);
	if (err)
		why_say(why, err, "%s: %s", path, strerror(-err));
	else if (!(a->cert = read_cert(buf_text(&text), text.len)) ||
		 X509_check_private_key(a->cert, a->key) != 1)
		err = why_say(why, -EINVAL, "%s: is not the certificate of ca.key", path);
	buf_done(&text);
	ERR_clear_error();
	return err == -ENOENT ? -EINVAL : err; /* a key without a certificate is not made anew */
}

static int remember_pem(struct authority *a, struct why *why)
{
	struct buf pem;
	int err;

	buf_init(&pem, PEM_MOST);
	err = pem_of(write_cert, a->cert, &pem);
	if (!err)
		a->pem = mem_copy(buf_text(&pem));
	buf_done(&pem);
	return err ? openssl_failed(why, "the authority's certificate") : 0;
}

int authority_open(struct authority **out, const char *data, struct why *why)
{
	struct authority *a = mem_new(sizeof(*a));
	char path[PATH_MAX];
	int lock = -1, err = 0;

	if (snprintf(a->folder, sizeof(a->folder), "%s/" FOLDER, data) >= (int)sizeof(a->folder))
		err = why_say(why, -ENAMETOOLONG, "%s: too long", data);
	if (!err && mkdir(a->folder, 0755) && errno != EEXIST)
		err = why_say(why, -errno, "%s: %s", a->folder, strerror(errno));
	give_to_owner(a->folder, data);
	if (!err) { /* of two processes that need it first, one makes it */
		path_in(a, "lock", path);
		lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (lock < 0 || flock(lock, LOCK_EX))
			err = why_say(why, -errno, "%s: %s", path, strerror(errno));
	}
	if (!err)
		err = load(a, why);
	if (err == -ENOENT)
		err = make(a, why);
	give_all(a, data);
	if (lock >= 0)
		close(lock);
	if (!err)
		err = remember_pem(a, why);
	if (err) {
		authority_free(a);
		return err;
	}
	*out = a;
	return 0;
}

void authority_free(struct authority *a)
{
	if (!a)
		return;
	EVP_PKEY_free(a->key);
	X509_free(a->cert);
	free(a->pem);
	free(a);
}

const char *authority_certificate(const struct authority *a)
{
	return a->pem;
}

const char *authority_folder(const struct authority *a)
{
	return a->folder;
}

/* --- requests --- */
void request_free(X509_REQ *r)
{
	X509_REQ_free(r);
}

static bool is_key_of(EVP_PKEY *key, const char *probe)
{
	uint8_t public[PUBLIC_KEY], id[PROBE_ID];
	char text[PROBE_ID_TEXT];
	size_t n = sizeof(public);

	if (!key || !EVP_PKEY_is_a(key, "ED25519") ||
		EVP_PKEY_get_raw_public_key(key, public, &n) != 1 || n != PUBLIC_KEY)
		return false;
	probe_id_of(public, id);
	return !strcmp(probe_id_text(id, text), probe);
}

int request_check(X509_REQ **out, const char *pem, size_t n, const char *probe, struct why *why)
{
	BIO *bio = n < PEM_MOST ? BIO_new_mem_buf(pem, (int)n) : NULL;
	X509_REQ *r = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = r ? X509_REQ_get0_pubkey(r) : NULL;
	int err = 0;

	BIO_free(bio);
	if (!key)
		err = why_say(why, -EBADMSG, "this is no certificate request");
	else if (!is_key_of(key, probe))
		err = why_say(why, -EPERM, "the key of the request is not that of the probe");
	else if (X509_REQ_verify(r, key) != 1) /* who asks has the private key */
		err = why_say(why, -EKEYREJECTED, "the request is not signed by its key");
	ERR_clear_error();
	if (err)
		X509_REQ_free(r);
	else
		*out = r;
	return err;
}

int authority_sign(const struct authority *a, X509_REQ *r, const char *probe, unsigned days,
	struct store_certificate *out, struct buf *pem, struct why *why)
{
	X509 *cert =
		begin_cert(probe, X509_REQ_get0_pubkey(r), X509_get_subject_name(a->cert), days);
	int err = 0;

	if (!cert || !add_extension(cert, a->cert, NID_basic_constraints, "critical,CA:FALSE") ||
		!add_extension(cert, a->cert, NID_key_usage, "critical,digitalSignature") ||
		!add_extension(cert, a->cert, NID_ext_key_usage, "clientAuth") ||
		!add_extension(cert, a->cert, NID_authority_key_identifier, "keyid:always") ||
		!X509_sign(cert, a->key, EVP_sha256()))
		err = openssl_failed(why, "the certificate cannot be made");
	if (!err)
		err = pem_of(write_cert, cert, pem);
	if (!err) {
		describe(cert, probe, out);
		out->pem = buf_text(pem);
	}
	X509_free(cert);
	return err;
}

int certificate_check(X509_REQ *r, const char *probe, const char *pem,
	struct store_certificate *out, struct why *why)
{
	X509 *cert = read_cert(pem, strlen(pem));
	char cn[64] = "";
	int err = 0;

	if (cert)
		X509_NAME_get_text_by_NID(
			X509_get_subject_name(cert), NID_commonName, cn, sizeof(cn));
	if (!cert)
		err = why_say(why, -EBADMSG, "this is no certificate");
	else if (EVP_PKEY_eq(X509_get0_pubkey(cert), X509_REQ_get0_pubkey(r)) != 1)
		err = why_say(why, -EPERM, "the certificate is for another key");
	else if (strcmp(cn, probe))
		err = why_say(why, -EPERM, "the certificate is for \"%s\", not for the probe", cn);
	if (!err) {
		describe(cert, probe, out);
		out->pem = pem;
	}
	ERR_clear_error();
	X509_free(cert);
	return err;
}

/* --- servers --- */
static int names_text(const char *const names[], size_t n, char *out, size_t room)
{
	uint8_t address[16];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		bool ip = inet_pton(AF_INET, names[i], address) == 1 ||
		          inet_pton(AF_INET6, names[i], address) == 1;

		/* a comma would be read as the next entry */
		if (!*names[i] ||
			strspn(names[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789.-:*") != strlen(names[i]))
			return -EINVAL;
		len += (size_t)snprintf(out + len, room - len, "%s%s:%s", i ? "," : "",
			ip ? "IP" : "DNS", names[i]);
		if (len >= room)
			return -ENAMETOOLONG;
	}
	return n ? 0 : -EINVAL;
}

int authority_server(const struct authority *a, const char *const names[], size_t n, unsigned days,
	const char *key_path, const char *cert_path, struct why *why)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	char text[1024];
	X509 *cert = NULL;
	struct buf pem;
	int err = names_text(names, n, text, sizeof(text));

	if (err) {
		EVP_PKEY_free(key);
		return why_say(
			why, err, "a server needs names or addresses, of letters, digits, . - :");
	}
	buf_init(&pem, PEM_MOST);
	cert = key ? begin_cert(names[0], key, X509_get_subject_name(a->cert), days) : NULL;
	if (!cert || !add_extension(cert, a->cert, NID_basic_constraints, "critical,CA:FALSE") ||
		!add_extension(cert, a->cert, NID_key_usage, "critical,digitalSignature") ||
		!add_extension(cert, a->cert, NID_ext_key_usage, "serverAuth") ||
		!add_extension(cert, a->cert, NID_subject_alt_name, text) ||
		!add_extension(cert, a->cert, NID_authority_key_identifier, "keyid:always") ||
		!X509_sign(cert, a->key, EVP_sha256()))
		err = openssl_failed(why, "the certificate cannot be made");
	if (!err)
		err = pem_of(write_key, key, &pem);
	if (!err && (err = file_replace(key_path, pem.data, pem.len, 0600)))
		why_say(why, err, "%s: %s", key_path, strerror(-err));
	if (pem.data)
		OPENSSL_cleanse(pem.data, pem.len);
	buf_clear(&pem);
	if (!err)
		err = pem_of(write_cert, cert, &pem);
	if (!err && (err = file_replace(cert_path, pem.data, pem.len, 0644)))
		why_say(why, err, "%s: %s", cert_path, strerror(-err));
	buf_done(&pem);
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

/* --- revocation --- */
static int add_revoked(void *arg, const struct store_certificate *c)
{
	X509_CRL *crl = arg;
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)(c->revoked_ns / NS_PER_S));
	BIGNUM *n = NULL;
	ASN1_INTEGER *serial = BN_hex2bn(&n, c->serial) ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
	int err = -EIO;

	/* what has run out by itself need not be listed (RFC 5280 3.3) */
	if (c->expires_ns < clock_wall())
		err = 0;
	else if (r && when && serial && X509_REVOKED_set_serialNumber(r, serial) &&
		 X509_REVOKED_set_revocationDate(r, when) && X509_CRL_add0_revoked(crl, r)) {
		err = 0;
		r = NULL;
	}
	X509_REVOKED_free(r);
	ASN1_TIME_free(when);
	ASN1_INTEGER_free(serial);
	BN_free(n);
	return err;
}

static bool finish_crl(X509_CRL *crl, const struct authority *a)
{
	ASN1_TIME *from = X509_gmtime_adj(NULL, -BACKDATE_S);
	ASN1_TIME *to = X509_time_adj_ex(NULL, (int)CRL_DAYS, 0, NULL);
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509V3_CTX ctx;
	X509_EXTENSION *key_id = NULL;
	bool ok;

	X509V3_set_ctx(&ctx, a->cert, NULL, NULL, crl, 0);
	key_id = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	ok = from && to && number && key_id && X509_CRL_set_version(crl, 1) &&
	     X509_CRL_set_issuer_name(crl, X509_get_subject_name(a->cert)) &&
	     X509_CRL_set1_lastUpdate(crl, from) && X509_CRL_set1_nextUpdate(crl, to) &&
	     ASN1_INTEGER_set_int64(number, clock_wall() / NS_PER_US) &&
	     X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1 &&
	     X509_CRL_add_ext(crl, key_id, -1) && X509_CRL_sort(crl) &&
	     X509_CRL_sign(crl, a->key, EVP_sha256());
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_INTEGER_free(number);
	X509_EXTENSION_free(key_id);
	return ok;
}

int authority_revocations(
	const struct authority *a, struct store *s, const char *copy, struct why *why)
{
	X509_CRL *crl = X509_CRL_new();
	char path[PATH_MAX];
	struct buf pem;
	int err = crl ? store_certificates(s, NULL, true, add_revoked, crl) : -ENOMEM;

	buf_init(&pem, 64 * 1024 * 1024);
	if (err)
		why_say(why, err, "the revoked certificates cannot be read: %s", strerror(-err));
	else if (!finish_crl(crl, a))
		err = openssl_failed(why, "the list of revoked certificates cannot be made");
	if (!err)
		err = pem_of(write_crl, crl, &pem);
	path_in(a, "crl.pem", path);
	if (!err && (err = file_replace(path, pem.data, pem.len, 0644)))
		why_say(why, err, "%s: %s", path, strerror(-err));
	give_all(a, a->folder);
	if (!err && *copy && (err = file_replace(copy, pem.data, pem.len, 0644)))
		why_say(why, err, "%s: %s", copy, strerror(-err));
	buf_done(&pem);
	X509_CRL_free(crl);
	return err;
}
