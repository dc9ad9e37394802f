/* SPDX-License-Identifier: Apache-2.0 */
/* The two tile layers: units (boundaries) and hamlets (points with a status). */
#ifndef COLLECTOR_HTTP_TILES_H
#define COLLECTOR_HTTP_TILES_H

#include "../store/boundaries.h"
#include "mvt.h"

#define TILE_ZOOM_MOST 14

/* Provinces at every zoom, communes from zoom 8. */
int tile_units(struct buf *out, const struct boundaries *b, struct mvt_tile tile) MUST_CHECK;

struct tile_hamlet {
	const char *code, *name, *status;
	unsigned rank; /* what shows when several fall into one spot: the lowest */
	bool simulated;
	struct mvt_point at;
};
/* Below zoom 12 hamlets closer than some pixels are one point, the one with the lowest rank, that says how
 * many it stands for: a tile stays small however many hamlets there are. */
int tile_hamlets(
	struct buf *out, const struct tile_hamlet *list, size_t n, struct mvt_tile tile) MUST_CHECK;

#endif
