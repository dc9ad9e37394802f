/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping a connection to one of the brokers: down the list, with growing pauses that differ from
 * probe to probe, MQTT 5 first and 3.1.1 where a broker knows no better. */
#include "uplink_inside.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESOLVE_LIMIT \
	(70 * NS_PER_S) /* name resolution inside Paho comes on top; then it is given up */
#define BACKOFF_LEAST NS_PER_S
#define BACKOFF_MOST  (300 * NS_PER_S)
#define STABLE        (60 * NS_PER_S)

void uplink_problem(struct uplink *u, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(u->now.problem, sizeof(u->now.problem), format, ap);
	va_end(ap);
	u->told = true;
	log_complain(&u->complaint, clock_mono(), "uplink", "%s", u->now.problem);
}

/* xorshift64*: spreads a fleet, nothing more */
static double random_share(struct uplink *u)
{
	u->random ^= u->random >> 12;
	u->random ^= u->random << 25;
	u->random ^= u->random >> 27;
	return (double)(u->random * 2685821657736338717ULL >> 11) / 9007199254740992.0;
}

static void wait_and_retry(struct uplink *u, int64_t now)
{
	bool round = u->broker + 1 >= u->brokers;
	int64_t pause = round ? u->backoff_ns : BACKOFF_LEAST / 2;

	u->phase = PHASE_WAIT;
	u->retry_at = now + (int64_t)((double)pause * (0.5 + random_share(u)));
	u->broker = round ? 0 : u->broker + 1;
	u->version = 5;
	if (round && u->backoff_ns < BACKOFF_MOST)
		u->backoff_ns = 2 * u->backoff_ns < BACKOFF_MOST ? 2 * u->backoff_ns : BACKOFF_MOST;
}

static void down(struct uplink *u, int64_t now)
{
	u->now.connected = false;
	if (!u->now.down_since_mono)
		u->now.down_since_mono = now;
	u->told = true;
	window_lost(&u->window);
}

static void connect_next(struct uplink *u, int64_t now)
{
	snprintf(u->now.broker, sizeof(u->now.broker), "%s", u->o.brokers[u->broker]);
	if (!u->now.down_since_mono)
		u->now.down_since_mono = now;
	u->phase = PHASE_CONNECTING;
	u->connect_by = now + u->o.connect_ns + RESOLVE_LIMIT;
	if (link_connect(u->link, u->uri[u->broker], u->version)) {
		uplink_problem(u, "%s: cannot be used as a broker", u->now.broker);
		wait_and_retry(u, now);
	}
}

void uplink_connection(struct uplink *u, int64_t now)
{
	if (!u->brokers)
		return;
	if (u->phase == PHASE_CONNECTING && now >= u->connect_by) {
		uplink_problem(u, "%s: no answer", u->now.broker);
		link_drop(u->link);
		wait_and_retry(u, now);
	}
	if (u->phase == PHASE_WAIT && now >= u->retry_at && !u->stopping)
		connect_next(u, now);
}

int64_t uplink_connection_due(const struct uplink *u)
{
	if (!u->brokers || u->phase == PHASE_UP)
		return INT64_MAX;
	return u->phase == PHASE_WAIT ? u->retry_at : u->connect_by;
}

/* --- what Paho reported --- */
static void say_hello(struct uplink *u)
{
	char text[128];
	int token;

	snprintf(text, sizeof(text), "{\"online\":true,\"agent\":\"%s\",\"simulated\":%s}",
		u->o.agent ? u->o.agent : "", u->o.simulated ? "true" : "false");
	/* orders first: that it is online is what makes the collector send them */
	if ((u->o.orders && link_subscribe(u->link, u->topic_order)) ||
		link_subscribe(u->link, u->topic_receipt) ||
		link_publish(u->link, u->topic_status, text, strlen(text), true, &token))
		uplink_problem(u, "%s: the connection was lost at once", u->now.broker);
}

static void on_up(struct uplink *u, int64_t now)
{
	u->phase = PHASE_UP;
	u->up_since = now;
	u->now.connected = true;
	u->now.mqtt_version = u->version;
	u->now.down_since_mono = 0;
	u->told = true;
	log_recovered(&u->complaint, "uplink", u->now.broker);
	say_hello(u);
}

