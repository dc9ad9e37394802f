/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe does with orders: a compromised broker, a restart, a power cut, and limits, with a fake doer and a
 * fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/orders_inside.h"
#include "probes/core/address.h"
#include "probes/core/cose.h"
#include "probes/core/file.h"
#include "probes/core/mem.h"
#include "probes/resolve.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define T0     1764000000000000000 /* 2025-11-24 */
#define HOUR   (3600 * NS_PER_S)
#define EVENTS 64

static struct clock_state the_time;

static void fake_clock(struct clock_state *out)
{
	*out = the_time;
}

struct world {
	char folder[64], path[96];
	struct identity *probe, *collector, *stranger;
	struct loop *loop;
	struct resolve *resolve;
	struct orders *orders;
	struct orders_options o;
	uint64_t number;

	/* what the doer saw */
	unsigned runs, plans, suppressions, unsuppressions, restarts, modem_restarts;
	size_t plan_entries;
	char ran[ORDER_WORD], target[ORDER_TARGET], what[ORDER_WORD];
	int64_t until_ns;
	int fail; /* what it answers */
	bool busy, no_write;
	unsigned replies;
	struct order_reply reply; /* the newest */
	char events[EVENTS][80];  /* "step outcome detail" */
	char event_id[ORDER_ID_TEXT];
	unsigned event_count;
};

static int on_run(void *arg, const char *test, const char *target, struct why *why)
{
	struct world *w = arg;

	w->runs++;
	snprintf(w->ran, sizeof(w->ran), "%s", test);
	snprintf(w->target, sizeof(w->target), "%s", target);
	return w->fail ? why_say(why, w->fail, "told to fail") : 0;
}

static int on_plan(void *arg, const struct order_entry *entry, size_t n, struct why *why)
{
	struct world *w = arg;

	(void)entry;
	w->plans++;
	w->plan_entries = n;
	return n && w->fail ? why_say(why, w->fail, "told to fail") : 0;
}

static int on_suppress(
	void *arg, const char *what, int64_t until_ns, bool stop_running, struct why *why)
{
	struct world *w = arg;

	(void)stop_running, (void)why;
	w->suppressions++;
	w->until_ns = until_ns;
	snprintf(w->what, sizeof(w->what), "%s", what);
	return w->fail;
}

static int on_unsuppress(void *arg, const char *what, struct why *why)
{
	struct world *w = arg;

	(void)why;
	w->unsuppressions++;
	snprintf(w->what, sizeof(w->what), "%s", what);
	return 0;
}

static int on_restart(void *arg, struct why *why)
{
	(void)why;
	((struct world *)arg)->restarts++;
	return 0;
}

static int on_restart_modem(void *arg, struct why *why)
{
	(void)why;
	((struct world *)arg)->modem_restarts++;
	return 0;
}

static bool on_test(void *arg, const char *name, struct order_test *out)
{
	(void)arg;
	if (!strcmp(name, "signal"))
		*out = (struct order_test){ "signal", 60, true, false, 0 };
	else if (!strcmp(name, "latency"))
		*out = (struct order_test){ "latency", 300, true, true, 5000 };
	else if (!strcmp(name, "throughput"))
		*out = (struct order_test){ "throughput", 21600, true, true, 10000000 };
	else if (!strcmp(name, "off"))
		*out = (struct order_test){ "latency", 300, false, true, 0 };
	else
		return false;
	return true;
}

static bool on_tag(void *arg, const char *name)
{
	(void)arg;
	return !strcmp(name, "costly");
}

static bool on_busy(void *arg)
{
	return ((struct world *)arg)->busy;
}

static void on_reply(void *arg, const void *bytes, size_t n)
{
	struct world *w = arg;

	assert_int_equal(reply_open(&w->reply, bytes, n, NULL), 0);
	assert_memory_equal(w->reply.probe, identity_id(w->probe), PROBE_ID);
	w->replies++;
}

static void on_event(
	void *arg, const char *step, const char *outcome, const char *id, const char *detail)
{
	struct world *w = arg;

	assert_true(w->event_count < EVENTS);
	snprintf(w->events[w->event_count++], sizeof(w->events[0]), "%s %s %.50s", step, outcome,
		detail);
	snprintf(w->event_id, sizeof(w->event_id), "%s", id);
}

static void begin(struct world *w)
{
	struct why why = { "" };

	assert_int_equal(orders_open(&w->orders, &w->o, &why), 0);
	orders_start(w->orders);
}

static void again(struct world *w)
{
	orders_free(w->orders);
	begin(w);
}

