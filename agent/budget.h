/* SPDX-License-Identifier: Apache-2.0 */
/* What may be spent in a month with a SIM, by the interface's own counters: what the operator bills, whoever sent
 * it.  Each SIM has a page of its own.  Survives restarts, kills and power cuts: a restart in the same boot counts
 * what flowed meanwhile from the counters; a power cut loses what flowed since the last save (budget_save()), but
 * what a large test may have moved is pledged on flash before it starts and counts as spent then. */
#ifndef AGENT_BUDGET_H
#define AGENT_BUDGET_H

#include "traffic.h"

#define BUDGET_SIMS 8
#define BUDGET_CUTS 16
#define BUDGET_NAME 49

struct budget_page {
	uint64_t sim; /* hash of a SIM's identity, made by who knows it; 0: no SIM was known */
	int period;   /* year * 12 + month in which it began; 0 unknown: no clock yet */
	uint64_t used;
	uint32_t turn; /* the greater the later it was in use */
};

/* From this share on of what tests may spend a kind or test is not run any more. */
struct budget_cut {
	char name[BUDGET_NAME]; /* of a test, or a kind of tests */
	int percent;
};

struct budget {
	char path[512];
	uint8_t boot[16];
	uint64_t limit, reserve; /* bytes; limit 0: none */
	int reset_day;
	struct budget_cut cut[BUDGET_CUTS];
	size_t cuts;

	/* the page in use */
	uint64_t sim;
	int period;
	uint64_t used;

	struct budget_page other[BUDGET_SIMS - 1];
	size_t others;
	uint32_t turn;
	struct traffic_each last;
	bool have_last;
	uint64_t pledge;       /* what may have flowed beyond `used` when the power goes */
	uint64_t saved_pledge; /* as it is on flash */
	uint64_t saved_used;
	bool changed;     /* something that is to be saved at once */
	int64_t saved_ns; /* clock_mono() */
};

/* Reads the file (version 1, too); one that is damaged counts as absent and is said to the log. */
void budget_open(struct budget *b, const char *path, const uint8_t boot[16]);
/* The counters now.  utc_ns may be UTC_UNKNOWN: the month goes on.  trusted: somebody vouches for that time,
 * so that a month that lies ahead was a mistake of the clock. */
void budget_count(struct budget *b, const struct traffic *now, int64_t utc_ns, bool trusted);
void budget_count_each(
	struct budget *b, const struct traffic_each *now, int64_t utc_ns, bool trusted);
/* From now on this SIM's page; to be called right after counting.  0: not known, the page stays.  What was counted
 * before any SIM was known is the first one's that is. */
void budget_sim(struct budget *b, uint64_t sim);

/* Bytes that tests may spend in a month: the limit without the reserve; UINT64_MAX without a limit. */
uint64_t budget_for_tests(const struct budget *b);
/* Bytes of them up to which this test is run: the lowest of its name's and its kind's share, or all. */
uint64_t budget_line(const struct budget *b, const char *name, const char *kind);
bool budget_may_spend(const struct budget *b); /* anything is left for tests that are cut last */
/* How long telemetry is to be gathered: as long as usual, four times that in the reserve, and a quarter of an hour
 * at least when the reserve is gone, too.  Results are never stopped. */
int64_t budget_gather(const struct budget *b, int64_t usual_ns);

/* A test of so many bytes begins; 0: it is over.  Counts only once it is saved. */
void budget_pledge(struct budget *b, uint64_t bytes);
/* Saves when enough has changed, or always with force. */
int budget_save(struct budget *b, int64_t mono_ns, bool force) MUST_CHECK;
bool budget_pledged(const struct budget *b); /* what was pledged is on flash */

int budget_period(int64_t utc_ns, int reset_day); /* in the device's time zone */
/* "throughput 70", also with "%"; 1 .. 100.  -EINVAL. */
int budget_cut(const char *text, struct budget_cut *out, struct why *why) MUST_CHECK;

#endif
