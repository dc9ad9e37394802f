/* SPDX-License-Identifier: Apache-2.0 */
/* A library to be preloaded: what the world does to a device's process, made tellable.
 *
 * WORLD_CLOCK=FILE   the wall clock is off by as many seconds as the file says, and nobody vouches for it.
 * WORLD_ROOT=FOLDER, WORLD_LOG=FILE   every change below the folder is also written to the log, and every sync;
 *                    tests/shim/powercut.py makes of it what a power cut may have left.
 *
 * One entry of the log: a letter, the length of the path, of the second path and of the data (32 bits each), offset or
 * length (64 bits), paths, data.  C create, W write, T truncate, S sync of a file, D sync of a folder, R rename, L link,
 * U unlink, M make a folder, X something this library cannot follow. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char
	*path_of[FDS]; /* of what is open below the folder, relative to it; "" the folder itself */
static int log_fd = -1;

/* The next definition of a function, found once. */
#define REAL(name) \
	static __typeof__(name) *real; \
	if (!real) \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

static const char *root(void)
{
	const char *r = getenv("WORLD_ROOT");

	return r && *r && getenv("WORLD_LOG") ? r : NULL;
}

/* The path of name, as openat() sees it, relative to the root; NULL when it is elsewhere.  buf has PATH_MAX bytes. */
static const char *inside(int dir, const char *name, char *buf)
{
	const char *r = root();
	size_t n = r ? strlen(r) : 0;

	if (!r)
		return NULL;
	if (*name == '/') {
		if (strncmp(name, r, n) || (name[n] && name[n] != '/'))
			return NULL;
		snprintf(buf, PATH_MAX, "%s", name + n + (name[n] == '/'));
		return buf;
	}
	if (dir < 0 || dir >= FDS || !path_of[dir])
		return NULL;
	if (!strcmp(name, "."))
		snprintf(buf, PATH_MAX, "%s", path_of[dir]);
	else
		snprintf(buf, PATH_MAX, "%s%s%s", path_of[dir], *path_of[dir] ? "/" : "", name);
	return buf;
}

static void put_all(const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0) {
		long done = syscall(SYS_write, log_fd, at, n);

		if (done <= 0)
			abort(); /* a log with a hole would prove nothing */
		at += done;
		n -= (size_t)done;
	}
}

