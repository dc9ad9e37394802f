/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a packet is and which way it went, over every link type; and what is made of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../probes/core/clock.h"
#include "../../probes/core/mem.h"
#include "../../probes/foreign_inside.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPTURES "tests/fuzz/corpus/foreign/"

static struct foreign_end end_of(const char *text, uint16_t port)
{
	struct sockaddr_in six_or_four = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct foreign_end e;
	bool four = inet_pton(AF_INET, text, &six_or_four.sin_addr) == 1;

	if (!four)
		assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	assert_true(foreign_end_of(
		&e, four ? (struct sockaddr *)&six_or_four : (struct sockaddr *)&six));
	return e;
}

static struct foreign_here at_home(const char *address, unsigned prefix)
{
	struct foreign_here here = { .count = 1 };

	memcpy(here.address[0], end_of(address, 0).address, 16);
	here.prefix[0] = (uint8_t)prefix;
	return here;
}

struct seen {
	size_t packets, ip, up, down, own;
	uint64_t bytes, frames;
	struct foreign_packet last;
};

static struct seen read_capture(
	const char *name, const struct foreign_here *here, const struct foreign_flow *flow)
{
	char path[128], problem[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	struct seen s = { 0 };
	const u_char *bytes;
	pcap_t *p;

	snprintf(path, sizeof(path), CAPTURES "%s.pcap", name);
	p = pcap_open_offline(path, problem);
	if (!p)
		fail_msg("%s", problem);
	while (pcap_next_ex(p, &head, &bytes) == 1) {
		struct foreign_packet one;

		s.packets++;
		s.ip += foreign_parse(&one, pcap_datalink(p), bytes, head->caplen, head->len, here);
		s.up += one.way == FOREIGN_UP;
		s.down += one.way == FOREIGN_DOWN;
		s.bytes += one.bytes;
		s.frames += head->len;
		s.own += flow && foreign_belongs(&one, flow);
		s.last = one;
	}
	pcap_close(p);
	return s;
}

static void a_flow_inside_vlan_tags_and_pppoe_is_found(void **state)
{
	struct foreign_here here = at_home("10.3.65.35", 128);
	struct foreign_flow flow = { .protocol = IPPROTO_TCP,
		.remote = end_of("185.8.212.46", 80) };
	struct seen s = read_capture("ppp_one_http_stream_rst", &here, &flow);

	(void)state;
	assert_int_equal(s.packets, 10);
	assert_int_equal(s.ip, 10);
	assert_int_equal(s.own, 10);
	assert_int_equal(s.up + s.down, 10);
	assert_true(s.up > 2 && s.down > 2);
	/* Ethernet, two tags, PPPoE and PPP: 14 + 8 + 6 + 2 */
	assert_int_equal(s.frames - s.bytes, 10 * 30);
	flow.local_port = 5068;
	assert_int_equal(read_capture("ppp_one_http_stream_rst", &here, &flow).own, 10);
	flow.local_port = 5069; /* another connection to the same server is not ours */
	assert_int_equal(read_capture("ppp_one_http_stream_rst", &here, &flow).own, 0);
}

static void raw_ip_goes_the_way_of_its_addresses(void **state)
{
	struct foreign_here here = at_home("2001:618:400::5199:cc70", 128), net, none = { 0 };
	struct foreign_flow flow = { .protocol = IPPROTO_TCP,
		.remote = end_of("2001:618:1:8000::5", 80) };
	struct seen s = read_capture("ppp_one_ipv6_http_stream", &here, &flow);

	(void)state;
	assert_int_equal(s.packets, 19);
	assert_int_equal(s.own, 19);
	assert_int_equal(s.up + s.down, 19);
	assert_int_equal(s.frames, s.bytes);
	/* a host behind us that shares our /64 */
	net = at_home("2001:618:400::1", 64);
	assert_int_equal(read_capture("ppp_one_ipv6_http_stream", &net, NULL).up, s.up);
	assert_int_equal(read_capture("ppp_one_ipv6_http_stream", &none, NULL).up, 0);
	assert_int_equal(read_capture("ppp_one_ipv6_http_stream", &none, NULL).down, 0);
}

static void a_cooked_capture_says_which_way_itself(void **state)
{
	struct foreign_here none = { 0 };
	struct foreign_flow flow = { .protocol = IPPROTO_TCP,
		.remote = end_of("137.116.81.94", 80) };
	struct seen s = read_capture("tcpdump_tcp-handshake-nano", &none, &flow);

	(void)state;
	assert_int_equal(s.packets, 3);
	assert_int_equal(s.own, 3);
	assert_int_equal(s.up, 2);
	assert_int_equal(s.down, 1);
	assert_int_equal(s.frames - s.bytes, 3 * 16);
}

static void ethernet_goes_up_when_we_sent_it(void **state)
{
	struct foreign_here here = { .mac = { 0 } };
	struct seen s = read_capture("tcpdump_dns_tcp", &here, NULL);
	uint8_t frame[14 + 20] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45 };
	struct foreign_packet p;

	(void)state;
	assert_int_equal(s.packets, 11);
	assert_int_equal(s.ip, 11);
	assert_int_equal(s.up + s.down, 0); /* neither a MAC nor an address is ours */
	memcpy(here.mac, frame + 6, 6);
	assert_true(foreign_parse(&p, 1, frame, sizeof(frame), 1514, &here));
	assert_int_equal(p.way, FOREIGN_UP);
	assert_int_equal(p.bytes, 1500);
	memcpy(here.mac, frame, 6);
	assert_true(foreign_parse(&p, 1, frame, sizeof(frame), 1514, &here));
	assert_int_equal(p.way, FOREIGN_DOWN);
}

