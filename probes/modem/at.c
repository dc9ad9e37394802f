/* SPDX-License-Identifier: Apache-2.0 */
/* A round of AT commands: one at a time, each with a deadline, so that a modem that stops answering is noticed
 * and said.  Commands are not chained with ";": long chains break some drivers. */
#include "at_answer.h"
#include "at_port.h"
#include "backend.h"
#include "../core/log.h"
#include "../core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define COMMAND_NS (3 * NS_PER_S)
#define SYNC_NS    (1 * NS_PER_S)
#define SYNC_TRIES 3
#define HUNG_AFTER 3 /* deadlines missed in a row */

enum stage { SYNC, SETUP, GENERIC, DIALECT, STAGES, SURVEY };

struct at {
	struct loop *loop;
	char *path;
	struct loop_fd port; /* fd -1: closed */
	struct loop_timer deadline;
	const struct at_dialect *dialect;
	char maker[48], model[48];
	bool set_up; /* since the port was opened */

	/* the round */
	bool busy;
	enum stage stage;
	size_t step;
	unsigned missed, missed_in_row, tries;
	int64_t until_ns;
	struct at_answer answer;
	struct radio radio;
	struct buf raw;
	backend_done done;
	void (*surveyed)(void *arg, const struct modem_survey *s); /* a survey, not a round */
	struct record scratch;                                     /* of a survey */
	void *arg;
};

static void ask(struct at *a);

static void maker_is(struct radio *x, const char *answer)
{
	(void)x;
	(void)answer;
}

static const struct at_command sync_commands[] = {
	{ "AT", NULL, ANSWER_NONE, NULL },
	{ 0 },
};

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

/* What must be known before an empty survey is believed, then the first scan that works. */
#define QSCAN 5
#define COPS  6
static const struct at_command survey_commands[] = {
	{ "AT+CFUN?", "+CFUN:", ANSWER_LINES, NULL },
	{ "AT+CREG?", "+CREG:", ANSWER_LINES, NULL },
	{ "AT+CGREG?", "+CGREG:", ANSWER_LINES, NULL },
	{ "AT+CEREG?", "+CEREG:", ANSWER_LINES, NULL },
	{ "AT+C5GREG?", "+C5GREG:", ANSWER_LINES, NULL },
	[QSCAN] = { "AT+QSCAN=3,1", "+QSCAN:", ANSWER_MAYBE, NULL },
	[COPS] = { "AT+COPS=?", "+COPS:", ANSWER_MAYBE, NULL },
	{ 0 },
};

static const struct at_command *command(const struct at *a)
{
	switch (a->stage) {
	case SYNC:
		return &sync_commands[a->step];
	case SETUP:
		return &setup_commands[a->step];
	case GENERIC:
		return &at_3gpp_commands[a->step];
	case DIALECT:
		return &a->dialect->commands[a->step];
	case SURVEY:
		return &survey_commands[a->step];
	case STAGES:
		break;
	}
	return NULL;
}

static void shut(struct at *a)
{
	if (a->port.fd < 0)
		return;
	loop_fd_del(a->loop, &a->port);
	at_port_close(a->port.fd);
	a->port.fd = -1;
	a->set_up = false;
}

static void finish(struct at *a, const char *error, const char *sentence)
{
	char masked[MODEM_RAW];
	char modem[100];

	loop_timer_stop(a->loop, &a->deadline);
	a->busy = false;
	if (!error || !strcmp(error, "modem_hung"))
		record_set_bool(a->radio.r, FIELD_MODEM_HEALTHY,
			!error && !a->missed && !a->radio.radio_off);
	radio_end(&a->radio);
	snprintf(modem, sizeof(modem), "%s%s%s", a->maker, *a->maker && *a->model ? " " : "",
		a->model);
	if (*modem)
		record_set_text(a->radio.r, FIELD_MODEM, modem);
	if (radio_mask(masked, sizeof(masked), buf_text(&a->raw)))
		record_set_text(a->radio.r, FIELD_RAW, masked);
	if (a->radio.reports_lost || error)
		a->set_up = false;
	if (error)
		shut(a);
	a->done(a->arg, error, sentence);
}