/* Called with the lock held, after the change itself: what was not yet logged had not yet returned. */
static void note(
	char what, const char *path, const char *second, uint64_t at, const void *data, size_t n)
{
	size_t a = strlen(path), b = second ? strlen(second) : 0, all = 1 + 12 + 8 + a + b + n;
	uint32_t lengths[3] = { (uint32_t)a, (uint32_t)b, (uint32_t)n };
	char *entry;

	if (log_fd < 0)
		log_fd = (int)syscall(SYS_openat, AT_FDCWD, getenv("WORLD_LOG"),
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	entry = malloc(all);
	if (log_fd < 0 || !entry)
		abort();
	entry[0] = what;
	memcpy(entry + 1, lengths, 12);
	memcpy(entry + 13, &at, 8);
	memcpy(entry + 21, path, a);
	memcpy(entry + 21 + a, second ? second : "", b);
	if (n)
		memcpy(entry + 21 + a + b, data, n);
	put_all(entry, all);
	free(entry);
}

static void opened(int fd, const char *path, bool fresh, int flags)
{
	if (fd < 0 || fd >= FDS || !path)
		return;
	free(path_of[fd]);
	path_of[fd] = strdup(path);
	if (fresh)
		note('C', path, NULL, 0, NULL, 0);
	else if (flags & O_TRUNC)
		note('T', path, NULL, 0, NULL, 0);
}

static int open_at(int dir, const char *name, int flags, mode_t mode)
{
	char buf[PATH_MAX];
	const char *path;
	struct stat st;
	bool fresh;
	int fd;

	pthread_mutex_lock(&lock);
	path = inside(dir, name, buf);
	fresh = path && (flags & O_CREAT) && fstatat(dir, name, &st, 0);
	fd = (int)syscall(SYS_openat, dir, name, flags | O_LARGEFILE, mode);
	if (fd >= 0 && fd < FDS && !path) {
		free(path_of[fd]);
		path_of[fd] = NULL;
	}
	opened(fd, path, fresh, flags);
	pthread_mutex_unlock(&lock);
	return fd;
}

#define MODE_OF(flags, mode) \
	mode_t mode = 0; \
	if ((flags) & (O_CREAT | __O_TMPFILE)) { \
		va_list args; \
		va_start(args, flags); \
		mode = va_arg(args, mode_t); \
		va_end(args); \
	}

int open(const char *name, int flags, ...)
{
	MODE_OF(flags, mode)
	return open_at(AT_FDCWD, name, flags, mode);
}

int open64(const char *name, int flags, ...)
{
	MODE_OF(flags, mode)
	return open_at(AT_FDCWD, name, flags, mode);
}

int openat(int dir, const char *name, int flags, ...)
{
	MODE_OF(flags, mode)
	return open_at(dir, name, flags, mode);
}

int openat64(int dir, const char *name, int flags, ...)
{
	MODE_OF(flags, mode)
	return open_at(dir, name, flags, mode);
}

int __open_2(const char *name, int flags);
int __open_2(const char *name, int flags)
{
	return open_at(AT_FDCWD, name, flags, 0);
}

int __openat_2(int dir, const char *name, int flags);
int __openat_2(int dir, const char *name, int flags)
{
	return open_at(dir, name, flags, 0);
}

/* What stdio writes goes past this library. */
static void refuse_stdio(const char *name, const char *mode)
{
	char buf[PATH_MAX];
	const char *path;

	pthread_mutex_lock(&lock);
	path = inside(AT_FDCWD, name, buf);
	if (path && strpbrk(mode, "wa+"))
		note('X', path, "fopen", 0, NULL, 0);
	pthread_mutex_unlock(&lock);
}

FILE *fopen(const char *name, const char *mode)
{
	REAL(fopen);
	refuse_stdio(name, mode);
	return real(name, mode);
}

FILE *fopen64(const char *name, const char *mode)
{
	REAL(fopen64);
	refuse_stdio(name, mode);
	return real(name, mode);
}

static bool followed(int fd)
{
	return fd >= 0 && fd < FDS && path_of[fd];
}

ssize_t write(int fd, const void *data, size_t n)
{
	off_t at = 0;
	ssize_t done;

	if (!followed(fd))
		return syscall(SYS_write, fd, data, n);
	pthread_mutex_lock(&lock);
	at = lseek(fd, 0, SEEK_CUR);
	done = syscall(SYS_write, fd, data, n);
	if (done > 0)
		note('W', path_of[fd], NULL, (uint64_t)at, data, (size_t)done);
	pthread_mutex_unlock(&lock);
	return done;
}

static ssize_t write_at(int fd, const void *data, size_t n, off_t at)
{
	REAL(pwrite64);
	ssize_t done;

	if (!followed(fd))
		return real(fd, data, n, at);
	pthread_mutex_lock(&lock);
	done = real(fd, data, n, at);
	if (done > 0)
		note('W', path_of[fd], NULL, (uint64_t)at, data, (size_t)done);
	pthread_mutex_unlock(&lock);
	return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return write_at(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
	return write_at(fd, data, n, at);
}

ssize_t writev(int fd, const struct iovec *part, int parts)
{
	ssize_t all = 0, done;

	if (!followed(fd))
		return syscall(SYS_writev, fd, part, parts);
	for (int i = 0; i < parts; i++, all += done) {
		done = write(fd, part[i].iov_base, part[i].iov_len);
		if (done < 0)
			return all ? all : done;
	}
	return all;
}

static int cut_to(int fd, off_t length)
{
	REAL(ftruncate64);
	int err;

	if (!followed(fd))
		return real(fd, length);
	pthread_mutex_lock(&lock);
	err = real(fd, length);
	if (!err)
		note('T', path_of[fd], NULL, (uint64_t)length, NULL, 0);
	pthread_mutex_unlock(&lock);
	return err;
}

int ftruncate(int fd, off_t length)
{
	return cut_to(fd, length);
}

int ftruncate64(int fd, off_t length)
{
	return cut_to(fd, length);
}

static int synced(int fd, long call)
{
	struct stat st;
	int err;

	pthread_mutex_lock(&lock);
	err = (int)syscall(call, fd);
	if (!err && followed(fd) && !fstat(fd, &st))
		note(S_ISDIR(st.st_mode) ? 'D' : 'S', path_of[fd], NULL, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return err;
}

int fsync(int fd)
{
	return synced(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return synced(fd, SYS_fdatasync);
}

int close(int fd)
{
	int err;

	pthread_mutex_lock(&lock);
	if (followed(fd)) {
		free(path_of[fd]);
		path_of[fd] = NULL;
	}
	err = (int)syscall(SYS_close, fd);
	pthread_mutex_unlock(&lock);
	return err;
}

/* rename() and link() */
static int named(char what, int from_dir, const char *from, int to_dir, const char *to)
{
	char a[PATH_MAX], b[PATH_MAX];
	const char *from_path, *to_path;
	int err;

	pthread_mutex_lock(&lock);
	from_path = inside(from_dir, from, a);
	to_path = inside(to_dir, to, b);
	err = (int)syscall(what == 'R' ? SYS_renameat2 : SYS_linkat, from_dir, from, to_dir, to, 0);
	if (!err && from_path && to_path)
		note(what, from_path, to_path, 0, NULL, 0);
	else if (!err && (from_path || to_path))
		note('X', from_path ? from_path : to_path, "named across the root", 0, NULL, 0);
	for (int fd = 0; !err && what == 'R' && from_path && to_path && fd < FDS; fd++)
		if (path_of[fd] && !strcmp(path_of[fd], from_path)) {
			free(path_of[fd]);
			path_of[fd] = strdup(to_path);
		}
	pthread_mutex_unlock(&lock);
	return err;
}

int rename(const char *from, const char *to)
{
	return named('R', AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return named('R', from_dir, from, to_dir, to);
}

int link(const char *from, const char *to)
{
	return named('L', AT_FDCWD, from, AT_FDCWD, to);
}

static int unlinked(int dir, const char *name, int flags)
{
	char buf[PATH_MAX];
	const char *path;
	int err;

	pthread_mutex_lock(&lock);
	path = inside(dir, name, buf);
	err = (int)syscall(SYS_unlinkat, dir, name, flags);
	if (!err && path)
		note('U', path, NULL, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return err;
}

int unlink(const char *name)
{
	return unlinked(AT_FDCWD, name, 0);
}

int unlinkat(int dir, const char *name, int flags)
{
	return unlinked(dir, name, flags);
}

static int made(int dir, const char *name, mode_t mode)
{
	char buf[PATH_MAX];
	const char *path;
	int err;

	pthread_mutex_lock(&lock);
	path = inside(dir, name, buf);
	err = (int)syscall(SYS_mkdirat, dir, name, mode);
	if (!err && path)
		note('M', path, NULL, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return err;
}

int mkdir(const char *name, mode_t mode)
{
	return made(AT_FDCWD, name, mode);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	return made(dir, name, mode);
}

/* --- the wall clock ----------------------------------------------------------------------------------- */
static long clock_offset(void)
{
	const char *file = getenv("WORLD_CLOCK");
	char text[32] = "";
	long fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0) : -1;

	if (fd < 0)
		return 0;
	(void)!syscall(SYS_read, (int)fd, text, sizeof(text) - 1);
	syscall(SYS_close, (int)fd);
	return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t which, struct timespec *t)
{
	REAL(clock_gettime);
	int err = real(which, t);

	if (!err && which == CLOCK_REALTIME)
		t->tv_sec += clock_offset();
	return err;
}

int adjtimex(struct timex *t)
{
	REAL(adjtimex);

	if (!getenv("WORLD_CLOCK"))
		return real(t);
	t->status = STA_UNSYNC;
	return TIME_ERROR;
}
