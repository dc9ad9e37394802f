/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent status: what the running agent says of itself; without one, what its journal holds. */
#include "control.h"
#include "doc.h"
#include "options.h"
#include "settings.h"
#include "status_at_rest.h"
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

enum { VI, EN };

static const struct {
	const char *state, *text[2];
} states[] = {
	{ "unknown", { "chưa rõ", "not known yet" } },
	{ "ok", { "tốt", "working" } },
	{ "power_lost", { "mất điện", "power was lost" } },
	{ "modem_absent", { "không thấy modem", "modem not there" } },
	{ "modem_hung", { "modem bị treo", "modem hangs" } },
	{ "sim_missing", { "không có SIM", "no SIM" } },
	{ "sim_locked", { "SIM bị khóa", "SIM locked" } },
	{ "no_service", { "không có sóng", "no signal" } },
	{ "limited_service", { "chỉ có sóng của mạng khác", "only other networks" } },
	{ "denied", { "mạng từ chối", "network refuses" } },
	{ "attached_no_ip", { "có sóng, không có địa chỉ IP", "registered, no address" } },
	{ "ip_no_internet", { "có địa chỉ, không ra Internet", "address, no Internet" } },
	{ "captive_or_no_credit", { "hết tiền hoặc cổng đăng nhập", "no credit, or a portal" } },
	{ "collector_down", { "không tới được máy chủ thu thập", "collector not reached" } },
};

static const char *state_text(const char *state, int lang)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (!strcmp(states[i].state, state))
			return states[i].text[lang];
	return state;
}

static void say_uplink(struct json_object *o, int lang)
{
	struct json_object *u = doc_at(o, "uplink"), *j = doc_at(o, "journal");
	int64_t age = doc_int(u, "last_receipt_age_s", -1), waiting = doc_int(j, "waiting", 0);

	if (!u)
		printf("%s\n", lang == VI ? "Gửi:        không có broker, chỉ lưu tại máy"
					  : "Uplink:     no broker, journal only");
	else
		printf("%s %s %s%s%s\n",
			lang == VI ? "Gửi:       " : "Uplink:    ", doc_text(u, "broker", "-"),
			doc_bool(u, "connected") ? (lang == VI ? "đã kết nối" : "connected")
						 : (lang == VI ? "mất kết nối" : "not connected"),
			*doc_text(u, "problem", "") ? ": " : "", doc_text(u, "problem", ""));
	printf(lang == VI ? "Nhật ký:    %" PRId64 " bản ghi chờ biên nhận, mới nhất số %" PRId64
			    "\n"
			  : "Journal:    %" PRId64
			    " records wait for a receipt, newest is number %" PRId64 "\n",
		waiting, doc_int(j, "newest_seq", 0));
	/* the question a technician asks */
	printf("%s", lang == VI ? "Dữ liệu đã đến nơi chưa?  " : "Is my data in?  ");
	if (!waiting && age >= 0)
		printf(lang == VI ? "Rồi, tất cả (biên nhận cách đây %" PRId64 " giây)\n"
				  : "Yes, all of it (receipt %" PRId64 " s ago)\n",
			age);
	else if (age >= 0)
		printf(lang == VI ? "Đến số %" PRId64 ", biên nhận cách đây %" PRId64 " giây\n"
				  : "Up to number %" PRId64 ", receipt %" PRId64 " s ago\n",
			doc_int(j, "arrived_below_seq", 1) - 1, age);
	else
		printf("%s\n", lang == VI ? "Chưa có biên nhận nào từ khi khởi động"
					  : "No receipt since start");
}

static void say_budget(struct json_object *o, int lang)
{
	struct json_object *b = doc_at(o, "budget");
	int64_t limit = doc_int(b, "limit", 0);

	if (limit)
		printf(lang == VI ? "Dung lượng: %.1f / %.0f MB%s\n"
				  : "Allowance:  %.1f of %.0f MB%s\n",
			(double)doc_int(b, "used", 0) / 1e6, (double)limit / 1e6,
			doc_bool(b, "may_spend") ? ""
						 : (lang == VI ? ", hết phần cho phép đo lớn"
							       : ", nothing left for large tests"));
}

