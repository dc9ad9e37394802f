/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: epoll, a heap of deadlines on one absolute CLOCK_MONOTONIC timerfd, signals.
 * One loop belongs to one thread.  Handles are embedded in the user's struct and allocate nothing. */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include "why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct loop_fd {
	int fd;
	/* Raw epoll bits, EPOLLERR and EPOLLPRI included: a socket with TX timestamps raises EPOLLERR
	 * for each send and goes on until its error queue is drained.  May delete itself or others. */
	void (*ready)(struct loop_fd *f, uint32_t events);
	bool added; /* the loop's own */
};

struct loop_timer {
	/* Called once at or after the due time; the timer is idle again, so it may set itself. */
	void (*fire)(struct loop_timer *t);
	int64_t due;    /* CLOCK_MONOTONIC ns; the loop's own */
	uint64_t order; /* the loop's own: of the same due time, the one set first fires first */
	size_t place;   /* the loop's own: index in the heap + 1, 0 when idle */
};

struct loop_signal {
	void (*caught)(struct loop_signal *s, int signo);
	struct loop_signal *next; /* the loop's own */
	int signo;
};

int loop_new(struct loop **out) MUST_CHECK;
void loop_free(struct loop *l); /* NULL is fine; does not touch handles still registered */

/* f->fd and f->ready are set before. */
int loop_fd_add(struct loop *l, struct loop_fd *f, uint32_t events) MUST_CHECK;
int loop_fd_mod(struct loop *l, struct loop_fd *f, uint32_t events);
/* Also blanks its pending events; does not close. */
void loop_fd_del(struct loop *l, struct loop_fd *f);

/* Absolute, CLOCK_MONOTONIC.  Setting replaces.  A timer set from a timer fires in the next turn at
 * the earliest. */
void loop_timer_at(struct loop *l, struct loop_timer *t, int64_t due_ns);
void loop_timer_in(struct loop *l, struct loop_timer *t, int64_t delay_ns); /* from loop_now() */
void loop_timer_stop(struct loop *l, struct loop_timer *t);                 /* idle is fine */

/* Blocks signo for the whole process (call before any thread exists) and delivers it on the loop. */
int loop_signal_add(struct loop *l, struct loop_signal *s, int signo) MUST_CHECK;
void loop_signal_del(struct loop *l, struct loop_signal *s);

/* Runs f(arg) on the loop in the next turn; from any thread.  -ENOBUFS when 64 are waiting. */
int loop_post(struct loop *l, void (*f)(void *arg), void *arg);

int loop_run(struct loop *l);               /* until loop_stop(); returns its status or -errno */
void loop_stop(struct loop *l, int status); /* from the loop's own thread */
int loop_turn(struct loop *l, int64_t wait_ns); /* one wake-up, for tests; -1 waits for ever */

/* CLOCK_MONOTONIC ns, cached once a wake-up; fresh outside a turn. */
int64_t loop_now(const struct loop *l);
/* The longest that any timer fired late since the last call of loop_lag_reset(). */
int64_t loop_lag_ns(const struct loop *l);
void loop_lag_reset(struct loop *l);

#endif
