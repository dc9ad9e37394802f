/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the modem code: a modem, its queue, and what is done with it beside measuring. */
#ifndef MODEM_INSIDE_H
#define MODEM_INSIDE_H

#include "backend.h"
#include "line.h"
#include "../core/buf.h"
#include "../core/child.h"

struct modem;

/* --- requests, one after the other --------------------------------------------------------------------------- */

enum job_kind {
	JOB_READ,
	JOB_QUICK,
	JOB_SURVEY,
	JOB_TALK, /* one of our own questions */
	JOB_OWN, /* the modem is left alone until modem_let_go(): somebody works at its power or device */
};

struct job {
	struct job *next;
	struct modem *modem;
	enum job_kind kind;
	int64_t timeout_ns;
	struct loop_timer patience; /* while it waits for its turn */
	void *arg;
	void (*read_done)(void *arg, const struct record *r);
	void (*survey_done)(void *arg, const struct modem_survey *s);
	backend_answered answered; /* of JOB_TALK */
	void (*turn)(void *arg);   /* of JOB_OWN */
	enum backend_talk what;
	const char *param; /* borrowed until it is over */
};

/* Our own requests go before those that wait, and are not counted against MODEM_QUEUE. */
void modem_talk(struct modem *m, enum backend_talk what, const char *param, int64_t timeout_ns,
	backend_answered done, void *arg);
void modem_own(struct modem *m, void (*turn)(void *arg), void *arg);
void modem_let_go(struct modem *m);
/* Forgets our own requests of this arg that still wait; whether there was one. */
bool modem_drop(struct modem *m, void *arg);

/* --- surveys (survey_job.c) --------------------------------------------------------------------------------------- */

enum survey_stage { SURVEY_LOOK, SURVEY_WAIT, SURVEY_SUSPEND, SURVEY_SCAN, SURVEY_RESUME };

struct survey {
	enum survey_stage stage;
	bool registered, radio_off, incomplete;
	bool suspended;     /* now */
	bool was_suspended; /* at any time of this survey */
	bool scanning;      /* the backend is at it */
	bool nobody;        /* cancelled: only the line is to be given back */
	bool judged;        /* the error is ours: the modem did answer */
	uint16_t contexts;
	int64_t until_ns, suspended_ns, patience_ns;
	struct loop_timer wait; /* for a line that nobody measures */
	char error[24], sentence[200], modem[100];
	const char *method; /* static */
	struct buf answer;
};

/* 0, or -errno of the port or of a way to talk that has no scan. */
int survey_begin(struct modem *m, const char *method, int64_t timeout_ns);
/* True: over at once; false: the line comes back first, then survey_is_over(). */
bool survey_cancel(struct modem *m);
void survey_fail(struct modem *m, const char *error, const char *sentence);
void survey_is_over(struct modem *m, const struct modem_survey *s); /* modem.c */

/* --- recovery (recovery.c) ------------------------------------------------------------------------------------- */

enum recovery_phase { RECOVERY_IDLE, RECOVERY_PAUSE, RECOVERY_STEP, RECOVERY_CHECK };

struct recovery {
	enum recovery_phase phase;
	unsigned failed;  /* rounds in a row */
	size_t next;      /* in options.steps */
	unsigned refused; /* steps that could not be tried in this outage, told once */
	bool limit_told;
	int64_t pause_ns, began_ns, settled_ns;
	int64_t patience_ns; /* with a line that is being measured */
	char cause[24];      /* "modem_hung" or "modem_absent" */
	struct loop_timer timer;
	struct child *child;
};

void recovery_new(struct modem *m);
void recovery_free(struct modem *m);
bool recovery_disturbs(const struct modem *m); /* a step is under way that takes the line away */
/* After each round or survey: how it ended. */
void recovery_saw(struct modem *m, const char *error);

/* Steps taken in the last 24 h, of all modems; outlives a restart. */
struct day_count {
	unsigned n;
	int64_t since_ns; /* clock_mono() */
};
void day_count_load(struct modems *all);

/* --- hints (hints.c) --------------------------------------------------------------------------------------------------- */

struct hints {
	bool sim_known; /* sim_hash is that of the SIM before, or of this one */
	uint64_t sim_salt, sim_hash;
	int64_t sim_changed_ns;  /* clock_mono(); 0: it did not */
	int64_t clock_asked_ns;  /* clock_mono(); 0: never */
	int64_t credit_asked_ns; /* clock_mono(), 0: never; and in UTC, 0 unknown */
	int64_t credit_asked_utc_s;
	const char *credit; /* static; NULL: never asked */
	int64_t balance_vnd;
	bool clock_running, credit_running;
};

void hints_load(struct modem *m);
/* After a round that went well. */
void hints_saw(struct modem *m, const struct record *r);

/* --- a modem ----------------------------------------------------------------------------------------------------------- */

struct modem {
	struct modem *next;
	struct modems *all;
	struct loop *loop;
	char *port;
	const struct modem_backend *backend;
	void *state;

	struct job *job; /* runs */
	struct job *waiting;
	bool between;            /* a job is just over: nothing starts before its owner was told */
	struct loop_timer later; /* tells of a port that could not be opened, from the next turn */
	int open_err;
	int64_t since_ns;
	struct record record;
	struct survey survey;

	char imsi[16];   /* of the SIM that is in it, "" unknown */
	char usb[256];   /* its "authorized" in sysfs, as long as it could be found; "" unknown */
	bool registered; /* as last heard */
	struct recovery recovery;
	struct hints hints;
};

struct modems {
	struct loop *loop;
	struct modem *first;
	struct modem_options options;
	struct line *line;
	struct day_count today;
	bool held;                 /* the port may be in other hands: nothing starts */
	bool suspending;           /* a survey waits until nothing is measured over the line */
	struct loop_timer restore; /* of a line that an earlier run left suspended */
	int64_t restore_pause_ns, set_up_ns, resumed_ns; /* clock_mono() */
	bool restoring;
};

void modems_tell(struct modems *all, const char *event, const char *step, const char *outcome,
	const char *format, ...) PRINTF(5, 6);
void modems_restore_later(struct modems *all); /* the marker stays: try again */
void modems_go_on(struct modems *all);         /* starts what waited while held */
const char *modem_error_word(int err);         /* -errno of a port as FIELD_ERROR */
bool modems_idle(
	const struct modems *all); /* nothing is measured over the line, as far as is known */
bool modem_can(const struct modem *m, enum backend_talk what);
/* "<state>/name", "" without a state folder. */
void modems_path(const struct modems *all, const char *name, char *out, size_t room);
/* One line in a file, in place and always of one length: a full disk has room for what was there.  durable: it waits
 * for the medium.  Nothing without a path. */
void modems_keep(const char *path, const char *line, bool durable);

#endif