static int setup(void **state)
{
	struct world *w = mem_new(sizeof(*w));

	snprintf(w->folder, sizeof(w->folder), "/tmp/phusong-orders-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->path, sizeof(w->path), "%s/orders", w->folder);
	assert_int_equal(identity_make(&w->probe), 0);
	assert_int_equal(identity_make(&w->collector), 0);
	assert_int_equal(identity_make(&w->stranger), 0);
	assert_int_equal(loop_new(&w->loop), 0);
	assert_int_equal(resolve_new(&w->resolve, w->loop, "127.0.0.1:9"), 0);
	resolve_refuse(w->resolve, address_is_special);
	the_time = (struct clock_state){ CLOCK_NTP, T0, 1000, 10 };
	w->number = 1;
	w->o = (struct orders_options){ .path = w->path,
		.identity = w->probe,
		.key = identity_public(w->collector),
		.loop = w->loop,
		.resolve = w->resolve,
		.clock = fake_clock,
		.limits = { .accept = ACCEPT_RUN | ACCEPT_PLAN | ACCEPT_SUPPRESS | ACCEPT_RESTART,
			.least_s = 60,
			.least_of = { { "throughput", 3600 } },
			.runs_hour = 3,
			.runs_day = 5,
			.bytes_day = 50000000,
			.suppress_ns = 7 * DAY_NS,
			.plan_ns = 31 * DAY_NS,
			.lost_ns = 3 * DAY_NS },
		.doer = { on_run, on_plan, on_suppress, on_unsuppress, on_restart, on_restart_modem,
			on_test, on_tag, on_busy, on_reply, on_event, w } };
	begin(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	orders_free(w->orders);
	resolve_free(w->resolve);
	loop_free(w->loop);
	identity_free(w->probe);
	identity_free(w->collector);
	identity_free(w->stranger);
	unlink(w->path);
	rmdir(w->folder);
	free(w);
	return 0;
}

/* --- orders --- */
static struct order order(struct world *w, enum order_action action, const char *what)
{
	struct order o = { .number = w->number++,
		.issued_ns = the_time.utc_ns,
		.expires_ns = the_time.utc_ns + HOUR,
		.action = (uint8_t)action };

	memcpy(o.probe, identity_id(w->probe), PROBE_ID);
	memcpy(o.id, &o.number, sizeof(o.number));
	snprintf(o.what, sizeof(o.what), "%s", what);
	if (action == ORDER_SUPPRESS || action == ORDER_PLAN)
		o.until_ns = the_time.utc_ns + 2 * HOUR;
	return o;
}

static struct order plan(struct world *w, const char *test, uint32_t interval_s)
{
	struct order o = order(w, ORDER_PLAN, "");

	o.entries = 1;
	o.entry[0] = (struct order_entry){ .interval_s = interval_s, .enabled = -1 };
	snprintf(o.entry[0].test, sizeof(o.entry[0].test), "%s", test);
	return o;
}

static void deliver_by(struct world *w, const struct order *o, const struct identity *signer)
{
	struct buf b;

	buf_init(&b, ORDER_BYTES_MAX);
	assert_int_equal(order_seal(&b, o, signer), 0);
	w->orders->bucket = 16; /* its own test looks at that */
	orders_message(w->orders, b.data, b.len);
	buf_done(&b);
}

static void deliver(struct world *w, const struct order *o)
{
	deliver_by(w, o, w->collector);
}

static void assert_reply(struct world *w, enum reply_state state, const char *word)
{
	if (w->reply.state != state || strcmp(w->reply.word, word))
		fail_msg("%s %s (%s)", reply_state_name[w->reply.state], w->reply.word,
			w->reply.detail);
}

static void assert_refused(struct world *w, const struct order *o, const char *word)
{
	unsigned runs = w->runs, plans = w->plans, suppressions = w->suppressions,
		 restarts = w->restarts + w->modem_restarts;

	deliver(w, o);
	assert_reply(w, REPLY_REFUSED, word);
	assert_memory_equal(w->reply.id, o->id, ORDER_ID);
	assert_int_equal(runs + plans + suppressions + restarts,
		w->runs + w->plans + w->suppressions + w->restarts + w->modem_restarts);
}

static const char *last_event(const struct world *w)
{
	return w->event_count ? w->events[w->event_count - 1] : "";
}

static void tick(struct world *w)
{
	orders_tick(&w->orders->tick);
}

/* --- the life of an order --- */
static void a_run_is_accepted_remembered_begun_and_done(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");
	char id[ORDER_ID_TEXT];

	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	assert_int_equal(w->reply.utc_ns, T0);
	assert_string_equal(w->ran, "signal");
	assert_string_equal(last_event(w), "run begun signal");
	assert_string_equal(w->event_id, probe_id_text(o.id, id));
	orders_ran(w->orders, "latency", false, 0); /* another one */
	orders_ran(w->orders, "signal", true, 0);   /* towards another target */
	assert_int_equal(w->replies, 1);
	orders_ran(w->orders, "signal", false, 0);
	assert_reply(w, REPLY_DONE, "ok");
	assert_string_equal(last_event(w), "run ok signal");
	orders_ran(w->orders, "signal", false, 0); /* a later one is none of it */
	assert_int_equal(w->replies, 2);
	assert_int_equal(w->event_count, 2);
}

static void a_run_that_fails_is_done_with_a_reason(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	deliver(w, &o);
	orders_ran(w->orders, "signal", false, -ETIMEDOUT);
	assert_reply(w, REPLY_DONE, "failed");
	w->fail = -EBUSY;
	o = order(w, ORDER_RUN, "latency");
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "failed");
	assert_string_equal(w->reply.detail, "told to fail");
	assert_string_equal(last_event(w), "run failed latency: told to fail");
}

static void a_run_whose_turn_does_not_come_is_told(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	deliver(w, &o);
	tick(w);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	w->orders->running[0].until_ns = 1;
	tick(w);
	assert_reply(w, REPLY_DONE, "not_run");
}

static void an_id_is_carried_out_once_also_after_a_restart(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	deliver(w, &o);
	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	orders_ran(w->orders, "signal", false, 0);
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	again(w);
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	assert_int_equal(w->runs, 1);
	assert_int_equal(w->event_count, 2);
	/* the same id with another content is no new order */
	o.number = w->number++;
	snprintf(o.what, sizeof(o.what), "latency");
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	assert_int_equal(w->runs, 1);
}

static void a_power_cut_after_the_memory_leaves_it_not_done(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	deliver(w, &o);
	again(w); /* the memory has it, the run was not heard of */
	assert_reply(w, REPLY_DONE, "interrupted");
	assert_string_equal(last_event(w), "run failed signal: the agent ended before the run did");
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "interrupted");
	assert_int_equal(w->runs, 1);
}

