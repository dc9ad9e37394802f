/* SPDX-License-Identifier: Apache-2.0 */
/* The modems of this device, each with its one owner. */
#include "modem.h"
#include "backend.h"
#include "../core/mem.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct modem {
	struct modem *next;
	struct loop *loop;
	char *port;
	const struct modem_backend *backend;
	void *state;
	struct loop_timer later; /* tells of a port that could not be opened, from the next turn */
	int open_err;
	bool busy;
	int64_t since_ns;
	struct record record;
	void (*done)(void *arg, const struct record *r);
	void (*surveyed)(
		void *arg, const struct modem_survey *s); /* instead, while a survey runs */
	void *arg;
};

struct modems {
	struct loop *loop;
	struct modem *first;
};

int modems_new(struct modems **out, struct loop *l)
{
	struct modems *m = mem_new(sizeof(*m));

	m->loop = l;
	*out = m;
	return 0;
}

void modems_free(struct modems *m)
{
	struct modem *each, *next;

	if (!m)
		return;
	for (each = m->first; each; each = next) {
		next = each->next;
		loop_timer_stop(m->loop, &each->later);
		each->backend->close(each->state);
		free(each->port);
		free(each);
	}
	free(m);
}

static void survey_is_done(void *arg, const struct modem_survey *s)
{
	struct modem *m = arg;
	void (*surveyed)(void *a, const struct modem_survey *) = m->surveyed;

	m->busy = false;
	m->surveyed = NULL;
	surveyed(m->arg, s);
}

static void finish(struct modem *m, const char *error, const char *sentence)
{
	struct modem_survey none = { error, sentence, "at", "", "" };
	struct record r;

	if (m->surveyed) {
		survey_is_done(m, &none);
		return;
	}

	m->busy = false;
	record_set_text(&m->record, FIELD_METHOD, m->backend->method);
	record_set_int(&m->record, FIELD_DURATION_MS, (clock_mono() - m->since_ns) / NS_PER_MS);
	record_set_text(&m->record, FIELD_ERROR, error);
	record_set_text(&m->record, FIELD_ERROR_TEXT, sentence);
	r = m->record; /* done() may start the next round */
	if (m->done)
		m->done(m->arg, &r);
}

static void backend_is_done(void *arg, const char *error, const char *sentence)
{
	finish(arg, error, sentence);
}

static void say_open_error(struct loop_timer *t)
{
	struct modem *m = container_of(t, struct modem, later);
	char sentence[200];
	const char *word;

	switch (-m->open_err) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EIO:
		word = "modem_absent";
		break;
	case EBUSY:
		word = "modem_busy";
		break;
	case EOPNOTSUPP:
		word = "unsupported";
		break;
	default:
		word = "modem_no_access";
		break;
	}
	snprintf(sentence, sizeof(sentence), "%s: %s", m->port, strerror(-m->open_err));
	finish(m, word, sentence);
}

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

struct modem *modems_get(struct modems *m, const char *port)
{
	struct modem *each;

	for (each = m->first; each; each = each->next)
		if (!strcmp(each->port, port))
			return each;
	each = mem_new(sizeof(*each));
	each->loop = m->loop;
	each->port = mem_copy(port);
	each->later.fire = say_open_error;
	choose_backend(each);
	each->next = m->first;
	m->first = each;
	return each;
}

int modem_read(struct modem *m, int64_t timeout_ns, void (*done)(void *arg, const struct record *r),
	void *arg)
{
	if (m->busy)
		return -EBUSY;
	m->busy = true;
	m->done = done;
	m->surveyed = NULL;
	m->arg = arg;
	m->since_ns = clock_mono();
	record_begin(&m->record, RECORD_SIGNAL);
	m->open_err = m->backend->read(m->state, &m->record, timeout_ns, backend_is_done, m);
	if (m->open_err)
		loop_timer_in(m->loop, &m->later, 0);
	return 0;
}

int modem_survey(struct modem *m, int64_t timeout_ns,
	void (*done)(void *arg, const struct modem_survey *s), void *arg)
{
	if (m->busy)
		return -EBUSY;
	m->busy = true;
	m->surveyed = done;
	m->arg = arg;
	m->open_err = m->backend->survey
	                      ? m->backend->survey(m->state, timeout_ns, survey_is_done, m)
	                      : -EOPNOTSUPP;
	if (m->open_err)
		loop_timer_in(m->loop, &m->later, 0);
	return 0;
}

void modem_cancel(struct modem *m, void *arg)
{
	if (!m->busy || m->arg != arg)
		return;
	loop_timer_stop(m->loop, &m->later);
	m->backend->cancel(m->state);
	m->surveyed = NULL;
	m->busy = false;
}
