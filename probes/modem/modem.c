/* SPDX-License-Identifier: Apache-2.0 */
/* The modems of this device, each with its one owner and a queue of requests. */
#include "modem.h"
#include "modem_inside.h"
#include "usb.h"
#include "../core/mem.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start_next(struct modem *m);

/* --- jobs ---------------------------------------------------------------------------------------------------- */
static void job_free(struct job *j)
{
	loop_timer_stop(j->modem->loop, &j->patience);
	free(j);
}

static void unlink_job(struct modem *m, struct job *j)
{
	struct job **at = &m->waiting;

	while (*at && *at != j)
		at = &(*at)->next;
	if (*at)
		*at = j->next;
}

/* Tells the owner; the job is gone already, so that the owner may ask anew. */
static void tell_error(
	struct modem *m, const struct job *j, const char *error, const char *sentence)
{
	struct backend_answer a = { .error = error, .sentence = sentence, .modem = "", .text = "" };
	struct modem_survey s = { .error = error,
		.sentence = sentence,
		.method = m->backend->method,
		.modem = "",
		.answer = "" };
	struct record r;

	switch (j->kind) {
	case JOB_READ:
	case JOB_QUICK:
		record_begin(&r, RECORD_SIGNAL);
		record_set_text(&r, FIELD_METHOD, m->backend->method);
		record_set_text(&r, FIELD_ERROR, error);
		record_set_text(&r, FIELD_ERROR_TEXT, sentence);
		if (j->read_done)
			j->read_done(j->arg, &r);
		break;
	case JOB_SURVEY:
		j->survey_done(j->arg, &s);
		break;
	case JOB_TALK:
		j->answered(j->arg, &a);
		break;
	case JOB_OWN:
		break;
	}
}

static void patience_over(struct loop_timer *t)
{
	struct job *j = container_of(t, struct job, patience);
	struct modem *m = j->modem;
	struct job told = *j;

	unlink_job(m, j);
	job_free(j);
	tell_error(m, &told, "modem_busy", "other requests to the modem took too long");
}

static struct job *job_new(struct modem *m, enum job_kind kind, int64_t timeout_ns, void *arg)
{
	struct job *j = mem_new(sizeof(*j));

	j->modem = m;
	j->kind = kind;
	j->timeout_ns = timeout_ns;
	j->arg = arg;
	j->patience.fire = patience_over;
	return j;
}

static bool is_ours(const struct job *j)
{
	return j->kind == JOB_TALK || j->kind == JOB_OWN;
}

/* Our own requests go behind our own, and wait as long as it takes. */
static void enqueue(struct modem *m, struct job *j)
{
	struct job **at = &m->waiting;

	while (*at && (!is_ours(j) || is_ours(*at)))
		at = &(*at)->next;
	j->next = *at;
	*at = j;
	if (j->timeout_ns > 0 && !is_ours(j))
		loop_timer_in(m->loop, &j->patience, j->timeout_ns);
	start_next(m);
}

/* Takes the running job away; its owner is told by the caller, and then the next one starts. */
static struct job take_job(struct modem *m)
{
	struct job j = *m->job;

	job_free(m->job);
	m->job = NULL;
	m->between = true;
	return j;
}

static void go_on(struct modem *m)
{
	m->between = false;
	start_next(m);
}

/* --- how jobs end ------------------------------------------------------------------------------------------------ */
static void learn(struct modem *m, const struct record *r)
{
	struct backend_facts facts = { "", "" };
	const char *registration = record_text(r, FIELD_REGISTRATION),
		   *sim = record_text(r, FIELD_SIM);

	m->backend->facts(m->state, &facts);
	if (*facts.imsi || (sim && !strcmp(sim, "missing")))
		snprintf(m->imsi, sizeof(m->imsi), "%s", facts.imsi);
	if (*facts.device)
		usb_find(m->all->options.sysfs, facts.device, m->usb, sizeof(m->usb));
	if (registration)
		m->registered = !strcmp(registration, "home") || !strcmp(registration, "roaming");
}

static void read_is_over(struct modem *m, const char *error, const char *sentence)
{
	struct job j = take_job(m);
	struct record r;

	record_set_text(&m->record, FIELD_METHOD, m->backend->method);
	record_set_int(&m->record, FIELD_DURATION_MS, (clock_mono() - m->since_ns) / NS_PER_MS);
	record_set_text(&m->record, FIELD_ERROR, error);
	record_set_text(&m->record, FIELD_ERROR_TEXT, sentence);
	r = m->record; /* done() may start the next round */
	if (!error && j.kind == JOB_READ)
		learn(m, &r);
	recovery_saw(m, error);
	if (j.read_done)
		j.read_done(j.arg, &r);
	if (!error && j.kind == JOB_READ)
		hints_saw(m, &r);
	go_on(m);
}

