/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of gpsd: any bytes give fixes in range, or none. */
#include "agent/gnss.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void in_range(double v, double least, double most)
{
	if (!isnan(v) && (v < least || v > most))
		abort();
}

static void check(const struct gnss_fix *f)
{
	if (f->mode < GNSS_NO_FIX || f->mode > GNSS_3D || f->satellites < -1)
		abort();
	if (f->stamp_ns != GNSS_NO_STAMP && (f->stamp_ns < 0 || f->stamp_ns >= GNSS_DAY_NS))
		abort();
	if (f->mode >= GNSS_2D && (f->lat_e7 < -900000000 || f->lat_e7 > 900000000 ||
					  f->lon_e7 < -1800000000 || f->lon_e7 > 1800000000))
		abort();
	in_range(f->hdop, 0, 50);
	in_range(f->accuracy_m, 0, 3e6);
	in_range(f->speed_mps, 0, 350);
	in_range(f->heading_deg, 0, 360);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gnss_sky sky = { NAN, -1, INT64_MIN / 2 };
	const char *at = (const char *)data, *end = at + size;
	struct gnss_fix f;

	for (int64_t ms = 0; at < end; ms += 500) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t n = line_end ? (size_t)(line_end - at) : (size_t)(end - at);

		if (gnss_gpsd_line(&f, &sky, at, n, ms * NS_PER_MS))
			check(&f);
		at += n + (line_end != NULL);
	}
	return 0;
}
