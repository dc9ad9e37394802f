/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon does now and then, beside measuring: looks at clock, traffic, address and uplink; tells of itself. */
#include "command.h"
#include "daemon.h"
#include "health.h"
#include "../probes/core/mem.h"
#include "../probes/modem/modem.h"
#include <stdlib.h>

#define TICK_NS       (5 * NS_PER_S)
#define PAIR_EVERY_NS (3600 * NS_PER_S) /* clocks drift: a fresh pair each hour */
#define PAIR_STEP_NS  (100 * NS_PER_MS) /* or when UTC moved against the time since boot */

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

void daemon_tick(struct loop_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, tick);

	look_at_clock(d);
	daemon_count_traffic(d);
	if (modems_line_suspended(d->world.modems))
		log_debug("agent", "the data line is suspended");
	else if (*settings_text(conf_section(d->conf, "agent"), "iface"))
		access_link(d->access, traffic_has_address(d->world.iface), clock_mono());
	else
		traffic_default_iface(d->iface);
	look_at_uplink(d);
	access_tick(d->access, clock_mono());
	loop_timer_in(d->world.loop, t, TICK_NS);
}

void daemon_health(struct loop_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, health);
	uint64_t skipped = schedule_skipped(d->schedule);
	struct uplink_status s;
	struct record r;

	uplink_status(d->uplink, &s);
	health_record(&r, &(struct health_facts){ .past = &d->past,
				  .journal = &s.journal,
				  .budget = &d->budget,
				  .modem = record_text(&d->world.last_signal, FIELD_MODEM),
				  .version = phusong_version,
				  .skipped = skipped - d->skipped_told,
				  .first = !d->health_told });
	modems_hints_record(d->world.modems, &r);
	d->skipped_told = skipped;
	d->health_told = true;
	daemon_record(d, &r);
	loop_timer_in(d->world.loop, t, d->health_every_ns);
}
