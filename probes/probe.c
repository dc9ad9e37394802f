/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an instance: made, run any number of times, each run ended once, freed at any moment. */
#include "probe.h"
#include "core/log.h"
#include "core/mem.h"
#include "netif.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RADIO_FIELD_COUNT 16
#define RADIO_FRESH_NS    (120 * NS_PER_S)

struct probe {
	const struct probe_type *type;
	char *name;
	const struct settings *settings;
	struct probe_world *world;
	struct probe_owner owner;
	struct loop_timer deadline;
	int64_t started_ns; /* clock_mono() */
	bool running;
	bool starting;    /* inside type->start() */
	bool ended_early; /* probe_done() was called inside type->start(): told from the next turn */
	bool timed_out;
	bool freeing;
	int early_err;
	unsigned emitted; /* records of this run */
	int64_t allowance;
	const char *stop_word; /* probe_stop(); NULL */
	char stop_text[160];
	struct foreign *foreign; /* watches an exclusive run; NULL */
	int64_t watched_ns;      /* since when, clock_loop() */
	_Alignas(max_align_t) uint8_t state[];
};

static void deadline_passed(struct loop_timer *t);

const struct probe_type *probe_type_named(const char *name)
{
	for (size_t i = 0; probe_types[i]; i++)
		if (!strcmp(probe_types[i]->name, name))
			return probe_types[i];
	return NULL;
}

int probe_new(struct probe **out, const struct probe_type *type, const char *test_name,
	const struct settings *s, struct probe_world *world, struct probe_owner owner,
	struct why *why)
{
	struct probe *p = mem_new(sizeof(*p) + type->state_size);
	int err;

	p->type = type;
	p->name = mem_copy(test_name ? test_name : type->name);
	p->settings = s;
	p->world = world;
	p->owner = owner;
	p->deadline.fire = deadline_passed;
	err = type->open ? type->open(p, why) : 0;
	if (err) {
		free(p->name);
		free(p);
		return err;
	}
	*out = p;
	return 0;
}

static void stop_watching(struct probe *p)
{
	foreign_free(p->foreign);
	p->foreign = NULL;
}

/* Each attempt is a record: a run that ends badly without having said why says at least this. */
static void leave_a_record(struct probe *p, int err)
{
	struct record r;

	if (p->emitted || !err || (err == -ECANCELED && !p->stop_word))
		return;
	probe_record(p, &r);
	record_set_text(&r, FIELD_ERROR,
		p->stop_word        ? p->stop_word
		: err == -ETIMEDOUT ? "timeout"
				    : "failed");
	record_set_text(&r, FIELD_ERROR_TEXT, p->stop_word ? p->stop_text : strerror(-err));
	probe_emit(p, &r);
}

int probe_start(struct probe *p, int64_t timeout_ns)
{
	int err;

	if (p->running)
		return -EBUSY;
	p->running = p->starting = true;
	p->ended_early = p->timed_out = false;
	p->emitted = 0;
	p->stop_word = NULL;
	p->started_ns = clock_mono();
	if (timeout_ns > 0)
		loop_timer_in(p->world->loop, &p->deadline, timeout_ns);
	err = p->type->start(p);
	p->starting = false;
	if (!err)
		return 0;
	loop_timer_stop(p->world->loop, &p->deadline);
	leave_a_record(p, err);
	stop_watching(p);
	p->running = false;
	return err;
}

static void finish(struct probe *p, int err)
{
	loop_timer_stop(p->world->loop, &p->deadline);
	if (p->timed_out)
		err = -ETIMEDOUT;
	if (!p->freeing)
		leave_a_record(p, err);
	stop_watching(p);
	p->running = p->ended_early = false;
	if (!p->freeing && p->owner.done)
		p->owner.done(p->owner.arg, p, err); /* may free p */
}

static void deadline_passed(struct loop_timer *t)
{
	struct probe *p = container_of(t, struct probe, deadline);

	if (p->ended_early) {
		finish(p, p->early_err);
		return;
	}
	p->timed_out = true;
	p->type->cancel(p); /* ends in finish(), after which p may be gone */
}

void probe_cancel(struct probe *p)
{
	if (!p->running)
		return;
	if (p->ended_early)
		finish(p, p->early_err);
	else
		p->type->cancel(p);
}

