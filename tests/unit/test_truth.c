/* SPDX-License-Identifier: Apache-2.0 */
/* A small country whose truth is known: every fault a probe can have, every kind of coverage; raw
 * records in, status out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "collector/store/import.h"
#include "collector/truth/agg.h"
#include "collector/truth/truth.h"
#include "probes/core/codec.h"
#include "tests/unit/truth_fixture.h"

#include <stdlib.h>
#include <errno.h>
#include <unistd.h>

#define DAYS    28
#define EVERY_S 1800
#define AS_OF   ((FIRST_DAY + DAYS) * STORE_DAY_NS)

enum life { GOOD, GOOD_5G, NONE, LIMITED, GSM_ONLY, SLOW, FAINT, BOOSTED, HALF, POWER, MODEM_HUNG, MODEM_ABSENT, SIM_MISSING, SIM_LOCKED, DENIED,
	CREDIT, BROKER, NO_INTERNET, SICK, NOT_SAID, SENTINEL, STALE_STATE, FEW, NEVER, THEN_POWER, THEN_MODEM, THEN_CREDIT, THEN_BACKHAUL,
	NONE_THEN_SILENT, FAILED, ROAMING, LIVES };

static const struct {
	const char *what;
	const char *status;
	enum truth_cause cause;
} country[LIVES] = {
	[GOOD] = { "good", "covered", CAUSE_NONE },
	[GOOD_5G] = { "good on NSA", "covered", CAUSE_NONE },
	[NONE] = { "no service", "no_signal", CAUSE_NONE },
	[LIMITED] = { "emergency only, one operator measured", "unmeasured", CAUSE_NONE },
	[GSM_ONLY] = { "2G only, one operator measured", "unmeasured", CAUSE_NONE },
	[SLOW] = { "slow", "weak", CAUSE_NONE },
	[FAINT] = { "below the level", "weak", CAUSE_NONE },
	[BOOSTED] = { "strong RSRP only", "unmeasured", CAUSE_NONE },
	[HALF] = { "every other day", "unstable", CAUSE_NONE },
	[POWER] = { "never had power for long", "unmeasured", CAUSE_NONE },
	[MODEM_HUNG] = { "modem hung", "unmeasured", CAUSE_NONE },
	[MODEM_ABSENT] = { "modem absent", "unmeasured", CAUSE_NONE },
	[SIM_MISSING] = { "no SIM", "unmeasured", CAUSE_NONE },
	[SIM_LOCKED] = { "SIM locked", "unmeasured", CAUSE_NONE },
	[DENIED] = { "denied", "unmeasured", CAUSE_NONE },
	[CREDIT] = { "no credit, radio good", "covered", CAUSE_NONE },
	[BROKER] = { "collector down, radio good", "covered", CAUSE_NONE },
	[NO_INTERNET] = { "registered, no internet", "unstable", CAUSE_NONE },
	[SICK] = { "no service said by a sick modem", "unmeasured", CAUSE_NONE },
	[NOT_SAID] = { "no service, health not said", "unmeasured", CAUSE_NONE },
	[SENTINEL] = { "sentinels for levels", "unmeasured", CAUSE_NONE },
	[STALE_STATE] = { "state says no service, the modem is registered", "unmeasured", CAUSE_NONE },
	[FEW] = { "no service, two days, then silent", "silent", CAUSE_UNKNOWN },
	[NEVER] = { "never reported", "unmeasured", CAUSE_NONE },
	[THEN_POWER] = { "good, then on battery and silent", "silent", CAUSE_POWER },
	[THEN_MODEM] = { "good, then the modem broke", "silent", CAUSE_MODEM },
	[THEN_CREDIT] = { "good, then no credit and no registration", "silent", CAUSE_CREDIT },
	[THEN_BACKHAUL] = { "good, then no way home", "silent", CAUSE_BACKHAUL },
	[NONE_THEN_SILENT] = { "no service, then silent", "silent", CAUSE_UNKNOWN },
	[FAILED] = { "every measurement failed", "unmeasured", CAUSE_NONE },
	[ROAMING] = { "a walk without service", "unmeasured", CAUSE_NONE },
};

struct world {
	char folder[64];
	struct store *s;
	struct batch_head head;
	struct store_incoming in;
	uint64_t seq;
	struct record r;
	struct buf bytes;
};

static void put(struct world *w)
{
	w->r.seq = ++w->seq;
	w->r.mono_ns = (int64_t)w->seq * NS_PER_S;
	buf_clear(&w->bytes);
	assert_int_equal(codec_encode(&w->bytes, &w->r), 0);
	assert_true(store_insert(w->s, &w->in, &w->r, w->bytes.data, w->bytes.len, 0) >= 0);
}

static void radio(struct world *w, const char *rat, double rsrp, double sinr)
{
	record_set_text(&w->r, FIELD_RAT, rat);
	record_set_text(&w->r, FIELD_PLMN, "45204");
	record_set_text(&w->r, FIELD_REGISTRATION, "home");
	record_set_real(&w->r, FIELD_RSRP, rsrp);
	if (sinr < 90)
		record_set_real(&w->r, FIELD_SINR, sinr);
}

static void signal_at(struct world *w, int64_t at, enum access_state state, int healthy)
{
	record_clear(&w->r, RECORD_SIGNAL);
	w->r.utc_ns = at;
	w->r.state = (uint8_t)state;
	record_set_text(&w->r, FIELD_HOME_PLMN, "45204");
	if (healthy >= 0)
		record_set_bool(&w->r, FIELD_MODEM_HEALTHY, healthy);
}

static void download(struct world *w, int64_t at, int64_t bps)
{
	record_clear(&w->r, RECORD_THROUGHPUT);
	w->r.utc_ns = at;
	w->r.state = STATE_OK;
	record_set_text(&w->r, FIELD_DIRECTION, "down");
	record_set_int(&w->r, FIELD_RATE_BPS, bps);
	put(w);
}

/* The state that a life without radio tells all the time. */
static enum access_state fault(enum life life)
{
	static const enum access_state states[LIVES] = { [POWER] = STATE_POWER_LOST, [MODEM_HUNG] = STATE_MODEM_HUNG,
		[MODEM_ABSENT] = STATE_MODEM_ABSENT, [SIM_MISSING] = STATE_SIM_MISSING, [SIM_LOCKED] = STATE_SIM_LOCKED,
		[DENIED] = STATE_DENIED, [NONE] = STATE_NO_SERVICE, [SICK] = STATE_NO_SERVICE, [NOT_SAID] = STATE_NO_SERVICE,
		[FEW] = STATE_NO_SERVICE, [NONE_THEN_SILENT] = STATE_NO_SERVICE, [LIMITED] = STATE_LIMITED_SERVICE,
		[ROAMING] = STATE_NO_SERVICE };

