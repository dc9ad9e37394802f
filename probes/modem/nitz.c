/* SPDX-License-Identifier: Apache-2.0 */
#include "nitz.h"
#include "text.h"
#include "../core/clock.h"
#include <string.h>
#include <time.h>

#define QUARTER_S 900

/* n digits; the number, or -1 */
static int digits(const char **at, int least, int most)
{
	int n = 0, v = 0;

	for (; n < most && (*at)[n] >= '0' && (*at)[n] <= '9'; n++)
		v = v * 10 + ((*at)[n] - '0');
	if (n < least || ((*at)[n] >= '0' && (*at)[n] <= '9'))
		return -1;
	*at += n;
	return v;
}

static bool eat(const char **at, const char *one_of)
{
	if (!**at || !strchr(one_of, **at))
		return false;
	++*at;
	return true;
}

/* "26/11/27,12:03:11" and "2026-11-27T12:03:11"; what follows stays in *at. */
static bool date_and_time(const char **at, int64_t *s)
{
	struct tm tm = { 0 };
	int year = digits(at, 2, 4);

	/* TS 27.007 8.15: two digits; a modem that never heard the time says 70, 80 or 00 */
	tm.tm_year = year < 70 ? year + 100 : year < 100 ? year : year - 1900;
	if (year < 0 || !eat(at, "/-"))
		return false;
	tm.tm_mon = digits(at, 1, 2) - 1;
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || !eat(at, "/-"))
		return false;
	tm.tm_mday = digits(at, 1, 2);
	if (tm.tm_mday < 1 || tm.tm_mday > 31 || !eat(at, ",T "))
		return false;
	tm.tm_hour = digits(at, 1, 2);
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || !eat(at, ":"))
		return false;
	tm.tm_min = digits(at, 1, 2);
	if (tm.tm_min < 0 || tm.tm_min > 59 || !eat(at, ":"))
		return false;
	tm.tm_sec = digits(at, 1, 2);
	if (tm.tm_sec < 0 || tm.tm_sec > 60)
		return false;
	*s = timegm(&tm);
	return true;
}

/* Quarters of an hour east, "+28"; -48 .. 56 are all there are (UTC-12 .. UTC+14) */
static bool quarters(const char **at, int *zone_s)
{
	bool west = **at == '-';
	int n;

	if (!eat(at, "+-"))
		return false;
	n = digits(at, 1, 2);
	if (n < 0 || n > (west ? 48 : 56))
		return false;
	*zone_s = (west ? -n : n) * QUARTER_S;
	return true;
}

/* "Z", "+07", "+07:00", "+0700" (ISO 8601) */
static bool offset(const char **at, int *zone_s)
{
	bool west = **at == '-';
	int hours = 0, minutes = 0;
	const char *from;

	*zone_s = 0;
	if (eat(at, "Zz"))
		return true;
	if (!eat(at, "+-"))
		return false;
	from = *at;
	hours = digits(at, 2, 2);
	if (hours < 0) { /* four of them in a row */
		*at = from;
		minutes = digits(at, 4, 4);
		hours = minutes / 100;
		minutes %= 100;
	} else if (eat(at, ":")) {
		minutes = digits(at, 2, 2);
	}
	if (hours < 0 || minutes < 0 || hours > 14 || minutes > 59)
		return false;
	*zone_s = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

bool nitz_is_off(const char *answer)
{
	char line[TEXT_LINE];

	while (text_line(&answer, line))
		if (text_has_prefix(line, "+CTZU:") && line[6 + strspn(line + 6, " ")] == '0')
			return true;
	return false;
}

static bool believed(int64_t s, int64_t *utc_ns, const char **why)
{
	if (s < 0 || s > INT64_MAX / NS_PER_S || !clock_plausible(s * NS_PER_S)) {
		*why = "the modem's clock was never set by a network";
		return false;
	}
	*utc_ns = s * NS_PER_S;
	return true;
}

static const char *no_zone = "the modem does not tell the zone of its time";
static const char *no_time = "the modem has no time from the network";

/* The time of day there is local, and the zone is what it is ahead of UTC. */
static bool cclk(const char *rest, int64_t *utc_ns, const char **why)
{
	int64_t s;
	int zone_s;

	rest += strspn(rest, " \"");
	*why = no_time;
	if (!date_and_time(&rest, &s))
		return false;
	*why = no_zone;
	return quarters(&rest, &zone_s) && believed(s - zone_s, utc_ns, why);
}

/* Quectel's +QLTS=1: UTC, the zone behind it is for information. */
static bool qlts(const char *rest, int64_t *utc_ns, const char **why)
{
	int64_t s;

	rest += strspn(rest, " \"");
	*why = no_time;
	return date_and_time(&rest, &s) && believed(s, utc_ns, why);
}

/* The first thing in a tool's output that looks like ISO 8601. */
static bool iso(const char *answer, int64_t *utc_ns, const char **why)
{
	int64_t s;
	int zone_s;

	*why = no_time;
	for (const char *t = strchr(answer, 'T'); t; t = strchr(t + 1, 'T')) {
		const char *at = t - 10;

		if (t - answer < 10 || !date_and_time(&at, &s))
			continue;
		*why = no_zone;
		return offset(&at, &zone_s) && believed(s - zone_s, utc_ns, why);
	}
	return false;
}

bool nitz_parse(const char *answer, int64_t *utc_ns, const char **why)
{
	const char *at = answer;
	char line[TEXT_LINE];

	if (nitz_is_off(answer)) {
		*why = "the modem's clock did not follow the network until now";
		return false;
	}
	while (text_line(&at, line)) {
		if (text_has_prefix(line, "+CCLK:"))
			return cclk(line + 6, utc_ns, why);
		if (text_has_prefix(line, "+QLTS:"))
			return qlts(line + 6, utc_ns, why);
	}
	return iso(answer, utc_ns, why);
}
