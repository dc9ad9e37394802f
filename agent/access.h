/* SPDX-License-Identifier: Apache-2.0 */
/* The access state: why this probe has, or has not, a way to the world, as a state and the cause of it.  A pure
 * machine: what it knows it was told, time included, so the same evidence gives the same state anywhere.
 * Only no_service and limited_service speak of coverage; everything that is not proven is unknown. */
#ifndef AGENT_ACCESS_H
#define AGENT_ACCESS_H

#include "../probes/core/record.h"
#include "journal.h"

struct access;

struct access_options {       /* zeroes are the defaults in brackets */
	int64_t heartbeat_ns; /* [5 min] */
	unsigned
		absent_rounds; /* [2] rounds without the port in a row: one may be a modem that restarts */
	unsigned hung_rounds;       /* [3] overdue answers in a row */
	unsigned rounds;            /* [2] equal rounds before any other change for the worse */
	bool modem_surveys;         /* a healthy modem's own SEARCH or NOSERVICE is a survey, too */
	unsigned scans;             /* [3] empty surveys in a row ... */
	int64_t scan_span_ns;       /* [2 h] ... so far apart, first to last */
	int64_t stale_ns;           /* [2.5 h] evidence older than this counts no more */
	int64_t collector_after_ns; /* [60 s] no broker for so long */
	int64_t receipt_after_ns;   /* [15 min] no receipt for so long though results wait */
	bool no_modem;          /* nothing reads a modem: the line is judged by its traffic alone */
	bool no_internet_tests; /* nothing tests the net: registered is as good as it gets */
};

/* changed() gets a record of kind access, mono_ns as told, UTC unknown: for a change of state or cause, for a
 * heartbeat.  access_state() and access_cause() are already the new ones.  o may be NULL. */
struct access *access_new(
	const struct access_options *o, void (*changed)(void *arg, struct record *r), void *arg);
void access_free(struct access *a); /* NULL is fine */

/* All times are clock_mono(). */
/* Once, first.  cause: how the boot before ended, if it lost power: "cut", "brown_out", "overheat", "watchdog". */
void access_past(struct access *a, const struct journal_past *past, const char *cause,
	int64_t mono_ns, int64_t utc_ns);
void access_observe(struct access *a, const struct record *r); /* any record; at r->mono_ns */
void access_tick(struct access *a, int64_t mono_ns); /* heartbeats, evidence that grows old */

struct access_uplink {
	bool configured, connected;
	int64_t down_since_ns;   /* while not connected; 0: it was not tried yet */
	int64_t last_receipt_ns; /* 0: none in this run */
	uint64_t waiting;        /* records without a receipt */
};
void access_uplink(struct access *a, const struct access_uplink *u, int64_t mono_ns);
/* The interface that is measured: has it an address?  Only told when one is configured. */
void access_link(struct access *a, bool has_address, int64_t mono_ns);
/* What the operator told of the SIM's credit, by USSD or message: "used_up", "low", "ok"; NULL: not known any
 * more.  It decides nothing as long as traffic flows; it explains why none does.  Counts for 26 hours. */
void access_credit(struct access *a, const char *word, int64_t mono_ns);
/* The network refused the data connection though the modem is registered; why: a sentence, such as the cause of
 * TS 24.301 Annex B.  NULL: it was granted, or ended as it should. */
void access_refused(struct access *a, const char *why, int64_t mono_ns);

enum access_state access_state(const struct access *a);
const char *access_cause(const struct access *a);       /* one of access_causes, never "" */
int64_t access_since(const struct access *a);           /* clock_mono() at which the state began */
const char *access_evidence(const struct access *a);    /* a sentence: why it is this state */
const char *access_credit_word(const struct access *a); /* of access_credit(), NULL unknown */

/* --- the words: access_cause.c ---------------------------------------------------------------------- */
struct access_word {
	enum access_state state;
	const char *cause;
};
extern const struct access_word
	access_causes[]; /* ends with cause NULL; docs/access.md explains them */
bool access_cause_fits(enum access_state state, const char *cause);
/* Of a refused registration, by its number: "no_suitable_cells", or "reject_N" in room; -1: "not_told".
 * meaning: that of the standard, "" when this list has none. */
#define ACCESS_CAUSE 32
const char *access_reject(int64_t number, char room[ACCESS_CAUSE], const char **meaning);

#endif
