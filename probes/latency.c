/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips to one target: STAMP against a reflector, or ICMP echo against any host.  The kernel
 * takes the times, so a busy loop delays packets and does not lengthen round trips. */
#include "core/clock.h"
#include "core/mem.h"
#include "echo.h"
#include "kstamp.h"
#include "latency.h"
#include "netif.h"
#include "probe.h"
#include "resolve.h"
#include "stamp.h"
#include "trips.h"
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define HOST_MAX      256
#define EXTRA_PACKETS 5  /* sent after the last, until one is answered: see last_ones_unheard() */
#define SEND_FAILURES 20 /* in a run, before it is given up */
#define READ_AT_ONCE  64

enum { V4, V6, FAMILIES };

struct latency {
	/* Open for life, as that may need privileges, and never connected: disconnecting takes a raw
	 * socket out of the kernel's table for good. */
	struct echo_socket echo[FAMILIES];
	struct resolve_query *query;
	struct trips trips;
	struct loop_fd io; /* fd -1 outside a run */
	struct loop_timer next, end;
	bool stamp, raw, stateful;
	int family;
	struct stamp_key key;
	size_t count, payload;
	int64_t interval_ns, timeout_ns;
	int64_t begun_ns, due_ns, cpu_ns; /* clock_loop(), and our CPU time when it began */
	uint32_t first_id;                /* sequence number of the kernel's departure 0 */
	uint64_t run;
	uint16_t ssid, id;
	unsigned failures;
	int icmp_error; /* the last that the net reported */
	bool far_synced;
	int64_t near_error_us, far_error_us;
	struct sockaddr_storage to;
	char host[HOST_MAX];
	uint16_t port;
};

static const char *const methods[] = { "stamp", "icmp", NULL };
static const char *const families[] = { "any", "4", "6", NULL };

static const struct setting latency_settings[] = {
	{ "target", SETTING_TEXT, 0, HOST_MAX - 1, NULL, "", NULL,
		"host or address, for stamp with :port" },
	{ "method", SETTING_TEXT, 0, 0, "stamp", "", methods,
		"stamp needs a reflector, icmp any host" },
	{ "family", SETTING_TEXT, 0, 0, "any", "", families, "address family" },
	{ "count", SETTING_INT, 1, 10000, "20", "", NULL, "packets in a run" },
	{ "interval_ms", SETTING_INT, 1, 60000, "50", "ms", NULL, "between two packets" },
	{ "timeout_ms", SETTING_INT, 10, 60000, "2000", "ms", NULL,
		"after which a packet is lost" },
	{ "size", SETTING_INT, 0, 1500, "0", "B", NULL,
		"IP packet length; 0: the usual one of the method" },
	{ "stateful", SETTING_BOOL, 0, 0, "true", "", NULL,
		"the reflector counts by itself: loss is split by direction" },
	{ "key", SETTING_TEXT, 0, STAMP_KEY_MAX, "", "", NULL,
		"shared secret of authenticated STAMP" },
	{ 0 },
};

static void random_bytes(void *out, size_t n)
{
	/* up to 256 bytes never come short once the kernel's pool is ready; before, guessable is enough */
	if (getrandom(out, n, GRND_NONBLOCK) != (ssize_t)n) {
		int64_t seed = clock_mono() ^ clock_wall();

		memcpy(out, &seed, n < sizeof(seed) ? n : sizeof(seed));
	}
}

static int64_t cpu_time(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Wall minus monotonic time.  NTP steers both alike, so that it changes only when somebody sets the
 * clock.  Read again when we were interrupted between the three. */
static int64_t wall_offset(void)
{
	int64_t before, wall, after;
	unsigned tries = 0;

	do {
		before = clock_loop();
		wall = clock_wall();
		after = clock_loop();
	} while (after - before > 50 * NS_PER_US && ++tries < 5);
	return wall - before;
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)a)->sin6_addr,
			&((const struct sockaddr_in6 *)b)->sin6_addr);
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
	       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}

static int open_echo(struct latency *l, int family, struct why *why)
{
	int err = -EAFNOSUPPORT;

	if (family != AF_INET6)
		err = echo_open(&l->echo[V4], AF_INET);
	if (family != AF_INET) {
		int err6 = echo_open(&l->echo[V6], AF_INET6);

		err = err && err6 ? err6 : 0;
	}
	if (err)
		return why_say(why, err,
			"no ICMP socket: %s; it needs CAP_NET_RAW or net.ipv4.ping_group_range",
			strerror(-err));
	return 0;
}

