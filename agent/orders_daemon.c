/* SPDX-License-Identifier: Apache-2.0 */
#include "orders_daemon.h"
#include "orders_plan.h"
#include "daemon.h"
#include "order_run.h"
#include "../probes/core/address.h"
#include "../probes/core/mem.h"
#include "../probes/core/queue.h"
#include "../probes/resolve.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define QUEUE_MESSAGES 16
#define SMALL_RUN      20000 /* bytes: some requests with small answers, names and handshakes included */
#define PACKET         128 /* bytes of an echo, there and back each */

struct order_desk {
	struct daemon *d;
	struct queue *in;
	struct loop_fd waiting;
	struct resolve *resolve; /* NULL: no targets are allowed */
	struct order_run *run;
	struct orders *orders;
	struct loop_timer restart;
	uint64_t receipts;
	int64_t receipt_utc; /* the newest that was told: an old one again is no sign of life */
};

/* --- settings --- */
static unsigned accept_word(const char *word)
{
	static const char *const words[] = { "run", "plan", "suppress", "restart",
		"restart_modem" };

	for (unsigned i = 0; i < COUNT(words); i++)
		if (!strcmp(words[i], word))
			return 1u << i;
	return 0;
}

static int take_least(const char *text, struct order_limits *out, size_t i, struct why *why)
{
	const char *equals = strchr(text, '=');
	char *end;
	long seconds = equals ? strtol(equals + 1, &end, 10) : 0;

	if (i == COUNT(out->least_of))
		return why_say(why, -EINVAL, "more than %d kinds", ORDER_KINDS);
	if (!equals || equals == text || equals - text >= (long)sizeof(out->least_of[0].kind) ||
		*end || seconds < 1 || seconds > 604800)
		return why_say(why, -EINVAL, "\"%s\" is not KIND=SECONDS, 1 .. 604800", text);
	snprintf(out->least_of[i].kind, sizeof(out->least_of[i].kind), "%.*s", (int)(equals - text),
		text);
	if (!probe_type_named(out->least_of[i].kind))
		return why_say(why, -EINVAL, "\"%s\" is no kind of test", out->least_of[i].kind);
	out->least_of[i].least_s = (uint32_t)seconds;
	return 0;
}

static int take_targets(const struct settings *s, struct order_limits *out, struct why *why)
{
	size_t n = settings_count(s, "targets");

	if (n > ORDER_TARGETS)
		return why_say(why, -EINVAL, "more than %d", ORDER_TARGETS);
	for (size_t i = 0; i < n; i++)
		out->targets[i] = settings_text_at(s, "targets", i);
	return 0;
}

int order_limits_setting(
	const struct settings *s, struct order_limits *out, const char **key, struct why *why)
{
	int err = 0;

	*out = (struct order_limits){ .least_s = (uint32_t)settings_int(s, "least_s"),
		.runs_hour = (unsigned)settings_int(s, "runs_hour"),
		.runs_day = (unsigned)settings_int(s, "runs_day"),
		.bytes_day = (uint64_t)settings_int(s, "day_mb") * 1000000,
		.suppress_ns = settings_int(s, "suppress_days") * 86400 * NS_PER_S,
		.plan_ns = settings_int(s, "plan_days") * 86400 * NS_PER_S,
		.allow_private = settings_bool(s, "allow_private") };
	for (size_t i = 0; i < settings_count(s, "accept"); i++)
		out->accept |= accept_word(settings_text_at(s, "accept", i));
	*key = "least_of";
	for (size_t i = 0; i < settings_count(s, "least_of") && !err; i++)
		err = take_least(settings_text_at(s, "least_of", i), out, i, why);
	if (err)
		return err;
	*key = "targets";
	return take_targets(s, out, why);
}

/* --- what the orders ask of the daemon --- */
static const struct settings *test_named(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < conf_count(d->conf, "tests"); i++) {
		const struct settings *s = conf_at(d->conf, "tests", i);
		const char *own = *settings_text(s, "name") ? settings_text(s, "name")
		                                            : settings_text(s, "kind");

		if (!strcmp(own, name))
			return s;
	}
	return NULL;
}

static bool has(const struct probe_type *type, const char *key, enum setting_type of)
{
	for (const struct setting *t = type->accept; t->key; t++)
		if (!strcmp(t->key, key))
			return t->type == of;
	return false;
}

static bool says(
	const struct settings *s, const struct probe_type *type, const char *key, const char *word)
{
	return has(type, key, SETTING_TEXT) && !strcmp(settings_text(s, key), word);
}

