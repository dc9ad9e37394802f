/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of disk.h as the kernel has them. */
#include "disk.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int create(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const void *bytes, size_t n, uint64_t at)
{
	const char *p = bytes;

	while (n) {
		ssize_t k = pwrite(fd, p, n, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k ? -errno : -EIO;
		p += k;
		at += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

static int truncate_to(int fd, uint64_t length)
{
	return ftruncate(fd, (off_t)length) ? -errno : 0;
}

static int sync_fd(int fd)
{
	return fsync(fd) ? -errno : 0;
}

static int rename_in(int folder, const char *from, const char *to)
{
	return renameat(folder, from, folder, to) ? -errno : 0;
}

static int unlink_in(int folder, const char *name)
{
	return unlinkat(folder, name, 0) ? -errno : 0;
}

const struct disk disk_real = {
	.create = create,
	.write = write_all,
	.truncate = truncate_to,
	.sync = sync_fd,
	.rename = rename_in,
	.unlink = unlink_in,
};
