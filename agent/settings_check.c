/* SPDX-License-Identifier: Apache-2.0 */
/* What no table can say: values that must fit together. */
#include "settings_inside.h"
#include "budget.h"
#include "gnss.h"
#include "orders_daemon.h"
#include "plan.h"
#include "../probes/modem/modem.h"
#include "../probes/modem/ussd.h"
#include "../probes/probe.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void check_uplink(const struct settings *s, struct buf *problems)
{
	const char *key = settings_text(s, "collector_key");
	uint8_t bytes[PUBLIC_KEY];
	bool cert = *settings_text(s, "cert_file"), private_key = *settings_text(s, "key_file");

	for (size_t i = 0; i < settings_count(s, "brokers"); i++) {
		const char *b = settings_text_at(s, "brokers", i);

		if (strncmp(b, "mqtt://", 7) && strncmp(b, "mqtts://", 8))
			buf_printf(problems,
				"%s:%d: uplink.brokers[%zu]: \"%s\" is not mqtt://host:port or "
				"mqtts://host:port\n",
				settings_file(s), settings_line(s, "brokers"), i, b);
	}
	if (*key && collector_key_text(key, bytes))
		buf_printf(problems, "%s:%d: uplink.collector_key: is not 64 hexadecimal digits\n",
			settings_file(s), settings_line(s, "collector_key"));
	if (cert != private_key)
		buf_printf(problems, "%s:%d: uplink.%s: is needed with uplink.%s\n",
			settings_file(s), settings_line(s, cert ? "cert_file" : "key_file"),
			cert ? "key_file" : "cert_file", cert ? "cert_file" : "key_file");
}

/* Two readers of one tty take the words from each other. */
static void check_gnss(const struct conf *c, struct buf *problems)
{
	const struct settings *s = conf_section(c, "gnss");
	const char *source = settings_text(s, "source");
	size_t tty = strcspn(source, "@");
	struct why why = { "" };

	if (*source && gnss_source_check(source, &why))
		buf_printf(problems, "%s:%d: gnss.source: %s\n", settings_file(s),
			settings_line(s, "source"), why.text);
	for (size_t i = 0; i < conf_count(c, "tests") && *source; i++) {
		const struct settings *t = conf_at(c, "tests", i);
		const char *port =
			setting_listed(agent_test_accepts(settings_text(t, "kind")), "port")
				? settings_text(t, "port")
				: "";

		if (strlen(port) == tty && !strncmp(port, source, tty))
			buf_printf(problems,
				"%s:%d: gnss.source: is the modem's port of tests[%zu], too\n",
				settings_file(s), settings_line(s, "source"), i);
	}
}

static const char *test_name(const struct settings *s)
{
	return *settings_text(s, "name") ? settings_text(s, "name") : settings_text(s, "kind");
}

static void check_tests(const struct conf *c, struct buf *problems)
{
	size_t n = conf_count(c, "tests");

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct settings *a = conf_at(c, "tests", i),
					      *b = conf_at(c, "tests", k);

			if (!strcmp(test_name(a), test_name(b)))
				buf_printf(problems,
					"%s:%d: tests[%zu].name: \"%s\" is the name of tests[%zu], "
					"too\n",
					settings_file(a),
					settings_line(
						a, settings_given(a, "name") ? "name" : "kind"),
					i, test_name(a), k);
		}
}

static void check_sizes(const struct conf *c, struct buf *problems)
{
	const struct settings *p = conf_section(c, "place"), *j = conf_section(c, "journal"),
			      *b = conf_section(c, "budget");

	if (settings_given(p, "lat") != settings_given(p, "lon"))
		buf_printf(problems, "%s:%d: place.%s: is needed with place.%s\n", settings_file(p),
			settings_line(p, settings_given(p, "lat") ? "lat" : "lon"),
			settings_given(p, "lat") ? "lon" : "lat",
			settings_given(p, "lat") ? "lat" : "lon");
	if (settings_int(j, "segment_kb") * 4 > settings_int(j, "size_mb") * 1024)
		buf_printf(problems,
			"%s:%d: journal.segment_kb: four files of this size do not fit "
			"journal.size_mb\n",
			settings_file(j), settings_line(j, "segment_kb"));
	if (settings_int(b, "month_mb") &&
		settings_int(b, "telemetry_mb") >= settings_int(b, "month_mb"))
		buf_printf(problems,
			"%s:%d: budget.telemetry_mb: leaves nothing of budget.month_mb for tests\n",
			settings_file(b),
			settings_line(b,
				settings_given(b, "telemetry_mb") ? "telemetry_mb" : "month_mb"));
}

