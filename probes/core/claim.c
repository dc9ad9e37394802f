/* SPDX-License-Identifier: Apache-2.0 */
/* The check symbol makes the code, read as a polynomial over GF(32), zero at a primitive element: a Reed-Solomon
 * code with one check symbol.  One wrong symbol changes the value by e * a^i, two exchanged ones by
 * (x + y) * (a^i + a^k); neither is 0. */
#include "claim.h"
#include <errno.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford: no I, L, O, U */

#define POLYNOMIAL 0x25 /* x^5 + x^2 + 1, primitive over GF(2) */

static unsigned times_a(unsigned v)
{
	v <<= 1;
	return v & 0x20 ? v ^ POLYNOMIAL : v;
}

/* What is left of the first n symbols, before the next one is added. */
static unsigned value_of(const uint8_t *v, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = times_a(sum ^ v[i]);
	return sum;
}

int claim_make(char code[CLAIM_CODE])
{
	uint8_t v[CLAIM_SYMBOLS];

	if (RAND_bytes(v, sizeof(v)) != 1)
		return -EIO;
	for (size_t i = 0; i < CLAIM_SYMBOLS; i++)
		v[i] &= 31;
	v[CLAIM_SYMBOLS - 1] = (uint8_t)value_of(v, CLAIM_SYMBOLS - 1);
	for (size_t i = 0; i < CLAIM_SYMBOLS; i++)
		code[i] = symbols[v[i]];
	code[CLAIM_SYMBOLS] = 0;
	return 0;
}

static int symbol(char c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	at = c ? strchr(symbols, c) : NULL;
	return at ? (int)(at - symbols) : -1;
}

int claim_parse(const char *text, char code[CLAIM_CODE])
{
	uint8_t v[CLAIM_SYMBOLS];
	size_t n = 0;

	for (; *text; text++) {
		int s = symbol(*text);

		if (s < 0 && (*text == '-' || *text == ' '))
			continue;
		if (s < 0 || n == CLAIM_SYMBOLS)
			return -EINVAL;
		v[n++] = (uint8_t)s;
	}
	if (n != CLAIM_SYMBOLS)
		return -EINVAL;
	if (value_of(v, CLAIM_SYMBOLS - 1) != v[CLAIM_SYMBOLS - 1])
		return -EBADMSG;
	for (size_t i = 0; i < CLAIM_SYMBOLS; i++)
		code[i] = symbols[v[i]];
	code[CLAIM_SYMBOLS] = 0;
	return 0;
}

char *claim_text(const char code[CLAIM_CODE], char out[CLAIM_TEXT])
{
	snprintf(out, CLAIM_TEXT, "%.4s-%.4s-%.4s-%.4s", code, code + 4, code + 8, code + 12);
	return out;
}

char *claim_name(const char code[CLAIM_CODE], char out[CLAIM_NAME])
{
	snprintf(out, CLAIM_NAME, "%.4s", code);
	return out;
}

/* 55 of the bits are unknown to who knows the name, and tries are limited: the hash needs no salt and no
 * stretching. */
void claim_hash(const char code[CLAIM_CODE], uint8_t out[CLAIM_HASH])
{
	static const char what[] = "phusong claim\n";
	char text[sizeof(what) + CLAIM_CODE];
	int n = snprintf(text, sizeof(text), "%s%s", what, code);

	SHA256((const uint8_t *)text, (size_t)n, out);
}
