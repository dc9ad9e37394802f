/* SPDX-License-Identifier: Apache-2.0 */
/* A survey from the first look to the line that is given back: what the scan found counts only when it can be
 * believed, and its owner is told when everything is as before. */
#include "modem_inside.h"
#include "../core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_NS       (20 * NS_PER_S)
#define MARGIN_NS     (10 * NS_PER_S) /* that a scan ends before the watchdog would resume */
#define IDLE_NS       (60 * NS_PER_S) /* for a measurement of the line to end; none begins meanwhile */
#define LOOK_AGAIN_NS (200 * NS_PER_MS)

static void scan(struct modem *m);
static void deliver(struct modem *m);
static void go_without(struct modem *m, const char *why);

static void word(struct survey *s, const char *error, const char *sentence)
{
	snprintf(s->error, sizeof(s->error), "%s", error ? error : "");
	snprintf(s->sentence, sizeof(s->sentence), "%s", sentence ? sentence : "");
}

/* --- the line ----------------------------------------------------------------------------------------------- */
static void take_port_back(struct modem *m)
{
	if (m->backend->take_back)
		m->backend->take_back(m->state);
}

static void is_suspended(struct modem *m)
{
	struct survey *s = &m->survey;

	s->suspended = s->was_suspended = true;
	s->suspended_ns = loop_now(m->loop);
	modems_tell(m->all, "data_line", "suspend", "ok",
		"for a survey of all operators, at most %d s",
		(int)(m->all->options.suspend_limit_ns / NS_PER_S));
	if (s->nobody) {
		s->stage = SURVEY_RESUME;
		line_resume(m->all->line);
		return;
	}
	take_port_back(m);
	scan(m);
}

/* The line is as it was, or, when it stays, will be tried again by restore. */
static void is_back(struct modem *m, enum line_told what, const char *sentence)
{
	struct survey *s = &m->survey;
	int64_t held = (loop_now(m->loop) - s->suspended_ns) / NS_PER_S;

	s->suspended = false;
	m->all->resumed_ns = clock_mono();
	if (what == LINE_RESUMED) {
		modems_tell(m->all, "data_line", "resume", "ok", "after %d s", (int)held);
	} else {
		modems_tell(m->all, "data_line", "resume", "failed",
			"%s; it is tried again until it works", sentence);
		modems_restore_later(m->all);
	}
	if (s->stage == SURVEY_RESUME) {
		take_port_back(m);
		deliver(m);
	}
	/* else the watchdog's time was over while we still scanned: the scan ends by itself */
}

static void line_told(void *arg, enum line_told what, const char *sentence)
{
	struct modem *m = arg;

	switch (what) {
	case LINE_SUSPENDED:
		is_suspended(m);
		break;
	case LINE_REFUSED:
		if (m->survey.nobody) {
			take_port_back(m);
			deliver(m);
		} else {
			go_without(m, sentence);
		}
		break;
	case LINE_RESUMED:
	case LINE_STAYS:
		is_back(m, what, sentence);
		break;
	}
}

static void go_without(struct modem *m, const char *why)
{
	modems_tell(
		m->all, "data_line", "suspend", "failed", "%s; the survey is tried without", why);
	take_port_back(m);
	scan(m);
}

static void suspend(struct modem *m)
{
	const struct modem_options *o = &m->all->options;
	struct line_how how = { .method = o->suspend,
		.port = m->port,
		.tty = -1,
		.contexts = m->survey.contexts,
		.suspend = o->suspend_command,
		.resume = o->resume_command,
		.limit_ns = o->suspend_limit_ns };
	int err;

	if (o->suspend == SUSPEND_AT)
		how.tty = m->backend->lend(m->state);
	m->survey.stage = SURVEY_SUSPEND;
	err = line_suspend(m->all->line, &how, line_told, m);
	if (err)
		go_without(m, strerror(-err));
}

/* A packet that is lost because we took its line away would be counted against the network. */
static void wait_for_idle(struct loop_timer *t)
{
	struct modem *m = container_of(t, struct modem, survey.wait);
	bool idle = modems_idle(m->all);

	if (!idle && loop_now(m->loop) < m->survey.patience_ns) {
		loop_timer_in(m->loop, t, LOOK_AGAIN_NS);
		return;
	}
	m->all->suspending = false;
	if (idle)
		suspend(m);
	else
		go_without(m, "something was measured over the line all the time");
}

/* There is something to suspend, and a way to. */
static bool wants_suspension(const struct modem *m)
{
	const struct modem_options *o = &m->all->options;

	if (o->suspend == SUSPEND_NONE || !m->all->line || !m->survey.registered)
		return false;
	return o->suspend != SUSPEND_AT || (m->backend->lend && m->survey.contexts);
}

