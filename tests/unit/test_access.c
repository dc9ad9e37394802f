/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence -> state, row by row: the whole evidence gives its own label, half of it gives no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../agent/access.h"
#include "../../probes/core/mem.h"
#include <stdio.h>
#include <string.h>

#define MINUTE (60 * NS_PER_S)

struct sim {
	struct access *access;
	int64_t now_ns;
	unsigned transitions, heartbeats;
	bool seen[ACCESS_STATES]; /* states that were entered */
	struct record last;
};

static void on_change(void *arg, struct record *r)
{
	struct sim *s = arg;

	s->last = *r;
	if (record_bool(r, FIELD_HEARTBEAT, false)) {
		s->heartbeats++;
		return;
	}
	s->transitions++;
	s->seen[access_state(s->access)] = true;
}

static void begin(struct sim *s, const struct access_options *o)
{
	memset(s, 0, sizeof(*s));
	s->now_ns = 100 * NS_PER_S;
	s->access = access_new(o, on_change, s);
	access_tick(s->access, s->now_ns);
}

/* --- the words of a scenario ---------------------------------------------------------------------- */
static void look(struct sim *s, const char *what)
{
	struct record r;
	char error[32], sim[16], registration[20], state[16], level[16], healthy[8];

	/* error sim registration modem_state rsrp healthy */
	assert_int_equal(sscanf(what, "%31s %15s %19s %15s %15s %7s", error, sim, registration,
				 state, level, healthy),
		6);
	record_clear(&r, RECORD_SIGNAL);
	r.mono_ns = s->now_ns;
	if (*error != '-')
		record_set_text(&r, FIELD_ERROR, error);
	if (*sim != '-')
		record_set_text(&r, FIELD_SIM, sim);
	if (*registration != '-')
		record_set_text(&r, FIELD_REGISTRATION, registration);
	if (*state != '-')
		record_set_text(&r, FIELD_MODEM_STATE, state);
	record_set_text(&r, FIELD_HOME_PLMN, "45204");
	if (*level == 'y')
		record_set_real(&r, FIELD_RSRP, -97);
	record_set_bool(&r, FIELD_MODEM_HEALTHY, *healthy == 'y');
	access_observe(s->access, &r);
}

/* plmns: of the cells, blanks between; NULL: none was seen */
static void survey(struct sim *s, const char *plmns, bool healthy)
{
	char list[64] = "", *at = list, *plmn;
	struct record r;
	int64_t cells = 0, index = 0;

	if (plmns)
		snprintf(list, sizeof(list), "%s", plmns);
	for (const char *c = list; *c; c++)
		cells += c == list || c[-1] == ' ';
	do {
		plmn = strsep(&at, " ");
		record_clear(&r, RECORD_OPERATORS);
		r.mono_ns = s->now_ns;
		record_set_int(&r, FIELD_SCAN, s->now_ns / NS_PER_S);
		record_set_int(&r, FIELD_SCAN_CELLS, cells);
		record_set_bool(&r, FIELD_MODEM_HEALTHY, healthy);
		if (cells) {
			record_set_int(&r, FIELD_SCAN_INDEX, index++);
			record_set_text(&r, FIELD_PLMN, plmn);
		}
		access_observe(s->access, &r);
	} while (at);
}

static void reach(struct sim *s, const char *target, bool ok)
{
	struct record r;

	record_clear(&r, RECORD_LATENCY);
	r.mono_ns = s->now_ns;
	record_set_text(&r, FIELD_TARGET, target);
	record_set_int(&r, FIELD_SENT, 20);
	record_set_int(&r, FIELD_RECEIVED, ok ? 20 : 0);
	access_observe(s->access, &r);
}

static void service(struct sim *s, const char *verdict)
{
	struct record r;

	record_clear(&r, RECORD_SERVICE);
	r.mono_ns = s->now_ns;
	record_set_text(&r, FIELD_TARGET, "http://service.example/");
	record_set_text(&r, FIELD_VERDICT, verdict);
	access_observe(s->access, &r);
}

