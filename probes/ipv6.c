/* SPDX-License-Identifier: Apache-2.0 */
/* What works over each address family, tried in the same cycle against the same reflector: name, route,
 * a small and a full-size UDP packet, TCP, a small and a large HTTP answer.  The two families run side
 * by side; what it means is decided in ipv6_verdict.c. */
#include "core/clock.h"
#include "core/mem.h"
#include "fetch.h"
#include "ipv6_verdict.h"
#include "netif.h"
#include "probe.h"
#include "resolve.h"
#include "stamp.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HOST_MAX     256
#define URL_MAX      512
#define ERROR_MAX    120
#define UDP_TRIES    3
#define UDP_WAIT     (700 * NS_PER_MS)
#define LARGE_ANSWER 20000 /* more than the first window of small segments */
#define PACKET_MOST  1500 /* longer ones say nothing about the net: loopback, jumbo frames at home */
#define V6_LEAST_MTU 1280            /* RFC 8200 5 */
#define NAT64_NAME   "ipv4only.arpa" /* RFC 7050 */

/* Sizes that tunnels leave of 1500: PPPoE, 6in4, GTP and some more, down to the least. */
static const int sizes[] = { 1500, 1492, 1480, 1460, 1440, 1420, 1400, 1360, 1320, V6_LEAST_MTU };

struct ipv6;

struct leg { /* one family */
	struct ipv6 *t;
	int family;
	struct resolve_query *query;
	struct sockaddr_storage to;
	struct loop_fd udp; /* fd -1 outside its step */
	struct loop_timer again;
	unsigned tries;
	bool large; /* full-size packets are under way */
	int pmtu;   /* largest IP packet that came back */
	uint16_t ssid;
	struct fetch_job *job;
	struct family_evidence e;
	char error[ERROR_MAX];
	bool over;
};

struct ipv6 {
	struct leg leg[2];
	struct resolve_query *nat64_query;
	bool nat64_over;
	char nat64[INET6_ADDRSTRLEN + 8], host[HOST_MAX];
	unsigned port;
	bool tls;
	int64_t step_ns, begun_ns;
	struct ipv6_evidence e;
};

static const struct setting ipv6_settings[] = {
	{ "target", SETTING_TEXT, 0, URL_MAX - 64, NULL, "", NULL,
		"reflector: http://host:port or https://host" },
	{ "v4", SETTING_TEXT, 0, 64, "", "", NULL,
		"its IPv4 address, used when the name cannot be looked up" },
	{ "v6", SETTING_TEXT, 0, 64, "", "", NULL,
		"its IPv6 address, used when the name cannot be looked up" },
	{ "stamp_port", SETTING_INT, 0, 65535, "862", "", NULL,
		"its STAMP port; 0: UDP is not tried" },
	{ "timeout_ms", SETTING_INT, 100, 60000, "4000", "ms", NULL, "for each step" },
	{ "verify", SETTING_BOOL, 0, 0, "true", "", NULL, "https: check the server's certificate" },
	{ "ca_file", SETTING_TEXT, 0, 0, "", "", NULL,
		"https: certificates to trust instead of the system's" },
	{ 0 },
};

static void next_turn(struct leg *g);
static void leg_over(struct leg *g);

/* The first failure is the one that matters. */
static void PRINTF(2, 3) failed(struct leg *g, const char *format, ...)
{
	va_list args;

	if (*g->error)
		return;
	va_start(args, format);
	vsnprintf(g->error, sizeof(g->error), format, args);
	va_end(args);
}

/* --- addresses of this host --------------------------------------------------------------------------- */

static void look_at_addresses(struct ipv6 *t, const char *iface)
{
	struct ifaddrs *list;

	t->e.v4_address = V4_NONE;
	t->e.v6_address = V6_NONE;
	t->e.clat = false;
	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *i = list; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_flags & IFF_LOOPBACK || !(i->ifa_flags & IFF_UP))
			continue;
		if (i->ifa_addr->sa_family == AF_INET) {
			const uint8_t *a =
				(const uint8_t *)&((struct sockaddr_in *)i->ifa_addr)->sin_addr;

			/* the translator's interface is never the one that is measured over */
			t->e.clat |= v4_is_clat(a);
			if (*iface && strcmp(iface, i->ifa_name) && !v4_is_clat(a))
				continue;
			if (v4_kind(a) > t->e.v4_address)
				t->e.v4_address = v4_kind(a);
		} else if (i->ifa_addr->sa_family == AF_INET6 &&
			   (!*iface || !strcmp(iface, i->ifa_name))) {
			const uint8_t *a =
				(const uint8_t *)&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;

			if (v6_kind(a) > t->e.v6_address)
				t->e.v6_address = v6_kind(a);
		}
	}
	freeifaddrs(list);
}

