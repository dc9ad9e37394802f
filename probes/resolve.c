/* SPDX-License-Identifier: Apache-2.0 */
/* c-ares on the loop.  Its callbacks only collect; callers are told from a timer of ours, so that they
 * may start, cancel or free whatever they like. */
#include "resolve.h"
#include "core/clock.h"
#include "core/mem.h"
#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define ADDRESSES    16
#define NAME_MAX_DNS 253 /* RFC 1035 2.3.4, without the final dot */
#define TRY_MS       2000
#define TRIES        3
#define SYSTEM_FILE  "/etc/resolv.conf"

struct resolve {
	struct loop *loop;
	ares_channel channel;
	char *servers; /* NULL: the system's, read again when its file changes */
	struct timespec file_time;
	ino_t file_inode;
	struct loop_timer timer;
	bool (*refused)(const struct sockaddr *a); /* NULL: nothing is */
	struct watched *sockets;
	struct resolve_query *queries;
};

struct watched { /* a socket of c-ares */
	struct loop_fd io;
	struct resolve *r;
	struct watched *next;
};

struct resolve_query {
	struct resolve *r;
	struct resolve_query *next;
	struct loop_timer timer; /* the deadline, and then the delivery */
	struct lookup *lookup[2];
	unsigned pending; /* lookups that c-ares has not ended */
	bool told;        /* inside done() */
	bool any;         /* no address is refused */
	int err;
	size_t n;
	struct sockaddr_storage addrs[ADDRESSES];
	void (*done)(void *arg, int err, const struct sockaddr_storage *addrs, size_t n);
	void *arg;
};

/* c-ares cannot give up one query of a channel: when ours is gone its lookups stay until they end. */
struct lookup {
	struct resolve_query *q; /* NULL: nobody waits */
};

static int error_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_ENONAME:
		return -ENOENT;
	case ARES_ETIMEOUT:
		return -ETIMEDOUT;
	case ARES_ECONNREFUSED:
		return -ECONNREFUSED;
	case ARES_ESERVFAIL:
		return -EAGAIN;
	case ARES_EREFUSED:
	case ARES_ENOTIMP:
		return -EACCES;
	case ARES_EBADRESP:
	case ARES_EFORMERR:
		return -EBADMSG;
	case ARES_EBADNAME:
	case ARES_EBADQUERY:
		return -EINVAL;
	case ARES_ENOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

const char *resolve_text(int err)
{
	switch (err) {
	case 0:
	case -ENOENT:
		return "no such name, or no address of this family";
	case -ETIMEDOUT:
		return "no name server answered";
	case -ECONNREFUSED:
		return "no name server works";
	case -EAGAIN:
		return "the name server failed";
	case -EACCES:
		return "the name server refused";
	case -EPERM:
		return "its address is in a range that is not allowed";
	case -EBADMSG:
		return "the name server's answer cannot be read";
	case -EINVAL:
		return "that is no name";
	default:
		return strerror(-err);
	}
}

static void set_timer(struct resolve *r)
{
	struct timeval room, *tv = ares_timeout(r->channel, NULL, &room);

	if (tv)
		loop_timer_in(r->loop, &r->timer, tv->tv_sec * NS_PER_S + tv->tv_usec * NS_PER_US);
	else
		loop_timer_stop(r->loop, &r->timer);
}

static void timer_fired(struct loop_timer *t)
{
	struct resolve *r = container_of(t, struct resolve, timer);

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(r);
}

static void socket_ready(struct loop_fd *f, uint32_t events)
{
	struct watched *w = container_of(f, struct watched, io);
	struct resolve *r = w->r;
	int fd = f->fd;
	bool in = events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLPRI), out = events & EPOLLOUT;

	ares_process_fd(r->channel, in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
	set_timer(r); /* w may be gone */
}

static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolve *r = arg;
	struct watched **at = &r->sockets, *w;
	uint32_t events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

	while (*at && (*at)->io.fd != fd)
		at = &(*at)->next;
	w = *at;
	if (!events) {
		if (!w)
			return;
		*at = w->next;
		loop_fd_del(r->loop, &w->io);
		free(w);
	} else if (w) {
		loop_fd_mod(r->loop, &w->io, events);
	} else {
		w = mem_new(sizeof(*w));
		w->r = r;
		w->io.fd = fd;
		w->io.ready = socket_ready;
		if (loop_fd_add(r->loop, &w->io, events)) {
			free(w); /* the query runs into its timeout */
			return;
		}
		w->next = r->sockets;
		r->sockets = w;
	}
}

static int channel_open(struct resolve *r)
{
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH,
		.timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = r,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
	           ARES_OPT_DOMAINS; /* none: a measurement asks for the name it was given */
	struct stat st;
	ares_channel channel;
	int status = ares_init_options(&channel, &o, mask);

	if (status)
		return error_of(status);
	if (r->servers && ares_set_servers_ports_csv(channel, r->servers)) {
		ares_destroy(channel);
		return -EINVAL;
	}
	if (!r->servers && !stat(SYSTEM_FILE, &st)) {
		r->file_time = st.st_mtim;
		r->file_inode = st.st_ino;
	}
	r->channel = channel;
	return 0;
}

/* A modem that comes up rewrites the system's list of servers. */
static void follow_system(struct resolve *r)
{
	ares_channel old = r->channel;
	struct stat st;

	if (r->servers || r->queries || stat(SYSTEM_FILE, &st))
		return;
	if (st.st_ino == r->file_inode && st.st_mtim.tv_sec == r->file_time.tv_sec &&
		st.st_mtim.tv_nsec == r->file_time.tv_nsec)
		return;
	if (channel_open(r))
		return;
	ares_destroy(old);
	set_timer(r);
}

