/* SPDX-License-Identifier: Apache-2.0 */
#include "line_marker.h"
#include "../core/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char head[] = "phusong suspended line 1";

int line_marker_write(const char *path, const char *const words[], size_t n)
{
	char text[MARKER_BYTES];
	int len = snprintf(text, sizeof(text), "%s\n", head);

	if (n > MARKER_WORDS)
		return -E2BIG;
	for (size_t i = 0; i < n; i++) {
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s\n", words[i]);
		if ((size_t)len >= sizeof(text))
			return -E2BIG;
	}
	return file_replace(path, text, (size_t)len, 0600);
}

int line_marker_read(struct line_marker *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *rest = m->store, *word;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, m->store, sizeof(m->store) - 1);
	close(fd);
	if (n <= 0 || m->store[n - 1] != '\n')
		return -EBADMSG;
	m->store[n - 1] = 0;
	m->n = 0;
	word = strsep(&rest, "\n");
	if (strcmp(word, head) != 0 || strlen(m->store) >= (size_t)n)
		return -EBADMSG;
	while (m->n < MARKER_WORDS && (word = strsep(&rest, "\n")))
		m->words[m->n++] = word;
	m->words[m->n] = NULL;
	return m->n >= 2 && !rest ? 0 : -EBADMSG;
}

void line_marker_remove(const char *path)
{
	if (!*path || unlink(path))
		return;
	(void)!file_sync_folder(path);
}

int line_marker_lock(const char *path, int *fd)
{
	int f = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (f < 0)
		return -errno;
	if (flock(f, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (err)
		close(f);
	else
		*fd = f;
	return err;
}
