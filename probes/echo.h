/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP and ICMPv6 echo (RFC 792, RFC 4443 4): sockets and packets.  The codec is pure. */
#ifndef PROBES_ECHO_H
#define PROBES_ECHO_H

#include "core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_BYTES     16 /* the smallest: header and run number */
#define ECHO_BYTES_MAX 1480

struct echo_socket {
	int fd;
	int family;
	bool raw; /* else a ping socket: the kernel chooses the id and gives us only our own replies */
};
/* A ping socket when net.ipv4.ping_group_range allows, else a raw one (CAP_NET_RAW). */
int echo_open(struct echo_socket *out, int family) MUST_CHECK;

struct echo {
	uint16_t id, seq;
	uint64_t run; /* a random number of ours: the reply is to us, now */
};
/* Writes a request of n bytes, ECHO_BYTES .. ECHO_BYTES_MAX. */
void echo_put(uint8_t *out, size_t n, int family, const struct echo *e);
/* What a socket gave: an IPv4 header first when raw and family is AF_INET.  -EBADMSG when it is not
 * an echo reply that could be ours. */
int echo_get(
	const uint8_t *bytes, size_t n, const struct echo_socket *s, struct echo *out) MUST_CHECK;

#endif
