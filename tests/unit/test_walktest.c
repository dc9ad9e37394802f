/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store/import.h"
#include "collector/store/walktest.h"
#include "store_fixture.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>

#define HEAD \
	"Timestamp,Longitude,Latitude,Speed,Operatorname,CellID,NetworkMode,RSRP,RSRQ,SNR,CQI," \
	"RSSI," \
	"DL_bitrate,UL_bitrate,State,NODEHEX,CELLHEX,LACHEX,RAWCELLID,NRxRSRP,NRxRSRQ"
#define MODE_AND_LEVELS(mode, rsrp, rsrq, snr, rssi) \
	"2026.11.20_08.15.30,105.4112,23.1634,36,Viettel,12," mode "," rsrp "," rsrq "," snr \
	",9," rssi ",3512,88,D,A41B,C,75D1,46768395,-101.0,-15.0"
#define NOW_NS (20780LL * STORE_DAY_NS)

/* --- a row ------------------------------------------------------------------------------------------------------- */
static int read_row(
	const char *header, const char *row, int64_t offset_s, struct record *r, struct why *why)
{
	struct walktest w = { .utc_offset_s = offset_s, .now_ns = NOW_NS };
	char line[WALKTEST_LINE + 1];
	int err;

	why->text[0] = 0;
	snprintf(line, sizeof(line), "%s", header);
	err = walktest_header(&w, line, strlen(line), why);
	if (err)
		return err;
	snprintf(line, sizeof(line), "%s", row);
	return walktest_row(&w, line, strlen(line), r, why);
}

static struct record good_row(const char *header, const char *row)
{
	struct record r;
	struct why why;

	if (read_row(header, row, 7 * 3600, &r, &why))
		fail_msg("%s", why.text);
	return r;
}

static void an_lte_row_becomes_a_signal_record(void **state)
{
	struct record r = good_row(HEAD, MODE_AND_LEVELS("LTE", "-97", "-11", "-7.0", "-67"));

	(void)state;
	assert_int_equal(r.kind, RECORD_SIGNAL);
	assert_int_equal(r.utc_ns, 1795137330 * NS_PER_S); /* 01:15:30 UTC */
	assert_int_equal(r.clock.source, CLOCK_MANUAL);
	assert_int_equal(r.place.source, PLACE_GNSS);
	assert_int_equal(r.place.lat_e7, 231634000);
	assert_int_equal(r.place.lon_e7, 1054112000);
	assert_int_equal(r.place.accuracy_m, -1);
	assert_int_equal(r.state, STATE_UNKNOWN);
	assert_string_equal(record_text(&r, FIELD_METHOD), "gnettrack");
	assert_string_equal(record_text(&r, FIELD_RAT), "LTE");
	assert_true(record_real(&r, FIELD_RSRP, 0) == -97);
	assert_true(record_real(&r, FIELD_RSRQ, 0) == -11);
	assert_true(record_real(&r, FIELD_SINR, 0) == -7);
	assert_true(record_real(&r, FIELD_RSSI, 0) == -67);
	assert_int_equal(record_int(&r, FIELD_CELL, 0), 46768395);
	assert_int_equal(record_int(&r, FIELD_TAC, 0), 0x75d1);
	assert_true(fabs(record_real(&r, FIELD_SPEED_MPS, 0) - 10) < 1e-9);
	assert_string_equal(record_text(&r, FIELD_OPERATOR_NAME), "Viettel");
	/* neither is the neighbour's level the NR leg's, nor says a phone that it is registered */
	assert_false(record_has(&r, FIELD_NR_RSRP) || record_has(&r, FIELD_REGISTRATION));
	assert_false(record_has(&r, FIELD_IMPLAUSIBLE) || record_has(&r, FIELD_FIX));
}

static void minus_200_and_a_dash_are_absent_and_no_lack_of_signal(void **state)
{
	struct record r = good_row(HEAD, MODE_AND_LEVELS("5G", "-200", "-", "-", "-"));

	(void)state;
	assert_string_equal(record_text(&r, FIELD_RAT), "NR5G-NSA");
	assert_false(record_has(&r, FIELD_RSRP) || record_has(&r, FIELD_RSRQ) ||
		     record_has(&r, FIELD_SINR) || record_has(&r, FIELD_RSSI));
	assert_false(record_has(&r, FIELD_IMPLAUSIBLE) || record_has(&r, FIELD_ERROR));
	assert_int_equal(r.state, STATE_UNKNOWN);
}