static void survey_over(struct at *a, const char *error, const char *sentence)
{
	char modem[100];
	struct modem_survey s = { error, sentence, a->step == QSCAN ? "qscan" : "cops", modem,
		buf_text(&a->answer.text) };

	snprintf(modem, sizeof(modem), "%s%s%s", a->maker, *a->maker && *a->model ? " " : "",
		a->model);
	loop_timer_stop(a->loop, &a->deadline);
	a->busy = false;
	if (error && !strncmp(error, "modem_", 6))
		shut(a);
	a->surveyed(a->arg, &s);
}

static bool in_use(struct at *a)
{
	radio_end(&a->radio);
	return !strcmp(radio_get_text(&a->radio, FIELD_REGISTRATION), "home") ||
	       !strcmp(radio_get_text(&a->radio, FIELD_REGISTRATION), "roaming");
}

static void survey_answered(struct at *a, enum at_result result)
{
	const char *text = buf_text(&a->answer.text);

	loop_timer_stop(a->loop, &a->deadline);
	a->missed_in_row = 0;
	if (a->step < QSCAN && result == AT_OK)
		at_3gpp_parse(&a->radio, text);
	if (a->step < QSCAN || (a->step == QSCAN && result == AT_ERROR)) {
		a->step++;
		ask(a);
	} else if (result == AT_ERROR) {
		survey_over(a, "unsupported", "the modem refuses +QSCAN and +COPS=?");
	} else if (survey_cells(text, NULL, NULL)) {
		survey_over(a, NULL, NULL);
	} else if (a->radio.radio_off) {
		survey_over(a, "radio_off", "somebody switched the modem's radio off");
	} else if (in_use(a)) {
		survey_over(a, "line_in_use", "a scan that misses the cell in use is none");
	} else if (a->missed) {
		survey_over(a, "modem_hung",
			"the modem left out answers: an empty survey is not believed");
	} else {
		survey_over(a, NULL, NULL);
	}
}

static void end(struct at *a, const char *error, const char *sentence)
{
	if (a->surveyed)
		survey_over(a, error, sentence);
	else
		finish(a, error, sentence);
}

static void gone(struct at *a)
{
	if (a->busy)
		end(a, "modem_absent", "the modem went away");
	else
		shut(a);
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
	snprintf(both, sizeof(both), "%s %s", a->maker, a->model);
	a->dialect = at_dialect_for(both);
	snprintf(a->radio.model, sizeof(a->radio.model), "%s", a->model);
}

static void advance(struct at *a)
{
	a->step++;
	while (a->stage != STAGES && !command(a)->text) {
		a->step = 0;
		a->stage++;
		if (a->stage == SETUP && a->set_up)
			a->stage = GENERIC;
		if (a->stage == GENERIC)
			a->set_up = true;
		if (a->stage == GENERIC && a->surveyed)
			a->stage = SURVEY;
	}
	if (a->stage == STAGES)
		finish(a, NULL, NULL);
	else
		ask(a);
}

static void answered(struct at *a, enum at_result result)
{
	const struct at_command *c = command(a);
	const char *text = buf_text(&a->answer.text);

	if (a->stage == SURVEY) {
		survey_answered(a, result);
		return;
	}
	loop_timer_stop(a->loop, &a->deadline);
	a->missed_in_row = 0;
	if (a->stage == SETUP && result == AT_OK && (a->step == CGMI || a->step == CGMM))
		identified(a, text);
	else if (c->take && (result == AT_OK || c->take == at_3gpp_sim))
		c->take(&a->radio, text);
	else if (result == AT_OK && a->stage == GENERIC)
		at_3gpp_parse(&a->radio, text);
	else if (result == AT_OK && a->stage == DIALECT)
		a->dialect->parse(&a->radio, text);
	if (a->stage >= GENERIC && c->take != at_3gpp_imsi && strcmp(text, "ERROR\n") != 0)
		buf_puts(&a->raw, text);
	advance(a);
}

