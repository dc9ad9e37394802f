/* SPDX-License-Identifier: Apache-2.0 */
/* Reads GeoJSON feature by feature: json-c holds some 250 bytes for each vertex, which for the whole
 * country would be more memory than the rest of the collector uses. */
#include "boundaries.h"

#include "../../probes/core/buf.h"
#include "../../probes/core/mem.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE_CEILING (8u << 20)
#define FEATURES_MOST   20000
#define POINTS_MOST     2000000 /* of one feature */

static void boundary_done(struct boundary *b)
{
	free(b->points);
	free(b->ends);
}

/* --- one feature ------------------------------------------------------------------------------------------ */

static bool add_ring(struct boundary *b, size_t *total, struct json_object *ring)
{
	size_t n = json_object_array_length(ring);

	if (n < 4 || *total + n > POINTS_MOST)
		return false;
	b->points = mem_grow(b->points, *total + n, sizeof(*b->points));
	b->ends = mem_grow(b->ends, b->rings + 1, sizeof(*b->ends));
	for (size_t i = 0; i < n; i++) {
		struct json_object *at = json_object_array_get_idx(ring, i);
		struct boundary_point p;

		if (!json_object_is_type(at, json_type_array) || json_object_array_length(at) < 2)
			return false;
		p.lon = json_object_get_double(json_object_array_get_idx(at, 0));
		p.lat = json_object_get_double(json_object_array_get_idx(at, 1));
		if (!(fabs(p.lon) <= 180 && fabs(p.lat) <= 90))
			return false;
		b->points[(*total)++] = p;
		b->west = fmin(b->west, p.lon);
		b->east = fmax(b->east, p.lon);
		b->south = fmin(b->south, p.lat);
		b->north = fmax(b->north, p.lat);
	}
	b->ends[b->rings++] = *total;
	return true;
}

static bool add_polygon(struct boundary *b, size_t *total, struct json_object *polygon)
{
	if (!json_object_is_type(polygon, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(polygon); i++) {
		struct json_object *ring = json_object_array_get_idx(polygon, i);

		if (!json_object_is_type(ring, json_type_array) || !add_ring(b, total, ring))
			return false;
	}
	return true;
}

static void copy_text(char *out, size_t room, struct json_object *from, const char *key)
{
	struct json_object *value;

	out[0] = '\0';
	if (json_object_object_get_ex(from, key, &value) &&
		json_object_is_type(value, json_type_string))
		snprintf(out, room, "%s", json_object_get_string(value));
}

static bool read_feature(struct boundary *b, struct json_object *feature)
{
	struct json_object *properties, *geometry, *type, *coordinates;
	size_t total = 0;
	bool many;

	*b = (struct boundary){ .west = 180, .south = 90, .east = -180, .north = -90 };
	if (!json_object_object_get_ex(feature, "properties", &properties) ||
		!json_object_object_get_ex(feature, "geometry", &geometry) ||
		!json_object_object_get_ex(geometry, "type", &type) ||
		!json_object_object_get_ex(geometry, "coordinates", &coordinates) ||
		!json_object_is_type(type, json_type_string) ||
		!json_object_is_type(coordinates, json_type_array))
		return false;
	copy_text(b->code, sizeof(b->code), properties, "code");
	copy_text(b->name, sizeof(b->name), properties, "name");
	copy_text(b->province, sizeof(b->province), properties, "prov");
	if (!b->province[0])
		memcpy(b->province, b->code, sizeof(b->province));
	many = !strcmp(json_object_get_string(type), "MultiPolygon");
	if (!b->code[0] || (!many && strcmp(json_object_get_string(type), "Polygon")))
		return false;
	if (!many)
		return add_polygon(b, &total, coordinates);
	for (size_t i = 0; i < json_object_array_length(coordinates); i++)
		if (!add_polygon(b, &total, json_object_array_get_idx(coordinates, i)))
			return false;
	return b->rings > 0;
}

/* --- one file ------------------------------------------------------------------------------------------------ */

struct list {
	struct boundary **items;
	size_t *count;
};

static size_t points_of(const struct boundary *b)
{
	return b->rings ? b->ends[b->rings - 1] : 0;
}

/* Keeps the more detailed of two with the same code. */
static void list_add(const struct list *l, struct boundary *b)
{
	for (size_t i = 0; i < *l->count; i++) {
		struct boundary *known = &(*l->items)[i];

		if (strcmp(known->code, b->code))
			continue;
		if (points_of(b) > points_of(known)) {
			boundary_done(known);
			*known = *b;
		} else {
			boundary_done(b);
		}
		return;
	}
	*l->items = mem_grow(*l->items, *l->count + 1, sizeof(**l->items));
	(*l->items)[(*l->count)++] = *b;
}

/* Follows braces and strings to cut the features out of the text. */
struct cutter {
	int depth; /* of braces: 1 is the collection, 2 a feature */
	bool in_text, escape;
};

/* True when the feature in `text` is complete. */
static bool cutter_take(struct cutter *c, struct buf *text, char byte)
{
	bool complete = false;

	if (c->depth >= 2 || (byte == '{' && c->depth == 1 && !c->in_text))
		buf_put(text, &byte, 1);
	if (c->escape)
		c->escape = false;
	else if (c->in_text && byte == '\\')
		c->escape = true;
	else if (byte == '"')
		c->in_text = !c->in_text;
	else if (!c->in_text && byte == '{')
		c->depth++;
	else if (!c->in_text && byte == '}')
		complete = c->depth-- == 2;
	return complete;
}

static int take_feature(const struct list *l, struct buf *text, const char *path, struct why *why)
{
	struct json_object *feature = text->err ? NULL : json_tokener_parse(buf_text(text));
	struct boundary b = { 0 };
	bool good = feature && read_feature(&b, feature);

	json_object_put(feature);
	if (!good || *l->count >= FEATURES_MOST) {
		int err = why_say(why, -EBADMSG,
			"%s: feature %zu (%s) is not a polygon with properties.code", path,
			*l->count + 1, b.code[0] ? b.code : "no code");

		boundary_done(&b);
		return err;
	}
	list_add(l, &b);
	buf_clear(text);
	return 0;
}

static int read_file(const struct list *l, const char *path, struct why *why)
{
	FILE *f = fopen(path, "re");
	struct cutter c = { 0 };
	struct buf text;
	int err = 0, byte;

	if (!f)
		return why_say(why, -errno, "%s: %s", path, strerror(errno));
	buf_init(&text, FEATURE_CEILING);
	while (!err && (byte = getc_unlocked(f)) != EOF)
		if (cutter_take(&c, &text, (char)byte))
			err = take_feature(l, &text, path, why);
	if (!err && ferror(f))
		err = why_say(why, -EIO, "%s: %s", path, strerror(errno));
	else if (!err && c.depth != 0)
		err = why_say(why, -EBADMSG, "%s: ends in the middle of a feature", path);
	buf_done(&text);
	fclose(f);
	return err;
}

/* --- the folder ----------------------------------------------------------------------------------------------- */

static int by_code(const void *a, const void *b)
{
	return strcmp(((const struct boundary *)a)->code, ((const struct boundary *)b)->code);
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static int read_matching(
	const struct list *l, const char *folder, const char *prefix, struct why *why)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, NULL, alphasort), err = 0;

	if (n < 0)
		return why_say(why, -errno, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		char path[4096];

		if (!err && !strncmp(names[i]->d_name, prefix, strlen(prefix)) &&
			ends_with(names[i]->d_name, ".geojson")) {
			snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
			err = read_file(l, path, why);
		}
		free(names[i]);
	}
	free(names);
	if (!err && !*l->count)
		err = why_say(why, -ENOENT, "%s: there is no file %s*.geojson", folder, prefix);
	if (!err)
		qsort(*l->items, *l->count, sizeof(**l->items), by_code);
	return err;
}