/* --- HTTP --------------------------------------------------------------------------------------------- */

static void large_done(void *arg, const struct fetch_result *r)
{
	struct leg *g = arg;

	g->job = NULL;
	g->e.http_large = !r->err && r->status == 200 ? WORKED : FAILED;
	if (r->err)
		failed(g, "http: a large answer: %s", r->problem);
	else if (r->status != 200)
		g->e.http_large =
			UNTRIED; /* busy, or not a reflector: says nothing about packets */
	leg_over(g);
}

static void ping_done(void *arg, const struct fetch_result *r);

static void ask(
	struct leg *g, const char *path, void (*done)(void *arg, const struct fetch_result *r))
{
	struct probe *p = probe_of(g->t);
	struct fetch_options o = { .address = &g->to,
		.iface = probe_world(p)->iface,
		.timeout_ns = g->t->step_ns,
		.ca_file = probe_str(p, "ca_file"),
		.unverified = !settings_bool(probe_settings(p), "verify") };
	char url[URL_MAX];
	int err;

	fetch_at(url, sizeof(url), probe_str(p, "target"), path);
	o.url = url;
	err = fetch_start(&g->job, probe_world(p)->fetch, &o, done, g);
	if (!err)
		return;
	failed(g, "http: %s", strerror(-err));
	leg_over(g);
}

static void ping_done(void *arg, const struct fetch_result *r)
{
	struct leg *g = arg;
	char path[64];

	g->job = NULL;
	g->e.tcp = r->connected ? WORKED : FAILED;
	g->e.tcp_us = r->connect_us;
	g->e.http = !r->err && r->status >= 200 && r->status < 300 ? WORKED : FAILED;
	if (g->e.http == WORKED)
		g->e.http_us = r->total_us;
	if (g->e.tcp == FAILED)
		failed(g, "tcp: %s", r->problem);
	else if (r->err)
		failed(g, "http: %s", r->problem);
	else if (g->e.http == FAILED)
		failed(g, "http: status %d", r->status);
	if (g->e.http != WORKED || g->family == AF_INET) {
		leg_over(g);
		return;
	}
	snprintf(path, sizeof(path), "/down?bytes=%d", LARGE_ANSWER);
	ask(g, path, large_done);
}

/* --- UDP ---------------------------------------------------------------------------------------------- */

static int headers(const struct leg *g)
{
	return g->family == AF_INET6 ? 48 : 28;
}

static void udp_over(struct leg *g)
{
	struct loop *l = probe_loop(probe_of(g->t));

	loop_timer_stop(l, &g->again);
	if (g->udp.fd >= 0) {
		loop_fd_del(l, &g->udp);
		close(g->udp.fd);
		g->udp.fd = -1;
	}
}

