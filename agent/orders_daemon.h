/* SPDX-License-Identifier: Apache-2.0 */
/* Orders in the running agent: from the uplink's thread to the loop, and what they do there. */
#ifndef AGENT_ORDERS_DAEMON_H
#define AGENT_ORDERS_DAEMON_H

#include "../config/conf.h"
#include "orders.h"

struct daemon;
struct json_object;
struct order_desk;
struct probe;
struct queue;

/* The section "orders".  -EINVAL with a sentence; *key is the setting that is wrong.  Texts are borrowed. */
int order_limits_setting(const struct settings *s, struct order_limits *out, const char **key,
	struct why *why) MUST_CHECK;

/* Before the uplink starts, because it is given the queue; d->desk is what is made. */
int desk_open(struct daemon *d, struct why *why) MUST_CHECK;
struct queue *desk_queue(struct daemon *d);
void desk_start(struct daemon *d); /* the loop is about to run, everything else is there */
void desk_stop(struct daemon *d);  /* before the schedule goes */
void desk_close(struct daemon *d); /* after the uplink has stopped */

void desk_uplink_changed(struct daemon *d);                      /* a receipt may have come */
void desk_ran(struct daemon *d, const struct probe *p, int err); /* a run of the schedule ended */
/* An ordered run that is none of the schedule's fills the line: what the schedule wants to run must wait. */
bool desk_needs_line(const struct daemon *d, const struct probe *p);
struct json_object *desk_status(struct daemon *d);

#endif
