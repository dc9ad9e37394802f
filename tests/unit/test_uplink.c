/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink against a real Mosquitto, and against brokers that are silent, mad, old or strict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/link.h"
#include "agent/uplink.h"
#include "probes/core/codec.h"
#include "probes/core/mem.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct world {
	char folder[64], broker[64], second[64];
	int port;
	pid_t mosquitto;
	struct identity *probe, *collector;
	struct journal *journal;
	struct uplink *uplink;
	struct uplink_options o;
	const char *brokers[3];
	struct link *ingest; /* the collector's connection */
	char collector_id[32];
	uint64_t records, batches, mute;
	bool simulated;
};

/* Paho 1.3.12 now and then leaves a buffer behind when its last client goes. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpaho-mqtt3as";
}

static int listener(int port, int *chosen)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 8) ||
		getsockname(fd, (struct sockaddr *)&a, &n))
		fail_msg("no port: %s", strerror(errno));
	*chosen = ntohs(a.sin_port);
	return fd;
}

static void broker_start(struct world *w, const char *more)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/mosquitto.conf", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f,
		"listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n%s",
		w->port, more);
	fclose(f);
	w->mosquitto = fork();
	if (!w->mosquitto) {
		execlp("mosquitto", "mosquitto", "-c", path, (char *)NULL);
		execl("/usr/sbin/mosquitto", "mosquitto", "-c", path, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 300; i++) {
		struct sockaddr_in a = { .sin_family = AF_INET,
			.sin_port = htons((uint16_t)w->port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM, 0),
		    err = connect(fd, (struct sockaddr *)&a, sizeof(a));

		close(fd);
		if (!err)
			return;
		usleep(10000);
	}
	fail_msg("mosquitto did not start");
}

static void broker_kill(struct world *w)
{
	if (w->mosquitto > 0) {
		kill(w->mosquitto, SIGKILL);
		waitpid(w->mosquitto, NULL, 0);
	}
	w->mosquitto = 0;
}

static int setup(void **state)
{
	struct world *w = mem_new(sizeof(*w));
	struct journal_options o = { .bytes_max = 1 << 20, .boot = { 7 } };
	struct why why = { "" };

	if (access("/usr/sbin/mosquitto", X_OK))
		return -1;
	snprintf(w->folder, sizeof(w->folder), "/tmp/phusong-uplink-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	close(listener(0, &w->port));
	snprintf(w->broker, sizeof(w->broker), "mqtt://127.0.0.1:%d", w->port);
	assert_int_equal(identity_make(&w->probe), 0);
	assert_int_equal(identity_make(&w->collector), 0);
	o.folder = w->folder;
	assert_int_equal(journal_open(&w->journal, &o, NULL, &why), 0);
	w->brokers[0] = w->broker;
	w->o = (struct uplink_options){ .journal = w->journal,
		.identity = w->probe,
		.brokers = w->brokers,
		.resend_after_ns = 2 * NS_PER_S,
		.gather_ns = 50 * NS_PER_MS,
		.connect_ns = 2 * NS_PER_S,
		.agent = "test",
		.simulated = true };
	*state = w;
	return 0;
}

static void ingest_stop(struct world *w)
{
	link_free(w->ingest);
	w->ingest = NULL;
}

static int teardown(void **state)
{
	struct world *w = *state;
	DIR *d;
	struct dirent *e;

	uplink_stop(w->uplink, 0);
	ingest_stop(w);
	broker_kill(w);
	journal_close(w->journal);
	identity_free(w->probe);
	identity_free(w->collector);
	d = opendir(w->folder);
	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(w->folder);
	free(w);
	return 0;
}

static void uplink_begin(struct world *w)
{
	struct why why = { "" };

	if (uplink_start(&w->uplink, &w->o, &why))
		fail_msg("%s", why.text);
}

/* --- a collector in a hundred lines less than the real one --- */
static void ingest_start(struct world *w)
{
	struct link_options o = { .client_id = w->collector_id,
		.will_topic = "ps1/will",
		.will_text = "",
		.connect_s = 5 };
	char topic[TOPIC_MAX], uri[64];
	struct link_event *e = NULL;

	snprintf(w->collector_id, sizeof(w->collector_id), "collector-%d", w->port);
	snprintf(uri, sizeof(uri), "tcp://127.0.0.1:%d", w->port);
	assert_int_equal(link_new(&w->ingest, &o), 0);
	assert_int_equal(link_connect(w->ingest, uri, 5), 0);
	for (int i = 0; i < 500 && !(e = link_event(w->ingest)); i++)
		usleep(10000);
	assert_non_null(e);
	assert_int_equal(e->type, LINK_UP);
	free(e);
	assert_int_equal(
		link_subscribe(w->ingest, topic_make(identity_id(w->probe), "batch", topic)), 0);
	usleep(100000);
}