static void addresses(struct sim *s, const char *v4, const char *v6)
{
	struct record r;

	record_clear(&r, RECORD_IPV6);
	r.mono_ns = s->now_ns;
	record_set_text(&r, FIELD_V4_ADDRESS, v4);
	record_set_text(&r, FIELD_V6_ADDRESS, v6);
	record_set_text(&r, FIELD_VERDICT, "none");
	access_observe(s->access, &r);
}

static void uplink(
	struct sim *s, bool connected, int64_t down_for_ns, int64_t receipt_ns, uint64_t waiting)
{
	struct access_uplink u = { .configured = true,
		.connected = connected,
		.down_since_ns = s->now_ns - down_for_ns,
		.last_receipt_ns = receipt_ns,
		.waiting = waiting };

	access_uplink(s->access, &u, s->now_ns);
}

#define ABSENT  "modem_absent - - - - n"
#define HUNG    "modem_hung - - - - n"
#define BUSY    "modem_busy - - - - n"
#define HOME    "- ready home NOCONN y y"
#define SEARCH  "- ready searching SEARCH - y"
#define STAT0   "- ready not_registered - - y"
#define STAT4   "- ready unknown - - y"
#define CSQ99   "- ready - - - y"
#define PARTIAL "- ready searching SEARCH - n"
#define LIMSRV  "- ready searching LIMSRV y y"
#define STAT8   "- ready emergency - - y"
#define DENIED  "- ready denied - - y"
#define NO_SIM  "- missing not_registered - - y"
#define BAD_SIM "- failure unknown - - y"
#define PIN     "- pin not_registered - - y"
#define PUK     "- puk - - - y"
#define CELL    "- ready searching - y y"

/* L look, S survey that saw cells or none, s the same by an unhealthy modem, +/- reach a target or not, C captive, O service ok,
 * N ipv6 without addresses, D broker down for some minutes, U broker up, w wait some minutes */
struct step {
	char what;
	const char *text;
	int n;
};

struct row {
	const char *name;
	struct step steps[24];
	enum access_state want;
	struct access_options options;
};

static void take(struct sim *s, const struct step *p)
{
	s->now_ns += NS_PER_S;
	switch (p->what) {
	case 'L':
		look(s, p->text);
		break;
	case 'S':
	case 's':
		survey(s, p->text, p->what == 'S');
		break;
	case '+':
	case '-':
		reach(s, p->text, p->what == '+');
		break;
	case 'C':
		service(s, "captive_portal");
		break;
	case 'O':
		service(s, "ok");
		break;
	case 'N':
		addresses(s, "none", "link_local");
		break;
	case 'D':
		uplink(s, false, p->n * MINUTE, 0, 5);
		break;
	case 'U':
		uplink(s, true, 0, 0, 0);
		break;
	case 'w':
		s->now_ns += p->n * MINUTE;
		break;
	default:
		fail_msg("unknown step %c", p->what);
	}
}

#define L(text) \
	{ \
		'L', text, 0 \
	}
#define S(n) \
	{ \
		'S', NULL, n \
	} /* nothing */
#define SEEN(p) \
	{ \
		'S', p, 0 \
	}
#define BAD_S \
	{ \
		's', NULL, 0 \
	}
#define GOOD(t) \
	{ \
		'+', t, 0 \
	}
#define LOST(t) \
	{ \
		'-', t, 0 \
	}
#define CAPTIVE \
	{ \
		'C', NULL, 0 \
	}
#define SERVICE \
	{ \
		'O', NULL, 0 \
	}
#define NO_ADDR \
	{ \
		'N', NULL, 0 \
	}
#define DOWN(min) \
	{ \
		'D', NULL, min \
	}
#define UP \
	{ \
		'U', NULL, 0 \
	}
#define WAIT(min) \
	{ \
		'w', NULL, min \
	}
#define SERVED L(HOME), GOOD("a.example:862")

