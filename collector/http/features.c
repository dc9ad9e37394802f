/* SPDX-License-Identifier: Apache-2.0 */
/* OGC API - Features, part 1: hamlets as GeoJSON, so that QGIS opens them. */
#include "endpoints.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEOJSON "application/geo+json"
#define LIMIT   1000
#define MOST    10000

typedef struct json_object json;

static json *text_of(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}

static json *link_to(const char *href, const char *rel, const char *type)
{
	json *o = json_object_new_object();

	json_object_object_add(o, "href", text_of(href));
	json_object_object_add(o, "rel", text_of(rel));
	json_object_object_add(o, "type", text_of(type));
	return o;
}

static unsigned send_json(struct reply *r, json *o, const char *type)
{
	buf_puts(&r->body, json_object_to_json_string_ext(
				   o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	r->type = type;
	return 200;
}

static json *hamlets_collection(void)
{
	json *o = json_object_new_object(), *links = json_object_new_array();

	json_object_object_add(o, "id", text_of("hamlets"));
	json_object_object_add(
		o, "title", text_of("Hamlets with their status, best of all operators"));
	json_object_object_add(o, "itemType", text_of("feature"));
	json_object_array_add(links, link_to("/collections/hamlets/items", "items", GEOJSON));
	json_object_object_add(o, "links", links);
	return o;
}

unsigned collections(const struct request *q, struct reply *r)
{
	json *o = json_object_new_object(), *list = json_object_new_array();

	(void)q;
	json_object_array_add(list, hamlets_collection());
	json_object_object_add(o, "collections", list);
	return send_json(r, o, "application/json");
}

unsigned collection(const struct request *q, struct reply *r)
{
	if (strcmp(q->part[0], "hamlets"))
		return reply_problem(q, r, 404);
	return send_json(r, hamlets_collection(), "application/json");
}

static json *degrees(int32_t e7)
{
	char text[24];

	snprintf(text, sizeof(text), "%.7f", e7 / 1e7);
	return json_object_new_double_s(e7 / 1e7, text);
}

static json *feature(const struct picture_hamlet *h)
{
	json *o = json_object_new_object(), *properties = json_object_new_object(),
	     *geometry = NULL;
	char grade[2] = { h->grade, 0 };

	if (h->has_point) {
		json *at = json_object_new_array();

		geometry = json_object_new_object();
		json_object_array_add(at, degrees(h->lon_e7));
		json_object_array_add(at, degrees(h->lat_e7));
		json_object_object_add(geometry, "type", text_of("Point"));
		json_object_object_add(geometry, "coordinates", at);
	}
	json_object_object_add(properties, "name", text_of(h->name));
	json_object_object_add(properties, "province", text_of(h->province));
	json_object_object_add(properties, "commune", text_of(h->commune));
	json_object_object_add(properties, "status", text_of(h->status));
	json_object_object_add(properties, "grade", text_of(grade));
	json_object_object_add(properties, "reported", text_of(h->reported));
	json_object_object_add(properties, "simulated", json_object_new_boolean(h->simulated));
	json_object_object_add(o, "type", text_of("Feature"));
	json_object_object_add(o, "id", text_of(h->code));
	json_object_object_add(o, "geometry", geometry);
	json_object_object_add(o, "properties", properties);
	return o;
}

struct box {
	bool given;
	double west, south, east, north;
};

/* bbox=west,south,east,north */
static bool read_box(const struct request *q, struct box *box)
{
	const char *text = request_query(q, "bbox");
	char end;

	*box = (struct box){ .given = text != NULL };
	if (!text)
		return true;
	return sscanf(text, "%lf,%lf,%lf,%lf%c", &box->west, &box->south, &box->east, &box->north,
		       &end) == 4 &&
	       isfinite(box->west) && isfinite(box->south) && isfinite(box->east) &&
	       isfinite(box->north);
}

static bool known_status(const char *status)
{
	for (size_t i = 0; status && i < STATUSES; i++)
		if (!strcmp(page_statuses[i], status))
			return true;
	return !status;
}

static bool wanted(const struct picture_hamlet *h, const struct box *box, const char *province,
	const char *status)
{
	double lat = h->lat_e7 / 1e7, lon = h->lon_e7 / 1e7;

	if (box->given && !(h->has_point && lon >= box->west && lon <= box->east &&
				  lat >= box->south && lat <= box->north))
		return false;
	return (!province || !strcmp(province, h->province)) &&
	       (!status || !strcmp(status, h->status));
}

/* A filter of this page holds on the next one, too; only harmless characters are repeated. */
static void put_filter(struct buf *b, const struct request *q, const char *name)
{
	const char *text = request_query(q, name);

	if (text && strspn(text, "0123456789.,-_abcdefghijklmnopqrstuvwxyz") == strlen(text))
		buf_printf(b, "&%s=%s", name, text);
}

unsigned collection_items(const struct request *q, struct reply *r)
{
	int64_t limit = LIMIT, offset = 0, matched = 0, returned = 0;
	const char *province = request_query(q, "province"), *status = request_query(q, "status");
	json *o, *features, *links;
	const struct picture *p;
	struct box box;

	if (strcmp(q->part[0], "hamlets"))
		return reply_problem(q, r, 404);
	/* OGC 17-069r4 7.15: a value that cannot be is refused, a limit above the most is the most */
	if (!read_box(q, &box) || !request_take(q, "limit", 1, INT32_MAX, &limit) ||
		!request_take(q, "offset", 0, INT32_MAX, &offset) || !known_status(status))
		return reply_problem(q, r, 400);
	limit = limit > MOST ? MOST : limit;
	o = json_object_new_object();
	features = json_object_new_array();
	links = json_object_new_array();
	p = context_picture(q->context);
	for (size_t i = 0; i < p->count; i++) {
		if (!wanted(&p->hamlets[i], &box, province, status) || matched++ < offset ||
			returned >= limit)
			continue;
		json_object_array_add(features, feature(&p->hamlets[i]));
		returned++;
	}
	context_release(q->context, p);
	if (offset + returned < matched) {
		struct buf next;

		buf_init(&next, 1024);
		buf_printf(&next, "/collections/hamlets/items?limit=%lld&offset=%lld",
			(long long)limit, (long long)(offset + returned));
		put_filter(&next, q, "bbox");
		put_filter(&next, q, "province");
		put_filter(&next, q, "status");
		json_object_array_add(links, link_to(buf_text(&next), "next", GEOJSON));
		buf_done(&next);
	}
	json_object_object_add(o, "type", text_of("FeatureCollection"));
	json_object_object_add(o, "numberMatched", json_object_new_int64(matched));
	json_object_object_add(o, "numberReturned", json_object_new_int64(returned));
	json_object_object_add(o, "links", links);
	json_object_object_add(o, "features", features);
	return send_json(r, o, GEOJSON);
}

unsigned collection_item(const struct request *q, struct reply *r)
{
	const struct picture *p = context_picture(q->context);
	const struct picture_hamlet *h =
		strcmp(q->part[0], "hamlets") ? NULL : picture_hamlet(p, q->part[1]);
	json *found = h ? feature(h) : NULL;

	context_release(q->context, p);
	return found ? send_json(r, found, GEOJSON) : reply_problem(q, r, 404);
}
