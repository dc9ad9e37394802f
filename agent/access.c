/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence in, state out.  Nearest cause first: a modem that does not answer explains a missing net, a
 * missing net explains a missing broker, and never the other way round. */
#include "access.h"
#include "access_net.h"
#include "../probes/core/mem.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one look at the modem said. */
enum look {
	LOOK_NONE,
	LOOK_ABSENT,
	LOOK_HUNG,
	LOOK_SIM_MISSING,
	LOOK_SIM_LOCKED,
	LOOK_REGISTERED,
	LOOK_DENIED,
	LOOK_LIMITED,
	LOOK_CELL,  /* not registered, but a cell is received */
	LOOK_EMPTY, /* not registered, nothing received, modem healthy */
	LOOK_VAGUE, /* it answered, and did not say */
};

struct access {
	struct access_options o;
	void (*changed)(void *arg, struct record *r);
	void *arg;
	enum access_state state;
	int64_t now_ns, since_ns, said_ns;
	char evidence[240];
	enum look look;        /* the newest */
	unsigned same;         /* how many equal ones in a row */
	unsigned unregistered; /* how many in a row of denied, limited, cell, empty */
	int64_t looked_ns;
	unsigned empty; /* surveys in a row that found nothing */
	int64_t empty_first_ns, empty_last_ns;
	int64_t cells_ns;                    /* a survey saw cells while we were not registered */
	int64_t cells;                       /* all of others */
	int64_t scan, scan_others, scan_own; /* the survey that comes in, cell by cell */
	struct access_net net;
	struct record last_signal;
};

static void or_default(int64_t *v, int64_t unless)
{
	if (!*v)
		*v = unless;
}

static void count_default(unsigned *v, unsigned unless)
{
	if (!*v)
		*v = unless;
}

struct access *access_new(
	const struct access_options *o, void (*changed)(void *arg, struct record *r), void *arg)
{
	struct access *a = mem_new(sizeof(*a));

	if (o)
		a->o = *o;
	or_default(&a->o.heartbeat_ns, 300 * NS_PER_S);
	or_default(&a->o.scan_span_ns, 7200 * NS_PER_S);
	or_default(&a->o.stale_ns, 9000 * NS_PER_S);
	or_default(&a->o.collector_after_ns, 60 * NS_PER_S);
	or_default(&a->o.receipt_after_ns, 900 * NS_PER_S);
	count_default(&a->o.absent_rounds, 2);
	count_default(&a->o.hung_rounds, 3);
	count_default(&a->o.rounds, 2);
	count_default(&a->o.scans, 3);
	a->changed = changed;
	a->arg = arg;
	a->now_ns = a->since_ns = a->said_ns = a->looked_ns = ACCESS_NEVER;
	access_net_forget(&a->net);
	snprintf(a->evidence, sizeof(a->evidence), "nothing was seen yet");
	return a;
}

void access_free(struct access *a)
{
	free(a);
}

/* --- what is said -------------------------------------------------------------------------------- */
static void copy_radio(struct access *a, struct record *r)
{
	const struct record *s = &a->last_signal;

	if (s->kind != RECORD_SIGNAL || a->o.no_modem)
		return;
	for (enum field f = FIELD_RAT; f <= FIELD_MODEM_HEALTHY; f++) {
		const struct field_info *info = field_info(f);

		if (!info || !record_has(s, f) || f == FIELD_RAW)
			continue;
		if (info->type == FIELD_TEXT)
			record_set_text(r, f, record_text(s, f));
		else if (info->type == FIELD_INT)
			record_set_int(r, f, record_int(s, f, 0));
		else if (info->type == FIELD_REAL)
			record_set_real(r, f, record_real(s, f, 0));
		else if (info->type == FIELD_BOOL)
			record_set_bool(r, f, record_bool(s, f, false));
	}
}

static void say(struct access *a, struct record *r)
{
	r->mono_ns = a->now_ns;
	r->state = a->state;
	record_set_text(r, FIELD_EVIDENCE, a->evidence);
	if (a->empty)
		record_set_int(r, FIELD_EMPTY_SCANS, a->empty);
	copy_radio(a, r);
	a->said_ns = a->now_ns;
	if (a->changed)
		a->changed(a->arg, r);
}

static void become(
	struct access *a, enum access_state state, const char *evidence, int64_t since_utc_ns)
{
	struct record r;
	int64_t held = a->since_ns == ACCESS_NEVER ? 0 : a->now_ns - a->since_ns;

