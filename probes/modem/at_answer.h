/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the bytes of a port together to the answer of one command, through echo, half lines, lines that
 * come unasked, answers of other commands, and noise. */
#ifndef MODEM_AT_ANSWER_H
#define MODEM_AT_ANSWER_H

#include "../core/buf.h"
#include "dialect.h"
#include "text.h"

enum at_result {
	AT_WAITING,
	AT_OK,
	AT_ERROR, /* ERROR, +CME ERROR, +CMS ERROR: the modem is there and refuses */
};

struct at_answer {
	const struct at_command *command;
	char line[TEXT_LINE];
	size_t length;
	struct buf
		text; /* the lines that belong to the command; the result line too when it is an error */
	bool found; /* a line of ours came */
	bool ok;    /* ANSWER_LATE: OK came, the answer may be still to come */
	bool open;  /* ANSWER_LATE: inside a text in quotes, whose lines are all ours */
	bool stray; /* a line came that is neither ours nor one that modems send unasked */
};

#define AT_ANSWER_CEILING 16384 /* a survey of a hundred cells */

void at_answer_init(struct at_answer *a);
void at_answer_done(struct at_answer *a);
void at_answer_begin(struct at_answer *a, const struct at_command *c);
/* What follows the result line in bytes is dropped: it came unasked. */
enum at_result at_answer_feed(struct at_answer *a, const char *bytes, size_t n);

#endif
