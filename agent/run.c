/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent run: the daemon, built in one order and taken apart in the other.  What it then does is in
 * records.c, permit.c and duties.c. */
#include "daemon.h"
#include "options.h"
#include "privileges.h"
#include "../probes/core/mem.h"
#include "../probes/latency.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void told_to_end(struct loop_signal *s, int signo)
{
	struct daemon *d = signo == SIGTERM ? container_of(s, struct daemon, end)
	                                    : container_of(s, struct daemon, interrupt);

	log_info("agent", "told to end");
	loop_stop(d->world.loop, 0);
}

/* --- building ---------------------------------------------------------------------------------------------------- */

static void open_guards(struct daemon *d)
{
	const struct settings *g = conf_section(d->conf, "guard"),
			      *q = conf_section(d->conf, "quiet");

	d->world.own.minor_percent = settings_real(g, "minor_percent");
	d->world.own.discard_percent = settings_real(g, "discard_percent");
	d->world.own.counters_only = !settings_bool(g, "capture");
	d->quiet.below_share = (double)settings_int(q, "battery_below_percent") / 100;
	d->quiet.above_c = (double)settings_int(q, "hotter_than_c");
}

static int open_world(struct daemon *d, struct why *why)
{
	const struct settings *s = conf_section(d->conf, "agent"),
			      *b = conf_section(d->conf, "budget");
	struct place_options place;
	int err = world_open(&d->world, settings_text(s, "iface"), settings_text(s, "dns"), why);

	d->end.caught = d->interrupt.caught = told_to_end;
	d->tick.fire = daemon_tick;
	d->health.fire = daemon_health;
	d->simulated = settings_bool(s, "simulated");
	place_settings(d->conf, d->survey, &place);
	place_begin(&d->where, &place);
	d->health_every_ns = settings_int(conf_section(d->conf, "health"), "interval_s") * NS_PER_S;
	d->guard.down_bps_most = (uint64_t)settings_int(b, "idle_down_kbps") * 1000;
	d->guard.up_bps_most = (uint64_t)settings_int(b, "idle_up_kbps") * 1000;
	open_guards(d);
	snprintf(d->iface, sizeof(d->iface), "%s", settings_text(s, "iface"));
	snprintf(d->billed, sizeof(d->billed), "%s",
		settings_text(*settings_text(b, "iface") ? b : s, "iface"));
	if (!err && !*d->iface)
		traffic_default_iface(d->iface);
	if (!err)
		err = loop_signal_add(d->world.loop, &d->end, SIGTERM);
	if (!err)
		err = loop_signal_add(d->world.loop, &d->interrupt, SIGINT);
	return err;
}

/* Whoever walks is elsewhere after ten seconds. */
static int64_t survey_interval(int64_t interval_s)
{
	return (interval_s < 10 ? interval_s : 10) * NS_PER_S;
}

/* All sockets that want CAP_NET_RAW open here. */
static int open_tests(struct daemon *d, struct access_options *access, struct why *why)
{
	struct schedule_owner owner = { daemon_measured, daemon_may_run, daemon_ran,
		daemon_suppression, d };
	int64_t delay = settings_int(conf_section(d->conf, "agent"), "start_delay_s") * NS_PER_S;
	struct buf problems; /* none: the configuration was checked */
	int err;

	buf_init(&problems, 4096);
	plan_read(&d->plan, d->conf, &problems);
	err = schedule_new(&d->schedule, &d->world, &d->plan, delay, owner);
	schedule_retry(d->schedule,
		settings_int(conf_section(d->conf, "budget"), "busy_retry_s") * NS_PER_S);

	access->no_modem = !d->survey;
	access->no_internet_tests = true;
	for (size_t i = 0; i < conf_count(d->conf, "tests") && !err; i++) {
		const struct settings *s = conf_at(d->conf, "tests", i);
		const struct probe_type *type = probe_type_named(settings_text(s, "kind"));
		const char *name =
			*settings_text(s, "name") ? settings_text(s, "name") : type->name;
		struct plan_test test;

		if (!settings_bool(s, "enabled") || (d->survey && type != &latency_probe))
			continue;
		plan_read_test(&test, &d->plan, s, "tests", &problems);
		if (d->survey) { /* a walk has its own pace */
			test = (struct plan_test){ .limit_ns = test.limit_ns };
			test.interval_ns = survey_interval(settings_int(s, "interval_s"));
		}
		err = schedule_add(d->schedule, type, name, &test, why);
		if (err)
			why_say(why, err, "test \"%s\": %s", name, strerror(-err));
		if (type->needs & PROBE_MODEM)
			access->no_modem = false;
		else
			access->no_internet_tests = false;
	}
	d->last = mem_new((schedule_count(d->schedule) + 1) * sizeof(*d->last));
	d->cut = mem_new((schedule_count(d->schedule) + 1) * sizeof(*d->cut));
	buf_done(&problems);
	return err;
}

