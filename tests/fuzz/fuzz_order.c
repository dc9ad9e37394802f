/* SPDX-License-Identifier: Apache-2.0 */
/* An order and a reply as they arrive, the same bytes as their payloads, and as the memory's file with a
 * checksum that fits. */
#include "agent/orders_inside.h"
#include "probes/core/utf8.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What was understood is written and read again as the same. */
static void there_and_back(const struct order *o, const struct identity *collector)
{
	struct order *back = malloc(sizeof(*back));
	struct buf b;

	buf_init(&b, ORDER_BYTES_MAX);
	if (!back || !order_sound(o) || order_seal(&b, o, collector) ||
		order_open(back, b.data, b.len, identity_public(collector), NULL) ||
		memcmp(back, o, sizeof(*o)))
		abort();
	buf_done(&b);
	free(back);
}

static void orders(const uint8_t *bytes, size_t n, const struct identity *who)
{
	struct order *o = malloc(sizeof(*o));

	if (!o)
		return;
	(void)!order_open(o, bytes, n, identity_public(who), NULL);
	if (!order_read(o, bytes, n))
		there_and_back(o, who);
	free(o);
}

static void replies(const uint8_t *bytes, size_t n)
{
	struct order_reply r;

	(void)!reply_open(&r, bytes, n, NULL);
	if (!reply_read(&r, bytes, n) && (!r.state || r.state >= REPLY_STATES ||
						 !utf8_printable(r.detail, strlen(r.detail))))
		abort();
}

static void memories(const uint8_t *bytes, size_t n)
{
	struct order_memory *m = calloc(1, sizeof(*m));
	uint8_t *copy = malloc(n + 4);
	uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), bytes, (uInt)n);

	if (m && copy) {
		memcpy(copy, bytes, n);
		for (int i = 0; i < 4; i++)
			copy[n + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
		if (!memory_decode(m, copy, n + 4) &&
			(m->count > ORDERS_KEPT || m->entries > ORDER_ENTRIES ||
				m->suppressions > ORDERS_SUPPRESSED))
			abort();
	}
	free(copy);
	free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const uint8_t seed[32] = { 0 };
	static struct identity *who; /* made once: it is what takes the time */

	if (n > ORDER_BYTES_MAX || (!who && identity_from_seed(&who, seed)))
		return 0;
	orders(bytes, n, who);
	replies(bytes, n);
	memories(bytes, n);
	return 0;
}
