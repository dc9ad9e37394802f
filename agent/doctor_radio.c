/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of modem and radio.  While an agent runs its last round is what is looked at: two programs on one
 * port disturb each other. */
#include "doctor.h"
#include "level.h"
#include "../probes/core/mem.h"
#include <inttypes.h>
#include <string.h>

#define RADIO_LIMIT_NS (20 * NS_PER_S)

static void heard(void *arg, struct probe *p, const struct record *r)
{
	struct visit *v = arg;

	(void)p;
	v->signal = *r;
}

static void ended(void *arg, struct probe *p, int err)
{
	struct visit *v = arg;

	(void)p;
	(void)err;
	loop_stop(v->world.loop, 0);
}

/* The first test of the plan that looks at the signal, with its settings; NULL: none does. */
static const struct settings *signal_test(const struct conf *c)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		const struct settings *s = conf_at(c, "tests", i);

		if (!strcmp(settings_text(s, "kind"), "signal") && settings_bool(s, "enabled"))
			return s;
	}
	return NULL;
}

void doctor_ask_modem(struct visit *v)
{
	struct probe_owner owner = { heard, ended, v };
	const struct probe_type *type = probe_type_named("signal");
	const struct settings *s = signal_test(v->conf);
	struct settings *made = NULL;
	struct probe *p = NULL;
	char port[300];
	const char *words[] = { port };

	snprintf(port, sizeof(port), "port=%s", v->port);
	if (!s && settings_make(&made, type->accept, NULL, words, COUNT(words), NULL))
		return;
	if (!probe_new(&p, type, NULL, s ? s : made, &v->world, owner, NULL) &&
		!probe_start(p, doctor_time(v, RADIO_LIMIT_NS)))
		(void)!loop_run(v->world.loop);
	probe_free(p);
	settings_free(made);
}

static const char *text_of(const struct visit *v, enum field f)
{
	const char *text = record_text(&v->signal, f);

	return text ? text : "";
}

void step_modem(struct visit *v, struct finding *f)
{
	const struct word_of *error;

	if (!*v->port) {
		finding_say(v, f, SKIPPED, W_D_NO_MODEM, NULL);
		return;
	}
	if (!v->signal.kind && v->running) {
		finding_say(v, f, SKIPPED, v->status ? W_D_MODEM_PENDING : W_D_MODEM_HELD,
			FILL("port", v->port));
		return;
	}
	if (!v->signal.kind)
		doctor_ask_modem(v);
	if (v->signal.kind && !record_has(&v->signal, FIELD_ERROR)) {
		finding_say(v, f, PASSED, W_D_MODEM,
			FILL("port", v->port, "model", text_of(v, FIELD_MODEM)));
		return;
	}
	error = word_of_error(v->signal.kind ? text_of(v, FIELD_ERROR) : "failed");
	finding_say(v, f, FAILED, W_D_MODEM_ERROR,
		FILL("port", v->port, "error", word(error->means, v->vietnamese)));
	finding_advise(v, f, error->todo, NULL);
}

/* Whether there is a good round to look at; says why not. */
static bool round_is_good(struct visit *v, struct finding *f)
{
	if (v->signal.kind && !record_has(&v->signal, FIELD_ERROR))
		return true;
	if (*v->port)
		finding_say(v, f, SKIPPED, W_D_MODEM_PENDING, FILL("port", v->port));
	else
		finding_say(v, f, SKIPPED, W_D_NO_MODEM, NULL);
	return false;
}

void step_sim(struct visit *v, struct finding *f)
{
	const char *name = text_of(v, FIELD_SIM);
	const struct word_of *sim = word_of_sim(name);

	if (!round_is_good(v, f))
		return;
	if (!*name) {
		finding_say(v, f, SKIPPED, W_NOT_KNOWN, NULL);
		return;
	}
	finding_say(v, f, strcmp(name, "ready") ? FAILED : PASSED, W_D_SEEN,
		FILL("seen", word_or(sim->means, v->vietnamese, name)));
	if (f->result == FAILED)
		finding_advise(v, f, sim->todo == W_NONE ? W_DO_TIMEOUT : sim->todo, NULL);
}

void step_registration(struct visit *v, struct finding *f)
{
	const char *name = text_of(v, FIELD_REGISTRATION),
		   *said = word_or(word_of_registration(name), v->vietnamese, name);
	bool in = !strcmp(name, "home") || !strcmp(name, "roaming");
	char cause[WORDS_NUMBER];

	if (!round_is_good(v, f))
		return;
	if (!*name) {
		finding_say(v, f, SKIPPED, W_NOT_KNOWN, NULL);
	} else if (record_has(&v->signal, FIELD_REJECT_CAUSE) && !in) {
		finding_say(v, f, FAILED, W_D_REGISTRATION_CAUSE,
			FILL("word", said, "cause",
				words_int(cause, record_int(&v->signal, FIELD_REJECT_CAUSE, 0))));
	} else {
		finding_say(v, f, in ? PASSED : FAILED, W_D_REGISTRATION,
			FILL("word", said, "rat", text_of(v, FIELD_RAT), "plmn",
				text_of(v, FIELD_PLMN)));
	}
	if (f->result == FAILED)
		finding_advise(v, f,
			strcmp(name, "denied") ? W_A_REGISTRATION : W_A_REGISTRATION_DENIED, NULL);
}

void step_signal(struct visit *v, struct finding *f)
{
	char level[WORDS_NUMBER], number[WORDS_NUMBER], source[160];
	struct level l;

	if (!round_is_good(v, f))
		return;
	if (!level_of(&v->signal, &l)) {
		finding_say(v, f, SKIPPED, W_D_SIGNAL_NONE, NULL);
		return;
	}
	snprintf(level, sizeof(level), "%.30s dBm", words_real(number, v->vietnamese, l.dbm, 0));
	finding_say(v, f, l.grade < LEVEL_WEAK ? FAILED : PASSED, W_D_SIGNAL,
		FILL("level", level, "word", word(level_word(l.grade), v->vietnamese), "source",
			level_source(source, sizeof(source), v->vietnamese, &l)));
	if (f->result == FAILED)
		finding_advise(v, f, W_A_SIGNAL, NULL);
}
