/* SPDX-License-Identifier: Apache-2.0 */
/* What an enrolment leaves on a probe, and when it holds; files that are replaced whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/enrolled.h"
#include "agent/orders_daemon.h"
#include "agent/settings.h"
#include "probes/core/file.h"
#include "remove_folder.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct conf *conf;

static int begin(void **state)
{
	(void)state;
	conf = NULL;
	snprintf(folder, sizeof(folder), "/tmp/phusong-enrolled-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	conf_free(conf);
	remove_folder_tree(folder);
	return 0;
}

static char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", folder, name);
	return text;
}

/* agent.conf with these lines in uplink = { } and after it. */
static int load(const char *uplink, const char *more, struct buf *problems)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "agent = { state = \"%s\"; };\nuplink = { %s };\n%s",
		folder, uplink, more);

	conf_free(conf);
	conf = NULL;
	assert_int_equal(file_replace(path("agent.conf"), text, (size_t)n, 0600), 0);
	buf_clear(problems);
	return agent_conf_load(&conf, path("agent.conf"), problems);
}

static const char *uplink(const char *key)
{
	return settings_text(conf_section(conf, "uplink"), key);
}

static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static struct enrolled an_enrolment(void)
{
	return (struct enrolled){ .brokers = { "mqtts://a:8883", "mqtts://b:8883" },
		.collector_key = key,
		.collector = "https://c.example",
		.hamlet = "00769-R01",
		.hamlet_name = "Bản \"Há\" \\ Cá Thình",
		.role = "reference",
		.certificate = "CERT",
		.ca = "CA" };
}

