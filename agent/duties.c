/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon does now and then, beside measuring: looks at clock, traffic, address and uplink; tells of itself. */
#include "command.h"
#include "daemon.h"
#include "memory.h"
#include "../probes/core/mem.h"
#include "../probes/modem/modem.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define TICK_NS       (5 * NS_PER_S)
#define FIRST_NS      (2 * NS_PER_S)
#define LOOK_AGAIN_NS (20 * NS_PER_MS)
#define PAIR_EVERY_NS (3600 * NS_PER_S) /* clocks drift: a fresh pair each hour */
#define PAIR_STEP_NS  (100 * NS_PER_MS) /* or when UTC moved against the time since boot */

/* Wall time that somebody vouches for; UTC_UNKNOWN otherwise. */
static int64_t trusted_utc(void)
{
	struct clock_state now;

	clock_read(&now);
	return now.source == CLOCK_NONE || now.source == CLOCK_MANUAL ? UTC_UNKNOWN : now.utc_ns;
}

static void look_at_controller(struct daemon *d, int64_t receipt_mono)
{
	int64_t now = clock_mono();

	switch (controller_look(&d->controller, receipt_mono, now, trusted_utc())) {
	case CONTROLLER_IS_LOST:
		daemon_event(d, "plan", "controller", "failed", "no receipt for %lld s",
			(long long)(controller_silent(&d->controller, now, trusted_utc()) /
				    NS_PER_S));
		schedule_event(d->schedule, PLAN_CONTROLLER_LOST);
		break;
	case CONTROLLER_IS_BACK:
		daemon_event(d, "plan", "controller", "ok", "receipts come again");
		schedule_event(d->schedule, PLAN_CONTROLLER_CONNECTED);
		break;
	case CONTROLLER_SAME:
		break;
	}
	if (!schedule_busy(d->schedule))
		(void)!controller_save(&d->controller);
}

static void look_at_uplink(struct daemon *d)
{
	struct uplink_status s;
	struct access_uplink u;

	if (modems_line_suspended(d->world.modems))
		return; /* our own doing: says nothing about the net */
	uplink_status(d->uplink, &s);
	u = (struct access_uplink){ .configured = d->brokers[0] != NULL,
		.connected = s.connected,
		.down_since_ns = s.down_since_mono,
		.last_receipt_ns = s.last_receipt_mono,
		.waiting = s.journal.waiting };
	access_uplink(d->access, &u, clock_mono());
	look_at_controller(d, s.last_receipt_mono);
}

void daemon_uplink_changed(void *arg)
{
	look_at_uplink(arg);
	desk_uplink_changed(arg);
}

static void look_at_clock(struct daemon *d)
{
	struct clock_state now;
	struct clock_pair pair;
	int64_t expected;

	clock_read(&now);
	schedule_clock(d->schedule, now.source == CLOCK_NONE ? UTC_UNKNOWN : now.utc_ns);
	if (now.source == CLOCK_NONE || now.utc_ns == UTC_UNKNOWN)
		return;
	pair = (struct clock_pair){ .mono_ns = clock_mono(),
		.utc_ns = now.utc_ns,
		.error_us = now.error_us,
		.source = (uint8_t)now.source };
	expected = d->pair.utc_ns + (pair.mono_ns - d->pair.mono_ns);
	if (d->pair.source == pair.source && pair.mono_ns - d->pair.mono_ns < PAIR_EVERY_NS &&
		llabs(pair.utc_ns - expected) < PAIR_STEP_NS)
		return;
	d->pair = pair;
	uplink_clock(d->uplink, &pair);
}

void daemon_look_at_link(struct daemon *d)
{
	if (modems_line_suspended(d->world.modems))
		return; /* our own doing: says nothing about the net */
	if (*d->world.iface)
		access_link(d->access, traffic_has_address(d->world.iface), clock_mono());
	else
		traffic_default_iface(d->iface);
}

void daemon_tick(struct loop_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, tick);

	look_at_clock(d);
	daemon_quiet(d);
	daemon_count_traffic(d);
	daemon_look_at_link(d);
	daemon_look_at_modems(d);
	look_at_uplink(d);
	access_tick(d->access, clock_mono());
	daemon_signs(d);
	loop_timer_in(d->world.loop, t, TICK_NS);
}

/* What the allowance has cut and what is suppressed, by name. */
static void say_limits(const struct daemon *d, struct record *r)
{
	const struct suppress_item *x;
	size_t n = schedule_suppressions(d->schedule, &x);
	struct buf cut, held;

	buf_init(&cut, 400);
	buf_init(&held, 400);
	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct schedule_entry e;

		schedule_entry(d->schedule, i, &e);
		if (d->cut[i])
			buf_printf(&cut, "%s%s", cut.len ? " " : "", e.name);
	}
	if (quiet_is(&d->quiet))
		buf_puts(&held, "quiet");
	for (size_t i = 0; i < n; i++)
		if (x[i].active)
			buf_printf(&held, "%s%s", held.len ? " " : "", x[i].name);
	if (cut.len)
		record_set_text(r, FIELD_BUDGET_CUT, buf_text(&cut));
	if (held.len)
		record_set_text(r, FIELD_SUPPRESSED, buf_text(&held));
	buf_done(&cut);
	buf_done(&held);
}

static int64_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Of one core, since it was last asked. */
static double cpu_share(struct daemon *d)
{
	int64_t now = clock_mono(), cpu = cpu_time(), before = d->cpu_at_ns, used = cpu - d->cpu_ns;

	d->cpu_at_ns = now;
	d->cpu_ns = cpu;
	return before && now > before ? (double)used / (double)(now - before) : NAN;
}

void daemon_health(struct loop_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, health);
	const struct health_readings *readings = health_watch_last(d->sensors);
	const struct record *signal = &d->world.last_signal;
	uint64_t skipped = schedule_skipped(d->schedule);
	struct uplink_status s;
	struct record r;

	/* the first record waits for the first reading, but not for a bus that hangs */
	if (!readings->at_ns && clock_mono() - d->started_ns < FIRST_NS) {
		loop_timer_in(d->world.loop, t, LOOK_AGAIN_NS);
		return;
	}
	uplink_status(d->uplink, &s);
	health_record(&r, &(struct health_facts){ .past = &d->past,
				  .journal = &s.journal,
				  .budget = &d->budget,
				  .readings = readings,
				  .modem = record_text(signal, FIELD_MODEM),
				  .sim = record_text(signal, FIELD_SIM),
				  .reset = d->reset,
				  .version = phusong_version,
				  .cpu_share = cpu_share(d),
				  .skipped = skipped - d->skipped_told,
				  .first = !d->health_told });
	say_limits(d, &r);
	modems_hints_record(d->world.modems, &r);
	d->skipped_told = skipped;
	d->health_told = true;
	daemon_gnss_health(d, &r);
	d->temperature_c = record_real(&r, FIELD_TEMPERATURE_C, NAN);
	daemon_record(d, &r);
	if (!schedule_busy(d->schedule))
		memory_give_back();
	loop_timer_in(d->world.loop, t, d->health_every_ns);
}

/* There may not be another moment: what is known goes to the medium now. */
void daemon_supply_fails(void *arg)
{
	struct daemon *d = arg;
	const struct health_readings *r = health_watch_last(d->sensors);

	log_warn("health", "%s",
		r->under_voltage == 1 ? "the supply's voltage is too low"
				      : "on battery, and it is nearly empty");
	daemon_health(&d->health);
	uplink_sync(d->uplink);
}
