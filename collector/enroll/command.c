/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "../../probes/core/child.h"
#include "../../probes/core/clock.h"
#include "../../probes/core/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_NS (60 * NS_PER_S)
#define OUT_MOST   (64 * 1024)

struct running {
	struct loop *loop;
	struct buf *out;
	int err;
	char said[256];
};

static void done(void *arg, const struct child_result *r)
{
	struct running *run = arg;

	run->err = r->err ? r->err : r->exit_status ? -EIO : 0;
	buf_put(run->out, r->out, r->out_len);
	snprintf(run->said, sizeof(run->said), "%.*s", (int)strcspn(r->errors, "\n"), r->errors);
	loop_stop(run->loop, 0);
}

static int write_file(char *path, const char *text)
{
	size_t n = strlen(text);
	int fd = mkstemp(path), err = 0;

	if (fd < 0)
		return -errno;
	errno = EIO; /* for a short write */
	if (write(fd, text, n) != (ssize_t)n)
		err = -errno;
	close(fd);
	return err;
}

int command_run(const char *cmd, const char *verb, const char *folder, const char *text,
	const char *probe, unsigned days, struct buf *out, struct why *why)
{
	char path[PATH_MAX], number[16];
	const char *const argv[] = { cmd, verb, path, probe, number, NULL };
	struct running run = { .out = out };
	struct child *child;
	int err;

	snprintf(number, sizeof(number), "%u", days);
	snprintf(path, sizeof(path), "%s/request-XXXXXX", folder);
	err = write_file(path, text);
	if (err)
		return why_say(why, err, "%s: %s", path, strerror(-err));
	err = loop_new(&run.loop);
	if (!err)
		err = child_start(&child, run.loop, argv, TIMEOUT_NS, OUT_MOST, done, &run);
	if (!err)
		err = loop_run(run.loop);
	if (!err)
		err = run.err;
	loop_free(run.loop);
	unlink(path);
	return err ? why_say(why, err, "%s %s: %s", cmd, verb,
			     *run.said ? run.said : strerror(-err))
	           : 0;
}
