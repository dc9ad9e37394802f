/* SPDX-License-Identifier: Apache-2.0 */
/* Raw records in, status out. */
#include "tests/unit/truth_world.h"

#include "collector/truth/agg.h"

#include <errno.h>
#include <unistd.h>

struct seen_rows {
	unsigned matrix[TRUTH_STATUSES][TRUTH_STATUSES], rows, wrong;
	struct buf text;
};

static int compare(void *arg, const struct truth_row *row)
{
	struct seen_rows *seen = arg;
	int life = (int)strtol(row->hamlet + 1, NULL, 10),
	    expected = truth_status_from(country[life].status);

	seen->rows++;
	seen->matrix[expected][row->status]++;
	if (row->status != (unsigned)expected || row->cause != country[life].cause) {
		print_message("%s: is %s (%s), should be %s: %s %s\n", country[life].what,
			truth_status_name[row->status], truth_cause_name[row->cause],
			country[life].status, row->reason_en, row->detail);
		seen->wrong++;
	}
	return 0;
}

static int dump(void *arg, const struct truth_row *r)
{
	struct seen_rows *seen = arg;

	buf_printf(&seen->text, "%s %s %s %d %d %d %c %.6f %.6f %.6f %u %u %u %u %d %s %s %s\n",
		r->hamlet, r->plmn, r->technology, r->status, r->before, r->cause, r->grade,
		r->share, r->low, r->high, r->n, r->days, r->parts, r->probes, r->since,
		r->reason_vi, r->reason_en, r->detail);
	seen->rows++;
	return 0;
}

static void read_rows(struct world *w, const char *plmn,
	int (*each)(void *arg, const struct truth_row *row), struct seen_rows *seen)
{
	const struct truth_query q = { .plmn = plmn };
	struct truth *t;
	struct why why = { "" };

	if (truth_open(&t, w->folder, &why))
		fail_msg("%s", why.text);
	assert_int_equal(truth_rows(t, &q, each, seen), 0);
	truth_close(t);
}

static void the_status_is_the_truth_and_silence_is_never_no_signal(void **state)
{
	struct world *w = *state;
	struct seen_rows seen = { .rows = 0 };

	for (int life = 0; life < LIVES; life++) {
		place_probe(w, (enum life)life);
		live(w, (enum life)life, 0, DAYS);
	}
	judge_all(w, AS_OF);
	read_rows(w, "*", compare, &seen);
	assert_int_equal(seen.rows, LIVES);
	print_message("truth (rows) against status (columns):\n");
	for (int i = 0; i < TRUTH_STATUSES; i++) {
		for (int k = 0; k < TRUTH_STATUSES; k++)
			print_message("%4u", seen.matrix[i][k]);
		print_message("  %s\n", truth_status_name[i]);
	}
	for (int i = 0; i < TRUTH_STATUSES; i++)
		assert_true(i == TRUTH_NO_SIGNAL || !seen.matrix[i][TRUTH_NO_SIGNAL]);
	assert_int_equal(seen.wrong, 0);
}

static int unmeasured(void *arg, const struct truth_row *row)
{
	struct seen_rows *seen = arg;

	seen->rows++;
	seen->wrong += row->status != TRUTH_UNMEASURED;
	return 0;
}

/* On a walk, or carried off: what it did not receive there is no lack of signal at home. */
static void a_probe_that_is_elsewhere_says_nothing_about_its_hamlet(void **state)
{
	struct world *w = *state;
	struct seen_rows seen = { .rows = 0 };

	for (int moved = 0; moved < 2; moved++) {
		place_probe(w, moved ? FEW : NONE);
		w->in.hamlet = moved ? "H22" : "H02";
		assert_int_equal(store_group_begin(w->s), 0);
		for (int64_t s = 0; s < DAYS * 86400LL; s += EVERY_S) {
			signal_at(w, FIRST_DAY * STORE_DAY_NS + s * NS_PER_S, STATE_NO_SERVICE, 1);
			if (moved)
				record_set_text(&w->r, FIELD_FIX, "moved");
			else
				record_set_text(&w->r, FIELD_SURVEY, "Bản Phố");
			put(w);
		}
		assert_int_equal(store_group_commit(w->s), 0);
	}
	judge_all(w, AS_OF);
	read_rows(w, "*", unmeasured, &seen);
	assert_int_equal(seen.rows, LIVES);
	assert_int_equal(seen.wrong, 0);
}

static void an_operator_is_judged_by_its_own_evidence(void **state)
{
	static const enum life lives[] = { GSM_ONLY, LIMITED };
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		struct seen_rows seen = { .rows = 0 };

		buf_init(&seen.text, 1 << 20);
		place_probe(w, lives[i]);
		live(w, lives[i], 0, DAYS);
		judge_all(w, AS_OF);
		read_rows(w, "45204", dump, &seen);
		assert_int_equal(seen.rows, i + 1);
		assert_non_null(strstr(buf_text(&seen.text),
			lives[i] == GSM_ONLY ? "H04 45204 4g 0" : "H03 45204 4g 0"));
		buf_done(&seen.text);
	}
}

