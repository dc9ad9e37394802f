/* SPDX-License-Identifier: Apache-2.0 */
#include "walktest.h"
#include "../../probes/core/mem.h"
#include "names.h"
#include "sheet.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LTE_CELLS \
	(1LL << 28) /* identities of LTE; those of NR have 36 bits: TS 23.003 19.6, 19.6A */
#define NR_CELLS   (1LL << 36)
#define SPEED_MOST 500.0 /* km/h */

static const char *const words[WT_COLUMNS_KNOWN] = {
	[WT_TIME] = "timestamp|time|datetime|thoi_gian",
	[WT_LAT] = "latitude|lat|vi_do",
	[WT_LON] = "longitude|lon|lng|kinh_do",
	[WT_MODE] = "networkmode|network_mode",
	[WT_TECH] = "networktech|network_tech|tech|technology",
	[WT_LEVEL] = "rsrp|level",
	[WT_QUALITY] = "rsrq|qual|quality",
	[WT_SNR] = "snr|sinr|rssnr",
	[WT_RSSI] = "rssi|lterssi",
	[WT_OPERATOR] = "operatorname|operator_name|operator|nha_mang",
	[WT_PLMN] = "plmn|mccmnc|mcc_mnc",
	[WT_WHOLE_CELL] = "rawcellid|eci|nci",
	[WT_CELL] = "cellid|cell_id",
	[WT_NODE] = "node|enodebid",
	[WT_CELL_HEX] = "cellhex",
	[WT_NODE_HEX] = "nodehex",
	[WT_TAC] = "lac|tac",
	[WT_TAC_HEX] = "lachex|tachex",
	[WT_ARFCN] = "arfcn|earfcn",
	[WT_PCI] = "pci|psc",
	[WT_SPEED] = "speed|toc_do",
	[WT_HEADING] = "bearing|heading",
	[WT_ACCURACY] = "accuracy",
	[WT_LOCATION] = "location|provider",
};

enum family { NO_RAT, GSM, WCDMA, LTE, NR, NR_NSA, NR_SA };

/* As Android and the app name them, in upper case with '_' for blanks and hyphens. */
static const struct {
	const char *word;
	enum family family;
} modes[] = {
	{ "GSM", GSM },
	{ "GPRS", GSM },
	{ "EDGE", GSM },
	{ "2G", GSM },
	{ "UMTS", WCDMA },
	{ "WCDMA", WCDMA },
	{ "HSDPA", WCDMA },
	{ "HSUPA", WCDMA },
	{ "HSPA", WCDMA },
	{ "HSPA+", WCDMA },
	{ "HSPAP", WCDMA },
	{ "DC_HSPA+", WCDMA },
	{ "3G", WCDMA },
	{ "LTE", LTE },
	{ "LTE+", LTE },
	{ "LTE_A", LTE },
	{ "LTE_CA", LTE },
	{ "4G", LTE },
	{ "4G+", LTE },
	{ "5G", NR },
	{ "NR", NR },
	{ "5G_NSA", NR_NSA },
	{ "NR_NSA", NR_NSA },
	{ "5G_SA", NR_SA },
	{ "NR_SA", NR_SA },
	{ "IWLAN", NO_RAT },
	{ "UNKNOWN", NO_RAT },
	{ "NO_SERVICE", NO_RAT },
};

/* As the gates of probes/modem/radio.c, with the same sources. */
static const struct gate {
	enum field field;
	double least, most;
} gates[] = {
	{ FIELD_RSRP, -157, -31 },
	{ FIELD_RSRQ, -43, 20 },
	{ FIELD_SINR, -23.5, 40 },
	{ FIELD_RSSI, -125, -10 },
	{ FIELD_RSCP, -121, -20 },
	{ FIELD_ECNO, -32, 0 },
	{ FIELD_RXLEV, -115, -30 },
	{ FIELD_CELL, 1, NR_CELLS - 1 },
	{ FIELD_TAC, 1, 16777215 },
	{ FIELD_ARFCN, 0, 3279165 },
	{ FIELD_PCI, 0, 1007 },
};