/* Paho says "TCP ..." while there is no answer of a broker at all: that is no matter of versions. */
static bool may_speak_3(const struct uplink *u, const struct link_event *e)
{
	if (u->version != 5)
		return false;
	if (e->code == 0x84 ||
		e->code == 1) /* unsupported version: MQTT 5 3.2.2.2, MQTT 3.1.1 3.2.2.3 */
		return true;
	return e->code < 0x80 && !strstr(e->text, "TCP");
}

static const char *refusal(int code)
{
	switch (code) {
	case 4: /* MQTT 3.1.1 3.2.2.3 */
	case 0x86:
		return "user or password are wrong";
	case 5:
	case 0x87:
		return "this probe is not allowed in";
	case 3:
	case 0x88:
	case 0x89:
		return "the broker is busy";
	default:
		return NULL;
	}
}

static void on_failed(struct uplink *u, const struct link_event *e, int64_t now)
{
	const char *said = refusal(e->code);

	if (may_speak_3(u, e)) {
		u->version = 3;
		connect_next(u, now);
		return;
	}
	uplink_problem(u, "%s: %s (code %d)", u->now.broker,
		said       ? said
		: *e->text ? e->text
			   : "no connection",
		e->code);
	link_drop(u->link);
	down(u, now);
	wait_and_retry(u, now);
}

static void on_lost(struct uplink *u, const struct link_event *e, int64_t now)
{
	if (u->phase != PHASE_UP)
		return;
	uplink_problem(u, "%s: %s", u->now.broker, e->text);
	link_drop(u->link);
	down(u, now);
	if (now - u->up_since > STABLE)
		u->backoff_ns = BACKOFF_LEAST;
	wait_and_retry(u, now);
}

static void on_sent(struct uplink *u, const struct link_event *e)
{
	struct flight *f = window_token(&u->window, e->token);

	if (!f)
		return;
	f->arrived = true;
	if (e->code == 0x10) /* MQTT 5 3.4.2.1: no matching subscribers */
		uplink_problem(u, "%s: no collector is listening at this broker", u->now.broker);
}

static void on_refused(struct uplink *u, const struct link_event *e)
{
	u->now.refused++;
	if (e->token < 0)
		uplink_problem(u, "%s: receipts or orders may not be subscribed to (code 0x%02x)",
			u->now.broker, (unsigned)e->code);
	else
		uplink_problem(u, "%s: the broker refused a message (code 0x%02x%s)", u->now.broker,
			(unsigned)e->code,
			e->code == 0x87   ? ", not authorized"
			: e->code == 0x97 ? ", quota exceeded"
					  : "");
}

static void on_message(struct uplink *u, const struct link_event *e, int64_t now)
{
	if (!strcmp((const char *)e->bytes, u->topic_receipt))
		uplink_receipt(u, e->bytes + e->topic_len + 1, e->payload_len, now);
	else if (u->o.orders && !strcmp((const char *)e->bytes, u->topic_order))
		(void)!queue_put(u->o.orders, 0, e->bytes + e->topic_len + 1,
			e->payload_len); /* full: it comes again */
}

void uplink_reply(struct uplink *u, const void *bytes, size_t n)
{
	int token;

	if (u->phase == PHASE_UP)
		(void)!link_publish(u->link, u->topic_reply, bytes, n, false, &token);
}

static void on_event(struct uplink *u, const struct link_event *e, int64_t now)
{
	switch (e->type) {
	case LINK_UP:
		on_up(u, now);
		break;
	case LINK_FAILED:
		on_failed(u, e, now);
		break;
	case LINK_LOST:
		on_lost(u, e, now);
		break;
	case LINK_SENT:
		on_sent(u, e);
		break;
	case LINK_REFUSED:
		on_refused(u, e);
		break;
	case LINK_MESSAGE:
		on_message(u, e, now);
		break;
	}
}

void uplink_events(struct uplink *u, int64_t now)
{
	struct link_event *e;

	while (u->link && (e = link_event(u->link))) {
		if (e->attempt == link_attempt(u->link))
			on_event(u, e, now);
		free(e);
	}
}

void uplink_goodbye(struct uplink *u)
{
	static const char offline[] = "{\"online\":false}";
	int token;

	if (u->phase == PHASE_UP) {
		(void)!link_publish(
			u->link, u->topic_status, offline, strlen(offline), true, &token);
		link_bye(u->link, 500);
	}
	link_free(u->link);
	u->link = NULL;
}
