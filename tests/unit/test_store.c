/* SPDX-License-Identifier: Apache-2.0 */
#include "store_fixture.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>

static int count_row(void *arg, const struct store_row *row)
{
	(void)row;
	++*(size_t *)arg;
	return 0;
}

static size_t rows_between(struct shop *sh, int64_t from, int64_t to, bool without_time)
{
	struct store_query q = {
		.probe = sh->in.probe, .from_ns = from, .to_ns = to, .without_time = without_time
	};
	size_t n = 0;

	assert_int_equal(store_rows(sh->s, &q, count_row, &n), 0);
	return n;
}

static int like_it_went_in(void *arg, const struct store_row *row)
{
	struct shop *sh = arg;
	struct record back;

	assert_int_equal(row->body_len, sh->bytes.len);
	assert_memory_equal(row->body, sh->bytes.data, row->body_len);
	assert_int_equal(row->utc_ns, NOON);
	assert_int_equal(row->received_ns, NOON);
	assert_int_equal(row->state, STATE_OK);
	assert_true(row->bits & ROW_HEARTBEAT);
	assert_int_equal(row->rsrp_d, STORE_NO_LEVEL);
	assert_int_equal(row->rate_bps, -1);
	assert_int_equal(store_row_decode(row, &back), 0);
	assert_int_equal(back.seq, 1);
	return 7;
}

static void a_record_comes_back_as_it_went_in(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 1, NOON);
	store_close(sh.s);
	shop_open(&sh);
	assert_int_equal(store_row(sh.s, sh.in.probe, 1, 20780, like_it_went_in, &sh), 7);
	assert_int_equal(store_row(sh.s, sh.in.probe, 2, 20780, like_it_went_in, &sh), -ENOENT);
	shop_done(&sh);
}

static int radio_row(void *arg, const struct store_row *row)
{
	(void)arg;
	assert_int_equal(row->kind, RECORD_SIGNAL);
	assert_int_equal(row->rat, RAT_LTE);
	assert_int_equal(row->reg, REG_ROAMING);
	assert_int_equal(row->plmn, 45204);
	assert_int_equal(row->rsrp_d, -1085);
	assert_int_equal(row->sinr_d, STORE_NO_LEVEL);
	assert_int_equal(row->bits & (ROW_MODEM_HEALTHY | ROW_MODEM_SICK), ROW_MODEM_HEALTHY);
	return 7;
}

static void the_columns_for_quick_scans_are_the_body_s_values(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	record_clear(&sh.r, RECORD_SIGNAL);
	sh.r.seq = 1;
	sh.r.utc_ns = NOON;
	record_set_text(&sh.r, FIELD_RAT, "LTE");
	record_set_text(&sh.r, FIELD_REGISTRATION, "roaming");
	record_set_text(&sh.r, FIELD_PLMN, "45204");
	record_set_real(&sh.r, FIELD_RSRP, -108.5);
	record_set_bool(&sh.r, FIELD_MODEM_HEALTHY, true);
	assert_int_equal(codec_encode(&sh.bytes, &sh.r), 0);
	assert_int_equal(store_group_begin(sh.s), 0);
	assert_int_equal(store_insert(sh.s, &sh.in, &sh.r, sh.bytes.data, sh.bytes.len, 0), 0);
	assert_int_equal(store_group_commit(sh.s), 0);
	assert_int_equal(store_row(sh.s, sh.in.probe, 1, 20780, radio_row, NULL), 7);
	shop_done(&sh);
}

static void a_repetition_is_told_and_not_stored(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 100, NOON);
	assert_int_equal(store_group_begin(sh.s), 0);
	assert_int_equal(shop_put(&sh, 50, NOON), 1);
	assert_int_equal(shop_put(&sh, 101, NOON), 0);
	assert_int_equal(shop_put(&sh, 101, NOON), 1);
	assert_int_equal(shop_put(&sh, 100, NOON), 1);
	assert_int_equal(store_batch(sh.s, &sh.in, 3), 0);
	assert_int_equal(store_group_commit(sh.s), 0);
	assert_int_equal(shop_custody(&sh).received, 101);
	assert_int_equal(shop_custody(&sh).repeated, 3);
	shop_sound(&sh, 101);
	shop_done(&sh);
}

