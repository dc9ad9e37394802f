/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_HTTP_GZIP_H
#define COLLECTOR_HTTP_GZIP_H

#include "../../probes/core/buf.h"

#define BODY_CEILING (64u << 20) /* of one answer */

/* Replaces the body by its gzip form; on failure it stays as it was. */
bool gzip(struct buf *body);

#endif
