/* SPDX-License-Identifier: Apache-2.0 */
/* Runs another program from the loop with a deadline and a ceiling on its output. */
#ifndef CORE_CHILD_H
#define CORE_CHILD_H

#include "buf.h"
#include "loop.h"

struct child;

struct child_result {
	int err; /* 0: it ran to its end; -ETIMEDOUT, -EMSGSIZE (killed), -ENOENT, other -errno */
	int exit_status; /* as of exit(3), or 128 + signal */
	const char *out; /* its standard output, terminated; dies with the callback */
	size_t out_len;
	const char *errors; /* its standard error, the first 1 KiB */
};

/* argv[0] is looked up in PATH.  done() is called exactly once, from the loop. */
int child_start(struct child **out, struct loop *l, const char *const argv[], int64_t timeout_ns,
	size_t out_ceiling, void (*done)(void *arg, const struct child_result *r),
	void *arg) MUST_CHECK;
void child_kill(struct child *c); /* at once; done() is not called; frees c */

#endif
