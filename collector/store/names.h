/* SPDX-License-Identifier: Apache-2.0 */
/* Vietnamese names: composed form (NFC), and a plain form to search and compare by. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stddef.h>

/* Composes letters and combining marks as Unicode's NFC does for the letters of Vietnamese (UAX 15);
 * other text is copied.  text is valid UTF-8.  Cut at a character when out is too small; returns the length. */
size_t names_nfc(const char *text, char *out, size_t room);
/* NFC, spaces trimmed and single. */
size_t names_clean(const char *text, char *out, size_t room);
/* Without marks, lower case, spaces and hyphens as '_': "Mã thôn" is "ma_thon". */
size_t names_plain(const char *text, char *out, size_t room);

size_t names_bad_utf8(
	const char *text, size_t n); /* index of the first byte that is not UTF-8, n when all is */

#endif
