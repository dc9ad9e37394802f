/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP echo: requests out, replies in. */
#include "echo.h"
#include "core/wire.h"
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/icmp.h and netinet/ip_icmp.h exclude each other; these are RFC 792's */
#define ECHO_REPLY   0
#define ECHO_REQUEST 8

static void let_only_replies_in(int fd, int family)
{
	/* the filter saves wake-ups; replies are checked again when they are read */
	if (family == AF_INET6) {
		struct icmp6_filter only;

		ICMP6_FILTER_SETBLOCKALL(&only);
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only);
		setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only));
	} else {
		struct icmp_filter only = { ~(1U << ECHO_REPLY) };

		setsockopt(fd, SOL_RAW, ICMP_FILTER, &only, sizeof(only));
	}
}

int echo_open(struct echo_socket *out, int family)
{
	int protocol = family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct echo_socket s = { -1, family, false };

	s.fd = socket(family, SOCK_DGRAM | flags, protocol);
	if (s.fd < 0) {
		s.raw = true;
		s.fd = socket(family, SOCK_RAW | flags, protocol);
		if (s.fd < 0)
			return -errno;
		let_only_replies_in(s.fd, family);
	}
	*out = s;
	return 0;
}

/* RFC 1071 */
static uint16_t checksum(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (n & 1)
		sum += (uint32_t)bytes[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void echo_put(uint8_t *out, size_t n, int family, const struct echo *e)
{
	struct wire w = wire_over(out, n);
	uint16_t sum;

	wire_put_u8(&w, family == AF_INET6 ? ICMP6_ECHO_REQUEST : ECHO_REQUEST);
	wire_put_u8(&w, 0);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, e->id);
	wire_put_u16(&w, e->seq);
	wire_put_u64(&w, e->run);
	wire_put_zero(&w, wire_left(&w));
	if (family == AF_INET6)
		return; /* the kernel's: it knows the source address that the sum covers */
	sum = checksum(out, n);
	out[2] = (uint8_t)(sum >> 8);
	out[3] = (uint8_t)sum;
}

int echo_get(const uint8_t *bytes, size_t n, const struct echo_socket *s, struct echo *out)
{
	struct wire w = wire_reading(bytes, n);
	struct echo e;
	uint8_t type, code;

	if (s->raw && s->family == AF_INET) {
		size_t head = n > 0 ? (bytes[0] & 0xfU) * 4U : 0;

		if (head < 20)
			return -EBADMSG;
		wire_skip(&w, head);
	}
	type = wire_get_u8(&w);
	code = wire_get_u8(&w);
	wire_skip(&w, 2);
	e.id = wire_get_u16(&w);
	e.seq = wire_get_u16(&w);
	e.run = wire_get_u64(&w);
	if (w.err || type != (s->family == AF_INET6 ? ICMP6_ECHO_REPLY : ECHO_REPLY) || code != 0)
		return -EBADMSG;
	*out = e;
	return 0;
}
