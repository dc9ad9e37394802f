/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic.h"
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define SYS_NET "/sys/class/net"

static int read_counter(const char *iface, const char *name, uint64_t *out)
{
	char path[128];
	uint64_t v;
	FILE *f;
	int n;

	snprintf(path, sizeof(path), SYS_NET "/%s/statistics/%s", iface, name);
	f = fopen(path, "re");
	if (!f)
		return -ENODEV;
	n = fscanf(f, "%" SCNu64, &v);
	fclose(f);
	if (n != 1)
		return -EIO;
	*out = v;
	return 0;
}

static int read_one(const char *iface, struct traffic *out)
{
	struct traffic t;
	int err = read_counter(iface, "rx_bytes", &t.down);

	if (!err)
		err = read_counter(iface, "tx_bytes", &t.up);
	if (!err)
		*out = t;
	return err;
}

int traffic_read(const char *iface, struct traffic *out)
{
	struct traffic sum = { 0, 0 }, one;
	struct dirent *e;
	DIR *d;

	if (*iface)
		return strchr(iface, '/') ? -EINVAL : read_one(iface, out);
	d = opendir(SYS_NET);
	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || !strcmp(e->d_name, "lo") || read_one(e->d_name, &one))
			continue;
		sum.down += one.down;
		sum.up += one.up;
	}
	closedir(d);
	*out = sum;
	return 0;
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
