/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/core/mem.h"
#include "probes/modem/dialect.h"
#include "probes/modem/text.h"
#include "probes/modem/tool.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/data/modem"

static const struct {
	const char *key;
	enum field field;
} keys[] = {
	{ "rat", FIELD_RAT },
	{ "band", FIELD_BAND },
	{ "earfcn", FIELD_ARFCN },
	{ "pci", FIELD_PCI },
	{ "cell", FIELD_CELL },
	{ "rsrp", FIELD_RSRP },
	{ "rsrq", FIELD_RSRQ },
	{ "sinr", FIELD_SINR },
	{ "rssi", FIELD_RSSI },
	{ "nr_rsrp", FIELD_NR_RSRP },
	{ "nr_rsrq", FIELD_NR_RSRQ },
	{ "nr_sinr", FIELD_NR_SINR },
	{ "nr_band", FIELD_NR_BAND },
	{ "nr_pci", FIELD_NR_PCI },
	{ "rscp", FIELD_RSCP },
	{ "ecno", FIELD_ECNO },
	{ "rxlev", FIELD_RXLEV },
	{ "state", FIELD_MODEM_STATE },
	{ "reg", FIELD_REGISTRATION },
	{ "sim", FIELD_SIM },
	{ "reject_cause", FIELD_REJECT_CAUSE },
	{ "implausible", FIELD_IMPLAUSIBLE },
};

static int wrong;

static void complain(
	const char *id, const char *key, const char *want, const struct record *r, enum field f)
{
	char got[64] = "nothing";

	if (record_has(r, f) && field_info(f)->type == FIELD_TEXT)
		snprintf(got, sizeof(got), "%s", record_text(r, f));
	else if (record_has(r, f))
		snprintf(got, sizeof(got), "%g", record_real(r, f, NAN));
	print_error("%s: %s is %s, expected %s\n", id, key, got, want);
	wrong++;
}

static bool as_expected(const struct record *r, enum field f, struct json_object *want)
{
	if (!want)
		return !record_has(r, f);
	if (!record_has(r, f))
		return false;
	if (json_object_is_type(want, json_type_string))
		return !strcmp(record_text(r, f), json_object_get_string(want));
	return fabs(record_real(r, f, NAN) - json_object_get_double(want)) < 0.001;
}

static void check_plmn(const char *id, const struct record *r, struct json_object *expect)
{
	struct json_object *mcc, *mnc = NULL;
	char want[16];

	if (!json_object_object_get_ex(expect, "mcc", &mcc))
		return;
	json_object_object_get_ex(expect, "mnc", &mnc);
	snprintf(want, sizeof(want), "%d%s", json_object_get_int(mcc),
		mnc ? json_object_get_string(mnc) : "");
	if (mcc ? !record_has(r, FIELD_PLMN) || strcmp(record_text(r, FIELD_PLMN), want)
		: record_has(r, FIELD_PLMN))
		complain(id, "plmn", want, r, FIELD_PLMN);
}

static void check_tac(const char *id, const struct record *r, struct json_object *expect)
{
	struct json_object *hex;

	if (json_object_object_get_ex(expect, "tac_hex", &hex) &&
		record_int(r, FIELD_TAC, -1) != strtol(json_object_get_string(hex), NULL, 16))
		complain(id, "tac", json_object_get_string(hex), r, FIELD_TAC);
}

static unsigned check_fields(const char *id, const struct record *r, struct json_object *expect)
{
	unsigned known = 0;

	json_object_object_foreach(expect, key, want)
	{
		if (!strcmp(key, "mcc") || !strcmp(key, "mnc") || !strcmp(key, "tac_hex") ||
			!strcmp(key, "error"))
			known++;
		for (size_t i = 0; i < COUNT(keys); i++) {
			enum field f = keys[i].field;

			if (strcmp(key, keys[i].key) != 0)
				continue;
			known++;
			/* the answer does not tell home from roaming: the modem's own word says so */
			if (f == FIELD_REGISTRATION && want &&
				!strcmp(json_object_get_string(want), "registered")) {
				if (!strstr(record_text(r, FIELD_MODEM_STATE), "REGISTERED"))
					complain(id, key, "REGISTERED", r, FIELD_MODEM_STATE);
			} else if (!as_expected(r, f, want)) {
				complain(id, key, want ? json_object_get_string(want) : "nothing",
					r, f);
			}
		}
	}
	if ((int)known != json_object_object_length(expect)) {
		print_error("%s: an expectation is not understood\n", id);
		wrong++;
	}
	check_plmn(id, r, expect);
	check_tac(id, r, expect);
	return known;
}

static void parse_tool(struct radio *x, const char *cmd, const char *resp)
{
	static const struct {
		const char *option;
		void (*take)(struct radio *x, struct json_object *answer);
	} takes[] = {
		{ "--get-signal-info", uqmi_signal_parse },
		{ "--get-serving-system", uqmi_serving_parse },
		{ "--uim-get-sim-state", uqmi_sim_parse },
		{ "--signal-get", mm_signal_parse },
		{ "signal part", mm_signal_parse },
		{ "--location-get", mm_location_parse },
		{ "mmcli", mm_modem_parse },
	};
	struct json_object *answer = tool_json(resp, strlen(resp));

	for (size_t i = 0; answer && i < COUNT(takes); i++)
		if (strstr(cmd, takes[i].option)) {
			takes[i].take(x, answer);
			break;
		}
	json_object_put(answer);
}

