/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated probe: the agent's own access state machine, journal, batches and uplink; only the modem and the
 * link are simulated.  It lives through some weeks in a moment, then delivers what its journal holds, as a
 * probe does that comes back after a long absence.  Every batch says that it was simulated.
 *
 *   fleet id SEED                               prints the probe id
 *   fleet run FOLDER BROKER SPEC...             lives and delivers; prints one line of JSON for each probe
 *     SPEC: SEED,LAT,LON,PLMN,BEHAVIOUR,DAYS,END  (END: RFC 3339, the moment "now" of the simulation)
 *     BEHAVIOUR: covered weak unstable no_signal gsm_only limited power_lost no_credit modem_hung */
#include "../../agent/access.h"
#include "../../agent/journal.h"
#include "../../agent/uplink.h"
#include "../../probes/core/log.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

extern const char phusong_version[];

#define STEP_NS    (30 * 60 * NS_PER_S) /* between two signal samples */
#define BOOT_UP_NS (90 * NS_PER_S)      /* from boot to the first sample */

enum behaviour {
	COVERED,
	WEAK,
	UNSTABLE,
	NO_SIGNAL,
	GSM_ONLY,
	LIMITED,
	POWER_LOST,
	NO_CREDIT,
	MODEM_HUNG,
	BEHAVIOURS
};
static const char *const behaviour_name[BEHAVIOURS] = { "covered", "weak", "unstable", "no_signal",
	"gsm_only", "limited", "power_lost", "no_credit", "modem_hung" };

struct probe_sim {
	char seed[64], plmn[8];
	double lat, lon;
	enum behaviour behaviour;
	int days;
	int64_t end_utc;

	uint64_t random;
	struct identity *identity;
	struct journal *journal;
	struct access *access;
	int64_t boot_utc; /* UTC at which the present boot began */
	uint8_t boot[16];
	uint64_t records;
	int err;
};

/* xorshift64*: the same weeks each time */
static double uniform(struct probe_sim *s)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (double)((s->random * 0x2545f4914f6cdd1dULL) >> 11) / 9007199254740992.0;
}

/* About normal: the sum of twelve uniforms. */
static double normal(struct probe_sim *s, double mean, double spread)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += uniform(s);
	return mean + spread * sum;
}

/* --- what the simulated modem and link would say at a moment ------------------------------------------- */
struct moment {
	bool silent;          /* the device is off */
	bool hung;            /* the modem does not answer */
	bool search, limited; /* no usable cell; only cells of others */
	bool gsm;
	bool credit_gone;
	double rsrp, sinr, down_mbps, up_mbps, rtt_ms;
};

static double hour_of(int64_t utc)
{
	/* UTC+7 */
	return fmod((double)((utc / NS_PER_S + 7 * 3600) % 86400), 86400) / 3600;
}

static struct moment moment_at(struct probe_sim *s, int64_t utc)
{
	double hour = hour_of(utc), to_end_days = (double)(s->end_utc - utc) / (86400.0 * NS_PER_S);
	struct moment m = { .rsrp = normal(s, -88, 4), .sinr = normal(s, 13, 3) };

	m.down_mbps = fmax(4, normal(s, hour > 18 && hour < 23 ? 19 : 31, 5));
	switch (s->behaviour) {
	case WEAK:
		m.rsrp = normal(s, -113, 2.5);
		m.sinr = normal(s, -1, 2);
		m.down_mbps = fmax(0.2, normal(s, 1.4, 0.5));
		break;
	case UNSTABLE: /* the cell runs out of power each afternoon */
		m.rsrp = normal(s, -101, 4);
		m.search = hour > 13.2 && hour < 20.8;
		break;
	case NO_SIGNAL:
		m.search = true;
		break;
	case GSM_ONLY:
		m.gsm = true;
		m.rsrp = normal(s, -92, 4);
		break;
	case LIMITED:
		m.limited = true;
		m.rsrp = normal(s, -111, 3);
		break;
	case POWER_LOST: /* four days before the end the line went dead */
		m.silent = to_end_days < 4;
		break;
	case NO_CREDIT:
		m.credit_gone = to_end_days < 5;
		break;
	case MODEM_HUNG:
		m.hung = to_end_days < 6;
		break;
	default:
		break;
	}
	m.up_mbps = m.down_mbps * (0.3 + 0.1 * uniform(s));
	m.rtt_ms =
		fmax(18, normal(s, s->behaviour == WEAK ? 140 : 46, s->behaviour == WEAK ? 40 : 7));
	return m;
}

/* --- records ------------------------------------------------------------------------------------------------- */

