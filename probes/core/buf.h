/* SPDX-License-Identifier: Apache-2.0 */
/* A growing buffer that names its ceiling: nothing from outside may make it larger. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data; /* always one byte more than len is allocated and is 0: data reads as text */
	size_t len, room, ceiling;
	int err; /* -EMSGSIZE once something did not fit; later appends do nothing */
};

void buf_init(struct buf *b, size_t ceiling); /* allocates nothing yet */
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* len = 0, err = 0, keeps the memory */
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) PRINTF(2, 3);
/* n writable bytes at the end, counted; NULL on overflow. */
uint8_t *buf_claim(struct buf *b, size_t n);
void buf_drop(struct buf *b, size_t n);    /* removes n bytes from the front */
const char *buf_text(const struct buf *b); /* "" when empty; valid until the next change */

#endif
