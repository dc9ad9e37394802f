/* SPDX-License-Identifier: Apache-2.0 */
/* Many probes in one process, reduced to what a collector sees of them: signed batches that are sent
 * again until their receipt comes.
 *
 *   feeder id SEED                                    prints the probe id
 *   feeder batch SEED FIRST COUNT [UTC_S]             a batch on stdout
 *   feeder export SEED FIRST COUNT PER_BATCH [UTC_S]  an export file ("PSX1") on stdout
 *   feeder run URL SEEDS RECORDS PER_BATCH WINDOW DAYS TIMEOUT_S [SHUFFLE]
 *     SEEDS probes send RECORDS records each, measured over DAYS days, with WINDOW batches of each under
 *     way; SHUFFLE: in random order, one batch in eight twice.  Prints one line of JSON when the last
 *     receipt is there; exit status 1 when TIMEOUT_S passed before.
 * Seeds are numbers; the key of seed 5 is always the same. */
#include "../../probes/core/batch.h"
#include "../../probes/core/codec.h"
#include "../../probes/core/mem.h"

#include <MQTTAsync.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOW_UTC     (1795435200LL * NS_PER_S) /* 2026-11-23T12:00:00Z unless told */
#define RESEND_NS   (1500 * NS_PER_MS)
#define WIRE_TARGET 400 /* messages handed to Paho and not yet acknowledged by the broker */

struct parcel {
	struct buf bytes;
	uint64_t first, last;
	int64_t sent_ns; /* 0 not yet */
	bool done;
};

struct sender {
	struct identity *me;
	char topic[TOPIC_MAX];
	struct parcel *parcel;
	size_t parcels, left, begin; /* begin: all before are done */
	uint8_t id[PROBE_ID];
};

struct feeder {
	MQTTAsync client;
	struct sender *sender;
	size_t senders, window;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool connected, wanted;
	int under_way; /* not acknowledged by the broker */
	uint64_t sent, resent, receipts, bad_receipts, bytes;
	int64_t pause_until;
};

static void die(const char *what)
{
	fprintf(stderr, "feeder: %s\n", what);
	exit(2);
}

static struct identity *who(unsigned long seed)
{
	uint8_t bytes[32] = "phusong-feeder";
	struct identity *me;

	memcpy(bytes + 24, &seed, sizeof(seed) < 8 ? sizeof(seed) : 8);
	if (identity_from_seed(&me, bytes) < 0)
		die("no key");
	return me;
}

/* What a probe in a village sends: mostly radio samples, now and then a round of tests. */
static void make_record(struct record *r, uint64_t seq, int64_t utc_ns)
{
	enum record_kind kind = seq % 10 == 9   ? RECORD_LATENCY
	                        : seq % 50 == 7 ? RECORD_THROUGHPUT
	                        : seq % 5 == 0  ? RECORD_ACCESS
	                                        : RECORD_SIGNAL;

	record_clear(r, kind);
	r->seq = seq;
	r->mono_ns = (int64_t)seq * 60 * NS_PER_S;
	r->utc_ns = utc_ns;
	r->clock = (struct record_clock){ CLOCK_NTP, 2500, 300 };
	r->state = STATE_OK;
	r->place = (struct place){ 231234567, 1053456789, -1, PLACE_SURVEYED };
	snprintf(r->uplink, sizeof(r->uplink), "wwan0");
	if (kind == RECORD_ACCESS)
		record_set_bool(r, FIELD_HEARTBEAT, true);
	if (kind == RECORD_SIGNAL || kind == RECORD_ACCESS) {
		record_set_text(r, FIELD_RAT, "LTE");
		record_set_text(r, FIELD_PLMN, "45204");
		record_set_int(r, FIELD_BAND, 3);
		record_set_int(r, FIELD_ARFCN, 1300);
		record_set_int(r, FIELD_PCI, (int64_t)(seq % 504));
		record_set_int(r, FIELD_CELL, 123456789);
		record_set_real(r, FIELD_RSRP, -80.0 - (double)(seq * 7 % 40));
		record_set_real(r, FIELD_SINR, (double)(seq * 3 % 25) - 5);
		record_set_text(r, FIELD_REGISTRATION, "home");
		record_set_bool(r, FIELD_MODEM_HEALTHY, true);
	} else if (kind == RECORD_LATENCY) {
		record_set_int(r, FIELD_SENT, 20);
		record_set_int(r, FIELD_RECEIVED, 20);
		record_set_real(r, FIELD_RTT_P50_US, 41000.5);
		record_set_real(r, FIELD_RTT_P95_US, 77000.0);
		record_set_text(r, FIELD_START_RAT, "LTE");
	} else {
		record_set_text(r, FIELD_DIRECTION, seq & 1 ? "down" : "up");
		record_set_int(r, FIELD_RATE_BPS, 8000000 + (int64_t)seq % 1000);
	}
}

