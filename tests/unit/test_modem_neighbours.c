/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of neighbours and the scans of mmcli and uqmi. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/core/mem.h"
#include "probes/modem/modem.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELLS 12

static struct {
	struct record cells[CELLS];
	size_t n;
} seen;

static void keep(void *arg, const struct record *r)
{
	(void)arg;
	if (seen.n < CELLS)
		seen.cells[seen.n++] = *r;
}

/* One cell as a line: "LTE 45204 1825 211 -84 -9". */
static const char *line_of(const struct record *r)
{
	static char text[120];
	const char *plmn = record_text(r, FIELD_PLMN);
	enum field level = record_has(r, FIELD_RSRP)   ? FIELD_RSRP
	                   : record_has(r, FIELD_RSCP) ? FIELD_RSCP
	                                               : FIELD_RXLEV;

	snprintf(text, sizeof(text), "%s %s %lld %lld %g %g", record_text(r, FIELD_RAT),
		plmn ? plmn : "-", (long long)record_int(r, FIELD_ARFCN, -1),
		(long long)record_int(r, FIELD_PCI, -1), record_real(r, level, NAN),
		record_real(r, FIELD_RSRQ, NAN));
	return text;
}

struct list_case {
	const char *name, *answer;
	const char *lines[CELLS];
};

static void check(const struct list_case *c,
	size_t (*parse)(const char *answer, void (*cell)(void *, const struct record *), void *arg))
{
	size_t n = 0;

	while (n < CELLS && c->lines[n])
		n++;
	seen.n = 0;
	if (parse(c->answer, NULL, NULL) != n || parse(c->answer, keep, NULL) != n)
		fail_msg("%s: %zu cells, expected %zu", c->name, seen.n, n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(line_of(&seen.cells[i]), c->lines[i]) != 0)
			fail_msg("%s: cell %zu is %s, expected %s", c->name, i,
				line_of(&seen.cells[i]), c->lines[i]);
}

