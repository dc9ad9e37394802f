/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a modem's tty so that nobody else talks on it: two programs on one port read each other's answers, and
 * a stolen "+CME ERROR" looks like a missing SIM. */
#include "at_port.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int own(int fd)
{
	int taken = 0;

	if (!isatty(fd))
		return -ENOTTY;
	/* open() enforces TIOCEXCL, but not against root */
	if (!ioctl(fd, TIOCGEXCL, &taken) && taken)
		return -EBUSY;
	/* the lock is what agetty, picocom and systemd look at */
	if (flock(fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (ioctl(fd, TIOCEXCL))
		return -errno;
	return 0;
}

static int make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return -errno;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)(CRTSCTS | HUPCL); /* lowering DTR resets some modems */
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	cfsetspeed(&t, B115200);
	if (tcsetattr(fd, TCSANOW, &t))
		return -errno;
	tcflush(fd, TCIOFLUSH);
	return 0;
}

int at_port_open(int *fd, const char *path)
{
	int f = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), err;

	if (f < 0)
		return -errno;
	err = own(f);
	if (err) {
		close(f); /* not ours: nothing to give back */
		return err;
	}
	err = make_raw(f);
	if (err) {
		at_port_close(f);
		return err;
	}
	*fd = f;
	return 0;
}

void at_port_close(int fd)
{
	if (fd < 0)
		return;
	ioctl(fd,
		TIOCNXCL); /* stays for the next one otherwise, as long as anybody has the tty open */
	close(fd);
}

bool at_port_same(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_rdev == b.st_rdev &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}
