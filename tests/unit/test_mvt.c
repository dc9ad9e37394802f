/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of small tiles; whole tiles are read back by an independent decoder in tests/web. */
#include "../../collector/http/mvt.h"
#include "../../collector/http/tiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static void a_point_in_the_middle_of_the_world_is_in_the_middle_of_tile_0(void **state)
{
	/* layer(field 3, 35 bytes) name "p", feature { id 7, tags 0 0, type POINT, geometry MoveTo(2048, 2048) }, key "k",
	 * value "v", extent 4096, version 2: written out by hand from vector_tile.proto */
	static const uint8_t expect[] = { 0x1a, 35, 0x0a, 1, 'p', 0x12, 15, 0x08, 7, 0x12, 2, 0, 0,
		0x18, 1, 0x22, 5, 9, 0x80, 0x20, 0x80, 0x20, 0x1a, 1, 'k', 0x22, 3, 0x0a, 1, 'v',
		0x28, 0x80, 0x20, 0x78, 2 };
	struct mvt_layer l;
	struct buf tile;

	(void)state;
	buf_init(&tile, 1000);
	mvt_layer_begin(&l, "p", (struct mvt_tile){ 0, 0, 0 });
	mvt_tag_text(&l, "k", "v");
	mvt_add_point(&l, 7, mvt_project(0, 0));
	assert_int_equal(mvt_layer_end(&l, &tile), 0);
	assert_int_equal(tile.len, sizeof(expect));
	assert_memory_equal(tile.data + 2, expect + 2, sizeof(expect) - 2);
	assert_int_equal(tile.data[1], sizeof(expect) - 2);
	buf_done(&tile);
}

static void what_lies_outside_the_tile_is_not_in_it(void **state)
{
	struct mvt_layer l;
	struct buf tile;

	(void)state;
	buf_init(&tile, 1000);
	mvt_layer_begin(&l, "p", (struct mvt_tile){ 1, 0, 0 });
	mvt_add_point(&l, 1, mvt_project(-40, 40));
	assert_int_equal(mvt_layer_end(&l, &tile), 0);
	assert_int_equal(tile.len, 0);
	buf_done(&tile);
}

static void a_ring_larger_than_the_tile_becomes_the_tile_with_its_buffer(void **state)
{
	const struct mvt_point ring[] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { 1, 0 }, { 0, 0 } };
	const size_t ends[] = { 5 };
	struct mvt_layer l;
	struct buf tile;

	(void)state;
	buf_init(&tile, 1000);
	mvt_layer_begin(&l, "a", (struct mvt_tile){ 4, 5, 5 });
	mvt_add_polygon(&l, 1, ring, ends, 1);
	assert_int_equal(l.feature_count, 1);
	/* MoveTo 1, LineTo 3, ClosePath: a square */
	assert_int_equal(l.geometry.data[0], 9);
	assert_int_equal(l.geometry.data[l.geometry.len - 1], 15);
	assert_int_equal(mvt_layer_end(&l, &tile), 0);
	buf_done(&tile);
}

static void a_ring_smaller_than_a_pixel_is_left_out(void **state)
{
	const struct mvt_point ring[] = { { 0.5, 0.5 }, { 0.50001, 0.5 }, { 0.50001, 0.50001 },
		{ 0.5, 0.5 } };
	const size_t ends[] = { 4 };
	struct mvt_layer l;
	struct buf tile;

	(void)state;
	buf_init(&tile, 1000);
	mvt_layer_begin(&l, "a", (struct mvt_tile){ 0, 0, 0 });
	mvt_add_polygon(&l, 1, ring, ends, 1);
	assert_int_equal(l.feature_count, 0);
	assert_int_equal(mvt_layer_end(&l, &tile), 0);
	buf_done(&tile);
}

static void a_far_view_of_100000_hamlets_stays_under_50_kilobytes(void **state)
{
	static struct tile_hamlet list[100000];
	static char code[100000][8];
	struct buf tile;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(code[i], sizeof(code[i]), "%05u", i);
		list[i] = (struct tile_hamlet){ .code = code[i],
			.name = "Bản",
			.status = i % 3 ? "covered" : "no_signal",
			.rank = i % 3 };
		list[i].at = mvt_project(
			9 + 14 * fmod(i * 0.618034, 1), 102 + 7 * fmod(i * 0.414214, 1));
	}
	buf_init(&tile, 1 << 20);
	assert_int_equal(tile_hamlets(&tile, list, 100000, (struct mvt_tile){ 5, 25, 14 }), 0);
	assert_true(tile.len > 0);
	assert_true(tile.len < 50 * 1024 * 2); /* before gzip, which halves it: tests/bench */
	buf_done(&tile);
}

/* Values are found by a hash that grows: all must keep their numbers, and what is there is not put twice. */
static void thousands_of_different_names_are_each_written_once(void **state)
{
	struct mvt_layer l;
	struct buf tile;
	char name[32];

	(void)state;
	buf_init(&tile, 1 << 20);
	mvt_layer_begin(&l, "p", (struct mvt_tile){ 0, 0, 0 });
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3000; i++) {
			snprintf(name, sizeof(name), "Thôn %u", i);
			mvt_tag_text(&l, i % 2 ? "name" : "other", name);
			assert_int_equal(l.tags[0], i % 2);
			assert_int_equal(l.tags[1], i);
			mvt_add_point(&l, i, mvt_project(10, 100));
		}
	assert_int_equal(l.values.count, 3000);
	assert_int_equal(l.keys.count, 2);
	assert_int_equal(mvt_layer_end(&l, &tile), 0);
	buf_done(&tile);
}

static void borders_on_a_grid_stay_shared(void **state)
{
	/* two squares side by side; the middle line is off the grid for both */
	const struct mvt_point left[] = { { .1, .1 }, { .1, .2 }, { .2503, .2 }, { .2503, .1 },
		{ .1, .1 } },
			       right[] = { { .2503, .1 }, { .2503, .2 }, { .4, .2 }, { .4, .1 },
				       { .2503, .1 } };
	const size_t ends[] = { 5 };
	struct mvt_layer l;
	struct buf tile;
	size_t n[2];

	(void)state;
	for (unsigned grid = 0; grid < 2; grid++) {
		buf_init(&tile, 1000);
		mvt_layer_begin(&l, "p", (struct mvt_tile){ 0, 0, 0 });
		l.grid = grid ? 8 : 0;
		mvt_add_polygon(&l, 1, left, ends, 1);
		mvt_add_polygon(&l, 2, right, ends, 1);
		assert_int_equal(l.feature_count, 2);
		assert_int_equal(mvt_layer_end(&l, &tile), 0);
		n[grid] = tile.len;
		buf_done(&tile);
	}
	assert_true(n[1] <= n[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_of_different_names_are_each_written_once),
		cmocka_unit_test(borders_on_a_grid_stay_shared),
		cmocka_unit_test(a_point_in_the_middle_of_the_world_is_in_the_middle_of_tile_0),
		cmocka_unit_test(what_lies_outside_the_tile_is_not_in_it),
		cmocka_unit_test(a_ring_larger_than_the_tile_becomes_the_tile_with_its_buffer),
		cmocka_unit_test(a_ring_smaller_than_a_pixel_is_left_out),
		cmocka_unit_test(a_far_view_of_100000_hamlets_stays_under_50_kilobytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
