/* SPDX-License-Identifier: Apache-2.0 */
/* STAMP packets: byte offsets are those of the figures in RFC 8762 4.2 and 4.3. */
#include "stamp.h"
#include "core/clock.h"
#include "core/wire.h"
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/timex.h>

#define NTP_1970          2208988800LL /* seconds from 1900 to 1970 (RFC 5905) */
#define ERROR_SYNCED      0x8000
#define ERROR_PTP         0x4000
#define HMAC_AT           96 /* authenticated packets: what precedes is covered (RFC 8762 4.4) */
#define HMAC_BYTES        16

#define TLV_EXTRA_PADDING 1 /* RFC 8972 4.1 */
#define TLV_UNRECOGNIZED  0x80
#define TLV_MALFORMED     0x40

uint64_t stamp_time_put(int64_t ns, enum stamp_format format)
{
	int64_t s = ns / NS_PER_S, rest = ns % NS_PER_S;

	if (rest < 0) {
		rest += NS_PER_S;
		s--;
	}
	if (format == STAMP_PTP)
		return (uint64_t)(uint32_t)s << 32 | (uint64_t)rest;
	return (uint64_t)(uint32_t)(s + NTP_1970) << 32 | ((uint64_t)rest << 32) / NS_PER_S;
}

int64_t stamp_time_get(uint64_t bits, enum stamp_format format)
{
	int64_t s = (int64_t)(bits >> 32);
	uint64_t fraction = bits & UINT32_MAX;

	if (format == STAMP_PTP)
		return s * NS_PER_S + (int64_t)fraction;
	/* era 1 begins on 2036-02-07: without the top bit it is that one (RFC 4330 3) */
	if (!(s & 0x80000000LL))
		s += 1LL << 32;
	/* to nearest: a unit is 0.23 ns, so that a nanosecond survives the way there and back */
	return (s - NTP_1970) * NS_PER_S + (int64_t)((fraction * NS_PER_S + (1ULL << 31)) >> 32);
}

/* error = Multiplier * 2^-32 * 2^Scale seconds, Multiplier never 0 when it is known */
uint16_t stamp_error_put(const struct stamp_error *e)
{
	uint16_t bits = (e->synced ? ERROR_SYNCED : 0) | (e->format == STAMP_PTP ? ERROR_PTP : 0);
	uint64_t units;
	unsigned scale = 0;

	if (e->error_us < 0)
		return bits;
	/* 2^-32 s, rounded up; an hour is already worthless, and keeps the product in range */
	units = e->error_us >= 3600000000LL ? 3600ULL << 32
	                                    : (((uint64_t)e->error_us << 32) + 999999) / 1000000;
	while (units > 255) {
		units = (units + 1) / 2;
		scale++;
	}
	return bits | (uint16_t)(scale << 8) | (uint16_t)(units ? units : 1);
}

struct stamp_error stamp_error_get(uint16_t bits)
{
	struct stamp_error e = { (bits & ERROR_SYNCED) != 0,
		bits & ERROR_PTP ? STAMP_PTP : STAMP_NTP, -1 };
	unsigned scale = bits >> 8 & 0x3f, multiplier = bits & 0xff;

	/* from 2^44 units, an hour, on it says nothing; below, the product fits */
	if (multiplier && scale <= 36)
		e.error_us =
			(int64_t)((((uint64_t)multiplier << scale) * 1000000 + (1U << 31)) >> 32);
	return e;
}

struct stamp_error stamp_error_now(enum stamp_format format)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);
	struct stamp_error e = { state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC),
		format, -1 };

	if (state >= 0)
		e.error_us = t.esterror > 0 ? t.esterror : t.maxerror;
	return e;
}

static int hmac(const struct stamp_key *key, const uint8_t *bytes, uint8_t out[HMAC_BYTES])
{
	uint8_t full[EVP_MAX_MD_SIZE];
	unsigned n = sizeof(full);

	if (!HMAC(EVP_sha256(), key->bytes, (int)key->len, bytes, HMAC_AT, full, &n))
		return -EIO;
	memcpy(out, full, HMAC_BYTES);
	return 0;
}

static bool authenticated(const struct stamp_key *key)
{
	return key && key->len > 0;
}

static int check_base(const uint8_t *bytes, size_t n, const struct stamp_key *key)
{
	uint8_t want[HMAC_BYTES];

	if (n < (authenticated(key) ? STAMP_AUTH_BYTES : STAMP_BYTES))
		return -EMSGSIZE;
	if (!authenticated(key))
		return 0;
	if (hmac(key, bytes, want) || CRYPTO_memcmp(want, bytes + HMAC_AT, HMAC_BYTES))
		return -EKEYREJECTED;
	return 0;
}