static void a_repetition_with_another_time_is_still_a_repetition(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 10, NOON);
	assert_int_equal(store_group_begin(sh.s), 0);
	assert_int_equal(shop_put(&sh, 5, NOON - 3 * STORE_DAY_NS), 1);
	assert_int_equal(store_group_commit(sh.s), 0);
	shop_sound(&sh, 10);
	shop_done(&sh);
}

static void an_aborted_group_leaves_nothing(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	assert_int_equal(store_group_begin(sh.s), 0);
	for (uint64_t seq = 1; seq <= 10; seq++)
		assert_int_equal(shop_put(&sh, seq, NOON), 0);
	store_group_abort(sh.s);
	shop_sound(&sh, 0);
	shop_group(&sh, 1, 10, NOON);
	shop_sound(&sh, 10);
	shop_done(&sh);
}

static void records_lie_in_the_day_they_were_measured(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 5, NOON - 40 * STORE_DAY_NS);
	shop_group(&sh, 6, 8, NOON);
	assert_int_equal(
		rows_between(&sh, NOON - 41 * STORE_DAY_NS, NOON - 39 * STORE_DAY_NS, false), 5);
	assert_int_equal(rows_between(&sh, NOON, NOON + 1, false), 3);
	assert_int_equal(rows_between(&sh, NOON + 1, NOON + STORE_DAY_NS, false), 0);
	shop_done(&sh);
}

static void a_group_over_more_days_than_files_may_be_open_is_stored_whole(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	assert_int_equal(store_group_begin(sh.s), 0);
	for (uint64_t seq = 1; seq <= 120; seq++)
		assert_int_equal(shop_put(&sh, seq, NOON - (int64_t)(seq % 40) * STORE_DAY_NS), 0);
	assert_int_equal(store_group_commit(sh.s), 0);
	shop_sound(&sh, 120);
	shop_done(&sh);
}

static void aborting_such_a_group_loses_and_doubles_nothing(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	assert_int_equal(store_group_begin(sh.s), 0);
	for (uint64_t seq = 1; seq <= 120; seq++)
		assert_int_equal(shop_put(&sh, seq, NOON - (int64_t)(seq % 40) * STORE_DAY_NS), 0);
	store_group_abort(sh.s);
	assert_int_equal(store_group_begin(sh.s), 0);
	for (uint64_t seq = 1; seq <= 120; seq++) /* other days this time */
		assert_true(shop_put(&sh, seq, NOON - (int64_t)(seq % 7) * STORE_DAY_NS) >= 0);
	assert_int_equal(store_group_commit(sh.s), 0);
	shop_sound(&sh, 120);
	shop_done(&sh);
}

/* meta.db as it was before the group: what a kill between the two commits leaves. */
static void a_kill_between_raw_and_ledger_doubles_nothing(void **state)
{
	struct store_custody c;
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 10, NOON);
	store_close(sh.s);
	shop_shell(&sh, "cp meta.db meta.before");
	shop_open(&sh);
	shop_group(&sh, 11, 30, NOON);
	store_close(sh.s);
	shop_shell(&sh, "mv meta.before meta.db && rm -f meta.db-* && printf 1 | dd of=writer.lock "
			"conv=notrunc status=none");
	shop_open(&sh);
	c = shop_custody(&sh);
	assert_int_equal(c.received, 30);
	assert_int_equal(store_group_begin(sh.s), 0);
	for (uint64_t seq = 1; seq <= 30; seq++)
		assert_int_equal(shop_put(&sh, seq, NOON - STORE_DAY_NS), 1);
	assert_int_equal(store_group_commit(sh.s), 0);
	shop_sound(&sh, 30);
	shop_done(&sh);
}

