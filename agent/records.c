/* SPDX-License-Identifier: Apache-2.0 */
/* Every record of the daemon passes here: it is stamped with state, place and way out, moves the access state,
 * and goes to the uplink's thread. */
#include "daemon.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void daemon_record(struct daemon *d, struct record *r)
{
	r->state = (uint8_t)access_state(d->access);
	if (r->place.source == PLACE_NONE)
		place_stamp(&d->where, r);
	if (d->survey)
		record_set_text(r, FIELD_SURVEY, d->survey);
	snprintf(r->uplink, sizeof(r->uplink), "%s", d->iface);
	uplink_record(d->uplink, r);
}

/* The machine knows the time since boot only; UTC is what is known now. */
void daemon_access_changed(void *arg, struct record *r)
{
	struct daemon *d = arg;
	struct clock_state now;

	clock_read(&now);
	if (now.utc_ns != UTC_UNKNOWN)
		r->utc_ns = now.utc_ns - (clock_mono() - r->mono_ns);
	r->clock = (struct record_clock){ (uint8_t)now.source, now.error_us, now.sync_age_s };
	if (!record_bool(r, FIELD_HEARTBEAT, false))
		log_info("access", "%s, %s: %s", access_state_name[access_state(d->access)],
			access_cause(d->access), access_evidence(d->access));
	daemon_record(d, r);
}

static void remember(struct daemon *d, const struct probe *p, const struct record *r)
{
	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct schedule_entry e;

		schedule_entry(d->schedule, i, &e);
		if (!strcmp(e.name, probe_name(p)))
			d->last[i] = *r;
	}
}

void daemon_measured(void *arg, struct probe *p, const struct record *r)
{
	struct daemon *d = arg;
	struct record own = *r;

	schedule_stamp(d->schedule, p, &own);
	daemon_record(d, &own);
	remember(d, p, &own);
	if (own.kind == RECORD_SIGNAL)
		d->world.last_signal = own;
	/* a test that failed for want of an address is judged by that */
	if (own.kind >= RECORD_LATENCY && own.kind <= RECORD_SERVICE)
		daemon_look_at_link(d);
	/* a run that we stopped says nothing about the line or the modem */
	if (!probe_stopped(p))
		access_observe(d->access, &own);
}

static void tell_event(struct daemon *d, const char *event, const char *step, const char *outcome,
	const char *order, const char *detail)
{
	struct record r;

	log_info(event, "%s %s: %s", step, outcome, detail);
	record_begin(&r, RECORD_EVENT);
	record_set_text(&r, FIELD_EVENT, event);
	record_set_text(&r, FIELD_STEP, step);
	record_set_text(&r, FIELD_OUTCOME, outcome);
	record_set_text(&r, FIELD_DETAIL, detail);
	record_set_text(&r, FIELD_ORDER, order);
	daemon_record(d, &r);
}

void daemon_event_order(
	struct daemon *d, const char *id, const char *step, const char *outcome, const char *detail)
{
	tell_event(d, "order", step, outcome, id, detail);
}

void daemon_event(struct daemon *d, const char *event, const char *step, const char *outcome,
	const char *format, ...)
{
	char detail[300];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	tell_event(d, event, step, outcome, NULL, detail);
}
