/* SPDX-License-Identifier: Apache-2.0 */
/* Identity, signed batches, receipts, and the worked example of WIRE.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/core/batch.h"
#include "probes/core/codec.h"
#include "probes/core/cose.h"
#include "probes/core/mem.h"
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct identity *seeded(uint8_t first)
{
	uint8_t seed[32];
	struct identity *i;

	for (int k = 0; k < 32; k++)
		seed[k] = (uint8_t)(first + k);
	assert_int_equal(identity_from_seed(&i, seed), 0);
	return i;
}

/* The example of WIRE.md: change one, change the other. */
static void example(struct batch_head *head, struct buf *records)
{
	struct record *r = mem_new(sizeof(*r));

	memset(head, 0, sizeof(*head));
	for (int i = 0; i < 16; i++)
		head->boot[i] = (uint8_t)(0xa0 + i);
	head->first_seq = 41;
	head->count = 2;
	snprintf(head->agent, sizeof(head->agent), "0.1.0");
	head->clocks = 1;
	head->clock[0] = (struct clock_pair){ 90000000000, 1763900000000000000, 1500, CLOCK_NTP };
	record_clear(r, RECORD_ACCESS);
	r->seq = 41;
	r->mono_ns = 60000000000;
	r->state = STATE_NO_SERVICE;
	record_set_text(r, FIELD_FROM_STATE, "ok");
	record_set_int(r, FIELD_EMPTY_SCANS, 3);
	record_set_bool(r, FIELD_MODEM_HEALTHY, true);
	assert_int_equal(codec_encode(records, r), 0);
	record_clear(r, RECORD_SIGNAL);
	r->seq = 42;
	r->mono_ns = 95000000000;
	r->utc_ns = 1763900005000000000;
	r->clock = (struct record_clock){ CLOCK_NTP, 1500, 5 };
	r->state = STATE_OK;
	r->place = (struct place){ 210285000, 1058542000, 15, PLACE_SURVEYED };
	snprintf(r->uplink, sizeof(r->uplink), "wwan0");
	record_set_text(r, FIELD_RAT, "LTE");
	record_set_text(r, FIELD_PLMN, "45204");
	record_set_real(r, FIELD_RSRP, -101.5);
	assert_int_equal(codec_encode(records, r), 0);
	free(r);
}

static void the_example_in_wire_md_is_what_this_code_makes(void **state)
{
	struct identity *probe = seeded(0);
	struct batch_head head;
	struct buf records, out;
	char *text = mem_new(65536), *at, *made;
	FILE *f = fopen("probes/core/WIRE.md", "r");
	size_t n;

	(void)state;
	assert_non_null(f); /* tests run in the project's folder */
	(void)!fread(text, 1, 65535, f);
	fclose(f);
	buf_init(&records, 8192);
	buf_init(&out, 8192);
	example(&head, &records);
	assert_int_equal(batch_seal(&out, &head, records.data, records.len, probe), 0);
	made = mem_new(2 * out.len + 1);
	for (size_t i = 0; i < 2 * out.len; i++)
		made[i] = "0123456789abcdef"[i % 2 ? out.data[i / 2] & 15 : out.data[i / 2] >> 4];
	at = strstr(text, "```hex\n");
	if (!at || getenv("PHUSONG_PRINT"))
		print_message("%s\n", made);
	assert_non_null(at);
	at += 7;
	n = 0;
	for (char *c = at; *c && *c != '`'; c++)
		if (*c != '\n' && *c != ' ')
			at[n++] = *c;
	at[n] = 0;
	assert_string_equal(at, made);
	buf_done(&out);
	buf_done(&records);
	identity_free(probe);
	free(made);
	free(text);
}

