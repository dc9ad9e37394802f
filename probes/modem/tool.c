/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the steps of a tool one after the other and lets its parsers read what it printed. */
#include "tool.h"
#include "backend.h"
#include "text.h"
#include "../core/buf.h"
#include "../core/child.h"
#include "../core/mem.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STEP_NS        (10 * NS_PER_S)
#define OUTPUT_CEILING 65536
#define JSON_DEPTH     8

struct tool_modem {
	const struct tool *tool;
	struct loop *loop;
	char *port;
	struct child *child;
	struct radio radio;
	struct record scratch; /* of a talk */
	const struct tool_step *steps;
	size_t step;
	bool speechless;     /* the needed step printed nothing that can be read */
	bool quick, hurried; /* this round is a quick one; the one before was, too */
	int64_t asked_ns;
	int64_t until_ns;
	struct buf raw;
	char param[24];
	const char *method;
	backend_done done;
	backend_answered answered; /* a talk, not a round */
	void *arg;
};

struct json_object *tool_json(const char *text, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *o = NULL;

	if (!t)
		return NULL;
	if (n < OUTPUT_CEILING)
		o = json_tokener_parse_ex(t, text, (int)n);
	if (json_tokener_get_error(t) == json_tokener_continue) /* a bare number wants an end */
		o = json_tokener_parse_ex(t, "", 1);
	json_tokener_free(t);
	return o;
}

struct json_object *tool_member(struct json_object *o, ...)
{
	const char *key;
	va_list keys;

	va_start(keys, o);
	while (o && (key = va_arg(keys, const char *)))
		if (!json_object_is_type(o, json_type_object) ||
			!json_object_object_get_ex(o, key, &o))
			o = NULL;
	va_end(keys);
	return o;
}

const char *tool_text(struct json_object *o, const char *key)
{
	struct json_object *v = tool_member(o, key, NULL);
	const char *text =
		json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

	return strcmp(text, "--") ? text : "";
}

bool tool_number(struct json_object *o, const char *key, double *v)
{
	struct json_object *m = tool_member(o, key, NULL);
	const char *text;
	char number[24];
	size_t n;

	if (json_object_is_type(m, json_type_int) || json_object_is_type(m, json_type_double)) {
		*v = json_object_get_double(m);
		return true;
	}
	text = tool_text(o, key);
	n = strcspn(text, " ");
	if (n >= sizeof(number))
		return false;
	memcpy(number, text, n);
	number[n] = 0;
	return text_real(number, v);
}

static void run_step(struct tool_modem *t);

static void round_over(struct tool_modem *t, const char *error, const char *sentence)
{
	char masked[MODEM_RAW];

	if (!error || !strcmp(error, "modem_hung"))
		record_set_bool(t->radio.r, FIELD_MODEM_HEALTHY,
			!error && !t->speechless && !t->radio.radio_off);
	radio_end(&t->radio);
	if (radio_mask(masked, sizeof(masked), buf_text(&t->raw)))
		record_set_text(t->radio.r, FIELD_RAW, masked);
	t->done(t->arg, error, sentence);
}

static void talk_over(struct tool_modem *t, const char *error, const char *sentence)
{
	struct backend_answer a = { .error = error,
		.sentence = sentence,
		.method = t->method,
		.text = buf_text(&t->raw),
		.radio_off = t->radio.radio_off,
		.incomplete = t->speechless };
	const char *registration, *modem;

	radio_end(&t->radio);
	registration = radio_get_text(&t->radio, FIELD_REGISTRATION);
	modem = record_text(t->radio.r, FIELD_MODEM);
	a.registered = !strcmp(registration, "home") || !strcmp(registration, "roaming");
	a.modem = modem ? modem : "";
	t->answered(t->arg, &a);
}

static void finish(struct tool_modem *t, const char *error, const char *sentence)
{
	if (t->answered)
		talk_over(t, error, sentence);
	else
		round_over(t, error, sentence);
}

/* uqmi ends by itself when its own limit is over. */
static bool gave_up_waiting(const struct tool_modem *t, const struct child_result *r)
{
	return strcasestr(r->errors, "timed out") || strcasestr(r->out, "timed out") ||
	       (!t->answered && loop_now(t->loop) - t->asked_ns >= TOOL_LIMIT_MS * NS_PER_MS);
}

static bool says(const struct child_result *r, const char *what)
{
	return strcasestr(r->errors, what) || strcasestr(r->out, what);
}

