/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt as it arrives, and the same bytes as the payload of one whose signature is right. */
#include "probes/core/batch.h"
#include "probes/core/cose.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const uint8_t seed[32] = { 0 };
	struct receipt *r = malloc(sizeof(*r));
	struct why why = { "" };
	struct identity *collector;
	struct buf sealed;

	if (!r || n > 65536 || identity_from_seed(&collector, seed)) {
		free(r);
		return 0;
	}
	(void)!receipt_open(r, bytes, n, NULL, NULL, &why);
	buf_init(&sealed, 131072);
	if (!cose_seal(&sealed, COSE_RECEIPT, bytes, n, collector) &&
		!receipt_open(r, sealed.data, sealed.len, identity_public(collector), NULL, &why))
		for (uint32_t i = 0; i < r->ranges; i++)
			if (r->range[i].first > r->range[i].last)
				abort();
	buf_done(&sealed);
	identity_free(collector);
	free(r);
	return 0;
}
