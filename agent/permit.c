/* SPDX-License-Identifier: Apache-2.0 */
/* Which test may run now: what the state, the device, the month's allowance and the line allow. */
#include "daemon.h"
#include "power.h"
#include "../probes/modem/modem.h"
#include <string.h>

#define OWN_TRACE \
	40000 /* a test of more bytes would be seen in the guard's ten seconds as 32 kbit/s */

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
	if (field_info(FIELD_COMPETING_BPS)->kinds & 1u << kind)
		record_set_int(
			&r, FIELD_COMPETING_BPS, (int64_t)(d->guard.down_bps + d->guard.up_bps));
	schedule_stamp(d->schedule, p, &r);
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

/* --- the device ------------------------------------------------------------------------------------------------- */

static bool tagged_quiet(const struct daemon *d, const struct probe *p)
{
	const struct settings *q = conf_section(d->conf, "quiet"), *s = probe_settings(p);

	for (size_t i = 0; i < settings_count(q, "tags"); i++)
		for (size_t k = 0; k < settings_count(s, "tags"); k++)
			if (!strcmp(settings_text_at(q, "tags", i), settings_text_at(s, "tags", k)))
				return true;
	return false;
}

void daemon_quiet(struct daemon *d)
{
	struct power_state now;

	health_power(d->sensors, &now);
	switch (quiet_look(&d->quiet, &now)) {
	case QUIET_BEGAN:
		daemon_event(d, "suppression", "quiet", "begun", "%s", d->quiet.why);
		break;
	case QUIET_ENDED:
		daemon_event(d, "suppression", "quiet", "ended", "no longer %s", d->quiet.why);
		break;
	case QUIET_SAME:
		break;
	}
}

/* --- the line --------------------------------------------------------------------------------------------------- */

static enum schedule_verdict line_allows(struct daemon *d, const struct probe *p, unsigned tries)
{
	int64_t retries = settings_int(conf_section(d->conf, "budget"), "busy_retries");
	struct traffic t;

	switch (traffic_read(d->iface, &t) ? GUARD_IDLE : guard_line(&d->guard)) {
	case GUARD_UNKNOWN:
		return SCHEDULE_SOON;
	case GUARD_IDLE:
		return SCHEDULE_GO;
	case GUARD_BUSY:
		break;
	}
	if ((int64_t)tries < retries)
		return SCHEDULE_LATER;
	say_busy(d, p);
	return SCHEDULE_SKIP;
}

enum schedule_verdict daemon_may_run(void *arg, struct probe *p, unsigned tries)
{
	struct daemon *d = arg;
	unsigned needs = probe_type_of(p)->needs;
	bool exclusive = (needs & PROBE_EXCLUSIVE) && !disturbs_nothing(p);
	enum schedule_verdict v = SCHEDULE_GO;

	if (!strcmp(settings_text(probe_settings(p), "when"), "unserved") &&
		served(access_state(d->access)))
		return SCHEDULE_PASS;
	/* what is lost while we take the line away ourselves says nothing about the network */
	if (!(needs & PROBE_MODEM) &&
		(modems_disturbing(d->world.modems) || modems_line_suspended(d->world.modems)))
		return SCHEDULE_LATER;
	if (desk_needs_line(d, p))
		return SCHEDULE_LATER;
	if (quiet_is(&d->quiet) && (exclusive || tagged_quiet(d, p)))
		return SCHEDULE_HOLD;
	if (exclusive)
		daemon_count_traffic(d);
	if (!daemon_affords(d, p))
		return SCHEDULE_SKIP;
	if (exclusive)
		v = line_allows(d, p, tries);
	if (v == SCHEDULE_GO && daemon_pledge(d, p))
		return SCHEDULE_SOON;
	if (v == SCHEDULE_GO)
		daemon_watch(d, p);
	return v;
}

void daemon_ran(void *arg, struct probe *p, int err)
{
	struct daemon *d = arg;

	desk_ran(d, p, err);
	budget_pledge(&d->budget, 0);
	/* what the test itself moved is no traffic of others */
	if (probe_most_bytes(p) > OWN_TRACE)
		guard_forget(&d->guard);
	if (probe_type_of(p)->needs & PROBE_EXCLUSIVE)
		daemon_count_traffic(d);
}

void daemon_suppression(void *arg, const struct suppress_item *i)
{
	struct suppress_now now = { clock_mono(), UTC_UNKNOWN };
	struct clock_state clock;
	struct daemon *d = arg;
	int64_t left;

	clock_read(&clock);
	if (clock.source != CLOCK_NONE)
		now.utc_ns = clock.utc_ns;
	left = i->active ? suppress_left(i, now) : -1;
	if (!i->active)
		daemon_event(d, "suppression", i->name, "ended", "%s",
			i->plan ? "of the plan" : "ordered");
	else if (left >= 0)
		daemon_event(d, "suppression", i->name, "begun", "%s, for %lld s%s",
			i->plan ? "of the plan" : "ordered", (long long)(left / NS_PER_S),
			i->stop_running ? ", stops what runs" : "");
	else
		daemon_event(d, "suppression", i->name, "begun", "%s%s",
			i->plan ? "of the plan" : "ordered",
			i->stop_running ? ", stops what runs" : "");
}
