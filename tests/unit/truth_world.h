/* SPDX-License-Identifier: Apache-2.0 */
/* A small country whose truth is known: every fault a probe can have, every kind of coverage, as raw
 * records in a store of its own. */
#ifndef TESTS_TRUTH_WORLD_H
#define TESTS_TRUTH_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "remove_folder.h"
#include "collector/store/import.h"
#include "collector/truth/truth.h"
#include "probes/core/codec.h"
#include "tests/unit/truth_fixture.h"

#include <stdlib.h>

#define DAYS    28
#define EVERY_S 1800
#define AS_OF   ((FIRST_DAY + DAYS) * STORE_DAY_NS)

enum life {
	GOOD,
	GOOD_5G,
	NONE,
	LIMITED,
	GSM_ONLY,
	SLOW,
	FAINT,
	BOOSTED,
	HALF,
	POWER,
	MODEM_HUNG,
	MODEM_ABSENT,
	SIM_MISSING,
	SIM_LOCKED,
	DENIED,
	CREDIT,
	BROKER,
	NO_INTERNET,
	SICK,
	NOT_SAID,
	SENTINEL,
	STALE_STATE,
	FEW,
	NEVER,
	THEN_POWER,
	THEN_MODEM,
	THEN_CREDIT,
	THEN_BACKHAUL,
	NONE_THEN_SILENT,
	FAILED,
	ROAMING,
	LIVES
};

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
	[STALE_STATE] = { "state says no service, the modem is registered", "unmeasured",
		CAUSE_NONE },
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

static inline void put(struct world *w)
{
	w->r.seq = ++w->seq;
	w->r.mono_ns = (int64_t)w->seq * NS_PER_S;
	buf_clear(&w->bytes);
	assert_int_equal(codec_encode(&w->bytes, &w->r), 0);
	assert_true(store_insert(w->s, &w->in, &w->r, w->bytes.data, w->bytes.len, 0) >= 0);
}

static inline void radio(struct world *w, const char *rat, double rsrp, double sinr)
{
	record_set_text(&w->r, FIELD_RAT, rat);
	record_set_text(&w->r, FIELD_PLMN, "45204");
	record_set_text(&w->r, FIELD_REGISTRATION, "home");
	record_set_real(&w->r, FIELD_RSRP, rsrp);
	if (sinr < 90)
		record_set_real(&w->r, FIELD_SINR, sinr);
}

static inline void signal_at(struct world *w, int64_t at, enum access_state state, int healthy)
{
	record_clear(&w->r, RECORD_SIGNAL);
	w->r.utc_ns = at;
	w->r.state = (uint8_t)state;
	record_set_text(&w->r, FIELD_HOME_PLMN, "45204");
	if (healthy >= 0)
		record_set_bool(&w->r, FIELD_MODEM_HEALTHY, healthy);
}

static inline void download(struct world *w, int64_t at, int64_t bps)
{
	record_clear(&w->r, RECORD_THROUGHPUT);
	w->r.utc_ns = at;
	w->r.state = STATE_OK;
	record_set_text(&w->r, FIELD_DIRECTION, "down");
	record_set_int(&w->r, FIELD_RATE_BPS, bps);
	put(w);
}

/* The state that a life without radio tells all the time. */
static inline enum access_state fault(enum life life)
{
	static const enum access_state states[LIVES] = { [POWER] = STATE_POWER_LOST,
		[MODEM_HUNG] = STATE_MODEM_HUNG,
		[MODEM_ABSENT] = STATE_MODEM_ABSENT,
		[SIM_MISSING] = STATE_SIM_MISSING,
		[SIM_LOCKED] = STATE_SIM_LOCKED,
		[DENIED] = STATE_DENIED,
		[NONE] = STATE_NO_SERVICE,
		[SICK] = STATE_NO_SERVICE,
		[NOT_SAID] = STATE_NO_SERVICE,
		[FEW] = STATE_NO_SERVICE,
		[NONE_THEN_SILENT] = STATE_NO_SERVICE,
		[LIMITED] = STATE_LIMITED_SERVICE,
		[ROAMING] = STATE_NO_SERVICE };

	return states[life];
}

static inline void good(struct world *w, int64_t at, int64_t bps)
{
	signal_at(w, at, STATE_OK, 1);
	radio(w, "LTE", -95, 12);
	put(w);
	if (at / NS_PER_S % 86400 < EVERY_S)
		download(w, at + 60 * NS_PER_S, bps);
}