	return states[life];
}

static void good(struct world *w, int64_t at, int64_t bps)
{
	signal_at(w, at, STATE_OK, 1);
	radio(w, "LTE", -95, 12);
	put(w);
	if (at / NS_PER_S % 86400 < EVERY_S)
		download(w, at + 60 * NS_PER_S, bps);
}

static void after(struct world *w, enum life life, int64_t at)
{
	static const enum access_state states[LIVES] = { [THEN_MODEM] = STATE_MODEM_HUNG, [THEN_CREDIT] = STATE_CAPTIVE_OR_NO_CREDIT,
		[THEN_BACKHAUL] = STATE_IP_NO_INTERNET };

	if (!states[life])
		return;
	record_clear(&w->r, RECORD_ACCESS);
	w->r.utc_ns = at;
	w->r.state = (uint8_t)states[life];
	record_set_bool(&w->r, FIELD_HEARTBEAT, true);
	put(w);
}

static void odd(struct world *w, enum life life, int64_t at)
{
	signal_at(w, at, life == STALE_STATE ? STATE_NO_SERVICE : life == CREDIT ? STATE_CAPTIVE_OR_NO_CREDIT : life == BROKER ? STATE_COLLECTOR_DOWN :
		life == NO_INTERNET ? STATE_IP_NO_INTERNET : STATE_OK, 1);
	if (life == GSM_ONLY)
		radio(w, "GSM", -80, 99);
	else if (life == SENTINEL)
		radio(w, "LTE", -200, 99);
	else if (life == FAINT)
		radio(w, "LTE", -125, 4);
	else if (life == GOOD_5G)
		radio(w, "NR5G-NSA", -90, 15);
	else
		radio(w, "LTE", -70, life == BOOSTED ? 99 : 10);
	if (life == SENTINEL)
		record_set_real(&w->r, FIELD_SINR, -3276.8 + 300);
	if (life == FAILED)
		record_set_text(&w->r, FIELD_ERROR, "timeout");
	put(w);
}

