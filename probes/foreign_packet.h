/* SPDX-License-Identifier: Apache-2.0 */
/* A captured packet, taken apart as far as traffic of others needs it: whose it may be, which way it went,
 * how long it was.  Total and bounded: touches nothing beyond caplen. */
#ifndef PROBES_FOREIGN_PACKET_H
#define PROBES_FOREIGN_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* One end of a packet: IPv4 as IPv6 (::ffff:0:0/96), so that both compare alike. */
struct foreign_end {
	uint8_t address[16];
	uint16_t port; /* 0: the protocol has none, or a later fragment does not show it */
};

struct foreign_packet {
	uint32_t bytes;   /* of the packet without its link layer */
	bool ip;          /* the rest is known */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP ... */
	bool fragment;    /* not the first: without ports */
	struct foreign_end from, to;
	int way; /* as far as the link layer tells: enum foreign_way */
};

enum foreign_way { FOREIGN_UNKNOWN, FOREIGN_DOWN, FOREIGN_UP };

/* What tells the way of a packet. */
struct foreign_here {
	uint8_t mac[6]; /* of the interface; all zero: none */
	/* Addresses of the interface, and nets on this side of it; the length of the net in bits, IPv4 with 96 more,
	 * 128 for the address alone */
	size_t count;
	uint8_t address[32][16], prefix[32];
};

/* Link types as libpcap numbers them (DLT_*): Ethernet (with VLAN tags and PPPoE), raw IP, Linux cooked v1 and v2,
 * PPP.  false: another link type, or too short to tell anything; bytes is set all the same. */
bool foreign_parse(struct foreign_packet *out, int link_type, const uint8_t *bytes, size_t caplen,
	size_t len, const struct foreign_here *here);

/* A flow of our own: everything between here and `remote`, from `local_port` if that is not 0. */
struct foreign_flow {
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP; IPPROTO_ICMP stands for ICMPv6, too */
	struct foreign_end remote; /* port 0: any */
	uint16_t local_port;
};
bool foreign_belongs(const struct foreign_packet *p, const struct foreign_flow *f);
/* false: no IPv4 or IPv6 address. */
bool foreign_end_of(struct foreign_end *out, const struct sockaddr *a);

#endif
