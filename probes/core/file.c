/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, bytes, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return w < 0 ? -errno : -EIO;
		bytes += w;
		n -= (size_t)w;
	}
	return fsync(fd) ? -errno : 0;
}

int file_sync_folder(const char *path)
{
	char *copy = mem_copy(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (fd < 0 || (fsync(fd) && errno != EINVAL && errno != EROFS))
		err = -errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return err;
}

int file_replace(const char *path, const void *bytes, size_t n, mode_t mode)
{
	size_t room = strlen(path) + 8;
	char *fresh = mem_new(room);
	int fd, err;

	snprintf(fresh, room, "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	err = fd < 0 ? -errno : write_all(fd, bytes, n);
	if (!err && fchmod(fd, mode)) /* whatever the umask took away */
		err = -errno;
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (!err && rename(fresh, path))
		err = -errno;
	if (err && fd >= 0)
		unlink(fresh);
	if (!err)
		err = file_sync_folder(path);
	free(fresh);
	return err;
}

int file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	uint8_t part[4096];
	struct stat st;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		err = -EINVAL;
	while (!err && (n = read(fd, part, sizeof(part))) > 0) {
		buf_put(out, part, (size_t)n);
		err = out->err ? -EFBIG : 0;
	}
	if (n < 0)
		err = -errno;
	close(fd);
	return err;
}
