/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/child.h"
#include "emulated.h"
#include "../../probes/core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct seen {
	struct loop *loop;
	int calls, err, exit_status;
	size_t out_len;
	char out[70000], errors[2000];
};

static void done(void *arg, const struct child_result *r)
{
	struct seen *s = arg;

	s->calls++;
	s->err = r->err;
	s->exit_status = r->exit_status;
	s->out_len = r->out_len;
	snprintf(s->out, sizeof(s->out), "%s", r->out);
	snprintf(s->errors, sizeof(s->errors), "%s", r->errors);
	loop_stop(s->loop, 0);
}

static struct seen *run(const char *const argv[], int64_t timeout_ns, size_t ceiling)
{
	struct seen *s = calloc(1, sizeof(*s));
	struct child *c;

	assert_int_equal(loop_new(&s->loop), 0);
	assert_int_equal(child_start(&c, s->loop, argv, timeout_ns, ceiling, done, s), 0);
	assert_int_equal(s->calls, 0); /* never from child_start() itself */
	assert_int_equal(loop_run(s->loop), 0);
	loop_turn(s->loop, NS_PER_MS);
	assert_int_equal(s->calls, 1);
	return s;
}

static struct seen *shell(const char *script, int64_t timeout_ns, size_t ceiling)
{
	return run((const char *const[]){ "sh", "-c", script, NULL }, timeout_ns, ceiling);
}

static void finish(struct seen *s)
{
	loop_free(s->loop);
	free(s);
}

static void output_errors_and_exit_status_are_kept_apart(void **state)
{
	struct seen *s = shell("echo out; echo wrong >&2; exit 3", 10 * NS_PER_S, 1000);
	(void)state;

	assert_int_equal(s->err, 0);
	assert_int_equal(s->exit_status, 3);
	assert_string_equal(s->out, "out\n");
	assert_string_equal(s->errors, "wrong\n");
	finish(s);
}

static void output_larger_than_a_pipe_arrives_whole(void **state)
{
	/* 1.2 MB, of which the last line is looked at */
	struct seen *s =
		shell("i=0; while [ $i -lt 3000 ]; do printf '%0400d' $i; i=$((i+1)); done",
			20 * NS_PER_S, 2000000);
	(void)state;

	assert_int_equal(s->err, 0);
	assert_int_equal(s->out_len, 3000 * 400);
	finish(s);
}

static void what_was_written_before_a_late_look_is_not_lost(void **state)
{
	struct seen s = { 0 };
	struct child *c;
	(void)state;

	assert_int_equal(loop_new(&s.loop), 0);
	assert_int_equal(
		child_start(&c, s.loop, (const char *const[]){ "printf", "%060000d", "7", NULL },
			NS_PER_S * 20, 100000, done, &s),
		0);
	usleep(300000); /* the loop is busy elsewhere; the child has ended when it comes back */
	assert_int_equal(loop_run(s.loop), 0);
	assert_int_equal(s.err, 0);
	assert_int_equal(s.out_len, 60000);
	loop_free(s.loop);
}

static void no_shell_looks_at_the_arguments(void **state)
{
	struct seen *s = run((const char *const[]){ "echo", "$HOME; echo 'x' | cat", NULL },
		10 * NS_PER_S, 1000);
	(void)state;

	assert_string_equal(s->out, "$HOME; echo 'x' | cat\n");
	finish(s);
}

static void a_missing_program_is_said_from_the_loop(void **state)
{
	struct seen *s =
		run((const char *const[]){ "phusong-no-such-program", NULL }, 10 * NS_PER_S, 1000);
	(void)state;

	SKIP_EMULATED("vfork() becomes fork(), and posix_spawn() cannot tell that exec failed");
	assert_int_equal(s->err, -ENOENT);
	assert_string_equal(s->out, "");
	finish(s);
	s = run((const char *const[]){ "/etc/passwd", NULL }, 10 * NS_PER_S, 1000);
	assert_int_equal(s->err, -EACCES);
	finish(s);
}

static void the_deadline_kills_and_keeps_what_was_said(void **state)
{
	int64_t from = clock_loop();
	struct seen *s = shell("trap '' TERM; echo early; sleep 30", 200 * NS_PER_MS, 1000);
	(void)state;

	assert_int_equal(s->err, -ETIMEDOUT);
	assert_int_equal(s->exit_status, 128 + SIGKILL);
	assert_string_equal(s->out, "early\n");
	assert_true(clock_loop() - from < 5 * NS_PER_S);
	finish(s);
}

