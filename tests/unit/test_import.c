/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/store/boundaries.h"
#include "collector/store/csv.h"
#include "collector/store/import.h"
#include "collector/store/names.h"
#include "store_fixture.h"

#include <errno.h>

struct desk {
	struct shop shop;
	struct buf problems;
	struct import im;
};

static void put_file(const struct desk *d, const char *name, const char *text, char path[128])
{
	FILE *f;

	snprintf(path, 128, "%s/%s", d->shop.folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int import_text(struct desk *d, int (*run)(struct import *im, const char *path),
	const char *name, const char *text)
{
	char path[128];

	put_file(d, name, text, path);
	buf_clear(&d->problems);
	d->im.result = (struct import_result){ 0 };
	return run(&d->im, path);
}

static void desk_new(struct desk *d)
{
	memset(d, 0, sizeof(*d));
	shop_new(&d->shop);
	buf_init(&d->problems, 1024 * 1024);
	d->im = (struct import){ .store = d->shop.s, .actor = "test", .problems = &d->problems };
	assert_int_equal(import_text(d, import_units, "p_2026-04-30.csv",
				 "province_code,name_vi\n08,Tuyên Quang\n11,Điện Biên\n"),
		0);
	assert_int_equal(import_text(d, import_units, "c_2026-04-30.csv",
				 "commune_code,province_code,name_vi,full_name_vi,lat,lon\n"
				 "00769,08,Mèo Vạc,Xã Mèo Vạc,23.16,105.41\n"
				 "00802,08,Khâu Vai,Xã Khâu Vai,,\n"
				 "03127,11,Mường Phăng,Xã Mường Phăng,,\n"
				 "03130,11,Khâu Vai,Xã Khâu Vai,,\n"),
		0);
	assert_int_equal(
		import_text(d, import_units, "f_2025-07-01.csv",
			"former_code,former_name,commune_code\n00770,Xã Thượng Phùng,00769\n"),
		0);
}

static void desk_done(struct desk *d)
{
	buf_done(&d->problems);
	shop_done(&d->shop);
}

/* The file is refused, the message is there, and nothing was stored. */
static void refused(const char *text, const char *message)
{
	struct desk d;
	struct store_hamlet h;

	desk_new(&d);
	assert_true(import_text(&d, import_hamlets, "h.csv", text) < 0);
	if (!strstr(buf_text(&d.problems), message))
		fail_msg("expected \"%s\" in:\n%s", message, buf_text(&d.problems));
	assert_int_equal(store_hamlet(d.shop.s, "H1", &h), -ENOENT);
	desk_done(&d);
}

#define HEAD "hamlet_code,hamlet,commune_code,lat,lon,population\n"
#define GOOD "H1,Há Cá Thình,00769,23.16,105.41,120\n"

static void each_bad_line_is_named(void **state)
{
	(void)state;
	refused(HEAD GOOD "H2,Sín,769,,,\n",
		"h.csv:3: commune code \"769\" has 3 digits, not 5: were its leading zeros lost");
	refused(HEAD GOOD "H2,Sín,99999,,,\n", "h.csv:3: there is no commune 99999");
	refused(HEAD GOOD "H2,Sín,00770,,,\n",
		"h.csv:3: 00770 is the former commune Xã Thượng Phùng, today 00769");
	refused(HEAD GOOD "H1,Sín,00769,,,\n", "h.csv:3: H1 is there twice (first in line 2)");
	refused(HEAD GOOD "H 2,Sín,00769,,,\n", "h.csv:3: code \"H 2\": only letters");
	refused(HEAD GOOD "H2,,00769,,,\n", "h.csv:3: hamlet is empty");
	refused(HEAD GOOD "H2,Sín,00769,105.41,23.16,\n",
		"h.csv:3: latitude 105.41 and longitude 23.16 are swapped");
	refused(HEAD GOOD "H2,Sín,00769,48.85,2.35,\n",
		"h.csv:3: the point 48.85, 2.35 is not in Vietnam");
	refused(HEAD GOOD "H2,Sín,00769,x,y,\n", "h.csv:3: \"x\", \"y\" is not a point");
	refused(HEAD GOOD "H2,Sín,00769,,,1.200\n",
		"h.csv:3: population \"1.200\" is not a whole number");
	refused(HEAD GOOD "H2,Sín,00769,,\n", "line 3: 5 cells, the header has 6");
	refused(HEAD GOOD "H2,\"Sín,00769,,,\n", "line 3: a quotation mark is never closed");
	refused(HEAD GOOD "H2,S\xedn,00769,,,\n", "line 3, byte 5: 0xed is not UTF-8");
	refused("\xff\xfeH", "this is UTF-16");
	refused("hamlet_code,commune_code\nH1,00769\n",
		"h.csv:1: column hamlet is missing (accepted: hamlet|");
	refused("hamlet_code,hamlet\nH1,A\n", "h.csv:1: column commune_code is missing");
	refused("", "the file is empty");
	refused("hamlet_code,hamlet,commune\nH1,A,Khâu Vai\n",
		"commune \"Khâu Vai\" is not unique: 00802 Xã Khâu Vai (08), 03130 Xã Khâu Vai "
		"(11)");
	refused("hamlet_code,hamlet,commune\nH1,A,Nơi Khác\n", "there is no commune \"Nơi Khác\"");
	refused("hamlet_code,hamlet,commune_code,grid_power\nH1,A,00769,maybe\n",
		"grid_power \"maybe\" is neither yes nor no");
	refused("hamlet_code,hamlet,commune_code,valid_from\nH1,A,00769,soon\n",
		"valid_from \"soon\" is not a date");
}

static void all_bad_lines_are_named_at_once(void **state)
{
	struct desk d;

	(void)state;
	desk_new(&d);
	assert_int_equal(import_text(&d, import_hamlets, "h.csv",
				 HEAD "H1,,00769,,,\nH2,B,1,,,\nH3,C,00769,,,\n"),
		-EINVAL);
	assert_non_null(strstr(buf_text(&d.problems), "h.csv:2:"));
	assert_non_null(strstr(buf_text(&d.problems), "h.csv:3:"));
	assert_non_null(
		strstr(buf_text(&d.problems), "2 of 3 lines are wrong; nothing was imported"));
	desk_done(&d);
}

static void a_spreadsheet_in_vietnamese_is_read(void **state)
{
	struct store_hamlet h;
	struct desk d;

	(void)state;
	desk_new(&d);
	assert_int_equal(import_text(&d, import_hamlets, "h.csv",
				 "\xef\xbb\xbfMã thôn;Tên thôn;Mã tỉnh;Xã;Vĩ độ;Kinh độ;Dân số;Số "
				 "hộ;Điện lưới\r\n"
				 "H1;Ha\xcc\x81 Ca\xcc\x81 Thi\xcc\x80nh;08;Khau "
				 "Vai;23,1612345;105,4;120;31;chưa\r\n"
				 "\r\n"
				 "H2;\"Trù;  Lủng \"\"Dưới\"\"\";08;Xã Mèo Vạc;;;;;có\r\n"),
		0);
	assert_int_equal(store_hamlet(d.shop.s, "H1", &h), 0);
	assert_string_equal(h.name, "Há Cá Thình"); /* was decomposed */
	assert_string_equal(
		h.commune, "00802"); /* without marks: unique within the province, with a warning */
	assert_non_null(strstr(buf_text(&d.problems),
		"h.csv:2: warning: commune \"Khau Vai\" was taken as 00802"));
	assert_int_equal(h.lat_e7, 231612345);
	assert_int_equal(h.population, 120);
	assert_string_equal(h.grid_power, "no");
	assert_int_equal(store_hamlet(d.shop.s, "H2", &h), 0);
	assert_string_equal(h.name, "Trù; Lủng \"Dưới\"");
	assert_false(h.has_point);
	assert_int_equal(h.population, -1);
	desk_done(&d);
}

static void a_point_outside_its_commune_is_warned_about(void **state)
{
	struct boundary_point ring[] = { { 105, 23 }, { 106, 23 }, { 106, 24 }, { 105, 24 },
		{ 105, 23 } };
	size_t end = 5;
	struct boundary commune = { .code = "00769",
		.name = "Xã Mèo Vạc",
		.west = 105,
		.south = 23,
		.east = 106,
		.north = 24,
		.points = ring,
		.ends = &end,
		.rings = 1 };
	struct boundaries b = { .communes = &commune, .commune_count = 1 };
	struct desk d;

	(void)state;
	desk_new(&d);
	d.im.boundaries = &b;
	assert_int_equal(
		import_text(&d, import_hamlets, "h.csv", HEAD GOOD "H2,Sín,00769,22.5,105.5,\n"),
		0);
	assert_int_equal(d.im.result.warnings, 1);
	assert_non_null(strstr(buf_text(&d.problems),
		"h.csv:3: warning: Sín: the point 22.50000, 105.50000 is outside commune 00769"));
	desk_done(&d);
}

static int count_unit(void *arg, const struct store_unit *u)
{
	(void)u;
	++*(int *)arg;
	return 0;
}

static void a_new_list_of_units_keeps_the_history(void **state)
{
	struct store_unit u;
	struct desk d;
	int n = 0;

	(void)state;
	desk_new(&d);
	assert_int_equal(import_text(&d, import_units, "c_2027-01-01.csv",
				 "commune_code,province_code,name_vi,full_name_vi\n"
				 "00769,08,Mèo Vạc,Phường Mèo Vạc\n00802,08,Khâu Vai,Xã Khâu "
				 "Vai\n03127,11,Mường Phăng,Xã Mường Phăng\n"),
		0);
	assert_int_equal(d.im.result.changed, 1);
	assert_int_equal(d.im.result.ended, 1);
	assert_int_equal(store_unit(d.shop.s, UNIT_COMMUNE, "00769", STORE_TODAY, &u), 0);
	assert_string_equal(u.full_name, "Phường Mèo Vạc");
	assert_int_equal(
		store_unit(d.shop.s, UNIT_COMMUNE, "00769", 20780, &u), 0); /* 2026-11-23 */
	assert_string_equal(u.full_name, "Xã Mèo Vạc");
	assert_int_equal(store_unit(d.shop.s, UNIT_COMMUNE, "03130", STORE_TODAY, &u), -ENOENT);
	assert_int_equal(store_units(d.shop.s, UNIT_COMMUNE, NULL, 20780, count_unit, &n), 0);
	assert_int_equal(n, 4);
	desk_done(&d);
}

static void what_was_reported_is_kept_apart_from_what_is_measured(void **state)
{
	struct store_hamlet h;
	struct desk d;

	(void)state;
	desk_new(&d);
	assert_int_equal(import_text(&d, import_hamlets, "h.csv", HEAD GOOD), 0);
	assert_int_equal(import_text(&d, import_reported, "r.csv",
				 "hamlet_code,reported,reported_on,reported_source\nH1,trang_song,"
				 "2026-01,https://example.vn/1\n"),
		0);
	assert_int_equal(store_hamlet(d.shop.s, "H1", &h), 0);
	assert_string_equal(h.reported, "trang_song");
	assert_string_equal(h.reported_source, "https://example.vn/1");
	assert_true(import_text(&d, import_reported, "r.csv",
			    "hamlet_code,reported,reported_source\nH9,trang_song,x\n") < 0);
	assert_non_null(strstr(buf_text(&d.problems), "r.csv:2: there is no hamlet H9"));
	assert_true(import_text(&d, import_clusters, "k.csv",
			    "hamlet_code,cluster_code\nH1,A\nH1,A\n") < 0);
	assert_non_null(strstr(buf_text(&d.problems), "k.csv:3: H1/A is there twice"));
	assert_int_equal(import_text(&d, import_clusters, "k.csv",
				 "hamlet_code,cluster_code,lat,lon\nH1,A,23.1,105.4\nH1,B,,\n"),
		0);
	desk_done(&d);
}

static void names_are_composed_and_compared_without_marks(void **state)
{
	char out[64];

	(void)state;
	names_nfc("Tu\xcc\x9b\xcc\x81", out, sizeof(out)); /* u, horn, acute */
	assert_string_equal(out, "Tứ");
	names_nfc("o\xcc\xa3\xcc\x82", out,
		sizeof(out)); /* dot below before the circumflex, as NFD orders them */
	assert_string_equal(out, "ộ");
	names_nfc("a\xcc\x81\xcc\x82", out, sizeof(out)); /* acute first blocks the circumflex */
	assert_string_equal(out, "á\xcc\x82");
	names_plain("  Đặc khu Trường-Sa ", out, sizeof(out));
	assert_string_equal(out, "dac_khu_truong_sa");
	names_clean(" a \xc2\xa0 b\t", out, sizeof(out));
	assert_string_equal(out, "a b");
	names_nfc("Thuỷ", out, 4); /* cut at a character */
	assert_string_equal(out, "Thu");
}

static void csv_cells_come_out_as_they_were_meant(void **state)
{
	static const char text[] = "a,b\n\"x,\n\"\"y\"\"\",\n,z";
	struct why why = { "" };
	struct csv c;

	(void)state;
	assert_int_equal(csv_parse(&c, text, sizeof(text) - 1, &why), 0);
	assert_int_equal(c.rows, 2);
	assert_string_equal(csv_cell(&c, 0, 0), "x,\n\"y\"");
	assert_string_equal(csv_cell(&c, 0, 1), "");
	assert_string_equal(csv_cell(&c, 1, 0), "");
	assert_string_equal(csv_cell(&c, 1, 1), "z");
	assert_int_equal(c.line[2], 4);
	csv_done(&c);
	assert_int_equal(csv_parse(&c, "a\n\"b\"c\n", 7, &why), -EBADMSG);
	assert_string_equal(why.text, "line 2: text after a closing quotation mark");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bad_line_is_named),
		cmocka_unit_test(all_bad_lines_are_named_at_once),
		cmocka_unit_test(a_spreadsheet_in_vietnamese_is_read),
		cmocka_unit_test(a_point_outside_its_commune_is_warned_about),
		cmocka_unit_test(a_new_list_of_units_keeps_the_history),
		cmocka_unit_test(what_was_reported_is_kept_apart_from_what_is_measured),
		cmocka_unit_test(names_are_composed_and_compared_without_marks),
		cmocka_unit_test(csv_cells_come_out_as_they_were_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
