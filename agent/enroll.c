/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent enroll: a technician with a code brings the probe in.  The private key is made here and stays here;
 * what travels is a request signed by it. */
#include "enroll.h"
#include "command.h"
#include "enroll_texts.h"
#include "options.h"
#include "privileges.h"
#include "settings.h"
#include "../probes/core/claim.h"
#include "../probes/core/clock.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <grp.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH  "/api/v1/enroll"
#define DEPTH 4

struct visit {
	struct options o;
	struct conf *conf;
	struct identity *identity;
	char probe[PROBE_ID_TEXT], claim[CLAIM_TEXT], url[512];
	struct talk talk;
	struct json_object *answer;
	struct enrolled found;
	bool own_brokers; /* agent.conf names brokers itself */
	struct why why;
};

static int lang(const struct visit *v)
{
	return v->o.vietnamese ? 0 : 1;
}

/* "what went wrong", and what to do about it. */
static int failed(const struct visit *v, const struct enroll_text *t, const char *detail)
{
	fprintf(stderr, "phusong-agent enroll: %s%s%s\n", t->what[lang(v)], *detail ? ": " : "",
		detail);
	if (*t->advice[lang(v)])
		fprintf(stderr, "  → %s\n", t->advice[lang(v)]);
	return EXIT_FAILED;
}

/* --- before anything is sent --- */

/* What root makes here must be readable for the service: the owner of the folder does it. */
static int become_owner(struct visit *v)
{
	const struct settings *s = conf_section(v->conf, "agent");
	const char *state = settings_text(s, "state");
	struct stat st;
	int err = privileges_folder(state, settings_text(s, "user"), &v->why);

	if (err)
		return err;
	if (geteuid() != 0 || stat(state, &st) || st.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) || setgid(st.st_gid) || setuid(st.st_uid))
		return why_say(&v->why, -errno, "cannot become the owner of %s: %s", state,
			strerror(errno));
	return 0;
}

static int make_url(struct visit *v)
{
	size_t n = strlen(v->o.collector);

	while (n && v->o.collector[n - 1] == '/')
		n--;
	if (n + sizeof(PATH) > sizeof(v->url))
		return -EINVAL;
	snprintf(v->url, sizeof(v->url), "%.*s" PATH, (int)n, v->o.collector);
	return 0;
}

static int prepare(struct visit *v)
{
	char code[CLAIM_CODE], path[STATE_PATH];
	int err = claim_parse(v->o.claim, code);

	if (err)
		return failed(
			v, err == -EBADMSG ? &enroll_claim_typo : &enroll_claim_form, v->o.claim);
	claim_text(code, v->claim);
	if (make_url(v))
		return failed(v, &talk_texts[TALK_URL], v->o.collector);
	err = become_owner(v);
	if (!err)
		err = identity_open(
			&v->identity, state_path(v->conf, "identity.pem", path), &v->why);
	if (err)
		return failed(v, &enroll_no_key, v->why.text);
	probe_id_text(identity_id(v->identity), v->probe);
	return EXIT_DONE;
}

/* --- the question --- */
static int ask(struct visit *v)
{
	struct json_object *o = json_object_new_object();
	enum talk_trouble trouble;
	struct buf request;
	int err;

	buf_init(&request, 16 * 1024);
	err = enroll_request(&request, v->identity, &v->why);
	json_object_object_add(o, "claim", json_object_new_string(v->claim));
	json_object_object_add(o, "probe", json_object_new_string(v->probe));
	json_object_object_add(o, "csr", json_object_new_string(buf_text(&request)));
	buf_done(&request);
	v->talk = (struct talk){ .url = v->url,
		.ca = v->o.ca,
		.pin = v->o.pin,
		.body = json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE) };
	trouble = err ? TALK_OTHER : talk_post(&v->talk);
	json_object_put(o);
	if (err)
		return failed(v, &enroll_no_key, v->why.text);
	if (trouble == TALK_NOT_YET && clock_plausible(clock_wall()))
		return failed(v, &enroll_future, v->talk.detail);
	return trouble ? failed(v, &talk_texts[trouble], v->talk.detail) : EXIT_DONE;
}

