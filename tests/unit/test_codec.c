/* SPDX-License-Identifier: Apache-2.0 */
/* Records, CBOR and texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/core/cb.h"
#include "probes/core/codec.h"
#include "probes/core/mem.h"
#include "probes/core/utf8.h"
#include <cmocka.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hex(const struct buf *b, char *out)
{
	for (size_t i = 0; i < b->len; i++)
		snprintf(out + 2 * i, 3, "%02x", b->data[i]);
	out[2 * b->len] = 0;
}

static void sample(struct record *r)
{
	static const int64_t rates[] = { 1000000, -1, 5000000000 };

	record_clear(r, RECORD_THROUGHPUT);
	r->seq = 42;
	r->mono_ns = 123456789;
	r->utc_ns = 1763900000000000000;
	r->clock = (struct record_clock){ CLOCK_NTP, 1500, 60 };
	r->state = STATE_OK;
	r->place = (struct place){ 210285000, 1058542000, 15, PLACE_GNSS };
	snprintf(r->uplink, sizeof(r->uplink), "wwan0");
	record_set_text(r, FIELD_DIRECTION, "down");
	record_set_ints(r, FIELD_SUB_BPS, rates, COUNT(rates));
	record_set_real(r, FIELD_IDLE_P50_US, 41230.25);
	record_set_int(r, FIELD_RATE_BPS, 23400000);
	record_set_bool(r, FIELD_TLS, true);
	record_set_real(r, FIELD_PEAK_RSRP, -95.5);
	record_set_text(r, FIELD_ERROR_TEXT, "phủ sóng \xff");
}

static void a_record_comes_back_as_it_was(void **state)
{
	struct record *in = mem_new(sizeof(*in)), *out = mem_new(sizeof(*out));
	int64_t list[RECORD_INTS];
	struct buf b;
	size_t used;
	unsigned unknown = 9;

	(void)state;
	sample(in);
	buf_init(&b, 8192);
	assert_int_equal(codec_encode(&b, in), 0);
	buf_put(&b, "more", 4);
	assert_int_equal(codec_decode(out, b.data, b.len, &used, &unknown), 0);
	assert_int_equal(used, b.len - 4);
	assert_int_equal(unknown, 0);
	assert_int_equal(out->seq, 42);
	assert_int_equal(out->utc_ns, in->utc_ns);
	assert_memory_equal(&out->place, &in->place, sizeof(in->place));
	assert_string_equal(out->uplink, "wwan0");
	assert_int_equal(out->count, 7);
	assert_string_equal(record_text(out, FIELD_DIRECTION), "down");
	assert_string_equal(record_text(out, FIELD_ERROR_TEXT), "phủ sóng \xef\xbf\xbd");
	assert_int_equal(record_ints(out, FIELD_SUB_BPS, list, COUNT(list)), 3);
	assert_int_equal(list[2], 5000000000);
	assert_true(record_real(out, FIELD_PEAK_RSRP, 0) == -95.5);
	assert_true(record_bool(out, FIELD_TLS, false));
	assert_false(record_has(out, FIELD_STREAMS));
	buf_done(&b);
	free(in);
	free(out);
}

static void reals_take_the_shortest_float_that_is_exact(void **state)
{
	static const struct {
		double v;
		const char *bytes;
	} cases[] = {
		/* RFC 8949 appendix A */
		{ 0.0, "f90000" },
		{ -0.0, "f98000" },
		{ 1.0, "f93c00" },
		{ 1.1, "fb3ff199999999999a" },
		{ 1.5, "f93e00" },
		{ 65504.0, "f97bff" },
		{ 100000.0, "fa47c35000" },
		{ 3.4028234663852886e+38, "fa7f7fffff" },
		{ 1.0e+300, "fb7e37e43c8800759c" },
		{ 5.960464477539063e-8, "f90001" },
		{ 0.00006103515625, "f90400" },
		{ -4.0, "f9c400" },
		{ -4.1, "fbc010666666666666" },
		{ 65505.0, "fa477fe100" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cb_reader c;
		struct buf b;

		buf_init(&b, 64);
		cb_put_real(&b, cases[i].v);
		hex(&b, text);
		assert_string_equal(text, cases[i].bytes);
		c = cb_reading(b.data, b.len);
		assert_true(cb_real(&c) == cases[i].v && !c.err);
		buf_done(&b);
	}
}

static void claimed_lengths_cost_nothing(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} cases[] = {
		{ "\x9b\x00\x00\x00\x00\x08\x00\x00\x00", 9 },
		{ "\x5b\x00\x00\x00\x00\x40\x00\x00\x00", 9 },
		{ "\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ "\x7b\xff\xff\xff\xff\xff\xff\xff\xff", 9 },
		{ "\x9f\x01\xff", 3 },
		{ "\x5f\x41\x00\xff", 4 },
		{ "\x81\x81\x81\x81\x81\x81\x81\x81\x81\x00", 10 },
		{ "\xff", 1 },
		{ "\xf7", 1 },
		{ "\x1c", 1 },
		{ "", 0 },
	};
	struct record *r = mem_new(sizeof(*r));
	size_t used = 9;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(codec_decode(r, (const uint8_t *)cases[i].bytes, cases[i].n, &used,
				    NULL) < 0);
		assert_int_equal(used, 0);
	}
	free(r);
}

