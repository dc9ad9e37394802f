/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"
#include "clock.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRORS_MOST       1024
#define CHUNK             4096
#define CHUNKS_AFTER_EXIT 64
/* A killed process is gone at once, unless it hangs in a driver: then nothing helps but to go on
 * without it. */
#define GRACE_NS (500 * NS_PER_MS)

struct child {
	struct loop *loop;
	pid_t pid; /* leads its process group; 0 when it never started */
	struct loop_fd pidfd, out, errors;
	struct loop_timer timer; /* the deadline, then the grace after the kill */
	struct buf out_buf, errors_buf;
	int err, exit_status;
	bool killed, told;
	void (*done)(void *arg, const struct child_result *r);
	void *arg;
};

static void drop_fd(struct child *c, struct loop_fd *f)
{
	loop_fd_del(c->loop, f);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static void child_free(struct child *c)
{
	loop_timer_stop(c->loop, &c->timer);
	drop_fd(c, &c->out);
	drop_fd(c, &c->errors);
	drop_fd(c, &c->pidfd);
	buf_done(&c->out_buf);
	buf_done(&c->errors_buf);
	free(c);
}

static void kill_group(struct child *c)
{
	if (c->pid > 0)
		kill(-c->pid, SIGKILL);
}

static void tell(struct child *c)
{
	struct child_result r = {
		.err = c->err,
		.exit_status = c->exit_status,
		.out = buf_text(&c->out_buf),
		.out_len = c->out_buf.len,
		.errors = buf_text(&c->errors_buf),
	};

	c->told = true;
	loop_timer_stop(c->loop, &c->timer);
	drop_fd(c, &c->out);
	drop_fd(c, &c->errors);
	c->done(c->arg, &r);
}

static void give_up(struct child *c, int err)
{
	c->err = c->err ? c->err : err;
	c->killed = true;
	kill_group(c);
	loop_timer_in(c->loop, &c->timer, GRACE_NS);
}

/* Appends as much as fits; false when something did not. */
static bool append(struct buf *b, const char *bytes, size_t n)
{
	size_t left = b->ceiling - b->len;

	buf_put(b, bytes, n < left ? n : left);
	return n <= left;
}

/* One read.  False when there is nothing more to read now. */
static bool read_some(struct child *c, struct loop_fd *f)
{
	char bytes[CHUNK];
	ssize_t n = f->fd < 0 ? 0 : read(f->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		drop_fd(c, f);
		return false;
	}
	if (f == &c->errors)
		append(&c->errors_buf, bytes, (size_t)n); /* the rest is read, and forgotten */
	else if (!append(&c->out_buf, bytes, (size_t)n) && !c->killed)
		give_up(c, -EMSGSIZE);
	return true;
}

static void out_ready(struct loop_fd *f, uint32_t events)
{
	(void)events;
	read_some(container_of(f, struct child, out), f);
}

static void errors_ready(struct loop_fd *f, uint32_t events)
{
	(void)events;
	read_some(container_of(f, struct child, errors), f);
}

static void exited(struct loop_fd *f, uint32_t events)
{
	struct child *c = container_of(f, struct child, pidfd);
	siginfo_t info = { 0 };

	(void)events;
	/* before it is reaped, while its number still belongs to it: what it left behind goes too */
	kill_group(c);
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG))
		c->err = c->err ? c->err : -errno;
	else if (!info.si_pid)
		return;
	c->exit_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	c->pid = 0;
	if (!c->told) {
		for (int i = 0; i < CHUNKS_AFTER_EXIT && read_some(c, &c->out); i++)
			;
		for (int i = 0; i < CHUNKS_AFTER_EXIT && read_some(c, &c->errors); i++)
			;
		drop_fd(c, &c->pidfd);
		tell(c);
	}
	child_free(c);
}

static void timer_fired(struct loop_timer *t)
{
	struct child *c = container_of(t, struct child, timer);

	if (!c->pid) { /* it could not be started */
		tell(c);
		child_free(c);
	} else if (!c->killed) {
		give_up(c, -ETIMEDOUT);
	} else {
		tell(c); /* it hangs in the kernel; exited() frees the rest if ever it returns */
	}
}

static int spawn(struct child *c, const char *const argv[], int out, int errors)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	/* our blocked signals and handlers are not the child's business */
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	err = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
	if (!err)
		err = posix_spawnp(&c->pid, argv[0], &files, &attr, (char *const *)argv, environ);
	if (err)
		c->pid = 0;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* Only our end does not block: the other is the child's standard output. */
static int open_pipe(struct loop_fd *ours, int *theirs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	ours->fd = ends[0];
	*theirs = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static int watch(struct child *c)
{
	int err;

	c->pidfd.fd = (int)syscall(SYS_pidfd_open, c->pid, 0); /* close-on-exec by itself */
	if (c->pidfd.fd < 0)
		return -errno;
	err = loop_fd_add(c->loop, &c->pidfd, EPOLLIN);
	if (!err)
		err = loop_fd_add(c->loop, &c->out, EPOLLIN);
	if (!err)
		err = loop_fd_add(c->loop, &c->errors, EPOLLIN);
	return err;
}

int child_start(struct child **out, struct loop *l, const char *const argv[], int64_t timeout_ns,
	size_t out_ceiling, void (*done)(void *arg, const struct child_result *r), void *arg)
{
	struct child *c = mem_new(sizeof(*c));
	int err, theirs[2] = { -1, -1 };

	*c = (struct child){ .loop = l, .done = done, .arg = arg };
	c->pidfd = (struct loop_fd){ .fd = -1, .ready = exited };
	c->out = (struct loop_fd){ .fd = -1, .ready = out_ready };
	c->errors = (struct loop_fd){ .fd = -1, .ready = errors_ready };
	c->timer.fire = timer_fired;
	buf_init(&c->out_buf, out_ceiling);
	buf_init(&c->errors_buf, ERRORS_MOST);
	err = open_pipe(&c->out, &theirs[0]);
	if (!err)
		err = open_pipe(&c->errors, &theirs[1]);
	if (err)
		goto out;
	c->err = spawn(c, argv, theirs[0], theirs[1]);
	if (!c->err)
		err = watch(c);
	loop_timer_in(l, &c->timer, c->err ? 0 : timeout_ns);
out:
	for (int i = 0; i < 2; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (err)
		child_kill(c);
	else
		*out = c;
	return err;
}

void child_kill(struct child *c)
{
	siginfo_t info = { 0 };

	if (!c)
		return;
	kill_group(c);
	/* dies within microseconds; one that hangs in a driver is left to whoever inherits it */
	for (int i = 0; c->pid > 0 && i < 20; i++) {
		if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG) || info.si_pid)
			break;
		poll(&(struct pollfd){ .fd = c->pidfd.fd, .events = POLLIN }, 1, 1);
	}
	child_free(c);
}