/* The sequence number is the size, so that each reply says which packet it answers. */
static int send_packet(struct leg *g, int ip_bytes)
{
	uint8_t bytes[PACKET_MOST];
	size_t n = (size_t)(ip_bytes - headers(g));
	struct stamp_request r = { .seq = (uint32_t)ip_bytes,
		.sent_ns = clock_wall(),
		.ssid = g->ssid,
		.error = stamp_error_now(STAMP_NTP) };
	int err = stamp_put_request(bytes, n, &r, NULL);

	if (err)
		return err;
	return send(g->udp.fd, bytes, n, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* What the kernel believes the path takes: the interface's, or what a router told. */
static int known_mtu(const struct leg *g)
{
	int mtu = 0;
	socklen_t n = sizeof(mtu);

	if (getsockopt(g->udp.fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &n) || mtu > PACKET_MOST)
		return PACKET_MOST;
	return mtu < V6_LEAST_MTU ? V6_LEAST_MTU : mtu;
}

/* First only as long as the path is said to take; when that vanished, all the others at once. */
static void send_large(struct leg *g)
{
	int mtu = known_mtu(g);

	send_packet(g, mtu);
	for (size_t i = 0; g->tries && i < COUNT(sizes); i++)
		if (sizes[i] < mtu && sizes[i] > g->pmtu)
			send_packet(g, sizes[i]);
}

static void udp_next(struct leg *g)
{
	udp_over(g);
	ask(g, "/ping", ping_done);
}

static void udp_again(struct loop_timer *timer)
{
	struct leg *g = container_of(timer, struct leg, again);
	int err;

	if (g->tries == UDP_TRIES) {
		if (g->large)
			g->e.udp_large = g->pmtu >= known_mtu(g) ? WORKED : FAILED;
		else
			g->e.udp = FAILED;
		failed(g, g->large ? "udp: packets longer than %d B vanish" : "udp: no answer",
			g->pmtu);
		udp_next(g);
		return;
	}
	if (g->large) {
		send_large(g);
	} else {
		err = send_packet(g, STAMP_BYTES + headers(g));
		if (err)
			failed(g, "udp: %s", strerror(-err));
	}
	g->tries++;
	loop_timer_in(probe_loop(probe_of(g->t)), timer, UDP_WAIT);
}

static void go_large(struct leg *g)
{
	if (g->family == AF_INET) {
		udp_next(g);
		return;
	}
	g->large = true;
	g->tries = 0;
	udp_again(&g->again);
}

static void udp_answer(struct leg *g, const struct stamp_reply *r)
{
	if (r->ssid != g->ssid)
		return;
	if (!g->large) {
		g->e.udp = WORKED;
		go_large(g);
		return;
	}
	if ((int)r->request_seq > g->pmtu && r->request_seq <= PACKET_MOST)
		g->pmtu = (int)r->request_seq;
	if (g->pmtu < known_mtu(g))
		return;
	g->e.udp_large = WORKED;
	udp_next(g);
}

static void udp_ready(struct loop_fd *f, uint32_t events)
{
	struct leg *g = container_of(f, struct leg, udp);
	uint8_t bytes[PACKET_MOST];
	struct stamp_reply r;
	ssize_t n = recv(f->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)events;
	if (n >= 0) {
		if (!stamp_get_reply(bytes, (size_t)n, &r, NULL))
			udp_answer(g, &r);
	} else if (errno == EMSGSIZE && g->large) {
		send_packet(g, known_mtu(g)); /* a router told: path MTU discovery works */
	} else if (errno != EAGAIN && errno != EINTR && !g->large) {
		failed(g, "udp: %s", strerror(errno));
		g->e.udp = FAILED;
		udp_next(g);
	}
}

static void begin_udp(struct leg *g)
{
	struct probe *p = probe_of(g->t);
	const char *iface = probe_world(p)->iface;
	struct sockaddr_storage to = g->to;
	int v6 = g->family == AF_INET6, always = v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO, on = 1;

	if (!probe_int(p, "stamp_port")) {
		ask(g, "/ping", ping_done);
		return;
	}
	netif_port(&to, (unsigned)probe_int(p, "stamp_port"));
	g->ssid = (uint16_t)(clock_mono() / 1000 + g->family);
	g->udp.fd = socket(g->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (g->udp.fd < 0)
		goto out;
	setsockopt(g->udp.fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &always, sizeof(always));
	if (v6)
		setsockopt(g->udp.fd, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof(on));
	if (*iface &&
		setsockopt(g->udp.fd, SOL_SOCKET, SO_BINDTODEVICE, iface, (socklen_t)strlen(iface)))
		goto out;
	if (connect(g->udp.fd, (struct sockaddr *)&to, netif_len(&to)))
		goto out;
	if (loop_fd_add(probe_loop(p), &g->udp, EPOLLIN)) {
		close(g->udp.fd);
		g->udp.fd = -1;
		goto out;
	}
	udp_again(&g->again);
	return;
out:
	failed(g, "udp: %s", strerror(errno));
	if (g->udp.fd >= 0)
		close(g->udp.fd);
	g->udp.fd = -1;
	ask(g, "/ping", ping_done);
}

/* --- name and route ----------------------------------------------------------------------------------- */

static void try_route(struct leg *g)
{
	/* somewhere in the net, for a route lookup only: TEST-NET-3, and the first global address */
	const char *anywhere = g->family == AF_INET6 ? "2000::1" : "203.0.113.1";
	struct sockaddr_storage to = g->to;
	bool known = to.ss_family;
	int err;

	if (!known) {
		to.ss_family = (sa_family_t)g->family;
		inet_pton(g->family, anywhere,
			g->family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&to)->sin6_addr
					      : (void *)&((struct sockaddr_in *)&to)->sin_addr);
	}
	err = netif_route(&to, probe_world(probe_of(g->t))->iface, NULL);
	g->e.route = err ? FAILED : WORKED;
	if (err)
		failed(g, "route: %s", strerror(-err));
	if (err || !known)
		leg_over(g);
	else
		begin_udp(g);
}

static bool take_literal(struct leg *g, const char *text)
{
	char bare[64];
	size_t n = strlen(text);

	if (n > 2 && text[0] == '[') {
		text++;
		n -= 2;
	}
	if (n >= sizeof(bare))
		return false;
	memcpy(bare, text, n);
	bare[n] = 0;
	memset(&g->to, 0, sizeof(g->to));
	if (inet_pton(g->family, bare,
		    g->family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)&g->to)->sin6_addr
					  : (void *)&((struct sockaddr_in *)&g->to)->sin_addr) != 1)
		return false;
	g->to.ss_family = (sa_family_t)g->family;
	return true;
}