/* --- cells ----------------------------------------------------------------------------------------------------------- */
struct cells {
	const char *at[WALKTEST_COLUMNS];
	size_t n;
};

static int divide(struct cells *c, char *line, size_t n, char separator, struct why *why)
{
	char *end = line + n, *out = line, *at = line;
	size_t bad = names_bad_utf8(line, n);

	if (bad < n)
		return why_say(
			why, -EINVAL, "byte %zu: 0x%02x is not UTF-8", bad + 1, (uint8_t)line[bad]);
	if (memchr(line, 0, n))
		return why_say(why, -EINVAL, "a zero byte: this is not a text file");
	c->n = 0;
	for (;;) {
		if (c->n == WALKTEST_COLUMNS)
			return why_say(why, -EINVAL, "more than %d cells", WALKTEST_COLUMNS);
		c->at[c->n++] = out;
		if (at < end && *at == '"') {
			for (at++; at < end && (*at != '"' || (at + 1 < end && at[1] == '"'));
				at++) {
				at += *at == '"';
				*out++ = *at;
			}
			if (at++ >= end)
				return why_say(why, -EINVAL, "a quotation mark is never closed");
			if (at < end && *at != separator)
				return why_say(why, -EINVAL, "text after a closing quotation mark");
		} else {
			while (at < end && *at != separator)
				*out++ = *at++;
		}
		if (at >= end)
			break;
		at++; /* the separator, which is where the cell's end may be written */
		*out++ = 0;
	}
	*out = 0;
	return 0;
}

static char separator_of(const char *line, size_t n)
{
	static const char marks[] = ",;\t";
	size_t count[3] = { 0 }, best = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 3; k++)
			count[k] += line[i] == marks[k];
	for (size_t k = 1; k < 3; k++)
		if (count[k] > count[best])
			best = k;
	return marks[best];
}

static bool word_among(const char *word, const char *list)
{
	size_t n = strlen(word);

	for (; *list; list += strcspn(list, "|"), list += *list == '|')
		if (strcspn(list, "|") == n && !strncmp(list, word, n))
			return true;
	return false;
}

int walktest_header(struct walktest *w, char *line, size_t n, struct why *why)
{
	struct cells c;
	char plain[64];
	int err;

	w->separator = separator_of(line, n);
	err = divide(&c, line, n, w->separator, why);
	if (err)
		return err;
	w->columns = c.n;
	for (size_t k = 0; k < WT_COLUMNS_KNOWN; k++)
		w->column[k] = -1;
	for (size_t i = 0; i < c.n; i++) {
		names_plain(c.at[i], plain, sizeof(plain));
		for (size_t k = 0; k < WT_COLUMNS_KNOWN && *plain; k++)
			if (w->column[k] < 0 && word_among(plain, words[k])) {
				w->column[k] = (int)i;
				names_clean(c.at[i], w->name[k], sizeof(w->name[k]));
			}
	}
	if (w->column[WT_MODE] < 0) {
		w->column[WT_MODE] = w->column[WT_TECH];
		memcpy(w->name[WT_MODE], w->name[WT_TECH], sizeof(w->name[0]));
	}
	for (size_t k = WT_TIME; k <= WT_LEVEL; k++)
		if (w->column[k] < 0 && k != WT_TECH)
			return why_say(why, -EINVAL, "column %.*s is missing (accepted: %s)",
				(int)strcspn(words[k], "|"), words[k], words[k]);
	return 0;
}

/* --- values ------------------------------------------------------------------------------------------------------------ */
struct row {
	const struct walktest *w;
	struct cells cells;
	struct record *r;
	char implausible[128];
	struct why *why;
};

