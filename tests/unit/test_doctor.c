/* SPDX-License-Identifier: Apache-2.0 */
/* What of doctor needs no device: which failure is the cause, hosts of a configuration, what a board tells about its
 * power, and the watch that ends what hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/doctor.h"
#include "agent/doctor_power.h"
#include "agent/doctor_watch.h"
#include "probes/core/mem.h"
#include "remove_folder.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void the_cause_is_what_explains_most(void **state)
{
	struct visit *v = mem_new(sizeof(*v));

	(void)state;
	for (enum step s = 0; s < STEPS; s++)
		v->findings[s] = (struct finding){ .result = PASSED, .because = -1 };
	assert_int_equal(doctor_cause(v), STEPS);
	v->findings[STEP_AGENT].result = FAILED;
	v->findings[STEP_BUDGET].result = FAILED;
	assert_int_equal(doctor_cause(v), STEP_AGENT);
	v->findings[STEP_MODEM].result = FAILED;
	v->findings[STEP_SIM] = (struct finding){ .result = SKIPPED, .because = STEP_MODEM };
	assert_int_equal(doctor_cause(v), STEP_MODEM);
	/* one that was left out is no cause */
	v->findings[STEP_MODEM].result = SKIPPED;
	assert_int_equal(doctor_cause(v), STEP_AGENT);
	free(v);
}

static void every_step_has_name_words_and_only_earlier_ones_to_depend_on(void **state)
{
	(void)state;
	for (enum step s = 0; s < STEPS; s++) {
		const struct doctor_step *d = &doctor_steps[s];

		assert_true(d->name && *d->name && d->look && d->title != W_NONE);
		assert_int_equal((d->needs | d->blames) >> s, 0);
		for (enum step t = 0; t < s; t++)
			assert_string_not_equal(d->name, doctor_steps[t].name);
	}
}

static void hosts_are_found_in_every_form(void **state)
{
	static const struct {
		const char *target, *host;
		unsigned port;
		bool address;
	} cases[] = {
		{ "mqtt://broker.example:1884", "broker.example", 1884, false },
		{ "mqtts://broker.example", "broker.example", 0, false },
		{ "mqtts://[2001:db8::1]:8883", "2001:db8::1", 8883, true },
		{ "https://192.0.2.1/path:x", "192.0.2.1", 0, true },
		{ "reflector.example:862", "reflector.example", 862, false },
		{ "2001:db8::1", "2001:db8::1", 0, true },
		{ "[2001:db8::1]", "2001:db8::1", 0, true },
		{ "192.0.2.1:862", "192.0.2.1", 862, true },
		{ "", "", 0, false },
		{ "://", "", 0, false },
		{ "[", "", 0, false },
	};
	char host[HOST_MAX], long_one[600];
	unsigned port;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		doctor_host(cases[i].target, host, &port);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
		assert_int_equal(doctor_is_address(host), cases[i].address);
	}
	memset(long_one, 'a', sizeof(long_one));
	long_one[sizeof(long_one) - 1] = 0;
	doctor_host(long_one, host, &port);
	assert_int_equal(strlen(host), HOST_MAX - 1);
}

static void put(const char *folder, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	for (char *c = path + strlen(folder) + 1; (c = strchr(c, '/')); c++) {
		*c = 0;
		(void)!mkdir(path, 0755);
		*c = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_board_tells_about_its_power_or_does_not(void **state)
{
	char folder[] = "/tmp/test_doctor.XXXXXX";
	struct power_seen p;

	(void)state;
	assert_non_null(mkdtemp(folder));
	power_look(&p, folder);
	assert_true(p.under_voltage == -1 && p.mains == -1 && p.charge == -1);
	put(folder, "power_supply/BAT0/type", "Battery\n");
	put(folder, "power_supply/BAT0/capacity", "250\n"); /* nonsense */
	power_look(&p, folder);
	assert_int_equal(p.charge, -1);
	put(folder, "power_supply/BAT0/capacity", "73\n");
	/* one that is connected among others that are not, whatever their order */
	put(folder, "power_supply/AC/type", "Mains\n");
	put(folder, "power_supply/AC/online", "0\n");
	put(folder, "power_supply/usb-a/type", "USB_PD\n");
	put(folder, "power_supply/usb-a/online", "1\n");
	put(folder, "power_supply/usb-b/type", "USB\n");
	put(folder, "power_supply/usb-b/online", "0\n");
	put(folder, "hwmon/hwmon0/name", "cpu_thermal\n");
	put(folder, "hwmon/hwmon0/in0_lcrit_alarm", "1\n");
	power_look(&p, folder);
	assert_true(p.under_voltage == -1 && p.mains == 1 && p.charge == 73);
	put(folder, "hwmon/hwmon1/name", "rpi_volt\n");
	put(folder, "hwmon/hwmon1/in0_lcrit_alarm", "1\n");
	power_look(&p, folder);
	assert_int_equal(p.under_voltage, 1);
	put(folder, "hwmon/hwmon1/in0_lcrit_alarm", "0\n");
	power_look(&p, folder);
	assert_int_equal(p.under_voltage, 0);
	put(folder, "hwmon/hwmon1/in0_lcrit_alarm", "?\n");
	power_look(&p, folder);
	assert_int_equal(p.under_voltage, -1);
	remove_folder_tree(folder);
}

static void say_something(void *arg)
{
	(void)!write(*(int *)arg, "overdue", 7);
}

static void what_hangs_is_ended_and_said(void **state)
{
	char text[16] = "";
	int ends[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		(void)doctor_watch_start(50 * NS_PER_MS, say_something, &ends[1]);
		sleep(30);
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_int_equal(read(ends[0], text, sizeof(text)), 7);
	assert_string_equal(text, "overdue");
	close(ends[0]);
	close(ends[1]);
}

static void what_ends_in_time_is_left_alone(void **state)
{
	int none = -1;

	(void)state;
	doctor_watch_end(doctor_watch_start(60 * NS_PER_S, say_something, &none));
	doctor_watch_end(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cause_is_what_explains_most),
		cmocka_unit_test(every_step_has_name_words_and_only_earlier_ones_to_depend_on),
		cmocka_unit_test(hosts_are_found_in_every_form),
		cmocka_unit_test(a_board_tells_about_its_power_or_does_not),
		cmocka_unit_test(what_hangs_is_ended_and_said),
		cmocka_unit_test(what_ends_in_time_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