/* --- the answer --- */
static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *x;

	return o && json_object_object_get_ex(o, key, &x) &&
	                       json_object_is_type(x, json_type_string)
	               ? json_object_get_string(x)
	               : "";
}

static int parse(struct visit *v)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH);

	if (t)
		v->answer = json_tokener_parse_ex(
			t, buf_text(&v->talk.answer), (int)v->talk.answer.len);
	if (t)
		json_tokener_free(t);
	return json_object_is_type(v->answer, json_type_object) ? 0 : -EBADMSG;
}

static int refused(struct visit *v)
{
	const char *code = text_of(v->answer, "code");
	char detail[160];

	for (const struct enroll_refusal *r = enroll_refusals; r->code; r++)
		if (!strcmp(r->code, code))
			return failed(v, &r->text, text_of(v->answer, "title"));
	snprintf(
		detail, sizeof(detail), "HTTP %ld %s", v->talk.status, text_of(v->answer, "title"));
	return failed(
		v, v->talk.status == 404 ? &enroll_not_there : &enroll_not_understood, detail);
}

static int take_brokers(struct visit *v)
{
	struct json_object *list;
	size_t n;

	if (!json_object_object_get_ex(v->answer, "brokers", &list) ||
		!json_object_is_type(list, json_type_array))
		return -EBADMSG;
	n = json_object_array_length(list);
	if (!n || n > ENROLLED_TEXTS)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);
		const char *b = json_object_is_type(one, json_type_string)
		                        ? json_object_get_string(one)
		                        : "";

		if ((strncmp(b, "mqtts://", 8) && strncmp(b, "mqtt://", 7)) || strlen(b) > 120)
			return -EBADMSG;
		v->found.brokers[i] = b;
	}
	return 0;
}

static int take(struct visit *v)
{
	struct json_object *hamlet = NULL;
	struct enrolled *e = &v->found;

	json_object_object_get_ex(v->answer, "hamlet", &hamlet);
	*e = (struct enrolled){ .collector_key = text_of(v->answer, "collector_key"),
		.collector = v->o.collector,
		.hamlet = text_of(hamlet, "code"),
		.hamlet_name = text_of(hamlet, "name"),
		.commune = text_of(hamlet, "commune"),
		.province = text_of(hamlet, "province"),
		.role = text_of(v->answer, "role"),
		.expires = text_of(v->answer, "expires"),
		.certificate = text_of(v->answer, "certificate"),
		.ca = text_of(v->answer, "ca") };
	if (strcmp(text_of(v->answer, "probe"), v->probe))
		return why_say(&v->why, -EBADMSG, "it is for another probe");
	if (take_brokers(v))
		return why_say(&v->why, -EBADMSG, "it names no broker that can be used");
	if (strlen(e->collector_key) != 2 * PUBLIC_KEY ||
		strspn(e->collector_key, "0123456789abcdef") != 2 * PUBLIC_KEY)
		return why_say(&v->why, -EBADMSG, "it has no key of the collector");
	if (!strstr(e->ca, "-----BEGIN CERTIFICATE-----"))
		return why_say(&v->why, -EBADMSG, "it has no certificate of an authority");
	return enroll_certificate(e->certificate, v->identity, &v->why);
}

