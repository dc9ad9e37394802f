/* SPDX-License-Identifier: Apache-2.0 */
/* Records for a person: one line a field, with the unit a person reads. */
#ifndef AGENT_SHOW_H
#define AGENT_SHOW_H

#include "../probes/core/record.h"
#include <stdio.h>

void show_record(FILE *out, const struct record *r, bool vi);
void show_record_json(FILE *out, const struct record *r); /* one line */
/* one line of text: number, time, kind, the main values */
void show_line(FILE *out, const struct record *r);
/* "12.3 ms", "45.2 Mbit/s", "-97 dBm"; both return out */
char *show_value(
	const struct record *r, enum field f, char *out, size_t room); /* yes, no in English */
char *show_value_in(const struct record *r, enum field f, char *out, size_t room, bool vi);

#endif
