/* SPDX-License-Identifier: Apache-2.0 */
/* Where the probe is: surveyed by whoever installed it, from the configuration. */
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include "../config/conf.h"
#include "../probes/core/record.h"

/* PLACE_NONE when no place is configured. */
struct place place_of(const struct settings *s);

#endif
