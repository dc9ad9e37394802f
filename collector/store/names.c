/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A vowel by its modifier, under the five tones: level, grave, acute, hook above, tilde, dot below. */
struct vowel {
	char base;
	uint16_t modifier; /* combining mark: U+0302 circumflex, U+0306 breve, U+031B horn */
	const char *toned[6];
};

static const struct vowel vowels[] = {
	{ 'a', 0, { "a", "à", "á", "ả", "ã", "ạ" } },
	{ 'a', 0x306, { "ă", "ằ", "ắ", "ẳ", "ẵ", "ặ" } },
	{ 'a', 0x302, { "â", "ầ", "ấ", "ẩ", "ẫ", "ậ" } },
	{ 'e', 0, { "e", "è", "é", "ẻ", "ẽ", "ẹ" } },
	{ 'e', 0x302, { "ê", "ề", "ế", "ể", "ễ", "ệ" } },
	{ 'i', 0, { "i", "ì", "í", "ỉ", "ĩ", "ị" } },
	{ 'o', 0, { "o", "ò", "ó", "ỏ", "õ", "ọ" } },
	{ 'o', 0x302, { "ô", "ồ", "ố", "ổ", "ỗ", "ộ" } },
	{ 'o', 0x31b, { "ơ", "ờ", "ớ", "ở", "ỡ", "ợ" } },
	{ 'u', 0, { "u", "ù", "ú", "ủ", "ũ", "ụ" } },
	{ 'u', 0x31b, { "ư", "ừ", "ứ", "ử", "ữ", "ự" } },
	{ 'y', 0, { "y", "ỳ", "ý", "ỷ", "ỹ", "ỵ" } },
	{ 'A', 0, { "A", "À", "Á", "Ả", "Ã", "Ạ" } },
	{ 'A', 0x306, { "Ă", "Ằ", "Ắ", "Ẳ", "Ẵ", "Ặ" } },
	{ 'A', 0x302, { "Â", "Ầ", "Ấ", "Ẩ", "Ẫ", "Ậ" } },
	{ 'E', 0, { "E", "È", "É", "Ẻ", "Ẽ", "Ẹ" } },
	{ 'E', 0x302, { "Ê", "Ề", "Ế", "Ể", "Ễ", "Ệ" } },
	{ 'I', 0, { "I", "Ì", "Í", "Ỉ", "Ĩ", "Ị" } },
	{ 'O', 0, { "O", "Ò", "Ó", "Ỏ", "Õ", "Ọ" } },
	{ 'O', 0x302, { "Ô", "Ồ", "Ố", "Ổ", "Ỗ", "Ộ" } },
	{ 'O', 0x31b, { "Ơ", "Ờ", "Ớ", "Ở", "Ỡ", "Ợ" } },
	{ 'U', 0, { "U", "Ù", "Ú", "Ủ", "Ũ", "Ụ" } },
	{ 'U', 0x31b, { "Ư", "Ừ", "Ứ", "Ử", "Ữ", "Ự" } },
	{ 'Y', 0, { "Y", "Ỳ", "Ý", "Ỷ", "Ỹ", "Ỵ" } },
};
#define VOWELS (sizeof(vowels) / sizeof(vowels[0]))
#define DOT    5

/* Length of the character at p by its first byte; never beyond the terminating zero. */
static size_t char_len(const char *p)
{
	uint8_t c = (uint8_t)*p;
	size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	size_t left = strnlen(p, n);

	return left ? left : 1;
}

/* Combining marks of U+0300..U+036F take two bytes. */
static unsigned mark_at(const char *p)
{
	uint8_t a = (uint8_t)p[0], b = a ? (uint8_t)p[1] : 0;
	unsigned code = (a & 0x1fu) << 6 | (b & 0x3fu);

	return (a == 0xcc || a == 0xcd) && (b & 0xc0) == 0x80 && code >= 0x300 && code <= 0x36f
	               ? code
	               : 0;
}

static int tone_of(unsigned mark)
{
	static const unsigned tones[6] = { 0, 0x300, 0x301, 0x309, 0x303, 0x323 };

	for (int i = 1; i < 6; i++)
		if (tones[i] == mark)
			return i;
	return 0;
}

static const struct vowel *vowel_at(const char *p, size_t n, int *tone)
{
	for (size_t i = 0; i < VOWELS; i++)
		for (int t = 0; t < 6; t++)
			if (strlen(vowels[i].toned[t]) == n && !memcmp(vowels[i].toned[t], p, n)) {
				*tone = t;
				return &vowels[i];
			}
	return NULL;
}

