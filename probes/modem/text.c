/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, fields and numbers of a modem's answer. */
#include "text.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool text_int(const char *s, int64_t *v)
{
	char *end;
	long long n;

	if (!s || (!isdigit((unsigned char)s[0]) && !(s[0] == '-' && isdigit((unsigned char)s[1]))))
		return false;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno || *end)
		return false;
	*v = n;
	return true;
}

bool text_hex(const char *s, int64_t *v)
{
	char *end;
	long long n;

	if (!s)
		return false;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	if (!isxdigit((unsigned char)s[0]) || s[strspn(s, "0123456789abcdefABCDEF")])
		return false;
	errno = 0;
	n = strtoll(s, &end, 16);
	if (errno || *end)
		return false;
	*v = n;
	return true;
}

bool text_real(const char *s, double *v)
{
	char *end;
	double d;

	/* not what strtod() takes besides: hexadecimal, infinity, blanks */
	if (!s || !*s || s[strspn(s, "+-.0123456789")] || strlen(s) > 24)
		return false;
	d = strtod(s, &end);
	if (*end || end == s || !isfinite(d))
		return false;
	*v = d;
	return true;
}

int64_t text_lead(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 16 ? strtoll(s, NULL, 10) : 0;
}

bool text_has_prefix(const char *s, const char *prefix)
{
	return !strncasecmp(s, prefix, strlen(prefix));
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool line_end(char c)
{
	return c == '\n' || c == '\r';
}

bool text_line(const char **at, char line[TEXT_LINE])
{
	const char *s = *at;
	size_t n = 0;

	while (blank(*s) || line_end(*s))
		s++;
	if (!*s) {
		*at = s;
		return false;
	}
	for (; *s && !line_end(*s); s++)
		if (n < TEXT_LINE - 1)
			line[n++] = *s;
	while (n && blank(line[n - 1]))
		n--;
	line[n] = 0;
	*at = s;
	return true;
}

static char *trim(char *s, bool *quoted)
{
	size_t n;

	while (blank(*s))
		s++;
	n = strlen(s);
	while (n && blank(s[n - 1]))
		n--;
	*quoted = n >= 2 && s[0] == '"' && s[n - 1] == '"';
	if (*quoted) {
		s++;
		n -= 2;
	}
	s[n] = 0;
	return s;
}

void text_split(struct text_fields *f, const char *s)
{
	bool inside = false;
	char *from = f->store;

	snprintf(f->store, sizeof(f->store), "%s", s);
	f->n = 0;
	for (char *c = f->store; f->n < TEXT_FIELDS; c++) {
		bool last = !*c;

		if (*c == '"')
			inside = !inside;
		if (!last && (*c != ',' || inside))
			continue;
		*c = 0;
		f->at[f->n] = trim(from, &f->quoted[f->n]);
		f->n++;
		from = c + 1;
		if (last)
			break;
	}
}

const char *text_field(const struct text_fields *f, size_t i)
{
	return i < f->n ? f->at[i] : "";
}

bool text_value(const char *text, const char *key, char *out, size_t room)
{
	size_t len = strlen(key), n = 0;
	const char *s = text;

	for (;; s += len) {
		s = strcasestr(s, key);
		if (!s)
			return false;
		/* at the start of a line or column: after two blanks, a tab or a line's end */
		if (s == text || line_end(s[-1]) || s[-1] == '\t' ||
			(s[-1] == ' ' && (s - 1 == text || !isalnum((unsigned char)s[-2]))))
			break;
	}
	s += len;
	while (blank(*s))
		s++;
	for (; *s && !line_end(*s) && *s != '\t' && !(blank(s[0]) && blank(s[1])); s++)
		if (n + 1 < room)
			out[n++] = *s;
	while (n && blank(out[n - 1]))
		n--;
	out[n] = 0;
	return n > 0;
}
