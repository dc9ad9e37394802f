/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to an AT modem beside a round: scans, network time, balance, restart. */
#include "at_inside.h"
#include "nitz.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SCAN_NS    (3600 * NS_PER_S) /* until the talk's own end: minutes are usual */
#define BALANCE_NS (60 * NS_PER_S)   /* of one answer; networks give up at about 30 s */
#define RESET_NS   (10 * NS_PER_S)

static void answer(struct at *a, const char *error, const char *sentence)
{
	char modem[100];
	struct backend_answer out = { .error = error,
		.sentence = sentence,
		.method = a->method,
		.modem = modem,
		.text = buf_text(&a->raw),
		.radio_off = a->radio.radio_off,
		.incomplete = a->missed > 0,
		.contexts = a->contexts };
	const char *registration;

	radio_end(&a->radio);
	registration = radio_get_text(&a->radio, FIELD_REGISTRATION);
	out.registered = !strcmp(registration, "home") || !strcmp(registration, "roaming");
	at_name(a, modem);
	a->answered(a->arg, &out);
}

static void keep(struct at *a, enum at_result result, const char *text)
{
	if (result == AT_OK)
		buf_puts(&a->raw, text);
}

/* --- what must be known before an empty scan is believed, and which contexts to suspend ------------------- */
static const struct at_command look_commands[] = {
	{ "AT+CFUN?", "+CFUN:", ANSWER_LINES, NULL },
	{ "AT+CREG?", "+CREG:", ANSWER_LINES, NULL },
	{ "AT+CGREG?", "+CGREG:", ANSWER_LINES, NULL },
	{ "AT+CEREG?", "+CEREG:", ANSWER_LINES, NULL },
	{ "AT+C5GREG?", "+C5GREG:", ANSWER_LINES, NULL },
	{ "AT+CGACT?", "+CGACT:", ANSWER_MAYBE, NULL },
	{ 0 },
};

static void take_look(struct at *a, enum at_result result, const char *text)
{
	if (result != AT_OK)
		return;
	at_3gpp_parse(&a->radio, text);
	if (!strcmp(a->asked->prefix, "+CGACT:"))
		a->contexts = at_3gpp_contexts(text);
}

static const struct at_script look_script = { at_list_next, take_look, answer, false };

/* --- scans ------------------------------------------------------------------------------------------------ */
static const struct at_command scans[] = {
	{ "AT+QSCAN=3,1", "+QSCAN:", ANSWER_MAYBE, NULL },
	{ "AT+COPS=?", "+COPS:", ANSWER_MAYBE, NULL },
	{ 0 },
};
static const char *const scan_names[] = { "qscan", "cops" };

/* part counts the scans that were asked for; the first that is not refused holds. */
static const struct at_command *next_scan(struct at *a)
{
	bool automatic = !strcmp(a->param, "auto");
	unsigned first = !strcmp(a->param, "cops") ? 1 : 0;

	if (a->method || (a->part && (!automatic || first + a->part > 1)))
		return NULL;
	a->wait_ns = SCAN_NS;
	return &scans[first + a->part++];
}

static void take_scan(struct at *a, enum at_result result, const char *text)
{
	if (result != AT_OK)
		return;
	a->method = scan_names[a->asked - scans];
	keep(a, result, text);
}

static void scan_over(struct at *a, const char *error, const char *sentence)
{
	if (!error && !a->method)
		answer(a, "unsupported", "the modem refuses this scan");
	else
		answer(a, error, sentence);
}

static const struct at_script scan_script = { next_scan, take_scan, scan_over, false };

static const struct at_command *next_neighbours(struct at *a)
{
	if (!a->part++)
		a->list = a->dialect->neighbours; /* known only now */
	return at_list_next(a);
}

static void take_neighbours(struct at *a, enum at_result result, const char *text)
{
	keep(a, result, text);
	if (result == AT_OK)
		a->method = "neighbours";
}

static void neighbours_over(struct at *a, const char *error, const char *sentence)
{
	if (!error && !a->dialect->neighbours)
		answer(a, "unsupported", "no way is known to ask this modem for its neighbours");
	else if (!error && !a->method)
		answer(a, "unsupported", "the modem refuses to list its neighbours");
	else
		answer(a, error, sentence);
}

