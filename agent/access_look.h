/* SPDX-License-Identifier: Apache-2.0 */
/* What one look at the modem says: the half of the access state that needs no traffic. */
#ifndef AGENT_ACCESS_LOOK_H
#define AGENT_ACCESS_LOOK_H

#include "../probes/core/record.h"

enum look {
	LOOK_NONE,
	LOOK_ABSENT,
	LOOK_HUNG,
	LOOK_SIM_MISSING,
	LOOK_SIM_LOCKED,
	LOOK_REGISTERED,
	LOOK_DENIED,
	LOOK_LIMITED,
	LOOK_CELL,  /* not registered, but a cell is received */
	LOOK_EMPTY, /* not registered, nothing received, modem healthy */
	LOOK_VAGUE, /* it answered, and did not say */
};

/* Of a record of kind signal, or of a survey that met no modem. */
enum look look_at(const struct record *r);
/* The modem's own word for a search that finds nothing. */
bool look_is_search(const struct record *r);
/* LOOK_LIMITED: the cell is of a network that does not serve this SIM. */
bool look_is_foreign(const struct record *r);
/* LOOK_NONE: why, a cause of the state unknown. */
const char *look_blind(const struct record *r);

#endif
