/* SPDX-License-Identifier: Apache-2.0 */
/* Claim codes: what people do to them on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/core/claim.h"
#include <cmocka.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void a_code_is_read_as_it_was_written(void **state)
{
	char code[CLAIM_CODE], back[CLAIM_CODE], text[CLAIM_TEXT], name[CLAIM_NAME];

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(claim_make(code), 0);
		assert_int_equal(strspn(code, alphabet), CLAIM_SYMBOLS);
		assert_int_equal(claim_parse(claim_text(code, text), back), 0);
		assert_string_equal(code, back);
		assert_int_equal(strlen(text), 19);
		assert_int_equal(text[4], '-');
		assert_memory_equal(claim_name(code, name), text, 4);
	}
}

static void what_people_write_for_it_is_understood(void **state)
{
	char code[CLAIM_CODE], back[CLAIM_CODE], text[40];
	size_t n = 0;

	(void)state;
	do
		assert_int_equal(claim_make(code), 0);
	while (!strchr(code, '0') || !strchr(code, '1'));
	for (size_t i = 0; i < CLAIM_SYMBOLS; i++) {
		char c = (char)tolower(code[i]);

		text[n++] = c == '0' ? (i % 2 ? 'o' : 'O') : c == '1' ? (i % 2 ? 'l' : 'I') : c;
		if (i % 3 == 2)
			text[n++] = i % 2 ? ' ' : '-';
	}
	text[n] = 0;
	assert_int_equal(claim_parse(text, back), 0);
	assert_string_equal(code, back);
	snprintf(text, sizeof(text), " - %s -", code);
	assert_int_equal(claim_parse(text, back), 0);
}

static void every_wrong_symbol_and_every_exchange_is_found(void **state)
{
	char code[CLAIM_CODE], wrong[CLAIM_CODE], back[CLAIM_CODE];

	(void)state;
	assert_int_equal(claim_make(code), 0);
	for (size_t i = 0; i < CLAIM_SYMBOLS; i++) {
		for (const char *c = alphabet; *c; c++) {
			memcpy(wrong, code, sizeof(wrong));
			wrong[i] = *c;
			assert_int_equal(claim_parse(wrong, back), *c == code[i] ? 0 : -EBADMSG);
		}
		for (size_t k = 0; k < i; k++) {
			memcpy(wrong, code, sizeof(wrong));
			wrong[i] = code[k];
			wrong[k] = code[i];
			assert_int_equal(
				claim_parse(wrong, back), code[i] == code[k] ? 0 : -EBADMSG);
		}
	}
}

static void what_is_no_code_is_told_apart(void **state)
{
	static const char *const wrong[] = { "", "----", "7K3M-9QXW-T2RD-H8V",
		"7K3M-9QXW-T2RD-H8VCC", "7K3M-9QXW-T2RD-H8VU", "7K3M_9QXW_T2RD_H8VC",
		"7K3M-9QXW-T2RD-H8V\xc3\xa9" };
	char back[CLAIM_CODE];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(claim_parse(wrong[i], back), -EINVAL);
	/* sixteen zeroes are the one code that is always good: what nobody typed must not be one of ours */
	assert_int_equal(claim_parse("0000-0000-0000-0000", back), 0);
}

static void the_hash_is_of_the_code_not_of_its_writing(void **state)
{
	char code[CLAIM_CODE], back[CLAIM_CODE], text[CLAIM_TEXT];
	uint8_t one[CLAIM_HASH], two[CLAIM_HASH];

	(void)state;
	assert_int_equal(claim_make(code), 0);
	claim_hash(code, one);
	assert_int_equal(claim_parse(claim_text(code, text), back), 0);
	claim_hash(back, two);
	assert_memory_equal(one, two, CLAIM_HASH);
	back[15] ^= 1;
	claim_hash(back, two);
	assert_memory_not_equal(one, two, CLAIM_HASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_read_as_it_was_written),
		cmocka_unit_test(what_people_write_for_it_is_understood),
		cmocka_unit_test(every_wrong_symbol_and_every_exchange_is_found),
		cmocka_unit_test(what_is_no_code_is_told_apart),
		cmocka_unit_test(the_hash_is_of_the_code_not_of_its_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
