/* SPDX-License-Identifier: Apache-2.0 */
/* The receiver in the running agent: fixes to the place and to the clock, a moved probe to an event. */
#include "daemon.h"
#include "../probes/core/log.h"
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

static void say_date(struct daemon *d, enum gnss_date before)
{
	if (d->gnss_time.date == before)
		return;
	if (d->gnss_time.date == GNSS_DATE_ROLLED)
		log_warn("gnss",
			"the receiver's date is 1024 weeks behind: it missed a rollover of "
			"the GPS week.  Its position is used, its time is not");
	else if (d->gnss_time.date == GNSS_DATE_IMPLAUSIBLE)
		log_warn("gnss", "the receiver's date cannot be: its time is not used");
}

static void say_moved(struct daemon *d)
{
	enum place_news news = place_news(&d->where);
	const char *outcome = news == PLACE_MOVED ? "begun" : "ended";
	char detail[160];
	struct record r;

	if (news == PLACE_STAYS)
		return;
	snprintf(detail, sizeof(detail),
		news == PLACE_MOVED ? "GNSS says it is %.0f m from where it was installed"
				    : "GNSS says it is back, %.0f m from where it was installed",
		d->where.distance_m);
	log_info("place", "moved %s: %s", outcome, detail);
	record_begin(&r, RECORD_EVENT);
	record_set_text(&r, FIELD_EVENT, "place");
	record_set_text(&r, FIELD_STEP, "moved");
	record_set_text(&r, FIELD_OUTCOME, outcome);
	record_set_text(&r, FIELD_DETAIL, detail);
	record_set_real(&r, FIELD_DISTANCE_M, round(d->where.distance_m));
	daemon_record(d, &r);
}

static void told(void *arg, const struct gnss_fix *f)
{
	struct daemon *d = arg;
	enum gnss_date before = d->gnss_time.date;
	int64_t utc_ns, mono_ns;
	struct clock_state now;

	clock_read(&now);
	place_told(&d->where, f, &now, clock_mono());
	if (gnss_time_take(&d->gnss_time, &d->where.last, d->where.last_at_ns, &utc_ns, &mono_ns))
		clock_told(CLOCK_GNSS, utc_ns, mono_ns, GNSS_TIME_ERROR_US);
	say_date(d, before);
	say_moved(d);
}

int daemon_gnss_start(struct daemon *d, const char *source, struct why *why)
{
	return *source ? gnss_open(&d->gnss, d->world.loop, source, told, d, why) : 0;
}

void daemon_gnss_health(struct daemon *d, struct record *r)
{
	const struct place_fix *near = place_near(&d->where, r->mono_ns);

	if (!d->gnss)
		return;
	record_set_text(r, FIELD_FIX, place_word(&d->where, r->mono_ns));
	if (!near)
		return;
	if (near->fix.satellites >= 0)
		record_set_int(r, FIELD_SATELLITES, near->fix.satellites);
	record_set_real(r, FIELD_HDOP, near->fix.hdop);
	record_set_real(r, FIELD_GNSS_DISTANCE_M, round(d->where.distance_m));
}

struct json_object *daemon_gnss_document(const struct daemon *d)
{
	static const char *const dates[] = { NULL, "good", "rolled_over", "implausible" };
	const struct place_fix *near = place_near(&d->where, clock_mono());
	struct json_object *o;

	if (!d->gnss)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(
		o, "fix", json_object_new_string(place_word(&d->where, clock_mono())));
	json_object_object_add(o, "problem",
		*gnss_problem(d->gnss) ? json_object_new_string(gnss_problem(d->gnss)) : NULL);
	json_object_object_add(o, "satellites",
		near && near->fix.satellites >= 0 ? json_object_new_int(near->fix.satellites)
						  : NULL);
	json_object_object_add(o, "accuracy_m",
		near && !isnan(near->fix.accuracy_m)
			? json_object_new_int((int)ceil(near->fix.accuracy_m))
			: NULL);
	json_object_object_add(o, "distance_m",
		near && !isnan(d->where.distance_m)
			? json_object_new_int((int)lround(d->where.distance_m))
			: NULL);
	json_object_object_add(o, "moved", json_object_new_boolean(d->where.moved));
	json_object_object_add(o, "date",
		d->gnss_time.date ? json_object_new_string(dates[d->gnss_time.date]) : NULL);
	return o;
}
