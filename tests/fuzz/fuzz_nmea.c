/* SPDX-License-Identifier: Apache-2.0 */
/* What a receiver's tty says: any bytes, in any pieces, give fixes in range, and the same ones. */
#include "agent/nmea.h"
#include "agent/place.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	struct whereabouts where;
	struct gnss_time time;
	unsigned n;
	int64_t sum;
};

static void in_range(double v, double least, double most)
{
	if (!isnan(v) && (v < least || v > most))
		abort();
}

static void take(void *arg, const struct gnss_fix *f)
{
	struct heard *h = arg;
	struct record r;
	int64_t utc_ns, mono_ns;

	if (f->mode < GNSS_NO_FIX || f->mode > GNSS_3D || f->satellites < -1 || f->satellites > 99)
		abort();
	if (f->stamp_ns != GNSS_NO_STAMP &&
		(f->stamp_ns < 0 || f->stamp_ns > GNSS_DAY_NS + NS_PER_S))
		abort();
	if (f->mode >= GNSS_2D && (f->lat_e7 < -900000000 || f->lat_e7 > 900000000 ||
					  f->lon_e7 < -1800000000 || f->lon_e7 > 1800000000))
		abort();
	in_range(f->hdop, 0, 50);
	in_range(f->accuracy_m, 0, 3e6);
	in_range(f->speed_mps, 0, 350);
	in_range(f->heading_deg, 0, 360);
	h->n++;
	h->sum = (int64_t)((uint64_t)h->sum * 31 + (uint64_t)f->lat_e7 + f->mode);
	place_told(&h->where, f, NULL, f->mono_ns);
	if (gnss_time_take(&h->time, &h->where.last, h->where.last_at_ns, &utc_ns, &mono_ns) &&
		!clock_plausible(f->utc_ns))
		abort();
	record_clear(&r, RECORD_SIGNAL);
	r.mono_ns = f->mono_ns;
	place_stamp(&h->where, &r);
}

static struct heard hear(const uint8_t *data, size_t size, size_t piece)
{
	struct place_options o = { .gnss = true,
		.mode_least = GNSS_2D,
		.accuracy_m = 100,
		.age_ns = 10 * NS_PER_S,
		.moved_m = 200,
		.moved_ns = NS_PER_S,
		.decimals = 7 };
	struct heard h = { .n = 0 };
	struct nmea n;

	place_begin(&h.where, &o);
	nmea_begin(&n);
	for (size_t at = 0; at < size; at += piece)
		nmea_feed(&n, (const char *)data + at, size - at < piece ? size - at : piece,
			(int64_t)at * 5 * NS_PER_MS, take, &h);
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole = hear(data, size, size + 1), bytes = hear(data, size, 1);

	if (whole.n != bytes.n)
		abort();
	return 0;
}
