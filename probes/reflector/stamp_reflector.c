/* SPDX-License-Identifier: Apache-2.0 */
/* STAMP packets in, replies out.  A session is an address, a port and an SSID; each has its own
 * sequence numbers, which is what tells loss on the way here from loss on the way back. */
#include "stamp_reflector.h"
#include "seats.h"
#include "../core/clock.h"
#include "../core/mem.h"
#include "../kstamp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READ_AT_ONCE     256
#define SOURCES_EXPIRE_S 60
#define ERROR_AGE_NS     NS_PER_S /* the clock's error estimate is asked for once a second */
#define RECEIVE_BUFFER   (4 << 20)

struct listener {
	struct loop_fd io;
	struct stamp_reflector *owner;
};

struct session {
	uint32_t next_seq;
};

struct stamp_reflector {
	struct loop *loop;
	struct listener listeners[2];
	struct seats sessions, sources;
	struct allowance overall;
	struct stamp_limits limits;
	struct stamp_counts counts;
	struct stamp_error error;
	int64_t error_read_ns;
};

struct stamp_reflector *stamp_reflector_bare(const struct stamp_limits *limits)
{
	struct stamp_reflector *r = mem_new(sizeof(*r));

	r->limits = *limits;
	r->listeners[0].io.fd = r->listeners[1].io.fd = -1;
	seats_init(&r->sessions, (size_t)limits->sessions, sizeof(struct session),
		limits->session_s * NS_PER_S);
	seats_init(&r->sources, (size_t)limits->sessions, sizeof(struct allowance),
		SOURCES_EXPIRE_S * NS_PER_S);
	return r;
}

static void session_key(uint8_t key[SEAT_KEY], const struct sockaddr_storage *from, uint16_t ssid)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	memset(key, 0, SEAT_KEY);
	if (from->ss_family == AF_INET6) {
		memcpy(key, &six->sin6_addr, 16);
		memcpy(key + 16, &six->sin6_port, 2);
	} else {
		memcpy(key, &four->sin_addr, 4);
		memcpy(key + 16, &four->sin_port, 2);
	}
	memcpy(key + 18, &ssid, 2);
}

/* The packet rate of one source, then of all: a flood from one address takes nothing from others. */
static bool allowed(struct stamp_reflector *r, const struct sockaddr_storage *from, int64_t now_ns)
{
	uint8_t key[SEAT_KEY];
	struct allowance *source;

	seats_client(key, from);
	source = seats_take(&r->sources, key, now_ns);
	return allowance_take(source, now_ns, r->limits.per_source_pps, r->limits.per_source_pps) &&
	       allowance_take(&r->overall, now_ns, r->limits.overall_pps, r->limits.overall_pps);
}

bool stamp_reflector_answer(struct stamp_reflector *r, uint8_t *bytes, size_t n,
	const struct kstamp_message *m, int64_t now_ns)
{
	struct stamp_request request;
	struct stamp_reply reply = { .received_ns = m->at_ns,
		.ttl = m->ttl < 0 ? 0 : (uint8_t)m->ttl };
	uint8_t key[SEAT_KEY];
	struct session *session;

	if (n > STAMP_BYTES_MAX || m->truncated ||
		stamp_get_request(bytes, n, &request, &r->limits.key)) {
		r->counts.malformed++;
		return false;
	}
	if (!allowed(r, &m->from, now_ns)) {
		r->counts.limited++;
		return false;
	}
	if (r->error_read_ns == 0 || now_ns - r->error_read_ns > ERROR_AGE_NS) {
		r->error = stamp_error_now(STAMP_NTP);
		r->error_read_ns = now_ns;
	}
	session_key(key, &m->from, request.ssid);
	session = seats_take(&r->sessions, key, now_ns);
	reply.seq = session->next_seq++;
	reply.error = r->error;
	reply.error.format = request.error.format; /* in the form that the sender itself uses */
	reply.sent_ns = clock_wall();
	stamp_reflect(bytes, n, &reply, &r->limits.key);
	return true;
}

