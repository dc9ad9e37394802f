/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OFF_S 3 /* until the driver has let go */

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* In a session of its own: a device that is switched off is switched on again, even if we are killed. */
static int off_and_on(const char *path)
{
	int err;

	setsid();
	err = put(path, "0\n");
	if (err)
		return err;
	sleep(OFF_S);
	return put(path, "1\n");
}

static int helper_usb(int argc, char **argv)
{
	int status, err;
	pid_t pid;

	if (argc != 2)
		return 2;
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		err = off_and_on(argv[1]);
		if (err)
			fprintf(stderr, "%s: %s\n", argv[1], strerror(-err));
		_exit(err ? 1 : 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int modem_helper(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} all[] = { { "suspend", helper_suspend }, { "restore", helper_restore },
		{ "usb", helper_usb } };

	for (size_t i = 0; argc > 1 && i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(argv[1], all[i].name))
			return all[i].run(argc - 1, argv + 1);
	return 2;
}