static const struct vowel *with_modifier(char base, unsigned mark)
{
	for (size_t i = 0; i < VOWELS; i++)
		if (vowels[i].base == base && vowels[i].modifier == mark)
			return &vowels[i];
	return NULL;
}

/* One step of composition; false when the mark does not combine. */
static bool combine(const struct vowel **v, int *tone, unsigned mark)
{
	const struct vowel *modified;
	int more = tone_of(mark);

	if (more) {
		if (*tone)
			return false;
		*tone = more;
		return true;
	}
	/* a tone above the letter blocks a circumflex or breve after it, one below and the horn do not (UAX 15, D115) */
	modified = (*v)->modifier || (*tone && *tone != DOT && mark != 0x31b)
	                   ? NULL
	                   : with_modifier((*v)->base, mark);
	if (!modified)
		return false;
	*v = modified;
	return true;
}

static bool put(char *out, size_t room, size_t *len, const char *bytes, size_t n)
{
	if (*len + n >= room)
		return false;
	memcpy(out + *len, bytes, n);
	*len += n;
	return true;
}

size_t names_nfc(const char *text, char *out, size_t room)
{
	const struct vowel *v;
	size_t len = 0, n;
	const char *bytes;
	int tone;

	for (const char *p = text; *p;) {
		n = char_len(p);
		v = vowel_at(p, n, &tone);
		bytes = p;
		p += n;
		if (v) {
			while (mark_at(p) && combine(&v, &tone, mark_at(p)))
				p += 2;
			bytes = v->toned[tone];
			n = strlen(bytes);
		}
		if (!put(out, room, &len, bytes, n))
			break;
	}
	if (room)
		out[len] = 0;
	return len;
}

/* Length of white space at p: ASCII or U+00A0. */
static size_t space_at(const char *p)
{
	if (isspace((unsigned char)*p))
		return 1;
	return (uint8_t)p[0] == 0xc2 && (uint8_t)p[1] == 0xa0 ? 2 : 0;
}

size_t names_clean(const char *text, char *out, size_t room)
{
	size_t len = names_nfc(text, out, room), kept = 0, n;
	bool gap = false;

	if (!room)
		return 0;
	for (size_t i = 0; i < len;) {
		n = space_at(out + i);
		if (n) {
			gap = kept > 0;
			i += n;
			continue;
		}
		if (gap)
			out[kept++] = ' ';
		gap = false;
		out[kept++] = out[i++];
	}
	out[kept] = 0;
	return kept;
}

size_t names_plain(const char *text, char *out, size_t room)
{
	const struct vowel *v;
	size_t len = 0, n;
	char c;
	int tone;

	for (const char *p = text; *p; p += n) {
		n = char_len(p);
		if (mark_at(p) || (!len && space_at(p))) {
			n = mark_at(p) ? 2 : space_at(p);
			continue;
		}
		v = vowel_at(p, n, &tone);
		c = v ? v->base : !strncmp(p, "đ", 2) || !strncmp(p, "Đ", 2) ? 'd' : *p;
		if (space_at(p) || c == '-') {
			n = space_at(p) ? space_at(p) : 1;
			c = '_';
		}
		if ((uint8_t)c < 0x80) {
			c = (char)tolower((unsigned char)c);
			if (!put(out, room, &len, &c, 1))
				break;
		} else if (!put(out, room, &len, p, n)) {
			break;
		}
	}
	while (len && out[len - 1] == '_')
		len--;
	if (room)
		out[len] = 0;
	return len;
}

size_t names_bad_utf8(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t i = 0, more;

	while (i < n) {
		uint8_t c = p[i], least = 0x80, most = 0xbf;

		more = c < 0x80                ? 0
		       : c >= 0xc2 && c < 0xe0 ? 1
		       : c >= 0xe0 && c < 0xf0 ? 2
		       : c >= 0xf0 && c < 0xf5 ? 3
		                               : 9;
		/* no overlong forms, no surrogates, nothing above U+10FFFF (RFC 3629 4) */
		if (c == 0xe0)
			least = 0xa0;
		if (c == 0xed)
			most = 0x9f;
		if (c == 0xf0)
			least = 0x90;
		if (c == 0xf4)
			most = 0x8f;
		if (more == 9 || i + more >= n + (more == 0))
			return i;
		for (size_t k = 1; k <= more; k++) {
			if (p[i + k] < (k == 1 ? least : 0x80) || p[i + k] > (k == 1 ? most : 0xbf))
				return i;
		}
		i += more + 1;
	}
	return n;
}