	record_clear(&r, RECORD_ACCESS);
	record_set_text(&r, FIELD_FROM_STATE, access_state_name[a->state]);
	record_set_int(&r, FIELD_HELD_S, held / NS_PER_S);
	record_set_bool(&r, FIELD_HEARTBEAT, false);
	record_set_int(&r, FIELD_SINCE_MONO_NS, a->now_ns);
	if (since_utc_ns != UTC_UNKNOWN)
		record_set_int(&r, FIELD_SINCE_UTC_NS, since_utc_ns);
	a->state = state;
	a->since_ns = a->now_ns;
	snprintf(a->evidence, sizeof(a->evidence), "%s", evidence);
	say(a, &r);
}

static void heartbeat(struct access *a)
{
	struct record r;

	record_clear(&r, RECORD_ACCESS);
	record_set_int(&r, FIELD_HELD_S, (a->now_ns - a->since_ns) / NS_PER_S);
	record_set_bool(&r, FIELD_HEARTBEAT, true);
	record_set_int(&r, FIELD_SINCE_MONO_NS, a->since_ns);
	say(a, &r);
}

static void advance(struct access *a, int64_t mono_ns)
{
	if (a->now_ns == ACCESS_NEVER)
		a->since_ns = a->said_ns = mono_ns;
	if (a->now_ns == ACCESS_NEVER || mono_ns > a->now_ns)
		a->now_ns = mono_ns;
}

static int64_t seconds(int64_t ns)
{
	return ns / NS_PER_S;
}

/* --- what is decided ------------------------------------------------------------------------------ */
struct verdict {
	enum access_state state;
	char why[240];
};

static bool PRINTF(3, 4) is(struct verdict *v, enum access_state state, const char *format, ...)
{
	va_list args;

	v->state = state;
	va_start(args, format);
	vsnprintf(v->why, sizeof(v->why), format, args);
	va_end(args);
	return true;
}

static const char *signal_word(const struct access *a, enum field f)
{
	const char *text = record_text(&a->last_signal, f);

	return text ? text : "nothing";
}

static bool rests_on_registration(enum access_state s)
{
	return s == STATE_OK || s == STATE_ATTACHED_NO_IP || s == STATE_IP_NO_INTERNET ||
	       s == STATE_CAPTIVE_OR_NO_CREDIT || s == STATE_COLLECTOR_DOWN;
}

static bool surveys_prove_absence(const struct access *a)
{
	return a->empty >= a->o.scans &&
	       a->empty_last_ns - a->empty_first_ns >= a->o.scan_span_ns &&
	       a->now_ns - a->empty_last_ns <= a->o.stale_ns;
}

static bool decide_unregistered(const struct access *a, struct verdict *v)
{
	if (a->cells && a->now_ns - a->cells_ns <= a->o.stale_ns)
		return is(v, STATE_LIMITED_SERVICE,
			"not registered (%s), and a survey saw %" PRId64 " cells of others",
			signal_word(a, FIELD_REGISTRATION), a->cells);
	if (a->look == LOOK_EMPTY && surveys_prove_absence(a))
		return is(v, STATE_NO_SERVICE,
			"modem healthy, registration %s, %u surveys in a row over %" PRId64
			" s found no cell",
			signal_word(a, FIELD_REGISTRATION), a->empty,
			seconds(a->empty_last_ns - a->empty_first_ns));
	return is(v, STATE_UNKNOWN,
		"not registered (%s), %s; empty surveys so far: %u of %u over %" PRId64 " s",
		signal_word(a, FIELD_REGISTRATION),
		a->look == LOOK_CELL ? "a cell is received" : "nothing received", a->empty,
		a->o.scans, seconds(a->o.scan_span_ns));
}

/* By what the newest looks agree on. */
static bool decide_look(const struct access *a, struct verdict *v)
{
	switch (a->look) {
	case LOOK_SIM_MISSING:
		return is(v, STATE_SIM_MISSING, "SIM %s in %u rounds", signal_word(a, FIELD_SIM),
			a->same);
	case LOOK_SIM_LOCKED:
		return is(v, STATE_SIM_LOCKED, "the SIM asks for %s", signal_word(a, FIELD_SIM));
	case LOOK_DENIED:
		return is(v, STATE_DENIED, "registration denied in %u rounds, cause %" PRId64,
			a->same, record_int(&a->last_signal, FIELD_REJECT_CAUSE, -1));
	case LOOK_LIMITED:
		return is(v, STATE_LIMITED_SERVICE, "registration %s, modem says %s",
			signal_word(a, FIELD_REGISTRATION), signal_word(a, FIELD_MODEM_STATE));
	case LOOK_CELL:
	case LOOK_EMPTY:
		return decide_unregistered(a, v);
	case LOOK_VAGUE:
		return is(v, STATE_UNKNOWN, "the modem answers and does not tell its registration");
	default:
		return false;
	}
}

