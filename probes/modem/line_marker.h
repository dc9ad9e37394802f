/* SPDX-License-Identifier: Apache-2.0 */
/* How the data line was suspended and is to be resumed: in a file, so that a power cut does not lose it, and in the
 * words of the watchdog's command line. */
#ifndef MODEM_LINE_MARKER_H
#define MODEM_LINE_MARKER_H

#include <stdbool.h>
#include <stddef.h>

#define MARKER_BYTES 4096
#define MARKER_WORDS 24

/* "at", port, cid...; or "command", word...  */
struct line_marker {
	char store[MARKER_BYTES];
	const char *words[MARKER_WORDS + 1]; /* ends with NULL */
	size_t n;
};

/* Durable when it returns 0 (fsync of file and folder). */
int line_marker_write(const char *path, const char *const words[], size_t n);
int line_marker_read(
	struct line_marker *m, const char *path); /* 0, -ENOENT, -EBADMSG, other -errno */
void line_marker_remove(const char *path);
/* Held by a watchdog as long as it lives.  *fd is closed by the caller. */
int line_marker_lock(const char *path, int *fd); /* 0, -ENOENT, -EBUSY */

#endif