/* Why a tool that ran to its end failed, as the word of FIELD_ERROR. */
static const char *failure(const struct tool_modem *t, const struct child_result *r)
{
	if (gave_up_waiting(t, r))
		return "modem_hung";
	if (says(r, "find modem"))
		return "modem_absent";
	if (t->answered && (says(r, "unsupported") || says(r, "not supported") ||
				   says(r, "no actions specified") || says(r, "unknown option") ||
				   says(r, "has no ")))
		return "unsupported";
	if (says(r, "authoriz") || says(r, "denied") || says(r, "permission"))
		return "modem_no_access";
	return t->answered ? "failed" : "modem_no_access";
}

/* mmcli takes a scan that found no network for a failure, of which it knows no reason. */
static bool found_nothing(const struct child_result *r)
{
	return r->exit_status && says(r, "couldn't scan networks") && says(r, "'unknown error'");
}

static bool is_fatal(struct tool_modem *t, const struct child_result *r)
{
	bool needed = t->steps[t->step].needed;
	char sentence[200];

	if (r->err == -ETIMEDOUT) {
		finish(t, "modem_hung",
			"the program that speaks for the modem had no answer in time");
	} else if (r->err == -ENOENT) {
		finish(t, "modem_no_access",
			"the program that speaks for the modem is not installed");
	} else if (r->err && needed) {
		finish(t, "modem_no_access", strerror(-r->err));
	} else if (!r->err && r->exit_status && needed && !found_nothing(r)) {
		snprintf(sentence, sizeof(sentence), "%.*s",
			(int)strcspn(*r->errors ? r->errors : r->out, "\n"),
			*r->errors ? r->errors : r->out);
		finish(t, failure(t, r),
			*sentence ? sentence : "the program that speaks for the modem failed");
	} else {
		return false;
	}
	return true;
}

