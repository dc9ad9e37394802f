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
	size_t step;
	bool speechless; /* the needed step printed nothing that can be read */
	int64_t asked_ns;
	int64_t until_ns;
	struct buf raw;
	backend_done done;
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

static void finish(struct tool_modem *t, const char *error, const char *sentence)
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

/* uqmi ends by itself when its own limit is over. */
static bool gave_up_waiting(const struct tool_modem *t, const struct child_result *r)
{
	return strcasestr(r->errors, "timed out") || strcasestr(r->out, "timed out") ||
	       loop_now(t->loop) - t->asked_ns >= TOOL_LIMIT_MS * NS_PER_MS;
}

static bool is_fatal(struct tool_modem *t, const struct child_result *r)
{
	bool needed = t->tool->steps[t->step].needed;

	if (r->err == -ETIMEDOUT || (r->exit_status && needed && gave_up_waiting(t, r)))
		finish(t, "modem_hung",
			"the program that speaks for the modem had no answer in time");
	else if (r->err == -ENOENT)
		finish(t, "modem_no_access",
			"the program that speaks for the modem is not installed");
	else if (r->err && needed)
		finish(t, "modem_no_access", strerror(-r->err));
	else if (!r->err && r->exit_status && needed && strcasestr(r->errors, "find modem"))
		finish(t, "modem_absent", "ModemManager knows no such modem");
	else if (!r->err && r->exit_status && needed)
		finish(t, "modem_no_access",
			*r->errors ? r->errors : "the program that speaks for the modem failed");
	else
		return false;
	return true;
}

static void step_done(void *arg, const struct child_result *r)
{
	struct tool_modem *t = arg;
	const struct tool_step *s = &t->tool->steps[t->step];
	struct json_object *answer;

	t->child = NULL;
	if (is_fatal(t, r))
		return;
	answer = r->err || r->exit_status ? NULL : tool_json(r->out, r->out_len);
	if (s->needed && !json_object_is_type(answer, json_type_object))
		t->speechless = true;
	if (answer) {
		s->take(&t->radio, answer);
		if (s->kept) {
			buf_puts(&t->raw,
				json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
			buf_puts(&t->raw, "\n");
		}
		json_object_put(answer);
	}
	t->step++;
	if (t->tool->steps[t->step].take)
		run_step(t);
	else
		finish(t, NULL, NULL);
}

static int start_step(struct tool_modem *t)
{
	const char *argv[TOOL_ARGS + 2] = { t->tool->program };
	const struct tool_step *s = &t->tool->steps[t->step];
	int64_t left = t->until_ns - loop_now(t->loop);

	t->asked_ns = loop_now(t->loop);
	for (size_t i = 0; i < TOOL_ARGS && s->args[i]; i++)
		argv[i + 1] = strcmp(s->args[i], "%") ? s->args[i] : t->port;
	return child_start(&t->child, t->loop, argv,
		left < STEP_NS ? (left > 1 ? left : 1) : STEP_NS, OUTPUT_CEILING, step_done, t);
}

static void run_step(struct tool_modem *t)
{
	int err = start_step(t);

	if (err)
		finish(t, "modem_no_access", strerror(-err));
}

static int tool_read(void *b, struct record *r, int64_t timeout_ns, backend_done done, void *arg)
{
	struct tool_modem *t = b;
	struct stat st;

	if (t->tool->port_is_file && stat(t->port, &st))
		return -errno;
	radio_begin(&t->radio, r, "");
	buf_clear(&t->raw);
	t->step = 0;
	t->speechless = false;
	t->until_ns = timeout_ns > 0 ? loop_now(t->loop) + timeout_ns : INT64_MAX;
	t->done = done;
	t->arg = arg;
	return start_step(t);
}

static void tool_cancel(void *b)
{
	struct tool_modem *t = b;

	if (t->child)
		child_kill(t->child);
	t->child = NULL;
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

const struct modem_backend backend_mmcli = { "mmcli", open_mmcli, tool_close, tool_read,
	tool_cancel, NULL };
const struct modem_backend backend_uqmi = { "uqmi", open_uqmi, tool_close, tool_read, tool_cancel,
	NULL };
