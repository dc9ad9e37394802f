/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"
#include "command.h"
#include "../probes/modem/modem.h"
#include "../probes/modem/ussd.h"
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
	{ 0 },
};

static const struct setting place_settings[] = {
	{ "lat", SETTING_REAL, -90, 90, "0", "degrees", NULL, "latitude, WGS 84" },
	{ "lon", SETTING_REAL, -180, 180, "0", "degrees", NULL, "longitude, WGS 84" },
	{ "accuracy_m", SETTING_INT, 0, 100000, "10", "m", NULL, "how well it was surveyed" },
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
		"public key of the collector, 64 hex digits: only its receipts count" },
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
		"so often, a minute apart; then the run is left out" },
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

static const struct setting modem_settings[] = {
	{ "recover", SETTING_TEXTS, 0, 0, "reopen,reset,usb,command", "", modem_step_name,
		"what may be done, in this order, when a modem hangs or is gone; [ ]: nothing" },
	{ "recover_after", SETTING_INT, 1, 100, "3", "", NULL,
		"rounds in a row without the modem before the first step" },
	{ "recover_pause_s", SETTING_INT, 1, 3600, "60", "s", NULL,
		"from one step to the next; doubled each time, to an hour" },
	{ "recover_settle_s", SETTING_INT, 1, 600, "60", "s", NULL,
		"time to come back after a step" },
	{ "recover_per_day", SETTING_INT, 0, 1000, "12", "", NULL, "most steps in 24 hours" },
	{ "recover_command", SETTING_TEXTS, 0, 255, "", "", NULL,
		"step command: a program and its words, \"%\" the port; none: left out" },
	{ "suspend", SETTING_TEXT, 0, 0, "none", "", modem_suspend_name,
		"how data is suspended while all operators are surveyed: at +CGACT, command" },
	{ "suspend_command", SETTING_TEXTS, 0, 255, "", "", NULL,
		"with command: a program and its words" },
	{ "resume_command", SETTING_TEXTS, 0, 255, "", "", NULL,
		"the same, and back; must work by itself, and also when data is up" },
	{ "suspend_limit_s", SETTING_INT, 30, 900, "300", "s", NULL,
		"resumed after this, whatever happens" },
	{ "network_time", SETTING_BOOL, 0, 0, "true", "", NULL,
		"ask the modem for the network's time, hourly, while there is no better one" },
	{ "balance_code", SETTING_TEXT, 0, 20, "", "", NULL,
		"asks the network for the balance, such as \"*101#\"; \"\": never" },
	{ "balance_pattern", SETTING_TEXT, 0, 255,
		"(TKG|TKC|TK goc|TK chinh|Tai khoan goc|Tai khoan chinh|So du)[^0-9]{0,30}"
		"([0-9][0-9.,]*)",
		"", NULL, "POSIX extended: its first group that begins with a digit is the sum" },
	{ "balance_low", SETTING_INT, 0, 10000000, "10000", "VND", NULL,
		"below it the credit is called low" },
	{ "balance_hours", SETTING_INT, 24, 720, "24", "h", NULL, "from one question to the next" },
	{ "sysfs", SETTING_TEXT, 0, 255, "/sys", "", NULL, "for containers and tests" },
	{ 0 },
};

static const struct setting health_settings[] = {
	{ "interval_s", SETTING_INT, 10, 86400, "900", "s", NULL, "a record of the device itself" },
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
	{ 0 },
};

static const struct setting *test_accepts(const char *kind)
{
	const struct probe_type *type = probe_type_named(kind);

	return type ? type->accept : NULL;
}

const struct section agent_sections[] = {
	{ .name = "agent", .accept = agent_settings },
	{ .name = "place", .accept = place_settings },
	{ .name = "uplink", .accept = uplink_settings },
	{ .name = "journal", .accept = journal_conf },
	{ .name = "budget", .accept = budget_settings },
	{ .name = "access", .accept = access_conf },
	{ .name = "health", .accept = health_settings },
	{ .name = "modem", .accept = modem_settings },
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

int agent_conf_load(struct conf **out, const char *path, struct buf *problems)
{
	struct conf *c = NULL;
	int err = conf_load(&c, path, agent_sections, problems);

	if (err)
		return err;
	check_uplink(conf_section(c, "uplink"), problems);
	check_tests(c, problems);
	check_sizes(c, problems);
	check_modem(conf_section(c, "modem"), problems);
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
