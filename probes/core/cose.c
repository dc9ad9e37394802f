/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Sign1 = 18([protected, {}, payload, signature]) (RFC 9052 4.2). */
#include "cose.h"
#include "cb.h"
#include <errno.h>
#include <string.h>

#define TAG_SIGN1   18
#define HEADER_ALG  1 /* RFC 9052 3.1 */
#define HEADER_KID  4
#define ALG_EDDSA   -8  /* RFC 9053 2.2 */
#define OVERHEAD    256 /* all but the payload, and more */
#define HEADERS_MAX 8

static void put_protected(struct buf *b, const uint8_t key[PUBLIC_KEY])
{
	cb_put_map(b, 2);
	cb_put_int(b, HEADER_ALG);
	cb_put_int(b, ALG_EDDSA);
	cb_put_int(b, HEADER_KID);
	cb_put_bytes(b, key, PUBLIC_KEY);
}

/* What is signed: Sig_structure (RFC 9052 4.4). */
static int to_be_signed(struct buf *b, const char *what, const void *head, size_t head_len,
	const void *payload, size_t n)
{
	buf_init(b, n + head_len + OVERHEAD);
	cb_put_array(b, 4);
	cb_put_text(b, "Signature1");
	cb_put_bytes(b, head, head_len);
	cb_put_bytes(b, what, strlen(what));
	cb_put_bytes(b, payload, n);
	return b->err;
}

int cose_seal(struct buf *out, const char *what, const void *payload, size_t n,
	const struct identity *signer)
{
	uint8_t signature[SIGNATURE];
	struct buf head, signing;
	int err;

	buf_init(&head, OVERHEAD);
	put_protected(&head, identity_public(signer));
	err = to_be_signed(&signing, what, head.data, head.len, payload, n);
	if (!err)
		err = head.err;
	if (!err)
		err = identity_sign(signer, signing.data, signing.len, signature);
	if (!err) {
		cb_put_tag(out, TAG_SIGN1);
		cb_put_array(out, 4);
		cb_put_bytes(out, head.data, head.len);
		cb_put_map(out, 0);
		cb_put_bytes(out, payload, n);
		cb_put_bytes(out, signature, SIGNATURE);
		err = out->err;
	}
	buf_done(&signing);
	buf_done(&head);
	return err;
}

static int get_protected(const uint8_t *head, size_t n, uint8_t key[PUBLIC_KEY])
{
	struct cb_reader c = cb_reading(head, n);
	bool alg = false, kid = false;
	size_t pairs = cb_map(&c, HEADERS_MAX);

	for (size_t i = 0; i < pairs && !c.err; i++) {
		int64_t label = cb_int(&c, INT64_MIN, INT64_MAX);

		if (label == HEADER_ALG && !c.err) {
			alg = cb_int(&c, ALG_EDDSA, ALG_EDDSA) == ALG_EDDSA;
		} else if (label == HEADER_KID && !c.err) {
			cb_copy(&c, key, PUBLIC_KEY);
			kid = true;
		} else {
			return -EBADMSG; /* a header not understood may change what the message means */
		}
	}
	return c.err || c.at != c.end || !alg || !kid ? -EBADMSG : 0;
}

int cose_open(struct cose *out, const char *what, const void *bytes, size_t n, struct why *why)
{
	struct cb_reader c = cb_reading(bytes, n);
	const uint8_t *head;
	size_t head_len;
	uint8_t signature[SIGNATURE];
	struct cose found;
	struct buf signing;
	int err;

	if (cb_tag(&c) != TAG_SIGN1 && !c.err)
		c.err = -EBADMSG;
	if (cb_array(&c, 4) != 4 && !c.err)
		c.err = -EBADMSG;
	head = cb_bytes(&c, &head_len);
	cb_map(&c, 0);
	found.payload = cb_bytes(&c, &found.payload_len);
	cb_copy(&c, signature, SIGNATURE);
	if (c.err == -ENODATA)
		return why_say(why, c.err, "the message is cut short");
	if (c.err || c.at != c.end || head_len > OVERHEAD ||
		get_protected(head, head_len, found.key))
		return why_say(
			why, -EBADMSG, "the message is not a COSE_Sign1 with EdDSA and a key");
	err = to_be_signed(&signing, what, head, head_len, found.payload, found.payload_len);
	if (!err)
		err = identity_verify(found.key, signing.data, signing.len, signature);
	buf_done(&signing);
	if (err)
		return why_say(why, err, "the signature does not fit the message");
	*out = found;
	return 0;
}
