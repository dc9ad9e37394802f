/* SPDX-License-Identifier: Apache-2.0 */
/* Which test may run now: the device, the allowance and the line, asked as the schedule asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/daemon.h"
#include "../../probes/core/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MB 1000000

static const char text[] =
	"quiet = { tags = [ \"thirsty\" ]; };\n"
	"budget = { month_mb = 100; telemetry_mb = 0; idle_down_kbps = 0; idle_up_kbps = 0; };\n"
	"tests = ( { kind = \"throughput\"; target = \"http://192.0.2.1:1\"; mode = \"full\"; },\n"
	"{ kind = \"latency\"; target = \"192.0.2.1\"; },\n"
	"{ kind = \"latency\"; name = \"big\"; target = \"192.0.2.1\"; size = 1500; count = 1000; "
	"tags = [ \"thirsty\" ]; },\n"
	"{ kind = \"signal\"; port = \"/dev/no-such-port\"; } );\n";

enum { THROUGHPUT, LATENCY, BIG, SIGNAL };

static void nothing(void *arg, struct probe *p, const struct record *r)
{
	(void)arg;
	(void)p;
	(void)r;
}

static void no_change(void *arg, struct record *r)
{
	(void)arg;
	(void)r;
}

static int begin(void **state)
{
	struct daemon *d = mem_new(sizeof(*d));
	struct schedule_owner owner = { .record = nothing };
	struct access_options access = { .no_modem = true };
	char path[] = "/tmp/test_permit.XXXXXX";
	struct plan_test t;
	struct buf problems;
	struct why why = { "" };
	int fd = mkstemp(path), err;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	close(fd);
	buf_init(&problems, 4096);
	err = agent_conf_load(&d->conf, path, &problems);
	unlink(path);
	if (!err)
		err = world_open(&d->world, NULL, NULL, &why);
	if (!err)
		err = daemon_spend_settings(d, &why);
	if (!err)
		err = schedule_new(&d->schedule, &d->world, NULL, 0, owner);
	for (size_t i = 0; !err && i < conf_count(d->conf, "tests"); i++) {
		const struct settings *s = conf_at(d->conf, "tests", i);
		const char *name = *settings_text(s, "name") ? settings_text(s, "name")
		                                             : settings_text(s, "kind");

		plan_read_test(&t, &d->plan, s, "tests", &problems);
		err = schedule_add(
			d->schedule, probe_type_named(settings_text(s, "kind")), name, &t, &why);
	}
	if (err)
		print_error("%s%s\n", buf_text(&problems), why.text);
	buf_done(&problems);
	d->cut = mem_new(8);
	/* nothing is told: what is cut in these tests is known beforehand */
	memset(d->cut, 0, 8);
	strncpy(d->billed, "no-such-iface", sizeof(d->billed) - 1);
	snprintf(d->budget.path, sizeof(d->budget.path), "/tmp/test_permit.%d", (int)getpid());
	d->access = access_new(&access, no_change, d);
	*state = d;
	return err;
}

static int end(void **state)
{
	struct daemon *d = *state;

	unlink(d->budget.path);
	schedule_free(d->schedule);
	access_free(d->access);
	world_close(&d->world);
	conf_free(d->conf);
	free(d->cut);
	free(d);
	return 0;
}

static struct probe *probe_at(struct daemon *d, size_t i)
{
	struct schedule_entry e;

	schedule_entry(d->schedule, i, &e);
	return (struct probe *)(uintptr_t)e.probe;
}

static enum schedule_verdict may(struct daemon *d, size_t i)
{
	return daemon_may_run(d, probe_at(d, i), 0);
}

static void a_hot_device_holds_what_fills_the_line_and_what_is_tagged(void **state)
{
	struct daemon *d = *state;

	assert_int_equal(may(d, THROUGHPUT), SCHEDULE_GO);
	assert_int_equal(may(d, BIG), SCHEDULE_GO);
	d->quiet.hot = true;
	assert_int_equal(may(d, THROUGHPUT), SCHEDULE_HOLD);
	assert_int_equal(may(d, BIG), SCHEDULE_HOLD);
	assert_int_equal(may(d, LATENCY), SCHEDULE_GO);
	assert_int_equal(may(d, SIGNAL), SCHEDULE_GO);
}

static void what_does_not_fit_into_its_share_is_not_started(void **state)
{
	struct daemon *d = *state;
	int64_t big = probe_most_bytes(probe_at(d, BIG));

	/* latency goes to 95 %, and costs a few kilobytes */
	d->budget.used = 95 * MB - 100000;
	assert_int_equal(may(d, LATENCY), SCHEDULE_GO);
	assert_true(big > 3 * MB);
	assert_int_equal(may(d, BIG), SCHEDULE_SKIP);
	d->budget.used = 95 * MB;
	assert_int_equal(may(d, LATENCY), SCHEDULE_SKIP);
	d->budget.used = 200 * MB;
	assert_int_equal(may(d, SIGNAL), SCHEDULE_GO); /* costs nothing */
	d->budget.limit = 0;
	assert_int_equal(may(d, BIG), SCHEDULE_GO);
}

static void a_test_that_can_be_capped_gets_what_is_left(void **state)
{
	struct daemon *d = *state;
	struct probe *p = probe_at(d, THROUGHPUT);

	assert_true(probe_most_bytes(p) > 500 * MB); /* both ways, in full */
	assert_int_equal(may(d, THROUGHPUT), SCHEDULE_GO);
	assert_int_equal(probe_allowance(p), 70 * MB);
	assert_int_equal(probe_may_cost(p), 70 * MB);
	d->budget.used = 60 * MB;
	assert_int_equal(may(d, THROUGHPUT), SCHEDULE_GO);
	assert_int_equal(probe_allowance(p), 10 * MB);
	d->budget.used = 60 * MB + 1;
	assert_int_equal(may(d, THROUGHPUT), SCHEDULE_SKIP);
	d->budget.limit = 0;
	assert_int_equal(may(d, THROUGHPUT), SCHEDULE_GO);
	assert_int_equal(probe_allowance(p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_hot_device_holds_what_fills_the_line_and_what_is_tagged, begin, end),
		cmocka_unit_test_setup_teardown(
			what_does_not_fit_into_its_share_is_not_started, begin, end),
		cmocka_unit_test_setup_teardown(
			a_test_that_can_be_capped_gets_what_is_left, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
