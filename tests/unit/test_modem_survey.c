/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probes/modem/modem.h"
#include <string.h>

static struct {
	struct record cells[8];
	size_t n;
} seen;

static void keep(void *arg, const struct record *r)
{
	(void)arg;
	if (seen.n < 8)
		seen.cells[seen.n++] = *r;
}

static int setup(void **state)
{
	(void)state;
	seen.n = 0;
	return 0;
}

static void cells_of_all_operators_come_with_their_levels(void **state)
{
	(void)state;
	assert_int_equal(
		survey_cells(
			"+QSCAN: \"LTE\",452,04,1825,211,-84,-9,44,17,2C9A10B,75D1,100,3\n"
			"+QSCAN: \"NR5G\",452,04,646666,370,-91,-11,20,1,2C9A10B01,75D1,100,78\n"
			"+QSCAN: \"LTE\",-,-,1650,77,-111,-13,17,9\n",
			keep, NULL),
		3);
	assert_string_equal(record_text(&seen.cells[0], FIELD_PLMN), "45204");
	assert_int_equal(record_int(&seen.cells[0], FIELD_CELL, 0), 0x2C9A10B);
	assert_int_equal(record_int(&seen.cells[0], FIELD_BAND, 0), 3);
	assert_true(record_real(&seen.cells[0], FIELD_RSRP, 0) == -84);
	assert_string_equal(record_text(&seen.cells[1], FIELD_RAT), "NR5G-SA");
	assert_int_equal(record_int(&seen.cells[1], FIELD_ARFCN, 0), 646666);
	assert_true(record_real(&seen.cells[1], FIELD_RSRQ, 0) == -11);
	/* a cell whose network was not read is a cell */
	assert_false(record_has(&seen.cells[2], FIELD_PLMN));
	assert_true(record_real(&seen.cells[2], FIELD_RSRP, 0) == -111);
}

static void a_list_of_operators_comes_with_their_status(void **state)
{
	(void)state;
	assert_int_equal(survey_cells("+COPS: (2,\"Viettel\",\"Viettel\",\"45204\",7),(3,\"a, "
				      "(b\",\"\",\"45201\",13),"
				      "(1,\"\",\"\",\"45205\"),,(0-4),(0-2)\n",
				 keep, NULL),
		3);
	assert_string_equal(record_text(&seen.cells[0], FIELD_PLMN_STATUS), "current");
	assert_string_equal(record_text(&seen.cells[1], FIELD_PLMN), "45201");
	assert_string_equal(record_text(&seen.cells[1], FIELD_PLMN_STATUS), "forbidden");
	assert_string_equal(record_text(&seen.cells[1], FIELD_RAT), "NR5G-NSA");
	assert_string_equal(record_text(&seen.cells[2], FIELD_RAT), "GSM");
	assert_false(record_has(&seen.cells[2], FIELD_OPERATOR_NAME));
}

static void nothing_heard_is_no_cell(void **state)
{
	(void)state;
	assert_int_equal(survey_cells("", keep, NULL), 0);
	assert_int_equal(survey_cells("+COPS: ,,(0-4),(0-2)\n", keep, NULL), 0);
	assert_int_equal(
		survey_cells("+COPS: (0-4)\n+QSCAN: \n+QSCAN: \"CDMA\",1\n", keep, NULL), 0);
	assert_int_equal(
		survey_cells("+COPS: (1,\"x\",\"x\",\"4520\",7),(9,\"\",\"\",\"45204\",7),(1", keep,
			NULL),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cells_of_all_operators_come_with_their_levels, setup),
		cmocka_unit_test_setup(a_list_of_operators_comes_with_their_status, setup),
		cmocka_unit_test_setup(nothing_heard_is_no_cell, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
