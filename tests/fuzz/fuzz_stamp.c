/* SPDX-License-Identifier: Apache-2.0 */
/* A stranger's packets at both ends: the reflector's answer to a request, and a reply to a sender that
 * has packets on the way; the first byte chooses.  Also echo replies and control messages. */
#include "../../probes/echo.h"
#include "../../probes/kstamp.h"
#include "../../probes/reflector/stamp_reflector.h"
#include "../../probes/trips.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void as_request(const uint8_t *data, size_t n, bool authenticated)
{
	struct stamp_limits limits = { 64, 300, 1000, 1000, { 0 } };
	struct kstamp_message m = { .at_ns = 1795466290LL * 1000000000, .ttl = 64 };
	struct stamp_reflector *r;
	uint8_t *bytes = malloc(n + 1);

	if (authenticated)
		limits.key = (struct stamp_key){ 6, "secret" };
	r = stamp_reflector_bare(&limits);
	m.from.ss_family = AF_INET6;
	for (int i = 0; i < 3; i++) {
		if (n)
			memcpy(bytes, data, n);
		stamp_reflector_answer(r, bytes, n, &m, 1000000000LL + i);
	}
	stamp_reflector_free(r);
	free(bytes);
}

static void as_reply(const uint8_t *data, size_t n)
{
	struct trips t;
	struct record r;
	struct stamp_reply s;

	trips_init(&t, 64, 2000000000);
	for (int i = 0; i < 64; i++)
		trips_sent(&t, 1795466290LL * 1000000000 + i, 0);
	/* as many replies as there are bytes for */
	for (size_t at = 0; at + STAMP_BYTES <= n; at += STAMP_BYTES) {
		if (stamp_get_reply(data + at, STAMP_BYTES, &s, NULL))
			continue;
		trips_reply(&t, &(struct trip_reply){ .seq = s.request_seq,
					.back_ns = s.request_sent_ns,
					.told = true,
					.far_in_ns = s.received_ns,
					.far_out_ns = s.sent_ns,
					.far_seq = s.seq });
	}
	record_clear(&r, RECORD_LATENCY);
	trips_fill(&t, &r, true);
	trips_fill_one_way(&t, &r, 1000);
	trips_cut(&t);
	trips_done(&t);
}

static void as_echo(const uint8_t *data, size_t n)
{
	static const struct echo_socket sockets[] = { { -1, AF_INET, true }, { -1, AF_INET, false },
		{ -1, AF_INET6, true } };
	struct echo e;

	for (size_t i = 0; i < 3; i++)
		if (echo_get(data, n, &sockets[i], &e))
			continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct kstamp_message m = { .ttl = -1 };

	if (n < 1)
		return 0;
	switch (data[0] % 5) {
	case 0:
		as_request(data + 1, n - 1, false);
		break;
	case 1:
		as_request(data + 1, n - 1, true);
		break;
	case 2:
		as_reply(data + 1, n - 1);
		break;
	case 3:
		as_echo(data + 1, n - 1);
		break;
	default: {
		struct msghdr h = { .msg_control = (void *)(data + 1), .msg_controllen = n - 1 };

		kstamp_parse(&h, &m);
	}
	}
	return 0;
}
