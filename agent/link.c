/* SPDX-License-Identifier: Apache-2.0 */
/* Paho's MQTTAsync without its persistence, its reconnecting and its buffering: the journal is ours. */
#include "link.h"
#include "../probes/core/mem.h"
#include "../probes/core/queue.h"
#include <MQTTAsync.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENTS       256
#define EVENT_BYTES  (1 << 20)
#define MESSAGE_MAX  65536 /* a longer one is none of ours */
#define KEEP_ALIVE_S 60
#define ATTEMPTS     16

/* What a callback is given: late calls of an attempt that was given up are told apart by its number. */
struct attempt {
	struct link *link;
	uint32_t number;
};

struct link {
	struct link_options o;
	struct queue *events;
	MQTTAsync client;
	int version;
	bool pending; /* between link_connect() and its event */
	uint32_t number;
	struct attempt attempts[ATTEMPTS];
};

/* --- on Paho's threads: copy, push, return --- */
static void push(void *context, enum link_event_type type, int token, int code, const char *text)
{
	const struct attempt *a = context;
	struct link_event e = { .type = type, .attempt = a->number, .token = token, .code = code };

	snprintf(e.text, sizeof(e.text), "%s", text ? text : "");
	(void)!queue_put(a->link->events, 0, &e, sizeof(e));
}

static void on_up(void *context, MQTTAsync_successData *d)
{
	(void)d;
	push(context, LINK_UP, 0, 0, NULL);
}

static void on_up5(void *context, MQTTAsync_successData5 *d)
{
	(void)d;
	push(context, LINK_UP, 0, 0, NULL);
}

static void on_failed(void *context, MQTTAsync_failureData *d)
{
	push(context, LINK_FAILED, 0, d ? d->code : 0, d ? d->message : NULL);
}

static void on_failed5(void *context, MQTTAsync_failureData5 *d)
{
	int code = d ? (d->reasonCode ? (int)d->reasonCode : d->code) : 0;

	push(context, LINK_FAILED, 0, code, d ? d->message : NULL);
}

static void on_lost(void *context, char *cause)
{
	push(context, LINK_LOST, 0, 0, cause ? cause : "the connection was lost");
}

static void on_sent(void *context, MQTTAsync_successData *d)
{
	push(context, LINK_SENT, d ? d->token : 0, 0, NULL);
}

static void on_sent5(void *context, MQTTAsync_successData5 *d)
{
	int code = d ? (int)d->reasonCode : 0;

	push(context, code >= 0x80 ? LINK_REFUSED : LINK_SENT, d ? d->token : 0, code, NULL);
}

static void on_refused(void *context, MQTTAsync_failureData *d)
{
	push(context, LINK_REFUSED, d ? d->token : 0, d ? d->code : 0, d ? d->message : NULL);
}

static void on_refused5(void *context, MQTTAsync_failureData5 *d)
{
	int code = d ? (d->reasonCode ? (int)d->reasonCode : d->code) : 0;

	push(context, LINK_REFUSED, d ? d->token : 0, code, d ? d->message : NULL);
}

static void on_not_subscribed(void *context, MQTTAsync_failureData *d)
{
	push(context, LINK_REFUSED, -1, d ? d->code : 0, d ? d->message : NULL);
}

static void on_not_subscribed5(void *context, MQTTAsync_failureData5 *d)
{
	push(context, LINK_REFUSED, -1, d ? (int)d->reasonCode : 0, d ? d->message : NULL);
}

static void on_subscribed(void *context, MQTTAsync_successData *d)
{
	if (d && d->alt.qos == 0x80) /* MQTT 3.1.1 3.9.3: failure */
		push(context, LINK_REFUSED, -1, 0x80, NULL);
}

static int on_message(void *context, char *topic, int topic_len, MQTTAsync_message *m)
{
	const struct attempt *a = context;
	size_t name = topic_len > 0 ? (size_t)topic_len : strlen(topic);
	size_t n = m->payloadlen > 0 ? (size_t)m->payloadlen : 0;

	/* half of the queue stays for what is said about our own messages */
	if (n <= MESSAGE_MAX && name <= 256 && queue_count(a->link->events) < EVENTS / 2) {
		struct link_event *e = mem_new(sizeof(*e) + name + 1 + n);

		e->type = LINK_MESSAGE;
		e->attempt = a->number;
		e->topic_len = (uint32_t)name;
		e->payload_len = (uint32_t)n;
		memcpy(e->bytes, topic, name);
		if (n)
			memcpy(e->bytes + name + 1, m->payload, n);
		(void)!queue_put(a->link->events, 0, e, sizeof(*e) + name + 1 + n);
		free(e);
	}
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1; /* 0 would not hold anything back: Paho acknowledges all the same */
}

/* --- on the uplink's thread --- */
int link_new(struct link **out, const struct link_options *o)
{
	struct link *l = mem_new(sizeof(*l));
	int err = queue_new(&l->events, EVENTS, EVENT_BYTES);

	if (err) {
		free(l);
		return err;
	}
	l->o = *o;
	*out = l;
	return 0;
}

