/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to stderr: "<level>" prefixes under systemd (JOURNAL_STREAM set), plain text elsewhere.
 * The first argument is the subsystem ("uplink", "loop"): `--debug uplink,journal` shows only those. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "why.h"
#include <stdbool.h>
#include <stdint.h>

void log_error(const char *part, const char *format, ...) PRINTF(2, 3);
void log_warn(const char *part, const char *format, ...) PRINTF(2, 3);
void log_info(const char *part, const char *format, ...) PRINTF(2, 3);
void log_debug(const char *part, const char *format, ...) PRINTF(2, 3);

/* parts: comma-separated subsystem names, "all", or NULL for none.  Call before threads start. */
void log_debug_parts(const char *parts);
void log_quiet(bool quiet); /* only errors, for one-shot commands */

/* A failure that repeats: said at once, then at doubling intervals (1 min .. 1 h), and once more
 * when it ends.  Zero-initialise; one complaint belongs to one thread. */
struct complaint {
	int64_t next_ns, interval_ns;
	unsigned failures;
};
void log_complain(struct complaint *c, int64_t mono_ns, const char *part, const char *format, ...)
	PRINTF(4, 5);
void log_recovered(struct complaint *c, const char *part, const char *what);

#endif
