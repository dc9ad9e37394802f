/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032) through OpenSSL's EVP; the id is a hash of the public key, so that nothing of
 * the device or its owner is in it. */
#include "identity.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_MAX 4096

struct identity {
	EVP_PKEY *key;
	uint8_t public[PUBLIC_KEY], id[PROBE_ID];
};

void probe_id_of(const uint8_t key[PUBLIC_KEY], uint8_t out[PROBE_ID])
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	SHA256(key, PUBLIC_KEY, hash);
	memcpy(out, hash, PROBE_ID);
}

/* Takes the key. */
static int take_key(struct identity **out, EVP_PKEY *key)
{
	size_t n = PUBLIC_KEY;
	struct identity *i;

	if (!key)
		return -EINVAL;
	i = mem_new(sizeof(*i));
	i->key = key;
	if (!EVP_PKEY_is_a(key, "ED25519") ||
		EVP_PKEY_get_raw_public_key(key, i->public, &n) != 1 || n != PUBLIC_KEY) {
		identity_free(i);
		return -EINVAL;
	}
	probe_id_of(i->public, i->id);
	*out = i;
	return 0;
}

int identity_make(struct identity **out)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	return key ? take_key(out, key) : -EIO;
}

int identity_from_seed(struct identity **out, const uint8_t seed[32])
{
	return take_key(out, EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32));
}

void identity_free(struct identity *i)
{
	if (!i)
		return;
	EVP_PKEY_free(i->key);
	free(i);
}

/* --- the file --- */
static int no_password(char *text, int size, int writing, void *arg)
{
	(void)text, (void)size, (void)writing, (void)arg;
	return -1; /* never ask at a terminal */
}

static int read_key(int fd, EVP_PKEY **key)
{
	char text[PEM_MAX];
	ssize_t n = read(fd, text, sizeof(text));
	BIO *bio;

	if (n < 0)
		return -errno;
	bio = BIO_new_mem_buf(text, (int)n);
	*key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
	BIO_free(bio);
	OPENSSL_cleanse(text, sizeof(text));
	return *key ? 0 : -EINVAL;
}

static int load(struct identity **out, const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	EVP_PKEY *key = NULL;
	struct stat st;

	if (fd < 0) {
		err = -errno;
		if (err != -ENOENT)
			why_say(why, err, "%s: the private key cannot be read: %s", path,
				strerror(-err));
		return err;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		err = why_say(why, -EINVAL, "%s: the private key is not a regular file", path);
	} else if (st.st_mode & 077) {
		err = why_say(why, -EPERM,
			"%s: others may read the private key (mode %03o): chmod 600", path,
			(unsigned)st.st_mode & 0777);
	} else {
		err = read_key(fd, &key);
		if (!err)
			err = take_key(out, key);
		if (err)
			why_say(why, err,
				"%s: this is not an Ed25519 private key in PEM (PKCS#8); it is "
				"left as it is",
				path);
	}
	close(fd);
	return err;
}

static int write_key(int fd, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;
	int err = 0;

	if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		BIO_free(bio);
		return -EIO;
	}
	n = BIO_get_mem_data(bio, &text);
	errno = EIO; /* for a short write */
	if (write(fd, text, (size_t)n) != n || fsync(fd))
		err = -errno;
	OPENSSL_cleanse(text, (size_t)n);
	BIO_free(bio);
	return err;
}

/* link() and not rename(): of two programs that start at the same time one makes the key and the
 * other finds it. */
static int save(const struct identity *i, const char *path)
{
	size_t room = strlen(path) + 32;
	char *temporary = mem_new(room);
	int fd, err;

	snprintf(temporary, room, "%s.new.%ld", path, (long)getpid());
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	err = fd < 0 ? -errno : write_key(fd, i->key);
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err && link(temporary, path))
		err = -errno;
	if (fd >= 0)
		unlink(temporary);
	if (!err)
		err = file_sync_folder(path);
	free(temporary);
	return err;
}

