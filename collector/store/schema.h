/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of meta.db and of a raw file.  Times are ns since 1970 by the collector's clock unless
 * named otherwise, days are days since 1970-01-01, codes are text. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#define SCHEMA_VERSION 1

#define META_SCHEMA \
	"CREATE TABLE kv(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;" \
	"CREATE TABLE unit(level INTEGER, code TEXT, valid_from INTEGER, valid_to INTEGER, " \
	"parent TEXT, name TEXT," \
	" full_name TEXT, name_en TEXT, type TEXT, area_km2 REAL, population INTEGER, lat REAL, " \
	"lon REAL," \
	" PRIMARY KEY(level, code, valid_from)) WITHOUT ROWID;" \
	"CREATE INDEX unit_parent ON unit(parent);" \
	"CREATE TABLE former(code TEXT, now TEXT, name TEXT, district TEXT, province_code TEXT, " \
	"province TEXT, split INTEGER," \
	" PRIMARY KEY(code, now)) WITHOUT ROWID;" \
	"CREATE INDEX former_now ON former(now);" \
	"CREATE TABLE hamlet(code TEXT PRIMARY KEY, name TEXT, commune TEXT, province TEXT, " \
	"former_commune TEXT, lat_e7 INTEGER," \
	" lon_e7 INTEGER, population INTEGER, households INTEGER, population_source TEXT, " \
	"grid_power TEXT, valid_from INTEGER," \
	" valid_to INTEGER) WITHOUT ROWID;" \
	"CREATE INDEX hamlet_place ON hamlet(province, commune);" \
	"CREATE TABLE cluster(hamlet TEXT, code TEXT, name TEXT, lat_e7 INTEGER, lon_e7 INTEGER, " \
	"population INTEGER," \
	" households INTEGER, PRIMARY KEY(hamlet, code)) WITHOUT ROWID;" \
	"CREATE TABLE reported(hamlet TEXT PRIMARY KEY, status TEXT, as_of INTEGER, source TEXT, " \
	"note TEXT) WITHOUT ROWID;" \
	"CREATE TABLE operator(plmn TEXT PRIMARY KEY, brand TEXT, name TEXT, status TEXT) " \
	"WITHOUT ROWID;" \
	"CREATE TABLE probe(number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, role INTEGER, " \
	"simulated INTEGER, retired INTEGER," \
	" online INTEGER, added INTEGER, first_batch INTEGER, last_seen INTEGER, agent TEXT, " \
	"hamlet TEXT, cluster TEXT," \
	" repeated INTEGER DEFAULT 0);" /* where a probe was, when; the open one has till = max */ \
	"CREATE TABLE placement(probe INTEGER, since INTEGER, till INTEGER, hamlet TEXT, cluster " \
	"TEXT, role INTEGER," \
	" PRIMARY KEY(probe, since)) WITHOUT ROWID;" \
	"CREATE INDEX placement_hamlet ON placement(hamlet);" /* sequence numbers that are stored, as disjoint, not touching ranges */ \
	"CREATE TABLE ledger(probe INTEGER, first INTEGER, last INTEGER, PRIMARY KEY(probe, " \
	"first)) WITHOUT ROWID;" \
	"CREATE TABLE rejected(probe INTEGER, seq INTEGER, code INTEGER, PRIMARY KEY(probe, " \
	"seq)) WITHOUT ROWID;" /* what gap records told */ \
	"CREATE TABLE dropped(probe INTEGER, first INTEGER, last INTEGER, count INTEGER, reason " \
	"TEXT," \
	" PRIMARY KEY(probe, first, last)) WITHOUT ROWID;" \
	"CREATE TABLE boot(probe INTEGER, boot INTEGER, id BLOB, mono_ns INTEGER, utc_ns " \
	"INTEGER, error_us INTEGER, source INTEGER," \
	" PRIMARY KEY(probe, boot)) WITHOUT ROWID;" /* raw files that hold records of a boot whose UTC is not known yet */ \
	"CREATE TABLE unplaced(probe INTEGER, boot INTEGER, day INTEGER, mono_ns INTEGER, utc_ns " \
	"INTEGER, PRIMARY KEY(probe, boot, day)) WITHOUT ROWID;" \
	"CREATE TABLE dirty(hamlet TEXT, day INTEGER, mark INTEGER, PRIMARY KEY(hamlet, day)) " \
	"WITHOUT ROWID;" \
	"CREATE INDEX dirty_mark ON dirty(mark);" \
	"CREATE TABLE quarantine(number INTEGER PRIMARY KEY, received INTEGER, reason TEXT, " \
	"detail TEXT, topic TEXT, probe TEXT," \
	" seq INTEGER, size INTEGER, digest BLOB UNIQUE, times INTEGER, bytes BLOB);" \
	"CREATE INDEX quarantine_reason ON quarantine(reason, number);" \
	"CREATE INDEX quarantine_probe ON quarantine(probe);" \
	"CREATE TABLE quarantined(reason TEXT PRIMARY KEY, ever INTEGER) WITHOUT ROWID;" \
	"CREATE TABLE audit(number INTEGER PRIMARY KEY, at INTEGER, actor TEXT, action TEXT, " \
	"object TEXT, detail TEXT, hash BLOB);"

