/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of modems, and a line that an earlier run left suspended. */
#include "modem_inside.h"
#include "../core/mem.h"
#include "../core/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEPT_BYTES       128
#define RESTORE_SOON_NS  (1 * NS_PER_S)
#define RESTORE_FIRST_NS (60 * NS_PER_S)
#define RESTORE_MOST_NS  (3600 * NS_PER_S)
#define WATCHED_NS       (5 * NS_PER_S) /* a watchdog of before us is at it: look again */
#define UP_AGAIN_NS      (60 * NS_PER_S) /* an address, and the broker's connection, take their time */

const char *const modem_suspend_name[] = { "none", "at", "command", NULL };

static void restored(void *arg, enum line_told what, const char *sentence)
{
	struct modems *all = arg;

	all->restoring = false;
	if (what == LINE_RESUMED) {
		modems_tell(all, "data_line", "resume", "ok", "a run before had left it suspended");
		all->resumed_ns = clock_mono();
	} else {
		modems_tell(
			all, "data_line", "resume", "failed", "%s; it is tried again", sentence);
		loop_timer_in(all->loop, &all->restore, all->restore_pause_ns);
		all->restore_pause_ns = 2 * all->restore_pause_ns < RESTORE_MOST_NS
		                                ? 2 * all->restore_pause_ns
		                                : RESTORE_MOST_NS;
	}
	all->held = false;
	modems_go_on(all);
}

static bool anybody_busy(const struct modems *all)
{
	for (const struct modem *m = all->first; m; m = m->next)
		if (m->job)
			return true;
	return false;
}

/* Nobody may have the port open: the helper opens it for itself. */
static void restore(struct loop_timer *t)
{
	struct modems *all = container_of(t, struct modems, restore);
	int err;

	if (all->restoring)
		return;
	all->held = line_left_behind(all->line);
	if (!all->held) {
		modems_go_on(all);
		return;
	}
	if (anybody_busy(all)) {
		loop_timer_in(all->loop, t, NS_PER_S / 2);
		return;
	}
	for (struct modem *m = all->first; m; m = m->next)
		if (m->backend->rest)
			m->backend->rest(m->state);
	err = line_restore(all->line, restored, all);
	all->restoring = !err;
	if (!err)
		return;
	all->held = false;
	modems_go_on(all);
	if (err != -ENOENT)
		loop_timer_in(all->loop, t, err == -EBUSY ? WATCHED_NS : RESTORE_FIRST_NS);
}

void modems_restore_later(struct modems *all)
{
	loop_timer_in(all->loop, &all->restore, RESTORE_SOON_NS);
}

bool modems_idle(const struct modems *all)
{
	return !all->options.idle || all->options.idle(all->options.arg);
}

void modems_setup(struct modems *all, const struct modem_options *o)
{
	char marker[512];

	all->options = *o;
	all->set_up_ns = clock_mono();
	modems_path(all, "line-suspended", marker, sizeof(marker));
	line_new(&all->line, all->loop, marker);
	all->restore.fire = restore;
	all->restore_pause_ns = RESTORE_FIRST_NS;
	day_count_load(all);
	if (line_left_behind(all->line)) {
		all->held = true; /* until it was tried */
		loop_timer_in(all->loop, &all->restore, 0);
	}
	for (struct modem *m = all->first; m; m = m->next)
		m->recovery.pause_ns = o->pause_ns;
}

void modems_keep(const char *path, const char *line, bool durable)
{
	char text[KEPT_BYTES + 1];
	int fd, err = 0;

	if (!*path)
		return;
	snprintf(text, sizeof(text), "%-*s\n", KEPT_BYTES - 1, line);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		err = errno;
	else if (pwrite(fd, text, KEPT_BYTES, 0) != KEPT_BYTES || (durable && fsync(fd)))
		err = errno;
	if (fd >= 0)
		close(fd);
	if (err)
		log_debug("modem", "%s: %s", path, strerror(err));
}

bool modems_line_suspended(const struct modems *all)
{
	if (!all->line)
		return false;
	return all->suspending || line_is_suspended(all->line) ||
	       (all->resumed_ns && clock_mono() - all->resumed_ns < UP_AGAIN_NS);
}