static void moment(struct world *w, enum life life, int32_t day, int64_t at)
{
	bool late = day >= 14;

	switch (life) {
	case NEVER:
		return;
	case GOOD:
		good(w, at, 20000000);
		return;
	case SLOW:
		good(w, at, 1000000);
		return;
	case HALF:
		if (day % 2) {
			good(w, at, 20000000);
			return;
		}
		signal_at(w, at, STATE_NO_SERVICE, 1);
		put(w);
		return;
	case THEN_POWER:
	case THEN_MODEM:
	case THEN_CREDIT:
	case THEN_BACKHAUL:
		if (late)
			after(w, life, at);
		else
			good(w, at, 20000000);
		return;
	case NONE_THEN_SILENT:
	case FEW:
		if (late || (life == FEW && day > 1))
			return;
		break;
	default:
		break;
	}
	if (fault(life)) {
		signal_at(w, at, fault(life), life == NOT_SAID ? -1 : life == SICK || life == MODEM_HUNG ? 0 : 1);
		put(w);
	} else {
		odd(w, life, at);
	}
}

static void battery(struct world *w, int64_t at)
{
	record_clear(&w->r, RECORD_HEALTH);
	w->r.utc_ns = at;
	w->r.state = STATE_OK;
	record_set_text(&w->r, FIELD_POWER, "battery");
	put(w);
}

static void live(struct world *w, enum life life, int32_t from, int32_t to)
{
	char hamlet[16];

	snprintf(hamlet, sizeof(hamlet), "H%02d", (int)life);
	w->in.hamlet = hamlet;
	assert_int_equal(store_group_begin(w->s), 0);
	for (int32_t day = from; day < to; day++) {
		for (int64_t s = 0; s < 86400; s += EVERY_S)
			moment(w, life, day, (FIRST_DAY + day) * STORE_DAY_NS + s * NS_PER_S);
		if (life == THEN_POWER && day == 13)
			battery(w, (FIRST_DAY + 14) * STORE_DAY_NS - NS_PER_S);
	}
	assert_int_equal(store_group_commit(w->s), 0);
}

static void write_lists(struct world *w)
{
	struct buf problems;
	struct import im = { .store = w->s, .actor = "test", .problems = &problems };
	char path[96];
	FILE *f;

	buf_init(&problems, 1 << 16);
	snprintf(path, sizeof(path), "%s/hamlets.csv", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "hamlet_code,hamlet,commune_code,population\n");
	for (int i = 0; i < LIVES; i++)
		fprintf(f, "H%02d,Thôn %d,00769,%d\n", i, i, 100 + i);
	fclose(f);
	if (import_units(&im, "config/vn/provinces_2026-04-30.csv") || import_units(&im, "config/vn/communes_2026-04-30.csv") ||
		 import_hamlets(&im, path) || import_operators(&im, "config/vn/plmn_452.csv"))
		fail_msg("%s", buf_text(&problems));
	buf_done(&problems);
}

