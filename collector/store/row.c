/* SPDX-License-Identifier: Apache-2.0 */
/* A record and its row: the columns that are copied out of the body, in and out. */
#include "inside.h"
#include "../../probes/core/codec.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const store_rat_name[STORE_RATS] = { "", "GSM", "WCDMA", "LTE", "NR5G-NSA", "NR5G-SA" };
const char *const store_reg_name[STORE_REGS] = { "", "home", "roaming", "searching",
	"not_registered", "denied", "emergency", "unknown" };

static uint8_t word_of(const char *text, const char *const *words, size_t n, uint8_t unless)
{
	for (size_t i = 1; text && i < n; i++)
		if (!strcmp(text, words[i]))
			return (uint8_t)i;
	return unless;
}

static uint32_t plmn_of(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if ((n != 5 && n != 6) || strspn(text, "0123456789") != n)
		return 0;
	return (uint32_t)strtoul(text, NULL, 10);
}

static int16_t tenths(const struct record *r, enum field f)
{
	double v = record_real(r, f, NAN);

	return v > -3000 && v < 3000 ? (int16_t)lrint(v * 10) : STORE_NO_LEVEL;
}

void row_fill(struct store_row *row, const struct record *r)
{
	bool started = r->kind == RECORD_THROUGHPUT || r->kind == RECORD_LATENCY ||
	               r->kind == RECORD_SERVICE;
	const char *direction = record_text(r, FIELD_DIRECTION), *fix = record_text(r, FIELD_FIX);
	uint16_t bits = 0;

	row->seq = r->seq;
	row->kind = r->kind;
	row->state = r->state;
	row->mono_ns = r->mono_ns;
	row->utc_ns = r->utc_ns;
	row->clock = r->clock;
	row->place = r->place;
	if (record_has(r, FIELD_ERROR))
		bits |= ROW_FAILED;
	if (record_bool(r, FIELD_HEARTBEAT, false))
		bits |= ROW_HEARTBEAT;
	if (record_has(r, FIELD_MODEM_HEALTHY))
		bits |= record_bool(r, FIELD_MODEM_HEALTHY, false) ? ROW_MODEM_HEALTHY
		                                                   : ROW_MODEM_SICK;
	if (record_has(r, FIELD_IMPLAUSIBLE))
		bits |= ROW_IMPLAUSIBLE;
	if (record_has(r, FIELD_SURVEY) || (fix && !strcmp(fix, "moved")))
		bits |= ROW_ELSEWHERE;
	if (direction && !strcmp(direction, "up"))
		bits |= ROW_UP;
	row->bits = bits;
	row->rat = word_of(record_text(r, started ? FIELD_START_RAT : FIELD_RAT), store_rat_name,
		STORE_RATS, RAT_NONE);
	row->reg =
		word_of(record_text(r, FIELD_REGISTRATION), store_reg_name, STORE_REGS, REG_ABSENT);
	row->plmn = plmn_of(record_text(r, started ? FIELD_START_PLMN : FIELD_PLMN));
	row->rsrp_d = tenths(r, started ? FIELD_START_RSRP : FIELD_RSRP);
	row->sinr_d = tenths(r, started ? FIELD_START_SINR : FIELD_SINR);
	row->nr_rsrp_d = tenths(r, started ? FIELD_START_NR_RSRP : FIELD_NR_RSRP);
	row->rate_bps = record_int(r, FIELD_RATE_BPS, -1);
}

static void bind_unless(sqlite3_stmt *st, int column, int64_t v, int64_t absent)
{
	if (v == absent)
		sqlite3_bind_null(st, column);
	else
		sqlite3_bind_int64(st, column, v);
}

static void bind_place(sqlite3_stmt *st, const struct place *p)
{
	if (p->source == PLACE_NONE) {
		for (int i = 13; i <= 16; i++)
			sqlite3_bind_null(st, i);
		return;
	}
	sqlite3_bind_int64(st, 13, p->lat_e7);
	sqlite3_bind_int64(st, 14, p->lon_e7);
	bind_unless(st, 15, p->accuracy_m, -1);
	sqlite3_bind_int64(st, 16, p->source);
}

