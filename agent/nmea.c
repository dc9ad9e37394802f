/* SPDX-License-Identifier: Apache-2.0 */
#include "nmea.h"
#include "../probes/core/mem.h"
#include "../probes/modem/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIELDS     24 /* GSA of NMEA 4.11 has 19 */
#define GSA_NS     (2 * NS_PER_S)
#define KNOT_MPS   (1852.0 / 3600)
#define SPEED_MOST 350.0 /* m/s: faster is no vehicle, and receivers stop at 515 m/s */
#define HDOP_MOST  50.0  /* 99.99 is "unknown" */

struct words {
	const char *at[FIELDS];
	size_t n;
};

static const char *word(const struct words *w, size_t i)
{
	return i < w->n ? w->at[i] : "";
}

void nmea_begin(struct nmea *n)
{
	memset(n, 0, sizeof(*n));
	gnss_fix_clear(&n->fix, 0);
	n->gsa_hdop = NAN;
}

static bool real_in(const char *s, double least, double most, double *v)
{
	return text_real(s, v) && *v >= least && *v <= most;
}

static int digits(const char *s, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

/* hhmmss or hhmmss.sss; second 60 is a leap second */
static bool time_of_day(const char *s, int64_t *ns)
{
	int h, m, sec;
	double fraction = 0;

	if (strnlen(s, 7) < 6)
		return false;
	h = digits(s, 2);
	m = digits(s + 2, 2);
	sec = digits(s + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 60)
		return false;
	if (s[6] && (s[6] != '.' || (s[7] && !real_in(s + 6, 0, 1, &fraction))))
		return false;
	*ns = ((h * 60 + m) * 60 + sec) * NS_PER_S + llround(fraction * 1e3) * NS_PER_MS;
	return true;
}

/* ddmmyy; years of 80 and more are those before 2000 */
static bool date(const char *s, int64_t *utc_ns)
{
	char text[32];
	int d, m, y;

	if (strlen(s) != 6)
		return false;
	d = digits(s, 2);
	m = digits(s + 2, 2);
	y = digits(s + 4, 2);
	if (d < 0 || m < 0 || y < 0)
		return false;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", y + (y < 80 ? 2000 : 1900), m, d);
	return !clock_parse(text, utc_ns);
}

/* ddmm.mmmm or dddmm.mmmm, and the letter of its half */
static bool angle(
	const char *s, const char *half, size_t degrees, const char *letters, int most, int32_t *e7)
{
	double minutes, v;
	int whole;

	if (strnlen(s, degrees + 2) < degrees + 2 || strlen(half) != 1 || !strchr(letters, *half))
		return false;
	whole = digits(s, degrees);
	if (whole < 0 || digits(s + degrees, 2) < 0 ||
		!real_in(s + degrees, 0, 59.9999999, &minutes))
		return false;
	v = whole + minutes / 60;
	if (v > most)
		return false;
	*e7 = (int32_t)lround((*half == letters[1] ? -v : v) * 1e7);
	return true;
}

/* true: there is a point.  Receivers without one print 0, 0. */
static bool point(struct nmea *n, const struct words *w, size_t at)
{
	int32_t lat, lon;

	if (!angle(word(w, at), word(w, at + 1), 2, "NS", 90, &lat) ||
		!angle(word(w, at + 2), word(w, at + 3), 3, "EW", 180, &lon) || (!lat && !lon))
		return false;
	n->fix.lat_e7 = lat;
	n->fix.lon_e7 = lon;
	return true;
}

/* A sentence with another time begins another moment. */
static void moment(struct nmea *n, const char *time)
{
	int64_t stamp = GNSS_NO_STAMP;

	if (!time_of_day(time, &stamp))
		stamp = GNSS_NO_STAMP;
	if (stamp != GNSS_NO_STAMP && stamp == n->fix.stamp_ns)
		return;
	gnss_fix_clear(&n->fix, n->line_mono_ns);
	n->fix.stamp_ns = stamp;
	n->gga = n->rmc = n->gga_valid = n->rmc_valid = n->corrected = n->estimated = false;
}

/* What the sentences so far say together; any of them can say that there is no fix. */
static void conclude(struct nmea *n)
{
	struct gnss_fix *f = &n->fix;
	bool gsa = n->gsa_mode && f->mono_ns - n->gsa_mono_ns < GSA_NS;

	if (isnan(f->hdop) && gsa)
		f->hdop = n->gsa_hdop;
	f->mode = GNSS_NO_FIX;
	if ((n->gga || n->rmc) && n->gga_valid == n->gga && n->rmc_valid == n->rmc) {
		if (gsa)
			f->mode = n->gsa_mode;
		else
			f->mode = f->satellites >= 4 ? GNSS_3D : GNSS_2D; /* four unknowns */
	}
	if (!n->estimated && !isnan(f->hdop))
		f->accuracy_m = gnss_accuracy(f->hdop, n->corrected);
}

/* 1 time, 2-5 point, 6 quality, 7 satellites, 8 HDOP */
static bool gga(struct nmea *n, const struct words *w)
{
	int64_t quality, used;
	double hdop;

	if (w->n < 9)
		return false;
	moment(n, word(w, 1));
	n->gga = true;
	/* 6 is dead reckoning, 7 typed in, 8 simulated: no satellite says so */
	n->gga_valid =
		text_int(word(w, 6), &quality) && quality >= 1 && quality <= 5 && point(n, w, 2);
	n->corrected = n->gga_valid && (quality == 2 || quality >= 4);
	if (text_int(word(w, 7), &used) && used >= 0 && used < 100)
		n->fix.satellites = (int)used;
	if (real_in(word(w, 8), 0.1, HDOP_MOST, &hdop))
		n->fix.hdop = hdop;
	return true;
}

/* 1 time, 2 status, 3-6 point, 7 knots, 8 course, 9 date, 12 mode (since NMEA 2.3) */
static bool rmc(struct nmea *n, const struct words *w)
{
	const char *mode = word(w, 12);
	int64_t day_ns;
	double v;

	if (w->n < 10)
		return false;
	moment(n, word(w, 1));
	n->rmc = true;
	n->rmc_valid =
		!strcmp(word(w, 2), "A") && (!*mode || strchr("ADFRP", *mode)) && point(n, w, 3);
	if (real_in(word(w, 7), 0, SPEED_MOST / KNOT_MPS, &v))
		n->fix.speed_mps = v * KNOT_MPS;
	if (real_in(word(w, 8), 0, 360, &v))
		n->fix.heading_deg = v;
	if (n->fix.stamp_ns != GNSS_NO_STAMP && date(word(w, 9), &day_ns))
		n->fix.utc_ns = day_ns + n->fix.stamp_ns;
	return true;
}

/* 2 mode, 3-14 satellites, 15 PDOP, 16 HDOP; one for each system, all of the same fix */
static bool gsa(struct nmea *n, const struct words *w)
{
	int64_t mode;

	if (w->n < 17 || !text_int(word(w, 2), &mode) || mode < GNSS_NO_FIX || mode > GNSS_3D)
		return false;
	n->gsa_mode = (uint8_t)mode;
	n->gsa_mono_ns = n->line_mono_ns;
	if (!real_in(word(w, 16), 0.1, HDOP_MOST, &n->gsa_hdop))
		n->gsa_hdop = NAN;
	return n->gga || n->rmc;
}

/* 1 time, 6 and 7 standard deviations of latitude and longitude in metres */
static bool gst(struct nmea *n, const struct words *w)
{
	double lat, lon;

	if (w->n < 8)
		return false;
	moment(n, word(w, 1));
	if (real_in(word(w, 6), 0, 1e6, &lat) && real_in(word(w, 7), 0, 1e6, &lon)) {
		n->fix.accuracy_m =
			2 * hypot(lat, lon); /* twice the root mean square: 95 to 98 % */
		n->estimated = true;
	}
	return n->gga || n->rmc;
}

/* "GPGGA,..." up to the asterisk; true when there is news. */
static bool sentence(struct nmea *n, char *text)
{
	static const char *const talkers[] = { "GP", "GN", "GL", "GA", "GB", "BD" };
	static const struct {
		const char *name;
		bool (*take)(struct nmea *n, const struct words *w);
	} kinds[] = { { "GGA", gga }, { "RMC", rmc }, { "GSA", gsa }, { "GST", gst } };
	struct words w = { .n = 0 };
	bool known = false;

	for (char *at = text; at && w.n < FIELDS;) {
		w.at[w.n++] = at;
		at = strchr(at, ',');
		if (at)
			*at++ = 0;
	}
	for (size_t i = 0; i < COUNT(talkers); i++)
		known |= !strncmp(w.at[0], talkers[i], 2);
	for (size_t i = 0; i < COUNT(kinds) && known; i++)
		if (!strcmp(w.at[0] + 2, kinds[i].name))
			return kinds[i].take(n, &w);
	return false;
}

/* The exclusive or of all between "$" and "*", as two hexadecimal digits. */
static bool sum_is_right(const char *line, size_t *length)
{
	const char *star = strchr(line, '*');
	unsigned sum = 0;
	int64_t told;

	if (!star || strlen(star) != 3 || !text_hex(star + 1, &told))
		return false;
	for (const char *at = line; at < star; at++)
		sum ^= (uint8_t)*at;
	*length = (size_t)(star - line);
	return sum == told;
}

static bool line_ends(struct nmea *n)
{
	size_t length;

	n->line[n->length] = 0;
	n->inside = false;
	if (strlen(n->line) != n->length || !sum_is_right(n->line, &length)) {
		n->noise++;
		return false;
	}
	n->sentences++;
	n->line[length] = 0;
	return sentence(n, n->line);
}

void nmea_feed(struct nmea *n, const char *bytes, size_t len, int64_t mono_ns,
	void (*told)(void *arg, const struct gnss_fix *f), void *arg)
{
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (c == '$') {
			n->noise += n->inside; /* the line before never ended */
			n->inside = true;
			n->length = 0;
			n->line_mono_ns = mono_ns;
		} else if (n->inside && (c == '\r' || c == '\n')) {
			if (line_ends(n)) {
				conclude(n);
				told(arg, &n->fix);
			}
		} else if (n->inside && n->length + 1 < NMEA_LINE) {
			n->line[n->length++] = c;
		} else {
			n->noise += n->inside; /* too long */
			n->inside = false;
		}
	}
}
