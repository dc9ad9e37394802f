/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a tile, and what is left out so that it stays small on a village's line. */
#include "tiles.h"

#include "../../probes/core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COMMUNES_FROM 8
#define FINE_FROM     11 /* below it borders are as fine as half a pixel of 256: 8 of 4096 */
#define THINNED_BELOW 12
#define CELLS \
	48 /* a side: at most 2,304 points in a thinned tile, about 50 kB before compression */

/* West, south, east and north of the tile with its buffer, in degrees. */
struct box {
	double west, south, east, north;
};

static double latitude(double y)
{
	return atan(sinh(M_PI * (1 - 2 * y))) * 180 / M_PI;
}

static struct box box_of(struct mvt_tile t)
{
	double tiles = ldexp(1, (int)t.z), margin = (double)MVT_BUFFER / MVT_EXTENT;

	return (struct box){
		.west = (t.x - margin) / tiles * 360 - 180,
		.east = (t.x + 1 + margin) / tiles * 360 - 180,
		.north = latitude((t.y - margin) / tiles),
		.south = latitude((t.y + 1 + margin) / tiles),
	};
}

static bool touches(const struct boundary *b, const struct box *box)
{
	return b->west <= box->east && b->east >= box->west && b->south <= box->north &&
	       b->north >= box->south;
}

static void add_units(
	struct mvt_layer *l, const struct boundary *list, size_t n, const struct box *box)
{
	for (size_t i = 0; i < n; i++) {
		const struct boundary *b = &list[i];
		size_t total = b->rings ? b->ends[b->rings - 1] : 0;
		struct mvt_point *points;

		if (!total || !touches(b, box))
			continue;
		points = mem_grow(NULL, total, sizeof(*points));
		for (size_t p = 0; p < total; p++)
			points[p] = mvt_project(b->points[p].lat, b->points[p].lon);
		mvt_tag_text(l, "code", b->code);
		mvt_tag_text(l, "name", b->name);
		mvt_add_polygon(l, i + 1, points, b->ends, b->rings);
		free(points);
	}
}

int tile_units(struct buf *out, const struct boundaries *b, struct mvt_tile tile)
{
	struct box box = box_of(tile);
	struct mvt_layer l;
	int err;

	mvt_layer_begin(&l, "provinces", tile);
	l.grid = tile.z < FINE_FROM ? 8 : 1;
	add_units(&l, b->provinces, b->province_count, &box);
	err = mvt_layer_end(&l, out);
	if (!err && tile.z >= COMMUNES_FROM) {
		mvt_layer_begin(&l, "communes", tile);
		l.grid = tile.z < FINE_FROM ? 8 : 1;
		add_units(&l, b->communes, b->commune_count, &box);
		err = mvt_layer_end(&l, out);
	}
	return err;
}

/* --- hamlets ----------------------------------------------------------------------------------------------------- */

struct spot {
	const struct tile_hamlet *shown;
	unsigned hidden;
};

static void add_hamlet(
	struct mvt_layer *l, uint64_t id, const struct tile_hamlet *h, unsigned hidden)
{
	mvt_tag_text(l, "code", h->code);
	mvt_tag_text(l, "name", h->name);
	mvt_tag_text(l, "status", h->status);
	if (h->simulated)
		mvt_tag_int(l, "simulated", 1);
	if (hidden)
		mvt_tag_int(l, "more", hidden);
	mvt_add_point(l, id, h->at);
}

static bool near_tile(struct mvt_point at, struct mvt_tile tile)
{
	double tiles = ldexp(1, (int)tile.z), margin = (double)MVT_BUFFER / MVT_EXTENT;
	double x = at.x * tiles - tile.x, y = at.y * tiles - tile.y;

	return x >= -margin && x < 1 + margin && y >= -margin && y < 1 + margin;
}

static void add_all(struct mvt_layer *l, const struct tile_hamlet *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (near_tile(list[i].at, l->tile)) /* before its tags enter the tile */
			add_hamlet(l, i + 1, &list[i], 0);
}

static void add_thinned(
	struct mvt_layer *l, const struct tile_hamlet *list, size_t n, struct mvt_tile tile)
{
	struct spot *spots = mem_new(CELLS * CELLS * sizeof(*spots));
	double tiles = ldexp(1, (int)tile.z);

	for (size_t i = 0; i < n; i++) {
		double x = (list[i].at.x * tiles - tile.x) * CELLS,
		       y = (list[i].at.y * tiles - tile.y) * CELLS;
		struct spot *s;

		if (!(x >= 0 && x < CELLS && y >= 0 && y < CELLS))
			continue;
		s = &spots[(size_t)y * CELLS + (size_t)x];
		if (s->shown)
			s->hidden++;
		if (!s->shown || list[i].rank < s->shown->rank)
			s->shown = &list[i];
	}
	for (size_t i = 0; i < CELLS * CELLS; i++)
		if (spots[i].shown)
			add_hamlet(l, (uint64_t)(spots[i].shown - list) + 1, spots[i].shown,
				spots[i].hidden);
	free(spots);
}

int tile_hamlets(struct buf *out, const struct tile_hamlet *list, size_t n, struct mvt_tile tile)
{
	struct mvt_layer l;

	mvt_layer_begin(&l, "hamlets", tile);
	if (tile.z < THINNED_BELOW)
		add_thinned(&l, list, n, tile);
	else
		add_all(&l, list, n);
	return mvt_layer_end(&l, out);
}
