/* SPDX-License-Identifier: Apache-2.0 */
/* Map tiles in the Mapbox Vector Tile format, version 2.1: web mercator, extent 4096. */
#ifndef COLLECTOR_HTTP_MVT_H
#define COLLECTOR_HTTP_MVT_H

#include "../../probes/core/buf.h"

#define MVT_EXTENT 4096
#define MVT_BUFFER 80 /* geometry is kept this far outside, so that outlines do not show the cut */
#define MVT_TAGS   8  /* of one feature */

struct mvt_tile {
	unsigned z, x, y;
};

/* Web mercator, 0..1 from west to east and from north to south. */
struct mvt_point {
	double x, y;
};
struct mvt_point mvt_project(double lat, double lon);

struct mvt_layer { /* on the caller's stack; mvt_layer_end() frees what it holds */
	struct mvt_tile tile;
	const char *name;
	unsigned
		grid; /* points of polygons lie on multiples of it, so that shared borders stay shared; 0: 1 */
	struct mvt_list {
		struct buf messages;
		uint32_t *slot; /* hash table: where a message begins + 1, and its number */
		unsigned slots, count;
	} keys, values;
	struct buf features, geometry;
	unsigned feature_count;
	uint32_t tags[2 * MVT_TAGS];
	unsigned tag_count;
};

void mvt_layer_begin(struct mvt_layer *l, const char *name, struct mvt_tile tile);
/* Tags of the next feature; more than MVT_TAGS are left out. */
void mvt_tag_text(struct mvt_layer *l, const char *key, const char *value);
void mvt_tag_int(struct mvt_layer *l, const char *key, int64_t value);

/* Add a feature with the tags given since the last one.  What lies outside the tile and its buffer is
 * cut; a feature with nothing left is not written. */
void mvt_add_point(struct mvt_layer *l, uint64_t id, struct mvt_point at);
/* rings: closed, back to back, ends[i] the index after the last point of ring i; exterior or interior
 * is told by the winding (RFC 7946: exterior counter-clockwise).  Rings smaller than a pixel are dropped. */
void mvt_add_polygon(struct mvt_layer *l, uint64_t id, const struct mvt_point *points,
	const size_t *ends, size_t rings);

/* Appends the layer to the tile (nothing when it is empty).  -EMSGSIZE when a buffer overflowed. */
int mvt_layer_end(struct mvt_layer *l, struct buf *tile) MUST_CHECK;

#endif