/* "-" is absent, and so is what Android gives for "not available" (Integer.MAX_VALUE): NULL. */
static const char *cell(const struct row *row, enum walktest_column k)
{
	static const char *const absent[] = { "", "-", "--", "null", "NaN", "N/A", "2147483647" };
	const char *text = row->w->column[k] < 0 ? "" : row->cells.at[row->w->column[k]];

	text += strspn(text, " ");
	for (size_t i = 0; i < COUNT(absent); i++)
		if (!strcmp(text, absent[i]))
			return NULL;
	return text;
}

static int not_a(const struct row *row, enum walktest_column k, const char *what)
{
	return why_say(
		row->why, -EINVAL, "%s \"%.40s\" is not %s", row->w->name[k], cell(row, k), what);
}

/* 0: a number in *v, 1: absent. */
static int number(const struct row *row, enum walktest_column k, double *v)
{
	const char *text = cell(row, k);

	if (!text)
		return 1;
	return sheet_real(text, v) ? 0 : not_a(row, k, "a number");
}

static void refuse(struct row *row, const char *name)
{
	size_t n = strlen(row->implausible);

	snprintf(row->implausible + n, sizeof(row->implausible) - n, "%s%s", n ? " " : "", name);
}

static bool within(struct row *row, enum field f, double v)
{
	for (size_t i = 0; i < COUNT(gates); i++)
		if (gates[i].field == f && (v < gates[i].least || v > gates[i].most)) {
			refuse(row, field_info(f)->name);
			return false;
		}
	return true;
}

/* -200 is the app's "not reported": such rows carry traffic, so it is no lack of signal. */
static int level(struct row *row, enum walktest_column k, enum field f)
{
	double v;
	int err = number(row, k, &v);

	if (err)
		return err < 0 ? err : 0;
	if (v != -200 && within(row, f, v))
		record_set_real(row->r, f, v);
	return 0;
}

/* An identity: 0 and -1 are "not known". */
static int64_t whole(const char *text, int base)
{
	char *end;
	long long v;

	if (!text || !*text || text[strspn(text, "0123456789abcdefABCDEF")])
		return -1;
	errno = 0;
	v = strtoll(text, &end, base);
	return errno || *end || v < 1 ? -1 : v;
}

static void identity(struct row *row, enum field f, int64_t v)
{
	if (v > 0 && within(row, f, (double)v))
		record_set_int(row->r, f, v);
}

/* The whole identity, or what it is made of; the short one alone names no cell of LTE or NR. */
static int64_t cell_of(const struct row *row, enum family family)
{
	int64_t v = whole(cell(row, WT_WHOLE_CELL), 10), node = whole(cell(row, WT_NODE), 10),
		sector = whole(cell(row, WT_CELL), 10);

	if (v > 0)
		return v;
	if (node < 0)
		node = whole(cell(row, WT_NODE_HEX), 16);
	if (sector < 0)
		sector = whole(cell(row, WT_CELL_HEX), 16);
	if (family == LTE && node > 0 && sector > 0 && sector < 256 && node < LTE_CELLS / 256)
		return node * 256 + sector;
	return family == GSM || sector > 255 ? sector : -1;
}

/* --- a row -------------------------------------------------------------------------------------------------------------- */
static int take_time(struct row *row)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	const char *text = cell(row, WT_TIME), *rest;
	char normal[64];
	bool zoned;
	int64_t utc_ns;

	if (!text)
		return why_say(row->why, -EINVAL, "there is no time");
	if (strlen(text) < sizeof(form) - 1 || strlen(text) >= sizeof(normal) - 8)
		return not_a(row, WT_TIME, "a time such as 2026.01.31_11.08.12");
	for (size_t i = 0; form[i]; i++)
		normal[i] =
			form[i] == 'd' || strchr("._-/ :T", text[i]) == NULL ? text[i] : form[i];
	rest = text + sizeof(form) - 1;
	zoned = strpbrk(rest, "Zz+-");
	snprintf(normal + sizeof(form) - 1, sizeof(normal) - sizeof(form), "%s%s", rest,
		zoned ? "" : "Z");
	if (clock_parse(normal, &utc_ns))
		return not_a(row, WT_TIME, "a time such as 2026.01.31_11.08.12");
	if (!zoned)
		utc_ns -= row->w->utc_offset_s * NS_PER_S;
	if (!clock_plausible(utc_ns))
		return not_a(
			row, WT_TIME, "a time after 2024-01-01, when nothing was measured yet");
	if (utc_ns > row->w->now_ns)
		return not_a(row, WT_TIME, "in the past; is --utc-offset right?");
	row->r->utc_ns = utc_ns;
	row->r->clock.source = CLOCK_MANUAL; /* of the phone; nobody vouches for it */
	return 0;
}

