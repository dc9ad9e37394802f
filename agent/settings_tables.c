/* SPDX-License-Identifier: Apache-2.0 */
/* Every setting of agent.conf, with its range, its default and its meaning. */
#include "settings_inside.h"
#include "plan.h"
#include "../probes/modem/modem.h"
#include "../probes/probe.h"

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

const struct setting *agent_test_accepts(const char *kind)
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
	{ .name = "modem", .accept = modem_settings },
	{ .name = "tests",
		.many = true,
		.by = "kind",
		.accept_for = agent_test_accepts,
		.common = test_settings },
	{ 0 },
};