/* False: nothing is decided, the state holds. */
static bool decide(struct access *a, struct verdict *v)
{
	if (a->o.no_modem)
		return access_net_decide(
			&a->net, &a->o, a->now_ns, &v->state, v->why, sizeof(v->why));
	if (a->look == LOOK_NONE)
		return false;
	if (a->now_ns - a->looked_ns > a->o.stale_ns)
		return is(v, STATE_UNKNOWN, "no look at the modem for %" PRId64 " s",
			seconds(a->now_ns - a->looked_ns));
	if (a->look == LOOK_ABSENT)
		return a->same >= a->o.absent_rounds &&
		       is(v, STATE_MODEM_ABSENT, "the modem's port was not there in %u rounds",
			       a->same);
	if (a->look == LOOK_HUNG)
		return a->same >= a->o.hung_rounds &&
		       is(v, STATE_MODEM_HUNG, "%u answers in a row were overdue", a->same);
	if (a->look == LOOK_REGISTERED)
		return access_net_decide(
			&a->net, &a->o, a->now_ns, &v->state, v->why, sizeof(v->why));
	if (a->same >= a->o.rounds)
		return decide_look(a, v);
	if (a->state == STATE_NO_SERVICE && !a->empty)
		return is(v, STATE_UNKNOWN, "a cell was received");
	if (a->unregistered >= a->o.rounds && rests_on_registration(a->state))
		return is(v, STATE_UNKNOWN, "not registered (%s)",
			signal_word(a, FIELD_REGISTRATION));
	return false;
}

static void settle(struct access *a)
{
	struct verdict v;

	if (!decide(a, &v))
		return;
	/* what the net was like before an outage says nothing about after it */
	if (v.state != a->state && !a->o.no_modem && a->look != LOOK_REGISTERED)
		access_net_forget(&a->net);
	if (v.state != a->state)
		become(a, v.state, v.why, UTC_UNKNOWN);
	else
		snprintf(a->evidence, sizeof(a->evidence), "%s", v.why);
}

/* --- what is observed ------------------------------------------------------------------------------- */
static bool one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

static enum look look_at_sim(const char *sim)
{
	static const char *const locked[] = { "pin", "puk", NULL };
	static const char *const missing[] = { "missing", "failure",
		NULL }; /* CME 10 and 13, TS 27.007 9.2 */

	if (one_of(sim, locked))
		return LOOK_SIM_LOCKED;
	return one_of(sim, missing) ? LOOK_SIM_MISSING : LOOK_NONE;
}

static bool receives_something(const struct record *r)
{
	static const enum field seen[] = { FIELD_RSRP, FIELD_NR_RSRP, FIELD_RSCP, FIELD_RXLEV,
		FIELD_PCI, FIELD_NR_PCI, FIELD_CELL };

	for (size_t i = 0; i < COUNT(seen); i++)
		if (record_has(r, seen[i]))
			return true;
	return false;
}

static enum look look_at(const struct record *r)
{
	/* <stat> 0, 2 and 4 of +CREG, +CEREG, +C5GREG (TS 27.007 7.2, 10.1.22, 10.1.47) */
	static const char *const none[] = { "not_registered", "searching", "unknown", NULL };
	static const char *const served[] = { "home", "roaming", NULL };
	const char *error = record_text(r, FIELD_ERROR),
		   *registration = record_text(r, FIELD_REGISTRATION);
	const char *state = record_text(r, FIELD_MODEM_STATE);
	enum look sim;

	if (error && !strcmp(error, "modem_absent"))
		return LOOK_ABSENT;
	if (error && !strcmp(error, "modem_hung"))
		return LOOK_HUNG;
	if (error)
		return LOOK_NONE;
	if (one_of(registration, served))
		return LOOK_REGISTERED;
	sim = look_at_sim(record_text(r, FIELD_SIM));
	if (sim != LOOK_NONE)
		return sim;
	if (registration && !strcmp(registration, "denied"))
		return LOOK_DENIED;
	if ((registration && !strcmp(registration, "emergency")) ||
		(state && !strcmp(state, "LIMSRV")))
		return LOOK_LIMITED;
	if (!one_of(registration, none))
		return LOOK_VAGUE;
	if (receives_something(r))
		return LOOK_CELL;
	/* nothing received by a modem that did not answer everything is no evidence of absence */
	return record_bool(r, FIELD_MODEM_HEALTHY, false) ? LOOK_EMPTY : LOOK_VAGUE;
}

static void found_nothing(struct access *a, int64_t at_ns)
{
	if (a->empty && at_ns - a->empty_last_ns > a->o.stale_ns)
		a->empty = 0;
	if (!a->empty)
		a->empty_first_ns = at_ns;
	a->empty++;
	a->empty_last_ns = at_ns;
}

