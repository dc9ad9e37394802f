/* SPDX-License-Identifier: Apache-2.0 */
/* A reading may block in the kernel for as long as a bus does, and nothing can end it: so a thread makes it, which is
 * left to itself when the agent cannot wait for it.  Nothing runs between two readings. */
#include "health.h"
#include "../probes/core/log.h"
#include "../probes/core/loop.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STACK_BYTES (256 * 1024) /* of addresses; what is not touched costs nothing */
#define WAIT_S      1
#define SLOW_NS     NS_PER_S
#define MARK_NS     (300 * NS_PER_S) /* flash is spared: a supply may be failing for hours */
#define WELL_NS     (60 * NS_PER_S)  /* so long well before it is told again */
#define DUTY        20

/* What the thread works on; belongs to both until one has gone, then to the other. */
struct reading {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool running, abandoned;
	struct health_watch *watch; /* only while not abandoned */
	struct loop *loop;
	char *root, *folder;
	uint8_t boot[16];
	bool fast;
	int64_t marked_ns; /* 0 never */
	int mark_err;
	struct health_readings now;
};

struct health_watch {
	struct health_watch_options o;
	struct loop_timer timer;
	struct reading *reading;
	struct health_readings last;
	int64_t begun_ns;   /* the newest */
	int64_t whole_ns;   /* the newest whole one, 0 none */
	int64_t failing_ns; /* when it was last seen failing, 0 never */
	struct complaint slow, mark;
};

static void reading_free(struct reading *g)
{
	pthread_cond_destroy(&g->ended);
	pthread_mutex_destroy(&g->lock);
	free(g->root);
	free(g->folder);
	free(g);
}

static bool is_failing(const struct health_readings *r)
{
	return r->under_voltage == 1 || r->critical == 1;
}

static void finished(void *arg);

static void *read_once(void *arg)
{
	struct reading *g = arg;
	struct health_readings now = g->now; /* only readings write it, one at a time */
	bool abandoned;
	int err = 0;

	health_read(&now, g->root, g->folder, g->fast);
	if (is_failing(&now) && (!g->marked_ns || now.at_ns - g->marked_ns >= MARK_NS)) {
		err = health_mark(g->folder, g->boot, now.at_ns);
		if (!err)
			g->marked_ns = now.at_ns;
	}
	pthread_mutex_lock(&g->lock);
	g->now = now;
	g->mark_err = err;
	g->running = false;
	abandoned = g->abandoned;
	if (!abandoned) {
		/* a full post box only means that the timer looks again */
		(void)!loop_post(g->loop, finished, g->watch);
		pthread_cond_signal(&g->ended);
	}
	pthread_mutex_unlock(&g->lock);
	if (abandoned)
		reading_free(g);
	return NULL;
}

static int start_thread(struct reading *g)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int err = -pthread_attr_init(&attr);

	if (err)
		return err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all); /* signals are the loop's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&thread, &attr, read_once, g);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static bool is_running(struct reading *g)
{
	bool running;

	pthread_mutex_lock(&g->lock);
	running = g->running;
	pthread_mutex_unlock(&g->lock);
	return running;
}

static void begin(struct loop_timer *t)
{
	struct health_watch *w = container_of(t, struct health_watch, timer);
	struct reading *g = w->reading;
	int64_t now = clock_mono(), pause = w->o.warn_ns;

	if (is_running(g)) {
		log_complain(&w->slow, loop_now(w->o.loop), "health",
			"the sensors did not answer for %lld s",
			(long long)((now - w->begun_ns) / NS_PER_S));
		loop_timer_in(w->o.loop, t, pause);
		return;
	}
	w->begun_ns = now;
	g->fast = w->whole_ns && now - w->whole_ns < w->o.every_ns;
	if (!g->fast)
		w->whole_ns = now;
	g->running = true;
	if (start_thread(g)) {
		g->running = false; /* no room for a thread now: next time */
		w->whole_ns = 0;
	}
	if (w->last.took_ns * DUTY > pause)
		pause = w->last.took_ns * DUTY;
	loop_timer_in(w->o.loop, t, pause);
}

static void tell(struct health_watch *w)
{
	bool again = !w->failing_ns || w->last.at_ns - w->failing_ns >= WELL_NS;

	if (!is_failing(&w->last))
		return;
	w->failing_ns = w->last.at_ns;
	if (again)
		w->o.failing(w->o.arg);
}

static void finished(void *arg)
{
	struct health_watch *w = arg;
	struct reading *g = w->reading;
	int err;

	pthread_mutex_lock(&g->lock);
	w->last = g->now;
	err = g->mark_err;
	pthread_mutex_unlock(&g->lock);
	if (w->last.took_ns > SLOW_NS)
		log_complain(&w->slow, loop_now(w->o.loop), "health",
			"the sensors took %lld ms to answer",
			(long long)(w->last.took_ns / NS_PER_MS));
	else
		log_recovered(&w->slow, "health", "the sensors");
	if (err)
		log_complain(&w->mark, loop_now(w->o.loop), "health", "%s/power: %s", g->folder,
			strerror(-err));
	tell(w);
}

int health_watch_new(struct health_watch **out, const struct health_watch_options *o)
{
	struct health_watch *w = mem_new(sizeof(*w));
	struct reading *g = mem_new(sizeof(*g));

	w->o = *o;
	w->timer.fire = begin;
	w->reading = g;
	health_readings_clear(&w->last);
	g->now = w->last;
	g->watch = w;
	g->loop = o->loop;
	g->root = mem_copy(o->root);
	g->folder = mem_copy(o->folder);
	memcpy(g->boot, o->boot, sizeof(g->boot));
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->ended, NULL);
	loop_timer_in(o->loop, &w->timer, 0);
	*out = w;
	return 0;
}

void health_watch_free(struct health_watch *w)
{
	struct reading *g;
	struct timespec until;
	bool running;

	if (!w)
		return;
	g = w->reading;
	loop_timer_stop(w->o.loop, &w->timer);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	pthread_mutex_lock(&g->lock);
	while (g->running && !pthread_cond_timedwait(&g->ended, &g->lock, &until))
		;
	running = g->abandoned = g->running;
	pthread_mutex_unlock(&g->lock);
	if (!running)
		reading_free(g);
	free(w);
}

const struct health_readings *health_watch_last(const struct health_watch *w)
{
	return &w->last;
}

void health_power(const struct health_watch *w, struct power_state *out)
{
	struct health_readings none;
	const struct health_readings *r = &none;

	if (w)
		r = &w->last;
	else
		health_readings_clear(&none);
	*out = (struct power_state){ r->on_battery, r->share, r->temperature_c, r->at_ns };
}
