/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent doctor: every step from power to collector, in the order in which one depends on the other:
 * pass, fail, and what to do.  With a running agent its own knowledge is used; without one the modem is
 * asked here. */
#include "control.h"
#include "doc.h"
#include "doctor.h"
#include "options.h"
#include "settings.h"
#include "traffic.h"
#include "world.h"
#include "../probes/core/codec.h"
#include "../probes/core/log.h"
#include "../probes/resolve.h"
#include <errno.h>
#include <stdarg.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RADIO_LIMIT_NS (40 * NS_PER_S)
#define DNS_LIMIT_NS   (5 * NS_PER_S)

static struct finding PRINTF(2, 3) found(enum finding_result result, const char *format, ...)
{
	struct finding f = { .result = result };
	va_list args;

	va_start(args, format);
	vsnprintf(f.detail, sizeof(f.detail), format, args);
	va_end(args);
	return f;
}

/* --- the steps ------------------------------------------------------------------------------------ */
static struct finding step_folder(struct visit *v)
{
	const char *folder = settings_text(conf_section(v->conf, "agent"), "state");

	if (access(folder, R_OK | W_OK | X_OK))
		return found(FAILED, "%s: %s", folder, strerror(errno));
	return found(PASSED, "%s", folder);
}

static struct finding step_agent(struct visit *v)
{
	if (v->status_err == -ENOENT || v->status_err == -ECONNREFUSED)
		return found(FAILED, v->vietnamese ? "không chạy" : "not running");
	if (!v->status)
		return found(FAILED, "%s", strerror(-v->status_err));
	return found(PASSED, v->vietnamese ? "%s, đã chạy %lld giây" : "%s, running for %lld s",
		doc_text(v->status, "probe", ""), (long long)doc_int(v->status, "running_s", 0));
}

static struct finding step_modem(struct visit *v)
{
	const char *error = doc_text(v->signal, "error", "");

	if (!*v->port)
		return found(SKIPPED, "-");
	if (!v->signal)
		return found(SKIPPED, "%s", v->port);
	if (*error)
		return found(FAILED, "%s: %s", error, doc_text(v->signal, "error_text", ""));
	return found(PASSED, "%s %s", v->port, doc_text(v->signal, "modem", ""));
}

static bool modem_answers(const struct visit *v)
{
	return v->signal && !doc_at(v->signal, "error");
}

static struct finding step_sim(struct visit *v)
{
	const char *sim = doc_text(v->signal, "sim", "");

	if (!modem_answers(v) || !*sim)
		return found(SKIPPED, "-");
	return found(strcmp(sim, "ready") ? FAILED : PASSED, "%s", sim);
}

static struct finding step_registration(struct visit *v)
{
	const char *word = doc_text(v->signal, "registration", "");
	bool in = !strcmp(word, "home") || !strcmp(word, "roaming");

	if (!modem_answers(v) || !*word)
		return found(SKIPPED, "-");
	return found(in ? PASSED : FAILED, "%s %s %s", word, doc_text(v->signal, "rat", ""),
		doc_text(v->signal, "plmn", ""));
}

static struct finding step_address(struct visit *v)
{
	const char *iface = settings_text(conf_section(v->conf, "agent"), "iface");
	char by_route[16];

	if (!*iface) {
		traffic_default_iface(by_route);
		iface = by_route;
	}
	if (!*iface)
		return found(FAILED, "no default route");
	return found(traffic_has_address(iface) ? PASSED : FAILED, "%s", iface);
}

/* The host of the first broker, without port and brackets; "" when there is none. */
static void broker_host(const struct visit *v, char *out, size_t room)
{
	const struct settings *s = conf_section(v->conf, "uplink");
	const char *from = settings_count(s, "brokers")
	                           ? strstr(settings_text_at(s, "brokers", 0), "://")
	                           : NULL;

	*out = 0;
	if (!from)
		return;
	from += 3;
	if (*from == '[')
		snprintf(out, room, "%.*s", (int)strcspn(from + 1, "]"), from + 1);
	else
		snprintf(out, room, "%.*s", (int)strcspn(from, ":/"), from);
}

static void name_answered(void *arg, int err, const struct sockaddr_storage *addresses, size_t n)
{
	struct visit *v = arg;

	(void)addresses;
	v->dns_err = err ? err : n ? 0 : -ENOENT;
	loop_stop(v->world.loop, 0);
}

static struct finding step_dns(struct visit *v)
{
	struct resolve_query *q = NULL;
	char host[128];
	int err;

	broker_host(v, host, sizeof(host));
	if (!*host)
		return found(SKIPPED, "-");
	err = resolve_start(&q, v->world.resolve, host, 0, DNS_LIMIT_NS, name_answered, v);
	if (!err)
		err = loop_run(v->world.loop);
	if (!err)
		err = v->dns_err;
	return err ? found(FAILED, "%s: %s", host, resolve_text(err)) : found(PASSED, "%s", host);
}

