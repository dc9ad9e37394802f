/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface on the loop.  libcurl says which sockets and which timer it wants; we call
 * it only from those, and tell our callers after it has returned. */
#include "fetch.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/mem.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#define NOISE_BYTES  65536
#define HOST_MAX     256
#define LOCATION_MAX 256
#define READ_BUFFER  65536L /* libcurl reads up to 100 of them before it returns to the loop */
#define NOTSENT_BYTES \
	131072 /* unsent bytes the kernel may hold: enough for 40 Mbit/s at our ticks */

struct fetch {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	struct fetch_job *jobs;
	uint8_t *noise; /* NOISE_BYTES, made at the first use */
};

struct watched { /* a socket of libcurl */
	struct loop_fd io;
	struct fetch *f;
};

struct fetch_job {
	struct fetch *f;
	struct fetch_job *next;
	CURL *easy;
	int fd; /* of the connection made for it, -1 none */
	struct curl_slist *headers, *connect_to;
	char *body; /* to send */
	size_t body_len, body_at;
	int64_t noise_left;
	char *kept;
	size_t keep, kept_len;
	int64_t down, up;
	char location[LOCATION_MAX];
	int retry_after_s;
	bool tls, abort_close, told;
	bool connected; /* when the socket was closed */
	char problem[CURL_ERROR_SIZE];
	void (*done)(void *arg, const struct fetch_result *r);
	void *arg;
};

/* --- what libcurl wants from the loop ---------------------------------------------------------------- */

static void tell_the_done(struct fetch *f);

static void socket_ready(struct loop_fd *io, uint32_t events)
{
	struct watched *w = container_of(io, struct watched, io);
	struct fetch *f = w->f;
	int fd = io->fd, mask = 0, running;

	if (events & EPOLLIN)
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_ERR;
	curl_multi_socket_action(f->multi, fd, mask, &running);
	tell_the_done(f);
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct fetch *f = arg;
	struct watched *w = per_socket;
	uint32_t events =
		(what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (w)
			loop_fd_del(f->loop, &w->io);
		free(w);
		return 0;
	}
	if (w) {
		loop_fd_mod(f->loop, &w->io, events);
		return 0;
	}
	w = mem_new(sizeof(*w));
	w->f = f;
	w->io.fd = fd;
	w->io.ready = socket_ready;
	if (loop_fd_add(f->loop, &w->io, events)) {
		free(w);
		return -1;
	}
	curl_multi_assign(f->multi, fd, w);
	return 0;
}

/* Only sets ours: calling libcurl from here would be recursion, also for a delay of 0. */
static int timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct fetch *f = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(f->loop, &f->timer);
	else
		loop_timer_in(f->loop, &f->timer, ms * NS_PER_MS);
	return 0;
}

static void timer_fired(struct loop_timer *t)
{
	struct fetch *f = container_of(t, struct fetch, timer);
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	tell_the_done(f);
}

/* --- what libcurl asks a job ------------------------------------------------------------------------- */

static size_t body_came(char *bytes, size_t size, size_t count, void *arg)
{
	struct fetch_job *j = arg;
	size_t n = size * count, take = j->keep - j->kept_len;

	j->down += (int64_t)n;
	if (take > n)
		take = n;
	if (take) {
		memcpy(j->kept + j->kept_len, bytes, take);
		j->kept_len += take;
	}
	return n;
}

static size_t body_wanted(char *room, size_t size, size_t count, void *arg)
{
	struct fetch_job *j = arg;
	size_t n = size * count;

	if (j->body) {
		if (n > j->body_len - j->body_at)
			n = j->body_len - j->body_at;
		memcpy(room, j->body + j->body_at, n);
		j->body_at += n;
	} else {
		if (n > NOISE_BYTES)
			n = NOISE_BYTES;
		if ((int64_t)n > j->noise_left)
			n = (size_t)j->noise_left;
		memcpy(room, j->f->noise, n);
		j->noise_left -= (int64_t)n;
	}
	j->up += (int64_t)n;
	return n;
}

static bool header_is(const char *line, size_t n, const char *name, const char **value, size_t *len)
{
	size_t m = strlen(name);

	if (n <= m || line[m] != ':' || strncasecmp(line, name, m))
		return false;
	line += m + 1;
	n -= m + 1;
	while (n && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n && strchr(" \t\r\n", line[n - 1]))
		n--;
	*value = line;
	*len = n;
	return true;
}

