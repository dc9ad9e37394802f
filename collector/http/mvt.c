/* SPDX-License-Identifier: Apache-2.0 */
/* Writes vector tiles by hand: the format is four protobuf messages, so a protobuf library would be
 * larger than this file. */
#include "mvt.h"

#include "../../probes/core/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAYER_CEILING (4u << 20)

/* protobuf field numbers and wire types of vector_tile.proto 2.1 */
enum {
	TILE_LAYER = 3,
	LAYER_NAME = 1,
	LAYER_FEATURE = 2,
	LAYER_KEY = 3,
	LAYER_VALUE = 4,
	LAYER_EXTENT = 5,
	LAYER_VERSION = 15
};
enum { FEATURE_ID = 1, FEATURE_TAGS = 2, FEATURE_TYPE = 3, FEATURE_GEOMETRY = 4 };
enum { VALUE_STRING = 1, VALUE_SINT = 6 };
enum { GEOMETRY_POINT = 1, GEOMETRY_POLYGON = 3 };
enum { MOVE_TO = 1, LINE_TO = 2, CLOSE_PATH = 7 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void put_varint(struct buf *b, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (uint8_t)(v & 0x7f);
		v >>= 7;
		if (v)
			bytes[n] |= 0x80;
		n++;
	} while (v);
	buf_put(b, bytes, n);
}

static uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static void put_key(struct buf *b, unsigned field, unsigned wire)
{
	put_varint(b, field << 3 | wire);
}

static void put_number(struct buf *b, unsigned field, uint64_t v)
{
	put_key(b, field, WIRE_VARINT);
	put_varint(b, v);
}

static void put_bytes(struct buf *b, unsigned field, const void *bytes, size_t n)
{
	put_key(b, field, WIRE_BYTES);
	put_varint(b, n);
	buf_put(b, bytes, n);
}

struct mvt_point mvt_project(double lat, double lon)
{
	/* web mercator ends at 85.05 degrees */
	double bounded = fmin(fmax(lat, -85.0511287), 85.0511287) * M_PI / 180;
	struct mvt_point p = {
		.x = (lon + 180) / 360,
		.y = (1 - log(tan(bounded) + 1 / cos(bounded)) / M_PI) / 2,
	};

	return p;
}

void mvt_layer_begin(struct mvt_layer *l, const char *name, struct mvt_tile tile)
{
	memset(l, 0, sizeof(*l));
	l->tile = tile;
	l->name = name;
	buf_init(&l->features, LAYER_CEILING);
	buf_init(&l->keys.messages, LAYER_CEILING);
	buf_init(&l->values.messages, LAYER_CEILING);
	buf_init(&l->geometry, LAYER_CEILING);
}

