/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of measurement there is. */
#include "probe.h"

extern const struct probe_type latency_probe;
extern const struct probe_type signal_probe;
extern const struct probe_type throughput_probe;

const struct probe_type *const probe_types[] = {
	&latency_probe,
	&signal_probe,
	&throughput_probe,
	NULL,
};