static void write_for_ever(struct shop *sh, int round)
{
	for (uint64_t seq = 1;; seq += 20) {
		if (store_group_begin(sh->s))
			_exit(1);
		for (uint64_t k = 0; k < 20; k++)
			if (shop_put(sh, seq + k,
				    NOON - (int64_t)((seq + k + (unsigned)round) % 3) *
						    STORE_DAY_NS) < 0)
				_exit(1);
		if (store_batch(sh->s, &sh->in, 0) || store_group_commit(sh->s))
			_exit(1);
	}
}

static void a_writer_killed_at_any_moment_leaves_a_sound_store(void **state)
{
	struct store_check c;
	struct why why;
	struct shop sh;
	int status;
	pid_t pid;

	(void)state;
	shop_new(&sh);
	store_close(sh.s);
	for (int i = 0; i < 12; i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			shop_open(&sh);
			write_for_ever(&sh, i);
		}
		usleep(5000 + 7919 * i);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		shop_open(&sh);
		why.text[0] = 0;
		if (store_verify(sh.s, &c, &why))
			fail_msg("round %d: %s", i, why.text);
		store_close(sh.s);
	}
	shop_open(&sh);
	assert_true(shop_custody(&sh).received > 0);
	shop_done(&sh);
}

static void a_record_without_time_waits_and_goes_to_its_day_when_the_clock_is_known(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 20, UTC_UNKNOWN);
	assert_int_equal(rows_between(&sh, 0, INT64_MAX, false), 0);
	assert_int_equal(rows_between(&sh, NOON, NOON + 1, true), 20);
	/* at 25 s of this boot it was 3 days ago, noon: record 1 was made 24 s before */
	sh.head.clocks = 1;
	sh.head.clock[0] =
		(struct clock_pair){ 25 * NS_PER_S, NOON - 3 * STORE_DAY_NS, 1000, CLOCK_NTP };
	shop_group(&sh, 21, 25, UTC_UNKNOWN);
	assert_int_equal(rows_between(&sh, NOON, NOON + 1, true), 0);
	assert_int_equal(rows_between(&sh, NOON - 3 * STORE_DAY_NS - 24 * NS_PER_S,
				 NOON - 3 * STORE_DAY_NS + 1, false),
		25);
	shop_sound(&sh, 25);
	assert_int_equal(store_group_begin(sh.s), 0);
	assert_int_equal(shop_put(&sh, 3, UTC_UNKNOWN), 1);
	assert_int_equal(store_group_commit(sh.s), 0);
	shop_done(&sh);
}

static void a_time_in_the_future_is_no_time(void **state)
{
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 1, NOON + 2 * STORE_DAY_NS);
	shop_group(&sh, 2, 2, 0);
	assert_int_equal(rows_between(&sh, NOON, NOON + 1, true), 2);
	shop_done(&sh);
}

static int count_range(void *arg, uint64_t first, uint64_t last)
{
	uint64_t *sum = arg;

	sum[0]++;
	sum[1] += last - first + 1;
	return 0;
}

static void what_is_missing_and_what_was_dropped_are_told_apart(void **state)
{
	uint64_t sum[2] = { 0, 0 };
	struct store_custody c;
	struct shop sh;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 10, NOON);
	shop_group(&sh, 21, 30, NOON);
	shop_group(&sh, 41, 50, NOON);
	record_clear(&sh.r, RECORD_GAP); /* 11..20 were dropped, 31..40 are only not here yet */
	sh.r.seq = 51;
	sh.r.utc_ns = NOON;
	record_set_int(&sh.r, FIELD_GAP_FIRST, 11);
	record_set_int(&sh.r, FIELD_GAP_LAST, 20);
	record_set_int(&sh.r, FIELD_GAP_COUNT, 10);
	record_set_text(&sh.r, FIELD_GAP_REASON, "journal_full");
	buf_clear(&sh.bytes);
	assert_int_equal(codec_encode(&sh.bytes, &sh.r), 0);
	assert_int_equal(store_group_begin(sh.s), 0);
	assert_int_equal(store_insert(sh.s, &sh.in, &sh.r, sh.bytes.data, sh.bytes.len, 0), 0);
	assert_int_equal(store_group_commit(sh.s), 0);
	c = shop_custody(&sh);
	assert_int_equal(c.highest, 51);
	assert_int_equal(c.received, 31);
	assert_int_equal(c.dropped, 10);
	assert_int_equal(c.missing, 10);
	assert_int_equal(store_missing(sh.s, sh.in.probe, 100, count_range, sum), 0);
	assert_int_equal(sum[0], 1);
	assert_int_equal(sum[1], 10);
	shop_done(&sh);
}

