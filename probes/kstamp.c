/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel timestamps of datagrams.  TSONLY keeps payloads off the error queue, and an id names the
 * packet that a departure belongs to (Documentation/networking/timestamping.rst). */
#include "kstamp.h"
#include "core/clock.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>

/* Both layouts of time are understood wherever we run: a 32-bit libc with 64-bit time asks for the
 * new types, an old one for the old (asm-generic/socket.h). */
#define TIMESTAMPNS_OLD  35
#define TIMESTAMPING_OLD 37
#define TIMESTAMPNS_NEW  64
#define TIMESTAMPING_NEW 65

#define CONTROL_ROOM     512

const char *const kstamp_mode_name[] = { "user", "kernel_rx", "kernel" };

static int set_int(int fd, int level, int name, int v)
{
	return setsockopt(fd, level, name, &v, sizeof(v));
}

static void ask_for_details(int fd, int family)
{
	/* each of these only adds a detail; without it the field stays unknown */
	if (family == AF_INET6) {
		set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
		set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	} else {
		set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
		set_int(fd, IPPROTO_IP, IP_RECVTTL, 1);
		set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	}
}

enum kstamp_mode kstamp_arm(int fd, int family, bool tx)
{
	int rx = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	int both = rx | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
	           SOF_TIMESTAMPING_OPT_TSONLY;

	ask_for_details(fd, family);
	if (tx) {
		/* the counter restarts when OPT_ID goes from off to on */
		set_int(fd, SOL_SOCKET, SO_TIMESTAMPING, rx);
		if (!set_int(fd, SOL_SOCKET, SO_TIMESTAMPING, both))
			return KSTAMP_KERNEL;
	}
	if (!set_int(fd, SOL_SOCKET, SO_TIMESTAMPING, rx))
		return KSTAMP_KERNEL_RX;
	if (!set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1))
		return KSTAMP_KERNEL_RX;
	return KSTAMP_USER;
}

/* The first time of a control message: seconds and nanoseconds of `word` bytes each. */
static void read_time(const uint8_t *data, size_t word, struct kstamp_message *out)
{
	int64_t s, ns;

	if (word == 8) {
		memcpy(&s, data, 8);
		memcpy(&ns, data + 8, 8);
	} else {
		int32_t s32, ns32;

		memcpy(&s32, data, 4);
		memcpy(&ns32, data + 4, 4);
		s = s32;
		ns = ns32;
	}
	/* 0 means: no software stamp */
	if (s <= 0 || s > INT64_MAX / NS_PER_S - 1 || ns < 0 || ns >= NS_PER_S)
		return;
	out->at_ns = s * NS_PER_S + ns;
	out->kernel = true;
}

static void parse_socket(int type, const uint8_t *data, size_t n, struct kstamp_message *out)
{
	/* scm_timestamping is three times, of which software stamps are the first */
	if ((type == TIMESTAMPING_OLD || type == TIMESTAMPING_NEW) && (n == 48 || n == 24))
		read_time(data, n / 6, out);
	else if ((type == TIMESTAMPNS_OLD || type == TIMESTAMPNS_NEW) && (n == 16 || n == 8))
		read_time(data, n / 2, out);
}

static void parse_error(const uint8_t *data, size_t n, struct kstamp_message *out)
{
	struct sock_extended_err e;

	if (n < sizeof(e))
		return;
	memcpy(&e, data, sizeof(e));
	if (e.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
		if (e.ee_info == SCM_TSTAMP_SND) {
			out->departure = true;
			out->departure_id = e.ee_data;
		}
	} else {
		out->error = (int)(e.ee_errno & 0xffff);
	}
}

static void parse_ip4(int type, const uint8_t *data, size_t n, struct kstamp_message *out)
{
	struct sockaddr_in *to = (struct sockaddr_in *)&out->to;
	struct in_pktinfo info;

	if (type == IP_RECVERR) {
		parse_error(data, n, out);
	} else if (type == IP_TTL && n >= sizeof(int)) {
		memcpy(&out->ttl, data, sizeof(int));
	} else if (type == IP_PKTINFO && n >= sizeof(info)) {
		memcpy(&info, data, sizeof(info));
		to->sin_family = AF_INET;
		/* the address the packet was for, unless it was a broadcast */
		to->sin_addr = info.ipi_spec_dst;
		out->ifindex = info.ipi_ifindex;
	}
}

