/* SPDX-License-Identifier: Apache-2.0 */
/* What the ingest counted since it started; any thread may read them, /metrics shows them. */
#ifndef INGEST_COUNTERS_H
#define INGEST_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

/* name in /metrics after "phusong_ingest_", help */
#define INGEST_COUNTERS(X) \
	X(messages, "messages from brokers") \
	X(queue_full, "messages dropped because the queue was full; they have no receipt and " \
		      "come again") \
	X(batches, "batches taken in") \
	X(stored, "records stored") \
	X(repeated, "records that were stored already") \
	X(rejected, "authentic records that could not be understood, kept in the quarantine") \
	X(quarantined, "whole messages put into the quarantine") \
	X(waiting, "batches of probes that are not registered, kept without a receipt") \
	X(groups, "commits") \
	X(groups_failed, "commits that failed; nothing of them was receipted") \
	X(commit_us, "time spent in groups, us") \
	X(receipts, "receipts sent") \
	X(receipts_lost, "receipts that could not be sent; the batch comes again") \
	X(statuses, "status messages") \
	X(orders, "orders sent to probes, repetitions included") \
	X(replies, "authentic replies of probes to orders") \
	X(replies_false, "replies that were not authentic, or to no order of ours") \
	X(denied, "subscriptions refused by a broker: it delivers nothing") \
	X(connects, "connections made to brokers") \
	X(disconnects, "connections lost")

struct ingest_counters {
#define X(name, help) _Atomic uint64_t name;
	INGEST_COUNTERS(X)
#undef X
};

#define COUNT_UP(counters, name, by) \
	atomic_fetch_add_explicit(&(counters)->name, (by), memory_order_relaxed)

#endif
