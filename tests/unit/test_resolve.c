/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../probes/core/clock.h"
#include "../../probes/core/loop.h"
#include "../../probes/resolve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A name server on the loop: answers A questions for "good.test" with 192.0.2.7, AAAA with ::7, says
 * NXDOMAIN to "no.test", SERVFAIL to "fail.test", and nothing at all to others. */
struct server {
	struct loop_fd io;
	char address[32];
	int questions;
};

struct fixture {
	struct loop *loop;
	struct server server;
	struct resolve *resolve;
	int calls, err;
	size_t n;
	struct sockaddr_storage addrs[16];
	struct resolve_query *query, *victim;
};

static size_t answer(uint8_t *m, size_t n, const char *name, uint8_t type)
{
	static const uint8_t v4[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };
	static const uint8_t v6[] = { 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 7 };

	m[2] = 0x81;
	m[3] = 0x80;
	if (!strcmp(name, "\4good\4test")) {
		size_t len = type == 28 ? sizeof(v6) : sizeof(v4);

		m[7] = 1;
		memcpy(m + n, type == 28 ? v6 : v4, len);
		return n + len;
	}
	if (!strcmp(name, "\2no\4test"))
		m[3] |= 3;
	else if (!strcmp(name, "\4fail\4test"))
		m[3] |= 2;
	else
		return 0;
	return n;
}

static void asked(struct loop_fd *f, uint32_t events)
{
	struct server *s = (struct server *)f;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t m[600] = { 0 };
	ssize_t n = recvfrom(f->fd, m, 512, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	size_t end, out;

	(void)events;
	if (n < 12)
		return;
	s->questions++;
	end = 12 + strlen((char *)m + 12) + 5;
	m[11] = 0; /* an answer without the EDNS record */
	out = answer(m, end, (char *)m + 12, m[end - 3]);
	if (out)
		assert_int_equal(sendto(f->fd, m, out, 0, (struct sockaddr *)&from, len), out);
}

static void serve(struct fixture *x)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(here);

	x->server.io.fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(x->server.io.fd, (struct sockaddr *)&here, len), 0);
	assert_int_equal(getsockname(x->server.io.fd, (struct sockaddr *)&here, &len), 0);
	x->server.io.ready = asked;
	assert_int_equal(loop_fd_add(x->loop, &x->server.io, EPOLLIN), 0);
	snprintf(
		x->server.address, sizeof(x->server.address), "127.0.0.1:%d", ntohs(here.sin_port));
}

static int set_up(void **state)
{
	static struct fixture x;

	memset(&x, 0, sizeof(x));
	assert_int_equal(loop_new(&x.loop), 0);
	serve(&x);
	assert_int_equal(resolve_new(&x.resolve, x.loop, x.server.address), 0);
	*state = &x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	resolve_free(x->resolve);
	loop_fd_del(x->loop, &x->server.io);
	close(x->server.io.fd);
	loop_free(x->loop);
	return 0;
}

static void done(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct fixture *x = arg;

	x->calls++;
	x->err = err;
	x->n = n;
	memcpy(x->addrs, addrs, n * sizeof(*addrs));
	resolve_cancel(x->victim);
	x->victim = NULL;
}

static void look_up(struct fixture *x, const char *name, int family, int64_t timeout_ns)
{
	int64_t end = clock_loop() + timeout_ns + NS_PER_S;
	int before = x->calls;

	assert_int_equal(
		resolve_start(&x->query, x->resolve, name, family, timeout_ns, done, x), 0);
	assert_int_equal(x->calls, before);
	while (x->calls == before && clock_loop() < end)
		loop_turn(x->loop, 100 * NS_PER_MS);
	assert_int_equal(x->calls, before + 1);
}

static void literal_addresses_need_no_server(void **state)
{
	static const struct {
		const char *name;
		int family, want, err;
	} cases[] = {
		{ "192.0.2.1", 0, AF_INET, 0 },
		{ "192.0.2.1", 4, AF_INET, 0 },
		{ "192.0.2.1", 6, 0, -ENOENT },
		{ "2001:db8::1", 0, AF_INET6, 0 },
		{ "[2001:db8::1]", 6, AF_INET6, 0 },
		{ "::1", 4, 0, -ENOENT },
		{ "fe80::1%lo", 0, AF_INET6, 0 },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		look_up(x, cases[i].name, cases[i].family, NS_PER_S);
		assert_int_equal(x->err, cases[i].err);
		assert_int_equal(x->n, cases[i].want ? 1 : 0);
		if (cases[i].want)
			assert_int_equal(x->addrs[0].ss_family, cases[i].want);
	}
	assert_int_equal(
		((struct sockaddr_in6 *)&x->addrs[0])->sin6_scope_id, 1); /* lo is always 1 */
	assert_int_equal(x->server.questions, 0);
}

