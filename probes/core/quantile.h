/* SPDX-License-Identifier: Apache-2.0 */
/* Exact quantiles of a bounded sample. */
#ifndef CORE_QUANTILE_H
#define CORE_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* Sorts v in place. */
void quantile_sort(int64_t *v, size_t n);
/* The nearest-rank quantile (0 < q <= 1) of sorted v; n must be at least 1. */
int64_t quantile_of(const int64_t *v, size_t n, double q);

#endif