static void next_due(struct loop_timer *t);
static void end_due(struct loop_timer *t);
static void socket_ready(struct loop_fd *f, uint32_t events);

static int latency_open(struct probe *p, struct why *why)
{
	struct latency *l = probe_state(p);
	const char *family = probe_str(p, "family"), *key = probe_str(p, "key");

	l->io.fd = l->echo[V4].fd = l->echo[V6].fd = -1;
	l->io.ready = socket_ready;
	l->next.fire = next_due;
	l->end.fire = end_due;
	l->stamp = !strcmp(probe_str(p, "method"), "stamp");
	l->stateful = settings_bool(probe_settings(p), "stateful");
	l->family = *family == '4' ? AF_INET : *family == '6' ? AF_INET6 : AF_UNSPEC;
	l->count = (size_t)probe_int(p, "count");
	l->interval_ns = probe_int(p, "interval_ms") * NS_PER_MS;
	l->timeout_ns = probe_int(p, "timeout_ms") * NS_PER_MS;
	l->key.len = strnlen(key, STAMP_KEY_MAX);
	memcpy(l->key.bytes, key, l->key.len);
	l->port = STAMP_PORT;
	if (latency_target(probe_str(p, "target"), l->host, sizeof(l->host), &l->port))
		return why_say(why, -EINVAL,
			"target \"%s\" is not host, host:port or [address]:port",
			probe_str(p, "target"));
	return l->stamp ? 0 : open_echo(l, l->family, why);
}

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void latency_close(struct probe *p)
{
	struct latency *l = probe_state(p);

	fd_close(l->echo[V4].fd);
	fd_close(l->echo[V6].fd);
}

/* Ends the run's use of the loop and the socket. */
static void let_go(struct probe *p)
{
	struct latency *l = probe_state(p);
	struct loop *loop = probe_loop(p);

	loop_timer_stop(loop, &l->next);
	loop_timer_stop(loop, &l->end);
	if (l->io.fd >= 0) {
		if (l->io.added)
			loop_fd_del(loop, &l->io);
		if (l->stamp)
			close(l->io.fd);
	}
	l->io.fd = -1;
	trips_done(&l->trips);
}

static size_t header_bytes(const struct latency *l)
{
	return (l->to.ss_family == AF_INET6 ? 40 : 20) + (l->stamp ? 8 : 0);
}

/* Bytes after the UDP or IP header.  A size the method cannot make becomes the nearest it can. */
static size_t payload_bytes(const struct latency *l, int64_t ip_bytes)
{
	size_t head = header_bytes(l), base = l->key.len ? STAMP_AUTH_BYTES : STAMP_BYTES, n;

	if (!l->stamp)
		base = ECHO_BYTES;
	if (ip_bytes == 0)
		return l->stamp ? base : 64; /* as ping sends: 8 + 56 */
	n = (size_t)ip_bytes > head + base ? (size_t)ip_bytes - head : base;
	if (l->stamp && n > base && n < base + STAMP_TLV_BYTES)
		n = base + STAMP_TLV_BYTES;
	return n;
}

static void fill_common(struct probe *p, struct record *r)
{
	struct latency *l = probe_state(p);
	char address[INET6_ADDRSTRLEN];
	const void *ip = l->to.ss_family == AF_INET6
	                         ? (const void *)&((struct sockaddr_in6 *)&l->to)->sin6_addr
	                         : (const void *)&((struct sockaddr_in *)&l->to)->sin_addr;
	int64_t took_ns = clock_loop() - l->begun_ns;

	record_set_text(r, FIELD_TARGET, probe_str(p, "target"));
	record_set_text(r, FIELD_METHOD, probe_str(p, "method"));
	record_set_int(r, FIELD_FAMILY, l->to.ss_family == AF_INET6 ? 6 : 4);
	record_set_text(r, FIELD_ADDRESS, inet_ntop(l->to.ss_family, ip, address, sizeof(address)));
	if (*probe_world(p)->iface)
		record_set_text(r, FIELD_IFACE, probe_world(p)->iface);
	record_set_int(r, FIELD_DURATION_MS, took_ns / NS_PER_MS);
	record_set_int(r, FIELD_LAG_US, loop_lag_ns(probe_loop(p)) / NS_PER_US);
	if (took_ns > 0)
		record_set_real(
			r, FIELD_CPU_SHARE, (double)(cpu_time() - l->cpu_ns) / (double)took_ns);
	record_set_int(r, FIELD_INTERVAL_US, l->interval_ns / NS_PER_US);
	record_set_int(r, FIELD_PACKET_BYTES, (int64_t)(header_bytes(l) + l->payload));
	probe_radio(p, r, FIELD_START_RAT);
}

