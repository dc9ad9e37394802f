/* SPDX-License-Identifier: Apache-2.0 */
#include "gzip.h"

#include <zlib.h>

bool gzip(struct buf *body)
{
	z_stream z = { 0 };
	struct buf out;
	uint8_t *room;
	size_t bound;
	bool done = false;

	/* 15 + 16: a gzip header (zlib.h, deflateInit2) */
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	bound = deflateBound(&z, body->len);
	buf_init(&out, bound);
	room = buf_claim(&out, bound);
	if (room) {
		z.next_in = body->data;
		z.avail_in = (uInt)body->len;
		z.next_out = room;
		z.avail_out = (uInt)bound;
		done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	}
	if (done) {
		out.len = z.total_out;
		buf_done(body);
		*body = out;
	} else {
		buf_done(&out);
	}
	deflateEnd(&z);
	return done;
}
