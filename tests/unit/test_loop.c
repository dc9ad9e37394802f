/* SPDX-License-Identifier: Apache-2.0 */
#include "../../probes/core/clock.h"
#include "../../probes/core/loop.h"
#include "../../probes/core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct loop *fresh(void)
{
	struct loop *l;

	assert_int_equal(loop_new(&l), 0);
	return l;
}

/* --- timers --- */

struct tick {
	struct loop_timer timer;
	struct loop *loop;
	int number;
	int *log, *count;
	struct tick *victim;
};

static void note(struct loop_timer *t)
{
	struct tick *k = container_of(t, struct tick, timer);

	k->log[(*k->count)++] = k->number;
	if (k->victim)
		loop_timer_stop(k->loop, &k->victim->timer);
}

static void timers_fire_in_order_of_due_time_then_of_setting(void **state)
{
	static const int delay_ms[] = { 5, 1, 3, 1, 0, 3, 5 };
	static const int want[] = { 4, 1, 3, 2, 5, 0, 6 };
	struct loop *l = fresh();
	struct tick k[7];
	int log[7], count = 0;
	int64_t now = clock_loop();
	(void)state;

	for (int i = 0; i < 7; i++) {
		k[i] = (struct tick){
			.timer.fire = note, .number = i, .log = log, .count = &count
		};
		loop_timer_at(l, &k[i].timer, now + delay_ms[i] * NS_PER_MS);
	}
	while (count < 7)
		assert_int_equal(loop_turn(l, -1), 0);
	assert_memory_equal(log, want, sizeof(want));
	loop_free(l);
}

static void ten_thousand_timers_keep_their_order_through_stops_and_moves(void **state)
{
	enum { N = 10000 };
	struct loop *l = fresh();
	struct tick *k = calloc(N, sizeof(*k));
	int *log = calloc(N, sizeof(int)), count = 0, left = 0;
	int64_t now = clock_loop(), last = 0;
	(void)state;

	srand(1);
	for (int i = 0; i < N; i++) {
		k[i] = (struct tick){
			.timer.fire = note, .number = i, .log = log, .count = &count
		};
		loop_timer_at(l, &k[i].timer, now - rand() % 1000000);
	}
	for (int i = 0; i < N; i += 3)
		loop_timer_stop(l, &k[i].timer);
	for (int i = 1; i < N; i += 5)
		loop_timer_at(l, &k[i].timer, now - rand() % 1000000);
	for (int i = 0; i < N; i++)
		left += k[i].timer.place != 0;
	assert_int_equal(loop_turn(l, 0), 0);
	assert_int_equal(count, left);
	for (int i = 0; i < count; i++) {
		assert_true(k[log[i]].timer.due >= last);
		last = k[log[i]].timer.due;
		assert_int_equal(k[log[i]].timer.place, 0);
	}
	free(k);
	free(log);
	loop_free(l);
}

static void a_timer_may_stop_another_that_is_due_in_the_same_turn(void **state)
{
	struct loop *l = fresh();
	struct tick a, b;
	int log[2], count = 0;
	(void)state;

	b = (struct tick){ .timer.fire = note, .number = 2, .log = log, .count = &count };
	a = (struct tick){ .timer.fire = note,
		.number = 1,
		.log = log,
		.count = &count,
		.loop = l,
		.victim = &b };
	loop_timer_at(l, &a.timer, 1);
	loop_timer_at(l, &b.timer, 2);
	loop_turn(l, 0);
	loop_turn(l, 0);
	assert_int_equal(count, 1);
	loop_timer_stop(l, &b.timer); /* idle is fine */
	loop_free(l);
}

static void set_again_now(struct loop_timer *t)
{
	struct tick *k = container_of(t, struct tick, timer);

	++*k->count;
	loop_timer_in(k->loop, t, 0);
}

