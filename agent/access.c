/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence in, state out.  Nearest cause first: a modem that does not answer explains a missing net, a
 * missing net explains a missing broker, and never the other way round. */
#include "access.h"
#include "access_look.h"
#include "access_net.h"
#include "../probes/core/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct access {
	struct access_options o;
	void (*changed)(void *arg, struct record *r);
	void *arg;
	enum access_state state;
	char cause[ACCESS_CAUSE], evidence[ACCESS_EVIDENCE];
	int64_t now_ns, said_ns;
	int64_t since_ns, cause_ns; /* since when this state, and this cause in it */
	const char *blind; /* why the last tries to look gave nothing to see; NULL: they did not */
	unsigned blinded;  /* how many in a row */
	enum look look;    /* the newest */
	unsigned same;     /* how many equal ones in a row */
	unsigned unregistered; /* how many in a row of denied, limited, cell, empty */
	int64_t looked_ns;
	int64_t served_ns; /* when the newest look that found it registered began */
	unsigned empty;    /* surveys in a row that found nothing */
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
	a->now_ns = a->since_ns = a->cause_ns = a->said_ns = a->looked_ns = ACCESS_NEVER;
	access_net_forget(&a->net);
	snprintf(a->cause, sizeof(a->cause), "start");
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
	record_set_text(r, FIELD_CAUSE, a->cause);
	record_set_text(r, FIELD_EVIDENCE, a->evidence);
	if (a->empty)
		record_set_int(r, FIELD_EMPTY_SCANS, a->empty);
	copy_radio(a, r);
	a->said_ns = a->now_ns;
	if (a->changed)
		a->changed(a->arg, r);
}

/* Another state, or another cause of the same: what was held ends either way, the state's beginning stays. */
static void become(struct access *a, const struct verdict *v, int64_t since_utc_ns)
{
	struct record r;
	int64_t held = a->cause_ns == ACCESS_NEVER ? 0 : a->now_ns - a->cause_ns;

	record_clear(&r, RECORD_ACCESS);
	record_set_text(&r, FIELD_FROM_STATE, access_state_name[a->state]);
	record_set_text(&r, FIELD_FROM_CAUSE, a->cause);
	record_set_int(&r, FIELD_HELD_S, held / NS_PER_S);
	record_set_bool(&r, FIELD_HEARTBEAT, false);
	if (v->state != a->state)
		a->since_ns = a->now_ns;
	record_set_int(&r, FIELD_SINCE_MONO_NS, a->since_ns);
	if (since_utc_ns != UTC_UNKNOWN)
		record_set_int(&r, FIELD_SINCE_UTC_NS, since_utc_ns);
	a->state = v->state;
	a->cause_ns = a->now_ns;
	memcpy(a->cause, v->cause, sizeof(a->cause));
	memcpy(a->evidence, v->why, sizeof(a->evidence));
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
		a->since_ns = a->cause_ns = a->said_ns = mono_ns;
	if (a->now_ns == ACCESS_NEVER || mono_ns > a->now_ns)
		a->now_ns = mono_ns;
}

static int64_t seconds(int64_t ns)
{
	return ns / NS_PER_S;
}

/* --- what is decided ------------------------------------------------------------------------------ */
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
		return verdict_is(v, STATE_LIMITED_SERVICE, "other_networks",
			"not registered (%s), and a survey saw %" PRId64 " cells of others",
			signal_word(a, FIELD_REGISTRATION), a->cells);
	if (a->look == LOOK_EMPTY && surveys_prove_absence(a))
		return verdict_is(v, STATE_NO_SERVICE, "no_cell",
			"modem healthy, registration %s, %u surveys in a row over %" PRId64
			" s found no cell",
			signal_word(a, FIELD_REGISTRATION), a->empty,
			seconds(a->empty_last_ns - a->empty_first_ns));
	return verdict_is(v, STATE_UNKNOWN, "not_registered",
		"not registered (%s), %s; empty surveys so far: %u of %u over %" PRId64 " s",
		signal_word(a, FIELD_REGISTRATION),
		a->look == LOOK_CELL ? "a cell is received" : "nothing received", a->empty,
		a->o.scans, seconds(a->o.scan_span_ns));
}