static struct finding step_clock(struct visit *v)
{
	struct clock_state now;
	char text[CLOCK_TEXT];

	(void)v;
	clock_read(&now);
	if (now.source == CLOCK_NONE)
		return found(FAILED, "-");
	return found(
		PASSED, "%s (%s)", clock_text(now.utc_ns, text), clock_source_name[now.source]);
}

static struct finding step_broker(struct visit *v)
{
	struct json_object *u = doc_at(v->status, "uplink");

	if (!settings_count(conf_section(v->conf, "uplink"), "brokers"))
		return found(FAILED,
			v->vietnamese ? "chưa đăng ký: phusong-agent enroll (hoặc uplink.brokers)"
				      : "not enrolled: phusong-agent enroll (or uplink.brokers)");
	if (!v->status)
		return found(SKIPPED, "-");
	if (!doc_bool(u, "connected"))
		return found(FAILED, "%s", doc_text(u, "problem", doc_text(u, "broker", "")));
	return found(PASSED, "%s, MQTT %s", doc_text(u, "broker", ""),
		doc_int(u, "mqtt_version", 0) == 5 ? "5" : "3.1.1");
}

static struct finding step_receipt(struct visit *v)
{
	int64_t age = doc_int(doc_at(v->status, "uplink"), "last_receipt_age_s", -1);
	int64_t waiting = doc_int(doc_at(v->status, "journal"), "waiting", 0);

	if (!v->status)
		return found(SKIPPED, "-");
	if (age < 0)
		return found(FAILED,
			v->vietnamese ? "chưa có, %lld bản ghi đang chờ"
				      : "none yet, %lld records wait",
			(long long)waiting);
	return found(PASSED,
		v->vietnamese ? "cách đây %lld giây, %lld bản ghi đang chờ"
			      : "%lld s ago, %lld records wait",
		(long long)age, (long long)waiting);
}

const struct doctor_step doctor_steps[] = {
	{ "folder", step_folder, { "Thư mục dữ liệu", "State folder" },
		{ "Tạo thư mục và cấp quyền cho người dùng của chương trình; lệnh này cần chạy "
		  "bằng quyền đó (sudo).",
			"Make the folder and give it to the agent's user; run this command with "
			"the same rights (sudo)." } },
	{ "agent", step_agent, { "Chương trình đang chạy", "Agent is running" },
		{ "Chạy: systemctl start phusong-agent; xem lỗi: journalctl -u phusong-agent.",
			"Start it: systemctl start phusong-agent; see why not: journalctl -u "
			"phusong-agent." } },
	{ "modem", step_modem, { "Modem", "Modem" },
		{ "Kiểm tra cáp USB và nguồn; xem cổng với: ls /dev/ttyUSB*; ghi đúng cổng vào "
		  "tests.port.",
			"Check the USB cable and its power; list ports: ls /dev/ttyUSB*; put the "
			"right one into tests.port." } },
	{ "sim", step_sim, { "SIM", "SIM" },
		{ "Lắp lại SIM; tắt mã PIN bằng điện thoại rồi lắp lại.",
			"Put the SIM in again; switch its PIN off with a phone first." } },
	{ "registration", step_registration, { "Đăng ký mạng", "Registered with the network" },
		{ "Kiểm tra ăng-ten. Nếu không có sóng thật, đây là kết quả đo: cứ để máy chạy, "
		  "kết quả sẽ được gửi sau.",
			"Check the antenna. If there is no signal, that is the measurement: leave "
			"it running, results are sent later." } },
	{ "address", step_address, { "Địa chỉ mạng", "Network address" },
		{ "Bật kết nối dữ liệu (APN của nhà mạng); kiểm tra SIM còn tiền và còn dung "
		  "lượng.",
			"Bring up the data connection (the operator's APN); check the SIM's "
			"credit." } },
	{ "dns", step_dns, { "Phân giải tên (DNS)", "Names (DNS)" },
		{ "Kiểm tra máy chủ DNS (agent.dns) và tên broker trong uplink.brokers.",
			"Check the name server (agent.dns) and the broker's name in "
			"uplink.brokers." } },
	{ "clock", step_clock, { "Đồng hồ", "Clock" },
		{ "Bật NTP: timedatectl set-ntp true. Kết quả vẫn được lưu, giờ sẽ được điền sau.",
			"Switch NTP on: timedatectl set-ntp true. Results are kept and get their "
			"time later." } },
	{ "broker", step_broker, { "Kết nối broker MQTT", "MQTT broker" },
		{ "Kiểm tra địa chỉ, cổng, chứng chỉ trong mục uplink; hỏi người quản trị máy chủ.",
			"Check address, port and certificate in the section uplink; ask whoever "
			"runs the server." } },
	{ "receipt", step_receipt, { "Biên nhận của máy chủ thu thập", "Receipt of the collector" },
		{ "Chờ vài phút. Nếu vẫn không có: đầu đo đã được đăng ký ở máy chủ chưa? Kết quả "
		  "vẫn nằm trong máy.",
			"Wait some minutes. If there is still none: is this probe registered "
			"there? Results stay on the device." } },
	{ 0 },
};

