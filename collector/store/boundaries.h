/* SPDX-License-Identifier: Apache-2.0 */
/* Reference boundaries of provinces and communes, read from GeoJSON (RFC 7946) into memory once;
 * read-only afterwards, so any thread may look.  They are reference boundaries, not legal ones, and are
 * replaced by replacing the files. */
#ifndef STORE_BOUNDARIES_H
#define STORE_BOUNDARIES_H

#include "../../probes/core/why.h"
#include <stdbool.h>
#include <stddef.h>

struct boundary_point {
	double lon, lat; /* degrees, WGS 84 */
};

struct boundary {
	char code[8];
	char province[8]; /* of a commune; of a province its own code */
	char name[96];    /* "Xã Mèo Vạc" */
	double west, south, east, north;
	struct boundary_point
		*points; /* closed rings back to back, exterior ones counter-clockwise */
	size_t *ends;    /* index after the last point of each ring */
	size_t rings;
};

struct boundaries {
	struct boundary *provinces, *communes;
	size_t province_count, commune_count;
};

/* Reads provinces*.geojson and communes*.geojson of the folder.  A commune that is in several files is
 * taken from the one with the most points.  Memory while reading is bounded by the largest feature. */
int boundaries_load(struct boundaries **out, const char *folder, struct why *why) MUST_CHECK;
void boundaries_free(struct boundaries *b);

bool boundary_holds(const struct boundary *b, double lat,
	double lon); /* even-odd rule, islands and holes included */
/* The commune at a point; NULL when it is in none. */
const struct boundary *boundaries_commune_at(const struct boundaries *b, double lat, double lon);
const struct boundary *boundaries_named(
	const struct boundary *list, size_t count, const char *code); /* sorted by code */

#endif
