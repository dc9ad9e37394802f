/* SPDX-License-Identifier: Apache-2.0 */
#include "sheet.h"
#include "names.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where Vietnam lies, Hoàng Sa and Trường Sa included. */
#define LAT_LEAST       6.0
#define LAT_MOST        24.0
#define LON_LEAST       102.0
#define LON_MOST        118.0
#define COMPLAINTS_MOST 1000 /* lines named in one import */

static int line_of(const struct sheet *sh)
{
	return sh->csv.line ? sh->csv.line[sh->row + 1] : 1;
}

static void PRINTF(4, 0)
	say(struct sheet *sh, int line, const char *kind, const char *format, va_list values)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, values);
	buf_printf(sh->im->problems, "%s:%d: %s%s\n", sh->file, line, kind, text);
}

void sheet_bad(struct sheet *sh, const char *format, ...)
{
	va_list values;

	sh->row_bad = true;
	if (sh->bad > COMPLAINTS_MOST)
		return;
	va_start(values, format);
	say(sh, line_of(sh), "", format, values);
	va_end(values);
}

void sheet_warn(struct sheet *sh, const char *format, ...)
{
	va_list values;

	if (sh->im->result.warnings++ > COMPLAINTS_MOST)
		return;
	va_start(values, format);
	say(sh, line_of(sh), "warning: ", format, values);
	va_end(values);
}

int sheet_open(struct sheet *sh, struct import *im, const char *path)
{
	struct why why = { "" };
	int err;

	*sh = (struct sheet){ .im = im,
		.file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path };
	err = csv_read(&sh->csv, path, &why);
	if (err) {
		buf_printf(im->problems, "%s\n", why.text);
		return err;
	}
	err = meta_begin(im->store);
	if (err)
		csv_done(&sh->csv);
	return err;
}

int sheet_close(struct sheet *sh, int err, const char *what)
{
	struct import_result *r = &sh->im->result;
	char detail[160];

	if (!err && sh->bad) {
		buf_printf(sh->im->problems,
			"%s: %zu of %zu lines are wrong; nothing was imported\n", sh->file, sh->bad,
			sh->csv.rows);
		err = -EINVAL;
	}
	if (!err) {
		snprintf(detail, sizeof(detail), "rows=%zu added=%zu changed=%zu ended=%zu",
			sh->csv.rows, r->added, r->changed, r->ended);
		err = store_audit(sh->im->store, sh->im->actor, what, sh->file, detail);
		r->rows += sh->csv.rows;
	}
	if (err && err != -EINVAL)
		buf_printf(sh->im->problems, "%s: %s (%s)\n", sh->file, strerror(-err),
			store_problem(sh->im->store));
	csv_done(&sh->csv);
	return meta_end(sh->im->store, err);
}

int sheet_need(struct sheet *sh, const char *words)
{
	int column = csv_column(&sh->csv, words);

	if (column < 0) {
		buf_printf(sh->im->problems, "%s:1: column %.*s is missing (accepted: %s)\n",
			sh->file, (int)strcspn(words, "|"), words, words);
		sh->bad++;
	}
	return column;
}

int sheet_each(struct sheet *sh, int (*row)(struct sheet *sh, void *arg), void *arg)
{
	int err = 0;

	if (sh->bad) /* the header already */
		return 0;
	for (sh->row = 0; !err && sh->row < sh->csv.rows; sh->row++) {
		sh->row_bad = false;
		err = row(sh, arg);
		sh->bad += sh->row_bad;
	}
	return err;
}

const char *sheet_cell(const struct sheet *sh, int column)
{
	return csv_cell(&sh->csv, sh->row, column);
}

void sheet_name(struct sheet *sh, int column, char *out, size_t room, bool needed)
{
	const char *text = sheet_cell(sh, column);
	char whole[1024];
	size_t n = names_clean(text, whole, sizeof(whole));

	if (!n && needed)
		sheet_bad(sh, "%s is empty", csv_header(&sh->csv, column));
	if (n >= room)
		sheet_bad(
			sh, "%s is longer than %zu bytes", csv_header(&sh->csv, column), room - 1);
	snprintf(out, room, "%s", n >= room ? "" : whole);
}