static void the_level_column_is_what_the_technology_has(void **state)
{
	struct record r = good_row(HEAD, MODE_AND_LEVELS("HSPA+", "-88", "-9", "-", "-70"));

	(void)state;
	assert_string_equal(record_text(&r, FIELD_RAT), "WCDMA");
	assert_true(record_real(&r, FIELD_RSCP, 0) == -88);
	assert_true(record_real(&r, FIELD_ECNO, 0) == -9);
	assert_false(record_has(&r, FIELD_RSRP) || record_has(&r, FIELD_RSRQ));
	r = good_row(HEAD, MODE_AND_LEVELS("EDGE", "-71", "5", "-", "-"));
	assert_string_equal(record_text(&r, FIELD_RAT), "GSM");
	assert_true(record_real(&r, FIELD_RXLEV, 0) == -71);
	assert_false(record_has(&r, FIELD_RSRP) || record_has(&r, FIELD_RSRQ));
	r = good_row(HEAD, MODE_AND_LEVELS("-", "-71", "5", "-", "-"));
	assert_false(record_has(&r, FIELD_RAT) || record_has(&r, FIELD_RSRP));
}

static void standalone_is_claimed_only_of_a_cell_that_no_lte_can_have(void **state)
{
	static const char head[] = "Timestamp,Longitude,Latitude,NetworkMode,RSRP,RAWCELLID";
	struct record r = good_row(head, "2026-11-20 08:15:30,105.4,23.1,5G,-97,4835713025");

	(void)state;
	assert_string_equal(record_text(&r, FIELD_RAT), "NR5G-SA");
	r = good_row(head, "2026-11-20 08:15:30,105.4,23.1,5G,-97,46768395");
	assert_string_equal(record_text(&r, FIELD_RAT), "NR5G-NSA");
	r = good_row(head, "2026-11-20 08:15:30,105.4,23.1,5G,-97,-");
	assert_string_equal(record_text(&r, FIELD_RAT), "NR5G-NSA");
}

static void values_that_cannot_be_are_left_out_and_named(void **state)
{
	struct record r = good_row(HEAD, MODE_AND_LEVELS("LTE", "-20", "-50", "99", "-67"));

	(void)state;
	assert_string_equal(record_text(&r, FIELD_IMPLAUSIBLE), "rsrp_dbm rsrq_db sinr_db");
	assert_false(record_has(&r, FIELD_RSRP) || record_has(&r, FIELD_RSRQ));
	assert_true(record_has(&r, FIELD_RSSI));
}

static void a_row_without_position_is_kept_and_says_so(void **state)
{
	static const char head[] = "time\tlat\tlon\ttech\tlevel";
	struct record r = good_row(head, "2026.11.20_08.15.30.250\t-\t\t4G\t-97\t");

	(void)state;
	assert_int_equal(r.place.source, PLACE_NONE);
	assert_string_equal(record_text(&r, FIELD_FIX), "no_fix");
	assert_int_equal(r.utc_ns, 1795137330 * NS_PER_S + 250 * NS_PER_MS);
	r = good_row(head, "2026.11.20_08.15.30\t0.0\t0\t4G\t-97");
	assert_int_equal(r.place.source, PLACE_NONE);
}

static void other_apps_columns_are_found_by_their_names(void **state)
{
	struct record r =
		good_row("\"Thời gian\";\"Vĩ độ\";Kinh độ;NetworkTech;NetworkMode;Level;Qual;"
			 "SNR;LTERSSI;Node;CellID;LAC;ARFCN;PSC;Operator;Accuracy;Location",
			"2026/11/20 "
			"08:15:30;23,1634;105,4112;4G;LTE;-97;-11;7;-67;182689;11;30161;1825;211;"
			"45204;4,2;N");

	(void)state;
	assert_int_equal(r.place.lat_e7, 231634000);
	assert_int_equal(r.place.source, PLACE_NETWORK);
	assert_int_equal(r.place.accuracy_m, 5);
	assert_int_equal(record_int(&r, FIELD_CELL, 0), 182689 * 256 + 11);
	assert_int_equal(record_int(&r, FIELD_ARFCN, 0), 1825);
	assert_int_equal(record_int(&r, FIELD_PCI, 0), 211);
	assert_int_equal(record_int(&r, FIELD_TAC, 0), 30161);
	assert_string_equal(record_text(&r, FIELD_PLMN), "45204");
}

