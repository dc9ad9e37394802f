/* SPDX-License-Identifier: Apache-2.0 */
/* The collector's memory.  One data folder: meta.db (registry, ledger, quarantine, audit), one
 * raw/raw-YYYYMMDD.db for each UTC day that was measured.  A `struct store` belongs to one thread;
 * any number of handles, also of other processes, may be open on a folder.
 *
 * What is promised: after store_group_commit() returned 0 the group survives a power cut, and
 * (probe, seq) is stored exactly once, however often and in whatever order it arrives. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "../../probes/core/batch.h"
#include "../../probes/core/buf.h"
#include "../../probes/core/order.h"
#include "../../probes/core/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
enum store_mode { STORE_READ, STORE_WRITE };

/* STORE_WRITE makes the folder and the schema when they are missing and completes the ledger from
 * the raw files if the last writer was killed; STORE_READ never writes and wants an existing store. */
int store_open(
	struct store **out, const char *folder, enum store_mode mode, struct why *why) MUST_CHECK;
void store_close(struct store *s); /* NULL is fine */
const char *store_folder(const struct store *s);
const char *store_problem(const struct store *s); /* the engine's last error in words, for logs */

/* Every callback of this file: 0 goes on, anything else stops the iteration and is returned. */

/* --- time ------------------------------------------------------------------------------------- */
/* A UTC day as days since 1970-01-01: 20780 is 2026-11-23. */
#define STORE_DAY_NS (86400 * NS_PER_S)
int32_t store_day_of(int64_t utc_ns);
char *store_day_text(int32_t day, char out[16]); /* "2026-11-23", returns out */
int store_day_parse(
	const char *text, int32_t *day) MUST_CHECK; /* "2026-11-23" or "20261123"; -EINVAL */

/* --- registry ------------------------------------------------------------------------------------ */
#define STORE_CODE 40 /* hamlet codes; unit codes are shorter */
#define STORE_NAME 128

enum unit_level { UNIT_PROVINCE = 1, UNIT_COMMUNE = 2 };

struct store_unit {
	uint8_t level;              /* enum unit_level */
	char code[STORE_CODE];      /* text with leading zeros: "08", "00769" */
	char parent[STORE_CODE];    /* of a commune: its province */
	char name[STORE_NAME];      /* "Mèo Vạc" */
	char full_name[STORE_NAME]; /* "Xã Mèo Vạc" */
	char name_en[STORE_NAME];
	char type[16];      /* tinh thanh_pho xa phuong dac_khu */
	double area_km2;    /* < 0 unknown */
	int64_t population; /* -1 unknown */
	double lat, lon;    /* a point inside */
	int32_t from, to;   /* days it is valid; to is INT32_MAX while it is */
};
/* day: the units that were valid then; STORE_TODAY for those of the newest list. */
#define STORE_TODAY INT32_MAX
int store_unit(struct store *s, enum unit_level level, const char *code, int32_t day,
	struct store_unit *out) MUST_CHECK; /* -ENOENT */
/* By code.  parent: only the communes of that province; NULL: all. */
int store_units(struct store *s, enum unit_level level, const char *parent, int32_t day,
	int (*each)(void *arg, const struct store_unit *u), void *arg);

struct store_former { /* one former commune and one present commune that took (part of) it */
	char code[STORE_CODE], name[STORE_NAME], district[STORE_NAME], province_code[STORE_CODE],
		province[STORE_NAME];
	char now[STORE_CODE]; /* present commune */
	bool split;           /* it went to several */
};
/* By former code; former or now may be NULL (any). */
int store_formers(struct store *s, const char *former, const char *now,
	int (*each)(void *arg, const struct store_former *f), void *arg);

struct store_hamlet {
	char code[STORE_CODE], name[STORE_NAME];
	char commune[STORE_CODE], province[STORE_CODE];
	char former_commune[STORE_CODE]; /* "" unknown */
	int32_t lat_e7, lon_e7;          /* reference point; has_point */
	bool has_point;
	int64_t population, households; /* -1 unknown */
	char population_source[STORE_NAME];
	char grid_power[8]; /* yes no "" */
	int32_t from, to;   /* days; to is INT32_MAX while it exists */
	/* what was reported, not measured; "" when nothing was */
	char reported[32];   /* trang_song lom_song ... as imported */
	int32_t reported_on; /* day, INT32_MIN unknown */
	char reported_source[256];
};
int store_hamlet(
	struct store *s, const char *code, struct store_hamlet *out) MUST_CHECK; /* -ENOENT */
