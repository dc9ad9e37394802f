/* SPDX-License-Identifier: Apache-2.0 */
/* Is there still somebody at the other end?  The events controller_lost and controller_connected (RFC 8194), from
 * the collector's receipts.  When the last one came is kept in a file: a device that reboots each night must
 * notice, too. */
#ifndef AGENT_CONTROLLER_H
#define AGENT_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

struct controller {
	char path[512];
	int64_t timeout_ns;   /* 0: it is never lost */
	int64_t begun_mono;   /* clock_mono() */
	int64_t receipt_mono; /* the last in this run; 0: none */
	int64_t receipt_utc;  /* the last ever, as far as is known; UTC_UNKNOWN */
	int64_t saved_utc;
	bool lost;
};

enum controller_change { CONTROLLER_SAME, CONTROLLER_IS_LOST, CONTROLLER_IS_BACK };

void controller_open(struct controller *c, const char *path, int64_t timeout_ns, int64_t mono_ns);
/* receipt_mono: of the newest receipt in this run, 0: none.  utc_ns: now, or UTC_UNKNOWN. */
enum controller_change controller_look(
	struct controller *c, int64_t receipt_mono, int64_t mono_ns, int64_t utc_ns);
int64_t controller_silent(const struct controller *c, int64_t mono_ns,
	int64_t utc_ns); /* ns since the last receipt, or start */
/* Writes the file, at most once an hour. */
int controller_save(struct controller *c) __attribute__((warn_unused_result));

#endif
