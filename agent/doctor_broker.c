/* SPDX-License-Identifier: Apache-2.0 */
/* The step of the broker, by its parts: files, TCP, certificate, and the broker's own consent, so that what is
 * said is what is wrong.  Under a client id of its own, which does not disturb a running agent. */
#include "doctor.h"
#include "doc.h"
#include "link.h"
#include "../probes/core/identity.h"
#include "../probes/core/mem.h"
#include "../probes/fetch.h"
#include "../probes/netif.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCP_LIMIT_NS  (5 * NS_PER_S)
#define TLS_LIMIT_NS  (6 * NS_PER_S)
#define MQTT_LIMIT_NS (8 * NS_PER_S)

enum trouble {
	FINE,
	BAD_FILE,
	NO_NAME,
	CLOSED,
	SILENT,
	ERROR,
	BAD_CERT,
	BAD_PASSWORD,
	NOT_ALLOWED
};

struct attempt {
	const char *broker; /* as configured */
	bool tls;
	char host[HOST_MAX];
	unsigned port;
	struct sockaddr_storage to;
	enum trouble trouble;
	const char *file; /* BAD_FILE */
	int err;
	char text[120]; /* ERROR: what was said */
};

/* --- files -------------------------------------------------------------------------------------------------- */
static bool files_are_there(struct visit *v, struct attempt *a)
{
	static const char *const keys[] = { "password_file", "ca_file", "cert_file", "key_file" };
	const struct settings *u = conf_section(v->conf, "uplink");

	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *path = settings_text(u, keys[i]);

		if (!*path || !access(path, R_OK))
			continue;
		a->trouble = BAD_FILE;
		a->file = path;
		a->err = errno;
		return false;
	}
	return true;
}

/* --- TCP ------------------------------------------------------------------------------------------------------ */
static int connect_tcp(const struct sockaddr_storage *to, int64_t limit_ns)
{
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t n = sizeof(err);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)to, netif_len(to)) && errno != EINPROGRESS)
		err = errno;
	else if (poll(&p, 1, (int)(limit_ns / NS_PER_MS)) == 0)
		err = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n))
		err = errno;
	close(fd);
	return -err;
}

static bool tcp_connects(struct visit *v, struct attempt *a)
{
	int err = doctor_resolve(v, a->host, &a->to);

	if (err) {
		a->trouble = NO_NAME;
		a->err = err;
		return false;
	}
	netif_port(&a->to, a->port);
	a->err = connect_tcp(&a->to, doctor_time(v, TCP_LIMIT_NS));
	if (!a->err)
		return true;
	a->trouble = a->err == -ECONNREFUSED ? CLOSED : a->err == -ETIMEDOUT ? SILENT : ERROR;
	snprintf(a->text, sizeof(a->text), "%s", words_errno(a->err, v->vietnamese));
	return false;
}

/* --- certificate ---------------------------------------------------------------------------------------------- */
struct handshake {
	struct loop *loop;
	int err;
};

static void shook(void *arg, const struct fetch_result *r)
{
	struct handshake *h = arg;

	h->err = r->err;
	loop_stop(h->loop, 0);
}

/* Shakes hands as for a page: a broker hangs up on the question, which comes after its certificate. */
static bool certificate_is_good(struct visit *v, struct attempt *a)
{
	const char *ca = settings_text(conf_section(v->conf, "uplink"), "ca_file");
	struct handshake h = { .loop = v->world.loop };
	struct fetch_job *job = NULL;
	char url[HOST_MAX + 32];
	struct fetch_options o = { .url = url,
		.address = &a->to,
		.ca_file = *ca ? ca : NULL,
		.timeout_ns = doctor_time(v, TLS_LIMIT_NS) };

	snprintf(url, sizeof(url), strchr(a->host, ':') ? "https://[%s]:%u/" : "https://%s:%u/",
		a->host, a->port);
	if (!fetch_start(&job, v->world.fetch, &o, shook, &h))
		(void)!loop_run(v->world.loop);
	if (h.err != -EKEYREJECTED)
		return true;
	a->trouble = BAD_CERT;
	return false;
}