static void it_fills_in_what_agent_conf_leaves_empty(void **state)
{
	struct enrolled e = an_enrolment();
	struct why why = { "" };
	struct buf problems;
	struct stat st;

	(void)state;
	buf_init(&problems, 4096);
	assert_int_equal(enrolled_save(&e, folder, &why), 0);
	assert_int_equal(stat(path("enrolled.conf"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(load("brokers = [ ]; ca_file = \"\";", "", &problems), 0);
	assert_int_equal(settings_count(conf_section(conf, "uplink"), "brokers"), 2);
	assert_string_equal(
		settings_text_at(conf_section(conf, "uplink"), "brokers", 1), "mqtts://b:8883");
	assert_string_equal(uplink("collector_key"), key);
	assert_string_equal(uplink("cert_file"), path("client.crt"));
	assert_string_equal(uplink("key_file"), path("identity.pem"));
	assert_string_equal(uplink("ca_file"), path("broker-ca.crt"));
	buf_done(&problems);
}

static void who_writes_a_broker_himself_decides_himself(void **state)
{
	struct enrolled e = an_enrolment();
	struct why why = { "" };
	struct buf problems;

	(void)state;
	buf_init(&problems, 4096);
	assert_int_equal(enrolled_save(&e, folder, &why), 0);
	assert_int_equal(load("brokers = [ \"mqtt://own\" ];", "", &problems), 0);
	assert_int_equal(settings_count(conf_section(conf, "uplink"), "brokers"), 1);
	assert_string_equal(uplink("collector_key"), "");
	assert_string_equal(uplink("ca_file"), "");
	assert_int_equal(load("ca_file = \"/own/ca\";", "", &problems), 0); /* setting by setting */
	assert_string_equal(uplink("ca_file"), "/own/ca");
	assert_string_equal(uplink("cert_file"), path("client.crt"));
	buf_done(&problems);
}

static void nothing_or_rubbish_changes_nothing(void **state)
{
	struct buf problems;

	(void)state;
	buf_init(&problems, 4096);
	assert_int_equal(load("", "", &problems), 0);
	assert_string_equal(uplink("cert_file"), "");
	assert_int_equal(file_replace(path("enrolled.conf"), "uplink = {", 10, 0600), 0);
	assert_int_equal(load("", "", &problems), 0);
	assert_int_equal(settings_count(conf_section(conf, "uplink"), "brokers"), 0);
	buf_done(&problems);
}

static void a_text_that_would_break_the_file_is_not_written(void **state)
{
	struct enrolled e = an_enrolment();
	struct why why = { "" };

	(void)state;
	e.hamlet_name = "a\n@include \"/etc/passwd\"";
	assert_int_equal(enrolled_save(&e, folder, &why), -EINVAL);
	assert_int_equal(access(path("client.crt"), F_OK), -1);
}

/* --- the section orders --- */
static void limits_are_read_from_the_section_orders(void **state)
{
	struct order_limits l;
	struct why why = { "" };
	const char *wrong;
	struct buf problems;

	(void)state;
	buf_init(&problems, 4096);
	assert_int_equal(load("",
				 "orders = { accept = [ \"run\", \"restart_modem\" ]; least_of = [ "
				 "\"signal=30\" ]; "
				 "day_mb = 2; suppress_days = 1; targets = [ \"t:1\" ]; };",
				 &problems),
		0);
	assert_int_equal(order_limits_setting(conf_section(conf, "orders"), &l, &wrong, &why), 0);
	assert_int_equal(l.accept, ACCEPT_RUN | ACCEPT_MODEM);
	assert_string_equal(l.least_of[0].kind, "signal");
	assert_int_equal(l.least_of[0].least_s, 30);
	assert_int_equal(l.bytes_day, 2000000);
	assert_int_equal(l.suppress_ns, 86400 * NS_PER_S);
	assert_string_equal(l.targets[0], "t:1");
	assert_null(l.targets[1]);
	assert_false(l.allow_private);
	buf_done(&problems);
}

static void wrong_limits_are_told_by_line(void **state)
{
	static const char *const wrong[] = { "least_of = [ \"signal\" ];",
		"least_of = [ \"sgnal=5\" ];", "least_of = [ \"signal=0\" ];",
		"least_of = [ \"signal=5x\" ];", "least_of = [ \"=5\" ];",
		"accept = [ \"everything\" ];", "suppress_days = 0;" };
	struct buf problems;
	char text[128];

	(void)state;
	buf_init(&problems, 4096);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "orders = { %s };", wrong[i]);
		assert_int_equal(load("", text, &problems), -EINVAL);
		assert_non_null(strstr(buf_text(&problems), "agent.conf:3: orders."));
	}
	buf_done(&problems);
}

/* --- settings of a test with another target --- */
static void settings_are_copied_with_one_text_changed(void **state)
{
	static const struct setting table[] = {
		{ "target", SETTING_TEXT, 0, 10, "a", "", NULL, "" },
		{ "n", SETTING_INT, 0, 9, "3", "", NULL, "" },
		{ "list", SETTING_TEXTS, 0, 9, "x,y", "", NULL, "" },
		{ "reals", SETTING_REALS, 0, 9, "1.5,2.5", "", NULL, "" },
		{ 0 },
	};
	struct settings *s = NULL, *copy = NULL;
	struct why why = { "" };

	(void)state;
	assert_int_equal(settings_make(&s, table, NULL, NULL, 0, &why), 0);
	assert_int_equal(settings_with(&copy, s, "target", "much too long", &why), -EINVAL);
	assert_int_equal(settings_with(&copy, s, "target", "b", &why), 0);
	settings_free(s);
	assert_string_equal(settings_text(copy, "target"), "b");
	assert_int_equal(settings_int(copy, "n"), 3);
	assert_string_equal(settings_text_at(copy, "list", 1), "y");
	assert_true(settings_real_at(copy, "reals", 1) > 2.4);
	settings_free(copy);
}

/* --- files --- */
static void a_file_is_there_whole_or_as_it_was(void **state)
{
	struct buf b;
	struct stat st;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(file_replace(path("f"), "one", 3, 0600), 0);
	assert_int_equal(file_replace(path("f"), "other", 5, 0640), 0);
	assert_int_equal(file_read(path("f"), &b), 0);
	assert_string_equal(buf_text(&b), "other");
	assert_int_equal(stat(path("f"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(file_replace(path("no/such"), "x", 1, 0600), -ENOENT);
	assert_int_equal(mkdir(path("d"), 0700), 0);
	assert_true(file_replace(path("d"), "x", 1, 0600) < 0); /* a folder is in the way */
	buf_clear(&b);
	assert_int_equal(file_read(path("d"), &b), -EINVAL);
	assert_int_equal(file_read(path("nothing"), &b), -ENOENT);
	assert_int_equal(file_replace(path("f"), "longer than ten", 15, 0600), 0);
	assert_int_equal(file_read(path("f"), &b), -EFBIG);
	assert_int_equal(rmdir(path("d")), 0);
	buf_done(&b);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(it_fills_in_what_agent_conf_leaves_empty),
		T(who_writes_a_broker_himself_decides_himself),
		T(nothing_or_rubbish_changes_nothing),
		T(a_text_that_would_break_the_file_is_not_written),
		T(limits_are_read_from_the_section_orders),
		T(wrong_limits_are_told_by_line),
		T(settings_are_copied_with_one_text_changed),
		T(a_file_is_there_whole_or_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