static void times_are_those_of_the_zone_unless_they_say(void **state)
{
	static const char head[] = "time,lat,lon,tech,level";
	struct record r;
	struct why why;

	(void)state;
	assert_int_equal(read_row(head, "2026.11.20_08.15.30,23.1,105.4,LTE,-97", 0, &r, &why), 0);
	assert_int_equal(r.utc_ns, 1795162530 * NS_PER_S);
	r = good_row(head, "2026-11-20T08:15:30Z,23.1,105.4,LTE,-97");
	assert_int_equal(r.utc_ns, 1795162530 * NS_PER_S);
	r = good_row(head, "2026-11-20T10:15:30+09:00,23.1,105.4,LTE,-97");
	assert_int_equal(r.utc_ns, 1795137330 * NS_PER_S);
}

static void offsets_are_hours_and_minutes(void **state)
{
	static const char *const bad[] = { "", "7", "+", "+7:", "+07:60", "+15:00", "+7x", "+ 7",
		"Asia/Ho_Chi_Minh", "+-7", "++7", "+007" };
	int64_t s;

	(void)state;
	assert_true(!walktest_offset("+07:00", &s) && s == 25200);
	assert_true(!walktest_offset("+7", &s) && s == 25200);
	assert_true(!walktest_offset("-3:30", &s) && s == -12600);
	assert_true(!walktest_offset("Z", &s) && s == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!walktest_offset(bad[i], &s))
			fail_msg("\"%s\" is taken", bad[i]);
}

static void refused(const char *row, const char *message)
{
	struct record r;
	struct why why;

	assert_int_equal(read_row("time,lat,lon,tech,level", row, 0, &r, &why), -EINVAL);
	if (!strstr(why.text, message))
		fail_msg("expected \"%s\", got \"%s\"", message, why.text);
}

static void a_bad_row_is_refused_with_a_sentence(void **state)
{
	(void)state;
	refused(",23.1,105.4,LTE,-97", "there is no time");
	refused("08:15:30,23.1,105.4,LTE,-97", "time \"08:15:30\" is not a time such as");
	refused("2026.02.30_08.15.30,23.1,105.4,LTE,-97", "is not a time such as");
	refused("2026.11.20x08.15.30,23.1,105.4,LTE,-97", "is not a time such as");
	refused("2020.01.06_11.08.12,23.1,105.4,LTE,-97", "is not a time after 2024-01-01");
	refused("2026.12.20_08.15.30,23.1,105.4,LTE,-97",
		"is not in the past; is --utc-offset right?");
	refused("2026.11.20_08.15.30,23.1,105.4,LTE", "4 cells, the header has 5");
	refused("2026.11.20_08.15.30,23.1,105.4,LTE,-97,7", "6 cells, the header has 5");
	refused("2026.11.20_08.15.30,23.1,105.4,LTE,-97,,", "7 cells, the header has 5");
	refused("2026.11.20_08.15.30,north,105.4,LTE,-97", "lat \"north\" is not a number");
	refused("2026.11.20_08.15.30,23.1,-,LTE,-97", "one coordinate without the other");
	refused("2026.11.20_08.15.30,105.4,23.1,LTE,-97",
		"latitude 105.4 and longitude 23.1 are swapped");
	refused("2026.11.20_08.15.30,51.9,-8.4,LTE,-97", "the point 51.9, -8.4 is not in Vietnam");
	refused("2026.11.20_08.15.30,23.1,105.4,11,-97", "tech \"11\" is not a technology");
	refused("2026.11.20_08.15.30,23.1,105.4,LTE,weak", "level \"weak\" is not a number");
	refused("2026.11.20_08.15.30,23.1,105.4,\"LTE,-97", "a quotation mark is never closed");
	refused("2026.11.20_08.15.30,23.1,105.4,\"LTE\"x,-97",
		"text after a closing quotation mark");
	refused("2026.11.20_08.15.30,23.1,105.4,LT\xe9,-97", "byte 34: 0xe9 is not UTF-8");
}

