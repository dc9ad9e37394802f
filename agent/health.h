/* SPDX-License-Identifier: Apache-2.0 */
/* The device itself, as a record. */
#ifndef AGENT_HEALTH_H
#define AGENT_HEALTH_H

#include "budget.h"
#include "journal.h"

struct health_facts {
	const struct journal_past *past;
	const struct journal_stats *journal;
	const struct budget *budget;
	const char *modem; /* or NULL */
	const char *version;
	uint64_t skipped; /* since the last health record */
	bool first;       /* since the agent started */
};

void health_record(struct record *r, const struct health_facts *f);
const char *health_boot_reason(
	const struct journal_past *past); /* clean power_lost crash unknown */

#endif
