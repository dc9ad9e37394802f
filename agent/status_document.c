/* SPDX-License-Identifier: Apache-2.0 */
/* What a running agent tells about itself. */
#include "command.h"
#include "daemon.h"
#include "status_document.h"
#include "../probes/core/codec.h"
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_int(struct json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text && *text ? json_object_new_string(text) : NULL);
}

/* Seconds since a moment of clock_mono(); null when there was none. */
static void put_age(struct json_object *o, const char *key, int64_t mono_ns)
{
	json_object_object_add(o, key,
		mono_ns ? json_object_new_int64((clock_mono() - mono_ns) / NS_PER_S) : NULL);
}

static struct json_object *clock_document(void)
{
	struct json_object *o = json_object_new_object();
	struct clock_state now;
	char text[CLOCK_TEXT];

	clock_read(&now);
	put_text(o, "utc", clock_text(now.utc_ns, text));
	put_text(o, "source", clock_source_name[now.source]);
	return o;
}

static struct json_object *uplink_document(const struct uplink_status *u)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "connected", json_object_new_boolean(u->connected));
	put_text(o, "broker", u->broker);
	put_int(o, "mqtt_version", u->mqtt_version);
	put_text(o, "problem", u->problem);
	put_age(o, "down_s", u->connected ? 0 : u->down_since_mono);
	put_age(o, "last_receipt_age_s", u->last_receipt_mono);
	put_int(o, "receipts", (int64_t)u->receipts);
	put_int(o, "batches_sent", (int64_t)u->batches_sent);
	put_int(o, "resent", (int64_t)u->resent);
	put_int(o, "refused", (int64_t)u->refused);
	put_int(o, "queue_dropped", (int64_t)u->queue_dropped);
	put_int(o, "bytes_sent", (int64_t)u->bytes_sent);
	put_int(o, "pause_s", u->pause_s);
	return o;
}

static struct json_object *journal_document(const struct journal_stats *j)
{
	struct json_object *o = json_object_new_object();

	put_int(o, "newest_seq", (int64_t)(j->next_seq ? j->next_seq - 1 : 0));
	put_int(o, "arrived_below_seq", (int64_t)j->oldest_seq);
	put_int(o, "waiting", (int64_t)j->waiting);
	put_int(o, "bytes", (int64_t)j->bytes);
	put_int(o, "written", (int64_t)j->written);
	put_int(o, "dropped", (int64_t)j->dropped);
	put_text(o, "problem", j->medium ? strerror(-j->medium) : NULL);
	return o;
}

/* What of it is known when no agent runs, too. */
struct json_object *status_budget(const struct budget *b)
{
	struct json_object *o = json_object_new_object();

	put_int(o, "used", (int64_t)b->used);
	json_object_object_add(
		o, "limit", b->limit ? json_object_new_int64((int64_t)b->limit) : NULL);
	put_int(o, "reserve", (int64_t)b->reserve);
	put_int(o, "reset_day", b->reset_day);
	json_object_object_add(o, "may_spend", json_object_new_boolean(budget_may_spend(b)));
	return o;
}

/* A page: which SIM, by the first digits of its hash; null: none is known. */
static struct json_object *sim_document(uint64_t sim, int period, uint64_t used, bool in_use)
{
	struct json_object *o = json_object_new_object();
	char text[32];

	snprintf(text, sizeof(text), "%08x", (unsigned)(sim >> 32));
	put_text(o, "sim", sim ? text : NULL);
	snprintf(text, sizeof(text), "%04d-%02d", period / 12, period % 12 + 1);
	put_text(o, "month", period ? text : NULL);
	put_int(o, "used", (int64_t)used);
	json_object_object_add(o, "in_use", json_object_new_boolean(in_use));
	return o;
}

static struct json_object *cut_document(const struct daemon *d)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct schedule_entry e;

		schedule_entry(d->schedule, i, &e);
		if (d->cut[i])
			json_object_array_add(list, json_object_new_string(e.name));
	}
	return list;
}

static struct json_object *budget_document(const struct daemon *d)
{
	const struct budget *b = &d->budget;
	struct json_object *o = status_budget(b), *sims = json_object_new_array();

	json_object_object_add(o, "cut", cut_document(d));
	put_int(o, "gather_s", daemon_gather(d) / NS_PER_S);
	json_object_array_add(sims, sim_document(b->sim, b->period, b->used, true));
	for (size_t i = 0; i < b->others; i++)
		json_object_array_add(sims,
			sim_document(b->other[i].sim, b->other[i].period, b->other[i].used, false));
	json_object_object_add(o, "sims", sims);
	return o;
}

struct json_object *status_place(const struct place *p)
{
	struct json_object *o;

	if (p->source == PLACE_NONE || p->source >= PLACE_SOURCES)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "lat", json_object_new_double(p->lat_e7 / 1e7));
	json_object_object_add(o, "lon", json_object_new_double(p->lon_e7 / 1e7));
	json_object_object_add(
		o, "accuracy_m", p->accuracy_m < 0 ? NULL : json_object_new_int(p->accuracy_m));
	put_text(o, "source", place_source_name[p->source]);
	return o;
}

