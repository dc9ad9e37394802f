/* SPDX-License-Identifier: Apache-2.0 */
#include "ussd.h"
#include "text.h"
#include "../core/mem.h"
#include "../core/utf8.h"
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <string.h>

#define GROUPS     8
#define SEPTETS    182
#define PLAIN_MOST 400

static void put_utf8(char *out, size_t *n, unsigned c)
{
	if (c < 0x80) {
		if (*n + 1 < USSD_TEXT && (c >= ' ' || c == '\n'))
			out[(*n)++] = (char)c;
	} else if (c < 0x800) {
		if (*n + 2 < USSD_TEXT) {
			out[(*n)++] = (char)(0xc0 | c >> 6);
			out[(*n)++] = (char)(0x80 | (c & 0x3f));
		}
	} else if (*n + 3 < USSD_TEXT && (c < 0xd800 || c > 0xdfff)) {
		out[(*n)++] = (char)(0xe0 | c >> 12);
		out[(*n)++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[(*n)++] = (char)(0x80 | (c & 0x3f));
	}
}

static int hex_byte(const char *s)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = strchr(digits, tolower((unsigned char)s[0])),
		   *low = strchr(digits, tolower((unsigned char)s[1]));

	return s[0] && s[1] && high && low ? (int)((high - digits) << 4 | (low - digits)) : -1;
}

static bool is_hex(const char *s, size_t n)
{
	return n && n % 2 == 0 && strspn(s, "0123456789abcdefABCDEF") == n;
}

/* UCS-2 as hexadecimal (TS 27.007 5.5) */
static void from_ucs2(const char *hex, size_t digits, char *out, size_t *n)
{
	for (size_t i = 0; i + 4 <= digits; i += 4)
		put_utf8(out, n, (unsigned)(hex_byte(hex + i) << 8 | hex_byte(hex + i + 2)));
}

/* TS 23.038 6.2.1; what has no place here is a blank */
static unsigned gsm_letter(unsigned septet)
{
	static const unsigned first[] = { '@', 0xa3, '$', 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7,
		'\n', 0xd8, 0xf8, '\n', 0xc5, 0xe5, ' ', '_' };

	if (septet < COUNT(first))
		return first[septet];
	if (septet >= 0x20 && septet <= 0x7a && septet != 0x24 && septet != 0x40 && septet != 0x60)
		return septet;
	return ' ';
}

/* Septets packed into octets as TS 23.038 6.1.2.3 does, in hexadecimal: Huawei */
static void from_packed(const char *hex, size_t digits, char *out, size_t *n)
{
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i + 2 <= digits; i += 2) {
		held |= (unsigned)hex_byte(hex + i) << bits;
		for (bits += 8; bits >= 7; bits -= 7) {
			put_utf8(out, n, gsm_letter(held & 0x7f));
			held >>= 7;
		}
	}
	/* seven spare bits are no letter: 0 would be @, and a carriage return is put there (6.1.2.3.1) */
	if (digits / 2 % 7 == 0 && *n && (out[*n - 1] == '@' || out[*n - 1] == '\n'))
		--*n;
}

/* Bits 3 and 2 of a coding of the general group are the alphabet, 2 is UCS-2; 0x11 is UCS-2 behind a language
 * (TS 23.038 5). */
static bool coding_is_ucs2(int64_t dcs)
{
	return dcs == 0x11 || ((dcs & 0xc0) == 0x40 && (dcs & 0x0c) == 0x08);
}

/* Letters and blanks only: what a wrong guess of the alphabet would hardly give. */
static bool reads_well(const char *hex, size_t digits)
{
	size_t good = 0, all = 0;

	for (size_t i = 0; i + 4 <= digits; i += 4, all++) {
		int high = hex_byte(hex + i), low = hex_byte(hex + i + 2);

		good += (high == 0 && (low >= 0x20 || low == '\n' || low == '\r')) || high == 1 ||
		        high == 0x1e || high == 0x20;
	}
	return all && good == all;
}

