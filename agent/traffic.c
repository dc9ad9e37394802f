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

int traffic_read_each(const char *iface, struct traffic_each *out)
{
	FILE *f = fopen(COUNTERS, "re");
	struct traffic one;
	const char *name;
	char line[512];

	out->n = 0;
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f) && out->n < TRAFFIC_IFACES) {
		if (!read_line(line, &name, &one) || (*iface && strcmp(name, iface)) ||
			(!*iface && !strcmp(name, "lo")))
			continue;
		snprintf(out->at[out->n].name, sizeof(out->at[0].name), "%.15s", name);
		out->at[out->n++].moved = one;
	}
	fclose(f);
	return out->n || !*iface ? 0 : -ENODEV;
}

int traffic_read(const char *iface, struct traffic *out)
{
	struct traffic sum = { 0, 0 };
	struct traffic_each each;
	int err = traffic_read_each(iface, &each);

	for (size_t i = 0; !err && i < each.n; i++) {
		sum.down += each.at[i].moved.down;
		sum.up += each.at[i].moved.up;
	}
	if (!err)
		*out = sum;
	return err;
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