void link_free(struct link *l)
{
	if (!l || l->pending)
		return;
	link_drop(l);
	queue_free(l->events);
	free(l);
}

uint32_t link_attempt(const struct link *l)
{
	return l->number;
}

static struct attempt *attempt(struct link *l)
{
	return &l->attempts[l->number % ATTEMPTS];
}

static int start(struct link *l, bool tls)
{
	static const MQTTAsync_connectOptions three = MQTTAsync_connectOptions_initializer;
	static const MQTTAsync_connectOptions five = MQTTAsync_connectOptions_initializer5;
	MQTTAsync_connectOptions c = l->version == 5 ? five : three;
	MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
	MQTTAsync_SSLOptions ssl = MQTTAsync_SSLOptions_initializer;

	will.topicName = l->o.will_topic;
	will.message = l->o.will_text;
	will.retained = 1;
	will.qos = 1;
	ssl.trustStore = l->o.ca_file;
	ssl.keyStore = l->o.cert_file;
	ssl.privateKey = l->o.key_file;
	ssl.verify = 1;
	c.keepAliveInterval = KEEP_ALIVE_S;
	c.connectTimeout = l->o.connect_s;
	c.will = &will;
	c.ssl = tls ? &ssl : NULL;
	c.username = l->o.user;
	c.password = l->o.password;
	c.context = attempt(l);
	if (l->version == 5) {
		c.cleanstart = 1;
		c.onSuccess5 = on_up5;
		c.onFailure5 = on_failed5;
	} else {
		c.MQTTVersion = MQTTVERSION_3_1_1;
		c.cleansession = 1;
		c.onSuccess = on_up;
		c.onFailure = on_failed;
	}
	return MQTTAsync_connect(l->client, &c) == MQTTASYNC_SUCCESS ? 0 : -EIO;
}

int link_connect(struct link *l, const char *uri, int version)
{
	MQTTAsync_createOptions c = MQTTAsync_createOptions_initializer;
	int err;

	link_drop(l);
	l->version = version;
	l->number++;
	*attempt(l) = (struct attempt){ l, l->number };
	c.MQTTVersion = version == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	if (MQTTAsync_createWithOptions(&l->client, uri, l->o.client_id,
		    MQTTCLIENT_PERSISTENCE_NONE, NULL, &c) != MQTTASYNC_SUCCESS)
		return -EINVAL;
	MQTTAsync_setCallbacks(l->client, attempt(l), on_lost, on_message, NULL);
	l->pending = true;
	err = start(l, !strncmp(uri, "ssl:", 4));
	if (err) {
		l->pending = false;
		link_drop(l);
	}
	return err;
}

int link_subscribe(struct link *l, const char *topic)
{
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;

	r.context = attempt(l);
	if (l->version == 5) {
		r.onFailure5 = on_not_subscribed5;
	} else {
		r.onSuccess = on_subscribed;
		r.onFailure = on_not_subscribed;
	}
	return MQTTAsync_subscribe(l->client, topic, 1, &r) == MQTTASYNC_SUCCESS ? 0 : -EIO;
}

int link_publish(
	struct link *l, const char *topic, const void *bytes, size_t n, bool retained, int *token)
{
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;
	MQTTAsync_message m = MQTTAsync_message_initializer;

	m.payload = (void *)(uintptr_t)bytes; /* Paho copies it */
	m.payloadlen = (int)n;
	m.qos = 1;
	m.retained = retained;
	r.context = attempt(l);
	if (l->version == 5) {
		r.onSuccess5 = on_sent5;
		r.onFailure5 = on_refused5;
	} else {
		r.onSuccess = on_sent;
		r.onFailure = on_refused;
	}
	if (MQTTAsync_sendMessage(l->client, topic, &m, &r) != MQTTASYNC_SUCCESS)
		return -EIO;
	*token = r.token;
	return 0;
}

void link_bye(struct link *l, int wait_ms)
{
	MQTTAsync_disconnectOptions d = MQTTAsync_disconnectOptions_initializer;

	if (!l->client || l->pending)
		return;
	d.timeout = wait_ms;
	if (MQTTAsync_disconnect(l->client, &d) != MQTTASYNC_SUCCESS)
		return;
	for (int i = 0; i < wait_ms / 10 && MQTTAsync_isConnected(l->client); i++)
		usleep(10000);
}

void link_drop(struct link *l)
{
	l->pending = false;
	if (l->client)
		MQTTAsync_destroy(&l->client);
	l->client = NULL;
}

int link_fd(struct link *l)
{
	return queue_fd(l->events);
}

struct link_event *link_event(struct link *l)
{
	struct queue_item *i = queue_take(l->events, 0);
	struct link_event *e;

	if (!i)
		return NULL;
	e = mem_new(i->len + 1);
	memcpy(e, i->data, i->len);
	free(i);
	if (e->attempt == l->number && (e->type == LINK_UP || e->type == LINK_FAILED))
		l->pending = false;
	return e;
}
