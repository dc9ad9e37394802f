/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of result as a sentence, in both languages, with its units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/summary.h"
#include "probes/core/mem.h"
#include "probes/probe.h"
#include <string.h>

static void latency(struct record *r)
{
	record_set_int(r, FIELD_SENT, 20);
	record_set_int(r, FIELD_RECEIVED, 19);
	record_set_real(r, FIELD_RTT_P50_US, 45230);
	record_set_real(r, FIELD_RTT_MAX_US, 120400);
}

static void nothing_sent(struct record *r)
{
	record_set_int(r, FIELD_SENT, 0);
	record_set_int(r, FIELD_RECEIVED, 0);
}

static void down(struct record *r)
{
	record_set_text(r, FIELD_DIRECTION, "down");
	record_set_int(r, FIELD_RATE_BPS, 12340000);
	record_set_int(r, FIELD_BYTES, 4900000);
	record_set_real(r, FIELD_LOADED_P50_US, 88000);
}

static void up(struct record *r)
{
	record_set_text(r, FIELD_DIRECTION, "up");
	record_set_int(r, FIELD_RATE_BPS, 800500);
}

static void served(struct record *r)
{
	record_set_text(r, FIELD_RAT, "NR5G-NSA");
	record_set_text(r, FIELD_PLMN, "45204");
	record_set_text(r, FIELD_OPERATOR_NAME, "Viettel");
	record_set_real(r, FIELD_RSRP, -97);
	record_set_real(r, FIELD_SINR, 12.5);
	record_set_real(r, FIELD_NR_RSRP, -101);
	record_set_text(r, FIELD_REGISTRATION, "home");
	record_set_text(r, FIELD_SIM, "ready");
}

static void pin(struct record *r)
{
	record_set_text(r, FIELD_MODEM_STATE, "LIMSRV");
	record_set_text(r, FIELD_SIM, "pin");
}

static void no_cells(struct record *r)
{
	record_set_int(r, FIELD_SCAN_CELLS, 0);
}

static void a_cell(struct record *r)
{
	record_set_int(r, FIELD_SCAN_CELLS, 3);
	record_set_text(r, FIELD_RAT, "GSM");
	record_set_text(r, FIELD_PLMN, "45201");
	record_set_real(r, FIELD_RXLEV, -104);
}

static void ipv6(struct record *r)
{
	record_set_text(r, FIELD_VERDICT, "works");
	record_set_int(r, FIELD_V4_HTTP_US, 61000);
	record_set_int(r, FIELD_V6_HTTP_US, 60500);
}

static void portal(struct record *r)
{
	record_set_text(r, FIELD_VERDICT, "captive_portal");
	record_set_int(r, FIELD_TOTAL_US, 1500000);
}

static void no_verdict(struct record *r)
{
	record_set_text(r, FIELD_TARGET, "http://x/");
}

static void dns(struct record *r)
{
	record_set_text(r, FIELD_RESOLVER, "192.0.2.53");
	record_set_text(r, FIELD_RCODE, "NOERROR");
	record_set_text(r, FIELD_QNAME, "example.vn");
	record_set_int(r, FIELD_DNS_US, 31250);
	record_set_int(r, FIELD_ANSWERS, 2);
	record_set_bool(r, FIELD_AGREED, false);
}

static void dns_silent(struct record *r)
{
	record_set_text(r, FIELD_RESOLVER, "192.0.2.53");
	record_set_text(r, FIELD_RCODE, "timeout");
	record_set_text(r, FIELD_QNAME, "example.vn");
}

static void passive(struct record *r)
{
	record_set_int(r, FIELD_PACKETS, 12000);
	record_set_int(r, FIELD_FLOWS, 45);
	record_set_real(r, FIELD_HS_FAR_P50_US, 52000);
	record_set_int(r, FIELD_TCP_SEGMENTS, 4000);
	record_set_int(r, FIELD_RETRANSMITTED, 60);
}

static void busy(struct record *r)
{
	record_set_text(r, FIELD_ERROR, "busy_line");
	record_set_int(r, FIELD_COMPETING_BPS, 2500000);
}

static void something_new(struct record *r)
{
	record_set_text(r, FIELD_ERROR, "eclipse");
}

