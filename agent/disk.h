/* SPDX-License-Identifier: Apache-2.0 */
/* How the journal changes files: the seam at which tests cut the power at any byte and let the
 * medium fail.  Each call returns 0 (open: a descriptor) or -errno. */
#ifndef AGENT_DISK_H
#define AGENT_DISK_H

#include <stddef.h>
#include <stdint.h>

struct disk {
	int (*create)(int folder, const char *name); /* new or emptied, for writing */
	int (*write)(int fd, const void *bytes, size_t n, uint64_t at); /* all of it */
	int (*truncate)(int fd, uint64_t length);
	int (*sync)(int fd); /* files and folders */
	int (*rename)(int folder, const char *from, const char *to);
	int (*unlink)(int folder, const char *name);
};
extern const struct disk disk_real;

#endif