static void check_line(const char *line)
{
	struct json_object *o = json_tokener_parse(line), *expect = tool_member(o, "expect", NULL);
	const char *id = tool_text(o, "id"), *cmd = tool_text(o, "cmd"),
		   *resp = tool_text(o, "resp");
	const struct at_dialect *d = at_dialect_named(tool_text(o, "family"));
	struct record r;
	struct radio x;

	assert_non_null(o);
	record_clear(&r, RECORD_SIGNAL);
	radio_begin(&x, &r, tool_text(o, "modem"));
	if (d) {
		if (strstr(cmd, "+CPIN"))
			at_3gpp_sim(&x, resp);
		at_3gpp_parse(&x, resp);
		d->parse(&x, resp);
	} else {
		parse_tool(&x, cmd, resp);
	}
	if (tool_member(expect, "error", NULL) && tool_json(resp, strlen(resp)))
		complain(id, "error", "no JSON", &r, FIELD_ERROR);
	radio_end(&x);
	check_fields(id, &r, expect);
	json_object_put(o);
}

static void every_recorded_answer_gives_the_values_it_must(void **state)
{
	DIR *folder = opendir(FOLDER);
	struct dirent *e;
	unsigned n = 0;

	(void)state;
	assert_non_null(folder);
	while ((e = readdir(folder))) {
		char path[300], line[8192];
		FILE *f;

		if (!strstr(e->d_name, ".jsonl"))
			continue;
		snprintf(path, sizeof(path), FOLDER "/%s", e->d_name);
		f = fopen(path, "r");
		assert_non_null(f);
		for (; fgets(line, sizeof(line), f); n++)
			check_line(line);
		fclose(f);
	}
	closedir(folder);
	assert_int_equal(wrong, 0);
	assert_true(n >= 60);
}

static void identities_are_masked(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "+CIMI: 452041234567890", "+CIMI: XXXXXXXXXXXXXXX" },
		{ "+CNUM: ,\"+84912345678\",145", "+CNUM: ,\"+XXXXXXXXXXX\",145" },
		{ "+CCID: 8984048000012345678F", "+CCID: XXXXXXXXXXXXXXXXXXXX" },
		{ "TMSI: C0FFEE12 IP: 10.239.7.12", "TMSI:XXXXXXXXX IP: XXXXXXXXXXX" },
		{ "+C5GREG: 2,1,\"114000\",\"100072000\",11,4,\"01.010101\"",
			"+C5GREG: 2,1,\"114000\",\"100072000\",11,4,\"01.010101\"" },
		{ "RSRP: -84.5dBm (-256.0dBm)", "RSRP: -84.5dBm (-256.0dBm)" },
		{ "a\x01\x1b[2Jb\r\nc", "a[2Jb\nc" },
	};
	char out[100];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(radio_mask(out, sizeof(out), cases[i].in), strlen(cases[i].out));
		assert_string_equal(out, cases[i].out);
	}
	assert_int_equal(radio_mask(out, 6, "452041234567890"), 5);
	assert_string_equal(out, "XXXXX");
}

static void the_maker_chooses_the_dialect(void **state)
{
	(void)state;
	assert_string_equal(at_dialect_for("Quectel EC25")->name, "quectel");
	assert_string_equal(
		at_dialect_for("SIMCOM INCORPORATED SIMCOM_SIM7600E-H")->name, "simcom");
	assert_string_equal(at_dialect_for("Sierra Wireless, Incorporated EM7455")->name, "sierra");
	assert_string_equal(at_dialect_for("Fibocom Wireless Inc. L850-GL")->name, "fibocom");
	assert_string_equal(at_dialect_for("huawei ME909s-120")->name, "huawei");
	assert_string_equal(at_dialect_for("Dell DW5821e Snapdragon X20 LTE")->name, "foxconn");
	assert_string_equal(at_dialect_for("u-blox SARA-R510S")->name, "u-blox");
	assert_string_equal(at_dialect_for("Nobody Knows")->name, "3gpp");
}

static void an_imsi_leaves_only_the_network_that_issued_it(void **state)
{
	struct record r;
	struct radio x;

	(void)state;
	record_clear(&r, RECORD_SIGNAL);
	radio_begin(&x, &r, "");
	radio_home_of_imsi(&x, "452041234567890");
	assert_string_equal(record_text(&r, FIELD_HOME_PLMN), "45204");
	radio_home_of_imsi(&x, "310410123456789");
	assert_string_equal(record_text(&r, FIELD_HOME_PLMN), "310410");
	radio_home_of_imsi(&x, "garbage");
	assert_string_equal(record_text(&r, FIELD_HOME_PLMN), "310410");
}

static void numbers_are_whole_texts(void **state)
{
	int64_t i;
	double d;

	(void)state;
	assert_true(text_int("-105", &i) && i == -105);
	assert_false(text_int("-", &i));
	assert_false(text_int("", &i));
	assert_false(text_int("12a", &i));
	assert_false(text_int("99999999999999999999", &i));
	assert_true(text_hex("0x7D08", &i) && i == 0x7D08);
	assert_false(text_hex("0x", &i));
	assert_false(text_hex("FFFFFFFFFFFFFFFFFF", &i));
	assert_true(text_real("-093.70", &d) && fabs(d + 93.7) < 1e-9);
	assert_false(text_real("nan", &d));
	assert_false(text_real("0x10", &d));
	assert_false(text_real("1.2.3", &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_answer_gives_the_values_it_must),
		cmocka_unit_test(identities_are_masked),
		cmocka_unit_test(the_maker_chooses_the_dialect),
		cmocka_unit_test(an_imsi_leaves_only_the_network_that_issued_it),
		cmocka_unit_test(numbers_are_whole_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
