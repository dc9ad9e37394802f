/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of a measurement.  Three pointers and a table of settings; what a probe may call back
 * is the list "for probes" below.  A lost packet is a record; an error means that the measurement
 * could not be made, and is a record with FIELD_ERROR, too.  The two are never confused. */
#ifndef PROBES_PROBE_H
#define PROBES_PROBE_H

#include "../config/conf.h"
#include "core/loop.h"
#include "core/record.h"
#include "foreign.h"

struct probe;
struct resolve;
struct fetch;
struct modems;
struct sockaddr_storage;

enum probe_needs {
	PROBE_RAW = 1 << 0,       /* open() wants CAP_NET_RAW and runs before privileges drop */
	PROBE_EXCLUSIVE = 1 << 1, /* fills the link: only PROBE_LOADED may run beside it */
	PROBE_LOADED = 1 << 2,    /* may run while an exclusive probe loads the link */
	PROBE_MODEM = 1 << 3,     /* uses the modem's control port while it runs */
	PROBE_CAPPED = 1 << 4,    /* keeps to probe_allowance() */
};

struct probe_type {
	const char *name;             /* in the configuration and in every record: "latency" */
	unsigned needs;               /* enum probe_needs */
	const struct setting *accept; /* keys with type, range and default; ends with {0} */
	size_t state_size;            /* allocated zeroed with the instance: probe_state() */

	/* Once per instance.  When open() fails it has freed what it took, and close() is not
	 * called.  May be NULL, both. */
	int (*open)(struct probe *p, struct why *why);
	void (*close)(struct probe *p);

	/* One run.  start() returns at once; if it returned 0, probe_done() follows exactly once,
	 * later, from the loop.  cancel() means now: it calls probe_done() before it returns. */
	int (*start)(struct probe *p);
	void (*cancel)(struct probe *p);

	/* The most bytes on the wire that one run can cost, both ways together.  NULL: nothing for what uses
	 * the modem's port, PROBE_BYTES_UNTOLD for the others. */
	int64_t (*most_bytes)(const struct probe *p);
};
#define PROBE_BYTES_UNTOLD 100000
extern const struct probe_type *const probe_types[]; /* table.c; ends with NULL */
const struct probe_type *probe_type_named(const char *name);

/* What probes share; built once by the program, outlives every probe. */
struct probe_world {
	struct loop *loop;
	struct resolve *resolve; /* names to addresses */
	struct fetch *fetch;     /* HTTP */
	struct modems *modems;   /* modem ports, one owner each */
	char iface[16]; /* measure over this interface; "" leaves it to the routing table */
	/* The newest signal record (copied by the owner when one is emitted), for start_/end_ fields;
	 * kind 0 when there is none yet. */
	struct record last_signal;
	struct foreign_own own; /* whose traffic is not that of others: probe_flow() */
};

/* For whoever runs probes: the agent's scheduler, the command line, or a test. */
struct probe_owner {
	void (*record)(void *arg, struct probe *p, const struct record *r); /* copies r */
	void (*done)(void *arg, struct probe *p, int err); /* may start or free p */
	void *arg;
};
int probe_new(struct probe **out, const struct probe_type *type, const char *test_name,
	const struct settings *s, struct probe_world *world, struct probe_owner owner,
	struct why *why) MUST_CHECK;
int probe_start(struct probe *p,
	int64_t timeout_ns); /* cancelled with -ETIMEDOUT after it; 0: never.  -EBUSY while running */
void probe_cancel(struct probe *p); /* idle is fine */
/* Cancels the run and sees to it that a record says why: word is its error, or the stop_reason of a result that
 * is good as far as it goes ("budget", "suppressed").  Idle is fine. */
void probe_stop(struct probe *p, const char *word, const char *format, ...) PRINTF(3, 4);
int64_t probe_most_bytes(const struct probe *p); /* of one run */
/* The next runs may cost so many bytes, 0: no cap.  Only what is PROBE_CAPPED keeps to it. */
void probe_allow(struct probe *p, int64_t bytes);
int64_t probe_may_cost(const struct probe *p); /* the lesser of the two */
void probe_free(struct probe *p);              /* cancels a run in progress; NULL is fine */
bool probe_running(const struct probe *p);
const struct probe_type *probe_type_of(const struct probe *p);
const char *probe_name(const struct probe *p); /* of the test */

/* For probes. */
void *probe_state(struct probe *p);
struct probe *probe_of(void *state); /* back from probe_state() */
struct probe_world *probe_world(struct probe *p);
struct loop *probe_loop(struct probe *p);
const struct settings *probe_settings(const struct probe *p);
int64_t probe_int(const struct probe *p, const char *key);     /* checked and defaulted */
const char *probe_str(const struct probe *p, const char *key); /* lives with the instance */
/* record_begin() plus FIELD_TEST, and FIELD_TARGET when there is such a setting; the time is that of probe_start(). */
void probe_record(struct probe *p, struct record *r);
/* Copies the radio fields of the last signal record, if it is younger than 120 s, to the fields that begin
 * at base (FIELD_START_RAT, FIELD_PEAK_RAT, FIELD_END_RAT). */
void probe_radio(struct probe *p, struct record *r, enum field base);
/* This run talks to `to`, port included, by IPPROTO_TCP, _UDP or _ICMP (for both families): its packets are ours
 * and not traffic of others.  To be told before the first packet, by every probe that may run beside one that is
 * exclusive.  From its first call on traffic of others is watched for an exclusive run. */
void probe_flow(struct probe *p, const struct sockaddr_storage *to, int protocol);
/* What a test did to the line, for telling what others did. */
struct probe_load {
	int64_t from_ns, to_ns; /* clock_loop() */
	int64_t rate_bps;       /* measured */
	bool up;
	/* How many bytes the test moved that way, and of how many a full packet is: only used where traffic cannot
	 * be captured; 0 unknown */
	int64_t bytes, mss;
};
/* Puts competing_bps, competing_way_bps, competing_method and interference into r, if they are known.  Records of
 * exclusive runs that lack them get what is known of the whole run. */
void probe_competing(struct probe *p, struct record *r, const struct probe_load *load);
int64_t probe_allowance(const struct probe *p); /* bytes on the wire for this run, 0: no cap */
/* In cancel(): the word of probe_stop(), NULL: another reason. */
const char *probe_stopped(const struct probe *p);
void probe_emit(struct probe *p, const struct record *r); /* any number of times a run */
/* Emits a record of the probe's kind that says the measurement could not be made, and finishes:
 * error is a word ("unreachable", "dns", "no_server"), the sentence is for people. */
void probe_fail(struct probe *p, int err, const char *error, const char *format, ...) PRINTF(4, 5);
void probe_done(struct probe *p, int err); /* 0 or -errno; the last thing a run does */

#endif
