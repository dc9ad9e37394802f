/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a modem back that hangs or is gone: one step after the other, each only when the one before did not
 * help, never while a survey runs (the steps wait in the modem's own queue), and not without end. */
#include "helper.h"
#include "modem_inside.h"
#include "../core/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_NS        (86400 * NS_PER_S)
#define PAUSE_MOST_NS (3600 * NS_PER_S)
#define TALK_NS       (15 * NS_PER_S)
#define LOOK_EVERY_NS (3 * NS_PER_S)
#define CHILD_NS      (60 * NS_PER_S)
#define IDLE_NS       (120 * NS_PER_S) /* a modem whose port hangs may still carry data: let a test end */

const char *const modem_step_name[MODEM_STEPS + 1] = { "reopen", "reset", "usb", "command", NULL };

static enum modem_step step_of(const struct modem *m)
{
	return m->all->options.steps[m->recovery.next];
}

/* --- how often --------------------------------------------------------------------------------------------------- */
static int64_t utc_s(void)
{
	struct clock_state now;

	clock_read(&now);
	return now.utc_ns == UTC_UNKNOWN ? 0 : now.utc_ns / NS_PER_S;
}

void day_count_load(struct modems *all)
{
	struct day_count *d = &all->today;
	long long began = 0;
	int64_t now = utc_s(), age;
	char path[512];
	unsigned n = 0;
	FILE *f;

	*d = (struct day_count){ 0, clock_mono() };
	modems_path(all, "recovery", path, sizeof(path));
	f = *path ? fopen(path, "re") : NULL;
	if (!f)
		return;
	if (fscanf(f, "%u %lld", &n, &began) == 2 && n <= 100000) {
		age = now && began && now > began ? now - began : 0;
		/* without a clock the day begins anew, and with its count: rather one step less */
		d->n = age < 86400 ? n : 0;
		d->since_ns -= age < 86400 ? age * NS_PER_S : 0;
	}
	fclose(f);
}

/* Before the step: one that takes our own power away must be counted, too. */
static void count_step(struct modems *all)
{
	struct day_count *d = &all->today;
	int64_t now = utc_s();
	char path[512], text[64];

	if (!d->n)
		d->since_ns = clock_mono();
	d->n++;
	modems_path(all, "recovery", path, sizeof(path));
	snprintf(text, sizeof(text), "%u %lld", d->n,
		(long long)(now ? now - (clock_mono() - d->since_ns) / NS_PER_S : 0));
	modems_keep(path, text, true);
}

/* 0: a step may be taken; else how long to wait. */
static int64_t until_allowed(struct modems *all)
{
	struct day_count *d = &all->today;
	int64_t age = clock_mono() - d->since_ns;

	if (age >= DAY_NS) {
		d->n = 0;
		d->since_ns = clock_mono();
	}
	return d->n < all->options.per_day ? 0 : DAY_NS - age;
}

/* --- how a step ends ------------------------------------------------------------------------------------------------ */
static void after(struct modem *m, enum recovery_phase phase, int64_t ns)
{
	m->recovery.phase = phase;
	loop_timer_in(m->loop, &m->recovery.timer, ns);
}

static void grow_pause(struct recovery *r)
{
	r->pause_ns = 2 * r->pause_ns < PAUSE_MOST_NS ? 2 * r->pause_ns : PAUSE_MOST_NS;
}

/* On to the next step after a pause that grows. */
static void pause_then_next(struct modem *m)
{
	struct recovery *r = &m->recovery;

	r->next = (r->next + 1) % m->all->options.step_count;
	after(m, RECOVERY_PAUSE, r->pause_ns);
	grow_pause(r);
}

static void say(struct modem *m, const char *outcome, const char *sentence)
{
	modems_tell(m->all, "recovery", modem_step_name[step_of(m)], outcome, "%s: %s", m->port,
		sentence);
}

static void failed(struct modem *m, const char *sentence)
{
	say(m, "failed", sentence);
	pause_then_next(m);
}

/* It could not be tried: said once in an outage, and the next step need not wait for it. */
static void refused(struct modem *m, const char *sentence)
{
	struct recovery *r = &m->recovery;
	unsigned bit = 1u << step_of(m);
	bool all_refused;

	if (!(r->refused & bit))
		say(m, "refused", sentence);
	r->refused |= bit;
	all_refused = true;
	for (size_t i = 0; i < m->all->options.step_count; i++)
		all_refused &= (r->refused & 1u << m->all->options.steps[i]) != 0;
	r->next = (r->next + 1) % m->all->options.step_count;
	after(m, RECOVERY_PAUSE, all_refused || !r->next ? r->pause_ns : 0);
	if (all_refused)
		grow_pause(r);
}

/* Whether it helped shows when the modem answers; it gets settle_ns to come back.  Not at once: one that is about to
 * restart may answer once more. */
static void look_soon(struct modem *m)
{
	m->recovery.settled_ns = loop_now(m->loop) + m->all->options.settle_ns;
	after(m, RECOVERY_CHECK, m->all->options.settle_ns / 6);
}

static void well_again(struct modem *m)
{
	struct recovery *r = &m->recovery;
	bool in_flight = r->phase == RECOVERY_STEP || r->phase == RECOVERY_CHECK;
	int seconds = (int)((loop_now(m->loop) - r->began_ns) / NS_PER_S);
	bool never_taken = modem_drop(m, r) && r->phase == RECOVERY_STEP;

	if (in_flight && !never_taken)
		modems_tell(m->all, "recovery", modem_step_name[step_of(m)], "ok",
			"%s: the modem answers again after %d s", m->port, seconds);
	else if (in_flight || r->began_ns)
		modems_tell(m->all, "recovery", in_flight ? modem_step_name[step_of(m)] : "self",
			"ended", "%s: the modem answers again by itself", m->port);
	loop_timer_stop(m->loop, &r->timer);
	*r = (struct recovery){
		.timer.fire = r->timer.fire, .child = r->child, .pause_ns = m->all->options.pause_ns
	};
}

/* --- the steps ------------------------------------------------------------------------------------------------------ */
static void looked(void *arg, const struct backend_answer *a)
{
	struct modem *m = container_of((struct recovery *)arg, struct modem, recovery);
	struct recovery *r = &m->recovery;

	if (r->phase != RECOVERY_CHECK)
		return;
	if (!a->error && !a->incomplete)
		well_again(m);
	else if (loop_now(m->loop) < r->settled_ns)
		after(m, RECOVERY_CHECK, LOOK_EVERY_NS);
	else
		failed(m, a->error && a->sentence ? a->sentence : "the modem leaves out answers");
}

static void reopened(void *arg, const struct backend_answer *a)
{
	struct modem *m = container_of((struct recovery *)arg, struct modem, recovery);

	if (m->recovery.phase != RECOVERY_STEP)
		return;
	m->recovery.settled_ns = 0; /* one look: there is nothing to wait for */
	if (a->error)
		failed(m, a->sentence ? a->sentence : a->error);
	else
		after(m, RECOVERY_CHECK, 0);
}

static void was_reset(void *arg, const struct backend_answer *a)
{
	struct modem *m = container_of((struct recovery *)arg, struct modem, recovery);

	if (m->recovery.phase != RECOVERY_STEP)
		return;
	if (a->error && (!strcmp(a->error, "modem_absent") || !strcmp(a->error, "modem_busy")))
		refused(m, "there is no port to say it on");
	else if (a->error && !strcmp(a->error, "modem_no_access"))
		refused(m, a->sentence);
	else
		look_soon(m);
}

static void child_over(void *arg, const struct child_result *c)
{
	struct modem *m = arg;
	struct recovery *r = &m->recovery;
	char sentence[160];

	r->child = NULL;
	modem_let_go(m);
	if (r->phase != RECOVERY_STEP)
		return;
	if (!c->err && !c->exit_status) {
		look_soon(m);
		return;
	}
	if (c->err)
		snprintf(sentence, sizeof(sentence), "%s", strerror(-c->err));
	else
		snprintf(sentence, sizeof(sentence), "exit status %d%s%.*s", c->exit_status,
			*c->errors ? ": " : "", (int)strcspn(c->errors, "\n"), c->errors);
	failed(m, sentence);
}

static void run(struct modem *m, const char *const argv[])
{
	int err = child_start(&m->recovery.child, m->loop, argv, CHILD_NS, 4096, child_over, m);

	if (!err)
		return;
	modem_let_go(m);
	failed(m, strerror(-err));
}

static void usb_turn(void *arg)
{
	struct modem *m = container_of((struct recovery *)arg, struct modem, recovery);
	const char *argv[] = { "/proc/self/exe", MODEM_HELPER, "usb", m->usb, NULL };

	run(m, argv);
}

static void command_turn(void *arg)
{
	struct modem *m = container_of((struct recovery *)arg, struct modem, recovery);
	const char *argv[MODEM_ARGV];
	size_t n = 0;

	for (; n < MODEM_ARGV - 1 && m->all->options.recover_command[n]; n++)
		argv[n] = strcmp(m->all->options.recover_command[n], "%")
		                  ? m->all->options.recover_command[n]
		                  : m->port;
	argv[n] = NULL;
	run(m, argv);
}

/* NULL: it can be tried. */
static const char *cannot(struct modem *m, enum modem_step step, char sentence[400])
{
	switch (step) {
	case STEP_REOPEN:
		return modem_can(m, TALK_REOPEN) ? NULL : "";
	case STEP_RESET:
		if (modem_can(m, TALK_RESET) && !strcmp(m->recovery.cause, "modem_absent"))
			return "there is no port to say it on";
		return modem_can(m, TALK_RESET) ? NULL : "";
	case STEP_USB:
		if (!*m->usb)
			return "no USB device is known for it: it was not there since the start, "
			       "or is none";
		if (access(m->usb, F_OK))
			return "its USB device is gone: only its power could bring it back";
		if (!access(m->usb, W_OK))
			return NULL;
		snprintf(sentence, 400,
			"%s may not be written: the package's udev rule gives it to the group "
			"dialout, and its unit ReadWritePaths=/sys/devices",
			m->usb);
		return sentence;
	case STEP_COMMAND:
		return m->all->options.recover_command[0] ? NULL : "";
	case MODEM_STEPS:
		break;
	}
	return "";
}

/* Reopening a port does not touch the data line; the other steps take it away. */
static bool takes_line(enum modem_step step)
{
	return step != STEP_REOPEN;
}

bool recovery_disturbs(const struct modem *m)
{
	const struct recovery *r = &m->recovery;

	return (r->phase == RECOVERY_STEP || r->phase == RECOVERY_CHECK || r->patience_ns) &&
	       takes_line(step_of(m));
}

/* True: not yet. */
static bool must_wait(struct modem *m)
{
	struct recovery *r = &m->recovery;

	if (!r->patience_ns)
		r->patience_ns = loop_now(m->loop) + IDLE_NS;
	if (modems_idle(m->all) || loop_now(m->loop) >= r->patience_ns) {
		r->patience_ns = 0;
		return false;
	}
	after(m, RECOVERY_PAUSE, NS_PER_S / 2);
	return true;
}

static void take_step(struct modem *m)
{
	struct recovery *r = &m->recovery;
	enum modem_step step = step_of(m);
	char sentence[400];
	const char *why = cannot(m, step, sentence);

	if (why) {
		if (!*why) /* this way to talk has no such step: nothing to be told */
			r->refused |= 1u << step;
		refused(m, why);
		return;
	}
	if (takes_line(step) && must_wait(m))
		return;
	count_step(m->all);
	r->phase = RECOVERY_STEP;
	r->began_ns = loop_now(m->loop);
	snprintf(sentence, sizeof(sentence), "%s in %u rounds", r->cause, r->failed);
	say(m, "begun", sentence);
	switch (step) {
	case STEP_REOPEN:
		modem_talk(m, TALK_REOPEN, NULL, TALK_NS, reopened, r);
		break;
	case STEP_RESET:
		modem_talk(m, TALK_RESET, NULL, TALK_NS, was_reset, r);
		break;
	case STEP_USB:
		modem_own(m, usb_turn, r);
		break;
	case STEP_COMMAND:
		modem_own(m, command_turn, r);
		break;
	case MODEM_STEPS:
		break;
	}
}

static void try_step(struct modem *m)
{
	struct recovery *r = &m->recovery;
	int64_t wait = until_allowed(m->all);

	if (!wait) {
		r->limit_told = false;
		take_step(m);
		return;
	}
	if (!r->limit_told)
		modems_tell(m->all, "recovery", "limit", "refused",
			"%s: there were enough steps in 24 h; see modem.recover_per_day", m->port);
	r->limit_told = true;
	after(m, RECOVERY_PAUSE, wait < PAUSE_MOST_NS ? wait : PAUSE_MOST_NS);
}

static void fire(struct loop_timer *t)
{
	struct modem *m = container_of(t, struct modem, recovery.timer);

	if (m->recovery.phase == RECOVERY_PAUSE)
		try_step(m);
	else if (m->recovery.phase == RECOVERY_CHECK)
		modem_talk(m, TALK_LOOK, NULL, TALK_NS, looked, &m->recovery);
}

void recovery_new(struct modem *m)
{
	m->recovery.timer.fire = fire;
	m->recovery.pause_ns = m->all->options.pause_ns;
}

void recovery_free(struct modem *m)
{
	loop_timer_stop(m->loop, &m->recovery.timer);
	/* the helper of a USB reset has left its process group: the device is switched on all the same */
	child_kill(m->recovery.child);
	m->recovery.child = NULL;
}

void recovery_saw(struct modem *m, const char *error)
{
	struct recovery *r = &m->recovery;

	if (!m->all->options.step_count)
		return;
	if (!error) {
		if (r->failed)
			well_again(m);
		return;
	}
	/* busy, no access, unsupported: not for us to mend */
	if (strcmp(error, "modem_hung") != 0 && strcmp(error, "modem_absent") != 0)
		return;
	snprintf(r->cause, sizeof(r->cause), "%s", error);
	if (++r->failed >= m->all->options.after_rounds && r->phase == RECOVERY_IDLE)
		after(m, RECOVERY_PAUSE, 0);
}
