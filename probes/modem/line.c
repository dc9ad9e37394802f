/* SPDX-License-Identifier: Apache-2.0 */
/* Our end of the watchdog: starts it, hears what it did, and tells it when to resume. */
#include "line.h"
#include "helper.h"
#include "line_marker.h"
#include "../core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS     (MARKER_WORDS * 2 + 8)
#define BURIAL_NS (20 * NS_PER_MS)

struct line {
	struct loop *loop;
	char marker[512];
	pid_t pid;           /* 0: none runs */
	struct loop_fd said; /* its standard output */
	struct loop_timer burial;
	int orders; /* its standard input, -1 closed */
	char heard[300];
	size_t length;
	bool suspended, final;
	line_tell tell; /* NULL: nobody listens */
	void *arg;
};

static bool marker_there(const struct line *l)
{
	return *l->marker && !access(l->marker, F_OK);
}

/* Its output has ended, so it is at its last breath. */
static void bury(struct loop_timer *t)
{
	struct line *l = container_of(t, struct line, burial);

	if (l->pid && waitpid(l->pid, NULL, WNOHANG) == 0)
		loop_timer_in(l->loop, t, BURIAL_NS);
	else
		l->pid = 0;
}

void line_new(struct line **out, struct loop *l, const char *marker)
{
	struct line *n = mem_new(sizeof(*n));

	n->loop = l;
	n->orders = n->said.fd = -1;
	n->burial.fire = bury;
	snprintf(n->marker, sizeof(n->marker), "%s", marker);
	*out = n;
}

static void close_orders(struct line *l)
{
	if (l->orders >= 0)
		close(l->orders);
	l->orders = -1;
}

static void stop_listening(struct line *l)
{
	if (l->said.fd < 0)
		return;
	loop_fd_del(l->loop, &l->said);
	close(l->said.fd);
	l->said.fd = -1;
}

void line_free(struct line *l)
{
	if (!l)
		return;
	close_orders(l); /* the end of the pipe is what it waits for */
	stop_listening(l);
	loop_timer_stop(l->loop, &l->burial);
	free(l);
}

static void told(struct line *l, enum line_told what, const char *sentence)
{
	line_tell tell = l->tell;

	l->suspended = what == LINE_SUSPENDED;
	if (what != LINE_SUSPENDED)
		l->final = true;
	if (tell)
		tell(l->arg, what, sentence);
}

static void heard(struct line *l, const char *line)
{
	static const struct {
		const char *word;
		enum line_told what;
	} words[] = { { "suspended", LINE_SUSPENDED }, { "refused", LINE_REFUSED },
		{ "resumed", LINE_RESUMED }, { "stays", LINE_STAYS } };

	for (size_t i = 0; i < COUNT(words); i++) {
		size_t n = strlen(words[i].word);

		if (!strncmp(line, words[i].word, n) && (!line[n] || line[n] == ' ')) {
			told(l, words[i].what, line[n] ? line + n + 1 : "");
			return;
		}
	}
}

/* The watchdog is gone.  One that never said its last word was killed: only the marker knows. */
static void ended(struct line *l)
{
	bool said_all = l->final, was = l->suspended;

	stop_listening(l);
	close_orders(l);
	bury(&l->burial);
	if (!said_all)
		told(l, was || marker_there(l) ? LINE_STAYS : LINE_REFUSED,
			"the watchdog was killed");
	l->tell = NULL;
}

static void said_ready(struct loop_fd *f, uint32_t events)
{
	struct line *l = container_of(f, struct line, said);
	char bytes[200];
	ssize_t n = read(f->fd, bytes, sizeof(bytes));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ended(l);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			if (l->length < sizeof(l->heard) - 1)
				l->heard[l->length++] = bytes[i];
			continue;
		}
		l->heard[l->length] = 0;
		l->length = 0;
		heard(l, l->heard);
	}
}

static int spawn(struct line *l, const char *const argv[], int in, int out, int tty)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	/* our blocked signals and handlers are not its business */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	err = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (!err && tty >= 0)
		err = posix_spawn_file_actions_adddup2(&files, tty, HELPER_TTY);
	if (!err)
		err = posix_spawn(
			&l->pid, "/proc/self/exe", &files, &attr, (char *const *)argv, environ);
	if (err)
		l->pid = 0;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* A descriptor above those that the child has, so that no dup2() there covers another, or is none. */