static void a_batch_is_opened_as_it_was_sealed(void **state)
{
	struct identity *probe = seeded(0);
	struct record *r = mem_new(sizeof(*r));
	struct why why = { "" };
	struct batch_head head;
	struct buf records, out;
	struct batch b;
	int64_t error;
	size_t used;

	(void)state;
	buf_init(&records, 8192);
	buf_init(&out, 8192);
	example(&head, &records);
	assert_int_equal(batch_seal(&out, &head, records.data, records.len, probe), 0);
	assert_int_equal(batch_open(&b, out.data, out.len, &why), 0);
	assert_memory_equal(b.head.probe, identity_id(probe), PROBE_ID);
	assert_memory_equal(b.key, identity_public(probe), PUBLIC_KEY);
	assert_int_equal(b.head.first_seq, 41);
	assert_int_equal(b.head.count, 2);
	assert_false(b.head.simulated);
	assert_string_equal(b.head.agent, "0.1.0");
	assert_int_equal(codec_decode(r, b.records, (size_t)(b.end - b.records), &used, NULL), 0);
	assert_int_equal(r->state, STATE_NO_SERVICE);
	assert_int_equal(batch_utc(&b.head, r->mono_ns, &error, NULL), 1763899970000000000);
	assert_int_equal(error, 1500);
	buf_done(&out);
	buf_done(&records);
	identity_free(probe);
	free(r);
}

static void no_changed_byte_and_no_cut_is_accepted(void **state)
{
	struct identity *probe = seeded(0);
	struct why why = { "" };
	struct batch_head head;
	struct buf records, out;
	struct batch b;

	(void)state;
	buf_init(&records, 8192);
	buf_init(&out, 8192);
	example(&head, &records);
	assert_int_equal(batch_seal(&out, &head, records.data, records.len, probe), 0);
	for (size_t i = 0; i < out.len; i++) {
		uint8_t *exact = malloc(i + 1);

		memcpy(exact, out.data, i);
		assert_true(batch_open(&b, exact, i, &why) < 0);
		free(exact);
		out.data[i] ^= 0x01;
		assert_true(batch_open(&b, out.data, out.len, &why) < 0);
		out.data[i] ^= 0x01;
	}
	assert_int_equal(batch_open(&b, out.data, out.len, &why), 0);
	assert_int_equal(batch_open(&b, out.data, BATCH_BYTES_MAX + 1, &why), -EMSGSIZE);
	buf_done(&out);
	buf_done(&records);
	identity_free(probe);
}

static struct receipt *a_receipt(const struct identity *probe)
{
	struct receipt *r = mem_new(sizeof(*r));

	memcpy(r->probe, identity_id(probe), PROBE_ID);
	r->pause_s = 30;
	r->utc_ns = 1763900000000000000;
	r->ranges = 2;
	r->range[0].first = 1, r->range[0].last = 40;
	r->range[1].first = 42, r->range[1].last = 42;
	r->rejected = 1;
	r->reject[0].seq = 41, r->reject[0].code = REJECT_OUT_OF_RANGE;
	return r;
}

static void a_receipt_comes_back_and_only_from_its_collector(void **state)
{
	struct identity *probe = seeded(0), *collector = seeded(100);
	struct receipt *r = a_receipt(probe), *out = mem_new(sizeof(*out));
	uint8_t key[PUBLIC_KEY];
	struct why why = { "" };
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	assert_int_equal(receipt_seal(&b, r, collector), 0);
	assert_int_equal(receipt_open(out, b.data, b.len, NULL, key, &why), 0);
	assert_memory_equal(key, identity_public(collector), PUBLIC_KEY);
	assert_int_equal(out->ranges, 2);
	assert_int_equal(out->range[1].last, 42);
	assert_int_equal(out->reject[0].code, REJECT_OUT_OF_RANGE);
	assert_int_equal(out->pause_s, 30);
	assert_int_equal(out->utc_ns, r->utc_ns);
	assert_int_equal(
		receipt_open(out, b.data, b.len, identity_public(probe), NULL, &why), -EPERM);
	buf_done(&b);
	identity_free(probe);
	identity_free(collector);
	free(r);
	free(out);
}

static void neither_passes_as_the_other(void **state)
{
	struct identity *probe = seeded(0);
	struct receipt *r = a_receipt(probe), *out = mem_new(sizeof(*out));
	struct why why = { "" };
	struct batch_head head;
	struct buf records, batch, receipt;
	struct batch b;

	(void)state;
	buf_init(&records, 8192);
	buf_init(&batch, 8192);
	buf_init(&receipt, 8192);
	example(&head, &records);
	assert_int_equal(batch_seal(&batch, &head, records.data, records.len, probe), 0);
	assert_int_equal(receipt_seal(&receipt, r, probe), 0);
	assert_int_equal(batch_open(&b, receipt.data, receipt.len, &why), -EKEYREJECTED);
	assert_int_equal(receipt_open(out, batch.data, batch.len, NULL, NULL, &why), -EKEYREJECTED);
	buf_done(&records);
	buf_done(&batch);
	buf_done(&receipt);
	identity_free(probe);
	free(r);
	free(out);
}