static void a_header_must_have_time_place_technology_and_level(void **state)
{
	static const char *const bad[] = { "", "a,b", "lat,lon,tech,level", "time,lon,tech,level",
		"time,lat,tech,level", "time,lat,lon,level", "time,lat,lon,tech" };
	struct record r;
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_row(bad[i], "", 0, &r, &why), -EINVAL);
		assert_non_null(strstr(why.text, "is missing (accepted: "));
	}
}

/* --- a file ---------------------------------------------------------------------------------------------------------- */
#define SHORT_HEAD "time,lat,lon,tech,level\n"

struct desk {
	struct shop shop;
	struct buf problems;
	struct import im;
	struct walktest_result result;
};

static void desk_new(struct desk *d)
{
	memset(d, 0, sizeof(*d));
	shop_new(&d->shop);
	buf_init(&d->problems, 1024 * 1024);
	d->im = (struct import){ .store = d->shop.s, .actor = "test", .problems = &d->problems };
}

static void desk_done(struct desk *d)
{
	buf_done(&d->problems);
	shop_done(&d->shop);
}

static int import_file(struct desk *d, const char *name, const char *probe)
{
	struct walktest_options o = { probe, 7 * 3600, NOW_NS };
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", d->shop.folder, name);
	buf_clear(&d->problems);
	return import_walktest(&d->im, path, &o, &d->result);
}

/* Rows of a walk northwards, a second each. */
static void write_walk(const struct desk *d, const char *name, const char *head, int from, int to,
	const char *tail)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", d->shop.folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	fputs(head, f);
	for (int i = from; i < to; i++)
		fprintf(f, "2026.11.20_%02d.%02d.%02d,%.6f,105.4112,LTE,%d\r\n", 8 + i / 3600,
			i / 60 % 60, i % 60, 23.1 + i * 1e-6, -90 - i % 30);
	fputs(tail, f);
	fclose(f);
}

static int count_row(void *arg, const struct store_row *row)
{
	int *n = arg;
	struct record r;

	assert_int_equal(store_row_decode(row, &r), 0);
	assert_int_equal(row->place.source, PLACE_GNSS);
	assert_int_equal(row->bits & (ROW_ELSEWHERE | ROW_SIMULATED), ROW_ELSEWHERE);
	assert_string_equal(record_text(&r, FIELD_SURVEY), "walk.csv");
	assert_int_equal(row->place.lat_e7, 231000000 + *n * 10);
	assert_int_equal(row->seq, *n + 1);
	assert_int_equal(row->mono_ns, *n * NS_PER_S);
	++*n;
	return 0;
}

static void a_file_becomes_records_of_a_probe_of_its_own(void **state)
{
	struct store_query q = { .to_ns = INT64_MAX };
	struct store_probe p;
	struct desk d;
	uint8_t id[PROBE_ID];
	int n = 0;

	(void)state;
	desk_new(&d);
	write_walk(&d, "walk.csv", "\xef\xbb\xbf" SHORT_HEAD, 0, 5000, "\n\n");
	assert_int_equal(import_file(&d, "walk.csv", NULL), 0);
	assert_int_equal(d.result.rows, 5000);
	assert_int_equal(d.result.added, 5000);
	assert_int_equal(d.result.placed, 5000);
	assert_int_equal(store_probe(d.shop.s, d.result.probe, &p), 0);
	assert_int_equal(p.role, ROLE_ROAMING);
	assert_string_equal(p.hamlet, "");
	assert_memory_equal(p.id, "walk-", 5);
	assert_int_equal(probe_id_parse(p.id, id), -EINVAL); /* nobody can have this id */
	q.probe = p.number;
	assert_int_equal(store_rows(d.shop.s, &q, count_row, &n), 0);
	assert_int_equal(n, 5000);
	shop_sound(&d.shop, 5000);
	desk_done(&d);
}