/* By code.  province, commune: NULL for any. */
int store_hamlets(struct store *s, const char *province, const char *commune,
	int (*each)(void *arg, const struct store_hamlet *h), void *arg);

struct store_cluster { /* a group of houses of a hamlet */
	char hamlet[STORE_CODE], code[STORE_CODE], name[STORE_NAME];
	int32_t lat_e7, lon_e7;
	bool has_point;
	int64_t population, households; /* -1 unknown */
};
int store_clusters(struct store *s, const char *hamlet,
	int (*each)(void *arg, const struct store_cluster *c), void *arg);

struct store_operator { /* a mobile network */
	char plmn[8], brand[64], name[STORE_NAME],
		status[16]; /* status "active" ... as in the list */
};
int store_operators(
	struct store *s, int (*each)(void *arg, const struct store_operator *o), void *arg);

enum probe_role {
	ROLE_REFERENCE,
	ROLE_CLUSTER,
	ROLE_ROAMING
}; /* roaming: walks and drives, speaks for no hamlet alone */
extern const char *const probe_role_name[3];

struct store_probe {
	int64_t number; /* the small number that raw rows carry */
	char id[PROBE_ID_TEXT];
	char hamlet[STORE_CODE]; /* "" none yet */
	char cluster[STORE_CODE];
	uint8_t role;         /* enum probe_role */
	bool simulated;       /* registered so, or a batch of it said so */
	bool retired, online; /* online: the broker's word (status topic, last will) */
	int64_t added_ns, first_batch_ns, last_seen_ns; /* collector's clock; 0 never */
	char agent[BATCH_AGENT];                        /* version that sent the last batch */
};
/* hamlet "" : none.  Adding a known probe again moves it: its earlier records stay with the earlier
 * hamlet.  -ENOENT: no such hamlet or cluster. */
int store_probe_add(struct store *s, const struct store_probe *p, const char *actor,
	struct why *why) MUST_CHECK;
/* A probe that only exists here, for results that came another way: roaming, at no hamlet.  Its id is WALKTEST_ID and a
 * name, which nobody's key can hash to.  One that is there is fine; -EPERM when it is retired. */
#define WALKTEST_ID "walk-"
int store_probe_import(
	struct store *s, const char *id, const char *actor, struct why *why) MUST_CHECK;
int store_probe_retire(
	struct store *s, const char *id, const char *actor, struct why *why) MUST_CHECK;
int store_probe(struct store *s, const char *id, struct store_probe *out) MUST_CHECK; /* -ENOENT */
/* By number.  hamlet: only the probes that are, or ever were, there; NULL: all. */
int store_probes(struct store *s, const char *hamlet,
	int (*each)(void *arg, const struct store_probe *p), void *arg);
int store_probe_seen(struct store *s, const char *id, bool online, int64_t now_ns);

/* --- raw records: reading --------------------------------------------------------------------------- */
enum store_rat { RAT_NONE, RAT_GSM, RAT_WCDMA, RAT_LTE, RAT_NR_NSA, RAT_NR_SA, STORE_RATS };
extern const char
	*const store_rat_name[STORE_RATS]; /* "" "GSM" "WCDMA" "LTE" "NR5G-NSA" "NR5G-SA" */
enum store_reg {
	REG_ABSENT,
	REG_HOME,
	REG_ROAMING,
	REG_SEARCHING,
	REG_NOT_REGISTERED,
	REG_DENIED,
	REG_EMERGENCY,
	REG_UNKNOWN,
	STORE_REGS
};
extern const char *const store_reg_name[STORE_REGS];

enum store_bit {
	ROW_FAILED = 1,    /* the record carries error: it could not be measured */
	ROW_HEARTBEAT = 2, /* access: nothing changed */
	ROW_MODEM_HEALTHY = 4,
	ROW_MODEM_SICK = 8,      /* modem_healthy is false; neither bit: not said */
	ROW_SIMULATED = 16,      /* the batch said so */
	ROW_UP = 32,             /* throughput: direction up, else down */
	ROW_UNKNOWN_FIELDS = 64, /* the body has fields this version does not know */
	ROW_IMPLAUSIBLE = 128,
	/* measured on a walk or drive, or by a probe that was moved: it speaks for its own place and for no hamlet */
	ROW_ELSEWHERE = 256,
};
#define STORE_NO_LEVEL INT16_MIN

