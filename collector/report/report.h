/* SPDX-License-Identifier: Apache-2.0 */
/* Reports about a province or the country.  The same data, profile and moment give the same bytes:
 * a report carries no time of making. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "../store/boundaries.h"
#include "../store/store.h"
#include "../truth/truth.h"

struct report_row {           /* one network of a hamlet; "*" is the first */
	struct truth_row row; /* its texts belong to the report */
	char operator[64];    /* brand, or the number when it is not known; "" for "*" */
	char *reason_vi, *reason_en, *detail;
};

struct report_hamlet {
	struct store_hamlet hamlet;
	char commune[STORE_NAME];
	struct report_row *row;
	size_t rows;
};

struct report {
	struct profile profile;
	char province_code[STORE_CODE]; /* "" the country */
	char province[STORE_NAME], province_en[STORE_NAME];
	int64_t as_of_ns;
	const char *lang; /* "vi" or "en" */
	struct report_hamlet *hamlet;
	size_t hamlets;
	struct truth_panel panel;
	struct boundaries *boundaries;         /* NULL: no map */
	char (*population_source)[STORE_NAME]; /* the files that populations are from */
	size_t population_sources;
};

struct report_options {
	const char *folder;     /* of the store */
	const char *boundaries; /* folder, NULL: no map */
	const char *profile;    /* file */
	const char *province;   /* code; NULL or "": the country */
	const char *lang;
	int64_t as_of_ns; /* UTC_UNKNOWN: the end of the last day with records */
};
int report_collect(struct report **out, const struct report_options *o, struct why *why) MUST_CHECK;
void report_free(struct report *r); /* NULL is fine */

#define REPORT_BYTES_MAX (256u << 20)

/* One page, printable, no script, nothing loaded from elsewhere. */
void report_html(struct buf *out, const struct report *r);

/* RFC 4180, UTF-8 with a byte order mark (spreadsheets take it for Latin without), one line a hamlet
 * and network, "*" the best of all.  Cells that a spreadsheet would run as a formula begin with '.
 * Columns: hamlet_code hamlet commune_code commune province_code lat lon population
 * population_source grid_power reported reported_on reported_source plmn operator technology status
 * status_word before cause share share_low share_high (Wilson 95 %) samples days day_parts probes
 * grade since simulated reason evidence_from evidence_to evidence ("probe:first_seq-last_seq ...")
 * profile profile_sha256 as_of. */
void report_csv(struct buf *out, const struct report *r);

/* RFC 7946: a feature for each hamlet, geometry null when its point is not known. */
void report_geojson(struct buf *out, const struct report *r);

/* An SVG of the province's communes or the country's provinces with the hamlets by status, and an
 * inset of the whole country with both archipelagos. */
void report_map(struct buf *out, const struct report *r);

/* `phusong-collector report --province CODE|all --format F -o FILE [--lang vi|en] [--as-of TIME]
 * [--profile FILE]`: arguments after the word.  Exit status. */
int report_run(int argc, char **argv, const char *folder, const char *boundaries,
	const char *const *profiles, size_t profile_count);

#endif