static const struct row rows[] = {
	/* the modem */
	{ "a port that is gone in two rounds is an absent modem", { L(ABSENT), L(ABSENT) },
		STATE_MODEM_ABSENT, { 0 } },
	{ "a port that is gone once is nothing", { SERVED, L(ABSENT) }, STATE_OK, { 0 } },
	{ "three overdue answers are a hung modem", { L(HUNG), L(HUNG), L(HUNG) }, STATE_MODEM_HUNG,
		{ 0 } },
	{ "two overdue answers are nothing", { SERVED, L(HUNG), L(HUNG) }, STATE_OK, { 0 } },
	{ "overdue answers that do not follow each other are nothing",
		{ SERVED, L(HUNG), L(HUNG), L(HOME), L(HUNG), L(HUNG) }, STATE_OK, { 0 } },
	{ "a hung modem is no missing signal, whatever the surveys say",
		{ L(HUNG), S(0), WAIT(70), L(HUNG), S(0), WAIT(70), L(HUNG), S(0) },
		STATE_MODEM_HUNG, { 0 } },
	{ "a busy port is nothing", { L(BUSY), L(BUSY), L(BUSY), L(BUSY) }, STATE_UNKNOWN, { 0 } },
	/* the SIM */
	{ "no SIM", { L(NO_SIM), L(NO_SIM) }, STATE_SIM_MISSING, { 0 } },
	{ "a SIM that failed", { L(BAD_SIM), L(BAD_SIM) }, STATE_SIM_MISSING, { 0 } },
	{ "one round without a SIM is nothing", { SERVED, L(NO_SIM) }, STATE_OK, { 0 } },
	{ "a missing SIM is no missing signal",
		{ L(NO_SIM), S(0), WAIT(70), L(NO_SIM), S(0), WAIT(70), L(NO_SIM), S(0) },
		STATE_SIM_MISSING, { 0 } },
	{ "a SIM that asks for its PIN", { L(PIN), L(PIN) }, STATE_SIM_LOCKED, { 0 } },
	{ "a SIM that asks for its PUK", { L(PUK), L(PUK) }, STATE_SIM_LOCKED, { 0 } },
	/* no service */
	{ "searching, and three empty surveys over two hours",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(SEARCH), S(0), WAIT(61), L(SEARCH),
			S(0) },
		STATE_NO_SERVICE, { 0 } },
	{ "the same with stat 0",
		{ L(STAT0), L(STAT0), S(0), WAIT(61), L(STAT0), S(0), WAIT(61), L(STAT0), S(0) },
		STATE_NO_SERVICE, { 0 } },
	{ "the same with stat 4",
		{ L(STAT4), L(STAT4), S(0), WAIT(61), L(STAT4), S(0), WAIT(61), L(STAT4), S(0) },
		STATE_NO_SERVICE, { 0 } },
	{ "two empty surveys are not enough",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(125), L(SEARCH), S(0) }, STATE_UNKNOWN, { 0 } },
	{ "three within an hour are not enough",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(25), L(SEARCH), S(0), WAIT(25), L(SEARCH),
			S(0) },
		STATE_UNKNOWN, { 0 } },
	{ "searching for hours without a survey is not enough",
		{ L(SEARCH), WAIT(60), L(SEARCH), WAIT(60), L(SEARCH), WAIT(60), L(SEARCH),
			WAIT(60), L(SEARCH) },
		STATE_UNKNOWN, { 0 } },
	{ "a level that the modem does not know is never a missing signal",
		{ L(CSQ99), L(CSQ99), S(0), WAIT(61), L(CSQ99), S(0), WAIT(61), L(CSQ99), S(0),
			L(CSQ99) },
		STATE_UNKNOWN, { 0 } },
	{ "a level that the modem does not know, for hours",
		{ L(CSQ99), WAIT(61), L(CSQ99), WAIT(61), L(CSQ99), WAIT(61), L(CSQ99) },
		STATE_UNKNOWN, { .modem_surveys = true } },
	{ "surveys of an unhealthy modem do not count",
		{ L(SEARCH), L(SEARCH), BAD_S, WAIT(61), L(SEARCH), BAD_S, WAIT(61), L(SEARCH),
			BAD_S },
		STATE_UNKNOWN, { 0 } },
	{ "looks of a modem that left questions open do not count",
		{ L(PARTIAL), L(PARTIAL), S(0), WAIT(61), L(PARTIAL), S(0), WAIT(61), L(PARTIAL),
			S(0) },
		STATE_UNKNOWN, { 0 } },
	{ "a cell that was received in between makes surveys count afresh",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(CELL), L(SEARCH), S(0), WAIT(61),
			L(SEARCH), S(0) },
		STATE_UNKNOWN, { 0 } },
	{ "a modem that was away in between makes surveys count afresh",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(HUNG), L(SEARCH), L(SEARCH), S(0),
			WAIT(61), L(SEARCH), S(0) },
		STATE_UNKNOWN, { 0 } },
	{ "surveys of the day before do not count",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), S(0), WAIT(600), L(SEARCH), L(SEARCH),
			S(0) },
		STATE_UNKNOWN, { 0 } },
	{ "the first cell ends it",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(SEARCH), S(0), WAIT(61), L(SEARCH), S(0),
			L(CELL) },
		STATE_UNKNOWN, { 0 } },
	{ "where the modem's own word counts, so does the span",
		{ L(SEARCH), WAIT(1), L(SEARCH), WAIT(1), L(SEARCH), WAIT(1), L(SEARCH) },
		STATE_NO_SERVICE, { .modem_surveys = true, .scan_span_ns = 2 * MINUTE } },
	{ "not registered without that word does not count",
		{ L(STAT0), WAIT(1), L(STAT0), WAIT(1), L(STAT0), WAIT(1), L(STAT0) },
		STATE_UNKNOWN, { .modem_surveys = true, .scan_span_ns = 2 * MINUTE } },
	/* limited service */
	{ "the modem says LIMSRV", { L(LIMSRV), L(LIMSRV) }, STATE_LIMITED_SERVICE, { 0 } },
	{ "emergency calls only", { L(STAT8), L(STAT8) }, STATE_LIMITED_SERVICE, { 0 } },
	{ "one LIMSRV is nothing", { SERVED, L(LIMSRV) }, STATE_OK, { 0 } },
	{ "not registered, and a survey saw others", { L(SEARCH), L(SEARCH), SEEN("45201 45202") },
		STATE_LIMITED_SERVICE, { 0 } },
	{ "not registered, and a survey saw its own network",
		{ L(SEARCH), L(SEARCH), SEEN("45204") }, STATE_UNKNOWN, { 0 } },
	{ "not registered, and a survey saw others and its own",
		{ L(SEARCH), L(SEARCH), SEEN("45201 45204 45202") }, STATE_UNKNOWN, { 0 } },
	{ "a survey that saw others while we are served", { SERVED, SEEN("45201") }, STATE_OK,
		{ 0 } },
	{ "a cell that is received is not yet one of others", { L(CELL), L(CELL), L(CELL) },
		STATE_UNKNOWN, { 0 } },
	/* denied */
	{ "denied", { L(DENIED), L(DENIED) }, STATE_DENIED, { 0 } },
	{ "denied once is nothing", { SERVED, L(DENIED) }, STATE_OK, { 0 } },
	/* registered */
	{ "registered alone is not known to work", { L(HOME), L(HOME) }, STATE_UNKNOWN, { 0 } },
	{ "registered alone, where nothing tests the net", { L(HOME), L(HOME) }, STATE_OK,
		{ .no_internet_tests = true } },
	{ "registered and a target answers", { SERVED }, STATE_OK, { 0 } },
	{ "registered and the broker answers", { L(HOME), UP }, STATE_OK, { 0 } },
	{ "no usable address", { L(HOME), NO_ADDR, NO_ADDR }, STATE_ATTACHED_NO_IP, { 0 } },
	{ "no usable address, seen once", { SERVED, NO_ADDR }, STATE_OK, { 0 } },
	{ "two hosts that do not answer", { SERVED, LOST("a.example:862"), LOST("b.example") },
		STATE_IP_NO_INTERNET, { 0 } },
	{ "one host that does not answer is that host",
		{ SERVED, LOST("b.example"), LOST("b.example:862"), LOST("http://b.example/x") },
		STATE_OK, { 0 } },
	{ "one host and the broker", { SERVED, LOST("a.example"), DOWN(5) }, STATE_IP_NO_INTERNET,
		{ 0 } },
	{ "two hosts, but one came back",
		{ SERVED, LOST("a.example"), LOST("b.example"), GOOD("a.example") }, STATE_OK,
		{ 0 } },
	{ "answers of somebody else", { L(HOME), CAPTIVE, CAPTIVE }, STATE_CAPTIVE_OR_NO_CREDIT,
		{ 0 } },
	{ "one answer of somebody else", { SERVED, CAPTIVE }, STATE_OK, { 0 } },
	{ "answers of somebody else that ended", { L(HOME), CAPTIVE, CAPTIVE, SERVICE }, STATE_OK,
		{ 0 } },
	{ "loss is no missing credit", { SERVED, LOST("a.example"), LOST("a.example") }, STATE_OK,
		{ 0 } },
	{ "targets answer, the broker does not", { SERVED, DOWN(5) }, STATE_COLLECTOR_DOWN, { 0 } },
	{ "targets answer, the broker just went", { SERVED, DOWN(0) }, STATE_OK, { 0 } },
	{ "the broker does not answer, nothing else is known", { L(HOME), DOWN(5) }, STATE_UNKNOWN,
		{ 0 } },
	{ "what worked before an outage is not known to work after it",
		{ SERVED, L(SEARCH), L(SEARCH), L(HOME) }, STATE_UNKNOWN, { 0 } },
	{ "alternating words of a modem without registration",
		{ SERVED, L(LIMSRV), L(SEARCH), L(LIMSRV), L(SEARCH) }, STATE_UNKNOWN, { 0 } },
	{ "a line without a modem", { GOOD("a.example") }, STATE_OK, { .no_modem = true } },
};