static void take_json(struct tool_modem *t, const struct child_result *r)
{
	const struct tool_step *s = &t->steps[t->step];
	struct json_object *answer =
		r->err || r->exit_status ? NULL : tool_json(r->out, r->out_len);

	if (s->needed && !json_object_is_type(answer, json_type_object))
		t->speechless = true;
	if (!answer)
		return;
	s->take(&t->radio, answer);
	if (s->kept) {
		buf_puts(&t->raw, json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
		buf_puts(&t->raw, "\n");
	}
	json_object_put(answer);
}

static void step_done(void *arg, const struct child_result *r)
{
	struct tool_modem *t = arg;

	t->child = NULL;
	if (is_fatal(t, r))
		return;
	if (t->steps[t->step].take)
		take_json(t, r);
	else if (t->steps[t->step].kept && !r->err && !r->exit_status)
		buf_puts(&t->raw, r->out);
	t->step++;
	run_step(t);
}

static const char *word(struct tool_modem *t, const char *arg, char room[64])
{
	size_t n = strlen(arg);

	if (!strcmp(arg, "%"))
		return t->port;
	if (!strcmp(arg, "&"))
		return t->radio.sim_object;
	if (!n || arg[n - 1] != '$')
		return arg;
	snprintf(room, 64, "%.*s%s", (int)n - 1, arg, t->param);
	return room;
}

static bool left_out(const struct tool_modem *t, const struct tool_step *s)
{
	if (s->once && t->hurried)
		return true;
	for (size_t i = 0; i < TOOL_ARGS && s->args[i]; i++)
		if (!strcmp(s->args[i], "&") && !*t->radio.sim_object)
			return true;
	return false;
}

static int start_step(struct tool_modem *t)
{
	const char *argv[TOOL_ARGS + 2] = { t->tool->program };
	const struct tool_step *s = &t->steps[t->step];
	int64_t left = t->until_ns - loop_now(t->loop), most = t->answered ? left : STEP_NS;
	char room[TOOL_ARGS][64];

	t->asked_ns = loop_now(t->loop);
	for (size_t i = 0; i < TOOL_ARGS && s->args[i]; i++)
		argv[i + 1] = word(t, s->args[i], room[i]);
	if (left < 1)
		left = 1;
	return child_start(&t->child, t->loop, argv,
		left < most ? left
		: most > 1  ? most
			    : 1,
		OUTPUT_CEILING, step_done, t);
}

static void run_step(struct tool_modem *t)
{
	int err;

	while (t->steps[t->step].args[0] && left_out(t, &t->steps[t->step]))
		t->step++;
	if (!t->steps[t->step].args[0]) {
		finish(t, NULL, NULL);
		return;
	}
	err = start_step(t);
	if (err)
		finish(t, "modem_no_access", strerror(-err));
}

/* Whatever goes wrong here is told from the next turn by the owner. */
static int begin(struct tool_modem *t, const struct tool_step *steps, struct record *r,
	int64_t timeout_ns, void *arg)
{
	struct stat st;

	if (t->tool->port_is_file && stat(t->port, &st))
		return -errno;
	radio_begin(&t->radio, r, "");
	buf_clear(&t->raw);
	t->steps = steps;
	t->step = 0;
	t->speechless = false;
	t->until_ns = timeout_ns > 0 ? loop_now(t->loop) + timeout_ns : INT64_MAX;
	t->arg = arg;
	while (left_out(t, &t->steps[t->step]))
		t->step++; /* never to the end: no list has only such steps */
	return start_step(t);
}

static int tool_read(
	void *b, struct record *r, bool quick, int64_t timeout_ns, backend_done done, void *arg)
{
	struct tool_modem *t = b;

	t->done = done;
	t->answered = NULL;
	t->hurried = quick && t->quick;
	t->quick = quick;
	return begin(t, quick ? t->tool->quick : t->tool->steps, r, timeout_ns, arg);
}

static const struct tool_step *steps_of(
	struct tool_modem *t, enum backend_talk what, const char *param)
{
	t->method = NULL;
	switch (what) {
	case TALK_LOOK:
		return t->tool->look;
	case TALK_SCAN:
		t->method = strcmp(param, "neighbours") ? t->tool->scan_name : "neighbours";
		if (!strcmp(param, "qscan"))
			return NULL;
		return strcmp(param, "neighbours") ? t->tool->scan : t->tool->neighbours;
	case TALK_CLOCK:
		return t->tool->clock;
	case TALK_BALANCE:
		return t->tool->balance;
	case TALK_REOPEN:
		return t->tool->reopen;
	case TALK_RESET:
		return t->tool->reset;
	}
	return NULL;
}

static int tool_talk(void *b, enum backend_talk what, const char *param, int64_t timeout_ns,
	backend_answered done, void *arg)
{
	struct tool_modem *t = b;
	const struct tool_step *steps = steps_of(t, what, param ? param : "");

	if (!steps)
		return -EOPNOTSUPP;
	t->answered = done;
	t->quick = t->hurried = false;
	snprintf(t->param, sizeof(t->param), "%s", param ? param : "");
	record_clear(&t->scratch, RECORD_SIGNAL);
	return begin(t, steps, &t->scratch, timeout_ns, arg);
}

static void tool_cancel(void *b)
{
	struct tool_modem *t = b;

	if (t->child)
		child_kill(t->child);
	t->child = NULL;
}

static void tool_facts(const void *b, struct backend_facts *out)
{
	const struct tool_modem *t = b;

	out->imsi = t->radio.imsi;
	out->device = t->tool->port_is_file ? t->port : t->radio.device;
}

static void *open_tool(const struct tool *tool, struct loop *l, const char *port)
{
	struct tool_modem *t = mem_new(sizeof(*t));

	t->tool = tool;
	t->loop = l;
	t->port = mem_copy(port);
	buf_init(&t->raw, OUTPUT_CEILING);
	return t;
}

static void *open_mmcli(struct loop *l, const char *port)
{
	return open_tool(&tool_mmcli, l, port);
}

static void *open_uqmi(struct loop *l, const char *port)
{
	return open_tool(&tool_uqmi, l, port);
}

static void tool_close(void *b)
{
	struct tool_modem *t = b;

	tool_cancel(t);
	buf_done(&t->raw);
	free(t->port);
	free(t);
}

const struct modem_backend backend_mmcli = { .method = "mmcli",
	.talks = 1u << TALK_LOOK | 1u << TALK_SCAN | 1u << TALK_CLOCK | 1u << TALK_BALANCE |
	         1u << TALK_RESET,
	.open = open_mmcli,
	.close = tool_close,
	.read = tool_read,
	.talk = tool_talk,
	.cancel = tool_cancel,
	.facts = tool_facts };
const struct modem_backend backend_uqmi = { .method = "uqmi",
	.talks = 1u << TALK_LOOK | 1u << TALK_SCAN | 1u << TALK_REOPEN | 1u << TALK_RESET,
	.open = open_uqmi,
	.close = tool_close,
	.read = tool_read,
	.talk = tool_talk,
	.cancel = tool_cancel,
	.facts = tool_facts };
