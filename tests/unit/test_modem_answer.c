/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/core/mem.h"
#include "probes/modem/at_answer.h"
#include <string.h>

static const struct at_command csq = { "AT+CSQ", "+CSQ:", ANSWER_LINES, NULL };
static const struct at_command maybe = { "AT+QCAINFO", "+QCAINFO:", ANSWER_MAYBE, NULL };
static const struct at_command block = { "AT!GSTATUS?", "!GSTATUS:", ANSWER_BLOCK, NULL };
static const struct at_command plain = { "AT+CGMM", "+CGMM:", ANSWER_PLAIN, NULL };
static const struct at_command late = { "AT+CUSD=1,\"*101#\",15", "+CUSD:", ANSWER_LATE, NULL };
static const struct at_command none = { "AT+CMEE=1", NULL, ANSWER_NONE, NULL };

struct answer_case {
	const struct at_command *command;
	const char *in;
	enum at_result result;
	const char *text;
};

static void check(const struct answer_case *c, size_t piece)
{
	enum at_result result = AT_WAITING;
	size_t n = strlen(c->in);
	struct at_answer a;

	at_answer_init(&a);
	at_answer_begin(&a, c->command);
	for (size_t at = 0; at < n && result == AT_WAITING; at += piece)
		result = at_answer_feed(&a, c->in + at, n - at < piece ? n - at : piece);
	assert_int_equal(result, c->result);
	assert_string_equal(buf_text(&a.text), c->text);
	at_answer_done(&a);
}

static void check_all(const struct answer_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t piece = 1; piece < 12; piece++)
			check(&cases[i], piece);
}

