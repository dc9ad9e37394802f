/* SPDX-License-Identifier: Apache-2.0 */
/* The port of an AT modem: one command at a time, each with a deadline, so that a modem that stops answering is noticed
 * and said.  Commands are not chained with ";": long chains break some drivers. */
#include "at_inside.h"
#include "at_port.h"
#include "../core/log.h"
#include "../core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define SYNC_NS    (1 * NS_PER_S)
#define REST_NS    (1 * NS_PER_S)
#define SYNC_TRIES 3
#define HUNG_AFTER 3 /* deadlines missed in a row */

static const struct at_command sync_command = { "AT", NULL, ANSWER_NONE, NULL };

static void maker_is(struct radio *x, const char *answer)
{
	(void)x;
	(void)answer;
}

#define CGMI 2
#define CGMM 3
static const struct at_command setup_commands[] = {
	{ "ATE0", NULL, ANSWER_NONE, NULL },
	{ "AT+CMEE=1", NULL, ANSWER_NONE, NULL },
	[CGMI] = { "AT+CGMI", "+CGMI:", ANSWER_PLAIN, maker_is },
	[CGMM] = { "AT+CGMM", "+CGMM:", ANSWER_PLAIN, maker_is },
	{ "AT+COPS=3,2", NULL, ANSWER_NONE, NULL }, /* the form of +COPS?, nothing else */
	{ "AT+CREG=2", NULL, ANSWER_NONE, NULL },   /* 2: area and cell */
	{ "AT+CGREG=2", NULL, ANSWER_NONE, NULL },
	{ "AT+CEREG=2", NULL, ANSWER_NONE, NULL },
	{ "AT+CEREG=3", NULL, ANSWER_NONE,
		NULL }, /* 3: also why it was denied; an old modem stays at 2 */
	{ "AT+C5GREG=2", NULL, ANSWER_NONE, NULL },
	{ 0 },
};

void at_shut(struct at *a)
{
	a->set_up = false;
	if (a->port.fd < 0)
		return;
	if (!a->lent)
		loop_fd_del(a->loop, &a->port);
	a->lent = false;
	at_port_close(a->port.fd);
	a->port.fd = -1;
}

void at_end(struct at *a, const char *error, const char *sentence)
{
	const struct at_script *script = a->script;

	loop_timer_stop(a->loop, &a->deadline);
	a->script = NULL;
	if (a->radio.reports_lost || error)
		a->set_up = false;
	if (error && !strncmp(error, "modem_", 6))
		at_shut(a);
	script->over(a, error, sentence);
}

void at_name(const struct at *a, char out[100])
{
	snprintf(out, 100, "%s%s%s", a->maker, *a->maker && *a->model ? " " : "", a->model);
}

const struct at_command *at_list_next(struct at *a)
{
	return a->list && a->list->text ? a->list++ : NULL;
}

static void copy_line(char *to, size_t room, const char *answer)
{
	char line[TEXT_LINE];
	const char *from;

	if (!text_line(&answer, line))
		return;
	from = line;
	if (text_has_prefix(line, "+CGM"))
		from = strchr(line, ':') ? strchr(line, ':') + 1 : line;
	from += strspn(from, " \"");
	snprintf(to, room, "%.*s", (int)strcspn(from, "\""), from);
}

static void identified(struct at *a, const char *answer)
{
	char both[100];

	if (a->step == CGMI)
		copy_line(a->maker, sizeof(a->maker), answer);
	else
		copy_line(a->model, sizeof(a->model), answer);
	at_name(a, both);
	a->dialect = at_dialect_for(both);
	snprintf(a->radio.model, sizeof(a->radio.model), "%s", a->model);
}

static void ask(struct at *a, const struct at_command *c)
{
	int64_t due = loop_now(a->loop) + (a->stage == AT_SYNC ? SYNC_NS : a->wait_ns);
	char line[64];
	int n = snprintf(line, sizeof(line), "%s\r", c->text);

	a->asked = c;
	at_answer_begin(&a->answer, c);
	loop_timer_at(a->loop, &a->deadline, due < a->until_ns ? due : a->until_ns);
	/* A modem that takes no more bytes will miss its deadline like one that gives none. */
	if (write(a->port.fd, line, (size_t)n) < 0 && errno != EAGAIN && errno != EINTR)
		log_debug("modem", "%s: %s", a->path, strerror(errno));
}

static void advance(struct at *a)
{
	const struct at_command *c;

	if (a->stage == AT_SYNC) {
		a->stage = a->set_up ? AT_SCRIPT : AT_SETUP;
		a->step = 0;
	} else if (a->stage == AT_SETUP) {
		a->step++;
	}
	if (a->stage == AT_SETUP && !setup_commands[a->step].text) {
		a->set_up = true;
		a->stage = AT_SCRIPT;
	}
	a->wait_ns = AT_COMMAND_NS;
	c = a->stage == AT_SETUP ? &setup_commands[a->step] : a->script->next(a);
	if (c)
		ask(a, c);
	else
		at_end(a, NULL, NULL);
}

static void answered(struct at *a, enum at_result result)
{
	const struct at_script *script = a->script;
	const char *text = buf_text(&a->answer.text);
	unsigned talk = a->talks;

	loop_timer_stop(a->loop, &a->deadline);
	if (result != AT_WAITING)
		a->missed_in_row = 0;
	if (a->stage == AT_SETUP && result == AT_OK && (a->step == CGMI || a->step == CGMM))
		identified(a, text);
	else if (a->stage == AT_SCRIPT && script->take)
		script->take(a, result, text);
	if (a->script && a->talks == talk)
		advance(a);
}

