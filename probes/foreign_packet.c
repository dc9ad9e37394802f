/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign_packet.h"
#include "core/mem.h"
#include <netinet/in.h>
#include <string.h>

/* Link types by the numbers of pcap-linktype(7); LINKTYPE_RAW is 12 or 14 as DLT_RAW. */
enum {
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW = 12,
	LINK_RAW_BSD = 14,
	LINK_RAW_FILE = 101,
	LINK_PPP_HDLC = 50,
	LINK_PPP_ETHER = 51,
	LINK_SLL = 113,
	LINK_PPP_WITH_DIRECTION = 166,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

/* IEEE 802 numbers, and those of PPP (RFC 1661, RFC 5072) */
enum {
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_PPPOE = 0x8864,
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
};

#define SLL_OUTGOING   4 /* PACKET_OUTGOING */
#define TAGS_MOST      4
#define EXTENSIONS_MAX 8

struct cut { /* what is left of the packet */
	const uint8_t *at;
	size_t left;
	size_t gone; /* of the link layer */
};

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool skip(struct cut *c, size_t n)
{
	if (c->left < n)
		return false;
	c->at += n;
	c->left -= n;
	c->gone += n;
	return true;
}

/* --- link layers: each leaves the cut at the IP header and says whether there is one ---------------------------- */

static bool ppp(struct cut *c)
{
	unsigned protocol;

	/* address and control may be left out, and the protocol shortened to its odd byte (RFC 1661 6.5, 6.6) */
	if (c->left >= 2 && c->at[0] == 0xff && c->at[1] == 0x03 && !skip(c, 2))
		return false;
	if (c->left < 2)
		return false;
	protocol = c->at[0] & 1 ? c->at[0] : be16(c->at);
	return skip(c, c->at[0] & 1 ? 1 : 2) && (protocol == PPP_IPV4 || protocol == PPP_IPV6);
}

static bool ether_type(struct cut *c, unsigned type)
{
	for (int i = 0; (type == ETHER_VLAN || type == ETHER_QINQ) && i < TAGS_MOST; i++) {
		if (c->left < 4)
			return false;
		type = be16(c->at + 2);
		(void)skip(c, 4);
	}
	if (type == ETHER_PPPOE) /* RFC 2516 4: six bytes, then PPP without its framing */
		return skip(c, 6) && ppp(c);
	return type == ETHER_IPV4 || type == ETHER_IPV6;
}

static bool ethernet(struct cut *c, struct foreign_packet *out, const struct foreign_here *here)
{
	static const uint8_t none[6];
	unsigned type;

	if (c->left < 14)
		return false;
	if (memcmp(here->mac, none, 6) != 0) {
		if (!memcmp(c->at + 6, here->mac, 6))
			out->way = FOREIGN_UP;
		else
			out->way = FOREIGN_DOWN;
	}
	type = be16(c->at + 12);
	return skip(c, 14) && ether_type(c, type);
}

static bool cooked(struct cut *c, struct foreign_packet *out, bool second)
{
	unsigned type, how;

	if (c->left < (second ? 20u : 16u))
		return false;
	how = second ? c->at[10] : be16(c->at);
	type = be16(c->at + (second ? 0 : 14));
	out->way = how == SLL_OUTGOING ? FOREIGN_UP : FOREIGN_DOWN;
	return skip(c, second ? 20 : 16) && ether_type(c, type);
}

static bool link_layer(
	struct cut *c, int type, struct foreign_packet *out, const struct foreign_here *here)
{
	switch (type) {
	case LINK_ETHERNET:
		return ethernet(c, out, here);
	case LINK_SLL:
		return cooked(c, out, false);
	case LINK_SLL2:
		return cooked(c, out, true);
	case LINK_PPP_WITH_DIRECTION: /* a byte: 0 received, else sent */
		if (!c->left)
			return false;
		out->way = *c->at ? FOREIGN_UP : FOREIGN_DOWN;
		return skip(c, 1) && ppp(c);
	case LINK_PPP:
	case LINK_PPP_HDLC:
		return ppp(c);
	case LINK_PPP_ETHER:
		return skip(c, 6) && ppp(c);
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_RAW_FILE:
	case LINK_IPV4:
	case LINK_IPV6:
		return true;
	default:
		return false;
	}
}

/* --- IP --------------------------------------------------------------------------------------------------------- */

static void ports(const struct cut *c, struct foreign_packet *out)
{
	bool has = out->protocol == IPPROTO_TCP || out->protocol == IPPROTO_UDP ||
	           out->protocol == IPPROTO_SCTP || out->protocol == IPPROTO_UDPLITE;

	if (!has || out->fragment || c->left < 4)
		return;
	out->from.port = (uint16_t)be16(c->at);
	out->to.port = (uint16_t)be16(c->at + 2);
}

static void mapped(uint8_t out[16], const uint8_t four[4])
{
	memset(out, 0, 10);
	out[10] = out[11] = 0xff;
	memcpy(out + 12, four, 4);
}

static bool ipv4(struct cut *c, struct foreign_packet *out)
{
	size_t head;

	if (c->left < 20)
		return false;
	head = (size_t)(c->at[0] & 15) * 4;
	if (head < 20)
		return false;
	out->protocol = c->at[9];
	out->fragment = be16(c->at + 6) & 0x1fff;
	mapped(out->from.address, c->at + 12);
	mapped(out->to.address, c->at + 16);
	if (c->left >= head) {
		(void)skip(c, head);
		ports(c, out);
	}
	return true;
}

/* The headers between IPv6 and its payload (RFC 8200 4); those that hide it (ESP) end the walk. */
static void extensions(struct cut *c, struct foreign_packet *out)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		size_t length;