static void emit_trips(struct probe *p)
{
	struct latency *l = probe_state(p);
	struct record r;

	probe_record(p, &r);
	fill_common(p, &r);
	trips_fill(&l->trips, &r, l->stamp && l->stateful);
	if (l->far_synced && l->near_error_us >= 0 && l->far_error_us >= 0)
		trips_fill_one_way(&l->trips, &r, l->near_error_us + l->far_error_us);
	probe_emit(p, &r);
}

/* Nothing answered: loss is a result, unless the net told us that nobody is there. */
static void finish(struct probe *p)
{
	struct latency *l = probe_state(p);
	int err = l->trips.answered + l->trips.late ? 0 : l->icmp_error;

	if (!err)
		emit_trips(p);
	let_go(p);
	if (err == ECONNREFUSED)
		probe_fail(p, -err, "no_server", "nothing answers at %s port %u", l->host, l->port);
	else if (err)
		probe_fail(p, -err, "unreachable", "%s: %s", l->host, strerror(err));
	else
		probe_done(p, 0);
}

static void give_up(struct probe *p, int err, const char *doing)
{
	struct latency *l = probe_state(p);
	bool no_route = err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EADDRNOTAVAIL ||
	                err == -ENETDOWN;

	let_go(p);
	probe_fail(p, err, no_route ? "no_route" : "socket", "%s: %s: %s", l->host, doing,
		strerror(-err));
}

static int build(struct latency *l, uint8_t *packet, uint32_t seq, int64_t wall_ns)
{
	if (l->stamp) {
		struct stamp_request r = { seq, wall_ns, stamp_error_now(STAMP_NTP), l->ssid };

		return stamp_put_request(packet, l->payload, &r, &l->key);
	}
	echo_put(packet, l->payload, l->to.ss_family,
		&(struct echo){ l->id, (uint16_t)seq, l->run });
	return 0;
}

/* A raw socket also hears what the net answers to other programs of this device. */
static bool about_target(const struct latency *l, const struct kstamp_message *m)
{
	return l->stamp || !m->from.ss_family || same_host(&m->from, &l->to);
}

static void read_errors(struct latency *l)
{
	struct kstamp_message m;

	while (!kstamp_drain(l->io.fd, &m)) {
		if (m.departure && m.kernel)
			trips_departed(&l->trips, l->first_id + m.departure_id, m.at_ns);
		else if (m.error && about_target(l, &m))
			l->icmp_error = m.error;
	}
}

static ssize_t send_packet(struct latency *l, const uint8_t *packet)
{
	const struct sockaddr_storage *to = l->stamp ? NULL : &l->to;
	socklen_t len = l->stamp ? 0 : netif_len(&l->to);
	ssize_t n = kstamp_send(l->io.fd, packet, l->payload, to, len, NULL, 0);

	/* the error may be what the net said of an earlier packet; telling it takes it away */
	if (n < 0 && n != -EAGAIN)
		n = kstamp_send(l->io.fd, packet, l->payload, to, len, NULL, 0);
	return n;
}

/* 0, or the error of a send that failed; nothing counts as sent then. */
static int send_one(struct latency *l)
{
	uint8_t packet[STAMP_BYTES_MAX > ECHO_BYTES_MAX ? STAMP_BYTES_MAX : ECHO_BYTES_MAX];
	uint32_t seq = (uint32_t)l->trips.sent;
	int64_t offset = wall_offset(), wall = clock_wall();
	ssize_t n = build(l, packet, seq, wall);

	if (!n)
		n = send_packet(l, packet);
	if (n >= 0)
		return trips_sent(&l->trips, wall, offset);
	/* kernels differ in whether a failed send takes a number: count afresh from the next one */
	read_errors(l);
	kstamp_arm(l->io.fd, l->to.ss_family, true);
	l->first_id = seq;
	return (int)n;
}

static void next_due(struct loop_timer *t)
{
	struct latency *l = container_of(t, struct latency, next);
	struct probe *p = probe_of(l);
	struct loop *loop = probe_loop(p);
	int err = send_one(l);

	if (err && ++l->failures >= SEND_FAILURES) {
		give_up(p, err, "sending");
		return;
	}
	l->due_ns += l->interval_ns;
	/* after a stall of the whole device: no burst to catch up */
	if (l->due_ns < loop_now(loop))
		l->due_ns = loop_now(loop);
	if (l->trips.sent < l->count)
		loop_timer_at(loop, &l->next, l->due_ns);
	else
		loop_timer_in(loop, &l->end, l->timeout_ns);
}

