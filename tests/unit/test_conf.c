/* SPDX-License-Identifier: Apache-2.0 */
#include "../../config/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libconfig 1.5 loses the text of a string that does not end. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

static const char *const ways[] = { "up", "down", "both", NULL };

static const struct setting top[] = {
	{ "user", SETTING_TEXT, 0, 8, "", "", NULL, "who runs it" },
	{ "bytes", SETTING_INT, 0, 1e13, "0", "B", NULL, "how many" },
	{ 0 },
};

static const struct setting stamp[] = {
	{ "enabled", SETTING_BOOL, 0, 0, "true", "", NULL, "whether" },
	{ "port", SETTING_INT, 1, 65535, "862", "", NULL, "UDP port" },
	{ "way", SETTING_TEXT, 0, 0, "both", "", ways, "direction" },
	{ "ways", SETTING_TEXTS, 0, 0, "up,down", "", ways, "directions" },
	{ "bounds", SETTING_REALS, 0.1, 1000, "2.5,5", "Mbit/s", NULL, "classes" },
	{ 0 },
};

static const struct setting latency[] = {
	{ "target", SETTING_TEXT, 0, 0, NULL, "", NULL, "host" },
	{ "wait_s", SETTING_REAL, 0.01, 9.5, "1", "s", NULL, "how long" },
	{ 0 },
};

static const struct setting dns[] = {
	{ "question", SETTING_TEXT, 0, 0, "vnnic.vn", "", NULL, "name" },
	{ 0 },
};

static const struct setting common[] = {
	{ "interval_s", SETTING_INT, 10, 86400, "300", "s", NULL, "how often" },
	{ 0 },
};

static const struct setting tls[] = {
	{ "ca_file", SETTING_TEXT, 0, 0, NULL, "", NULL, "authorities" },
	{ 0 },
};

static const struct setting *accept_for(const char *kind)
{
	return !strcmp(kind, "latency") ? latency : !strcmp(kind, "dns") ? dns : NULL;
}

static const struct section sections[] = {
	{ .name = "", .accept = top },
	{ .name = "stamp", .accept = stamp },
	{ .name = "tls", .accept = tls },
	{ .name = "tests", .many = true, .by = "kind", .accept_for = accept_for, .common = common },
	{ 0 },
};

static char folder[64], path[100];
static struct buf problems;
static struct conf *conf;

static void write_file(const char *name, const char *text)
{
	char file[200];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", folder, name);
	f = fopen(file, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load(const char *text, const struct section *s)
{
	write_file("t.conf", text);
	buf_clear(&problems);
	conf_free(conf);
	conf = NULL;
	return conf_load(&conf, path, s, &problems);
}

/* The problems, with the folder of the test taken out of them. */
static const char *problems_of(const char *text)
{
	static char out[8192];
	size_t n = strlen(folder) + 1;
	char *at;

	assert_int_equal(load(text, sections), -EINVAL);
	assert_null(conf);
	snprintf(out, sizeof(out), "%s", buf_text(&problems));
	while ((at = strstr(out, folder)))
		memmove(at, at + n, strlen(at + n) + 1);
	return out;
}

static int open_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/phusong-conf-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/t.conf", folder);
	buf_init(&problems, 1 << 20);
	return 0;
}

static int close_folder(void **state)
{
	static const char *const names[] = { "t.conf", "more.conf", "big.conf" };
	char file[200];
	(void)state;

	conf_free(conf);
	conf = NULL;
	buf_done(&problems);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", folder, names[i]);
		unlink(file);
	}
	return rmdir(folder);
}

static void an_empty_file_has_all_defaults(void **state)
{
	const struct settings *s;
	(void)state;

	assert_int_equal(load("", sections), 0);
	s = conf_section(conf, "stamp");
	assert_true(settings_bool(s, "enabled"));
	assert_int_equal(settings_int(s, "port"), 862);
	assert_string_equal(settings_text(s, "way"), "both");
	assert_int_equal(settings_count(s, "ways"), 2);
	assert_string_equal(settings_text_at(s, "ways", 1), "down");
	assert_int_equal(settings_count(s, "bounds"), 2);
	assert_true(
		settings_real_at(s, "bounds", 0) > 2.49 && settings_real_at(s, "bounds", 0) < 2.51);
	assert_false(settings_given(s, "port"));
	assert_int_equal(settings_line(s, "port"), 0);
	assert_int_equal(conf_count(conf, "tests"), 0);
	assert_string_equal(settings_text(conf_section(conf, ""), "user"), "");
	assert_string_equal(settings_text(conf_section(conf, "tls"), "ca_file"), "");
}