static void what_cannot_be_remembered_is_not_done(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	snprintf(w->orders->memory.path, sizeof(w->orders->memory.path), "%s/no/such", w->folder);
	deliver(w, &o);
	assert_reply(w, REPLY_LATER, "memory");
	assert_int_equal(w->runs, 0);
	o = order(w, ORDER_RUN, "nothing"); /* would be refused */
	deliver(w, &o);
	assert_reply(w, REPLY_LATER, "memory");
	assert_int_equal(w->event_count, 0);
	snprintf(w->orders->memory.path, sizeof(w->orders->memory.path), "%s", w->path);
	deliver(w, &o);
	assert_reply(w, REPLY_REFUSED, "no_such_test");
}

/* --- a broker that is not ours any more --- */
static void what_is_not_authentic_is_counted_and_not_answered(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");
	struct orders_status s;
	struct buf b;

	deliver_by(w, &o, w->stranger);
	deliver_by(w, &o, w->probe);
	o.probe[0] ^= 1;
	deliver(w, &o); /* for another */
	o.probe[0] ^= 1;
	buf_init(&b, ORDER_BYTES_MAX);
	assert_int_equal(order_seal(&b, &o, w->collector), 0);
	b.data[b.len - 1] ^= 1;
	orders_message(w->orders, b.data, b.len);
	b.data[b.len - 1] ^= 1;
	orders_message(w->orders, b.data, b.len - 1);
	orders_message(w->orders, "", 0);
	orders_message(w->orders, "\xd2\x84\x5b\x00\x00\x00\x00\x40\x00\x00\x00", 11); /* 1 GiB */
	buf_done(&b);
	orders_status(w->orders, &s);
	assert_int_equal(s.false_ones, 7);
	assert_int_equal(s.accepted + s.refused, 0);
	assert_true(*s.problem);
	assert_int_equal(w->replies + w->event_count + w->runs, 0);
	assert_int_equal(access(w->path, F_OK), -1); /* nothing was written */
}

static void without_a_configured_key_no_order_is_accepted(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");
	struct orders_status s;

	w->o.key = NULL;
	again(w);
	deliver(w, &o);
	orders_status(w->orders, &s);
	assert_int_equal(s.false_ones, 1);
	assert_non_null(strstr(s.problem, "collector_key"));
	assert_int_equal(w->replies + w->runs, 0);
}

static void an_old_number_is_a_replay(void **state)
{
	struct world *w = *state;
	struct order old = order(w, ORDER_RUN, "latency"), o = order(w, ORDER_RUN, "signal");

	deliver(w, &o);
	assert_refused(w, &old, "replay");
	again(w);
	assert_refused(w, &old, "replay");
	assert_int_equal(w->runs, 1);
	assert_int_equal(
		w->event_count, 2); /* begun, and interrupted by the restart: none for replays */
}

static void an_expired_order_is_refused(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	o.issued_ns = T0 - HOUR;
	o.expires_ns = T0;
	assert_refused(w, &o, "expired");
	assert_string_equal(last_event(w), "run expired expired: it is too late for it");
	/* a clock that was turned back does not make an order young again */
	o = order(w, ORDER_RUN, "signal");
	deliver(w, &o);
	the_time.utc_ns = T0 - 24 * HOUR;
	o = order(w, ORDER_RUN, "latency");
	o.issued_ns = T0 - 25 * HOUR;
	o.expires_ns = T0 - 23 * HOUR;
	assert_refused(w, &o, "expired");
	the_time.utc_ns = T0;
	o = order(w, ORDER_RUN, "latency");
	o.expires_ns = T0 + 32 * DAY_NS;
	assert_refused(w, &o, "too_long");
}

