/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector asked for: believed only when the collector signed it, within limits that only the local
 * configuration can raise, each once and never again.  Works on the loop's thread.
 *
 * In this order an order is refused or passes: size, form, signature, addressee; seen before (the same answer
 * again); number (an old one is a replay); clock (without a clock that somebody vouches for no order is
 * carried out, because nobody could say whether it has expired: the answer is "later"); expiry; orders.accept;
 * what the action may do here.  Then it is written to flash, and only then carried out: a power cut in between
 * leaves it not done, never done twice. */
#ifndef AGENT_ORDERS_H
#define AGENT_ORDERS_H

#include "../probes/core/clock.h"
#include "../probes/core/loop.h"
#include "../probes/core/order.h"

struct orders;
struct resolve;

/* A test of the local plan, as far as an order is concerned. */
struct order_test {
	const char *kind;
	int64_t interval_s; /* of the local plan */
	bool enabled;       /* in the local plan: an order cannot run what is switched off here */
	bool target;        /* its kind has one */
	uint64_t bytes;     /* the most that one run may move */
};

/* Who carries orders out.  Each returns 0 or -errno with a sentence in why; called on the loop.  A pointer
 * that is NULL means that this agent cannot do it: such orders are refused. */
struct order_doer {
	/* 0: it has begun or waits for its turn, orders_ran() tells the end.  target "": the plan's own. */
	int (*run)(void *arg, const char *test, const char *target, struct why *why);
	/* All that differs from the local plan; n 0: nothing does. */
	int (*plan)(void *arg, const struct order_entry *entry, size_t n, struct why *why);
	/* what: a test, a tag or "*".  Until clock_loop() is until_ns; again for the same replaces. */
	int (*suppress)(
		void *arg, const char *what, int64_t until_ns, bool stop_running, struct why *why);
	int (*unsuppress)(void *arg, const char *what, struct why *why);
	int (*restart_agent)(void *arg, struct why *why); /* soon, not inside this call */
	int (*restart_modem)(void *arg, struct why *why); /* begun is enough */

	bool (*test)(
		void *arg, const char *name, struct order_test *out); /* false: there is none */
	bool (*tag)(void *arg, const char *name); /* a test has this tag; may be NULL: no tags */
	bool (*busy)(
		void *arg); /* something is measured: better not write to flash now; may be NULL */
	void (*reply)(
		void *arg, const void *bytes, size_t n); /* to the collector, if there is a way */
	/* For the record: outcome is begun ok failed refused expired reverted ended. */
	void (*event)(void *arg, const char *step, const char *outcome, const char *id,
		const char *detail);
	void *arg;
};

enum order_accept { /* words of orders.accept */
	ACCEPT_RUN = 1 << 0,
	ACCEPT_PLAN = 1 << 1,
	ACCEPT_SUPPRESS = 1 << 2, /* and unsuppress */
	ACCEPT_RESTART = 1 << 3,  /* of the agent */
	ACCEPT_MODEM = 1 << 4,    /* restart of the modem */
};

#define ORDER_KINDS   32
#define ORDER_TARGETS 32
struct order_limits {
	unsigned accept;  /* enum order_accept */
	uint32_t least_s; /* interval of a test */
	struct {
		char kind[33];
		uint32_t least_s;
	} least_of[ORDER_KINDS]; /* of kinds of their own; an empty kind ends it */
	unsigned runs_hour, runs_day;
	uint64_t bytes_day; /* all ordered runs of a day together; and what a plan costs in a day */
	int64_t suppress_ns, plan_ns; /* longest that one may hold */
	int64_t lost_ns; /* nothing heard of the collector for so long: back to the local plan; 0: never */
	const char *targets[ORDER_TARGETS + 1]; /* NULL ends */
	bool allow_private;
};

struct orders_options {
	const char *path; /* of the memory; written as path.new first */
	const struct identity *identity;
	const uint8_t *key; /* PUBLIC_KEY bytes of the collector; NULL: no order is accepted */
	struct order_limits limits;
	struct loop *loop;
	struct resolve *resolve; /* for targets; NULL: only addresses are accepted as targets */
	void (*clock)(struct clock_state *out); /* NULL: clock_read() */
	struct order_doer doer;
};

int orders_open(struct orders **out, const struct orders_options *o, struct why *why) MUST_CHECK;
void orders_free(struct orders *o); /* NULL is fine */
/* Puts in force what was ordered before and still holds, and tells what a restart left open.  Once. */
void orders_start(struct orders *o);

void orders_message(struct orders *o, const void *bytes, size_t n); /* of the order topic */
void orders_heard(struct orders *o); /* an authentic receipt came: the collector is there */
/* Nothing newer was heard of it for limits.lost_ns, in this run of the agent or since before it. */
bool orders_collector_lost(const struct orders *o);
/* A run of this test ended: one of the plan, or one towards an ordered target. */
void orders_ran(struct orders *o, const char *test, bool other_target, int err);

#define ORDERS_SUPPRESSED 32
struct orders_status {
	uint64_t accepted, refused, repeated; /* of authentic orders, since start */
	uint64_t false_ones;                  /* not authentic, or for another */
	uint64_t dropped;                     /* too many at once */
	char problem[160];                    /* with the last of the false ones, "" none */
	bool plan;                            /* an ordered plan is in force */
	char plan_id[ORDER_ID_TEXT];
	int64_t plan_until_ns; /* UTC */
	size_t suppressed;
	struct {
		char what[ORDER_WORD];
		int64_t until_ns; /* UTC */
	} suppress[ORDERS_SUPPRESSED];
};
void orders_status(const struct orders *o, struct orders_status *out);

#endif
