/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-reflector: the far end of the measurements. */
#include "http_server.h"
#include "options.h"
#include "privileges.h"
#include "stamp_reflector.h"
#include "../core/clock.h"
#include "../core/log.h"
#include "../core/mem.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define REPORT_NS (600 * NS_PER_S)

struct reflector {
	struct options options;
	struct loop *loop;
	struct stamp_reflector *stamp;
	struct http_server *http;
	struct loop_signal end, interrupt;
	struct loop_timer report;
	uint64_t reported;
};

static void told_to_end(struct loop_signal *s, int signo)
{
	struct reflector *r = signo == SIGTERM ? container_of(s, struct reflector, end)
	                                       : container_of(s, struct reflector, interrupt);

	loop_stop(r->loop, 0);
}

static void report_due(struct loop_timer *t)
{
	struct reflector *r = container_of(t, struct reflector, report);
	struct stamp_counts c = stamp_reflector_counts(r->stamp);

	if (c.answered != r->reported)
		log_info("stamp", "answered %llu, malformed %llu, over the limit %llu",
			(unsigned long long)c.answered, (unsigned long long)c.malformed,
			(unsigned long long)c.limited);
	r->reported = c.answered;
	loop_timer_in(r->loop, t, REPORT_NS);
}

static int open_all(struct reflector *r, struct why *why)
{
	struct options *o = &r->options;
	int err = 0;

	if (o->stamp_port) {
		err = stamp_reflector_new(
			&r->stamp, r->loop, o->stamp_address, o->stamp_port, &o->stamp, why);
		if (!err)
			log_info("stamp", "answering on UDP port %u%s", o->stamp_port,
				o->stamp.key.len ? ", authenticated" : "");
	}
	if (!err && (o->http_listen.port || o->http_listen.tls_port))
		err = http_server_open(&r->http, &o->http_listen, &o->http, why);
	return err;
}

static int serve(struct reflector *r, struct why *why)
{
	int err;

	r->end.caught = r->interrupt.caught = told_to_end;
	r->report.fire = report_due;
	signal(SIGPIPE, SIG_IGN); /* a client that hangs up is an event, not the end */
	err = loop_new(&r->loop);
	/* signals are blocked here, before there is any thread */
	if (!err)
		err = loop_signal_add(r->loop, &r->end, SIGTERM);
	if (!err)
		err = loop_signal_add(r->loop, &r->interrupt, SIGINT);
	if (!err)
		err = open_all(r, why);
	if (!err)
		err = privileges_drop(r->options.user, why); /* nothing below this line is root */
	if (!err && r->http)
		err = http_server_start(r->http, why);
	if (err)
		return err;
	if (r->options.http_listen.port)
		log_info("http", "serving on TCP port %u", r->options.http_listen.port);
	if (r->options.http_listen.tls_port)
		log_info("http", "serving HTTPS on TCP port %u", r->options.http_listen.tls_port);
	log_info("reflector", "ready");
	if (r->stamp)
		loop_timer_in(r->loop, &r->report, REPORT_NS);
	return loop_run(r->loop);
}

int main(int argc, char **argv)
{
	struct reflector r = { .options = OPTIONS_NONE };
	struct why why = { "" };
	int err, status;

	status = options_read(&r.options, argc, argv);
	if (status >= 0)
		return status;
	err = serve(&r, &why);
	http_server_free(r.http);
	stamp_reflector_free(r.stamp);
	loop_free(r.loop);
	if (err)
		log_error("reflector", "%s", *why.text ? why.text : strerror(err < 0 ? -err : err));
	options_done(&r.options);
	return err ? 1 : 0;
}
