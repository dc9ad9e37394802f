/* SPDX-License-Identifier: Apache-2.0 */
#include "wilson.h"

#include <math.h>

#define Z 1.959963984540054 /* 97.5 % of the normal distribution */

struct interval wilson_95(uint64_t k, uint64_t n)
{
	struct interval out = { 0, 1 };
	double p, z2n, centre, half;

	if (!n)
		return out;
	p = (double)k / (double)n;
	z2n = Z * Z / (double)n;
	centre = (p + z2n / 2) / (1 + z2n);
	half = Z * sqrt(p * (1 - p) / (double)n + z2n / (4 * (double)n)) / (1 + z2n);
	/* at the ends the formula is exact but rounding is not */
	out.low = k ? fmax(0, centre - half) : 0;
	out.high = k < n ? fmin(1, centre + half) : 1;
	return out;
}
