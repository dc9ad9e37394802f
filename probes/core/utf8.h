/* SPDX-License-Identifier: Apache-2.0 */
/* Texts from modems, networks and strangers: valid UTF-8 (RFC 3629) or made so. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed and without a zero byte, which no text of ours carries. */
bool utf8_valid(const void *text, size_t n);
/* The same without control characters (C0, DEL, C1): can be shown on a terminal as it is. */
bool utf8_printable(const void *text, size_t n);

/* Copies n bytes to out, replacing what is not UTF-8, and zero bytes, by U+FFFD; cut at a character's
 * boundary when it does not fit.  Terminates.  room counts the zero.  Returns the length. */
size_t utf8_clean(char *out, size_t room, const void *text, size_t n);

/* How many of the n bytes fit into most without cutting a character in two. */
size_t utf8_cut(const void *text, size_t n, size_t most);

#endif