/* Made in older stores, too: nothing that was there changes, and an older program does not see them. */
#define META_MORE \
	"CREATE TABLE IF NOT EXISTS orders(number INTEGER PRIMARY KEY, id TEXT UNIQUE, probe " \
	"TEXT, action INTEGER, what TEXT, target TEXT, until INTEGER, stop INTEGER, plan TEXT, " \
	"issued INTEGER, expires INTEGER, actor TEXT, state INTEGER, word TEXT, detail TEXT, " \
	"replied INTEGER, sent INTEGER, last_sent INTEGER, next INTEGER);" \
	"CREATE INDEX IF NOT EXISTS orders_probe ON orders(probe, state, number);" \
	"CREATE INDEX IF NOT EXISTS orders_state ON orders(state, next);" \
	"CREATE TABLE IF NOT EXISTS claim(name TEXT PRIMARY KEY, hash BLOB, hamlet TEXT, " \
	"cluster TEXT, role INTEGER, simulated INTEGER, created INTEGER, expires INTEGER, actor " \
	"TEXT, probe TEXT, used INTEGER) WITHOUT ROWID;" \
	"CREATE TABLE IF NOT EXISTS certificate(serial TEXT PRIMARY KEY, probe TEXT, issued " \
	"INTEGER, expires INTEGER, revoked INTEGER, pem TEXT) WITHOUT ROWID;" \
	"CREATE INDEX IF NOT EXISTS certificate_probe ON certificate(probe);"

/* plmn, rat, reg, rsrp_d ... are copies out of body for quick scans. */
#define RAW_SCHEMA \
	"CREATE TABLE record(probe INTEGER, seq INTEGER, kind INTEGER, utc_ns INTEGER, boot " \
	"INTEGER, mono_ns INTEGER," \
	" received_ns INTEGER, state INTEGER, bits INTEGER, clock_source INTEGER, clock_error_us " \
	"INTEGER, clock_age_s INTEGER," \
	" lat_e7 INTEGER, lon_e7 INTEGER, accuracy_m INTEGER, place_source INTEGER, plmn " \
	"INTEGER, rat INTEGER, reg INTEGER," \
	" rsrp_d INTEGER, sinr_d INTEGER, nr_rsrp_d INTEGER, rate_bps INTEGER, body BLOB, " \
	"PRIMARY KEY(probe, seq)) WITHOUT ROWID;" /* what the newest groups put here, in the same transaction: completes the ledger after a kill */ \
	"CREATE TABLE grouped(number INTEGER, probe INTEGER, first INTEGER, last INTEGER, " \
	"PRIMARY KEY(number, probe, first)) WITHOUT ROWID;"

#endif