static void without_a_clock_that_is_vouched_for_it_is_not_now(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal");

	for (int i = 0; i < 2; i++) {
		the_time = i ? (struct clock_state){ CLOCK_MANUAL, T0, -1, -1 }
		             : (struct clock_state){ CLOCK_NONE, UTC_UNKNOWN, -1, -1 };
		deliver(w, &o);
		assert_reply(w, REPLY_LATER, "clock_unknown");
		assert_int_equal(w->reply.utc_ns, UTC_UNKNOWN);
		assert_int_equal(w->runs + w->event_count, 0);
	}
	the_time = (struct clock_state){ CLOCK_MQTT, T0, 1000, 0 };
	deliver(w, &o); /* the same one: it was not remembered */
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	o = order(w, ORDER_RUN, "latency");
	o.issued_ns = T0 + HOUR;
	o.expires_ns = T0 + 2 * HOUR;
	deliver(w, &o);
	assert_reply(w, REPLY_LATER, "issued_ahead");
}

static void what_is_too_new_is_refused_once(void **state)
{
	struct world *w = *state;
	struct buf p, b;

	buf_init(&p, 512);
	buf_init(&b, 1024);
	for (int i = 0; i < 2; i++) {
		struct order o = order(w, ORDER_RUN, "signal");
		uint8_t head[] = { 0xa6, 1, 9, 2, 0x50 };
		uint8_t rest[] = { 4, (uint8_t)o.number, 5, 1, 6, 2 };

		buf_clear(&p);
		buf_clear(&b);
		buf_put(&p, head, sizeof(head));
		buf_put(&p, o.probe, PROBE_ID);
		buf_put(&p, "\x03\x50", 2);
		buf_put(&p, o.id, ORDER_ID);
		buf_put(&p, rest, sizeof(rest));
		assert_int_equal(cose_seal(&b, COSE_ORDER, p.data, p.len, w->collector), 0);
		orders_message(w->orders, b.data, b.len);
		assert_reply(w, REPLY_REFUSED, "unknown");
		orders_message(w->orders, b.data, b.len);
		assert_reply(w, REPLY_REFUSED, "unknown");
	}
	assert_int_equal(w->event_count, 2);
	assert_string_equal(
		w->events[0], "unknown refused unknown: its version, or something in it, is not k");
	again(w);
	orders_message(w->orders, b.data, b.len);
	assert_reply(w, REPLY_REFUSED, "unknown");
	assert_int_equal(w->event_count, 2);
	buf_done(&p);
	buf_done(&b);
}

static void a_flood_is_dropped(void **state)
{
	struct world *w = *state;
	struct orders_status s;

	for (int i = 0; i < 1000; i++)
		orders_message(w->orders, "flood", 5);
	orders_status(w->orders, &s);
	assert_in_range(s.false_ones, 16, 20);
	assert_int_equal(s.false_ones + s.dropped, 1000);
}

static void a_damaged_memory_makes_earlier_orders_replays(void **state)
{
	struct world *w = *state;
	struct order old = order(w, ORDER_RUN, "signal"), o;

	deliver(w, &old);
	assert_int_equal(file_replace(w->path, "rubbish", 7, 0600), 0);
	the_time.utc_ns += 60 * NS_PER_S;
	again(w);
	assert_refused(w, &old, "replay");
	o = order(w, ORDER_RUN, "signal");
	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	again(w);
	assert_refused(w, &old, "replay");
	assert_int_equal(w->runs, 2);
}

static void another_collector_counts_anew(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "signal", 120);

	w->number = 1000000;
	deliver(w, &o);
	assert_int_equal(w->plan_entries, 1);
	w->o.key = identity_public(w->stranger);
	again(w);
	w->number = 5;
	o = order(w, ORDER_RUN, "signal");
	deliver_by(w, &o, w->stranger);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	assert_int_equal(w->orders->memory.plan, false); /* of the other one */
}

static void the_memory_is_bounded_and_what_fell_out_is_a_replay(void **state)
{
	struct world *w = *state;
	struct order first = order(w, ORDER_UNSUPPRESS, "signal"), o;

	deliver(w, &first);
	for (int i = 0; i < ORDERS_KEPT + 10; i++) {
		the_time.utc_ns += HOUR;
		o = order(w, ORDER_UNSUPPRESS, "signal");
		deliver(w, &o);
		assert_reply(w, REPLY_DONE, "ok");
		w->event_count = 0;
	}
	assert_int_equal(w->orders->memory.count, ORDERS_KEPT);
	assert_refused(w, &first, "replay");
	for (int i = 0; i < ORDERS_KEPT + 10; i++) { /* all within a day: limits count by them */
		o = order(w, ORDER_UNSUPPRESS, "signal");
		deliver(w, &o);
		w->event_count = 0;
	}
	assert_reply(w, REPLY_LATER, "too_many");
}

