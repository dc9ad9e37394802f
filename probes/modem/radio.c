/* SPDX-License-Identifier: Apache-2.0 */
/* The gates between what a modem says and what becomes a measurement. */
#include "radio.h"
#include "text.h"
#include "../core/mem.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct gate {
	enum field field;
	double least, most;
};

/* TS 36.133 9.1.4 and 9.1.7, TS 38.133 10.1.6, 10.1.11 and 10.1.16, TS 25.133 9.1.1 and 9.1.2, TS 45.008 8.1.4; the widest
 * of each.  Cell identities: TS 23.003 19.6. */
static const struct gate gates[] = {
	{ FIELD_RSRP, -157, -31 },
	{ FIELD_NR_RSRP, -157, -31 },
	{ FIELD_RSRQ, -43, 20 },
	{ FIELD_NR_RSRQ, -43, 20 },
	{ FIELD_SINR, -23.5, 40 },
	{ FIELD_NR_SINR, -23.5, 40 },
	{ FIELD_RSSI, -125, -10 },
	{ FIELD_RSCP, -121, -20 },
	{ FIELD_ECNO, -32, 0 },
	{ FIELD_RXLEV, -115, -30 },
	{ FIELD_BAND, 1, 1024 },
	{ FIELD_NR_BAND, 1, 1024 },
	{ FIELD_ARFCN, 0, 3279165 },
	{ FIELD_PCI, 0, 1007 },
	{ FIELD_NR_PCI, 0, 1007 },
	{ FIELD_CELL, 1, 68719476735.0 },
	{ FIELD_TAC, 1, 16777215 },
	{ FIELD_REJECT_CAUSE, 1, 255 },
};

/* Numbers that modems print for "not measured": int16 and its tenths, an absent antenna, all ones. */
static const double real_sentinels[] = { -32768, 32767, -3276.8, -3276, 3276.7, -256, -255, -200,
	255, 32768, -999 };
static const int64_t int_sentinels[] = { 0, -1, 65534, 65535, 16777214, 16777215, 268435455,
	4294967295, 68719476735 };

static size_t slot(enum field f)
{
	return f - RADIO_FIRST;
}

void radio_begin(struct radio *x, struct record *r, const char *model)
{
	memset(x, 0, sizeof(*x));
	x->r = r;
	memset(x->stat, -1, sizeof(x->stat));
	snprintf(x->model, sizeof(x->model), "%s", model ? model : "");
}

static bool outranked(const struct radio *x, enum radio_rank rank, enum field f)
{
	return x->rank[slot(f)] > rank;
}

static void took(struct radio *x, enum radio_rank rank, enum field f)
{
	x->rank[slot(f)] = rank;
	x->refused[slot(f)] = false;
}

static bool within(struct radio *x, enum field f, double v)
{
	for (size_t i = 0; i < COUNT(gates); i++) {
		if (gates[i].field != f)
			continue;
		if (v >= gates[i].least && v <= gates[i].most)
			return true;
		if (!radio_has(x, f))
			x->refused[slot(f)] = true;
		return false;
	}
	return true;
}

void radio_int(struct radio *x, enum radio_rank rank, enum field f, int64_t v)
{
	if (outranked(x, rank, f))
		return;
	if (f == FIELD_CELL || f == FIELD_TAC || f == FIELD_BAND || f == FIELD_NR_BAND)
		for (size_t i = 0; i < COUNT(int_sentinels); i++)
			if (v == int_sentinels[i])
				return;
	if (v < 0 || v == 65535 || v == 4294967295 || !within(x, f, (double)v))
		return;
	record_set_int(x->r, f, v);
	took(x, rank, f);
}

void radio_real(struct radio *x, enum radio_rank rank, enum field f, double v)
{
	if (outranked(x, rank, f) || !isfinite(v))
		return;
	for (size_t i = 0; i < COUNT(real_sentinels); i++)
		if (fabs(v - real_sentinels[i]) < 0.05)
			return;
	if (!within(x, f, v))
		return;
	record_set_real(x->r, f, v);
	took(x, rank, f);
}

void radio_text(struct radio *x, enum radio_rank rank, enum field f, const char *text)
{
	if (outranked(x, rank, f) || !text || !*text || !strcmp(text, "-") || !strcmp(text, "--"))
		return;
	record_set_text(x->r, f, text);
	took(x, rank, f);
}

void radio_bool(struct radio *x, enum radio_rank rank, enum field f, bool yes)
{
	if (outranked(x, rank, f))
		return;
	record_set_bool(x->r, f, yes);
	took(x, rank, f);
}

void radio_int_text(struct radio *x, enum radio_rank rank, enum field f, const char *text)
{
	int64_t v;

	if (text_int(text, &v))
		radio_int(x, rank, f, v);
}

void radio_hex_text(struct radio *x, enum radio_rank rank, enum field f, const char *text)
{
	int64_t v;

	if (text_hex(text, &v))
		radio_int(x, rank, f, v);
}

void radio_real_text(
	struct radio *x, enum radio_rank rank, enum field f, const char *text, double scale)
{
	double v;