/* --- what the steps look at -------------------------------------------------------------------------- */
static struct json_object *signal_of_status(struct json_object *status)
{
	struct json_object *tests = doc_at(status, "tests");

	for (size_t i = 0; tests && i < json_object_array_length(tests); i++) {
		struct json_object *t = json_object_array_get_idx(tests, i);

		if (!strcmp(doc_text(t, "kind", ""), "signal") && doc_at(t, "last"))
			return json_object_get(doc_at(t, "last"));
	}
	return NULL;
}

static void heard(void *arg, struct probe *p, const struct record *r)
{
	struct visit *v = arg;

	(void)p;
	json_object_put(v->signal);
	v->signal = codec_json(r);
}

static void ended(void *arg, struct probe *p, int err)
{
	struct visit *v = arg;

	(void)p;
	(void)err;
	loop_stop(v->world.loop, 0);
}

static void ask_modem(struct visit *v)
{
	struct probe_owner owner = { heard, ended, v };
	char word[300];
	const char *words[] = { word };
	struct settings *s = NULL;
	struct probe *p = NULL;
	const struct probe_type *type = probe_type_named("signal");

	snprintf(word, sizeof(word), "port=%s", v->port);
	if (!type || settings_make(&s, type->accept, NULL, words, 1, NULL))
		return;
	if (!probe_new(&p, type, NULL, s, &v->world, owner, NULL) &&
		!probe_start(p, RADIO_LIMIT_NS))
		(void)!loop_run(v->world.loop);
	probe_free(p);
	settings_free(s);
}

int doctor_visit(struct visit *v, const struct conf *c, struct why *why)
{
	char path[STATE_PATH];
	int err;

	memset(v, 0, sizeof(*v));
	v->conf = c;
	v->port = first_modem_port(c);
	err = world_open(&v->world, settings_text(conf_section(c, "agent"), "iface"),
		settings_text(conf_section(c, "agent"), "dns"), why);
	if (err)
		return err;
	v->status_err = control_ask(&v->status, state_path(c, CONTROL_SOCKET, path));
	if (v->status)
		v->signal = signal_of_status(v->status);
	else if (*v->port)
		ask_modem(v); /* nobody else holds the port */
	return 0;
}

void doctor_leave(struct visit *v)
{
	json_object_put(v->status);
	json_object_put(v->signal);
	world_close(&v->world);
}

/* --- what is said ----------------------------------------------------------------------------------------- */
static void say(const struct doctor_step *s, const struct finding *f, bool vietnamese)
{
	static const char *const words[2][3] = { { "ĐẠT ", "LỖI ", "BỎ  " },
		{ "pass", "FAIL", "skip" } };
	int lang = vietnamese ? 0 : 1;

	printf("%s  %s: %s\n", words[lang][f->result], s->title[lang], f->detail);
	if (f->result == FAILED)
		printf("      → %s\n", s->advice[lang]);
}

static void say_json(const struct doctor_step *s, const struct finding *f, bool vietnamese)
{
	static const char *const words[] = { "pass", "fail", "skip" };
	struct json_object *o = json_object_new_object();
	int lang = vietnamese ? 0 : 1;

	json_object_object_add(o, "step", json_object_new_string(s->name));
	json_object_object_add(o, "result", json_object_new_string(words[f->result]));
	json_object_object_add(o, "title", json_object_new_string(s->title[lang]));
	json_object_object_add(o, "detail", json_object_new_string(f->detail));
	json_object_object_add(
		o, "advice", f->result == FAILED ? json_object_new_string(s->advice[lang]) : NULL);
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int doctor_command(int argc, char **argv)
{
	struct why why = { "" };
	struct conf *c = NULL;
	struct options o;
	struct visit v;
	bool failed = false;
	int status = options_read(&o, OPTION_CONF | OPTION_JSON | OPTION_LANG, argc, argv);

	if (status >= 0)
		return status;
	if (o.count)
		return wrong_use("doctor", "\"%s\" is not understood", o.words[0]);
	status = agent_conf_open(&c, o.conf);
	if (status >= 0)
		return status;
	log_quiet(true);
	if (doctor_visit(&v, c, &why)) {
		fprintf(stderr, "phusong-agent doctor: %s\n", why.text);
		conf_free(c);
		return EXIT_FAILED;
	}
	v.vietnamese = o.vietnamese;
	for (const struct doctor_step *s = doctor_steps; s->name; s++) {
		struct finding f = s->look(&v);

		failed |= f.result == FAILED;
		if (o.json)
			say_json(s, &f, o.vietnamese);
		else
			say(s, &f, o.vietnamese);
		fflush(stdout);
	}
	doctor_leave(&v);
	conf_free(c);
	return failed ? EXIT_FAILED : EXIT_DONE;
}