/* What may be passed through on the way to a state. */
static bool allowed_on_the_way(enum access_state s, const struct row *row)
{
	if (s == row->want || s == STATE_UNKNOWN || s == STATE_OK)
		return true;
	/* rows that show how a proven state ends */
	return (s == STATE_NO_SERVICE && strstr(row->name, "ends it")) ||
	       (s == STATE_IP_NO_INTERNET && strstr(row->name, "came back")) ||
	       (s == STATE_CAPTIVE_OR_NO_CREDIT && strstr(row->name, "that ended")) ||
	       (s == STATE_COLLECTOR_DOWN && strstr(row->name, "broker"));
}

static void each_row_of_evidence_gives_its_own_state_and_no_other(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sim s;

		begin(&s, &rows[i].options);
		for (size_t k = 0; rows[i].steps[k].what; k++)
			take(&s, &rows[i].steps[k]);
		if (access_state(s.access) != rows[i].want) {
			print_error("%s: %s, not %s (%s)\n", rows[i].name,
				access_state_name[access_state(s.access)],
				access_state_name[rows[i].want], access_evidence(s.access));
			wrong++;
		}
		for (int k = 0; k < ACCESS_STATES; k++)
			if (s.seen[k] && !allowed_on_the_way((enum access_state)k, &rows[i])) {
				print_error("%s: passed through %s\n", rows[i].name,
					access_state_name[k]);
				wrong++;
			}
		access_free(s.access);
	}
	assert_int_equal(wrong, 0);
}

