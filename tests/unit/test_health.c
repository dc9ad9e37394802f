/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors as boards, batteries and supplies show them, below a root of our own; and what the next boot is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/health.h"
#include "../../probes/core/loop.h"
#include "../../probes/core/mem.h"
#include "remove_folder.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUPPLY "sys/class/power_supply/"

struct world {
	char root[64], state[96];
};

static int new_world(void **state)
{
	struct world *w = mem_new(sizeof(*w));

	snprintf(w->root, sizeof(w->root), "/tmp/test_health.XXXXXX");
	assert_non_null(mkdtemp(w->root));
	snprintf(w->state, sizeof(w->state), "%s/state", w->root);
	assert_int_equal(mkdir(w->state, 0700), 0);
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;

	assert_int_equal(remove_folder_tree(w->root), 0);
	free(w);
	return 0;
}

/* With all folders above it. */
static void file(const struct world *w, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", w->root, path);
	for (char *c = full + 1; *c; c++)
		if (*c == '/') {
			*c = 0;
			(void)mkdir(full, 0700);
			*c = '/';
		}
	f = fopen(full, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* "BAT0 type=Battery status=Discharging ..." */
static void supply(const struct world *w, const char *words)
{
	char all[400], *at = all, *name, *word;

	snprintf(all, sizeof(all), "%s", words);
	name = strsep(&at, " ");
	while ((word = strsep(&at, " "))) {
		char path[200], text[100], *value = strchr(word, '=');

		assert_non_null(value);
		*value++ = 0;
		snprintf(path, sizeof(path), SUPPLY "%s/%s", name, word);
		snprintf(text, sizeof(text), "%s\n", value);
		for (char *c = text; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		file(w, path, text);
	}
}

static struct health_readings read_all(const struct world *w)
{
	struct health_readings r;

	health_readings_clear(&r);
	health_read(&r, w->root, w->state, false);
	return r;
}

static void where_nothing_tells_all_is_unknown(void **state)
{
	struct health_readings r = read_all(*state);

	assert_int_equal(r.on_battery, -1);
	assert_int_equal(r.under_voltage, -1);
	assert_int_equal(r.critical, -1);
	assert_true(isnan(r.share) && isnan(r.volts) && isnan(r.temperature_c) && isnan(r.load));
	assert_int_equal(r.memory_free, -1);
	assert_int_equal(r.rss, -1);
	assert_string_equal(r.throttled, "");
	assert_string_equal(r.os, "");
	assert_true(r.disk_free > 0 && *r.kernel); /* those have no file */
	assert_null(health_reset(((struct world *)*state)->root));
}

static void supplies_of_all_sorts_tell_what_feeds_the_device(void **state)
{
	static const struct {
		const char *what, *supplies[4];
		int on_battery;
		double share, volts;
		int critical, under_voltage;
	} cases[] = {
		{ "a board on the grid", { "AC type=Mains online=1" }, 0, NAN, NAN, 0, -1 },
		{ "a laptop on the grid",
			{ "ADP1 type=Mains online=1", "BAT1 type=Battery status=Charging "
						      "capacity=40 voltage_now=11400000" },
			0, 0.4, 11.4, 0, -1 },
		{ "a laptop whose plug was pulled",
			{ "ADP1 type=Mains online=0",
				"BAT1 type=Battery status=Discharging capacity=97" },
			1, 0.97, NAN, 0, -1 },
		{ "a battery alone that is charged by the sun",
			{ "bq27 type=Battery status=Charging capacity=62" }, 0, 0.62, NAN, 0, -1 },
		{ "a battery alone at night",
			{ "bq27 type=Battery status=Discharging capacity=62" }, 1, 0.62, NAN, 0,
			-1 },
		{ "two batteries, the weaker one tells the voltage",
			{ "BAT0 type=Battery status=Discharging capacity=80 voltage_now=12000000",
				"BAT1 type=Battery status=Discharging capacity=20 "
				"voltage_now=10500000" },
			1, 0.5, 10.5, 0, -1 },
		{ "a battery that is not there",
			{ "AC type=Mains online=1", "BAT0 type=Battery present=0 capacity=0" }, 0,
			NAN, NAN, 0, -1 },
		{ "USB feeds it", { "usb type=USB online=1" }, 0, NAN, NAN, 0, -1 },
		{ "USB of another name feeds it", { "tcpm type=USB_PD online=1" }, 0, NAN, NAN, 0,
			-1 },
		{ "one supply of two is on", { "AC type=Mains online=0", "usb type=USB online=1" },
			0, NAN, NAN, 0, -1 },
		{ "a supply that is off and nothing beside it", { "AC type=Mains online=0" }, -1,
			NAN, NAN, -1, -1 },
		{ "a UPS on the grid", { "ups type=UPS online=1 status=Full capacity=100" }, 0, 1,
			NAN, 0, -1 },
		{ "a UPS that bridges an outage",
			{ "ups type=UPS online=0 status=Discharging capacity=55" }, 1, 0.55, NAN, 0,
			-1 },
		{ "a UPS that is nearly empty",
			{ "ups type=UPS online=0 status=Discharging capacity_level=Critical" }, 1,
			NAN, NAN, 1, -1 },
		{ "a battery at its last three percent",
			{ "BAT0 type=Battery status=Discharging capacity=3" }, 1, 0.03, NAN, 1,
			-1 },
		{ "the same while it is charged",
			{ "BAT0 type=Battery status=Charging capacity=3" }, 0, 0.03, NAN, 0, -1 },
		{ "the battery of a mouse",
			{ "AC type=Mains online=1",
				"hidpp type=Battery scope=Device status=Discharging capacity=2" },
			0, NAN, NAN, 0, -1 },
		{ "a battery below what it was made for",
			{ "BAT0 type=Battery status=Discharging capacity=30 voltage_now=3100000 "
			  "voltage_min_design=3300000" },
			1, 0.3, 3.1, 0, 1 },
		{ "a battery above it",
			{ "BAT0 type=Battery status=Discharging capacity=30 voltage_now=3700000 "
			  "voltage_min_design=3300000" },
			1, 0.3, 3.7, 0, 0 },
		{ "a battery that says so itself",
			{ "BAT0 type=Battery status=Discharging health=Under_voltage" }, 1, NAN,
			NAN, 0, 1 },
		{ "a battery that knows nothing", { "BAT0 type=Battery status=Unknown" }, -1, NAN,
			NAN, -1, -1 },
		{ "nonsense",
			{ "BAT0 type=Battery status=Discharging capacity=200 voltage_now=-5" }, 1,
			NAN, NAN, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct health_readings r;
		struct world *w;
		void *own;

		new_world(&own);
		w = own;
		for (size_t k = 0; k < 4 && cases[i].supplies[k]; k++)
			supply(w, cases[i].supplies[k]);
		r = read_all(w);
		end_world(&own);
		if (r.on_battery != cases[i].on_battery || r.critical != cases[i].critical ||
			r.under_voltage != cases[i].under_voltage)
			fail_msg("%s: battery %d, critical %d, low %d", cases[i].what, r.on_battery,
				r.critical, r.under_voltage);
		if (isnan(cases[i].share) ? !isnan(r.share) : fabs(r.share - cases[i].share) > 1e-9)
			fail_msg("%s: share %f", cases[i].what, r.share);
		if (isnan(cases[i].volts) ? !isnan(r.volts) : fabs(r.volts - cases[i].volts) > 1e-9)
			fail_msg("%s: %f V", cases[i].what, r.volts);
	}
}

static void a_raspberry_pi_tells_of_its_voltage(void **state)
{
	struct world *w = *state;
	struct health_readings r;

	file(w, "sys/class/hwmon/hwmon1/name", "rpi_volt\n");
	file(w, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
	assert_int_equal(read_all(w).under_voltage, 0);
	file(w, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
	assert_int_equal(read_all(w).under_voltage, 1);
	/* one source that is well does not take back what another says */
	file(w, "sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n");
	assert_int_equal(read_all(w).under_voltage, 1);
	file(w, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
	r = read_all(w);
	assert_int_equal(r.under_voltage, 0); /* it was, since boot; it is not now */
	assert_string_equal(r.throttled, "");
	file(w, "sys/devices/platform/soc/soc:firmware/get_throttled", "0x50005\n");
	r = read_all(w);
	assert_int_equal(r.under_voltage, 1);
	assert_string_equal(r.throttled, "voltage heat");
	file(w, "sys/devices/platform/soc/soc:firmware/get_throttled", "2\n");
	r = read_all(w);
	assert_int_equal(r.under_voltage, 0);
	assert_string_equal(r.throttled, "frequency");
	/* limits of a board that nobody set are no alarm */
	file(w, "sys/class/hwmon/hwmon0/in3_min_alarm", "1\n");
	assert_int_equal(read_all(w).under_voltage, 0);
}

static void heat_is_that_of_the_hottest_zone_that_has_a_sensor(void **state)
{
	struct world *w = *state;
	struct health_readings r;

	file(w, "sys/class/thermal/thermal_zone0/temp", "0\n");
	file(w, "sys/class/thermal/thermal_zone1/temp", "48300\n");
	file(w, "sys/class/thermal/thermal_zone2/temp", "61200\n");
	file(w, "sys/class/thermal/thermal_zone3/temp", "2147483\n");
	file(w, "sys/class/thermal/cooling_device0/type", "cpufreq-cpu0\n");
	file(w, "sys/class/thermal/cooling_device0/cur_state", "0\n");
	file(w, "sys/class/thermal/cooling_device1/type", "pwm-fan\n");
	file(w, "sys/class/thermal/cooling_device1/cur_state", "3\n");
	r = read_all(w);
	assert_float_equal(r.temperature_c, 61.2, 1e-9);
	assert_string_equal(r.throttled, "");
	file(w, "sys/class/thermal/cooling_device0/cur_state", "2\n");
	assert_string_equal(read_all(w).throttled, "heat");
}

static void memory_load_and_names_come_from_where_they_are(void **state)
{
	struct world *w = *state;
	struct health_readings r;

	file(w, "proc/meminfo",
		"MemTotal: 512000 kB\nMemFree: 1000 kB\nMemAvailable:     123456 kB\n");
	file(w, "proc/self/statm", "2000 1500 900 70 0 300 0\n");
	file(w, "proc/loadavg", "0.52 0.31 0.20 1/120 4711\n");
	file(w, "usr/lib/os-release", "PRETTY_NAME=\"x\"\nID=openwrt\nVERSION_ID=\"23.05.3\"\n");
	r = read_all(w);
	assert_int_equal(r.memory_free, 123456 * 1024LL);
	assert_int_equal(r.rss, 1500 * sysconf(_SC_PAGESIZE));
	assert_float_equal(r.load, 0.52, 1e-9);
	assert_string_equal(r.os, "openwrt 23.05.3");
	file(w, "etc/os-release", "VERSION_ID='12'\nID=\"debian\"\n");
	assert_string_equal(read_all(w).os, "debian 12");
	file(w, "etc/os-release", "ID=debian");
	assert_string_equal(read_all(w).os, "debian");
}

static void a_quick_look_keeps_what_only_a_whole_reading_tells(void **state)
{
	struct world *w = *state;
	struct health_readings r;

	file(w, "sys/class/thermal/thermal_zone0/temp", "50000\n");
	file(w, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "0\n");
	file(w, "sys/devices/platform/soc/soc:firmware/get_throttled", "4\n");
	r = read_all(w);
	file(w, "sys/class/thermal/thermal_zone0/temp", "70000\n");
	file(w, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
	health_read(&r, w->root, w->state, true);
	assert_int_equal(r.under_voltage, 1);
	assert_float_equal(r.temperature_c, 50, 1e-9);
	assert_string_equal(r.throttled, "heat");
}

static void the_hardware_tells_why_it_was_reset(void **state)
{
	static const struct {
		const char *bits, *why;
	} cases[] = { { "0\n", NULL }, { "32\n", "watchdog" }, { "1\n", "overheat" },
		{ "16\n", "brown_out" }, { "48\n", "brown_out" }, { "33\n", "overheat" },
		{ "0x20\n", "watchdog" }, { "-\n", NULL } };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why;

		file(w, "sys/class/watchdog/watchdog0/bootstatus", cases[i].bits);
		why = health_reset(w->root);
		assert_true(cases[i].why ? why && !strcmp(why, cases[i].why) : !why);
	}
}

/* --- a word to the next boot ------------------------------------------------------------------------ */
static const uint8_t boot_a[16] = { 1, 2, 3 }, boot_b[16] = { 4, 5, 6 };

static void the_next_boot_is_told_how_the_power_went(void **state)
{
	static const struct {
		const char *what;
		int64_t failing_s, last_s; /* failing_s 0: no mark */
		bool clean;
		const char *reset, *cause;
	} cases[] = {
		{ "pulled", 0, 5000, false, NULL, "cut" },
		{ "failing until the end", 4990, 5000, false, NULL, "brown_out" },
		{ "failing after the last record", 5020, 5000, false, NULL, "brown_out" },
		{ "failing an hour before", 1400, 5000, false, NULL, "cut" },
		{ "the watchdog", 0, 5000, false, "watchdog", "watchdog" },
		{ "the watchdog, while it was failing", 4990, 5000, false, "watchdog",
			"brown_out" },
		{ "switched off as it should be", 4990, 5000, true, NULL, NULL },
		{ "rebooted by the watchdog as it should be", 0, 5000, true, "watchdog", NULL },
	};
	struct world *w = *state;
	char path[160];

	snprintf(path, sizeof(path), "%s/power", w->state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct journal_past past = { .any = true,
			.clean = cases[i].clean,
			.last_mono_ns = cases[i].last_s * NS_PER_S,
			.last_utc_ns = UTC_UNKNOWN };
		const char *cause;

		if (cases[i].failing_s)
			assert_int_equal(
				health_mark(w->state, boot_a, cases[i].failing_s * NS_PER_S), 0);
		cause = health_power_cause(&past, w->state, boot_b, cases[i].reset);
		if (cases[i].cause ? !cause || strcmp(cause, cases[i].cause) != 0 : cause != NULL)
			fail_msg("%s: %s", cases[i].what, cause ? cause : "nothing");
		/* what was told once is not told again of a later boot */
		assert_int_equal(access(path, F_OK), -1);
	}
}

static void a_restart_of_the_agent_loses_no_power_and_keeps_the_mark(void **state)
{
	struct journal_past past = { .any = true, .same_boot = true, .last_mono_ns = NS_PER_S };
	struct world *w = *state;

	assert_int_equal(health_mark(w->state, boot_a, NS_PER_S), 0);
	assert_null(health_power_cause(&past, w->state, boot_a, NULL));
	past.same_boot = false;
	assert_string_equal(health_power_cause(&past, w->state, boot_b, NULL), "brown_out");
}

static void a_mark_that_cannot_be_read_is_none(void **state)
{
	static const char *const marks[] = { "", "failing\n", "failing 00 5\n",
		"failing 01020300000000000000000000000000\n",
		"failing 0102030000000000000000000000000g 5\n", "\x00\xff\xff" };
	struct journal_past past = { .any = true, .last_mono_ns = NS_PER_S };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(marks); i++) {
		file(w, "state/power", marks[i]);
		assert_string_equal(health_power_cause(&past, w->state, boot_b, NULL), "cut");
	}
	assert_int_equal(health_mark("/no/such/folder", boot_a, 1), -ENOENT);
}

/* --- in the background ------------------------------------------------------------------------------ */
struct watching {
	struct loop *loop;
	struct health_watch *watch;
	struct loop_timer tick;
	unsigned ticks, failing;
	int64_t late_ns;
};

static void it_fails(void *arg)
{
	struct watching *g = arg;

	g->failing++;
}

static void ticked(struct loop_timer *t)
{
	struct watching *g = container_of(t, struct watching, tick);

	g->ticks++;
	loop_timer_in(g->loop, t, 10 * NS_PER_MS);
}

static void watch(struct watching *g, const struct world *w)
{
	struct health_watch_options o = { .root = w->root,
		.folder = w->state,
		.warn_ns = 20 * NS_PER_MS,
		.every_ns = 60 * NS_PER_S,
		.failing = it_fails,
		.arg = g };

	memset(g, 0, sizeof(*g));
	memcpy(o.boot, boot_a, sizeof(o.boot));
	assert_int_equal(loop_new(&g->loop), 0);
	o.loop = g->loop;
	assert_int_equal(health_watch_new(&g->watch, &o), 0);
	g->tick.fire = ticked;
	loop_timer_in(g->loop, &g->tick, 0);
}

static void run_for(struct watching *g, int64_t ns)
{
	int64_t until = clock_loop() + ns;

	while (clock_loop() < until)
		assert_true(loop_turn(g->loop, 5 * NS_PER_MS) >= 0);
}

static void unwatch(struct watching *g)
{
	health_watch_free(g->watch);
	loop_timer_stop(g->loop, &g->tick);
	loop_free(g->loop);
}

static void readings_come_in_the_background_and_a_failing_supply_is_told_once(void **state)
{
	struct journal_past past = { .any = true, .last_mono_ns = clock_mono() };
	struct world *w = *state;
	struct power_state power;
	struct watching g;

	file(w, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "0\n");
	file(w, "sys/class/thermal/thermal_zone0/temp", "50000\n");
	supply(w, "BAT0 type=Battery status=Discharging capacity=70");
	health_power(NULL, &power);
	assert_true(power.on_battery == -1 && isnan(power.share) && !power.at_ns);
	watch(&g, w);
	for (int i = 0; i < 500 && !health_watch_last(g.watch)->at_ns; i++)
		run_for(&g, 10 * NS_PER_MS);
	health_power(g.watch, &power);
	assert_int_equal(power.on_battery, 1);
	assert_float_equal(power.share, 0.7, 1e-9);
	assert_float_equal(power.temperature_c, 50, 1e-9);
	assert_int_equal(g.failing, 0);
	file(w, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
	for (int i = 0; i < 500 && !g.failing; i++)
		run_for(&g, 10 * NS_PER_MS);
	run_for(&g, 200 * NS_PER_MS);
	assert_int_equal(g.failing, 1);
	unwatch(&g);
	/* and the mark was on the medium before it was told */
	assert_string_equal(health_power_cause(&past, w->state, boot_b, NULL), "brown_out");
}

static void a_sensor_that_hangs_holds_nobody_up(void **state)
{
	struct world *w = *state;
	char path[160];
	struct watching g;
	int64_t from;
	int fd;

	file(w, "sys/class/thermal/thermal_zone0/type", "slow\n");
	snprintf(path, sizeof(path), "%s/sys/class/thermal/thermal_zone0/temp", w->root);
	assert_int_equal(
		mkfifo(path, 0600), 0); /* opening it waits for a writer, who does not come */
	watch(&g, w);
	run_for(&g, 300 * NS_PER_MS);
	assert_true(g.ticks >= 10); /* of 30: others use this machine, too */
	assert_true(loop_lag_ns(g.loop) < 200 * NS_PER_MS);
	assert_int_equal(health_watch_last(g.watch)->at_ns, 0);
	from = clock_loop();
	unwatch(&g);
	assert_true(clock_loop() - from < 5 * NS_PER_S);
	/* the thread is left to itself, and ends when the sensor answers */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1\n", 2), 2);
	close(fd);
	usleep(100000);
}

/* --- the record ------------------------------------------------------------------------------------ */
static void what_is_unknown_is_left_out_of_the_record(void **state)
{
	static const enum field left_out[] = { FIELD_POWER, FIELD_BATTERY_SHARE, FIELD_BATTERY_V,
		FIELD_UNDER_VOLTAGE, FIELD_THROTTLED, FIELD_TEMPERATURE_C, FIELD_MEMORY_FREE,
		FIELD_PROCESS_RSS, FIELD_DISK_FREE, FIELD_LOAD, FIELD_CPU_SHARE, FIELD_CREDIT,
		FIELD_SIM, FIELD_MODEM, FIELD_MODEM_FIRMWARE, FIELD_RESET_REASON, FIELD_KERNEL,
		FIELD_OS };
	struct journal_past past = { .last_utc_ns = UTC_UNKNOWN };
	struct journal_stats journal = { .next_seq = 1 };
	struct budget budget = { .limit = 0 };
	struct health_readings none;
	struct health_facts f = { .past = &past,
		.journal = &journal,
		.budget = &budget,
		.readings = &none,
		.version = "1",
		.cpu_share = NAN };
	struct record r;

	(void)state;
	health_readings_clear(&none);
	health_record(&r, &f);
	for (size_t i = 0; i < COUNT(left_out); i++)
		assert_false(record_has(&r, left_out[i]));
	none.at_ns = 1; /* read, and nothing told */
	health_record(&r, &f);
	for (size_t i = 0; i < COUNT(left_out); i++)
		assert_false(record_has(&r, left_out[i]));
	none.on_battery = 1;
	none.under_voltage = 0;
	none.share = 0.5;
	f.sim = "ready";
	f.reset = "watchdog";
	f.cpu_share = 0.001;
	health_record(&r, &f);
	assert_string_equal(record_text(&r, FIELD_POWER), "battery");
	assert_false(record_bool(&r, FIELD_UNDER_VOLTAGE, true));
	assert_float_equal(record_real(&r, FIELD_BATTERY_SHARE, 0), 0.5, 1e-9);
	assert_string_equal(record_text(&r, FIELD_SIM), "ready");
	assert_string_equal(record_text(&r, FIELD_RESET_REASON), "watchdog");
	assert_true(record_has(&r, FIELD_CPU_SHARE));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, new_world, end_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(where_nothing_tells_all_is_unknown),
		cmocka_unit_test(supplies_of_all_sorts_tell_what_feeds_the_device),
		IN_A_WORLD(a_raspberry_pi_tells_of_its_voltage),
		IN_A_WORLD(heat_is_that_of_the_hottest_zone_that_has_a_sensor),
		IN_A_WORLD(memory_load_and_names_come_from_where_they_are),
		IN_A_WORLD(a_quick_look_keeps_what_only_a_whole_reading_tells),
		IN_A_WORLD(the_hardware_tells_why_it_was_reset),
		IN_A_WORLD(the_next_boot_is_told_how_the_power_went),
		IN_A_WORLD(a_restart_of_the_agent_loses_no_power_and_keeps_the_mark),
		IN_A_WORLD(a_mark_that_cannot_be_read_is_none),
		IN_A_WORLD(readings_come_in_the_background_and_a_failing_supply_is_told_once),
		IN_A_WORLD(a_sensor_that_hangs_holds_nobody_up),
		cmocka_unit_test(what_is_unknown_is_left_out_of_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
