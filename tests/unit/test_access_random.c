/* SPDX-License-Identifier: Apache-2.0 */
/* The access state under anything: mixes of evidence that nobody thought of, judged by a slow oracle that keeps the
 * whole history and reads the rules from it anew each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access_world.h"
#include <stdlib.h>

#define SEEDS  60
#define STEPS  4000
#define ROUNDS 2
#define SCANS  3
#define SPAN   (120 * MINUTE)
#define STALE  (150 * MINUTE)

/* --- what happened ------------------------------------------------------------------------------- */
enum thing {
	EMPTY,      /* a healthy modem that receives nothing */
	CELL_SEEN,  /* not registered, a cell is received */
	SERVED_NOW, /* registered */
	LIMITED,
	UNSERVED, /* anything else that the modem is known to be: denied, no SIM, absent, hung */
	OPEN,     /* a look that leaves it open */
	SURVEY_NOTHING,
	SURVEY_SICK, /* found nothing, by a modem that left answers out */
	SURVEY_OTHERS,
	SURVEY_OWN,
	NOTHING, /* says nothing of coverage */
};

struct history {
	struct {
		enum thing thing;
		int64_t at_ns;
	} e[STEPS];
	size_t n;
};

static const struct {
	const char *text;
	enum thing thing;
} looks[] = {
	{ SEARCH, EMPTY },
	{ STAT0, EMPTY },
	{ STAT4, EMPTY },
	{ CELL, CELL_SEEN },
	{ HOME, SERVED_NOW },
	{ "- ready roaming NOCONN y y", SERVED_NOW },
	{ LIMSRV, LIMITED },
	{ STAT8, LIMITED },
	{ DENIED, UNSERVED },
	{ NO_SIM, UNSERVED },
	{ BAD_SIM, UNSERVED },
	{ PIN, UNSERVED },
	{ PUK, UNSERVED },
	{ ABSENT, UNSERVED },
	{ HUNG, UNSERVED },
	{ BUSY, NOTHING },
	{ CSQ99, OPEN },
	{ PARTIAL, OPEN },
};

static bool is_look(enum thing t)
{
	return t <= OPEN;
}

/* --- the oracle ------------------------------------------------------------------------------------ */
/* How many of the newest looks are of the newest one's sort, and when that was. */
static unsigned newest_looks(const struct history *h, enum thing *which, int64_t *at_ns)
{
	unsigned same = 0;

	*which = NOTHING;
	*at_ns = 0;
	for (size_t i = h->n; i-- > 0;) {
		if (!is_look(h->e[i].thing))
			continue;
		if (!same) {
			*which = h->e[i].thing;
			*at_ns = h->e[i].at_ns;
		} else if (h->e[i].thing != *which) {
			break;
		}
		same++;
	}
	return same;
}

static enum thing look_before(const struct history *h, size_t at)
{
	while (at-- > 0)
		if (is_look(h->e[at].thing))
			return h->e[at].thing;
	return NOTHING;
}

/* Backwards to whatever ended an absence: surveys that found nothing, each made while a modem was there and had
 * nothing, none too long after the one before. */
static bool absence_is_proven(const struct history *h, int64_t now_ns)
{
	int64_t newest = 0, oldest = 0;
	unsigned scans = 0;

	for (size_t i = h->n; i-- > 0;) {
		enum thing t = h->e[i].thing, look = look_before(h, i);

		if (t == SURVEY_OTHERS || t == SURVEY_OWN ||
			(is_look(t) && t != EMPTY && t != OPEN))
			break;
		if (t != SURVEY_NOTHING || (look != EMPTY && look != OPEN))
			continue;
		if (scans && oldest - h->e[i].at_ns > STALE)
			break;
		if (!scans++)
			newest = h->e[i].at_ns;
		oldest = h->e[i].at_ns;
	}
	return scans >= SCANS && newest - oldest >= SPAN && now_ns - newest <= STALE;
}

/* A survey saw cells of others alone, nothing newer took it back, and no network of its own was there since. */
static bool others_were_seen(const struct history *h, int64_t now_ns)
{
	for (size_t i = h->n; i-- > 0;) {
		enum thing t = h->e[i].thing;

		if (t == SERVED_NOW || t == SURVEY_NOTHING || t == SURVEY_SICK || t == SURVEY_OWN)
			return false;
		if (t == SURVEY_OTHERS)
			return now_ns - h->e[i].at_ns <= STALE;
	}
	return false;
}

