/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the orders share: the memory, and the check against limits. */
#ifndef AGENT_ORDERS_INSIDE_H
#define AGENT_ORDERS_INSIDE_H

#include "orders.h"
#include "../probes/core/log.h"

#define ORDERS_KEPT 128
#define DAY_NS      (86400 * NS_PER_S)

struct kept { /* an order that was decided upon */
	uint8_t id[ORDER_ID];
	uint64_t number;
	uint8_t action; /* enum order_action; 0: not known here */
	uint8_t state;  /* enum reply_state */
	int64_t at_ns;  /* UTC when it was decided upon */
	uint64_t bytes; /* that it may cause */
	char what[ORDER_WORD];
	char word[REPLY_WORD], detail[REPLY_DETAIL];
};

struct suppression {
	uint8_t id[ORDER_ID];
	char what[ORDER_WORD];
	int64_t until_ns, since_ns; /* UTC */
};

/* Everything that must survive a power cut. */
struct order_memory {
	char path[512];
	uint8_t key[PUBLIC_KEY]; /* the collector whose numbers these are */
	uint64_t highest;        /* number of any order that was decided upon */
	int64_t newest_ns; /* the newest moment of issue: what expired before it is expired for sure */
	int64_t not_before_ns; /* orders issued earlier are replays: the memory of them was lost; 0 none */
	bool damaged;          /* the file could not be read: not_before_ns is to be set */
	uint32_t count;
	struct kept kept[ORDERS_KEPT]; /* oldest first */
	bool plan;
	uint8_t plan_id[ORDER_ID];
	int64_t plan_until_ns, heard_ns; /* UTC; heard_ns: 0 never */
	uint32_t entries;
	struct order_entry entry[ORDER_ENTRIES];
	uint32_t suppressions;
	struct suppression suppress[ORDERS_SUPPRESSED];
};

#define ORDERS_WAITING 8 /* orders that wait until nothing is measured */
#define ORDERS_RUNNING 8

struct waiting {
	struct order *order;
	int64_t since_ns; /* clock_mono() */
};

struct running {
	uint8_t id[ORDER_ID];
	char test[ORDER_WORD];
	bool other_target;
	int64_t until_ns; /* clock_mono(); 0: free */
};

struct orders {
	struct orders_options o;
	struct order_memory memory;
	struct orders_status status;
	struct complaint complaint;
	double bucket;
	int64_t bucket_ns, heard_ns; /* clock_mono() */
	bool heard;                  /* in this run */
	struct waiting waiting[ORDERS_WAITING];
	size_t waits;
	struct resolve_query *query; /* of waiting[0] */
	struct running running[ORDERS_RUNNING];
	struct loop_timer look, tick;
	bool started;
};

/* orders.c */
bool orders_now(const struct orders *o, int64_t *utc_ns); /* false: nobody vouches for it */
void orders_save(struct orders *o);
void orders_event(struct orders *o, const char *step, const char *outcome,
	const uint8_t id[ORDER_ID], const char *format, ...) PRINTF(5, 6);
void orders_finish(struct orders *o, struct kept *k, const char *word, const char *detail);

/* orders_hold.c */
void orders_tick(struct loop_timer *t);
void orders_tick_soon(struct orders *o);

/* orders_memory.c */
/* A missing file is an empty memory; one of another collector's key, too.  A file that is damaged is one whose
 * content is not known: said in the log, and remembered in `damaged`. */
void memory_load(struct order_memory *m, const char *path, const uint8_t *key);
int memory_save(struct order_memory *m) MUST_CHECK;
struct kept *memory_find(struct order_memory *m, const uint8_t id[ORDER_ID]);
/* Makes room by forgetting the oldest; NULL when that is younger than a day: limits count by it. */
struct kept *memory_add(struct order_memory *m, const struct order *o, int64_t now_ns);
void memory_unsuppress(struct order_memory *m, const char *what);
/* For tests and fuzzing: the file's content. */
int memory_decode(struct order_memory *m, const void *bytes, size_t n) MUST_CHECK;

/* orders_check.c */
/* NULL when the order may be carried out, else the word of the refusal and a sentence.  *bytes: what it may
 * cause in a day. */
const char *orders_check(const struct order *o, const struct order_limits *l,
	const struct order_doer *d, const struct order_memory *m, int64_t now_ns, uint64_t *bytes,
	struct why *why);
/* Splits what a person writes for a target: URL, host:port, [address]:port.  -EINVAL. */
int orders_target_host(const char *target, char *host, size_t room);

#endif
