/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a page and the pieces that pages share.  Everything that is not a literal of ours goes
 * through html_text(). */
#ifndef COLLECTOR_HTTP_HTML_H
#define COLLECTOR_HTTP_HTML_H

#include "request.h"

void html_text(struct buf *b, const char *text); /* escaped for text and attributes */
void html_textf(struct buf *b, const char *format, ...) PRINTF(2, 3); /* formatted, then escaped */

/* Everything up to <main>, which is open afterwards.  section: which of the navigation is the current
 * one ("map" "probes" "status" or "").  scripts: space-separated files under /static/, modules; may be NULL. */
void html_begin(
	const struct request *q, struct reply *r, const char *title, const char *section, bool map);
void html_end(const struct request *q, struct reply *r, const char *scripts);

/* Sign and word of a status: <span class="status">...</span>. */
void html_status(struct buf *b, const char *status, const char *lang);
/* A table with a caption; columns: header texts, a leading '#' makes a number column.  Ends with NULL. */
void html_table_begin(struct buf *b, const char *caption, const char *const columns[]);
void html_table_end(struct buf *b);
void html_fact(struct buf *b, const char *term, const char *text); /* inside <dl class="facts"> */

#endif