/* --- the walk --------------------------------------------------------------------------------------- */
struct walk {
	struct sim sim;
	struct history history;
	uint64_t random;
	enum access_state before;
	unsigned entered[ACCESS_STATES];
	int64_t held_s; /* the sum of what transitions told */
	unsigned told;
	bool silent;
	uint64_t seed;
};

static uint32_t any(struct walk *w, uint32_t below)
{
	w->random ^= w->random << 13; /* xorshift64, Marsaglia 2003 */
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)(w->random >> 33) % below;
}

static void note(struct walk *w, enum thing t)
{
	if (w->history.n < STEPS) {
		w->history.e[w->history.n].thing = t;
		w->history.e[w->history.n++].at_ns = w->sim.now_ns;
	}
}

static void one_look(struct walk *w, size_t which)
{
	if (looks[which].thing != NOTHING)
		note(w, looks[which].thing);
	look(&w->sim, looks[which].text);
}

static void one_survey(struct walk *w, uint32_t which)
{
	static const char *const cells[] = { NULL, NULL, "45201 45202", "45204", "45201 45204" };
	enum thing t, last = look_before(&w->history, w->history.n);

	if (!cells[which])
		t = which ? SURVEY_SICK : SURVEY_NOTHING;
	else
		t = which == 2 && last != SERVED_NOW && last != NOTHING ? SURVEY_OTHERS
		                                                        : SURVEY_OWN;
	note(w, t);
	survey(&w->sim, cells[which], which != 1);
}

static void one_test(struct walk *w, uint32_t which)
{
	static const struct step steps[] = { GOOD("192.0.2.1"), LOST("192.0.2.1"),
		LOST("b.example"), NO_DNS("b.example"), NO_DNS("c.example"), NO_WAY("192.0.2.1"),
		CLOSED("b.example"), CAPTIVE, TOP_UP, SERVICE, A_PAGE, NO_ADDR, DOWN(0), DOWN(5),
		UP, RECEIPT, NO_RECEIPT, CREDIT("used_up"), CREDIT("ok"), REFUSED("ESM cause 33"),
		REFUSED(NULL), FORGED("https://a.example"), FORGED("https://b.example") };

	w->sim.now_ns -= NS_PER_S; /* take() adds one */
	take(&w->sim, &steps[which % COUNT(steps)]);
}

static void wait(struct walk *w)
{
	uint32_t how = any(w, 100);

	w->sim.now_ns += how < 60   ? (1 + any(w, 90)) * NS_PER_S
	                 : how < 97 ? (5 + any(w, 65)) * MINUTE
	                            : (120 + any(w, 90)) * MINUTE;
	access_tick(w->sim.access, w->sim.now_ns);
}

/* Moods, so that more than noise is met: an absence that is long enough needs one. */
static void step(struct walk *w, unsigned mood)
{
	uint32_t how = any(w, 100);

	wait(w);
	if (mood == 0)
		how < 50 ? one_look(w, any(w, 3)) : one_survey(w, how < 95 ? 0 : any(w, 5));
	else if (mood == 1)
		how < 40 ? one_look(w, 4) : one_test(w, any(w, 64));
	else if (mood == 2)
		how < 60 ? one_look(w, any(w, COUNT(looks))) : one_survey(w, any(w, 5));
	else if (mood == 3)
		how < 70 ? one_look(w, any(w, 8)) : one_survey(w, any(w, 100) < 60 ? 2 : any(w, 5));
	else
		how < 40   ? one_look(w, any(w, COUNT(looks)))
		: how < 60 ? one_survey(w, any(w, 5))
			   : one_test(w, any(w, 64));
}

static void because(const struct walk *w, const char *what)
{
	fail_msg("seed %llu, event %zu: %s (%s/%s: %s)", (unsigned long long)w->seed, w->history.n,
		what, access_state_name[access_state(w->sim.access)], access_cause(w->sim.access),
		access_evidence(w->sim.access));
}

