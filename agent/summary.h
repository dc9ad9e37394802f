/* SPDX-License-Identifier: Apache-2.0 */
/* A record in one sentence, for a technician. */
#ifndef AGENT_SUMMARY_H
#define AGENT_SUMMARY_H

#include "words.h"
#include "../probes/core/record.h"

/* Appends the sentence, without an end; false (and nothing) for kinds that are no measurement. */
bool summary_put(struct buf *out, const struct record *r, bool vi);
/* What to do about it; W_NONE when the result is what it should be, or there is nothing to do. */
enum word summary_todo(const struct record *r);
/* "  => sentence" and, when something failed, "     -> what to do". */
void summary_say(FILE *out, const struct record *r, bool vi);

#endif
