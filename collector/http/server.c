/* SPDX-License-Identifier: Apache-2.0 */
/* The glue between libmicrohttpd and the table of endpoints: finds the endpoint, chooses the
 * language, compresses, answers "not modified", adds the headers that protect readers. */
#include "gzip.h"
#include "http.h"
#include "request.h"

#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 256
#define ETAG           40

struct http {
	struct MHD_Daemon *daemon;
	struct http_context *context;
	char *cert, *key;
};

#define BODY_MOST 8192 /* bytes of what is sent to us; more is refused */

/* What of a request comes in pieces. */
struct upload {
	struct buf body;
};

const char *request_query(const struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool request_take(
	const struct request *q, const char *name, int64_t least, int64_t most, int64_t *out)
{
	const char *text = request_query(q, name);
	char *end;
	long long v;

	if (!text)
		return true;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (!*text || errno || *end || v < least || v > most)
		return false;
	*out = v;
	return true;
}

/* --- which endpoint --------------------------------------------------------------------------------------- */

/* Matches a path against a pattern; the parts it took are cut out of `path`, which is overwritten. */
static bool matches(const char *pattern, char *path, const char *part[REQUEST_PARTS])
{
	size_t parts = 0;

	memset(part, 0, REQUEST_PARTS * sizeof(*part));
	while (*pattern) {
		if (*pattern == '{') {
			const char *after = strchr(pattern, '}') + 1;
			char *end = path + strcspn(path, *after == '.' ? "/." : "/");

			if (end == path || parts == REQUEST_PARTS)
				return false;
			part[parts++] = path;
			pattern = after;
			if (*end != *pattern)
				return false;
			if (!*end)
				return true;
			*end = '\0';
			path = end + 1;
			pattern++;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*path;
}

static const struct endpoint *find(struct request *q, char *scratch)
{
	for (const struct endpoint *e = endpoints; e->pattern; e++) {
		memcpy(scratch, q->path,
			strlen(q->path) + 1); /* it fits: PATH_MAX_BYTES was checked */
		if (matches(endpoint_path(e), scratch, q->part))
			return e;
	}
	return NULL;
}

/* --- language -------------------------------------------------------------------------------------------------- */

static const char *known_lang(const char *text)
{
	if (text && !strncmp(text, "en", 2))
		return "en";
	if (text && !strncmp(text, "vi", 2))
		return "vi";
	return NULL;
}

static const char *choose_lang(struct MHD_Connection *c, bool *chosen)
{
	const char *lang =
		known_lang(MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "lang"));

	*chosen = lang != NULL;

	if (!lang)
		lang = known_lang(MHD_lookup_connection_value(c, MHD_COOKIE_KIND, "lang"));
	if (!lang)
		lang = known_lang(
			MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Language"));
	return lang ? lang : "vi";
}

/* --- the answer -------------------------------------------------------------------------------------------------- */

static void etag_of(const struct buf *body, char out[ETAG])
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_Digest(body->data ? body->data : (const uint8_t *)"", body->len, hash, &n, EVP_sha256(),
		NULL);
	/* weak: plain and compressed forms of an answer share it (RFC 9110 8.8.1) */
	memcpy(out, "W/\"", 3);
	for (unsigned i = 0; i < 16; i++)
		snprintf(out + 3 + 2 * i, 3, "%02x", hash[i]);
	memcpy(out + 35, "\"", 2);
}

static bool compressible(const char *type)
{
	return !strncmp(type, "text/", 5) || strstr(type, "json") || strstr(type, "javascript") ||
	       strstr(type, "svg") || strstr(type, "vector-tile");
}

static bool wants_gzip(struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept-Encoding");

	const char *gzip = accept ? strcasestr(accept, "gzip") : NULL;

	/* "gzip;q=0" refuses it (RFC 9110 12.4.2) */
	return gzip &&
	       (strncmp(gzip, "gzip;q=0", 8) || strspn(gzip + 8, ".0") < strcspn(gzip + 8, ", "));
}

static void add_headers(struct MHD_Response *m, const struct request *q, const struct reply *r,
	const char *etag, bool post)
{
	char text[160];

	MHD_add_response_header(m, "Content-Type", r->type);
	MHD_add_response_header(m, "ETag", etag);
	MHD_add_response_header(m, "Vary", "Accept-Encoding, Accept-Language, Cookie");
	MHD_add_response_header(m, "Content-Language", q->lang);
	snprintf(text, sizeof(text),
		post           ? "no-store"
		: r->max_age_s ? "public, max-age=%u"
			       : "no-cache",
		r->max_age_s);
	MHD_add_response_header(m, "Cache-Control", text);
	if (r->zipped)
		MHD_add_response_header(m, "Content-Encoding", "gzip");
	if (r->filename) {
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", r->filename);
		MHD_add_response_header(m, "Content-Disposition", text);
	}
	if (r->retry_s) {
		snprintf(text, sizeof(text), "%u", r->retry_s);
		MHD_add_response_header(m, "Retry-After", text);
	}
	if (q->chosen && !r->max_age_s) { /* ?lang= holds on the next page, too */
		snprintf(text, sizeof(text), "lang=%s; Path=/; Max-Age=31536000; SameSite=Lax",
			q->lang);
		MHD_add_response_header(m, "Set-Cookie", text);
	}
	MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(m, "Referrer-Policy", "same-origin");
	MHD_add_response_header(m, "Content-Security-Policy",
		"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
		"frame-ancestors 'none'; "
		"form-action 'self'");
}

/* The response takes the bytes over: answers may be large, and one copy is enough. */
static struct MHD_Response *respond_with(struct buf *body)
{
	struct MHD_Response *m;

	if (!body->len)
		return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	m = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);
	if (m)
		buf_init(body, BODY_CEILING);
	return m;
}

static enum MHD_Result send_reply(struct MHD_Connection *c, const struct request *q,
	struct reply *r, unsigned status, const struct endpoint *e)
{
	bool post = e && endpoint_posts(e);
	const char *known = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match");
	char etag[ETAG];
	struct MHD_Response *m;
	enum MHD_Result result;

	if (r->body.err) {
		log_error("http", "%s: the answer is too large", q->path);
		buf_clear(&r->body);
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	if (!r->type)
		r->type = "text/html; charset=utf-8";
	etag_of(&r->body, etag);
	if (status == MHD_HTTP_OK && known && strstr(known, etag)) {
		status = MHD_HTTP_NOT_MODIFIED;
		buf_clear(&r->body);
	} else if (!r->zipped && q->gzip && r->body.len >= GZIP_LEAST && compressible(r->type)) {
		r->zipped = gzip(&r->body);
	}
	m = respond_with(&r->body);
	if (!m)
		return MHD_NO;
	add_headers(m, q, r, etag, post);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(m, "Allow", post ? "POST" : "GET, HEAD");
	result = MHD_queue_response(c, status, m);
	MHD_destroy_response(m);
	return result;
}

/* Loopback means a proxy on this machine, which has TLS, or somebody who is logged in here. */
static bool is_secure(struct MHD_Connection *c, const struct sockaddr *from)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (MHD_get_connection_info(c, MHD_CONNECTION_INFO_PROTOCOL))
		return true;
	if (from && from->sa_family == AF_INET) {
		memcpy(&v4, from, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	if (!from || from->sa_family != AF_INET6)
		return false;
	memcpy(&v6, from, sizeof(v6));
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
	       (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == 127);
}

static struct upload *new_upload(void)
{
	struct upload *u = mem_new(sizeof(*u));

	buf_init(&u->body, BODY_MOST);
	return u;
}

static void free_upload(struct upload *u)
{
	if (!u)
		return;
	buf_done(&u->body);
	free(u);
}

static void on_completed(
	void *arg, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
	(void)arg, (void)c, (void)how;
	free_upload(*state);
	*state = NULL;
}

static unsigned answer(struct request *q, struct reply *r, const struct endpoint *e, bool post,
	bool readable, const struct buf *body)
{
	if (e ? endpoint_posts(e) != post || (!post && !readable) : !readable)
		return reply_problem(q, r, MHD_HTTP_METHOD_NOT_ALLOWED);
	if (!e)
		return reply_problem(q, r, MHD_HTTP_NOT_FOUND);
	if (endpoint_posts(e) && body->err)
		return reply_problem(q, r, MHD_HTTP_CONTENT_TOO_LARGE);
	q->body = buf_text(body);
	q->body_len = body->len;
	return e->handle(q, r);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **state)
{
	struct http *h = arg;
	struct request q = { .context = h->context, .path = path, .connection = c };
	struct reply r = { 0 };
	const struct endpoint *e = NULL;
	const union MHD_ConnectionInfo *client;
	char scratch[PATH_MAX_BYTES];
	bool readable =
		     !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD),
	     post = !strcmp(method, MHD_HTTP_METHOD_POST), fits = strlen(path) < sizeof(scratch);
	struct upload *u = *state;
	unsigned status;
	enum MHD_Result result;

	(void)version;
	if (fits)
		e = find(&q, scratch);
	/* the first call of a request: headers only.  What will not be answered is refused before its body comes */
	if (!u && (readable || (post && e && endpoint_posts(e)))) {
		*state = new_upload();
		return MHD_YES;
	}
	if (u && *upload_size) {
		buf_put(&u->body, upload, *upload_size); /* too much is remembered, and not kept */
		*upload_size = 0;
		return MHD_YES;
	}
	buf_init(&r.body, BODY_CEILING);
	q.lang = choose_lang(c, &q.chosen);
	q.gzip = wants_gzip(c);
	client = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	q.from = client ? client->client_addr : NULL;
	q.secure = is_secure(c, q.from);
	if (!fits)
		status = reply_problem(&q, &r, MHD_HTTP_URI_TOO_LONG);
	else
		status = answer(&q, &r, e, post, readable, u ? &u->body : &r.body);
	result = send_reply(c, &q, &r, status, e);
	buf_done(&r.body);
	return result;
}

/* --- start and stop ------------------------------------------------------------------------------------------------ */

static int address_of(const char *listen, int port, struct sockaddr_storage *out, struct why *why)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char service[8];

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(listen, service, &hints, &found))
		return why_say(
			why, -EINVAL, "http.listen: '%s' is not an IPv4 or IPv6 address", listen);
	memcpy(out, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

static char *read_file(const char *path, struct why *why)
{
	FILE *f = fopen(path, "re");
	struct buf b;
	char part[4096], *text = NULL;
	size_t n;

	if (!f) {
		why_say(why, -errno, "%s: %s", path, strerror(errno));
		return NULL;
	}
	buf_init(&b, 1 << 20);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_put(&b, part, n);
	fclose(f);
	text = mem_copy(buf_text(&b));
	buf_done(&b);
	return text;
}

static void PRINTF(2, 0) on_log(void *arg, const char *format, va_list list)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), format, list);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http", "%s", text);
}