int stamp_put_request(
	uint8_t *out, size_t n, const struct stamp_request *r, const struct stamp_key *key)
{
	bool auth = authenticated(key);
	size_t base = auth ? STAMP_AUTH_BYTES : STAMP_BYTES;
	struct wire w = wire_over(out, n);

	if (n > STAMP_BYTES_MAX || n < base || (n > base && n < base + STAMP_TLV_BYTES))
		return -EMSGSIZE;
	wire_put_u32(&w, r->seq);
	wire_put_zero(&w, auth ? 12 : 0);
	wire_put_u64(&w, stamp_time_put(r->sent_ns, r->error.format));
	wire_put_u16(&w, stamp_error_put(&r->error));
	wire_put_u16(&w, r->ssid);
	wire_put_zero(&w, auth ? 68 : 28);
	if (auth) {
		if (!w.err)
			w.err = hmac(key, out, w.at);
		wire_skip(&w, HMAC_BYTES);
	}
	if (n > base) {
		/* the sender sets U, so that a reflector without TLVs is told apart */
		wire_put_u8(&w, TLV_UNRECOGNIZED);
		wire_put_u8(&w, TLV_EXTRA_PADDING);
		wire_put_u16(&w, (uint16_t)(n - base - STAMP_TLV_BYTES));
		wire_put_zero(&w, n - base - STAMP_TLV_BYTES);
	}
	return w.err;
}

/* A timestamp comes before the error estimate that tells its format. */
static void get_time(struct wire *w, int64_t *ns, struct stamp_error *error)
{
	uint64_t bits = wire_get_u64(w);

	*error = stamp_error_get(wire_get_u16(w));
	*ns = stamp_time_get(bits, error->format);
}

int stamp_get_request(
	const uint8_t *bytes, size_t n, struct stamp_request *out, const struct stamp_key *key)
{
	struct wire w = wire_reading(bytes, n);
	struct stamp_request r = { 0 };
	int err = check_base(bytes, n, key);

	if (err)
		return err;
	r.seq = wire_get_u32(&w);
	wire_skip(&w, authenticated(key) ? 12 : 0);
	get_time(&w, &r.sent_ns, &r.error);
	r.ssid = wire_get_u16(&w);
	if (w.err)
		return w.err;
	*out = r;
	return 0;
}

int stamp_get_reply(
	const uint8_t *bytes, size_t n, struct stamp_reply *out, const struct stamp_key *key)
{
	struct wire w = wire_reading(bytes, n);
	struct stamp_reply r = { 0 };
	bool auth = authenticated(key);
	uint64_t received;
	int err = check_base(bytes, n, key);

	if (err)
		return err;
	r.seq = wire_get_u32(&w);
	wire_skip(&w, auth ? 12 : 0);
	get_time(&w, &r.sent_ns, &r.error);
	r.ssid = wire_get_u16(&w);
	wire_skip(&w, auth ? 4 : 0);
	received = wire_get_u64(&w);
	r.received_ns = stamp_time_get(received, r.error.format);
	wire_skip(&w, auth ? 8 : 0);
	r.request_seq = wire_get_u32(&w);
	wire_skip(&w, auth ? 12 : 0);
	get_time(&w, &r.request_sent_ns, &r.request_error);
	wire_skip(&w, auth ? 6 : 2);
	r.ttl = wire_get_u8(&w);
	if (w.err)
		return w.err;
	*out = r;
	return 0;
}

/* RFC 8972 4: the reflector says of each TLV whether it knew it; from the first malformed one on
 * nothing can be told apart and the bytes go back as they came. */
static void flag_tlvs(uint8_t *at, size_t n)
{
	while (n >= STAMP_TLV_BYTES) {
		size_t len = STAMP_TLV_BYTES + ((size_t)at[2] << 8 | at[3]);

		at[0] = at[1] == TLV_EXTRA_PADDING ? 0 : TLV_UNRECOGNIZED;
		if (len > n) {
			at[0] |= TLV_MALFORMED;
			return;
		}
		at += len;
		n -= len;
	}
}

void stamp_reflect(
	uint8_t *bytes, size_t n, const struct stamp_reply *r, const struct stamp_key *key)
{
	bool auth = authenticated(key);
	size_t base = auth ? STAMP_AUTH_BYTES : STAMP_BYTES;
	struct wire in = wire_reading(bytes, n), w;
	uint8_t seq[4], stamp[10], ssid[2]; /* stamp: T1 and its error estimate, untouched */

	if (n < base)
		return;
	wire_get(&in, seq, sizeof(seq));
	wire_skip(&in, auth ? 12 : 0);
	wire_get(&in, stamp, sizeof(stamp));
	wire_get(&in, ssid, sizeof(ssid));

	w = wire_over(bytes, base);
	wire_put_u32(&w, r->seq);
	wire_put_zero(&w, auth ? 12 : 0);
	wire_put_u64(&w, stamp_time_put(r->sent_ns, r->error.format));
	wire_put_u16(&w, stamp_error_put(&r->error));
	wire_put(&w, ssid, sizeof(ssid));
	wire_put_zero(&w, auth ? 4 : 0);
	wire_put_u64(&w, stamp_time_put(r->received_ns, r->error.format));
	wire_put_zero(&w, auth ? 8 : 0);
	wire_put(&w, seq, sizeof(seq));
	wire_put_zero(&w, auth ? 12 : 0);
	wire_put(&w, stamp, sizeof(stamp));
	wire_put_zero(&w, auth ? 6 : 2);
	wire_put_u8(&w, r->ttl);
	wire_put_zero(&w, auth ? 15 : 3);
	if (auth && hmac(key, bytes, bytes + HMAC_AT))
		memset(bytes + HMAC_AT, 0, HMAC_BYTES);
	flag_tlvs(bytes + base, n - base);
}