static void neighbours_of_every_maker_are_read(void **state)
{
	static const struct list_case cases[] = {
		{ "quectel: RSRQ stands before RSRP",
			"+QENG: \"neighbourcell "
			"intra\",\"LTE\",2300,236,-16,-101,-65,-20,22,6,2,0,46\n"
			"+QENG: \"neighbourcell "
			"intra\",\"LTE\",2300,471,-17,-104,-78,-20,19,6,2,0,46\n"
			"+QENG: \"neighbourcell inter\",\"LTE\",900,-,-,-,-,-,-,0,8,5\n"
			"+QENG: \"neighbourcell inter\",\"LTE\",5035,12,-11,-88,-68,0,-,-,-,-\n"
			"+QENG: \"neighbourcell\",\"GSM\",685,0,4,10,255,1,0,-1920,0\n"
			"+QENG: \"neighbourcell\",\"WCDMA\",3062,3,16,2,-,-,-,-\n",
			{ "LTE - 2300 236 -101 -16", "LTE - 2300 471 -104 -17",
				"LTE - 5035 12 -88 -11" } },
		{ "quectel while in GSM",
			"+QENG: "
			"\"neighbourcell\",\"GSM\",452,04,5504,2C9A,26,87,-69,28,28,0,0\n",
			{ "GSM 45204 87 26 -69 nan" } },
		{ "quectel with nothing", "", { NULL } },
		{ "huawei: the PCI is hexadecimal",
			"^MONNC: LTE,1650,0065,-88,-10,46\n^MONNC: LTE,37900,012C,-96,-13,34\n"
			"^MONNC: NR,636648,01FA,-656,-72,112\n^MONNC: WCDMA,10713,211,-93,-7\n"
			"^MONNC: GSM,8,87,26,2C9A,5504,-78\n^MONNC: NONE\n",
			{ "LTE - 1650 101 -88 -10", "LTE - 37900 300 -96 -13",
				"WCDMA - 10713 211 -93 nan", "GSM - 87 26 -78 nan" } },
		{ "sierra: columns by their head",
			"!LTEINFO:\n"
			"Serving:   EARFCN MCC MNC   TAC      CID Bd D U SNR PCI  RSRQ   RSRP   "
			"RSSI "
			"RXLV\n"
			"              800 452 04 35666 0A14666A  2 5 5  22 404 -14.1  -79.6  "
			"-45.5 "
			"--\n\n"
			"IntraFreq:                                          PCI  RSRQ   RSRP   "
			"RSSI "
			"RXLV\n"
			"                                                    404 -14.1  -79.6  "
			"-45.5 "
			"--\n"
			"                                                    402 -20.0  -89.3  "
			"-57.6 "
			"--\n\n"
			"InterFreq: EARFCN ThresholdLow ThresholdHi Priority PCI  RSRQ   RSRP   "
			"RSSI "
			"RXLV\n"
			"             5110            0           0        0 272 -12.1  -80.9  "
			"-50.6  "
			" 0\n"
			"WCDMA: UARFCN ThreshL ThreshH Prio PSC  RSCP  ECN0 RXLV\n",
			{ "LTE - 800 404 -79.6 -14.1", "LTE - 800 402 -89.3 -20",
				"LTE - 5110 272 -80.9 -12.1" } },
		{ "simcom: frequencies head their cells, tenths",
			"+CMGRMI: Main_Info,4,1,1,1,65535,0,0,0\n"
			"+CMGRMI: "
			"Serving_Cell,1825,452,4,30161,2,46768395,3,5,5,120,211,-90,-840,-550,44\n"
			"+CMGRMI: LTE_Intra,1,1825,211,2\n"
			"+CMGRMI: LTE_Intra_Cell1,211,-90,-840,-550,44\n"
			"+CMGRMI: LTE_Intra_Cell2,77,-135,-1011,-700,17\n"
			"+CMGRMI: LTE_Inter,1\n"
			"+CMGRMI: LTE_InterFreq1,300,1,0,0,0\n"
			"+CMGRMI: LTE_InterFreq1_Cell1,16,-120,-1105,-780,9\n",
			{ "LTE - 1825 211 -84 -9", "LTE - 1825 77 -101.1 -13.5",
				"LTE - 300 16 -110.5 -12" } },
		{ "fibocom",
			"+GTCCINFO:\nLTE service cell:\n"
			"1,4,452,04,75D1,2C9A10B,721,D3,103,100,22,52,52,21\n\nLTE neighbor cell:\n"
			"2,4,452,04,75D1,,721,77,44,40,12\n",
			{ "LTE 45204 -1 -1 -101 -14" } },
		{ "ModemManager",
			"cell type: lte, serving: yes, operator id: 45204, tac: 75D1, ci: 2C9A10B, "
			"physical ci: D3, earfcn: 1825, rsrp: -84.000000, rsrq: -9.500000\n"
			"cell type: lte, serving: no, physical ci: 4D, earfcn: 1650, rsrp: "
			"-111.000000, rsrq: -13.000000\n"
			"cell type: 5gnr, serving: no, physical ci: 172, nrarfcn: 646666, rsrp: "
			"-97.0, rsrq: -11.0, sinr: 3.5\n"
			"cell type: gsm, serving: no, arfcn: 87\n",
			{ "LTE 45204 1825 211 -84 -9.5", "LTE - 1650 77 -111 -13",
				"NR5G-SA - 646666 370 -97 -11" } },
		{ "uqmi: cells without a key are no JSON",
			"{\n\t\"intrafrequency_lte_info\": {\n\t\t\"tracking_area_code\": "
			"4099,\n\t\t\"enodeb_id\": 16509,\n\t\t\"cell_id\": 22,\n\t\t\"channel\": "
			"2075,\n\t\t\"band\": 4,\n\t\t\"serving_cell_id\": 190,\n\t\t{\n\t\t\t"
			"\"physical_cell_id\": 190,\n\t\t\t\"rsrq\": -17.000000,\n\t\t\t\"rsrp\": "
			"-115.900000,\n\t\t\t\"rssi\": -79.100000\n\t\t},\n\t\t{\n\t\t\t"
			"\"physical_cell_id\": 205,\n\t\t\t\"rsrq\": -20.000000,\n\t\t\t\"rsrp\": "
			"-129.800000,\n\t\t\t\"rssi\": "
			"-93.400000\n\t\t}\n\t},\n\t\"interfrequency_lte_info\": {\n\t\t{\n\t\t\t"
			"\"channel\": 1300,\n\t\t\t{\n\t\t\t\t\"physical_cell_id\": 16,\n\t\t\t\t"
			"\"rsrq\": -12.000000,\n\t\t\t\t\"rsrp\": -101.000000,\n\t\t\t\t\"rssi\": "
			"-70.000000\n\t\t\t}\n\t\t}\n\t},\n\t\"lte_info_neighboring_wcdma\": "
			"{\n\t\t{\n\t\t\t\"channel\": "
			"10713,\n\t\t\t{\n\t\t\t\t\"primary_scrambling_"
			"code\": 211,\n\t\t\t\t\"rscp\": -93.000000,\n\t\t\t\t\"ecno\": "
			"-7.000000\n\t\t\t}\n\t\t}\n\t},\n\t\"nr5g_cell_information\": "
			"{\n\t\t\"physical_cell_id\": 370,\n\t\t\"rsrp\": -90.000000\n\t}\n}\n",
			{ "LTE - 2075 190 -115.9 -17", "LTE - 2075 205 -129.8 -20",
				"LTE - 1300 16 -101 -12", "WCDMA - 10713 211 -93 nan" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(&cases[i], neighbour_cells);
}

static void scans_of_the_tools_are_read(void **state)
{
	static const struct list_case cases[] = {
		{ "ModemManager",
			"{\"modem\":{\"3gpp\":{\"scan-networks\":["
			"\"operator-code: 45204, operator-name: Viettel, access-technologies: lte, "
			"availability: current\","
			"\"operator-code: 45201, operator-name: VN MOBIFONE, MOBI, "
			"access-technologies: lte, availability: forbidden\","
			"\"operator-code: 45205, operator-name: --, access-technologies: gsm, "
			"availability: available\"]}}}\n",
			{ "LTE 45204 -1 -1 nan nan", "LTE 45201 -1 -1 nan nan",
				"GSM 45205 -1 -1 nan nan" } },
		{ "ModemManager with nothing", "{\"modem\":{\"3gpp\":{\"scan-networks\":[]}}}\n",
			{ NULL } },
		{ "uqmi",
			"{\"network_info\":[{\"mcc\":452,\"mnc\":4,\"description\":\"Viettel\","
			"\"status\":[\"current_serving\",\"home\",\"not_forbidden\"]},"
			"{\"mcc\":452,\"mnc\":1,\"description\":\"MOBIFONE\",\"status\":["
			"\"available\",\"roaming\",\"forbidden\"]}],"
			"\"radio_access_technology\":[{\"mcc\":452,\"mnc\":4,\"radio\":\"lte\"},"
			"{\"mcc\":452,\"mnc\":4,\"radio\":\"gsm\"},{\"mcc\":452,\"mnc\":1,"
			"\"radio\":"
			"\"umts\"}]}\n",
			{ "LTE 45204 -1 -1 nan nan", "GSM 45204 -1 -1 nan nan",
				"WCDMA 45201 -1 -1 nan nan" } },
		{ "uqmi with nothing", "{\"network_info\":[],\"radio_access_technology\":[]}\n",
			{ NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(&cases[i], survey_cells);
	check(&cases[0], survey_cells);
	assert_string_equal(record_text(&seen.cells[1], FIELD_OPERATOR_NAME), "VN MOBIFONE, MOBI");
	assert_string_equal(record_text(&seen.cells[1], FIELD_PLMN_STATUS), "forbidden");
	assert_false(record_has(&seen.cells[2], FIELD_OPERATOR_NAME));
	check(&cases[2], survey_cells);
	assert_string_equal(record_text(&seen.cells[0], FIELD_PLMN_STATUS), "current");
	assert_string_equal(record_text(&seen.cells[2], FIELD_PLMN_STATUS), "forbidden");
	assert_string_equal(record_text(&seen.cells[2], FIELD_OPERATOR_NAME), "MOBIFONE");
}

/* A list of neighbours is no survey, nor the other way round: each parser leaves the other's answers alone. */
static void scans_and_neighbours_are_not_confused(void **state)
{
	(void)state;
	assert_int_equal(survey_cells("+QENG: \"neighbourcell "
				      "intra\",\"LTE\",2300,236,-16,-101,-65,-20,22,6,2,0,46\n",
				 NULL, NULL),
		0);
	assert_int_equal(
		neighbour_cells("+QSCAN: \"LTE\",452,04,1825,211,-84,-9,44,17,2C9A10B,75D1,100,3\n",
			NULL, NULL),
		0);
	assert_int_equal(survey_cells("^MONNC: LTE,1650,0065,-88,-10,46\n", NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_of_every_maker_are_read),
		cmocka_unit_test(scans_of_the_tools_are_read),
		cmocka_unit_test(scans_and_neighbours_are_not_confused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
