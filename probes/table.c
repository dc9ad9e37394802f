/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of measurement there is. */
#include "probe.h"

extern const struct probe_type signal_probe;

const struct probe_type *const probe_types[] = {
	&signal_probe,
	NULL,
};
