/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_watch.h"
#include "command.h"
#include "../probes/core/clock.h"
#include "../probes/core/mem.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct doctor_watch {
	pthread_t thread;
	int end, after_ms;
	void (*overdue)(void *arg);
	void *arg;
};

static void *watch(void *arg)
{
	struct doctor_watch *w = arg;
	struct pollfd p = { .fd = w->end, .events = POLLIN };

	if (poll(&p, 1, w->after_ms) == 0) {
		w->overdue(w->arg);
		_exit(EXIT_FAILED);
	}
	return NULL;
}

struct doctor_watch *doctor_watch_start(int64_t after_ns, void (*overdue)(void *arg), void *arg)
{
	struct doctor_watch *w = mem_new(sizeof(*w));
	sigset_t all, before;
	int err;

	*w = (struct doctor_watch){ .end = eventfd(0, EFD_CLOEXEC),
		.after_ms = (int)(after_ns / NS_PER_MS),
		.overdue = overdue,
		.arg = arg };
	sigfillset(&all); /* signals are the program's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = w->end < 0 ? -1 : pthread_create(&w->thread, NULL, watch, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		return w;
	if (w->end >= 0)
		close(w->end);
	free(w);
	return NULL;
}

void doctor_watch_end(struct doctor_watch *w)
{
	uint64_t one = 1;

	if (!w)
		return;
	(void)!write(w->end, &one, sizeof(one));
	pthread_join(w->thread, NULL);
	close(w->end);
	free(w);
}