/* Appends a signed batch of the records first .. first + count - 1. */
static void seal(struct buf *out, const struct identity *me, uint64_t first, uint32_t count,
	int64_t utc_ns, int64_t step_ns)
{
	struct batch_head head = {
		.first_seq = first, .count = count, .simulated = true, .agent = "feeder"
	};
	struct record *r = mem_new(sizeof(*r));
	struct buf records;

	memset(head.boot, 0x42, sizeof(head.boot));
	buf_init(&records, BATCH_BYTES_MAX);
	for (uint32_t i = 0; i < count; i++) {
		make_record(r, first + i, utc_ns + (int64_t)i * step_ns);
		if (codec_encode(&records, r) < 0)
			die("a record does not encode");
	}
	if (batch_seal(out, &head, records.data, records.len, me) < 0)
		die("a batch does not seal: too many records?");
	buf_done(&records);
	free(r);
}

/* --- sending until the receipt comes --- */

static void receipted(struct feeder *f, const uint8_t *bytes, size_t n)
{
	struct receipt *r = mem_new(sizeof(*r));
	struct sender *s = NULL;

	if (receipt_open(r, bytes, n, NULL, NULL, NULL) < 0) {
		f->bad_receipts++;
		goto out;
	}
	for (size_t i = 0; i < f->senders && !s; i++)
		if (!memcmp(f->sender[i].id, r->probe, PROBE_ID))
			s = &f->sender[i];
	if (!s)
		goto out;
	f->receipts++;
	if (r->pause_s)
		f->pause_until = clock_loop() + r->pause_s * NS_PER_S / 10; /* in a hurry */
	for (size_t p = s->begin; p < s->parcels; p++)
		for (uint32_t i = 0; i < r->ranges && !s->parcel[p].done; i++)
			if (s->parcel[p].first >= r->range[i].first &&
				s->parcel[p].last <= r->range[i].last) {
				s->parcel[p].done = true;
				s->left--;
			}
	while (s->begin < s->parcels && s->parcel[s->begin].done)
		s->begin++;
out:
	free(r);
}

static int arrived(void *context, char *topic, int topic_len, MQTTAsync_message *m)
{
	struct feeder *f = context;

	(void)topic_len;
	pthread_mutex_lock(&f->lock);
	receipted(f, m->payload, (size_t)m->payloadlen);
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
	MQTTAsync_freeMessage(&m);
	MQTTAsync_free(topic);
	return 1;
}