static void place_probe(struct world *w, enum life life)
{
	uint8_t seed[32] = { (uint8_t)(life + 1) };
	struct store_probe p = { .role = life == ROAMING ? ROLE_ROAMING : ROLE_REFERENCE };
	struct identity *me;
	struct why why = { "" };

	assert_int_equal(identity_from_seed(&me, seed), 0);
	memcpy(w->head.probe, identity_id(me), PROBE_ID);
	probe_id_text(w->head.probe, p.id);
	snprintf(p.hamlet, sizeof(p.hamlet), "H%02d", (int)life);
	if (store_probe_add(w->s, &p, "test", &why))
		fail_msg("%s", why.text);
	assert_int_equal(store_probe(w->s, p.id, &p), 0);
	w->in = (struct store_incoming){ p.number, "", &w->head, AS_OF };
	w->seq = 0;
	identity_free(me);
}

static int world_new(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct why why = { "" };

	snprintf(w->folder, sizeof(w->folder), "/tmp/phusong-truth-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	assert_int_equal(store_open(&w->s, w->folder, STORE_WRITE, &why), 0);
	memset(w->head.boot, 0xb0, sizeof(w->head.boot));
	buf_init(&w->bytes, 1 << 16);
	write_lists(w);
	*state = w;
	return 0;
}

static int world_done(void **state)
{
	struct world *w = *state;
	char command[128];

	store_close(w->s);
	buf_done(&w->bytes);
	snprintf(command, sizeof(command), "rm -rf %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void judge_all(struct world *w, int64_t as_of)
{
	static const char *const profiles[] = { "config/profiles/vn-4g-2019.conf" };
	const struct truth_options o = { .folder = w->folder, .profiles = profiles, .profile_count = 1 };
	struct why why = { "" };

	if (truth_round(&o, as_of, &why))
		fail_msg("%s", why.text);
}

struct seen_rows {
	unsigned matrix[TRUTH_STATUSES][TRUTH_STATUSES], rows, wrong;
	struct buf text;
};

static int compare(void *arg, const struct truth_row *row)
{
	struct seen_rows *seen = arg;
	int life = atoi(row->hamlet + 1), expected = truth_status_from(country[life].status);

	seen->rows++;
	seen->matrix[expected][row->status]++;
	if (row->status != (unsigned)expected || row->cause != country[life].cause) {
		print_message("%s: is %s (%s), should be %s: %s %s\n", country[life].what, truth_status_name[row->status],
			truth_cause_name[row->cause], country[life].status, row->reason_en, row->detail);
		seen->wrong++;
	}
	return 0;
}

static int dump(void *arg, const struct truth_row *r)
{
	struct seen_rows *seen = arg;

	buf_printf(&seen->text, "%s %s %s %d %d %d %c %.6f %.6f %.6f %u %u %u %u %d %s %s %s\n", r->hamlet, r->plmn, r->technology, r->status,
		r->before, r->cause, r->grade, r->share, r->low, r->high, r->n, r->days, r->parts, r->probes, r->since, r->reason_vi, r->reason_en,
		r->detail);
	seen->rows++;
	return 0;
}

static void read_rows(struct world *w, const char *plmn, int (*each)(void *arg, const struct truth_row *row), struct seen_rows *seen)
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
		assert_non_null(strstr(buf_text(&seen.text), lives[i] == GSM_ONLY ? "H04 45204 4g 0" : "H03 45204 4g 0"));
		buf_done(&seen.text);
	}
}

static void the_same_records_late_or_twice_give_the_same_bytes(void **state)
{
	struct world *w = *state;
	struct seen_rows once = { .rows = 0 }, again = { .rows = 0 }, late = { .rows = 0 };
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_status_is_the_truth_and_silence_is_never_no_signal, world_new, world_done),
		cmocka_unit_test_setup_teardown(an_operator_is_judged_by_its_own_evidence, world_new, world_done),
		cmocka_unit_test_setup_teardown(the_same_records_late_or_twice_give_the_same_bytes, world_new, world_done),
		cmocka_unit_test_setup_teardown(late_records_rewrite_the_past, world_new, world_done),
		cmocka_unit_test_setup_teardown(charts_and_counts_are_read_back, world_new, world_done),
		cmocka_unit_test(packed_histograms_survive_and_damage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