void probe_stop(struct probe *p, const char *word, const char *format, ...)
{
	va_list args;

	if (!p->running)
		return;
	va_start(args, format);
	vsnprintf(p->stop_text, sizeof(p->stop_text), format, args);
	va_end(args);
	p->stop_word = word;
	probe_cancel(p);
}

const char *probe_stopped(const struct probe *p)
{
	return p->stop_word;
}

int64_t probe_most_bytes(const struct probe *p)
{
	if (p->type->most_bytes)
		return p->type->most_bytes(p);
	return p->type->needs & PROBE_MODEM ? 0 : PROBE_BYTES_UNTOLD;
}

void probe_allow(struct probe *p, int64_t bytes)
{
	p->allowance = bytes;
}

int64_t probe_allowance(const struct probe *p)
{
	return p->allowance;
}

int64_t probe_may_cost(const struct probe *p)
{
	int64_t most = probe_most_bytes(p);

	return p->type->needs & PROBE_CAPPED && p->allowance > 0 && p->allowance < most
	               ? p->allowance
	               : most;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	p->freeing = true; /* whoever frees it needs no callback */
	probe_cancel(p);
	if (p->type->close)
		p->type->close(p);
	free(p->name);
	free(p);
}

bool probe_running(const struct probe *p)
{
	return p->running;
}

const struct probe_type *probe_type_of(const struct probe *p)
{
	return p->type;
}

const char *probe_name(const struct probe *p)
{
	return p->name;
}

void *probe_state(struct probe *p)
{
	return p->state;
}

struct probe *probe_of(void *state)
{
	return container_of(state, struct probe, state);
}

struct probe_world *probe_world(struct probe *p)
{
	return p->world;
}

struct loop *probe_loop(struct probe *p)
{
	return p->world->loop;
}

const struct settings *probe_settings(const struct probe *p)
{
	return p->settings;
}

int64_t probe_int(const struct probe *p, const char *key)
{
	return settings_int(p->settings, key);
}

const char *probe_str(const struct probe *p, const char *key)
{
	return settings_text(p->settings, key);
}

static bool has_target(const struct probe *p)
{
	for (const struct setting *s = p->type->accept; s && s->key; s++)
		if (!strcmp(s->key, "target"))
			return p->settings;
	return false;
}

void probe_record(struct probe *p, struct record *r)
{
	int kind = record_kind_from(p->type->name);
	int64_t since;

	record_begin(r, kind > 0 ? (enum record_kind)kind : RECORD_HEALTH);
	/* UTC is what is known now, minus the time since the start: the best knowledge there is. */
	since = r->mono_ns - p->started_ns;
	r->mono_ns -= since;
	if (r->utc_ns != UTC_UNKNOWN)
		r->utc_ns -= since;
	record_set_text(r, FIELD_TEST, p->name);
	/* also of an attempt that failed before it came to that */
	if (has_target(p) && field_info(FIELD_TARGET)->kinds & 1u << r->kind)
		record_set_text(r, FIELD_TARGET, probe_str(p, "target"));
}

static void copy_field(struct record *to, enum field f, const struct record *from, enum field g)
{
	if (!record_has(from, g))
		return;
	switch (field_info(g)->type) {
	case FIELD_TEXT:
		record_set_text(to, f, record_text(from, g));
		break;
	case FIELD_INT:
		record_set_int(to, f, record_int(from, g, 0));
		break;
	case FIELD_REAL:
		record_set_real(to, f, record_real(from, g, 0));
		break;
	case FIELD_BOOL:
		record_set_bool(to, f, record_bool(from, g, false));
		break;
	case FIELD_INTS:
		break; /* no radio field is a list */
	}
}

void probe_radio(struct probe *p, struct record *r, enum field base)
{
	const struct record *last = &p->world->last_signal;

	if (last->kind != RECORD_SIGNAL || clock_mono() - last->mono_ns > RADIO_FRESH_NS)
		return;
	for (int i = 0; i < RADIO_FIELD_COUNT; i++)
		copy_field(r, base + i, last, FIELD_RAT + i);
}

/* --- traffic of others ------------------------------------------------------------------------------------------ */

