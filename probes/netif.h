/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces and routes as the kernel tells them: counters, addresses, and whether there is a
 * way to an address.  Sends nothing. */
#ifndef PROBES_NETIF_H
#define PROBES_NETIF_H

#include "core/why.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETIF_NAME 16

/* Bytes that went over the interface since it was made; -ENODEV. */
int netif_counters(const char *name, uint64_t *received, uint64_t *sent) MUST_CHECK;
int netif_counters_in(const char *file, const char *name, uint64_t *received,
	uint64_t *sent) MUST_CHECK; /* for tests */

/* The source address that would be used towards `to` over iface (NULL or "": any), by connecting a
 * datagram socket; -ENETUNREACH, -EHOSTUNREACH, -ENODEV ... when there is no way.  local may be NULL. */
int netif_route(const struct sockaddr_storage *to, const char *iface,
	struct sockaddr_storage *local) MUST_CHECK;

/* Name of the interface that has this address; -ENODEV. */
int netif_of(const struct sockaddr_storage *local, char out[NETIF_NAME]) MUST_CHECK;

/* Of the addresses the first that there is a way to, else the first. n is at least 1. */
const struct sockaddr_storage *netif_choose(
	const struct sockaddr_storage *addrs, size_t n, const char *iface);

#define NETIF_TEXT 64
char *netif_text(const struct sockaddr_storage *a,
	char out[NETIF_TEXT]); /* without port; "" for none.  Returns out. */
socklen_t netif_len(const struct sockaddr_storage *a);
void netif_port(struct sockaddr_storage *a, unsigned port);

#endif