/* --- limits --- */
static void what_is_not_listed_is_not_accepted(void **state)
{
	struct world *w = *state;
	struct order o[] = { order(w, ORDER_RUN, "signal"), plan(w, "signal", 120),
		order(w, ORDER_SUPPRESS, "*"), order(w, ORDER_UNSUPPRESS, "*"),
		order(w, ORDER_RESTART, "agent") };

	for (size_t i = 0; i < COUNT(o); i++) {
		w->orders->o.limits.accept = ~0u;
		w->orders->o.limits.accept &= ~(i == 4   ? ACCEPT_RESTART
						: i == 3 ? ACCEPT_SUPPRESS
							 : 1u << i);
		assert_refused(w, &o[i], "not_accepted");
	}
	w->orders->o.limits.accept = ACCEPT_RESTART;
	o[0] = order(w, ORDER_RESTART, "modem");
	assert_refused(w, &o[0], "not_accepted");
	w->orders->o.limits.accept = ACCEPT_MODEM;
	o[0] = order(w, ORDER_RESTART, "modem");
	deliver(w, &o[0]);
	assert_reply(w, REPLY_DONE, "ok");
	assert_int_equal(w->modem_restarts, 1);
	o[0] = order(w, ORDER_RESTART, "world");
	w->orders->o.limits.accept = ~0u;
	assert_refused(w, &o[0], "unsupported");
	w->orders->o.doer.plan = NULL;
	o[0] = plan(w, "signal", 120);
	assert_refused(w, &o[0], "unsupported");
}

static void runs_are_counted_by_hour_and_day_also_over_a_restart(void **state)
{
	struct world *w = *state;
	struct order o;

	for (int i = 0; i < 3; i++) {
		o = order(w, ORDER_RUN, "signal");
		deliver(w, &o);
		assert_reply(w, REPLY_ACCEPTED, "accepted");
	}
	o = order(w, ORDER_RUN, "signal");
	assert_refused(w, &o, "too_often");
	again(w);
	o = order(w, ORDER_RUN, "signal");
	assert_refused(w, &o, "too_often");
	the_time.utc_ns += HOUR;
	for (int i = 0; i < 2; i++) {
		o = order(w, ORDER_RUN, "signal");
		deliver(w, &o);
		assert_reply(w, REPLY_ACCEPTED, "accepted");
	}
	the_time.utc_ns += HOUR;
	o = order(w, ORDER_RUN, "signal");
	assert_refused(w, &o, "too_often"); /* five in a day */
	the_time.utc_ns += 23 * HOUR;
	o = order(w, ORDER_RUN, "signal");
	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
}

static void ordered_runs_have_an_allowance_of_bytes(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "throughput");

	w->orders->o.limits.bytes_day = 15000000;
	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	o = order(w, ORDER_RUN, "throughput");
	assert_refused(w, &o, "bytes");
	o = order(w, ORDER_RUN, "latency"); /* a small one still fits */
	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	o = plan(w, "throughput", 3600); /* 25 runs of 10 MB in a day */
	assert_refused(w, &o, "bytes");
}

static void only_tests_of_the_local_plan_can_be_ordered(void **state)
{
	struct world *w = *state;
	struct order o[] = { order(w, ORDER_RUN, "nothing"), order(w, ORDER_RUN, "off"),
		plan(w, "nothing", 120), plan(w, "off", 120), order(w, ORDER_SUPPRESS, "nothing") };

	for (size_t i = 0; i < COUNT(o); i++)
		assert_refused(w, &o[i], "no_such_test");
}

static void a_plan_keeps_to_the_least_interval_of_the_kind(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 59);

	assert_refused(w, &o, "interval");
	o = plan(w, "throughput", 3599);
	assert_refused(w, &o, "interval");
	o = plan(w, "latency", 60);
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	w->orders->o.limits.least_s = 600; /* what runs here every 60 s may be ordered to do so */
	o = plan(w, "signal", 60);
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	o = plan(w, "signal", 59);
	assert_refused(w, &o, "interval");
}

static void nothing_holds_longer_than_allowed_here(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_SUPPRESS, "signal");

	o.until_ns = T0 + 7 * DAY_NS + 601 * NS_PER_S;
	assert_refused(w, &o, "too_long");
	o = order(w, ORDER_SUPPRESS, "signal");
	o.until_ns = T0;
	assert_refused(w, &o, "too_long");
	o = plan(w, "signal", 120);
	o.until_ns = T0 + 31 * DAY_NS + 601 * NS_PER_S;
	assert_refused(w, &o, "too_long");
}

static void one_restart_an_hour(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RESTART, "agent");

	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	assert_int_equal(w->restarts, 1);
	again(w);
	assert_reply(w, REPLY_DONE, "ok");
	assert_string_equal(last_event(w), "restart ok agent: the agent has started again");
	o = order(w, ORDER_RESTART, "agent");
	assert_refused(w, &o, "too_often");
	the_time.utc_ns += HOUR;
	o = order(w, ORDER_RESTART, "agent");
	deliver(w, &o);
	assert_int_equal(w->restarts, 2);
}

/* --- targets --- */
static void turn_until_reply(struct world *w, unsigned replies)
{
	for (int i = 0; i < 200 && w->replies < replies; i++)
		loop_turn(w->loop, 20 * NS_PER_MS);
}

static struct order run_at(struct world *w, const char *target)
{
	struct order o = order(w, ORDER_RUN, "latency");

	snprintf(o.target, sizeof(o.target), "%s", target);
	return o;
}

