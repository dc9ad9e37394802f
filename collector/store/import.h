/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in: administrative units, hamlets, clusters, what was reported, networks.  A file with a bad
 * line is refused whole and every bad line is named: half a list is worse than the old one. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "store.h"

struct boundaries;

struct import_result {
	size_t rows, added, changed,
		ended; /* ended: units of the list before that this one no longer has */
	size_t warnings;
};

struct import {
	struct store *store;
	const char *actor;
	const struct boundaries *boundaries; /* or NULL: points are not compared with them */
	struct buf *
		problems; /* a line for each bad line ("file:line: ...") and each warning ("file:line: warning: ...") */
	struct import_result result;
};

/* Units: a file, or a folder with provinces*.csv, communes*.csv and former*.csv (the newest of each by
 * name).  The date of the list is the last YYYY-MM-DD of the file's name. */
int import_units(struct import *im, const char *path) MUST_CHECK;
int import_hamlets(struct import *im, const char *path) MUST_CHECK;
int import_clusters(struct import *im, const char *path) MUST_CHECK;
int import_reported(struct import *im, const char *path) MUST_CHECK;
int import_operators(struct import *im, const char *path) MUST_CHECK;

/* A walk test of a phone app, walktest.h.  Bounded memory, whatever the file's size. */
struct walktest_options {
	const char *probe; /* name of the phone, after WALKTEST_ID; NULL: from the file's content */
	int64_t utc_offset_s, now_ns;
};
struct walktest_result {
	char probe[PROBE_ID_TEXT];
	uint64_t rows, added, there; /* there: they were there already */
	uint64_t placed,
		implausible;       /* rows with a position; rows with values that were left out */
	int64_t first_ns, last_ns; /* UTC of the rows */
};
int import_walktest(struct import *im, const char *path, const struct walktest_options *o,
	struct walktest_result *out) MUST_CHECK;

#endif
