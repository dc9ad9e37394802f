/* SPDX-License-Identifier: Apache-2.0 */
/* Orders in the words of the schedule.  Each returns 0 or -errno with a sentence. */
#ifndef AGENT_ORDERS_PLAN_H
#define AGENT_ORDERS_PLAN_H

#include "../config/conf.h"
#include "../probes/core/order.h"
#include "schedule.h"

int plan_order_run(struct schedule *s, const char *test, struct why *why) MUST_CHECK;
/* The whole difference to the local plan; n 0 goes back to it. */
int plan_order(
	struct schedule *s, const struct order_entry *entry, size_t n, struct why *why) MUST_CHECK;
/* until_ns: clock_loop(). */
int plan_order_suppress(struct schedule *s, const char *what, int64_t until_ns, bool stop_running,
	struct why *why) MUST_CHECK;
int plan_order_unsuppress(struct schedule *s, const char *what, struct why *why) MUST_CHECK;
bool plan_order_tag(
	const struct conf *c, const char *name); /* a test of the configuration has it */

#endif
