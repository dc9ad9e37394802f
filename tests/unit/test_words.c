/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: both languages, well formed, the same names to fill in; and what stands on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/doc.h"
#include "agent/level.h"
#include "agent/words.h"
#include "probes/core/codec.h"
#include "probes/core/mem.h"
#include "probes/core/utf8.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[WORD_COUNT] = { "NONE",
#define X(key, vi, en) #key,
	WORDS(X)
#undef X
};

/* Vietnamese in NFC has no combining mark (U+0300..U+036F, 0xcc 0x80 to 0xcd 0xaf): each letter with its marks is one
 * character. */
static bool composed(const char *text)
{
	if (!utf8_valid(text, strlen(text)))
		return false;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c == 0xcc || (*c == 0xcd && c[1] <= 0xaf))
			return false;
	return true;
}

/* Each {name} of a is in b. */
static bool names_are_in(const char *a, const char *b)
{
	for (const char *p = strchr(a, '{'); p; p = strchr(p + 1, '{')) {
		char name[40] = "";
		size_t n = strcspn(p, "}");

		if (p[n] != '}' || n < 2 || n + 2 > sizeof(name))
			return false;
		memcpy(name, p, n + 1);
		if (!strstr(b, name))
			return false;
	}
	return true;
}

/* "%d" would be printed as it stands; "%" after a number is a unit. */
static bool without_conversions(const char *text)
{
	for (const char *p = strchr(text, '%'); p; p = strchr(p + 1, '%'))
		if (p == text || p[-1] != ' ' || (p[1] && !strchr(" ),.;", p[1])))
			return false;
	return true;
}

static void every_key_has_both_languages_in_nfc_with_the_same_names(void **state)
{
	(void)state;
	for (enum word w = 1; w < WORD_COUNT; w++) {
		const char *vi = word(w, true), *en = word(w, false);

		if (!*vi || !*en || !composed(vi) || !composed(en))
			fail_msg("%s: a language is missing or not NFC", keys[w]);
		if (!names_are_in(vi, en) || !names_are_in(en, vi))
			fail_msg("%s: the languages have different {names}", keys[w]);
		if (!without_conversions(vi) || !without_conversions(en))
			fail_msg("%s: has a conversion of printf", keys[w]);
	}
	assert_string_equal(word(W_NONE, true), "");
	assert_string_equal(word(WORD_COUNT, true), "");
}

static void what_is_wrong_with_a_text_would_be_found(void **state)
{
	(void)state;
	assert_true(composed("sóng"));
	assert_false(composed("so\xcc\x81ng"));
	assert_false(composed("\xff"));
	assert_false(names_are_in("{a}", "{b}"));
	assert_false(names_are_in("{a", "{a"));
	assert_true(names_are_in("{a} {b}", "{b} {a}"));
	assert_false(without_conversions("%d"));
	assert_false(without_conversions("is %s"));
	assert_true(without_conversions("{n} % lost, {m} %"));
}

static void texts_are_filled_in(void **state)
{
	char out[200], small[8];
	struct buf b;

	(void)state;
	words_text(out, sizeof(out), false, W_R_LATENCY,
		FILL("sent", "20", "back", "{sent}", "lost", "5.0"));
	assert_string_equal(out, "20 packets sent, {sent} came back (5.0 % lost)");
	words_text(out, sizeof(out), true, W_R_LATENCY, FILL("sent", "20"));
	assert_string_equal(out, "gửi 20 gói, nhận lại {back} (mất {lost} %)");
	words_text(small, sizeof(small), true, W_ST_OK, NULL);
	assert_string_equal(small, "tốt");
	/* never cut inside of a character */
	words_text(small, 4, true, W_ST_OK, NULL);
	assert_string_equal(small, "t");
	buf_init(&b, 100);
	words_put(&b, true, W_NONE, NULL);
	assert_string_equal(buf_text(&b), "");
	buf_done(&b);
}

static void numbers_are_written_as_the_language_does(void **state)
{
	char out[WORDS_NUMBER], text[40] = "1.5 Mbit/s. 192.0.2.1.";

	(void)state;
	assert_string_equal(words_real(out, true, 95.25, 2), "95,25");
	assert_string_equal(words_real(out, false, -0.5, 1), "-0.5");
	assert_string_equal(words_decimal(text, true), "1,5 Mbit/s. 192,0,2,1.");
	assert_string_equal(words_bytes(out, true, 1234567), "1,2 MB");
	assert_string_equal(words_bytes(out, false, 999), "999 B");
	assert_string_equal(words_bytes(out, false, 5000000000u), "5.0 GB");
	assert_string_equal(words_span(out, true, 0), "0 giây");
	assert_string_equal(words_span(out, false, -7), "0 s");
	assert_string_equal(words_span(out, false, 119), "119 s");
	assert_string_equal(words_span(out, true, 120), "2 phút");
	assert_string_equal(words_span(out, true, 3 * 3600 + 12 * 60 + 59), "3 giờ 12 phút");
	assert_string_equal(words_span(out, false, 3 * 86400 + 3600), "3 d 1 h");
	assert_string_equal(words_errno(-ENOSPC, true), "hết chỗ trên đĩa");
	assert_string_equal(words_errno(ENOSPC, false), "no space left");
	assert_true(*words_errno(EXDEV, true));
	assert_int_equal(words_columns("Nhật ký"), 7);
}