struct store_row {     /* a record as it lies in the store; body only lives during the callback */
	int64_t probe; /* store_probe.number */
	uint64_t seq;
	uint8_t kind, state;
	uint16_t bits;    /* enum store_bit */
	uint8_t rat, reg; /* enum store_rat, store_reg; throughput, latency, service: of start_ */
	uint32_t plmn;    /* 45204; 0 unknown.  Six digits when the MNC has three */
	int16_t rsrp_d, sinr_d; /* tenths of dBm (NSA: of the LTE anchor) and dB; STORE_NO_LEVEL */
	int16_t nr_rsrp_d;      /* NSA: of the NR leg */
	int64_t rate_bps;       /* throughput; -1 absent */
	int64_t boot;           /* first 8 bytes of the boot id, big endian */
	int64_t mono_ns, utc_ns, received_ns; /* utc_ns UTC_UNKNOWN */
	struct record_clock clock;
	struct place place;
	const uint8_t *body; /* the record's CBOR as it came */
	size_t body_len;
};
int store_row_decode(const struct store_row *row,
	struct record *out) MUST_CHECK; /* utc filled in from the row */

struct store_query {
	const char *hamlet;     /* records made while the probe was placed there; or */
	int64_t probe;          /* of this probe; 0: by hamlet; both unset: all */
	int64_t from_ns, to_ns; /* measured in [from, to) */
	uint32_t kinds;         /* 1 << RECORD_SIGNAL | ...; 0: all */
	bool without_time;      /* instead: records whose time is unknown, received in [from, to) */
};
/* By day, then probe, then seq. */
int store_rows(struct store *s, const struct store_query *q,
	int (*each)(void *arg, const struct store_row *row), void *arg);
int store_row(struct store *s, int64_t probe, uint64_t seq, int32_t day,
	int (*each)(void *arg, const struct store_row *row), void *arg); /* one; -ENOENT */
int store_days(struct store *s, int (*each)(void *arg, int32_t day),
	void *arg); /* days that have a raw file, in order */

struct store_access {   /* the newest that a probe told of its way to the world */
	uint8_t state;  /* enum access_state */
	char cause[32]; /* docs/access.md; "" of an agent that tells none */
	int64_t utc_ns; /* when it was told; UTC_UNKNOWN */
};
/* Looks into the last few days before the probe was last heard of; -ENOENT. */
int store_last_access(
	struct store *s, const struct store_probe *p, struct store_access *out) MUST_CHECK;

/* --- (hamlet, day) pairs that have new records --------------------------------------------------------- */
struct store_dirty {
	char hamlet[STORE_CODE];
	int32_t day;
	int64_t mark; /* grows with each change of this pair */
};
/* Oldest mark first, at most `most`. */
int store_dirty_list(struct store *s, size_t most,
	int (*each)(void *arg, const struct store_dirty *d), void *arg);
/* Done with these; a pair that changed again since (its mark is higher) stays.  One transaction. */
int store_dirty_done(struct store *s, const struct store_dirty *d, size_t n) MUST_CHECK;
int store_dirty_mark(
	struct store *s, const char *hamlet, int32_t day) MUST_CHECK; /* by hand: judge again */

/* --- writing: used by the ingest's writer and by `import journal` ------------------------------------------ */
struct store_incoming {
	int64_t probe;      /* number */
	const char *hamlet; /* of the probe, "" none */
	const struct batch_head *head;
	int64_t received_ns;
};
int store_group_begin(struct store *s) MUST_CHECK;
/* 0 stored, 1 it was there already. r->utc_ns may be UTC_UNKNOWN: the batch's clock map is used. */
int store_insert(struct store *s, const struct store_incoming *in, const struct record *r,
	const void *body, size_t n, unsigned unknown) MUST_CHECK;
/* An authentic record that cannot be understood: into the quarantine; seq 0 when not even that is known. */
int store_reject(struct store *s, const struct store_incoming *in, uint64_t seq, uint32_t code,
	const char *reason, const void *bytes, size_t n) MUST_CHECK;
/* Boot, clock map, agent version, last_seen: once per batch, after its records. */
int store_batch(struct store *s, const struct store_incoming *in, uint64_t repeated) MUST_CHECK;
/* Ranges of the ledger that overlap [first, last], widened to their full extent, at most `most`. */
int store_ranges(struct store *s, int64_t probe, uint64_t first, uint64_t last, size_t most,
	uint64_t (*range)[2], size_t *n) MUST_CHECK;
