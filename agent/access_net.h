/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the access state that stands on traffic: address, net, credit, collector. */
#ifndef AGENT_ACCESS_NET_H
#define AGENT_ACCESS_NET_H

#include "access.h"

#define ACCESS_NEVER   INT64_MIN
#define ACCESS_TARGETS 8

struct access_net {
	int64_t ok_ns;  /* a test reached its target */
	char ok_by[64]; /* which */
	struct {
		uint32_t host; /* hash; 0: free */
		int64_t at_ns;
		char name[48];
	} failed[ACCESS_TARGETS]; /* hosts that could not be reached since */
	unsigned captive;         /* answers of somebody else in a row */
	unsigned no_address;      /* tests in a row that found no address */
	bool link_told, link_has_address;
	struct access_uplink uplink;
	bool uplink_told;
	int64_t unreceipted_ns; /* since when results wait without any receipt; ACCESS_NEVER: they do not */
};

void access_net_forget(struct access_net *n); /* what tests found; the uplink stays */
void access_net_observe(struct access_net *n, const struct record *r, int64_t now_ns);
void access_net_uplink(struct access_net *n, const struct access_uplink *u, int64_t now_ns);
void access_net_link(struct access_net *n, bool has_address);
/* False: nothing is decided. */
bool access_net_decide(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	enum access_state *state, char *why, size_t room);

#endif
