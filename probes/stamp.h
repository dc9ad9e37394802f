/* SPDX-License-Identifier: Apache-2.0 */
/* STAMP test packets (RFC 8762 with the session identifier and TLVs of RFC 8972), both ends.  Pure:
 * bytes in, numbers out; no clock but stamp_error_now(), no socket, nothing allocated. */
#ifndef PROBES_STAMP_H
#define PROBES_STAMP_H

#include "core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_PORT       862
#define STAMP_BYTES      44   /* unauthenticated, both directions (RFC 8762 4.2.1, 4.3.1) */
#define STAMP_AUTH_BYTES 112  /* authenticated, both directions (4.2.2, 4.3.2) */
#define STAMP_BYTES_MAX  1472 /* UDP payload of a 1500-byte IPv4 packet */
#define STAMP_TLV_BYTES  4    /* a TLV's head: flags, type, length (RFC 8972 4) */

enum stamp_format {
	STAMP_NTP, /* seconds since 1900 and a binary fraction; era by the half-era rule */
	STAMP_PTP, /* truncated PTPv2: 32-bit seconds and nanoseconds; no leap-second offset applied */
};

/* How good a clock is, as in every packet (RFC 8762 4.2.1). */
struct stamp_error {
	bool synced;              /* S: an external source keeps it on UTC */
	enum stamp_format format; /* Z: of the timestamp beside it */
	int64_t error_us;         /* -1 unknown: Multiplier 0 */
};

struct stamp_request {
	uint32_t seq;
	int64_t sent_ns; /* T1; all times are ns since 1970 */
	struct stamp_error error;
	uint16_t ssid;
};

struct stamp_reply {
	uint32_t seq;    /* the reflector's own when it is stateful */
	int64_t sent_ns; /* T3 */
	struct stamp_error error;
	uint16_t ssid;
	int64_t received_ns; /* T2 */
	uint32_t request_seq;
	int64_t request_sent_ns; /* T1 as it came */
	struct stamp_error request_error;
	uint8_t ttl; /* of the request when it arrived */
};

#define STAMP_KEY_MAX 64
struct stamp_key { /* shared secret of the authenticated mode; len 0: unauthenticated */
	size_t len;
	uint8_t bytes[STAMP_KEY_MAX];
};

/* n is the whole UDP payload: the base packet, or at least STAMP_TLV_BYTES more, which become one
 * Extra Padding TLV (RFC 8972 4.1).  -EMSGSIZE otherwise.  key may be NULL. */
int stamp_put_request(uint8_t *out, size_t n, const struct stamp_request *r,
	const struct stamp_key *key) MUST_CHECK;

/* -EMSGSIZE shorter than the base packet, -EKEYREJECTED wrong HMAC. */
int stamp_get_request(const uint8_t *bytes, size_t n, struct stamp_request *out,
	const struct stamp_key *key) MUST_CHECK;
int stamp_get_reply(const uint8_t *bytes, size_t n, struct stamp_reply *out,
	const struct stamp_key *key) MUST_CHECK;

/* Turns the n bytes of a request that stamp_get_request() accepted into its reply, in place and of the
 * same length: nothing is amplified.  The sender's sequence number, time and error estimate are taken
 * from the bytes themselves; of r: seq, sent_ns, error, received_ns and ttl.  TLVs get their flags. */
void stamp_reflect(
	uint8_t *bytes, size_t n, const struct stamp_reply *r, const struct stamp_key *key);

uint64_t stamp_time_put(int64_t ns, enum stamp_format format);
int64_t stamp_time_get(uint64_t bits, enum stamp_format format);
uint16_t stamp_error_put(const struct stamp_error *e);
struct stamp_error stamp_error_get(uint16_t bits);

/* This machine's clock as the kernel sees it (adjtimex).  Does not ask for STA_NANO, which chrony
 * leaves off. */
struct stamp_error stamp_error_now(enum stamp_format format);

#endif
