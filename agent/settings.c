/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"
#include "budget.h"
#include "command.h"
#include "enrolled.h"
#include "gnss.h"
#include "orders_daemon.h"
#include "plan.h"
#include "../probes/probe.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROBLEMS_MAX (64 << 10)

static const char *const survey_words[] = { "operators", "modem", NULL };

static const char *const when_words[] = { "always", "unserved", NULL };

static const struct setting agent_settings[] = {
	{ "state", SETTING_TEXT, 0, 400, "/var/lib/phusong-agent", "", NULL,
		"folder of key, journal and counters" },
	{ "user", SETTING_TEXT, 0, 32, "", "", NULL,
		"becomes this user once raw sockets are open; \"\" stays" },
	{ "iface", SETTING_TEXT, 0, 15, "", "", NULL,
		"measure over this interface; \"\": by the routing table" },
	{ "dns", SETTING_TEXT, 0, 255, "", "", NULL,
		"name servers, \"192.0.2.1,[2001:db8::1]:53\"; \"\": the system's" },
	{ "start_delay_s", SETTING_INT, 0, 3600, "10", "s", NULL,
		"first test not before this after start" },
	{ "simulated", SETTING_BOOL, 0, 0, "false", "", NULL,
		"modem or link are simulated: shown wherever results are" },
	{ "boot_id_file", SETTING_TEXT, 0, 400, "", "", NULL,
		"the boot id is here; \"\": the kernel's (containers, tests)" },
	{ "controller_timeout_s", SETTING_INT, 0, 31536000, "172800", "s", NULL,
		"no receipt for so long: the event controller_lost; 0: never" },
	{ 0 },
};

static const struct setting place_table[] = {
	{ "lat", SETTING_REAL, -90, 90, "0", "degrees", NULL, "latitude, WGS 84" },
	{ "lon", SETTING_REAL, -180, 180, "0", "degrees", NULL, "longitude, WGS 84" },
	{ "accuracy_m", SETTING_INT, 0, 100000, "10", "m", NULL, "how well it was surveyed" },
	{ "decimals", SETTING_INT, 1, 7, "7", "", NULL,
		"of degrees in every record: 3 tells within about 100 m; 7 all" },
	{ 0 },
};

static const struct setting gnss_settings[] = {
	{ "source", SETTING_TEXT, 0, 180, "", "", NULL,
		"gpsd://127.0.0.1:2947, or a tty that speaks NMEA, /dev/ttyUSB1@9600; \"\": none" },
	{ "accuracy_m", SETTING_INT, 1, 10000, "50", "m", NULL, "a worse fix is none" },
	{ "satellites", SETTING_INT, 0, 50, "4", "", NULL, "a fix with fewer is none" },
	{ "age_s", SETTING_INT, 1, 3600, "10", "s", NULL,
		"a fix is the place of what was measured within so long of it" },
	{ "moved_m", SETTING_INT, 10, 1000000, "200", "m", NULL,
		"further than this from the surveyed place the probe was moved" },
	{ "moved_s", SETTING_INT, 1, 86400, "300", "s", NULL, "when fixes say so for so long" },
	{ 0 },
};

static const struct setting uplink_settings[] = {
	{ "brokers", SETTING_TEXTS, 0, 127, "", "", NULL,
		"mqtt://host:1883 or mqtts://host:8883, tried in order; none: journal only" },
	{ "user", SETTING_TEXT, 0, 128, "", "", NULL, "\"\": the probe id" },
	{ "password_file", SETTING_TEXT, 0, 400, "", "", NULL, "its first line is the password" },
	{ "ca_file", SETTING_TEXT, 0, 400, "", "", NULL, "authorities for mqtts, PEM" },
	{ "cert_file", SETTING_TEXT, 0, 400, "", "", NULL, "certificate of this probe, PEM" },
	{ "key_file", SETTING_TEXT, 0, 400, "", "", NULL, "its key, PEM" },
	{ "collector_key", SETTING_TEXT, 0, 64, "", "", NULL,
		"public key of the collector, 64 hex digits: only its receipts and orders count" },
	{ "batch_records", SETTING_INT, 1, 4000, "200", "", NULL, "most records in one message" },
	{ "batch_kb", SETTING_INT, 8, 240, "32", "kB", NULL, "most bytes in one message" },
	{ "window", SETTING_INT, 1, 64, "4", "", NULL, "messages sent before a receipt is needed" },
	{ "gather_s", SETTING_INT, 0, 3600, "30", "s", NULL,
		"wait so long for more results before sending few" },
	{ "resend_s", SETTING_INT, 1, 3600, "60", "s", NULL,
		"without a receipt, send again after; doubled each time" },
	{ "stop_s", SETTING_INT, 0, 60, "5", "s", NULL, "at the end, wait so long for receipts" },
	{ 0 },
};

