/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../probes/core/clock.h"
#include "emulated.h"
#include "../../probes/core/loop.h"
#include "../../probes/fetch.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct MHD_Daemon *server;
	int silent_fd; /* listens and never accepts */
	unsigned port, silent_port;
	struct loop *loop;
	struct fetch *fetch;
	int calls;
	struct fetch_result result;
	char body[256], location[64], problem[256];
	struct fetch_job *job, *victim;
};

static ssize_t endless(void *arg, uint64_t at, char *room, size_t n)
{
	(void)arg;
	(void)at;
	memset(room, 'x', n);
	return (ssize_t)n;
}

struct upload {
	size_t bytes;
};

static struct MHD_Response *answer_to(const char *url, struct upload *u, unsigned *status)
{
	struct MHD_Response *r;
	char text[64];

	*status = 200;
	if (!strcmp(url, "/endless"))
		return MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, 32768, endless, NULL, NULL);
	snprintf(text, sizeof(text), "{\"bytes\":%zu}", u->bytes);
	r = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
	if (!strcmp(url, "/busy")) {
		MHD_add_response_header(r, "Retry-After", "7");
		*status = 503;
	} else if (!strcmp(url, "/portal")) {
		MHD_add_response_header(r, "Location", "http://login.test/");
		*status = 302;
	}
	return r;
}

static enum MHD_Result served(void *arg, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *n, void **per_request)
{
	struct upload *u = *per_request;
	struct MHD_Response *r;
	enum MHD_Result ok;
	unsigned status;

	(void)arg;
	(void)method;
	(void)version;
	(void)data;
	if (!u) {
		*per_request = calloc(1, sizeof(*u));
		return MHD_YES;
	}
	if (*n) {
		u->bytes += *n;
		*n = 0;
		return MHD_YES;
	}
	r = answer_to(url, u, &status);
	ok = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ok;
}

static void finished(void *arg, struct MHD_Connection *c, void **per_request,
	enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)c;
	(void)code;
	free(*per_request);
}

static int set_up(void **state)
{
	static struct fixture x;
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(here);

	memset(&x, 0, sizeof(x));
	x.silent_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(x.silent_fd, (struct sockaddr *)&here, len), 0);
	assert_int_equal(listen(x.silent_fd, 8), 0);
	assert_int_equal(getsockname(x.silent_fd, (struct sockaddr *)&here, &len), 0);
	x.silent_port = ntohs(here.sin_port);
	here.sin_port = 0;
	x.server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, served, NULL,
		MHD_OPTION_SOCK_ADDR, &here, MHD_OPTION_NOTIFY_COMPLETED, finished, NULL,
		MHD_OPTION_END);
	assert_non_null(x.server);
	x.port = MHD_get_daemon_info(x.server, MHD_DAEMON_INFO_BIND_PORT)->port;
	assert_int_equal(loop_new(&x.loop), 0);
	assert_int_equal(fetch_new(&x.fetch, x.loop), 0);
	*state = &x;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	fetch_free(x->fetch);
	loop_free(x->loop);
	MHD_stop_daemon(x->server);
	close(x->silent_fd);
	return 0;
}

static void done(void *arg, const struct fetch_result *r)
{
	struct fixture *x = arg;

	x->calls++;
	x->result = *r;
	snprintf(x->body, sizeof(x->body), "%s", r->body);
	snprintf(x->problem, sizeof(x->problem), "%s", r->problem);
	snprintf(x->location, sizeof(x->location), "%s", r->location);
	fetch_cancel(x->job); /* its own: nothing happens */
	fetch_cancel(x->victim);
	x->victim = NULL;
}

static void turn_until(struct fixture *x, int calls, int64_t most_ns)
{
	int64_t end = clock_loop() + most_ns;

	while (x->calls < calls && clock_loop() < end)
		loop_turn(x->loop, 20 * NS_PER_MS);
}

static char *url_of(struct fixture *x, const char *path)
{
	static char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", x->port, path);
	return url;
}

static void get(struct fixture *x, struct fetch_options o)
{
	int before = x->calls;

	assert_int_equal(fetch_start(&x->job, x->fetch, &o, done, x), 0);
	assert_int_equal(x->calls, before);
	turn_until(x, before + 1, 5 * NS_PER_S);
	assert_int_equal(x->calls, before + 1);
}

static void an_answer_comes_with_its_phases(void **state)
{
	struct fixture *x = *state;

	get(x, (struct fetch_options){ .url = url_of(x, "/"), .keep = 100 });
	assert_int_equal(x->result.err, 0);
	assert_int_equal(x->result.status, 200);
	assert_string_equal(x->body, "{\"bytes\":0}");
	assert_string_equal(x->result.version, "1.1");
	assert_in_range(x->result.connect_us, 1, 1000000);
	assert_in_range(x->result.first_byte_us, 1, 1000000);
	assert_true(x->result.total_us >= x->result.connect_us + x->result.first_byte_us);
	assert_int_equal(x->result.tls_us, -1);
	assert_int_equal(x->result.remote.ss_family, AF_INET);
	assert_int_equal(x->result.down, 11);
}