static void what_is_given_holds_and_knows_its_line(void **state)
{
	const struct settings *s;
	(void)state;

	assert_int_equal(load("user = \"phu\";\nstamp = {\n\tport = 0x10; enabled = false;\n\tways "
			      "= [ \"up\" ];\n"
			      "\tbounds = ( 1, 2.5 );\n};\n"
			      "tests = ( { kind = \"latency\"; target = \"a\"; wait_s = 2; },\n"
			      "\t{ kind = \"dns\"; interval_s = 10; } );\n",
				 sections),
		0);
	assert_string_equal(buf_text(&problems), "");
	assert_string_equal(settings_text(conf_section(conf, ""), "user"), "phu");
	s = conf_section(conf, "stamp");
	assert_int_equal(settings_int(s, "port"), 16);
	assert_int_equal(settings_line(s, "port"), 3);
	assert_true(settings_given(s, "port"));
	assert_string_equal(settings_file(s), path);
	assert_false(settings_bool(s, "enabled"));
	assert_int_equal(settings_count(s, "ways"), 1);
	assert_true(settings_real_at(s, "bounds", 0) > 0.99);
	assert_int_equal(conf_count(conf, "tests"), 2);
	s = conf_at(conf, "tests", 0);
	assert_string_equal(settings_text(s, "kind"), "latency");
	assert_true(settings_real(s, "wait_s") > 1.99);
	assert_int_equal(settings_int(s, "interval_s"), 300);
	s = conf_at(conf, "tests", 1);
	assert_string_equal(settings_text(s, "question"), "vnnic.vn");
	assert_int_equal(settings_int(s, "interval_s"), 10);
	assert_int_equal(settings_line(s, "interval_s"), 8);
}

static void all_problems_are_said_at_once(void **state)
{
	(void)state;
	assert_string_equal(
		problems_of("usr = \"x\";\n"
			    "stmp = { port = 5; };\n"
			    "stamp = {\n"
			    "\tport = 0;\n"
			    "\tenabled = 1;\n"
			    "\tway = \"left\";\n"
			    "\tways = [ \"up\", \"rigth\" ];\n"
			    "\tbounds = [ 1.0, 2000.0 ];\n"
			    "\tbound = 3;\n"
			    "};\n"
			    "tests = (\n"
			    "\t{ kind = \"latency\"; target = \"a\"; wait_s = 10.5; interval_s = "
			    "5; },\n"
			    "\t{ kind = \"latncy\"; target = \"z\"; interval_s = \"5\"; },\n"
			    "\t5,\n"
			    "\t{ target = \"x\"; },\n"
			    "\t{ kind = \"latency\"; target = 7; }\n"
			    ");\n"),
		"t.conf:1: usr: unknown key, did you mean \"user\"?\n"
		"t.conf:2: stmp: unknown section, did you mean \"stamp\"?\n"
		"t.conf:4: stamp.port: 0 is below the least, 1\n"
		"t.conf:5: stamp.enabled: must be true or false, not a whole number\n"
		"t.conf:6: stamp.way: \"left\" is none of: up, down, both\n"
		"t.conf:7: stamp.ways: \"rigth\" is none of: up, down, both\n"
		"t.conf:8: stamp.bounds: 2000 Mbit/s is above the most, 1000 Mbit/s\n"
		"t.conf:9: stamp.bound: unknown key, did you mean \"bounds\"?\n"
		"t.conf:12: tests[0].wait_s: 10.5 s is above the most, 9.5 s\n"
		"t.conf:12: tests[0].interval_s: 5 s is below the least, 10 s\n"
		"t.conf:13: tests[1].kind: \"latncy\" is unknown\n"
		"t.conf:13: tests[1].interval_s: must be a whole number, not a text\n"
		"t.conf:14: tests[2]: must be a group, { ... }, not a whole number\n"
		"t.conf:15: tests[3].kind: must be given\n"
		"t.conf:16: tests[4].target: must be a text in \"quotes\", not a whole number\n");
}

static void wrong_shapes_are_named(void **state)
{
	(void)state;
	assert_string_equal(problems_of("user = [ \"x\" ];\nstamp = ( 1 );\ntests = { kind = "
					"\"dns\"; };\ntls = { };\n"),
		"t.conf:1: user: must be a text in \"quotes\", not a list\n"
		"t.conf:2: stamp: must be a group, { ... }, not a list\n"
		"t.conf:4: tls.ca_file: must be given\n"
		"t.conf:3: tests: must be a list of groups, ( { ... }, { ... } )\n");
	assert_string_equal(
		problems_of(
			"stamp = { ways = \"up\"; bounds = [ \"x\" ]; port = 1.0; way = up; };\n"),
		"t.conf:1: syntax error: is a ; a \" or a bracket missing here or on the line "
		"above?\n");
	assert_string_equal(
		problems_of("stamp = { ways = \"up\"; bounds = [ \"x\" ]; port = 1.0; };\n"),
		"t.conf:1: stamp.ways: must be a list of texts, [ \"a\", \"b\" ], not a text\n"
		"t.conf:1: stamp.bounds: must be a list of numbers, [ 1.5, 2.5 ], but number 1 is "
		"a text\n"
		"t.conf:1: stamp.port: must be a whole number, not a real number\n");
}