static const struct setting journal_conf[] = {
	{ "size_mb", SETTING_INT, 1, 4096, "32", "MB", NULL,
		"all results together; the least valuable go first" },
	{ "segment_kb", SETTING_INT, 16, 4096, "64", "kB", NULL, "one file" },
	{ "sync_s", SETTING_INT, 0, 3600, "30", "s", NULL,
		"at the latest after this a result is on flash" },
	{ 0 },
};

static const struct setting budget_settings[] = {
	{ "month_mb", SETTING_INT, 0, 1000000, "300", "MB", NULL,
		"all traffic of the interface in a month; 0: no limit" },
	{ "telemetry_mb", SETTING_INT, 0, 100000, "30", "MB", NULL,
		"kept for sending results: tests stop before it" },
	{ "reset_day", SETTING_INT, 1, 28, "1", "", NULL,
		"day of the month on which the allowance begins anew" },
	{ "iface", SETTING_TEXT, 0, 15, "", "", NULL,
		"the interface that counts; \"\": agent.iface" },
	{ "idle_down_kbps", SETTING_INT, 0, 100000, "64", "kbit/s", NULL,
		"more traffic of others than this puts off tests that fill the line" },
	{ "idle_up_kbps", SETTING_INT, 0, 100000, "32", "kbit/s", NULL, "the same upwards" },
	{ "busy_retries", SETTING_INT, 0, 60, "5", "", NULL,
		"so often, busy_retry_s apart; then the run is left out" },
	{ "busy_retry_s", SETTING_INT, 1, 3600, "60", "s", NULL,
		"when the line is busy, look again after" },
	{ "cut", SETTING_TEXTS, 0, 60, "throughput 70,service 85,ipv6 90,latency 95", "", NULL,
		"kinds or tests, and the percentage of what tests may spend from which each is "
		"cut" },
	{ 0 },
};

static const struct setting guard_settings[] = {
	{ "minor_percent", SETTING_REAL, 0.1, 100, "3", "%", NULL,
		"traffic of others during a test, of its rate: from this on the result says "
		"minor" },
	{ "discard_percent", SETTING_REAL, 0.1, 100, "10", "%", NULL,
		"from this on it says discarded, and the collector leaves it out" },
	{ "capture", SETTING_BOOL, 0, 0, "true", "", NULL,
		"false: by the counters alone, without looking at headers" },
	{ 0 },
};

static const struct setting quiet_settings[] = {
	{ "battery_below_percent", SETTING_INT, 0, 100, "30", "%", NULL,
		"on battery and below this, tests that fill the line wait; 0: they do not" },
	{ "hotter_than_c", SETTING_INT, 0, 150, "80", "C", NULL,
		"the same when the device is hotter than this; 0: they do not" },
	{ "tags", SETTING_TEXTS, 0, 64, "", "", NULL, "tests with one of these tags wait, too" },
	{ 0 },
};

static const struct setting access_conf[] = {
	{ "heartbeat_s", SETTING_INT, 1, 86400, "300", "s", NULL,
		"repeat the state when nothing changed" },
	{ "absent_rounds", SETTING_INT, 1, 100, "2", "", NULL,
		"rounds without the modem's port before modem_absent" },
	{ "hung_rounds", SETTING_INT, 1, 100, "3", "", NULL,
		"overdue answers in a row before modem_hung" },
	{ "rounds", SETTING_INT, 1, 100, "2", "", NULL,
		"equal rounds before any other change for the worse" },
	{ "survey", SETTING_TEXT, 0, 0, "operators", "", survey_words,
		"what may show that there is no cell: scans of all operators, or also the modem's "
		"own word for an empty search" },
	{ "scans", SETTING_INT, 2, 100, "3", "", NULL, "empty surveys in a row before no_service" },
	{ "scan_span_s", SETTING_INT, 1, 86400, "7200", "s", NULL,
		"and the first and the last of them so far apart" },
	{ "stale_s", SETTING_INT, 10, 86400, "9000", "s", NULL,
		"evidence older than this counts no more" },
	{ "collector_after_s", SETTING_INT, 1, 86400, "60", "s", NULL,
		"no broker for so long, the net fine: collector_down" },
	{ "receipt_after_s", SETTING_INT, 1, 86400, "900", "s", NULL,
		"no receipt for so long though results wait: the same" },
	{ 0 },
};