static size_t header_came(char *line, size_t size, size_t count, void *arg)
{
	struct fetch_job *j = arg;
	const char *value;
	size_t n = size * count, len;

	if (header_is(line, n, "retry-after", &value, &len))
		j->retry_after_s = fetch_retry_after(value, len);
	else if (header_is(line, n, "location", &value, &len))
		snprintf(j->location, sizeof(j->location), "%.*s",
			(int)(len < sizeof(j->location) ? len : sizeof(j->location) - 1), value);
	return n;
}

static int socket_made(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct fetch_job *j = arg;
	struct linger now = { .l_onoff = 1 };
	int notsent = NOTSENT_BYTES;

	(void)purpose;
	j->fd = fd;
	/* the kernel would otherwise take megabytes from us and go on sending after we have decided */
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &notsent, sizeof(notsent));
	if (j->abort_close)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return CURL_SOCKOPT_OK;
}

/* The last that can be known of the connection.  libcurl 7.88 forgets when TCP was connected if TLS fails. */
static int socket_ends(void *arg, curl_socket_t fd)
{
	struct fetch_job *j = arg;
	uint8_t info[16]; /* the state is the first byte */
	socklen_t n = sizeof(info);

	if (fd == j->fd) {
		if (!getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &n) && n > 0)
			j->connected = info[0] != TCP_SYN_SENT && info[0] != TCP_CLOSE;
		j->fd = -1;
	}
	return close(fd);
}

/* --- results ------------------------------------------------------------------------------------------ */

static int error_of(CURL *easy, CURLcode code)
{
	long os = 0;

	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
		return os > 0 ? -(int)os : -ECONNREFUSED;
	case CURLE_INTERFACE_FAILED:
		return -ENODEV;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return -EKEYREJECTED;
	case CURLE_SSL_CONNECT_ERROR:
		return -EPROTO;
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
		return -ECONNRESET;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING:
		return -EBADMSG;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static void take_address(CURL *easy, CURLINFO text, CURLINFO number, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	char *ip = NULL;
	long port = 0;

	if (curl_easy_getinfo(easy, text, &ip) || !ip || curl_easy_getinfo(easy, number, &port))
		return;
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
	}
}

static void take_phases(struct fetch_job *j, struct fetch_result *r)
{
	curl_off_t name = 0, connect = 0, tls = 0, ready = 0, first = 0, total = 0;
	long made = 0;

	curl_easy_getinfo(j->easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
	curl_easy_getinfo(j->easy, CURLINFO_CONNECT_TIME_T, &connect);
	curl_easy_getinfo(j->easy, CURLINFO_APPCONNECT_TIME_T, &tls);
	curl_easy_getinfo(j->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	curl_easy_getinfo(j->easy, CURLINFO_STARTTRANSFER_TIME_T, &first);
	curl_easy_getinfo(j->easy, CURLINFO_TOTAL_TIME_T, &total);
	curl_easy_getinfo(j->easy, CURLINFO_NUM_CONNECTS, &made);
	r->connect_us = r->tls_us = r->first_byte_us = -1;
	r->total_us = total;
	if (ready > 0 && !made) {
		r->connect_us = r->tls_us = 0;
	} else {
		if (connect > 0)
			r->connect_us = connect - name;
		if (j->tls && tls > 0)
			r->tls_us = tls - connect;
	}
	if (first > 0 && first >= ready)
		r->first_byte_us = first - ready;
}

/* libcurl compares the name itself, after OpenSSL found nothing wrong with the chain, and then leaves its result as it
 * was before the handshake: 1.  Other TLS libraries count otherwise. */
static const char *certificate_fault(CURL *easy, CURLcode code)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	long found = 0;

	if (code != CURLE_PEER_FAILED_VERIFICATION || !v->ssl_version ||
		strncmp(v->ssl_version, "OpenSSL", 7) ||
		curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &found))
		return "";
	switch (found) {
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED:
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "name";
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "time";
	default:
		return "untrusted";
	}
}