static void a_transition_says_what_was_seen_and_how_long_the_old_state_held(void **state)
{
	struct sim s;

	(void)state;
	begin(&s, NULL);
	look(&s, HOME);
	reach(&s, "a.example", true);
	s.now_ns += 90 * NS_PER_S;
	look(&s, NO_SIM);
	s.now_ns += 30 * NS_PER_S;
	look(&s, NO_SIM);
	assert_int_equal(s.last.kind, RECORD_ACCESS);
	assert_int_equal(s.last.state, STATE_SIM_MISSING);
	assert_int_equal(s.last.mono_ns, s.now_ns);
	assert_string_equal(record_text(&s.last, FIELD_FROM_STATE), "ok");
	assert_int_equal(record_int(&s.last, FIELD_HELD_S, -1), 120);
	assert_string_equal(record_text(&s.last, FIELD_EVIDENCE), "SIM missing in 2 rounds");
	assert_string_equal(record_text(&s.last, FIELD_SIM), "missing");
	access_free(s.access);
}

static void a_state_that_holds_is_repeated_every_five_minutes(void **state)
{
	struct sim s;

	(void)state;
	begin(&s, NULL);
	look(&s, HOME);
	reach(&s, "a.example", true);
	for (int i = 0; i < 60; i++) {
		s.now_ns += MINUTE / 2;
		access_tick(s.access, s.now_ns);
	}
	assert_int_equal(s.transitions, 1);
	assert_int_equal(s.heartbeats, 6);
	assert_int_equal(record_int(&s.last, FIELD_HELD_S, -1), 30 * 60);
	access_free(s.access);
}