int store_group_commit(
	struct store *s) MUST_CHECK; /* failed: the group is rolled back; -ENOSPC disk full */
void store_group_abort(struct store *s);

/* --- ledger --------------------------------------------------------------------------------------------- */
struct store_custody { /* what became of a probe's sequence numbers 1..highest */
	uint64_t highest, received, rejected, dropped; /* dropped: told by gap records */
	uint64_t
		skipped; /* numbers given up after a kill or a cut: told, too, and never of a record that was kept */
	uint64_t missing;  /* highest - all before: not arrived so far */
	uint64_t repeated; /* deliveries of records that were there already */
};
int store_custody(struct store *s, int64_t probe, struct store_custody *out) MUST_CHECK;
/* Sequence numbers below `highest` that neither arrived nor were told as dropped, as ranges. */
int store_missing(struct store *s, int64_t probe, size_t most,
	int (*each)(void *arg, uint64_t first, uint64_t last), void *arg);

/* --- quarantine --------------------------------------------------------------------------------------------- */
struct store_suspect {
	int64_t number, received_ns;
	char reason[24]; /* signature foreign_id malformed oversize version unknown_probe record */
	char detail[320];
	char topic[TOPIC_MAX];
	char probe[PROBE_ID_TEXT]; /* who it claims to be, "" unknown */
	uint64_t seq;              /* of a single record, else 0 */
	uint64_t size;             /* bytes as announced; bytes_len is what was kept */
	const uint8_t *bytes;
	size_t bytes_len;
};
/* Own transaction unless a group is open.  The folder keeps at most STORE_SUSPECT_BYTES; the oldest
 * of the most numerous reason go first and are counted. */
#define STORE_SUSPECT_BYTES (64 * 1024 * 1024)
int store_suspect_add(struct store *s, const struct store_suspect *q) MUST_CHECK;
int store_suspects(struct store *s, const char *reason, const char *probe,
	int (*each)(void *arg, const struct store_suspect *q), void *arg);
/* The first batch after that number whose unknown probe is registered by now; kept whole.  -ENOENT. */
int store_suspect_waiting(
	struct store *s, int64_t after, struct store_suspect *head, struct buf *bytes) MUST_CHECK;
int store_suspect_drop(struct store *s, int64_t number) MUST_CHECK;
int store_suspect_counts(struct store *s,
	int (*each)(void *arg, const char *reason, uint64_t now, uint64_t ever), void *arg);

/* --- small things ------------------------------------------------------------------------------------------------ */
int store_kv_set(struct store *s, const char *key, const char *value) MUST_CHECK; /* NULL removes */
int store_kv_get(struct store *s, const char *key, struct buf *out) MUST_CHECK;   /* -ENOENT */

/* Appends to the hash-chained audit log: each entry's hash covers the hash before it. */
int store_audit(struct store *s, const char *actor, const char *action, const char *object,
	const char *detail) MUST_CHECK;
int store_audit_verify(struct store *s, uint64_t *entries,
	struct why *why) MUST_CHECK; /* -EBADMSG: the first that does not fit */
/* Number of the newest entry, 0 none, -1 unreadable: it grows with every change of the registry. */
int64_t store_audit_last(struct store *s);
struct store_audit_entry {
	int64_t number, at_ns;
	const char *actor, *action, *object, *detail; /* during the callback */
};
int store_audits(struct store *s, int64_t after, size_t most,
	int (*each)(void *arg, const struct store_audit_entry *e), void *arg);

/* --- orders ----------------------------------------------------------------------------------------------------- */
enum store_order_state { /* reply states of the wire, and what there is without a reply */
	STORE_ORDER_OPEN = 0,
	STORE_ORDER_EXPIRED = 100,
};
struct store_order {
	struct order order; /* probe, id, number and issued_ns are given by store_order_add() */
	char probe[PROBE_ID_TEXT], id[ORDER_ID_TEXT];
	char actor[64];
	int state; /* enum reply_state or store_order_state */
	char word[REPLY_WORD], detail[REPLY_DETAIL];
	int64_t replied_ns, last_sent_ns; /* 0 never */
	int64_t sent;                     /* how often */
};
const char *store_order_state_name(
	int state); /* "open" "accepted" "refused" "done" "later" "expired" */