static void set_connected(struct feeder *f, bool yes)
{
	pthread_mutex_lock(&f->lock);
	f->connected = yes;
	f->wanted = !yes;
	f->under_way = 0;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static void lost(void *context, char *cause)
{
	(void)cause;
	set_connected(context, false);
}

static void refused(void *context, MQTTAsync_failureData *d)
{
	(void)d;
	set_connected(context, false);
}

static void connected(void *context, MQTTAsync_successData *d)
{
	struct feeder *f = context;
	MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;

	(void)d;
	MQTTAsync_subscribe(f->client, "ps1/+/+/receipt", 1, &o);
	set_connected(f, true);
}

static void acknowledged(void *context, MQTTAsync_successData *d)
{
	struct feeder *f = context;

	(void)d;
	pthread_mutex_lock(&f->lock);
	f->under_way--;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static void unsent(void *context, MQTTAsync_failureData *d)
{
	(void)d;
	acknowledged(context, NULL);
}

static void try_connect(struct feeder *f)
{
	MQTTAsync_connectOptions c = MQTTAsync_connectOptions_initializer;

	c.keepAliveInterval = 20;
	c.cleansession = 1;
	c.maxInflight = WIRE_TARGET * 2;
	c.onSuccess = connected;
	c.onFailure = refused;
	c.context = f;
	f->wanted = MQTTAsync_connect(f->client, &c) != MQTTASYNC_SUCCESS;
}

static void send_parcel(struct feeder *f, struct sender *s, struct parcel *p, int64_t now)
{
	MQTTAsync_responseOptions o = MQTTAsync_responseOptions_initializer;
	MQTTAsync_message m = MQTTAsync_message_initializer;

	o.onSuccess = acknowledged;
	o.onFailure = unsent;
	o.context = f;
	m.payload = p->bytes.data;
	m.payloadlen = (int)p->bytes.len;
	m.qos = 1;
	f->under_way++;
	f->sent++;
	f->resent += p->sent_ns != 0;
	f->bytes += p->bytes.len;
	p->sent_ns = now;
	pthread_mutex_unlock(&f->lock); /* Paho takes its own lock, under which it calls us */
	if (MQTTAsync_sendMessage(f->client, s->topic, &m, &o) != MQTTASYNC_SUCCESS)
		unsent(f, NULL);
	pthread_mutex_lock(&f->lock);
}

/* Sends what is due of one probe, at most its window. */
static void feed(struct feeder *f, struct sender *s, int64_t now)
{
	size_t open = 0;

	for (size_t p = s->begin;
		p < s->parcels && open < f->window && f->under_way < WIRE_TARGET && f->connected;
		p++) {
		if (s->parcel[p].done)
			continue;
		open++;
		if (!s->parcel[p].sent_ns || now - s->parcel[p].sent_ns > RESEND_NS)
			send_parcel(f, s, &s->parcel[p], now);
	}
}

static size_t all_left(const struct feeder *f)
{
	size_t left = 0;

	for (size_t i = 0; i < f->senders; i++)
		left += f->sender[i].left;
	return left;
}

static bool run(struct feeder *f, int64_t timeout_ns)
{
	int64_t began = clock_loop(), now = began, tried = 0;
	struct timespec until;

	pthread_mutex_lock(&f->lock);
	while (all_left(f) && now - began < timeout_ns) {
		if (!f->connected && f->wanted && now - tried > 200 * NS_PER_MS) {
			tried = now;
			try_connect(f);
		}
		for (size_t i = 0; i < f->senders && f->connected && now >= f->pause_until; i++)
			feed(f, &f->sender[i], now);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 20 * NS_PER_MS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		pthread_cond_timedwait(&f->changed, &f->lock, &until);
		now = clock_loop();
	}
	pthread_mutex_unlock(&f->lock);
	return !all_left(f);
}

static void swap(struct parcel *a, struct parcel *b)
{
	struct parcel t = *a;

	*a = *b;
	*b = t;
}

/* Out of order and some twice, with a generator of our own so that each run does the same. */
static void shuffle(struct sender *s, uint32_t random)
{
	size_t twice = s->parcels / 8;

	for (size_t i = 0; i < twice; i++) {
		struct parcel *again = &s->parcel[s->parcels + i];

		*again = s->parcel[i * 8];
		buf_init(&again->bytes, BATCH_BYTES_MAX);
		buf_put(&again->bytes, s->parcel[i * 8].bytes.data, s->parcel[i * 8].bytes.len);
	}
	s->parcels += twice;
	s->left = s->parcels;
	for (size_t i = s->parcels - 1; i > 0; i--) {
		random = random * 1664525u + 1013904223u;
		swap(&s->parcel[i], &s->parcel[(random >> 8) % (i + 1)]);
	}
}

static void prepare(struct sender *s, unsigned long seed, uint64_t records, uint32_t per_batch,
	int days, bool shuffled)
{
	int64_t span = (int64_t)days * 86400 * NS_PER_S,
		step = records > 1 ? span / (int64_t)records : 0;

	s->me = who(seed);
	memcpy(s->id, identity_id(s->me), PROBE_ID);
	topic_make(s->id, "batch", s->topic);
	s->parcels = (records + per_batch - 1) / per_batch;
	s->parcel = mem_new((s->parcels + s->parcels / 8 + 1) * sizeof(*s->parcel));
	for (size_t i = 0; i < s->parcels; i++) {
		struct parcel *p = &s->parcel[i];

		p->first = i * per_batch + 1;
		p->last = p->first + per_batch - 1 < records ? p->first + per_batch - 1 : records;
		buf_init(&p->bytes, BATCH_BYTES_MAX);
		seal(&p->bytes, s->me, p->first, (uint32_t)(p->last - p->first + 1),
			NOW_UTC - span + (int64_t)p->first * step, step);
	}
	s->left = s->parcels;
	if (shuffled)
		shuffle(s, (uint32_t)seed * 2654435761u + 1);
}

static int run_command(int argc, char **argv)
{
	struct feeder f = { .wanted = true, .window = (size_t)strtoul(argv[6], NULL, 10) };
	uint64_t records = strtoull(argv[4], NULL, 10);
	char id[64], server[256];
	int64_t began;
	double seconds;
	bool done;

	pthread_mutex_init(&f.lock, NULL);
	pthread_cond_init(&f.changed, NULL);
	f.senders = (size_t)strtoul(argv[3], NULL, 10);
	f.sender = mem_new(f.senders * sizeof(*f.sender));
	for (size_t i = 0; i < f.senders; i++)
		prepare(&f.sender[i], i, records, (uint32_t)strtoul(argv[5], NULL, 10),
			(int)strtol(argv[7], NULL, 10), argc > 9);
	snprintf(id, sizeof(id), "feeder-%d", (int)getpid());
	snprintf(server, sizeof(server), "tcp://%s",
		strstr(argv[2], "://") ? strstr(argv[2], "://") + 3 : argv[2]);
	if (MQTTAsync_create(&f.client, server, id, MQTTCLIENT_PERSISTENCE_NONE, NULL) !=
		MQTTASYNC_SUCCESS)
		die("no client");
	MQTTAsync_setCallbacks(f.client, &f, lost, arrived, NULL);
	began = clock_loop();
	done = run(&f, strtoll(argv[8], NULL, 10) * NS_PER_S);
	seconds = (double)(clock_loop() - began) / 1e9;
	printf("{\"done\":%s,\"records\":%llu,\"seconds\":%.3f,\"records_per_s\":%.0f,\"batches_"
	       "sent\":%llu,\"resent\":%llu,"
	       "\"receipts\":%llu,\"bad_receipts\":%llu,\"bytes\":%llu}\n",
		done ? "true" : "false", (unsigned long long)(records * f.senders), seconds,
		(double)records * (double)f.senders / seconds, (unsigned long long)f.sent,
		(unsigned long long)f.resent, (unsigned long long)f.receipts,
		(unsigned long long)f.bad_receipts, (unsigned long long)f.bytes);
	fflush(stdout);
	_exit(done ? 0 : 1); /* Paho's threads end with us */
}

static void put_length(size_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		putchar((int)(n >> shift & 0xff));
}

int main(int argc, char **argv)
{
	char text[PROBE_ID_TEXT];
	struct buf out;

	if (argc == 3 && !strcmp(argv[1], "id")) {
		struct identity *me = who(strtoul(argv[2], NULL, 10));

		puts(probe_id_text(identity_id(me), text));
		identity_free(me);
		return 0;
	}
	if (argc >= 9 && !strcmp(argv[1], "run"))
		return run_command(argc, argv);
	if (argc >= 5 && (!strcmp(argv[1], "batch") || !strcmp(argv[1], "export"))) {
		bool file = !strcmp(argv[1], "export");
		int utc = file ? 6 : 5;
		int64_t at = argc > utc ? strtoll(argv[utc], NULL, 10) * NS_PER_S : NOW_UTC;
		uint64_t first = strtoull(argv[3], NULL, 10), count = strtoull(argv[4], NULL, 10),
			 n;
		uint64_t per = file && argc > 5 ? strtoull(argv[5], NULL, 10) : count;

		if (file)
			fputs("PSX1\n", stdout);
		for (; per && count; first += n, count -= n) {
			n = count < per ? count : per;
			buf_init(&out, BATCH_BYTES_MAX);
			seal(&out, who(strtoul(argv[2], NULL, 10)), first, (uint32_t)n, at,
				NS_PER_S);
			if (file)
				put_length(out.len);
			fwrite(out.data, 1, out.len, stdout);
			buf_done(&out);
		}
		return 0;
	}
	fprintf(stderr,
		"usage: feeder id SEED | batch SEED FIRST COUNT [UTC_S] | export SEED FIRST COUNT "
		"PER_BATCH [UTC_S] |\n"
		"       feeder run URL SEEDS RECORDS PER_BATCH WINDOW DAYS TIMEOUT_S [shuffle]\n");
	return 2;
}
