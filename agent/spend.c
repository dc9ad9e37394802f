/* SPDX-License-Identifier: Apache-2.0 */
/* What the month's allowance means for the tests: counted, held against their shares, cut and given back. */
#include "daemon.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEAST_BYTES 10000000 /* a test that can be capped is not worth starting with less */
#define WATCH_NS    (100 * NS_PER_MS) /* 40 Mbit/s move half a megabyte meanwhile */
#define WATCH_BYTES 200000            /* what can cost more is watched */
#define PLEDGE_BYTES \
	2000000 /* what can cost more is pledged on flash: less is lost in a power cut anyway */

int daemon_spend_settings(struct daemon *d, struct why *why)
{
	const struct settings *b = conf_section(d->conf, "budget");
	int err = 0;

	d->budget.limit = (uint64_t)settings_int(b, "month_mb") * 1000000;
	d->budget.reserve = (uint64_t)settings_int(b, "telemetry_mb") * 1000000;
	d->budget.reset_day = (int)settings_int(b, "reset_day");
	for (size_t i = 0; i < settings_count(b, "cut") && i < BUDGET_CUTS && !err; i++)
		err = budget_cut(
			settings_text_at(b, "cut", i), &d->budget.cut[d->budget.cuts++], why);
	return err;
}

static uint64_t line_of(const struct daemon *d, const struct probe *p)
{
	return budget_line(&d->budget, probe_name(p), probe_type_of(p)->name);
}

/* Costs nothing, or there is no limit. */
static bool is_free(const struct daemon *d, const struct probe *p)
{
	return !d->budget.limit || probe_most_bytes(p) <= 0;
}

/* What tests that run now may still move, that of p left out. */
static uint64_t under_way(const struct daemon *d, const struct probe *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct schedule_entry e;

		schedule_entry(d->schedule, i, &e);
		if (e.running && e.probe != p)
			sum += (uint64_t)probe_may_cost(e.probe);
	}
	return sum;
}

/* What has to be left for it to be started. */
static uint64_t needs(const struct probe *p)
{
	uint64_t most = (uint64_t)probe_most_bytes(p);

	return probe_type_of(p)->needs & PROBE_CAPPED && most > LEAST_BYTES ? LEAST_BYTES : most;
}

bool daemon_affords(struct daemon *d, struct probe *p)
{
	uint64_t gone = d->budget.used + under_way(d, p), line = line_of(d, p);

	probe_allow(p, 0);
	if (is_free(d, p))
		return true;
	if (gone + needs(p) > line)
		return false;
	if (line - gone < (uint64_t)probe_most_bytes(p))
		probe_allow(p, (int64_t)(line - gone));
	return true;
}

/* --- cuts ------------------------------------------------------------------------------------------------------- */

static void say_cut(struct daemon *d, const struct probe *p, bool cut)
{
	double mb = 1e6;

	if (cut)
		daemon_event(d, "budget", probe_name(p), "begun",
			"cut: %.1f MB are used, it may go to %.1f MB and can cost %.1f MB",
			(double)d->budget.used / mb, (double)line_of(d, p) / mb,
			(double)needs(p) / mb);
	else
		daemon_event(d, "budget", probe_name(p), "ended",
			"runs again: %.1f of %.1f MB are used", (double)d->budget.used / mb,
			(double)d->budget.limit / mb);
}

static void look_at_cuts(struct daemon *d)
{
	bool slowed = budget_gather(&d->budget, NS_PER_S) > NS_PER_S;

	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct schedule_entry e;
		bool cut;

		schedule_entry(d->schedule, i, &e);
		cut = !is_free(d, e.probe) && d->budget.used + needs(e.probe) > line_of(d, e.probe);
		if (cut != d->cut[i]) {
			d->cut[i] = cut;
			say_cut(d, e.probe, cut);
		}
	}
	if (slowed != d->slowed) {
		d->slowed = slowed;
		daemon_event(d, "budget", "telemetry", slowed ? "begun" : "ended",
			slowed ? "slowed: results are gathered for longer" : "as usual again");
	}
}

static bool has_spent_it(void *arg, const struct probe *p)
{
	struct daemon *d = arg;

	return !is_free(d, p) && d->budget.used >= line_of(d, p);
}

static void stop_spenders(struct daemon *d)
{
	schedule_stop(d->schedule, has_spent_it, d, "budget",
		"stopped: what it may use of this month's data allowance is used up");
}

/* --- counting --------------------------------------------------------------------------------------------------- */

static bool count(struct daemon *d)
{
	struct traffic_each t;
	struct clock_state now;

	if (traffic_read_each(d->billed, &t))
		return false; /* an interface that is gone moves nothing */
	clock_read(&now);
	budget_count_each(&d->budget, &t, now.source == CLOCK_NONE ? UTC_UNKNOWN : now.utc_ns,
		now.source != CLOCK_NONE && now.source != CLOCK_MANUAL);
	return true;
}

static void look_at_line(struct daemon *d)
{
	struct traffic t;

	if (strcmp(d->guarded, d->iface) != 0) {
		guard_forget(&d->guard);
		memcpy(d->guarded, d->iface, sizeof(d->guarded));
	}
	if (!traffic_read(d->iface, &t))
		guard_look(&d->guard, &t, clock_mono());
}

static int save(struct daemon *d)
{
	int err = budget_save(&d->budget, clock_mono(), false);

	if (err)
		log_complain(&d->complaint, clock_loop(), "budget", "%s: %s", d->budget.path,
			strerror(-err));
	else
		log_recovered(&d->complaint, "budget", "saving the counters");
	return err;
}

void daemon_count_traffic(struct daemon *d)
{
	look_at_line(d);
	if (!count(d) || !d->schedule)
		return;
	look_at_cuts(d);
	stop_spenders(d);
	/* saving waits for the medium, which may take a second: never beside a measurement */
	if (!schedule_busy(d->schedule))
		(void)save(d);
}

void daemon_sim(struct daemon *d, uint64_t sim)
{
	(void)count(d);
	budget_sim(&d->budget, sim);
	look_at_cuts(d);
}

int daemon_pledge(struct daemon *d, const struct probe *p)
{
	if (is_free(d, p) || probe_may_cost(p) < PLEDGE_BYTES)
		return 0;
	budget_pledge(&d->budget, (uint64_t)probe_may_cost(p));
	if (budget_pledged(&d->budget))
		return 0;
	if (schedule_busy(d->schedule))
		return -EAGAIN;
	/* a medium that fails takes the journal, too: measured is measured */
	(void)save(d);
	return 0;
}

/* --- while much may flow ---------------------------------------------------------------------------------------- */

static bool spending(const struct daemon *d)
{
	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct schedule_entry e;

		schedule_entry(d->schedule, i, &e);
		if (e.running && probe_most_bytes(e.probe) > WATCH_BYTES)
			return true;
	}
	return false;
}

static void watching(struct loop_timer *t)
{
	struct daemon *d = container_of(t, struct daemon, watch);

	if (!spending(d))
		return;
	if (count(d)) {
		look_at_cuts(d);
		stop_spenders(d);
	}
	loop_timer_in(d->world.loop, t, WATCH_NS);
}

void daemon_watch(struct daemon *d, const struct probe *p)
{
	if (is_free(d, p) || probe_most_bytes(p) <= WATCH_BYTES)
		return;
	d->watch.fire = watching;
	loop_timer_in(d->world.loop, &d->watch, WATCH_NS);
}

int64_t daemon_gather(const struct daemon *d)
{
	return budget_gather(
		&d->budget, settings_int(conf_section(d->conf, "uplink"), "gather_s") * NS_PER_S);
}
