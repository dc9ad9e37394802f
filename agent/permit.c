/* SPDX-License-Identifier: Apache-2.0 */
/* Which test may run now: what the state, the month's allowance and the line allow. */
#include "daemon.h"
#include "../probes/modem/modem.h"
#include <stdio.h>
#include <string.h>

void daemon_count_traffic(struct daemon *d)
{
	struct clock_state now;
	struct traffic t;
	int err = traffic_read(d->billed, &t);

	if (err)
		return; /* an interface that is gone moves nothing */
	clock_read(&now);
	budget_count(&d->budget, &t, now.source == CLOCK_NONE ? UTC_UNKNOWN : now.utc_ns,
		now.source != CLOCK_NONE && now.source != CLOCK_MANUAL);
	guard_look(&d->guard, &t, clock_mono());
	/* saving waits for the medium, which may take a second: never beside a measurement */
	if (schedule_busy(d->schedule))
		return;
	err = budget_save(&d->budget, clock_mono(), false);
	if (err)
		log_complain(&d->complaint, clock_loop(), "budget", "%s: %s", d->budget.path,
			strerror(-err));
	else
		log_recovered(&d->complaint, "budget", "saving the counters");
}

static void say_busy(struct daemon *d, const struct probe *p)
{
	int kind = record_kind_from(probe_type_of(p)->name);
	struct record r;

	if (kind < 0)
		return;
	record_begin(&r, (enum record_kind)kind);
	record_set_text(&r, FIELD_TEST, probe_name(p));
	record_set_text(&r, FIELD_ERROR, "busy_line");
	record_set_text(&r, FIELD_ERROR_TEXT, "left out: the line was never idle");
	record_set_int(&r, FIELD_COMPETING_BPS, (int64_t)(d->guard.down_bps + d->guard.up_bps));
	daemon_record(d, &r);
}

/* Registered with a network of its own, as far as is known. */
static bool served(enum access_state s)
{
	return s == STATE_OK || s == STATE_COLLECTOR_DOWN || s == STATE_CAPTIVE_OR_NO_CREDIT ||
	       s == STATE_IP_NO_INTERNET || s == STATE_ATTACHED_NO_IP;
}

/* Reads what the modem knows anyway. */
static bool disturbs_nothing(const struct probe *p)
{
	return (probe_type_of(p)->needs & PROBE_MODEM) &&
	       setting_listed(probe_type_of(p)->accept, "method") &&
	       !strcmp(settings_text(probe_settings(p), "method"), "neighbours");
}

enum schedule_verdict daemon_may_run(void *arg, const struct probe *p, unsigned tries)
{
	struct daemon *d = arg;
	int64_t retries = settings_int(conf_section(d->conf, "budget"), "busy_retries");
	unsigned needs = probe_type_of(p)->needs;

	if (!strcmp(settings_text(probe_settings(p), "when"), "unserved") &&
		served(access_state(d->access)))
		return SCHEDULE_PASS;
	/* what is lost while we take the line away ourselves says nothing about the network */
	if (!(needs & PROBE_MODEM) &&
		(modems_disturbing(d->world.modems) || modems_line_suspended(d->world.modems)))
		return SCHEDULE_LATER;
	if (!(needs & PROBE_EXCLUSIVE) || disturbs_nothing(p))
		return SCHEDULE_GO;
	daemon_count_traffic(d);
	/* surveys of the modem cost no data */
	if (!(needs & PROBE_MODEM) && !budget_may_spend(&d->budget))
		return SCHEDULE_SKIP;
	if (guard_idle(&d->guard))
		return SCHEDULE_GO;
	if ((int64_t)tries < retries)
		return SCHEDULE_LATER;
	say_busy(d, p);
	return SCHEDULE_SKIP;
}

void daemon_ran(void *arg, struct probe *p, int err)
{
	struct daemon *d = arg;

	(void)err;
	/* what the test itself moved is no traffic of others */
	if (probe_type_of(p)->needs & PROBE_EXCLUSIVE) {
		daemon_count_traffic(d);
		d->guard.have = false;
		d->guard.down_bps = d->guard.up_bps = 0;
	}
}
