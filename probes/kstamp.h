/* SPDX-License-Identifier: Apache-2.0 */
/* When packets left and arrived, by the kernel: arms a datagram socket, receives with the time of
 * arrival, and drains the error queue for the times of departure.  The only reader of control
 * messages.  All times are CLOCK_REALTIME, ns since 1970: see clock.h about steps. */
#ifndef PROBES_KSTAMP_H
#define PROBES_KSTAMP_H

#include "core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum kstamp_mode {
	KSTAMP_USER,      /* the kernel offers nothing: times are ours around the system calls */
	KSTAMP_KERNEL_RX, /* arrivals by the kernel, departures ours */
	KSTAMP_KERNEL,    /* both by the kernel */
};
extern const char *const kstamp_mode_name[]; /* "user" "kernel_rx" "kernel", as in FIELD_STAMPS */

/* Asks for times of arrival and, with tx, of departure; takes what the kernel gives.  Also asks for the
 * local address and the TTL of what arrives, and for ICMP errors.  Departures are numbered from 0 in
 * the order of successful sends.  Arming again restarts the numbers. */
enum kstamp_mode kstamp_arm(int fd, int family, bool tx);

struct kstamp_message {
	int64_t at_ns;  /* arrival, or departure for one off the error queue */
	bool kernel;    /* at_ns is the kernel's; else it was read after the call */
	bool truncated; /* longer than the room */
	int ttl;        /* TTL or hop limit, -1 unknown */
	int ifindex;    /* it came in here, 0 unknown */
	bool departure; /* off the error queue: departure_id left at at_ns */
	uint32_t departure_id;
	int error; /* off the error queue: errno of an ICMP error or of a local one; 0 none */
	struct sockaddr_storage from, to; /* ss_family 0 unknown; `to` has no port */
	socklen_t from_len;
};

/* Reads one datagram.  Returns its length, or -EAGAIN, or another -errno. */
ssize_t kstamp_receive(int fd, void *room, size_t n, struct kstamp_message *out);

/* Reads one entry of the error queue: 0, or -EAGAIN when it is empty.  Until then each departure
 * keeps EPOLLERR raised. */
int kstamp_drain(int fd, struct kstamp_message *out);

/* Sends from the address that `from` names (a `to` of kstamp_receive(); NULL or family 0: any). */
ssize_t kstamp_send(int fd, const void *bytes, size_t n, const struct sockaddr_storage *to,
	socklen_t to_len, const struct sockaddr_storage *from, int ifindex);

/* The control messages of m, for kstamp_receive(), kstamp_drain() and tests.  Fills what it finds,
 * leaves the rest as it is.  Any bytes are safe. */
void kstamp_parse(const struct msghdr *m, struct kstamp_message *out);

#endif
