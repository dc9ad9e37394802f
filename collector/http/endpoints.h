/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints, one file for each kind. */
#ifndef COLLECTOR_HTTP_ENDPOINTS_H
#define COLLECTOR_HTTP_ENDPOINTS_H

#include "context.h"
#include "request.h"

/* pages.c, page_probes.c */
request_handler page_map, page_province, page_probes, page_status;
/* page_hamlet.c */
request_handler page_hamlet;
/* api.c, features.c */
request_handler api_list, api_openapi, api_summary, api_provinces, api_province_hamlets, api_hamlet,
	api_probes, api_probe, collections, collection, collection_items, collection_item;
/* reports.c */
request_handler report_file;
/* files.c */
request_handler file_static, file_tile, file_metrics, file_healthz;
/* enroll.c */
request_handler api_enroll;

#endif