static void a_target_must_be_listed_and_public(void **state)
{
	static const char *const private[] = { "10.1.2.3:862", "http://127.0.0.1:8080/x",
		"[::ffff:192.168.1.1]:862", "[64:ff9b::a00:1]", "100.64.0.9", "[fd00::1]:862",
		"224.0.0.1", NULL };
	struct world *w = *state;
	struct order o = run_at(w, "8.8.8.8:862");

	assert_refused(w, &o, "target");
	w->orders->o.limits.targets[0] = "8.8.8.8:86";
	o = run_at(w, "8.8.8.8:862"); /* another one is listed */
	assert_refused(w, &o, "target");
	o = run_at(w, "8.8.8.8:862");
	snprintf(o.what, sizeof(o.what), "signal"); /* has none */
	assert_refused(w, &o, "target");
	for (size_t i = 0; private[i]; i++) {
		unsigned replies = w->replies;

		w->orders->o.limits.targets[0] = private[i];
		o = run_at(w, private[i]);
		deliver(w, &o);
		turn_until_reply(w, replies + 1);
		assert_reply(w, REPLY_REFUSED, "address");
		assert_memory_equal(w->reply.id, o.id, ORDER_ID);
	}
	assert_int_equal(w->runs, 0);
	w->orders->o.limits.targets[0] = "8.8.8.8:862";
	o = run_at(w, "8.8.8.8:862");
	deliver(w, &o);
	assert_int_equal(w->runs, 0); /* looked up first, in a later turn */
	turn_until_reply(w, w->replies + 1);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	assert_string_equal(w->target, "8.8.8.8:862");
}

static void private_targets_are_a_local_decision(void **state)
{
	struct world *w = *state;
	struct order o = run_at(w, "10.1.2.3:862");

	w->orders->o.limits.targets[0] = "10.1.2.3:862";
	w->orders->o.limits.allow_private = true;
	deliver(w, &o);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	assert_string_equal(w->target, "10.1.2.3:862");
}

static void a_name_that_cannot_be_looked_up_is_for_later(void **state)
{
	struct world *w = *state;
	struct order o = run_at(w, "reflector..example:862"), next = order(w, ORDER_RUN, "signal");

	w->orders->o.limits.targets[0] = "reflector..example:862";
	deliver(w, &o);
	deliver(w, &next);
	assert_int_equal(w->replies, 0); /* one after the other */
	deliver(w, &next);
	turn_until_reply(w, 2);
	assert_reply(w, REPLY_ACCEPTED, "accepted");
	assert_string_equal(w->ran, "signal");
	assert_int_equal(w->runs, 1);
	assert_int_equal(w->replies, 2);
	assert_null(memory_find(&w->orders->memory, o.id));
}

/* --- what holds --- */
static void a_plan_holds_over_a_restart_until_it_is_replaced(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 120);
	struct orders_status s;

	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	assert_int_equal(w->plan_entries, 1);
	w->plan_entries = 0;
	again(w);
	assert_int_equal(w->plan_entries, 1);
	orders_status(w->orders, &s);
	assert_true(s.plan);
	assert_int_equal(s.plan_until_ns, T0 + 2 * HOUR);
	o = order(w, ORDER_PLAN, "");
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	assert_int_equal(w->plan_entries, 0);
	again(w);
	orders_status(w->orders, &s);
	assert_false(s.plan);
	assert_int_equal(w->plans, 3); /* the start with the local plan needs none */
}

static void a_plan_ends_when_its_time_is_over(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 120);

	deliver(w, &o);
	the_time.utc_ns = T0 + 2 * HOUR - 1;
	tick(w);
	assert_int_equal(w->plan_entries, 1);
	the_time = (struct clock_state){ CLOCK_NONE, UTC_UNKNOWN, -1, -1 };
	tick(w);
	assert_int_equal(w->plan_entries, 1);
	the_time = (struct clock_state){ CLOCK_NTP, T0 + 2 * HOUR, 1, 1 };
	tick(w);
	assert_int_equal(w->plan_entries, 0);
	assert_string_equal(last_event(w), "plan ended back to the local plan: its time is over");
	again(w);
	assert_int_equal(w->plans, 2);
}

static void a_lost_collector_means_the_local_plan(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 120);

	o.until_ns = T0 + 30 * DAY_NS;
	deliver(w, &o);
	w->orders->heard_ns -= 3 * DAY_NS - NS_PER_S;
	tick(w);
	assert_int_equal(w->plan_entries, 1);
	assert_false(orders_collector_lost(w->orders));
	orders_heard(w->orders);
	tick(w);
	w->orders->heard_ns -= 3 * DAY_NS;
	assert_true(orders_collector_lost(w->orders));
	tick(w);
	assert_int_equal(w->plan_entries, 0);
	assert_string_equal(
		last_event(w), "plan reverted back to the local plan: the collector is lost");
	assert_string_equal(w->event_id, probe_id_text(o.id, (char[ORDER_ID_TEXT]){ "" }));
}

static void it_was_lost_before_a_restart_too(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 120);

	o.until_ns = T0 + 30 * DAY_NS;
	deliver(w, &o);
	the_time.utc_ns = T0 + 2 * DAY_NS;
	orders_heard(w->orders); /* remembered: it is long ago */
	again(w);
	the_time.utc_ns = T0 + 4 * DAY_NS;
	tick(w);
	assert_int_equal(w->plan_entries, 1);
	the_time.utc_ns = T0 + 5 * DAY_NS + 1;
	tick(w);
	assert_int_equal(w->plan_entries, 0);
	assert_non_null(strstr(last_event(w), "lost"));
}

