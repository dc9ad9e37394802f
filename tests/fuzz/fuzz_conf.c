/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a configuration file: refused with lines that name a place, or taken, and then what is
 * printed reads back and prints the same. */
#include "config/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 loses the text of a string that does not end. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

static const char *const ways[] = { "up", "down", "both", NULL };

static const struct setting top[] = {
	{ "user", SETTING_TEXT, 0, 32, "", "", NULL, "who" },
	{ "bytes", SETTING_INT, 0, 1e13, "0", "B", NULL, "how many" },
	{ 0 },
};

static const struct setting stamp[] = {
	{ "enabled", SETTING_BOOL, 0, 0, "true", "", NULL, "whether" },
	{ "port", SETTING_INT, 1, 65535, "862", "", NULL, "where" },
	{ "ways", SETTING_TEXTS, 0, 0, "up,down", "", ways, "directions" },
	{ "bounds", SETTING_REALS, 0.1, 1000, "2.5,5", "Mbit/s", NULL, "classes" },
	{ 0 },
};

static const struct setting latency[] = {
	{ "target", SETTING_TEXT, 0, 0, NULL, "", NULL, "host" },
	{ "wait_s", SETTING_REAL, 0.01, 9.5, "1", "s", NULL, "how long" },
	{ 0 },
};

static const struct setting common[] = {
	{ "interval_s", SETTING_INT, 10, 86400, "300", "s", NULL, "how often" },
	{ 0 },
};

static const struct setting *accept_for(const char *kind)
{
	return strcmp(kind, "latency") ? NULL : latency;
}

static const struct section sections[] = {
	{ .name = "", .accept = top },
	{ .name = "stamp", .accept = stamp },
	{ .name = "tests", .many = true, .by = "kind", .accept_for = accept_for, .common = common },
	{ 0 },
};

/* 0, and what holds in `printed`; -EINVAL otherwise. */
static int load(const void *text, size_t n, struct buf *printed)
{
	int err, fd = memfd_create("conf", MFD_CLOEXEC);
	struct buf problems;
	struct conf *c;
	char path[64];

	if (fd < 0 || (n && write(fd, text, n) != (ssize_t)n))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	buf_init(&problems, 1 << 20);
	err = conf_load(&c, path, sections, &problems);
	if (err && strncmp(buf_text(&problems), path, strlen(path)))
		abort();
	if (!err) {
		conf_print(printed, c);
		conf_free(c);
	}
	buf_done(&problems);
	close(fd);
	return err;
}

static bool includes(const uint8_t *data, size_t n)
{
	return n && memmem(data, n, "@include", 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf once, twice;

	if (includes(data, n)) /* it may name any file of this computer */
		return 0;
	buf_init(&once, 1 << 20);
	buf_init(&twice, 1 << 20);
	if (!load(data, n, &once)) {
		if (load(once.data, once.len, &twice) || strcmp(buf_text(&once), buf_text(&twice)))
			abort();
	}
	buf_done(&once);
	buf_done(&twice);
	return 0;
}
