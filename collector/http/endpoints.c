/* SPDX-License-Identifier: Apache-2.0 */
/* Every path that is answered. */
#include "endpoints.h"

const struct endpoint endpoints[] = {
	{ "/", page_map, "map of the country with its table" },
	{ "/provinces/{}", page_province, "a province: its hamlets as map and table" },
	{ "/hamlets/{}", page_hamlet, "a hamlet: status, evidence, reason" },
	{ "/probes", page_probes, "probes and what became of their records" },
	{ "/status", page_status, "is the system well" },
	{ "/api/v1", api_list, "this list" },
	{ "/api/v1/summary", api_summary, "hamlets by status, country and provinces" },
	{ "/api/v1/provinces", api_provinces, "provinces with hamlets by status" },
	{ "/api/v1/provinces/{}/hamlets", api_province_hamlets,
		"hamlets of a province with their status" },
	{ "/api/v1/hamlets/{}", api_hamlet, "a hamlet with all that its status rests on" },
	{ "/api/v1/probes", api_probes, "probes with their ledger" },
	{ "/api/v1/probes/{}", api_probe, "a probe with its ledger and missing ranges" },
	{ "/collections", collections, "OGC API - Features: the collections" },
	{ "/collections/{}", collection, "OGC API - Features: one collection" },
	{ "/collections/{}/items", collection_items,
		"OGC API - Features: GeoJSON; limit, offset, bbox, province, status" },
	{ "/collections/{}/items/{}", collection_item, "OGC API - Features: one feature" },
	{ "/tiles/{}/{}/{}/{}.mvt", file_tile, "vector tiles: units, hamlets" },
	{ "/reports/{}.{}", report_file, "gap report of a province, or all: html csv geojson" },
	{ "/static/{}", file_static, "files of the pages" },
	{ "/static/lib/{}", file_static, "libraries of the pages" },
	{ "/metrics", file_metrics, "Prometheus" },
	{ "/healthz", file_healthz, "200 while the store can be read" },
	{ 0 },
};
