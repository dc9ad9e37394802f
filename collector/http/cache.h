/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are asked for again and again, compressed: tiles and files of the pages.  Bounded; what is
 * least lucky goes first.  Any thread may call. */
#ifndef COLLECTOR_HTTP_CACHE_H
#define COLLECTOR_HTTP_CACHE_H

#include "../../probes/core/buf.h"

struct cache;
struct cache *cache_new(size_t ceiling); /* bytes of all answers together */
void cache_free(struct cache *c);        /* NULL is fine */

/* An answer holds for one edition of what it was made from: 0 for what never changes. */
bool cache_get(struct cache *c, const char *key, uint64_t edition, struct buf *out);
void cache_put(struct cache *c, const char *key, uint64_t edition, const struct buf *answer);

#endif