static void ppp_is_read_with_and_without_its_framing(void **state)
{
	static const uint8_t ip[20] = { 0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192,
		0, 2, 2 };
	static const struct {
		int link;
		size_t head;
		uint8_t bytes[8];
	} all[] = { { 9, 4, { 0xff, 3, 0, 0x21 } }, { 9, 2, { 0, 0x21 } }, { 9, 1, { 0x21 } },
		{ 50, 4, { 0xff, 3, 0, 0x21 } }, { 51, 8, { 0x11, 0, 0, 1, 0, 22, 0, 0x21 } },
		{ 166, 3, { 1, 0, 0x21 } } };
	struct foreign_here here = at_home("192.0.2.1", 128);

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		uint8_t packet[32];
		struct foreign_packet p;

		memcpy(packet, all[i].bytes, all[i].head);
		memcpy(packet + all[i].head, ip, sizeof(ip));
		assert_true(foreign_parse(&p, all[i].link, packet, all[i].head + sizeof(ip),
			all[i].head + sizeof(ip), &here));
		assert_int_equal(p.bytes, 20);
		assert_int_equal(p.protocol, IPPROTO_UDP);
		assert_int_equal(p.way, FOREIGN_UP);
	}
}

static void later_fragments_belong_to_the_host_and_icmp_to_both_families(void **state)
{
	uint8_t ip[24] = { 0x45, 0, 0, 24, 0, 0, 0, 5, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2 };
	struct foreign_flow flow = { .protocol = IPPROTO_UDP, .remote = end_of("192.0.2.2", 862) },
			    echo = { .protocol = IPPROTO_ICMP,
				    .remote = end_of("fe80::dd05:dae0:74bc:7341", 0) };
	struct foreign_here none = { 0 };
	struct foreign_packet p;

	(void)state;
	assert_true(foreign_parse(&p, 12, ip, sizeof(ip), sizeof(ip), &none));
	assert_true(p.fragment && !p.to.port);
	assert_true(foreign_belongs(&p, &flow));
	ip[7] = 0; /* the first one shows its ports: 0 */
	assert_true(foreign_parse(&p, 12, ip, sizeof(ip), sizeof(ip), &none));
	assert_false(foreign_belongs(&p, &flow));
	assert_int_equal(read_capture("ppp_IcmpV6_EchoMessages", &none, &echo).own, 2);
	assert_int_equal(read_capture("ppp_IcmpV6_EchoMessages", &none, &flow).own, 0);
}

static void what_is_no_ip_is_counted_and_is_nobodys(void **state)
{
	uint8_t arp[42] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 8, 6 };
	struct foreign_flow any = { .protocol = 0 };
	struct foreign_here none = { 0 };
	struct foreign_packet p;

	(void)state;
	assert_false(foreign_parse(&p, 1, arp, sizeof(arp), sizeof(arp), &none));
	assert_int_equal(p.bytes, 28);
	assert_false(foreign_belongs(&p, &any));
	assert_false(foreign_parse(&p, 105, arp, sizeof(arp), sizeof(arp), &none)); /* 802.11 */
	assert_int_equal(p.bytes, sizeof(arp));
}

static void extension_headers_are_walked_and_end(void **state)
{
	/* hop-by-hop, destination options, then UDP from 7 to 862 */
	uint8_t ip[40 + 8 + 8 + 4] = { 0x60, [6] = 0, [24 + 15] = 2, [40] = 60, [48] = 17, [56] = 0,
		7, 3, 0x5e };
	uint8_t loop[40 + 64] = { 0x60, [6] = 0 };
	struct foreign_here none = { 0 };
	struct foreign_packet p;

	(void)state;
	assert_true(foreign_parse(&p, 12, ip, sizeof(ip), sizeof(ip), &none));
	assert_int_equal(p.protocol, IPPROTO_UDP);
	assert_int_equal(p.from.port, 7);
	assert_int_equal(p.to.port, 862);
	assert_true(foreign_parse(&p, 12, loop, sizeof(loop), sizeof(loop), &none));
}

/* --- the watch -------------------------------------------------------------------------------------------------- */

