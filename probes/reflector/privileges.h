/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFLECTOR_PRIVILEGES_H
#define REFLECTOR_PRIVILEGES_H

#include "../core/why.h"

/* Becomes that user for good, with no capabilities.  "" or not being root: only the capabilities go.
 * Before any thread exists. */
int privileges_drop(const char *user, struct why *why) MUST_CHECK;

#endif
