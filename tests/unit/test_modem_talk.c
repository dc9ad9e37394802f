/* SPDX-License-Identifier: Apache-2.0 */
/* What modems answer beside a round: the network's time, the balance, the contexts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/core/clock.h"
#include "probes/core/mem.h"
#include "probes/modem/dialect.h"
#include "probes/modem/nitz.h"
#include "probes/modem/ussd.h"
#include <stdio.h>
#include <string.h>

static const char pattern[] =
	"(TKG|TKC|TK goc|TK chinh|Tai khoan goc|Tai khoan chinh|So du)[^0-9]{0,30}([0-9][0-9.,]*)";

static void local_time_and_its_zone_make_utc(void **state)
{
	static const struct {
		const char *answer, *utc;
	} cases[] = {
		{ "+CTZU: 1\n+CCLK: \"26/11/27,12:03:11+28\"\n", "2026-11-27T05:03:11.000Z" },
		{ "+CCLK: \"26/11/27,01:03:11+28\"\n", "2026-11-26T18:03:11.000Z" },
		{ "+CCLK: \"26/11/27,12:03:11-20\"\n", "2026-11-27T17:03:11.000Z" },
		{ "+CCLK: \"2026/11/27,12:03:11+00\"\n", "2026-11-27T12:03:11.000Z" },
		{ "+CCLK:\"26/11/27,12:03:11+23\"\n", "2026-11-27T06:18:11.000Z" },
		/* Quectel's +QLTS=1 is UTC: the zone is for information */
		{ "+QLTS: \"2026/11/27,05:03:11+28,0\"\n", "2026-11-27T05:03:11.000Z" },
		{ "{\"modem\":{\"time\":{\"current\":\"2026-11-27T12:03:11+07\"}}}",
			"2026-11-27T05:03:11.000Z" },
		{ "{\"current\":\"2026-11-27T12:03:11+07:00\"}", "2026-11-27T05:03:11.000Z" },
		{ "{\"current\":\"2026-11-27T12:03:11-0530\"}", "2026-11-27T17:33:11.000Z" },
		{ "Current: '2026-11-27T12:03:11Z'", "2026-11-27T12:03:11.000Z" },
	};
	char text[CLOCK_TEXT];
	const char *why;
	int64_t utc;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (!nitz_parse(cases[i].answer, &utc, &why))
			fail_msg("%s: %s", cases[i].answer, why);
		assert_string_equal(clock_text(utc, text), cases[i].utc);
	}
}

static void a_time_that_no_network_sent_is_refused(void **state)
{
	static const struct {
		const char *answer, *why;
	} cases[] = {
		{ "+CCLK: \"80/01/06,00:00:00+00\"\n", "never set" },
		{ "+CCLK: \"70/01/01,00:00:27+28\"\n", "never set" },
		{ "+CCLK: \"00/01/01,00:00:27+28\"\n", "never set" },
		{ "+CCLK: \"04/01/01,00:00:27+28\"\n", "never set" },
		{ "+CCLK: \"2099/01/01,00:00:27+28\"\n", "never set" },
		{ "+CCLK: \"9999/01/01,00:00:27+28\"\n", "never set" },
		{ "+CCLK: \"26/11/27,12:03:11\"\n", "zone" },
		{ "+CCLK: \"26/11/27,12:03:11+99\"\n", "zone" },
		{ "+CCLK: \"26/11/27,12:03:11-49\"\n", "zone" },
		{ "+CCLK: \"26/13/27,12:03:11+28\"\n", "no time" },
		{ "+CCLK: \"26/11/27,24:03:11+28\"\n", "no time" },
		{ "+CCLK: \"\"\n", "no time" },
		{ "+QLTS: \"\"\n", "no time" },
		{ "+CTZU: 0\n+CCLK: \"26/11/27,12:03:11+28\"\n", "did not follow" },
		{ "+CTZU:0\n+CCLK: \"26/11/27,12:03:11+28\"\n", "did not follow" },
		{ "{\"modem\":{\"time\":{\"current\":\"--\"}}}", "no time" },
		{ "{\"current\":\"2026-11-27T12:03:11\"}", "zone" },
		{ "T", "no time" },
		{ "", "no time" },
	};
	int64_t utc = 7;
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		why = NULL;
		assert_false(nitz_parse(cases[i].answer, &utc, &why));
		if (!why || !strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].answer, why ? why : "no word");
	}
	assert_int_equal(utc, 7);
}