/* What was lost after the last reply could have been lost either way, so one more packet is sent
 * until one is answered.  They count like all others: the share of loss stays unbiased (Wald). */
static bool last_ones_unheard(const struct latency *l)
{
	return l->stamp && l->stateful && l->trips.answered > 0 && !trips_last_heard(&l->trips) &&
	       l->trips.sent < l->count + EXTRA_PACKETS;
}

static void end_due(struct loop_timer *t)
{
	struct latency *l = container_of(t, struct latency, end);
	struct probe *p = probe_of(l);
	int64_t wait_ns = 2 * trips_slowest(&l->trips) + 200 * NS_PER_MS;

	if (last_ones_unheard(l) && !send_one(l))
		loop_timer_in(
			probe_loop(p), &l->end, wait_ns < l->timeout_ns ? wait_ns : l->timeout_ns);
	else
		finish(p);
}

static void note_clock(struct latency *l, const struct stamp_reply *s)
{
	l->far_synced = l->far_synced && s->error.synced;
	if (s->error.error_us < 0)
		l->far_synced = false;
	else if (s->error.error_us > l->far_error_us)
		l->far_error_us = s->error.error_us;
}

static void take_reply(
	struct latency *l, const uint8_t *bytes, size_t n, const struct kstamp_message *m)
{
	struct trip_reply r = {
		.back_ns = m->at_ns, .kernel = m->kernel, .offset_ns = wall_offset()
	};
	struct echo_socket kind = { l->io.fd, l->to.ss_family, l->raw };
	struct stamp_reply s;
	struct echo e;

	if (l->stamp) {
		/* TWAMP Light reflectors leave the session's field zero */
		if (stamp_get_reply(bytes, n, &s, &l->key) || (s.ssid != l->ssid && s.ssid != 0))
			return;
		r.seq = s.request_seq;
		r.told = true;
		r.far_in_ns = s.received_ns;
		r.far_out_ns = s.sent_ns;
		r.far_seq = s.seq;
		note_clock(l, &s);
	} else {
		if (!same_host(&m->from, &l->to) || echo_get(bytes, n, &kind, &e) ||
			e.run != l->run || (l->raw && e.id != l->id))
			return;
		r.seq = e.seq;
	}
	trips_reply(&l->trips, &r);
}

static void socket_ready(struct loop_fd *f, uint32_t events)
{
	struct latency *l = container_of(f, struct latency, io);
	uint8_t bytes[2048];
	struct kstamp_message m;

	/* departures first: they are what the replies below are measured from */
	if (events & EPOLLERR)
		read_errors(l);
	for (int i = 0; i < READ_AT_ONCE; i++) {
		ssize_t n = kstamp_receive(f->fd, bytes, sizeof(bytes), &m);

		if (n == -EAGAIN)
			break;
		if (n >= 0 && !m.truncated) /* < 0: an ICMP error, which the queue tells in full */
			take_reply(l, bytes, (size_t)n, &m);
	}
	/* a packet that left and came back since epoll looked has its departure there by now */
	read_errors(l);
	if (l->trips.sent >= l->count && trips_complete(&l->trips))
		finish(probe_of(l));
}

static void forget_backlog(int fd)
{
	struct kstamp_message m;
	uint8_t bytes[64];
	ssize_t n;

	do
		n = kstamp_receive(fd, bytes, sizeof(bytes), &m);
	while (n != -EAGAIN && n != -EBADF);
	while (!kstamp_drain(fd, &m))
		;
}

/* Binding for the second time wants CAP_NET_RAW, so one that is bound already is left alone. */
static int bind_to(int fd, const char *iface)
{
	char now[IFNAMSIZ] = "";
	socklen_t n = sizeof(now);

	if (!getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, now, &n) &&
		!strncmp(now, iface, sizeof(now)))
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, iface, (socklen_t)strlen(iface));
}

