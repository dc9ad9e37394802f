/* SPDX-License-Identifier: Apache-2.0 */
/* Which record is a sample of what.  Everything that could turn a fault of the device into a lack of
 * coverage is decided in sample(). */
#include "rollup.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_MOST 256 /* of one hamlet and day; clusters times networks */
#define PROBES_MOST 4096
#define NEAR_NS \
	(3600 * NS_PER_S) /* a test without radio fields belongs to what the probe last said, within this */
#define BROADBAND(rat) ((rat) >= RAT_LTE && (rat) < STORE_RATS)

struct spot { /* where a probe speaks for */
	int64_t probe;
	char point[STORE_CODE];
	bool counts; /* not a roaming probe */
};

struct rolling {
	struct rollup *out;
	struct store *store;
	struct spot *spot;
	size_t spots;
	int64_t last_probe, last_radio_ns; /* radio the probe last told of */
	uint32_t last_plmn;
	uint8_t last_rat;
	struct record record;
};

static uint32_t plmn_number(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n < 5 || n > 6 || strspn(text, "0123456789") != n)
		return 0;
	return (uint32_t)strtoul(text, NULL, 10);
}

static struct series *series_of(struct rollup *r, const char *point, uint32_t plmn)
{
	struct series *s;

	for (size_t i = 0; i < r->series_count; i++)
		if (r->series[i]->plmn == plmn && !strcmp(r->series[i]->point, point))
			return r->series[i];
	if (r->series_count == SERIES_MOST)
		return NULL;
	s = mem_new(sizeof(*s));
	snprintf(s->point, sizeof(s->point), "%s", point);
	s->plmn = plmn;
	r->series = mem_grow(r->series, r->series_count + 1, sizeof(struct series *));
	r->series[r->series_count++] = s;
	return s;
}

static struct hour_levels *levels_of(struct series *s, unsigned hour, unsigned rat)
{
	if (!s->hour[hour][rat])
		s->hour[hour][rat] = mem_new(sizeof(struct hour_levels));
	return s->hour[hour][rat];
}

static unsigned slot_of(const struct store_row *row)
{
	int64_t in_day = row->utc_ns % STORE_DAY_NS;

	return (unsigned)((in_day < 0 ? in_day + STORE_DAY_NS : in_day) / (SLOT_S * NS_PER_S));
}

static struct rollup_source *source_of(
	struct rolling *g, const struct store_row *row, const char *point)
{
	struct rollup *r = g->out;
	struct rollup_source *s;

	for (size_t i = r->source_count; i > 0; i--)
		if (r->source[i - 1].probe == row->probe)
			return &r->source[i - 1];
	r->source = mem_grow(r->source, r->source_count + 1, sizeof(*r->source));
	s = &r->source[r->source_count++];
	*s = (struct rollup_source){ .probe = row->probe,
		.first_seq = row->seq,
		.last_seq = row->seq,
		.last_ns = UTC_UNKNOWN,
		.last_usable_ns = UTC_UNKNOWN };
	snprintf(s->point, sizeof(s->point), "%s", point);
	return s;
}

/* --- coverage ------------------------------------------------------------------------------------- */

/* The network a modem without service was looking for: the one that served it last, for the SIM of a
 * virtual operator is served under another number than its own; else the one of its SIM. */
static uint32_t sought_plmn(struct rolling *g, const struct store_row *row)
{
	if (g->last_probe == row->probe && g->last_plmn)
		return g->last_plmn;
	if (store_row_decode(row, &g->record))
		return 0;
	return plmn_number(record_text(&g->record, FIELD_HOME_PLMN));
}

static bool registered(const struct store_row *row)
{
	return (row->reg == REG_HOME || row->reg == REG_ROAMING) && row->rat != RAT_NONE &&
	       row->rat < STORE_RATS;
}

/* Sentinels (-3276 dB, -200 dBm) that got past the probe end here: TS 36.133 9.1.4, TS 38.133 10.1.6. */
static bool rsrp_plausible(int16_t tenths)
{
	return tenths >= -1560 && tenths <= -310;
}