static bool decide_denied(const struct access *a, struct verdict *v)
{
	int64_t number = record_int(&a->last_signal, FIELD_REJECT_CAUSE, -1);
	char room[ACCESS_CAUSE];
	const char *meaning, *cause = access_reject(number, room, &meaning);

	if (number < 0)
		return verdict_is(v, STATE_DENIED, cause,
			"registration denied in %u rounds, no cause told", a->same);
	return verdict_is(v, STATE_DENIED, cause,
		"registration denied in %u rounds, cause %" PRId64 "%s%s", a->same, number,
		*meaning ? ": " : "", meaning);
}

/* By what the newest looks agree on. */
static bool decide_look(const struct access *a, struct verdict *v)
{
	const char *sim = signal_word(a, FIELD_SIM);

	switch (a->look) {
	case LOOK_SIM_MISSING:
		return verdict_is(v, STATE_SIM_MISSING,
			strcmp(sim, "failure") ? "missing" : "failure", "SIM %s in %u rounds", sim,
			a->same);
	case LOOK_SIM_LOCKED:
		return verdict_is(v, STATE_SIM_LOCKED, strcmp(sim, "puk") ? "pin" : "puk",
			"the SIM asks for %s", sim);
	case LOOK_DENIED:
		return decide_denied(a, v);
	case LOOK_LIMITED:
		return verdict_is(v, STATE_LIMITED_SERVICE,
			look_is_foreign(&a->last_signal) ? "other_networks" : "emergency_only",
			"registration %s, modem says %s, network %s",
			signal_word(a, FIELD_REGISTRATION), signal_word(a, FIELD_MODEM_STATE),
			signal_word(a, FIELD_PLMN));
	case LOOK_CELL:
	case LOOK_EMPTY:
		return decide_unregistered(a, v);
	case LOOK_VAGUE:
		return verdict_is(v, STATE_UNKNOWN, "untold",
			"the modem answers and does not tell its registration");
	default:
		return false;
	}
}

static bool decide_blind(const struct access *a, struct verdict *v)
{
	if (a->look != LOOK_NONE && a->now_ns - a->looked_ns <= a->o.stale_ns)
		return false;
	if (a->blind && a->blinded >= a->o.rounds)
		return verdict_is(
			v, STATE_UNKNOWN, a->blind, "the modem cannot be looked at: %s", a->blind);
	return a->look != LOOK_NONE &&
	       verdict_is(v, STATE_UNKNOWN, "stale", "no look at the modem for %" PRId64 " s",
		       seconds(a->now_ns - a->looked_ns));
}

/* The net is not decided; but whatever needed a modem without a network is over. */
static bool decide_served(const struct access *a, struct verdict *v)
{
	return !rests_on_registration(a->state) &&
	       verdict_is(v, STATE_UNKNOWN, "untested",
		       "registered, and nothing is proven of the net");
}