static void backend_is_done(void *arg, const char *error, const char *sentence)
{
	read_is_over(arg, error, sentence);
}

static void backend_has_answered(void *arg, const struct backend_answer *a)
{
	struct modem *m = arg;
	struct job j = take_job(m);

	j.answered(j.arg, a);
	go_on(m);
}

void survey_is_over(struct modem *m, const struct modem_survey *s)
{
	struct job j = take_job(m);
	bool wanted = !m->survey.nobody;

	/* that we do not believe what it found is no fault of the modem's */
	recovery_saw(m, m->survey.judged ? NULL : s->error);
	if (wanted)
		j.survey_done(j.arg, s);
	go_on(m);
}

const char *modem_error_word(int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EIO:
		return "modem_absent";
	case EBUSY:
		return "modem_busy";
	case EOPNOTSUPP:
		return "unsupported";
	default:
		return "modem_no_access";
	}
}

static void say_open_error(struct modem *m)
{
	const char *word = modem_error_word(m->open_err);
	char sentence[200];
	struct job j;

	snprintf(sentence, sizeof(sentence), "%s: %s", m->port, strerror(-m->open_err));
	if (m->job->kind == JOB_SURVEY) {
		survey_fail(m, word, sentence);
	} else if (m->job->kind == JOB_TALK) {
		j = take_job(m);
		tell_error(m, &j, word, sentence);
		go_on(m);
	} else {
		read_is_over(m, word, sentence);
	}
}

/* What could not be said inside the call that caused it. */
static void later(struct loop_timer *t)
{
	struct modem *m = container_of(t, struct modem, later);

	if (!m->job)
		start_next(m);
	else if (m->job->kind == JOB_OWN)
		m->job->turn(m->job->arg);
	else
		say_open_error(m);
}

/* --- how jobs begin ------------------------------------------------------------------------------------------------ */
static int begin(struct modem *m, struct job *j)
{
	switch (j->kind) {
	case JOB_READ:
	case JOB_QUICK:
		m->since_ns = clock_mono();
		record_begin(&m->record, RECORD_SIGNAL);
		return m->backend->read(m->state, &m->record, j->kind == JOB_QUICK, j->timeout_ns,
			backend_is_done, m);
	case JOB_SURVEY:
		return survey_begin(m, j->param, j->timeout_ns);
	case JOB_TALK:
		return m->backend->talk(
			m->state, j->what, j->param, j->timeout_ns, backend_has_answered, m);
	case JOB_OWN:
		loop_timer_in(m->loop, &m->later, 0);
		return 0;
	}
	return -EINVAL;
}

static void start_next(struct modem *m)
{
	struct job *j = m->waiting;

	if (m->job || m->between || m->all->held || !j)
		return;
	m->waiting = j->next;
	m->job = j;
	loop_timer_stop(m->loop, &j->patience);
	m->open_err = begin(m, j);
	if (m->open_err)
		loop_timer_in(m->loop, &m->later, 0);
}

static bool too_many(const struct modem *m)
{
	unsigned n = 0;

	for (const struct job *j = m->waiting; j; j = j->next)
		n += !is_ours(j);
	return n >= MODEM_QUEUE;
}

static int read_job(struct modem *m, enum job_kind kind, int64_t timeout_ns,
	void (*done)(void *arg, const struct record *r), void *arg)
{
	struct job *j;

	if (too_many(m))
		return -EBUSY;
	j = job_new(m, kind, timeout_ns, arg);
	j->read_done = done;
	enqueue(m, j);
	return 0;
}

int modem_read(struct modem *m, int64_t timeout_ns, void (*done)(void *arg, const struct record *r),
	void *arg)
{
	return read_job(m, JOB_READ, timeout_ns, done, arg);
}

int modem_read_quick(struct modem *m, int64_t timeout_ns,
	void (*done)(void *arg, const struct record *r), void *arg)
{
	return read_job(m, JOB_QUICK, timeout_ns, done, arg);
}

int modem_survey(struct modem *m, const char *method, int64_t timeout_ns,
	void (*done)(void *arg, const struct modem_survey *s), void *arg)
{
	struct job *j;

	if (too_many(m))
		return -EBUSY;
	j = job_new(m, JOB_SURVEY, timeout_ns, arg);
	j->survey_done = done;
	j->param = method;
	enqueue(m, j);
	return 0;
}

