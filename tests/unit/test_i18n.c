/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/access.h"
#include "collector/i18n.h"

#include <stdbool.h>
#include <string.h>

/* Decodes one character; 0 at the end, UINT32_MAX when it is not UTF-8. */
static uint32_t next(const unsigned char **p)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint32_t c = *(*p)++;
	unsigned more = c >= 0xf0 && c < 0xf5   ? 3
	                : c >= 0xe0 && c < 0xf0 ? 2
	                : c >= 0xc2 && c < 0xe0 ? 1
	                                        : 0;

	if (c < 0x80)
		return c;
	if (!more)
		return UINT32_MAX;
	c &= 0x3fu >> more;
	for (unsigned i = 0; i < more; i++, (*p)++) {
		if ((**p & 0xc0) != 0x80)
			return UINT32_MAX;
		c = c << 6 | (**p & 0x3f);
	}
	return c < least[more] ? UINT32_MAX : c;
}

/* Vietnamese in NFC has no combining mark: every letter with its marks is one character. */
static bool composed(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t c;

	while ((c = next(&p)) != 0)
		if (c == UINT32_MAX || (c >= 0x300 && c <= 0x36f))
			return false;
	return true;
}

static bool same_names(const char *a, const char *b)
{
	for (const char *p = strchr(a, '{'); p; p = strchr(p + 1, '{')) {
		char name[40] = "";
		size_t n = strcspn(p, "}");

		if (p[n] != '}' || n + 2 > sizeof(name))
			return false;
		memcpy(name, p, n + 1);
		if (!strstr(b, name))
			return false;
	}
	return true;
}

static void every_key_has_both_languages_in_nfc(void **state)
{
	(void)state;
	for (unsigned i = 0; i < I18N_COUNT; i++) {
		const char *vi = i18n((enum i18n_key)i, "vi"), *en = i18n((enum i18n_key)i, "en");

		if (!vi || !en || !*vi || !*en || !composed(vi) || !composed(en))
			fail_msg("%s: a language is missing or not NFC",
				i18n_name((enum i18n_key)i));
		if (!same_names(vi, en) || !same_names(en, vi))
			fail_msg("%s: the languages have different {names}",
				i18n_name((enum i18n_key)i));
	}
}

static void a_decomposed_text_would_be_found(void **state)
{
	(void)state;
	assert_true(composed("sóng"));
	assert_false(composed("so\xcc\x81ng"));
	assert_false(composed("\xff"));
	assert_false(same_names("{a}", "{b}"));
}

static void texts_are_filled_in(void **state)
{
	struct buf b;
	char number[I18N_NUMBER];

	(void)state;
	buf_init(&b, 1024);
	i18n_put(&b, TR_WHY_SILENT, "en",
		(const char *const[]){ "since", "{cause}", "cause", "power", NULL });
	assert_string_equal(buf_text(&b), "Nothing usable since {cause}; cause: power.");
	assert_string_equal(i18n_number(number, 95.25, 2, "vi"), "95,25");
	assert_string_equal(i18n_number(number, -0.5, 1, "en"), "-0.5");
	assert_string_equal(i18n_status("no_signal", "vi"), "trắng sóng");
	assert_string_equal(i18n_status("partial", "vi"), "lõm sóng");
	assert_string_equal(i18n_status("?", "vi"), "?");
	buf_done(&b);
}

static void every_state_and_cause_of_a_probe_has_words(void **state)
{
	(void)state;
	for (int i = 0; i < ACCESS_STATES; i++)
		assert_string_not_equal(
			i18n_access(access_state_name[i], "vi"), access_state_name[i]);
	for (const struct access_word *w = access_causes; w->cause; w++) {
		const char *vi = i18n_cause(w->cause, "vi");

		if (strcmp(w->cause, "none") != 0 && (!*vi || vi == w->cause))
			fail_msg("%s has no words", w->cause);
	}
	assert_string_equal(i18n_cause("none", "en"), "");
	assert_string_equal(i18n_cause("of_a_newer_agent", "vi"), "of_a_newer_agent");
	assert_string_equal(i18n_cause("no_credit", "vi"), "SIM hết tiền");
	assert_string_equal(i18n_access("denied", "en"), "network refuses");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_both_languages_in_nfc),
		cmocka_unit_test(a_decomposed_text_would_be_found),
		cmocka_unit_test(texts_are_filled_in),
		cmocka_unit_test(every_state_and_cause_of_a_probe_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
