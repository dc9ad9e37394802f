/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of byte messages between threads; the only way data crosses threads. */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "why.h"
#include <stddef.h>
#include <stdint.h>

struct queue;

/* Holds at most `count` messages and `bytes` bytes. */
int queue_new(struct queue **out, size_t count, size_t bytes) MUST_CHECK;
void queue_free(struct queue *q);

/* Copies the message (tag is the caller's); -ENOBUFS when full, -EPIPE after queue_close(). */
int queue_put(struct queue *q, uint32_t tag, const void *message, size_t n) MUST_CHECK;

/* Like queue_put(), but waits for room: for producers that must not lose. */
int queue_put_wait(struct queue *q, uint32_t tag, const void *message, size_t n) MUST_CHECK;

struct queue_item {
	uint32_t tag;
	size_t len;
	uint8_t data[]; /* one zero byte follows */
};

/* The oldest message, to be freed with free(); NULL when empty.  wait_ms: 0 returns at once, -1
 * waits until there is one or the queue is closed and empty. */
struct queue_item *queue_take(struct queue *q, int wait_ms);

int queue_fd(struct queue *q); /* readable (eventfd) while something is in it: for a loop */
/* Producers get -EPIPE, the consumer drains and then gets NULL. */
void queue_close(struct queue *q);
size_t queue_count(struct queue *q); /* a snapshot, for metrics */
size_t queue_bytes(struct queue *q);

#endif