void modem_talk(struct modem *m, enum backend_talk what, const char *param, int64_t timeout_ns,
	backend_answered done, void *arg)
{
	struct job *j = job_new(m, JOB_TALK, timeout_ns, arg);

	j->what = what;
	j->param = param;
	j->answered = done;
	enqueue(m, j);
}

void modem_own(struct modem *m, void (*turn)(void *arg), void *arg)
{
	struct job *j = job_new(m, JOB_OWN, 0, arg);

	j->turn = turn;
	enqueue(m, j);
}

void modem_let_go(struct modem *m)
{
	if (!m->job || m->job->kind != JOB_OWN)
		return;
	loop_timer_stop(m->loop, &m->later);
	take_job(m);
	go_on(m);
}

static bool drop_waiting(struct modem *m, void *arg)
{
	struct job *j, *next;
	bool any = false;

	for (j = m->waiting; j; j = next) {
		next = j->next;
		if (j->arg != arg)
			continue;
		unlink_job(m, j);
		job_free(j);
		any = true;
	}
	return any;
}

static void drop_running(struct modem *m, void *arg)
{
	if (!m->job || m->job->arg != arg)
		return;
	loop_timer_stop(m->loop, &m->later);
	if (m->job->kind == JOB_SURVEY) {
		if (!survey_cancel(m))
			return; /* goes on without its owner until the line is back */
	} else if (m->job->kind != JOB_OWN && !m->open_err) {
		m->backend->cancel(m->state);
	}
	take_job(m);
	m->between = false;
	loop_timer_in(m->loop, &m->later, 0);
}

void modem_cancel(struct modem *m, void *arg)
{
	drop_waiting(m, arg);
	drop_running(m, arg);
}

bool modem_drop(struct modem *m, void *arg)
{
	return drop_waiting(m, arg);
}

/* --- modems ------------------------------------------------------------------------------------------------------------ */
static void choose_backend(struct modem *m)
{
	static const struct {
		const char *prefix;
		const struct modem_backend *backend;
	} kinds[] = {
		{ "mmcli:", &backend_mmcli },
		{ "uqmi:", &backend_uqmi },
	};

	m->backend = &backend_at;
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (!strncmp(m->port, kinds[i].prefix, strlen(kinds[i].prefix))) {
			m->backend = kinds[i].backend;
			m->state = m->backend->open(m->loop, m->port + strlen(kinds[i].prefix));
			return;
		}
	m->state = m->backend->open(m->loop, m->port);
}

struct modem *modems_get(struct modems *all, const char *port)
{
	struct modem *m;

	for (m = all->first; m; m = m->next)
		if (!strcmp(m->port, port))
			return m;
	m = mem_new(sizeof(*m));
	m->all = all;
	m->loop = all->loop;
	m->port = mem_copy(port);
	m->later.fire = later;
	buf_init(&m->survey.answer, 65536);
	choose_backend(m);
	recovery_new(m);
	hints_load(m);
	m->next = all->first;
	all->first = m;
	return m;
}

static void modem_free(struct modem *m)
{
	struct job *j;

	recovery_free(m);
	loop_timer_stop(m->loop, &m->survey.wait);
	loop_timer_stop(m->loop, &m->later);
	if (m->job)
		job_free(m->job);
	while ((j = m->waiting)) {
		m->waiting = j->next;
		job_free(j);
	}
	m->backend->close(m->state);
	buf_done(&m->survey.answer);
	explicit_bzero(m->imsi, sizeof(m->imsi));
	free(m->port);
	free(m);
}

int modems_new(struct modems **out, struct loop *l)
{
	struct modems *all = mem_new(sizeof(*all));

	all->loop = l;
	*out = all;
	return 0;
}

void modems_free(struct modems *all)
{
	struct modem *each, *next;

	if (!all)
		return;
	loop_timer_stop(all->loop, &all->restore);
	line_free(all->line);
	for (each = all->first; each; each = next) {
		next = each->next;
		modem_free(each);
	}
	free(all);
}

void modems_go_on(struct modems *all)
{
	for (struct modem *m = all->first; m; m = m->next)
		start_next(m);
}

bool modem_can(const struct modem *m, enum backend_talk what)
{
	return m->backend->talks & 1u << what;
}

void modems_path(const struct modems *all, const char *name, char *out, size_t room)
{
	if (all->options.state)
		snprintf(out, room, "%s/%s", all->options.state, name);
	else
		out[0] = 0;
}

void modems_tell(struct modems *all, const char *event, const char *step, const char *outcome,
	const char *format, ...)
{
	char sentence[300];
	va_list args;

	if (!all->options.tell)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	all->options.tell(all->options.arg, event, step, outcome, sentence);
}