static uint32_t hash_of(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static bool begins_with(const struct buf *b, size_t at, const struct buf *one)
{
	/* a length-prefixed message equals another when it begins with all of it */
	return b->len - at >= one->len && !memcmp(b->data + at, one->data, one->len);
}

/* Pairs {offset + 1, number}; always half empty. */
static uint32_t *slot_of(struct mvt_list *list, const struct buf *one)
{
	uint32_t i = hash_of(one->data, one->len) % list->slots;

	while (list->slot[2 * i] && !begins_with(&list->messages, list->slot[2 * i] - 1, one))
		i = (i + 1) % list->slots;
	return &list->slot[2 * i];
}

static void widen(struct mvt_list *list)
{
	uint32_t *old = list->slot;
	unsigned slots = list->slots;

	list->slots = slots ? 4 * slots : 64;
	list->slot = mem_new(2 * list->slots * sizeof(*list->slot));
	for (unsigned i = 0; i < slots; i++) {
		uint32_t at = old[2 * i], j;
		size_t head, len = 0, shift = 0;

		if (!at)
			continue;
		head = at; /* after the field number, which fits one byte here */
		do
			len |= (size_t)(list->messages.data[head] & 0x7f) << shift;
		while (shift += 7, list->messages.data[head++] & 0x80);
		j = hash_of(list->messages.data + at - 1, head + len - (at - 1)) % list->slots;
		while (list->slot[2 * j])
			j = (j + 1) % list->slots;
		memcpy(&list->slot[2 * j], &old[2 * i], 2 * sizeof(*old));
	}
	free(old);
}

/* The number of a message in a list of length-prefixed messages, appended when it is not there. */
static unsigned intern(struct mvt_list *list, unsigned field, const void *message, size_t n)
{
	struct buf one;
	uint32_t *slot;
	unsigned number;

	buf_init(&one, LAYER_CEILING);
	put_bytes(&one, field, message, n);
	if (2 * (list->count + 1) > list->slots)
		widen(list);
	slot = slot_of(list, &one);
	if (!slot[0] && !list->messages.err && !one.err) {
		slot[0] = (uint32_t)list->messages.len + 1;
		slot[1] = list->count++;
		buf_put(&list->messages, one.data, one.len);
		if (list->messages.err)
			slot[0] = 0; /* the layer is refused at its end */
	}
	number = slot[1];
	buf_done(&one);
	return number;
}

static void add_tag(struct mvt_layer *l, const char *key, struct buf *value)
{
	if (l->tag_count < 2 * MVT_TAGS) {
		l->tags[l->tag_count++] = intern(&l->keys, LAYER_KEY, key, strlen(key));
		l->tags[l->tag_count++] = intern(&l->values, LAYER_VALUE, value->data, value->len);
	}
	buf_done(value);
}

void mvt_tag_text(struct mvt_layer *l, const char *key, const char *text)
{
	struct buf value;

	buf_init(&value, LAYER_CEILING);
	put_bytes(&value, VALUE_STRING, text, strlen(text));
	add_tag(l, key, &value);
}

void mvt_tag_int(struct mvt_layer *l, const char *key, int64_t number)
{
	struct buf value;

	buf_init(&value, LAYER_CEILING);
	put_number(&value, VALUE_SINT, zigzag(number));
	add_tag(l, key, &value);
}

static void put_feature(struct mvt_layer *l, uint64_t id, unsigned type)
{
	struct buf feature, tags;

	buf_init(&feature, LAYER_CEILING);
	buf_init(&tags, LAYER_CEILING);
	for (unsigned i = 0; i < l->tag_count; i++)
		put_varint(&tags, l->tags[i]);
	put_number(&feature, FEATURE_ID, id);
	put_bytes(&feature, FEATURE_TAGS, tags.data, tags.len);
	put_number(&feature, FEATURE_TYPE, type);
	put_bytes(&feature, FEATURE_GEOMETRY, l->geometry.data, l->geometry.len);
	put_bytes(&l->features, LAYER_FEATURE, feature.data, feature.len);
	l->feature_count++;
	buf_done(&feature);
	buf_done(&tags);
}

/* From the world to the pixels of the tile. */
static struct mvt_point to_tile(const struct mvt_layer *l, struct mvt_point p)
{
	double tiles = ldexp(1, (int)l->tile.z);

	return (struct mvt_point){
		.x = (p.x * tiles - l->tile.x) * MVT_EXTENT,
		.y = (p.y * tiles - l->tile.y) * MVT_EXTENT,
	};
}

void mvt_add_point(struct mvt_layer *l, uint64_t id, struct mvt_point at)
{
	struct mvt_point p = to_tile(l, at);

	if (p.x >= -MVT_BUFFER && p.x < MVT_EXTENT + MVT_BUFFER && p.y >= -MVT_BUFFER &&
		p.y < MVT_EXTENT + MVT_BUFFER) {
		buf_clear(&l->geometry);
		put_varint(&l->geometry, 1 << 3 | MOVE_TO);
		put_varint(&l->geometry, zigzag(lround(p.x)));
		put_varint(&l->geometry, zigzag(lround(p.y)));
		put_feature(l, id, GEOMETRY_POINT);
	}
	l->tag_count = 0;
}

/* --- polygons: each ring is cut at the four sides in turn (Sutherland and Hodgman) ------------------ */

struct side {
	int axis;     /* 0: x, 1: y */
	double at;    /* the line */
	double sense; /* +1 keeps what is greater, -1 what is less */
};

static double along(struct mvt_point p, int axis)
{
	return axis ? p.y : p.x;
}

static bool inside(const struct side *s, struct mvt_point p)
{
	return (along(p, s->axis) - s->at) * s->sense >= 0;
}

static struct mvt_point crossing(const struct side *s, struct mvt_point a, struct mvt_point b)
{
	double t = (s->at - along(a, s->axis)) / (along(b, s->axis) - along(a, s->axis));

	return (struct mvt_point){ .x = a.x + t * (b.x - a.x), .y = a.y + t * (b.y - a.y) };
}

/* out has room for 2n + 1 points; returns how many there are. */
static size_t cut(const struct side *s, const struct mvt_point *in, size_t n, struct mvt_point *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct mvt_point here = in[i], next = in[(i + 1) % n];

		if (inside(s, here))
			out[kept++] = here;
		if (inside(s, here) != inside(s, next))
			out[kept++] = crossing(s, here, next);
	}
	return kept;
}

struct pixel {
	int32_t x, y;
};

