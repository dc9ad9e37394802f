/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of a modem as lines and fields.  Nothing here believes what it reads. */
#ifndef MODEM_TEXT_H
#define MODEM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whole texts only: "-" , "" and "12a" are no numbers.  Hexadecimal with or without 0x. */
bool text_int(const char *s, int64_t *v);
bool text_hex(const char *s, int64_t *v);
bool text_real(const char *s, double *v);
int64_t text_lead(const char *s); /* the number in front: 3 of "3 (1800)"; 0 when there is none */
bool text_has_prefix(const char *s, const char *prefix); /* ASCII case does not matter */

#define TEXT_LINE 1024 /* longer lines are cut */

/* Takes the next non-empty line from *at, without blanks at its ends; false at the end. */
bool text_line(const char **at, char line[TEXT_LINE]);

#define TEXT_FIELDS 40
struct text_fields {
	char store[TEXT_LINE];
	char *at[TEXT_FIELDS]; /* without blanks and quotes */
	bool quoted[TEXT_FIELDS];
	size_t n;
};
/* Divides at commas outside quotes. */
void text_split(struct text_fields *f, const char *s);
const char *text_field(const struct text_fields *f, size_t i); /* "" beyond the last */

/* What stands after "key" up to two blanks, a tab or the end of the line: "LTE band:      B3    LTE bw: 10".  The key
 * must not be the tail of another.  false when there is none. */
bool text_value(const char *text, const char *key, char *out, size_t room);

#endif