static const char *given(struct leg *g)
{
	return probe_str(probe_of(g->t), g->family == AF_INET6 ? "v6" : "v4");
}

static void resolved(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct leg *g = arg;

	(void)n;
	g->query = NULL;
	g->e.dns = err ? FAILED : WORKED;
	g->e.dns_empty = err == -ENOENT;
	if (!err)
		g->to = addrs[0];
	else
		failed(g, "dns: %s", resolve_text(err));
	if (err && !take_literal(g, given(g)))
		g->to.ss_family = 0;
	try_route(g);
}

static bool is_literal(const char *host)
{
	struct in_addr v4;

	return host[0] == '[' || inet_pton(AF_INET, host, &v4) == 1;
}

static int begin_leg(struct leg *g)
{
	struct probe *p = probe_of(g->t);

	if (!is_literal(g->t->host))
		return resolve_start(&g->query, probe_world(p)->resolve, g->t->host,
			g->family == AF_INET6 ? 6 : 4, g->t->step_ns, resolved, g);
	if (!take_literal(g, g->t->host) && !take_literal(g, given(g)))
		g->to.ss_family = 0;
	next_turn(g);
	return 0;
}

static void turn_came(struct loop_timer *timer)
{
	struct leg *g = container_of(timer, struct leg, again);

	g->again.fire = udp_again;
	try_route(g);
}

static void next_turn(struct leg *g)
{
	g->again.fire = turn_came;
	loop_timer_in(probe_loop(probe_of(g->t)), &g->again, 0);
}

static void nat64_found(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct ipv6 *t = arg;
	struct in6_addr prefix;
	char text[INET6_ADDRSTRLEN];

	t->nat64_query = NULL;
	t->nat64_over = true;
	for (size_t i = 0; !err && i < n && !t->e.nat64; i++) {
		prefix = ((const struct sockaddr_in6 *)&addrs[i])->sin6_addr;
		int length = nat64_prefix_length(prefix.s6_addr);

		if (!length)
			continue;
		memset(prefix.s6_addr + length / 8, 0, 16 - (size_t)length / 8);
		inet_ntop(AF_INET6, &prefix, text, sizeof(text));
		snprintf(t->nat64, sizeof(t->nat64), "%s/%d", text, length);
		t->e.nat64 = true;
	}
	if (t->leg[0].over && t->leg[1].over)
		leg_over(&t->leg[0]);
}

/* --- the record --------------------------------------------------------------------------------------- */

static void say_leg(struct record *r, const struct leg *g)
{
	const struct family_evidence *e = &g->e;
	int v6 = g->family == AF_INET6; /* its fields follow those of IPv4 */

	if (e->route)
		record_set_bool(r, FIELD_V4_ROUTE + v6, e->route == WORKED);
	if (e->dns && (e->dns == WORKED || e->dns_empty))
		record_set_bool(r, FIELD_V4_DNS + v6, e->dns == WORKED);
	if (e->udp)
		record_set_bool(r, FIELD_V4_UDP + v6, e->udp == WORKED);
	if (e->tcp_us >= 0)
		record_set_int(r, FIELD_V4_TCP_US + v6, e->tcp_us);
	if (e->http_us >= 0)
		record_set_int(r, FIELD_V4_HTTP_US + v6, e->http_us);
	if (*g->error)
		record_set_text(r, FIELD_V4_ERROR + v6, g->error);
	if (v6 && g->pmtu)
		record_set_int(r, FIELD_V6_PMTU, g->pmtu);
}

