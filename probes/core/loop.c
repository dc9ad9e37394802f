/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"
#include "clock.h"
#include "mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BATCH 64
#define POSTS 64

struct post {
	void (*f)(void *arg);
	void *arg;
};

struct loop {
	int epoll;
	struct epoll_event batch[BATCH]; /* of this turn; data.ptr NULL: deleted since */
	int batch_at, batch_count;
	int64_t now, lag;
	bool inside, firing, stopped;
	int status;

	struct loop_fd alarm; /* the timerfd */
	int64_t armed;        /* what it is set to, 0 when off */
	struct loop_timer **heap;
	size_t timers, room;
	uint64_t order;

	struct loop_fd caught; /* the signalfd */
	sigset_t mask;
	struct loop_signal *signals, *next_signal;

	struct loop_fd woken; /* the eventfd of the posts */
	pthread_mutex_t lock; /* guards the two below */
	struct post posts[POSTS];
	size_t posted;
};

/* --- timers: a binary heap, the earliest first ------------------------------------------------- */

static bool earlier(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put_at(struct loop *l, struct loop_timer *t, size_t i)
{
	l->heap[i] = t;
	t->place = i + 1;
}

static void sift_up(struct loop *l, struct loop_timer *t, size_t i)
{
	for (size_t up; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!earlier(t, l->heap[up]))
			break;
		put_at(l, l->heap[up], i);
	}
	put_at(l, t, i);
}

static void sift_down(struct loop *l, struct loop_timer *t, size_t i)
{
	for (size_t down; (down = 2 * i + 1) < l->timers; i = down) {
		if (down + 1 < l->timers && earlier(l->heap[down + 1], l->heap[down]))
			down++;
		if (!earlier(l->heap[down], t))
			break;
		put_at(l, l->heap[down], i);
	}
	put_at(l, t, i);
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last;
	size_t i = t->place;

	if (!i--)
		return;
	t->place = 0;
	last = l->heap[--l->timers];
	if (last == t)
		return;
	if (i > 0 && earlier(last, l->heap[(i - 1) / 2]))
		sift_up(l, last, i);
	else
		sift_down(l, last, i);
}

void loop_timer_at(struct loop *l, struct loop_timer *t, int64_t due_ns)
{
	loop_timer_stop(l, t);
	if (l->timers == l->room) {
		l->room = l->room ? l->room * 2 : 16;
		l->heap = mem_grow(l->heap, l->room, sizeof(*l->heap));
	}
	/* else a timer that sets itself to now would never let the turn end */
	t->due = l->firing && due_ns <= l->now ? l->now + 1 : due_ns;
	t->order = l->order++;
	sift_up(l, t, l->timers++);
}

void loop_timer_in(struct loop *l, struct loop_timer *t, int64_t delay_ns)
{
	int64_t now = loop_now(l);

	loop_timer_at(l, t, delay_ns > INT64_MAX - now ? INT64_MAX : now + delay_ns);
}

static int set_alarm(struct loop *l)
{
	int64_t due = l->timers ? l->heap[0]->due : 0;
	struct itimerspec at = { 0 };

	if (l->timers && due < 1)
		due = 1; /* 0 would switch it off */
	if (due == l->armed)
		return 0;
	at.it_value.tv_sec = (time_t)(due / NS_PER_S);
	at.it_value.tv_nsec = (long)(due % NS_PER_S);
	if (timerfd_settime(l->alarm.fd, TFD_TIMER_ABSTIME, &at, NULL))
		return -errno;
	l->armed = due;
	return 0;
}

static void alarm_ready(struct loop_fd *f, uint32_t events)
{
	struct loop *l = container_of(f, struct loop, alarm);
	uint64_t count;

	(void)events;
	if (read(f->fd, &count, sizeof(count)) == sizeof(count))
		l->armed = 0;
}

static void fire_due(struct loop *l)
{
	l->firing = true;
	while (l->timers && l->heap[0]->due <= l->now) {
		struct loop_timer *t = l->heap[0];
		int64_t late = clock_loop() - t->due;

		if (late > l->lag)
			l->lag = late;
		loop_timer_stop(l, t);
		t->fire(t);
	}
	l->firing = false;
}

/* --- file descriptors ---------------------------------------------------------------------------- */

static int control(struct loop *l, struct loop_fd *f, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = f };

	return epoll_ctl(l->epoll, op, f->fd, &e) ? -errno : 0;
}

int loop_fd_add(struct loop *l, struct loop_fd *f, uint32_t events)
{
	int err = f->added ? -EEXIST : control(l, f, EPOLL_CTL_ADD, events);

	if (!err)
		f->added = true;
	return err;
}

int loop_fd_mod(struct loop *l, struct loop_fd *f, uint32_t events)
{
	return f->added ? control(l, f, EPOLL_CTL_MOD, events) : -ENOENT;
}

void loop_fd_del(struct loop *l, struct loop_fd *f)
{
	if (!f->added)
		return;
	control(l, f, EPOLL_CTL_DEL, 0);
	f->added = false;
	for (int i = l->batch_at; i < l->batch_count; i++)
		if (l->batch[i].data.ptr == f)
			l->batch[i].data.ptr = NULL;
}

/* --- signals -------------------------------------------------------------------------------------- */