int row_put(struct raw *raw, const struct store_row *row)
{
	sqlite3_stmt *st = db_query(&raw->db,
		"INSERT OR IGNORE INTO record(" ROW_COLUMNS
		") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"iii", row->probe, (int64_t)row->seq, (int64_t)row->kind);
	int err;

	if (st) {
		bind_unless(st, 4, row->utc_ns, UTC_UNKNOWN);
		sqlite3_bind_int64(st, 5, row->boot);
		sqlite3_bind_int64(st, 6, row->mono_ns);
		sqlite3_bind_int64(st, 7, row->received_ns);
		sqlite3_bind_int64(st, 8, row->state);
		sqlite3_bind_int64(st, 9, row->bits);
		sqlite3_bind_int64(st, 10, row->clock.source);
		bind_unless(st, 11, row->clock.error_us, -1);
		bind_unless(st, 12, row->clock.sync_age_s, -1);
		bind_place(st, &row->place);
		bind_unless(st, 17, row->plmn, 0);
		bind_unless(st, 18, row->rat, RAT_NONE);
		bind_unless(st, 19, row->reg, REG_ABSENT);
		bind_unless(st, 20, row->rsrp_d, STORE_NO_LEVEL);
		bind_unless(st, 21, row->sinr_d, STORE_NO_LEVEL);
		bind_unless(st, 22, row->nr_rsrp_d, STORE_NO_LEVEL);
		bind_unless(st, 23, row->rate_bps, -1);
		sqlite3_bind_blob64(st, 24, row->body, row->body_len, SQLITE_STATIC);
		db_row(st);
	}
	err = db_end(&raw->db, st);
	return err ? err : sqlite3_changes(raw->db.handle) ? 0 : 1;
}

static int64_t column(sqlite3_stmt *st, int i, int64_t absent)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? absent : sqlite3_column_int64(st, i);
}

void row_get(sqlite3_stmt *st, struct store_row *row)
{
	row->probe = sqlite3_column_int64(st, 0);
	row->seq = (uint64_t)sqlite3_column_int64(st, 1);
	row->kind = (uint8_t)sqlite3_column_int(st, 2);
	row->utc_ns = column(st, 3, UTC_UNKNOWN);
	row->boot = sqlite3_column_int64(st, 4);
	row->mono_ns = sqlite3_column_int64(st, 5);
	row->received_ns = sqlite3_column_int64(st, 6);
	row->state = (uint8_t)sqlite3_column_int(st, 7);
	row->bits = (uint16_t)sqlite3_column_int(st, 8);
	row->clock.source = (uint8_t)sqlite3_column_int(st, 9);
	row->clock.error_us = column(st, 10, -1);
	row->clock.sync_age_s = column(st, 11, -1);
	row->place.lat_e7 = sqlite3_column_int(st, 12);
	row->place.lon_e7 = sqlite3_column_int(st, 13);
	row->place.accuracy_m = (int32_t)column(st, 14, -1);
	row->place.source = (uint8_t)sqlite3_column_int(st, 15);
	row->plmn = (uint32_t)sqlite3_column_int64(st, 16);
	row->rat = (uint8_t)sqlite3_column_int(st, 17);
	row->reg = (uint8_t)sqlite3_column_int(st, 18);
	row->rsrp_d = (int16_t)column(st, 19, STORE_NO_LEVEL);
	row->sinr_d = (int16_t)column(st, 20, STORE_NO_LEVEL);
	row->nr_rsrp_d = (int16_t)column(st, 21, STORE_NO_LEVEL);
	row->rate_bps = column(st, 22, -1);
	row->body = sqlite3_column_blob(st, 23);
	row->body_len = (size_t)sqlite3_column_bytes(st, 23);
}

int store_row_decode(const struct store_row *row, struct record *out)
{
	size_t used;
	int err = codec_decode(out, row->body, row->body_len, &used, NULL);

	if (!err)
		out->utc_ns = row->utc_ns;
	return err;
}
