/* SPDX-License-Identifier: Apache-2.0 */
/* Text into HTML and SVG.  Private to collector/report. */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include "../../probes/core/buf.h"

void markup(
	struct buf *out, const char *text); /* escaped for text and attributes; NULL is nothing */
void markup_cell(struct buf *out, const char *tag, const char *text); /* <td>text</td> */

#endif