int boundaries_load(struct boundaries **out, const char *folder, struct why *why)
{
	struct boundaries *b = mem_new(sizeof(*b));
	const struct list provinces = { &b->provinces, &b->province_count },
			  communes = { &b->communes, &b->commune_count };
	int err = read_matching(&provinces, folder, "provinces", why);

	if (!err)
		err = read_matching(&communes, folder, "communes", why);
	if (err) {
		boundaries_free(b);
		return err;
	}
	*out = b;
	return 0;
}

void boundaries_free(struct boundaries *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->province_count; i++)
		boundary_done(&b->provinces[i]);
	for (size_t i = 0; i < b->commune_count; i++)
		boundary_done(&b->communes[i]);
	free(b->provinces);
	free(b->communes);
	free(b);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

/* True when a ray to the east crosses the edge: the half-open rule counts a shared vertex once. */
static bool crosses(struct boundary_point a, struct boundary_point b, double lat, double lon)
{
	return (a.lat > lat) != (b.lat > lat) &&
	       lon < (b.lon - a.lon) * (lat - a.lat) / (b.lat - a.lat) + a.lon;
}

bool boundary_holds(const struct boundary *b, double lat, double lon)
{
	bool in = false;
	size_t from = 0;

	if (lon < b->west || lon > b->east || lat < b->south || lat > b->north)
		return false;
	for (size_t r = 0; r < b->rings; r++) {
		for (size_t i = from; i + 1 < b->ends[r]; i++)
			if (crosses(b->points[i], b->points[i + 1], lat, lon))
				in = !in;
		from = b->ends[r];
	}
	return in;
}

const struct boundary *boundaries_commune_at(const struct boundaries *b, double lat, double lon)
{
	for (size_t i = 0; i < b->commune_count; i++)
		if (boundary_holds(&b->communes[i], lat, lon))
			return &b->communes[i];
	return NULL;
}

const struct boundary *boundaries_named(const struct boundary *list, size_t count, const char *code)
{
	struct boundary key = { 0 };

	snprintf(key.code, sizeof(key.code), "%s", code);
	return bsearch(&key, list, count, sizeof(*list), by_code);
}