static void a_timer_that_sets_itself_to_now_leaves_the_turn(void **state)
{
	struct loop *l = fresh();
	int count = 0;
	struct tick k = { .timer.fire = set_again_now, .loop = l, .count = &count };
	(void)state;

	loop_timer_in(l, &k.timer, 0);
	for (int i = 1; i <= 5; i++) {
		loop_turn(l, -1);
		assert_int_equal(count, i);
	}
	loop_free(l);
}

static void timers_never_fire_early_and_the_lag_is_measured(void **state)
{
	struct loop *l = fresh();
	int log[1], count = 0;
	struct tick k = { .timer.fire = note, .log = log, .count = &count };
	int64_t due = clock_loop() + 20 * NS_PER_MS;
	(void)state;

	loop_timer_at(l, &k.timer, due);
	while (!count)
		loop_turn(l, -1);
	assert_true(clock_loop() >= due);
	loop_lag_reset(l);
	loop_timer_at(l, &k.timer, clock_loop() - 30 * NS_PER_MS);
	count = 0;
	loop_turn(l, 0);
	assert_true(loop_lag_ns(l) >= 30 * NS_PER_MS);
	loop_lag_reset(l);
	assert_int_equal(loop_lag_ns(l), 0);
	loop_free(l);
}

static void a_timer_in_the_far_future_does_not_overflow(void **state)
{
	struct loop *l = fresh();
	int count = 0;
	struct tick k = { .timer.fire = note, .count = &count };
	(void)state;

	loop_timer_in(l, &k.timer, INT64_MAX);
	assert_true(k.timer.due == INT64_MAX);
	assert_int_equal(loop_turn(l, NS_PER_MS), 0);
	assert_int_equal(count, 0);
	loop_free(l);
}

/* --- file descriptors --- */

struct end {
	struct loop_fd fd;
	struct loop *loop;
	struct end *other;
	int calls;
	uint32_t events;
	int64_t first_now, second_now;
};

static void delete_the_other(struct loop_fd *f, uint32_t events)
{
	struct end *e = container_of(f, struct end, fd);

	e->calls++;
	e->events = events;
	loop_fd_del(e->loop, &e->other->fd);
}

static void an_fd_deleted_in_the_batch_is_not_called(void **state)
{
	struct loop *l = fresh();
	struct end e[2] = { 0 };
	int pair[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(pair[i], "x", 1), 1);
		e[i] = (struct end){ .fd = { .fd = pair[i], .ready = delete_the_other },
			.loop = l,
			.other = &e[!i] };
		assert_int_equal(loop_fd_add(l, &e[i].fd, EPOLLIN), 0);
	}
	loop_turn(l, -1);
	assert_int_equal(e[0].calls + e[1].calls, 1);
	assert_int_equal(e[0].fd.added + e[1].fd.added, 1);
	loop_fd_del(l, &e[0].fd);
	loop_fd_del(l, &e[1].fd);
	loop_free(l);
	close(pair[0]);
	close(pair[1]);
}

static void look_twice_at_the_time(struct loop_fd *f, uint32_t events)
{
	struct end *e = container_of(f, struct end, fd);
	struct timespec pause = { 0, 2000000 };

	e->calls++;
	e->events = events;
	e->first_now = loop_now(e->loop);
	nanosleep(&pause, NULL);
	e->second_now = loop_now(e->loop);
}

static void now_stands_still_inside_a_turn_and_runs_outside(void **state)
{
	struct loop *l = fresh();
	struct end e = { .fd.ready = look_twice_at_the_time, .loop = l };
	int ends[2];
	int64_t before;
	(void)state;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	e.fd.fd = ends[0];
	assert_int_equal(loop_fd_add(l, &e.fd, EPOLLIN), 0);
	assert_int_equal(loop_fd_add(l, &e.fd, EPOLLIN), -EEXIST);
	before = loop_now(l);
	loop_turn(l, -1);
	assert_true(e.first_now >= before);
	assert_true(e.first_now == e.second_now);
	assert_true(loop_now(l) > e.second_now);
	loop_fd_del(l, &e.fd);
	assert_int_equal(loop_fd_mod(l, &e.fd, EPOLLIN), -ENOENT);
	loop_free(l);
	close(ends[0]);
	close(ends[1]);
}