static const struct setting health_settings[] = {
	{ "interval_s", SETTING_INT, 10, 86400, "900", "s", NULL, "a record of the device itself" },
	{ "warn_s", SETTING_INT, 1, 600, "10", "s", NULL,
		"look at the supply's voltage and the battery; one that fails is recorded "
		"at once" },
	{ "root", SETTING_TEXT, 0, 400, "", "", NULL,
		"folder that stands for / when sensors are read (containers, tests)" },
	{ 0 },
};

static const struct setting led_settings[] = {
	{ "path", SETTING_TEXT, 0, 400, "", "", NULL,
		"a light that tells the state: /sys/class/leds/NAME" },
	{ "command", SETTING_TEXTS, 0, 255, "", "", NULL,
		"or a program that is run at each change, with pattern and state as last words" },
	{ 0 },
};

static const struct setting textfile_settings[] = {
	{ "path", SETTING_TEXT, 0, 400, "", "", NULL,
		"file.prom for node_exporter's textfile collector, on tmpfs; \"\": none" },
	{ "interval_s", SETTING_INT, 5, 3600, "60", "s", NULL, "from one writing to the next" },
	{ 0 },
};

static const char *const accept_words[] = { "run", "plan", "suppress", "restart", "restart_modem",
	NULL };

static const struct setting order_settings[] = {
	{ "accept", SETTING_TEXTS, 0, 0, "run,plan,suppress,restart", "", accept_words,
		"what the collector may ask for; none: nothing" },
	{ "least_s", SETTING_INT, 1, 604800, "60", "s", NULL,
		"an ordered plan may not run a test more often" },
	{ "least_of", SETTING_TEXTS, 0, 48, "operators=1800,throughput=3600", "", NULL,
		"the same for single kinds, \"KIND=SECONDS\"" },
	{ "runs_hour", SETTING_INT, 0, 60, "6", "", NULL, "ordered runs in an hour" },
	{ "runs_day", SETTING_INT, 0, 100, "24", "", NULL, "ordered runs in a day" },
	{ "day_mb", SETTING_INT, 0, 100000, "50", "MB", NULL,
		"most that ordered runs, and an ordered plan, may move in a day" },
	{ "suppress_days", SETTING_INT, 1, 366, "7", "days", NULL,
		"longest that tests may be suppressed" },
	{ "plan_days", SETTING_INT, 1, 366, "31", "days", NULL,
		"longest that an ordered plan may hold" },
	{ "targets", SETTING_TEXTS, 0, 255, "", "", NULL,
		"an ordered run may go to these targets besides the plan's; none: to no other" },
	{ "allow_private", SETTING_BOOL, 0, 0, "false", "", NULL,
		"true: also when they are in private or special address ranges" },
	{ 0 },
};

static const struct setting test_settings[] = {
	{ "kind", SETTING_TEXT, 0, 32, NULL, "", NULL, "what is measured" },
	{ "name", SETTING_TEXT, 0, 48, "", "", NULL, "in every record; \"\": the kind" },
	{ "interval_s", SETTING_INT, 1, 604800, "300", "s", NULL, "from one run to the next" },
	{ "limit_s", SETTING_INT, 1, 3600, "120", "s", NULL, "a run that lasts longer is ended" },
	{ "enabled", SETTING_BOOL, 0, 0, "true", "", NULL, "false: kept in the file and not run" },
	{ "when", SETTING_TEXT, 0, 0, "always", "", when_words,
		"unserved: only while no network of its own serves this probe" },
	{ "event", SETTING_TEXT, 0, 48, "", "", NULL,
		"the event that starts it, in place of interval_s" },
	{ "windows", SETTING_TEXTS, 0, 40, "", "", NULL,
		"only then, local time: \"22:00-05:00\"; none: always" },
	{ "tags", SETTING_TEXTS, 0, 64, "", "", NULL, "words that suppressions match" },
	{ 0 },
};

static const struct setting *test_accepts(const char *kind)
{
	const struct probe_type *type = probe_type_named(kind);

	return type ? type->accept : NULL;
}