static void texts_are_measured_and_must_be_clean(void **state)
{
	(void)state;
	assert_string_equal(problems_of("user = \"123456789\";"),
		"t.conf:1: user: 9 bytes are too long, 8 at most\n");
	assert_string_equal(
		problems_of("user = \"a\\nb\";"), "t.conf:1: user: has a control character\n");
	assert_string_equal(problems_of("user = \"a\\xffb\";"), "t.conf:1: user: is not UTF-8\n");
	assert_int_equal(load("user = \"sông\";", sections), 0);
}

static void a_key_given_twice_is_found(void **state)
{
	(void)state;
	assert_string_equal(problems_of("user = \"a\";\n\nuser = \"b\";\n"),
		"t.conf:3: duplicate setting name\n");
}

static void numbers_of_64_bits_are_never_cut_silently(void **state)
{
	(void)state;
	assert_int_equal(load("bytes = 5000000000L; # 6000000000\n", sections), 0);
	assert_true(settings_int(conf_section(conf, ""), "bytes") == 5000000000);
	assert_string_equal(
		problems_of(
			"/* 7000000000\n */ user = \"8000000000\\\"9\";\nbytes = 5000000000;\n"),
		"t.conf:3: 5000000000 needs the suffix L: 5000000000L\n");
	assert_string_equal(problems_of("bytes = 0xFFFFFFFF;"),
		"t.conf:1: 0xFFFFFFFF needs the suffix L: 0xFFFFFFFFL\n");
	assert_string_equal(problems_of("bytes = 99999999999999999999L;"),
		"t.conf:1: 99999999999999999999 is too large\n");
	assert_string_equal(
		problems_of("bytes = -5L;"), "t.conf:1: bytes: -5 B is below the least, 0 B\n");
	write_file("big.conf", "bytes = 5000000000;\n");
	assert_string_equal(problems_of("@include \"big.conf\"\n"),
		"big.conf:1: 5000000000 needs the suffix L: 5000000000L\n");
}

static void included_files_lie_beside_the_file_and_are_named(void **state)
{
	(void)state;
	write_file("more.conf", "port = 99;\nway = \"left\";\n");
	assert_string_equal(problems_of("stamp = {\n@include \"more.conf\"\n};\n"),
		"more.conf:2: stamp.way: \"left\" is none of: up, down, both\n");
	write_file("more.conf", "port = 99;\n");
	assert_int_equal(load("stamp = {\n@include \"more.conf\"\n};\n", sections), 0);
	assert_int_equal(settings_int(conf_section(conf, "stamp"), "port"), 99);
	assert_string_equal(
		problems_of("@include \"none.conf\"\n"), "t.conf:1: cannot open include file\n");
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
	char want[200];
	(void)state;

	snprintf(want, sizeof(want), "%s: No such file or directory\n", path);
	unlink(path);
	buf_clear(&problems);
	assert_int_equal(conf_load(&conf, path, sections, &problems), -ENOENT);
	assert_string_equal(buf_text(&problems), want);
	buf_clear(&problems);
	assert_int_equal(conf_load(&conf, folder, sections, &problems), -EISDIR);
	assert_null(conf);
}

static void sections_that_are_needed_must_be_there(void **state)
{
	static const struct section needed[] = {
		{ .name = "tls", .accept = tls, .needed = true },
		{ .name = "tests", .many = true, .accept = dns, .needed = true },
		{ 0 },
	};
	char want[400];
	(void)state;

	assert_int_equal(load("", needed), -EINVAL);
	snprintf(want, sizeof(want), "%s: tls: is missing\n%s: tests: is missing\n", path, path);
	assert_string_equal(buf_text(&problems), want);
	assert_int_equal(load("tls = { ca_file = \"x\"; };\ntests = ( );\n", needed), -EINVAL);
	snprintf(want, sizeof(want), "%s:2: tests: must have at least one group\n", path);
	assert_string_equal(buf_text(&problems), want);
}