/* Without a position, and with 0, 0 that stands for one, the row is kept and says so. */
static int take_place(struct row *row)
{
	const char *source = cell(row, WT_LOCATION);
	double lat, lon, accuracy;
	int no_lat = number(row, WT_LAT, &lat), no_lon = number(row, WT_LON, &lon);
	int no_accuracy = number(row, WT_ACCURACY, &accuracy);

	if (no_lat < 0 || no_lon < 0 || no_accuracy < 0)
		return -EINVAL;
	if (no_lat != no_lon)
		return why_say(row->why, -EINVAL, "one coordinate without the other");
	if (no_lat || (lat == 0 && lon == 0)) {
		record_set_text(row->r, FIELD_FIX, "no_fix");
		return 0;
	}
	if (sheet_in_vietnam(lon, lat))
		return why_say(
			row->why, -EINVAL, "latitude %g and longitude %g are swapped", lat, lon);
	if (!sheet_in_vietnam(lat, lon))
		return why_say(row->why, -EINVAL, "the point %g, %g is not in Vietnam", lat, lon);
	row->r->place = (struct place){ .lat_e7 = (int32_t)lrint(lat * 1e7),
		.lon_e7 = (int32_t)lrint(lon * 1e7),
		.accuracy_m = no_accuracy || accuracy < 0 || accuracy > 1e6
		                      ? -1
		                      : (int32_t)ceil(accuracy),
		.source =
			source && (*source == 'N' || *source == 'n') ? PLACE_NETWORK : PLACE_GNSS };
	return 0;
}

static int take_motion(struct row *row)
{
	double v;
	int err = number(row, WT_SPEED, &v);

	if (err < 0)
		return err;
	if (!err && v >= 0 && v <= SPEED_MOST)
		record_set_real(row->r, FIELD_SPEED_MPS, v / 3.6);
	else if (!err)
		refuse(row, "speed_mps");
	err = number(row, WT_HEADING, &v);
	if (!err && v >= 0 && v <= 360)
		record_set_real(row->r, FIELD_HEADING_DEG, v);
	return err < 0 ? err : 0;
}

static int family_of(const struct row *row, enum family *out)
{
	const char *text = cell(row, WT_MODE);
	char word[32];
	size_t i;

	*out = NO_RAT;
	if (!text)
		return 0;
	for (i = 0; text[i] && i < sizeof(word) - 1; i++)
		word[i] = text[i] == ' ' || text[i] == '-'   ? '_'
		          : text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 32)
		                                             : text[i];
	word[i] = 0;
	for (i = 0; i < COUNT(modes); i++)
		if (!strcmp(word, modes[i].word)) {
			*out = modes[i].family;
			return 0;
		}
	/* a number here is a line whose columns have shifted */
	return not_a(row, WT_MODE, "a technology");
}