/* The most that a run may move, from the settings that bound it. */
static uint64_t cost_of(const struct settings *s, const struct probe_type *type)
{
	int64_t size, bytes;

	if (has(type, "count", SETTING_INT) && has(type, "size", SETTING_INT)) {
		size = settings_int(s, "size");
		return (uint64_t)settings_int(s, "count") * 2 *
		       (uint64_t)(size > PACKET ? size : PACKET);
	}
	if (!has(type, "max_bytes", SETTING_INT))
		return type->needs & PROBE_MODEM ? 0 : SMALL_RUN;
	bytes = settings_int(s, "max_bytes");
	if (!bytes) /* 0: the test's own bound, by its mode (throughput.c) */
		bytes = says(s, type, "mode", "cheap") ? 5000000 : 250000000;
	/* each direction has its own, unless only one is measured */
	return says(s, type, "direction", "down") || says(s, type, "direction", "up")
	               ? (uint64_t)bytes
	               : 2 * (uint64_t)bytes;
}

static bool on_test(void *arg, const char *name, struct order_test *out)
{
	struct order_desk *desk = arg;
	const struct settings *s = test_named(desk->d, name);
	const struct probe_type *type;

	if (!s)
		return false;
	type = probe_type_named(settings_text(s, "kind"));
	*out = (struct order_test){ .kind = type->name,
		.interval_s = settings_int(s, "interval_s"),
		.enabled = settings_bool(s, "enabled"),
		.target = setting_listed(type->accept, "target"),
		.bytes = cost_of(s, type) };
	return true;
}

static void target_run_ended(void *arg, const char *test, int err)
{
	struct order_desk *desk = arg;

	desk->run = NULL;
	orders_ran(desk->orders, test, true, err);
}

static int on_run(void *arg, const char *test, const char *target, struct why *why)
{
	struct order_desk *desk = arg;
	struct daemon *d = desk->d;

	if (!*target)
		return plan_order_run(d->schedule, test, why);
	if (desk->run)
		return why_say(why, -EBUSY, "another run towards an ordered target is not over");
	return order_run_start(&desk->run, d, test_named(d, test), target, desk->resolve,
		target_run_ended, desk, why);
}

static int on_plan(void *arg, const struct order_entry *entry, size_t n, struct why *why)
{
	return plan_order(((struct order_desk *)arg)->d->schedule, entry, n, why);
}

static int on_suppress(
	void *arg, const char *what, int64_t until_ns, bool stop_running, struct why *why)
{
	return plan_order_suppress(
		((struct order_desk *)arg)->d->schedule, what, until_ns, stop_running, why);
}

static int on_unsuppress(void *arg, const char *what, struct why *why)
{
	return plan_order_unsuppress(((struct order_desk *)arg)->d->schedule, what, why);
}

static bool on_tag(void *arg, const char *name)
{
	return plan_order_tag(((struct order_desk *)arg)->d->conf, name);
}

static void restart_now(struct loop_timer *t)
{
	struct order_desk *desk = container_of(t, struct order_desk, restart);

	log_info("orders", "ending, to be started again by the supervisor");
	loop_stop(desk->d->world.loop, 0);
}

static int on_restart_agent(void *arg, struct why *why)
{
	struct order_desk *desk = arg;

	(void)why;
	/* not at once: the reply goes first */
	loop_timer_in(desk->d->world.loop, &desk->restart, NS_PER_S);
	return 0;
}

static bool on_busy(void *arg)
{
	return schedule_busy(((struct order_desk *)arg)->d->schedule);
}

static void on_reply(void *arg, const void *bytes, size_t n)
{
	uplink_publish_reply(((struct order_desk *)arg)->d->uplink, bytes, n);
}

static void on_event(
	void *arg, const char *step, const char *outcome, const char *id, const char *detail)
{
	daemon_event_order(((struct order_desk *)arg)->d, id, step, outcome, detail);
}

/* --- life --- */
static void messages_wait(struct loop_fd *f, uint32_t events)
{
	struct order_desk *desk = container_of(f, struct order_desk, waiting);
	struct queue_item *i;

	(void)events;
	while ((i = queue_take(desk->in, 0))) {
		orders_message(desk->orders, i->data, i->len);
		free(i);
	}
}

static int open_resolver(struct order_desk *desk, const struct order_limits *limits)
{
	struct daemon *d = desk->d;
	const char *dns = settings_text(conf_section(d->conf, "agent"), "dns");
	int err;

	if (!limits->targets[0])
		return 0;
	err = resolve_new(&desk->resolve, d->world.loop, *dns ? dns : NULL);
	if (!err && !limits->allow_private)
		resolve_refuse(desk->resolve, address_is_special);
	return err;
}