static void a_repeated_order_is_no_sign_of_the_collector(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 120);

	o.until_ns = T0 + 30 * DAY_NS;
	deliver(w, &o);
	w->orders->heard_ns -= 3 * DAY_NS + 1;
	deliver(w, &o); /* the broker can do that by itself */
	tick(w);
	assert_int_equal(w->plan_entries, 0);
}

static void a_plan_that_does_not_fit_any_more_is_given_up(void **state)
{
	struct world *w = *state;
	struct order o = plan(w, "latency", 120);

	deliver(w, &o);
	w->fail = -ENOENT;
	again(w);
	assert_string_equal(
		last_event(w), "plan reverted it does not fit the local plan any more: told to f");
	assert_false(w->orders->memory.plan);
	assert_int_equal(w->plan_entries, 0);
	o = plan(w, "latency", 240);
	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "failed");
	assert_int_equal(w->plan_entries, 0); /* and what was begun is undone */
	assert_false(w->orders->memory.plan);
}

static void a_suppression_holds_over_a_restart_and_ends(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_SUPPRESS, "costly");

	deliver(w, &o);
	assert_reply(w, REPLY_DONE, "ok");
	assert_string_equal(w->what, "costly");
	assert_in_range(w->until_ns - clock_loop(), 2 * HOUR - 10 * NS_PER_S, 2 * HOUR);
	the_time.utc_ns = T0 + HOUR;
	again(w);
	assert_int_equal(w->suppressions, 2);
	assert_in_range(w->until_ns - clock_loop(), HOUR - 10 * NS_PER_S, HOUR);
	/* without a clock it holds as long as it would have from its beginning */
	the_time = (struct clock_state){ CLOCK_MANUAL, T0 - DAY_NS, -1, -1 };
	again(w);
	assert_in_range(w->until_ns - clock_loop(), 2 * HOUR - 10 * NS_PER_S, 2 * HOUR);
	tick(w);
	assert_int_equal(w->unsuppressions, 0);
	the_time = (struct clock_state){ CLOCK_NTP, T0 + 2 * HOUR, 1, 1 };
	tick(w);
	assert_int_equal(w->unsuppressions, 1);
	assert_string_equal(last_event(w), "suppress ended costly");
	again(w);
	assert_int_equal(w->suppressions, 3);
}

static void unsuppress_ends_one_or_all(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_SUPPRESS, "costly");
	struct orders_status s;

	deliver(w, &o);
	o = order(w, ORDER_SUPPRESS, "signal");
	deliver(w, &o);
	o = order(w, ORDER_SUPPRESS, "signal"); /* again: replaces */
	deliver(w, &o);
	orders_status(w->orders, &s);
	assert_int_equal(s.suppressed, 2);
	o = order(w, ORDER_UNSUPPRESS, "costly");
	deliver(w, &o);
	assert_string_equal(w->what, "costly");
	orders_status(w->orders, &s);
	assert_int_equal(s.suppressed, 1);
	o = order(w, ORDER_SUPPRESS, "latency");
	deliver(w, &o);
	o = order(w, ORDER_UNSUPPRESS, "*");
	deliver(w, &o);
	assert_int_equal(w->unsuppressions, 3);
	again(w);
	orders_status(w->orders, &s);
	assert_int_equal(s.suppressed, 0);
	for (int i = 0; i < ORDERS_SUPPRESSED; i++) {
		snprintf(w->orders->memory.suppress[i].what, ORDER_WORD, "%d", i);
		w->orders->memory.suppressions++;
	}
	o = order(w, ORDER_SUPPRESS, "signal");
	assert_refused(w, &o, "too_many");
}

/* --- beside measurements --- */
static void an_order_waits_for_a_quiet_moment_unless_it_ends_what_runs(void **state)
{
	struct world *w = *state;
	struct order o = order(w, ORDER_RUN, "signal"), stop = order(w, ORDER_SUPPRESS, "signal");

	w->busy = true;
	deliver(w, &o);
	deliver(w, &o);
	loop_turn(w->loop, 0);
	assert_int_equal(w->replies, 0);
	w->busy = false;
	turn_until_reply(w, 1);
	assert_int_equal(w->runs, 1);
	w->busy = true;
	stop.stop_running = true;
	deliver(w, &stop);
	assert_reply(w, REPLY_DONE, "ok");
	o = order(w, ORDER_RUN, "signal");
	deliver(w, &o);
	w->orders->waiting[0].since_ns -= 61 * NS_PER_S; /* a capture that never ends */
	turn_until_reply(w, w->replies + 1);
	assert_int_equal(w->runs, 2);
}

static void too_many_that_wait_come_later(void **state)
{
	struct world *w = *state;

	w->busy = true;
	for (int i = 0; i < ORDERS_WAITING; i++) {
		struct order o = order(w, ORDER_RUN, "signal");

		deliver(w, &o);
	}
	assert_int_equal(w->replies, 0);
	struct order one = order(w, ORDER_RUN, "signal");
	deliver(w, &one);
	assert_reply(w, REPLY_LATER, "busy");
}