static void deadline_passed(struct loop_timer *t)
{
	struct at *a = container_of(t, struct at, deadline);

	if (loop_now(a->loop) >= a->until_ns) {
		end(a, "modem_hung", "the modem was too slow to answer in the time given");
		return;
	}
	log_debug("modem", "%s: %s has no answer", a->path, command(a)->text);
	a->missed++;
	if (++a->missed_in_row >= HUNG_AFTER) {
		end(a, "modem_hung", "three commands in a row had no answer");
		return;
	}
	if (a->stage == SYNC && ++a->tries < SYNC_TRIES)
		ask(a);
	else
		advance(a);
}

static void ask(struct at *a)
{
	const struct at_command *c = command(a);
	int64_t due = loop_now(a->loop) + (a->stage == SYNC ? SYNC_NS : COMMAND_NS);
	char line[64];
	int n = snprintf(line, sizeof(line), "%s\r", c->text);

	if (a->stage == SURVEY && a->step >= QSCAN)
		due = a->until_ns; /* minutes are usual */
	at_answer_begin(&a->answer, c);
	loop_timer_at(a->loop, &a->deadline, due < a->until_ns ? due : a->until_ns);
	/* A modem that takes no more bytes will miss its deadline like one that gives none. */
	if (write(a->port.fd, line, (size_t)n) < 0 && errno != EAGAIN && errno != EINTR)
		log_debug("modem", "%s: %s", a->path, strerror(errno));
}

static void port_ready(struct loop_fd *f, uint32_t events)
{
	struct at *a = container_of(f, struct at, port);
	char bytes[1024];
	ssize_t n = read(f->fd, bytes, sizeof(bytes));
	enum at_result result;

	if (n > 0) {
		if (!a->busy)
			return; /* unasked */
		result = at_answer_feed(&a->answer, bytes, (size_t)n);
		if (result != AT_WAITING)
			answered(a, result);
		return;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR) || (events & (EPOLLHUP | EPOLLERR)))
		gone(a);
}

static int open_port(struct at *a)
{
	int err;

	if (a->port.fd >= 0 && at_port_same(a->port.fd, a->path))
		return 0;
	shut(a);
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

static int begin(struct at *a, struct record *r, int64_t timeout_ns, void *arg)
{
	int err = open_port(a);

	if (err)
		return err;
	radio_begin(&a->radio, r, a->model);
	buf_clear(&a->raw);
	a->busy = true;
	a->stage = SYNC;
	a->step = a->tries = a->missed = a->missed_in_row = 0;
	a->until_ns = timeout_ns > 0 ? loop_now(a->loop) + timeout_ns : INT64_MAX;
	a->arg = arg;
	ask(a);
	return 0;
}

static int at_read(void *b, struct record *r, int64_t timeout_ns, backend_done done, void *arg)
{
	struct at *a = b;

	a->done = done;
	a->surveyed = NULL;
	return begin(a, r, timeout_ns, arg);
}

static int at_survey(void *b, int64_t timeout_ns,
	void (*done)(void *arg, const struct modem_survey *s), void *arg)
{
	struct at *a = b;

	record_clear(&a->scratch, RECORD_SIGNAL);
	a->surveyed = done;
	return begin(a, &a->scratch, timeout_ns, arg);
}

static void at_cancel(void *b)
{
	struct at *a = b;

	/* a character ends a scan (TS 27.007 7.3); without it the modem stays deaf for minutes */
	if (a->busy && a->stage == SURVEY && write(a->port.fd, "\r", 1) < 0)
		log_debug("modem", "%s: %s", a->path, strerror(errno));
	a->busy = false;
	loop_timer_stop(a->loop, &a->deadline);
}

static void *at_open(struct loop *l, const char *port)
{
	struct at *a = mem_new(sizeof(*a));

	a->loop = l;
	a->path = mem_copy(port);
	a->port.fd = -1;
	a->port.ready = port_ready;
	a->deadline.fire = deadline_passed;
	a->dialect = &at_generic;
	at_answer_init(&a->answer);
	buf_init(&a->raw, AT_ANSWER_CEILING);
	return a;
}

static void at_close(void *b)
{
	struct at *a = b;

	at_cancel(a);
	shut(a);
	at_answer_done(&a->answer);
	buf_done(&a->raw);
	free(a->path);
	free(a);
}

const struct modem_backend backend_at = { "at", at_open, at_close, at_read, at_cancel, at_survey };