static void a_name_has_the_addresses_of_the_family_asked_for(void **state)
{
	struct fixture *x = *state;

	look_up(x, "good.test", 4, NS_PER_S);
	assert_int_equal(x->err, 0);
	assert_int_equal(x->n, 1);
	assert_int_equal(
		((struct sockaddr_in *)&x->addrs[0])->sin_addr.s_addr, inet_addr("192.0.2.7"));
	look_up(x, "good.test", 6, NS_PER_S);
	assert_int_equal(x->n, 1);
	assert_int_equal(x->addrs[0].ss_family, AF_INET6);
	look_up(x, "good.test", 0, NS_PER_S);
	assert_int_equal(x->n, 2);
}

static void a_name_that_does_not_exist_is_not_a_silent_server(void **state)
{
	struct fixture *x = *state;

	look_up(x, "no.test", 0, NS_PER_S);
	assert_int_equal(x->err, -ENOENT);
	look_up(x, "fail.test", 4, NS_PER_S);
	assert_true(x->err == -EAGAIN ||
		    x->err == -ECONNREFUSED); /* c-ares 1.18 does not tell them apart */
	look_up(x, "", 4, NS_PER_S);
	assert_int_equal(x->err, -EINVAL);
}

static void tick(struct loop_timer *t)
{
	(void)t;
}

static void a_silent_server_times_out_and_never_blocks_the_loop(void **state)
{
	struct fixture *x = *state;
	struct loop_timer often = { .fire = tick };
	int64_t begun = clock_loop(), longest = 0, before;

	assert_int_equal(
		resolve_start(&x->query, x->resolve, "silent.test", 0, 700 * NS_PER_MS, done, x),
		0);
	loop_lag_reset(x->loop);
	while (!x->calls && clock_loop() - begun < 3 * NS_PER_S) {
		loop_timer_in(x->loop, &often, 10 * NS_PER_MS);
		before = clock_loop();
		loop_turn(x->loop, 20 * NS_PER_MS);
		if (clock_loop() - before > longest)
			longest = clock_loop() - before;
	}
	assert_int_equal(x->err, -ETIMEDOUT);
	assert_in_range(clock_loop() - begun, 690 * NS_PER_MS, 800 * NS_PER_MS);
	assert_true(x->server.questions >= 2);
	assert_true(loop_lag_ns(x->loop) < 50 * NS_PER_MS);
	assert_true(longest < 70 * NS_PER_MS);
	loop_timer_stop(x->loop, &often);
}

static void nobody_listening_is_a_refusal(void **state)
{
	struct fixture *x = *state;

	loop_fd_del(x->loop, &x->server.io);
	close(x->server.io.fd);
	look_up(x, "good.test", 4, 10 * NS_PER_S);
	assert_int_equal(x->err, -ECONNREFUSED);
	serve(x);
}

static void a_cancelled_query_is_never_heard_of_again(void **state)
{
	struct fixture *x = *state;
	struct resolve_query *q;

	assert_int_equal(resolve_start(&q, x->resolve, "good.test", 0, NS_PER_S, done, x), 0);
	resolve_cancel(q);
	for (int i = 0; i < 20; i++)
		loop_turn(x->loop, 10 * NS_PER_MS);
	assert_int_equal(x->calls, 0);
	assert_true(x->server.questions > 0); /* the answers came, for nobody */
}

static void a_callback_may_cancel_another_query(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(
		resolve_start(&x->victim, x->resolve, "silent.test", 0, NS_PER_S, done, x), 0);
	look_up(x, "good.test", 0, NS_PER_S);
	assert_int_equal(x->err, 0);
	for (int i = 0; i < 12; i++)
		loop_turn(x->loop, 100 * NS_PER_MS);
	assert_int_equal(x->calls, 1);
}

static void unreadable_servers_are_refused(void **state)
{
	struct fixture *x = *state;
	struct resolve *r;

	assert_int_equal(resolve_new(&r, x->loop, "not an address"), -EINVAL);
}

static bool is_192(const struct sockaddr *a)
{
	return a->sa_family == AF_INET &&
	       ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 192;
}

static void an_answer_with_a_refused_address_counts_as_none(void **state)
{
	struct fixture *x = *state;

	resolve_refuse(x->resolve, is_192);
	look_up(x, "good.test", 4, NS_PER_S);
	assert_int_equal(x->err, -EPERM);
	assert_int_equal(x->n, 0);
	look_up(x, "good.test", 0,
		NS_PER_S); /* of two addresses one is refused: no choice is left */
	assert_int_equal(x->err, -EPERM);
	look_up(x, "good.test", 6, NS_PER_S);
	assert_int_equal(x->err, 0);
	look_up(x, "192.0.2.1", 0, NS_PER_S); /* written as an address */
	assert_int_equal(x->err, -EPERM);
	look_up(x, "198.51.100.1", 0, NS_PER_S);
	assert_int_equal(x->err, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			literal_addresses_need_no_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_name_has_the_addresses_of_the_family_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_name_that_does_not_exist_is_not_a_silent_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_silent_server_times_out_and_never_blocks_the_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_listening_is_a_refusal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_cancelled_query_is_never_heard_of_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_callback_may_cancel_another_query, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unreadable_servers_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			an_answer_with_a_refused_address_counts_as_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