/* --- the memory's file --- */
static void a_memory_is_read_as_it_was_written(void **state)
{
	struct world *w = *state;
	struct order_memory *m = mem_new(sizeof(*m));
	struct order o[] = { order(w, ORDER_RUN, "latency"), plan(w, "signal", 120),
		order(w, ORDER_SUPPRESS, "costly") };
	struct buf b;

	for (size_t i = 0; i < COUNT(o); i++)
		deliver(w, &o[i]);
	snprintf(w->orders->memory.kept[0].detail, REPLY_DETAIL, "cut: \xe1\xba");
	assert_int_equal(memory_save(&w->orders->memory), 0);
	memory_load(m, w->path, identity_public(w->collector));
	assert_memory_equal(m, &w->orders->memory, sizeof(*m));
	buf_init(&b, 96 * 1024);
	assert_int_equal(file_read(w->path, &b), 0);
	for (size_t i = 0; i < b.len; i++) {
		assert_int_not_equal(memory_decode(m, b.data, i), 0);
		b.data[i] ^= 4;
		assert_int_not_equal(memory_decode(m, b.data, b.len), 0);
		b.data[i] ^= 4;
	}
	buf_done(&b);
	free(m);
}

static void a_full_memory_fits_its_file(void **state)
{
	struct world *w = *state;
	struct order_memory *m = &w->orders->memory;
	struct order_memory *back = mem_new(sizeof(*back));

	memcpy(m->key, identity_public(w->collector), PUBLIC_KEY);
	m->count = ORDERS_KEPT;
	for (int i = 0; i < ORDERS_KEPT; i++) {
		m->kept[i] = (struct kept){ .number = INT64_MAX,
			.action = 1,
			.state = 1,
			.at_ns = INT64_MAX,
			.bytes = INT64_MAX };
		memset(m->kept[i].what, 'w', ORDER_WORD - 1);
		memset(m->kept[i].word, 'w', REPLY_WORD - 1);
		memset(m->kept[i].detail, 'd', REPLY_DETAIL - 1);
	}
	m->plan = true;
	m->entries = ORDER_ENTRIES;
	m->suppressions = ORDERS_SUPPRESSED;
	for (int i = 0; i < ORDER_ENTRIES; i++) {
		memset(m->entry[i].test, 't', ORDER_WORD - 1);
		m->entry[i].interval_s = UINT32_MAX;
	}
	for (int i = 0; i < ORDERS_SUPPRESSED; i++) {
		memset(m->suppress[i].what, 's', ORDER_WORD - 1);
		m->suppress[i].until_ns = m->suppress[i].since_ns = INT64_MAX;
	}
	assert_int_equal(memory_save(m), 0);
	memory_load(back, w->path, identity_public(w->collector));
	assert_false(back->damaged);
	assert_memory_equal(back, m, sizeof(*m));
	free(back);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_run_is_accepted_remembered_begun_and_done),
		T(a_run_that_fails_is_done_with_a_reason),
		T(a_run_whose_turn_does_not_come_is_told),
		T(an_id_is_carried_out_once_also_after_a_restart),
		T(a_power_cut_after_the_memory_leaves_it_not_done),
		T(what_cannot_be_remembered_is_not_done),
		T(what_is_not_authentic_is_counted_and_not_answered),
		T(without_a_configured_key_no_order_is_accepted),
		T(an_old_number_is_a_replay),
		T(an_expired_order_is_refused),
		T(without_a_clock_that_is_vouched_for_it_is_not_now),
		T(what_is_too_new_is_refused_once),
		T(a_flood_is_dropped),
		T(a_damaged_memory_makes_earlier_orders_replays),
		T(another_collector_counts_anew),
		T(the_memory_is_bounded_and_what_fell_out_is_a_replay),
		T(what_is_not_listed_is_not_accepted),
		T(runs_are_counted_by_hour_and_day_also_over_a_restart),
		T(ordered_runs_have_an_allowance_of_bytes),
		T(only_tests_of_the_local_plan_can_be_ordered),
		T(a_plan_keeps_to_the_least_interval_of_the_kind),
		T(nothing_holds_longer_than_allowed_here),
		T(one_restart_an_hour),
		T(a_target_must_be_listed_and_public),
		T(private_targets_are_a_local_decision),
		T(a_name_that_cannot_be_looked_up_is_for_later),
		T(a_plan_holds_over_a_restart_until_it_is_replaced),
		T(a_plan_ends_when_its_time_is_over),
		T(a_lost_collector_means_the_local_plan),
		T(it_was_lost_before_a_restart_too),
		T(a_repeated_order_is_no_sign_of_the_collector),
		T(a_plan_that_does_not_fit_any_more_is_given_up),
		T(a_suppression_holds_over_a_restart_and_ends),
		T(unsuppress_ends_one_or_all),
		T(an_order_waits_for_a_quiet_moment_unless_it_ends_what_runs),
		T(too_many_that_wait_come_later),
		T(a_memory_is_read_as_it_was_written),
		T(a_full_memory_fits_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