static void a_name_is_never_looked_up(void **state)
{
	struct fixture *x = *state;
	struct sockaddr_storage here = { .ss_family = AF_INET };
	struct fetch_options o = { .url = "http://localhost/" };
	char url[64];

	assert_int_equal(fetch_start(&x->job, x->fetch, &o, done, x), -EINVAL);
	((struct sockaddr_in *)&here)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(url, sizeof(url), "http://no.such.name.invalid:%u/", x->port);
	get(x, (struct fetch_options){ .url = url, .address = &here });
	assert_int_equal(x->result.status, 200);
}

static void a_proxy_of_the_environment_is_not_used(void **state)
{
	struct fixture *x = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	get(x, (struct fetch_options){ .url = url_of(x, "/") });
	unsetenv("http_proxy");
	assert_int_equal(x->result.err, 0);
}

static void only_so_much_of_an_answer_is_kept(void **state)
{
	struct fixture *x = *state;

	get(x, (struct fetch_options){ .url = url_of(x, "/"), .keep = 4 });
	assert_string_equal(x->body, "{\"by");
	assert_int_equal(x->result.down, 11);
	get(x, (struct fetch_options){ .url = url_of(x, "/") });
	assert_string_equal(x->body, "");
}

static void noise_is_sent_to_the_byte(void **state)
{
	struct fixture *x = *state;

	get(x, (struct fetch_options){ .url = url_of(x, "/up"), .noise = 300001, .keep = 100 });
	assert_string_equal(x->body, "{\"bytes\":300001}");
	assert_int_equal(x->result.up, 300001);
	get(x, (struct fetch_options){
		       .url = url_of(x, "/up"), .body = "hello", .body_len = 5, .keep = 100 });
	assert_string_equal(x->body, "{\"bytes\":5}");
	get(x, (struct fetch_options){ .url = url_of(x, "/up"), .method = "POST", .keep = 100 });
	assert_string_equal(x->body, "{\"bytes\":0}");
}

static void a_busy_server_says_when_to_come_back(void **state)
{
	struct fixture *x = *state;

	get(x, (struct fetch_options){ .url = url_of(x, "/busy") });
	assert_int_equal(x->result.status, 503);
	assert_int_equal(x->result.retry_after_s, 7);
}

static void a_redirect_is_reported_and_not_followed(void **state)
{
	struct fixture *x = *state;

	get(x, (struct fetch_options){ .url = url_of(x, "/portal") });
	assert_int_equal(x->result.status, 302);
	assert_string_equal(x->location, "http://login.test/");
}

static void failures_have_the_number_of_their_cause(void **state)
{
	struct fixture *x = *state;
	char url[64];

	get(x, (struct fetch_options){ .url = "http://127.0.0.1:1/" });
	assert_int_equal(x->result.err, -ECONNREFUSED);
	assert_int_equal(x->result.connect_us, -1);
	assert_false(x->result.connected);
	assert_true(*x->problem);
	get(x, (struct fetch_options){ .url = "http://127.0.0.1:1/", .iface = "nonexistent0" });
	assert_int_equal(x->result.err, -ENODEV);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", x->silent_port);
	get(x, (struct fetch_options){ .url = url, .timeout_ns = 300 * NS_PER_MS });
	assert_int_equal(x->result.err, -ETIMEDOUT);
	assert_true(x->result.connect_us >= 0);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", x->port);
	get(x, (struct fetch_options){ .url = url });
	assert_int_equal(x->result.err, -EPROTO);
	assert_true(x->result.connected);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", x->silent_port);
	get(x, (struct fetch_options){ .url = url, .timeout_ns = 300 * NS_PER_MS });
	assert_int_equal(x->result.err, -ETIMEDOUT);
	assert_true(x->result.connected);
}

static void a_transfer_is_seen_while_it_runs_and_ends_when_cancelled(void **state)
{
	struct fixture *x = *state;
	struct fetch_options o = { .url = url_of(x, "/endless") };
	struct fetch_tcp tcp;
	int64_t down, up, later;

	SKIP_EMULATED("getsockopt(TCP_INFO) is not known");
	assert_int_equal(fetch_start(&x->job, x->fetch, &o, done, x), 0);
	turn_until(x, 1, 300 * NS_PER_MS);
	fetch_moved(x->job, &down, &up);
	assert_true(down > 100000);
	assert_int_equal(fetch_tcp(x->job, &tcp), 0);
	assert_true(tcp.bytes_received >= down);
	assert_true(tcp.rtt_us >= 0);
	turn_until(x, 1, 100 * NS_PER_MS);
	fetch_moved(x->job, &later, &up);
	assert_true(later > down);
	fetch_cancel(x->job);
	x->job = NULL;
	turn_until(x, 1, 100 * NS_PER_MS);
	assert_int_equal(x->calls, 0);
}