static const struct {
	enum record_kind kind;
	void (*fill)(struct record *r);
	const char *vi, *en;
	enum word todo;
} cases[] = {
	{ RECORD_LATENCY, latency,
		"gửi 20 gói, nhận lại 19 (mất 5,0 %), khứ hồi 45,2 ms, chậm nhất 120 ms",
		"20 packets sent, 19 came back (5.0 % lost), round trip 45.2 ms, slowest 120 ms",
		W_NONE },
	{ RECORD_LATENCY, nothing_sent, "gửi 0 gói, nhận lại 0 (mất 0,0 %)",
		"0 packets sent, 0 came back (0.0 % lost)", W_NONE },
	{ RECORD_THROUGHPUT, down, "tải xuống 12,3 Mbit/s, tốn 4,9 MB, trễ khi tải 88 ms",
		"down 12.3 Mbit/s, spent 4.9 MB, round trip under load 88 ms", W_NONE },
	{ RECORD_THROUGHPUT, up, "tải lên 800 kbit/s", "up 800 kbit/s", W_NONE },
	{ RECORD_SIGNAL, served,
		"NR5G-NSA, mạng 45204 Viettel, mức thu -97 dBm (rất tốt), SINR 12,50 dB, phần 5G "
		"-101 "
		"dBm, đăng ký: mạng của SIM, SIM: sẵn sàng",
		"NR5G-NSA, network 45204 Viettel, level -97 dBm (very good), SINR 12.50 dB, 5G leg "
		"-101 dBm, registration: home network, SIM: ready",
		W_NONE },
	{ RECORD_SIGNAL, pin, "không có trạm phục vụ (LIMSRV), SIM: chờ mã PIN",
		"no cell serves (LIMSRV), SIM: asks for its PIN", W_A_SIM_PIN },
	{ RECORD_OPERATORS, no_cells, "dò hết mà không thấy trạm nào",
		"searched, and no cell was there", W_NONE },
	{ RECORD_OPERATORS, a_cell, "GSM, mạng 45201, mức thu -104 dBm (yếu)",
		"GSM, network 45201, level -104 dBm (poor)", W_NONE },
	{ RECORD_IPV6, ipv6, "IPv6 dùng tốt, IPv4 61 ms, IPv6 60,5 ms",
		"IPv6 works, IPv4 61 ms, IPv6 60.5 ms", W_NONE },
	{ RECORD_SERVICE, portal, "bị chặn bởi cổng đăng nhập, hoặc hết tiền, tất cả 1,5 s",
		"a portal, or no credit, all in 1.5 s", W_DO_CAPTIVE },
	{ RECORD_SERVICE, no_verdict, "chưa kết luận được", "nothing can be concluded", W_NONE },
	{ RECORD_DNS, dns,
		"192.0.2.53 trả lời NOERROR cho example.vn, sau 31,2 ms, 2 địa chỉ, khác các máy "
		"chủ DNS kia",
		"192.0.2.53 answers NOERROR for example.vn, after 31.2 ms, 2 addresses, unlike the "
		"other name servers",
		W_NONE },
	{ RECORD_DNS, dns_silent, "192.0.2.53 không trả lời cho example.vn",
		"192.0.2.53 does not answer for example.vn", W_DO_DNS },
	{ RECORD_PASSIVE, passive,
		"xem 12000 gói của 45 kết nối, bắt tay phía mạng 52 ms, gửi lại 1,5 %",
		"looked at 12000 packets of 45 connections, handshake towards the net 52 ms, 1.5 % "
		"sent again",
		W_NONE },
	{ RECORD_THROUGHPUT, busy, "đường truyền đang bận, máy khác đang dùng 2,5 Mbit/s",
		"the line was busy, others were using 2.5 Mbit/s", W_DO_BUSY_LINE },
	{ RECORD_LATENCY, something_new, "không đo được (eclipse)",
		"it could not be measured (eclipse)", W_DO_OTHER },
};

static void each_result_is_a_sentence_in_both_languages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct record r;
		struct buf vi, en;

		record_clear(&r, cases[i].kind);
		cases[i].fill(&r);
		buf_init(&vi, 2000);
		buf_init(&en, 2000);
		assert_true(summary_put(&vi, &r, true));
		assert_true(summary_put(&en, &r, false));
		assert_string_equal(buf_text(&vi), cases[i].vi);
		assert_string_equal(buf_text(&en), cases[i].en);
		assert_int_equal(summary_todo(&r), cases[i].todo);
		buf_done(&vi);
		buf_done(&en);
	}
}

static void every_measurement_there_is_has_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; probe_types[i]; i++) {
		int kind = record_kind_from(probe_types[i]->name);
		struct record r;
		struct buf b;

		assert_true(kind > 0);
		record_clear(&r, (enum record_kind)kind);
		buf_init(&b, 2000);
		if (!summary_put(&b, &r, true) || !b.len)
			fail_msg("%s: has no sentence", probe_types[i]->name);
		buf_done(&b);
	}
}

static void what_is_no_measurement_has_none(void **state)
{
	struct record r;
	struct buf b;

	(void)state;
	buf_init(&b, 2000);
	record_clear(&r, RECORD_HEALTH);
	assert_false(summary_put(&b, &r, true));
	record_clear(&r, RECORD_ACCESS);
	assert_false(summary_put(&b, &r, false));
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_result_is_a_sentence_in_both_languages),
		cmocka_unit_test(every_measurement_there_is_has_a_sentence),
		cmocka_unit_test(what_is_no_measurement_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
