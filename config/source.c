/* SPDX-License-Identifier: Apache-2.0 */
/* libconfig 1.5 cuts a whole number without the suffix L to 32 bits and says nothing: 5000000000
 * becomes 705032704.  So the text is looked through for such numbers, in included files too. */
#include "source.h"
#include "../probes/core/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *file, *folder;
	const char *at;
	int line;
	unsigned depth, found;
	struct buf *problems;
};

int source_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char bytes[4096];
	size_t n;
	int err = 0;

	if (!f)
		return -errno;
	while (!out->err && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_put(out, bytes, n);
	if (ferror(f))
		err = -errno;
	else if (out->err)
		err = -EFBIG;
	fclose(f);
	return err;
}

static void skip_comment(struct scan *s)
{
	if (s->at[0] == '/' && s->at[1] == '*') {
		for (s->at += 2; *s->at && strncmp(s->at, "*/", 2); s->at++)
			s->line += *s->at == '\n';
		s->at += *s->at ? 2 : 0;
	} else {
		s->at += strcspn(s->at, "\n");
	}
}

static void skip_text(struct scan *s)
{
	for (s->at++; *s->at && *s->at != '"'; s->at++) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		s->line += *s->at == '\n';
	}
	s->at += *s->at == '"';
}

static void number(struct scan *s)
{
	const char *from = s->at;
	long long v;
	char *end;

	errno = 0;
	v = strtoll(from, &end, strncasecmp(from, "0x", 2) ? 10 : 16);
	s->at = end > from ? end : from + 1;
	s->at += strspn(s->at, ".0123456789abcdefABCDEFxX");
	if (end == from || s->at > end) /* a sign alone, or a real number */
		return;
	if (*s->at == 'L') {
		s->at += strspn(s->at, "L");
		if (!errno)
			return;
	} else if (!errno && v >= INT32_MIN && v <= INT32_MAX) {
		return;
	}
	s->found++;
	if (errno)
		buf_printf(s->problems, "%s:%d: %.*s is too large\n", s->file, s->line,
			(int)(end - from), from);
	else
		buf_printf(s->problems, "%s:%d: %.*s needs the suffix L: %.*sL\n", s->file, s->line,
			(int)(end - from), from, (int)(end - from), from);
}

static unsigned scan_file(
	const char *file, const char *folder, unsigned depth, struct buf *problems);

static void include(struct scan *s)
{
	const char *from = s->at + strspn(s->at, " \t");
	size_t n = *from == '"' ? strcspn(from + 1, "\"\n") : 0;
	char path[1024];

	if (!n)
		return;
	if (from[1] == '/')
		snprintf(path, sizeof(path), "%.*s", (int)n, from + 1);
	else
		snprintf(path, sizeof(path), "%s/%.*s", s->folder, (int)n, from + 1);
	s->found += scan_file(path, s->folder, s->depth + 1, s->problems);
	s->at += strcspn(s->at, "\n");
}

static bool starts_number(const char *at)
{
	return *at && strchr("+-0123456789", *at);
}

static bool starts_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*' || c == '_';
}

static void scan_text(struct scan *s)
{
	static const char include_word[] = "@include";

	while (*s->at) {
		if (*s->at == '#' || (*s->at == '/' && (s->at[1] == '/' || s->at[1] == '*'))) {
			skip_comment(s);
		} else if (*s->at == '"') {
			skip_text(s);
		} else if (!strncmp(s->at, include_word, sizeof(include_word) - 1)) {
			s->at += sizeof(include_word) - 1;
			include(s);
		} else if (starts_name(*s->at)) {
			while (starts_name(*s->at) || starts_number(s->at))
				s->at++;
		} else if (starts_number(s->at)) {
			number(s);
		} else {
			s->line += *s->at++ == '\n';
		}
	}
}

static unsigned scan_file(
	const char *file, const char *folder, unsigned depth, struct buf *problems)
{
	struct scan s = {
		.file = file, .folder = folder, .line = 1, .depth = depth, .problems = problems
	};
	struct buf text;

	if (depth > 10) /* libconfig's own limit */
		return 0;
	buf_init(&text, SOURCE_MOST);
	if (!source_read(file, &text)) {
		s.at = buf_text(&text);
		scan_text(&s);
	}
	buf_done(&text);
	return s.found;
}

unsigned source_check(const char *file, const char *folder, struct buf *problems)
{
	return scan_file(file, folder, 0, problems);
}