static void parse_ip6(int type, const uint8_t *data, size_t n, struct kstamp_message *out)
{
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)&out->to;
	struct in6_pktinfo info;

	if (type == IPV6_RECVERR) {
		parse_error(data, n, out);
	} else if (type == IPV6_HOPLIMIT && n >= sizeof(int)) {
		memcpy(&out->ttl, data, sizeof(int));
	} else if (type == IPV6_PKTINFO && n >= sizeof(info)) {
		memcpy(&info, data, sizeof(info));
		to->sin6_family = AF_INET6;
		to->sin6_addr = info.ipi6_addr;
		out->ifindex = (int)info.ipi6_ifindex;
	}
}

void kstamp_parse(const struct msghdr *m, struct kstamp_message *out)
{
	const uint8_t *at = m->msg_control;
	size_t left = m->msg_controllen;
	struct cmsghdr head;

	/* walked by hand: CMSG_NXTHDR trusts lengths that a test or a fuzzer may have made up */
	while (at && left >= CMSG_LEN(0)) {
		const uint8_t *data = at + CMSG_LEN(0);
		size_t n;

		memcpy(&head, at, sizeof(head));
		if (head.cmsg_len < CMSG_LEN(0) || head.cmsg_len > left)
			return;
		n = head.cmsg_len - CMSG_LEN(0);
		if (head.cmsg_level == SOL_SOCKET)
			parse_socket(head.cmsg_type, data, n, out);
		else if (head.cmsg_level == IPPROTO_IP)
			parse_ip4(head.cmsg_type, data, n, out);
		else if (head.cmsg_level == IPPROTO_IPV6)
			parse_ip6(head.cmsg_type, data, n, out);
		if (left <= CMSG_ALIGN(head.cmsg_len))
			return;
		at += CMSG_ALIGN(head.cmsg_len);
		left -= CMSG_ALIGN(head.cmsg_len);
	}
}

static ssize_t receive(int fd, void *room, size_t n, int flags, struct kstamp_message *out)
{
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_ROOM];
	struct iovec v = { room, n };
	struct kstamp_message got = { .ttl = -1 };
	struct msghdr m = {
		.msg_name = &got.from,
		.msg_namelen = sizeof(got.from),
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len;

	do
		len = recvmsg(fd, &m, flags | MSG_DONTWAIT);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	got.from_len = m.msg_namelen;
	got.truncated = (m.msg_flags & MSG_TRUNC) != 0;
	kstamp_parse(&m, &got);
	if (!got.kernel)
		got.at_ns = clock_wall();
	*out = got;
	return len;
}

ssize_t kstamp_receive(int fd, void *room, size_t n, struct kstamp_message *out)
{
	return receive(fd, room, n, 0, out);
}

int kstamp_drain(int fd, struct kstamp_message *out)
{
	uint8_t room[64]; /* an ICMP error quotes our packet; nobody reads it */
	ssize_t n = receive(fd, room, sizeof(room), MSG_ERRQUEUE, out);

	return n < 0 ? (int)n : 0;
}

/* Writes the control message that chooses the source address; returns its length. */
static size_t put_source(uint8_t *control, const struct sockaddr_storage *from, int ifindex)
{
	struct cmsghdr head;

	if (from->ss_family == AF_INET6) {
		struct in6_pktinfo info = { ((const struct sockaddr_in6 *)from)->sin6_addr, 0 };

		/* a link-local source means nothing without its interface */
		if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
			info.ipi6_ifindex = (unsigned)ifindex;
		head = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO };
		memcpy(control, &head, sizeof(head));
		memcpy(control + CMSG_LEN(0), &info, sizeof(info));
		return CMSG_SPACE(sizeof(info));
	}
	struct in_pktinfo info = { .ipi_spec_dst = ((const struct sockaddr_in *)from)->sin_addr };

	head = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO };
	memcpy(control, &head, sizeof(head));
	memcpy(control + CMSG_LEN(0), &info, sizeof(info));
	return CMSG_SPACE(sizeof(info));
}

ssize_t kstamp_send(int fd, const void *bytes, size_t n, const struct sockaddr_storage *to,
	socklen_t to_len, const struct sockaddr_storage *from, int ifindex)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
	struct iovec v = { (void *)bytes, n };
	struct msghdr m = {
		.msg_name = (void *)to, .msg_namelen = to_len, .msg_iov = &v, .msg_iovlen = 1
	};
	ssize_t sent;

	if (from && from->ss_family) {
		m.msg_control = control;
		m.msg_controllen = put_source(control, from, ifindex);
	}
	do
		sent = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}
