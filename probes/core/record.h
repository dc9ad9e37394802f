/* SPDX-License-Identifier: Apache-2.0 */
/* A result: a header that every record has, and the fields of its kind.  Lives on the stack or in a
 * struct, owns no memory. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "clock.h"
#include "fields.h"
#include "state.h"
#include "why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_VERSION 1

enum record_kind {
#define X(number, symbol, name, meaning) RECORD_##symbol = number,
	RECORD_KINDS(X)
#undef X
};

enum field {
#define X(number, symbol, name, type, unit, kinds, meaning) FIELD_##symbol = number,
	RECORD_FIELDS(X)
#undef X
		FIELD_LIMIT /* one more than the highest: the list is ascending */
};

enum field_type { FIELD_BOOL, FIELD_INT, FIELD_REAL, FIELD_TEXT, FIELD_INTS };

struct field_info {
	uint16_t number;
	enum field_type type;
	const char *name, *unit;
	uint32_t kinds; /* 1 << kind */
};
const struct field_info *field_info(unsigned number); /* NULL when there is none */
const struct field_info *field_named(const char *name);
const char *record_kind_name(unsigned kind); /* NULL when there is none */
int record_kind_from(const char *name);      /* or -EINVAL */

enum place_source { PLACE_NONE, PLACE_SURVEYED, PLACE_GNSS, PLACE_NETWORK, PLACE_SOURCES };
extern const char *const place_source_name[PLACE_SOURCES]; /* "none" "surveyed" "gnss" "network" */

struct place { /* WGS 84 */
	int32_t lat_e7, lon_e7;
	int32_t accuracy_m; /* -1 unknown */
	uint8_t source;     /* enum place_source; PLACE_NONE: there is no place */
};

struct record_clock {
	uint8_t source;     /* enum clock_source */
	int64_t error_us;   /* -1 unknown */
	int64_t sync_age_s; /* -1 never */
};

#define RECORD_VALUES    96   /* fields in one record */
#define RECORD_ARENA     3072 /* bytes for texts and integer lists of one record */
#define RECORD_INTS      64   /* integers in one list */
#define RECORD_UPLINK    16
#define RECORD_BYTES_MAX 4096 /* one encoded record */

struct value {
	uint16_t field;
	uint8_t type; /* enum field_type */
	uint16_t len; /* of a text in bytes, of a list in integers */
	union {
		bool yes;
		int64_t i;
		double d;
		uint16_t at; /* offset in the arena */
	};
};

struct record {
	uint8_t kind;    /* enum record_kind */
	uint64_t seq;    /* from 1, per probe, for ever; 0 before the journal gave it one */
	int64_t mono_ns; /* clock_mono() at the start of what was measured */
	int64_t utc_ns;  /* or UTC_UNKNOWN */
	struct record_clock clock;
	uint8_t state;              /* enum access_state when it was made */
	struct place place;         /* where it was measured */
	char uplink[RECORD_UPLINK]; /* interface the probe reports over; "" unknown */
	uint16_t count, arena_used;
	struct value values[RECORD_VALUES];
	_Alignas(8) uint8_t arena[RECORD_ARENA];
};

/* Empties the record and stamps it with the time now (mono_ns, utc_ns, clock). */
void record_begin(struct record *r, enum record_kind kind);
/* The same without looking at a clock: for decoders and tests. */
void record_clear(struct record *r, enum record_kind kind);

/* Setting replaces.  A field that the kind does not have, a wrong type, or no room is a bug in the
 * program: asserted in debug builds, left out otherwise.  Texts are cut at a UTF-8 boundary when the
 * arena is full; invalid UTF-8 is replaced by U+FFFD; NULL sets nothing.  A REAL that is not finite
 * sets nothing. */
void record_set_bool(struct record *r, enum field f, bool yes);
void record_set_int(struct record *r, enum field f, int64_t v);
void record_set_real(struct record *r, enum field f, double v);
void record_set_text(struct record *r, enum field f, const char *text);
void record_set_textn(struct record *r, enum field f, const char *text, size_t n);
void record_set_ints(struct record *r, enum field f, const int64_t *v, size_t n);
void record_unset(struct record *r, enum field f);

bool record_has(const struct record *r, enum field f);
bool record_bool(const struct record *r, enum field f, bool unless);
int64_t record_int(const struct record *r, enum field f, int64_t unless);
double record_real(const struct record *r, enum field f, double unless); /* INT fields too */
const char *record_text(
	const struct record *r, enum field f); /* NULL when absent; terminated; lives with r */
size_t record_ints(
	const struct record *r, enum field f, int64_t *out, size_t room); /* how many were copied */

/* How dear a record is when something must be dropped: 0 goes first.  access transitions and gaps
 * are dearest, then operators, throughput, ipv6 and events, then latency/service/dns, health, signal, and
 * heartbeats are cheapest. */
unsigned record_value(const struct record *r);
#define RECORD_VALUE_CLASSES 6

#endif
