/* SPDX-License-Identifier: Apache-2.0 */
/* What the collector may ask of a probe, and what the probe answers, on the wire.  The envelope is that of
 * batches and receipts, each under a name of its own, so that none can pass as another.  Layout: WIRE.md.
 *
 * An order with anything in it that is not understood is not carried out at all: half an order is another
 * order. */
#ifndef CORE_ORDER_H
#define CORE_ORDER_H

#include "buf.h"
#include "identity.h"
#include <stdbool.h>

#define ORDER_VERSION   1
#define ORDER_BYTES_MAX 8192 /* a longer message is refused unread */
#define REPLY_BYTES_MAX 1024
#define ORDER_ID        16
#define ORDER_ID_TEXT   PROBE_ID_TEXT /* written like a probe id */
#define ORDER_WORD      49            /* a test's name, a tag, "agent", "modem" */
#define ORDER_TARGET    256
#define ORDER_ENTRIES   64

enum order_action { /* numbers are on the wire and in databases: append only */
	ORDER_RUN = 1,
	ORDER_PLAN,
	ORDER_SUPPRESS,
	ORDER_UNSUPPRESS,
	ORDER_RESTART,
	ORDER_ACTIONS
};
extern const char *const order_action_name[ORDER_ACTIONS]; /* NULL, "run", "plan" ... */

struct order_entry { /* one test of a plan; what is not said stays as it is in the local plan */
	char test[ORDER_WORD];
	uint32_t interval_s; /* 0: not said */
	int8_t enabled;      /* -1: not said */
};

struct order {
	uint8_t probe[PROBE_ID], id[ORDER_ID];
	uint64_t number; /* greater than that of every earlier order to this probe */
	int64_t issued_ns, expires_ns;
	uint8_t action; /* enum order_action */
	char what
		[ORDER_WORD]; /* RUN: a test.  SUPPRESS, UNSUPPRESS: a test, a tag or "*".  RESTART */
	char target[ORDER_TARGET]; /* RUN: in place of the plan's; "" none */
	int64_t until_ns;          /* PLAN, SUPPRESS: holds until then */
	bool stop_running;         /* SUPPRESS: what runs is ended, too */
	uint32_t entries;          /* PLAN; none: back to the local plan */
	struct order_entry entry[ORDER_ENTRIES];
};

/* -EINVAL: it does not hold together and would be refused. */
int order_seal(struct buf *out, const struct order *o, const struct identity *collector) MUST_CHECK;
/* Checks everything that needs no clock, memory or plan: size, form, that `key` signed it, version, fields.
 * -EMSGSIZE, -ENODATA, -EBADMSG, -EKEYREJECTED (signature), -EPERM (another signer's).  -EPROTONOSUPPORT:
 * authentic, but of a version or with fields or an action that are not known here; then probe, id, number,
 * issued_ns and expires_ns are good, if their order fits version 1. */
int order_open(struct order *out, const void *bytes, size_t n, const uint8_t key[PUBLIC_KEY],
	struct why *why) MUST_CHECK;

enum reply_state {
	REPLY_ACCEPTED = 1, /* it is remembered and begun; DONE follows */
	REPLY_REFUSED,      /* for good */
	REPLY_DONE,
	REPLY_LATER, /* not now: the same order may come again */
	REPLY_STATES
};
extern const char *const reply_state_name[REPLY_STATES]; /* NULL, "accepted" ... */

#define REPLY_WORD   24
#define REPLY_DETAIL 160

struct order_reply {
	uint8_t probe[PROBE_ID], id[ORDER_ID]; /* probe is overwritten with the signer's */
	uint8_t state;                         /* enum reply_state */
	char word[REPLY_WORD];                 /* refused, later: why; done: "ok", "failed" ... */
	char detail[REPLY_DETAIL];             /* the same in a sentence, "" none */
	int64_t utc_ns;                        /* by the probe's clock, or UTC_UNKNOWN */
};
int reply_seal(
	struct buf *out, const struct order_reply *r, const struct identity *probe) MUST_CHECK;
/* Errors as of order_open(); -EPERM: the probe id is not that of the signer. */
int reply_open(struct order_reply *out, const void *bytes, size_t n, struct why *why) MUST_CHECK;

/* The payloads alone: for fuzzing. */
int order_read(struct order *out, const uint8_t *payload, size_t n) MUST_CHECK;
int reply_read(struct order_reply *out, const uint8_t *payload, size_t n) MUST_CHECK;

/* Whether an order holds together: its action's fields are there and no others.  For who writes one. */
bool order_sound(const struct order *o);

#endif
