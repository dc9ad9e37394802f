/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR over libcbor's streaming calls.  cbor_load() is never used: it allocates what a message
 * claims, 1 GiB for nine bytes. */
#include "cb.h"
#include "utf8.h"
#include <cbor.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 8

/* --- what libcbor calls for the one item that cbor_stream_decode() found --- */
static void got(void *item, enum cb_kind kind, uint64_t u)
{
	*(struct cb_item *)item = (struct cb_item){ .kind = kind, .u = u };
}

static void got_uint8(void *item, uint8_t v)
{
	got(item, CB_UINT, v);
}

static void got_uint16(void *item, uint16_t v)
{
	got(item, CB_UINT, v);
}

static void got_uint32(void *item, uint32_t v)
{
	got(item, CB_UINT, v);
}

static void got_uint64(void *item, uint64_t v)
{
	got(item, CB_UINT, v);
}

static void got_neg8(void *item, uint8_t v)
{
	got(item, CB_NEGINT, v);
}

static void got_neg16(void *item, uint16_t v)
{
	got(item, CB_NEGINT, v);
}

static void got_neg32(void *item, uint32_t v)
{
	got(item, CB_NEGINT, v);
}

static void got_neg64(void *item, uint64_t v)
{
	got(item, CB_NEGINT, v);
}

static void got_bytes(void *item, cbor_data bytes, size_t n)
{
	got(item, CB_BYTES, n);
	((struct cb_item *)item)->bytes = bytes;
}

static void got_text(void *item, cbor_data bytes, size_t n)
{
	got(item, CB_TEXT, n);
	((struct cb_item *)item)->bytes = bytes;
}

static void got_array(void *item, size_t n)
{
	got(item, CB_ARRAY, n);
}

static void got_map(void *item, size_t n)
{
	got(item, CB_MAP, n);
}

static void got_tag(void *item, uint64_t v)
{
	got(item, CB_TAG, v);
}

static void got_float(void *item, float v)
{
	got(item, CB_FLOAT, 0);
	((struct cb_item *)item)->d = v;
}

static void got_double(void *item, double v)
{
	got(item, CB_FLOAT, 0);
	((struct cb_item *)item)->d = v;
}

static void got_bool(void *item, bool v)
{
	got(item, CB_BOOL, v);
}

static void got_null(void *item)
{
	got(item, CB_NULL, 0);
}

/* Indefinite lengths and undefined: the item stays as it was, cb_next() sees that. */
static void got_other(void *item)
{
	(void)item;
}

static const struct cbor_callbacks callbacks = {
	.uint8 = got_uint8,
	.uint16 = got_uint16,
	.uint32 = got_uint32,
	.uint64 = got_uint64,
	.negint8 = got_neg8,
	.negint16 = got_neg16,
	.negint32 = got_neg32,
	.negint64 = got_neg64,
	.byte_string = got_bytes,
	.byte_string_start = got_other,
	.string = got_text,
	.string_start = got_other,
	.array_start = got_array,
	.indef_array_start = got_other,
	.map_start = got_map,
	.indef_map_start = got_other,
	.tag = got_tag,
	.float2 = got_float,
	.float4 = got_float,
	.float8 = got_double,
	.undefined = got_other,
	.null = got_null,
	.boolean = got_bool,
	.indef_break = got_other,
};

/* --- reading --- */
struct cb_reader cb_reading(const void *bytes, size_t n)
{
	return (struct cb_reader){ .at = bytes, .end = n ? (const uint8_t *)bytes + n : bytes };
}

static void fail(struct cb_reader *c, int err)
{
	if (!c->err)
		c->err = err;
}

/* libcbor 0.8 takes the one-byte tags 6..20 for errors (RFC 8949 3.4 has them since 2020); COSE_Sign1
 * is tag 18. */
static bool short_tag(struct cb_reader *c, struct cb_item *out)
{
	if (*c->at < 0xc6 || *c->at > 0xd4)
		return false;
	*out = (struct cb_item){ .kind = CB_TAG, .u = *c->at++ - 0xc0u };
	return true;
}