/* node_exporter reads what ends so, and nothing else. */
static void check_textfile(const struct settings *s, struct buf *problems)
{
	const char *path = settings_text(s, "path"), *end = strrchr(path, '.');

	if (*path && (*path != '/' || !end || strcmp(end, ".prom") != 0))
		buf_printf(problems,
			"%s:%d: textfile.path: \"%s\" is not an absolute path that ends in .prom\n",
			settings_file(s), settings_line(s, "path"), path);
}

static void check_orders(const struct settings *s, struct buf *problems)
{
	struct order_limits limits;
	struct why why = { "" };
	const char *key;

	if (order_limits_setting(s, &limits, &key, &why))
		buf_printf(problems, "%s:%d: orders.%s: %s\n", settings_file(s),
			settings_line(s, key), key, why.text);
}

static void check_plan(const struct conf *c, struct buf *problems)
{
	struct plan plan;
	char where[32];

	plan_read(&plan, c, problems);
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		struct plan_test test;

		snprintf(where, sizeof(where), "tests[%zu]", i);
		plan_read_test(&test, &plan, conf_at(c, "tests", i), where, problems);
	}
}

static bool is_test(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++)
		if (!strcmp(test_name(conf_at(c, "tests", i)), name))
			return true;
	return probe_type_named(name);
}

static void check_cuts(const struct conf *c, struct buf *problems)
{
	const struct settings *s = conf_section(c, "budget");
	size_t n = settings_count(s, "cut");
	struct budget_cut cut;

	if (n > BUDGET_CUTS)
		buf_printf(problems, "%s:%d: budget.cut: more than %d\n", settings_file(s),
			settings_line(s, "cut"), BUDGET_CUTS);
	for (size_t i = 0; i < n; i++) {
		struct why why = { "" };

		if (!budget_cut(settings_text_at(s, "cut", i), &cut, &why) && !is_test(c, cut.name))
			(void)why_say(&why, -EINVAL, "there is no kind or test \"%s\"", cut.name);
		if (*why.text)
			buf_printf(problems, "%s:%d: budget.cut[%zu]: %s\n", settings_file(s),
				settings_line(s, "cut"), i, why.text);
	}
}

static void check_modem(const struct settings *s, struct buf *problems)
{
	static const char *const lists[] = { "suspend_command", "resume_command",
		"recover_command" };
	const char *code = settings_text(s, "balance_code");
	bool by_command = !strcmp(settings_text(s, "suspend"), "command");
	struct why why = { "" };

	for (size_t i = 0; i < 3; i++) {
		if (by_command && i < 2 && !settings_count(s, lists[i]))
			buf_printf(problems,
				"%s:%d: modem.%s: is needed with suspend = \"command\"\n",
				settings_file(s), settings_line(s, "suspend"), lists[i]);
		if (settings_count(s, lists[i]) >= MODEM_ARGV)
			buf_printf(problems, "%s:%d: modem.%s: has more than %d words\n",
				settings_file(s), settings_line(s, lists[i]), lists[i],
				MODEM_ARGV - 1);
	}
	if (settings_count(s, "recover") > MODEM_STEPS)
		buf_printf(problems, "%s:%d: modem.recover: names a step twice\n", settings_file(s),
			settings_line(s, "recover"));
	if (*code && !ussd_code_is_one(code))
		buf_printf(problems,
			"%s:%d: modem.balance_code: \"%s\" is no code of digits, * and #\n",
			settings_file(s), settings_line(s, "balance_code"), code);
	if (ussd_pattern_check(settings_text(s, "balance_pattern"), &why))
		buf_printf(problems, "%s:%d: modem.balance_pattern: %s\n", settings_file(s),
			settings_line(s, "balance_pattern"), why.text);
}

void settings_check(const struct conf *c, struct buf *problems)
{
	check_uplink(conf_section(c, "uplink"), problems);
	check_gnss(c, problems);
	check_tests(c, problems);
	check_sizes(c, problems);
	check_textfile(conf_section(c, "textfile"), problems);
	check_orders(conf_section(c, "orders"), problems);
	check_plan(c, problems);
	check_cuts(c, problems);
	check_modem(conf_section(c, "modem"), problems);
}
