/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured at one point about one operator and technology: one day of it, and a window of
 * days.  A sample is ten minutes: probes repeat their state every minute, and sixty equal answers an
 * hour are not sixty independent ones. */
#ifndef TRUTH_EVIDENCE_H
#define TRUTH_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#define SLOT_S     600
#define SLOTS_HOUR 6
#define SLOTS_DAY  144
#define SLOT_WORDS 3

#define RSRP_BINS  126 /* 1 dB from -156 to -31 dBm (TS 36.133 9.1.4, TS 38.133 10.1.6) */
#define SINR_BINS  71  /* 1 dB from -30 to 40 dB */
#define RATE_BINS  281 /* 40 a decade from 1 kbit/s to 10 Gbit/s: 5.9 % each */
#define RTT_BINS   121 /* 20 a decade from 0.1 ms to 100 s: 12 % each */

unsigned rsrp_bin(int tenths_dbm); /* the bin whose lower edge is the whole dB below */
unsigned sinr_bin(int tenths_db);
unsigned rate_bin(double bps);
unsigned rtt_bin(double us);
int rsrp_of(unsigned bin); /* lower edge, dBm */
int sinr_of(unsigned bin);
double rate_of(unsigned bin); /* lower edge, bit/s */
double rtt_of(unsigned bin);  /* lower edge, us */

struct levels {
	uint32_t rsrp[RSRP_BINS], sinr[SINR_BINS];              /* of slots */
	uint32_t down[RATE_BINS], up[RATE_BINS], rtt[RTT_BINS]; /* of tests */
	uint32_t down_n, up_n;
	double down_sum_bps, up_sum_bps;
	uint32_t data_ok, data_failed; /* transactions over this technology */
};
void levels_add(struct levels *sum, const struct levels *part);

/* A slot is in one of the sets at most. */
enum slot_set {
	SLOT_SERVED,  /* registered on the technology, and nothing speaks against its data plane */
	SLOT_NO_DATA, /* registered on it, but no address or no internet */
	SLOT_OTHER,   /* registered on another technology only (2G, 3G) */
	SLOT_LIMITED, /* emergency calls only: cells, but not of this operator */
	SLOT_NO_SERVICE, /* nothing at all */
	SLOT_SETS
};

struct evidence_day {
	int32_t day; /* since 1970, UTC */
	uint64_t slots[SLOT_SETS][SLOT_WORDS];
	struct levels levels;
};
void slot_set(uint64_t words[SLOT_WORDS], unsigned slot);
bool slot_has(const uint64_t words[SLOT_WORDS], unsigned slot);

struct evidence { /* a window; zero-initialise */
	uint32_t slots[SLOT_SETS], n;
	uint32_t days, bad_days;  /* bad: other, limited, no_service */
	uint8_t parts, bad_parts; /* bits: parts of the day by Vietnam's clock, UTC+7 */
	int32_t first_day, last_day;
	int64_t last_slot;                          /* since 1970; of any sample */
	int64_t run_first, run_last, longest_slots; /* outage being followed, and the longest */
	struct levels levels;
};
/* Days in ascending order. */
void evidence_add(struct evidence *e, const struct evidence_day *d);
double evidence_outage_h(const struct evidence *e);
unsigned evidence_parts(uint8_t bits);
/* Slots whose level lies below; only slots with a level are looked at. */
uint32_t evidence_below(const struct evidence *e, double dbm);
/* Median from a histogram: the bin that holds it, -1 when it is empty. */
int histogram_median(const uint32_t *bin, unsigned bins);
uint32_t histogram_count(const uint32_t *bin, unsigned from, unsigned bins);

#endif