const struct section agent_sections[] = {
	{ .name = "agent", .accept = agent_settings },
	{ .name = "place", .accept = place_table },
	{ .name = "gnss", .accept = gnss_settings },
	{ .name = "uplink", .accept = uplink_settings },
	{ .name = "journal", .accept = journal_conf },
	{ .name = "budget", .accept = budget_settings },
	{ .name = "access", .accept = access_conf },
	{ .name = "health", .accept = health_settings },
	{ .name = "led", .accept = led_settings },
	{ .name = "textfile", .accept = textfile_settings },
	{ .name = "orders", .accept = order_settings },
	{ .name = "guard", .accept = guard_settings },
	{ .name = "quiet", .accept = quiet_settings },
	{ .name = "events",
		.many = true,
		.by = "kind",
		.accept_for = plan_event_accepts,
		.common = plan_event_common },
	{ .name = "suppressions", .many = true, .accept = plan_suppression_settings },
	{ .name = "tests",
		.many = true,
		.by = "kind",
		.accept_for = test_accepts,
		.common = test_settings },
	{ 0 },
};

bool setting_listed(const struct setting *table, const char *key)
{
	for (; table && table->key; table++)
		if (!strcmp(table->key, key))
			return true;
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int hex_key(const char *text, uint8_t out[PUBLIC_KEY])
{
	if (strlen(text) != 2 * PUBLIC_KEY)
		return -EINVAL;
	for (size_t i = 0; i < PUBLIC_KEY; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

bool collector_key_setting(const struct conf *c, uint8_t out[PUBLIC_KEY])
{
	return !hex_key(settings_text(conf_section(c, "uplink"), "collector_key"), out);
}

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
	if (*key && hex_key(key, bytes))
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
		const char *port = setting_listed(test_accepts(settings_text(t, "kind")), "port")
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

int agent_conf_load(struct conf **out, const char *path, struct buf *problems)
{
	struct conf *c = NULL;
	int err = conf_load(&c, path, agent_sections, problems);

	if (err)
		return err;
	enrolled_apply(c);
	check_uplink(conf_section(c, "uplink"), problems);
	check_gnss(c, problems);
	check_tests(c, problems);
	check_sizes(c, problems);
	check_textfile(conf_section(c, "textfile"), problems);
	check_orders(conf_section(c, "orders"), problems);
	check_plan(c, problems);
	check_cuts(c, problems);
	if (problems->len) {
		conf_free(c);
		return -EINVAL;
	}
	*out = c;
	return 0;
}

int agent_conf_open(struct conf **out, const char *path)
{
	struct buf problems;
	int err;

	buf_init(&problems, PROBLEMS_MAX);
	err = agent_conf_load(out, path, &problems);
	if (err)
		fputs(buf_text(&problems), stderr);
	buf_done(&problems);
	return err ? EXIT_USAGE : -1;
}

char *state_path(const struct conf *c, const char *name, char out[STATE_PATH])
{
	const char *folder = settings_text(conf_section(c, "agent"), "state");

	if (*name)
		snprintf(out, STATE_PATH, "%s/%s", folder, name);
	else
		snprintf(out, STATE_PATH, "%s", folder);
	return out;
}

void journal_settings(const struct conf *c, const char *folder, struct journal_options *out)
{
	const struct settings *s = conf_section(c, "journal");

	memset(out, 0, sizeof(*out));
	out->folder = folder;
	out->bytes_max = (uint64_t)settings_int(s, "size_mb") << 20;
	out->segment_bytes = (uint32_t)settings_int(s, "segment_kb") << 10;
	out->sync_every_ns = settings_int(s, "sync_s") * NS_PER_S;
}

void access_settings(const struct conf *c, struct access_options *out)
{
	const struct settings *s = conf_section(c, "access");

	*out = (struct access_options){
		.heartbeat_ns = settings_int(s, "heartbeat_s") * NS_PER_S,
		.absent_rounds = (unsigned)settings_int(s, "absent_rounds"),
		.hung_rounds = (unsigned)settings_int(s, "hung_rounds"),
		.rounds = (unsigned)settings_int(s, "rounds"),
		.modem_surveys = !strcmp(settings_text(s, "survey"), "modem"),
		.scans = (unsigned)settings_int(s, "scans"),
		.scan_span_ns = settings_int(s, "scan_span_s") * NS_PER_S,
		.stale_ns = settings_int(s, "stale_s") * NS_PER_S,
		.collector_after_ns = settings_int(s, "collector_after_s") * NS_PER_S,
		.receipt_after_ns = settings_int(s, "receipt_after_s") * NS_PER_S,
	};
}

const char *first_modem_port(const struct conf *c)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		const struct settings *s = conf_at(c, "tests", i);

		if (setting_listed(test_accepts(settings_text(s, "kind")), "port") &&
			settings_bool(s, "enabled"))
			return settings_text(s, "port");
	}
	return "";
}
