/* SPDX-License-Identifier: Apache-2.0 */
/* What traffic says, row by row: names, routes, portals, credit, targets, the collector; each its own label. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access_world.h"
#include "../../agent/access_net.h"
#include <stdlib.h>

#define A     "192.0.2.1:862"
#define B     "192.0.2.2"
#define NAME  "reflector.example:862"
#define OTHER "other.example"
#define ROUND GOOD(A), LOST(B)
#define DEAD  NO_DNS(NAME), NO_DNS(OTHER), GOOD(A)

static const struct row rows[] = {
	/* nothing is reached */
	{ "two hosts that do not answer, one of them the last that did",
		{ SERVED, LOST("a.example:862"), LOST("b.example"), L(HOME) }, STATE_IP_NO_INTERNET,
		"unreachable", { 0 } },
	{ "two hosts that never answered", { L(HOME), LOST(A), LOST(B), L(HOME) },
		STATE_IP_NO_INTERNET, "unreachable", { 0 } },
	{ "one host that does not answer is that host",
		{ SERVED, LOST("b.example"), LOST("b.example:862"), LOST("http://b.example/x") },
		STATE_OK, "none", { 0 } },
	{ "one host and the broker",
		{ L(HOME), GOOD(A), WAIT(5), LOST(A), LOST(A), DOWN(3), L(HOME) },
		STATE_IP_NO_INTERNET, "unreachable", { 0 } },
	{ "one round of one host and the broker may be the radio",
		{ L(HOME), GOOD(A), WAIT(5), LOST(A), DOWN(3), L(HOME) }, STATE_OK, "none", { 0 } },
	{ "two hosts, but one came back", { SERVED, LOST(A), LOST(B), GOOD(A) }, STATE_OK, "none",
		{ 0 } },
	{ "two of three that fail leave a net",
		{ SERVED, GOOD(A), LOST(B), LOST(OTHER), GOOD(A), LOST(B), LOST(OTHER), GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "one more that fails where others did before",
		{ PASSES("ok/target_down"), L(HOME), ROUND, ROUND, ROUND, LOST(A), LOST(B), LOST(A),
			L(HOME) },
		STATE_IP_NO_INTERNET, "unreachable", { 0 } },
	{ "targets that fail while the broker answers leave a net",
		{ L(HOME), UP, GOOD(A), LOST(A), LOST(B), LOST(A), LOST(B) }, STATE_OK, "none",
		{ 0 } },
	{ "no way to any of them", { L(HOME), GOOD(A), GOOD(B), NO_WAY(A), NO_WAY(B), L(HOME) },
		STATE_IP_NO_INTERNET, "route", { 0 } },
	{ "no way to one, silence from the other",
		{ L(HOME), GOOD(A), GOOD(B), NO_WAY(A), LOST(B), L(HOME) }, STATE_IP_NO_INTERNET,
		"unreachable", { 0 } },
	{ "a net that came back says nothing against the targets that were not asked since",
		{ PASSES("ip_no_internet/unreachable"), L(HOME), GOOD(A), GOOD(B), LOST(A), LOST(B),
			LOST(A), LOST(B), LOST(A), LOST(B), GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "nothing is reached, and nobody has looked whether the modem is still registered",
		{ L(HOME), GOOD(A), GOOD(B), LOST(A), LOST(B), LOST(A), LOST(B) }, STATE_OK, "none",
		{ 0 } },
	{ "nothing is reached, because the registration is lost",
		{ L(HOME), GOOD(A), GOOD(B), LOST(A), LOST(B), L(SEARCH), LOST(A), LOST(B),
			L(SEARCH) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "what failed without a network says nothing once there is one",
		{ L(SEARCH), L(SEARCH), LOST(A), LOST(B), LOST(A), LOST(B), L(HOME), L(HOME),
			GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "the same where nothing tests a modem", { LOST(A), LOST(B) }, STATE_IP_NO_INTERNET,
		"unreachable", { .no_modem = true } },
	/* targets */
	{ "a target that fails while another works", { L(HOME), ROUND, ROUND, ROUND }, STATE_OK,
		"target_down", { 0 } },
	{ "a target that fails while receipts come",
		{ L(HOME), GOOD(B), RECEIPT, LOST(B), RECEIPT, LOST(B), RECEIPT, LOST(B) },
		STATE_OK, "target_down", { 0 } },
	{ "a target that refuses while another works",
		{ L(HOME), GOOD(A), CLOSED(B), GOOD(A), CLOSED(B), GOOD(A), CLOSED(B) }, STATE_OK,
		"target_down", { 0 } },
	{ "a target without a name while names are found",
		{ L(HOME), GOOD(NAME), NO_NAME(OTHER), GOOD(NAME), NO_NAME(OTHER), GOOD(NAME),
			NO_NAME(OTHER) },
		STATE_OK, "target_down", { 0 } },
	{ "a target whose zone is dead while other names are found",
		{ L(HOME), GOOD(NAME), NO_DNS(OTHER), GOOD(NAME), NO_DNS(OTHER), GOOD(NAME),
			NO_DNS(OTHER), GOOD(A) },
		STATE_OK, "target_down", { 0 } },
	{ "a target that comes back",
		{ PASSES("ok/target_down"), L(HOME), ROUND, ROUND, ROUND, GOOD(B) }, STATE_OK,
		"none", { 0 } },
	/* names */
	{ "names fail and an address is reached", { L(HOME), GOOD(A), DEAD, DEAD },
		STATE_IP_NO_INTERNET, "dns", { 0 } },
	{ "the only name fails and an address is reached",
		{ L(HOME), GOOD(A), NO_DNS(NAME), NO_DNS(NAME), GOOD(A) }, STATE_IP_NO_INTERNET,
		"dns", { 0 } },
	{ "names fail and receipts come",
		{ L(HOME), RECEIPT, NO_DNS(NAME), NO_DNS(OTHER), RECEIPT }, STATE_IP_NO_INTERNET,
		"dns", { 0 } },
	{ "names fail and the broker was connected before",
		{ L(HOME), UP, NO_DNS(NAME), NO_DNS(OTHER), NO_DNS(NAME) }, STATE_OK, "none",
		{ 0 } },
	{ "names fail and an address was reached before",
		{ L(HOME), GOOD(A), NO_DNS(NAME), NO_DNS(OTHER), NO_DNS(NAME) }, STATE_OK, "none",
		{ 0 } },
	{ "names fail and so do addresses",
		{ L(HOME), GOOD(A), GOOD(NAME), NO_DNS(NAME), NO_DNS(OTHER), LOST(A), L(HOME) },
		STATE_IP_NO_INTERNET, "unreachable", { 0 } },
	{ "one name fails, another was found lately",
		{ L(HOME), GOOD(A), GOOD(OTHER), NO_DNS(NAME), GOOD(A), NO_DNS(NAME), GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "a name that does not exist is no dead name server",
		{ L(HOME), GOOD(A), NO_NAME(NAME), NO_NAME(OTHER), GOOD(A) }, STATE_OK, "none",
		{ 0 } },
	{ "one failed lookup is nothing", { L(HOME), GOOD(A), NO_DNS(NAME), GOOD(A) }, STATE_OK,
		"none", { 0 } },
	{ "dead name servers explain a broker that is gone",
		{ L(HOME), GOOD(A), DEAD, DEAD, DOWN(0), WAIT(2), DOWN(2), GOOD(A) },
		STATE_IP_NO_INTERNET, "dns", { 0 } },
	{ "names that are found again",
		{ PASSES("ip_no_internet/dns"), L(HOME), GOOD(A), DEAD, DEAD, DEAD, GOOD(NAME) },
		STATE_OK, "none", { 0 } },
	/* portals and credit */
	{ "answers of somebody else", { L(HOME), CAPTIVE, CAPTIVE }, STATE_CAPTIVE_OR_NO_CREDIT,
		"portal", { 0 } },
	{ "a portal lets pings pass", { L(HOME), CAPTIVE, GOOD(A), CAPTIVE, GOOD(A) },
		STATE_CAPTIVE_OR_NO_CREDIT, "portal", { 0 } },
	{ "a page that anybody could have sent is no proof against a portal",
		{ L(HOME), CAPTIVE, A_PAGE, CAPTIVE, A_PAGE }, STATE_CAPTIVE_OR_NO_CREDIT, "portal",
		{ 0 } },
	{ "without a portal it is reached", { L(HOME), A_PAGE }, STATE_OK, "none", { 0 } },
	{ "the operator's page for credit", { L(HOME), TOP_UP, TOP_UP }, STATE_CAPTIVE_OR_NO_CREDIT,
		"no_credit", { 0 } },
	{ "a portal, and the operator says that the credit is used up",
		{ L(HOME), CREDIT("used_up"), CAPTIVE, CAPTIVE }, STATE_CAPTIVE_OR_NO_CREDIT,
		"no_credit", { 0 } },
	{ "a portal, and credit is left", { L(HOME), CREDIT("low"), CAPTIVE, CAPTIVE },
		STATE_CAPTIVE_OR_NO_CREDIT, "portal", { 0 } },
	{ "nothing reached, and the credit is used up",
		{ L(HOME), GOOD(A), CREDIT("used_up"), LOST(A), LOST(B), L(HOME) },
		STATE_CAPTIVE_OR_NO_CREDIT, "no_credit", { 0 } },
	{ "nothing reached, and the credit was used up before it was reached",
		{ L(HOME), CREDIT("used_up"), GOOD(A), LOST(A), LOST(B), L(HOME) },
		STATE_IP_NO_INTERNET, "unreachable", { 0 } },
	{ "nothing reached, and what was said of the credit is two days old",
		{ L(HOME), CREDIT("used_up"), WAIT(2880), L(HOME), LOST(A), LOST(B), L(HOME) },
		STATE_IP_NO_INTERNET, "unreachable", { 0 } },
	{ "used up credit decides nothing while traffic flows",
		{ L(HOME), GOOD(A), CREDIT("used_up"), GOOD(A) }, STATE_OK, "none", { 0 } },
	{ "an unknown word for the credit is no credit told",
		{ L(HOME), CREDIT("plenty"), LOST(A), LOST(B), L(HOME) }, STATE_IP_NO_INTERNET,
		"unreachable", { 0 } },
	{ "loss is no missing credit", { SERVED, LOST("a.example"), LOST("a.example") }, STATE_OK,
		"none", { 0 } },
	{ "certificates of others from two hosts",
		{ L(HOME), GOOD(A), FORGED("https://a.example/"), FORGED("https://b.example/") },
		STATE_CAPTIVE_OR_NO_CREDIT, "portal", { 0 } },
	{ "a certificate of another and an answer of somebody else",
		{ L(HOME), CAPTIVE, FORGED("https://b.example/") }, STATE_CAPTIVE_OR_NO_CREDIT,
		"portal", { 0 } },
	{ "the certificate of another from one host is that host's mistake",
		{ L(HOME), GOOD(A), FORGED("https://a.example/"), GOOD(A),
			FORGED("https://a.example/"), GOOD(A), FORGED("https://a.example/") },
		STATE_OK, "target_down", { 0 } },
	{ "without a clock every certificate is of the future, and says nothing",
		{ L(HOME), GOOD(A), FUTURE("https://a.example/"), GOOD(A),
			FUTURE("https://b.example/"), GOOD(A), FUTURE("https://a.example/") },
		STATE_OK, "none", { 0 } },
	{ "answers of somebody else in the morning say nothing in the evening",
		{ PASSES("captive_or_no_credit/portal"), L(HOME), CAPTIVE, CAPTIVE, WAIT(160),
			L(HOME), GOOD(A) },
		STATE_OK, "none", { 0 } },
	/* address and connection */
	{ "the data connection is refused", { L(HOME), REFUSED("ESM cause 33") },
		STATE_ATTACHED_NO_IP, "context_refused", { 0 } },
	{ "the data connection was refused, then granted",
		{ PASSES("attached_no_ip/context_refused"), L(HOME), REFUSED("ESM cause 33"),
			REFUSED(NULL), GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "the data connection was refused, and a target answers all the same",
		{ PASSES("attached_no_ip/context_refused"), L(HOME), REFUSED("ESM cause 33"),
			GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "no address, and whatever is missed for want of one",
		{ L(HOME), NO_ADDR, NO_ADDR, NO_WAY(A), NO_WAY(B), NO_DNS(NAME), L(HOME) },
		STATE_ATTACHED_NO_IP, "no_address", { 0 } },
	{ "the interface has no address", { L(HOME), GOOD(A), NO_LINK, L(HOME) },
		STATE_ATTACHED_NO_IP, "no_address", { 0 } },
	{ "the interface has no address, because the registration is lost",
		{ L(HOME), GOOD(A), NO_LINK, LOST(A), LOST(B), L(SEARCH), L(SEARCH) },
		STATE_UNKNOWN, "not_registered", { 0 } },
	{ "what was missed for want of an address says nothing once there is one",
		{ PASSES("attached_no_ip/no_address"), L(HOME), GOOD(A), GOOD(B), NO_LINK, L(HOME),
			LOST(A), LOST(B), LOST(A), LOST(B), LINK, L(HOME), GOOD(A) },
		STATE_OK, "none", { 0 } },
	{ "nor does what was begun before",
		{ PASSES("attached_no_ip/no_address"), L(HOME), GOOD(A), GOOD(B), NO_LINK, L(HOME),
			LINK, L(HOME), LATE(A), LATE(B), LATE(A), LATE(B), L(HOME), GOOD(A) },
		STATE_OK, "none", { 0 } },
	/* the collector */
	{ "targets answer, the broker does not", { SERVED, DOWN(0), WAIT(5), GOOD(A), DOWN(5) },
		STATE_COLLECTOR_DOWN, "broker", { 0 } },
	{ "what was reached before the broker went may have gone with it",
		{ L(HOME), GOOD(A), WAIT(5), DOWN(3) }, STATE_OK, "none", { 0 } },
	{ "targets answer, the broker just went", { SERVED, DOWN(0) }, STATE_OK, "none", { 0 } },
	{ "no receipt for a quarter of an hour, and a target besides",
		{ L(HOME), NO_RECEIPT, ROUND, WAIT(8), NO_RECEIPT, ROUND, WAIT(8), NO_RECEIPT,
			ROUND },
		STATE_COLLECTOR_DOWN, "receipts", { 0 } },
	/* refused registrations */
	{ "illegal UE", { REJECT(3), REJECT(3) }, STATE_DENIED, "illegal_ue", { 0 } },
	{ "PLMN not allowed", { REJECT(11), REJECT(11) }, STATE_DENIED, "plmn_not_allowed", { 0 } },
	{ "no suitable cells", { REJECT(15), REJECT(15) }, STATE_DENIED, "no_suitable_cells",
		{ 0 } },
	{ "congestion", { REJECT(22), REJECT(22) }, STATE_DENIED, "congestion", { 0 } },
	{ "a number without a word", { REJECT(111), REJECT(111) }, STATE_DENIED, "reject_111",
		{ 0 } },
	{ "one cause after another is one state",
		{ PASSES("denied/congestion"), REJECT(22), REJECT(22), REJECT(15) }, STATE_DENIED,
		"no_suitable_cells", { 0 } },
};

static void each_row_of_traffic_gives_its_own_label_and_no_other(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		wrong += play(&rows[i]);
	assert_int_equal(wrong, 0);
}

static void a_change_of_cause_is_told_like_a_transition_and_the_state_goes_on(void **state)
{
	struct sim s;
	int64_t began;

	(void)state;
	begin(&s, NULL);
	denied(&s, 22);
	s.now_ns += MINUTE;
	denied(&s, 22);
	began = s.now_ns;
	assert_int_equal(access_state(s.access), STATE_DENIED);
	s.now_ns += 2 * MINUTE;
	denied(&s, 15);
	assert_int_equal(s.last.state, STATE_DENIED);
	assert_false(record_bool(&s.last, FIELD_HEARTBEAT, true));
	assert_string_equal(record_text(&s.last, FIELD_FROM_STATE), "denied");
	assert_string_equal(record_text(&s.last, FIELD_FROM_CAUSE), "congestion");
	assert_string_equal(record_text(&s.last, FIELD_CAUSE), "no_suitable_cells");
	assert_string_equal(record_text(&s.last, FIELD_EVIDENCE),
		"registration denied in 3 rounds, cause 15: no suitable cells in tracking area");
	assert_int_equal(record_int(&s.last, FIELD_HELD_S, -1), 120);
	assert_int_equal(record_int(&s.last, FIELD_SINCE_MONO_NS, 0), began);
	assert_int_equal(access_since(s.access), began);
	s.now_ns += 5 * MINUTE;
	access_tick(s.access, s.now_ns);
	assert_true(record_bool(&s.last, FIELD_HEARTBEAT, false));
	assert_string_equal(record_text(&s.last, FIELD_CAUSE), "no_suitable_cells");
	assert_int_equal(record_int(&s.last, FIELD_HELD_S, -1), 7 * 60);
	access_free(s.access);
}

static void a_target_that_fails_is_named_beside_what_works(void **state)
{
	static const struct row row = { "", { L(HOME), ROUND, ROUND, ROUND }, STATE_OK, "", { 0 } };
	struct sim s;

	(void)state;
	begin(&s, NULL);
	for (size_t k = 0; row.steps[k].what; k++)
		take(&s, &row.steps[k]);
	assert_string_equal(
		access_evidence(s.access), "latency 192.0.2.2 fails, latency 192.0.2.1:862 works");
	access_free(s.access);
}

static void a_receipt_that_came_before_a_target_s_last_run_says_nothing_of_it(void **state)
{
	struct sim s;
	int64_t receipt;

	(void)state;
	begin(&s, NULL);
	look(&s, HOME);
	uplink(&s, true, 0, 0, 5);
	reach(&s, "192.0.2.1", true);
	for (int i = 0; i < 6; i++) {
		receipt = s.now_ns + NS_PER_S;
		s.now_ns += 10 * NS_PER_S;
		reach(&s, "192.0.2.1", false);
		s.now_ns += 10 * NS_PER_S;
		uplink(&s, true, 0, i ? receipt : 0, 5); /* told ten seconds after the run */
	}
	/* the first one came between two runs, and so did the others: but each is told after the next */
	assert_string_equal(access_cause(s.access), "none");
	access_free(s.access);
}

static void a_broker_that_was_not_tried_yet_is_not_gone(void **state)
{
	struct sim s;

	(void)state;
	begin(&s, NULL);
	s.now_ns += 3600 * NS_PER_S; /* the device runs, the agent has just started */
	uplink(&s, false, s.now_ns, 0, 5);
	look(&s, HOME);
	reach(&s, "192.0.2.1", true);
	assert_int_equal(access_state(s.access), STATE_OK);
	assert_int_equal(s.seen[STATE_COLLECTOR_DOWN], 0);
	access_free(s.access);
}

static void more_targets_than_there_is_room_for_spoil_nothing(void **state)
{
	struct sim s;

	(void)state;
	begin(&s, NULL);
	look(&s, HOME);
	for (int i = 0; i < 200; i++) {
		char target[32];

		snprintf(target, sizeof(target), "192.0.2.%d", i);
		s.now_ns += NS_PER_S;
		reach(&s, target, i % 2);
	}
	assert_int_equal(access_state(s.access), STATE_OK);
	access_free(s.access);
}

static void hosts_are_found_in_whatever_people_write(void **state)
{
	static const char *const cases[][2] = {
		{ "http://host.example:8080/a:b", "host.example" },
		{ "https://host.example/x", "host.example" },
		{ "host.example:862", "host.example" },
		{ "[2001:db8::1]:862", "2001:db8::1" },
		{ "http://[2001:db8::1]/", "2001:db8::1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "[2001:db8::1", "2001:db8::1" },
		{ "", "" },
	};
	char host[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		access_host(cases[i][0], host, sizeof(host));
		assert_string_equal(host, cases[i][1]);
	}
}

static void every_reject_cause_has_a_word_that_fits(void **state)
{
	char room[ACCESS_CAUSE];
	const char *meaning;

	(void)state;
	for (int64_t n = -1; n <= 300; n++) {
		assert_true(access_cause_fits(STATE_DENIED, access_reject(n, room, &meaning)));
		assert_int_equal(*meaning != 0,
			n >= 0 && !strstr(access_reject(n, room, &meaning), "reject_"));
	}
	assert_true(access_cause_fits(STATE_DENIED, access_reject(INT64_MAX, room, &meaning)));
	assert_false(access_cause_fits(STATE_DENIED, "reject_"));
	assert_false(access_cause_fits(STATE_OK, "reject_3"));
	assert_false(access_cause_fits(STATE_OK, "cut"));
}

static void every_cause_is_explained_in_the_document(void **state)
{
	FILE *f = fopen("docs/access.md", "re");
	char *text = mem_new(1 << 17), cell[64];
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(text, 1, (1 << 17) - 1, f);
	fclose(f);
	assert_true(n > 0);
	for (const struct access_word *w = access_causes; w->cause; w++) {
		snprintf(cell, sizeof(cell), "| `%s` | `%s` |", access_state_name[w->state],
			w->cause);
		if (!strstr(text, cell))
			fail_msg("docs/access.md has no row %s", cell);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_traffic_gives_its_own_label_and_no_other),
		cmocka_unit_test(a_change_of_cause_is_told_like_a_transition_and_the_state_goes_on),
		cmocka_unit_test(a_target_that_fails_is_named_beside_what_works),
		cmocka_unit_test(a_receipt_that_came_before_a_target_s_last_run_says_nothing_of_it),
		cmocka_unit_test(a_broker_that_was_not_tried_yet_is_not_gone),
		cmocka_unit_test(more_targets_than_there_is_room_for_spoil_nothing),
		cmocka_unit_test(hosts_are_found_in_whatever_people_write),
		cmocka_unit_test(every_reject_cause_has_a_word_that_fits),
		cmocka_unit_test(every_cause_is_explained_in_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
