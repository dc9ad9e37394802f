/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"
#include "clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define COMPLAIN_FIRST (60 * NS_PER_S)
#define COMPLAIN_MOST  (3600 * NS_PER_S)

/* Set once from the command line before any thread exists, only read afterwards. */
static char debug_parts[256];
static bool only_errors;

void log_debug_parts(const char *parts)
{
	snprintf(debug_parts, sizeof(debug_parts), "%s", parts ? parts : "");
}

void log_quiet(bool quiet)
{
	only_errors = quiet;
}

/* systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream; a child whose stderr was turned
 * elsewhere still has the variable, so the numbers must be compared. */
static bool into_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(mine, sizeof(mine), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	return !strcmp(stream, mine);
}

static bool debugging(const char *part)
{
	size_t n = strlen(part);
	const char *at = debug_parts;

	if (!strcmp(at, "all"))
		return true;
	for (; *at; at += strcspn(at, ","), at += *at == ',')
		if (!strncmp(at, part, n) && (at[n] == ',' || !at[n]))
			return true;
	return false;
}

/* One line is one write(2), so that threads do not interleave; control characters, which may come
 * from a modem or a server, cannot forge a second line. */
__attribute__((format(printf, 3, 0))) static void say(
	int level, const char *part, const char *format, va_list args)
{
	static const char *const word[] = { [LOG_ERR] = "error: ",
		[LOG_WARNING] = "warning: ",
		[LOG_INFO] = "",
		[LOG_DEBUG] = "debug: " };
	char line[LINE_MAX_BYTES];
	size_t n;
	int add;

	if (only_errors && level != LOG_ERR)
		return;
	if (into_journal())
		snprintf(line, sizeof(line), "<%d>%s: ", level, part);
	else
		snprintf(line, sizeof(line), "%s: %s", part, word[level]);
	n = strlen(line);
	add = vsnprintf(line + n, sizeof(line) - n, format, args);
	if (add < 0)
		return;
	n = strlen(line);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	line[n++] = '\n';
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		;
}

void log_error(const char *part, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_ERR, part, format, args);
	va_end(args);
}

void log_warn(const char *part, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_WARNING, part, format, args);
	va_end(args);
}

void log_info(const char *part, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LOG_INFO, part, format, args);
	va_end(args);
}

void log_debug(const char *part, const char *format, ...)
{
	va_list args;

	if (!debug_parts[0] || !debugging(part))
		return;
	va_start(args, format);
	say(LOG_DEBUG, part, format, args);
	va_end(args);
}

void log_complain(struct complaint *c, int64_t mono_ns, const char *part, const char *format, ...)
{
	char text[LINE_MAX_BYTES / 2];
	va_list args;

	c->failures++;
	if (c->failures > 1 && mono_ns < c->next_ns)
		return;
	if (c->failures == 1)
		c->interval_ns = COMPLAIN_FIRST;
	else if (c->interval_ns < COMPLAIN_MOST)
		c->interval_ns =
			c->interval_ns * 2 < COMPLAIN_MOST ? c->interval_ns * 2 : COMPLAIN_MOST;
	c->next_ns = mono_ns + c->interval_ns;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = 0;
	va_end(args);
	if (c->failures == 1)
		log_warn(part, "%s", text);
	else
		log_warn(part, "%s (failure %u in a row)", text, c->failures);
}

void log_recovered(struct complaint *c, const char *part, const char *what)
{
	if (c->failures)
		log_info(part, "%s again, after %u %s", what, c->failures,
			c->failures == 1 ? "failure" : "failures");
	*c = (struct complaint){ 0 };
}
