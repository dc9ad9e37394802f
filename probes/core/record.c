/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a record, kept ascending by field so that the encoder needs no sorting; texts and lists
 * lie in the record's own arena. */
#include "record.h"
#include "mem.h"
#include "utf8.h"
#include <assert.h>
#include <math.h>
#include <string.h>

/* A wrong field or type is our own bug: loud where bugs are looked for, left out in the field. */
#if defined(__SANITIZE_ADDRESS__) || defined(PHUSONG_DEBUG)
#define OURS(yes) assert(yes)
#else
#define OURS(yes) ((void)0)
#endif

void record_clear(struct record *r, enum record_kind kind)
{
	memset(r, 0, offsetof(struct record, values));
	r->kind = (uint8_t)kind;
	r->utc_ns = UTC_UNKNOWN;
	r->clock.error_us = -1;
	r->clock.sync_age_s = -1;
	r->place.accuracy_m = -1;
}

void record_begin(struct record *r, enum record_kind kind)
{
	struct clock_state now;

	record_clear(r, kind);
	r->mono_ns = clock_mono();
	clock_read(&now);
	r->utc_ns = now.utc_ns;
	r->clock.source = (uint8_t)now.source;
	r->clock.error_us = now.error_us;
	r->clock.sync_age_s = now.sync_age_s;
}

/* The place of the field, or where it would be inserted. */
static size_t place_of(const struct record *r, unsigned field)
{
	size_t i = r->count;

	while (i && r->values[i - 1].field >= field)
		i--;
	return i;
}

static const struct value *find(const struct record *r, unsigned field)
{
	size_t i = place_of(r, field);

	return i < r->count && r->values[i].field == field ? &r->values[i] : NULL;
}

static bool in_arena(const struct value *v)
{
	return v->type == FIELD_TEXT || v->type == FIELD_INTS;
}

static size_t arena_bytes(const struct value *v)
{
	return v->type == FIELD_TEXT ? (size_t)v->len + 1 : (size_t)v->len * sizeof(int64_t);
}

static size_t aligned(size_t at, unsigned type)
{
	return type == FIELD_INTS ? (at + 7) & ~(size_t)7 : at;
}

/* Closes the holes that replaced and unset values left.  Values lie in the arena in the order they
 * were set, so the one that lies first is always moved first. */
static void compact(struct record *r)
{
	size_t used = 0, from = 0;

	for (;;) {
		struct value *first = NULL;

		for (size_t i = 0; i < r->count; i++) {
			struct value *v = &r->values[i];

			if (in_arena(v) && arena_bytes(v) && v->at >= from &&
				(!first || v->at < first->at))
				first = v;
		}
		if (!first)
			break;
		from = first->at + arena_bytes(first);
		used = aligned(used, first->type);
		memmove(r->arena + used, r->arena + first->at, arena_bytes(first));
		first->at = (uint16_t)used;
		used += arena_bytes(first);
	}
	r->arena_used = (uint16_t)used;
}

/* Room for `want` bytes at the arena's end, or for as many as there are. */
static size_t arena_room(struct record *r, size_t want, unsigned type)
{
	if (aligned(r->arena_used, type) + want > RECORD_ARENA)
		compact(r);
	if (aligned(r->arena_used, type) >= RECORD_ARENA)
		return 0;
	return RECORD_ARENA - aligned(r->arena_used, type);
}

/* The value to be written, new or replaced; NULL when the field may not be here. */
static struct value *claim(struct record *r, unsigned field, enum field_type type)
{
	const struct field_info *info = field_info(field);
	size_t i = place_of(r, field);

	OURS(info && info->type == type && (info->kinds & 1u << r->kind));
	if (!info || info->type != type || r->kind > 31 || !(info->kinds & 1u << r->kind))
		return NULL;
	if (i < r->count && r->values[i].field == field)
		return &r->values[i];
	OURS(r->count < RECORD_VALUES);
	if (r->count == RECORD_VALUES)
		return NULL;
	memmove(&r->values[i + 1], &r->values[i], (r->count - i) * sizeof(r->values[0]));
	r->count++;
	r->values[i] = (struct value){ .field = (uint16_t)field, .type = (uint8_t)type };
	return &r->values[i];
}

