/* SPDX-License-Identifier: Apache-2.0 */
/* A socket in the state folder: whoever connects gets one JSON document and the end. */
#ifndef AGENT_CONTROL_H
#define AGENT_CONTROL_H

#include "../probes/core/loop.h"
#include "../probes/core/buf.h"

struct json_object;
struct control;

#define CONTROL_SOCKET "control.sock"

/* tell() makes the document; the caller of the socket gets it.  Only while a journal is owned, so that a
 * stale socket file can be replaced without asking. */
int control_open(struct control **out, struct loop *l, const char *path,
	struct json_object *(*tell)(void *arg), void *arg, struct why *why) MUST_CHECK;
void control_close(struct control *c); /* NULL is fine */

/* For the commands: asks the agent behind path.  -ECONNREFUSED or -ENOENT: none is running.  Blocks at
 * most 5 s. */
int control_ask(struct json_object **out, const char *path) MUST_CHECK;

#endif
