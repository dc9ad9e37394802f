/* SPDX-License-Identifier: Apache-2.0 */
/* An interface's own counters: what the operator bills, whoever sent it. */
#ifndef AGENT_TRAFFIC_H
#define AGENT_TRAFFIC_H

#include "../probes/core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct traffic {
	uint64_t down, up; /* bytes since the interface exists */
};

/* -ENODEV when there is no such interface. "": all but loopback. */
int traffic_read(const char *iface, struct traffic *out) MUST_CHECK;

#define TRAFFIC_IFACES 32
/* The same one by one: one that goes and comes begins at 0 again, which a sum would hide. */
struct traffic_each {
	size_t n;
	struct traffic_one {
		char name[16];
		struct traffic moved;
	} at[TRAFFIC_IFACES]; /* those beyond are left out */
};
int traffic_read_each(const char *iface, struct traffic_each *out) MUST_CHECK;
bool traffic_has_address(const char *iface); /* a global IPv4 or IPv6 address */
/* The interface of the default route, IPv4 before IPv6; "" when there is none. */
void traffic_default_iface(char out[16]);

#endif
