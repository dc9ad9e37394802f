/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that keeps the truth up to date, and the same as a command. */
#include "round.h"

#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUND_PAIRS 256
#define IDLE_S      2
#define SWEEP_S     300

struct truth_worker {
	struct rounds rounds;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
};

/* true: told to stop. */
static bool pause_s(struct truth_worker *w, int seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	pthread_mutex_lock(&w->lock);
	while (!w->stop && pthread_cond_timedwait(&w->wake, &w->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&w->lock);
	return __atomic_load_n(&w->stop, __ATOMIC_RELAXED);
}

static void *work(void *arg)
{
	struct truth_worker *w = arg;
	struct complaint trouble = { 0 };
	int64_t sweep_at = 0;
	bool left = false;
	int err;

	while (!pause_s(w, left ? 0 : IDLE_S)) {
		int64_t mono = clock_mono();

		err = round_dirty(&w->rounds, ROUND_PAIRS, clock_wall(), &left);
		if (!err && !left && mono >= sweep_at) {
			err = round_sweep(&w->rounds, clock_wall(), &w->stop);
			sweep_at = clock_mono() + SWEEP_S * NS_PER_S;
		}
		if (err) {
			left = false;
			log_complain(&trouble, mono, "truth", "hamlets cannot be judged: %s",
				strerror(-err));
		} else {
			log_recovered(&trouble, "truth", "hamlets are judged again");
		}
	}
	return NULL;
}

int truth_start(struct truth_worker **out, const struct truth_options *o, struct why *why)
{
	struct truth_worker *w = mem_new(sizeof(*w));
	pthread_condattr_t monotonic;
	int err = rounds_open(&w->rounds, o, why);

	if (err) {
		free(w);
		return err;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic); /* the wall clock may be set by years while we wait */
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = -pthread_create(&w->thread, NULL, work, w);
	if (err) {
		rounds_close(&w->rounds);
		free(w);
		return why_say(why, err, "no thread: %s", strerror(-err));
	}
	*out = w;
	return 0;
}

void truth_stop(struct truth_worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	rounds_close(&w->rounds);
	free(w);
}

int truth_round(const struct truth_options *o, int64_t as_of_ns, struct why *why)
{
	struct rounds r;
	bool left = true;
	int err = rounds_open(&r, o, why);

	if (err)
		return err;
	while (left && !err)
		err = round_dirty(&r, ROUND_PAIRS, as_of_ns, &left);
	if (!err)
		err = round_sweep(&r, as_of_ns, NULL);
	if (err)
		why_say(why, err, "%s: hamlets cannot be judged: %s", o->folder, strerror(-err));
	rounds_close(&r);
	return err;
}

#define USAGE "usage: phusong-collector judge [--profile FILE]... [--as-of TIME]\n"

int truth_judge_run(int argc, char **argv, const char *folder, const char *const *profiles,
	size_t profile_count)
{
	const char *given[PROFILES_MOST];
	size_t count = 0;
	struct truth_options o = {
		.folder = folder, .profiles = profiles, .profile_count = profile_count
	};
	struct why why = { "" };
	int64_t as_of = clock_wall();

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--profile") && i + 1 < argc && count < PROFILES_MOST) {
			given[count++] = argv[++i];
		} else if (!strcmp(argv[i], "--as-of") && i + 1 < argc &&
			   !clock_parse(argv[i + 1], &as_of)) {
			i++;
		} else {
			fprintf(stderr, USAGE);
			return 2;
		}
	}
	if (count) {
		o.profiles = given;
		o.profile_count = count;
	}
	if (truth_round(&o, as_of, &why)) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		return 1;
	}
	return 0;
}
