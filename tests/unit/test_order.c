/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and replies on the wire, and their worked example in WIRE.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/core/cb.h"
#include "probes/core/clock.h"
#include "probes/core/cose.h"
#include "probes/core/mem.h"
#include "probes/core/order.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ISSUED 1763900000000000000

static struct identity *collector, *probe;

static struct identity *seeded(uint8_t first)
{
	uint8_t seed[32];
	struct identity *i;

	for (int k = 0; k < 32; k++)
		seed[k] = (uint8_t)(first + k);
	assert_int_equal(identity_from_seed(&i, seed), 0);
	return i;
}

static int setup(void **state)
{
	(void)state;
	probe = seeded(0);
	collector = seeded(0x40);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	identity_free(probe);
	identity_free(collector);
	return 0;
}

/* The example of WIRE.md: change one, change the other. */
static struct order example(void)
{
	struct order o = { .number = ISSUED / 1000,
		.issued_ns = ISSUED,
		.expires_ns = ISSUED + 86400 * NS_PER_S,
		.action = ORDER_SUPPRESS,
		.until_ns = ISSUED + 7200 * NS_PER_S,
		.stop_running = true };

	memcpy(o.probe, identity_id(probe), PROBE_ID);
	for (int i = 0; i < ORDER_ID; i++)
		o.id[i] = (uint8_t)(0xb0 + i);
	snprintf(o.what, sizeof(o.what), "throughput");
	return o;
}

static struct order plan(void)
{
	struct order o = example();

	o.action = ORDER_PLAN;
	memset(o.what, 0, sizeof(o.what));
	o.stop_running = false;
	o.entries = 2;
	o.entry[0] = (struct order_entry){ "throughput", 43200, -1 };
	o.entry[1] = (struct order_entry){ "latency", 0, 0 };
	return o;
}

static void hex_of(const struct buf *b, char *out)
{
	for (size_t i = 0; i < b->len; i++)
		snprintf(out + 2 * i, 3, "%02x", b->data[i]);
}

/* Compares the block that begins with "```hex NAME" with the bytes. */
static void assert_in_wire_md(const char *name, const struct buf *b)
{
	char *text = mem_new(65536), *made = mem_new(2 * b->len + 1), fence[32], *at;
	FILE *f = fopen("probes/core/WIRE.md", "r");
	size_t n = 0;

	assert_non_null(f); /* tests run in the project's folder */
	(void)!fread(text, 1, 65535, f);
	fclose(f);
	hex_of(b, made);
	snprintf(fence, sizeof(fence), "```hex %s\n", name);
	at = strstr(text, fence);
	if (!at || getenv("PHUSONG_PRINT"))
		print_message("%s: %s\n", name, made);
	assert_non_null(at);
	at += strlen(fence);
	for (char *c = at; *c && *c != '`'; c++)
		if (*c != '\n' && *c != ' ')
			at[n++] = *c;
	at[n] = 0;
	assert_string_equal(at, made);
	free(made);
	free(text);
}

static void the_examples_in_wire_md_are_what_this_code_makes(void **state)
{
	struct order_reply r = {
		.state = REPLY_DONE, .word = "ok", .utc_ns = ISSUED + 5 * NS_PER_S
	};
	struct order o = example();
	struct buf b;

	(void)state;
	buf_init(&b, ORDER_BYTES_MAX);
	assert_int_equal(order_seal(&b, &o, collector), 0);
	assert_in_wire_md("order", &b);
	buf_clear(&b);
	memcpy(r.id, o.id, ORDER_ID);
	assert_int_equal(reply_seal(&b, &r, probe), 0);
	assert_in_wire_md("reply", &b);
	buf_done(&b);
}

static int opened(const struct buf *b, struct order *out)
{
	struct why why = { "" };
	int err = order_open(out, b->data, b->len, identity_public(collector), &why);

	assert_int_equal(err != 0, *why.text != 0);
	return err;
}

static void an_order_is_opened_as_it_was_sealed(void **state)
{
	struct order in[2] = { example(), plan() }, out;
	struct buf b;

	(void)state;
	buf_init(&b, ORDER_BYTES_MAX);
	for (int i = 0; i < 2; i++) {
		buf_clear(&b);
		assert_int_equal(order_seal(&b, &in[i], collector), 0);
		assert_int_equal(opened(&b, &out), 0);
		assert_memory_equal(&in[i], &out, sizeof(out));
	}
	buf_done(&b);
}