static void take_result(struct fetch_job *j, CURLcode code, struct fetch_result *r)
{
	long status = 0, version = 0;

	memset(r, 0, sizeof(*r));
	r->err = error_of(j->easy, code);
	r->certificate = certificate_fault(j->easy, code);
	r->problem = !code ? "" : *j->problem ? j->problem : curl_easy_strerror(code);
	curl_easy_getinfo(j->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(j->easy, CURLINFO_HTTP_VERSION, &version);
	r->status = (int)status;
	r->version = version == CURL_HTTP_VERSION_1_1   ? "1.1"
	             : version == CURL_HTTP_VERSION_2_0 ? "2"
	                                                : "";
	r->body = j->kept ? j->kept : "";
	if (j->kept)
		j->kept[j->kept_len] = 0;
	r->body_len = j->kept_len;
	r->location = j->location;
	r->retry_after_s = j->retry_after_s;
	r->tls = j->tls;
	r->down = j->down;
	r->up = j->up;
	r->connected =
		j->connected || r->status > 0 || r->err == -EKEYREJECTED || r->err == -EPROTO;
	take_phases(j, r);
	r->connected |= r->connect_us >= 0;
	take_address(j->easy, CURLINFO_LOCAL_IP, CURLINFO_LOCAL_PORT, &r->local);
	take_address(j->easy, CURLINFO_PRIMARY_IP, CURLINFO_PRIMARY_PORT, &r->remote);
}

static void job_drop(struct fetch_job *j)
{
	struct fetch_job **at = &j->f->jobs;

	while (*at && *at != j)
		at = &(*at)->next;
	if (*at)
		*at = j->next;
	if (j->easy) {
		curl_multi_remove_handle(j->f->multi, j->easy);
		curl_easy_cleanup(j->easy);
	}
	curl_slist_free_all(j->headers);
	curl_slist_free_all(j->connect_to);
	free(j->body);
	free(j->kept);
	free(j);
}

/* The list is asked for anew each time: a callback may start and cancel jobs. */
static void tell_the_done(struct fetch *f)
{
	struct fetch_result r;
	struct fetch_job *j;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left))) {
		CURLcode code = m->data.result;
		void *private = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		j = private;
		take_result(j, code, &r);
		curl_multi_remove_handle(f->multi, j->easy);
		j->told = true;
		j->done(j->arg, &r);
		job_drop(j);
	}
}

/* --- jobs --------------------------------------------------------------------------------------------- */

/* "host:port:[address]:port" for CURLOPT_CONNECT_TO.  Unlike CURLOPT_RESOLVE it belongs to one job: IPv4
 * and IPv6 of one name can be measured side by side. */
static int pin(struct fetch_job *j, const struct fetch_options *o)
{
	char host[HOST_MAX], address[INET6_ADDRSTRLEN], text[HOST_MAX + INET6_ADDRSTRLEN + 32];
	struct in6_addr scratch;
	unsigned port;
	size_t n;
	int err = fetch_url(o->url, host, sizeof(host), &port, &j->tls);

	if (err)
		return err;
	if (!o->address) {
		n = strlen(host);
		if (n > 2 && host[0] == '[' && host[n - 1] == ']')
			return 0; /* libcurl has checked that it is one */
		return inet_pton(AF_INET, host, &scratch) == 1 ? 0 : -EINVAL;
	}
	if (o->address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)o->address)->sin6_addr, address,
			sizeof(address));
	else if (o->address->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)o->address)->sin_addr, address,
			sizeof(address));
	else
		return -EINVAL;
	snprintf(text, sizeof(text),
		o->address->ss_family == AF_INET6 ? "%s:%u:[%s]:%u" : "%s:%u:%s:%u", host, port,
		address, port);
	j->connect_to = curl_slist_append(NULL, text);
	return j->connect_to ? 0 : -ENOMEM;
}

