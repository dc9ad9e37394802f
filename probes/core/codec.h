/* SPDX-License-Identifier: Apache-2.0 */
/* Records as CBOR (RFC 8949) and as JSON.  The decoder is total: any bytes give a record or an
 * error, nothing is allocated, depth and lengths have ceilings of ours.  The layout is in WIRE.md. */
#ifndef CORE_CODEC_H
#define CORE_CODEC_H

#include "buf.h"
#include "record.h"

struct json_object;

/* Appends the encoding; -EMSGSIZE when it does not fit RECORD_BYTES_MAX or the buffer. */
int codec_encode(struct buf *out, const struct record *r) MUST_CHECK;

/* Decodes exactly one record at the front of bytes; *used is its length.  Fields this version does not
 * know are skipped and counted in *unknown (may be NULL).  -EBADMSG malformed or out of range,
 * -EMSGSIZE over a ceiling, -ENODATA cut short, -EPROTONOSUPPORT a kind this version does not know
 * (*used is set then, too, and out->seq if it could be read: the record can be stepped over and kept). */
int codec_decode(struct record *out, const uint8_t *bytes, size_t n, size_t *used, unsigned *unknown) MUST_CHECK;

/* {"v":1,"kind":"signal","seq":...,"mono_ns":...,"utc":"...Z"|null,"clock":{...},"state":"ok",
 *  "place":{...}|null,"uplink":...,<every field of the kind by name, null when absent>} */
struct json_object *codec_json(const struct record *r);

/* --- CBOR, one item at a time, for the other formats of this folder --- */
enum cbor_kind { CBOR_UINT, CBOR_NEGINT, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_BOOL, CBOR_NULL, CBOR_FLOAT };

struct cbor_reader { /* over libcbor's cbor_stream_decode: allocates nothing */
	const uint8_t *at, *end;
	int err; /* sticky: -ENODATA cut short, -EBADMSG not what was asked for or indefinite length */
};
struct cbor_item {
	enum cbor_kind kind;
	uint64_t u;           /* UINT; NEGINT: -1 - u; ARRAY, MAP: count; TAG: number; BOOL */
	double d;             /* FLOAT */
	const uint8_t *bytes; /* BYTES, TEXT: u bytes */
};
struct cbor_reader cbor_reading(const void *bytes, size_t n);
bool cbor_next(struct cbor_reader *c, struct cbor_item *out); /* false once failed or at the end (err 0) */
uint64_t cbor_get_uint(struct cbor_reader *c);
int64_t cbor_get_int(struct cbor_reader *c);                        /* within int64_t, else -EBADMSG */
bool cbor_get_null_or_int(struct cbor_reader *c, int64_t *out);     /* false: it was null */
uint64_t cbor_get_array(struct cbor_reader *c, uint64_t most);      /* its count, -EBADMSG when above most */
uint64_t cbor_get_map(struct cbor_reader *c, uint64_t most);
const uint8_t *cbor_get_bytes(struct cbor_reader *c, size_t *n);
const char *cbor_get_text(struct cbor_reader *c, size_t *n);        /* not terminated; valid UTF-8 */
bool cbor_get_bool(struct cbor_reader *c);
void cbor_skip(struct cbor_reader *c);                              /* one item with all inside, depth <= 8 */

void cbor_put_uint(struct buf *b, uint64_t v); /* shortest forms throughout (RFC 8949 4.2.1) */
void cbor_put_int(struct buf *b, int64_t v);
void cbor_put_bytes(struct buf *b, const void *bytes, size_t n);
void cbor_put_text(struct buf *b, const char *text);
void cbor_put_array(struct buf *b, size_t n);
void cbor_put_map(struct buf *b, size_t n);
void cbor_put_tag(struct buf *b, uint64_t tag);
void cbor_put_bool(struct buf *b, bool yes);
void cbor_put_null(struct buf *b);
void cbor_put_real(struct buf *b, double v);

#endif
