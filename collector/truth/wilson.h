/* SPDX-License-Identifier: Apache-2.0 */
/* The score interval of a share (Wilson, JASA 22, 1927): keeps its level where the share is near 0
 * or 1 and n is small, which is where hamlets live. */
#ifndef TRUTH_WILSON_H
#define TRUTH_WILSON_H

#include <stdint.h>

struct interval {
	double low, high;
};

/* 95 %; k of n, k <= n.  n = 0 gives 0..1: nothing is known. */
struct interval wilson_95(uint64_t k, uint64_t n);

#endif
