/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"
#include "mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct queue {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t filled, emptied;
	struct queue_item **ring;
	size_t room, first, count;
	size_t bytes, bytes_most;
	bool closed;
	int fd; /* holds 1 while count > 0 */
};

int queue_new(struct queue **out, size_t count, size_t bytes)
{
	struct queue *q = mem_new(sizeof(*q));
	pthread_condattr_t monotonic;

	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		int err = -errno;

		free(q);
		return err;
	}
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->filled, &monotonic);
	pthread_cond_init(&q->emptied, &monotonic);
	pthread_condattr_destroy(&monotonic);
	q->room = count ? count : 1;
	q->bytes_most = bytes;
	q->ring = mem_grow(NULL, q->room, sizeof(*q->ring));
	*out = q;
	return 0;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	for (; q->count; q->count--, q->first = (q->first + 1) % q->room)
		free(q->ring[q->first]);
	pthread_cond_destroy(&q->filled);
	pthread_cond_destroy(&q->emptied);
	pthread_mutex_destroy(&q->lock);
	close(q->fd);
	free(q->ring);
	free(q);
}

static bool fits(const struct queue *q, size_t n)
{
	return q->count < q->room && n <= q->bytes_most - q->bytes;
}

static void append(struct queue *q, struct queue_item *item)
{
	const uint64_t one = 1;

	q->ring[(q->first + q->count) % q->room] = item;
	q->bytes += item->len;
	/* cannot fail: the counter is 0 */
	if (!q->count++ && write(q->fd, &one, sizeof(one)) < 0)
		abort();
	pthread_cond_signal(&q->filled);
}

static int put(struct queue *q, uint32_t tag, const void *message, size_t n, bool wait)
{
	struct queue_item *item;
	int err = 0;

	if (n > q->bytes_most) /* waiting would never end */
		return -EMSGSIZE;
	item = mem_new(sizeof(*item) + n + 1);
	item->tag = tag;
	item->len = n;
	if (n)
		memcpy(item->data, message, n);
	pthread_mutex_lock(&q->lock);
	while (wait && !q->closed && !fits(q, n))
		pthread_cond_wait(&q->emptied, &q->lock);
	if (q->closed)
		err = -EPIPE;
	else if (!fits(q, n))
		err = -ENOBUFS;
	else
		append(q, item);
	pthread_mutex_unlock(&q->lock);
	if (err)
		free(item);
	return err;
}

int queue_put(struct queue *q, uint32_t tag, const void *message, size_t n)
{
	return put(q, tag, message, n, false);
}

int queue_put_wait(struct queue *q, uint32_t tag, const void *message, size_t n)
{
	return put(q, tag, message, n, true);
}

static void wait_filled(struct queue *q, int wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	while (!q->count && !q->closed)
		if (pthread_cond_timedwait(&q->filled, &q->lock, &until))
			return;
}

struct queue_item *queue_take(struct queue *q, int wait_ms)
{
	struct queue_item *item = NULL;
	uint64_t one;

	pthread_mutex_lock(&q->lock);
	if (wait_ms > 0)
		wait_filled(q, wait_ms);
	while (wait_ms < 0 && !q->count && !q->closed)
		pthread_cond_wait(&q->filled, &q->lock);
	if (q->count) {
		item = q->ring[q->first];
		q->first = (q->first + 1) % q->room;
		q->bytes -= item->len;
		/* cannot fail: the counter is 1 */
		if (!--q->count && read(q->fd, &one, sizeof(one)) < 0)
			abort();
		/* all: one large message may wait beside small ones that now fit */
		pthread_cond_broadcast(&q->emptied);
	}
	pthread_mutex_unlock(&q->lock);
	return item;
}

int queue_fd(struct queue *q)
{
	return q->fd;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->filled);
	pthread_cond_broadcast(&q->emptied);
	pthread_mutex_unlock(&q->lock);
}

size_t queue_count(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->count;
	pthread_mutex_unlock(&q->lock);
	return n;
}

size_t queue_bytes(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->bytes;
	pthread_mutex_unlock(&q->lock);
	return n;
}
