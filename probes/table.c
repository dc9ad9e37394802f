/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of measurement there is. */
#include "probe.h"

const struct probe_type *const probe_types[] = {
	NULL,
};
