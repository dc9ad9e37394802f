/* SPDX-License-Identifier: Apache-2.0 */
#include "agg.h"

#include "../../probes/core/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* hour: masks of the hour's six slots.  A row with rat 0 holds limited and no service. */
#define SCHEMA \
	"CREATE TABLE kv(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;" \
	"CREATE TABLE hour(hamlet TEXT, day INTEGER, point TEXT, plmn INTEGER, rat INTEGER, hour " \
	"INTEGER, served INTEGER," \
	" no_data INTEGER, limited INTEGER, no_service INTEGER, records INTEGER, down_n INTEGER, " \
	"down_sum REAL, up_n INTEGER," \
	" up_sum REAL, data_ok INTEGER, data_failed INTEGER, bins BLOB, PRIMARY KEY(hamlet, day, " \
	"point, plmn, rat, hour))" \
	" WITHOUT ROWID;" \
	"CREATE TABLE state(hamlet TEXT, day INTEGER, hour INTEGER, state INTEGER, n INTEGER," \
	" PRIMARY KEY(hamlet, day, hour, state)) WITHOUT ROWID;" \
	"CREATE TABLE source(hamlet TEXT, day INTEGER, probe INTEGER, point TEXT, first_seq " \
	"INTEGER, last_seq INTEGER," \
	" records INTEGER, usable INTEGER, last INTEGER, last_usable INTEGER, last_state " \
	"INTEGER, battery INTEGER," \
	" simulated INTEGER, PRIMARY KEY(hamlet, day, probe)) WITHOUT ROWID;" \
	"CREATE TABLE seen(hamlet TEXT, day INTEGER, cells INTEGER, PRIMARY KEY(hamlet, day)) " \
	"WITHOUT ROWID;" \
	"CREATE TABLE status(hamlet TEXT, technology TEXT, plmn TEXT, province TEXT, commune " \
	"TEXT, profile TEXT, hash TEXT," \
	" status INTEGER, before INTEGER, cause INTEGER, grade TEXT, share REAL, low REAL, high " \
	"REAL, n INTEGER, days INTEGER," \
	" parts INTEGER, probes INTEGER, simulated INTEGER, since INTEGER, as_of INTEGER, " \
	"last_usable INTEGER," \
	" population INTEGER, reason_vi TEXT, reason_en TEXT, detail TEXT, PRIMARY KEY(hamlet, " \
	"technology, plmn)) WITHOUT ROWID;" \
	"CREATE INDEX status_place ON status(technology, plmn, province, commune);" \
	"CREATE TABLE history(hamlet TEXT, technology TEXT, plmn TEXT, day INTEGER, status " \
	"INTEGER," \
	" PRIMARY KEY(hamlet, technology, plmn, day)) WITHOUT ROWID;"

#define AGG_VERSION 1

int agg_open(struct db *d, const char *folder, bool write, struct why *why)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/agg.db", folder);
	err = db_open(d, path, SCHEMA "PRAGMA user_version=1", write);
	if (err)
		return why_say(why, err, "%s: cannot be opened: %s", path, strerror(-err));
	if (db_int(d, -1, "PRAGMA user_version", "") != AGG_VERSION) {
		db_close(d);
		return why_say(why, -EPROTONOSUPPORT,
			"%s: made by another version; remove it and it is made again", path);
	}
	return 0;
}

int agg_begin(struct db *d)
{
	return db_script(d, "BEGIN IMMEDIATE");
}

int agg_end(struct db *d, int err)
{
	int ended = db_script(d, err ? "ROLLBACK" : "COMMIT");

	return err ?: ended;
}

/* --- histograms ------------------------------------------------------------------------------------ */

enum { TAG_RSRP, TAG_SINR, TAG_DOWN, TAG_UP, TAG_RTT, TAG_NR_RSRP, TAG_NR_SINR, TAGS };

static uint32_t *bins_of(struct hour_levels *l, unsigned tag, unsigned *count)
{
	static const unsigned counts[TAGS] = { RSRP_BINS, SINR_BINS, RATE_BINS, RATE_BINS, RTT_BINS,
		RSRP_BINS, SINR_BINS };
	uint32_t *bins[TAGS] = { l->levels.rsrp, l->levels.sinr, l->levels.down, l->levels.up,
		l->levels.rtt, l->nr_rsrp, l->nr_sinr };

	*count = counts[tag];
	return bins[tag];
}

static void put_number(struct buf *out, uint32_t v)
{
	uint8_t byte;

	do {
		byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		buf_put(out, &byte, 1);
		v >>= 7;
	} while (v);
}

