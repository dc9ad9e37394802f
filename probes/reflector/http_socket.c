/* SPDX-License-Identifier: Apache-2.0 */
/* What the throughput server takes while it still may: its port and its key. */
#include "http_socket.h"
#include "../core/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEM_MAX (64 << 10) /* a chain of certificates is a few KiB */
#define BACKLOG 256

static int try_family(int family, const char *address, uint16_t port)
{
	struct sockaddr_storage at = { .ss_family = (sa_family_t)family };
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&at;
	struct sockaddr_in *four = (struct sockaddr_in *)&at;
	int on = 1, off = 0, err;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6) {
		six->sin6_port = htons(port);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	} else {
		four->sin_port = htons(port);
	}
	if (*address)
		inet_pton(family, address,
			family == AF_INET6 ? (void *)&six->sin6_addr : (void *)&four->sin_addr);
	if (bind(fd, (struct sockaddr *)&at, family == AF_INET6 ? sizeof(*six) : sizeof(*four)) ||
		listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int http_socket_listen(int *out, const char *address, uint16_t port, struct why *why)
{
	bool four = *address && !strchr(address, ':');
	int fd = four ? -EAFNOSUPPORT : try_family(AF_INET6, address, port);

	if (fd == -EAFNOSUPPORT || (fd == -EADDRNOTAVAIL && !*address))
		fd = try_family(AF_INET, address, port);
	if (fd < 0)
		return why_say(why, fd, "http: TCP port %u: %s%s", port, strerror(-fd),
			fd == -EACCES ? "; ports below 1024 need root or CAP_NET_BIND_SERVICE"
				      : "");
	*out = fd;
	return 0;
}

int http_socket_pem(char **out, const char *file, struct why *why)
{
	FILE *f = fopen(file, "re");
	char *text;
	size_t n;
	int err = f ? 0 : -errno;

	if (err)
		return why_say(why, err, "https: %s: %s", file, strerror(-err));
	text = mem_new(PEM_MAX + 1);
	n = fread(text, 1, PEM_MAX + 1, f);
	if (ferror(f))
		err = why_say(why, -EIO, "https: %s cannot be read", file);
	else if (n > PEM_MAX || !strstr(text, "-----BEGIN"))
		err = why_say(why, -EINVAL, "https: %s is not a PEM file", file);
	fclose(f);
	if (err) {
		free(text);
		return err;
	}
	*out = text;
	return 0;
}

void http_socket_text(const struct sockaddr_storage *from, char out[INET6_ADDRSTRLEN])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;

	*out = 0;
	if (!from)
		return;
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, out,
			INET6_ADDRSTRLEN);
	else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, &six->sin6_addr, out, INET6_ADDRSTRLEN);
}