static void a_cut_at_any_byte_is_seen(void **state)
{
	struct record *r = mem_new(sizeof(*r));
	struct buf b;
	size_t used;

	(void)state;
	sample(r);
	buf_init(&b, 8192);
	assert_int_equal(codec_encode(&b, r), 0);
	for (size_t n = 0; n < b.len; n++) {
		uint8_t *exact = malloc(n + !n);

		memcpy(exact, b.data, n);
		assert_int_equal(codec_decode(r, exact, n, &used, NULL), -ENODATA);
		free(exact);
	}
	buf_done(&b);
	free(r);
}

/* [kind, 7, 1, null, [0, null, null], 0, null, null, map] */
static int decode(
	struct record *r, int kind, const char *map, size_t n, size_t *used, unsigned *unknown)
{
	struct buf b;
	int err;

	buf_init(&b, 8192);
	cb_put_array(&b, 9);
	cb_put_int(&b, kind);
	buf_put(&b, "\x07\x01\xf6\x83\x00\xf6\xf6\x00\xf6\xf6", 10);
	buf_put(&b, map, n);
	err = codec_decode(r, b.data, b.len, used, unknown);
	if (!err)
		assert_int_equal(*used, b.len);
	buf_done(&b);
	return err;
}

static void what_is_unknown_is_stepped_over(void **state)
{
	struct record *r = mem_new(sizeof(*r));
	unsigned unknown;
	size_t used;

	(void)state;
	/* {3: "x", 900: [1, {2: 3}]} */
	assert_int_equal(decode(r, RECORD_SIGNAL, "\xa2\x03\x61x\x19\x03\x84\x82\x01\xa1\x02\x03",
				 12, &used, &unknown),
		0);
	assert_int_equal(unknown, 1);
	assert_string_equal(record_text(r, FIELD_TEST), "x");
	assert_int_equal(decode(r, 99, "\xa0", 1, &used, &unknown), -EPROTONOSUPPORT);
	assert_int_equal(r->seq, 7);
	assert_true(used > 0);
	free(r);
}

static void what_is_wrong_is_refused_and_can_be_stepped_over(void **state)
{
	static const struct {
		const char *map;
		size_t n;
	} cases[] = {
		{ "\xa2\x03\x61x\x03\x61y", 7 },   /* a field twice */
		{ "\xa2\x07\x01\x03\x61x", 6 },    /* descending */
		{ "\xa1\x03\x01", 3 },             /* a number where a text belongs */
		{ "\xa1\x03\x61\xff", 4 },         /* not UTF-8 */
		{ "\xa1\x03\x62\x00x", 5 },        /* a zero byte */
		{ "\xa1\x18\x27\xf9\x7c\x00", 6 }, /* RSRP is infinite */
		{ "\xa1\x18\x27\x01", 4 },         /* RSRP is no float */
		{ "\xa1\x20\x01", 3 },             /* field -1 */
		{ "\x80", 1 },                     /* no map */
	};
	struct record *r = mem_new(sizeof(*r));
	size_t used;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			decode(r, RECORD_SIGNAL, cases[i].map, cases[i].n, &used, NULL), -EBADMSG);
		assert_int_equal(used, 12 + cases[i].n);
	}
	free(r);
}

static void a_full_record_fits_and_a_larger_one_is_refused(void **state)
{
	struct record *r = mem_new(sizeof(*r));
	char text[2000];
	struct buf b;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	record_clear(r, RECORD_SIGNAL);
	record_set_text(r, FIELD_RAW, text);
	record_set_text(r, FIELD_ERROR_TEXT, text); /* cut: the arena has 3072 bytes */
	assert_int_equal(strlen(record_text(r, FIELD_RAW)), 1999);
	assert_int_equal(strlen(record_text(r, FIELD_ERROR_TEXT)), RECORD_ARENA - 2000 - 1);
	buf_init(&b, 8192);
	assert_int_equal(codec_encode(&b, r), 0);
	buf_done(&b);
	buf_init(&b, 100);
	assert_int_equal(codec_encode(&b, r), -EMSGSIZE);
	buf_done(&b);
	free(r);
}