static void deadline_passed(struct loop_timer *t)
{
	struct at *a = container_of(t, struct at, deadline);

	if (loop_now(a->loop) >= a->until_ns) {
		at_end(a, "modem_hung", "the modem was too slow to answer in the time given");
		return;
	}
	log_debug("modem", "%s: %s has no answer", a->path, a->asked->text);
	a->missed++;
	if (++a->missed_in_row >= HUNG_AFTER) {
		at_end(a, "modem_hung", "three commands in a row had no answer");
		return;
	}
	if (a->stage == AT_SYNC && ++a->tries < SYNC_TRIES)
		ask(a, &sync_command);
	else
		answered(a, AT_WAITING);
}

static void port_ready(struct loop_fd *f, uint32_t events)
{
	struct at *a = container_of(f, struct at, port);
	char bytes[1024];
	ssize_t n = read(f->fd, bytes, sizeof(bytes));
	enum at_result result;

	if (n > 0) {
		if (!a->script)
			return; /* unasked */
		result = at_answer_feed(&a->answer, bytes, (size_t)n);
		if (result != AT_WAITING)
			answered(a, result);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !(events & (EPOLLHUP | EPOLLERR)))
		return;
	if (a->script)
		at_end(a, "modem_absent", "the modem went away");
	else
		at_shut(a);
}

static int open_port(struct at *a)
{
	int err;

	if (a->port.fd >= 0 && at_port_same(a->port.fd, a->path))
		return 0;
	at_shut(a);
	err = at_port_open(&a->port.fd, a->path);
	if (err) {
		a->port.fd = -1;
		return err;
	}
	err = loop_fd_add(a->loop, &a->port, EPOLLIN);
	if (err) {
		at_port_close(a->port.fd);
		a->port.fd = -1;
	}
	return err;
}

int at_begin(
	struct at *a, const struct at_script *script, bool hurry, int64_t timeout_ns, void *arg)
{
	int err = open_port(a);

	if (err)
		return err;
	a->script = script;
	a->talks++;
	a->arg = arg;
	a->tries = a->missed = a->missed_in_row = 0;
	a->until_ns = timeout_ns > 0 ? loop_now(a->loop) + timeout_ns : INT64_MAX;
	a->stage = AT_SYNC;
	a->step = 0;
	if (script->bare || (hurry && a->set_up)) {
		a->stage = AT_SCRIPT;
		advance(a);
	} else {
		ask(a, &sync_command);
	}
	return 0;
}

/* Rested: now like any other talk. */
static void rested(struct loop_timer *t)
{
	struct at *a = container_of(t, struct at, rest);
	const struct at_script *script = a->script;
	int err = at_begin(a, script, false, a->until_ns, a->arg);

	if (!err)
		return;
	a->script = NULL;
	script->over(a, modem_error_word(err), strerror(-err));
}

int at_reopen(struct at *a, const struct at_script *script, int64_t timeout_ns, void *arg)
{
	int lines = TIOCM_DTR | TIOCM_RTS, err;

	at_shut(a);
	err = open_port(a);
	if (err)
		return err;
	(void)ioctl(a->port.fd, TIOCMBIC,
		&lines); /* not every tty has them; the next open() raises them */
	at_shut(a);
	a->script = script; /* busy */
	a->wait_ns = 0;
	a->arg = arg;
	a->until_ns = timeout_ns;
	loop_timer_in(a->loop, &a->rest, REST_NS);
	return 0;
}

static void at_cancel(void *b)
{
	struct at *a = b;

	loop_timer_stop(a->loop, &a->rest);
	/* a character ends a scan (TS 27.007 7.3); without it the modem stays deaf for minutes */
	if (a->script && a->wait_ns > AT_COMMAND_NS && write(a->port.fd, "\r", 1) < 0)
		log_debug("modem", "%s: %s", a->path, strerror(errno));
	a->script = NULL;
	loop_timer_stop(a->loop, &a->deadline);
}

static int at_lend(void *b)
{
	struct at *a = b;

	if (a->port.fd >= 0 && !a->lent) {
		loop_fd_del(a->loop, &a->port);
		a->lent = true;
	}
	return a->port.fd;
}

static void at_take_back(void *b)
{
	struct at *a = b;

	if (!a->lent)
		return;
	a->lent = false;
	if (loop_fd_add(a->loop, &a->port, EPOLLIN)) {
		at_port_close(a->port.fd);
		a->port.fd = -1;
		a->set_up = false;
	}
}

static void at_rest(void *b)
{
	at_shut(b);
}

static void at_facts(const void *b, struct backend_facts *out)
{
	const struct at *a = b;

	out->imsi = a->radio.imsi;
	out->device = a->path;
}

static void *at_open(struct loop *l, const char *port)
{
	struct at *a = mem_new(sizeof(*a));

	a->loop = l;
	a->path = mem_copy(port);
	a->port.fd = -1;
	a->port.ready = port_ready;
	a->deadline.fire = deadline_passed;
	a->rest.fire = rested;
	a->dialect = &at_generic;
	at_answer_init(&a->answer);
	buf_init(&a->raw, AT_ANSWER_CEILING);
	return a;
}

static void at_close(void *b)
{
	struct at *a = b;

	at_cancel(a);
	at_shut(a);
	at_answer_done(&a->answer);
	buf_done(&a->raw);
	free(a->path);
	free(a);
}

const struct modem_backend backend_at = { .method = "at",
	.talks = 1u << TALK_LOOK | 1u << TALK_SCAN | 1u << TALK_CLOCK | 1u << TALK_BALANCE |
	         1u << TALK_REOPEN | 1u << TALK_RESET,
	.open = at_open,
	.close = at_close,
	.read = at_read,
	.talk = at_talk,
	.cancel = at_cancel,
	.facts = at_facts,
	.lend = at_lend,
	.take_back = at_take_back,
	.rest = at_rest };
