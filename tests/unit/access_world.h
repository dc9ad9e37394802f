/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for the access state: what may be seen, as the words of a scenario.  Include after cmocka.h. */
#ifndef TESTS_ACCESS_WORLD_H
#define TESTS_ACCESS_WORLD_H

#include "../../agent/access.h"
#include "../../probes/core/mem.h"
#include "../../probes/resolve.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MINUTE (60 * NS_PER_S)
#define LABELS 64

struct sim {
	struct access *access;
	int64_t now_ns;
	unsigned transitions, heartbeats;
	bool seen[ACCESS_STATES]; /* states that were entered */
	char label[LABELS][64];   /* "state/cause" of each change, the first LABELS */
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
	assert_true(access_cause_fits((enum access_state)r->state, access_cause(s->access)));
	assert_string_equal(record_text(r, FIELD_CAUSE), access_cause(s->access));
	if (s->transitions < LABELS)
		snprintf(s->label[s->transitions], sizeof(s->label[0]), "%s/%s",
			access_state_name[r->state], record_text(r, FIELD_CAUSE));
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

static void denied(struct sim *s, int cause)
{
	struct record r;

	record_clear(&r, RECORD_SIGNAL);
	r.mono_ns = s->now_ns;
	record_set_text(&r, FIELD_SIM, "ready");
	record_set_text(&r, FIELD_REGISTRATION, "denied");
	record_set_int(&r, FIELD_REJECT_CAUSE, cause);
	record_set_bool(&r, FIELD_MODEM_HEALTHY, true);
	access_observe(s->access, &r);
}

/* A latency test that could not be made. */
static void fails(struct sim *s, const char *target, const char *error, const char *sentence)
{
	struct record r;

	record_clear(&r, RECORD_LATENCY);
	r.mono_ns = s->now_ns;
	record_set_text(&r, FIELD_TARGET, target);
	record_set_text(&r, FIELD_ERROR, error);
	record_set_text(&r, FIELD_ERROR_TEXT, sentence);
	access_observe(s->access, &r);
}

/* more: "expected" one status and no other could be right, "credit" the portal is the operator's, "dns" or "route"
 * where it failed, "name" or "time" what was wrong with the certificate */
static void service(struct sim *s, const char *target, const char *verdict, const char *more)
{
	struct record r;

	record_clear(&r, RECORD_SERVICE);
	r.mono_ns = s->now_ns;
	record_set_text(&r, FIELD_TARGET, target);
	record_set_text(&r, FIELD_VERDICT, verdict);
	record_set_bool(&r, FIELD_TLS, !strncmp(target, "https", 5));
	if (!strcmp(more, "expected"))
		record_set_int(&r, FIELD_EXPECTED, 204);
	else if (!strcmp(verdict, "captive_portal"))
		record_set_text(&r, FIELD_PORTAL, more);
	else if (!strcmp(verdict, "certificate"))
		record_set_text(&r, FIELD_CERTIFICATE, more);
	else if (*more)
		record_set_text(&r, FIELD_FAILED_AT, more);
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

/* L look, S survey that saw cells or none, s the same by an unhealthy modem, F denied with a number, +/- reach a target or
 * not, n no name server helps, x there is no such name, r nothing listens there, R no route there, C somebody else answers,
 * c the operator's page for credit, O the service itself, o a page that anybody could have sent, T another's certificate,
 * t one that is not valid yet, N ipv6 without addresses, D broker down for some minutes,
 * U broker up, I broker up and a receipt, W the same without any receipt, K credit told, X connection refused, l and a the interface without and with
 * an address, < not reached by a test that began before, w wait */
struct step {
	char what;
	const char *text;
	int n;
};

struct row {
	const char *name;
	struct step steps[24];
	enum access_state want;
	const char *cause;
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
	case 'F':
		denied(s, p->n);
		break;
	case 'n':
		fails(s, p->text, "dns", resolve_text(-ETIMEDOUT));
		break;
	case 'x':
		fails(s, p->text, "dns", resolve_text(-ENOENT));
		break;
	case 'r':
		fails(s, p->text, "no_server", "nothing answers");
		break;
	case 'R':
		fails(s, p->text, "no_route", "Network is unreachable");
		break;
	case 'C':
		service(s, "http://service.example/", "captive_portal", "login");
		break;
	case 'c':
		service(s, "http://service.example/", "captive_portal", "credit");
		break;
	case 'O':
		service(s, "http://service.example/", "ok", "expected");
		break;
	case 'o':
		service(s, "http://page.example/", "ok", "");
		break;
	case 'T':
		service(s, p->text, "certificate", "name");
		break;
	case 't':
		service(s, p->text, "certificate", "time");
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
	case 'I':
		uplink(s, true, 0, s->now_ns, 5);
		break;
	case 'W':
		uplink(s, true, 0, 7, 5);
		break;
	case 'K':
		access_credit(s->access, p->text, s->now_ns);
		break;
	case 'X':
		access_refused(s->access, p->text, s->now_ns);
		break;
	case 'l':
	case 'a':
		access_link(s->access, p->what == 'a', s->now_ns);
		break;
	case '<': /* began twenty seconds ago */
		s->now_ns -= 20 * NS_PER_S;
		reach(s, p->text, false);
		s->now_ns += 20 * NS_PER_S;
		break;
	case '!':
		break;
	case 'w':
		s->now_ns += p->n * MINUTE;
		break;
	default:
		fail_msg("unknown step %c", p->what);
	}
}

/* clang-format off */
#define L(t)      { 'L', t, 0 }
#define S(n)      { 'S', NULL, n } /* nothing */
#define SEEN(p)   { 'S', p, 0 }
#define BAD_S     { 's', NULL, 0 }
#define REJECT(n) { 'F', NULL, n }
#define GOOD(t)   { '+', t, 0 }
#define LOST(t)   { '-', t, 0 }
#define NO_DNS(t) { 'n', t, 0 }
#define NO_NAME(t) { 'x', t, 0 }
#define CLOSED(t) { 'r', t, 0 }
#define NO_WAY(t) { 'R', t, 0 }
#define CAPTIVE   { 'C', NULL, 0 }
#define TOP_UP    { 'c', NULL, 0 }
#define SERVICE   { 'O', NULL, 0 }
#define A_PAGE    { 'o', NULL, 0 }
#define FORGED(t) { 'T', t, 0 }
#define FUTURE(t) { 't', t, 0 }
#define NO_ADDR   { 'N', NULL, 0 }
#define DOWN(min) { 'D', NULL, min }
#define UP        { 'U', NULL, 0 }
#define RECEIPT   { 'I', NULL, 0 }
#define NO_RECEIPT { 'W', NULL, 0 }
#define CREDIT(w) { 'K', w, 0 }
#define REFUSED(t) { 'X', t, 0 }
#define NO_LINK   { 'l', NULL, 0 }
#define LINK      { 'a', NULL, 0 }
#define LATE(t)   { '<', t, 0 }
#define PASSES(l) { '!', l, 0 } /* a label that is entered and ends */
#define WAIT(min) { 'w', NULL, min }
/* clang-format on */
#define SERVED L(HOME), GOOD("a.example:862")

/* A step of the row says that a proven state is passed through and ends. */
static bool passes(const struct row *row, const char *label)
{
	for (size_t k = 0; k < COUNT(row->steps) && row->steps[k].what; k++)
		if (row->steps[k].what == '!' && !strcmp(row->steps[k].text, label))
			return true;
	return false;
}

/* Plays the row; says what went wrong and how often. */
__attribute__((unused)) static unsigned play(const struct row *row)
{
	unsigned wrong = 0;
	char want[64];
	struct sim s;

	begin(&s, &row->options);
	for (size_t k = 0; k < COUNT(row->steps) && row->steps[k].what; k++)
		take(&s, &row->steps[k]);
	snprintf(want, sizeof(want), "%s/%s", access_state_name[row->want], row->cause);
	if (access_state(s.access) != row->want ||
		strcmp(access_cause(s.access), row->cause) != 0) {
		print_error("%s: %s/%s, not %s (%s)\n", row->name,
			access_state_name[access_state(s.access)], access_cause(s.access), want,
			access_evidence(s.access));
		wrong++;
	}
	/* nothing else on the way but not knowing, and that all is well */
	for (unsigned i = 0; i < s.transitions && i < LABELS; i++)
		if (strcmp(s.label[i], want) != 0 && strcmp(s.label[i], "ok/none") != 0 &&
			strncmp(s.label[i], "unknown/", 8) != 0 && !passes(row, s.label[i])) {
			print_error("%s: passed through %s\n", row->name, s.label[i]);
			wrong++;
		}
	access_free(s.access);
	return wrong;
}

#endif