static bool sinr_plausible(double db)
{
	return db >= -30 && db <= 45;
}

static void add_levels(struct rolling *g, struct slot_tally *t, const struct store_row *row)
{
	double nr_sinr = NAN;

	if (rsrp_plausible(row->rsrp_d)) {
		t->rsrp_sum[row->rat] += row->rsrp_d;
		t->rsrp_n[row->rat]++;
	}
	if (sinr_plausible(row->sinr_d / 10.0)) {
		t->sinr_sum[row->rat] += row->sinr_d;
		t->sinr_n[row->rat]++;
	}
	if (row->rat != RAT_NR_NSA)
		return;
	if (rsrp_plausible(row->nr_rsrp_d)) {
		t->nr_rsrp_sum += row->nr_rsrp_d;
		t->nr_rsrp_n++;
	}
	if (!store_row_decode(row, &g->record))
		nr_sinr = record_real(&g->record, FIELD_NR_SINR, NAN);
	if (sinr_plausible(nr_sinr)) {
		t->nr_sinr_sum += (int32_t)lround(nr_sinr * 10);
		t->nr_sinr_n++;
	}
}

/* true: it was a sample. */
static bool sample(struct rolling *g, const struct store_row *row, const char *point)
{
	bool lacking = row->state == STATE_NO_SERVICE || row->state == STATE_LIMITED_SERVICE;
	bool no_data = row->state == STATE_ATTACHED_NO_IP || row->state == STATE_IP_NO_INTERNET;
	bool radio = no_data || row->state == STATE_OK || row->state == STATE_UNKNOWN ||
	             row->state == STATE_COLLECTOR_DOWN || row->state == STATE_CAPTIVE_OR_NO_CREDIT;
	struct series *s;
	struct slot_tally *t;
	uint32_t plmn;

	if (row->bits & (ROW_FAILED | ROW_MODEM_SICK) || !(lacking || radio))
		return false;
	/* a state that the registration contradicts is an old one */
	if (lacking ? !(row->bits & ROW_MODEM_HEALTHY) || registered(row) : !registered(row))
		return false;
	plmn = lacking ? sought_plmn(g, row) : row->plmn;
	s = series_of(g->out, point, plmn);
	if (!s)
		return false;
	t = &s->slot[slot_of(row)];
	if (row->state == STATE_NO_SERVICE)
		t->no_service++;
	else if (lacking)
		t->limited++;
	else if (no_data)
		t->no_data[row->rat]++;
	else
		t->served[row->rat]++;
	if (radio) {
		add_levels(g, t, row);
		g->last_rat = row->rat;
		g->last_plmn = row->plmn;
		g->last_radio_ns = row->utc_ns;
		g->last_probe = row->probe;
	}
	return true;
}

/* --- tests ----------------------------------------------------------------------------------------------- */

static struct levels *test_levels(struct rolling *g, const struct store_row *row, const char *point)
{
	uint8_t rat = row->rat;
	uint32_t plmn = row->plmn;
	struct series *s;

	if ((rat == RAT_NONE || rat >= STORE_RATS || !plmn) && g->last_probe == row->probe &&
		row->utc_ns - g->last_radio_ns < NEAR_NS) {
		rat = g->last_rat;
		plmn = g->last_plmn;
	}
	s = rat != RAT_NONE && rat < STORE_RATS ? series_of(g->out, point, plmn) : NULL;
	return s ? &levels_of(s, slot_of(row) / SLOTS_HOUR, rat)->levels : NULL;
}

static void throughput(struct rolling *g, const struct store_row *row, struct levels *l)
{
	const char *limited_by = record_text(&g->record, FIELD_LIMITED_BY),
		   *interference = record_text(&g->record, FIELD_INTERFERENCE);
	double rate = (double)row->rate_bps;
	bool up = row->bits & ROW_UP;

	if (row->rate_bps <= 0)
		return;
	l->data_ok++;
	if (limited_by && *limited_by) /* says how slow the probe or the server is, not the line */
		return;
	if (interference && !strcmp(interference, "discarded")) /* others had too much of it */
		return;
	(up ? l->up : l->down)[rate_bin(rate)]++;
	*(up ? &l->up_n : &l->down_n) += 1;
	*(up ? &l->up_sum_bps : &l->down_sum_bps) += rate;
}

