/* SPDX-License-Identifier: Apache-2.0 */
/* The light: which pattern a state is, what the kernel is told, and a command that runs one at a time.  The folder of
 * the LED class is made here as the kernel has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/led.h"
#include "probes/core/clock.h"
#include "probes/core/log.h"
#include "probes/core/mem.h"
#include "remove_folder.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char folder[64];
	struct loop *loop;
	struct led *led;
	char text[4096];
};

static const char *path_of(const struct fixture *f, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	return path;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
	FILE *file = fopen(path_of(f, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *get(struct fixture *f, const char *name)
{
	FILE *file = fopen(path_of(f, name), "r");
	size_t n = file ? fread(f->text, 1, sizeof(f->text) - 1, file) : 0;

	if (file)
		fclose(file);
	f->text[n] = 0;
	return f->text;
}

static int setup(void **state)
{
	struct fixture *f = mem_new(sizeof(*f));

	log_quiet(true);
	snprintf(f->folder, sizeof(f->folder), "/tmp/test_led.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(loop_new(&f->loop), 0);
	put(f, "trigger", "none [heartbeat] timer\n");
	put(f, "delay_on", "");
	put(f, "delay_off", "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	led_free(f->led);
	loop_free(f->loop);
	remove_folder_tree(f->folder);
	free(f);
	return 0;
}

static void light(struct fixture *f)
{
	led_new(&f->led, f->loop, &(struct led_options){ .path = f->folder });
}

static void every_state_has_its_pattern(void **state)
{
	static const struct {
		enum access_state state;
		enum led_pattern pattern;
	} cases[ACCESS_STATES] = {
		{ STATE_UNKNOWN, LED_STARTING },
		{ STATE_OK, LED_OK },
		{ STATE_POWER_LOST, LED_STARTING },
		{ STATE_MODEM_ABSENT, LED_NO_MODEM },
		{ STATE_MODEM_HUNG, LED_NO_MODEM },
		{ STATE_SIM_MISSING, LED_SIM },
		{ STATE_SIM_LOCKED, LED_SIM },
		{ STATE_NO_SERVICE, LED_NO_SIGNAL },
		{ STATE_LIMITED_SERVICE, LED_NO_SIGNAL },
		{ STATE_DENIED, LED_SIM },
		{ STATE_ATTACHED_NO_IP, LED_NO_INTERNET },
		{ STATE_IP_NO_INTERNET, LED_NO_INTERNET },
		{ STATE_CAPTIVE_OR_NO_CREDIT, LED_NO_INTERNET },
		{ STATE_COLLECTOR_DOWN, LED_NO_COLLECTOR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(led_pattern_of(cases[i].state, 0, 0), cases[i].pattern);
	assert_int_equal(led_pattern_of(STATE_OK, 9, LED_WAITING_S), LED_OK);
	assert_int_equal(led_pattern_of(STATE_OK, 9, LED_WAITING_S + 1), LED_WAITING);
	assert_int_equal(led_pattern_of(STATE_OK, 0, LED_WAITING_S + 1), LED_OK);
	/* what is worse goes first */
	assert_int_equal(led_pattern_of(STATE_NO_SERVICE, 9, 9999), LED_NO_SIGNAL);
	for (int i = 0; i < LED_PATTERNS; i++)
		assert_true(led_pattern_name[i] && *led_pattern_name[i]);
}

static void the_kernel_blinks_by_its_timer(void **state)
{
	struct fixture *f = *state;

	light(f);
	led_show(f->led, LED_NO_SIGNAL, STATE_NO_SERVICE);
	assert_string_equal(get(f, "trigger"), "timer");
	assert_string_equal(get(f, "delay_on"), "150");
	assert_string_equal(get(f, "delay_off"), "2850");
	assert_int_equal(led_shown(f->led), LED_NO_SIGNAL);
	led_show(f->led, LED_OK, STATE_OK);
	assert_string_equal(get(f, "delay_on"), "1000");
	assert_string_equal(get(f, "delay_off"), "0");
}

static void nothing_is_written_while_nothing_changes(void **state)
{
	struct fixture *f = *state;

	light(f);
	led_show(f->led, LED_OK, STATE_OK);
	put(f, "delay_on", "touched");
	led_show(f->led, LED_OK, STATE_OK);
	assert_string_equal(get(f, "delay_on"), "touched");
}

static void a_timer_that_is_on_is_not_set_again(void **state)
{
	struct fixture *f = *state;

	put(f, "trigger", "none heartbeat [timer] pattern\n");
	light(f);
	led_show(f->led, LED_SIM, STATE_SIM_MISSING);
	assert_string_equal(get(f, "trigger"), "none heartbeat [timer] pattern\n");
	assert_string_equal(get(f, "delay_on"), "150");
}

