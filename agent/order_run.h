/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a test of the plan towards another target, as orders.targets allows: a probe of its own beside
 * the schedule, which waits until nothing else is measured. */
#ifndef AGENT_ORDER_RUN_H
#define AGENT_ORDER_RUN_H

#include "daemon.h"

struct order_run;

/* 0: done() follows exactly once, later.  resolve: for its names. */
int order_run_start(struct order_run **out, struct daemon *d, const struct settings *test,
	const char *target, struct resolve *resolve,
	void (*done)(void *arg, const char *test, int err), void *arg, struct why *why) MUST_CHECK;
void order_run_cancel(struct order_run *r); /* done() is not called; NULL is fine */
const struct probe *order_run_probe(const struct order_run *r); /* while it measures, else NULL */
bool order_run_owns(const struct order_run *r, const struct probe *p); /* r may be NULL */

#endif