static void a_flow_is_told_once_and_the_newest_stay(void **state)
{
	struct foreign_own own = { 0 };
	struct foreign_flow f = { .protocol = IPPROTO_TCP, .remote = end_of("192.0.2.1", 1) };

	(void)state;
	foreign_tell(&own, &f);
	foreign_tell(&own, &f);
	assert_int_equal(own.n, 1);
	assert_int_equal(own.changes, 1);
	for (unsigned i = 0; i < 3 * FOREIGN_FLOWS; i++) {
		f.remote.port = (uint16_t)(100 + i);
		foreign_tell(&own, &f);
	}
	assert_int_equal(own.n, FOREIGN_FLOWS);
	for (unsigned i = 2 * FOREIGN_FLOWS; i < 3 * FOREIGN_FLOWS; i++) {
		bool found = false;

		for (size_t k = 0; k < own.n; k++)
			found = found || own.told[k].remote.port == 100 + i;
		assert_true(found);
	}
}

static void what_this_process_has_connected_is_known(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct foreign_flow flow[8];
	struct foreign_end want = end_of("127.0.0.1", 4711);
	bool found = false;
	size_t n;

	(void)state;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	n = foreign_connected(flow, COUNT(flow));
	for (size_t i = 0; i < n; i++)
		if (flow[i].protocol == IPPROTO_UDP && flow[i].remote.port == 4711 &&
			!memcmp(flow[i].remote.address, want.address, 16) && flow[i].local_port)
			found = true;
	assert_true(found);
	close(fd);
}

static void who_we_are_on_an_interface_is_known(void **state)
{
	struct foreign_here here;
	bool found = false;

	(void)state;
	assert_int_equal(foreign_look_here(&here, "no-such-iface"), -ENODEV);
	assert_int_equal(foreign_look_here(&here, "lo"), 0);
	for (size_t i = 0; i < here.count; i++)
		found = found || (!memcmp(here.address[i], end_of("127.0.0.1", 0).address, 16) &&
					 here.prefix[i] == 128);
	assert_true(found);
}

static void counters_tell_all_traffic_of_a_time(void **state)
{
	struct foreign_own own = { .counters_only = true };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct foreign_rates r;
	struct foreign *f = NULL;
	struct loop *l = NULL;
	int64_t from, sent = 0;
	char bytes[1000] = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(loop_new(&l), 0);
	assert_int_equal(foreign_new(&f, l, "no-such-iface", &own), -ENODEV);
	assert_int_equal(foreign_new(&f, l, "lo", &own), 0);
	assert_false(foreign_captures(f));
	from = clock_loop();
	assert_int_equal(foreign_between(f, from, from + 50 * NS_PER_MS, &r), -ERANGE);
	assert_int_equal(foreign_between(f, from - NS_PER_S, from + NS_PER_S, &r), -ERANGE);
	while (clock_loop() < from + 600 * NS_PER_MS) {
		if (sent < 200)
			sent += sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to,
					sizeof(to)) > 0;
		loop_turn(l, NS_PER_MS);
	}
	assert_int_equal(foreign_between(f, from, clock_loop(), &r), 0);
	assert_false(r.captured);
	/* at least ours, in both directions of loopback; others may use it, too */
	assert_true((double)r.down_bps * (double)(clock_loop() - from) / 8e9 > (double)sent * 1000);
	assert_true(r.all_bps >= r.down_bps);
	close(fd);
	foreign_free(f);
	loop_free(l);
}

static void a_result_is_minor_from_three_and_discarded_from_ten_percent(void **state)
{
	struct foreign_own own = { 0 };

	(void)state;
	assert_string_equal(foreign_interference(&own, 29, 1000, true), "none");
	assert_string_equal(foreign_interference(&own, 30, 1000, true), "minor");
	assert_string_equal(foreign_interference(&own, 100, 1000, true), "discarded");
	assert_string_equal(foreign_interference(&own, 0, 0, true), "none");
	assert_string_equal(foreign_interference(&own, 1, 0, true), "discarded");
	/* counters may be wrong by three percent */
	assert_string_equal(foreign_interference(&own, 50, 1000, false), "none");
	assert_string_equal(foreign_interference(&own, 120, 1000, false), "minor");
	assert_string_equal(foreign_interference(&own, 130, 1000, false), "discarded");
	own.minor_percent = 20;
	own.discard_percent = 50;
	assert_string_equal(foreign_interference(&own, 199, 1000, true), "none");
	assert_string_equal(foreign_interference(&own, 499, 1000, true), "minor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_inside_vlan_tags_and_pppoe_is_found),
		cmocka_unit_test(raw_ip_goes_the_way_of_its_addresses),
		cmocka_unit_test(a_cooked_capture_says_which_way_itself),
		cmocka_unit_test(ethernet_goes_up_when_we_sent_it),
		cmocka_unit_test(ppp_is_read_with_and_without_its_framing),
		cmocka_unit_test(later_fragments_belong_to_the_host_and_icmp_to_both_families),
		cmocka_unit_test(what_is_no_ip_is_counted_and_is_nobodys),
		cmocka_unit_test(extension_headers_are_walked_and_end),
		cmocka_unit_test(a_flow_is_told_once_and_the_newest_stay),
		cmocka_unit_test(what_this_process_has_connected_is_known),
		cmocka_unit_test(who_we_are_on_an_interface_is_known),
		cmocka_unit_test(counters_tell_all_traffic_of_a_time),
		cmocka_unit_test(a_result_is_minor_from_three_and_discarded_from_ten_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
