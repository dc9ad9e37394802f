/* SPDX-License-Identifier: Apache-2.0 */
/* A walk test of a stranger's phone: any bytes give records that encode and come back, or sentences. */
#include "collector/store/walktest.h"
#include "probes/core/codec.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_NS (1795780800 * NS_PER_S)

static void check(const struct record *r)
{
	struct record back;
	struct buf b;
	size_t used;

	if (!clock_plausible(r->utc_ns) || r->utc_ns > NOW_NS || r->kind != RECORD_SIGNAL)
		abort();
	buf_init(&b, RECORD_BYTES_MAX);
	if (codec_encode(&b, r) || codec_decode(&back, b.data, b.len, &used, NULL) ||
		used != b.len || back.count != r->count)
		abort();
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walktest w = { .utc_offset_s = 7 * 3600, .now_ns = NOW_NS };
	const uint8_t *at = data, *end = data + size;
	bool header = true;
	struct record r;

	while (at < end) {
		const uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t n = line_end ? (size_t)(line_end - at) : (size_t)(end - at);
		char *line = malloc(n + 1); /* exactly what is promised */
		struct why why = { "" };
		int err;

		if (!line)
			abort();
		if (n)
			memcpy(line, at, n);
		if (n > WALKTEST_LINE)
			n = WALKTEST_LINE;
		err = header ? walktest_header(&w, line, n, &why)
		             : walktest_row(&w, line, n, &r, &why);
		if (err && !*why.text)
			abort();
		if (!err && !header)
			check(&r);
		free(line);
		if (err && header)
			return 0;
		header = false;
		at = line_end ? line_end + 1 : end;
	}
	return 0;
}
