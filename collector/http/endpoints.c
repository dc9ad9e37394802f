/* SPDX-License-Identifier: Apache-2.0 */
/* Every path that is answered. */
#include "endpoints.h"

#define JSON    "application/json"
#define GEOJSON "application/geo+json"
#define TILE    "application/vnd.mapbox-vector-tile"
#define PLAIN   "text/plain"
#define ANY     "*/*"

/* clang-format off */
const struct endpoint endpoints[] = {
	{ "/", page_map, "map of the country with its table", NULL, NULL, "lang" },
	{ "/provinces/{province}", page_province, "a province: its hamlets as map and table", NULL, NULL, "lang" },
	{ "/hamlets/{hamlet}", page_hamlet, "a hamlet: status, evidence, reason", NULL, NULL, "lang" },
	{ "/probes", page_probes, "probes and what became of their records", NULL, NULL, "lang offset" },
	{ "/status", page_status, "is the system well", NULL, NULL, "lang" },
	{ "/api/v1", api_list, "this list", JSON, "[Endpoint]", NULL },
	{ "/api/v1/openapi.json", api_openapi, "this interface as OpenAPI 3", JSON, NULL, NULL },
	{ "/api/v1/summary", api_summary, "hamlets by status, country", JSON, "Summary", NULL },
	{ "/api/v1/provinces", api_provinces, "provinces with hamlets by status", JSON, "[Province]", NULL },
	{ "/api/v1/provinces/{province}/hamlets", api_province_hamlets, "hamlets of a province with their status", JSON, "[Hamlet]", NULL },
	{ "/api/v1/hamlets/{hamlet}", api_hamlet, "a hamlet with all that its status rests on", JSON, "HamletDetail", NULL },
	{ "/api/v1/probes", api_probes, "probes with their ledger", JSON, "[Probe]", "limit offset" },
	{ "/api/v1/probes/{probe}", api_probe, "a probe with its ledger and missing ranges", JSON, "ProbeDetail", NULL },
	{ "POST /api/v1/enroll", api_enroll, "a probe comes in with a claim", JSON, "Enrolment", NULL },
	{ "/collections", collections, "OGC API - Features: the collections", JSON, NULL, NULL },
	{ "/collections/{collection}", collection, "OGC API - Features: one collection", JSON, NULL, NULL },
	{ "/collections/{collection}/items", collection_items, "OGC API - Features: GeoJSON", GEOJSON, "FeatureCollection", "limit offset bbox province status" },
	{ "/collections/{collection}/items/{hamlet}", collection_item, "OGC API - Features: one feature", GEOJSON, "Feature", NULL },
	{ "/tiles/{layer}/{z}/{x}/{y}.mvt", file_tile, "vector tiles: units, hamlets", TILE, NULL, NULL },
	{ "/reports/{scope}.{format}", report_file, "gap report of a province, or all: html csv geojson", ANY, NULL, "lang" },
	{ "/static/{file}", file_static, "files of the pages", ANY, NULL, NULL },
	{ "/static/lib/{file}", file_static, "libraries of the pages", ANY, NULL, NULL },
	{ "/metrics", file_metrics, "Prometheus", PLAIN, NULL, NULL },
	{ "/healthz", file_healthz, "200 while the store can be read", PLAIN, NULL, NULL },
	{ 0 },
};
/* clang-format on */