static void the_light_goes_out_at_the_end(void **state)
{
	struct fixture *f = *state;

	light(f);
	led_show(f->led, LED_OK, STATE_OK);
	led_free(f->led);
	f->led = NULL;
	assert_string_equal(get(f, "delay_on"), "0");
	assert_string_equal(get(f, "delay_off"), "1000");
}

static void a_light_that_is_not_there_does_no_harm(void **state)
{
	struct fixture *f = *state;

	led_new(&f->led, f->loop, &(struct led_options){ .path = "/sys/class/leds/no such" });
	led_show(f->led, LED_OK, STATE_OK);
	assert_int_equal(led_shown(f->led), LED_OK);
	assert_int_equal(led_shown(NULL), LED_OFF);
	led_show(NULL, LED_OK, STATE_OK);
}

/* A program that says when it begins and ends, and takes its time. */
static void hook(struct fixture *f, const char *seconds, int64_t timeout_ns)
{
	char program[128], log[128];

	snprintf(program, sizeof(program), "%s", path_of(f, "hook"));
	snprintf(log, sizeof(log), "%s", path_of(f, "log"));
	put(f, "hook", "#!/bin/sh\necho \"begin $3 $4\" >>$1\nsleep $2\necho \"end $3\" >>$1\n");
	assert_int_equal(chmod(program, 0755), 0);
	led_new(&f->led, f->loop,
		&(struct led_options){
			.command = (const char *const[]){ program, log, seconds, NULL },
			.timeout_ns = timeout_ns });
}

static void turn_until(struct fixture *f, const char *text)
{
	int64_t end = clock_loop() + 20 * NS_PER_S;

	while (!strstr(get(f, "log"), text) && clock_loop() < end)
		loop_turn(f->loop, 20 * NS_PER_MS);
}

static void the_command_gets_pattern_and_state(void **state)
{
	struct fixture *f = *state;

	hook(f, "0", 0);
	led_show(f->led, LED_NO_INTERNET, STATE_CAPTIVE_OR_NO_CREDIT);
	turn_until(f, "end");
	assert_string_equal(
		get(f, "log"), "begin no_internet captive_or_no_credit\nend no_internet\n");
}

static void one_command_at_a_time_and_the_last_pattern_wins(void **state)
{
	struct fixture *f = *state;

	hook(f, "0.3", 0);
	led_show(f->led, LED_STARTING, STATE_UNKNOWN);
	turn_until(f, "begin starting");
	led_show(f->led, LED_NO_MODEM, STATE_MODEM_HUNG);
	led_show(f->led, LED_SIM, STATE_SIM_LOCKED);
	led_show(f->led, LED_OK, STATE_OK);
	turn_until(f, "end ok");
	assert_string_equal(
		get(f, "log"), "begin starting unknown\nend starting\nbegin ok ok\nend ok\n");
}

static void a_command_that_hangs_is_ended_and_the_next_runs(void **state)
{
	struct fixture *f = *state;

	hook(f, "60", 200 * NS_PER_MS);
	led_show(f->led, LED_STARTING, STATE_UNKNOWN);
	turn_until(f, "begin starting");
	led_show(f->led, LED_OK, STATE_OK);
	turn_until(f, "begin ok");
	assert_string_equal(get(f, "log"), "begin starting unknown\nbegin ok ok\n");
}

static void a_command_that_is_not_there_does_no_harm(void **state)
{
	struct fixture *f = *state;

	led_new(&f->led, f->loop,
		&(struct led_options){
			.command = (const char *const[]){ "/no/such/program", NULL } });
	led_show(f->led, LED_OK, STATE_OK);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, 20 * NS_PER_MS);
	led_show(f->led, LED_SIM, STATE_DENIED);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, 20 * NS_PER_MS);
	assert_int_equal(led_shown(f->led), LED_SIM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_has_its_pattern),
		TEST(the_kernel_blinks_by_its_timer),
		TEST(nothing_is_written_while_nothing_changes),
		TEST(a_timer_that_is_on_is_not_set_again),
		TEST(the_light_goes_out_at_the_end),
		TEST(a_light_that_is_not_there_does_no_harm),
		TEST(the_command_gets_pattern_and_state),
		TEST(one_command_at_a_time_and_the_last_pattern_wins),
		TEST(a_command_that_hangs_is_ended_and_the_next_runs),
		TEST(a_command_that_is_not_there_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
