/* SPDX-License-Identifier: Apache-2.0 */
/* What the measurements share: loop, names, HTTP, modems. */
#ifndef AGENT_WORLD_H
#define AGENT_WORLD_H

#include "../probes/probe.h"

int world_open(
	struct probe_world *w, const char *iface, const char *dns, struct why *why) MUST_CHECK;
void world_close(struct probe_world *w); /* also a half-built one */

#endif