int http_start(struct http **out, const struct http_options *o, struct why *why)
{
	struct http *h = mem_new(sizeof(*h));
	unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG;
	struct sockaddr_storage at = { 0 };
	struct MHD_OptionItem tls[3] = { { MHD_OPTION_END, 0, NULL } };
	int err = address_of(o->listen, o->port, &at, why);

	h->context = o->context;
	if (!err && o->cert_file && *o->cert_file) {
		h->cert = read_file(o->cert_file, why);
		h->key = h->cert ? read_file(o->key_file, why) : NULL;
		err = h->key ? 0 : -EINVAL;
		tls[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, h->cert };
		tls[1] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, h->key };
		tls[2] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
		flags |= MHD_USE_TLS;
	}
	if (at.ss_family == AF_INET6)
		flags |= MHD_USE_DUAL_STACK;
	if (!err) {
		h->daemon = MHD_start_daemon(flags, (uint16_t)o->port, NULL, NULL, on_request, h,
			MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_SOCK_ADDR,
			(struct sockaddr *)&at, MHD_OPTION_THREAD_POOL_SIZE,
			o->threads ? o->threads : 2u, MHD_OPTION_CONNECTION_LIMIT, 512u,
			MHD_OPTION_PER_IP_CONNECTION_LIMIT, 128u, MHD_OPTION_CONNECTION_TIMEOUT,
			30u, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY, tls,
			MHD_OPTION_END);
		if (!h->daemon)
			err = why_say(why, -EADDRINUSE, "http: cannot listen on %s port %d: %s",
				o->listen, o->port,
				errno ? strerror(errno) : "address in use or no permission");
	}
	if (err) {
		http_stop(h);
		return err;
	}
	*out = h;
	return 0;
}

void http_stop(struct http *h)
{
	if (!h)
		return;
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	free(h->cert);
	free(h->key);
	free(h);
}

int http_port(const struct http *h)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}