void sheet_digits(
	struct sheet *sh, int column, const char *what, size_t digits, char *out, bool needed)
{
	char text[32];
	size_t n = names_clean(sheet_cell(sh, column), text, sizeof(text));

	out[0] = 0;
	if (!n && !needed)
		return;
	if (n == digits && strspn(text, "0123456789") == n) {
		memcpy(out, text, n + 1);
		return;
	}
	if (n && n < digits && strspn(text, "0123456789") == n)
		sheet_bad(sh,
			"%s \"%s\" has %zu digits, not %zu: were its leading zeros lost in a "
			"spreadsheet?",
			what, text, n, digits);
	else
		sheet_bad(sh, "%s \"%s\" is not a code of %zu digits", what, text, digits);
}

int64_t sheet_number(struct sheet *sh, int column, const char *what)
{
	char text[32];
	size_t n = names_clean(sheet_cell(sh, column), text, sizeof(text));

	if (!n)
		return -1;
	if (n <= 10 && strspn(text, "0123456789") == n)
		return strtoll(text, NULL, 10);
	sheet_bad(sh, "%s \"%s\" is not a whole number (without thousands separators)", what, text);
	return -1;
}

int32_t sheet_day(struct sheet *sh, int column, const char *what, int32_t unless)
{
	char text[32], whole[40];
	size_t n = names_clean(sheet_cell(sh, column), text, sizeof(text));
	int d, m, y, end = 0;
	int32_t day;

	if (!n)
		return unless;
	snprintf(whole, sizeof(whole), "%s%s", text, n == 7 ? "-01" : "");
	if (sscanf(text, "%2d/%2d/%4d%n", &d, &m, &y, &end) == 3 && !text[end])
		snprintf(whole, sizeof(whole), "%04d-%02d-%02d", y, m, d);
	if (strlen(whole) == 10 && store_day_parse(whole, &day) == 0)
		return day;
	sheet_bad(sh, "%s \"%s\" is not a date (YYYY-MM-DD, YYYY-MM or DD/MM/YYYY)", what, text);
	return unless;
}

bool sheet_real(const char *text, double *out)
{
	double v = 0, scale = 1;
	bool negative = *text == '-', any = false;

	text += negative;
	for (; *text >= '0' && *text <= '9'; text++, any = true)
		v = v * 10 + (*text - '0');
	if (*text == '.' || *text == ',')
		for (text++; *text >= '0' && *text <= '9'; text++, any = true)
			v += (*text - '0') * (scale /= 10);
	if (!any || *text || v > 1e12)
		return false;
	*out = negative ? -v : v;
	return true;
}

bool sheet_in_vietnam(double lat, double lon)
{
	return lat >= LAT_LEAST && lat <= LAT_MOST && lon >= LON_LEAST && lon <= LON_MOST;
}

bool sheet_point(struct sheet *sh, int lat, int lon, int32_t *lat_e7, int32_t *lon_e7)
{
	char a[32], b[32];
	double x, y;

	names_clean(sheet_cell(sh, lat), a, sizeof(a));
	names_clean(sheet_cell(sh, lon), b, sizeof(b));
	if (!*a && !*b)
		return false;
	if (!sheet_real(a, &y) || !sheet_real(b, &x)) {
		sheet_bad(sh, "\"%s\", \"%s\" is not a point in decimal degrees", a, b);
		return false;
	}
	if (sheet_in_vietnam(x, y)) {
		sheet_bad(sh, "latitude %s and longitude %s are swapped", a, b);
		return false;
	}
	if (!sheet_in_vietnam(y, x)) {
		sheet_bad(sh, "the point %s, %s is not in Vietnam", a, b);
		return false;
	}
	*lat_e7 = (int32_t)lrint(y * 1e7);
	*lon_e7 = (int32_t)lrint(x * 1e7);
	return true;
}