static void setting_again_replaces_and_leaves_no_holes(void **state)
{
	static const int64_t list[] = { 1, 2, 3 };
	struct record *r = mem_new(sizeof(*r));
	int64_t out[3];

	(void)state;
	record_clear(r, RECORD_THROUGHPUT);
	record_set_ints(r, FIELD_SUB_BPS, list, 0);
	for (int i = 0; i < 1000; i++) {
		record_set_text(r, FIELD_DIRECTION, i % 2 ? "down" : "up, and then some more");
		record_set_ints(r, FIELD_SUB_BPS, list, (size_t)(i % 4));
		record_set_text(r, FIELD_TEST, "name");
	}
	assert_string_equal(record_text(r, FIELD_DIRECTION), "down");
	assert_int_equal(record_ints(r, FIELD_SUB_BPS, out, 3), 3);
	assert_int_equal(out[2], 3);
	assert_string_equal(record_text(r, FIELD_TEST), "name");
	assert_int_equal(r->count, 3);
	record_unset(r, FIELD_TEST);
	assert_null(record_text(r, FIELD_TEST));
	record_set_real(r, FIELD_RPM, NAN);
	assert_false(record_has(r, FIELD_RPM));
	record_set_text(r, FIELD_TEST, NULL);
	assert_false(record_has(r, FIELD_TEST));
	free(r);
}

static void the_field_list_is_ascending_and_names_are_unique(void **state)
{
	unsigned last = 0, count = 0;

	(void)state;
	for (unsigned n = 0; n < FIELD_LIMIT; n++) {
		const struct field_info *f = field_info(n);

		if (!f)
			continue;
		assert_int_equal(f->number, n);
		assert_ptr_equal(field_named(f->name), f);
		last = n;
		count++;
	}
#define X(number, symbol, name, type, unit, kinds, meaning) +1
	assert_int_equal(count, 0 RECORD_FIELDS(X));
#undef X
	assert_int_equal(last + 1, FIELD_LIMIT);
	assert_null(field_info(FIELD_LIMIT));
	assert_null(field_named("nonsense"));
	assert_int_equal(record_kind_from("gap"), RECORD_GAP);
	assert_string_equal(record_kind_name(1), "signal");
	assert_null(record_kind_name(0));
	assert_null(record_kind_name(200));
}

static void the_dearest_are_transitions_and_gaps(void **state)
{
	struct record *r = mem_new(sizeof(*r));

	(void)state;
	record_clear(r, RECORD_ACCESS);
	assert_int_equal(record_value(r), RECORD_VALUE_CLASSES - 1);
	record_set_bool(r, FIELD_HEARTBEAT, true);
	assert_int_equal(record_value(r), 0);
	record_clear(r, RECORD_SIGNAL);
	assert_int_equal(record_value(r), 1);
	free(r);
}

static void texts_become_valid_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "Trảng Bom", "Trảng Bom" },
		{ "a\xc0\x80z", "a\xef\xbf\xbd\xef\xbf\xbdz" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x9f\x93\xb6", "\xf0\x9f\x93\xb6" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe1\xba", "\xef\xbf\xbd\xef\xbf\xbd" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		utf8_clean(out, sizeof(out), cases[i].in, strlen(cases[i].in));
		assert_string_equal(out, cases[i].out);
		assert_true(utf8_valid(out, strlen(out)));
	}
	assert_int_equal(utf8_clean(out, 4, "ảảả", 9), 3);
	assert_int_equal(utf8_cut("ảảả", 9, 5), 3);
	assert_false(utf8_valid("a\0b", 3));
}

static void json_has_every_field_of_the_kind_and_null_for_the_unknown(void **state)
{
	struct record *r = mem_new(sizeof(*r));
	struct json_object *o, *v;

	(void)state;
	sample(r);
	o = codec_json(r);
	assert_true(json_object_object_get_ex(o, "rate_bps", &v));
	assert_int_equal(json_object_get_int64(v), 23400000);
	assert_true(json_object_object_get_ex(o, "streams", &v));
	assert_null(v);
	assert_false(json_object_object_get_ex(o, "rtt_p50_us", &v));
	assert_true(json_object_object_get_ex(o, "peak_rsrp_dbm", &v));
	assert_string_equal(json_object_to_json_string(v), "-95.5");
	assert_true(json_object_object_get_ex(o, "utc", &v));
	assert_string_equal(json_object_get_string(v), "2025-11-23T12:13:20.000Z");
	assert_true(json_object_object_get_ex(o, "place", &v));
	assert_true(json_object_object_get_ex(v, "lat", &v));
	assert_string_equal(json_object_to_json_string(v), "21.0285000");
	json_object_put(o);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_was),
		cmocka_unit_test(reals_take_the_shortest_float_that_is_exact),
		cmocka_unit_test(claimed_lengths_cost_nothing),
		cmocka_unit_test(a_cut_at_any_byte_is_seen),
		cmocka_unit_test(what_is_unknown_is_stepped_over),
		cmocka_unit_test(what_is_wrong_is_refused_and_can_be_stepped_over),
		cmocka_unit_test(a_full_record_fits_and_a_larger_one_is_refused),
		cmocka_unit_test(setting_again_replaces_and_leaves_no_holes),
		cmocka_unit_test(the_field_list_is_ascending_and_names_are_unique),
		cmocka_unit_test(the_dearest_are_transitions_and_gaps),
		cmocka_unit_test(texts_become_valid_utf8),
		cmocka_unit_test(json_has_every_field_of_the_kind_and_null_for_the_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