static void begin_suspension(struct modem *m)
{
	struct survey *s = &m->survey;

	s->stage = SURVEY_WAIT;
	s->patience_ns = loop_now(m->loop) + IDLE_NS;
	m->all->suspending = true;
	wait_for_idle(&s->wait);
}

/* --- the scan --------------------------------------------------------------------------------------------------- */
static void deliver(struct modem *m)
{
	struct survey *s = &m->survey;
	struct modem_survey out = { .error = *s->error ? s->error : NULL,
		.sentence = *s->error ? s->sentence : NULL,
		.method = s->method,
		.modem = s->modem,
		.answer = buf_text(&s->answer),
		.suspended = s->was_suspended };

	survey_is_over(m, &out);
}

static void end(struct modem *m)
{
	struct survey *s = &m->survey;

	s->scanning = false;
	if (!s->suspended) {
		deliver(m);
		return;
	}
	s->stage = SURVEY_RESUME;
	if (m->backend->lend)
		m->backend->lend(m->state); /* the watchdog speaks on the port now */
	line_resume(m->all->line);
}

/* An empty survey is evidence: it must have been able to find something. */
static void judge(struct survey *s)
{
	if (*s->error || !strcmp(s->method, "neighbours") ||
		survey_cells(buf_text(&s->answer), NULL, NULL))
		return;
	if (s->radio_off)
		word(s, "radio_off", "somebody switched the modem's radio off");
	else if (s->registered)
		word(s, "line_in_use", "a scan that misses the cell in use is none");
	else if (s->incomplete)
		word(s, "modem_hung",
			"the modem left out answers: an empty survey is not believed");
	s->judged = *s->error != 0;
}

static void scanned(void *arg, const struct backend_answer *a)
{
	struct modem *m = arg;
	struct survey *s = &m->survey;

	word(s, a->error, a->sentence);
	s->method = a->method ? a->method : m->backend->method;
	if (*a->modem)
		snprintf(s->modem, sizeof(s->modem), "%s", a->modem);
	buf_puts(&s->answer, a->text);
	judge(s);
	end(m);
}

static int ask(struct modem *m)
{
	struct survey *s = &m->survey;
	int64_t left = s->until_ns - loop_now(m->loop),
		most = m->all->options.suspend_limit_ns - MARGIN_NS;

	if (s->suspended && left > most)
		left = most;
	s->stage = SURVEY_SCAN;
	s->scanning = true;
	return m->backend->talk(
		m->state, TALK_SCAN, m->job->param, left > NS_PER_S ? left : NS_PER_S, scanned, m);
}

static void scan(struct modem *m)
{
	int err = ask(m);

	if (!err)
		return;
	m->survey.scanning = false;
	word(&m->survey, modem_error_word(err), strerror(-err));
	end(m);
}

static void looked(void *arg, const struct backend_answer *a)
{
	struct modem *m = arg;
	struct survey *s = &m->survey;

	s->scanning = false;
	s->registered = a->registered;
	s->radio_off = a->radio_off;
	s->incomplete = a->incomplete;
	s->contexts = a->contexts;
	snprintf(s->modem, sizeof(s->modem), "%s", a->modem);
	if (a->error) {
		word(s, a->error, a->sentence);
		deliver(m);
	} else if (wants_suspension(m)) {
		begin_suspension(m);
	} else {
		scan(m);
	}
}

int survey_begin(struct modem *m, const char *method, int64_t timeout_ns)
{
	struct survey *s = &m->survey;
	struct buf answer = s->answer;

	buf_clear(&answer);
	*s = (struct survey){
		.answer = answer, .method = m->backend->method, .wait.fire = wait_for_idle
	};
	s->until_ns = loop_now(m->loop) + timeout_ns;
	if (!strcmp(method, "qscan") && !m->backend->lend)
		return -EOPNOTSUPP; /* a command of ports, not of tools */
	if (!strcmp(method, "neighbours"))
		return ask(m);
	s->stage = SURVEY_LOOK;
	s->scanning = true;
	return m->backend->talk(m->state, TALK_LOOK, NULL, LOOK_NS, looked, m);
}

void survey_fail(struct modem *m, const char *error, const char *sentence)
{
	word(&m->survey, error, sentence);
	m->survey.scanning = false;
	deliver(m);
}

bool survey_cancel(struct modem *m)
{
	struct survey *s = &m->survey;

	s->nobody = true;
	if (s->scanning)
		m->backend->cancel(m->state);
	s->scanning = false;
	if (s->stage == SURVEY_WAIT) {
		loop_timer_stop(m->loop, &s->wait);
		m->all->suspending = false;
	}
	if (s->stage == SURVEY_LOOK || s->stage == SURVEY_WAIT ||
		(s->stage == SURVEY_SCAN && !s->suspended))
		return true;
	if (s->stage == SURVEY_SCAN)
		end(m);
	return false; /* line_told() follows */
}