static int moved_up(int fd)
{
	int up = fcntl(fd, F_DUPFD_CLOEXEC, 10);

	close(fd);
	return up;
}

static int start(struct line *l, const char *const argv[], int tty, line_tell tell, void *arg)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err = 0, own_tty = -1;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		err = -errno;
	if (!err) {
		in[0] = moved_up(in[0]);
		out[1] = moved_up(out[1]);
		own_tty = tty >= 0 ? fcntl(tty, F_DUPFD_CLOEXEC, 10) : -1;
		if (in[0] < 0 || out[1] < 0 || (tty >= 0 && own_tty < 0))
			err = -EMFILE;
	}
	if (!err)
		err = spawn(l, argv, in[0], out[1], own_tty);
	if (!err) {
		l->orders = in[1];
		l->said = (struct loop_fd){ .fd = out[0], .ready = said_ready };
		l->length = 0;
		l->suspended = l->final = false;
		l->tell = tell;
		l->arg = arg;
		in[1] = out[0] = -1;
		fcntl(l->said.fd, F_SETFL, O_NONBLOCK);
		err = loop_fd_add(l->loop, &l->said, EPOLLIN);
		if (err) { /* without ears it would suspend for nobody: the end of its pipe ends it */
			close_orders(l);
			close(l->said.fd);
			l->said.fd = -1;
			l->tell = NULL;
			bury(&l->burial);
		}
	}
	for (int i = 0; i < 2; i++) {
		if (in[i] >= 0)
			close(in[i]);
		if (out[i] >= 0)
			close(out[i]);
	}
	if (own_tty >= 0)
		close(own_tty);
	return err;
}

/* The words of one way, as in line_marker.h; returns how many. */
static size_t words_of(
	const struct line_how *how, bool back, const char *out[MARKER_WORDS], char cids[16][4])
{
	const char *const *command = back ? how->resume : how->suspend;
	size_t n = 0;

	out[n++] = modem_suspend_name[how->method];
	if (how->method == SUSPEND_COMMAND) {
		for (; *command && n < MARKER_WORDS; command++)
			out[n++] = *command;
		return n;
	}
	out[n++] = how->port;
	for (int cid = 1; cid < 16; cid++)
		if (how->contexts & 1u << cid) {
			snprintf(cids[cid], sizeof(cids[cid]), "%d", cid);
			out[n++] = cids[cid];
		}
	return n;
}

int line_suspend(struct line *l, const struct line_how *how, line_tell tell, void *arg)
{
	const char *argv[WORDS + 1] = { "phusong-agent", MODEM_HELPER, "suspend", l->marker };
	const char *words[MARKER_WORDS];
	char cids[16][4], limit[24], count[8];
	size_t n, at = 6;

	if (l->pid || line_left_behind(l))
		return -EBUSY;
	n = words_of(how, false, words, cids);
	snprintf(limit, sizeof(limit), "%lld", (long long)(how->limit_ns / NS_PER_MS));
	snprintf(count, sizeof(count), "%zu", n);
	argv[4] = limit;
	argv[5] = count;
	for (size_t i = 0; i < n; i++)
		argv[at++] = words[i];
	n = words_of(how, true, words, cids);
	for (size_t i = 0; i < n; i++)
		argv[at++] = words[i];
	return start(l, argv, how->method == SUSPEND_AT ? how->tty : -1, tell, arg);
}

void line_resume(struct line *l)
{
	close_orders(l);
}

bool line_left_behind(const struct line *l)
{
	return !l->pid && marker_there(l);
}

int line_restore(struct line *l, line_tell tell, void *arg)
{
	const char *argv[] = { "phusong-agent", MODEM_HELPER, "restore", l->marker, NULL };
	int lock = -1, err;

	if (l->pid)
		return -EBUSY;
	err = line_marker_lock(l->marker, &lock);
	if (err)
		return err;
	close(lock);
	return start(l, argv, -1, tell, arg);
}

bool line_is_suspended(const struct line *l)
{
	return l && (l->pid || line_left_behind(l));
}