int resolve_new(struct resolve **out, struct loop *l, const char *servers)
{
	struct resolve *r;
	int err;

	if (ares_library_init(ARES_LIB_INIT_ALL))
		return -ENOMEM;
	r = mem_new(sizeof(*r));
	r->loop = l;
	r->timer.fire = timer_fired;
	r->servers = mem_copy(servers);
	err = channel_open(r);
	if (err) {
		free(r->servers);
		free(r);
		ares_library_cleanup();
		return err;
	}
	*out = r;
	return 0;
}

void resolve_free(struct resolve *r)
{
	if (!r)
		return;
	while (r->queries)
		resolve_cancel(r->queries);
	ares_destroy(r->channel); /* ends the lookups and takes the sockets away */
	loop_timer_stop(r->loop, &r->timer);
	free(r->servers);
	free(r);
	ares_library_cleanup();
}

void resolve_refuse(struct resolve *r, bool (*refused)(const struct sockaddr *a))
{
	r->refused = refused;
}

static void unlink_query(struct resolve_query *q)
{
	struct resolve_query **at = &q->r->queries;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	loop_timer_stop(q->r->loop, &q->timer);
	for (size_t i = 0; i < COUNT(q->lookup); i++)
		if (q->lookup[i])
			q->lookup[i]->q = NULL;
}

void resolve_cancel(struct resolve_query *q)
{
	if (!q || q->told)
		return;
	unlink_query(q);
	free(q);
}

static void deliver(struct loop_timer *t)
{
	struct resolve_query *q = container_of(t, struct resolve_query, timer);
	int err = q->n ? 0 : q->pending ? -ETIMEDOUT : q->err;

	for (size_t i = 0; q->r->refused && !q->any && i < q->n; i++)
		if (q->r->refused((const struct sockaddr *)&q->addrs[i]))
			err = -EPERM;
	if (err)
		q->n = 0;
	unlink_query(q);
	q->told = true;
	q->done(q->arg, err, q->addrs, q->n); /* may free the resolver */
	free(q);
}

static void keep_address(struct resolve_query *q, const struct sockaddr *sa, size_t len)
{
	if (q->n >= ADDRESSES || len > sizeof(q->addrs[0]))
		return;
	memcpy(&q->addrs[q->n++], sa, len);
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup *one = arg;
	struct resolve_query *q = one->q;

	(void)timeouts;
	for (struct ares_addrinfo_node *n = info && q ? info->nodes : NULL; n; n = n->ai_next)
		if (n->ai_addr && (n->ai_family == AF_INET || n->ai_family == AF_INET6))
			keep_address(q, n->ai_addr, n->ai_addrlen);
	if (info)
		ares_freeaddrinfo(info);
	if (q) {
		for (size_t i = 0; i < COUNT(q->lookup); i++)
			if (q->lookup[i] == one)
				q->lookup[i] = NULL;
		q->pending--;
		/* of two different failures the one that is not "no such name" says more */
		if (status && (!q->err || q->err == -ENOENT))
			q->err = error_of(status);
		if (!q->pending)
			loop_timer_in(q->r->loop, &q->timer, 0);
	}
	free(one);
}

static void ask(struct resolve_query *q, size_t i, const char *name, int family)
{
	struct ares_addrinfo_hints hints = { .ai_family = family, .ai_flags = ARES_AI_NOSORT };
	struct lookup *one = mem_new(sizeof(*one));

	one->q = q;
	q->lookup[i] = one;
	q->pending++;
	ares_getaddrinfo(q->r->channel, name, NULL, &hints, answered, one); /* may answer at once */
}

/* "::1", "[::1]", "fe80::1%eth0", "192.0.2.1": fills in the address and says that it is one. */
static bool literal(const char *name, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	size_t n = strlen(name);
	char *scope;

	memset(out, 0, sizeof(*out));
	if (n > 2 && name[0] == '[' && name[n - 1] == ']') {
		name++;
		n -= 2;
	}
	if (n >= sizeof(text))
		return false;
	memcpy(text, name, n);
	text[n] = 0;
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return true;
	}
	scope = strchr(text, '%');
	if (scope) {
		*scope++ = 0;
		v6->sin6_scope_id = if_nametoindex(scope);
	}
	v6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

int resolve_start(struct resolve_query **out, struct resolve *r, const char *name, int family,
	int64_t timeout_ns,
	void (*done)(void *arg, int err, const struct sockaddr_storage *addrs, size_t n), void *arg)
{
	struct resolve_query *q;
	size_t len = strlen(name);

	follow_system(r);
	q = mem_new(sizeof(*q));
	q->r = r;
	q->done = done;
	q->arg = arg;
	q->timer.fire = deliver;
	q->any = !strcasecmp(name, "ipv4only.arpa"); /* RFC 7050 3 */
	q->next = r->queries;
	r->queries = q;
	*out = q;
	loop_timer_in(r->loop, &q->timer, timeout_ns);
	if (literal(name, &q->addrs[0])) {
		if (!family || (family == 4) == (q->addrs[0].ss_family == AF_INET))
			q->n = 1;
		else
			q->err = -ENOENT;
		loop_timer_in(r->loop, &q->timer, 0);
		return 0;
	}
	if (!len || len > NAME_MAX_DNS + 1) {
		q->err = -EINVAL;
		loop_timer_in(r->loop, &q->timer, 0);
		return 0;
	}
	q->pending = 1; /* held until all questions are asked: some are answered at once */
	if (family != 4)
		ask(q, 1, name, AF_INET6);
	if (family != 6)
		ask(q, 0, name, AF_INET);
	if (!--q->pending)
		loop_timer_in(r->loop, &q->timer, 0);
	set_timer(r);
	return 0;
}
