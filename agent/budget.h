/* SPDX-License-Identifier: Apache-2.0 */
/* What may be spent this month, by the interface's own counters: what the operator bills, whoever sent it.
 * Survives restarts and power cuts; what passed between the last save and a cut is counted from the
 * counters if the boot is the same, and lost if not, which is why saves are frequent when much flows. */
#ifndef AGENT_BUDGET_H
#define AGENT_BUDGET_H

#include "traffic.h"

struct budget {
	char path[512];
	uint8_t boot[16];
	uint64_t limit, reserve; /* bytes; limit 0: none */
	int reset_day;
	int period; /* year * 12 + month in which it began; 0 unknown: no clock yet */
	uint64_t used;
	struct traffic last;
	bool have_last;
	uint64_t saved_used;
	int64_t saved_ns; /* clock_mono() */
};

/* Reads the file; one that is damaged counts as absent and is said to the log. */
void budget_open(struct budget *b, const char *path, const uint8_t boot[16]);
/* The counters now.  utc_ns may be UTC_UNKNOWN: the month goes on.  trusted: somebody vouches for that time,
 * so that a month that lies ahead was a mistake of the clock. */
void budget_count(struct budget *b, const struct traffic *now, int64_t utc_ns, bool trusted);
bool budget_may_spend(const struct budget *b); /* on a test that is not free */
/* Saves when enough has changed, or always with force. */
int budget_save(struct budget *b, int64_t mono_ns, bool force) MUST_CHECK;
int budget_period(int64_t utc_ns, int reset_day); /* in the device's time zone */

#endif