static void raw_error_bits_reach_the_handler(void **state)
{
	struct loop *l = fresh();
	struct end e = { .fd.ready = look_twice_at_the_time, .loop = l };
	int ends[2];
	(void)state;

	assert_int_equal(pipe(ends), 0);
	close(ends[0]); /* a pipe nobody reads raises EPOLLERR at its writing end */
	e.fd.fd = ends[1];
	assert_int_equal(loop_fd_add(l, &e.fd, 0), 0);
	loop_turn(l, -1);
	assert_int_equal(e.events & EPOLLERR, EPOLLERR);
	loop_fd_del(l, &e.fd);
	loop_free(l);
	close(ends[1]);
}

static void a_bad_fd_is_an_error(void **state)
{
	struct loop *l = fresh();
	struct loop_fd f = { .fd = -1, .ready = look_twice_at_the_time };
	(void)state;

	assert_int_equal(loop_fd_add(l, &f, EPOLLIN), -EBADF);
	assert_false(f.added);
	loop_free(l);
}

static int order_seen;
static void first_the_fd(struct loop_fd *f, uint32_t events)
{
	(void)f, (void)events;
	order_seen = order_seen * 10 + 1;
}

static void then_the_timer(struct loop_timer *t)
{
	(void)t;
	order_seen = order_seen * 10 + 2;
}

static void an_answer_that_has_arrived_comes_before_its_timeout(void **state)
{
	struct loop *l = fresh();
	struct loop_fd f = { .ready = first_the_fd };
	struct loop_timer t = { .fire = then_the_timer };
	int ends[2];
	(void)state;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	f.fd = ends[0];
	order_seen = 0;
	loop_timer_in(l, &t, -5);
	assert_int_equal(loop_fd_add(l, &f, EPOLLIN), 0);
	loop_turn(l, -1);
	assert_int_equal(order_seen, 12);
	loop_fd_del(l, &f);
	loop_free(l);
	close(ends[0]);
	close(ends[1]);
}

/* --- signals and posts --- */

struct listener {
	struct loop_signal signal;
	struct loop *loop;
	int caught, last;
	struct listener *leaver; /* stops listening when this one hears something */
};

static void hear(struct loop_signal *s, int signo)
{
	struct listener *h = container_of(s, struct listener, signal);

	h->caught++;
	h->last = signo;
	if (h->leaver)
		loop_signal_del(h->loop, &h->leaver->signal);
}

static void signals_arrive_on_the_loop_at_all_who_listen(void **state)
{
	struct loop *l = fresh();
	struct listener a = { .signal.caught = hear, .loop = l, .leaver = &a };
	struct listener b = { .signal.caught = hear, .loop = l };
	struct listener c = { .signal.caught = hear, .loop = l };
	(void)state;

	assert_int_equal(loop_signal_add(l, &b.signal, SIGUSR1), 0);
	assert_int_equal(loop_signal_add(l, &a.signal, SIGUSR1), 0);
	assert_int_equal(loop_signal_add(l, &c.signal, SIGUSR2), 0);
	assert_int_equal(loop_signal_add(l, &c.signal, 9999), -EINVAL);
	raise(SIGUSR1);
	loop_turn(l, NS_PER_S);
	raise(SIGUSR1);
	loop_turn(l, NS_PER_S);
	assert_int_equal(a.caught, 1);
	assert_int_equal(b.caught, 2);
	assert_int_equal(b.last, SIGUSR1);
	assert_int_equal(c.caught, 0);
	loop_signal_del(l, &b.signal);
	loop_signal_del(l, &c.signal);
	loop_free(l);
}

