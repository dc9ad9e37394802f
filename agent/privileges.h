/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_PRIVILEGES_H
#define AGENT_PRIVILEGES_H

#include "../probes/core/why.h"

/* As root: makes the folder if need be and gives it to the user. */
int privileges_folder(const char *folder, const char *user, struct why *why) MUST_CHECK;
/* Becomes the user ("": stays) and keeps CAP_NET_RAW alone (binding to an interface needs it). */
int privileges_keep_raw(const char *user, struct why *why) MUST_CHECK;

#endif