int loop_signal_add(struct loop *l, struct loop_signal *s, int signo)
{
	sigset_t one, mask = l->mask;
	int fd, err;

	sigemptyset(&one);
	if (sigaddset(&one, signo) || sigaddset(&mask, signo))
		return -errno;
	err = pthread_sigmask(SIG_BLOCK, &one, NULL);
	if (err)
		return -err;
	fd = signalfd(l->caught.fd, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	l->caught.fd = fd;
	if (!l->caught.added)
		err = loop_fd_add(l, &l->caught, EPOLLIN);
	if (err)
		return err;
	l->mask = mask;
	s->signo = signo;
	s->next = l->signals;
	l->signals = s;
	return 0;
}

void loop_signal_del(struct loop *l, struct loop_signal *s)
{
	bool others = false;

	if (l->next_signal == s)
		l->next_signal = s->next;
	for (struct loop_signal **at = &l->signals; *at;) {
		if (*at == s) {
			*at = s->next;
			continue;
		}
		others |= (*at)->signo == s->signo;
		at = &(*at)->next;
	}
	if (others || l->caught.fd < 0)
		return;
	sigdelset(&l->mask, s->signo);
	signalfd(l->caught.fd, &l->mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void signal_ready(struct loop_fd *f, uint32_t events)
{
	struct loop *l = container_of(f, struct loop, caught);
	struct signalfd_siginfo info;

	(void)events;
	while (read(f->fd, &info, sizeof(info)) == sizeof(info)) {
		for (struct loop_signal *s = l->signals; s; s = l->next_signal) {
			l->next_signal = s->next;
			if (s->signo == (int)info.ssi_signo)
				s->caught(s, s->signo);
		}
	}
}

/* --- posts from other threads ------------------------------------------------------------------- */

int loop_post(struct loop *l, void (*f)(void *arg), void *arg)
{
	const uint64_t one = 1;
	int err = 0;

	pthread_mutex_lock(&l->lock);
	if (l->posted == POSTS)
		err = -ENOBUFS;
	else
		l->posts[l->posted++] = (struct post){ f, arg };
	pthread_mutex_unlock(&l->lock);
	if (!err && write(l->woken.fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		err = -errno;
	return err;
}

static void post_ready(struct loop_fd *f, uint32_t events)
{
	struct loop *l = container_of(f, struct loop, woken);
	struct post posts[POSTS];
	uint64_t count;
	size_t n;

	(void)events;
	while (read(f->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&l->lock);
	n = l->posted;
	for (size_t i = 0; i < n; i++)
		posts[i] = l->posts[i];
	l->posted = 0;
	pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < n; i++)
		posts[i].f(posts[i].arg);
}

/* --- the loop itself ------------------------------------------------------------------------------ */

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close_fd(l->caught.fd);
	close_fd(l->woken.fd);
	close_fd(l->alarm.fd);
	close_fd(l->epoll);
	pthread_mutex_destroy(&l->lock);
	free(l->heap);
	free(l);
}

int loop_new(struct loop **out)
{
	struct loop *l = mem_new(sizeof(*l));
	int err = 0;

	pthread_mutex_init(&l->lock, NULL);
	sigemptyset(&l->mask);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->alarm = (struct loop_fd){ .ready = alarm_ready };
	l->alarm.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->woken = (struct loop_fd){ .ready = post_ready };
	l->woken.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->caught = (struct loop_fd){ .fd = -1, .ready = signal_ready };
	if (l->epoll < 0 || l->alarm.fd < 0 || l->woken.fd < 0)
		err = -errno;
	if (!err)
		err = loop_fd_add(l, &l->alarm, EPOLLIN);
	if (!err)
		err = loop_fd_add(l, &l->woken, EPOLLIN);
	if (err) {
		loop_free(l);
		return err;
	}
	*out = l;
	return 0;
}

static int milliseconds(int64_t ns)
{
	if (ns < 0)
		return -1;
	return ns > 1000 * NS_PER_S ? 1000000 : (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

int loop_turn(struct loop *l, int64_t wait_ns)
{
	int n, err = l->inside ? -EBUSY : set_alarm(l);

	if (err)
		return err;
	n = epoll_wait(l->epoll, l->batch, BATCH, milliseconds(wait_ns));
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	l->now = clock_loop();
	l->inside = true;
	l->batch_count = n;
	/* answers before timers: a reply that has arrived is no timeout */
	for (l->batch_at = 0; l->batch_at < n;) {
		struct epoll_event *e = &l->batch[l->batch_at++];
		struct loop_fd *f = e->data.ptr;

		if (f)
			f->ready(f, e->events);
	}
	l->batch_count = 0;
	fire_due(l);
	l->inside = false;
	return 0;
}

int loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped) {
		int err = loop_turn(l, -1);

		if (err)
			return err;
	}
	return l->status;
}

void loop_stop(struct loop *l, int status)
{
	l->stopped = true;
	l->status = status;
}

int64_t loop_now(const struct loop *l)
{
	return l->inside ? l->now : clock_loop();
}

int64_t loop_lag_ns(const struct loop *l)
{
	return l->lag;
}

void loop_lag_reset(struct loop *l)
{
	l->lag = 0;
}