	if (!text_real(text, &v))
		return;
	/* a sentinel is one before it is scaled */
	for (size_t i = 0; i < COUNT(real_sentinels); i++)
		if (scale != 1 && fabs(v) > 1500 && fabs(v - real_sentinels[i]) < 1)
			return;
	radio_real(x, rank, f, v * scale);
}

static bool digits(const char *s, size_t least, size_t most)
{
	size_t n = strspn(s, "0123456789");

	return !s[n] && n >= least && n <= most;
}

void radio_plmn(
	struct radio *x, enum radio_rank rank, enum field f, const char *mcc, const char *mnc)
{
	char plmn[8];

	if (!mcc || !mnc || !digits(mcc, 3, 3) || !digits(mnc, 1, 3) || !strcmp(mcc, "000"))
		return;
	/* one digit has lost its zero: there is no MNC of one digit (TS 23.003 2.2) */
	snprintf(plmn, sizeof(plmn), "%s%s%s", mcc, mnc[1] ? "" : "0", mnc);
	radio_text(x, rank, f, plmn);
}

static bool mnc_has_three_digits(int mcc)
{
	/* North America and the Caribbean, and parts of South America (ITU-T E.212 annex) */
	return mcc == 302 || (mcc >= 310 && mcc <= 316) ||
	       (mcc >= 334 && mcc <= 376 && mcc != 340 && mcc != 363) || mcc == 708 || mcc == 714 ||
	       mcc == 722 || mcc == 732;
}

void radio_plmn_numbers(struct radio *x, enum radio_rank rank, enum field f, int mcc, int mnc)
{
	char plmn[8];

	if (mcc < 200 || mcc > 999 || mnc < 0 || mnc > 999)
		return;
	snprintf(plmn, sizeof(plmn), "%03d%0*d", mcc, mnc_has_three_digits(mcc) ? 3 : 2, mnc);
	radio_text(x, rank, f, plmn);
}

void radio_home_of_imsi(struct radio *x, const char *imsi)
{
	char home[8];
	int mcc;

	if (!digits(imsi, 14, 15))
		return;
	mcc = (imsi[0] - '0') * 100 + (imsi[1] - '0') * 10 + (imsi[2] - '0');
	snprintf(home, sizeof(home), "%.*s", mnc_has_three_digits(mcc) ? 6 : 5, imsi);
	radio_text(x, RANK_GENERIC, FIELD_HOME_PLMN, home);
	snprintf(x->imsi, sizeof(x->imsi), "%s", imsi);
}

void radio_registration(struct radio *x, enum radio_domain d, int stat)
{
	if (stat >= 0 && stat <= 11)
		x->stat[d] = (int8_t)stat;
}

void radio_index(struct radio *x, enum radio_rank rank, enum field f, enum radio_index kind,
	const char *text)
{
	/* TS 27.007 8.69: value = base + step * index, the lower edge of the interval */
	static const struct {
		int most;
		double base, step;
	} scale[] = {
		[INDEX_RXLEV] = { 63, -111, 1 },
		[INDEX_RSCP] = { 96, -121, 1 },
		[INDEX_ECNO] = { 49, -24.5, 0.5 },
		[INDEX_RSRQ] = { 34, -20, 0.5 },
		[INDEX_RSRP] = { 97, -141, 1 },
		[INDEX_SS_RSRQ] = { 126, -43.5, 0.5 },
		[INDEX_SS_RSRP] = { 126, -157, 1 },
		[INDEX_SS_SINR] = { 127, -23.5, 0.5 },
	};
	int64_t n;

	if (text_int(text, &n) && n >= 0 && n <= scale[kind].most)
		radio_real(x, rank, f, scale[kind].base + scale[kind].step * (double)n);
}

bool radio_has(const struct radio *x, enum field f)
{
	return x->rank[slot(f)] != RANK_NONE;
}

const char *radio_get_text(const struct radio *x, enum field f)
{
	const char *text = radio_has(x, f) ? record_text(x->r, f) : NULL;

	return text ? text : "";
}

static const char *registration_word(int stat)
{
	switch (stat) {
	case 0:
		return "not_registered";
	case 1:
	case 9: /* CSFB not preferred */
		return "home";
	case 2:
		return "searching";
	case 3:
		return "denied";
	case 5:
	case 10:
		return "roaming";
	case 8:
	case 11: /* restricted local operator services */
		return "emergency";
	default:
		return "unknown"; /* 4; 6 and 7, SMS only, carry no data */
	}
}

static int weight(int stat)
{
	switch (stat) {
	case 1:
	case 5:
	case 9:
	case 10:
		return 6;
	case 3:
		return 5;
	case 8:
	case 11:
		return 4;
	case 2:
		return 3;
	case 0:
		return 2;
	default:
		return stat < 0 ? 0 : 1;
	}
}

/* Data coverage is what +CEREG, +C5GREG and +CGREG say; +CREG may deny voice on a data SIM that works, and
 * speaks only when the others are silent or merely idle. */
