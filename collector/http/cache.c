/* SPDX-License-Identifier: Apache-2.0 */
/* One place for each hash: whoever comes later takes it.  Tiles of one view rarely share a place, and a
 * tile that lost its place is only made again. */
#include "cache.h"

#include "../../probes/core/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 2048

struct entry {
	char *key;
	uint64_t edition;
	uint8_t *bytes;
	size_t n;
};

struct cache {
	pthread_mutex_t lock;
	size_t ceiling, held, hand; /* hand: the next one to go when it is full */
	struct entry entry[PLACES];
};

struct cache *cache_new(size_t ceiling)
{
	struct cache *c = mem_new(sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	c->ceiling = ceiling;
	return c;
}

static void drop(struct cache *c, struct entry *e)
{
	c->held -= e->n;
	free(e->key);
	free(e->bytes);
	*e = (struct entry){ 0 };
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < PLACES; i++)
		drop(c, &c->entry[i]);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static struct entry *place_of(struct cache *c, const char *key)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *p = key; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 16777619u;
	return &c->entry[hash % PLACES];
}

bool cache_get(struct cache *c, const char *key, uint64_t edition, struct buf *out)
{
	struct entry *e = place_of(c, key);
	bool found;

	pthread_mutex_lock(&c->lock);
	found = e->key && e->edition == edition && !strcmp(e->key, key);
	if (found)
		buf_put(out, e->bytes, e->n);
	pthread_mutex_unlock(&c->lock);
	return found && !out->err;
}

void cache_put(struct cache *c, const char *key, uint64_t edition, const struct buf *answer)
{
	struct entry *e = place_of(c, key);

	if (answer->err || !answer->len || answer->len > c->ceiling / 4)
		return;
	pthread_mutex_lock(&c->lock);
	drop(c, e);
	while (c->held + answer->len > c->ceiling) {
		drop(c, &c->entry[c->hand]);
		c->hand = (c->hand + 1) % PLACES;
	}
	*e = (struct entry){ .key = mem_copy(key),
		.edition = edition,
		.bytes = mem_grow(NULL, answer->len, 1),
		.n = answer->len };
	memcpy(e->bytes, answer->data, answer->len);
	c->held += e->n;
	pthread_mutex_unlock(&c->lock);
}
