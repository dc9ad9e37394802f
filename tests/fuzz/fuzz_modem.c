/* SPDX-License-Identifier: Apache-2.0 */
/* What modems and their tools say beside a round: times, balances, lists of cells, late answers.  The first byte chooses,
 * the rest is the answer. */
#include "probes/core/clock.h"
#include "probes/modem/at_answer.h"
#include "probes/modem/modem.h"
#include "probes/modem/nitz.h"
#include "probes/modem/tool.h"
#include "probes/modem/ussd.h"
#include "probes/core/mem.h"
#include "probes/core/utf8.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool yes)
{
	if (!yes)
		abort();
}

static void as_time(const char *text)
{
	int64_t utc;
	const char *why = NULL;

	if (nitz_parse(text, &utc, &why))
		must(clock_plausible(utc));
	else
		must(why != NULL);
	(void)nitz_is_off(text);
}

static void as_balance(const char *text)
{
	static const char pattern[] = "(TKG|TK goc|So du)[^0-9]{0,30}([0-9][0-9.,]*)";
	char out[USSD_TEXT];
	int64_t vnd;

	if (!ussd_text(text, out))
		return;
	must(strlen(out) < USSD_TEXT && utf8_valid(out, strlen(out)));
	if (ussd_balance(out, pattern, &vnd))
		must(vnd >= 0 && vnd < 1000000000000000);
}

struct seen {
	size_t n;
};

/* Whatever was read: within the gates, and never without a level. */
static void one_cell(void *arg, const struct record *r)
{
	struct seen *s = arg;
	double rsrp = record_real(r, FIELD_RSRP, -100), rsrq = record_real(r, FIELD_RSRQ, -10);

	must(r->kind == RECORD_OPERATORS && record_has(r, FIELD_RAT));
	must(rsrp >= -157 && rsrp <= -31 && rsrq >= -43 && rsrq <= 20);
	must(record_int(r, FIELD_PCI, 0) >= 0 && record_int(r, FIELD_PCI, 0) <= 1007);
	s->n++;
}

static void as_cells(const char *text)
{
	struct seen s = { 0 };

	must(neighbour_cells(text, one_cell, &s) == s.n && s.n <= 100);
	s.n = 0;
	must(survey_cells(text, one_cell, &s) == s.n && s.n <= 100);
	must(!(at_3gpp_contexts(text) & 1));
}

static void as_tool(const char *text, size_t n)
{
	struct json_object *o = tool_json(text, n);
	struct record r;
	struct radio x;

	record_clear(&r, RECORD_SIGNAL);
	radio_begin(&x, &r, "");
	if (o) {
		mm_sim_parse(&x, o);
		uqmi_imsi_parse(&x, o);
		mm_modem_parse(&x, o);
	}
	json_object_put(o);
	radio_end(&x);
	must(strlen(x.imsi) < sizeof(x.imsi) && strlen(x.device) < sizeof(x.device));
	must(!*x.sim_object || *x.sim_object == '/');
}

static void through_the_port(const char *text, size_t n)
{
	static const struct at_command late = { "AT+CUSD=1", "+CUSD:", ANSWER_LATE, NULL };
	struct at_answer a;

	at_answer_init(&a);
	at_answer_begin(&a, &late);
	for (size_t at = 0; at < n; at += 5) {
		enum at_result result = at_answer_feed(&a, text + at, n - at < 5 ? n - at : 5);

		must(a.text.len <= AT_ANSWER_CEILING);
		must(result != AT_OK || (a.found && a.ok && !a.open));
		if (result != AT_WAITING) {
			as_balance(buf_text(&a.text));
			at_answer_begin(&a, &late);
		}
	}
	at_answer_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text;

	if (n < 1)
		return 0;
	text = malloc(n);
	if (!text)
		return 0;
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = 0;
	switch (bytes[0] % 5) {
	case 0:
		as_time(text);
		break;
	case 1:
		as_balance(text);
		break;
	case 2:
		as_cells(text);
		break;
	case 3:
		as_tool(text, n - 1);
		break;
	default:
		through_the_port(text, n - 1);
		break;
	}
	free(text);
	return 0;
}
