/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic of others on an interface while a test runs: everything but our own flows.
 *
 * libpcap tells own from foreign: the kernel drops packets of our own flows before they are copied, of the rest
 * the headers are looked at and counted, nothing is kept.  Where capturing is not permitted (no CAP_NET_RAW) or
 * not built (PCAP=0), all traffic is counted by the interface's counters, and what the test moved has to be taken
 * off by the caller; the result says which it was. */
#ifndef PROBES_FOREIGN_H
#define PROBES_FOREIGN_H

#include "core/loop.h"
#include "foreign_packet.h"

#define FOREIGN_FLOWS 64

/* Our own flows, told by who makes them, and beside them what this process has connected.  Zeroed is empty. */
struct foreign_own {
	struct foreign_flow told[FOREIGN_FLOWS]; /* a ring: the newest stay */
	size_t n, next;
	unsigned changes;
	/* In percent of the measured rate, from which traffic of others counts as minor and as too much; 0: the defaults */
	double minor_percent, discard_percent;
	bool counters_only; /* never capture */
};
void foreign_tell(struct foreign_own *own, const struct foreign_flow *flow);

struct foreign;

/* Watches iface until it is freed.  own outlives it.  -ENODEV. */
int foreign_new(struct foreign **out, struct loop *l, const char *iface,
	const struct foreign_own *own) MUST_CHECK;
void foreign_free(struct foreign *f);           /* NULL is fine */
bool foreign_captures(const struct foreign *f); /* false: counters, own traffic included */

struct foreign_rates {
	int64_t down_bps, up_bps; /* what went an unknown way is in both */
	int64_t all_bps;
	bool captured; /* false: of all traffic, ours included */
};
/* Between two times of clock_loop(), of which a minute is kept; -ERANGE for others, or less than 100 ms. */
int foreign_between(const struct foreign *f, int64_t from_ns, int64_t to_ns,
	struct foreign_rates *out) MUST_CHECK;

/* What traffic of others did to a rate: "none", "minor", "discarded".  Counters are less exact by a few percent. */
const char *foreign_interference(
	const struct foreign_own *own, int64_t foreign_bps, int64_t rate_bps, bool captured);

#endif