static void the_largest_receipt_fits(void **state)
{
	struct identity *probe = seeded(0);
	struct receipt *r = a_receipt(probe), *out = mem_new(sizeof(*out));
	struct why why = { "" };
	struct buf b;

	(void)state;
	r->ranges = r->rejected = RECEIPT_RANGES;
	for (uint64_t i = 0; i < RECEIPT_RANGES; i++) {
		r->range[i].first = r->range[i].last = INT64_MAX - 1000 + i;
		r->reject[i].seq = INT64_MAX;
		r->reject[i].code = UINT32_MAX;
	}
	buf_init(&b, 65536);
	assert_int_equal(receipt_seal(&b, r, probe), 0);
	assert_int_equal(receipt_open(out, b.data, b.len, NULL, NULL, &why), 0);
	assert_int_equal(out->rejected, RECEIPT_RANGES);
	buf_done(&b);
	identity_free(probe);
	free(r);
	free(out);
}

static void another_version_is_told_apart(void **state)
{
	struct identity *probe = seeded(0);
	struct why why = { "" };
	struct batch b;
	struct buf out;

	(void)state;
	buf_init(&out, 8192);
	assert_int_equal(cose_seal(&out, COSE_BATCH, "\xa1\x01\x02", 3, probe), 0); /* {1: 2} */
	assert_int_equal(batch_open(&b, out.data, out.len, &why), -EPROTONOSUPPORT);
	buf_clear(&out);
	assert_int_equal(cose_seal(&out, COSE_BATCH, "\xa1\x01\x01", 3, probe), 0);
	assert_int_equal(batch_open(&b, out.data, out.len, &why), -EBADMSG);
	buf_done(&out);
	identity_free(probe);
}

static void the_key_must_be_the_probes_own(void **state)
{
	struct identity *probe = seeded(0), *other = seeded(50);
	struct why why = { "" };
	struct batch_head head;
	struct buf records, out, forged;
	struct cose m;
	struct batch b;

	(void)state;
	buf_init(&records, 8192);
	buf_init(&out, 8192);
	buf_init(&forged, 8192);
	example(&head, &records);
	assert_int_equal(batch_seal(&out, &head, records.data, records.len, probe), 0);
	assert_int_equal(cose_open(&m, COSE_BATCH, out.data, out.len, &why), 0);
	assert_int_equal(cose_seal(&forged, COSE_BATCH, m.payload, m.payload_len, other), 0);
	assert_int_equal(batch_open(&b, forged.data, forged.len, &why), -EPERM);
	buf_done(&records);
	buf_done(&out);
	buf_done(&forged);
	identity_free(probe);
	identity_free(other);
}

static void signatures_are_those_of_rfc_8032(void **state)
{
	/* RFC 8032 7.1, test 2: seed, message 72, first bytes of key and signature */
	static const uint8_t seed[32] = { 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d,
		0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6,
		0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb };
	static const uint8_t key[4] = { 0x3d, 0x40, 0x17, 0xc3 },
			     begin[4] = { 0x92, 0xa0, 0x09, 0xa9 };
	uint8_t signature[SIGNATURE];
	struct identity *i;

	(void)state;
	assert_int_equal(identity_from_seed(&i, seed), 0);
	assert_memory_equal(identity_public(i), key, 4);
	assert_int_equal(identity_sign(i, "\x72", 1, signature), 0);
	assert_memory_equal(signature, begin, 4);
	assert_int_equal(identity_verify(identity_public(i), "\x72", 1, signature), 0);
	assert_int_equal(identity_verify(identity_public(i), "\x73", 1, signature), -EKEYREJECTED);
	identity_free(i);
}