static bool get_number(const uint8_t **at, const uint8_t *end, uint32_t *v)
{
	*v = 0;
	for (unsigned shift = 0; *at < end && shift < 32; shift += 7) {
		uint8_t byte = *(*at)++;

		*v |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

void levels_pack(struct buf *out, const struct hour_levels *l)
{
	struct hour_levels copy = *l;
	unsigned count;

	for (unsigned tag = 0; tag < TAGS; tag++) {
		const uint32_t *bin = bins_of(&copy, tag, &count);

		for (unsigned i = 0; i < count; i++) {
			if (!bin[i])
				continue;
			put_number(out, tag);
			put_number(out, i);
			put_number(out, bin[i]);
		}
	}
}

int levels_unpack(struct hour_levels *out, const uint8_t *bytes, size_t n)
{
	struct hour_levels l = { .nr_rsrp = { 0 } };
	const uint8_t *at = bytes, *end = n ? bytes + n : bytes;
	uint32_t tag, bin, times, *bins;
	unsigned count;

	while (at < end) {
		if (!get_number(&at, end, &tag) || !get_number(&at, end, &bin) ||
			!get_number(&at, end, &times) || tag >= TAGS)
			return -EBADMSG;
		bins = bins_of(&l, tag, &count);
		if (bin >= count)
			return -EBADMSG;
		bins[bin] = times;
	}
	*out = l;
	return 0;
}

/* --- a day ------------------------------------------------------------------------------------------------ */

static int put_hour(
	struct db *d, const struct rollup *r, const struct series *s, unsigned hour, unsigned rat)
{
	const uint8_t *mask = s->mask[hour][rat];
	const struct hour_levels *l = s->hour[hour][rat];
	const struct hour_levels none = { .nr_rsrp = { 0 } };
	struct buf bins;
	int err;

	if (!l && !mask[SLOT_SERVED] && !mask[SLOT_NO_DATA] && !mask[SLOT_LIMITED] &&
		!mask[SLOT_NO_SERVICE])
		return 0;
	l = l ? l : &none;
	buf_init(&bins, 1 << 16);
	levels_pack(&bins, l);
	err = bins.err
	              ?: db_run(d, "INSERT INTO hour VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
				 "titiiiiiiiiididiib", r->hamlet, (int64_t)r->day, s->point,
				 (int64_t)s->plmn, (int64_t)rat, (int64_t)hour,
				 (int64_t)mask[SLOT_SERVED], (int64_t)mask[SLOT_NO_DATA],
				 (int64_t)mask[SLOT_LIMITED], (int64_t)mask[SLOT_NO_SERVICE],
				 (int64_t)s->records[hour][rat], (int64_t)l->levels.down_n,
				 l->levels.down_sum_bps, (int64_t)l->levels.up_n,
				 l->levels.up_sum_bps, (int64_t)l->levels.data_ok,
				 (int64_t)l->levels.data_failed,
				 bins.data ? bins.data : (const uint8_t *)"", bins.len);
	buf_done(&bins);
	return err;
}

static int put_states(struct db *d, const struct rollup *r)
{
	int err = 0;

	for (unsigned hour = 0; hour < 24; hour++)
		for (unsigned state = 0; state < ACCESS_STATES && !err; state++)
			if (r->state[hour][state])
				err = db_run(d, "INSERT INTO state VALUES(?,?,?,?,?)", "tiiii",
					r->hamlet, (int64_t)r->day, (int64_t)hour, (int64_t)state,
					(int64_t)r->state[hour][state]);
	return err;
}

static int put_sources(struct db *d, const struct rollup *r)
{
	int err = 0;

	for (size_t i = 0; i < r->source_count && !err; i++) {
		const struct rollup_source *s = &r->source[i];

		err = db_run(d, "INSERT INTO source VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
			"tiitiiiiiiiii", r->hamlet, (int64_t)r->day, s->probe, s->point,
			(int64_t)s->first_seq, (int64_t)s->last_seq, (int64_t)s->records,
			(int64_t)s->usable, s->last_ns, s->last_usable_ns, (int64_t)s->last_state,
			(int64_t)s->on_battery, (int64_t)s->simulated);
	}
	return err;
}

static int clear_day(struct db *d, const struct rollup *r)
{
	int64_t day = r->day;
	int err = db_run(d, "DELETE FROM hour WHERE hamlet=? AND day=?", "ti", r->hamlet, day);

	if (!err)
		err = db_run(d, "DELETE FROM state WHERE hamlet=? AND day=?", "ti", r->hamlet, day);
	if (!err)
		err = db_run(
			d, "DELETE FROM source WHERE hamlet=? AND day=?", "ti", r->hamlet, day);
	if (!err)
		err = db_run(d, "DELETE FROM seen WHERE hamlet=? AND day=?", "ti", r->hamlet, day);
	return err;
}

int agg_put_day(struct db *d, const struct rollup *r)
{
	int err = clear_day(d, r);

	for (size_t i = 0; i < r->series_count; i++)
		for (unsigned hour = 0; hour < 24; hour++)
			for (unsigned rat = 0; rat < STORE_RATS && !err; rat++)
				err = put_hour(d, r, r->series[i], hour, rat);
	if (!err)
		err = put_states(d, r);
	if (!err)
		err = put_sources(d, r);
	if (!err && r->seen)
		err = db_run(d, "INSERT INTO seen VALUES(?,?,?)", "tii", r->hamlet, (int64_t)r->day,
			(int64_t)r->seen);
	return err;
}
