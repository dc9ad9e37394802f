/* SPDX-License-Identifier: Apache-2.0 */
/* Another authority behind a program: CMD sign REQUEST-FILE PROBE DAYS prints the certificate, CMD revoke
 * CERTIFICATE-FILE PROBE - takes it back. */
#ifndef ENROLL_COMMAND_H
#define ENROLL_COMMAND_H

#include "../../probes/core/buf.h"

/* text goes into a file in folder that is gone afterwards.  Blocks at most a minute.  -EIO: it failed. */
int command_run(const char *cmd, const char *verb, const char *folder, const char *text,
	const char *probe, unsigned days, struct buf *out, struct why *why) MUST_CHECK;

#endif
