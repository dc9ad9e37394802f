/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR (RFC 8949), one item at a time: what records, batches, receipts and orders are read and
 * written with.  Reading stands on libcbor's streaming decoder and allocates nothing, whatever
 * lengths the bytes claim; indefinite lengths are refused. */
#ifndef CORE_CB_H
#define CORE_CB_H

#include "buf.h"

enum cb_kind {
	CB_UINT,
	CB_NEGINT,
	CB_BYTES,
	CB_TEXT,
	CB_ARRAY,
	CB_MAP,
	CB_TAG,
	CB_BOOL,
	CB_NULL,
	CB_FLOAT
};

struct cb_reader {
	const uint8_t *at, *end;
	int err; /* sticky: -ENODATA cut short, -EBADMSG malformed, not what was asked for or out of range */
};

struct cb_item {
	enum cb_kind kind;
	uint64_t
		u; /* UINT; NEGINT: -1 - u; BYTES, TEXT: length; ARRAY, MAP: count; TAG: number; BOOL */
	double d;             /* FLOAT */
	const uint8_t *bytes; /* BYTES, TEXT: in the bytes that are read */
};

/* Once the reader has failed each call below does nothing and returns zeroes. */
struct cb_reader cb_reading(const void *bytes, size_t n);
bool cb_next(
	struct cb_reader *c, struct cb_item *out); /* false once failed, and at the end (err 0) */
bool cb_null(struct cb_reader *c);                 /* true: the next item was null and is passed */
uint64_t cb_uint(struct cb_reader *c, uint64_t most);
int64_t cb_int(struct cb_reader *c, int64_t least, int64_t most);
size_t cb_array(struct cb_reader *c, size_t most); /* how many items follow */
size_t cb_map(struct cb_reader *c, size_t most);   /* how many pairs follow */
uint64_t cb_tag(struct cb_reader *c);
const uint8_t *cb_bytes(struct cb_reader *c, size_t *n);
const char *cb_text(
	struct cb_reader *c, size_t *n); /* not terminated; valid UTF-8 without zero bytes */
bool cb_bool(struct cb_reader *c);
double cb_real(struct cb_reader *c); /* finite */
void cb_skip(struct cb_reader *c);   /* one item with all inside, at most 8 deep */
/* Fixed length: the reader fails unless exactly n bytes are there. */
void cb_copy(struct cb_reader *c, void *out, size_t n);

void cb_put_uint(struct buf *b, uint64_t v); /* shortest forms throughout (RFC 8949 4.2.1) */
void cb_put_int(struct buf *b, int64_t v);
void cb_put_bytes(struct buf *b, const void *bytes, size_t n);
void cb_put_text(struct buf *b, const char *text);
void cb_put_textn(struct buf *b, const char *text, size_t n);
void cb_put_array(struct buf *b, size_t n);
void cb_put_map(struct buf *b, size_t n);
void cb_put_tag(struct buf *b, uint64_t tag);
void cb_put_bool(struct buf *b, bool yes);
void cb_put_null(struct buf *b);
void cb_put_real(
	struct buf *b, double v); /* the shortest of half, single and double that is exact */

#endif