static int open_journal(struct daemon *d, struct why *why)
{
	char folder[STATE_PATH], path[STATE_PATH];
	const char *boot_file = settings_text(conf_section(d->conf, "agent"), "boot_id_file");
	struct journal_options o;
	int err;

	journal_settings(d->conf, state_path(d->conf, "journal", folder), &o);
	err = clock_boot_id(o.boot, *boot_file ? boot_file : NULL);
	if (err)
		return why_say(why, err, "the boot id cannot be read: %s", strerror(-err));
	err = identity_open(&d->identity, state_path(d->conf, "identity.pem", path), why);
	if (err)
		return err;
	probe_id_text(identity_id(d->identity), d->probe);
	err = journal_open(&d->journal, &o, &d->past, why);
	if (err)
		return err;
	err = daemon_spend_settings(d, why);
	budget_open(&d->budget, state_path(d->conf, "budget", path), o.boot);
	controller_open(&d->controller, state_path(d->conf, "controller", path),
		settings_int(conf_section(d->conf, "agent"), "controller_timeout_s") * NS_PER_S,
		clock_mono());
	return err;
}

/* Sensors are read in the background from here on. */
static int open_health(struct daemon *d)
{
	const struct settings *s = conf_section(d->conf, "health");
	struct health_watch_options o = { .loop = d->world.loop,
		.root = settings_text(s, "root"),
		.folder = settings_text(conf_section(d->conf, "agent"), "state"),
		.warn_ns = settings_int(s, "warn_s") * NS_PER_S,
		.every_ns = 60 * NS_PER_S,
		.failing = daemon_supply_fails,
		.arg = d };

	memcpy(o.boot, d->budget.boot, sizeof(o.boot));
	d->reset = health_reset(o.root);
	d->power_cause = health_power_cause(&d->past, o.folder, o.boot, d->reset);
	return health_watch_new(&d->sensors, &o);
}

static int read_password(struct daemon *d, const char *file, struct why *why)
{
	FILE *f = fopen(file, "re");
	bool got = f && fgets(d->password, sizeof(d->password), f);

	if (f)
		fclose(f);
	if (!got)
		return why_say(why, -EINVAL, "uplink.password_file: %s cannot be read", file);
	d->password[strcspn(d->password, "\r\n")] = 0;
	return 0;
}

static const char *or_null(const struct settings *s, const char *key)
{
	const char *text = settings_text(s, key);

	return *text ? text : NULL;
}

static int start_uplink(struct daemon *d, struct why *why)
{
	const struct settings *s = conf_section(d->conf, "uplink");
	struct uplink_options o = { .journal = d->journal,
		.identity = d->identity,
		.brokers = d->brokers,
		.user = or_null(s, "user"),
		.ca_file = or_null(s, "ca_file"),
		.cert_file = or_null(s, "cert_file"),
		.key_file = or_null(s, "key_file"),
		.collector_key =
			collector_key_setting(d->conf, d->collector_key) ? d->collector_key : NULL,
		.batch_records = (uint32_t)settings_int(s, "batch_records"),
		.batch_bytes = (uint32_t)settings_int(s, "batch_kb") << 10,
		.window = (uint32_t)settings_int(s, "window"),
		.resend_after_ns = settings_int(s, "resend_s") * NS_PER_S,
		.gather_ns = settings_int(s, "gather_s") * NS_PER_S,
		.simulated = d->simulated,
		.agent = phusong_version,
		.orders = desk_queue(d),
		.loop = d->world.loop,
		.changed = daemon_uplink_changed,
		.arg = d };
	int err = 0;

	for (size_t i = 0;
		!d->survey && i < settings_count(s, "brokers") && i + 1 < COUNT(d->brokers); i++)
		d->brokers[i] = settings_text_at(s, "brokers", i);
	if (!o.gather_ns)
		o.gather_ns = NS_PER_MS; /* 0 is uplink's default */
	if (!d->survey && *settings_text(s, "password_file")) {
		err = read_password(d, settings_text(s, "password_file"), why);
		o.password = d->password;
	}
	if (!err && o.password && !o.user)
		o.user = d->probe;
	return err ? err : uplink_start(&d->uplink, &o, why);
}

