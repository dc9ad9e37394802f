/* SPDX-License-Identifier: Apache-2.0 */
/* How radio state is read, whatever the modem: one owner of each port, a queue of requests with a deadline
 * each, dialects as tables, and one report that all of them fill.  Also what keeps a modem alive and
 * surveys harmless: recovery in steps, and a data line that comes back whatever happens. */
#ifndef PROBES_MODEM_H
#define PROBES_MODEM_H

#include "../core/loop.h"
#include "../core/record.h"

struct modems;
int modems_new(struct modems **out, struct loop *l);
/* A line that is suspended is resumed by its watchdog, which outlives the caller. */
void modems_free(struct modems *m);

/* --- measuring ---------------------------------------------------------------------------------------------- */

struct modem;
/* The modem on this port ("/dev/ttyUSB2" for AT; "mmcli:any" for ModemManager, "uqmi:/dev/cdc-wdm0"), opened at the first use,
 * exclusively (TIOCEXCL and a lock).  The same port gives the same modem.  Lives as long as m. */
struct modem *modems_get(struct modems *m, const char *port);

/* Reads registration, serving cell, signal, SIM and operator in one round.  done() is called once from
 * the loop with a record of kind signal: every value passed the plausibility gates, every sentinel is
 * absent, the raw answer is kept with identities masked.  FIELD_ERROR is modem_absent (no such port),
 * modem_hung (an answer overdue), modem_busy (another program holds the port, or our own requests before this
 * one took too long), modem_no_access (no right to open it, not a tty, tool not installed) or absent.
 *
 * Requests to one modem wait for each other: at most timeout_ns for their turn, and then have as much for
 * themselves.  -EBUSY when MODEM_QUEUE of them wait. */
#define MODEM_QUEUE 8
int modem_read(struct modem *m, int64_t timeout_ns, void (*done)(void *arg, const struct record *r),
	void *arg) MUST_CHECK;
/* The same, but only what changes fast: registration and the levels of the serving cell, so that twice a second
 * is possible.  What a whole round would tell besides is absent. */
int modem_read_quick(struct modem *m, int64_t timeout_ns,
	void (*done)(void *arg, const struct record *r), void *arg) MUST_CHECK;
/* done() of this arg will not be called.  A survey under way gives the data line back first, in the background. */
void modem_cancel(struct modem *m, void *arg);

struct modem_survey {
	const char *error,
		*sentence;  /* as FIELD_ERROR and FIELD_ERROR_TEXT; NULL when the survey was made */
	const char *method; /* "qscan", "cops", "network_scan", "neighbours" */
	const char *modem;  /* maker and model, "" unknown */
	const char *answer; /* for survey_cells() or neighbour_cells(); dies with the callback */
	bool suspended;     /* the data line was suspended for it */
};

/* Which operators' cells are here, of all operators.  method is "auto" (+QSCAN, else +COPS=?; a tool's own scan),
 * "qscan", "cops", or "neighbours": what the modem has measured of the cells around anyway, which disturbs
 * nothing, takes no time, and when it is empty says nothing.
 *
 * A scan takes minutes and may interrupt data.  +QSCAN on a line that is in use finds nothing, and that is the error
 * "line_in_use", not an empty survey; nor is one with the radio switched off ("radio_off").  "unsupported" when the
 * modem has no such scan.  When modem_options say so, data is suspended while it scans (see below).  Registration is
 * never touched: no +COPS=2, no +COPS=0. */
int modem_survey(struct modem *m, const char *method, int64_t timeout_ns,
	void (*done)(void *arg, const struct modem_survey *s), void *arg) MUST_CHECK;

/* Gives each cell or operator of the answer as a record of kind operators, begun with record_clear(), and returns how
 * many there are.  cell may be NULL. */
size_t survey_cells(const char *answer, void (*cell)(void *arg, const struct record *r), void *arg);
/* The same of a list of neighbours; the serving cell is among them on some modems. */
size_t neighbour_cells(
	const char *answer, void (*cell)(void *arg, const struct record *r), void *arg);

/* --- what else is done with modems ------------------------------------------------------------------------------- */