static void a_plan_of_all_tests_fits(void **state)
{
	struct order o = plan(), out;
	struct buf b;

	(void)state;
	o.entries = ORDER_ENTRIES;
	for (int i = 0; i < ORDER_ENTRIES; i++) {
		memset(o.entry[i].test, 'a' + i % 26, ORDER_WORD - 1);
		snprintf(o.entry[i].test, 4, "%03d", i);
		o.entry[i].test[3] = '-';
		o.entry[i].interval_s = 31622400;
		o.entry[i].enabled = 1;
	}
	buf_init(&b, ORDER_BYTES_MAX);
	assert_int_equal(order_seal(&b, &o, collector), 0);
	assert_int_equal(opened(&b, &out), 0);
	assert_int_equal(out.entries, ORDER_ENTRIES);
	buf_done(&b);
}

static void no_changed_byte_and_no_cut_is_accepted(void **state)
{
	struct order o = example(), out;
	struct buf b;

	(void)state;
	buf_init(&b, ORDER_BYTES_MAX);
	assert_int_equal(order_seal(&b, &o, collector), 0);
	for (size_t i = 0; i < b.len; i++) {
		struct buf cut = b;

		cut.len = i;
		assert_int_not_equal(opened(&cut, &out), 0);
		b.data[i] ^= 0x10;
		assert_int_not_equal(opened(&b, &out), 0);
		b.data[i] ^= 0x10;
	}
	assert_int_equal(opened(&b, &out), 0);
	buf_put(&b, "x", 1);
	assert_int_equal(opened(&b, &out), -EBADMSG);
	buf_done(&b);
}

static void another_signer_another_kind_and_too_much_are_told_apart(void **state)
{
	struct order_reply reply;
	struct order o = example(), out;
	struct buf b, payload;
	struct why why = { "" };

	(void)state;
	buf_init(&b, 2 * ORDER_BYTES_MAX);
	buf_init(&payload, ORDER_BYTES_MAX);
	assert_int_equal(order_seal(&b, &o, probe), 0);
	assert_int_equal(opened(&b, &out), -EPERM);
	assert_int_equal(reply_open(&reply, b.data, b.len, &why), -EKEYREJECTED);
	/* the same payload under the names of the other messages */
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { COSE_BATCH, COSE_RECEIPT, COSE_REPLY };

		buf_clear(&b);
		assert_int_equal(cose_seal(&b, names[i], "\xa0", 1, collector), 0);
		assert_int_equal(opened(&b, &out), -EKEYREJECTED);
	}
	buf_clear(&b);
	for (int i = 0; i < ORDER_BYTES_MAX + 1; i++)
		buf_put(&b, "\xd2", 1);
	assert_int_equal(opened(&b, &out), -EMSGSIZE);
	buf_done(&payload);
	buf_done(&b);
}

/* --- payloads by hand --- */
static void head(struct buf *b, size_t pairs, uint64_t version)
{
	cb_put_map(b, pairs);
	cb_put_uint(b, 1);
	cb_put_uint(b, version);
	cb_put_uint(b, 2);
	cb_put_bytes(b, identity_id(probe), PROBE_ID);
	cb_put_uint(b, 3);
	cb_put_bytes(b, "0123456789abcdef", ORDER_ID);
	cb_put_uint(b, 4);
	cb_put_uint(b, 77);
	cb_put_uint(b, 5);
	cb_put_int(b, ISSUED);
	cb_put_uint(b, 6);
	cb_put_int(b, ISSUED + 1);
}

static void pair(struct buf *b, uint64_t key, const char *text)
{
	cb_put_uint(b, key);
	cb_put_text(b, text);
}

static int open_payload(struct buf *payload, struct order *out)
{
	struct buf b;
	int err;

	buf_init(&b, ORDER_BYTES_MAX);
	assert_int_equal(cose_seal(&b, COSE_ORDER, payload->data, payload->len, collector), 0);
	err = opened(&b, out);
	buf_done(&b);
	buf_clear(payload);
	return err;
}