/* A round, or a survey that met no modem. */
static void observe_look(struct access *a, const struct record *r)
{
	static const char *const search[] = { "SEARCH", "NOSERVICE", NULL };
	enum look look = look_at(r);

	if (look == LOOK_NONE)
		return;
	if (r->kind == RECORD_SIGNAL)
		a->last_signal = *r;
	a->looked_ns = a->now_ns;
	a->same = look == a->look ? a->same + 1 : 1;
	a->look = look;
	if (look == LOOK_DENIED || look == LOOK_LIMITED || look == LOOK_CELL || look == LOOK_EMPTY)
		a->unregistered++;
	else
		a->unregistered = 0;
	if (look == LOOK_EMPTY && a->o.modem_surveys &&
		one_of(record_text(r, FIELD_MODEM_STATE), search))
		found_nothing(a, r->mono_ns);
	/* a look that does not answer may hide anything: surveys count again from the start */
	if (look != LOOK_EMPTY && look != LOOK_VAGUE)
		a->empty = 0;
	if (look == LOOK_REGISTERED)
		a->cells = 0;
}

/* Of another network than the one that issued the SIM. */
static bool of_others(const struct access *a, const struct record *cell)
{
	const char *home = record_text(&a->last_signal, FIELD_HOME_PLMN),
		   *plmn = record_text(cell, FIELD_PLMN);
	const char *status = record_text(cell, FIELD_PLMN_STATUS);

	if (status && !strcmp(status, "forbidden"))
		return true;
	return home && plmn && strcmp(home, plmn) != 0;
}

static void observe_survey(struct access *a, const struct record *r)
{
	int64_t cells = record_int(r, FIELD_SCAN_CELLS, -1), scan = record_int(r, FIELD_SCAN, -1);

	if (record_has(r, FIELD_ERROR) || cells < 0)
		return;
	if (scan != a->scan) {
		a->scan = scan;
		a->scan_others = a->scan_own = 0;
	}
	if (!cells) {
		a->cells = 0;
		if (record_bool(r, FIELD_MODEM_HEALTHY, false) &&
			(a->look == LOOK_EMPTY || a->look == LOOK_VAGUE))
			found_nothing(a, r->mono_ns);
		return;
	}
	a->empty = 0;
	if (of_others(a, r))
		a->scan_others++;
	else
		a->scan_own++;
	/* one record for each cell: judged when all are there */
	if (record_int(r, FIELD_SCAN_INDEX, cells - 1) == cells - 1) {
		a->cells = a->scan_own || a->look == LOOK_REGISTERED ? 0 : a->scan_others;
		a->cells_ns = a->now_ns;
	}
}

void access_observe(struct access *a, const struct record *r)
{
	advance(a, r->mono_ns);
	if (r->kind == RECORD_SIGNAL || (r->kind == RECORD_OPERATORS && record_has(r, FIELD_ERROR)))
		observe_look(a, r);
	else if (r->kind == RECORD_OPERATORS)
		observe_survey(a, r);
	else
		access_net_observe(&a->net, r, a->now_ns);
	settle(a);
}

void access_uplink(struct access *a, const struct access_uplink *u, int64_t mono_ns)
{
	advance(a, mono_ns);
	access_net_uplink(&a->net, u, a->now_ns);
	settle(a);
}

void access_link(struct access *a, bool has_address, int64_t mono_ns)
{
	advance(a, mono_ns);
	access_net_link(&a->net, has_address);
	settle(a);
}

void access_tick(struct access *a, int64_t mono_ns)
{
	advance(a, mono_ns);
	settle(a);
	if (a->now_ns - a->said_ns >= a->o.heartbeat_ns)
		heartbeat(a);
}

void access_past(struct access *a, const struct journal_past *past, int64_t mono_ns, int64_t utc_ns)
{
	char text[CLOCK_TEXT], why[160];

	advance(a, mono_ns);
	if (!past->any || past->same_boot || past->clean)
		return;
	snprintf(why, sizeof(why),
		"another boot, and the one before ended without a word; last sign of life %s",
		past->last_utc_ns == UTC_UNKNOWN ? "at an unknown time"
						 : clock_text(past->last_utc_ns, text));
	become(a, STATE_POWER_LOST, why, past->last_utc_ns);
	/* the state that began in the boot before ends with this one */
	if (past->last_utc_ns != UTC_UNKNOWN && utc_ns != UTC_UNKNOWN && utc_ns > past->last_utc_ns)
		a->since_ns = mono_ns - (utc_ns - past->last_utc_ns);
	become(a, STATE_UNKNOWN, "started again after power was lost", UTC_UNKNOWN);
}

enum access_state access_state(const struct access *a)
{
	return a->state;
}

int64_t access_since(const struct access *a)
{
	return a->since_ns == ACCESS_NEVER ? 0 : a->since_ns;
}

const char *access_evidence(const struct access *a)
{
	return a->evidence;
}