/* False: nothing is decided, the state holds. */
static bool decide(struct access *a, struct verdict *v)
{
	if (a->o.no_modem)
		return access_net_decide(&a->net, &a->o, a->now_ns, INT64_MAX, v);
	if (a->look == LOOK_NONE || a->now_ns - a->looked_ns > a->o.stale_ns)
		return decide_blind(a, v);
	if (a->look == LOOK_ABSENT)
		return a->same >= a->o.absent_rounds &&
		       verdict_is(v, STATE_MODEM_ABSENT, "port_gone",
			       "the modem's port was not there in %u rounds", a->same);
	if (a->look == LOOK_HUNG)
		return a->same >= a->o.hung_rounds &&
		       verdict_is(v, STATE_MODEM_HUNG, "no_answer",
			       "%u answers in a row were overdue", a->same);
	if (a->look == LOOK_REGISTERED)
		return access_net_decide(&a->net, &a->o, a->now_ns, a->served_ns, v) ||
		       decide_served(a, v);
	if (a->same >= a->o.rounds)
		return decide_look(a, v);
	if (a->state == STATE_NO_SERVICE && !a->empty)
		return verdict_is(v, STATE_UNKNOWN, "not_registered", "a cell was received");
	if (a->unregistered >= a->o.rounds && rests_on_registration(a->state))
		return verdict_is(v, STATE_UNKNOWN, "not_registered", "not registered (%s)",
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
	if (v.state != a->state || strcmp(v.cause, a->cause) != 0)
		become(a, &v, UTC_UNKNOWN);
	else
		memcpy(a->evidence, v.why, sizeof(a->evidence));
}

/* --- what is observed ------------------------------------------------------------------------------- */
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
	enum look look = look_at(r);

	if (look == LOOK_NONE) {
		if (r->kind == RECORD_SIGNAL) {
			a->blind = look_blind(r);
			a->blinded++;
		}
		return;
	}
	a->blind = NULL;
	a->blinded = 0;
	if (r->kind == RECORD_SIGNAL)
		a->last_signal = *r;
	if (look == LOOK_REGISTERED) {
		if (a->look != LOOK_REGISTERED)
			access_net_fresh(&a->net, r->mono_ns);
		a->served_ns = r->mono_ns;
	}
	a->looked_ns = a->now_ns;
	a->same = look == a->look ? a->same + 1 : 1;
	a->look = look;
	if (look == LOOK_DENIED || look == LOOK_LIMITED || look == LOOK_CELL || look == LOOK_EMPTY)
		a->unregistered++;
	else
		a->unregistered = 0;
	if (look == LOOK_EMPTY && a->o.modem_surveys && look_is_search(r))
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
		access_net_observe(&a->net, r, a->now_ns,
			a->o.no_modem || a->look == LOOK_REGISTERED || a->look == LOOK_NONE);
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
	access_net_link(&a->net, has_address, a->now_ns);
	settle(a);
}

void access_tick(struct access *a, int64_t mono_ns)
{
	advance(a, mono_ns);
	settle(a);
	if (a->now_ns - a->said_ns >= a->o.heartbeat_ns)
		heartbeat(a);
}

void access_credit(struct access *a, const char *word, int64_t mono_ns)
{
	static const char *const words[] = { "used_up", "low", "ok" };

	advance(a, mono_ns);
	a->net.credit = NULL;
	for (size_t i = 0; word && i < COUNT(words); i++)
		if (!strcmp(word, words[i]))
			a->net.credit = words[i];
	a->net.credit_ns = a->now_ns;
	settle(a);
}

void access_refused(struct access *a, const char *why, int64_t mono_ns)
{
	advance(a, mono_ns);
	a->net.refused_ns = why ? a->now_ns : ACCESS_NEVER;
	snprintf(a->net.refused, sizeof(a->net.refused), "%s", why ? why : "");
	settle(a);
}

void access_past(struct access *a, const struct journal_past *past, const char *cause,
	int64_t mono_ns, int64_t utc_ns)
{
	char text[CLOCK_TEXT];
	struct verdict v;

	advance(a, mono_ns);
	if (!past->any || past->same_boot || past->clean)
		return;
	if (!cause)
		cause = "cut";
	verdict_is(&v, STATE_POWER_LOST, cause,
		"another boot, and the one before ended without a word (%s); last sign of life %s",
		cause,
		past->last_utc_ns == UTC_UNKNOWN ? "at an unknown time"
						 : clock_text(past->last_utc_ns, text));
	become(a, &v, past->last_utc_ns);
	/* the state that began in the boot before ends with this one */
	if (past->last_utc_ns != UTC_UNKNOWN && utc_ns != UTC_UNKNOWN && utc_ns > past->last_utc_ns)
		a->since_ns = a->cause_ns = mono_ns - (utc_ns - past->last_utc_ns);
	verdict_is(&v, STATE_UNKNOWN, "power_back", "started again after power was lost");
	become(a, &v, UTC_UNKNOWN);
}

enum access_state access_state(const struct access *a)
{
	return a->state;
}

const char *access_cause(const struct access *a)
{
	return a->cause;
}

const char *access_credit_word(const struct access *a)
{
	return a->net.credit;
}

int64_t access_since(const struct access *a)
{
	return a->since_ns == ACCESS_NEVER ? 0 : a->since_ns;
}

const char *access_evidence(const struct access *a)
{
	return a->evidence;
}
