/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon does now and then, beside measuring: looks at clock, traffic, address and uplink; tells of itself. */
#include "command.h"
#include "daemon.h"
#include "../probes/core/mem.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define TICK_NS       (5 * NS_PER_S)
#define FIRST_NS      (2 * NS_PER_S)
#define LOOK_AGAIN_NS (20 * NS_PER_MS)
#define PAIR_EVERY_NS (3600 * NS_PER_S) /* clocks drift: a fresh pair each hour */
#define PAIR_STEP_NS  (100 * NS_PER_MS) /* or when UTC moved against the time since boot */

static void look_at_uplink(struct daemon *d)
{
	struct uplink_status s;
	struct access_uplink u;

	uplink_status(d->uplink, &s);
	u = (struct access_uplink){ .configured = d->brokers[0] != NULL,
		.connected = s.connected,
		.down_since_ns = s.down_since_mono,
		.last_receipt_ns = s.last_receipt_mono,
		.waiting = s.journal.waiting };
	access_uplink(d->access, &u, clock_mono());
}

void daemon_uplink_changed(void *arg)
{
	look_at_uplink(arg);
}

static void look_at_clock(struct daemon *d)
{
	struct clock_state now;
	struct clock_pair pair;
	int64_t expected;

	clock_read(&now);
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
	if (*d->world.iface)
		access_link(d->access, traffic_has_address(d->world.iface), clock_mono());
	else
		traffic_default_iface(d->iface);
}

void daemon_tick(struct loop_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, tick);

	look_at_clock(d);
	daemon_count_traffic(d);
	daemon_look_at_link(d);
	look_at_uplink(d);
	access_tick(d->access, clock_mono());
	loop_timer_in(d->world.loop, t, TICK_NS);
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
	const struct health_readings *readings = health_watch_last(d->watch);
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
				  .credit = access_credit_word(d->access),
				  .reset = d->reset,
				  .version = phusong_version,
				  .cpu_share = cpu_share(d),
				  .skipped = skipped - d->skipped_told,
				  .first = !d->health_told });
	d->skipped_told = skipped;
	d->health_told = true;
	daemon_record(d, &r);
	loop_timer_in(d->world.loop, t, d->health_every_ns);
}

/* There may not be another moment: what is known goes to the medium now. */
void daemon_supply_fails(void *arg)
{
	struct daemon *d = arg;
	const struct health_readings *r = health_watch_last(d->watch);

	log_warn("health", "%s",
		r->under_voltage == 1 ? "the supply's voltage is too low"
				      : "on battery, and it is nearly empty");
	daemon_health(&d->health);
	uplink_sync(d->uplink);
}
