/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints of the throughput server, as a table. */
#include "http_server.h"
#include "admission.h"
#include "http_socket.h"
#include "../core/clock.h"
#include "../core/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define POOL_BYTES   (1 << 20) /* random once, sent from a random place on: no compressor gains */
#define BLOCK_BYTES  (64 << 10)
#define MEMORY_BYTES (128 << 10) /* of a connection: also the piece in which a body comes */
#define IDLE_S       30
#define MIB          (1LL << 20)
#define TOO_LARGE    413 /* libmicrohttpd renamed its constant */

struct http_server {
	struct admission admission;
	struct http_limits limits;
	int fd, tls_fd;
	struct MHD_Daemon *plain, *tls;
	char *cert, *key;
	uint8_t *pool;
};

struct transfer { /* one request */
	struct http_server *s;
	const struct endpoint *endpoint;
	uint8_t client[SEAT_KEY];
	bool admitted, over; /* over: too much or too long */
	int64_t bytes, end_ns;
	size_t pool_at;
};

struct endpoint {
	const char *method, *path;
	bool transfers; /* asks the admission */
	enum MHD_Result (*answer)(struct transfer *t, struct MHD_Connection *c);
};

static void add(struct MHD_Response *r, const char *name, const char *value)
{
	MHD_add_response_header(r, name, value);
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
	enum MHD_Result ok;

	if (!r)
		return MHD_NO;
	/* a result of a measurement must come from here each time, and pages of others may measure */
	add(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store, no-cache, must-revalidate, max-age=0");
	add(r, MHD_HTTP_HEADER_PRAGMA, "no-cache");
	add(r, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
	add(r, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
	add(r, "Access-Control-Allow-Headers", "Content-Encoding, Content-Type");
	ok = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result reply_json(struct MHD_Connection *c, unsigned status, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	struct MHD_Response *r =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);

	json_object_put(o);
	if (r)
		add(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json; charset=utf-8");
	return reply(c, status, r);
}

static enum MHD_Result reply_empty(struct MHD_Connection *c, unsigned status)
{
	return reply(
		c, status, MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result reply_error(struct MHD_Connection *c, unsigned status, const char *error)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "error", json_object_new_string(error));
	return reply_json(c, status, o);
}

static enum MHD_Result reply_busy(struct http_server *s, struct MHD_Connection *c)
{
	static const char body[] = "{\"error\":\"busy\"}";
	struct MHD_Response *r = MHD_create_response_from_buffer(
		sizeof(body) - 1, (void *)body, MHD_RESPMEM_PERSISTENT);
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%lld", (long long)s->limits.retry_s);
	if (r) {
		add(r, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
		add(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json; charset=utf-8");
	}
	return reply(c, MHD_HTTP_SERVICE_UNAVAILABLE, r);
}

/* A number in the query: `unless` when there is none, -1 when it is not one. */
static int64_t argument(struct MHD_Connection *c, const char *name, int64_t unless)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
	char *end;
	long long n;

	if (!text)
		return unless;
	errno = 0;
	n = strtoll(text, &end, 10);
	return errno || *end || end == text || n < 0 ? -1 : n;
}

static ssize_t give_bytes(void *cls, uint64_t at, char *out, size_t room)
{
	struct transfer *t = cls;
	struct http_server *s = t->s;
	int64_t now = clock_loop(), left = s->limits.transfer_bytes - (int64_t)at;
	size_t n = room < POOL_BYTES - t->pool_at ? room : POOL_BYTES - t->pool_at;

	if (now >= t->end_ns || left <= 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if ((int64_t)n > left)
		n = (size_t)left;
	memcpy(out, s->pool + t->pool_at, n);
	t->pool_at = (t->pool_at + n) % POOL_BYTES;
	if (!admission_spend(&s->admission, t->client, (int64_t)n, now))
		t->end_ns = now; /* this piece still goes; the next call ends it */
	return (ssize_t)n;
}

static void start_clock(struct transfer *t, int64_t seconds)
{
	uint32_t at;

	if (seconds > t->s->limits.transfer_s)
		seconds = t->s->limits.transfer_s;
	t->end_ns = clock_loop() + seconds * NS_PER_S;
	if (getrandom(&at, sizeof(at), GRND_NONBLOCK) == sizeof(at))
		t->pool_at = at % POOL_BYTES;
}

static struct MHD_Response *garbage(struct transfer *t, uint64_t size)
{
	struct MHD_Response *r =
		MHD_create_response_from_callback(size, BLOCK_BYTES, give_bytes, t, NULL);

	if (r)
		add(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
	return r;
}

static enum MHD_Result get_down(struct transfer *t, struct MHD_Connection *c)
{
	int64_t bytes = argument(c, "bytes", -2), seconds = argument(c, "seconds", -2);
	int64_t most = t->s->limits.transfer_bytes;

	if (bytes == -1 || seconds == -1 || (bytes == -2 && seconds == -2))
		return reply_error(c, MHD_HTTP_BAD_REQUEST, "bytes=N or seconds=N is needed");
	start_clock(t, seconds >= 0 ? seconds : t->s->limits.transfer_s);
	if (bytes < 0)
		return reply(c, MHD_HTTP_OK, garbage(t, MHD_SIZE_UNKNOWN));
	return reply(c, MHD_HTTP_OK, garbage(t, (uint64_t)(bytes < most ? bytes : most)));
}

/* LibreSpeed counts in MiB, 4 unless told, 1024 at most. */
static enum MHD_Result get_garbage(struct transfer *t, struct MHD_Connection *c)
{
	int64_t chunks = argument(c, "ckSize", 4), bytes;
	struct MHD_Response *r;

	if (chunks < 1)
		chunks = 4;
	if (chunks > 1024)
		chunks = 1024;
	bytes = chunks * MIB < t->s->limits.transfer_bytes ? chunks * MIB
	                                                   : t->s->limits.transfer_bytes;
	start_clock(t, t->s->limits.transfer_s);
	r = garbage(t, (uint64_t)bytes);
	if (r) {
		add(r, "Content-Description", "File Transfer");
		add(r, MHD_HTTP_HEADER_CONTENT_DISPOSITION, "attachment; filename=random.dat");
		add(r, "Content-Transfer-Encoding", "binary");
	}
	return reply(c, MHD_HTTP_OK, r);
}

static enum MHD_Result post_up(struct transfer *t, struct MHD_Connection *c)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "bytes", json_object_new_int64(t->bytes));
	return reply_json(c, t->over ? TOO_LARGE : MHD_HTTP_OK, o);
}

static enum MHD_Result empty_ok(struct transfer *t, struct MHD_Connection *c)
{
	return reply_empty(c, t->over ? TOO_LARGE : MHD_HTTP_OK);
}

static enum MHD_Result no_content(struct transfer *t, struct MHD_Connection *c)
{
	(void)t;
	return reply_empty(c, MHD_HTTP_NO_CONTENT);
}

static const struct sockaddr_storage *peer(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info ? (const struct sockaddr_storage *)info->client_addr : NULL;
}

static enum MHD_Result get_ip(struct transfer *t, struct MHD_Connection *c)
{
	struct json_object *o = json_object_new_object();
	char text[INET6_ADDRSTRLEN] = "";

	(void)t;
	http_socket_text(peer(c), text);
	json_object_object_add(o, "processedString", json_object_new_string(text));
	json_object_object_add(o, "rawIspInfo", json_object_new_string(""));
	return reply_json(c, MHD_HTTP_OK, o);
}

static enum MHD_Result get_health(struct transfer *t, struct MHD_Connection *c)
{
	struct admission_state now = admission_state(&t->s->admission);
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "status", json_object_new_string(now.full ? "busy" : "ok"));
	json_object_object_add(o, "transfers", json_object_new_int64(now.running));
	json_object_object_add(o, "admitted", json_object_new_int64((int64_t)now.admitted));
	json_object_object_add(o, "refused", json_object_new_int64((int64_t)now.refused));
	json_object_object_add(o, "bytes", json_object_new_int64((int64_t)now.bytes));
	return reply_json(c, now.full ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, o);
}

static const struct endpoint endpoints[] = {
	{ "GET", "/down", true, get_down },
	{ "POST", "/up", true, post_up },
	{ "GET", "/ping", false, no_content },
	{ "GET", "/garbage.php", true, get_garbage },
	{ "GET", "/empty.php", false, empty_ok },
	{ "POST", "/empty.php", true, empty_ok },
	{ "GET", "/getIP.php", false, get_ip },
	{ "GET", "/healthz", false, get_health },
};

/* status: 404 or 405 when there is none. */
static const struct endpoint *find_endpoint(const char *method, const char *path, unsigned *status)
{
	if (!strcmp(method, "HEAD"))
		method = "GET";
	if (!strncmp(path, "/backend/", 9))
		path += 8;
	*status = MHD_HTTP_NOT_FOUND;
	for (size_t i = 0; i < COUNT(endpoints); i++) {
		if (strcmp(path, endpoints[i].path))
			continue;
		if (!strcmp(method, endpoints[i].method))
			return &endpoints[i];
		*status = MHD_HTTP_METHOD_NOT_ALLOWED;
	}
	return NULL;
}

static enum MHD_Result begin(struct http_server *s, struct MHD_Connection *c, const char *path,
	const char *method, void **mine)
{
	const struct sockaddr_storage *from = peer(c);
	struct transfer *t;
	unsigned status;
	const struct endpoint *e = find_endpoint(method, path, &status);

	if (!e && status == MHD_HTTP_METHOD_NOT_ALLOWED && !strcmp(method, "OPTIONS"))
		return reply_empty(c, MHD_HTTP_NO_CONTENT);
	if (!e)
		return reply_error(
			c, status, status == MHD_HTTP_NOT_FOUND ? "not found" : "wrong method");
	t = mem_new(sizeof(*t));
	t->s = s;
	t->endpoint = e;
	*mine = t;
	if (from)
		seats_client(t->client, from);
	if (e->transfers) {
		if (!admission_enter(&s->admission, t->client, clock_loop()))
			return reply_busy(s, c);
		t->admitted = true;
		start_clock(t, s->limits.transfer_s);
	}
	return MHD_YES;
}

static enum MHD_Result take_request(void *cls, struct MHD_Connection *c, const char *path,
	const char *method, const char *version, const char *data, size_t *n, void **mine)
{
	struct transfer *t = *mine;
	int64_t now;

	(void)version;
	(void)data;
	if (!t)
		return begin(cls, c, path, method, mine);
	if (*n == 0)
		return t->endpoint->answer(t, c);
	if (!t->admitted)
		return MHD_NO; /* a body where none belongs */
	now = clock_loop();
	t->bytes += (int64_t)*n;
	if (!admission_spend(&t->s->admission, t->client, (int64_t)*n, now) || now >= t->end_ns ||
		t->bytes > t->s->limits.transfer_bytes)
		t->over = true;
	*n = 0;
	/* an answer cannot be given while a body comes in; far beyond the limit the line is cut */
	return t->over && (now >= t->end_ns + IDLE_S * NS_PER_S ||
				  t->bytes > t->s->limits.transfer_bytes + 4 * MIB)
	               ? MHD_NO
	               : MHD_YES;
}

static void request_over(
	void *cls, struct MHD_Connection *c, void **mine, enum MHD_RequestTerminationCode code)
{
	struct transfer *t = *mine;

	(void)cls;
	(void)c;
	(void)code;
	if (!t)
		return;
	if (t->admitted)
		admission_leave(&t->s->admission, t->client, clock_loop());
	free(t);
	*mine = NULL;
}

static struct MHD_Daemon *start_daemon(
	struct http_server *s, int fd, unsigned more, const struct MHD_OptionItem *items)
{
	unsigned threads = (unsigned)s->limits.threads;

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | more, 0, NULL, NULL, take_request,
		s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		threads > 1 ? threads : 0, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)(s->limits.transfers + 256),
		/* refused ones must still get their 503 */
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)(s->limits.client_transfers + 64),
		MHD_OPTION_NOTIFY_COMPLETED, request_over, s, MHD_OPTION_ARRAY, items,
		MHD_OPTION_END);
}

int http_server_open(struct http_server **out, const struct http_listen *where,
	const struct http_limits *limits, struct why *why)
{
	struct http_server *s = mem_new(sizeof(*s));
	int err = 0;

	s->limits = *limits;
	s->fd = s->tls_fd = -1;
	admission_init(&s->admission, limits);
	s->pool = mem_new(POOL_BYTES);
	for (size_t i = 0; i < POOL_BYTES; i += 256)
		if (getrandom(s->pool + i, 256, 0) != 256)
			err = -EIO;
	if (!err && where->port)
		err = http_socket_listen(&s->fd, where->address, where->port, why);
	if (!err && where->tls_port)
		err = http_socket_listen(&s->tls_fd, where->address, where->tls_port, why);
	if (!err && where->tls_port)
		err = http_socket_pem(&s->cert, where->cert_file, why);
	if (!err && where->tls_port)
		err = http_socket_pem(&s->key, where->key_file, why);
	if (err) {
		http_server_free(s);
		return err;
	}
	*out = s;
	return 0;
}

int http_server_start(struct http_server *s, struct why *why)
{
	const struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, s->cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, s->key },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (s->fd >= 0) {
		s->plain = start_daemon(s, s->fd, 0, none);
		if (!s->plain)
			return why_say(why, -EIO, "http: the server did not start");
	}
	if (s->tls_fd >= 0) {
		s->tls = start_daemon(s, s->tls_fd, MHD_USE_TLS, tls);
		if (!s->tls)
			return why_say(why, -EIO,
				"https: the server did not start; do certificate and key fit?");
	}
	return 0;
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	/* a daemon closes its socket */
	if (s->plain)
		MHD_stop_daemon(s->plain);
	else if (s->fd >= 0)
		close(s->fd);
	if (s->tls)
		MHD_stop_daemon(s->tls);
	else if (s->tls_fd >= 0)
		close(s->tls_fd);
	admission_done(&s->admission);
	free(s->cert);
	free(s->key);
	free(s->pool);
	free(s);
}