static void answer(struct world *w, const struct batch *b)
{
	struct receipt *r = mem_new(sizeof(*r));
	struct record *rec = mem_new(sizeof(*rec));
	char topic[TOPIC_MAX];
	struct buf out;
	int token;

	memcpy(r->probe, b->head.probe, PROBE_ID);
	memcpy(r->boot, b->head.boot, 16);
	r->utc_ns = clock_wall();
	for (const uint8_t *at = b->records; at < b->end;) {
		size_t used;

		assert_int_equal(codec_decode(rec, at, (size_t)(b->end - at), &used, NULL), 0);
		at += used;
		r->range[0].first = r->ranges ? r->range[0].first : rec->seq;
		r->range[0].last = rec->seq;
		r->ranges = 1;
		w->records++;
	}
	buf_init(&out, 65536);
	assert_int_equal(receipt_seal(&out, r, w->collector), 0);
	assert_int_equal(link_publish(w->ingest, topic_make(b->head.probe, "receipt", topic),
				 out.data, out.len, false, &token),
		0);
	buf_done(&out);
	free(rec);
	free(r);
}

static void ingest_turn(struct world *w)
{
	struct link_event *e;
	struct why why = { "" };

	while (w->ingest && (e = link_event(w->ingest))) {
		struct batch b;

		if (e->type == LINK_MESSAGE) {
			assert_int_equal(
				batch_open(&b, e->bytes + e->topic_len + 1, e->payload_len, &why),
				0);
			assert_memory_equal(b.head.probe, identity_id(w->probe), PROBE_ID);
			w->simulated = b.head.simulated;
			w->batches++;
			if (w->mute)
				w->mute--;
			else
				answer(w, &b);
		}
		free(e);
	}
}

static bool until(struct world *w, bool (*holds)(const struct uplink_status *s), int seconds)
{
	struct uplink_status s;

	for (int i = 0; i < seconds * 100; i++) {
		ingest_turn(w);
		uplink_status(w->uplink, &s);
		if (holds(&s))
			return true;
		usleep(10000);
	}
	print_message("problem: %s; broker %s, connected %d, waiting %llu\n", s.problem, s.broker,
		s.connected, (unsigned long long)s.journal.waiting);
	return false;
}

static bool connected(const struct uplink_status *s)
{
	return s->connected;
}

static bool disconnected(const struct uplink_status *s)
{
	return !s->connected && *s->problem;
}

static bool all_receipted(const struct uplink_status *s)
{
	return s->journal.next_seq > 1 && !s->journal.waiting;
}

static bool refused(const struct uplink_status *s)
{
	return s->refused > 0;
}

static bool problem(const struct uplink_status *s)
{
	return *s->problem;
}

static bool sent(const struct uplink_status *s)
{
	return s->batches_sent > 0;
}

static bool resent(const struct uplink_status *s)
{
	return s->resent > 0;
}