static void emit(struct probe *p)
{
	struct ipv6 *t = probe_state(p);
	struct record r;
	enum ipv6_verdict verdict;
	const uint8_t *target = (const uint8_t *)&((struct sockaddr_in6 *)&t->leg[1].to)->sin6_addr;

	t->e.v4 = t->leg[0].e;
	t->e.v6 = t->leg[1].e;
	t->e.v6_target_global = t->leg[1].to.ss_family && v6_kind(target) == V6_GLOBAL;
	probe_record(p, &r);
	record_set_text(&r, FIELD_TARGET, probe_str(p, "target"));
	record_set_text(&r, FIELD_IFACE, *probe_world(p)->iface ? probe_world(p)->iface : NULL);
	record_set_int(&r, FIELD_DURATION_MS, (clock_loop() - t->begun_ns) / NS_PER_MS);
	record_set_text(&r, FIELD_V4_ADDRESS, v4_address_name[t->e.v4_address]);
	record_set_text(&r, FIELD_V6_ADDRESS, v6_address_name[t->e.v6_address]);
	say_leg(&r, &t->leg[0]);
	say_leg(&r, &t->leg[1]);
	record_set_bool(&r, FIELD_CLAT, t->e.clat);
	record_set_text(&r, FIELD_NAT64_PREFIX, t->e.nat64 ? t->nat64 : NULL);
	if (!ipv6_judge(&t->e, &verdict)) {
		record_set_text(&r, FIELD_VERDICT, ipv6_verdict_name[verdict]);
	} else {
		record_set_text(&r, FIELD_ERROR, "no_server");
		record_set_text(&r, FIELD_ERROR_TEXT,
			"the target does not answer over IPv4 either, or has no IPv6 address");
	}
	probe_emit(p, &r);
}

static void leg_over(struct leg *g)
{
	struct ipv6 *t = g->t;
	struct probe *p = probe_of(t);

	g->over = true;
	if (!t->leg[0].over || !t->leg[1].over || !t->nat64_over)
		return;
	emit(p);
	probe_done(p, 0);
}

/* --- a run -------------------------------------------------------------------------------------------- */

static void let_go(struct ipv6 *t)
{
	for (int i = 0; i < 2; i++) {
		udp_over(&t->leg[i]);
		resolve_cancel(t->leg[i].query);
		fetch_cancel(t->leg[i].job);
		t->leg[i].query = NULL;
		t->leg[i].job = NULL;
	}
	resolve_cancel(t->nat64_query);
	t->nat64_query = NULL;
}

static int ipv6_open(struct probe *p, struct why *why)
{
	struct ipv6 *t = probe_state(p);

	if (fetch_url(probe_str(p, "target"), t->host, sizeof(t->host), &t->port, &t->tls))
		return why_say(why, -EINVAL,
			"target \"%s\" is not http://host:port or https://host:port",
			probe_str(p, "target"));
	t->step_ns = probe_int(p, "timeout_ms") * NS_PER_MS;
	for (int i = 0; i < 2; i++)
		t->leg[i].udp.fd = -1;
	return 0;
}

static int ipv6_start(struct probe *p)
{
	struct ipv6 *t = probe_state(p);
	int err = 0;

	memset(&t->e, 0, sizeof(t->e));
	t->nat64_over = false;
	t->begun_ns = clock_loop();
	look_at_addresses(t, probe_world(p)->iface);
	for (int i = 0; i < 2; i++) {
		t->leg[i] = (struct leg){ .t = t, .family = i ? AF_INET6 : AF_INET };
		t->leg[i].udp.fd = -1;
		t->leg[i].udp.ready = udp_ready;
		t->leg[i].again.fire = udp_again;
		t->leg[i].e.tcp_us = t->leg[i].e.http_us = -1;
	}
	for (int i = 0; i < 2 && !err; i++)
		err = begin_leg(&t->leg[i]);
	if (!err)
		err = resolve_start(&t->nat64_query, probe_world(p)->resolve, NAT64_NAME, 6,
			t->step_ns, nat64_found, t);
	if (err)
		let_go(t);
	return err;
}

static void ipv6_cancel(struct probe *p)
{
	let_go(probe_state(p));
	probe_done(p, -ECANCELED);
}

/* Each family: datagrams of all sizes, each tried and answered, and a large answer, with all that can be sent again. */
static int64_t ipv6_most_bytes(const struct probe *p)
{
	(void)p;
	return 2 * (UDP_TRIES * 2 * 10 * PACKET_MOST + 2 * LARGE_ANSWER);
}

const struct probe_type ipv6_probe = {
	.name = "ipv6",
	.accept = ipv6_settings,
	.state_size = sizeof(struct ipv6),
	.open = ipv6_open,
	.start = ipv6_start,
	.cancel = ipv6_cancel,
	.most_bytes = ipv6_most_bytes,
};
