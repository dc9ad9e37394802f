/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of measurement there is. */
#include "probe.h"

extern const struct probe_type ipv6_probe;
extern const struct probe_type latency_probe;
extern const struct probe_type service_probe;
extern const struct probe_type operators_probe;
extern const struct probe_type signal_probe;
extern const struct probe_type throughput_probe;

const struct probe_type *const probe_types[] = {
	&ipv6_probe,
	&latency_probe,
	&service_probe,
	&operators_probe,
	&signal_probe,
	&throughput_probe,
	NULL,
};
