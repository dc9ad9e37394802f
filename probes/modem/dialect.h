/* SPDX-License-Identifier: Apache-2.0 */
/* A dialect: whom it is for, what it asks beside the 3GPP commands, and a pure parser of the answers.  A
 * parser takes any text and fills what it knows. */
#ifndef MODEM_DIALECT_H
#define MODEM_DIALECT_H

#include "radio.h"

enum answer_form {
	ANSWER_LINES, /* lines that begin with the prefix; needed: a bare OK is another command's */
	ANSWER_MAYBE, /* the same, but may be empty */
	ANSWER_BLOCK, /* from the line with the prefix (NULL: the first) to the end */
	ANSWER_PLAIN, /* lines without a prefix, as of +CGMI; the prefix is tolerated */
	ANSWER_NONE,  /* a setting: OK or ERROR */
	ANSWER_LATE,  /* the line with the prefix may come long after OK; its text may have lines */
};

struct at_command {
	const char *text;   /* "AT+CSQ" */
	const char *prefix; /* "+CSQ:" */
	enum answer_form form;
	void (*take)(struct radio *x,
		const char
			*answer); /* instead of the dialect's parser; the last line is the result */
};

struct at_dialect {
	const char *name;
	const char *const *makers; /* substrings of +CGMI and +CGMM, any case; ends with NULL */
	const struct at_command *commands; /* ends with {0} */
	void (*parse)(struct radio *x, const char *answer);
	/* what changes fast, for a round twice a second; ends with {0}, NULL: the 3GPP levels */
	const struct at_command *quick;
	const struct at_command *neighbours; /* ends with {0}; NULL: no format is published */
	const struct at_command *clock;      /* ends with {0}; NULL: +CTZU? and +CCLK? */
};

extern const struct at_dialect at_quectel, at_simcom, at_sierra, at_fibocom, at_huawei, at_foxconn,
	at_ublox, at_generic;
extern const struct at_dialect *const at_dialects[]; /* ends with NULL; at_generic is the last */

/* By the answers of +CGMI and +CGMM together; at_generic when nobody claims it. */
const struct at_dialect *at_dialect_for(const char *maker_and_model);
const struct at_dialect *at_dialect_named(const char *name); /* NULL when there is none */

/* TS 27.007; every modem. */
extern const struct at_command at_3gpp_commands[], at_3gpp_quick[], at_3gpp_levels[],
	at_3gpp_clock[];
void at_3gpp_parse(struct radio *x, const char *answer);
void at_3gpp_sim(struct radio *x, const char *answer); /* of +CPIN? only, result line included */
const char *at_3gpp_technology(int64_t act); /* AcT of 7.3 as FIELD_RAT, NULL for an unknown one */
void at_3gpp_imsi(
	struct radio *x, const char *answer); /* of +CIMI only; keeps the network that issued it */
/* The contexts that are active, of +CGACT? (TS 27.007 10.1.10): bit n is <cid> n, 1 .. 15. */
uint16_t at_3gpp_contexts(const char *answer);

/* "+RSRP: pci,earfcn,value,..." and "+RSRQ: ...", serving cell first: Fibocom, u-blox */
void at_rsrp_list(struct radio *x, const char *line);

/* One line of the parsers' tables: everything behind the prefix goes to take(). */
struct at_line {
	const char *prefix;
	void (*take)(struct radio *x, const char *rest);
};
void at_parse_lines(struct radio *x, const char *answer, const struct at_line *table, size_t n);

#endif