static void stamp(struct probe_sim *s, struct record *r, enum record_kind kind, int64_t utc)
{
	record_clear(r, kind);
	r->mono_ns = utc - s->boot_utc;
	r->utc_ns = utc;
	r->clock = (struct record_clock){ .source = CLOCK_NTP, .error_us = 1500, .sync_age_s = 60 };
	r->place = (struct place){ .lat_e7 = (int32_t)lround(s->lat * 1e7),
		.lon_e7 = (int32_t)lround(s->lon * 1e7),
		.accuracy_m = 10,
		.source = PLACE_SURVEYED };
	snprintf(r->uplink, sizeof(r->uplink), "wwan0");
}

static void keep(struct probe_sim *s, struct record *r)
{
	r->state = access_state(s->access);
	if (!s->err)
		s->err = journal_append(s->journal, r);
	s->records++;
}

/* Transitions and heartbeats of the state machine go into the journal like any record. */
static void on_access(void *arg, struct record *r)
{
	struct probe_sim *s = arg;
	int64_t utc = s->boot_utc + r->mono_ns;
	struct record own = *r;

	stamp(s, &own, RECORD_ACCESS, utc);
	own.count = r->count;
	own.arena_used = r->arena_used;
	memcpy(own.values, r->values, sizeof(own.values));
	memcpy(own.arena, r->arena, sizeof(own.arena));
	keep(s, &own);
}

static void observe(struct probe_sim *s, struct record *r)
{
	keep(s, r);
	access_observe(s->access, r);
}

static void emit_signal(struct probe_sim *s, const struct moment *m, int64_t utc)
{
	struct record r;

	stamp(s, &r, RECORD_SIGNAL, utc);
	record_set_text(&r, FIELD_METHOD, "at");
	record_set_text(&r, FIELD_TEST, "signal");
	if (m->hung) {
		record_set_text(&r, FIELD_ERROR, "modem_hung");
		record_set_bool(&r, FIELD_MODEM_HEALTHY, false);
		observe(s, &r);
		return;
	}
	record_set_bool(&r, FIELD_MODEM_HEALTHY, true);
	record_set_text(&r, FIELD_SIM, "ready");
	record_set_text(&r, FIELD_HOME_PLMN, s->plmn);
	if (m->search || m->limited) {
		record_set_text(&r, FIELD_REGISTRATION, "searching");
		record_set_text(&r, FIELD_MODEM_STATE, m->limited ? "LIMSRV" : "SEARCH");
	} else {
		record_set_text(&r, FIELD_REGISTRATION, "home");
		record_set_text(&r, FIELD_MODEM_STATE, "NOCONN");
		record_set_text(&r, FIELD_PLMN, s->plmn);
	}
	if (m->limited)
		record_set_text(&r, FIELD_PLMN, strcmp(s->plmn, "45204") ? "45204" : "45201");
	if (!m->search) {
		record_set_text(&r, FIELD_RAT, m->gsm ? "GSM" : "LTE");
		if (m->gsm) {
			record_set_real(&r, FIELD_RXLEV, round(m->rsrp));
		} else {
			record_set_int(&r, FIELD_BAND, 3);
			record_set_int(&r, FIELD_PCI, (int64_t)(s->random % 504));
			record_set_real(&r, FIELD_RSRP, round(m->rsrp));
			record_set_real(&r, FIELD_RSRQ, -11);
			record_set_real(&r, FIELD_SINR, round(m->sinr));
		}
	}
	observe(s, &r);
}

static void emit_scan(struct probe_sim *s, int64_t utc, int64_t number)
{
	struct record r;

	stamp(s, &r, RECORD_OPERATORS, utc);
	record_set_text(&r, FIELD_METHOD, "at+cops");
	record_set_int(&r, FIELD_SCAN, number);
	record_set_int(&r, FIELD_SCAN_CELLS, 0);
	record_set_bool(&r, FIELD_MODEM_HEALTHY, true);
	observe(s, &r);
}

static void radio_of(struct probe_sim *s, struct record *r, const struct moment *m)
{
	record_set_text(r, FIELD_START_RAT, m->gsm ? "GSM" : "LTE");
	record_set_text(r, FIELD_START_PLMN, s->plmn);
	if (!m->gsm) {
		record_set_real(r, FIELD_START_RSRP, round(m->rsrp));
		record_set_real(r, FIELD_START_SINR, round(m->sinr));
	}
}

