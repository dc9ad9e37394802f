/* SPDX-License-Identifier: Apache-2.0 */
/* A record on the wire: an array of nine, the last of them a map from field number to value. */
#include "codec.h"
#include "cb.h"
#include "mem.h"
#include <errno.h>
#include <string.h>

#define ELEMENTS     9   /* of this version */
#define ELEMENTS_MAX 16  /* later versions may append; what is new is stepped over */
#define PAIRS_MAX    256 /* fields in one record, those unknown here included */
#define LAT_MAX      900000000
#define LON_MAX      1800000000

static void put_known(struct buf *b, int64_t v) /* -1: unknown */
{
	if (v < 0)
		cb_put_null(b);
	else
		cb_put_int(b, v);
}

static void put_place(struct buf *b, const struct place *p)
{
	if (p->source == PLACE_NONE) {
		cb_put_null(b);
		return;
	}
	cb_put_array(b, 4);
	cb_put_int(b, p->lat_e7);
	cb_put_int(b, p->lon_e7);
	put_known(b, p->accuracy_m);
	cb_put_uint(b, p->source);
}

static void put_ints(struct buf *b, const struct record *r, const struct value *v)
{
	int64_t list[RECORD_INTS];
	size_t n = record_ints(r, v->field, list, COUNT(list));

	cb_put_array(b, n);
	for (size_t i = 0; i < n; i++)
		cb_put_int(b, list[i]);
}

static void put_value(struct buf *b, const struct record *r, const struct value *v)
{
	cb_put_uint(b, v->field);
	switch (v->type) {
	case FIELD_BOOL:
		cb_put_bool(b, v->yes);
		break;
	case FIELD_INT:
		cb_put_int(b, v->i);
		break;
	case FIELD_REAL:
		cb_put_real(b, v->d);
		break;
	case FIELD_TEXT:
		cb_put_textn(b, (const char *)r->arena + v->at, v->len);
		break;
	default:
		put_ints(b, r, v);
	}
}

int codec_encode(struct buf *out, const struct record *r)
{
	size_t before = out->len;

	cb_put_array(out, ELEMENTS);
	cb_put_uint(out, r->kind);
	cb_put_uint(out, r->seq);
	cb_put_int(out, r->mono_ns);
	if (r->utc_ns == UTC_UNKNOWN)
		cb_put_null(out);
	else
		cb_put_int(out, r->utc_ns);
	cb_put_array(out, 3);
	cb_put_uint(out, r->clock.source);
	put_known(out, r->clock.error_us);
	put_known(out, r->clock.sync_age_s);
	cb_put_uint(out, r->state);
	put_place(out, &r->place);
	if (r->uplink[0])
		cb_put_textn(out, r->uplink, strnlen(r->uplink, sizeof(r->uplink) - 1));
	else
		cb_put_null(out);
	cb_put_map(out, r->count);
	for (size_t i = 0; i < r->count; i++)
		put_value(out, r, &r->values[i]);
	if (!out->err && out->len - before > RECORD_BYTES_MAX)
		out->err = -EMSGSIZE;
	return out->err;
}

static int64_t get_known(struct cb_reader *c, int64_t most)
{
	return cb_null(c) ? -1 : cb_int(c, 0, most);
}

static void get_place(struct cb_reader *c, struct place *p)
{
	*p = (struct place){ .accuracy_m = -1 };
	if (cb_null(c))
		return;
	if (cb_array(c, 4) != 4 && !c->err)
		c->err = -EBADMSG;
	p->lat_e7 = (int32_t)cb_int(c, -LAT_MAX, LAT_MAX);
	p->lon_e7 = (int32_t)cb_int(c, -LON_MAX, LON_MAX);
	p->accuracy_m = (int32_t)get_known(c, INT32_MAX);
	p->source = (uint8_t)cb_int(c, PLACE_SURVEYED, PLACE_SOURCES - 1);
}

static void get_clock(struct cb_reader *c, struct record_clock *k)
{
	if (cb_array(c, 3) != 3 && !c->err)
		c->err = -EBADMSG;
	k->source = (uint8_t)cb_uint(c, CLOCK_SOURCES - 1);
	k->error_us = get_known(c, INT64_MAX);
	k->sync_age_s = get_known(c, INT64_MAX);
}

static void get_uplink(struct cb_reader *c, char out[RECORD_UPLINK])
{
	const char *text;
	size_t n;

	if (cb_null(c))
		return;
	text = cb_text(c, &n);
	if (!c->err && (!n || n >= RECORD_UPLINK))
		c->err = -EBADMSG;
	if (!c->err)
		memcpy(out, text, n);
}