		switch (out->protocol) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			length = c->left >= 2 ? (size_t)(c->at[1] + 1) * 8 : 8;
			break;
		case IPPROTO_FRAGMENT:
			length = 8;
			if (c->left >= 4 && be16(c->at + 2) & 0xfff8)
				out->fragment = true;
			break;
		case IPPROTO_AH:
			length = c->left >= 2 ? (size_t)(c->at[1] + 2) * 4 : 8;
			break;
		default:
			return;
		}
		if (c->left < length)
			return;
		out->protocol = c->at[0];
		(void)skip(c, length);
	}
}

static bool ipv6(struct cut *c, struct foreign_packet *out)
{
	if (c->left < 40)
		return false;
	out->protocol = c->at[6];
	memcpy(out->from.address, c->at + 8, 16);
	memcpy(out->to.address, c->at + 24, 16);
	(void)skip(c, 40);
	extensions(c, out);
	ports(c, out);
	return true;
}

static bool same_net(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return !memcmp(a, b, whole) && (!rest || !((a[whole] ^ b[whole]) >> (8 - rest)));
}

/* 2: an address of ours; 1: of a net on this side; 0: neither. */
static int nearness(const struct foreign_here *here, const uint8_t *address)
{
	int best = 0;

	for (size_t i = 0; i < here->count && i < COUNT(here->address); i++) {
		if (!memcmp(here->address[i], address, 16))
			return 2;
		if (same_net(here->address[i], address, here->prefix[i]))
			best = 1;
	}
	return best;
}

/* Raw IP and PPP do not say which way: the end that is nearer to us does. */
static int way_by_address(const struct foreign_packet *p, const struct foreign_here *here)
{
	int from = nearness(here, p->from.address), to = nearness(here, p->to.address);

	return from > to ? FOREIGN_UP : to > from ? FOREIGN_DOWN : FOREIGN_UNKNOWN;
}

bool foreign_parse(struct foreign_packet *out, int link_type, const uint8_t *bytes, size_t caplen,
	size_t len, const struct foreign_here *here)
{
	struct cut c = { bytes, caplen < len ? caplen : len, 0 };
	bool found;

	memset(out, 0, sizeof(*out));
	found = link_layer(&c, link_type, out, here);
	out->bytes = (uint32_t)(len - c.gone);
	if (!found || !c.left)
		return false;
	out->ip = *c.at >> 4 == 4 ? ipv4(&c, out) : *c.at >> 4 == 6 ? ipv6(&c, out) : false;
	if (out->ip && out->way == FOREIGN_UNKNOWN)
		out->way = way_by_address(out, here);
	return out->ip;
}

/* --- whose ------------------------------------------------------------------------------------------------------ */

static bool same_protocol(const struct foreign_packet *p, const struct foreign_flow *f)
{
	return p->protocol == f->protocol ||
	       (f->protocol == IPPROTO_ICMP && p->protocol == IPPROTO_ICMPV6);
}

static bool between(const struct foreign_packet *p, const struct foreign_flow *f,
	const struct foreign_end *far, const struct foreign_end *near)
{
	if (memcmp(far->address, f->remote.address, 16) != 0)
		return false;
	if (p->fragment) /* of a packet whose first part shows the ports */
		return true;
	return (!f->remote.port || far->port == f->remote.port) &&
	       (!f->local_port || near->port == f->local_port);
}

bool foreign_belongs(const struct foreign_packet *p, const struct foreign_flow *f)
{
	return p->ip && same_protocol(p, f) &&
	       (between(p, f, &p->to, &p->from) || between(p, f, &p->from, &p->to));
}

bool foreign_end_of(struct foreign_end *out, const struct sockaddr *a)
{
	memset(out, 0, sizeof(*out));
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)a;

		mapped(out->address, (const uint8_t *)&four->sin_addr);
		out->port = ntohs(four->sin_port);
	} else if (a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)a;

		memcpy(out->address, &six->sin6_addr, 16);
		out->port = ntohs(six->sin6_port);
	} else {
		return false;
	}
	return true;
}
