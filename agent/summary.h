/* SPDX-License-Identifier: Apache-2.0 */
/* A record in one sentence, for a technician. */
#ifndef AGENT_SUMMARY_H
#define AGENT_SUMMARY_H

#include "../probes/core/record.h"
#include <stdio.h>

void summary_say(FILE *out, const struct record *r, bool vietnamese); /* nothing for other kinds */

#endif