static void get_ints(struct cb_reader *c, struct record *r, enum field f)
{
	int64_t list[RECORD_INTS];
	size_t n = cb_array(c, RECORD_INTS);

	for (size_t i = 0; i < n; i++)
		list[i] = cb_int(c, INT64_MIN, INT64_MAX);
	if (!c->err)
		record_set_ints(r, f, list, n);
}

static void get_text(struct cb_reader *c, struct record *r, enum field f)
{
	size_t n;
	const char *text = cb_text(c, &n);

	if (c->err)
		return;
	record_set_textn(r, f, text, n);
	if (!record_has(r, f) || strlen(record_text(r, f)) != n)
		c->err = -EMSGSIZE;
}

static void get_value(struct cb_reader *c, struct record *r, const struct field_info *info)
{
	enum field f = (enum field)info->number;

	if (r->count == RECORD_VALUES) {
		c->err = -EMSGSIZE;
		return;
	}
	switch (info->type) {
	case FIELD_BOOL: {
		bool yes = cb_bool(c);

		if (!c->err)
			record_set_bool(r, f, yes);
		return;
	}
	case FIELD_INT: {
		int64_t v = cb_int(c, INT64_MIN, INT64_MAX);

		if (!c->err)
			record_set_int(r, f, v);
		return;
	}
	case FIELD_REAL: {
		double v = cb_real(c);

		if (!c->err)
			record_set_real(r, f, v);
		return;
	}
	case FIELD_TEXT:
		get_text(c, r, f);
		return;
	case FIELD_INTS:
		get_ints(c, r, f);
		if (!c->err && !record_has(r, f))
			c->err = -EMSGSIZE;
		return;
	}
}

static void get_values(struct cb_reader *c, struct record *r, unsigned *unknown)
{
	size_t n = cb_map(c, PAIRS_MAX);
	int64_t last = -1;

	for (size_t i = 0; i < n && !c->err; i++) {
		int64_t number = cb_int(c, 0, UINT16_MAX);
		const struct field_info *info = field_info((unsigned)number);

		if (!c->err && number <= last)
			c->err = -EBADMSG; /* not ascending: twice, or not ours */
		last = number;
		if (c->err)
			return;
		if (info && info->kinds & 1u << r->kind) {
			get_value(c, r, info);
		} else {
			cb_skip(c);
			++*unknown;
		}
	}
}

/* Everything after the kind. */
static void get_record(struct cb_reader *c, struct record *r, size_t elements, unsigned *unknown)
{
	r->seq = cb_uint(c, INT64_MAX); /* databases have no greater number */
	r->mono_ns = cb_int(c, 0, INT64_MAX);
	r->utc_ns = cb_null(c) ? UTC_UNKNOWN : cb_int(c, INT64_MIN + 1, INT64_MAX);
	get_clock(c, &r->clock);
	r->state = (uint8_t)cb_uint(c, ACCESS_STATES - 1);
	get_place(c, &r->place);
	get_uplink(c, r->uplink);
	get_values(c, r, unknown);
	for (size_t i = ELEMENTS; i < elements && !c->err; i++)
		cb_skip(c);
}

/* The length of the well-formed item at the front of bytes, 0 when there is none within the
 * ceiling of a record. */
static size_t item_length(const uint8_t *bytes, size_t n, int *err)
{
	struct cb_reader c = cb_reading(bytes, n > RECORD_BYTES_MAX ? RECORD_BYTES_MAX : n);

	cb_skip(&c);
	*err = c.err == -ENODATA && n > RECORD_BYTES_MAX ? -EMSGSIZE : c.err;
	return c.err ? 0 : (size_t)(c.at - bytes);
}

int codec_decode(
	struct record *out, const uint8_t *bytes, size_t n, size_t *used, unsigned *unknown)
{
	struct cb_reader c;
	unsigned skipped = 0;
	size_t elements;
	uint64_t kind;
	int err;

	*used = n ? item_length(bytes, n, &err) : 0;
	if (!*used)
		return n ? err : -ENODATA;
	c = cb_reading(bytes, *used);
	elements = cb_array(&c, ELEMENTS_MAX);
	kind = cb_uint(&c, UINT8_MAX);
	if (c.err || elements < ELEMENTS)
		return -EBADMSG;
	record_clear(out, (enum record_kind)kind);
	if (!record_kind_name((unsigned)kind)) {
		out->seq = cb_uint(&c, INT64_MAX);
		return -EPROTONOSUPPORT;
	}
	get_record(&c, out, elements, &skipped);
	if (c.err) /* the item is whole, so that nothing in it can be cut short */
		return c.err == -ENODATA ? -EBADMSG : c.err;
	if (unknown)
		*unknown = skipped;
	return 0;
}
