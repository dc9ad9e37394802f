/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes give a record or an error, and a record that was read is written and read again as it was. */
#include "probes/core/codec.h"
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void again(const struct record *r, struct record *copy)
{
	struct buf one, two;
	size_t used;

	buf_init(&one, 2 * RECORD_BYTES_MAX);
	buf_init(&two, 2 * RECORD_BYTES_MAX);
	if (!codec_encode(&one, r)) {
		if (codec_decode(copy, one.data, one.len, &used, NULL) || used != one.len)
			abort();
		if (codec_encode(&two, copy) || two.len != one.len ||
			memcmp(one.data, two.data, one.len))
			abort();
	}
	buf_done(&one);
	buf_done(&two);
	json_object_put(codec_json(r));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct record *r = malloc(sizeof(*r)), *copy = malloc(sizeof(*copy));
	unsigned unknown;
	size_t used;

	while (n && r && copy) {
		int err = codec_decode(r, bytes, n, &used, &unknown);

		if (used > n || (!err && !used))
			abort();
		if (!err)
			again(r, copy);
		if (!used)
			break;
		bytes += used;
		n -= used;
	}
	free(r);
	free(copy);
	return 0;
}
