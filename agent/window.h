/* SPDX-License-Identifier: Apache-2.0 */
/* The batches that were sent and have no receipt yet.  Inside of uplink.c only. */
#ifndef AGENT_WINDOW_H
#define AGENT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_MAX 64

struct flight {
	uint64_t first, last; /* numbers without a receipt; last 0: the place is free */
	uint32_t count;
	int token;    /* of the latest sending */
	bool arrived; /* the broker has said so */
	int64_t sent_at, resend_at, interval_ns;
};

struct window {
	struct flight flights[WINDOW_MAX];
	uint32_t size;
	int64_t resend_ns; /* the first interval; doubled up to an hour */
};

struct flight *window_free_place(struct window *w); /* NULL: full */
uint32_t window_used(const struct window *w);
void window_sent(struct window *w, struct flight *f, uint64_t first, uint64_t last, uint32_t count,
	int token, int64_t now);
struct flight *window_token(struct window *w, int token);
/* first..last have a receipt.  Returns when the batch that was concerned had been sent, 0 when none was. */
int64_t window_receipt(struct window *w, uint64_t first, uint64_t last);
void window_heard(struct window *w,
	int64_t now); /* the collector lives: nothing waits longer than the first interval */
void window_lost(struct window *w); /* the connection: what had not arrived is to be sent again */
struct flight *window_due(struct window *w, int64_t now);
int64_t window_next(const struct window *w); /* INT64_MAX none */

#endif
