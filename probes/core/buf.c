/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"
#include "mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64

void buf_init(struct buf *b, size_t ceiling)
{
	*b = (struct buf){ .ceiling = ceiling };
}

void buf_done(struct buf *b)
{
	free(b->data);
	buf_init(b, b->ceiling);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->err = 0;
	if (b->data)
		b->data[0] = 0;
}

static int make_room(struct buf *b, size_t n)
{
	size_t need, room = b->room ? b->room : FIRST_ROOM;

	if (b->err)
		return b->err;
	if (n > b->ceiling - b->len)
		return b->err = -EMSGSIZE;
	need = b->len + n;
	if (b->data && need <= b->room)
		return 0;
	while (room < need)
		room = room > b->ceiling / 2 ? b->ceiling : room * 2;
	if (room > b->ceiling)
		room = b->ceiling;
	b->data = mem_grow(b->data, room + 1, 1);
	b->room = room;
	return 0;
}

uint8_t *buf_claim(struct buf *b, size_t n)
{
	uint8_t *at;

	if (make_room(b, n))
		return NULL;
	at = b->data + b->len;
	b->len += n;
	b->data[b->len] = 0;
	return at;
}

void buf_put(struct buf *b, const void *bytes, size_t n)
{
	uint8_t *at = buf_claim(b, n);

	if (at && n)
		memcpy(at, bytes, n);
}

void buf_puts(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	uint8_t *at;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0) {
		b->err = b->err ? b->err : -EMSGSIZE;
		return;
	}
	at = buf_claim(b, (size_t)n);
	if (!at)
		return;
	va_start(args, format);
	vsnprintf((char *)at, (size_t)n + 1, format, args);
	va_end(args);
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (!n)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len + 1);
}

const char *buf_text(const struct buf *b)
{
	return b->data ? (const char *)b->data : "";
}
