/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the AT backend: a talk is a script that names one command after the other; the engine (at.c) owns the port,
 * asks, and notices what is overdue. */
#ifndef MODEM_AT_INSIDE_H
#define MODEM_AT_INSIDE_H

#include "at_answer.h"
#include "backend.h"

#define AT_COMMAND_NS (3 * NS_PER_S)

struct at;

struct at_script {
	/* The command to ask now; NULL: all was said.  May set wait_ns, which is AT_COMMAND_NS before each call. */
	const struct at_command *(*next)(struct at *a);
	/* AT_WAITING: there was no answer in time.  May be NULL. */
	void (*take)(struct at *a, enum at_result result, const char *text);
	/* Called once; a->arg and what the script keeps are still there. */
	void (*over)(struct at *a, const char *error, const char *sentence);
	bool bare; /* asks at once: a modem that hangs need not say hello */
};

enum at_stage { AT_SYNC, AT_SETUP, AT_SCRIPT };

struct at {
	struct loop *loop;
	char *path;
	struct loop_fd port; /* fd -1: closed */
	struct loop_timer deadline;
	const struct at_dialect *dialect;
	char maker[48], model[48];
	struct loop_timer rest; /* of at_reopen() */
	bool set_up;            /* since the port was opened, and nothing went wrong since */
	bool lent;

	/* the talk */
	const struct at_script *script; /* NULL: none */
	unsigned talks;                 /* begun so far: over() may begin the next one */
	enum at_stage stage;
	size_t step; /* of the engine: in AT_SETUP */
	const struct at_command *asked;
	unsigned missed, missed_in_row, tries;
	int64_t until_ns, wait_ns;
	struct at_answer answer;
	void *arg;

	/* of the scripts */
	const struct at_command *list; /* where list_next() stands */
	unsigned part;                 /* which list of several */
	bool quick;
	struct radio radio;
	struct record scratch; /* of a talk that makes no record */
	struct buf raw;        /* of a round: what is kept; of a talk: the answers it is about */
	backend_done done;
	backend_answered answered;
	const char *param, *method;
	struct at_command own; /* a command that is put together */
	char own_text[48];
	uint16_t contexts;
};

/* 0, or -errno of the port; then script->over() follows once, from the loop. */
int at_begin(
	struct at *a, const struct at_script *script, bool hurry, int64_t timeout_ns, void *arg);
/* The same after the port was closed, its DTR and RTS low, for a second. */
int at_reopen(struct at *a, const struct at_script *script, int64_t timeout_ns, void *arg);
/* Ends the talk from inside take(). */
void at_end(struct at *a, const char *error, const char *sentence);
void at_shut(struct at *a);
/* The next of a->list, NULL at its end. */
const struct at_command *at_list_next(struct at *a);
void at_name(const struct at *a, char out[100]); /* maker and model */

int at_read(void *b, struct record *r, bool quick, int64_t timeout_ns, backend_done done,
	void *arg); /* at_round.c */
int at_talk(void *b, enum backend_talk what, const char *param, int64_t timeout_ns,
	backend_answered done, void *arg); /* at_talk.c */

#endif