bool cb_next(struct cb_reader *c, struct cb_item *out)
{
	struct cb_item item = { .kind = (enum cb_kind) - 1 };
	struct cbor_decoder_result r;

	if (c->err || c->at == c->end)
		return false;
	if (short_tag(c, out))
		return true;
	r = cbor_stream_decode(c->at, (size_t)(c->end - c->at), &callbacks, &item);
	if (r.status == CBOR_DECODER_NEDATA)
		fail(c, -ENODATA);
	else if (r.status != CBOR_DECODER_FINISHED || item.kind == (enum cb_kind) - 1)
		fail(c, -EBADMSG);
	if (c->err)
		return false;
	c->at += r.read;
	*out = item;
	return true;
}

/* The next item, which must be there and of that kind. */
static bool want(struct cb_reader *c, enum cb_kind kind, struct cb_item *item)
{
	*item = (struct cb_item){ 0 };
	if (!cb_next(c, item)) {
		fail(c, -ENODATA);
		return false;
	}
	if (item->kind == kind)
		return true;
	fail(c, -EBADMSG);
	return false;
}

bool cb_null(struct cb_reader *c)
{
	if (c->err || c->at == c->end || *c->at != 0xf6) /* RFC 8949 3.3: simple value 22 */
		return false;
	c->at++;
	return true;
}

uint64_t cb_uint(struct cb_reader *c, uint64_t most)
{
	struct cb_item item;

	if (!want(c, CB_UINT, &item))
		return 0;
	if (item.u <= most)
		return item.u;
	fail(c, -EBADMSG);
	return 0;
}

int64_t cb_int(struct cb_reader *c, int64_t least, int64_t most)
{
	struct cb_item item = { 0 };
	int64_t v = 0;

	if (!cb_next(c, &item))
		fail(c, -ENODATA);
	else if ((item.kind != CB_UINT && item.kind != CB_NEGINT) || item.u > INT64_MAX)
		fail(c, -EBADMSG);
	else
		v = item.kind == CB_UINT ? (int64_t)item.u : -1 - (int64_t)item.u;
	if (!c->err && (v < least || v > most))
		fail(c, -EBADMSG);
	return c->err ? 0 : v;
}

static size_t counted(struct cb_reader *c, enum cb_kind kind, size_t most)
{
	struct cb_item item;

	if (!want(c, kind, &item))
		return 0;
	if (item.u <= most)
		return (size_t)item.u;
	fail(c, -EBADMSG);
	return 0;
}

size_t cb_array(struct cb_reader *c, size_t most)
{
	return counted(c, CB_ARRAY, most);
}

size_t cb_map(struct cb_reader *c, size_t most)
{
	return counted(c, CB_MAP, most);
}

uint64_t cb_tag(struct cb_reader *c)
{
	struct cb_item item;

	return want(c, CB_TAG, &item) ? item.u : 0;
}

const uint8_t *cb_bytes(struct cb_reader *c, size_t *n)
{
	struct cb_item item;

	if (!want(c, CB_BYTES, &item)) {
		*n = 0;
		return NULL;
	}
	*n = (size_t)item.u;
	return item.bytes;
}

const char *cb_text(struct cb_reader *c, size_t *n)
{
	struct cb_item item;

	*n = 0;
	if (!want(c, CB_TEXT, &item))
		return NULL;
	if (!utf8_valid(item.bytes, (size_t)item.u)) {
		fail(c, -EBADMSG);
		return NULL;
	}
	*n = (size_t)item.u;
	return (const char *)item.bytes;
}

bool cb_bool(struct cb_reader *c)
{
	struct cb_item item;

	return want(c, CB_BOOL, &item) && item.u;
}

double cb_real(struct cb_reader *c)
{
	struct cb_item item;

	if (!want(c, CB_FLOAT, &item))
		return 0;
	if (isfinite(item.d))
		return item.d;
	fail(c, -EBADMSG);
	return 0;
}

void cb_copy(struct cb_reader *c, void *out, size_t n)
{
	size_t have;
	const uint8_t *bytes = cb_bytes(c, &have);

	if (!c->err && have != n)
		fail(c, -EBADMSG);
	if (c->err)
		memset(out, 0, n);
	else
		memcpy(out, bytes, n);
}

