/* SPDX-License-Identifier: Apache-2.0 */
/* Reports against golden files; PHUSONG_GOLDEN=write makes them anew. */
#include "tests/unit/truth_world.h"

#include "collector/report/report.h"

#include <json-c/json.h>
#include <unistd.h>

#define GOLDEN "tests/data/report"

static void fill(struct world *w)
{
	static const enum life lives[] = { GOOD, NONE, HALF, SLOW, THEN_CREDIT, LIMITED };

	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		place_probe(w, lives[i]);
		live(w, lives[i], 0, DAYS);
	}
	judge_all(w, AS_OF);
}

static struct report *collect(struct world *w, const char *lang)
{
	struct report_options o = { .folder = w->folder,
		.boundaries = GOLDEN "/geo",
		.profile = "config/profiles/vn-4g-2019.conf",
		.province = "08",
		.lang = lang,
		.as_of_ns = UTC_UNKNOWN };
	struct why why = { "" };
	struct report *r;

	if (report_collect(&r, &o, &why))
		fail_msg("%s", why.text);
	return r;
}

static void same_as_file(const struct buf *b, const char *name)
{
	char path[128];
	struct buf file;
	char piece[4096];
	size_t n;
	FILE *f;

	assert_int_equal(b->err, 0);
	snprintf(path, sizeof(path), GOLDEN "/%s", name);
	if (getenv("PHUSONG_GOLDEN")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(b->data, 1, b->len, f), b->len);
		fclose(f);
	}
	f = fopen(path, "r");
	assert_non_null(f);
	buf_init(&file, 1 << 24);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&file, piece, n);
	fclose(f);
	if (file.len != b->len || memcmp(file.data, b->data, b->len) != 0)
		fail_msg("%s differs from what is made now (PHUSONG_GOLDEN=write makes it anew)",
			path);
	buf_done(&file);
}

static void reports_are_their_golden_files_each_time(void **state)
{
	static const struct {
		const char *file, *lang;
		void (*write)(struct buf *out, const struct report *r);
	} made[] = {
		{ "report.vi.html", "vi", report_html },
		{ "report.en.html", "en", report_html },
		{ "report.vi.csv", "vi", report_csv },
		{ "report.en.geojson", "en", report_geojson },
	};
	struct world *w = *state;

	fill(w);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
			struct report *r = collect(w, made[i].lang);
			struct buf b;

			buf_init(&b, REPORT_BYTES_MAX);
			made[i].write(&b, r);
			same_as_file(&b, made[i].file);
			buf_done(&b);
			report_free(r);
		}
		/* the worker goes on; the report as of the same moment stays */
		judge_all(w, AS_OF + 40 * STORE_DAY_NS);
	}
}

static void a_report_says_what_it_must(void **state)
{
	static const char *const must[] = { "trắng sóng", "lõm sóng",
		"chưa xác nhận, không phải là quy định", "không phải là kết quả đo kiểm hợp quy",
		"Hoàng Sa", "Trường Sa", "test.csv", "vn-4g-2019", "-121 dBm", "Viettel" };
	struct world *w = *state;
	struct report *r;
	struct buf b;

	fill(w);
	r = collect(w, "vi");
	buf_init(&b, REPORT_BYTES_MAX);
	report_html(&b, r);
	for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		if (!strstr(buf_text(&b), must[i]))
			fail_msg("the report does not say: %s", must[i]);
	assert_non_null(strstr(buf_text(&b), r->profile.hash));
	assert_null(strstr(buf_text(&b), "<script"));
	buf_done(&b);
	report_free(r);
}

static void geojson_is_json_and_has_every_hamlet(void **state)
{
	struct world *w = *state;
	struct json_object *o, *features;
	struct report *r;
	struct buf b;

	fill(w);
	r = collect(w, "en");
	buf_init(&b, REPORT_BYTES_MAX);
	report_geojson(&b, r);
	o = json_tokener_parse(buf_text(&b));
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "features", &features));
	assert_int_equal(json_object_array_length(features), LIVES);
	json_object_put(o);
	buf_done(&b);
	report_free(r);
}

static void a_cell_is_no_formula_and_markup_is_text(void **state)
{
	struct world *w = *state;
	struct report *r;
	struct buf b;

	judge_all(w, AS_OF);
	r = collect(w, "en");
	snprintf(r->hamlet[0].hamlet.name, STORE_NAME, "=1+1<b>\"x\"");
	buf_init(&b, REPORT_BYTES_MAX);
	report_csv(&b, r);
	assert_non_null(strstr(buf_text(&b), "\"'=1+1<b>\"\"x\"\"\""));
	buf_clear(&b);
	report_html(&b, r);
	assert_non_null(strstr(buf_text(&b), "=1+1&lt;b&gt;&quot;x&quot;"));
	assert_null(strstr(buf_text(&b), "<b>"));
	buf_done(&b);
	report_free(r);
}

static void wrong_use_is_status_2_and_formats_to_come_are_refused(void **state)
{
	static const char *const profiles[] = { "config/profiles/vn-4g-2019.conf" };
	struct world *w = *state;
	char file[96];
	char *ask[] = { "--province", "08", "--format", "csv", "-o", file, "--lang", "en" };

	judge_all(w, AS_OF);
	snprintf(file, sizeof(file), "%s/out.csv", w->folder);
	assert_int_equal(report_run(8, ask, w->folder, NULL, profiles, 1), 0);
	assert_int_equal(access(file, R_OK), 0);
	ask[3] = "xlsx";
	assert_int_equal(report_run(8, ask, w->folder, NULL, profiles, 1), 2);
	ask[3] = "csv";
	ask[7] = "fr";
	assert_int_equal(report_run(8, ask, w->folder, NULL, profiles, 1), 2);
	assert_int_equal(report_run(7, ask, w->folder, NULL, profiles, 1), 2);
	ask[7] = "en";
	ask[1] = "99";
	assert_int_equal(report_run(8, ask, w->folder, NULL, profiles, 1), 1);
	ask[1] = "all";
	assert_int_equal(report_run(8, ask, w->folder, NULL, profiles, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			reports_are_their_golden_files_each_time, world_new, world_done),
		cmocka_unit_test_setup_teardown(a_report_says_what_it_must, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			geojson_is_json_and_has_every_hamlet, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			a_cell_is_no_formula_and_markup_is_text, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			wrong_use_is_status_2_and_formats_to_come_are_refused, world_new,
			world_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