static void settle_registration(struct radio *x)
{
	int best = -1;

	for (int d = DOMAIN_PS; d < RADIO_DOMAINS; d++)
		if (weight(x->stat[d]) > weight(best))
			best = x->stat[d];
	if (best < 0 || (weight(best) <= 2 && weight(x->stat[DOMAIN_CS]) == 6))
		best = x->stat[DOMAIN_CS];
	if (best >= 0)
		radio_text(x, RANK_GENERIC, FIELD_REGISTRATION, registration_word(best));
}

static void settle_rat(struct radio *x)
{
	const char *rat = NULL;

	if (radio_has(x, FIELD_NR_RSRP) && radio_has(x, FIELD_RSRP))
		rat = "NR5G-NSA";
	else if (radio_has(x, FIELD_RSRP))
		rat = "LTE";
	else if (radio_has(x, FIELD_RSCP))
		rat = "WCDMA";
	else if (radio_has(x, FIELD_RXLEV))
		rat = "GSM";
	if (!radio_has(x, FIELD_RAT))
		radio_text(x, RANK_GUESS, FIELD_RAT, rat);
	else if (rat && !strcmp(rat, "NR5G-NSA") && !strcmp(radio_get_text(x, FIELD_RAT), "LTE"))
		radio_text(x, RANK_BEST, FIELD_RAT, rat);
}

static void drop(struct radio *x, enum field f, bool name_it)
{
	if (!radio_has(x, f))
		return;
	record_unset(x->r, f);
	x->rank[slot(f)] = RANK_NONE;
	x->refused[slot(f)] = name_it;
}

static void settle_levels(struct radio *x)
{
	const char *rat = radio_get_text(x, FIELD_RAT);
	bool lte = !strcmp(rat, "LTE") || !strcmp(rat, "NR5G-NSA");

	/* Some modems fill the level of every other technology, too. */
	if (strcmp(rat, "GSM") != 0)
		drop(x, FIELD_RXLEV, false);
	if (strcmp(rat, "WCDMA") != 0) {
		drop(x, FIELD_RSCP, false);
		drop(x, FIELD_ECNO, false);
	}
	if (*rat && !lte && strncmp(rat, "NR", 2) != 0) {
		drop(x, FIELD_RSRP, false);
		drop(x, FIELD_RSRQ, false);
		drop(x, FIELD_SINR, false);
	}
	/* RSSI is the power of the whole band, RSRP that of one of its carriers. */
	if (lte && radio_has(x, FIELD_RSSI) && radio_has(x, FIELD_RSRP) &&
		record_real(x->r, FIELD_RSRP, 0) >= record_real(x->r, FIELD_RSSI, 0)) {
		if (x->rank[slot(FIELD_RSSI)] >= x->rank[slot(FIELD_RSRP)])
			drop(x, FIELD_RSRP, true);
		drop(x, FIELD_RSSI, true);
	}
}

void radio_end(struct radio *x)
{
	char names[160];
	size_t n = 0;

	settle_registration(x);
	settle_rat(x);
	settle_levels(x);
	for (size_t i = 0; i < RADIO_FIELDS_ALL; i++) {
		const struct field_info *info =
			x->refused[i] ? field_info((unsigned)(RADIO_FIRST + i)) : NULL;

		if (info && n + strlen(info->name) + 2 < sizeof(names))
			n += (size_t)snprintf(
				names + n, sizeof(names) - n, "%s%s", n ? " " : "", info->name);
	}
	if (n)
		record_set_text(x->r, FIELD_IMPLAUSIBLE, names);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The length of an identity at s, 0 when there is none. */
static size_t identity(const char *s, bool at_start)
{
	size_t n = strspn(s, "0123456789"), quad = 0, at = 0;

	if (!at_start || !n)
		return 0;
	if (strspn(s, "0123456789ABCDEFabcdef") >= 16)
		return strspn(s, "0123456789ABCDEFabcdef");
	if (n >= 10)
		return n;
	for (; quad < 4; quad++) { /* an IPv4 address */
		n = strspn(s + at, "0123456789");
		if (!n || n > 3)
			return 0;
		at += n;
		if (quad < 3 && s[at++] != '.')
			return 0;
	}
	return s[at] == '.' ? 0 : at;
}

size_t radio_mask(char *out, size_t room, const char *answer)
{
	size_t n = 0;
	bool at_start = true;

	while (*answer && n + 1 < room) {
		size_t len = identity(answer, at_start);

		if (!len && n >= 5 && !strncasecmp(answer - 5, "TMSI:", 5)) {
			len = strspn(answer, " \t");
			len += strspn(answer + len, "0123456789ABCDEFabcdefXx");
		}
		at_start = !len && !is_digit(*answer) && *answer != '.';
		if (!len && ((unsigned char)*answer >= 0x20 || *answer == '\n' || *answer == '\t'))
			out[n++] = *answer;
		for (size_t i = 0; i < len && n + 1 < room; i++)
			out[n++] = 'X';
		answer += len ? len : 1;
	}
	while (n && (out[n - 1] == '\n' || out[n - 1] == ' '))
		n--;
	if (room)
		out[n] = 0;
	return n;
}