static void the_same_file_again_changes_nothing(void **state)
{
	struct store_probe before, after;
	int64_t audit;
	struct desk d;

	(void)state;
	desk_new(&d);
	write_walk(&d, "walk.csv", SHORT_HEAD, 0, 100, "");
	write_walk(&d, "copy.csv", SHORT_HEAD, 0, 100, "");
	assert_int_equal(import_file(&d, "walk.csv", "phone-7"), 0);
	assert_string_equal(d.result.probe, "walk-phone-7");
	assert_int_equal(store_probe(d.shop.s, d.result.probe, &before), 0);
	audit = store_audit_last(d.shop.s);
	assert_int_equal(import_file(&d, "walk.csv", "phone-7"), 0);
	assert_int_equal(d.result.added, 0);
	assert_int_equal(d.result.there, 100);
	assert_int_equal(import_file(&d, "copy.csv", NULL), 0);
	assert_int_equal(d.result.there, 100);
	assert_string_equal(d.result.probe, "walk-phone-7");
	assert_int_equal(store_probe(d.shop.s, "walk-phone-7", &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(store_audit_last(d.shop.s), audit);
	assert_true(import_file(&d, "copy.csv", "other") < 0);
	assert_non_null(strstr(buf_text(&d.problems), "is there already, as probe walk-phone-7"));
	assert_int_equal(store_probe(d.shop.s, "walk-other", &after), -ENOENT);
	shop_sound(&d.shop, 100);
	desk_done(&d);
}

static void a_probes_second_file_goes_on_after_the_first(void **state)
{
	struct store_custody c;
	struct store_probe p;
	struct desk d;

	(void)state;
	desk_new(&d);
	write_walk(&d, "a.csv", SHORT_HEAD, 0, 100, "");
	write_walk(&d, "b.csv", SHORT_HEAD, 100, 150, "");
	assert_int_equal(import_file(&d, "a.csv", "phone"), 0);
	assert_int_equal(import_file(&d, "b.csv", "phone"), 0);
	assert_int_equal(d.result.added, 50);
	assert_int_equal(store_probe(d.shop.s, "walk-phone", &p), 0);
	assert_int_equal(store_custody(d.shop.s, p.number, &c), 0);
	assert_int_equal(c.highest, 150);
	assert_int_equal(c.missing, 0);
	desk_done(&d);
}

static void one_bad_line_refuses_the_file_and_all_are_named(void **state)
{
	struct store_probe p;
	struct desk d;

	(void)state;
	desk_new(&d);
	write_walk(&d, "walk.csv", SHORT_HEAD, 0, 3,
		"2026.11.20_08.15.30,23.1,105.4,11,-97\n\n2026.11.20_08.15.31,23.1,105.4,LTE\n");
	assert_int_equal(import_file(&d, "walk.csv", "phone"), -EINVAL);
	assert_non_null(strstr(buf_text(&d.problems),
		"walk.csv:5: tech \"11\" is not a technology\n"
		"walk.csv:7: 4 cells, the header has 5\n"
		"walk.csv: 2 of 5 lines are wrong; nothing was imported\n"));
	assert_int_equal(store_probe(d.shop.s, "walk-phone", &p), -ENOENT);
	shop_sound(&d.shop, 0);
	desk_done(&d);
}

static void odd_files_are_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *head, *message;
		int rows;
	} odd[] = {
		{ "", "walk.csv: the file is empty", 0 },
		{ SHORT_HEAD, "walk.csv: has no rows", 0 },
		{ "a,b\n", "walk.csv:1: column timestamp is missing", 3 },
		{ "PK\x03\x04", "walk.csv:1: column timestamp is missing", 0 },
		{ "\xff\xfe"
		  "t",
			"walk.csv:1: byte 1: 0xff is not UTF-8", 0 },
	};
	char flood[WALKTEST_LINE + 100];
	struct desk d;

	(void)state;
	desk_new(&d);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		write_walk(&d, "walk.csv", odd[i].head, 0, odd[i].rows, "");
		assert_true(import_file(&d, "walk.csv", NULL) < 0);
		if (!strstr(buf_text(&d.problems), odd[i].message))
			fail_msg(
				"expected \"%s\" in \"%s\"", odd[i].message, buf_text(&d.problems));
	}
	memset(flood, 'x', sizeof(flood));
	flood[sizeof(flood) - 1] = 0;
	write_walk(&d, "walk.csv", SHORT_HEAD, 0, 2, flood);
	assert_true(import_file(&d, "walk.csv", NULL) < 0);
	assert_non_null(strstr(buf_text(&d.problems), "walk.csv:4: the line is too long"));
	assert_true(import_file(&d, "nothing.csv", NULL) < 0);
	assert_true(import_file(&d, ".", NULL) < 0);
	assert_non_null(strstr(buf_text(&d.problems), "is not a file"));
	write_walk(&d, "walk.csv", SHORT_HEAD, 0, 2, "");
	assert_true(import_file(&d, "walk.csv", "Ban Pho") < 0);
	assert_non_null(
		strstr(buf_text(&d.problems), "--probe \"Ban Pho\": 1 to 21 of the letters"));
	desk_done(&d);
}