/* What is not run just now, and why; nothing when all is. */
static void say_held(struct json_object *o, int lang)
{
	struct json_object *cut = doc_at(doc_at(o, "budget"), "cut"),
			   *x = doc_at(o, "suppressions");
	const char *quiet = doc_text(o, "quiet", "");

	for (size_t i = 0; cut && i < json_object_array_length(cut); i++)
		printf("%s %s\n",
			lang == VI ? "Ngừng đo:   hết phần dung lượng cho"
				   : "Cut:        no allowance left for",
			json_object_get_string(json_object_array_get_idx(cut, i)));
	for (size_t i = 0; x && i < json_object_array_length(x); i++) {
		struct json_object *one = json_object_array_get_idx(x, i);
		int64_t left = doc_int(one, "left_s", -1);

		if (!doc_bool(one, "active"))
			continue;
		printf("%s %s",
			lang == VI ? "Tạm dừng:  " : "Suppressed:", doc_text(one, "name", "?"));
		if (left >= 0)
			printf(lang == VI ? ", còn %" PRId64 " phút" : ", %" PRId64 " min left",
				(left + 59) / 60);
		putchar('\n');
	}
	if (*quiet)
		printf("%s %s\n",
			lang == VI ? "Giữ yên:    phép đo lớn chờ:"
				   : "Quiet:      large tests wait:",
			quiet);
}

static void say_tests(struct json_object *o, int lang)
{
	struct json_object *tests = doc_at(o, "tests");

	puts(lang == VI ? "Phép đo:" : "Tests:");
	for (size_t i = 0; tests && i < json_object_array_length(tests); i++) {
		struct json_object *t = json_object_array_get_idx(tests, i),
				   *last = doc_at(t, "last");
		const char *error = doc_text(last, "error", "");

		printf("  %-16s %6" PRId64 " %s, %" PRId64 " %s, %" PRId64 " %s  ",
			doc_text(t, "name", "?"), doc_int(t, "invocations", 0),
			lang == VI ? "lần" : "runs", doc_int(t, "failures", 0),
			lang == VI ? "lỗi" : "failed",
			doc_int(t, "suppressions", 0) + doc_int(t, "overlaps", 0),
			lang == VI ? "bỏ qua" : "left out");
		if (!last)
			puts(lang == VI ? "chưa đo" : "not yet");
		else if (*error)
			printf("%s: %s\n", error, doc_text(last, "error_text", ""));
		else
			doc_say_result(stdout, last);
	}
}

static void say(struct json_object *o, int lang)
{
	struct json_object *clock = doc_at(o, "clock");
	const char *state = doc_text(o, "state", "unknown");

	printf("%s %s%s\n", lang == VI ? "Đầu đo:    " : "Probe:     ", doc_text(o, "probe", "?"),
		doc_bool(o, "simulated") ? (lang == VI ? "  (MÔ PHỎNG)" : "  (SIMULATED)") : "");
	printf(lang == VI ? "Trạng thái: %s (%s), %" PRId64 " giây: %s\n"
			  : "State:      %s (%s) for %" PRId64 " s: %s\n",
		state_text(state, lang), state, doc_int(o, "state_s", 0),
		doc_text(o, "evidence", ""));
	printf("%s %s (%s)\n", lang == VI ? "Đồng hồ:   " : "Clock:     ",
		doc_text(clock, "utc", lang == VI ? "chưa biết giờ" : "not known"),
		doc_text(clock, "source", "none"));
	say_uplink(o, lang);
	say_budget(o, lang);
	say_held(o, lang);
	say_tests(o, lang);
}

int status_command(int argc, char **argv)
{
	char path[STATE_PATH];
	struct json_object *o = NULL;
	struct conf *c = NULL;
	struct options opt;
	int err, status = options_read(&opt, OPTION_CONF | OPTION_JSON | OPTION_LANG, argc, argv);

	if (status >= 0)
		return status;
	if (opt.count)
		return wrong_use("status", "\"%s\" is not understood", opt.words[0]);
	status = agent_conf_open(&c, opt.conf);
	if (status >= 0)
		return status;
	err = control_ask(&o, state_path(c, CONTROL_SOCKET, path));
	if (err == -ECONNREFUSED || err == -ENOENT) {
		fprintf(stderr, "phusong-agent status: %s (%s)\n",
			opt.vietnamese ? "phusong-agent không chạy" : "no agent is running", path);
		status_at_rest(c, opt.json, opt.vietnamese);
	} else if (err)
		fprintf(stderr, "phusong-agent status: %s: %s\n", path, strerror(-err));
	else if (opt.json)
		puts(json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		say(o, opt.vietnamese ? VI : EN);
	json_object_put(o);
	conf_free(c);
	return err ? EXIT_FAILED : EXIT_DONE;
}