static void a_listener_may_send_the_next_one_away(void **state)
{
	struct loop *l = fresh();
	struct listener a = { .signal.caught = hear, .loop = l }, b = a, c = a;
	(void)state;

	a.leaver = &b;
	c.leaver = &b;
	assert_int_equal(loop_signal_add(l, &a.signal, SIGUSR1), 0);
	assert_int_equal(loop_signal_add(l, &b.signal, SIGUSR1), 0);
	assert_int_equal(loop_signal_add(l, &c.signal, SIGUSR1), 0);
	raise(SIGUSR1);
	loop_turn(l, NS_PER_S);
	assert_int_equal(a.caught, 1);
	assert_int_equal(b.caught, 0); /* c, which was added last, hears first */
	assert_int_equal(c.caught, 1);
	loop_free(l);
}

struct crowd {
	struct loop *loop;
	int ran; /* only on the loop's thread */
};

static void count_post(void *arg)
{
	struct crowd *c = arg;

	if (++c->ran == 4000)
		loop_stop(c->loop, 3);
}

static void *post_many(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < 1000; i++)
		while (loop_post(c->loop, count_post, c) == -ENOBUFS)
			usleep(50);
	return NULL;
}

static void posts_of_four_threads_all_run_on_the_loop(void **state)
{
	struct crowd c = { .loop = fresh() };
	pthread_t threads[4];
	(void)state;

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, &c), 0);
	assert_int_equal(loop_run(c.loop), 3);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(c.ran, 4000);
	loop_free(c.loop);
}

static void the_sixty_fifth_post_is_refused(void **state)
{
	struct crowd c = { .loop = fresh() };
	(void)state;

	for (int i = 0; i < 64; i++)
		assert_int_equal(loop_post(c.loop, count_post, &c), 0);
	assert_int_equal(loop_post(c.loop, count_post, &c), -ENOBUFS);
	loop_turn(c.loop, 0);
	assert_int_equal(c.ran, 64);
	assert_int_equal(loop_post(c.loop, count_post, &c), 0);
	loop_free(c.loop);
}

static void turn_inside(void *arg)
{
	struct crowd *c = arg;

	c->ran = loop_turn(c->loop, 0);
}

static void a_turn_inside_a_turn_is_refused(void **state)
{
	struct crowd c = { .loop = fresh() };
	(void)state;

	assert_int_equal(loop_post(c.loop, turn_inside, &c), 0);
	loop_turn(c.loop, 0);
	assert_int_equal(c.ran, -EBUSY);
	loop_free(c.loop);
	loop_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order_of_due_time_then_of_setting),
		cmocka_unit_test(ten_thousand_timers_keep_their_order_through_stops_and_moves),
		cmocka_unit_test(a_timer_may_stop_another_that_is_due_in_the_same_turn),
		cmocka_unit_test(a_timer_that_sets_itself_to_now_leaves_the_turn),
		cmocka_unit_test(timers_never_fire_early_and_the_lag_is_measured),
		cmocka_unit_test(a_timer_in_the_far_future_does_not_overflow),
		cmocka_unit_test(an_fd_deleted_in_the_batch_is_not_called),
		cmocka_unit_test(now_stands_still_inside_a_turn_and_runs_outside),
		cmocka_unit_test(raw_error_bits_reach_the_handler),
		cmocka_unit_test(a_bad_fd_is_an_error),
		cmocka_unit_test(an_answer_that_has_arrived_comes_before_its_timeout),
		cmocka_unit_test(signals_arrive_on_the_loop_at_all_who_listen),
		cmocka_unit_test(a_listener_may_send_the_next_one_away),
		cmocka_unit_test(posts_of_four_threads_all_run_on_the_loop),
		cmocka_unit_test(the_sixty_fifth_post_is_refused),
		cmocka_unit_test(a_turn_inside_a_turn_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