/* --- the broker's consent --------------------------------------------------------------------------------------- */
struct login {
	char client_id[PROBE_ID_TEXT + 8], topic[TOPIC_MAX], password[256], user[PROBE_ID_TEXT];
	struct link_options o;
};

static void read_password(const char *file, char out[256])
{
	FILE *f = *file ? fopen(file, "re") : NULL;

	if (!f || !fgets(out, 256, f))
		*out = 0;
	if (f)
		fclose(f);
	out[strcspn(out, "\r\n")] = 0;
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static void prepare(const struct visit *v, struct login *l)
{
	const struct settings *u = conf_section(v->conf, "uplink");
	struct identity *identity = NULL;
	static const uint8_t nobody[16];
	const uint8_t *id = nobody;
	char path[STATE_PATH];

	/* identity_open() would make a key where there is none */
	if (!access(state_path(v->conf, "identity.pem", path), R_OK) &&
		!identity_open(&identity, path, NULL))
		id = identity_id(identity);
	probe_id_text(id, l->user);
	snprintf(l->client_id, sizeof(l->client_id), "%s-doctor", l->user);
	topic_make(id, "status", l->topic);
	identity_free(identity);
	read_password(settings_text(u, "password_file"), l->password);
	l->o = (struct link_options){ .client_id = l->client_id,
		.user = or_null(settings_text(u, "user")),
		.password = or_null(l->password),
		.ca_file = or_null(settings_text(u, "ca_file")),
		.cert_file = or_null(settings_text(u, "cert_file")),
		.key_file = or_null(settings_text(u, "key_file")),
		.will_topic = l->topic,
		.will_text = "{\"online\":false}",
		.connect_s = (int)(MQTT_LIMIT_NS / NS_PER_S) };
	if (l->o.password && !l->o.user)
		l->o.user = l->user;
}

/* The event that ends the attempt, to be freed; NULL: none in time. */
static struct link_event *outcome(struct link *l, int64_t end_ns)
{
	struct pollfd p = { .fd = link_fd(l), .events = POLLIN };
	int64_t left;

	while ((left = end_ns - clock_loop()) > 0) {
		struct link_event *e;

		(void)!poll(&p, 1, (int)(left / NS_PER_MS) + 1);
		while ((e = link_event(l))) {
			if (e->attempt == link_attempt(l) &&
				(e->type == LINK_UP || e->type == LINK_FAILED))
				return e;
			free(e);
		}
	}
	return NULL;
}

static void judge(struct attempt *a, const struct link_event *e)
{
	switch (e ? e->code : -1) {
	case 4:    /* MQTT 3.1.1 3.2.2.3 */
	case 0x86: /* MQTT 5 3.2.2.2 */
		a->trouble = BAD_PASSWORD;
		break;
	case 5:
	case 0x85: /* client identifier not valid */
	case 0x87:
	case 0x8a: /* banned */
		a->trouble = NOT_ALLOWED;
		break;
	default:
		a->trouble = e ? ERROR : SILENT;
		if (e)
			snprintf(a->text, sizeof(a->text), "%.90s (%d)", e->text, e->code);
	}
}

static void log_in(struct visit *v, struct attempt *a)
{
	struct login login;
	struct link *link = NULL;
	struct link_event *e = NULL;
	char uri[HOST_MAX + 16];

	prepare(v, &login);
	a->trouble = SILENT;
	if (link_new(&link, &login.o))
		return;
	snprintf(uri, sizeof(uri), "%s://%s", a->tls ? "ssl" : "tcp", strstr(a->broker, "://") + 3);
	for (int version = 5; version && a->trouble != FINE; version = version == 5 ? 3 : 0) {
		if (link_connect(link, uri, version))
			break;
		e = outcome(link, clock_loop() + doctor_time(v, MQTT_LIMIT_NS));
		if (e && e->type == LINK_UP)
			a->trouble = FINE;
		else
			judge(a, e);
		/* only what is not understood may be a matter of the version */
		if (a->trouble != ERROR)
			version = 0;
		free(e);
	}
	if (a->trouble == FINE)
		link_bye(link, 500);
	link_free(link);
}

/* --- what is said ---------------------------------------------------------------------------------------------- */
static const struct {
	enum word detail, advice;
	uint32_t blames; /* of the steps before */
} said[] = {
	[FINE] = { W_D_BROKER_TRIED, W_NONE, 0 },
	[BAD_FILE] = { W_D_BROKER_FILE, W_A_BROKER_FILE, 0 },
	[NO_NAME] = { W_D_DNS_SILENT, W_A_DNS, STEP(DNS) | STEP(INTERNET) },
	[CLOSED] = { W_D_BROKER_CLOSED, W_A_BROKER_CLOSED, 0 },
	[SILENT] = { W_D_BROKER_SILENT, W_A_BROKER, STEP(DNS) | STEP(INTERNET) },
	[ERROR] = { W_D_BROKER_ERROR, W_A_BROKER, STEP(DNS) | STEP(INTERNET) | STEP(CLOCK) },
	/* a clock that is years off makes every certificate invalid */
	[BAD_CERT] = { W_D_BROKER_CERT, W_A_BROKER_CERT, STEP(CLOCK) },
	[BAD_PASSWORD] = { W_D_BROKER_PASSWORD, W_A_BROKER_PASSWORD, 0 },
	[NOT_ALLOWED] = { W_D_BROKER_NOT_ALLOWED, W_A_BROKER_NOT_ALLOWED, 0 },
};

static void say(struct visit *v, struct finding *f, const struct attempt *a)
{
	finding_say(v, f, a->trouble == FINE ? PASSED : FAILED, said[a->trouble].detail,
		FILL("broker", a->broker, "host", a->host, "path", a->file ? a->file : "", "error",
			a->trouble == BAD_FILE ? words_errno(a->err, v->vietnamese) : a->text));
	f->blames = said[a->trouble].blames;
	if (doctor_is_address(a->host))
		f->blames &= ~STEP(DNS);
	if (a->trouble != FINE)
		finding_advise(v, f, said[a->trouble].advice, NULL);
}

static void try_broker(struct visit *v, struct attempt *a)
{
	a->tls = !strncmp(a->broker, "mqtts://", 8);
	doctor_host(a->broker, a->host, &a->port);
	if (!a->port)
		a->port = a->tls ? 8883 : 1883;
	if (files_are_there(v, a) && tcp_connects(v, a) && (!a->tls || certificate_is_good(v, a)))
		log_in(v, a);
}

void step_broker(struct visit *v, struct finding *f)
{
	const struct settings *s = conf_section(v->conf, "uplink");
	struct json_object *u = doc_at(v->status, "uplink");
	struct attempt first = { 0 };

	if (!settings_count(s, "brokers")) {
		finding_say(v, f, FAILED, W_D_NO_BROKER, NULL);
		finding_advise(v, f, W_A_NO_BROKER, NULL);
		f->blames = 0;
		return;
	}
	if (doc_bool(u, "connected")) {
		finding_say(v, f, PASSED, W_D_BROKER,
			FILL("broker", doc_text(u, "broker", ""), "version",
				doc_int(u, "mqtt_version", 0) == 5 ? "5" : "3.1.1"));
		return;
	}
	for (size_t i = 0; i < settings_count(s, "brokers"); i++) {
		struct attempt a = { .broker = settings_text_at(s, "brokers", i) };

		if (i && doctor_time(v, TCP_LIMIT_NS) < TCP_LIMIT_NS)
			break;
		try_broker(v, &a);
		if (!i || a.trouble == FINE)
			first = a;
		if (a.trouble == FINE)
			break;
	}
	say(v, f, &first);
}
