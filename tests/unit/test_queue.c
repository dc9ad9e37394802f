/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/clock.h"
#include "../../probes/core/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool readable(struct queue *q)
{
	struct pollfd p = { .fd = queue_fd(q), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void messages_come_out_whole_and_in_order(void **state)
{
	struct queue *q;
	struct queue_item *item;
	(void)state;

	assert_int_equal(queue_new(&q, 10, 100), 0);
	assert_int_equal(queue_put(q, 7, "hello", 5), 0);
	assert_int_equal(queue_put(q, 8, NULL, 0), 0);
	assert_int_equal(queue_count(q), 2);
	assert_int_equal(queue_bytes(q), 5);
	item = queue_take(q, 0);
	assert_int_equal(item->tag, 7);
	assert_int_equal(item->len, 5);
	assert_string_equal((char *)item->data, "hello");
	free(item);
	item = queue_take(q, 0);
	assert_int_equal(item->tag, 8);
	assert_int_equal(item->data[0], 0);
	free(item);
	assert_null(queue_take(q, 0));
	queue_free(q);
}

static void both_ceilings_hold(void **state)
{
	struct queue *q;
	(void)state;

	assert_int_equal(queue_new(&q, 3, 10), 0);
	assert_int_equal(queue_put(q, 0, "12345678901", 11), -EMSGSIZE);
	assert_int_equal(queue_put_wait(q, 0, "12345678901", 11), -EMSGSIZE);
	assert_int_equal(queue_put(q, 0, "1234567", 7), 0);
	assert_int_equal(queue_put(q, 0, "1234", 4), -ENOBUFS);
	assert_int_equal(queue_put(q, 0, "123", 3), 0);
	assert_int_equal(queue_put(q, 0, "", 0), 0);
	assert_int_equal(queue_put(q, 0, "", 0), -ENOBUFS);
	queue_free(q); /* with what is in it */
	queue_free(NULL);
}

static void the_fd_is_readable_while_something_is_in_it(void **state)
{
	struct queue *q;
	(void)state;

	assert_int_equal(queue_new(&q, 3, 10), 0);
	for (int round = 0; round < 3; round++) {
		assert_false(readable(q));
		assert_int_equal(queue_put(q, 0, "a", 1), 0);
		assert_int_equal(queue_put(q, 0, "b", 1), 0);
		assert_true(readable(q));
		free(queue_take(q, 0));
		assert_true(readable(q));
		free(queue_take(q, 0));
	}
	assert_false(readable(q));
	queue_free(q);
}

static void taking_waits_as_long_as_told(void **state)
{
	int64_t from = clock_loop();
	struct queue *q;
	(void)state;

	assert_int_equal(queue_new(&q, 3, 10), 0);
	assert_null(queue_take(q, 30));
	assert_true(clock_loop() - from >= 30 * NS_PER_MS);
	queue_free(q);
}

static void a_closed_queue_drains_and_refuses(void **state)
{
	struct queue *q;
	struct queue_item *item;
	(void)state;

	assert_int_equal(queue_new(&q, 3, 10), 0);
	assert_int_equal(queue_put(q, 1, "a", 1), 0);
	queue_close(q);
	assert_int_equal(queue_put(q, 1, "b", 1), -EPIPE);
	assert_int_equal(queue_put_wait(q, 1, "b", 1), -EPIPE);
	item = queue_take(q, -1);
	assert_non_null(item);
	free(item);
	assert_null(queue_take(q, -1));
	queue_free(q);
}

#define PRODUCERS 4
#define EACH      5000

struct producer {
	struct queue *q;
	uint32_t number;
};

static void *produce(void *arg)
{
	const struct producer *p = arg;

	for (uint32_t i = 0; i < EACH; i++)
		if (queue_put_wait(p->q, p->number, &i, sizeof(i)))
			return arg;
	return NULL;
}

static void nothing_is_lost_or_reordered_between_threads(void **state)
{
	struct producer p[PRODUCERS];
	pthread_t threads[PRODUCERS];
	uint32_t next[PRODUCERS] = { 0 };
	struct queue *q;
	(void)state;

	assert_int_equal(queue_new(&q, 16, 1000), 0);
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		p[i] = (struct producer){ q, i };
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &p[i]), 0);
	}
	for (int i = 0; i < PRODUCERS * EACH; i++) {
		struct queue_item *item = queue_take(q, i % 2 ? -1 : 10000);
		uint32_t number;

		assert_non_null(item);
		memcpy(&number, item->data, sizeof(number));
		assert_int_equal(number, next[item->tag]++);
		free(item);
	}
	for (int i = 0; i < PRODUCERS; i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(queue_count(q), 0);
	queue_free(q);
}

static void *close_soon(void *arg)
{
	usleep(20000);
	queue_close(arg);
	return NULL;
}

static void closing_wakes_who_waits(void **state)
{
	pthread_t thread;
	struct queue *q;
	(void)state;

	assert_int_equal(queue_new(&q, 1, 10), 0);
	assert_int_equal(pthread_create(&thread, NULL, close_soon, q), 0);
	assert_null(queue_take(q, -1));
	pthread_join(thread, NULL);
	queue_free(q);
	assert_int_equal(queue_new(&q, 1, 10), 0);
	assert_int_equal(queue_put(q, 0, "a", 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, close_soon, q), 0);
	assert_int_equal(queue_put_wait(q, 0, "b", 1), -EPIPE);
	pthread_join(thread, NULL);
	queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_out_whole_and_in_order),
		cmocka_unit_test(both_ceilings_hold),
		cmocka_unit_test(the_fd_is_readable_while_something_is_in_it),
		cmocka_unit_test(taking_waits_as_long_as_told),
		cmocka_unit_test(a_closed_queue_drains_and_refuses),
		cmocka_unit_test(nothing_is_lost_or_reordered_between_threads),
		cmocka_unit_test(closing_wakes_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