static inline void after(struct world *w, enum life life, int64_t at)
{
	static const enum access_state states[LIVES] = { [THEN_MODEM] = STATE_MODEM_HUNG,
		[THEN_CREDIT] = STATE_CAPTIVE_OR_NO_CREDIT,
		[THEN_BACKHAUL] = STATE_IP_NO_INTERNET };

	if (!states[life])
		return;
	record_clear(&w->r, RECORD_ACCESS);
	w->r.utc_ns = at;
	w->r.state = (uint8_t)states[life];
	record_set_bool(&w->r, FIELD_HEARTBEAT, true);
	put(w);
}

static inline void odd(struct world *w, enum life life, int64_t at)
{
	signal_at(w, at,
		life == STALE_STATE   ? STATE_NO_SERVICE
		: life == CREDIT      ? STATE_CAPTIVE_OR_NO_CREDIT
		: life == BROKER      ? STATE_COLLECTOR_DOWN
		: life == NO_INTERNET ? STATE_IP_NO_INTERNET
				      : STATE_OK,
		1);
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

/* A change of cause within the state: told like a transition from the state to itself. */
static inline void cause_changes(struct world *w, enum access_state state, int64_t at)
{
	record_clear(&w->r, RECORD_ACCESS);
	w->r.utc_ns = at;
	w->r.state = (uint8_t)state;
	record_set_bool(&w->r, FIELD_HEARTBEAT, false);
	record_set_text(&w->r, FIELD_FROM_STATE, access_state_name[state]);
	record_set_text(&w->r, FIELD_FROM_CAUSE, "cut");
	record_set_text(&w->r, FIELD_CAUSE, "brown_out");
	record_set_text(&w->r, FIELD_HOME_PLMN, "45204");
	record_set_bool(&w->r, FIELD_MODEM_HEALTHY, true);
	put(w);
}

static inline void moment(struct world *w, enum life life, int32_t day, int64_t at)
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
		signal_at(w, at, fault(life),
			life == NOT_SAID                     ? -1
			: life == SICK || life == MODEM_HUNG ? 0
							     : 1);
		put(w);
		if (life >= POWER && life <= DENIED)
			cause_changes(w, fault(life), at);
	} else {
		odd(w, life, at);
	}
}

static inline void battery(struct world *w, int64_t at)
{
	record_clear(&w->r, RECORD_HEALTH);
	w->r.utc_ns = at;
	w->r.state = STATE_OK;
	record_set_text(&w->r, FIELD_POWER, "battery");
	put(w);
}

static inline void live(struct world *w, enum life life, int32_t from, int32_t to)
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

static inline void write_lists(struct world *w)
{
	struct buf problems;
	struct import im = { .store = w->s, .actor = "test", .problems = &problems };
	char path[96];
	FILE *f;

	buf_init(&problems, 1 << 16);
	snprintf(path, sizeof(path), "%s/hamlets.csv", w->folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "hamlet_code,hamlet,commune_code,population,population_source,lat,lon,grid_"
		   "power,reported,reported_on,reported_source\n");
	for (int i = 0; i < LIVES; i++)
		fprintf(f, "H%02d,Thôn %d,00769,%d,test.csv,%.4f,105.40,%s\n", i, i, 100 + i,
			23.10 + i / 200.0,
			i % 2 ? "no,trang_song,2026-01-12,https://example.org/" : "yes,,,");
	fclose(f);
	if (import_units(&im, "config/vn/provinces_2026-04-30.csv") ||
		import_units(&im, "config/vn/communes_2026-04-30.csv") ||
		import_hamlets(&im, path) || import_operators(&im, "config/vn/plmn_452.csv"))
		fail_msg("%s", buf_text(&problems));
	buf_done(&problems);
}

static inline void place_probe(struct world *w, enum life life)
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

static inline int world_new(void **state)
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

static inline int world_done(void **state)
{
	struct world *w = *state;

	store_close(w->s);
	buf_done(&w->bytes);
	assert_int_equal(remove_folder_tree(w->folder), 0);
	free(w);
	return 0;
}

static inline void judge_all(struct world *w, int64_t as_of)
{
	static const char *const profiles[] = { "config/profiles/vn-4g-2019.conf" };
	const struct truth_options o = {
		.folder = w->folder, .profiles = profiles, .profile_count = 1
	};
	struct why why = { "" };

	if (truth_round(&o, as_of, &why))
		fail_msg("%s", why.text);
}

#endif