static void test(struct rolling *g, const struct store_row *row, const char *point)
{
	struct levels *l =
		row->bits & (ROW_FAILED | ROW_IMPLAUSIBLE) ? NULL : test_levels(g, row, point);
	const char *verdict;

	if (!l || store_row_decode(row, &g->record))
		return;
	if (row->kind == RECORD_THROUGHPUT) {
		throughput(g, row, l);
	} else if (row->kind == RECORD_LATENCY) {
		if (record_int(&g->record, FIELD_RECEIVED, 0) > 0)
			l->data_ok++;
		else if (record_int(&g->record, FIELD_SENT, 0) > 0)
			l->data_failed++;
		if (record_has(&g->record, FIELD_RTT_P50_US))
			l->rtt[rtt_bin(record_real(&g->record, FIELD_RTT_P50_US, 0))]++;
	} else {
		verdict = record_text(&g->record, FIELD_VERDICT);
		l->data_ok += verdict && (!strcmp(verdict, "ok") || !strcmp(verdict, "service"));
		l->data_failed += verdict && !strcmp(verdict, "network");
	}
}

/* --- a day ------------------------------------------------------------------------------------------------- */

static const struct spot *spot_of(const struct rolling *g, int64_t probe)
{
	for (size_t i = 0; i < g->spots; i++)
		if (g->spot[i].probe == probe)
			return &g->spot[i];
	return NULL;
}

static void note_source(
	struct rolling *g, const struct store_row *row, const char *point, bool usable)
{
	struct rollup_source *s = source_of(g, row, point);
	const char *power;

	s->records++;
	s->usable += usable;
	s->simulated |= (row->bits & ROW_SIMULATED) != 0;
	if (row->seq < s->first_seq)
		s->first_seq = row->seq;
	if (row->seq > s->last_seq)
		s->last_seq = row->seq;
	if (usable && row->utc_ns > s->last_usable_ns)
		s->last_usable_ns = row->utc_ns;
	if (row->utc_ns >= s->last_ns) {
		s->last_ns = row->utc_ns;
		s->last_state = row->state < ACCESS_STATES ? row->state : STATE_UNKNOWN;
		if (row->kind == RECORD_HEALTH && !store_row_decode(row, &g->record)) {
			power = record_text(&g->record, FIELD_POWER);
			s->on_battery = power && !strcmp(power, "battery");
		}
	}
}

static int each_row(void *arg, const struct store_row *row)
{
	struct rolling *g = arg;
	const struct spot *spot = spot_of(g, row->probe);
	bool usable = false;

	if (!spot || !spot->counts || row->utc_ns == UTC_UNKNOWN || row->bits & ROW_ELSEWHERE)
		return 0;
	switch (row->kind) {
	case RECORD_ACCESS:
	case RECORD_SIGNAL:
		usable = sample(g, row, spot->point);
		if (row->kind == RECORD_ACCESS && row->state < ACCESS_STATES)
			g->out->state[slot_of(row) / SLOTS_HOUR][row->state]++;
		break;
	case RECORD_LATENCY:
	case RECORD_THROUGHPUT:
	case RECORD_SERVICE:
		test(g, row, spot->point);
		break;
	case RECORD_OPERATORS:
		g->out->seen += !(row->bits & ROW_FAILED) && row->plmn && BROADBAND(row->rat) &&
		                !*spot->point;
		break;
	default:
		break;
	}
	note_source(g, row, spot->point, usable);
	return 0;
}