static void measure(struct world *w, int n)
{
	struct record *r = mem_new(sizeof(*r));

	for (int i = 0; i < n; i++) {
		record_begin(r, i % 10 ? RECORD_SIGNAL : RECORD_ACCESS);
		record_set_text(r, FIELD_TEST, "uplink");
		uplink_record(w->uplink, r);
	}
	free(r);
}

/* --- the tests --- */
static void batches_arrive_and_receipts_free_the_journal(void **state)
{
	struct world *w = *state;
	struct uplink_status s;

	broker_start(w, "");
	ingest_start(w);
	uplink_begin(w);
	measure(w, 1000);
	assert_true(until(w, all_receipted, 10));
	uplink_status(w->uplink, &s);
	assert_int_equal(s.mqtt_version, 5);
	assert_int_equal(s.journal.next_seq, 1001);
	assert_int_equal(w->records, 1000);
	assert_true(w->simulated);
	assert_int_equal(s.queue_dropped, 0);
	assert_true(s.receipts > 0 && s.last_receipt_utc != UTC_UNKNOWN);
	assert_string_equal(s.problem, "");
}

static void a_batch_without_a_receipt_is_sent_again(void **state)
{
	struct world *w = *state;

	broker_start(w, "");
	ingest_start(w);
	w->mute = 1;
	uplink_begin(w);
	measure(w, 10);
	assert_true(until(w, resent, 10));
	assert_true(until(w, all_receipted, 10));
}

static void a_broker_that_dies_and_returns_loses_nothing(void **state)
{
	struct world *w = *state;

	broker_start(w, "");
	ingest_start(w);
	uplink_begin(w);
	assert_true(until(w, connected, 10));
	w->mute = 1000;
	measure(w, 300);
	assert_true(until(w, sent, 10));
	broker_kill(w);
	ingest_stop(w);
	assert_true(until(w, disconnected, 10));
	measure(w, 300);
	broker_start(w, "");
	w->mute = 0;
	ingest_start(w);
	assert_true(until(w, all_receipted, 30));
	assert_true(w->records >= 600);
}

struct fake {
	int fd;
	const char *says;
	size_t n;
	pthread_t thread;
};

static void *fake_run(void *arg)
{
	struct fake *f = arg;
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		char bytes[512];

		if (f->says) {
			(void)!read(fd, bytes, sizeof(bytes));
			(void)!write(fd, f->says, f->n);
			usleep(100000);
			close(fd);
		} /* else it is held open and never answered */
	}
	return NULL;
}

static void fail_over(struct world *w, const char *says, size_t n)
{
	struct fake f = { .says = says, .n = n };
	int port;

	f.fd = listener(0, &port);
	snprintf(w->second, sizeof(w->second), "mqtt://127.0.0.1:%d", port);
	w->brokers[0] = w->second;
	w->brokers[1] = w->broker;
	assert_int_equal(pthread_create(&f.thread, NULL, fake_run, &f), 0);
	broker_start(w, "");
	ingest_start(w);
	uplink_begin(w);
	measure(w, 20);
	assert_true(until(w, all_receipted, 25));
	shutdown(f.fd, SHUT_RDWR);
	pthread_join(f.thread, NULL);
	close(f.fd);
}

static void a_silent_broker_is_given_up_for_the_next(void **state)
{
	fail_over(*state, NULL, 0);
}

