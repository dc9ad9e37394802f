/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the budget: text, replaced as a whole, with a sum over what it says.
 *
 *   phusong budget 2
 *   boot <32 hex digits>               the counters below are of this boot
 *   sim <16 hex digits> <period> <bytes> <turn>    the first one is in use
 *   iface <name> <down> <up>
 *   pledge <bytes>
 *   sum <8 hex digits>                 CRC-32 of all before it
 */
#ifndef AGENT_BUDGET_FILE_H
#define AGENT_BUDGET_FILE_H

#include "budget.h"

int budget_read(struct budget *b) MUST_CHECK; /* -ENOENT, -EBADMSG; b is changed only on success */
int budget_write(const struct budget *b) MUST_CHECK;

#endif