static void the_same_records_late_or_twice_give_the_same_bytes(void **state)
{
	struct world *w = *state;
	struct seen_rows once = { .rows = 0 }, again = { .rows = 0 }, late = { .rows = 0 };
	char path[96];
	uint64_t seq;

	buf_init(&once.text, 1 << 20);
	buf_init(&again.text, 1 << 20);
	buf_init(&late.text, 1 << 20);
	/* the second half first, judged alone: the verdict must not remember it */
	place_probe(w, HALF);
	w->seq = 10000;
	live(w, HALF, 14, DAYS);
	judge_all(w, AS_OF);
	read_rows(w, NULL, dump, &late);
	w->seq = 0;
	live(w, HALF, 0, 14);
	judge_all(w, AS_OF);
	read_rows(w, NULL, dump, &once);
	assert_string_not_equal(buf_text(&once.text), buf_text(&late.text));
	/* everything again, and everything judged again */
	seq = w->seq;
	w->seq = 0;
	live(w, HALF, 0, 14);
	assert_int_equal(w->seq, seq);
	for (int32_t day = 0; day < DAYS; day++)
		assert_int_equal(store_dirty_mark(w->s, "H08", FIRST_DAY + day), 0);
	judge_all(w, AS_OF);
	read_rows(w, NULL, dump, &again);
	assert_string_equal(buf_text(&once.text), buf_text(&again.text));
	/* and made again from the raw records alone */
	snprintf(path, sizeof(path), "%s/agg.db", w->folder);
	assert_int_equal(unlink(path), 0);
	buf_clear(&again.text);
	judge_all(w, AS_OF);
	read_rows(w, NULL, dump, &again);
	assert_string_equal(buf_text(&once.text), buf_text(&again.text));
	buf_done(&once.text);
	buf_done(&again.text);
	buf_done(&late.text);
}

static int note_change(void *arg, int32_t day, enum truth_status status)
{
	buf_printf(arg, "%d %s\n", day - FIRST_DAY, truth_status_name[status]);
	return 0;
}

static void late_records_rewrite_the_past(void **state)
{
	struct world *w = *state;
	struct truth *t;
	struct why why = { "" };
	struct buf text;

	buf_init(&text, 1 << 16);
	place_probe(w, NONE_THEN_SILENT);
	live(w, NONE_THEN_SILENT, 0, 3);
	judge_all(w, (FIRST_DAY + 12) * STORE_DAY_NS);
	assert_int_equal(truth_open(&t, w->folder, &why), 0);
	assert_int_equal(truth_history(t, "H28", "*", "4g", note_change, &text), 0);
	assert_string_equal(buf_text(&text), "0 unmeasured\n4 silent\n");
	buf_clear(&text);
	/* days 3 to 11 come in on a USB stick */
	live(w, NONE_THEN_SILENT, 3, 12);
	judge_all(w, (FIRST_DAY + 12) * STORE_DAY_NS);
	assert_int_equal(truth_history(t, "H28", "*", "4g", note_change, &text), 0);
	assert_string_equal(buf_text(&text), "0 unmeasured\n4 no_signal\n");
	truth_close(t);
	buf_done(&text);
}

static int add_hours(void *arg, const struct truth_hour *h)
{
	struct levels *sum = arg;

	levels_add(sum, &h->levels);
	return 0;
}

static int add_counts(void *arg, const char *unit, const struct truth_counts *c)
{
	assert_string_equal(unit, "08");
	*(struct truth_counts *)arg = *c;
	return 0;
}

static void charts_and_counts_are_read_back(void **state)
{
	struct world *w = *state;
	struct levels *sum = calloc(1, sizeof(*sum));
	struct truth_counts counts;
	struct truth *t;
	struct why why = { "" };

	place_probe(w, GOOD);
	live(w, GOOD, 0, DAYS);
	judge_all(w, AS_OF);
	assert_int_equal(truth_open(&t, w->folder, &why), 0);
	assert_int_equal(truth_hours(t, "H00", FIRST_DAY, FIRST_DAY + DAYS, add_hours, sum), 0);
	assert_int_equal(histogram_count(sum->rsrp, 0, RSRP_BINS), DAYS * 48);
	assert_int_equal(sum->rsrp[rsrp_bin(-950)], DAYS * 48);
	assert_int_equal(sum->down_n, DAYS);
	assert_true(sum->down_sum_bps == DAYS * 20e6);
	assert_int_equal(truth_count(t, "4g", "*", NULL, add_counts, &counts), 0);
	assert_int_equal(counts.hamlets[TRUTH_COVERED], 1);
	assert_int_equal(counts.people[TRUTH_COVERED], 100);
	assert_int_equal(counts.hamlets[TRUTH_UNMEASURED], LIVES - 1);
	assert_true(truth_finished(t) == AS_OF);
	truth_close(t);
	free(sum);
}

