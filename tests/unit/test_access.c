/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence -> state, row by row: the whole evidence gives its own label, half of it gives no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access_world.h"

static const struct row rows[] = {
	/* the modem */
	{ "a port that is gone in two rounds is an absent modem", { L(ABSENT), L(ABSENT) },
		STATE_MODEM_ABSENT, "port_gone", { 0 } },
	{ "a port that is gone once is nothing", { SERVED, L(ABSENT) }, STATE_OK, "none", { 0 } },
	{ "three overdue answers are a hung modem", { L(HUNG), L(HUNG), L(HUNG) }, STATE_MODEM_HUNG,
		"no_answer", { 0 } },
	{ "two overdue answers are nothing", { SERVED, L(HUNG), L(HUNG) }, STATE_OK, "none",
		{ 0 } },
	{ "overdue answers that do not follow each other are nothing",
		{ SERVED, L(HUNG), L(HUNG), L(HOME), L(HUNG), L(HUNG) }, STATE_OK, "none", { 0 } },
	{ "a hung modem is no missing signal, whatever the surveys say",
		{ L(HUNG), S(0), WAIT(70), L(HUNG), S(0), WAIT(70), L(HUNG), S(0) },
		STATE_MODEM_HUNG, "no_answer", { 0 } },
	{ "a busy port is nothing", { L(BUSY), L(BUSY), L(BUSY), L(BUSY) }, STATE_UNKNOWN,
		"port_busy", { 0 } },
	/* the SIM */
	{ "no SIM", { L(NO_SIM), L(NO_SIM) }, STATE_SIM_MISSING, "missing", { 0 } },
	{ "a SIM that failed", { L(BAD_SIM), L(BAD_SIM) }, STATE_SIM_MISSING, "failure", { 0 } },
	{ "one round without a SIM is nothing", { SERVED, L(NO_SIM) }, STATE_OK, "none", { 0 } },
	{ "a missing SIM is no missing signal",
		{ L(NO_SIM), S(0), WAIT(70), L(NO_SIM), S(0), WAIT(70), L(NO_SIM), S(0) },
		STATE_SIM_MISSING, "missing", { 0 } },
	{ "a SIM that asks for its PIN", { L(PIN), L(PIN) }, STATE_SIM_LOCKED, "pin", { 0 } },
	{ "a SIM that asks for its PUK", { L(PUK), L(PUK) }, STATE_SIM_LOCKED, "puk", { 0 } },
	/* no service */
	{ "searching, and three empty surveys over two hours",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(SEARCH), S(0), WAIT(61), L(SEARCH),
			S(0) },
		STATE_NO_SERVICE, "no_cell", { 0 } },
	{ "the same with stat 0",
		{ L(STAT0), L(STAT0), S(0), WAIT(61), L(STAT0), S(0), WAIT(61), L(STAT0), S(0) },
		STATE_NO_SERVICE, "no_cell", { 0 } },
	{ "the same with stat 4",
		{ L(STAT4), L(STAT4), S(0), WAIT(61), L(STAT4), S(0), WAIT(61), L(STAT4), S(0) },
		STATE_NO_SERVICE, "no_cell", { 0 } },
	{ "two empty surveys are not enough",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(125), L(SEARCH), S(0) }, STATE_UNKNOWN,
		"not_registered", { 0 } },
	{ "three within an hour are not enough",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(25), L(SEARCH), S(0), WAIT(25), L(SEARCH),
			S(0) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "searching for hours without a survey is not enough",
		{ L(SEARCH), WAIT(60), L(SEARCH), WAIT(60), L(SEARCH), WAIT(60), L(SEARCH),
			WAIT(60), L(SEARCH) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "a level that the modem does not know is never a missing signal",
		{ L(CSQ99), L(CSQ99), S(0), WAIT(61), L(CSQ99), S(0), WAIT(61), L(CSQ99), S(0),
			L(CSQ99) },
		STATE_UNKNOWN, "untold", { 0 } },
	{ "a level that the modem does not know, for hours",
		{ L(CSQ99), WAIT(61), L(CSQ99), WAIT(61), L(CSQ99), WAIT(61), L(CSQ99) },
		STATE_UNKNOWN, "untold", { .modem_surveys = true } },
	{ "surveys of an unhealthy modem do not count",
		{ L(SEARCH), L(SEARCH), BAD_S, WAIT(61), L(SEARCH), BAD_S, WAIT(61), L(SEARCH),
			BAD_S },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "looks of a modem that left questions open do not count",
		{ L(PARTIAL), L(PARTIAL), S(0), WAIT(61), L(PARTIAL), S(0), WAIT(61), L(PARTIAL),
			S(0) },
		STATE_UNKNOWN, "untold", { 0 } },
	{ "a cell that was received in between makes surveys count afresh",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(CELL), L(SEARCH), S(0), WAIT(61),
			L(SEARCH), S(0) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "a modem that was away in between makes surveys count afresh",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), L(HUNG), L(SEARCH), L(SEARCH), S(0),
			WAIT(61), L(SEARCH), S(0) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "surveys of the day before do not count",
		{ L(SEARCH), L(SEARCH), S(0), WAIT(61), S(0), WAIT(600), L(SEARCH), L(SEARCH),
			S(0) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "the first cell ends it",
		{ PASSES("no_service/no_cell"), L(SEARCH), L(SEARCH), S(0), WAIT(61), L(SEARCH),
			S(0), WAIT(61), L(SEARCH), S(0), L(CELL) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "where the modem's own word counts, so does the span",
		{ L(SEARCH), WAIT(1), L(SEARCH), WAIT(1), L(SEARCH), WAIT(1), L(SEARCH) },
		STATE_NO_SERVICE, "no_cell",
		{ .modem_surveys = true, .scan_span_ns = 2 * MINUTE } },
	{ "not registered without that word does not count",
		{ L(STAT0), WAIT(1), L(STAT0), WAIT(1), L(STAT0), WAIT(1), L(STAT0) },
		STATE_UNKNOWN, "not_registered",
		{ .modem_surveys = true, .scan_span_ns = 2 * MINUTE } },
	/* limited service */
	{ "the modem says LIMSRV", { L(LIMSRV), L(LIMSRV) }, STATE_LIMITED_SERVICE,
		"emergency_only", { 0 } },
	{ "emergency calls only", { L(STAT8), L(STAT8) }, STATE_LIMITED_SERVICE, "emergency_only",
		{ 0 } },
	{ "one LIMSRV is nothing", { SERVED, L(LIMSRV) }, STATE_OK, "none", { 0 } },
	{ "not registered, and a survey saw others", { L(SEARCH), L(SEARCH), SEEN("45201 45202") },
		STATE_LIMITED_SERVICE, "other_networks", { 0 } },
	{ "not registered, and a survey saw its own network",
		{ L(SEARCH), L(SEARCH), SEEN("45204") }, STATE_UNKNOWN, "not_registered", { 0 } },
	{ "not registered, and a survey saw others and its own",
		{ L(SEARCH), L(SEARCH), SEEN("45201 45204 45202") }, STATE_UNKNOWN,
		"not_registered", { 0 } },
	{ "a survey that saw others while we are served", { SERVED, SEEN("45201") }, STATE_OK,
		"none", { 0 } },
	{ "a cell that is received is not yet one of others", { L(CELL), L(CELL), L(CELL) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	/* denied */
	{ "denied", { L(DENIED), L(DENIED) }, STATE_DENIED, "not_told", { 0 } },
	{ "denied once is nothing", { SERVED, L(DENIED) }, STATE_OK, "none", { 0 } },
	/* registered */
	{ "registered alone is not known to work", { L(HOME), L(HOME) }, STATE_UNKNOWN, "untested",
		{ 0 } },
	{ "registered alone, where nothing tests the net", { L(HOME), L(HOME) }, STATE_OK, "none",
		{ .no_internet_tests = true } },
	{ "registered and a target answers", { SERVED }, STATE_OK, "none", { 0 } },
	{ "registered and the broker answers", { L(HOME), UP }, STATE_OK, "none", { 0 } },
	{ "no usable address", { L(HOME), NO_ADDR, NO_ADDR, L(HOME) }, STATE_ATTACHED_NO_IP,
		"no_address", { 0 } },
	{ "no usable address, seen once", { SERVED, NO_ADDR }, STATE_OK, "none", { 0 } },
	{ "answers of somebody else", { L(HOME), CAPTIVE, CAPTIVE }, STATE_CAPTIVE_OR_NO_CREDIT,
		"portal", { 0 } },
	{ "one answer of somebody else", { SERVED, CAPTIVE }, STATE_OK, "none", { 0 } },
	{ "answers of somebody else that ended",
		{ PASSES("captive_or_no_credit/portal"), L(HOME), CAPTIVE, CAPTIVE, SERVICE },
		STATE_OK, "none", { 0 } },
	{ "loss is no missing credit", { SERVED, LOST("a.example"), LOST("a.example") }, STATE_OK,
		"none", { 0 } },
	{ "targets answer, the broker does not", { SERVED, DOWN(5) }, STATE_COLLECTOR_DOWN,
		"broker", { 0 } },
	{ "targets answer, the broker just went", { SERVED, DOWN(0) }, STATE_OK, "none", { 0 } },
	{ "the broker does not answer, nothing else is known", { L(HOME), DOWN(5) }, STATE_UNKNOWN,
		"untested", { 0 } },
	{ "what worked before an outage is not known to work after it",
		{ SERVED, L(SEARCH), L(SEARCH), L(HOME) }, STATE_UNKNOWN, "untested", { 0 } },
	{ "alternating words of a modem without registration",
		{ SERVED, L(LIMSRV), L(SEARCH), L(LIMSRV), L(SEARCH) }, STATE_UNKNOWN,
		"not_registered", { 0 } },
	{ "a line without a modem", { GOOD("a.example") }, STATE_OK, "none", { .no_modem = true } },
};

static void each_row_of_evidence_gives_its_own_state_and_cause_and_no_other(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		wrong += play(&rows[i]);
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
	assert_int_equal(s.transitions, 2); /* the net is untested, then it works */
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
		access_past(s.access, &cases[i].past, NULL, s.now_ns, 1790003600 * NS_PER_S);
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
		cmocka_unit_test(each_row_of_evidence_gives_its_own_state_and_cause_and_no_other),
		cmocka_unit_test(a_transition_says_what_was_seen_and_how_long_the_old_state_held),
		cmocka_unit_test(a_state_that_holds_is_repeated_every_five_minutes),
		cmocka_unit_test(a_receipt_that_never_comes_is_the_collectors_fault),
		cmocka_unit_test(evidence_that_grew_old_counts_no_more),
		cmocka_unit_test(power_was_lost_only_after_another_boot_that_ended_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
