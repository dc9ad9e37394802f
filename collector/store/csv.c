/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"
#include "../../probes/core/mem.h"
#include "names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char separator_of(const char *p, const char *end)
{
	size_t commas = 0, semicolons = 0;
	bool quoted = false;

	for (; p < end && (quoted || *p != '\n'); p++) {
		quoted ^= *p == '"';
		commas += !quoted && *p == ',';
		semicolons += !quoted && *p == ';';
	}
	return semicolons > commas ? ';' : ',';
}

struct parsing {
	const char *at, *end;
	char *out; /* cells are written here, never ahead of at */
	int line;
	char separator;
	struct csv *csv;
	const char *cell[CSV_COLUMNS];
	size_t cells, room;
};

/* One cell; at ends behind its separator or at its line end. */
static int take_cell(struct parsing *p, struct why *why)
{
	int began = p->line;

	if (p->cells == CSV_COLUMNS)
		return why_say(why, -E2BIG, "line %d: more than %d columns", p->line, CSV_COLUMNS);
	p->cell[p->cells++] = p->out;
	if (p->at < p->end && *p->at == '"') {
		for (p->at++;; p->at++) {
			if (p->at >= p->end)
				return why_say(why, -EBADMSG,
					"line %d: a quotation mark is never closed", began);
			if (*p->at == '"' && (p->at + 1 >= p->end || p->at[1] != '"'))
				break;
			p->at += *p->at == '"';
			p->line += *p->at == '\n';
			*p->out++ = *p->at;
		}
		p->at++;
		if (p->at < p->end && *p->at != p->separator && *p->at != '\n' && *p->at != '\r')
			return why_say(why, -EBADMSG,
				"line %d: text after a closing quotation mark", p->line);
	} else {
		while (p->at < p->end && *p->at != p->separator && *p->at != '\n' &&
			!(*p->at == '\r' && p->at + 1 < p->end && p->at[1] == '\n'))
			*p->out++ = *p->at++;
	}
	return 0;
}

static int keep_row(struct parsing *p, int line, struct why *why)
{
	struct csv *c = p->csv;

	if (p->cells == 1 && !*p->cell[0])
		return 0; /* an empty line */
	if (!c->columns)
		c->columns = p->cells;
	if (p->cells != c->columns)
		return why_say(why, -EBADMSG, "line %d: %zu cells, the header has %zu", line,
			p->cells, c->columns);
	if (c->rows == p->room) {
		p->room = p->room ? p->room * 2 : 256;
		c->cell = mem_grow(c->cell, p->room * c->columns, sizeof(*c->cell));
		c->line = mem_grow(c->line, p->room, sizeof(*c->line));
	}
	memcpy(c->cell + c->rows * c->columns, p->cell, c->columns * sizeof(*c->cell));
	c->line[c->rows++] = line;
	return 0;
}

static int take_rows(struct parsing *p, struct why *why)
{
	int err = 0, line;
	bool more;

	while (!err && p->at < p->end) {
		line = p->line;
		p->cells = 0;
		do {
			char last;

			err = take_cell(p, why);
			if (err)
				return err;
			if (p->at < p->end && *p->at == '\r')
				p->at++;
			last = p->at < p->end ? *p->at++ : '\n';
			more = last == p->separator;
			*p->out++ = 0; /* over the separator or line end that was just read */
			p->line += last == '\n';
		} while (more);
		err = keep_row(p, line, why);
	}
	return err;
}

/* Line and byte of the first thing that is not UTF-8. */
static int check_utf8(const char *text, size_t n, struct why *why)
{
	size_t bad = names_bad_utf8(text, n), line = 1, begin = 0;

	if (bad == n)
		return 0;
	for (size_t i = 0; i < bad; i++)
		if (text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	if (n >= 2 && ((uint8_t)text[0] == 0xff || (uint8_t)text[0] == 0xfe))
		return why_say(why, -EILSEQ, "line 1: this is UTF-16; save the file as CSV UTF-8");
	return why_say(why, -EILSEQ,
		"line %zu, byte %zu: 0x%02x is not UTF-8; save the file as CSV UTF-8 (an old "
		"encoding such as TCVN3, "
		"VNI or windows-1258?)",
		line, bad - begin + 1, (uint8_t)text[bad]);
}

int csv_parse(struct csv *out, const void *bytes, size_t n, struct why *why)
{
	struct parsing p = { .line = 1, .csv = out };
	int err;

	*out = (struct csv){ 0 };
	if (n > CSV_BYTES_MAX)
		return why_say(why, -EFBIG, "larger than %d MB", CSV_BYTES_MAX / 1024 / 1024);
	err = check_utf8(bytes, n, why);
	if (err)
		return err;
	if (memchr(bytes, 0, n))
		return why_say(why, -EILSEQ, "a zero byte: this is not a text file");
	out->text = mem_new(
		n +
		2); /* each cell is shorter than its source by its separator, the last one need not be */
	p.at = bytes;
	p.end = p.at + n;
	if (n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3))
		p.at += 3;
	p.separator = separator_of(p.at, p.end);
	p.out = out->text;
	err = take_rows(&p, why);
	if (!err && !out->rows)
		err = why_say(why, -ENODATA, "the file is empty");
	if (err) {
		csv_done(out);
		return err;
	}
	out->rows--; /* the header */
	return 0;
}

int csv_read(struct csv *out, const char *path, struct why *why)
{
	struct why inner = { "" };
	struct stat st;
	char *bytes = NULL;
	size_t n = 0;
	FILE *f = fopen(path, "rbe");
	int err;

	if (!f || fstat(fileno(f), &st) < 0) {
		err = why_say(why, -errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (st.st_size > CSV_BYTES_MAX) {
		err = why_say(
			why, -EFBIG, "%s: larger than %d MB", path, CSV_BYTES_MAX / 1024 / 1024);
		goto out;
	}
	bytes = mem_grow(NULL, (size_t)st.st_size + 1, 1);
	n = fread(bytes, 1, (size_t)st.st_size, f);
	err = csv_parse(out, bytes, n, &inner);
	if (err)
		why_say(why, err, "%s: %s", path, inner.text);
out:
	if (f)
		fclose(f);
	free(bytes);
	return err;
}

void csv_done(struct csv *c)
{
	free(c->text);
	free(c->cell);
	free(c->line);
	*c = (struct csv){ 0 };
}

int csv_column(const struct csv *c, const char *words)
{
	char plain[256], word[64];
	size_t n;

	while (*words) {
		n = strcspn(words, "|");
		snprintf(word, sizeof(word), "%.*s", (int)n, words);
		for (size_t i = 0; i < c->columns; i++) {
			names_plain(c->cell[i], plain, sizeof(plain));
			if (!strcmp(plain, word))
				return (int)i;
		}
		words += n + (words[n] == '|');
	}
	return -1;
}

const char *csv_cell(const struct csv *c, size_t row, int column)
{
	return column < 0 ? "" : c->cell[(row + 1) * c->columns + (size_t)column];
}

const char *csv_header(const struct csv *c, int column)
{
	return column < 0 ? "" : c->cell[column];
}
