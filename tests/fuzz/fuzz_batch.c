/* SPDX-License-Identifier: Apache-2.0 */
/* A batch as it arrives, and the same bytes as the payload of a batch whose signature is right: without that
 * nothing behind the signature would ever be reached. */
#include "probes/core/batch.h"
#include "probes/core/codec.h"
#include "probes/core/cose.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void look(const uint8_t *bytes, size_t n)
{
	struct record *r = malloc(sizeof(*r));
	struct why why = { "" };
	struct batch b;

	if (r && !batch_open(&b, bytes, n, &why)) {
		size_t used;

		batch_utc(&b.head, INT64_MAX, NULL, NULL);
		for (const uint8_t *at = b.records; at < b.end; at += used) {
			(void)!codec_decode(r, at, (size_t)(b.end - at), &used, NULL);
			if (!used)
				break;
		}
	}
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const uint8_t seed[32] = { 0 };
	struct identity *probe;
	struct buf sealed;

	look(bytes, n);
	if (n > BATCH_BYTES_MAX / 2 || identity_from_seed(&probe, seed))
		return 0;
	buf_init(&sealed, BATCH_BYTES_MAX);
	if (!cose_seal(&sealed, COSE_BATCH, bytes, n, probe))
		look(sealed.data, sealed.len);
	buf_done(&sealed);
	identity_free(probe);
	return 0;
}
