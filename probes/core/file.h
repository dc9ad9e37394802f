/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are there whole or as they were, whatever happens in between. */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include "buf.h"
#include <sys/types.h>

/* Temporary file beside it, fsync, rename, fsync of the folder.  0 or -errno; the old file stays when it
 * fails. */
int file_replace(const char *path, const void *bytes, size_t n, mode_t mode) MUST_CHECK;
/* Appends the file to out; -EFBIG when it is longer than out's ceiling, -EINVAL when it is no regular file. */
int file_read(const char *path, struct buf *out) MUST_CHECK;

#endif