static int each_probe(void *arg, const struct store_probe *p)
{
	struct rolling *g = arg;
	struct spot *s;

	if (g->spots == PROBES_MOST)
		return 0;
	g->spot = mem_grow(g->spot, g->spots + 1, sizeof(*g->spot));
	s = &g->spot[g->spots++];
	*s = (struct spot){ .probe = p->number, .counts = p->role != ROLE_ROAMING };
	/* a probe that stood at a cluster here and has moved away: which one is not known any more */
	if (p->role == ROLE_CLUSTER && strcmp(p->hamlet, g->out->hamlet))
		s->counts = false;
	if (p->role == ROLE_CLUSTER)
		snprintf(s->point, sizeof(s->point), "%s", p->cluster);
	return 0;
}

struct choice { /* what a slot is counted as */
	enum slot_set set;
	uint8_t rat;
	unsigned votes;
};

static void vote(struct choice *c, enum slot_set set, unsigned rat, unsigned votes)
{
	/* called from worst to best: of two that are equal the better one stands */
	if (votes && votes >= c->votes)
		*c = (struct choice){ set, (uint8_t)rat, votes };
}

static void settle_slot(struct series *s, unsigned slot)
{
	struct slot_tally *t = &s->slot[slot];
	unsigned hour = slot / SLOTS_HOUR, r;
	struct choice c = { SLOT_SETS, 0, 0 };
	struct hour_levels *l;

	vote(&c, SLOT_NO_SERVICE, RAT_NONE, t->no_service);
	vote(&c, SLOT_LIMITED, RAT_NONE, t->limited);
	for (r = RAT_GSM; r < STORE_RATS; r++)
		vote(&c, SLOT_NO_DATA, r, t->no_data[r]);
	for (r = RAT_GSM; r < STORE_RATS; r++)
		vote(&c, SLOT_SERVED, r, t->served[r]);
	if (c.set == SLOT_SETS)
		return;
	r = c.rat;
	s->mask[hour][r][c.set] |= (uint8_t)(1u << slot % SLOTS_HOUR);
	s->records[hour][r] += c.votes;
	if (c.set != SLOT_SERVED)
		return;
	l = levels_of(s, hour, r);
	if (t->rsrp_n[r])
		l->levels.rsrp[rsrp_bin(t->rsrp_sum[r] / t->rsrp_n[r])]++;
	if (t->sinr_n[r])
		l->levels.sinr[sinr_bin(t->sinr_sum[r] / t->sinr_n[r])]++;
	if (r == RAT_NR_NSA && t->nr_rsrp_n)
		l->nr_rsrp[rsrp_bin(t->nr_rsrp_sum / t->nr_rsrp_n)]++;
	if (r == RAT_NR_NSA && t->nr_sinr_n)
		l->nr_sinr[sinr_bin(t->nr_sinr_sum / t->nr_sinr_n)]++;
}

int rollup_day(struct rollup **out, struct store *s, const char *hamlet, int32_t day)
{
	struct rolling *g = mem_new(sizeof(*g));
	struct store_query q = {
		.hamlet = hamlet, .from_ns = day * STORE_DAY_NS, .to_ns = (day + 1LL) * STORE_DAY_NS
	};
	int err;

	g->store = s;
	g->out = mem_new(sizeof(*g->out));
	g->out->day = day;
	snprintf(g->out->hamlet, sizeof(g->out->hamlet), "%s", hamlet);
	err = store_probes(s, hamlet, each_probe, g);
	if (!err)
		err = store_rows(s, &q, each_row, g);
	for (size_t i = 0; i < g->out->series_count && !err; i++)
		for (unsigned slot = 0; slot < SLOTS_DAY; slot++)
			settle_slot(g->out->series[i], slot);
	if (err)
		rollup_free(g->out);
	else
		*out = g->out;
	free(g->spot);
	free(g);
	return err;
}

void rollup_free(struct rollup *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->series_count; i++) {
		for (unsigned h = 0; h < 24; h++)
			for (unsigned t = 0; t < STORE_RATS; t++)
				free(r->series[i]->hour[h][t]);
		free(r->series[i]);
	}
	free(r->series);
	free(r->source);
	free(r);
}
