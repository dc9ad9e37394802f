/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/buf.h"
#include "../../probes/core/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

static void an_empty_buffer_reads_as_empty_text(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 10);
	assert_string_equal(buf_text(&b), "");
	buf_put(&b, NULL, 0);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.err, 0);
	buf_done(&b);
}

static void what_is_put_is_there_and_terminated(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 10000);
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, "0123456");
	buf_printf(&b, "%d-%s", 42, "x");
	assert_int_equal(b.len, 7004);
	assert_int_equal(b.data[7004], 0);
	assert_string_equal(buf_text(&b) + 7000, "42-x");
	buf_done(&b);
}

static void the_ceiling_holds_to_the_byte_and_the_error_stays(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 100);
	assert_non_null(buf_claim(&b, 100));
	assert_int_equal(b.err, 0);
	buf_put(&b, "x", 1);
	assert_int_equal(b.err, -EMSGSIZE);
	assert_int_equal(b.len, 100);
	buf_drop(&b, 50);
	buf_put(&b, "x", 1); /* would fit, but something is missing before it */
	assert_int_equal(b.len, 50);
	buf_clear(&b);
	buf_puts(&b, "x");
	assert_string_equal(buf_text(&b), "x");
	assert_null(buf_claim(&b, SIZE_MAX));
	buf_done(&b);
}

static void a_text_that_is_too_long_is_not_cut_but_refused(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 5);
	buf_puts(&b, "ab");
	buf_printf(&b, "%s", "long text");
	assert_int_equal(b.err, -EMSGSIZE);
	assert_string_equal(buf_text(&b), "ab");
	buf_done(&b);
}

static void dropping_moves_the_rest_to_the_front(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 100);
	buf_puts(&b, "hello world");
	buf_drop(&b, 6);
	assert_string_equal(buf_text(&b), "world");
	buf_drop(&b, 600);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_text(&b), "");
	buf_done(&b);
}

static void the_first_reason_stays(void **state)
{
	struct why why = { 0 };
	(void)state;

	assert_int_equal(why_say(&why, -EINVAL, "%s:%d", "a", 1), -EINVAL);
	assert_int_equal(why_say(&why, -EPERM, "later"), -EPERM);
	assert_string_equal(why.text, "a:1");
	assert_int_equal(why_say(NULL, -EIO, "nobody listens"), -EIO);
}

static void a_long_reason_is_cut_and_terminated(void **state)
{
	struct why why = { 0 };
	char text[1000];
	(void)state;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	why_say(&why, -EINVAL, "%s", text);
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_reads_as_empty_text),
		cmocka_unit_test(what_is_put_is_there_and_terminated),
		cmocka_unit_test(the_ceiling_holds_to_the_byte_and_the_error_stays),
		cmocka_unit_test(a_text_that_is_too_long_is_not_cut_but_refused),
		cmocka_unit_test(dropping_moves_the_rest_to_the_front),
		cmocka_unit_test(the_first_reason_stays),
		cmocka_unit_test(a_long_reason_is_cut_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
