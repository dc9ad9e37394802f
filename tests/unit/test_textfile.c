/* SPDX-License-Identifier: Apache-2.0 */
/* The file for Prometheus where a running daemon does not go: strange labels, nothing known, no place to write.  The
 * system tests read a real one with a strict parser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/textfile.h"
#include "agent/world.h"
#include "probes/core/log.h"
#include "probes/core/mem.h"
#include "remove_folder.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	char folder[64];
	struct probe_world world;
	struct plan plan;
	struct schedule *schedule;
	struct uplink_status uplink;
	struct budget budget;
	struct record signal;
	struct textfile file;
	struct textfile_facts facts;
	struct buf text;
};

static int setup(void **state)
{
	struct fixture *f = mem_new(sizeof(*f));

	log_quiet(true);
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_textfile.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(world_open(&f->world, NULL, NULL, NULL), 0);
	assert_int_equal(
		schedule_new(&f->schedule, &f->world, &f->plan, 0, (struct schedule_owner){ 0 }),
		0);
	snprintf(f->file.path, sizeof(f->file.path), "%s/agent.prom", f->folder);
	f->file.every_ns = NS_PER_S;
	f->facts = (struct textfile_facts){ .probe = "p",
		.version = "1",
		.clock = { .source = CLOCK_NONE, .utc_ns = UTC_UNKNOWN, .error_us = -1 },
		.uplink = &f->uplink,
		.budget = &f->budget,
		.signal = &f->signal,
		.schedule = f->schedule,
		.temperature_c = NAN };
	buf_init(&f->text, 1 << 20);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	buf_done(&f->text);
	schedule_free(f->schedule);
	world_close(&f->world);
	remove_folder_tree(f->folder);
	free(f);
	return 0;
}

static const char *made(struct fixture *f)
{
	buf_clear(&f->text);
	textfile_put(&f->text, &f->file, &f->facts);
	assert_int_equal(f->text.err, 0);
	return buf_text(&f->text);
}

static void what_is_not_known_is_absent(void **state)
{
	struct fixture *f = *state;
	const char *text = made(f);

	assert_null(strstr(text, "temperature"));
	assert_null(strstr(text, "since_timestamp"));
	assert_null(strstr(text, "clock_error"));
	assert_null(strstr(text, "signal_"));
	assert_null(strstr(text, "budget_limit"));
	assert_null(strstr(text, "receipt_age"));
	assert_null(strstr(text, "test_"));
	assert_null(strstr(text, "nan"));
	assert_non_null(strstr(text, "phusong_agent_clock_source{source=\"none\"} 1\n"));
}

static void a_round_that_failed_has_an_age_and_no_values(void **state)
{
	struct fixture *f = *state;

	record_clear(&f->signal, RECORD_SIGNAL);
	record_set_real(&f->signal, FIELD_RSRP, -97.5);
	f->facts.mono_ns = 2 * NS_PER_S;
	assert_non_null(
		strstr(made(f), "phusong_agent_signal_rsrp_dbm{rat=\"\",plmn=\"\"} -97.5\n"));
	record_set_text(&f->signal, FIELD_ERROR, "modem_hung");
	assert_null(strstr(made(f), "rsrp"));
	assert_non_null(strstr(made(f), "phusong_agent_signal_age_seconds 2\n"));
}

static void labels_are_escaped(void **state)
{
	struct fixture *f = *state;

	f->facts.probe = "a\"b\\c\nd";
	assert_non_null(strstr(made(f), "probe=\"a\\\"b\\\\c\\nd\""));
}

static void the_file_is_replaced_whole_and_what_it_costs_is_counted(void **state)
{
	struct fixture *f = *state;
	char fresh[600];

	assert_true(textfile_due(&f->file, 0));
	assert_int_equal(textfile_write(&f->file, &f->facts, 5), 0);
	assert_int_equal(f->file.writes, 1);
	assert_true(f->file.bytes > 1000);
	assert_false(textfile_due(&f->file, 5 + NS_PER_S - 1));
	assert_true(textfile_due(&f->file, 5 + NS_PER_S));
	snprintf(fresh, sizeof(fresh), "%s.new", f->file.path);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_int_equal(access(f->file.path, R_OK), 0);
	assert_non_null(strstr(made(f), "phusong_agent_textfile_writes_total 1\n"));
	textfile_end(&f->file);
	assert_int_equal(access(f->file.path, F_OK), -1);
}

static void a_folder_that_is_not_there_is_an_error_and_no_more(void **state)
{
	struct fixture *f = *state;

	snprintf(f->file.path, sizeof(f->file.path), "%s/no/agent.prom", f->folder);
	assert_int_equal(textfile_write(&f->file, &f->facts, 0), -ENOENT);
	assert_int_equal(f->file.err, -ENOENT);
	assert_int_equal(f->file.writes, 0);
	textfile_end(&f->file);
	f->file.path[0] = 0;
	assert_false(textfile_due(&f->file, 1000 * NS_PER_S));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_known_is_absent),
		TEST(a_round_that_failed_has_an_age_and_no_values),
		TEST(labels_are_escaped),
		TEST(the_file_is_replaced_whole_and_what_it_costs_is_counted),
		TEST(a_folder_that_is_not_there_is_an_error_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
