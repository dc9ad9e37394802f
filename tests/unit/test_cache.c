/* SPDX-License-Identifier: Apache-2.0 */
#include "../../collector/http/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void put(struct cache *c, const char *key, uint64_t edition, size_t n)
{
	static const uint8_t bytes[8192];
	struct buf b;

	buf_init(&b, sizeof(bytes));
	buf_put(&b, bytes, n);
	cache_put(c, key, edition, &b);
	buf_done(&b);
}

static size_t get(struct cache *c, const char *key, uint64_t edition)
{
	struct buf b;
	size_t n;

	buf_init(&b, 1 << 20);
	n = cache_get(c, key, edition, &b) ? b.len : 0;
	buf_done(&b);
	return n;
}

static void what_was_put_comes_back_for_its_edition_only(void **state)
{
	struct cache *c = cache_new(10000);

	(void)state;
	put(c, "/tiles/units/1/0/0.mvt", 0, 100);
	put(c, "/tiles/hamlets/1/0/0.mvt", 7, 200);
	assert_int_equal(get(c, "/tiles/units/1/0/0.mvt", 0), 100);
	assert_int_equal(get(c, "/tiles/hamlets/1/0/0.mvt", 7), 200);
	assert_int_equal(get(c, "/tiles/hamlets/1/0/0.mvt", 8), 0);
	assert_int_equal(get(c, "/tiles/hamlets/1/0/1.mvt", 7), 0);
	put(c, "/tiles/hamlets/1/0/0.mvt", 8, 300);
	assert_int_equal(get(c, "/tiles/hamlets/1/0/0.mvt", 8), 300);
	cache_free(c);
}

static void it_never_holds_more_than_its_ceiling_and_keeps_the_newest(void **state)
{
	struct cache *c = cache_new(10000);
	char key[32];
	size_t held = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "/%d", i);
		put(c, key, 1, 1000);
		assert_int_equal(get(c, key, 1), 1000);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "/%d", i);
		held += get(c, key, 1);
	}
	assert_in_range(held, 1000, 10000);
	cache_free(c);
}

static void an_answer_that_would_push_out_the_rest_is_not_kept(void **state)
{
	struct cache *c = cache_new(10000);

	(void)state;
	put(c, "/large", 1, 2501);
	assert_int_equal(get(c, "/large", 1), 0);
	put(c, "/empty", 1, 0);
	assert_int_equal(get(c, "/empty", 1), 0);
	cache_free(c);
}

static void *use(void *arg)
{
	char key[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "/%d", i % 40);
		if (!get(arg, key, (uint64_t)(i / 1000)))
			put(arg, key, (uint64_t)(i / 1000), 500);
	}
	return NULL;
}

static void any_number_of_threads_may_use_it(void **state)
{
	struct cache *c = cache_new(10000);
	pthread_t thread[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, use, c), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_comes_back_for_its_edition_only),
		cmocka_unit_test(it_never_holds_more_than_its_ceiling_and_keeps_the_newest),
		cmocka_unit_test(an_answer_that_would_push_out_the_rest_is_not_kept),
		cmocka_unit_test(any_number_of_threads_may_use_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
