/* SPDX-License-Identifier: Apache-2.0 */
/* The interface as OpenAPI 3.0.3: paths from the table of endpoints, shapes by hand. */
#include "endpoints.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

typedef struct json_object json;

#define TEXT_OF(...) #__VA_ARGS__

/* clang-format off */
static const char schemas[] = TEXT_OF({
	"Endpoint": {"type": "object", "required": ["path", "method", "about"], "properties": {
		"path": {"type": "string"}, "method": {"type": "string", "enum": ["GET", "POST"]}, "about": {"type": "string"}}},
	"Status": {"type": "string", "enum": ["no_signal", "partial", "unstable", "weak", "silent", "unmeasured", "covered"]},
	"ByStatus": {"type": "object", "description": "hamlets of each status",
		"required": ["no_signal", "partial", "unstable", "weak", "silent", "unmeasured", "covered"],
		"additionalProperties": {"type": "integer"}},
	"Summary": {"type": "object", "required": ["hamlets", "technology", "by_status"], "properties": {
		"hamlets": {"type": "integer"}, "technology": {"type": "string"},
		"by_status": {"$ref": "#/components/schemas/ByStatus"}}},
	"Province": {"type": "object", "required": ["code", "name", "name_en", "population", "by_status"], "properties": {
		"code": {"type": "string"}, "name": {"type": "string"}, "name_en": {"type": "string", "nullable": true},
		"population": {"type": "integer", "nullable": true}, "by_status": {"$ref": "#/components/schemas/ByStatus"}}},
	"Hamlet": {"type": "object",
		"required": ["code", "name", "province", "commune", "status", "grade", "since", "reported", "population", "simulated"],
		"properties": {
		"code": {"type": "string"}, "name": {"type": "string"}, "province": {"type": "string"}, "commune": {"type": "string"},
		"status": {"$ref": "#/components/schemas/Status"},
		"grade": {"type": "string", "nullable": true, "enum": ["A", "B", "C", null]},
		"since": {"type": "string", "format": "date-time", "nullable": true},
		"reported": {"type": "string", "nullable": true, "description": "what was reported, not measured"},
		"population": {"type": "integer", "nullable": true}, "simulated": {"type": "boolean"}}},
	"Judgement": {"type": "object",
		"required": ["operator", "operator_name", "technology", "status", "share", "samples", "reason", "profile", "profile_hash"],
		"properties": {
		"operator": {"type": "string", "description": "number of the network, * for the best of all"},
		"operator_name": {"type": "string", "nullable": true},
		"technology": {"type": "string"}, "status": {"$ref": "#/components/schemas/Status"},
		"before_silence": {"type": "string", "nullable": true}, "cause": {"type": "string", "nullable": true},
		"share": {"type": "number", "nullable": true}, "share_low": {"type": "number", "nullable": true},
		"share_high": {"type": "number", "nullable": true}, "samples": {"type": "integer"}, "days": {"type": "integer"},
		"day_parts": {"type": "integer"}, "probes": {"type": "integer"}, "grade": {"type": "string", "nullable": true},
		"since": {"type": "string", "format": "date", "nullable": true},
		"last_usable": {"type": "string", "format": "date-time", "nullable": true},
		"as_of": {"type": "string", "format": "date-time", "nullable": true}, "simulated": {"type": "boolean"},
		"reason": {"type": "object", "required": ["vi", "en"], "properties": {
			"vi": {"type": "string", "nullable": true}, "en": {"type": "string", "nullable": true}}},
		"profile": {"type": "string"}, "profile_hash": {"type": "string"},
		"detail": {"type": "object", "nullable": true}}},
	"HamletDetail": {"allOf": [{"$ref": "#/components/schemas/Hamlet"}, {"type": "object", "required": ["judgements"],
		"properties": {"lat": {"type": "number"}, "lon": {"type": "number"},
			"judgements": {"type": "array", "items": {"$ref": "#/components/schemas/Judgement"}}}}]},
	"Ledger": {"type": "object", "description": "what became of the numbers a probe gave out",
		"required": ["made", "stored", "missing", "dropped", "skipped", "rejected", "repeated"],
		"additionalProperties": {"type": "integer"}},
	"Probe": {"type": "object",
		"required": ["id", "hamlet", "cluster", "role", "simulated", "retired", "online", "added", "last_seen", "agent", "ledger"],
		"properties": {
		"id": {"type": "string"}, "hamlet": {"type": "string", "nullable": true}, "cluster": {"type": "string", "nullable": true},
		"role": {"type": "string", "enum": ["reference", "cluster", "roaming"]}, "simulated": {"type": "boolean"},
		"retired": {"type": "boolean"}, "online": {"type": "boolean"},
		"added": {"type": "string", "format": "date-time", "nullable": true},
		"last_seen": {"type": "string", "format": "date-time", "nullable": true},
		"agent": {"type": "string", "nullable": true}, "ledger": {"$ref": "#/components/schemas/Ledger"}}},
	"ProbeDetail": {"allOf": [{"$ref": "#/components/schemas/Probe"}, {"type": "object", "required": ["missing_ranges", "access"],
		"properties": {"missing_ranges": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
			"access": {"type": "object", "nullable": true, "description": "the newest state and cause it told: docs/access.md",
				"required": ["state", "cause", "at"], "properties": {
				"state": {"type": "string"}, "cause": {"type": "string", "nullable": true},
				"at": {"type": "string", "format": "date-time", "nullable": true}}}}}]},
	"Feature": {"type": "object", "required": ["type", "id", "geometry", "properties"], "properties": {
		"type": {"type": "string"}, "id": {"type": "string"}, "geometry": {"type": "object", "nullable": true},
		"properties": {"type": "object"}}},
	"FeatureCollection": {"type": "object", "required": ["type", "numberMatched", "numberReturned", "links", "features"],
		"properties": {
		"type": {"type": "string"}, "numberMatched": {"type": "integer"}, "numberReturned": {"type": "integer"},
		"links": {"type": "array", "items": {"type": "object"}},
		"features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}}}},
	"EnrolmentRequest": {"type": "object", "required": ["claim", "probe", "csr"], "properties": {
		"claim": {"type": "string"}, "probe": {"type": "string"},
		"csr": {"type": "string", "description": "PKCS #10 in PEM, signed with the probe's Ed25519 key"}}},
	"Enrolment": {"type": "object", "required": ["probe", "certificate", "ca", "brokers", "collector_key", "expires"],
		"properties": {
		"probe": {"type": "string"}, "role": {"type": "string"},
		"hamlet": {"type": "object", "nullable": true, "properties": {
			"code": {"type": "string"}, "name": {"type": "string", "nullable": true},
			"cluster": {"type": "string", "nullable": true}, "commune": {"type": "string", "nullable": true},
			"province": {"type": "string", "nullable": true}}},
		"certificate": {"type": "string"}, "ca": {"type": "string"}, "expires": {"type": "string", "format": "date-time"},
		"brokers": {"type": "array", "items": {"type": "string"}}, "collector_key": {"type": "string"}}},
	"Problem": {"type": "object", "description": "RFC 9457", "required": ["status", "title"], "properties": {
		"status": {"type": "integer"}, "title": {"type": "string"}}}
});

static const char parameters[] = TEXT_OF({
	"lang": {"in": "query", "name": "lang", "schema": {"type": "string", "enum": ["vi", "en"]}},
	"limit": {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": 10000}},
	"offset": {"in": "query", "name": "offset", "schema": {"type": "integer", "minimum": 0}},
	"bbox": {"in": "query", "name": "bbox", "description": "west,south,east,north", "schema": {"type": "string"}},
	"province": {"in": "query", "name": "province", "schema": {"type": "string"}},
	"status": {"in": "query", "name": "status", "schema": {"$ref": "#/components/schemas/Status"}}
});
/* clang-format on */

static void put(json *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static json *reference(const char *kind, const char *name, size_t n)
{
	json *o = json_object_new_object();
	char path[96];

	snprintf(path, sizeof(path), "#/components/%s/%.*s", kind, (int)n, name);
	put(o, "$ref", path);
	return o;
}

/* {x} of the path, then what the table says about the query. */
static json *parameters_of(const struct endpoint *e)
{
	json *list = json_object_new_array();

	for (const char *p = strchr(e->pattern, '{'); p; p = strchr(p + 1, '{')) {
		json *o = json_object_new_object(), *schema = json_object_new_object();

		json_object_object_add(
			o, "name", json_object_new_string_len(p + 1, (int)strcspn(p + 1, "}")));
		put(o, "in", "path");
		json_object_object_add(o, "required", json_object_new_boolean(1));
		put(schema, "type", "string");
		json_object_object_add(o, "schema", schema);
		json_object_array_add(list, o);
	}
	for (const char *p = e->query; p && *p;) {
		size_t n = strcspn(p, " ");

		json_object_array_add(list, reference("parameters", p, n));
		p += n + strspn(p + n, " ");
	}
	return list;
}

static json *schema_of(const char *name)
{
	json *o;

	if (!name)
		return json_object_new_object();
	if (*name != '[')
		return reference("schemas", name, strlen(name));
	o = json_object_new_object();
	put(o, "type", "array");
	json_object_object_add(o, "items", reference("schemas", name + 1, strlen(name) - 2));
	return o;
}

static json *response(const char *about, const char *type, json *schema)
{
	json *o = json_object_new_object(), *content = json_object_new_object(),
	     *media = json_object_new_object();

	put(o, "description", about);
	json_object_object_add(media, "schema", schema);
	json_object_object_add(content, type, media);
	json_object_object_add(o, "content", content);
	return o;
}

static json *path_of(const struct endpoint *e)
{
	json *path = json_object_new_object(), *get = json_object_new_object(),
	     *responses = json_object_new_object();
	char request[48];

	put(get, "summary", e->about);
	json_object_object_add(get, "parameters", parameters_of(e));
	json_object_object_add(responses, "200",
		response("the answer", e->type ? e->type : "text/html", schema_of(e->schema)));
	if (e->type && strstr(e->type, "json"))
		json_object_object_add(responses, "default",
			response(
				"what is wrong", "application/problem+json", schema_of("Problem")));
	json_object_object_add(get, "responses", responses);
	if (endpoint_posts(e)) {
		snprintf(request, sizeof(request), "%sRequest", e->schema);
		json_object_object_add(get, "requestBody",
			response("what is asked", "application/json", schema_of(request)));
	}
	json_object_object_add(path, endpoint_posts(e) ? "post" : "get", get);
	return path;
}

unsigned api_openapi(const struct request *q, struct reply *r)
{
	extern const char phusong_version[];
	json *o = json_object_new_object(), *info = json_object_new_object(),
	     *paths = json_object_new_object(), *components = json_object_new_object();

	(void)q;
	put(o, "openapi", "3.0.3");
	put(info, "title", "phusong");
	put(info, "description", "Mobile coverage of hamlets, measured");
	put(info, "version", phusong_version);
	json_object_object_add(o, "info", info);
	for (const struct endpoint *e = endpoints; e->pattern; e++)
		json_object_object_add(paths, endpoint_path(e), path_of(e));
	json_object_object_add(o, "paths", paths);
	json_object_object_add(components, "schemas", json_tokener_parse(schemas));
	json_object_object_add(components, "parameters", json_tokener_parse(parameters));
	json_object_object_add(o, "components", components);
	buf_puts(&r->body, json_object_to_json_string_ext(
				   o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_puts(&r->body, "\n");
	json_object_put(o);
	r->type = "application/json";
	return 200;
}