static void a_receipt_that_never_comes_is_the_collectors_fault(void **state)
{
	struct sim s;

	(void)state;
	begin(&s, NULL);
	look(&s, HOME);
	for (int i = 0; i <= 16; i++) {
		s.now_ns += MINUTE;
		uplink(&s, true, 0, 7, 12);
		look(&s, HOME);
	}
	assert_int_equal(access_state(s.access), STATE_COLLECTOR_DOWN);
	uplink(&s, true, 0, s.now_ns, 0);
	assert_int_equal(access_state(s.access), STATE_OK);
	access_free(s.access);
}

static void evidence_that_grew_old_counts_no_more(void **state)
{
	struct sim s;

	(void)state;
	begin(&s, NULL);
	look(&s, HOME);
	reach(&s, "a.example", true);
	s.now_ns += 151 * MINUTE;
	access_tick(s.access, s.now_ns);
	assert_int_equal(access_state(s.access), STATE_UNKNOWN);
	access_free(s.access);
}

static void power_was_lost_only_after_another_boot_that_ended_without_a_word(void **state)
{
	static const struct {
		struct journal_past past;
		bool lost;
	} cases[] = {
		{ { .any = false, .last_utc_ns = UTC_UNKNOWN }, false },
		{ { .any = true, .same_boot = true, .clean = false, .last_utc_ns = UTC_UNKNOWN },
			false },
		{ { .any = true, .same_boot = false, .clean = true, .last_utc_ns = UTC_UNKNOWN },
			false },
		{ { .any = true, .same_boot = false, .clean = false, .last_utc_ns = UTC_UNKNOWN },
			true },
		{ { .any = true,
			  .same_boot = false,
			  .clean = false,
			  .last_utc_ns = 1790000000 * NS_PER_S },
			true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sim s;

		begin(&s, NULL);
		access_past(s.access, &cases[i].past, s.now_ns, 1790003600 * NS_PER_S);
		assert_int_equal(s.seen[STATE_POWER_LOST], cases[i].lost);
		assert_int_equal(access_state(s.access), STATE_UNKNOWN);
		if (cases[i].past.last_utc_ns != UTC_UNKNOWN) {
			assert_string_equal(record_text(&s.last, FIELD_FROM_STATE), "power_lost");
			assert_int_equal(record_int(&s.last, FIELD_HELD_S, -1), 3600);
		}
		access_free(s.access);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_evidence_gives_its_own_state_and_no_other),
		cmocka_unit_test(a_transition_says_what_was_seen_and_how_long_the_old_state_held),
		cmocka_unit_test(a_state_that_holds_is_repeated_every_five_minutes),
		cmocka_unit_test(a_receipt_that_never_comes_is_the_collectors_fault),
		cmocka_unit_test(evidence_that_grew_old_counts_no_more),
		cmocka_unit_test(power_was_lost_only_after_another_boot_that_ended_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
