/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an address belongs to somebody's own network or to a special purpose, and not to the public
 * internet. */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for all that the registries of RFC 6890 (and what was added since) do not call globally reachable
 * unicast: private, shared (CGNAT), loopback, link-local, unique local, multicast, documentation,
 * benchmarking, reserved, deprecated.  An IPv4 address inside an IPv6 one (mapped, NAT64 with the
 * well-known prefix) is judged by itself; 6to4 and Teredo are refused whole.  Also true for what is neither
 * IPv4 nor IPv6, and NULL.  A NAT64 prefix of a network's own (RFC 6052 2.2) looks like any other address. */
bool address_is_special(const struct sockaddr *a);

#endif
