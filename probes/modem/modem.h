/* SPDX-License-Identifier: Apache-2.0 */
/* How radio state is read, whatever the modem: one owner of each port, a queue of commands with a
 * deadline each, dialects as tables, and one report that all of them fill. */
#ifndef PROBES_MODEM_H
#define PROBES_MODEM_H

#include "../core/loop.h"
#include "../core/record.h"

struct modems;
int modems_new(struct modems **out, struct loop *l);
void modems_free(struct modems *m);

struct modem;
/* The modem on this port ("/dev/ttyUSB2" for AT; "mmcli:any" for ModemManager, "uqmi:/dev/cdc-wdm0"), opened at the first use,
 * exclusively (TIOCEXCL and a lock).  The same port gives the same modem.  Lives as long as m. */
struct modem *modems_get(struct modems *m, const char *port);

/* Reads registration, serving cell, signal, SIM and operator in one round.  done() is called once from
 * the loop with a record of kind signal: every value passed the plausibility gates, every sentinel is
 * absent, the raw answer is kept with identities masked.  FIELD_ERROR is modem_absent (no such port),
 * modem_hung (an answer overdue), modem_busy (another program holds the port),
 * modem_no_access (no right to open it, not a tty, tool not installed) or absent.
 * -EBUSY while a round is running. */
int modem_read(struct modem *m, int64_t timeout_ns, void (*done)(void *arg, const struct record *r),
	void *arg) MUST_CHECK;
void modem_cancel(struct modem *m, void *arg); /* done() of this arg will not be called */

struct modem_survey {
	const char *error,
		*sentence;  /* as FIELD_ERROR and FIELD_ERROR_TEXT; NULL when the survey was made */
	const char *method; /* "qscan", "cops" */
	const char *modem;  /* maker and model, "" unknown */
	const char *answer; /* for survey_cells(); dies with the callback */
};

/* Which operators' cells are here, of all operators: +QSCAN, else +COPS=?.  Takes minutes and, with +COPS=?, may
 * interrupt data.  Nothing is suspended or changed: +QSCAN on a line that is in use finds nothing, and that is the error
 * "line_in_use", not an empty survey; nor is one with the radio switched off ("radio_off").  "unsupported" when the modem has neither, or is spoken to by a tool. */
int modem_survey(struct modem *m, int64_t timeout_ns,
	void (*done)(void *arg, const struct modem_survey *s), void *arg) MUST_CHECK;

/* Gives each cell or operator of the answer as a record of kind operators, begun with record_clear(), and returns how
 * many there are.  cell may be NULL. */
size_t survey_cells(const char *answer, void (*cell)(void *arg, const struct record *r), void *arg);

#endif