static void packets_came(struct loop_fd *io, uint32_t events)
{
	struct listener *listener = container_of(io, struct listener, io);
	struct stamp_reflector *r = listener->owner;
	uint8_t bytes[STAMP_BYTES_MAX + 1];
	struct kstamp_message m;

	if (events & EPOLLERR)
		while (!kstamp_drain(io->fd, &m))
			;
	for (int i = 0; i < READ_AT_ONCE; i++) {
		ssize_t n = kstamp_receive(io->fd, bytes, sizeof(bytes), &m);

		if (n == -EAGAIN)
			return;
		if (n < 0 || !stamp_reflector_answer(r, bytes, (size_t)n, &m, loop_now(r->loop)))
			continue;
		if (kstamp_send(io->fd, bytes, (size_t)n, &m.from, m.from_len, &m.to, m.ifindex) ==
			n)
			r->counts.answered++;
		else
			r->counts.unsent++;
	}
}

static int bind_socket(int family, const char *address, uint16_t port)
{
	struct sockaddr_storage at = { .ss_family = (sa_family_t)family };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&at;
	struct sockaddr_in *four = (struct sockaddr_in *)&at;
	int on = 1, ttl = 255, room = RECEIVE_BUFFER, err;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (family == AF_INET6) {
		six->sin6_port = htons(port);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
	} else {
		four->sin_port = htons(port);
		setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	}
	if (*address)
		inet_pton(family, address,
			family == AF_INET6 ? (void *)&six->sin6_addr : (void *)&four->sin_addr);
	if (bind(fd, (struct sockaddr *)&at, family == AF_INET6 ? sizeof(*six) : sizeof(*four))) {
		err = -errno;
		close(fd);
		return err;
	}
	kstamp_arm(fd, family, false);
	return fd;
}

static int open_listener(
	struct stamp_reflector *r, size_t i, int family, const char *address, uint16_t port)
{
	struct listener *listener = &r->listeners[i];
	int fd = bind_socket(family, address, port);

	if (fd < 0)
		return fd;
	listener->owner = r;
	listener->io.fd = fd;
	listener->io.ready = packets_came;
	return loop_fd_add(r->loop, &listener->io, EPOLLIN);
}

int stamp_reflector_new(struct stamp_reflector **out, struct loop *l, const char *address,
	uint16_t port, const struct stamp_limits *limits, struct why *why)
{
	struct stamp_reflector *r = stamp_reflector_bare(limits);
	bool six = strchr(address, ':') != NULL, four = !six && *address;
	int err4 = -EAFNOSUPPORT, err6 = -EAFNOSUPPORT;

	r->loop = l;
	if (!six)
		err4 = open_listener(r, 0, AF_INET, address, port);
	if (!four)
		err6 = open_listener(r, 1, AF_INET6, address, port);
	/* a machine without IPv6 has no such addresses; a port in use is an error whatever the family */
	if ((err4 && err4 != -EAFNOSUPPORT) ||
		(err6 && err6 != -EAFNOSUPPORT && err6 != -EADDRNOTAVAIL) || (err4 && err6)) {
		int err = err4 && err4 != -EAFNOSUPPORT ? err4 : err6;

		stamp_reflector_free(r);
		return why_say(why, err, "stamp: UDP port %u: %s%s", port, strerror(-err),
			err == -EACCES ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
				       : "");
	}
	*out = r;
	return 0;
}

void stamp_reflector_free(struct stamp_reflector *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < COUNT(r->listeners); i++) {
		if (r->listeners[i].io.fd < 0)
			continue;
		if (r->listeners[i].io.added)
			loop_fd_del(r->loop, &r->listeners[i].io);
		close(r->listeners[i].io.fd);
	}
	seats_done(&r->sessions);
	seats_done(&r->sources);
	free(r);
}

struct stamp_counts stamp_reflector_counts(const struct stamp_reflector *r)
{
	struct stamp_counts c = r->counts;

	c.evicted = r->sessions.evicted;
	return c;
}
