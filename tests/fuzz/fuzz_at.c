/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of a modem's port or of a tool that speaks for it.  The first byte chooses the dialect, the
 * rest is the answer. */
#include "probes/modem/at_answer.h"
#include "probes/modem/modem.h"
#include "probes/modem/tool.h"
#include "probes/core/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool yes)
{
	if (!yes)
		abort();
}

/* Whatever was read, what comes out is within the gates. */
static void check(const struct record *r)
{
	double rsrp = record_real(r, FIELD_RSRP, -100), rsrq = record_real(r, FIELD_RSRQ, -10);
	double sinr = record_real(r, FIELD_SINR, 0), rssi = record_real(r, FIELD_RSSI, -20);

	must(rsrp >= -157 && rsrp <= -31 && rsrq >= -43 && rsrq <= 20);
	must(sinr >= -23.5 && sinr <= 40 && rssi >= -125 && rssi <= -10);
	must(!record_has(r, FIELD_PLMN) || strlen(record_text(r, FIELD_PLMN)) == 5 ||
		strlen(record_text(r, FIELD_PLMN)) == 6);
	must(record_int(r, FIELD_PCI, 0) >= 0 && record_int(r, FIELD_PCI, 0) <= 1007);
}

static void through_the_port(
	struct radio *x, const struct at_dialect *d, const char *text, size_t n)
{
	const struct at_command *c = d->commands[0].text ? d->commands : at_3gpp_commands;
	struct at_answer a;

	at_answer_init(&a);
	for (size_t at = 0; at < n; at += 7) {
		if (!at || at_answer_feed(&a, text + at - 7, 7) != AT_WAITING)
			at_answer_begin(&a, c);
		must(a.text.len <= AT_ANSWER_CEILING);
	}
	d->parse(x, buf_text(&a.text));
	at_answer_done(&a);
}

static void one_cell(void *arg, const struct record *r)
{
	size_t *n = arg;

	must(r->kind == RECORD_OPERATORS);
	check(r);
	++*n;
}

static void as_survey(const char *text)
{
	size_t n = 0, said = survey_cells(text, one_cell, &n);

	must(n == said);
}

static void as_json(struct radio *x, unsigned which, const char *text, size_t n)
{
	static void (*const takes[])(struct radio *, struct json_object *) = { mm_modem_parse,
		mm_signal_parse, mm_location_parse, uqmi_signal_parse, uqmi_serving_parse,
		uqmi_system_parse, uqmi_sim_parse };
	struct json_object *o = tool_json(text, n);

	if (o)
		takes[which % COUNT(takes)](x, o);
	json_object_put(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const struct at_dialect *d;
	char *text, masked[200];
	struct record r;
	struct radio x;

	if (n < 1)
		return 0;
	text = malloc(n);
	if (!text)
		return 0;
	memcpy(text, bytes + 1, n - 1);
	text[n - 1] = 0;
	record_clear(&r, RECORD_SIGNAL);
	radio_begin(&x, &r, bytes[0] & 0x80 ? "RM500Q" : "");
	if ((bytes[0] & 0x70) == 0x70) {
		as_json(&x, bytes[0] & 0x0f, text, n - 1);
	} else {
		d = at_dialects[bytes[0] % 8];
		at_3gpp_sim(&x, text);
		at_3gpp_imsi(&x, text);
		at_3gpp_parse(&x, text);
		d->parse(&x, text);
		as_survey(text);
		through_the_port(&x, d, text, n - 1);
	}
	radio_end(&x);
	check(&r);
	must(radio_mask(masked, sizeof(masked), text) < sizeof(masked));
	free(text);
	return 0;
}
