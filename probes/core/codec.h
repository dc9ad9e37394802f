/* SPDX-License-Identifier: Apache-2.0 */
/* Records as CBOR (RFC 8949) and as JSON.  The decoder is total: any bytes give a record or an
 * error, nothing is allocated, depth and lengths have ceilings of ours.  The layout is in WIRE.md. */
#ifndef CORE_CODEC_H
#define CORE_CODEC_H

#include "buf.h"
#include "record.h"

struct json_object;

/* Appends the encoding; -EMSGSIZE when it does not fit RECORD_BYTES_MAX or the buffer. */
int codec_encode(struct buf *out, const struct record *r) MUST_CHECK;

/* Decodes exactly one record at the front of bytes; *used is its length.  Fields this version does not
 * know are skipped and counted in *unknown (may be NULL).  -EBADMSG malformed or out of range,
 * -EMSGSIZE over a ceiling, -ENODATA cut short, -EPROTONOSUPPORT a kind this version does not know
 * (out->seq is set then if it could be read).  *used is also set when it fails, if the bytes are one
 * well-formed item that can be stepped over and kept, and is 0 otherwise. */
int codec_decode(struct record *out, const uint8_t *bytes, size_t n, size_t *used,
	unsigned *unknown) MUST_CHECK;

/* {"v":1,"kind":"signal","seq":...,"mono_ns":...,"utc":"...Z"|null,"clock":{...},"state":"ok",
 *  "place":{...}|null,"uplink":...,<every field of the kind by name, null when absent>} */
struct json_object *codec_json(const struct record *r);

#endif