static void the_key_file_is_made_once_kept_private_and_never_overwritten(void **state)
{
	char folder[] = "/tmp/phusong-identity-XXXXXX", path[64];
	struct identity *a, *b;
	struct why why = { "" };
	struct stat st;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	assert_int_equal(identity_open(&a, path, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(identity_open(&b, path, &why), 0);
	assert_memory_equal(identity_public(a), identity_public(b), PUBLIC_KEY);
	identity_free(a);
	identity_free(b);
	chmod(path, 0644);
	assert_int_equal(identity_open(&a, path, &why), -EPERM);
	assert_non_null(strstr(why.text, "chmod 600"));
	chmod(path, 0600);
	f = fopen(path, "w");
	fputs("not a key\n", f);
	fclose(f);
	why.text[0] = 0;
	assert_int_equal(identity_open(&a, path, &why), -EINVAL);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 10);
	unlink(path);
	assert_int_equal(rmdir(folder), 0); /* nothing else was left behind */
}

static void ids_and_topics_are_read_as_they_are_written(void **state)
{
	uint8_t id[PROBE_ID], back[PROBE_ID];
	char text[PROBE_ID_TEXT], topic[TOPIC_MAX];
	const char *leaf;

	(void)state;
	for (int k = 0; k < PROBE_ID; k++)
		id[k] = (uint8_t)(0xf0 + 7 * k);
	probe_id_text(id, text);
	assert_int_equal(strlen(text), 26);
	assert_int_equal(probe_id_parse(text, back), 0);
	assert_memory_equal(id, back, PROBE_ID);
	topic_make(id, "batch", topic);
	assert_memory_equal(topic, "ps1/f/", 6);
	assert_int_equal(topic_parse(topic, back, &leaf), 0);
	assert_string_equal(leaf, "batch");
	topic[4] = '0';
	assert_int_equal(topic_parse(topic, back, &leaf), -EINVAL);
	assert_int_equal(topic_parse("ps1/f/short/batch", back, &leaf), -EINVAL);
	text[0] -= 'a' - 'A';
	assert_int_equal(
		probe_id_parse(text, back), text[0] >= 'A' && text[0] <= 'Z' ? 0 : -EINVAL);
	text[25] = 'b'; /* the two bits that no id has */
	assert_int_equal(probe_id_parse(text, back), -EINVAL);
	assert_int_equal(probe_id_parse("", back), -EINVAL);
}

/* A board without a clock of its own boots with the time of its last end; then NTP comes. */
static void a_time_nobody_vouches_for_gives_way(void **state)
{
	struct batch_head head = { .clocks = 2,
		.clock = { { 10 * NS_PER_S, 1700000000 * NS_PER_S, -1, CLOCK_MANUAL },
			{ 40 * NS_PER_S, 1763900000 * NS_PER_S, 900, CLOCK_NTP } } };
	int64_t error = 0;
	uint8_t source = 0;
	(void)state;

	assert_true(batch_utc(&head, 11 * NS_PER_S, &error, &source) == 1763899971 * NS_PER_S);
	assert_int_equal(error, 900);
	assert_int_equal(source, CLOCK_NTP);
	head.clocks = 1;
	assert_true(batch_utc(&head, 11 * NS_PER_S, &error, &source) == 1700000001 * NS_PER_S);
	assert_int_equal(error, -1);
	assert_int_equal(source, CLOCK_MANUAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_nobody_vouches_for_gives_way),
		cmocka_unit_test(the_example_in_wire_md_is_what_this_code_makes),
		cmocka_unit_test(a_batch_is_opened_as_it_was_sealed),
		cmocka_unit_test(no_changed_byte_and_no_cut_is_accepted),
		cmocka_unit_test(a_receipt_comes_back_and_only_from_its_collector),
		cmocka_unit_test(neither_passes_as_the_other),
		cmocka_unit_test(the_largest_receipt_fits),
		cmocka_unit_test(another_version_is_told_apart),
		cmocka_unit_test(the_key_must_be_the_probes_own),
		cmocka_unit_test(signatures_are_those_of_rfc_8032),
		cmocka_unit_test(the_key_file_is_made_once_kept_private_and_never_overwritten),
		cmocka_unit_test(ids_and_topics_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