static void emit_latency(struct probe_sim *s, const struct moment *m, int64_t utc)
{
	struct record r;
	int lost = uniform(s) < 0.15 ? 1 : 0;

	stamp(s, &r, RECORD_LATENCY, utc);
	record_set_text(&r, FIELD_METHOD, "stamp");
	record_set_text(&r, FIELD_TARGET, "reflector.simulated");
	record_set_int(&r, FIELD_FAMILY, 4);
	radio_of(s, &r, m);
	if (m->credit_gone) {
		record_set_text(&r, FIELD_ERROR, "unreachable");
	} else {
		record_set_int(&r, FIELD_SENT, 20);
		record_set_int(&r, FIELD_RECEIVED, 20 - lost);
		record_set_int(&r, FIELD_LOST_UP, lost);
		record_set_int(&r, FIELD_LOST_DOWN, 0);
		record_set_real(&r, FIELD_RTT_MIN_US, round(m->rtt_ms * 800));
		record_set_real(&r, FIELD_RTT_P50_US, round(m->rtt_ms * 1000));
		record_set_real(&r, FIELD_RTT_P95_US, round(m->rtt_ms * 1600));
		record_set_real(&r, FIELD_RTT_P99_US, round(m->rtt_ms * 2100));
		record_set_text(&r, FIELD_STAMPS, "kernel");
	}
	observe(s, &r);
}

static void emit_throughput(struct probe_sim *s, const struct moment *m, int64_t utc,
	const char *direction, double mbps)
{
	struct record r;

	stamp(s, &r, RECORD_THROUGHPUT, utc);
	record_set_text(&r, FIELD_METHOD, "http");
	record_set_text(&r, FIELD_DIRECTION, direction);
	radio_of(s, &r, m);
	record_set_int(&r, FIELD_RATE_BPS, (int64_t)(mbps * 1e6));
	record_set_int(&r, FIELD_STREAMS, 4);
	record_set_int(&r, FIELD_BYTES, (int64_t)fmin(5e6, mbps * 1e6));
	record_set_text(&r, FIELD_STOP_REASON, "decided");
	record_set_text(&r, FIELD_CONFIDENCE, "high");
	observe(s, &r);
}

static void emit_service(struct probe_sim *s, const struct moment *m, int64_t utc)
{
	struct record r;

	stamp(s, &r, RECORD_SERVICE, utc);
	record_set_text(&r, FIELD_TARGET, "reflector.simulated");
	radio_of(s, &r, m);
	record_set_text(&r, FIELD_VERDICT, m->credit_gone ? "captive_portal" : "ok");
	record_set_int(&r, FIELD_HTTP_STATUS, m->credit_gone ? 302 : 204);
	observe(s, &r);
}

/* --- some weeks ------------------------------------------------------------------------------------------------ */

static void live_step(struct probe_sim *s, int64_t utc, int64_t step)
{
	struct moment m = moment_at(s, utc);
	bool served = !m.hung && !m.search && !m.limited;

	emit_signal(s, &m, utc);
	if (m.search && step % 2 == 0)
		emit_scan(s, utc + 60 * NS_PER_S, step);
	if (served && step % 2 == 0) {
		emit_service(s, &m, utc + 120 * NS_PER_S);
		if (!m.gsm)
			emit_latency(s, &m, utc + 130 * NS_PER_S);
	}
	if (served && !m.gsm && !m.credit_gone && step % 12 == 4) {
		emit_throughput(s, &m, utc + 300 * NS_PER_S, "down", m.down_mbps);
		emit_throughput(s, &m, utc + 320 * NS_PER_S, "up", m.up_mbps);
	}
}

static void live(struct probe_sim *s)
{
	int64_t steps = (int64_t)s->days * 86400 * NS_PER_S / STEP_NS;
	int64_t from = s->end_utc - steps * STEP_NS;
	int64_t phase = (int64_t)(uniform(s) * 0.9 * STEP_NS);

	for (int64_t i = 0; i < steps && !s->err; i++) {
		int64_t utc = from + i * STEP_NS + phase;

		if (utc < s->end_utc - 300 * NS_PER_S && !moment_at(s, utc).silent) {
			access_tick(s->access, utc - s->boot_utc);
			live_step(s, utc, i);
		}
	}
}

static int prepare(struct probe_sim *s, const char *root, struct why *why)
{
	char folder[4096];
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct journal_options o = {
		.folder = folder, .bytes_max = 32u << 20, .sync_every_ns = 3600 * NS_PER_S
	};
	struct journal_past past;
	int err;

	EVP_Digest(s->seed, strlen(s->seed), hash, &n, EVP_sha256(), NULL);
	memcpy(&s->random, hash, sizeof(s->random));
	memcpy(s->boot, hash + 16, sizeof(s->boot));
	s->random |= 1;
	err = identity_from_seed(&s->identity, hash);
	if (err || !root)
		return err;
	snprintf(folder, sizeof(folder), "%s/%s", root, s->seed);
	memcpy(o.boot, s->boot, sizeof(o.boot));
	s->boot_utc = s->end_utc - (int64_t)s->days * 86400 * NS_PER_S - BOOT_UP_NS;
	err = journal_open(&s->journal, &o, &past, why);
	if (!err)
		s->access = access_new(NULL, on_access, s);
	return err;
}

