/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog of a suspended line, in the helper's process. */
#include "at_answer.h"
#include "at_port.h"
#include "helper.h"
#include "line_marker.h"
#include "../core/clock.h"
#include "../core/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALM_MS       700   /* a scan that is broken off needs a moment */
#define CONTEXT_MS    45000 /* TS 27.007 10.1.10 sets no limit; makers say up to 150 s for refusals */
#define COMMAND_MS    60000
#define RESUME_MS     300000 /* then the agent tries again, by the marker */
#define RESTORE_MS    60000  /* the same at a start: rounds wait for it */
#define PAUSE_MS      1000   /* after the first try that failed; doubled, to PAUSE_MOST_MS */
#define PAUSE_MOST_MS 30000

static int64_t now_ms(void)
{
	return clock_mono() / NS_PER_MS;
}

static void say(const char *word, const char *why)
{
	char line[300];
	int n = snprintf(line, sizeof(line), *why ? "%s %s\n" : "%s%s\n", word, why);

	/* nobody may listen any more: what is to be done is done all the same */
	if (n > 0 && write(STDOUT_FILENO, line,
			     (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		return;
}

/* --- a modem's port ----------------------------------------------------------------------------------------------- */
struct port {
	int fd;
	struct at_answer answer;
};

static void forget_input(struct port *p, int ms)
{
	int64_t until = now_ms() + ms;
	struct pollfd f = { .fd = p->fd, .events = POLLIN };
	char bytes[512];

	while (now_ms() < until)
		if (poll(&f, 1, (int)(until - now_ms())) > 0 &&
			read(p->fd, bytes, sizeof(bytes)) <= 0)
			break;
}

static enum at_result at(struct port *p, const struct at_command *c, int ms)
{
	struct pollfd f = { .fd = p->fd, .events = POLLIN };
	int64_t until = now_ms() + ms;
	enum at_result result = AT_WAITING;
	char line[64], bytes[512];
	int n = snprintf(line, sizeof(line), "%s\r", c->text);

	at_answer_begin(&p->answer, c);
	if (write(p->fd, line, (size_t)n) < 0)
		return AT_WAITING;
	while (result == AT_WAITING && now_ms() < until) {
		ssize_t got;

		if (poll(&f, 1, (int)(until - now_ms())) <= 0)
			continue;
		got = read(p->fd, bytes, sizeof(bytes));
		if (got > 0)
			result = at_answer_feed(&p->answer, bytes, (size_t)got);
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return result;
}

static bool set_context(struct port *p, const char *cid, bool active)
{
	char text[40];
	struct at_command c = { text, NULL, ANSWER_NONE, NULL };

	snprintf(text, sizeof(text), "AT+CGACT=%d,%.3s", active, cid);
	return at(p, &c, CONTEXT_MS) == AT_OK;
}

/* What they are, whatever the modem said when they were set. */
static bool all_active(struct port *p, const char *const cids[])
{
	static const struct at_command c = { "AT+CGACT?", "+CGACT:", ANSWER_MAYBE, NULL };
	uint16_t active;

	if (at(p, &c, 10000) != AT_OK)
		return false;
	active = at_3gpp_contexts(buf_text(&p->answer.text));
	for (; *cids; cids++)
		if (!(active & 1u << (strtol(*cids, NULL, 10) & 15)))
			return false;
	return true;
}

static bool resume_contexts(int fd, const char *const cids[])
{
	struct port p = { .fd = fd };
	bool good = true;

	if (fd < 0)
		return false;
	at_answer_init(&p.answer);
	/* a character ends a scan (TS 27.007 7.3) */
	if (write(fd, "\r", 1) < 0 && errno != EAGAIN)
		good = false;
	forget_input(&p, CALM_MS);
	for (size_t i = 0; good && cids[i]; i++)
		(void)set_context(&p, cids[i], true);
	good = good && all_active(&p, cids);
	at_answer_done(&p.answer);
	return good;
}

static bool suspend_contexts(int fd, const char *const cids[], char why[80])
{
	struct port p = { .fd = fd };
	bool good = true;

	at_answer_init(&p.answer);
	for (size_t i = 0; good && cids[i]; i++) {
		good = set_context(&p, cids[i], false);
		if (!good)
			snprintf(why, 80, "the modem does not deactivate context %.3s", cids[i]);
	}
	at_answer_done(&p.answer);
	return good;
}

/* --- a command ---------------------------------------------------------------------------------------------------- */
static void run_child(const char *const argv[])
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	close(HELPER_TTY);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static bool run(const char *const argv[], char why[80])
{
	int64_t until = now_ms() + COMMAND_MS;
	int status = 0;
	pid_t pid = fork(), ended = 0;

	if (!pid)
		run_child(argv);
	if (pid < 0) {
		snprintf(why, 80, "%.40s: %s", argv[0], strerror(errno));
		return false;
	}
	while (!ended && now_ms() < until) {
		ended = waitpid(pid, &status, WNOHANG);
		if (!ended)
			usleep(20000);
	}
	if (!ended) {
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		snprintf(why, 80, "%.40s did not end in 60 s", argv[0]);
		return false;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	snprintf(why, 80, "%.40s ended with status %d", argv[0],
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return false;
}

/* --- what is done with them ---------------------------------------------------------------------------------------- */
static bool is_at(const char *const words[])
{
	return !strcmp(words[0], "at");
}

static bool resume_once(const char *const words[], int tty, char why[80])
{
	bool good = resume_contexts(tty, words + 2);

	if (!good)
		snprintf(why, 80, "the modem does not activate its contexts");
	return good;
}

static bool is_dead(int fd)
{
	struct pollfd f = { .fd = fd };

	return fd < 0 || (poll(&f, 1, 0) > 0 && (f.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

/* Over the port that we share, or, when the device behind it was exchanged or we have none, over one of our own. */
static bool resume_over_port(const char *const words[], int tty, char why[80])
{
	bool good;
	int err;

	if (!is_dead(tty))
		return resume_once(words, tty, why);
	err = at_port_open(&tty, words[1]);
	if (err) {
		snprintf(why, 80, "%.40s: %s", words[1], strerror(-err));
		return false;
	}
	good = resume_once(words, tty, why);
	at_port_close(tty);
	return good;
}

/* A few minutes of trying: the network may need them, too. */
static bool resume(const char *const words[], int tty, int limit_ms, char why[80])
{
	int64_t until = now_ms() + limit_ms;
	int pause = PAUSE_MS;

	for (;;) {
		if (is_at(words) ? resume_over_port(words, tty, why) : run(words + 1, why))
			return true;
		if (now_ms() + pause > until)
			return false;
		usleep((useconds_t)pause * 1000);
		pause = 2 * pause < PAUSE_MOST_MS ? 2 * pause : PAUSE_MOST_MS;
	}
}

static int give_back(const char *marker, const char *const words[], int tty, int limit_ms)
{
	char why[80] = "";
	bool good = resume(words, tty, limit_ms, why);

	if (good)
		line_marker_remove(marker);
	say(good ? "resumed" : "stays", why);
	return good ? 0 : 1;
}

/* Any byte, the end of the pipe, SIGTERM, the limit. */
static void wait_for_the_end(int ends, int64_t limit_ms)
{
	struct pollfd f[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = ends, .events = POLLIN } };
	int64_t until = now_ms() + limit_ms;

	while (now_ms() < until)
		if (poll(f, 2, (int)(until - now_ms())) > 0)
			return;
}

/* Told to end is told to resume: SIGTERM waits in the descriptor that is returned. */
static int stand_alone(void)
{
	sigset_t end;

	setsid();
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &end, SFD_CLOEXEC);
}

int helper_suspend(int argc, char **argv)
{
	const char *marker = argc > 4 ? argv[1] : "", *const * how, *const * back;
	const char *suspend[MARKER_WORDS + 1] = { NULL };
	long limit_ms, n;
	char why[80] = "";
	int lock = -1, ends, err;
	bool good;

	if (argc < 6)
		return 2;
	limit_ms = strtol(argv[2], NULL, 10);
	n = strtol(argv[3], NULL, 10);
	if (n < 1 || n > MARKER_WORDS || argc < 5 + n || limit_ms < 1)
		return 2;
	for (long i = 0; i < n; i++)
		suspend[i] = argv[4 + i];
	how = suspend;
	back = (const char *const *)argv + 4 + n;
	ends = stand_alone();
	err = *marker ? line_marker_write(marker, back, (size_t)(argc - 4 - n)) : 0;
	if (!err && *marker)
		err = line_marker_lock(marker, &lock);
	if (err) {
		say("refused", strerror(-err)); /* without a marker nothing is suspended */
		return 1;
	}
	good = is_at(how) ? suspend_contexts(HELPER_TTY, how + 2, why) : run(how + 1, why);
	if (!good) {
		char ignored[80];

		if (!resume(back, HELPER_TTY, RESUME_MS, ignored)) {
			say("stays", why);
			return 1;
		}
		line_marker_remove(marker);
		say("refused", why);
		return 1;
	}
	say("suspended", "");
	wait_for_the_end(ends, limit_ms);
	return give_back(marker, back, HELPER_TTY, RESUME_MS);
}

int helper_restore(int argc, char **argv)
{
	struct line_marker m;
	int lock = -1, err;

	if (argc != 2)
		return 2;
	(void)stand_alone();
	err = line_marker_lock(argv[1], &lock);
	if (!err)
		err = line_marker_read(&m, argv[1]);
	if (err == -EBADMSG) {
		line_marker_remove(argv[1]); /* says nothing that could be done */
		say("resumed", "");
		return 0;
	}
	if (err) {
		say("stays", strerror(-err));
		return 1;
	}
	return give_back(argv[1], m.words, -1, RESTORE_MS);
}
