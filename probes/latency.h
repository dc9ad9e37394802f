/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBES_LATENCY_H
#define PROBES_LATENCY_H

#include <stddef.h>
#include <stdint.h>

struct probe_type;
extern const struct probe_type latency_probe;

/* "host", "host:port", "address", "[address]:port"; *port stays when there is none.  -EINVAL. */
int latency_target(const char *text, char *host, size_t room, uint16_t *port);

#endif