static void set_body(struct fetch_job *j, const struct fetch_options *o)
{
	int64_t n = o->noise > 0 ? o->noise : (int64_t)o->body_len;

	if (o->noise > 0) {
		if (!j->f->noise) {
			j->f->noise = mem_new(NOISE_BYTES);
			for (size_t at = 0; at < NOISE_BYTES;
				at += 256) /* what getrandom() never cuts short */
				if (getrandom(j->f->noise + at, 256, GRND_NONBLOCK) < 0)
					break;
		}
		j->noise_left = o->noise;
	} else if (o->body_len) {
		j->body = mem_new(o->body_len);
		memcpy(j->body, o->body, o->body_len);
		j->body_len = o->body_len;
	}
	if (n > 0 || (o->method && !strcmp(o->method, "POST"))) {
		curl_easy_setopt(j->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(j->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
		curl_easy_setopt(j->easy, CURLOPT_READFUNCTION, body_wanted);
		curl_easy_setopt(j->easy, CURLOPT_READDATA, j);
		if (!n)
			curl_easy_setopt(j->easy, CURLOPT_POSTFIELDS, "");
	}
	if (o->method)
		curl_easy_setopt(j->easy, CURLOPT_CUSTOMREQUEST, o->method);
}

static void set_connection(struct fetch_job *j, const struct fetch_options *o)
{
	CURL *e = j->easy;
	int64_t all = o->timeout_ns > 0 ? o->timeout_ns : 30 * NS_PER_S;
	int64_t connect = o->connect_ns > 0 ? o->connect_ns : 10 * NS_PER_S;

	if (connect > all)
		connect = all;
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(all / NS_PER_MS + 1));
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect / NS_PER_MS + 1));
	curl_easy_setopt(
		e, CURLOPT_PROXY, o->proxy ? o->proxy : ""); /* "": not from the environment */
	if (o->iface && *o->iface) {
		char device[32];

		snprintf(device, sizeof(device), "if!%s", o->iface);
		curl_easy_setopt(e, CURLOPT_INTERFACE, device);
	}
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, o->reuse ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, o->reuse ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, 60L);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, socket_made);
	curl_easy_setopt(e, CURLOPT_SOCKOPTDATA, j);
	if (!o->reuse) { /* else the connection may outlive the job */
		curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, socket_ends);
		curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, j);
	}
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, o->unverified ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, o->unverified ? 0L : 2L);
	curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* each handshake is a whole one */
	if (o->ca_file && *o->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file);
}

static int set_up(struct fetch_job *j, const struct fetch_options *o)
{
	CURL *e = j->easy;

	j->headers = curl_slist_append(NULL, "Expect:"); /* no round trip before a body */
	for (size_t i = 0; j->headers && o->headers && o->headers[i]; i++)
		j->headers = curl_slist_append(j->headers, o->headers[i]);
	if (!j->headers)
		return -ENOMEM;
	curl_easy_setopt(e, CURLOPT_URL, o->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PRIVATE, j);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, j->problem);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, j->headers);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "phusong");
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, READ_BUFFER);
	curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, READ_BUFFER);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_came);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, j);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, header_came);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, j);
	if (j->connect_to)
		curl_easy_setopt(e, CURLOPT_CONNECT_TO, j->connect_to);
	set_connection(j, o);
	set_body(j, o);
	return curl_multi_add_handle(j->f->multi, e) ? -EIO : 0;
}

int fetch_start(struct fetch_job **out, struct fetch *f, const struct fetch_options *o,
	void (*done)(void *arg, const struct fetch_result *r), void *arg)
{
	struct fetch_job *j = mem_new(sizeof(*j));
	int err;

	j->f = f;
	j->done = done;
	j->arg = arg;
	j->retry_after_s = j->fd = -1;
	j->abort_close = o->abort_close;
	j->keep = o->keep;
	if (o->keep)
		j->kept = mem_new(o->keep + 1);
	j->next = f->jobs;
	f->jobs = j;
	err = pin(j, o);
	if (!err) {
		j->easy = curl_easy_init();
		err = j->easy ? set_up(j, o) : -ENOMEM;
	}
	if (err) {
		job_drop(j);
		return err;
	}
	*out = j;
	return 0;
}

void fetch_cancel(struct fetch_job *j)
{
	if (j && !j->told)
		job_drop(j);
}

void fetch_moved(const struct fetch_job *j, int64_t *down, int64_t *up)
{
	*down = j->down;
	*up = j->up;
}

int fetch_tcp(const struct fetch_job *j, struct fetch_tcp *out)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	uint8_t bytes[512];
	socklen_t n = sizeof(bytes);

	/* libcurl 7.88 tells the socket only after the transfer, when it may be closed */
	if (curl_easy_getinfo(j->easy, CURLINFO_ACTIVESOCKET, &fd) || fd == CURL_SOCKET_BAD)
		fd = j->fd;
	if (fd < 0)
		return -ENOTCONN;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, bytes, &n))
		return -errno;
	fetch_tcp_read(out, bytes, n);
	return 0;
}

int fetch_new(struct fetch **out, struct loop *l)
{
	struct fetch *f;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return -ENOMEM;
	f = mem_new(sizeof(*f));
	f->loop = l;
	f->timer.fire = timer_fired;
	f->multi = curl_multi_init();
	if (!f->multi) {
		free(f);
		curl_global_cleanup();
		return -ENOMEM;
	}
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	*out = f;
	return 0;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	while (f->jobs)
		job_drop(f->jobs);
	curl_multi_cleanup(f->multi); /* may still close sockets: the loop is needed until here */
	loop_timer_stop(f->loop, &f->timer);
	free(f->noise);
	free(f);
	curl_global_cleanup();
}
