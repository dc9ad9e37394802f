/* SPDX-License-Identifier: Apache-2.0 */
/* A cursor over bytes with a sticky error, network byte order: a decoder is a list of gets and one
 * check at the end. */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct wire {
	uint8_t *at, *end;
	int err; /* 0, or -EMSGSIZE of the first operation that did not fit; later ones do nothing */
};

struct wire wire_over(void *bytes, size_t n);
struct wire wire_reading(const void *bytes, size_t n); /* only wire_get_*, wire_skip */
uint8_t wire_get_u8(struct wire *w);                   /* 0 once failed, all of them */
uint16_t wire_get_u16(struct wire *w);
uint32_t wire_get_u32(struct wire *w);
uint64_t wire_get_u64(struct wire *w);
void wire_get(struct wire *w, void *out, size_t n); /* zeroes out once failed */
void wire_skip(struct wire *w, size_t n);
void wire_put_u8(struct wire *w, uint8_t v);
void wire_put_u16(struct wire *w, uint16_t v);
void wire_put_u32(struct wire *w, uint32_t v);
void wire_put_u64(struct wire *w, uint64_t v);
void wire_put(struct wire *w, const void *bytes, size_t n);
void wire_put_zero(struct wire *w, size_t n);
size_t wire_left(const struct wire *w);

#endif
