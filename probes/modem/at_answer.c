/* SPDX-License-Identifier: Apache-2.0 */
/* Which line belongs to what was asked. */
#include "at_answer.h"
#include "../core/mem.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

void at_answer_init(struct at_answer *a)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->text, AT_ANSWER_CEILING);
}

void at_answer_done(struct at_answer *a)
{
	buf_done(&a->text);
}

void at_answer_begin(struct at_answer *a, const struct at_command *c)
{
	a->command = c;
	a->length = 0;
	a->found = a->stray = a->ok = a->open = false;
	buf_clear(&a->text);
}

static bool comes_unasked(const char *line)
{
	static const char *const heads[] = { "RING", "RDY", "+CMTI:", "+CMT:", "+CDS",
		"+CREG:", "+CGREG:", "+CEREG:", "+C5GREG:", "+QIURC:", "+QIND:", "+QUSIM:",
		"+QNETDEVSTATUS:", "+CPIN:", "+CGEV:", "+CUSD:", "+CLIP:", "+CTZ",
		"+CFUN:", "+UUSOCL", "+UUPSDD", "+UREG:", "+PACSP", "*PSUTTZ", "*ATREADY", "SMS ",
		"PB DONE", "SMS DONE", "^MODE:", "^RSSI:", "^HCSQ:", "^SRVST:", "^NDISSTAT:",
		"^SIMST:", "^NWTIME:", "^BOOT:", "^STIN:", "NO CARRIER", "> " };

	for (size_t i = 0; i < COUNT(heads); i++)
		if (text_has_prefix(line, heads[i]))
			return true;
	return false;
}

static enum at_result result_of(const char *line)
{
	if (!strcmp(line, "OK"))
		return AT_OK;
	if (!strcmp(line, "ERROR") || text_has_prefix(line, "+CME ERROR:") ||
		text_has_prefix(line, "+CMS ERROR:") || !strcmp(line, "COMMAND NOT SUPPORT"))
		return AT_ERROR;
	return AT_WAITING;
}

static void keep(struct at_answer *a, const char *line)
{
	buf_puts(&a->text, line);
	buf_puts(&a->text, "\n");
}

static bool ours(const struct at_answer *a, const char *line)
{
	const struct at_command *c = a->command;
	bool prefixed = c->prefix && text_has_prefix(line, c->prefix);

	switch (c->form) {
	case ANSWER_LINES:
	case ANSWER_MAYBE:
	case ANSWER_LATE:
		return prefixed;
	case ANSWER_BLOCK:
		return prefixed || ((a->found || !c->prefix) && !comes_unasked(line));
	case ANSWER_PLAIN:
		return prefixed || ((isalnum((unsigned char)line[0]) || line[0] == '"') &&
					   !comes_unasked(line));
	case ANSWER_NONE:
		return false;
	}
	return false;
}

/* Noise is no answer: it says nothing about the OK that follows. */
static bool looks_like_an_answer(const char *line)
{
	return strchr("+^!*$#%", line[0]) && strchr(line, ':') && !comes_unasked(line);
}

/* A bare OK, or one behind lines of something else, is the late end of a command that was given up. */
static bool somebody_elses(const struct at_answer *a)
{
	if (a->found)
		return false;
	if (a->stray)
		return true;
	return a->command->form == ANSWER_LINES || a->command->form == ANSWER_PLAIN;
}

static void count_quotes(struct at_answer *a, const char *line)
{
	for (; *line; line++)
		if (*line == '"')
			a->open = !a->open;
}

/* The answer is there with its last quote and with OK, in whatever order they come. */
static enum at_result take_late(struct at_answer *a, const char *line)
{
	enum at_result result = a->open ? AT_WAITING : result_of(line);

	if (result == AT_ERROR) {
		keep(a, line);
		return AT_ERROR;
	}
	if (result == AT_OK) {
		a->ok = true;
	} else if (a->open || ours(a, line)) {
		a->found = true;
		keep(a, line);
		count_quotes(a, line);
	}
	return a->ok && a->found && !a->open ? AT_OK : AT_WAITING;
}

static enum at_result take_line(struct at_answer *a, const char *line)
{
	enum at_result result = result_of(line);

	if (a->command->form == ANSWER_LATE)
		return take_late(a, line);
	if (result == AT_OK && somebody_elses(a)) {
		a->stray = false;
		return AT_WAITING;
	}
	if (result == AT_ERROR)
		keep(a, line);
	if (result != AT_WAITING)
		return result;
	if (text_has_prefix(line, "AT") &&
		(!strcasecmp(line, a->command->text) || !strchr(line, ':')))
		return AT_WAITING; /* echo */
	if (ours(a, line)) {
		a->found = true;
		keep(a, line);
	} else if (looks_like_an_answer(line)) {
		a->stray = true;
	}
	return AT_WAITING;
}

static enum at_result end_line(struct at_answer *a)
{
	const char *line = a->line;

	while (a->length && a->line[a->length - 1] == ' ')
		a->length--;
	a->line[a->length] = 0;
	a->length = 0;
	while (*line == ' ' || (unsigned char)*line >= 0x80) /* noise that stuck to the front */
		line++;
	return *line ? take_line(a, line) : AT_WAITING;
}

enum at_result at_answer_feed(struct at_answer *a, const char *bytes, size_t n)
{
	enum at_result result;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\r' || c == '\n') {
			result = end_line(a);
			if (result != AT_WAITING)
				return result;
		} else if ((c >= 0x20 || c == '\t') && c != 0x7f &&
			   a->length < sizeof(a->line) - 1) {
			a->line[a->length++] = (char)c;
		}
	}
	return AT_WAITING;
}
