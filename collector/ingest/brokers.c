/* SPDX-License-Identifier: Apache-2.0 */
/* The talker thread: it alone calls Paho, because Paho may block its caller.  Paho acknowledges a
 * message when its callback returns, whatever it returns, so the PUBACK says nothing about
 * durability and the callback only copies: the receipt is what counts. */
#include "inside.h"
#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <MQTTAsync.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS          200
#define KEEPALIVE_S      30
#define CONNECT_S        10
#define RETRY_MOST_S     30
#define RECEIVE_MAXIMUM  200 /* messages under way to us (MQTT 5, 3.1.2.11.3) */
#define RECEIPTS_WAITING 10000
#define STOP_MS          2000
#define SUBACK_FAILURE   0x80 /* and above (MQTT 5, 3.9.3; 3.1.1, 3.9.3) */

static void problem(struct broker *b, const char *what, int code)
{
	pthread_mutex_lock(&b->lock);
	snprintf(b->problem, sizeof(b->problem), "%s (%d)", what ? what : "", code);
	pthread_mutex_unlock(&b->lock);
}

static int arrived(void *context, char *topic, int topic_len, MQTTAsync_message *m)
{
	struct broker *b = context;
	struct ingest *in = b->in;
	size_t named = topic_len ? (size_t)topic_len : strlen(topic);
	size_t n = m->payloadlen > 0 ? (size_t)m->payloadlen : 0;
	enum message_kind kind = MESSAGE_BATCH;
	uint8_t *copy;

	COUNT_UP(&in->counters, messages, 1);
	if (named >= 7 && !memcmp(topic + named - 7, "/status", 7))
		kind = m->retained ? MESSAGE_STATUS_OLD : MESSAGE_STATUS;
	else if (named >= 6 && !memcmp(topic + named - 6, "/reply", 6))
		kind = MESSAGE_REPLY;
	copy = named < TOPIC_MAX ? malloc(named + 1 + n) : NULL;
	if (copy) {
		memcpy(copy, topic, named);
		copy[named] = 0;
		if (n)
			memcpy(copy + named + 1, m->payload, n);
		if (queue_put(in->in, MESSAGE_TAG(kind, b->number), copy, named + 1 + n) < 0)
			COUNT_UP(&in->counters, queue_full, 1);
		free(copy);
	}
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1;
}

static void lost(void *context, char *cause)
{
	struct broker *b = context;

	problem(b, cause ? cause : "connection lost", 0);
	COUNT_UP(&b->in->counters, disconnects, 1);
	atomic_store(&b->link, LINK_DOWN);
}

static void disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
	(void)properties;
	problem(context, "the broker ended the connection", (int)code);
	atomic_store(&((struct broker *)context)->link, LINK_DOWN);
}

static void connected(struct broker *b)
{
	COUNT_UP(&b->in->counters, connects, 1);
	atomic_store(&b->link, LINK_UP);
}

static void connected5(void *context, MQTTAsync_successData5 *data)
{
	(void)data;
	connected(context);
}

static void connected3(void *context, MQTTAsync_successData *data)
{
	(void)data;
	connected(context);
}

static void refused(struct broker *b, const char *message, int code)
{
	problem(b, message ? message : "no connection", code);
	/* the library's words for a broker that was not even reached */
	atomic_store(&b->refused, !message || !strstr(message, "TCP/TLS connect failure"));
	atomic_store(&b->link, LINK_DOWN);
}

static void refused5(void *context, MQTTAsync_failureData5 *data)
{
	refused(context, data ? data->message : NULL, data ? data->code : 0);
}

static void refused3(void *context, MQTTAsync_failureData *data)
{
	refused(context, data ? data->message : NULL, data ? data->code : 0);
}

static int start_connect(struct broker *b)
{
	MQTTAsync_connectOptions v5 = MQTTAsync_connectOptions_initializer5,
				 v3 = MQTTAsync_connectOptions_initializer;
	MQTTAsync_connectOptions c = b->old ? v3 : v5;
	MQTTAsync_SSLOptions ssl = MQTTAsync_SSLOptions_initializer;
	MQTTProperties properties = MQTTProperties_initializer;
	MQTTProperty p = { .identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM,
		.value.integer2 = RECEIVE_MAXIMUM };
	const struct ingest_options *o = &b->in->o;
	int rc;

	c.keepAliveInterval = KEEPALIVE_S;
	c.connectTimeout = CONNECT_S;
	c.maxInflight = 1000;
	c.username = o->user;
	c.password = o->password;
	c.context = b;
	if (b->old) {
		c.MQTTVersion = MQTTVERSION_3_1_1;
		c.cleansession = 1;
		c.onSuccess = connected3;
		c.onFailure = refused3;
	} else {
		c.cleanstart = 1;
		c.onSuccess5 = connected5;
		c.onFailure5 = refused5;
		MQTTProperties_add(&properties, &p);
		p = (MQTTProperty){ .identifier = MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE,
			.value.integer4 = MESSAGE_MAX };
		MQTTProperties_add(&properties, &p);
		c.connectProperties = &properties;
	}
	if (b->tls) {
		ssl.trustStore = o->ca_file;
		ssl.keyStore = o->cert_file;
		ssl.privateKey = o->key_file;
		ssl.verify = 1;
		c.ssl = &ssl;
	}
	rc = MQTTAsync_connect(b->client, &c);
	MQTTProperties_free(&properties);
	return rc;
}