int daemon_start(struct daemon *d, struct why *why)
{
	const struct settings *s = conf_section(d->conf, "agent");
	const char *user = d->user ? d->user : settings_text(s, "user");
	struct access_options access;
	char path[STATE_PATH];
	int err;

	access_settings(d->conf, &access);
	signal(SIGPIPE, SIG_IGN);
	err = open_world(d, why); /* blocks signals: before any thread exists */
	if (!err)
		err = open_tests(d, &access, why);
	if (!err)
		err = privileges_folder(settings_text(s, "state"), user, why);
	if (!err)
		err = privileges_keep_raw(user, why); /* nothing below this line is root */
	if (!err)
		err = open_journal(d, why);
	if (!err)
		d->access = access_new(&access, daemon_access_changed, d);
	if (!err)
		err = desk_open(d, why);
	if (!err)
		err = open_health(d);
	if (!err)
		err = start_uplink(d, why); /* the only other thread of ours that stays */
	if (!err)
		daemon_modems(d);
	if (!err)
		err = control_open(&d->control, d->world.loop,
			state_path(d->conf, CONTROL_SOCKET, path), daemon_status, d, why);
	if (!err && !d->survey)
		err = daemon_gnss_start(
			d, settings_text(conf_section(d->conf, "gnss"), "source"), why);
	return err;
}

int daemon_live(struct daemon *d)
{
	struct clock_state now;

	clock_read(&now);
	d->started_ns = clock_mono();
	log_info("agent", "probe %s, version %s%s", d->probe, phusong_version,
		d->simulated ? ", SIMULATED" : "");
	access_past(d->access, &d->past, d->power_cause, clock_mono(), now.utc_ns);
	daemon_signs_open(d);
	daemon_tick(&d->tick);
	daemon_health(&d->health);
	schedule_start(d->schedule, identity_id(d->identity));
	desk_start(d);
	return loop_run(d->world.loop);
}

void daemon_done(struct daemon *d)
{
	int64_t wait_s = settings_int(conf_section(d->conf, "uplink"), "stop_s");

	gnss_close(d->gnss);
	control_close(d->control);
	daemon_signs_close(d);
	desk_stop(d);
	schedule_free(d->schedule);
	d->schedule = NULL; /* nothing is measured any more */
	health_watch_free(d->sensors);
	if (d->uplink) {
		daemon_count_traffic(d);
		budget_pledge(&d->budget, 0);
		(void)!budget_save(&d->budget, clock_mono(), true);
	}
	uplink_stop(d->uplink, (int)wait_s * 1000);
	desk_close(d);
	journal_close(d->journal);
	access_free(d->access);
	identity_free(d->identity);
	free(d->last);
	free(d->cut);
	world_close(&d->world);
	conf_free(d->conf);
}

int run_command(int argc, char **argv)
{
	struct daemon d = { .brokers = { NULL } };
	struct why why = { "" };
	struct options o;
	int err, status = options_read(&o, OPTION_CONF, argc, argv);

	if (status >= 0)
		return status;
	if (o.count)
		return wrong_use("run", "\"%s\" is not understood", o.words[0]);
	status = agent_conf_open(&d.conf, o.conf);
	if (status >= 0)
		return status;
	err = daemon_start(&d, &why);
	if (err)
		log_error("agent", "%s", *why.text ? why.text : strerror(-err));
	status = err == -EBUSY || err == -EINVAL || err == -ENOENT ? EXIT_USAGE : EXIT_FAILED;
	if (!err) {
		err = daemon_live(&d);
		status = err ? EXIT_FAILED : EXIT_DONE;
		if (err)
			log_error("agent", "%s", strerror(err < 0 ? -err : err));
	}
	daemon_done(&d);
	return status;
}