void cb_skip(struct cb_reader *c)
{
	uint64_t left[DEPTH_MAX] = { 1 }; /* items still to pass at each depth */
	int depth = 0;
	struct cb_item item;

	while (depth >= 0 && !c->err) {
		if (!left[depth]) {
			depth--;
			continue;
		}
		left[depth]--;
		if (!cb_next(c, &item)) {
			fail(c, -ENODATA);
			return;
		}
		if (item.kind != CB_ARRAY && item.kind != CB_MAP && item.kind != CB_TAG)
			continue;
		/* Each item is a byte or more: a greater count is cut short for sure. */
		if (item.kind != CB_TAG && item.u > (uint64_t)(c->end - c->at)) {
			fail(c, -ENODATA);
			return;
		}
		if (++depth == DEPTH_MAX) {
			fail(c, -EBADMSG);
			return;
		}
		left[depth] = item.kind == CB_TAG ? 1 : item.kind == CB_MAP ? 2 * item.u : item.u;
	}
}

/* --- writing --- */
void cb_put_uint(struct buf *b, uint64_t v)
{
	uint8_t head[9];

	buf_put(b, head, cbor_encode_uint(v, head, sizeof(head)));
}

void cb_put_int(struct buf *b, int64_t v)
{
	uint8_t head[9];

	if (v >= 0)
		cb_put_uint(b, (uint64_t)v);
	else
		buf_put(b, head, cbor_encode_negint((uint64_t)(-1 - v), head, sizeof(head)));
}

void cb_put_bytes(struct buf *b, const void *bytes, size_t n)
{
	uint8_t head[9];

	buf_put(b, head, cbor_encode_bytestring_start(n, head, sizeof(head)));
	if (n)
		buf_put(b, bytes, n);
}

void cb_put_textn(struct buf *b, const char *text, size_t n)
{
	uint8_t head[9];

	buf_put(b, head, cbor_encode_string_start(n, head, sizeof(head)));
	if (n)
		buf_put(b, text, n);
}

void cb_put_text(struct buf *b, const char *text)
{
	cb_put_textn(b, text, strlen(text));
}

void cb_put_array(struct buf *b, size_t n)
{
	uint8_t head[9];

	buf_put(b, head, cbor_encode_array_start(n, head, sizeof(head)));
}

void cb_put_map(struct buf *b, size_t n)
{
	uint8_t head[9];

	buf_put(b, head, cbor_encode_map_start(n, head, sizeof(head)));
}

void cb_put_tag(struct buf *b, uint64_t tag)
{
	uint8_t head[9];

	buf_put(b, head, cbor_encode_tag(tag, head, sizeof(head)));
}

void cb_put_bool(struct buf *b, bool yes)
{
	uint8_t head[1];

	buf_put(b, head, cbor_encode_bool(yes, head, sizeof(head)));
}

void cb_put_null(struct buf *b)
{
	uint8_t head[1];

	buf_put(b, head, cbor_encode_null(head, sizeof(head)));
}

/* IEEE 754 binary16 with exactly this value, or -1.  libcbor's own encoder rounds. */
static int half_of(double v)
{
	int sign = signbit(v) ? 0x8000 : 0, exponent;
	double scaled, a = fabs(v);

	if (isnan(v))
		return 0x7e00;
	if (isinf(v))
		return sign | 0x7c00;
	if (a > 65504)
		return -1;
	frexp(a, &exponent);
	if (exponent < -13) /* subnormal: in steps of 2^-24 */
		exponent = -13;
	scaled = ldexp(a, 11 - exponent);
	if (scaled != floor(scaled))
		return -1;
	if (a == 0 || scaled < 1024)
		return sign | (int)scaled;
	return sign | ((exponent + 14) << 10) | ((int)scaled - 1024);
}

void cb_put_real(struct buf *b, double v)
{
	uint8_t bytes[9];
	int half = half_of(v);

	if (half >= 0) {
		bytes[0] = 0xf9; /* RFC 8949 3.3: major type 7, half precision */
		bytes[1] = (uint8_t)(half >> 8);
		bytes[2] = (uint8_t)half;
		buf_put(b, bytes, 3);
	} else if (fabs(v) <= 3.4028234663852886e38 && (double)(float)v == v) {
		buf_put(b, bytes, cbor_encode_single((float)v, bytes, sizeof(bytes)));
	} else {
		buf_put(b, bytes, cbor_encode_double(v, bytes, sizeof(bytes)));
	}
}
