/* SPDX-License-Identifier: Apache-2.0 */
#include "../../collector/store/boundaries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char provinces[] =
	"{\"type\":\"FeatureCollection\",\"features\":[\n"
	"{\"type\":\"Feature\",\"properties\":{\"code\":\"01\",\"name\":\"A { \\\" "
	"}\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
	"[[[100,10],[104,10],[104,14],[100,14],[100,10]],[[101,11],[101,12],[102,12],[102,11],[101,"
	"11]]]}}]}";
static const char communes[] =
	"{\"type\":\"FeatureCollection\",\"features\":["
	"{\"type\":\"Feature\",\"properties\":{\"code\":\"00009\",\"name\":\"B\",\"prov\":\"01\"},"
	"\"geometry\":{\"type\":\"MultiPolygon\","
	"\"coordinates\":[[[[100,10],[101,10],[101,11],[100,10]]],[[[103,13],[104,13],[104,14],["
	"103,13]]]]}},"
	"{\"type\":\"Feature\",\"properties\":{\"code\":\"00004\",\"name\":\"C\",\"prov\":\"01\"},"
	"\"geometry\":{\"type\":\"Polygon\","
	"\"coordinates\":[[[102,10],[103,10],[103,11],[102,11],[102,10]]]}}]}";

static char folder[] = "/tmp/phusong-boundaries-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/provinces.geojson", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/communes.geojson", folder);
	unlink(path);
	return rmdir(folder);
}

static void a_point_in_a_hole_or_outside_is_not_inside(void **state)
{
	struct boundaries *b = NULL;
	struct why why = { { 0 } };

	(void)state;
	put("provinces.geojson", provinces);
	put("communes.geojson", communes);
	assert_int_equal(boundaries_load(&b, folder, &why), 0);
	assert_int_equal(b->province_count, 1);
	assert_string_equal(b->provinces[0].name, "A { \" }");
	assert_true(boundary_holds(&b->provinces[0], 10.5, 100.5));
	assert_false(boundary_holds(&b->provinces[0], 11.5, 101.5));
	assert_false(boundary_holds(&b->provinces[0], 9.99, 100.5));
	boundaries_free(b);
}

static void every_part_of_a_commune_of_islands_belongs_to_it(void **state)
{
	struct boundaries *b = NULL;

	(void)state;
	put("provinces.geojson", provinces);
	put("communes.geojson", communes);
	assert_int_equal(boundaries_load(&b, folder, NULL), 0);
	assert_string_equal(boundaries_commune_at(b, 10.4, 100.6)->code, "00009");
	assert_string_equal(boundaries_commune_at(b, 13.4, 103.6)->code, "00009");
	assert_string_equal(boundaries_commune_at(b, 10.5, 102.5)->code, "00004");
	assert_null(boundaries_commune_at(b, 12, 102.5));
	assert_string_equal(boundaries_named(b->communes, b->commune_count, "00004")->name, "C");
	assert_null(boundaries_named(b->communes, b->commune_count, "4"));
	boundaries_free(b);
}

static void a_file_that_is_cut_short_or_not_polygons_is_refused_by_name(void **state)
{
	struct boundaries *b = NULL;
	struct why why = { { 0 } };

	(void)state;
	put("communes.geojson", communes);
	put("provinces.geojson", "{\"features\":[{\"properties\":{\"code\":\"01\"},\"geometry\":{"
				 "\"type\":\"Point\",\"coordinates\":[1,2]}}]}");
	assert_int_not_equal(boundaries_load(&b, folder, &why), 0);
	assert_non_null(strstr(why.text, "provinces.geojson: feature 1"));
	put("provinces.geojson", "{\"features\":[{\"properties\":{\"code\":\"01\"},\"geometry\":{"
				 "\"type\":null,\"coordinates\":[[]]}}]}");
	assert_int_not_equal(boundaries_load(&b, folder, &why), 0);
	memset(&why, 0, sizeof(why));
	put("provinces.geojson", "{\"features\":[{\"properties\":{\"code\":\"01\"");
	assert_int_not_equal(boundaries_load(&b, folder, &why), 0);
	assert_non_null(strstr(why.text, "ends in the middle"));
	assert_null(b);
}

static void the_shipped_country_has_34_provinces_3321_communes_and_both_archipelagos(void **state)
{
	struct boundaries *b = NULL;
	struct why why = { { 0 } };
	const struct boundary *p;

	(void)state;
	if (boundaries_load(&b, "config/vn", &why))
		fail_msg("%s", why.text);
	assert_int_equal(b->province_count, 34);
	assert_int_equal(b->commune_count, 3321);
	p = boundaries_named(b->provinces, b->province_count, "48");
	assert_true(p && p->east > 112);
	p = boundaries_named(b->provinces, b->province_count, "56");
	assert_true(p && p->east > 115);
	assert_non_null(boundaries_named(b->communes, b->commune_count, "20333"));
	assert_non_null(boundaries_named(b->communes, b->commune_count, "22736"));
	assert_string_equal(boundaries_commune_at(b, 23.16, 105.41)->province, "08"); /* Mèo Vạc */
	boundaries_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_point_in_a_hole_or_outside_is_not_inside, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(every_part_of_a_commune_of_islands_belongs_to_it,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			a_file_that_is_cut_short_or_not_polygons_is_refused_by_name, make_folder,
			remove_folder),
		cmocka_unit_test(
			the_shipped_country_has_34_provinces_3321_communes_and_both_archipelagos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
