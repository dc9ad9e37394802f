/* SPDX-License-Identifier: Apache-2.0 */
/* The capture: on the loop, headers only, bounded work in a turn. */
#include "foreign_inside.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"
#include <errno.h>

#ifdef NO_PCAP

int foreign_capture_new(struct foreign_capture **out, struct loop *l, const char *iface,
	const struct foreign_here *here,
	void (*seen)(void *arg, const struct foreign_packet_seen *s), void *arg)
{
	(void)out, (void)l, (void)iface, (void)here, (void)seen, (void)arg;
	return -ENOSYS;
}

void foreign_capture_without(struct foreign_capture *c, const struct foreign_flow *flows, size_t n)
{
	(void)c, (void)flows, (void)n;
}

uint64_t foreign_capture_lost(struct foreign_capture *c)
{
	(void)c;
	return 0;
}

void foreign_capture_free(struct foreign_capture *c)
{
	(void)c;
}

#else

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define SNAP_BYTES   128         /* Ethernet, two tags, PPPoE, IPv6 with extensions, ports */
#define RING_BYTES   (512 << 10) /* 0.3 s of 10 Mbit/s in small packets; only while a test runs */
#define BLOCK_MS     50          /* the kernel hands over what it has at the latest after this */
#define TURN_PACKETS 256
#define FILTER_BYTES 16384

struct foreign_capture {
	struct loop *loop;
	struct loop_fd fd;
	struct loop_timer timer; /* for devices that cannot be waited for */
	int64_t every_ns;        /* 0: the descriptor tells */
	pcap_t *pcap;
	int link_type;
	const struct foreign_here *here;
	unsigned lost;
	void (*seen)(void *arg, const struct foreign_packet_seen *s);
	void *arg;
};

static void one_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct foreign_capture *c = (struct foreign_capture *)user;
	struct foreign_packet_seen s = { .wall_ns = h->ts.tv_sec * NS_PER_S +
		                                    h->ts.tv_usec * NS_PER_US };

	foreign_parse(&s.packet, c->link_type, bytes, h->caplen, h->len, c->here);
	c->seen(c->arg, &s);
}

static void read_some(struct foreign_capture *c)
{
	/* level-triggered: what is left raises the descriptor again.  An interface that went down reads as an
	 * error, and may come back */
	(void)pcap_dispatch(c->pcap, TURN_PACKETS, one_packet, (u_char *)c);
}

static void ready(struct loop_fd *fd, uint32_t events)
{
	struct foreign_capture *c = container_of(fd, struct foreign_capture, fd);

	read_some(c);
	if (events & (EPOLLERR | EPOLLHUP) && c->fd.added) {
		/* its error does not go away by reading: look now and then */
		loop_fd_del(c->loop, &c->fd);
		c->every_ns = BLOCK_MS * NS_PER_MS;
		loop_timer_in(c->loop, &c->timer, c->every_ns);
	}
}

static void tick(struct loop_timer *t)
{
	struct foreign_capture *c = container_of(t, struct foreign_capture, timer);

	read_some(c);
	loop_timer_in(c->loop, t, c->every_ns);
}

static int error_of(int status)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return -EPERM;
	case PCAP_ERROR_NO_SUCH_DEVICE:
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENODEV;
	default:
		return status < 0 ? -EIO : 0; /* above 0: a warning */
	}
}

static int activate(struct foreign_capture *c, const char *iface)
{
	char problem[PCAP_ERRBUF_SIZE];
	int err;

	c->pcap = pcap_create(iface, problem);
	if (!c->pcap)
		return -EIO;
	pcap_set_snaplen(c->pcap, SNAP_BYTES);
	pcap_set_promisc(c->pcap, 0);
	pcap_set_timeout(c->pcap, BLOCK_MS);
	pcap_set_buffer_size(c->pcap, RING_BYTES);
	err = error_of(pcap_activate(c->pcap));
	if (!err && pcap_setnonblock(c->pcap, 1, problem))
		err = -EIO;
	return err;
}

int foreign_capture_new(struct foreign_capture **out, struct loop *l, const char *iface,
	const struct foreign_here *here,
	void (*seen)(void *arg, const struct foreign_packet_seen *s), void *arg)
{
	struct foreign_capture *c = mem_new(sizeof(*c));
	const struct timeval *every;
	int err;

	c->loop = l;
	c->here = here;
	c->seen = seen;
	c->arg = arg;
	c->fd.ready = ready;
	c->timer.fire = tick;
	err = activate(c, iface);
	if (err) {
		foreign_capture_free(c);
		return err;
	}
	c->link_type = pcap_datalink(c->pcap);
	c->fd.fd = pcap_get_selectable_fd(c->pcap);
	every = pcap_get_required_select_timeout(c->pcap);
	if (every)
		c->every_ns = every->tv_sec * NS_PER_S + every->tv_usec * NS_PER_US;
	if (c->fd.fd < 0 || loop_fd_add(l, &c->fd, EPOLLIN))
		c->every_ns = c->every_ns ? c->every_ns : BLOCK_MS * NS_PER_MS;
	if (c->every_ns)
		loop_timer_in(l, &c->timer, c->every_ns);
	*out = c;
	return 0;
}

/* "(host 192.0.2.1 and tcp port 8080 and tcp port 40000)" */
static void put_flow(struct buf *text, const struct foreign_flow *f)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	bool four = !memcmp(f->remote.address, mapped, 12);
	const char *protocol = f->protocol == IPPROTO_TCP ? "tcp" : "udp";
	char address[INET6_ADDRSTRLEN];

	inet_ntop(four ? AF_INET : AF_INET6, f->remote.address + (four ? 12 : 0), address,
		sizeof(address));
	buf_printf(text, "(%s %s", four ? "host" : "ip6 host", address);
	if (f->protocol == IPPROTO_ICMP)
		buf_puts(text, four ? " and icmp" : " and icmp6");
	else if (f->remote.port)
		buf_printf(text, " and %s port %u", protocol, f->remote.port);
	else
		buf_printf(text, " and %s", protocol);
	if (f->local_port)
		buf_printf(text, " and %s port %u", protocol, f->local_port);
	buf_puts(text, ")");
}

void foreign_capture_without(struct foreign_capture *c, const struct foreign_flow *flows, size_t n)
{
	struct bpf_program program;
	struct buf text;

	buf_init(&text, FILTER_BYTES);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&text, i ? " or " : "not (");
		put_flow(&text, &flows[i]);
	}
	if (n)
		buf_puts(&text, ")");
	if (!text.err &&
		!pcap_compile(c->pcap, &program, buf_text(&text), 1, PCAP_NETMASK_UNKNOWN)) {
		(void)pcap_setfilter(c->pcap, &program);
		pcap_freecode(&program);
	}
	buf_done(&text);
}

uint64_t foreign_capture_lost(struct foreign_capture *c)
{
	struct pcap_stat now;
	unsigned before = c->lost;

	if (pcap_stats(c->pcap, &now))
		return 0;
	c->lost = now.ps_drop;
	return c->lost - before; /* libpcap counts in 32 bits */
}

void foreign_capture_free(struct foreign_capture *c)
{
	if (!c)
		return;
	if (c->fd.added)
		loop_fd_del(c->loop, &c->fd);
	loop_timer_stop(c->loop, &c->timer);
	if (c->pcap)
		pcap_close(c->pcap);
	free(c);
}

#endif