static struct json_object *suppressions_document(const struct daemon *d)
{
	struct json_object *list = json_object_new_array();
	struct suppress_now now = { clock_mono(), UTC_UNKNOWN };
	const struct suppress_item *x;
	size_t n = schedule_suppressions(d->schedule, &x);
	struct clock_state clock;

	clock_read(&clock);
	if (clock.source != CLOCK_NONE)
		now.utc_ns = clock.utc_ns;
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();
		int64_t left = x[i].active ? suppress_left(&x[i], now) : -1;

		put_text(o, "name", x[i].name);
		json_object_object_add(o, "active", json_object_new_boolean(x[i].active));
		json_object_object_add(o, "ordered", json_object_new_boolean(!x[i].plan));
		put_age(o, "since_s", x[i].active ? x[i].since_mono : 0);
		json_object_object_add(
			o, "left_s", left >= 0 ? json_object_new_int64(left / NS_PER_S) : NULL);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *next_document(const struct schedule_entry *e)
{
	int64_t left = e->next_ns - clock_loop();

	if (e->running || left < 0)
		left = 0;
	return e->next_ns == INT64_MAX && !e->running ? NULL
	                                              : json_object_new_int64(left / NS_PER_S);
}

static struct json_object *tests_document(const struct daemon *d)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < schedule_count(d->schedule); i++) {
		struct json_object *o = json_object_new_object();
		struct schedule_entry e;

		schedule_entry(d->schedule, i, &e);
		put_text(o, "name", e.name);
		put_text(o, "kind", e.kind);
		json_object_object_add(o, "interval_s",
			e.interval_ns ? json_object_new_int64(e.interval_ns / NS_PER_S) : NULL);
		put_text(o, "event", e.event);
		json_object_object_add(o, "next_s", next_document(&e));
		json_object_object_add(o, "enabled", json_object_new_boolean(e.enabled));
		put_text(o, "waits_for", schedule_wait_name[e.waits]);
		put_text(o, "suppressed", e.suppressed);
		json_object_object_add(o, "cut", json_object_new_boolean(d->cut[i]));
		json_object_object_add(o, "running", json_object_new_boolean(e.running));
		put_int(o, "invocations", (int64_t)e.counts.invocations);
		put_int(o, "failures", (int64_t)e.counts.failures);
		put_int(o, "overlaps", (int64_t)e.counts.overlaps);
		put_int(o, "suppressions", (int64_t)e.counts.suppressions);
		json_object_object_add(o, "last", d->last[i].kind ? codec_json(&d->last[i]) : NULL);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *led_document(const struct daemon *d)
{
	return d->led ? json_object_new_string(led_pattern_name[led_shown(d->led)]) : NULL;
}

static struct json_object *textfile_document(const struct textfile *t)
{
	struct json_object *o;

	if (!*t->path)
		return NULL;
	o = json_object_new_object();
	put_text(o, "path", t->path);
	put_int(o, "writes", (int64_t)t->writes);
	put_int(o, "bytes", (int64_t)t->bytes);
	put_text(o, "problem", t->err ? strerror(-t->err) : NULL);
	return o;
}

/* The place that a record would get now. */
static struct json_object *place_document(const struct daemon *d)
{
	struct record r;

	record_begin(&r, RECORD_HEALTH);
	place_stamp(&d->where, &r);
	return status_place(&r.place);
}

struct json_object *daemon_status(void *daemon)
{
	struct daemon *d = daemon;
	struct json_object *o = json_object_new_object();
	struct uplink_status u;

	uplink_status(d->uplink, &u);
	put_text(o, "probe", d->probe);
	put_text(o, "version", phusong_version);
	put_int(o, "pid", getpid());
	json_object_object_add(o, "simulated", json_object_new_boolean(d->simulated));
	put_int(o, "uptime_s", clock_mono() / NS_PER_S);
	put_age(o, "running_s", d->started_ns);
	put_text(o, "state", access_state_name[access_state(d->access)]);
	put_age(o, "state_s", access_since(d->access));
	put_text(o, "cause", access_cause(d->access));
	put_text(o, "evidence", access_evidence(d->access));
	put_text(o, "iface", d->iface);
	put_text(o, "modem", record_text(&d->world.last_signal, FIELD_MODEM));
	json_object_object_add(o, "place", place_document(d));
	json_object_object_add(o, "clock", clock_document());
	json_object_object_add(o, "uplink", d->brokers[0] ? uplink_document(&u) : NULL);
	json_object_object_add(o, "journal", journal_document(&u.journal));
	json_object_object_add(o, "gnss", daemon_gnss_document(d));
	json_object_object_add(o, "budget", budget_document(d));
	json_object_object_add(o, "led", led_document(d));
	json_object_object_add(o, "textfile", textfile_document(&d->textfile));
	put_text(o, "quiet", quiet_is(&d->quiet) ? d->quiet.why : NULL);
	json_object_object_add(o, "controller_lost", json_object_new_boolean(d->controller.lost));
	json_object_object_add(
		o, "replanned", json_object_new_boolean(schedule_replanned(d->schedule)));
	json_object_object_add(o, "suppressions", suppressions_document(d));
	json_object_object_add(o, "tests", tests_document(d));
	json_object_object_add(o, "orders", desk_status(d));
	return o;
}