/* Rounds to the grid and drops points that fall together. */
static size_t to_pixels(const struct mvt_point *in, size_t n, unsigned grid, struct pixel *out)
{
	const int32_t step = grid ? (int32_t)grid : 1;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct pixel p = { .x = (int32_t)lround(in[i].x / step) * step,
			.y = (int32_t)lround(in[i].y / step) * step };

		if (!kept || p.x != out[kept - 1].x || p.y != out[kept - 1].y)
			out[kept++] = p;
	}
	while (kept > 1 && out[0].x == out[kept - 1].x && out[0].y == out[kept - 1].y)
		kept--;
	return kept;
}

static double area(const struct pixel *p, size_t n)
{
	double twice = 0;

	for (size_t i = 0; i < n; i++) {
		struct pixel a = p[i], b = p[(i + 1) % n];

		twice += (double)a.x * b.y - (double)b.x * a.y;
	}
	return twice / 2;
}

static void put_ring(struct mvt_layer *l, const struct pixel *p, size_t n, struct pixel *pen)
{
	for (size_t i = 0; i < n; i++) {
		if (i == 0)
			put_varint(&l->geometry, 1 << 3 | MOVE_TO);
		if (i == 1)
			put_varint(&l->geometry, (uint64_t)(n - 1) << 3 | LINE_TO);
		put_varint(&l->geometry, zigzag(p[i].x - pen->x));
		put_varint(&l->geometry, zigzag(p[i].y - pen->y));
		*pen = p[i];
	}
	put_varint(&l->geometry, 1 << 3 | CLOSE_PATH);
}

/* Cuts one ring and writes what is left of it. */
static void add_ring(
	struct mvt_layer *l, const struct mvt_point *points, size_t n, struct pixel *pen)
{
	const struct side sides[] = {
		{ 0, -MVT_BUFFER, 1 },
		{ 0, MVT_EXTENT + MVT_BUFFER, -1 },
		{ 1, -MVT_BUFFER, 1 },
		{ 1, MVT_EXTENT + MVT_BUFFER, -1 },
	};
	/* a straight side can at most double the points, and real rings gain a few */
	struct mvt_point *a = mem_grow(NULL, 16 * n + 16, sizeof(*a)),
			 *b = mem_grow(NULL, 16 * n + 16, sizeof(*b));
	struct pixel *pixels;

	/* backwards: in the tile y grows downwards, and an exterior ring must have a positive area there */
	for (size_t i = 0; i < n; i++)
		a[i] = to_tile(l, points[n - 1 - i]);
	for (size_t s = 0; s < COUNT(sides) && n; s++) {
		struct mvt_point *other = b;

		n = cut(&sides[s], a, n, b);
		b = a;
		a = other;
	}
	pixels = mem_grow(NULL, n + 1, sizeof(*pixels));
	n = to_pixels(a, n, l->grid, pixels);
	if (n >= 3 && fabs(area(pixels, n)) >= 1)
		put_ring(l, pixels, n, pen);
	free(pixels);
	free(a);
	free(b);
}

void mvt_add_polygon(struct mvt_layer *l, uint64_t id, const struct mvt_point *points,
	const size_t *ends, size_t rings)
{
	struct pixel pen = { 0, 0 };
	size_t from = 0;

	buf_clear(&l->geometry);
	for (size_t r = 0; r < rings; r++) {
		size_t n = ends[r] - from;

		if (n > 3) /* closed: the last point repeats the first */
			add_ring(l, points + from, n - 1, &pen);
		from = ends[r];
	}
	if (l->geometry.len)
		put_feature(l, id, GEOMETRY_POLYGON);
	l->tag_count = 0;
}

int mvt_layer_end(struct mvt_layer *l, struct buf *tile)
{
	struct buf layer;
	int err;

	buf_init(&layer, LAYER_CEILING);
	put_bytes(&layer, LAYER_NAME, l->name, strlen(l->name));
	buf_put(&layer, l->features.data, l->features.len);
	buf_put(&layer, l->keys.messages.data, l->keys.messages.len);
	buf_put(&layer, l->values.messages.data, l->values.messages.len);
	put_number(&layer, LAYER_EXTENT, MVT_EXTENT);
	put_number(&layer, LAYER_VERSION, 2);
	if (l->feature_count)
		put_bytes(tile, TILE_LAYER, layer.data, layer.len);
	err = layer.err                ? layer.err
	      : l->features.err        ? l->features.err
	      : l->keys.messages.err   ? l->keys.messages.err
	      : l->values.messages.err ? l->values.messages.err
	      : l->geometry.err        ? l->geometry.err
	                               : tile->err;
	buf_done(&layer);
	buf_done(&l->features);
	buf_done(&l->keys.messages);
	buf_done(&l->values.messages);
	free(l->keys.slot);
	free(l->values.slot);
	buf_done(&l->geometry);
	return err;
}