enum modem_step { STEP_REOPEN, STEP_RESET, STEP_USB, STEP_COMMAND, MODEM_STEPS };
extern const char
	*const modem_step_name[MODEM_STEPS + 1]; /* "reopen" "reset" "usb" "command", then NULL */

enum modem_suspend { SUSPEND_NONE, SUSPEND_AT, SUSPEND_COMMAND };
extern const char *const modem_suspend_name[]; /* "none" "at" "command", then NULL */

#define MODEM_ARGV 16 /* words of a command, the NULL at the end included */

/* All of it off when zero.  Texts and lists are borrowed for as long as the modems live. */
struct modem_options {
	const char *state; /* folder for what outlives a restart; NULL: nothing does */
	const char *sysfs; /* NULL: "/sys" */

	/* Recovery of a modem that hangs or is gone: after so many rounds in a row without it, the first step; each
	 * next one when the one before did not help within settle_ns, after a pause that doubles, up to an hour. */
	enum modem_step steps[MODEM_STEPS];
	size_t step_count; /* 0: no recovery */
	unsigned after_rounds;
	int64_t pause_ns, settle_ns;
	unsigned per_day;                        /* steps in 24 h, of each modem */
	const char *recover_command[MODEM_ARGV]; /* of STEP_COMMAND; "%" is the modem's port */

	/* Suspending data for a survey: +CGACT of the active contexts, or two commands.  A watchdog process of its
	 * own resumes when told, when the caller ends however it ends, and after limit_ns. */
	enum modem_suspend suspend;
	const char *suspend_command[MODEM_ARGV], *resume_command[MODEM_ARGV];
	int64_t suspend_limit_ns;

	bool network_time; /* clock_told(CLOCK_NETWORK), asked hourly while the kernel's clock is not NTP */

	const char *balance_code;    /* NULL or "": never asked */
	const char *balance_pattern; /* POSIX extended; the first group that begins with a digit */
	int64_t balance_low;         /* VND: below it credit is "low" */
	int64_t balance_every_ns;

	/* Something was begun or ended: event is "recovery" (step: its name, "self" or "limit"), "data_line"
	 * ("suspend", "resume") or "credit" ("balance"); outcome "begun", "ok", "failed", "refused", or "ended" for a
	 * modem that came back by itself.  From the loop.  May be NULL. */
	void (*tell)(void *arg, const char *event, const char *step, const char *outcome,
		const char *sentence);
	/* Is nothing measured over the data line now?  Asked before it is taken away: a survey and a step of recovery
	 * wait a while for it, a question for the balance as long as it takes.  NULL: not known; the balance is then
	 * never asked, the others do not wait. */
	bool (*idle)(void *arg);
	void *arg;
};

/* Before the first modems_get().  Resumes a data line that an earlier run left suspended. */
void modems_setup(struct modems *m, const struct modem_options *o);

/* The data line is suspended, about to be, or was until so short ago that it may not be up again: that it carries nothing is
 * our own doing and says nothing about the network. */
bool modems_line_suspended(const struct modems *m);
/* A question for the balance or a step of recovery is under way that takes the line away: its measurements wait. */
bool modems_disturbing(const struct modems *m);

/* What the SIM says of itself, for the record of kind health. */
struct modem_hints {
	bool sim_seen;    /* false: the rest of sim_ says nothing */
	bool sim_changed; /* another SIM than the last time, restarts included; for a day */
	const char
		*credit; /* "ok" "low" "none" "unknown"; NULL: never asked, or nobody knows when */
	int64_t balance_vnd;  /* -1: could not be read */
	int64_t credit_age_s; /* since it was asked; -1 without credit */
};
void modem_hints(const struct modem *m, struct modem_hints *out);
/* Those of the first modem that has any, as the fields of a health record. */
void modems_hints_record(const struct modems *m, struct record *r);

/* Which SIM is in it, as a number that tells two SIMs apart and, without the salt, nothing else: the first
 * 8 bytes of HMAC-SHA256(salt, IMSI).  IMSIs are few: who knows the salt can try them all, so the salt is
 * made at random, once, and stays on the device.  false while the SIM is not known. */
bool modem_sim(const struct modem *m, uint64_t salt, uint64_t *hash);

#endif