static void a_broker_that_answers_garbage_is_given_up_for_the_next(void **state)
{
	fail_over(*state, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
}

static void a_broker_that_lies_in_its_connack_is_given_up_for_the_next(void **state)
{
	fail_over(*state, "\x20\xff\xff\xff\x7f\x00\x00", 7);
}

/* Speaks just enough MQTT 3.1.1 (and no more): CONNACK, SUBACK, PUBACK. */
static void old_broker_talk(int fd, int *publishes)
{
	uint8_t p[70000];

	for (;;) {
		size_t len = 0, shift = 0;
		uint8_t head, b = 0x80, ack[5] = { 0 };

		if (recv(fd, &head, 1, MSG_WAITALL) != 1)
			return;
		for (; b & 0x80; shift += 7) {
			if (recv(fd, &b, 1, MSG_WAITALL) != 1)
				return;
			len |= (size_t)(b & 0x7f) << shift;
		}
		if (len > sizeof(p) || (len && recv(fd, p, len, MSG_WAITALL) != (ssize_t)len))
			return;
		if (head >> 4 == 1) { /* CONNECT: "MQTT", level */
			ack[0] = 0x20, ack[1] = 2, ack[3] = p[6] == 4 ? 0 : 1;
			(void)!write(fd, ack, 4);
			if (ack[3])
				return;
		} else if (head >> 4 == 8) {
			ack[0] = 0x90, ack[1] = 3, ack[2] = p[0], ack[3] = p[1], ack[4] = 1;
			(void)!write(fd, ack, 5);
		} else if (head >> 4 == 3) {
			size_t at = 2 + ((size_t)p[0] << 8 | p[1]);

			ack[0] = 0x40, ack[1] = 2, ack[2] = p[at], ack[3] = p[at + 1];
			(void)!write(fd, ack, 4);
			__atomic_add_fetch(publishes, 1, __ATOMIC_SEQ_CST);
		}
	}
}

struct old {
	int fd, publishes;
};

static void *old_broker(void *arg)
{
	struct old *o = arg;
	int fd;

	while ((fd = accept(o->fd, NULL, NULL)) >= 0) {
		old_broker_talk(fd, &o->publishes);
		close(fd);
	}
	return NULL;
}

static void a_broker_of_mqtt_3_1_1_is_spoken_to_in_its_tongue(void **state)
{
	struct world *w = *state;
	struct uplink_status s;
	struct old o = { 0 };
	pthread_t thread;
	int port;

	o.fd = listener(0, &port);
	snprintf(w->broker, sizeof(w->broker), "mqtt://127.0.0.1:%d", port);
	assert_int_equal(pthread_create(&thread, NULL, old_broker, &o), 0);
	uplink_begin(w);
	measure(w, 20);
	assert_true(until(w, connected, 15));
	assert_true(until(w, sent, 10));
	uplink_status(w->uplink, &s);
	assert_int_equal(s.mqtt_version, 3);
	usleep(300000);
	assert_true(__atomic_load_n(&o.publishes, __ATOMIC_SEQ_CST) >=
		    2); /* the birth message and a batch */
	uplink_stop(w->uplink, 0);
	w->uplink = NULL;
	shutdown(o.fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(o.fd);
}

static void a_message_that_the_broker_refuses_is_not_taken_as_sent(void **state)
{
	struct world *w = *state;
	struct uplink_status s;
	char acl[96], more[128];
	FILE *f;

	snprintf(acl, sizeof(acl), "%s/acl", w->folder);
	f = fopen(acl, "w");
	assert_non_null(f);
	fprintf(f, "topic read ps1/#\n");
	fclose(f);
	chmod(w->folder, 0755);
	chmod(acl, 0644);
	snprintf(more, sizeof(more), "acl_file %s\n", acl);
	broker_start(w, more);
	uplink_begin(w);
	measure(w, 20);
	assert_true(until(w, refused, 10));
	uplink_status(w->uplink, &s);
	assert_non_null(strstr(s.problem, "0x87"));
	assert_int_equal(s.journal.waiting, 20);
}

static void that_nobody_listens_is_told(void **state)
{
	struct world *w = *state;
	struct uplink_status s;

	broker_start(w, "");
	uplink_begin(w);
	measure(w, 20);
	assert_true(until(w, problem, 10));
	uplink_status(w->uplink, &s);
	assert_non_null(strstr(s.problem, "no collector"));
	assert_int_equal(s.journal.waiting, 20);
}

static void a_receipt_of_a_stranger_frees_nothing(void **state)
{
	struct world *w = *state;
	struct uplink_status s;

	w->o.collector_key = identity_public(w->probe); /* not the one that answers */
	broker_start(w, "");
	ingest_start(w);
	uplink_begin(w);
	measure(w, 20);
	assert_true(until(w, problem, 10));
	uplink_status(w->uplink, &s);
	assert_non_null(strstr(s.problem, "another collector"));
	assert_int_equal(s.journal.waiting, 20);
}

static void stopping_waits_for_the_receipts(void **state)
{
	struct world *w = *state;
	struct journal_stats stats;
	pid_t helper;

	broker_start(w, "");
	w->o.gather_ns = 3600 * NS_PER_S;
	w->o.collector_key = NULL;
	helper =
		fork(); /* the collector answers from another process while we are in uplink_stop() */
	if (!helper) {
		ingest_start(w);
		for (int i = 0; i < 1000; i++) {
			ingest_turn(w);
			usleep(10000);
		}
		_exit(0);
	}
	usleep(800000);
	uplink_begin(w);
	assert_true(until(w, connected, 10));
	measure(w, 9);
	uplink_stop(w->uplink, 5000);
	w->uplink = NULL;
	kill(helper, SIGKILL);
	waitpid(helper, NULL, 0);
	journal_stats(w->journal, &stats);
	assert_int_equal(stats.next_seq, 10);
	assert_int_equal(stats.waiting, 0);
}

static void without_a_broker_everything_stays_in_the_journal(void **state)
{
	struct world *w = *state;
	struct journal_stats stats;

	w->o.brokers = NULL;
	uplink_begin(w);
	measure(w, 100);
	uplink_stop(w->uplink, 1000);
	w->uplink = NULL;
	journal_stats(w->journal, &stats);
	assert_int_equal(stats.waiting, 100);
}

static void what_must_not_wait_goes_to_the_medium_at_once(void **state)
{
	struct journal_options o = {
		.bytes_max = 1 << 20, .boot = { 7 }, .sync_every_ns = 3600 * NS_PER_S
	};
	struct world *w = *state;
	struct uplink_status before, after;
	struct why why = { "" };

	journal_close(w->journal);
	o.folder = w->folder;
	assert_int_equal(journal_open(&w->journal, &o, NULL, &why), 0);
	w->o.journal = w->journal;
	w->o.brokers = NULL;
	uplink_begin(w);
	measure(w, 3);
	for (int i = 0; i < 500; i++) {
		uplink_status(w->uplink, &before);
		if (before.journal.waiting == 3)
			break;
		usleep(10000);
	}
	assert_int_equal(before.journal.waiting, 3);
	usleep(100000);
	uplink_status(w->uplink, &after);
	assert_int_equal(after.journal.syncs, before.journal.syncs);
	measure(w, 1);
	uplink_sync(w->uplink);
	for (int i = 0; i < 500 && after.journal.syncs == before.journal.syncs; i++) {
		usleep(10000);
		uplink_status(w->uplink, &after);
	}
	assert_int_equal(after.journal.syncs, before.journal.syncs + 1);
	assert_int_equal(after.journal.waiting, 4); /* with what was handed over just before */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(stopping_waits_for_the_receipts), /* forks, so before any thread */
		T(without_a_broker_everything_stays_in_the_journal),
		T(what_must_not_wait_goes_to_the_medium_at_once),
		T(batches_arrive_and_receipts_free_the_journal),
		T(a_batch_without_a_receipt_is_sent_again),
		T(a_broker_that_dies_and_returns_loses_nothing),
		T(a_silent_broker_is_given_up_for_the_next),
		T(a_broker_that_answers_garbage_is_given_up_for_the_next),
		T(a_broker_that_lies_in_its_connack_is_given_up_for_the_next),
		T(a_broker_of_mqtt_3_1_1_is_spoken_to_in_its_tongue),
		T(a_message_that_the_broker_refuses_is_not_taken_as_sent),
		T(that_nobody_listens_is_told),
		T(a_receipt_of_a_stranger_frees_nothing),
	};

	if (access("/usr/sbin/mosquitto", X_OK)) {
		print_message("mosquitto is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
