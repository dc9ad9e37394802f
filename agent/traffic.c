/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define COUNTERS "/proc/self/net/dev" /* of our network namespace; /sys shows that of its mount */

/* A line is "  eth0: " and eight columns of what was received, then those of what was sent. */
static bool read_line(char *line, const char **name, struct traffic *out)
{
	char *at = line + strspn(line, " "), *colon = strchr(at, ':');

	if (!colon)
		return false;
	*colon = 0;
	*name = at;
	return sscanf(colon + 1, "%" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &out->down,
		       &out->up) == 2;
}

int traffic_read(const char *iface, struct traffic *out)
{
	FILE *f = fopen(COUNTERS, "re");
	struct traffic sum = { 0, 0 }, one;
	const char *name;
	bool found = !*iface;
	char line[512];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (!read_line(line, &name, &one) || (*iface && strcmp(name, iface)) ||
			(!*iface && !strcmp(name, "lo")))
			continue;
		sum.down += one.down;
		sum.up += one.up;
		found = true;
	}
	fclose(f);
	if (found)
		*out = sum;
	return found ? 0 : -ENODEV;
}

static bool usable(const struct sockaddr *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;

	if (!a)
		return false;
	if (a->sa_family == AF_INET)
		return true;
	return a->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
}

bool traffic_has_address(const char *iface)
{
	struct ifaddrs *all, *i;
	bool found = false;

	if (getifaddrs(&all))
		return false;
	for (i = all; i && !found; i = i->ifa_next)
		found = !strcmp(i->ifa_name, iface) && (i->ifa_flags & IFF_UP) &&
		        usable(i->ifa_addr);
	freeifaddrs(all);
	return found;
}

static bool default_of_v4(char out[16])
{
	char line[256], name[16];
	unsigned long to;
	bool found = false;
	FILE *f = fopen("/proc/net/route", "re");

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s %lx", name, &to) == 2 && to == 0 && strcmp(name, "Iface")) {
			memcpy(out, name, sizeof(name));
			found = true;
		}
	if (f)
		fclose(f);
	return found;
}

static bool default_of_v6(char out[16])
{
	char line[256], name[16], to[33];
	unsigned bits;
	bool found = false;
	FILE *f = fopen("/proc/net/ipv6_route", "re");

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%32s %x %*s %*s %*s %*s %*s %*s %*s %15s", to, &bits, name) ==
				3 &&
			bits == 0 && strcmp(name, "lo")) {
			memcpy(out, name, sizeof(name));
			found = true;
		}
	if (f)
		fclose(f);
	return found;
}

void traffic_default_iface(char out[16])
{
	char name[16] = "";

	if (!default_of_v4(name))
		(void)default_of_v6(name);
	memcpy(out, name, sizeof(name));
}