static void what_is_printed_reads_back_and_prints_the_same(void **state)
{
	struct buf first, second;
	(void)state;

	buf_init(&first, 1 << 16);
	buf_init(&second, 1 << 16);
	assert_int_equal(load("user = \"a\\\\\\\"b\"; bytes = 6000000000L; stamp = { ways = [ ]; "
			      "bounds = [ 0.1, 123.456 ]; };\n"
			      "tests = ( { kind = \"latency\"; target = \"a\"; wait_s = 3; }, { "
			      "kind = \"dns\"; } );",
				 sections),
		0);
	conf_print(&first, conf);
	assert_non_null(strstr(buf_text(&first), "# UDP port; 1 .. 65535\n\tport = 862;\n"));
	assert_non_null(strstr(
		buf_text(&first), "# direction; one of: up, down, both\n\tway = \"both\";\n"));
	assert_non_null(strstr(buf_text(&first), "bytes = 6000000000L;\n"));
	assert_non_null(strstr(buf_text(&first), "bounds = [ 0.1, 123.456 ];\n"));
	assert_non_null(strstr(buf_text(&first), "wait_s = 3.0;\n"));
	assert_null(strstr(buf_text(&first), "tls"));
	assert_int_equal(load(buf_text(&first), sections), 0);
	conf_print(&second, conf);
	assert_string_equal(buf_text(&first), buf_text(&second));
	buf_done(&first);
	buf_done(&second);
}

static int make(struct why *why, const char *a, const char *b)
{
	const char *const words[] = { a, b };
	struct settings *s;
	int err;

	*why = (struct why){ 0 };
	err = settings_make(&s, latency, common, words, b ? 2 : 1, why);
	if (!err)
		settings_free(s);
	return err;
}

static void words_of_a_command_line_are_checked_alike(void **state)
{
	const char *const words[] = { "target=a=b", "interval_s=60" };
	struct settings *s;
	struct why why = { 0 };
	(void)state;

	assert_int_equal(settings_make(&s, latency, common, words, 2, &why), 0);
	assert_string_equal(settings_text(s, "target"), "a=b");
	assert_int_equal(settings_int(s, "interval_s"), 60);
	assert_true(settings_real(s, "wait_s") > 0.99);
	assert_true(settings_given(s, "target"));
	assert_false(settings_given(s, "wait_s"));
	settings_free(s);
	assert_int_equal(make(&why, "interval_s=60", NULL), -EINVAL);
	assert_string_equal(why.text, "target: must be given");
	assert_int_equal(make(&why, "target", NULL), -EINVAL);
	assert_string_equal(why.text, "\"target\" is not of the form key=value");
	assert_int_equal(make(&why, "targt=a", NULL), -EINVAL);
	assert_string_equal(why.text, "targt: unknown key, did you mean \"target\"?");
	assert_int_equal(make(&why, "target=a", "target=b"), -EINVAL);
	assert_string_equal(why.text, "target: is given twice");
	assert_int_equal(make(&why, "target=a", "interval_s=5"), -EINVAL);
	assert_string_equal(why.text, "interval_s: 5 s is below the least, 10 s");
	assert_int_equal(make(&why, "target=a", "interval_s=5x"), -EINVAL);
	assert_string_equal(why.text, "interval_s: must be a whole number, not \"5x\"");
	assert_int_equal(make(&why, "target=a", "wait_s=nan"), -EINVAL);
	assert_string_equal(why.text, "wait_s: must be a number, not \"nan\"");
	assert_int_equal(make(&why, "target=a", "wait_s=1.5"), 0);
}

static void lists_of_a_command_line_are_split_at_commas(void **state)
{
	const char *const words[] = { "bounds=1,2.5,40", "ways=up", "enabled=false" };
	const char *const wrong[] = { "bounds=1,x" };
	struct settings *s;
	struct why why = { 0 };
	(void)state;

	assert_int_equal(settings_make(&s, stamp, NULL, words, 3, &why), 0);
	assert_int_equal(settings_count(s, "bounds"), 3);
	assert_true(settings_real_at(s, "bounds", 2) > 39.9);
	assert_int_equal(settings_count(s, "ways"), 1);
	assert_false(settings_bool(s, "enabled"));
	settings_free(s);
	assert_int_equal(settings_make(&s, stamp, NULL, wrong, 1, &why), -EINVAL);
	assert_string_equal(why.text, "bounds: \"x\" is no number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_has_all_defaults),
		cmocka_unit_test(what_is_given_holds_and_knows_its_line),
		cmocka_unit_test(all_problems_are_said_at_once),
		cmocka_unit_test(wrong_shapes_are_named),
		cmocka_unit_test(texts_are_measured_and_must_be_clean),
		cmocka_unit_test(a_key_given_twice_is_found),
		cmocka_unit_test(numbers_of_64_bits_are_never_cut_silently),
		cmocka_unit_test(included_files_lie_beside_the_file_and_are_named),
		cmocka_unit_test(a_file_that_cannot_be_read_says_why),
		cmocka_unit_test(sections_that_are_needed_must_be_there),
		cmocka_unit_test(what_is_printed_reads_back_and_prints_the_same),
		cmocka_unit_test(words_of_a_command_line_are_checked_alike),
		cmocka_unit_test(lists_of_a_command_line_are_split_at_commas),
	};

	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