/* The level column holds what the technology has: RxLev, RSCP or RSRP; likewise the quality. */
static int take_levels(struct row *row, enum family family)
{
	static const enum field level_of[] = { [GSM] = FIELD_RXLEV,
		[WCDMA] = FIELD_RSCP,
		[LTE] = FIELD_RSRP,
		[NR_NSA] = FIELD_RSRP,
		[NR_SA] = FIELD_RSRP };
	int err = 0;

	if (family == NO_RAT)
		return 0;
	err = level(row, WT_LEVEL, level_of[family]);
	if (!err && family == WCDMA)
		err = level(row, WT_QUALITY, FIELD_ECNO);
	if (err || family == GSM || family == WCDMA)
		return err; /* GSM's quality is a class and no dB, and its SNR is not told */
	err = level(row, WT_QUALITY, FIELD_RSRQ);
	if (!err)
		err = level(row, WT_SNR, FIELD_SINR);
	return err ? err : level(row, WT_RSSI, FIELD_RSSI);
}

static void take_operator(struct row *row)
{
	const char *name = cell(row, WT_OPERATOR), *plmn = cell(row, WT_PLMN);
	char clean[64];

	if (!plmn)
		plmn = name;
	if (plmn && (strlen(plmn) == 5 || strlen(plmn) == 6) &&
		strspn(plmn, "0123456789") == strlen(plmn))
		record_set_text(row->r, FIELD_PLMN, plmn);
	if (name && names_clean(name, clean, sizeof(clean)))
		record_set_text(row->r, FIELD_OPERATOR_NAME, clean);
}

static int take_radio(struct row *row)
{
	static const char *const names[] = { [GSM] = "GSM",
		[WCDMA] = "WCDMA",
		[LTE] = "LTE",
		[NR_NSA] = "NR5G-NSA",
		[NR_SA] = "NR5G-SA" };
	enum family family;
	int64_t cell_id;
	int err = family_of(row, &family);

	if (err)
		return err;
	cell_id = cell_of(row, family);
	/* "5G" alone: stand-alone is claimed only of a cell whose identity no LTE cell can have */
	if (family == NR)
		family = cell_id >= LTE_CELLS ? NR_SA : NR_NSA;
	if (family != NO_RAT)
		record_set_text(row->r, FIELD_RAT, names[family]);
	identity(row, FIELD_CELL, cell_id);
	identity(row, FIELD_TAC,
		cell(row, WT_TAC) ? whole(cell(row, WT_TAC), 10)
				  : whole(cell(row, WT_TAC_HEX), 16));
	identity(row, FIELD_ARFCN, whole(cell(row, WT_ARFCN), 10));
	identity(row, FIELD_PCI, whole(cell(row, WT_PCI), 10));
	take_operator(row);
	return take_levels(row, family);
}

int walktest_row(
	const struct walktest *w, char *line, size_t n, struct record *out, struct why *why)
{
	struct row row = { .w = w, .r = out, .implausible = "", .why = why };
	int err = divide(&row.cells, line, n, w->separator, why);

	if (err)
		return err;
	/* a separator after the last cell is usual in logs */
	if (row.cells.n == w->columns + 1 && !*row.cells.at[w->columns])
		row.cells.n--;
	if (row.cells.n != w->columns)
		return why_say(
			why, -EINVAL, "%zu cells, the header has %zu", row.cells.n, w->columns);
	record_clear(out, RECORD_SIGNAL);
	err = take_time(&row);
	if (!err)
		err = take_place(&row);
	if (!err)
		err = take_motion(&row);
	if (!err)
		err = take_radio(&row);
	if (err)
		return err;
	record_set_text(out, FIELD_METHOD, "gnettrack");
	if (*row.implausible)
		record_set_text(out, FIELD_IMPLAUSIBLE, row.implausible);
	return 0;
}

int walktest_offset(const char *text, int64_t *seconds)
{
	int hours, minutes = 0, end = 0;
	char sign;

	if (!strcmp(text, "Z")) {
		*seconds = 0;
		return 0;
	}
	if ((sscanf(text, "%c%2d%n:%2d%n", &sign, &hours, &end, &minutes, &end) < 2) || text[end] ||
		(sign != '+' && sign != '-') ||
		strspn(text + 1, "0123456789:") != strlen(text + 1) || hours > 14 || minutes > 59)
		return -EINVAL;
	*seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return 0;
}