static void the_whole_process_group_is_killed(void **state)
{
	struct seen *s = shell("sleep 1000 & echo $!; wait", 200 * NS_PER_MS, 1000);
	pid_t grandchild = (pid_t)strtol(s->out, NULL, 10);
	struct timespec pause = { 0, 10000000 };
	(void)state;

	assert_true(grandchild > 1);
	/* init reaps it; a zombie until then counts as gone */
	for (int i = 0; i < 200 && !kill(grandchild, 0); i++) {
		char path[64], text[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)grandchild);
		f = fopen(path, "r");
		if (!f || !fgets(text, sizeof(text), f))
			text[0] = 0;
		if (f)
			fclose(f);
		if (!text[0] || strstr(text, ") Z"))
			break;
		assert_true(i < 199);
		nanosleep(&pause, NULL);
	}
	finish(s);
}

static void what_outlives_its_parent_does_not_hold_up_the_result(void **state)
{
	int64_t from = clock_loop();
	struct seen *s = shell("sleep 1000 & echo fine", 20 * NS_PER_S, 1000);
	(void)state;

	assert_int_equal(s->err, 0);
	assert_string_equal(s->out, "fine\n");
	assert_true(clock_loop() - from < 5 * NS_PER_S);
	finish(s);
}

static void too_much_output_kills_and_the_first_bytes_stay(void **state)
{
	struct seen *s = run((const char *const[]){ "yes", NULL }, 20 * NS_PER_S, 10);
	(void)state;

	assert_int_equal(s->err, -EMSGSIZE);
	assert_string_equal(s->out, "y\ny\ny\ny\ny\n");
	finish(s);
}

static void output_up_to_the_ceiling_is_fine(void **state)
{
	struct seen *s = shell("printf 1234567890", 20 * NS_PER_S, 10);
	(void)state;

	assert_int_equal(s->err, 0);
	assert_string_equal(s->out, "1234567890");
	finish(s);
}

static void of_the_errors_the_first_kilobyte_stays(void **state)
{
	struct seen *s = shell(
		"i=0; while [ $i -lt 300 ]; do printf '%01000d' 7 >&2; i=$((i+1)); done; echo end",
		20 * NS_PER_S, 10);
	(void)state;

	assert_int_equal(s->err, 0);
	assert_string_equal(s->out, "end\n");
	assert_int_equal(strlen(s->errors), 1024);
	finish(s);
}

static void the_child_gets_no_blocked_signals_and_no_input(void **state)
{
	sigset_t set, old;
	struct seen *s;
	(void)state;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	s = shell("grep SigBlk /proc/self/status; cat", 20 * NS_PER_S, 1000);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(s->err, 0);
	assert_string_equal(s->out, "SigBlk:\t0000000000000000\n");
	finish(s);
}

static void a_killed_child_says_nothing_and_is_gone(void **state)
{
	struct seen s = { 0 };
	struct child *c;
	(void)state;

	SKIP_EMULATED(
		"vfork() becomes fork(): the child may not have its group yet when it is killed");
	assert_int_equal(loop_new(&s.loop), 0);
	assert_int_equal(child_start(&c, s.loop, (const char *const[]){ "sleep", "1000", NULL },
				 NS_PER_S, 10, done, &s),
		0);
	child_kill(c);
	child_kill(NULL);
	loop_turn(s.loop, 5 * NS_PER_MS);
	assert_int_equal(s.calls, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_errors_and_exit_status_are_kept_apart),
		cmocka_unit_test(output_larger_than_a_pipe_arrives_whole),
		cmocka_unit_test(what_was_written_before_a_late_look_is_not_lost),
		cmocka_unit_test(no_shell_looks_at_the_arguments),
		cmocka_unit_test(a_missing_program_is_said_from_the_loop),
		cmocka_unit_test(the_deadline_kills_and_keeps_what_was_said),
		cmocka_unit_test(the_whole_process_group_is_killed),
		cmocka_unit_test(what_outlives_its_parent_does_not_hold_up_the_result),
		cmocka_unit_test(too_much_output_kills_and_the_first_bytes_stay),
		cmocka_unit_test(output_up_to_the_ceiling_is_fine),
		cmocka_unit_test(of_the_errors_the_first_kilobyte_stays),
		cmocka_unit_test(the_child_gets_no_blocked_signals_and_no_input),
		cmocka_unit_test(a_killed_child_says_nothing_and_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
