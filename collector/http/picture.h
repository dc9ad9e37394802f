/* SPDX-License-Identifier: Apache-2.0 */
/* All hamlets with their status, in memory, for tiles and lists.  Made once, then only read. */
#ifndef COLLECTOR_HTTP_PICTURE_H
#define COLLECTOR_HTTP_PICTURE_H

#include "../store/store.h"
#include "../truth/truth.h"
#include "tiles.h"

#define STATUSES 7
/* In the order of a reader's concern: what is drawn when several hamlets fall together comes first. */
extern const char *const page_statuses[STATUSES];
unsigned status_index(const char *status); /* place in page_statuses */

struct picture_hamlet {
	const char *code, *name, *reported; /* reported: "" nothing */
	const char *status;                 /* of best-of-all operators */
	char commune[8], province[8];
	int64_t since_ns; /* UTC_UNKNOWN */
	int64_t population;
	int32_t lat_e7, lon_e7;
	char grade; /* 'A' 'B' 'C', 0 none */
	bool simulated, has_point;
};

struct picture_counts {
	char province[8];
	size_t hamlets, by_status[STATUSES]; /* in the order of page_statuses */
};

struct picture {
	struct picture_hamlet *hamlets; /* by code */
	struct tile_hamlet *points;     /* those that have one */
	size_t count, point_count;
	struct picture_counts all, *provinces; /* by code; only those with hamlets */
	size_t province_count;
	uint64_t edition; /* no two pictures of a process have the same, none has 0 */
	struct picture_texts *texts;
	unsigned users; /* the context's */
};

/* technology: whose status, "4g"; truth may be NULL: nothing was judged yet. */
int picture_make(
	struct picture **out, struct store *s, struct truth *t, const char *technology) MUST_CHECK;
void picture_free(struct picture *p); /* NULL is fine */

const struct picture_hamlet *picture_hamlet(
	const struct picture *p, const char *code); /* or NULL */
/* All zero for a province without hamlets; NULL: the country. */
const struct picture_counts *picture_counts(const struct picture *p, const char *province);

#endif