static void a_callback_may_cancel_another_transfer(void **state)
{
	struct fixture *x = *state;
	struct fetch_options o = { .url = url_of(x, "/endless") };

	assert_int_equal(fetch_start(&x->victim, x->fetch, &o, done, x), 0);
	get(x, (struct fetch_options){ .url = url_of(x, "/") });
	turn_until(x, 2, 100 * NS_PER_MS);
	assert_int_equal(x->calls, 1);
}

static void a_connection_is_used_again_only_when_asked_for(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		get(x, (struct fetch_options){ .url = url_of(x, "/"), .reuse = true });
		assert_int_equal(x->result.err, 0);
	}
	assert_int_equal(x->result.connect_us, 0);
	get(x, (struct fetch_options){ .url = url_of(x, "/") });
	assert_true(x->result.connect_us > 0);
}

static void tcp_info_of_an_older_kernel_leaves_fields_unknown(void **state)
{
	uint8_t bytes[232];
	struct fetch_tcp t;

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	fetch_tcp_read(&t, bytes, sizeof(bytes));
	assert_int_equal(t.bytes_retrans, 0x0101010101010101);
	fetch_tcp_read(&t, bytes, 104); /* Linux 3.x */
	assert_int_equal(t.rtt_us, 0x01010101);
	assert_int_equal(t.bytes_acked, -1);
	assert_int_equal(t.min_rtt_us, -1);
	fetch_tcp_read(&t, bytes, 0);
	assert_int_equal(t.rtt_us, -1);
}

static void retry_after_is_seconds_or_nothing(void **state)
{
	static const struct {
		const char *text;
		int want;
	} cases[] = { { "0", 0 }, { " 120\r\n", 120 }, { "", -1 }, { "-1", -1 }, { "1.5", -1 },
		{ "Fri, 31 Dec 1999 23:59:59 GMT", -1 }, { "99999999999999999999", 86400 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
			fetch_retry_after(cases[i].text, strlen(cases[i].text)), cases[i].want);
}

static void a_url_comes_apart(void **state)
{
	char host[32];
	unsigned port;
	bool tls;

	(void)state;
	assert_int_equal(
		fetch_url("https://[2001:db8::1]:8443/x", host, sizeof(host), &port, &tls), 0);
	assert_string_equal(host, "[2001:db8::1]");
	assert_int_equal(port, 8443);
	assert_true(tls);
	assert_int_equal(fetch_url("http://example.net", host, sizeof(host), &port, &tls), 0);
	assert_int_equal(port, 80);
	assert_false(tls);
	assert_int_equal(fetch_url("ftp://example.net/", host, sizeof(host), &port, &tls), -EINVAL);
	assert_int_equal(fetch_url("example.net:80", host, sizeof(host), &port, &tls), -EINVAL);
	assert_int_equal(fetch_url("http://a.name.that.is.longer.than.the.room.there.is/", host,
				 sizeof(host), &port, &tls),
		-EMSGSIZE);
}

#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static void an_address_may_end_with_a_slash(void **state)
{
	char url[32];
	(void)state;

	fetch_at(url, sizeof(url), "http://h:80", "/ping");
	assert_string_equal(url, "http://h:80/ping");
	fetch_at(url, sizeof(url), "http://h:80/", "/ping");
	assert_string_equal(url, "http://h:80/ping");
	fetch_at(url, sizeof(url), "https://h/path//", "/up");
	assert_string_equal(url, "https://h/path/up");
	fetch_at(url, sizeof(url), "http://a-host-with-a-rather-long-name.test", "/ping");
	assert_int_equal(strlen(url), sizeof(url) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_may_end_with_a_slash),
		WITH_SERVER(an_answer_comes_with_its_phases),
		WITH_SERVER(a_name_is_never_looked_up),
		WITH_SERVER(a_proxy_of_the_environment_is_not_used),
		WITH_SERVER(only_so_much_of_an_answer_is_kept),
		WITH_SERVER(noise_is_sent_to_the_byte),
		WITH_SERVER(a_busy_server_says_when_to_come_back),
		WITH_SERVER(a_redirect_is_reported_and_not_followed),
		WITH_SERVER(failures_have_the_number_of_their_cause),
		WITH_SERVER(a_transfer_is_seen_while_it_runs_and_ends_when_cancelled),
		WITH_SERVER(a_callback_may_cancel_another_transfer),
		WITH_SERVER(a_connection_is_used_again_only_when_asked_for),
		cmocka_unit_test(tcp_info_of_an_older_kernel_leaves_fields_unknown),
		cmocka_unit_test(retry_after_is_seconds_or_nothing),
		cmocka_unit_test(a_url_comes_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