/* After each step. */
static void check(struct walk *w)
{
	enum access_state now = access_state(w->sim.access);
	bool absent = absence_is_proven(&w->history, w->sim.now_ns);
	enum thing last;
	int64_t looked_ns;
	unsigned same = newest_looks(&w->history, &last, &looked_ns);

	if (now == STATE_NO_SERVICE && w->before != now) {
		if (w->silent)
			because(w, "silence is no missing signal");
		if (last != EMPTY || same < ROUNDS)
			because(w, "no service without a modem that looked and found nothing");
		if (!absent)
			because(w, "no service without the surveys that prove it");
	}
	if (now == STATE_NO_SERVICE && (last == SERVED_NOW || last == CELL_SEEN || last == LIMITED))
		because(w, "no service after a cell");
	if (now == STATE_LIMITED_SERVICE && w->before != now) {
		if (w->silent)
			because(w, "silence is no limited service");
		if (!(last == LIMITED && same >= ROUNDS) &&
			!((last == EMPTY || last == CELL_SEEN) &&
				others_were_seen(&w->history, w->sim.now_ns)))
			because(w, "limited service that nothing showed");
	}
	/* and what is proven is told */
	if (absent && last == EMPTY && same >= ROUNDS &&
		!others_were_seen(&w->history, w->sim.now_ns) && now != STATE_NO_SERVICE &&
		w->sim.now_ns - looked_ns <= STALE)
		because(w, "an absence that is proven is not told");
	w->entered[now] += now != w->before;
	w->before = now;
}

static void counted(void *arg, struct record *r)
{
	struct walk *w = arg;

	on_change(&w->sim, r);
	if (record_bool(r, FIELD_HEARTBEAT, false)) {
		assert_false(record_has(r, FIELD_FROM_STATE));
		return;
	}
	w->told++;
	w->held_s += record_int(r, FIELD_HELD_S, 0);
	assert_true(strcmp(record_text(r, FIELD_FROM_STATE), access_state_name[r->state]) != 0 ||
		    strcmp(record_text(r, FIELD_FROM_CAUSE), record_text(r, FIELD_CAUSE)) != 0);
}

static void keep_silent(struct walk *w)
{
	w->silent = true;
	for (int i = 0; i < 90; i++) {
		w->sim.now_ns += (1 + any(w, 16)) * MINUTE;
		access_tick(w->sim.access, w->sim.now_ns);
		check(w);
	}
	w->silent = false;
	/* states of the modem end with their evidence; what the broker says goes on */
	if (access_state(w->sim.access) == STATE_NO_SERVICE ||
		access_state(w->sim.access) == STATE_LIMITED_SERVICE)
		because(w, "evidence never grew old");
}

static void walk(uint64_t seed, unsigned entered[ACCESS_STATES])
{
	const struct access_options o = {
		.stale_ns = STALE, .scans = SCANS, .scan_span_ns = SPAN, .rounds = ROUNDS
	};
	struct walk *w = mem_new(sizeof(*w));
	int64_t began;
	unsigned mood = 0;

	w->seed = seed;
	w->random = seed * 0x9e3779b97f4a7c15u + 1;
	w->sim.now_ns = began = 100 * NS_PER_S;
	w->sim.access = access_new(&o, counted, w);
	access_tick(w->sim.access, w->sim.now_ns);
	for (int i = 0; i < STEPS; i++) {
		if (!any(w, 25))
			mood = any(w, 5);
		step(w, mood);
		check(w);
		if (!any(w, 400))
			keep_silent(w);
	}
	/* nothing of the time is told twice, and none is left out but what goes on and parts of seconds */
	assert_true(w->held_s <= (w->sim.now_ns - began) / NS_PER_S);
	for (int s = 0; s < ACCESS_STATES; s++)
		entered[s] += w->entered[s];
	access_free(w->sim.access);
	free(w);
}

static void no_mix_of_evidence_gives_a_missing_signal_that_is_not_proven(void **state)
{
	unsigned entered[ACCESS_STATES] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		walk(seed, entered);
	/* the walks went everywhere, or they prove little; power is told at the start alone */
	for (int s = 0; s < ACCESS_STATES; s++)
		if (s != STATE_POWER_LOST && !entered[s])
			fail_msg("%s was never entered", access_state_name[s]);
	assert_true(entered[STATE_NO_SERVICE] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_mix_of_evidence_gives_a_missing_signal_that_is_not_proven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
