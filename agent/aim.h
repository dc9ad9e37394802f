/* SPDX-License-Identifier: Apache-2.0 */
/* Aiming an antenna: the level as a bar, a number and a word, round by round, and the best so far.  On a
 * terminal one line that is updated in place, elsewhere a line a round, or an object of JSON. */
#ifndef AGENT_AIM_H
#define AGENT_AIM_H

#include "../probes/core/loop.h"
#include "../probes/core/record.h"

#define AIM_ROUND_NS (500 * NS_PER_MS) /* twice a second; slower when the modem is */

struct aim;

struct aim_options {
	struct loop *loop;
	bool json, vietnamese;
	bool beep; /* BEL, the faster the stronger: a terminal knows no pitch */
};
struct aim *aim_new(const struct aim_options *o);
void aim_round(struct aim *a, const struct record *r); /* what one round found */
void aim_free(struct aim *a);                          /* says the best and when; NULL is fine */

#endif
