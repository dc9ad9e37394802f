/* SPDX-License-Identifier: Apache-2.0 */
/* A round of AT commands that fills a record of kind signal. */
#include "at_inside.h"
#include <string.h>

/* The lists of a whole round and of a quick one. */
static const struct at_command *list_of(const struct at *a, unsigned part)
{
	switch (part) {
	case 0:
		return a->quick ? at_3gpp_quick : at_3gpp_commands;
	case 1:
		if (!a->quick)
			return a->dialect->commands;
		return a->dialect->quick ? a->dialect->quick : at_3gpp_levels;
	default:
		return NULL;
	}
}

static const struct at_command *next(struct at *a)
{
	const struct at_command *c = at_list_next(a);

	while (!c && a->part < 2) {
		a->list = list_of(a, a->part++);
		c = at_list_next(a);
	}
	return c;
}

static bool generic(const struct at *a)
{
	return a->part == 1 || (a->quick && !a->dialect->quick);
}

static void take(struct at *a, enum at_result result, const char *text)
{
	const struct at_command *c = a->asked;

	if (result == AT_WAITING)
		return;
	if (c->take && (result == AT_OK || c->take == at_3gpp_sim))
		c->take(&a->radio, text);
	else if (result == AT_OK && generic(a))
		at_3gpp_parse(&a->radio, text);
	else if (result == AT_OK)
		a->dialect->parse(&a->radio, text);
	if (c->take != at_3gpp_imsi && strcmp(text, "ERROR\n") != 0)
		buf_puts(&a->raw, text);
}

static void over(struct at *a, const char *error, const char *sentence)
{
	char masked[MODEM_RAW], modem[100];

	if (!error || !strcmp(error, "modem_hung"))
		record_set_bool(a->radio.r, FIELD_MODEM_HEALTHY,
			!error && !a->missed && !a->radio.radio_off);
	radio_end(&a->radio);
	at_name(a, modem);
	if (*modem)
		record_set_text(a->radio.r, FIELD_MODEM, modem);
	if (radio_mask(masked, sizeof(masked), buf_text(&a->raw)))
		record_set_text(a->radio.r, FIELD_RAW, masked);
	a->done(a->arg, error, sentence);
}

static const struct at_script round_script = { next, take, over, false };

int at_read(void *b, struct record *r, bool quick, int64_t timeout_ns, backend_done done, void *arg)
{
	struct at *a = b;

	radio_begin(&a->radio, r, a->model);
	buf_clear(&a->raw);
	a->done = done;
	a->quick = quick;
	a->list = NULL;
	a->part = 0;
	return at_begin(a, &round_script, quick, timeout_ns, arg);
}
