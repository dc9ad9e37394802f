/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"
#include "show.h"
#include "../probes/core/mem.h"
#include <inttypes.h>
#include <string.h>

struct words {
	const char *word, *vi, *en;
};

static const struct words errors[] = {
	{ "unreachable", "không tới được", "not reached" },
	{ "no_route", "không có đường đi", "there is no way there" },
	{ "no_server", "máy có đó nhưng không có dịch vụ trả lời",
		"the host is there, no server is" },
	{ "dns", "không tra được tên", "the name could not be looked up" },
	{ "timeout", "quá thời gian chờ", "it took too long" },
	{ "busy_line", "đường truyền đang bận", "the line was busy" },
	{ "modem_absent", "không thấy modem", "the modem is not there" },
	{ "modem_hung", "modem bị treo", "the modem does not answer" },
	{ "http_status", "máy chủ trả lời, nhưng từ chối", "the server answers and refuses" },
	{ "certificate", "chứng chỉ của máy chủ không tin được",
		"the server's certificate is not to be trusted" },
	{ "busy", "đang có chương trình khác dùng", "another program uses it" },
	{ NULL, "không đo được", "it could not be measured" },
};

static const struct words verdicts[] = {
	{ "ok", "truy cập tốt", "works" },
	{ "network", "lỗi do mạng", "the network fails" },
	{ "service", "mạng tốt, lỗi do máy chủ", "the network works, the server fails" },
	{ "captive_portal", "bị chặn bởi cổng đăng nhập, hoặc hết tiền", "a portal, or no credit" },
	{ "certificate", "chứng chỉ không tin được: có thể bị chen giữa",
		"the certificate is not to be trusted: somebody may stand in between" },
	{ "none", "không có IPv6", "no IPv6" },
	{ "ula_only", "chỉ có IPv6 nội bộ", "only local IPv6" },
	{ "dns_broken", "IPv6: tên không tra được", "IPv6: names are not found" },
	{ "pmtud_black_hole", "IPv6: gói lớn bị mất trên đường",
		"IPv6: large packets vanish on the way" },
	{ "broken", "có IPv6 nhưng không dùng được", "IPv6 is there and does not work" },
	{ "slow", "IPv6 chậm hơn IPv4 nhiều", "IPv6 is much slower than IPv4" },
	{ "works", "IPv6 dùng tốt", "IPv6 works" },
	{ "v6only_nat64", "chỉ có IPv6, IPv4 qua NAT64", "IPv6 only, IPv4 by NAT64" },
	{ "no_route", "IPv6 không có đường đi", "IPv6 has no way out" },
	{ NULL, "kết quả", "verdict" },
};

static const char *said(const struct words *w, const char *word, bool vi)
{
	while (w->word && strcmp(w->word, word))
		w++;
	return vi ? w->vi : w->en;
}

static void value(FILE *out, const char *before, const struct record *r, enum field f)
{
	char text[RECORD_ARENA];

	if (record_has(r, f))
		fprintf(out, "%s%s", before, show_value(r, f, text, sizeof(text)));
}

static void say_latency(FILE *out, const struct record *r, bool vi)
{
	int64_t sent = record_int(r, FIELD_SENT, 0), back = record_int(r, FIELD_RECEIVED, 0);

	fprintf(out,
		vi ? "gửi %" PRId64 " gói, nhận lại %" PRId64 " (mất %.1f %%)"
		   : "%" PRId64 " packets sent, %" PRId64 " came back (%.1f %% lost)",
		sent, back, sent ? 100.0 * (double)(sent - back) / (double)sent : 0);
	value(out, vi ? ", khứ hồi " : ", round trip ", r, FIELD_RTT_P50_US);
	value(out, vi ? ", chậm nhất " : ", slowest ", r, FIELD_RTT_MAX_US);
}

static void say_throughput(FILE *out, const struct record *r, bool vi)
{
	const char *disturbed = record_text(r, FIELD_INTERFERENCE);
	bool up = !strcmp(
		record_has(r, FIELD_DIRECTION) ? record_text(r, FIELD_DIRECTION) : "", "up");

	fputs(up ? (vi ? "tải lên" : "up") : (vi ? "tải xuống" : "down"), out);
	value(out, " ", r, FIELD_RATE_BPS);
	value(out, vi ? ", tốn " : ", spent ", r, FIELD_BYTES);
	value(out, vi ? ", trễ khi tải " : ", round trip under load ", r, FIELD_LOADED_P50_US);
	if (disturbed && strcmp(disturbed, "none") != 0)
		value(out, vi ? ", bị máy khác dùng chung " : ", disturbed by others with ", r,
			FIELD_COMPETING_BPS);
}

/* The level that counts for the technology in use. */
static void say_cell(FILE *out, const struct record *r, bool vi)
{
	static const enum field levels[] = { FIELD_RSRP, FIELD_RSCP, FIELD_RXLEV };
	const char *state = record_text(r, FIELD_MODEM_STATE);
	char text[RECORD_ARENA];

	if (r->kind == RECORD_OPERATORS && !record_int(r, FIELD_SCAN_CELLS, 0)) {
		fputs(vi ? "dò hết mà không thấy trạm nào" : "searched, and no cell was there",
			out);
		return;
	}
	if (!record_has(r, FIELD_RAT))
		fprintf(out, "%s%s%s%s", vi ? "không có trạm phục vụ" : "no cell serves",
			state ? " (" : "", state ? state : "", state ? ")" : "");
	else
		fputs(show_value(r, FIELD_RAT, text, sizeof(text)), out);
	value(out, vi ? ", mạng " : ", network ", r, FIELD_PLMN);
	value(out, " ", r, FIELD_OPERATOR_NAME);
	for (size_t i = 0; i < COUNT(levels); i++)
		value(out, vi ? ", mức thu " : ", level ", r, levels[i]);
	value(out, ", SINR ", r, FIELD_SINR);
	value(out, vi ? ", đăng ký: " : ", registration: ", r, FIELD_REGISTRATION);
	value(out, ", SIM: ", r, FIELD_SIM);
}

static void say_verdict(FILE *out, const struct record *r, bool vi)
{
	const char *verdict = record_text(r, FIELD_VERDICT);

	fputs(verdict ? said(verdicts, verdict, vi) : (vi ? "chưa rõ" : "not known"), out);
	value(out, vi ? ", tất cả " : ", all in ", r, FIELD_TOTAL_US);
	value(out, ", IPv4 ", r, FIELD_V4_HTTP_US);
	value(out, ", IPv6 ", r, FIELD_V6_HTTP_US);
}

void summary_say(FILE *out, const struct record *r, bool vi)
{
	if (r->kind < RECORD_SIGNAL || r->kind > RECORD_SERVICE || r->kind == RECORD_ACCESS ||
		r->kind == RECORD_DNS)
		return;
	fputs("  => ", out);
	if (record_has(r, FIELD_ERROR))
		fputs(said(errors, record_text(r, FIELD_ERROR), vi), out);
	else if (r->kind == RECORD_LATENCY)
		say_latency(out, r, vi);
	else if (r->kind == RECORD_THROUGHPUT)
		say_throughput(out, r, vi);
	else if (r->kind == RECORD_SIGNAL || r->kind == RECORD_OPERATORS)
		say_cell(out, r, vi);
	else
		say_verdict(out, r, vi);
	fputc('\n', out);
}
