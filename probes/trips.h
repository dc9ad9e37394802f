/* SPDX-License-Identifier: Apache-2.0 */
/* The round trips of one run: a slot for each packet sent, by its sequence number from 0.  Pure: told
 * when packets left and came back, works out loss per direction, order, doubles and delays. */
#ifndef PROBES_TRIPS_H
#define PROBES_TRIPS_H

#include "core/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trip {
	int64_t sent_ns;   /* T1 */
	int64_t back_ns;   /* T4 */
	int64_t far_in_ns; /* T2 and T3 by the far end's clock; 0 when it does not tell */
	int64_t far_out_ns;
	int64_t offset_ns; /* wall minus monotonic time when it left: differs later if the clock was set */
	uint32_t far_seq;
	bool sent_kernel, back_kernel;
	bool answered; /* in time */
	bool late;
	bool stepped; /* the clock was set between the two: no round trip */
};

struct trips {
	struct trip *v;
	size_t room, sent;
	uint32_t *order; /* the answered ones as they came */
	size_t answered;
	uint8_t *far_seen; /* bits: sequence numbers of the far end that came back */
	size_t far_room;
	uint32_t far_next; /* one more than the highest of them */
	size_t far_known;  /* how many different ones */
	bool far_confused; /* one number for two packets: the far end is not stateful, or lost its state */
	unsigned late, duplicates, reordered, discarded;
	uint32_t highest; /* one more than the highest sequence number that came back */
	int64_t timeout_ns;
};

#define TRIPS_MAX 100000

void trips_init(struct trips *t, size_t room, int64_t timeout_ns); /* 1 .. TRIPS_MAX */
void trips_done(struct trips *t);                                  /* a zeroed one is fine */

/* The next packet leaves about now; -ENOBUFS when there is no slot. */
int trips_sent(struct trips *t, int64_t wall_ns, int64_t offset_ns);
void trips_departed(struct trips *t, uint32_t seq, int64_t wall_ns); /* the kernel's time for it */

struct trip_reply {
	uint32_t seq;
	int64_t back_ns, offset_ns;
	bool kernel;
	bool told; /* the far end's times and sequence number are valid */
	int64_t far_in_ns, far_out_ns;
	uint32_t far_seq;
};
enum trip_news { TRIP_ANSWERED, TRIP_DUPLICATE, TRIP_LATE, TRIP_UNKNOWN };
enum trip_news trips_reply(struct trips *t, const struct trip_reply *r);

bool trips_complete(const struct trips *t);   /* all that was sent was answered */
bool trips_last_heard(const struct trips *t); /* the packet sent last was, in time or late */
int64_t trips_slowest(const struct trips *t); /* ns, the longest so far; 0 when none */
void trips_cut(struct trips *t); /* forgets what was sent after the last answered one */

/* Which way the lost ones were lost.  False when it cannot be known: the far end keeps no sequence
 * numbers of its own, or nothing came back after the last loss. */
bool trips_split(const struct trips *t, unsigned *up, unsigned *down);

/* sent ... ipdv_p95_us, stamps, discarded.  split: the far end is stateful. */
void trips_fill(struct trips *t, struct record *r, bool split);
/* Median one-way delays, when every clock on the way is known to error_us. */
void trips_fill_one_way(struct trips *t, struct record *r, int64_t error_us);

#endif