static void every_word_of_a_record_has_its_text(void **state)
{
	(void)state;
	for (int i = 0; i < ACCESS_STATES; i++)
		if (word_of_state(access_state_name[i]) == W_NONE)
			fail_msg("%s: has no text", access_state_name[i]);
	assert_int_equal(word_of_error("modem_hung")->means, W_ER_MODEM_HUNG);
	assert_int_equal(word_of_error("what is new")->means, W_ER_OTHER);
	assert_int_not_equal(word_of_error(NULL)->todo, W_NONE);
	assert_int_equal(word_of_cause("no_cell"), W_CAUSE_NO_CELL);
	assert_int_equal(word_of_cause("reject_99"), W_CAUSE_REJECT);
	assert_int_equal(word_of_cause("none"), W_NONE);
	assert_int_equal(word_of_cause(NULL), W_NONE);
	assert_null(word_of_verdict("what is new"));
	assert_null(word_of_verdict(NULL));
	assert_int_equal(word_of_sim("?")->means, W_NONE);
	assert_string_equal(word_or(word_of_registration("?"), true, "?"), "?");
}

static void a_name_cannot_give_orders_to_the_terminal(void **state)
{
	char text[] = "Vie\033]0;x\007ttel\x7f\xc2\x9b"
		      "31m sóng\nnext\tline";

	(void)state;
	assert_string_equal(words_safe(text), "Vie?]0;x?ttel???31m sóng\nnext\tline");
}

static unsigned grade(enum field f, const char *rat, double dbm)
{
	struct level l;
	struct record r;

	record_clear(&r, RECORD_SIGNAL);
	record_set_text(&r, FIELD_RAT, rat);
	record_set_real(&r, f, dbm);
	assert_true(level_of(&r, &l));
	assert_true(l.share >= 0 && l.share <= 1);
	assert_true(l.dbm == dbm);
	return l.grade;
}

static void a_level_has_the_grade_of_its_technology(void **state)
{
	struct level l;
	struct record r;

	(void)state;
	assert_int_equal(grade(FIELD_RSRP, "LTE", -140), 0);
	assert_int_equal(grade(FIELD_RSRP, "LTE", -128), 1);
	assert_int_equal(grade(FIELD_RSRP, "LTE", -118.5), 1);
	assert_int_equal(grade(FIELD_RSRP, "LTE", -118), 2);
	assert_int_equal(grade(FIELD_RSRP, "LTE", -108), 3);
	assert_int_equal(grade(FIELD_RSRP, "LTE", -44), 4);
	assert_int_equal(grade(FIELD_RSRP, "NR5G-SA", -91), 1);
	assert_int_equal(grade(FIELD_RSCP, "WCDMA", -95), 3);
	assert_int_equal(grade(FIELD_RXLEV, "GSM", -89), 4);
	record_clear(&r, RECORD_SIGNAL);
	assert_false(level_of(&r, &l));
	record_set_real(&r, FIELD_RSRP, -95);
	record_set_text(&r, FIELD_ERROR, "modem_hung");
	assert_false(level_of(&r, &l));
}

static void a_record_that_was_json_is_the_same_again(void **state)
{
	static const int64_t rates[] = { 1, -2, 3000000000 };
	struct record r, again;
	struct json_object *a, *b;

	(void)state;
	record_clear(&r, RECORD_THROUGHPUT);
	r.seq = 7;
	r.mono_ns = 123456789012;
	r.utc_ns = 1790000000123000000;
	r.state = STATE_COLLECTOR_DOWN;
	record_set_text(&r, FIELD_TARGET, "máy chủ");
	record_set_bool(&r, FIELD_TLS, true);
	record_set_real(&r, FIELD_CPU_SHARE, 0.25);
	record_set_int(&r, FIELD_RATE_BPS, 12000000);
	record_set_ints(&r, FIELD_SUB_BPS, rates, COUNT(rates));
	a = codec_json(&r);
	assert_true(doc_record(a, &again));
	again.clock = r.clock;
	b = codec_json(&again);
	assert_string_equal(json_object_to_json_string(a), json_object_to_json_string(b));
	json_object_put(a);
	json_object_put(b);
}

static void what_is_no_record_of_ours_does_no_harm(void **state)
{
	static const char *const texts[] = { "[]", "null", "{}", "{\"kind\":\"weather\"}",
		"{\"kind\":3}" };
	struct json_object *o;
	struct record r;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		o = json_tokener_parse(texts[i]);
		assert_false(doc_record(o, &r));
		json_object_put(o);
	}
	/* wrong types, fields of another kind, and unknown ones are left out */
	o = json_tokener_parse("{\"kind\":\"signal\",\"rsrp_dbm\":\"x\",\"sent\":5,\"new\":[1],"
			       "\"band\":3,\"raw\":null,\"sinr_db\":7}");
	assert_true(doc_record(o, &r));
	assert_int_equal(r.count, 2);
	assert_int_equal(record_int(&r, FIELD_BAND, 0), 3);
	assert_true(record_real(&r, FIELD_SINR, 0) == 7);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_both_languages_in_nfc_with_the_same_names),
		cmocka_unit_test(what_is_wrong_with_a_text_would_be_found),
		cmocka_unit_test(texts_are_filled_in),
		cmocka_unit_test(numbers_are_written_as_the_language_does),
		cmocka_unit_test(every_word_of_a_record_has_its_text),
		cmocka_unit_test(a_name_cannot_give_orders_to_the_terminal),
		cmocka_unit_test(a_level_has_the_grade_of_its_technology),
		cmocka_unit_test(a_record_that_was_json_is_the_same_again),
		cmocka_unit_test(what_is_no_record_of_ours_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