static void what_is_too_new_can_be_refused_by_its_id(void **state)
{
	struct order out;
	struct buf p;

	(void)state;
	buf_init(&p, 1024);
	head(&p, 8, 2);
	pair(&p, 7, "another world");
	pair(&p, 8, "signal");
	assert_int_equal(open_payload(&p, &out), -EPROTONOSUPPORT);
	assert_memory_equal(out.id, "0123456789abcdef", ORDER_ID);
	assert_int_equal(out.number, 77);
	head(&p, 6, 2);
	assert_int_equal(open_payload(&p, &out), -EPROTONOSUPPORT);
	/* an action, a field, a field of an entry that are not known: nothing of it is done */
	head(&p, 7, 1);
	cb_put_uint(&p, 7);
	cb_put_uint(&p, 99);
	assert_int_equal(open_payload(&p, &out), -EPROTONOSUPPORT);
	head(&p, 9, 1);
	cb_put_uint(&p, 7);
	cb_put_uint(&p, ORDER_RUN);
	pair(&p, 8, "signal");
	pair(&p, 40, "with a twist");
	assert_int_equal(open_payload(&p, &out), -EPROTONOSUPPORT);
	assert_int_equal(out.number, 77);
	head(&p, 9, 1);
	cb_put_uint(&p, 7);
	cb_put_uint(&p, ORDER_PLAN);
	cb_put_uint(&p, 9);
	cb_put_int(&p, ISSUED);
	cb_put_uint(&p, 11);
	cb_put_array(&p, 1);
	cb_put_map(&p, 2);
	pair(&p, 1, "signal");
	pair(&p, 9, "new");
	assert_int_equal(open_payload(&p, &out), -EPROTONOSUPPORT);
	/* too new, and not even well-formed */
	head(&p, 9, 2);
	pair(&p, 7, "");
	assert_int_equal(open_payload(&p, &out), -EBADMSG);
	buf_done(&p);
}

static void what_does_not_hold_together_is_malformed(void **state)
{
	static const struct {
		uint64_t action, key;
	} wrong[] = {
		{ ORDER_RUN, 9 },                         /* until */
		{ ORDER_RUN, 10 },                        /* stop_running */
		{ ORDER_SUPPRESS, 8 },                    /* no until */
		{ ORDER_PLAN, 8 }, { ORDER_RESTART, 12 }, /* a target and nothing to restart */
	};
	struct order out;
	struct buf p;

	(void)state;
	buf_init(&p, 1024);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		head(&p, 8, 1);
		cb_put_uint(&p, 7);
		cb_put_uint(&p, wrong[i].action);
		cb_put_uint(&p, wrong[i].key);
		if (wrong[i].key == 9)
			cb_put_int(&p, ISSUED);
		else if (wrong[i].key == 10)
			cb_put_bool(&p, true);
		else
			cb_put_text(&p, "x");
		assert_int_equal(open_payload(&p, &out), -EBADMSG);
	}
	head(&p, 7, 1); /* keys out of order */
	pair(&p, 6, "");
	assert_int_equal(open_payload(&p, &out), -EBADMSG);
	head(&p, 8, 1); /* a control character: it will be shown to people */
	cb_put_uint(&p, 7);
	cb_put_uint(&p, ORDER_RUN);
	pair(&p, 8, "a\x1b[2J");
	assert_int_equal(open_payload(&p, &out), -EBADMSG);
	buf_done(&p);
}

static void announced_lengths_allocate_nothing(void **state)
{
	/* a text of 1 GiB, an array of 2^32, a map of 2^60, in a message of some bytes */
	static const char *const lies[] = { "\x7a\x40\x00\x00\x00", "\x9a\xff\xff\xff\xff",
		"\xbb\x10\x00\x00\x00\x00\x00\x00\x00" };
	static const size_t lengths[] = { 5, 5, 9 };
	struct order out;
	struct buf p;

	(void)state;
	buf_init(&p, 1024);
	for (size_t i = 0; i < COUNT(lies); i++) {
		buf_put(&p, lies[i], lengths[i]);
		assert_int_equal(open_payload(&p, &out), -EBADMSG);
		head(&p, 8, 1);
		cb_put_uint(&p, 7);
		cb_put_uint(&p, ORDER_RUN);
		cb_put_uint(&p, 8);
		buf_put(&p, lies[i], lengths[i]);
		assert_int_equal(open_payload(&p, &out), -EBADMSG);
	}
	buf_done(&p);
}

static void an_order_that_contradicts_itself_is_not_sealed(void **state)
{
	struct order o = plan();
	struct buf b;

	(void)state;
	buf_init(&b, ORDER_BYTES_MAX);
	o.entry[1] = o.entry[0];
	assert_int_equal(order_seal(&b, &o, collector), -EINVAL); /* twice the same test */
	o = plan();
	o.entry[0].interval_s = 0;
	assert_int_equal(order_seal(&b, &o, collector), -EINVAL); /* nothing said about it */
	o = example();
	o.action = ORDER_ACTIONS;
	assert_int_equal(order_seal(&b, &o, collector), -EINVAL);
	o = example();
	o.what[0] = 0;
	assert_int_equal(order_seal(&b, &o, collector), -EINVAL);
	buf_done(&b);
}

