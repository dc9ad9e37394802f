/* SPDX-License-Identifier: Apache-2.0 */
/* One day of one hamlet, from its raw records.  Made anew each time, so that records which arrive
 * late or twice change nothing but what they should. */
#ifndef TRUTH_ROLLUP_H
#define TRUTH_ROLLUP_H

#include "../store/store.h"
#include "evidence.h"

struct slot_tally { /* ten minutes, while they are being counted */
	uint16_t served[STORE_RATS], no_data[STORE_RATS], limited, no_service;
	int32_t rsrp_sum[STORE_RATS], sinr_sum[STORE_RATS], nr_rsrp_sum, nr_sinr_sum;
	uint16_t rsrp_n[STORE_RATS], sinr_n[STORE_RATS], nr_rsrp_n, nr_sinr_n;
};

struct hour_levels {
	struct levels levels;
	uint32_t nr_rsrp[RSRP_BINS],
		nr_sinr[SINR_BINS]; /* NSA: of the NR leg; levels has the anchor's */
};

struct series { /* one point and network */
	char point[STORE_CODE];
	uint32_t plmn;
	struct slot_tally slot[SLOTS_DAY];
	uint8_t mask[24][STORE_RATS]
		    [SLOT_SETS]; /* bits of the hour's six slots; OTHER is never set here */
	uint32_t records[24][STORE_RATS];
	struct hour_levels *hour[24][STORE_RATS]; /* NULL: nothing */
};

struct rollup_source { /* what one probe gave that day */
	int64_t probe;
	char point[STORE_CODE];
	uint64_t first_seq, last_seq;
	uint32_t records, usable;
	int64_t last_ns, last_usable_ns; /* UTC_UNKNOWN none */
	uint8_t last_state;              /* enum access_state */
	bool on_battery, simulated;
};

struct rollup {
	char hamlet[STORE_CODE];
	int32_t day;
	struct series **series;
	size_t series_count;
	struct rollup_source *source;
	size_t source_count;
	uint32_t state[24][ACCESS_STATES];
	uint32_t seen; /* broadband cells that surveys at the reference point saw */
};

int rollup_day(struct rollup **out, struct store *s, const char *hamlet, int32_t day) MUST_CHECK;
void rollup_free(struct rollup *r); /* NULL is fine */

#endif