/* The broker may go away for a while: a probe waits for it, as long as it takes. */
static void wait_for_receipts(struct uplink *u)
{
	const struct timespec pause = { .tv_nsec = 20 * NS_PER_MS };
	int64_t until = clock_mono() + 200 * NS_PER_S;
	struct uplink_status status;

	do {
		nanosleep(&pause, NULL);
		uplink_status(u, &status);
	} while (clock_mono() < until && (status.journal.waiting || !status.receipts));
}

static int deliver(
	struct probe_sim *s, const char *broker, struct journal_stats *left, struct why *why)
{
	const char *const brokers[] = { broker, NULL };
	const struct clock_pair pair = { .mono_ns = s->end_utc - s->boot_utc,
		.utc_ns = s->end_utc,
		.error_us = 1500,
		.source = CLOCK_NTP };
	struct uplink_options o = { .journal = s->journal,
		.identity = s->identity,
		.brokers = brokers,
		.simulated = true,
		.agent = phusong_version,
		.batch_records = 400,
		.batch_bytes = 60000,
		.window = 8,
		.gather_ns = NS_PER_MS };
	struct uplink *u = NULL;
	int err = journal_clock(s->journal, &pair);

	if (!err)
		err = journal_sync(s->journal);
	if (!err)
		err = uplink_start(&u, &o, why);
	if (err)
		return err;
	wait_for_receipts(u);
	uplink_stop(u, 1000);
	journal_stats(s->journal, left);
	return left->waiting ? -ETIMEDOUT : 0;
}

static void done(struct probe_sim *s)
{
	access_free(s->access);
	journal_close(s->journal);
	identity_free(s->identity);
}

static int parse(const char *text, struct probe_sim *s)
{
	char behaviour[16], end[40];

	memset(s, 0, sizeof(*s));
	if (sscanf(text, "%63[^,],%lf,%lf,%7[^,],%15[^,],%d,%39s", s->seed, &s->lat, &s->lon,
		    s->plmn, behaviour, &s->days, end) != 7)
		return -EINVAL;
	if (clock_parse(end, &s->end_utc) || s->days < 1 || s->days > 400)
		return -EINVAL;
	for (int i = 0; i < BEHAVIOURS; i++)
		if (!strcmp(behaviour, behaviour_name[i])) {
			s->behaviour = (enum behaviour)i;
			return 0;
		}
	return -EINVAL;
}

static int run_one(const char *root, const char *broker, const char *spec)
{
	struct probe_sim s;
	struct why why = { { 0 } };
	struct journal_stats left = { 0 };
	char id[PROBE_ID_TEXT] = "";
	int err = parse(spec, &s);

	if (err) {
		fprintf(stderr, "fleet: '%s' is not SEED,LAT,LON,PLMN,BEHAVIOUR,DAYS,END\n", spec);
		return err;
	}
	err = prepare(&s, root, &why);
	if (!err)
		live(&s);
	if (!err)
		err = s.err;
	if (!err)
		err = deliver(&s, broker, &left, &why);
	if (s.identity)
		probe_id_text(identity_id(s.identity), id);
	printf("{\"seed\":\"%s\",\"probe\":\"%s\",\"behaviour\":\"%s\",\"made\":%llu,\"waiting\":%"
	       "llu,\"dropped\":%llu}\n",
		s.seed, id, behaviour_name[s.behaviour],
		(unsigned long long)(left.next_seq ? left.next_seq - 1 : 0),
		(unsigned long long)left.waiting, (unsigned long long)left.dropped);
	fflush(stdout);
	if (err)
		fprintf(stderr, "fleet: %s: %s %s\n", s.seed, strerror(-err), why.text);
	done(&s);
	return err;
}

static int print_id(const char *seed)
{
	struct probe_sim s = { .days = 1 };
	char id[PROBE_ID_TEXT];
	int err;

	snprintf(s.seed, sizeof(s.seed), "%s", seed);
	err = prepare(&s, NULL, NULL);
	if (!err)
		puts(probe_id_text(identity_id(s.identity), id));
	identity_free(s.identity);
	return err;
}

int main(int argc, char **argv)
{
	int err = 0;

	log_quiet(true);
	if (argc >= 3 && !strcmp(argv[1], "id")) {
		for (int i = 2; i < argc && !err; i++)
			err = print_id(argv[i]);
		return err ? 1 : 0;
	}
	if (argc < 5 || strcmp(argv[1], "run")) {
		fputs("usage: fleet id SEED... | fleet run FOLDER BROKER SPEC...\n", stderr);
		return 2;
	}
	mkdir(argv[2], 0700);
	for (int i = 4; i < argc; i++)
		if (run_one(argv[2], argv[3], argv[i]))
			err = 1;
	return err;
}