static void watch(struct probe *p, const struct sockaddr_storage *to)
{
	struct probe_world *w = p->world;
	struct sockaddr_storage local;
	char iface[NETIF_NAME];

	snprintf(iface, sizeof(iface), "%s", w->iface);
	if (!*iface && (netif_route(to, NULL, &local) || netif_of(&local, iface)))
		return;
	if (!strcmp(iface, "lo"))
		return; /* no line, and nobody's in particular */
	if (foreign_new(&p->foreign, w->loop, iface, &w->own))
		p->foreign = NULL;
	p->watched_ns = clock_loop();
}

void probe_flow(struct probe *p, const struct sockaddr_storage *to, int protocol)
{
	struct foreign_flow flow = { .protocol = (uint8_t)protocol };

	if (!foreign_end_of(&flow.remote, (const struct sockaddr *)to))
		return;
	foreign_tell(&p->world->own, &flow);
	if (!p->foreign && p->running && p->type->needs & PROBE_EXCLUSIVE &&
		!(p->type->needs & PROBE_MODEM))
		watch(p, to);
}

/* Of counters what the test moved is taken off, headers included: 20 or 40 bytes of IP, 32 of TCP with timestamps. */
static void without_own(struct foreign_rates *f, const struct probe_load *load)
{
	double packet = load->mss > 0 ? (double)load->mss : 1448,
	       own = (double)load->bytes * 8e9 / (double)(load->to_ns - load->from_ns) *
	             (packet + 52) / packet;
	int64_t *way = load->up ? &f->up_bps : &f->down_bps;

	*way = *way > (int64_t)own ? *way - (int64_t)own : 0;
	/* the other way carries our acknowledgements, and nobody knows how many */
	f->all_bps = *way;
}

void probe_competing(struct probe *p, struct record *r, const struct probe_load *load)
{
	struct foreign_own *own = &p->world->own;
	struct foreign_rates f;
	int64_t way;

	if (!p->foreign || foreign_between(p->foreign, load->from_ns, load->to_ns, &f))
		return;
	if (!f.captured && !load->bytes)
		return;
	if (!f.captured)
		without_own(&f, load);
	way = load->up ? f.up_bps : f.down_bps;
	record_set_int(r, FIELD_COMPETING_BPS, f.all_bps);
	record_set_int(r, FIELD_COMPETING_WAY_BPS, way);
	record_set_text(r, FIELD_COMPETING_METHOD, f.captured ? "capture" : "counters");
	if (load->rate_bps > 0)
		record_set_text(r, FIELD_INTERFERENCE,
			foreign_interference(own, way, load->rate_bps, f.captured));
}

/* A record of an exclusive run whose probe said nothing of others. */
static void add_competing(struct probe *p, struct record *r)
{
	const char *way = record_text(r, FIELD_DIRECTION);
	struct probe_load load = { .from_ns = p->watched_ns,
		.to_ns = clock_loop(),
		.rate_bps = record_int(r, FIELD_RATE_BPS, 0),
		.up = way && !strcmp(way, "up") };

	if (r->kind < 32 && field_info(FIELD_COMPETING_BPS)->kinds & 1u << r->kind &&
		!record_has(r, FIELD_COMPETING_BPS))
		probe_competing(p, r, &load);
}

void probe_emit(struct probe *p, const struct record *r)
{
	struct record own;

	p->emitted++;
	if (p->foreign) {
		own = *r;
		add_competing(p, &own);
		r = &own;
	}
	if (!p->freeing && p->owner.record)
		p->owner.record(p->owner.arg, p, r);
}

void probe_fail(struct probe *p, int err, const char *error, const char *format, ...)
{
	struct record r;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	probe_record(p, &r);
	record_set_text(&r, FIELD_ERROR, error);
	record_set_text(&r, FIELD_ERROR_TEXT, text);
	probe_emit(p, &r);
	log_debug(p->name, "%s: %s", error, text);
	probe_done(p, err);
}

void probe_done(struct probe *p, int err)
{
	if (!p->running)
		return;
	if (!p->starting) {
		finish(p, err);
		return;
	}
	/* The owner was promised that nothing happens inside probe_start(). */
	p->ended_early = true;
	p->early_err = err;
	loop_timer_in(p->world->loop, &p->deadline, 0);
}