int desk_open(struct daemon *d, struct why *why)
{
	struct order_desk *desk = mem_new(sizeof(*desk));
	char path[STATE_PATH];
	const char *key;
	struct orders_options o = { .path = state_path(d->conf, "orders", path),
		.identity = d->identity,
		.key = collector_key_setting(d->conf, d->collector_key) ? d->collector_key : NULL,
		.loop = d->world.loop,
		.doer = { .run = on_run,
			.plan = on_plan,
			.suppress = on_suppress,
			.unsuppress = on_unsuppress,
			.tag = on_tag,
			.restart_agent = on_restart_agent,
			.test = on_test,
			.busy = on_busy,
			.reply = on_reply,
			.event = on_event,
			.arg = desk } };
	int err = order_limits_setting(conf_section(d->conf, "orders"), &o.limits, &key, why);

	o.limits.lost_ns =
		settings_int(conf_section(d->conf, "agent"), "controller_timeout_s") * NS_PER_S;
	desk->d = d;
	desk->receipt_utc = UTC_UNKNOWN;
	desk->restart.fire = restart_now;
	d->desk = desk;
	if (!err)
		err = open_resolver(desk, &o.limits);
	o.resolve = desk->resolve;
	if (!err)
		err = queue_new(&desk->in, QUEUE_MESSAGES, QUEUE_MESSAGES * (ORDER_BYTES_MAX + 64));
	if (!err)
		err = orders_open(&desk->orders, &o, why);
	if (err)
		return why_say(why, err, "orders: %s", strerror(-err));
	desk->waiting = (struct loop_fd){ .fd = queue_fd(desk->in), .ready = messages_wait };
	return loop_fd_add(d->world.loop, &desk->waiting, EPOLLIN);
}

struct queue *desk_queue(struct daemon *d)
{
	return d->desk->in;
}

void desk_start(struct daemon *d)
{
	orders_start(d->desk->orders);
}

void desk_stop(struct daemon *d)
{
	struct order_desk *desk = d->desk;

	if (!desk)
		return;
	if (desk->waiting.added)
		loop_fd_del(d->world.loop, &desk->waiting);
	loop_timer_stop(d->world.loop, &desk->restart);
	order_run_cancel(desk->run);
	desk->run = NULL;
	orders_free(desk->orders);
	desk->orders = NULL;
	resolve_free(desk->resolve);
	desk->resolve = NULL;
}

void desk_close(struct daemon *d)
{
	if (!d->desk)
		return;
	queue_free(d->desk->in);
	free(d->desk);
	d->desk = NULL;
}

/* --- what the daemon tells --- */
void desk_uplink_changed(struct daemon *d)
{
	struct order_desk *desk = d->desk;
	struct uplink_status s;

	if (!desk || !desk->orders)
		return;
	uplink_status(d->uplink, &s);
	if (s.receipts == desk->receipts)
		return;
	desk->receipts = s.receipts;
	/* a broker may repeat old receipts for ever: only a newer word counts */
	if (s.last_receipt_utc == UTC_UNKNOWN || s.last_receipt_utc <= desk->receipt_utc)
		return;
	desk->receipt_utc = s.last_receipt_utc;
	orders_heard(desk->orders);
}

void desk_ran(struct daemon *d, const struct probe *p, int err)
{
	struct order_desk *desk = d->desk;

	if (desk && desk->orders && !order_run_owns(desk->run, p))
		orders_ran(desk->orders, probe_name(p), false, err);
}

bool desk_needs_line(const struct daemon *d, const struct probe *p)
{
	const struct probe *own = d->desk ? order_run_probe(d->desk->run) : NULL;
	unsigned one, other;

	if (!own || own == p)
		return false;
	one = probe_type_of(own)->needs;
	other = probe_type_of(p)->needs;
	if ((one & PROBE_EXCLUSIVE && !(other & PROBE_LOADED)) ||
		(other & PROBE_EXCLUSIVE && !(one & PROBE_LOADED)))
		return true;
	return one & other & PROBE_MODEM;
}

static void put_time(struct json_object *o, const char *key, int64_t utc_ns)
{
	char text[CLOCK_TEXT];

	json_object_object_add(o, key, json_object_new_string(clock_text(utc_ns, text)));
}

static struct json_object *plan_document(const struct orders_status *s)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "order", json_object_new_string(s->plan_id));
	put_time(o, "until", s->plan_until_ns);
	return o;
}

struct json_object *desk_status(struct daemon *d)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	struct orders_status s;

	orders_status(d->desk->orders, &s);
	json_object_object_add(o, "accepted", json_object_new_int64((int64_t)s.accepted));
	json_object_object_add(o, "refused", json_object_new_int64((int64_t)s.refused));
	json_object_object_add(o, "repeated", json_object_new_int64((int64_t)s.repeated));
	json_object_object_add(o, "not_authentic", json_object_new_int64((int64_t)s.false_ones));
	json_object_object_add(o, "dropped", json_object_new_int64((int64_t)s.dropped));
	json_object_object_add(o, "problem", *s.problem ? json_object_new_string(s.problem) : NULL);
	json_object_object_add(o, "plan", s.plan ? plan_document(&s) : NULL);
	for (size_t i = 0; i < s.suppressed; i++) {
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "what", json_object_new_string(s.suppress[i].what));
		put_time(one, "until", s.suppress[i].until_ns);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "suppressed", list);
	return o;
}