/* o->probe, o->order's action with its fields and expires_ns are given, the rest is filled in.  -ENOENT: no
 * such probe; -EPERM: it is retired; -EINVAL: the order does not hold together. */
int store_order_add(
	struct store *s, struct store_order *o, const char *actor, struct why *why) MUST_CHECK;
int store_order(struct store *s, const char *id, struct store_order *out) MUST_CHECK; /* -ENOENT */
/* Newest first.  probe NULL: all; open: only those that wait for their end. */
int store_orders(struct store *s, const char *probe, bool open,
	int (*each)(void *arg, const struct store_order *o), void *arg);
/* Those to be sent now: of each probe the oldest that has no answer, because a probe refuses what is older than
 * what it has seen; and those that were accepted and not told to be done. */
int store_orders_due(struct store *s, int64_t now_ns, size_t most,
	int (*each)(void *arg, const struct store_order *o), void *arg);
int store_order_sent(struct store *s, const struct store_order *o, int64_t now_ns) MUST_CHECK;
/* The probe has come: what waits for it is to be sent now. */
int store_orders_awake(struct store *s, const char *probe) MUST_CHECK;
/* Those without an answer whose time is over are expired. */
int store_orders_expire(struct store *s, int64_t now_ns) MUST_CHECK;
/* An authentic reply.  1: it changed something; 0: it was known; -ENOENT: no such order of this probe. */
int store_order_reply(struct store *s, const struct order_reply *r, int64_t now_ns) MUST_CHECK;

/* --- enrolment -------------------------------------------------------------------------------------------------- */
#define STORE_CLAIM  8 /* the public part of a claim code */
#define STORE_HASH   32
#define STORE_SERIAL 48
struct store_claim {
	char name[STORE_CLAIM];
	uint8_t hash[STORE_HASH]; /* of the whole code; the code itself is kept nowhere */
	char hamlet[STORE_CODE], cluster[STORE_CODE];
	uint8_t role; /* enum probe_role */
	bool simulated;
	int64_t created_ns, expires_ns, used_ns; /* used_ns 0: not yet */
	char probe[PROBE_ID_TEXT];               /* that used it, "" none */
	char actor[64];
};
/* -EEXIST: the name is taken; -ENOENT: no such hamlet or cluster. */
int store_claim_add(struct store *s, const struct store_claim *c, const char *actor,
	struct why *why) MUST_CHECK;
int store_claim(
	struct store *s, const char *name, struct store_claim *out) MUST_CHECK; /* -ENOENT */
int store_claims(struct store *s, int (*each)(void *arg, const struct store_claim *c), void *arg);
int store_claim_withdraw(struct store *s, const char *name, const char *actor,
	struct why *why) MUST_CHECK; /* -ENOENT; -EPERM: it was used */

struct store_certificate {
	char serial[STORE_SERIAL]; /* hexadecimal */
	char probe[PROBE_ID_TEXT];
	int64_t issued_ns, expires_ns, revoked_ns; /* revoked_ns 0: it is good */
	const char *pem;                           /* during the callback, or the caller's */
};
/* One transaction: the claim is used by this probe, the probe is registered where the claim says, the
 * certificate is noted.  -EPERM: another probe used it meanwhile. */
int store_claim_use(struct store *s, const struct store_claim *c,
	const struct store_certificate *cert, struct why *why) MUST_CHECK;
/* The newest certificate of the probe that is good at that time; its PEM is appended to pem.  -ENOENT. */
int store_certificate(struct store *s, const char *probe, int64_t now_ns,
	struct store_certificate *out, struct buf *pem) MUST_CHECK;
int store_certificates(struct store *s, const char *probe, bool revoked,
	int (*each)(void *arg, const struct store_certificate *c), void *arg);
int store_certificates_revoke(struct store *s, const char *probe, int64_t now_ns, const char *actor,
	uint64_t *revoked) MUST_CHECK;

struct store_check { /* ledger against raw rows */
	uint64_t probes, ledger_records, raw_records, raw_files;
	uint64_t not_in_raw, not_in_ledger, twice; /* all 0 in a sound store */
	uint64_t audit_entries;
};
int store_verify(struct store *s, struct store_check *out,
	struct why *why) MUST_CHECK; /* -EBADMSG when it is not sound */
int store_backup(struct store *s, const char *folder,
	struct why *why) MUST_CHECK; /* consistent copies of every .db into a new folder */

#endif
