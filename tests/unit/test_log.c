/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/clock.h"
#include "../../probes/core/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char said[8192];

/* What is written to stderr meanwhile, into said.  stream: JOURNAL_STREAM names the file. */
static void listen_to(void (*speak)(void), bool journal)
{
	char path[] = "/tmp/phusong-log-XXXXXX", stream[64];
	int old = dup(STDERR_FILENO), fd = mkstemp(path);
	struct stat st;
	ssize_t n;

	assert_true(fd >= 0 && old >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", journal ? stream : "8:15", 1);
	dup2(fd, STDERR_FILENO);
	speak();
	dup2(old, STDERR_FILENO);
	n = pread(fd, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = 0;
	close(old);
	close(fd);
	unlink(path);
	unsetenv("JOURNAL_STREAM");
}

static void all_levels(void)
{
	log_error("uplink", "no %s", "broker");
	log_warn("uplink", "slow");
	log_info("uplink", "there");
	log_debug("uplink", "bytes");
}

static void plain_text_names_part_and_level(void **state)
{
	(void)state;
	listen_to(all_levels, false);
	assert_string_equal(
		said, "uplink: error: no broker\nuplink: warning: slow\nuplink: there\n");
}

static void the_journal_gets_levels_as_numbers(void **state)
{
	(void)state;
	listen_to(all_levels, true);
	assert_string_equal(said, "<3>uplink: no broker\n<4>uplink: slow\n<6>uplink: there\n");
}

static void debug_parts(void)
{
	log_debug_parts("link,journal");
	log_debug("uplink", "1");
	log_debug("link", "2");
	log_debug("journal", "3");
	log_debug("journ", "4");
	log_debug("journals", "5");
	log_debug_parts("all");
	log_debug("uplink", "6");
	log_debug_parts(NULL);
	log_debug("link", "7");
}

static void only_the_named_parts_debug(void **state)
{
	(void)state;
	listen_to(debug_parts, false);
	assert_string_equal(said, "link: debug: 2\njournal: debug: 3\nuplink: debug: 6\n");
}

static void quietly(void)
{
	log_quiet(true);
	all_levels();
	log_quiet(false);
}

static void quiet_leaves_only_errors(void **state)
{
	(void)state;
	listen_to(quietly, false);
	assert_string_equal(said, "uplink: error: no broker\n");
}

static void forge(void)
{
	char text[3000];

	log_info("modem", "%s", "Viettel\n<0>kernel: panic\x1b[2J\r\x7f");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	log_info("modem", "%s", text);
}

static void a_text_from_outside_stays_one_line_of_bounded_length(void **state)
{
	char *second;
	(void)state;

	listen_to(forge, false);
	second = strchr(said, '\n') + 1;
	assert_memory_equal(
		said, "modem: Viettel <0>kernel: panic [2J  \n", (size_t)(second - said));
	assert_true(strlen(second) <= 1024);
	assert_ptr_equal(strchr(second, '\n'), second + strlen(second) - 1);
}

/* Fails every 10 s for three hours, then works. */
static void complain(void)
{
	struct complaint c = { 0 };

	log_recovered(&c, "uplink", "connected");
	for (int64_t s = 0; s <= 3 * 3600; s += 10)
		log_complain(&c, s * NS_PER_S, "uplink", "refused at %d", (int)s);
	log_recovered(&c, "uplink", "connected");
	log_recovered(&c, "uplink", "connected");
	log_complain(&c, 0, "uplink", "anew");
	log_recovered(&c, "uplink", "connected");
}

static void a_failure_that_repeats_is_said_at_doubling_intervals(void **state)
{
	(void)state;
	listen_to(complain, false);
	/* after 1, 2, 4, 8, 16, 32 and then every 60 minutes */
	assert_string_equal(said, "uplink: warning: refused at 0\n"
				  "uplink: warning: refused at 60 (failure 7 in a row)\n"
				  "uplink: warning: refused at 180 (failure 19 in a row)\n"
				  "uplink: warning: refused at 420 (failure 43 in a row)\n"
				  "uplink: warning: refused at 900 (failure 91 in a row)\n"
				  "uplink: warning: refused at 1860 (failure 187 in a row)\n"
				  "uplink: warning: refused at 3780 (failure 379 in a row)\n"
				  "uplink: warning: refused at 7380 (failure 739 in a row)\n"
				  "uplink: connected again, after 1081 failures\n"
				  "uplink: warning: anew\n"
				  "uplink: connected again, after 1 failure\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_names_part_and_level),
		cmocka_unit_test(the_journal_gets_levels_as_numbers),
		cmocka_unit_test(only_the_named_parts_debug),
		cmocka_unit_test(quiet_leaves_only_errors),
		cmocka_unit_test(a_text_from_outside_stays_one_line_of_bounded_length),
		cmocka_unit_test(a_failure_that_repeats_is_said_at_doubling_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