static void an_answer_is_found_among_echo_and_unasked_lines(void **state)
{
	static const struct answer_case cases[] = {
		{ &csq, "\r\n+CSQ: 22,99\r\n\r\nOK\r\n", AT_OK, "+CSQ: 22,99\n" },
		{ &csq, "AT+CSQ\r\r\n+CSQ: 22,99\r\n\r\nOK\r\n", AT_OK, "+CSQ: 22,99\n" },
		{ &csq,
			"at+csq\r\n+QIND: \"csq\",1\r\nRING\r\n+CSQ: 22,99\r\n+CMTI: "
			"\"SM\",3\r\nOK\r\n",
			AT_OK, "+CSQ: 22,99\n" },
		{ &csq, "\xff\xfe+CSQ: 22,99\r\n\x01\x9c~\r\nOK\n", AT_OK, "+CSQ: 22,99\n" },
		{ &csq, "+CSQ: 22,99\rOK\r", AT_OK, "+CSQ: 22,99\n" },
		{ &csq, "+CSQ: 22,99\r\nOK", AT_WAITING, "+CSQ: 22,99\n" },
		{ &csq, "\r\nERROR\r\n", AT_ERROR, "ERROR\n" },
		{ &csq, "\r\n+CME ERROR: 10\r\n", AT_ERROR, "+CME ERROR: 10\n" },
		{ &csq, "+CMS ERROR: 302\r\n", AT_ERROR, "+CMS ERROR: 302\n" },
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void the_answer_of_another_command_is_not_ours(void **state)
{
	static const struct answer_case cases[] = {
		{ &csq, "OK\r\n", AT_WAITING, "" },
		{ &csq, "+CEREG: 2,3\r\nOK\r\n+CSQ: 9,99\r\nOK\r\n", AT_OK, "+CSQ: 9,99\n" },
		{ &csq, "+COPS: 0\r\nOK\r\n", AT_WAITING, "" },
		{ &maybe, "+COPS: 0\r\nOK\r\n", AT_WAITING, "" },
		{ &maybe, "+COPS: 0\r\nOK\r\nOK\r\n", AT_OK, "" },
		{ &maybe, "OK\r\n", AT_OK, "" },
		{ &none, "OK\r\n", AT_OK, "" },
		{ &none, "+COPS: 0\r\nOK\r\n", AT_WAITING, "" },
		{ &plain, "OK\r\n", AT_WAITING, "" },
		{ &plain, "+CSQ: 9,99\r\nOK\r\nEC25\r\nOK\r\n", AT_OK, "EC25\n" },
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

/* TS 27.007 7.15: the network's answer comes by itself, before or long after the OK. */
static void an_answer_that_comes_late_is_waited_for(void **state)
{
	static const struct answer_case cases[] = {
		{ &late, "OK\r\n", AT_WAITING, "" },
		{ &late, "OK\r\nRING\r\n+CUSD: 0,\"TKG: 5d\",15\r\n", AT_OK,
			"+CUSD: 0,\"TKG: 5d\",15\n" },
		{ &late, "+CUSD: 0,\"TKG: 5d\",15\r\n", AT_WAITING, "+CUSD: 0,\"TKG: 5d\",15\n" },
		{ &late, "+CUSD: 0,\"TKG: 5d\",15\r\n\r\nOK\r\n", AT_OK,
			"+CUSD: 0,\"TKG: 5d\",15\n" },
		{ &late, "OK\r\n+CUSD: 1,\"TKG: 5d\nOK\r\nERROR\n1. Nap\",15\r\n", AT_OK,
			"+CUSD: 1,\"TKG: 5d\nOK\nERROR\n1. Nap\",15\n" },
		{ &late, "OK\r\n+CUSD: 1,\"TKG: 5d\r\n", AT_WAITING, "+CUSD: 1,\"TKG: 5d\n" },
		{ &late, "OK\r\n+CUSD: 4\r\n", AT_OK, "+CUSD: 4\n" },
		{ &late, "+CME ERROR: 100\r\n", AT_ERROR, "+CME ERROR: 100\n" },
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void a_page_of_lines_is_kept_whole(void **state)
{
	static const struct answer_case cases[] = {
		{ &block,
			"stray\r\n!GSTATUS: \r\nMode:  ONLINE\r\n+CREG: 1\r\n\r\nTAC: "
			"D5AC\r\nOK\r\n",
			AT_OK, "!GSTATUS:\nMode:  ONLINE\nTAC: D5AC\n" },
	};

	(void)state;
	check_all(cases, COUNT(cases));
}

static void an_endless_line_is_cut_and_an_endless_answer_ends_in_its_ceiling(void **state)
{
	struct at_answer a;
	char line[2000];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "+CSQ: ", 6);
	at_answer_init(&a);
	at_answer_begin(&a, &csq);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(at_answer_feed(&a, line, sizeof(line)), AT_WAITING);
		assert_int_equal(at_answer_feed(&a, "\r\n", 2), AT_WAITING);
	}
	assert_true(a.text.len <= AT_ANSWER_CEILING);
	assert_int_equal(at_answer_feed(&a, "OK\r\n", 4), AT_OK);
	at_answer_done(&a);
}

static void half_a_line_is_forgotten_when_the_next_command_begins(void **state)
{
	struct at_answer a;

	(void)state;
	at_answer_init(&a);
	at_answer_begin(&a, &csq);
	assert_int_equal(at_answer_feed(&a, "+CSQ: 2", 7), AT_WAITING);
	at_answer_begin(&a, &csq);
	assert_int_equal(at_answer_feed(&a, "+CSQ: 7,99\r\nOK\r\n", 16), AT_OK);
	assert_string_equal(buf_text(&a.text), "+CSQ: 7,99\n");
	at_answer_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_found_among_echo_and_unasked_lines),
		cmocka_unit_test(the_answer_of_another_command_is_not_ours),
		cmocka_unit_test(an_answer_that_comes_late_is_waited_for),
		cmocka_unit_test(a_page_of_lines_is_kept_whole),
		cmocka_unit_test(an_endless_line_is_cut_and_an_endless_answer_ends_in_its_ceiling),
		cmocka_unit_test(half_a_line_is_forgotten_when_the_next_command_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