/* A slow download while others used the line says how busy they were. */
static void a_disturbed_download_is_left_out(void **state)
{
	static const char *const words[] = { "none", "minor", "discarded", "discarded" };
	struct world *w = *state;
	struct levels *sum = calloc(1, sizeof(*sum));
	int64_t noon = (FIRST_DAY + 1) * STORE_DAY_NS + 12 * 3600 * NS_PER_S;
	struct truth *t;
	struct why why = { "" };

	place_probe(w, GOOD);
	w->in.hamlet = "H00";
	assert_int_equal(store_group_begin(w->s), 0);
	signal_at(w, noon, STATE_OK, 1);
	radio(w, "LTE", -95, 12);
	put(w);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		record_clear(&w->r, RECORD_THROUGHPUT);
		w->r.utc_ns = noon + (int64_t)(i + 1) * NS_PER_S;
		w->r.state = STATE_OK;
		record_set_text(&w->r, FIELD_DIRECTION, "down");
		record_set_int(&w->r, FIELD_RATE_BPS, i < 2 ? 20000000 : 100000);
		record_set_text(&w->r, FIELD_INTERFERENCE, words[i]);
		put(w);
	}
	assert_int_equal(store_group_commit(w->s), 0);
	judge_all(w, AS_OF);
	assert_int_equal(truth_open(&t, w->folder, &why), 0);
	assert_int_equal(truth_hours(t, "H00", FIRST_DAY, FIRST_DAY + DAYS, add_hours, sum), 0);
	assert_int_equal(sum->down_n, 2);
	assert_true(sum->down_sum_bps == 40e6);
	assert_int_equal(sum->data_ok, 4); /* bytes did come through */
	truth_close(t);
	free(sum);
}

static void packed_histograms_survive_and_damage_is_refused(void **state)
{
	struct hour_levels *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));
	struct buf bytes;

	(void)state;
	buf_init(&bytes, 1 << 16);
	a->levels.rsrp[0] = 1;
	a->levels.down[RATE_BINS - 1] = UINT32_MAX;
	a->nr_sinr[SINR_BINS - 1] = 300;
	levels_pack(&bytes, a);
	assert_int_equal(levels_unpack(b, bytes.data, bytes.len), 0);
	assert_memory_equal(a, b, sizeof(*a));
	assert_int_equal(levels_unpack(b, bytes.data, bytes.len - 1), -EBADMSG);
	assert_int_equal(levels_unpack(b, (const uint8_t *)"\x7f\x00\x01", 3), -EBADMSG);
	assert_int_equal(levels_unpack(b, (const uint8_t *)"\x01\x7f\x01", 3), -EBADMSG);
	assert_int_equal(levels_unpack(b, NULL, 0), 0);
	buf_done(&bytes);
	free(a);
	free(b);
}

static void count_judged(void *arg, const char *hamlet)
{
	(void)hamlet;
	__atomic_add_fetch((unsigned *)arg, 1, __ATOMIC_RELAXED);
}

static void the_worker_judges_on_its_own_and_is_alone(void **state)
{
	static const char *const profiles[] = { "config/profiles/vn-4g-2019.conf",
		"config/profiles/vn-5g-2021.conf" };
	struct world *w = *state;
	unsigned judged = 0;
	const struct truth_options o = { .folder = w->folder,
		.profiles = profiles,
		.profile_count = 2,
		.judged = count_judged,
		.arg = &judged };
	const struct truth_query q = { .hamlet = "H00" };
	struct seen_rows seen = { .rows = 0 };
	struct truth_worker *worker, *second;
	struct truth *t;
	struct why why = { "" };

	place_probe(w, GOOD);
	live(w, GOOD, 0, 2);
	assert_int_equal(truth_start(&worker, &o, &why), 0);
	assert_int_equal(truth_start(&second, &o, &why), -EBUSY);
	for (int i = 0; i < 200 && __atomic_load_n(&judged, __ATOMIC_RELAXED) < LIVES; i++)
		usleep(50000);
	assert_int_equal(truth_open(&t, w->folder, &why), 0);
	truth_stop(worker);
	buf_init(&seen.text, 1 << 20);
	assert_int_equal(truth_rows(t, &q, dump, &seen), 0);
	assert_true(seen.rows >= 2); /* both technologies */
	assert_true(__atomic_load_n(&judged, __ATOMIC_RELAXED) >= LIVES);
	buf_done(&seen.text);
	truth_close(t);
	truth_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_status_is_the_truth_and_silence_is_never_no_signal, world_new,
			world_done),
		cmocka_unit_test_setup_teardown(
			a_probe_that_is_elsewhere_says_nothing_about_its_hamlet, world_new,
			world_done),
		cmocka_unit_test_setup_teardown(
			an_operator_is_judged_by_its_own_evidence, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			the_same_records_late_or_twice_give_the_same_bytes, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			late_records_rewrite_the_past, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			charts_and_counts_are_read_back, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			a_disturbed_download_is_left_out, world_new, world_done),
		cmocka_unit_test_setup_teardown(
			the_worker_judges_on_its_own_and_is_alone, world_new, world_done),
		cmocka_unit_test(packed_histograms_survive_and_damage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
