/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe last told of its way to the world, in words. */
#ifndef COLLECTOR_HTTP_LAST_ACCESS_H
#define COLLECTOR_HTTP_LAST_ACCESS_H

#include "../store/store.h"

struct buf;

/* "no signal: repeated searches found no cell"; "–" when it told nothing. */
void put_last_access(struct buf *b, struct store *s, const struct store_probe *p, const char *lang);

#endif
