/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are there whole or as they were, whatever happens in between. */
#ifndef CORE_FILE_H
#define CORE_FILE_H

#include "buf.h"
#include <sys/types.h>

/* "PATH.new", fsync, rename, fsync of the folder.  0 or -errno; the old file stays when it fails.  One writer
 * at a time: what a power cut leaves of the new file the next one overwrites. */
int file_replace(const char *path, const void *bytes, size_t n, mode_t mode) MUST_CHECK;
/* The folder that path is in: a new name is on the medium only once this is done.  A file system that cannot
 * sync folders is no error. */
int file_sync_folder(const char *path) MUST_CHECK;
/* Appends the file to out; -EFBIG when it is longer than out's ceiling, -EINVAL when it is no regular file. */
int file_read(const char *path, struct buf *out) MUST_CHECK;

#endif
