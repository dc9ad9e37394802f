/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include <errno.h>
#include <string.h>

struct wire wire_over(void *bytes, size_t n)
{
	return (struct wire){ .at = bytes, .end = n ? (uint8_t *)bytes + n : bytes };
}

struct wire wire_reading(const void *bytes, size_t n)
{
	return wire_over((void *)bytes, n);
}

size_t wire_left(const struct wire *w)
{
	return w->err ? 0 : (size_t)(w->end - w->at);
}

/* The next n bytes, or NULL; n = 0 also gives NULL, there is nothing to do then. */
static uint8_t *step(struct wire *w, size_t n)
{
	uint8_t *at = w->at;

	if (w->err || !n)
		return NULL;
	if (n > (size_t)(w->end - w->at)) {
		w->err = -EMSGSIZE;
		return NULL;
	}
	w->at += n;
	return at;
}

static uint64_t get(struct wire *w, size_t n)
{
	const uint8_t *at = step(w, n);
	uint64_t v = 0;

	for (size_t i = 0; at && i < n; i++)
		v = v << 8 | at[i];
	return v;
}

static void put(struct wire *w, uint64_t v, size_t n)
{
	uint8_t *at = step(w, n);

	for (size_t i = n; at && i > 0; i--, v >>= 8)
		at[i - 1] = (uint8_t)v;
}

uint8_t wire_get_u8(struct wire *w)
{
	return (uint8_t)get(w, 1);
}

uint16_t wire_get_u16(struct wire *w)
{
	return (uint16_t)get(w, 2);
}

uint32_t wire_get_u32(struct wire *w)
{
	return (uint32_t)get(w, 4);
}

uint64_t wire_get_u64(struct wire *w)
{
	return get(w, 8);
}

void wire_get(struct wire *w, void *out, size_t n)
{
	const uint8_t *at = step(w, n);

	if (at)
		memcpy(out, at, n);
	else if (n)
		memset(out, 0, n);
}

void wire_skip(struct wire *w, size_t n)
{
	step(w, n);
}

void wire_put_u8(struct wire *w, uint8_t v)
{
	put(w, v, 1);
}

void wire_put_u16(struct wire *w, uint16_t v)
{
	put(w, v, 2);
}

void wire_put_u32(struct wire *w, uint32_t v)
{
	put(w, v, 4);
}

void wire_put_u64(struct wire *w, uint64_t v)
{
	put(w, v, 8);
}

void wire_put(struct wire *w, const void *bytes, size_t n)
{
	uint8_t *at = step(w, n);

	if (at)
		memcpy(at, bytes, n);
}

void wire_put_zero(struct wire *w, size_t n)
{
	uint8_t *at = step(w, n);

	if (at)
		memset(at, 0, n);
}