static void ranges_of_the_ledger_merge_in_any_order(void **state)
{
	static const uint64_t order[] = { 5, 1, 3, 2, 9, 4, 7, 8, 6 };
	uint64_t range[8][2];
	struct shop sh;
	size_t n;

	(void)state;
	shop_new(&sh);
	for (size_t i = 0; i < 9; i++) {
		shop_group(&sh, order[i] * 10 + 1, order[i] * 10 + 10, NOON);
		assert_int_equal(store_ranges(sh.s, sh.in.probe, order[i] * 10 + 2,
					 order[i] * 10 + 2, 8, range, &n),
			0);
		assert_int_equal(n, 1);
	}
	assert_int_equal(store_ranges(sh.s, sh.in.probe, 1, UINT32_MAX, 8, range, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(range[0][0], 11);
	assert_int_equal(range[0][1], 100);
	shop_sound(&sh, 90);
	shop_done(&sh);
}

static int keep_dirty(void *arg, const struct store_dirty *d)
{
	*(struct store_dirty *)arg = *d;
	return 0;
}

static void a_pair_that_changed_while_it_was_judged_stays_dirty(void **state)
{
	struct store_dirty d = { .mark = 0 }, again = { .mark = 0 };
	struct shop sh;

	(void)state;
	shop_new(&sh);
	sh.in.hamlet = "H1";
	shop_group(&sh, 1, 1, NOON);
	assert_int_equal(store_dirty_list(sh.s, 10, keep_dirty, &d), 0);
	assert_string_equal(d.hamlet, "H1");
	assert_int_equal(d.day, 20780);
	shop_group(&sh, 2, 2, NOON);
	assert_int_equal(store_dirty_done(sh.s, &d, 1), 0);
	assert_int_equal(store_dirty_list(sh.s, 10, keep_dirty, &again), 0);
	assert_true(again.mark > d.mark);
	assert_int_equal(store_dirty_done(sh.s, &again, 1), 0);
	again.mark = 0;
	assert_int_equal(store_dirty_list(sh.s, 10, keep_dirty, &again), 0);
	assert_int_equal(again.mark, 0);
	shop_done(&sh);
}

static void the_audit_chain_shows_a_change(void **state)
{
	struct why why = { "" };
	char path[96];
	uint64_t n = 0;
	struct shop sh;
	sqlite3 *db;

	(void)state;
	shop_new(&sh);
	assert_int_equal(store_audit(sh.s, "a", "rule change", "vn-4g-2019", "x=1"), 0);
	assert_int_equal(store_audit(sh.s, "b", "review", "case 7", ""), 0);
	assert_int_equal(store_audit_verify(sh.s, &n, &why), 0);
	assert_int_equal(n, 3); /* the probe was added, too */
	snprintf(path, sizeof(path), "%s/meta.db", sh.folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "UPDATE audit SET detail='x=2' WHERE number=2", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_audit_verify(sh.s, &n, &why), -EBADMSG);
	shop_done(&sh);
}

static int count_suspect(void *arg, const struct store_suspect *q)
{
	size_t *n = arg;

	n[0]++;
	n[1] += !strcmp(q->reason, "signature");
	return 0;
}

static void a_flood_in_the_quarantine_does_not_drive_out_the_few(void **state)
{
	struct store_suspect q = { .received_ns = NOON, .reason = "signature", .size = 4 };
	uint8_t *flood = calloc(1, 1024 * 1024);
	size_t n[2] = { 0, 0 };
	struct shop sh;

	(void)state;
	shop_new(&sh);
	q.bytes = (const uint8_t *)"rare";
	q.bytes_len = 4;
	assert_int_equal(store_suspect_add(sh.s, &q), 0);
	snprintf(q.reason, sizeof(q.reason), "malformed");
	q.bytes = flood;
	q.bytes_len = q.size = 1024 * 1024;
	for (int i = 0; i < 80; i++) {
		memcpy(flood, &i, sizeof(i));
		assert_int_equal(store_suspect_add(sh.s, &q), 0);
	}
	assert_int_equal(store_suspects(sh.s, NULL, NULL, count_suspect, n), 0);
	assert_int_equal(n[0], 64); /* 63 of 1 MB, and */
	assert_int_equal(n[1], 1);
	free(flood);
	shop_done(&sh);
}

static void a_moved_probe_s_earlier_records_stay_with_the_earlier_hamlet(void **state)
{
	struct store_query q = { .hamlet = "H1", .from_ns = 0, .to_ns = INT64_MAX };
	struct store_probe p;
	struct why why = { "" };
	char path[96];
	int64_t now = clock_wall();
	size_t n = 0;
	struct shop sh;
	sqlite3 *db;

	(void)state;
	shop_new(&sh);
	snprintf(path, sizeof(path), "%s/meta.db", sh.folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "INSERT INTO hamlet(code, name) VALUES('H1','A'),('H2','B')", NULL,
			NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	memset(&p, 0, sizeof(p));
	probe_id_text(sh.head.probe, p.id);
	snprintf(p.hamlet, sizeof(p.hamlet), "H1");
	assert_int_equal(store_probe_add(sh.s, &p, "test", &why), 0);
	sh.in.received_ns = now + NS_PER_S;
	shop_group(&sh, 1, 10, now - NS_PER_S);
	usleep(20000);
	snprintf(p.hamlet, sizeof(p.hamlet), "H2");
	assert_int_equal(store_probe_add(sh.s, &p, "test", &why), 0);
	shop_group(&sh, 11, 14, clock_wall() + NS_PER_S);
	assert_int_equal(store_rows(sh.s, &q, count_row, &n), 0);
	assert_int_equal(n, 10);
	q.hamlet = "H2";
	n = 0;
	assert_int_equal(store_rows(sh.s, &q, count_row, &n), 0);
	assert_int_equal(n, 4);
	snprintf(p.hamlet, sizeof(p.hamlet), "H3");
	assert_int_equal(store_probe_add(sh.s, &p, "test", &why), -ENOENT);
	shop_done(&sh);
}

static void a_backup_is_sound_and_complete(void **state)
{
	struct why why = { "" };
	struct shop sh, copy;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 100, NOON);
	shop_group(&sh, 101, 150, NOON - STORE_DAY_NS);
	copy = sh;
	snprintf(copy.folder, sizeof(copy.folder), "%.40s-copy", sh.folder);
	assert_int_equal(store_backup(sh.s, copy.folder, &why), 0);
	assert_int_equal(store_backup(sh.s, copy.folder, &why), -EEXIST);
	shop_open(&copy);
	shop_sound(&copy, 150);
	store_close(copy.s);
	shop_shell(&copy, "rm -rf \"$PWD\"");
	shop_done(&sh);
}

static void a_reader_sees_committed_records_and_never_writes(void **state)
{
	struct why why = { "" };
	struct store *reader;
	struct shop sh, view;

	(void)state;
	shop_new(&sh);
	shop_group(&sh, 1, 5, NOON);
	assert_int_equal(store_open(&reader, sh.folder, STORE_READ, &why), 0);
	view = sh;
	view.s = reader;
	assert_int_equal(rows_between(&view, 0, INT64_MAX, false), 5);
	shop_group(&sh, 6, 9, NOON);
	assert_int_equal(rows_between(&view, 0, INT64_MAX, false), 9);
	assert_int_equal(store_group_begin(reader), -EROFS);
	assert_true(store_kv_set(reader, "a", "b") < 0);
	store_close(reader);
	shop_done(&sh);
}

static void put_access(
	struct shop *sh, uint64_t seq, int64_t utc_ns, enum access_state state, const char *cause)
{
	record_clear(&sh->r, RECORD_ACCESS);
	sh->r.seq = seq;
	sh->r.mono_ns = (int64_t)seq * NS_PER_S;
	sh->r.utc_ns = utc_ns;
	sh->r.state = (uint8_t)state;
	record_set_text(&sh->r, FIELD_CAUSE, cause);
	buf_clear(&sh->bytes);
	assert_int_equal(codec_encode(&sh->bytes, &sh->r), 0);
	assert_int_equal(store_group_begin(sh->s), 0);
	assert_int_equal(store_insert(sh->s, &sh->in, &sh->r, sh->bytes.data, sh->bytes.len, 0), 0);
	assert_int_equal(store_batch(sh->s, &sh->in, 0), 0);
	assert_int_equal(store_group_commit(sh->s), 0);
}

static void what_a_probe_last_told_of_its_access_is_found(void **state)
{
	struct store_access a;
	struct store_probe p;
	struct shop sh;
	char id[PROBE_ID_TEXT];

	(void)state;
	shop_new(&sh);
	probe_id_text(sh.head.probe, id);
	assert_int_equal(store_probe(sh.s, id, &p), 0);
	assert_int_equal(store_last_access(sh.s, &p, &a), -ENOENT); /* never heard of */
	put_access(&sh, 1, NOON - STORE_DAY_NS, STATE_DENIED, "congestion");
	assert_int_equal(store_probe(sh.s, id, &p), 0);
	assert_int_equal(store_last_access(sh.s, &p, &a), 0);
	assert_int_equal(a.state, STATE_DENIED);
	assert_string_equal(a.cause, "congestion");
	assert_int_equal(a.utc_ns, NOON - STORE_DAY_NS);
	put_access(&sh, 2, NOON, STATE_POWER_LOST, "brown_out");
	put_access(&sh, 3, NOON + NS_PER_S, STATE_UNKNOWN, NULL);  /* of an agent that tells none */
	put_access(&sh, 4, NOON - STORE_DAY_NS, STATE_OK, "none"); /* late, of the day before */
	assert_int_equal(store_last_access(sh.s, &p, &a), 0);
	assert_int_equal(a.state, STATE_UNKNOWN);
	assert_string_equal(a.cause, "");
	p.number++;
	assert_int_equal(store_last_access(sh.s, &p, &a), -ENOENT);
	shop_done(&sh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_went_in),
		cmocka_unit_test(the_columns_for_quick_scans_are_the_body_s_values),
		cmocka_unit_test(a_repetition_is_told_and_not_stored),
		cmocka_unit_test(a_repetition_with_another_time_is_still_a_repetition),
		cmocka_unit_test(an_aborted_group_leaves_nothing),
		cmocka_unit_test(records_lie_in_the_day_they_were_measured),
		cmocka_unit_test(a_group_over_more_days_than_files_may_be_open_is_stored_whole),
		cmocka_unit_test(aborting_such_a_group_loses_and_doubles_nothing),
		cmocka_unit_test(a_kill_between_raw_and_ledger_doubles_nothing),
		cmocka_unit_test(a_writer_killed_at_any_moment_leaves_a_sound_store),
		cmocka_unit_test(
			a_record_without_time_waits_and_goes_to_its_day_when_the_clock_is_known),
		cmocka_unit_test(a_time_in_the_future_is_no_time),
		cmocka_unit_test(what_is_missing_and_what_was_dropped_are_told_apart),
		cmocka_unit_test(ranges_of_the_ledger_merge_in_any_order),
		cmocka_unit_test(a_pair_that_changed_while_it_was_judged_stays_dirty),
		cmocka_unit_test(the_audit_chain_shows_a_change),
		cmocka_unit_test(a_flood_in_the_quarantine_does_not_drive_out_the_few),
		cmocka_unit_test(a_moved_probe_s_earlier_records_stay_with_the_earlier_hamlet),
		cmocka_unit_test(a_backup_is_sound_and_complete),
		cmocka_unit_test(a_reader_sees_committed_records_and_never_writes),
		cmocka_unit_test(what_a_probe_last_told_of_its_access_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