static void change(const struct desk *d, const char *file, const char *sql)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/%s", d->shop.folder, file);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void an_import_that_was_cut_off_goes_on(void **state)
{
	struct store_probe p;
	struct desk d;
	char sql[96];

	(void)state;
	desk_new(&d);
	write_walk(&d, "walk.csv", SHORT_HEAD, 0, 9000, "");
	assert_int_equal(import_file(&d, "walk.csv", "phone"), 0);
	assert_int_equal(store_probe(d.shop.s, "walk-phone", &p), 0);
	/* as if it had been killed after the first group */
	store_close(d.shop.s);
	change(&d, "raw/raw-20261120.db", "DELETE FROM record WHERE seq>4000; DELETE FROM grouped");
	snprintf(sql, sizeof(sql), "UPDATE ledger SET last=4000 WHERE probe=%d", (int)p.number);
	change(&d, "meta.db", sql);
	shop_open(&d.shop);
	d.im.store = d.shop.s;
	assert_int_equal(import_file(&d, "walk.csv", "phone"), 0);
	assert_int_equal(d.result.there, 4000);
	assert_int_equal(d.result.added, 5000);
	shop_sound(&d.shop, 9000);
	desk_done(&d);
}

static void a_retired_probe_takes_nothing(void **state)
{
	struct why why = { "" };
	struct desk d;

	(void)state;
	desk_new(&d);
	write_walk(&d, "a.csv", SHORT_HEAD, 0, 10, "");
	write_walk(&d, "b.csv", SHORT_HEAD, 10, 20, "");
	assert_int_equal(import_file(&d, "a.csv", "phone"), 0);
	assert_int_equal(store_probe_retire(d.shop.s, "walk-phone", "test", &why), 0);
	assert_int_equal(import_file(&d, "b.csv", "phone"), -EPERM);
	assert_non_null(strstr(buf_text(&d.problems), "probe walk-phone is retired"));
	shop_sound(&d.shop, 10);
	desk_done(&d);
}

static void an_imports_id_cannot_be_registered_by_hand(void **state)
{
	struct store_probe p = { .role = ROLE_REFERENCE, .id = "walk-phone" };
	struct why why = { "" };
	struct desk d;

	(void)state;
	desk_new(&d);
	assert_int_equal(store_probe_add(d.shop.s, &p, "test", &why), -EINVAL);
	assert_int_equal(
		store_probe_import(d.shop.s, "abcdefghijklmnopqrstuvwxyz", "test", &why), -EINVAL);
	desk_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_lte_row_becomes_a_signal_record),
		cmocka_unit_test(minus_200_and_a_dash_are_absent_and_no_lack_of_signal),
		cmocka_unit_test(the_level_column_is_what_the_technology_has),
		cmocka_unit_test(standalone_is_claimed_only_of_a_cell_that_no_lte_can_have),
		cmocka_unit_test(values_that_cannot_be_are_left_out_and_named),
		cmocka_unit_test(a_row_without_position_is_kept_and_says_so),
		cmocka_unit_test(other_apps_columns_are_found_by_their_names),
		cmocka_unit_test(times_are_those_of_the_zone_unless_they_say),
		cmocka_unit_test(offsets_are_hours_and_minutes),
		cmocka_unit_test(a_bad_row_is_refused_with_a_sentence),
		cmocka_unit_test(a_header_must_have_time_place_technology_and_level),
		cmocka_unit_test(a_file_becomes_records_of_a_probe_of_its_own),
		cmocka_unit_test(the_same_file_again_changes_nothing),
		cmocka_unit_test(a_probes_second_file_goes_on_after_the_first),
		cmocka_unit_test(one_bad_line_refuses_the_file_and_all_are_named),
		cmocka_unit_test(odd_files_are_refused_with_a_sentence),
		cmocka_unit_test(an_import_that_was_cut_off_goes_on),
		cmocka_unit_test(a_retired_probe_takes_nothing),
		cmocka_unit_test(an_imports_id_cannot_be_registered_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
