/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the throughput measurement share; nobody else includes it. */
#ifndef PROBES_THROUGHPUT_INSIDE_H
#define PROBES_THROUGHPUT_INSIDE_H

#include "fetch.h"
#include "netif.h"
#include "probe.h"
#include "rate.h"
#include "resolve.h"

#define STREAMS_MAX  16
#define HOST_MAX     256
#define PINGS_IDLE   20
#define PINGS_LOADED 256

enum phase { IDLE, NAME, QUIET, LOAD, DRAIN };

struct throughput;

struct stream {
	struct throughput *t;
	struct fetch_job *job; /* NULL: none, or ended */
	struct fetch_tcp tcp;  /* the newest */
	int64_t moved;         /* payload, the newest */
	bool told;             /* tcp holds something */
};

struct throughput {
	enum phase phase;
	struct resolve_query *query;
	struct stream stream[STREAMS_MAX];
	struct fetch_job *ping;
	struct loop_timer tick, next_ping;
	struct rate rate;
	struct record record; /* of the direction under way */
	bool up, then_up, full, librespeed, tls, verify;
	int family;
	char host[HOST_MAX], iface[NETIF_NAME], version[8];
	unsigned port;
	struct sockaddr_storage to;
	size_t streams, ended, failed, busy;
	int64_t most_bytes, most_ns; /* as configured */
	int64_t cap_bytes, share;    /* payload of this run and direction; asked for per stream */
	double bounds[RATE_BOUNDS], bounds_bps[RATE_BOUNDS];
	size_t n_bounds;
	int64_t idle[PINGS_IDLE], loaded[PINGS_LOADED];
	size_t n_idle, n_loaded, pings_wanted;
	int64_t begun_ns, load_ns, moved_ns; /* clock_loop() */
	int64_t cpu_ns;                      /* spent when the load began */
	int64_t load_end_ns, lag_ns, cpu_used_ns;
	int64_t peak_bps;
	uint64_t rx, tx;
	bool counted; /* rx and tx hold the counters at the start */
	const char *stop, *limited_by;
	int retry_after_s, status, fetch_err;
	char problem[160];
};

/* Of v, which is sorted by it; n is at least 1. */
int64_t throughput_quantile(int64_t *v, size_t n, double q);
/* What is known of every run, also of one that failed. */
void throughput_say_target(struct probe *p, struct record *r);
/* The result of one direction, in which so many bytes were moved. */
void throughput_say(struct probe *p, struct record *r, int64_t bytes);

#endif