/* --- what is said at the end --- */
static void say_json(const struct visit *v, const char *state)
{
	const struct enrolled *e = &v->found;
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; e->brokers[i]; i++)
		json_object_array_add(list, json_object_new_string(e->brokers[i]));
	json_object_object_add(o, "probe", json_object_new_string(v->probe));
	json_object_object_add(o, "hamlet", *e->hamlet ? json_object_new_string(e->hamlet) : NULL);
	json_object_object_add(
		o, "hamlet_name", *e->hamlet_name ? json_object_new_string(e->hamlet_name) : NULL);
	json_object_object_add(o, "role", json_object_new_string(e->role));
	json_object_object_add(o, "brokers", list);
	json_object_object_add(o, "collector_key", json_object_new_string(e->collector_key));
	json_object_object_add(o, "expires", json_object_new_string(e->expires));
	json_object_object_add(o, "state", json_object_new_string(state));
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void say(const struct visit *v, const char *state)
{
	const struct enrolled *e = &v->found;
	bool vi = v->o.vietnamese;

	printf(vi ? "Đã đăng ký thiết bị đo %s.\n" : "Probe %s is enrolled.\n", v->probe);
	if (*e->hamlet)
		printf(vi ? "  Thôn, bản:  %s (mã %s), %s, %s\n"
			  : "  Hamlet:       %s (code %s), %s, %s\n",
			e->hamlet_name, e->hamlet, e->commune, e->province);
	else
		puts(vi ? "  Thôn, bản:  chưa gắn (thiết bị lưu động)"
			: "  Hamlet:       none (roaming)");
	for (size_t i = 0; e->brokers[i]; i++)
		printf(vi ? "  Gửi về:     %s\n" : "  Reports to:   %s\n", e->brokers[i]);
	printf(vi ? "  Chứng thư có hiệu lực đến %s.\n" : "  Its certificate is good until %s.\n",
		e->expires);
	printf(vi ? "  Đã ghi vào %s: %s, %s, %s. Khóa riêng không rời khỏi thiết bị.\n"
		  : "  Written to %s: %s, %s, %s. The private key has not left this device.\n",
		state, ENROLLED_CONF, ENROLLED_CERT, ENROLLED_CA);
	if (v->own_brokers)
		printf(vi ? "  CHÚ Ý: %s đã có uplink.brokers, nên những gì vừa ghi chưa được "
			    "dùng: để "
			    "trống mục đó.\n"
			  : "  NOTE: %s has uplink.brokers of its own, so what was written is not "
			    "used: "
			    "empty it there.\n",
			v->o.conf);
	puts(vi ? "Khởi động lại để dùng: systemctl restart phusong-agent"
		: "Restart it: systemctl restart phusong-agent");
}

/* What holds now is read as `run` will read it. */
static bool is_used(const struct visit *v)
{
	const struct settings *s;
	struct conf *c = NULL;
	struct buf problems;
	bool used = false;

	buf_init(&problems, 16 * 1024);
	if (!agent_conf_load(&c, v->o.conf, &problems)) {
		s = conf_section(c, "uplink");
		used = settings_count(s, "brokers") &&
		       !strcmp(settings_text_at(s, "brokers", 0), v->found.brokers[0]);
		conf_free(c);
	}
	buf_done(&problems);
	return used;
}

static int enroll(struct visit *v)
{
	const char *state = settings_text(conf_section(v->conf, "agent"), "state");
	int status = prepare(v);

	if (!status)
		status = ask(v);
	if (status)
		return status;
	if (parse(v) && v->talk.status == 200)
		return failed(v, &enroll_not_understood, "");
	if (v->talk.status != 200)
		return refused(v);
	if (take(v))
		return failed(v, &enroll_not_understood, v->why.text);
	if (enrolled_save(&v->found, state, &v->why))
		return failed(v, &enroll_not_kept, v->why.text);
	v->own_brokers = !is_used(v);
	if (v->o.json)
		say_json(v, state);
	else
		say(v, state);
	return EXIT_DONE;
}

int enroll_command(int argc, char **argv)
{
	struct visit v = { .conf = NULL };
	int status = options_read(
		&v.o, OPTION_CONF | OPTION_JSON | OPTION_LANG | OPTION_ENROLL, argc, argv);

	if (status >= 0)
		return status;
	if (v.o.count)
		return wrong_use("enroll", "\"%s\" is not understood", v.o.words[0]);
	if (!v.o.collector || !v.o.claim)
		return wrong_use("enroll", "--collector and --claim are needed");
	if (v.o.ca && v.o.pin)
		return wrong_use("enroll", "--ca or --pin, not both");
	status = agent_conf_open(&v.conf, v.o.conf);
	if (status >= 0)
		return status;
	log_quiet(true);
	status = enroll(&v);
	json_object_put(v.answer);
	buf_done(&v.talk.answer);
	identity_free(v.identity);
	conf_free(v.conf);
	return status;
}