int identity_open(struct identity **out, const char *path, struct why *why)
{
	struct identity *made;
	int err = load(out, path, why);

	if (err != -ENOENT)
		return err;
	err = identity_make(&made);
	if (err)
		return why_say(why, err, "%s: no key could be made", path);
	err = save(made, path);
	if (!err) {
		*out = made;
		return 0;
	}
	identity_free(made);
	if (err == -EEXIST)
		return load(out, path, why);
	return why_say(
		why, err, "%s: the new private key cannot be written: %s", path, strerror(-err));
}

/* --- use --- */
const uint8_t *identity_public(const struct identity *i)
{
	return i->public;
}

const uint8_t *identity_id(const struct identity *i)
{
	return i->id;
}

EVP_PKEY *identity_key(const struct identity *i)
{
	return i->key;
}

int identity_sign(const struct identity *i, const void *bytes, size_t n, uint8_t out[SIGNATURE])
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t signature[SIGNATURE];
	size_t len = SIGNATURE;
	int err = 0;

	if (!c || EVP_DigestSignInit(c, NULL, NULL, NULL, i->key) != 1 ||
		EVP_DigestSign(c, signature, &len, bytes, n) != 1 || len != SIGNATURE)
		err = -EIO;
	else
		memcpy(out, signature, SIGNATURE);
	EVP_MD_CTX_free(c);
	return err;
}

int identity_verify(const uint8_t key[PUBLIC_KEY], const void *bytes, size_t n,
	const uint8_t signature[SIGNATURE])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, PUBLIC_KEY);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int err = -EKEYREJECTED;

	if (k && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
		EVP_DigestVerify(c, signature, SIGNATURE, bytes, n) == 1)
		err = 0;
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return err;
}

/* --- the id as text, and in topics --- */
static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 6, lower case */

char *probe_id_text(const uint8_t id[PROBE_ID], char out[PROBE_ID_TEXT])
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (size_t i = 0; i < PROBE_ID; i++) {
		bits = bits << 8 | id[i];
		for (have += 8; have >= 5; have -= 5)
			out[n++] = base32[bits >> (have - 5) & 31];
	}
	out[n++] = base32[bits << (5 - have) & 31];
	out[n] = 0;
	return out;
}

static int letter(char c)
{
	const char *at;

	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	at = c ? strchr(base32, c) : NULL;
	return at ? (int)(at - base32) : -1;
}

int probe_id_parse(const char *text, uint8_t out[PROBE_ID])
{
	uint8_t id[PROBE_ID];
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (size_t i = 0; i < PROBE_ID_TEXT - 1; i++) {
		int v = letter(text[i]);

		if (v < 0)
			return -EINVAL;
		bits = (bits << 5 | (unsigned)v) & 0xffff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			id[n++] = (uint8_t)(bits >> have);
		}
	}
	if (text[PROBE_ID_TEXT - 1] ||
		bits & ((1u << have) - 1)) /* longer, or not ours: 130 bits for 128 */
		return -EINVAL;
	memcpy(out, id, PROBE_ID);
	return 0;
}

char *topic_make(const uint8_t id[PROBE_ID], const char *leaf, char out[TOPIC_MAX])
{
	char text[PROBE_ID_TEXT];

	snprintf(out, TOPIC_MAX, "ps1/%x/%s/%s", id[0] >> 4, probe_id_text(id, text), leaf);
	return out;
}

int topic_parse(const char *topic, uint8_t id[PROBE_ID], const char **leaf)
{
	char text[PROBE_ID_TEXT] = "";
	uint8_t found[PROBE_ID];
	size_t n = strlen(topic);

	/* "ps1/s/" + 26 characters + "/" + a leaf */
	if (n < 6 + 26 + 2 || strncmp(topic, "ps1/", 4) || topic[5] != '/' || topic[32] != '/')
		return -EINVAL;
	memcpy(text, topic + 6, 26);
	if (probe_id_parse(text, found) || topic[4] != "0123456789abcdef"[found[0] >> 4])
		return -EINVAL;
	memcpy(id, found, PROBE_ID);
	*leaf = topic + 33;
	return 0;
}
