/* SPDX-License-Identifier: Apache-2.0 */
/* Counters come from /proc/self/net/dev, which follows the network namespace of the process; /sys shows
 * the one in which it was mounted. */
#include "netif.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int netif_counters_in(const char *file, const char *name, uint64_t *received, uint64_t *sent)
{
	FILE *f = fopen(file, "re");
	char line[512];
	int err = -ENODEV;

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		char *at = line + strspn(line, " "), *colon = strchr(at, ':');
		uint64_t rx, tx;

		if (!colon)
			continue;
		*colon = 0;
		if (strcmp(at, name))
			continue;
		/* eight columns of what was received, then those of what was sent */
		if (sscanf(colon + 1, "%" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &rx,
			    &tx) == 2) {
			*received = rx;
			*sent = tx;
			err = 0;
		}
		break;
	}
	fclose(f);
	return err;
}

int netif_counters(const char *name, uint64_t *received, uint64_t *sent)
{
	return netif_counters_in("/proc/self/net/dev", name, received, sent);
}

socklen_t netif_len(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

void netif_port(struct sockaddr_storage *a, unsigned port)
{
	/* the port is at the same place in both */
	((struct sockaddr_in *)a)->sin_port = htons((uint16_t)port);
}

char *netif_text(const struct sockaddr_storage *a, char out[NETIF_TEXT])
{
	out[0] = 0;
	if (a->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, NETIF_TEXT);
	else if (a->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)a)->sin6_addr, out, NETIF_TEXT);
	return out;
}

int netif_route(
	const struct sockaddr_storage *to, const char *iface, struct sockaddr_storage *local)
{
	struct sockaddr_storage there = *to, here = { 0 };
	socklen_t n = sizeof(here);
	int err = 0, fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	netif_port(&there, 9); /* discard: nothing is sent, but 0 is refused */
	if (iface && *iface &&
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, iface, (socklen_t)strlen(iface)))
		err = -errno;
	else if (connect(fd, (struct sockaddr *)&there, netif_len(&there)) ||
		 getsockname(fd, (struct sockaddr *)&here, &n))
		err = -errno;
	close(fd);
	if (!err && local)
		*local = here;
	return err;
}

static bool same_address(const struct sockaddr *a, const struct sockaddr_storage *b)
{
	if (!a || a->sa_family != b->ss_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return a->sa_family == AF_INET6 &&
	       !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		       &((const struct sockaddr_in6 *)b)->sin6_addr, 16);
}

int netif_of(const struct sockaddr_storage *local, char out[NETIF_NAME])
{
	struct ifaddrs *list;
	int err = -ENODEV;

	if (getifaddrs(&list))
		return -errno;
	for (struct ifaddrs *i = list; i && err; i = i->ifa_next)
		if (same_address(i->ifa_addr, local)) {
			snprintf(out, NETIF_NAME, "%.15s", i->ifa_name);
			err = 0;
		}
	freeifaddrs(list);
	return err;
}

const struct sockaddr_storage *netif_choose(
	const struct sockaddr_storage *addrs, size_t n, const char *iface)
{
	for (size_t i = 0; i < n; i++)
		if (!netif_route(&addrs[i], iface, NULL))
			return &addrs[i];
	return &addrs[0];
}
