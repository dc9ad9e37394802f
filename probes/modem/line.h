/* SPDX-License-Identifier: Apache-2.0 */
/* The data line, suspended under a watchdog: a process of its own that suspends it, holds a pipe, and resumes
 * when it is told, when the pipe ends (we are gone, however), or when its time is over.  What a power cut or a
 * killed watchdog leaves is in a marker file, which line_restore() reads. */
#ifndef MODEM_LINE_H
#define MODEM_LINE_H

#include "modem.h"

struct line;

enum line_told {
	LINE_SUSPENDED,
	LINE_REFUSED, /* could not be suspended, and is as before.  The last word, as the next two */
	LINE_RESUMED,
	LINE_STAYS, /* could not be resumed: the marker stays, line_restore() may try again */
};
typedef void (*line_tell)(void *arg, enum line_told what, const char *sentence);

struct line_how {
	enum modem_suspend method;
	const char *
		port; /* SUSPEND_AT: its path, and an open descriptor of it that the watchdog shares */
	int tty;
	uint16_t contexts;          /* bit n: <cid> n */
	const char *const *suspend; /* SUSPEND_COMMAND, both; end with NULL */
	const char *const *resume;
	int64_t limit_ns;
};

/* marker: path of the file, "" for none. */
void line_new(struct line **out, struct loop *l, const char *marker);
void line_free(struct line *l); /* the watchdog resumes by itself; NULL is fine */

/* tell() follows from the loop: LINE_REFUSED, or LINE_SUSPENDED and later LINE_RESUMED or LINE_STAYS.  -EBUSY: somebody has it
 * suspended, or the marker is there. */
int line_suspend(struct line *l, const struct line_how *how, line_tell tell, void *arg) MUST_CHECK;
void line_resume(struct line *l); /* asks for it; idle is fine */

bool line_left_behind(const struct line *l); /* the marker is there, and no watchdog of ours */
/* Resumes what the marker says: LINE_RESUMED or LINE_STAYS follows.  -EBUSY: a watchdog is at it. */
int line_restore(struct line *l, line_tell tell, void *arg) MUST_CHECK;

bool line_is_suspended(const struct line *l); /* or about to be, or left so */

#endif
