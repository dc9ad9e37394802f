/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are on an interface, and whom this process talks to. */
#include "foreign_inside.h"
#include "core/mem.h"
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static unsigned prefix_bits(const struct sockaddr *mask)
{
	struct foreign_end m;
	unsigned bits = 0, from = mask && mask->sa_family == AF_INET ? 96 : 0;

	if (!mask || !foreign_end_of(&m, mask))
		return 0;
	for (unsigned i = from; i < 128 && m.address[i / 8] >> (7 - i % 8) & 1; i++)
		bits++;
	return from + bits;
}

/* IPv4 of a modem is one address, whatever its net mask says; of IPv6 it gets a /64, which the hosts behind it may share
 * (RFC 7278).  What is behind the other interfaces is on this side, too: their nets. */
static void add_address(struct foreign_here *here, const struct ifaddrs *i, bool watched)
{
	const struct sockaddr_in6 *six = (const void *)i->ifa_addr;
	unsigned bits = prefix_bits(i->ifa_netmask);
	struct foreign_end e;

	if (here->count == COUNT(here->address) || !foreign_end_of(&e, i->ifa_addr))
		return;
	if ((watched && i->ifa_addr->sa_family == AF_INET) || !bits ||
		(i->ifa_addr->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)))
		bits = 128;
	memcpy(here->address[here->count], e.address, 16);
	here->prefix[here->count++] = (uint8_t)bits;
}

int foreign_look_here(struct foreign_here *here, const char *iface)
{
	struct ifaddrs *all;
	int err = -ENODEV;

	memset(here, 0, sizeof(*here));
	if (getifaddrs(&all))
		return -errno;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		const struct sockaddr_ll *link = (const void *)i->ifa_addr;
		bool watched = !strcmp(i->ifa_name, iface);

		if (!i->ifa_addr)
			continue;
		if (watched)
			err = 0;
		if (i->ifa_addr->sa_family != AF_PACKET)
			add_address(here, i, watched);
		else if (watched && link->sll_hatype == ARPHRD_ETHER && link->sll_halen == 6)
			memcpy(here->mac, link->sll_addr, 6);
	}
	freeifaddrs(all);
	return err;
}

/* A socket may be closed by its thread while we look, and its number be given to another: then it is that one
 * we see, ours as well. */
static bool flow_of(int fd, struct foreign_flow *out)
{
	struct sockaddr_storage far = { 0 }, near = { 0 };
	socklen_t n = sizeof(far), m = sizeof(near), k = sizeof(int);
	struct foreign_end local;
	int protocol;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &k) ||
		(protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return false;
	if (getpeername(fd, (struct sockaddr *)&far, &n) ||
		getsockname(fd, (struct sockaddr *)&near, &m))
		return false;
	*out = (struct foreign_flow){ .protocol = (uint8_t)protocol };
	if (!foreign_end_of(&out->remote, (struct sockaddr *)&far) ||
		!foreign_end_of(&local, (struct sockaddr *)&near))
		return false;
	out->local_port = local.port;
	return true;
}

size_t foreign_connected(struct foreign_flow *out, size_t room)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	size_t n = 0;

	while (d && n < room && (e = readdir(d)))
		if (*e->d_name != '.' && flow_of((int)strtol(e->d_name, NULL, 10), &out[n]))
			n++;
	if (d)
		closedir(d);
	return n;
}