static void decode(const char *s, size_t n, int64_t dcs, char out[USSD_TEXT])
{
	size_t len = 0;

	if (!is_hex(s, n)) {
		len = utf8_cut(s, n, USSD_TEXT - 1);
		memcpy(out, s, len);
	} else if (n % 4 == 0 && (coding_is_ucs2(dcs) || reads_well(s, n))) {
		from_ucs2(s, n, out, &len);
	} else if (n <= 2 * (SEPTETS * 7 / 8 + 1)) {
		from_packed(s, n, out, &len);
	}
	out[len] = 0;
}

/* What stands between the first quote and the last. */
static bool between(const char *from, char quote, const char **text, size_t *n)
{
	const char *first = strchr(from, quote), *last = strrchr(from, quote);

	if (!first || last == first)
		return false;
	*text = first + 1;
	*n = (size_t)(last - first - 1);
	return *n > 0 && *n <= 4 * SEPTETS;
}

bool ussd_text(const char *answer, char out[USSD_TEXT])
{
	const char *cusd = strcasestr(answer, "+CUSD:"), *text;
	struct text_fields f;
	int64_t dcs = -1;
	size_t n;

	if (cusd) {
		if (!between(cusd, '"', &text, &n))
			return false;
		text_split(&f, text + n + 1);
		if (!text_int(text_field(&f, 1), &dcs))
			dcs = -1;
		decode(text, n, dcs, out);
	} else {
		/* mmcli: new reply from network: '...' */
		if (!strstr(answer, "USSD") || !between(answer, '\'', &text, &n))
			return false;
		n = utf8_cut(text, n, USSD_TEXT - 1);
		memcpy(out, text, n);
		out[n] = 0;
	}
	return *out && utf8_valid(out, strlen(out));
}

/* Points and commas are thousands when three digits follow each of them; else the first that has not is the decimal one. */
static bool number(const char *s, size_t n, int64_t *v)
{
	int64_t sum = 0;
	size_t figures = 0;

	for (size_t i = 0; i < n && figures < 15; i++) {
		if (isdigit((unsigned char)s[i])) {
			sum = sum * 10 + (s[i] - '0');
			figures++;
		} else if ((s[i] == '.' || s[i] == ',') && n - i > 3 &&
			   isdigit((unsigned char)s[i + 1]) && isdigit((unsigned char)s[i + 2]) &&
			   isdigit((unsigned char)s[i + 3]) &&
			   (n - i == 4 || !isdigit((unsigned char)s[i + 4]))) {
			continue;
		} else {
			break;
		}
	}
	*v = sum;
	return figures > 0;
}

bool ussd_balance(const char *text, const char *pattern, int64_t *vnd)
{
	regmatch_t groups[GROUPS];
	bool found = false;
	regex_t re;

	if (strlen(text) > PLAIN_MOST || regcomp(&re, pattern, REG_EXTENDED | REG_ICASE))
		return false;
	if (!regexec(&re, text, GROUPS, groups, 0))
		for (size_t i = 1; i < GROUPS && !found; i++)
			if (groups[i].rm_so >= 0 && isdigit((unsigned char)text[groups[i].rm_so]))
				found = number(text + groups[i].rm_so,
					(size_t)(groups[i].rm_eo - groups[i].rm_so), vnd);
	regfree(&re);
	return found;
}

int ussd_pattern_check(const char *pattern, struct why *why)
{
	char text[160];
	regex_t re;
	int err = regcomp(&re, pattern, REG_EXTENDED | REG_ICASE);

	if (err) {
		regerror(err, &re, text, sizeof(text));
		return why_say(why, -EINVAL, "is no pattern: %s", text);
	}
	err = re.re_nsub ? 0 : why_say(why, -EINVAL, "has no group (...) for the sum");
	regfree(&re);
	return err;
}

bool ussd_code_is_one(const char *code)
{
	size_t n = strspn(code, "0123456789*#");

	return n && n <= 20 && !code[n];
}
