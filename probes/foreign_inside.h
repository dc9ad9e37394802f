/* SPDX-License-Identifier: Apache-2.0 */
/* What the halves of the watch share; nobody else includes it. */
#ifndef PROBES_FOREIGN_INSIDE_H
#define PROBES_FOREIGN_INSIDE_H

#include "foreign.h"
#include "netif.h"

#define FOREIGN_CONNECTED 64

struct foreign_capture;

struct foreign_packet_seen {
	struct foreign_packet packet;
	int64_t wall_ns; /* the kernel's stamp, CLOCK_REALTIME */
};

/* foreign_pcap.c: the only place that knows libpcap */
int foreign_capture_new(struct foreign_capture **out, struct loop *l, const char *iface,
	const struct foreign_here *here,
	void (*seen)(void *arg, const struct foreign_packet_seen *s), void *arg) MUST_CHECK;
/* Lets the kernel drop packets of these flows.  Best effort: the packets are looked at again here. */
void foreign_capture_without(struct foreign_capture *c, const struct foreign_flow *flows, size_t n);
/* Packets that were lost since the last call because we were too slow. */
uint64_t foreign_capture_lost(struct foreign_capture *c);
void foreign_capture_free(struct foreign_capture *c); /* NULL is fine */

/* foreign_here.c */
int foreign_look_here(struct foreign_here *here, const char *iface) MUST_CHECK;
/* TCP and UDP flows that this process has connected, whoever in it did; returns how many. */
size_t foreign_connected(struct foreign_flow *out, size_t room);

#endif
