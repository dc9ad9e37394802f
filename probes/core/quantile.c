/* SPDX-License-Identifier: Apache-2.0 */
#include "quantile.h"

#include <math.h>
#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void quantile_sort(int64_t *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), by_size);
}

int64_t quantile_of(const int64_t *v, size_t n, double q)
{
	/* 0.07 * 100 is 7.000000000000001: without the slack the rank would be 8 */
	double rank = ceil(q * (double)n - 1e-9);

	if (!(rank > 1))
		return v[0];
	return v[rank >= (double)n ? n - 1 : (size_t)rank - 1];
}
