/* SPDX-License-Identifier: Apache-2.0 */
/* The classifier of captured packets: each packet of a capture file, or the input itself as a packet of each link
 * type.  The tables it searches hold an address and a flow out of the packet, so that what is behind a match is
 * reached, too. */
#include "probes/foreign.h"

#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const int links[] = { 1, 9, 12, 14, 50, 51, 101, 113, 166, 228, 229, 276, 105 };

static void check(int link, const uint8_t *bytes, size_t caplen, size_t len)
{
	struct foreign_here here = { .count = 1, .prefix = { 64 } };
	struct foreign_packet p, again;
	struct foreign_flow flow;

	if (!foreign_parse(&p, link, bytes, caplen, len, &here) && p.ip)
		abort();
	if (p.bytes > len)
		abort();
	if (!p.ip)
		return;
	/* the same packet when its sender is us: it goes up, and is of the flow we say */
	memcpy(here.address[0], p.from.address, 16);
	here.prefix[0] = 128;
	foreign_parse(&again, link, bytes, caplen, len, &here);
	if (again.bytes != p.bytes || again.protocol != p.protocol)
		abort();
	if (p.way == FOREIGN_UNKNOWN && memcmp(p.from.address, p.to.address, 16) != 0 &&
		again.way != FOREIGN_UP)
		abort();
	flow = (struct foreign_flow){
		.protocol = p.protocol, .remote = p.to, .local_port = p.from.port
	};
	if (!foreign_belongs(&p, &flow))
		abort();
	flow.protocol = (uint8_t)(p.protocol + 101); /* neither this one nor ICMP for ICMPv6 */
	if (foreign_belongs(&p, &flow))
		abort();
}

static void exact(int link, const uint8_t *bytes, size_t caplen, size_t len)
{
	uint8_t *copy = malloc(caplen ? caplen : 1);

	if (!copy)
		abort();
	if (caplen)
		memcpy(copy, bytes, caplen);
	check(link, copy, caplen, len);
	free(copy);
}

static void as_file(const uint8_t *data, size_t n)
{
	char problem[PCAP_ERRBUF_SIZE];
	FILE *f = n ? fmemopen((void *)(uintptr_t)data, n, "r") : NULL;
	pcap_t *p = f ? pcap_fopen_offline(f, problem) : NULL;
	struct pcap_pkthdr *head;
	const u_char *bytes;

	while (p && pcap_next_ex(p, &head, &bytes) == 1)
		exact(pcap_datalink(p), bytes, head->caplen, head->len);
	if (p)
		pcap_close(p); /* and f */
	else if (f)
		fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	as_file(data, n);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		check(links[i], data, n, n);
		check(links[i], data, n, n + 1400);
	}
	return 0;
}