static int use_udp(struct latency *l, const char *iface)
{
	int ttl = 255; /* RFC 8762 4.2.1 */
	int fd = socket(l->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0)
		return -errno;
	l->io.fd = fd;
	if (l->to.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
	else
		setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (*iface && bind_to(fd, iface))
		return -errno;
	return connect(fd, (const struct sockaddr *)&l->to, netif_len(&l->to)) ? -errno : 0;
}

static int use_echo(struct latency *l, const char *iface)
{
	const struct echo_socket *echo = &l->echo[l->to.ss_family == AF_INET6 ? V6 : V4];
	int err;

	if (echo->fd < 0)
		return -EAFNOSUPPORT;
	err = netif_route(
		&l->to, iface, NULL); /* this socket does not tell, as it is not connected */
	if (err)
		return err;
	if (*iface && bind_to(echo->fd, iface))
		return -errno;
	l->io.fd = echo->fd;
	l->raw = echo->raw;
	forget_backlog(l->io.fd);
	return 0;
}

/* Makes the run's identity and state. */
static void prepare(struct probe *p)
{
	struct latency *l = probe_state(p);
	struct stamp_error near = stamp_error_now(STAMP_NTP);

	random_bytes(&l->run, sizeof(l->run));
	random_bytes(&l->id, sizeof(l->id));
	random_bytes(&l->ssid, sizeof(l->ssid));
	l->ssid += l->ssid == 0; /* 0 means none (RFC 8972 3) */
	l->first_id = l->failures = 0;
	l->icmp_error = 0;
	l->near_error_us = near.error_us;
	l->far_error_us = 0;
	l->far_synced = l->stamp && near.synced;
	trips_init(&l->trips, l->count + EXTRA_PACKETS, l->timeout_ns);
}

static int open_way(struct probe *p, const struct sockaddr_storage *to)
{
	const char *iface = probe_world(p)->iface;
	struct latency *l = probe_state(p);
	int err;

	l->to = *to;
	if (to->ss_family == AF_INET6)
		((struct sockaddr_in6 *)&l->to)->sin6_port = htons(l->stamp ? l->port : 0);
	else
		((struct sockaddr_in *)&l->to)->sin_port = htons(l->stamp ? l->port : 0);
	probe_flow(p, &l->to, l->stamp ? IPPROTO_UDP : IPPROTO_ICMP);
	l->payload = payload_bytes(l, probe_int(p, "size"));
	err = l->stamp ? use_udp(l, iface) : use_echo(l, iface);
	if (err)
		return err;
	kstamp_arm(l->io.fd, to->ss_family, true);
	return loop_fd_add(probe_loop(p), &l->io, EPOLLIN);
}

/* To the first address there is a way to: a name has addresses of a family that this line may lack. */
static void begin(struct probe *p, const struct sockaddr_storage *addrs, size_t n)
{
	struct latency *l = probe_state(p);
	int err = open_way(p, &addrs[0]);

	for (size_t i = 1; err && i < n; i++) {
		let_go(p);
		err = open_way(p, &addrs[i]);
	}
	if (err) {
		give_up(p, err, "opening a socket");
		return;
	}
	prepare(p);
	loop_lag_reset(probe_loop(p));
	l->begun_ns = l->due_ns = clock_loop();
	l->cpu_ns = cpu_time();
	next_due(&l->next);
}

static void resolved(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct probe *p = arg;
	struct latency *l = probe_state(p);

	l->query = NULL;
	if (err || n == 0)
		probe_fail(p, err ? err : -ENOENT, "dns", "no address for %s: %s", l->host,
			resolve_text(err));
	else
		begin(p, addrs, n);
}

static int latency_start(struct probe *p)
{
	struct latency *l = probe_state(p);
	int family = l->family == AF_INET ? 4 : l->family == AF_INET6 ? 6 : 0;

	return resolve_start(&l->query, probe_world(p)->resolve, l->host, family,
		l->timeout_ns > 5 * NS_PER_S ? l->timeout_ns : 5 * NS_PER_S, resolved, p);
}

/* What was measured until now is kept: a run beside a throughput test ends with that test. */
static void latency_cancel(struct probe *p)
{
	struct latency *l = probe_state(p);

	if (l->query)
		resolve_cancel(l->query);
	l->query = NULL;
	trips_cut(&l->trips);
	if (l->trips.answered > 0)
		emit_trips(p);
	let_go(p);
	probe_done(p, -ECANCELED);
}

/* Each packet and its answer, with the link's header; names are asked for with some more. */
static int64_t latency_most_bytes(const struct probe *p)
{
	const struct latency *l = probe_state((struct probe *)p);
	int64_t size = probe_int(p, "size");

	/* the usual sizes are below 200: latency_open() knows no family yet */
	return ((int64_t)l->count + EXTRA_PACKETS) * 2 * ((size ? size : 200) + 14) + 2000;
}

const struct probe_type latency_probe = {
	.name = "latency",
	.needs = PROBE_RAW | PROBE_LOADED,
	.most_bytes = latency_most_bytes,
	.accept = latency_settings,
	.state_size = sizeof(struct latency),
	.open = latency_open,
	.close = latency_close,
	.start = latency_start,
	.cancel = latency_cancel,
};