void record_set_bool(struct record *r, enum field f, bool yes)
{
	struct value *v = claim(r, f, FIELD_BOOL);

	if (v)
		v->yes = yes;
}

void record_set_int(struct record *r, enum field f, int64_t i)
{
	struct value *v = claim(r, f, FIELD_INT);

	if (v)
		v->i = i;
}

void record_set_real(struct record *r, enum field f, double d)
{
	struct value *v = isfinite(d) ? claim(r, f, FIELD_REAL) : NULL;

	if (v)
		v->d = d;
}

void record_set_text(struct record *r, enum field f, const char *text)
{
	if (text)
		record_set_textn(r, f, text, strlen(text));
}

void record_set_textn(struct record *r, enum field f, const char *text, size_t n)
{
	struct value *v;
	size_t room;

	if (!text)
		return;
	record_unset(r, f);
	/* U+FFFD has three bytes, so that a text may grow threefold */
	room = arena_room(r, n > RECORD_ARENA ? RECORD_ARENA : 3 * n + 1, FIELD_TEXT);
	v = room ? claim(r, f, FIELD_TEXT) : NULL;
	if (!v)
		return;
	v->at = r->arena_used;
	v->len = (uint16_t)utf8_clean((char *)r->arena + v->at, room, text, n);
	r->arena_used = (uint16_t)(v->at + v->len + 1);
}

void record_set_ints(struct record *r, enum field f, const int64_t *list, size_t n)
{
	struct value *v;

	OURS(n <= RECORD_INTS);
	record_unset(r, f);
	if (n > RECORD_INTS || arena_room(r, n * sizeof(*list), FIELD_INTS) < n * sizeof(*list))
		return;
	v = claim(r, f, FIELD_INTS);
	if (!v)
		return;
	v->at = (uint16_t)aligned(r->arena_used, FIELD_INTS);
	v->len = (uint16_t)n;
	if (n)
		memcpy(r->arena + v->at, list, n * sizeof(*list));
	r->arena_used = (uint16_t)(v->at + n * sizeof(*list));
}

void record_unset(struct record *r, enum field f)
{
	size_t i = place_of(r, f);

	if (i == r->count || r->values[i].field != f)
		return;
	r->count--;
	memmove(&r->values[i], &r->values[i + 1], (r->count - i) * sizeof(r->values[0]));
}

bool record_has(const struct record *r, enum field f)
{
	return find(r, f);
}

bool record_bool(const struct record *r, enum field f, bool unless)
{
	const struct value *v = find(r, f);

	return v && v->type == FIELD_BOOL ? v->yes : unless;
}

int64_t record_int(const struct record *r, enum field f, int64_t unless)
{
	const struct value *v = find(r, f);

	return v && v->type == FIELD_INT ? v->i : unless;
}

double record_real(const struct record *r, enum field f, double unless)
{
	const struct value *v = find(r, f);

	if (v && v->type == FIELD_INT)
		return (double)v->i;
	return v && v->type == FIELD_REAL ? v->d : unless;
}

const char *record_text(const struct record *r, enum field f)
{
	const struct value *v = find(r, f);

	return v && v->type == FIELD_TEXT ? (const char *)r->arena + v->at : NULL;
}

size_t record_ints(const struct record *r, enum field f, int64_t *out, size_t room)
{
	const struct value *v = find(r, f);
	size_t n;

	if (!v || v->type != FIELD_INTS)
		return 0;
	n = v->len < room ? v->len : room;
	memcpy(out, r->arena + v->at, n * sizeof(*out));
	return n;
}

unsigned record_value(const struct record *r)
{
	switch (r->kind) {
	case RECORD_GAP:
		return 5;
	case RECORD_ACCESS:
		return record_bool(r, FIELD_HEARTBEAT, false) ? 0 : 5;
	case RECORD_OPERATORS:
	case RECORD_THROUGHPUT:
	case RECORD_IPV6:
	case RECORD_EVENT:
		return 4;
	case RECORD_HEALTH:
		return 2;
	case RECORD_SIGNAL:
		return 1;
	default: /* latency, dns, service, passive */
		return 3;
	}
}
