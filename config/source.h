/* SPDX-License-Identifier: Apache-2.0 */
/* Inside config/ only: the text of a file, before libconfig sees it. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "../probes/core/buf.h"

#define SOURCE_MOST (1024 * 1024)

int source_read(const char *path, struct buf *out);

/* Adds a line for each whole number that libconfig would cut silently; returns how many. */
unsigned source_check(const char *file, const char *folder, struct buf *problems);

#endif