/* --- replies --- */
static void a_reply_is_opened_as_it_was_sealed(void **state)
{
	struct order_reply r = { .state = REPLY_REFUSED, .utc_ns = UTC_UNKNOWN }, out;
	struct why why = { "" };
	struct buf b;

	(void)state;
	memcpy(r.id, "0123456789abcdef", ORDER_ID);
	snprintf(r.word, sizeof(r.word), "interval");
	snprintf(r.detail, sizeof(r.detail), "Mèo Vạc: %s", "5 s");
	buf_init(&b, REPLY_BYTES_MAX);
	assert_int_equal(reply_seal(&b, &r, probe), 0);
	assert_int_equal(reply_open(&out, b.data, b.len, &why), 0);
	memcpy(r.probe, identity_id(probe), PROBE_ID);
	assert_memory_equal(&r, &out, sizeof(out));
	for (size_t i = 0; i < b.len; i++) {
		assert_int_not_equal(reply_open(&out, b.data, i, NULL), 0);
		b.data[i] ^= 1;
		assert_int_not_equal(reply_open(&out, b.data, b.len, NULL), 0);
		b.data[i] ^= 1;
	}
	buf_done(&b);
}

static void details_that_were_cut_in_a_character_still_travel(void **state)
{
	struct order_reply r = { .state = REPLY_DONE, .word = "failed", .utc_ns = 1 }, out;
	struct buf b;

	(void)state;
	memset(r.detail, 'x', sizeof(r.detail) - 1);
	memcpy(r.detail + sizeof(r.detail) - 3, "\xe1\xba", 2); /* of three bytes */
	r.detail[3] = '\n';
	buf_init(&b, REPLY_BYTES_MAX);
	assert_int_equal(reply_seal(&b, &r, probe), 0);
	assert_int_equal(reply_open(&out, b.data, b.len, NULL), 0);
	assert_memory_equal(out.detail, "xxx xxx", 7);
	buf_done(&b);
}

static void a_probe_cannot_reply_for_another(void **state)
{
	struct order_reply out;
	struct why why = { "" };
	struct buf p, b;

	(void)state;
	buf_init(&p, 512);
	buf_init(&b, REPLY_BYTES_MAX);
	cb_put_map(&p, 5);
	cb_put_uint(&p, 1);
	cb_put_uint(&p, 1);
	cb_put_uint(&p, 2);
	cb_put_bytes(&p, identity_id(probe), PROBE_ID);
	cb_put_uint(&p, 3);
	cb_put_bytes(&p, "0123456789abcdef", ORDER_ID);
	cb_put_uint(&p, 4);
	cb_put_uint(&p, REPLY_DONE);
	cb_put_uint(&p, 5);
	cb_put_text(&p, "ok");
	assert_int_equal(cose_seal(&b, COSE_REPLY, p.data, p.len, collector), 0);
	assert_int_equal(reply_open(&out, b.data, b.len, &why), -EPERM);
	buf_clear(&b);
	assert_int_equal(cose_seal(&b, COSE_REPLY, p.data, p.len, probe), 0);
	assert_int_equal(reply_open(&out, b.data, b.len, NULL), 0);
	buf_done(&b);
	buf_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_in_wire_md_are_what_this_code_makes),
		cmocka_unit_test(an_order_is_opened_as_it_was_sealed),
		cmocka_unit_test(a_plan_of_all_tests_fits),
		cmocka_unit_test(no_changed_byte_and_no_cut_is_accepted),
		cmocka_unit_test(another_signer_another_kind_and_too_much_are_told_apart),
		cmocka_unit_test(what_is_too_new_can_be_refused_by_its_id),
		cmocka_unit_test(what_does_not_hold_together_is_malformed),
		cmocka_unit_test(announced_lengths_allocate_nothing),
		cmocka_unit_test(an_order_that_contradicts_itself_is_not_sealed),
		cmocka_unit_test(a_reply_is_opened_as_it_was_sealed),
		cmocka_unit_test(details_that_were_cut_in_a_character_still_travel),
		cmocka_unit_test(a_probe_cannot_reply_for_another),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
