/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence.h"

#include <math.h>

#define VIETNAM_H 7
/* Samples further apart than this are not one outage: nobody looked in between. */
#define OUTAGE_GAP_SLOTS 6

static unsigned clamp(double v, unsigned bins)
{
	if (!(v > 0))
		return 0;
	return v >= bins - 1 ? bins - 1 : (unsigned)v;
}

unsigned rsrp_bin(int tenths_dbm)
{
	return clamp(floor(tenths_dbm / 10.0) + 156, RSRP_BINS);
}

unsigned sinr_bin(int tenths_db)
{
	return clamp(floor(tenths_db / 10.0) + 30, SINR_BINS);
}

/* The small sum keeps a rate that is a bin's own edge in that bin. */
unsigned rate_bin(double bps)
{
	return bps > 1000 ? clamp(floor(40 * log10(bps / 1000) + 1e-9), RATE_BINS) : 0;
}

unsigned rtt_bin(double us)
{
	return us > 100 ? clamp(floor(20 * log10(us / 100) + 1e-9), RTT_BINS) : 0;
}

int rsrp_of(unsigned bin)
{
	return (int)bin - 156;
}

int sinr_of(unsigned bin)
{
	return (int)bin - 30;
}

double rate_of(unsigned bin)
{
	return 1000 * pow(10, bin / 40.0);
}

double rtt_of(unsigned bin)
{
	return 100 * pow(10, bin / 20.0);
}

static void add_bins(uint32_t *sum, const uint32_t *part, unsigned bins)
{
	for (unsigned i = 0; i < bins; i++)
		sum[i] += part[i];
}

void levels_add(struct levels *sum, const struct levels *part)
{
	add_bins(sum->rsrp, part->rsrp, RSRP_BINS);
	add_bins(sum->sinr, part->sinr, SINR_BINS);
	add_bins(sum->down, part->down, RATE_BINS);
	add_bins(sum->up, part->up, RATE_BINS);
	add_bins(sum->rtt, part->rtt, RTT_BINS);
	sum->down_n += part->down_n;
	sum->up_n += part->up_n;
	sum->down_sum_bps += part->down_sum_bps;
	sum->up_sum_bps += part->up_sum_bps;
	sum->data_ok += part->data_ok;
	sum->data_failed += part->data_failed;
}

void slot_set(uint64_t words[SLOT_WORDS], unsigned slot)
{
	if (slot < SLOTS_DAY)
		words[slot / 64] |= 1ULL << (slot % 64);
}

bool slot_has(const uint64_t words[SLOT_WORDS], unsigned slot)
{
	return slot < SLOTS_DAY && words[slot / 64] >> (slot % 64) & 1;
}

static int set_of(const struct evidence_day *d, unsigned slot)
{
	for (int set = 0; set < SLOT_SETS; set++)
		if (slot_has(d->slots[set], slot))
			return set;
	return -1;
}

static void follow_outage(struct evidence *e, int64_t slot, bool down)
{
	if (!down) {
		e->run_last = 0;
		return;
	}
	if (!e->run_last || slot - e->run_last > OUTAGE_GAP_SLOTS)
		e->run_first = slot;
	e->run_last = slot;
	if (slot - e->run_first + 1 > e->longest_slots)
		e->longest_slots = slot - e->run_first + 1;
}

void evidence_add(struct evidence *e, const struct evidence_day *d)
{
	bool any = false, any_bad = false;

	for (unsigned slot = 0; slot < SLOTS_DAY; slot++) {
		int set = set_of(d, slot);
		uint8_t part = (uint8_t)(1u << ((slot / SLOTS_HOUR + VIETNAM_H) % 24 / 6));

		if (set < 0)
			continue;
		any = true;
		e->n++;
		e->slots[set]++;
		e->parts |= part;
		if (set >= SLOT_OTHER) {
			any_bad = true;
			e->bad_parts |= part;
		}
		e->last_slot = (int64_t)d->day * SLOTS_DAY + slot;
		follow_outage(e, e->last_slot, set != SLOT_SERVED);
	}
	if (any && !e->days)
		e->first_day = d->day;
	if (any)
		e->last_day = d->day;
	e->days += any;
	e->bad_days += any_bad;
	levels_add(&e->levels, &d->levels);
}

double evidence_outage_h(const struct evidence *e)
{
	return (double)(e->longest_slots * SLOT_S) / 3600;
}

unsigned evidence_parts(uint8_t bits)
{
	return (unsigned)__builtin_popcount(bits);
}

uint32_t histogram_count(const uint32_t *bin, unsigned from, unsigned bins)
{
	uint32_t n = 0;

	for (unsigned i = from; i < bins; i++)
		n += bin[i];
	return n;
}

uint32_t evidence_below(const struct evidence *e, double dbm)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < RSRP_BINS && rsrp_of(i) < dbm; i++)
		n += e->levels.rsrp[i];
	return n;
}

int histogram_median(const uint32_t *bin, unsigned bins)
{
	uint32_t n = histogram_count(bin, 0, bins), seen = 0;

	for (unsigned i = 0; i < bins && n; i++) {
		seen += bin[i];
		if (seen * 2 >= n)
			return (int)i;
	}
	return -1;
}
