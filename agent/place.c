/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include <math.h>

struct place place_of(const struct settings *s)
{
	struct place p = { .accuracy_m = -1, .source = PLACE_NONE };

	if (!settings_given(s, "lat") || !settings_given(s, "lon"))
		return p;
	p.lat_e7 = (int32_t)lround(settings_real(s, "lat") * 1e7);
	p.lon_e7 = (int32_t)lround(settings_real(s, "lon") * 1e7);
	p.accuracy_m = (int32_t)settings_int(s, "accuracy_m");
	p.source = PLACE_SURVEYED;
	return p;
}