static void a_balance_is_read_in_every_alphabet(void **state)
{
	static const struct {
		const char *answer;
		const char *text;
		int64_t vnd;
	} cases[] = {
		{ "+CUSD: 0,\"TKG: 12.345d, HSD: 01/01/2027\",15\n",
			"TKG: 12.345d, HSD: 01/01/2027", 12345 },
		{ "+CUSD: 1,\"TK goc cua Quy khach la 1.250.000 dong\n1. Nap the\n2. "
		  "\"OK\"\",15\n",
			"TK goc cua Quy khach la 1.250.000 dong\n1. Nap the\n2. \"OK\"", 1250000 },
		/* UCS-2: TKG: 4.500đ */
		{ "+CUSD: 0,\"0054004B0047003A00200034002E003500300030"
		  "0111\",72\n",
			"TKG: 4.500\xc4\x91", 4500 },
		{ "+CUSD: 0,\"0054004B0047003A00200030\",15\n", "TKG: 0", 0 },
		{ "USSD session initiated; new reply from network: 'TKC 5,000 d'\n", "TKC 5,000 d",
			5000 },
		{ "+CUSD: 0,\"TK chinh: 15.000,50d\",15", "TK chinh: 15.000,50d", 15000 },
		{ "+CUSD: 0,\"Quy khach dang dung goi D60G\",15", "Quy khach dang dung goi D60G",
			-1 },
	};
	char text[USSD_TEXT];
	int64_t vnd;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(ussd_text(cases[i].answer, text));
		assert_string_equal(text, cases[i].text);
		vnd = -1;
		assert_int_equal(ussd_balance(text, pattern, &vnd), cases[i].vnd >= 0);
		assert_int_equal(vnd, cases[i].vnd);
	}
}

/* "TKG: 0d" packed: T 54, K 4b, G 47, : 3a, blank 20, 0 30, d 64 */
static void septets_are_unpacked(void **state)
{
	char text[USSD_TEXT];
	uint8_t septets[] = { 0x54, 0x4b, 0x47, 0x3a, 0x20, 0x30, 0x64 }, octet = 0;
	char answer[64] = "+CUSD: 0,\"";
	unsigned held = 0, bits = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(septets); i++) {
		held |= (unsigned)septets[i] << bits;
		for (bits += 7; bits >= 8; bits -= 8, held >>= 8) {
			octet = (uint8_t)held;
			snprintf(answer + strlen(answer), 4, "%02X", octet);
		}
	}
	snprintf(answer + strlen(answer), 12, "%02X\",15\n", held & 0xff);
	assert_true(ussd_text(answer, text));
	assert_string_equal(text, "TKG: 0d");
}

static void what_is_no_answer_gives_no_text(void **state)
{
	static const char *const answers[] = { "", "+CUSD: 2\n", "+CUSD: 4\n", "+CUSD: 0,\"\",15\n",
		"+CUSD: 0,\"", "error: modem has no 3GPP USSD capabilities\n", "USSD ''" };
	char text[USSD_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++)
		assert_false(ussd_text(answers[i], text));
}

static void a_pattern_without_a_group_is_refused_by_name(void **state)
{
	struct why why = { "" };

	(void)state;
	assert_int_equal(ussd_pattern_check(pattern, &why), 0);
	assert_int_not_equal(ussd_pattern_check("TKG: [0-9]+", &why), 0);
	assert_non_null(strstr(why.text, "group"));
	why.text[0] = 0;
	assert_int_not_equal(ussd_pattern_check("TKG: ([0-9]+", &why), 0);
	assert_non_null(strstr(why.text, "pattern"));
	assert_true(ussd_code_is_one("*101#"));
	assert_false(ussd_code_is_one(""));
	assert_false(ussd_code_is_one("*101#\"\r"));
	assert_false(ussd_code_is_one("*1234567890123456789012#"));
}

static void active_contexts_are_told(void **state)
{
	(void)state;
	assert_int_equal(
		at_3gpp_contexts("+CGACT: 1,1\n+CGACT: 2,0\n+CGACT: 5,1\n"), 1 << 1 | 1 << 5);
	assert_int_equal(
		at_3gpp_contexts("+CGACT: 0,1\n+CGACT: 16,1\n+CGACT: x,1\n+CGACT: 3\n"), 0);
	assert_int_equal(at_3gpp_contexts(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_time_and_its_zone_make_utc),
		cmocka_unit_test(a_time_that_no_network_sent_is_refused),
		cmocka_unit_test(a_balance_is_read_in_every_alphabet),
		cmocka_unit_test(septets_are_unpacked),
		cmocka_unit_test(what_is_no_answer_gives_no_text),
		cmocka_unit_test(a_pattern_without_a_group_is_refused_by_name),
		cmocka_unit_test(active_contexts_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