static const struct at_script neighbours_script = { next_neighbours, take_neighbours,
	neighbours_over, false };

/* --- network time ---------------------------------------------------------------------------------------------- */
static const struct at_command listen_to_nitz = { "AT+CTZU=1", NULL, ANSWER_NONE, NULL };

/* +CTZU: 0 is a clock that does not follow the network: it is told to, and asked again another time. */
static const struct at_command *next_clock(struct at *a)
{
	const struct at_command *c;

	if (!a->part) {
		a->part = 1;
		a->list = a->dialect->clock ? a->dialect->clock : at_3gpp_clock;
	}
	c = at_list_next(a);
	if (c || a->part > 1 || !nitz_is_off(buf_text(&a->raw)))
		return c;
	a->part = 2;
	return &listen_to_nitz;
}

static const struct at_script clock_script = { next_clock, keep, answer, false };

/* --- balance ----------------------------------------------------------------------------------------------------- */
static const struct at_command alphabet = { "AT+CSCS=\"IRA\"", NULL, ANSWER_NONE, NULL };
static const struct at_command hang_up = { "AT+CUSD=2", NULL, ANSWER_NONE, NULL };

/* TS 27.007 7.15; 15: the default alphabet of TS 23.038 5 */
static const struct at_command *next_balance(struct at *a)
{
	switch (a->part++) {
	case 0:
		return &alphabet;
	case 1:
		snprintf(a->own_text, sizeof(a->own_text), "AT+CUSD=1,\"%s\",15", a->param);
		a->own = (struct at_command){ a->own_text, "+CUSD:", ANSWER_LATE, NULL };
		a->wait_ns = BALANCE_NS;
		return &a->own;
	case 2:
		return &hang_up; /* a menu that waits for a choice keeps the session open */
	default:
		return NULL;
	}
}

static void take_balance(struct at *a, enum at_result result, const char *text)
{
	if (a->asked == &a->own)
		keep(a, result, text);
}

static const struct at_script balance_script = { next_balance, take_balance, answer, false };

/* --- beginning anew ----------------------------------------------------------------------------------------------- */
static const struct at_script reopen_script = { at_list_next, NULL, answer, false };

/* TS 27.007 8.2: <rst> 1 restarts the device. */
static const struct at_command reset_commands[] = {
	{ "AT+CFUN=1,1", NULL, ANSWER_NONE, NULL },
	{ 0 },
};

static const struct at_command *next_reset(struct at *a)
{
	a->wait_ns = RESET_NS;
	return at_list_next(a);
}

/* That it went away, or said nothing, is what a restart looks like. */
static void reset_over(struct at *a, const char *error, const char *sentence)
{
	(void)error;
	(void)sentence;
	at_shut(a);
	answer(a, NULL, NULL);
}

static const struct at_script reset_script = { next_reset, NULL, reset_over, true };

static const struct at_script *script_of(struct at *a, enum backend_talk what)
{
	a->list = NULL;
	switch (what) {
	case TALK_LOOK:
		a->list = look_commands;
		return &look_script;
	case TALK_SCAN:
		return strcmp(a->param, "neighbours") ? &scan_script : &neighbours_script;
	case TALK_CLOCK:
		return &clock_script;
	case TALK_BALANCE:
		return &balance_script;
	case TALK_REOPEN:
		return &reopen_script;
	case TALK_RESET:
		a->list = reset_commands;
		return &reset_script;
	}
	return NULL;
}

int at_talk(void *b, enum backend_talk what, const char *param, int64_t timeout_ns,
	backend_answered done, void *arg)
{
	struct at *a = b;
	const struct at_script *script;

	a->param = param ? param : "";
	a->method = NULL;
	a->part = 0;
	a->contexts = 0;
	a->answered = done;
	buf_clear(&a->raw);
	record_clear(&a->scratch, RECORD_SIGNAL);
	radio_begin(&a->radio, &a->scratch, a->model);
	script = script_of(a, what);
	if (!script)
		return -EOPNOTSUPP;
	return script == &reopen_script ? at_reopen(a, script, timeout_ns, arg)
	                                : at_begin(a, script, false, timeout_ns, arg);
}
