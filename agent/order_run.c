/* SPDX-License-Identifier: Apache-2.0 */
#include "order_run.h"
#include "../probes/core/mem.h"
#include "../probes/probe.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_NS  (NS_PER_S / 2)
#define LATER_NS (60 * NS_PER_S)
#define WAIT_NS  (600 * NS_PER_S) /* for its turn */

struct order_run {
	struct daemon *d;
	struct probe_world world; /* the daemon's with a resolver that refuses what is special */
	struct settings *settings;
	struct probe *probe;
	struct loop_timer timer;
	int64_t limit_ns, until_ns; /* until_ns: clock_loop() */
	unsigned tries;
	bool ended;
	int err;
	void (*done)(void *arg, const char *test, int err);
	void *arg;
};

static void free_run(struct order_run *r)
{
	loop_timer_stop(r->d->world.loop, &r->timer);
	probe_free(r->probe);
	settings_free(r->settings);
	free(r);
}

/* From a turn of its own: a probe is not freed inside of its own callback's caller. */
static void end(struct order_run *r, int err)
{
	r->ended = true;
	r->err = err;
	loop_timer_in(r->d->world.loop, &r->timer, 0);
}

static void on_record(void *arg, struct probe *p, const struct record *record)
{
	struct order_run *r = arg;

	daemon_measured(r->d, p, record);
}

static void on_done(void *arg, struct probe *p, int err)
{
	struct order_run *r = arg;

	daemon_ran(r->d, p, err);
	end(r, err);
}

/* As the schedule does among its own (schedule.c). */
static bool must_wait(const struct order_run *r)
{
	unsigned own = probe_type_of(r->probe)->needs;

	for (size_t i = 0; i < schedule_count(r->d->schedule); i++) {
		struct schedule_entry e;
		unsigned other;

		schedule_entry(r->d->schedule, i, &e);
		if (!e.running)
			continue;
		other = probe_type_named(e.kind)->needs;
		if ((own & other & PROBE_MODEM) ||
			(own & PROBE_EXCLUSIVE && !(other & PROBE_LOADED)) ||
			(other & PROBE_EXCLUSIVE && !(own & PROBE_LOADED)))
			return true;
	}
	return false;
}

static void try_start(struct order_run *r)
{
	struct daemon *d = r->d;
	enum schedule_verdict may;
	int err;

	if (must_wait(r)) {
		loop_timer_in(d->world.loop, &r->timer, TURN_NS);
		return;
	}
	may = daemon_may_run(d, r->probe, r->tries);
	if (may == SCHEDULE_LATER) {
		r->tries++;
		loop_timer_in(d->world.loop, &r->timer, LATER_NS);
	} else if (may != SCHEDULE_GO) {
		end(r, -EDQUOT);
	} else {
		r->world.last_signal = d->world.last_signal;
		err = probe_start(r->probe, r->limit_ns);
		if (err)
			end(r, err);
	}
}

static void on_timer(struct loop_timer *t)
{
	struct order_run *r = container_of(t, struct order_run, timer);
	void (*done)(void *arg, const char *test, int err) = r->done;
	char test[64];

	if (!r->ended && loop_now(r->d->world.loop) < r->until_ns) {
		try_start(r);
		return;
	}
	snprintf(test, sizeof(test), "%s", probe_name(r->probe));
	done(r->arg, test, r->ended ? r->err : -EBUSY); /* the owner forgets r */
	free_run(r);
}

int order_run_start(struct order_run **out, struct daemon *d, const struct settings *test,
	const char *target, struct resolve *resolve,
	void (*done)(void *arg, const char *test, int err), void *arg, struct why *why)
{
	const struct probe_type *type = probe_type_named(settings_text(test, "kind"));
	const char *name = *settings_text(test, "name") ? settings_text(test, "name") : type->name;
	struct order_run *r = mem_new(sizeof(*r));
	struct probe_owner owner = { on_record, on_done, r };
	int err;

	r->d = d;
	r->world = d->world;
	r->world.resolve = resolve;
	r->limit_ns = settings_int(test, "limit_s") * NS_PER_S;
	r->until_ns = loop_now(d->world.loop) + WAIT_NS;
	r->timer.fire = on_timer;
	r->done = done;
	r->arg = arg;
	err = settings_with(&r->settings, test, "target", target, why);
	if (!err)
		err = probe_new(&r->probe, type, name, r->settings, &r->world, owner, why);
	if (err) {
		free_run(r);
		return err;
	}
	loop_timer_in(d->world.loop, &r->timer, 0);
	*out = r;
	return 0;
}

void order_run_cancel(struct order_run *r)
{
	if (r)
		free_run(r);
}

bool order_run_owns(const struct order_run *r, const struct probe *p)
{
	return r && r->probe == p;
}

const struct probe *order_run_probe(const struct order_run *r)
{
	return r && probe_running(r->probe) ? r->probe : NULL;
}