/* A handle speaks one version of MQTT for its life. */
static int make_client(struct broker *b)
{
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
	char id[64], probe[PROBE_ID_TEXT], server[256];
	MQTTAsync client;
	int rc;

	snprintf(
		server, sizeof(server), "%s://%s", b->tls ? "ssl" : "tcp", strchr(b->url, ':') + 3);
	/* a process id at the end: two collectors with one identity must not throw each other out */
	snprintf(id, sizeof(id), "phusong-c-%.8s-%d-%u",
		probe_id_text(identity_id(b->in->o.identity), probe), (int)getpid(), b->number);
	options.maxBufferedMessages = RECEIPTS_WAITING;
	if (b->old)
		options.MQTTVersion = MQTTVERSION_3_1_1;
	rc = MQTTAsync_createWithOptions(
		&client, server, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
	if (rc != MQTTASYNC_SUCCESS)
		return rc;
	b->client = client;
	MQTTAsync_setCallbacks(client, b, lost, arrived, NULL);
	if (!b->old)
		MQTTAsync_setDisconnected(client, b, disconnected);
	return MQTTASYNC_SUCCESS;
}

/* The other version, when the last attempt reached the broker and was refused: a broker that knows no
 * MQTT 5 says so in as many ways as there are brokers. */
static void choose_version(struct broker *b)
{
	MQTTAsync client = b->client;

	if (!atomic_exchange(&b->refused, false) && client)
		return;
	if (client) {
		b->old = !b->old;
		MQTTAsync_destroy(&client);
		b->client = NULL;
	}
	if (make_client(b) != MQTTASYNC_SUCCESS)
		problem(b, "the MQTT library gives no handle", 0);
}

static void try_connect(struct broker *b, int64_t now)
{
	int rc = MQTTASYNC_FAILURE;

	choose_version(b);
	atomic_store(&b->link, LINK_TRYING);
	b->subscribed = b->told = false;
	atomic_store(&b->denied, 0);
	if (b->client)
		rc = start_connect(b);
	if (rc != MQTTASYNC_SUCCESS) {
		problem(b, "no connection can be begun", rc);
		atomic_store(&b->link, LINK_DOWN);
	}
	b->failures++;
	b->next_ns = now + (b->failures < 5 ? 1LL << b->failures : RETRY_MOST_S) * NS_PER_S / 2;
}

/* A broker that refuses the subscription delivers nothing and says so only here: without a word it would
 * look like a country of silent probes. */
static void denied(struct broker *b, int code)
{
	COUNT_UP(&b->in->counters, denied, 1);
	atomic_store(&b->denied, code ? code : SUBACK_FAILURE);
}

static void answered5(void *context, MQTTAsync_successData5 *data)
{
	if (data && (int)data->reasonCode >= SUBACK_FAILURE)
		denied(context, (int)data->reasonCode);
}

static void denied5(void *context, MQTTAsync_failureData5 *data)
{
	if (atomic_load(&((struct broker *)context)->link) == LINK_UP)
		denied(context, data ? (int)data->reasonCode : 0);
}

static void answered3(void *context, MQTTAsync_successData *data)
{
	if (data && data->alt.qos >= SUBACK_FAILURE)
		denied(context, data->alt.qos);
}

static void denied3(void *context, MQTTAsync_failureData *data)
{
	(void)data;
	if (atomic_load(&((struct broker *)context)->link) == LINK_UP)
		denied(context, 0);
}

static int subscribe_one(struct broker *b, const char *filter)
{
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;

	r.context = b;
	if (b->old) {
		r.onSuccess = answered3;
		r.onFailure = denied3;
	} else {
		r.onSuccess5 = answered5;
		r.onFailure5 = denied5;
	}
	return MQTTAsync_subscribe(b->client, filter, 1, &r);
}

/* On every connect: Mosquitto 2.0.11 forgets shared subscriptions of kept sessions when it restarts. */
static int subscribe(struct broker *b)
{
	const struct ingest_options *o = &b->in->o;
	bool all = strlen(o->slices) == 16;
	char filter[128], prefix[64] = "";
	int rc = MQTTASYNC_SUCCESS;

	if (o->share)
		snprintf(prefix, sizeof(prefix), "$share/%s/", o->share);
	for (const char *s = all ? "+" : o->slices; *s && rc == MQTTASYNC_SUCCESS; s++) {
		snprintf(filter, sizeof(filter), "%sps1/%c/+/batch", prefix, *s);
		rc = subscribe_one(b, filter);
		snprintf(filter, sizeof(filter), "ps1/%c/+/status", *s);
		if (rc == MQTTASYNC_SUCCESS)
			rc = subscribe_one(b, filter);
		snprintf(filter, sizeof(filter), "ps1/%c/+/reply", *s);
		if (rc == MQTTASYNC_SUCCESS)
			rc = subscribe_one(b, filter);
	}
	return rc;
}

static void tend(struct broker *b, int64_t now)
{
	int link = atomic_load(&b->link);
	char text[128];

	if (link == LINK_UP && !b->subscribed) {
		b->subscribed = subscribe(b) == MQTTASYNC_SUCCESS;
		if (b->subscribed) {
			log_info("ingest", "%s: connected (MQTT %s)", b->url,
				b->old ? "3.1.1" : "5");
			b->failures = 0;
			b->next_ns = 0;
		}
	}
	if (link == LINK_UP && atomic_load(&b->denied) && !b->told) {
		b->told = true;
		log_error("ingest",
			"%s: the broker refuses to deliver to us (reason %d): its access list",
			b->url, atomic_load(&b->denied));
	}
	if (link != LINK_DOWN || now < b->next_ns)
		return;
	pthread_mutex_lock(&b->lock);
	snprintf(text, sizeof(text), "%s", b->problem);
	b->problem[0] = 0;
	pthread_mutex_unlock(&b->lock);
	if (*text)
		log_warn("ingest", "%s: %s", b->url, text);
	try_connect(b, now);
}

static void publish(struct ingest *in, const struct queue_item *item)
{
	MQTTAsync_responseOptions r = MQTTAsync_responseOptions_initializer;
	MQTTAsync_message m = MQTTAsync_message_initializer;
	const char *topic = (const char *)item->data;
	size_t skip = strlen(topic) + 1;
	struct broker *b = &in->broker[TAG_BROKER(item->tag)];
	bool order = TAG_KIND(item->tag) == MESSAGE_ORDER;
	MQTTProperty p = { .identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL };
	bool sent;

	if (order) {
		memcpy(&p.value.integer4, item->data + skip, 4);
		p.value.integer4 = ntohl(p.value.integer4);
		skip += 4;
		if (!b->old)
			MQTTProperties_add(&m.properties, &p);
	}
	m.payload = (void *)(item->data + skip);
	m.payloadlen = (int)(item->len - skip);
	m.qos = 1;
	sent = atomic_load(&b->link) == LINK_UP &&
	       MQTTAsync_sendMessage(b->client, topic, &m, &r) == MQTTASYNC_SUCCESS;
	if (order && sent)
		COUNT_UP(&in->counters, orders, 1);
	else if (!order && sent)
		COUNT_UP(&in->counters, receipts, 1);
	else if (!order)
		COUNT_UP(&in->counters, receipts_lost, 1);
	MQTTProperties_free(&m.properties);
}

void *talker_run(void *ingest)
{
	struct ingest *in = ingest;
	struct queue_item *item;
	int64_t tended = 0, now;

	while (!atomic_load(&in->ending)) {
		item = queue_take(in->out, TICK_MS);
		if (item)
			publish(in, item);
		free(item);
		now = clock_loop();
		if (now - tended < TICK_MS * NS_PER_MS && tended)
			continue;
		tended = now;
		for (size_t i = 0; i < in->brokers; i++)
			tend(&in->broker[i], now);
	}
	for (size_t i = 0; i < in->brokers; i++) {
		MQTTAsync_disconnectOptions d = MQTTAsync_disconnectOptions_initializer;

		d.timeout = STOP_MS;
		if (atomic_load(&in->broker[i].link) == LINK_UP)
			MQTTAsync_disconnect(in->broker[i].client, &d);
	}
	return NULL;
}

static int make_one(struct ingest *in, struct broker *b, const char *url, struct why *why)
{
	int rc;

	b->in = in;
	b->number = (unsigned)(b - in->broker);
	snprintf(b->url, sizeof(b->url), "%s", url);
	b->tls = !strncmp(url, "mqtts://", 8);
	if (!b->tls && strncmp(url, "mqtt://", 7) != 0)
		return why_say(
			why, -EINVAL, "%s: a broker is mqtt://host:port or mqtts://host:port", url);
	rc = make_client(b);
	if (rc != MQTTASYNC_SUCCESS)
		return why_say(why, -EINVAL, "%s: the MQTT library refuses it (%d)", url, rc);
	pthread_mutex_init(&b->lock, NULL);
	return 0;
}

int brokers_make(struct ingest *in, struct why *why)
{
	int err = 0;

	for (size_t i = 0; !err && i < INGEST_BROKERS && in->o.brokers[i]; i++) {
		err = make_one(in, &in->broker[i], in->o.brokers[i], why);
		in->brokers += !err;
	}
	return err;
}

void brokers_free(struct ingest *in)
{
	for (size_t i = 0; i < in->brokers; i++) {
		MQTTAsync client = in->broker[i].client;

		MQTTAsync_destroy(&client);
		pthread_mutex_destroy(&in->broker[i].lock);
	}
}
