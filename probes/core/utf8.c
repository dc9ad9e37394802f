/* SPDX-License-Identifier: Apache-2.0 */
/* Judges and repairs UTF-8, one character at a time. */
#include "utf8.h"
#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the well-formed character at s, 0 when there is none (RFC 3629 4: no overlong
 * forms, no surrogates, nothing above U+10FFFF). */
static size_t character(const uint8_t *s, size_t n)
{
	uint8_t least = 0x80, most = 0xbf;
	size_t length;

	if (!n || !s[0])
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (length > n)
		return 0;
	if (s[0] == 0xe0)
		least = 0xa0;
	else if (s[0] == 0xed)
		most = 0x9f;
	else if (s[0] == 0xf0)
		least = 0x90;
	else if (s[0] == 0xf4)
		most = 0x8f;
	if (s[1] < least || s[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return length;
}

bool utf8_valid(const void *text, size_t n)
{
	const uint8_t *s = text;

	while (n) {
		size_t k = character(s, n);

		if (!k)
			return false;
		s += k;
		n -= k;
	}
	return true;
}

bool utf8_printable(const void *text, size_t n)
{
	const uint8_t *p = text;

	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] == 0x7f ||
			(p[i] == 0xc2 && i + 1 < n && p[i + 1] < 0xa0)) /* U+0080 .. U+009F */
			return false;
	return utf8_valid(text, n);
}

size_t utf8_clean(char *out, size_t room, const void *text, size_t n)
{
	const uint8_t *s = text;
	size_t len = 0;

	while (n) {
		size_t k = character(s, n), put = k ? k : 3;

		if (len + put + 1 > room)
			break;
		memcpy(out + len, k ? (const char *)s : REPLACEMENT, put);
		len += put;
		s += k ? k : 1;
		n -= k ? k : 1;
	}
	if (room)
		out[len] = 0;
	return len;
}

size_t utf8_cut(const void *text, size_t n, size_t most)
{
	const uint8_t *s = text;

	if (n <= most)
		return n;
	while (most && (s[most] & 0xc0) == 0x80)
		most--;
	return most;
}
