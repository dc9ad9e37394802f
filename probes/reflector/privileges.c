/* SPDX-License-Identifier: Apache-2.0 */
/* From root to nobody in particular, once the ports are bound. */
#include "privileges.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	return syscall(SYS_capset, &head, none) ? -errno : 0;
}

static int become(const char *user, struct why *why)
{
	struct passwd *who;

	errno = 0;
	who = getpwnam(user);
	if (!who)
		return why_say(
			why, errno ? -errno : -ENOENT, "user \"%s\" does not exist here", user);
	if (setgroups(0, NULL) || setgid(who->pw_gid) || setuid(who->pw_uid))
		return why_say(why, -errno, "cannot become user \"%s\": %s", user, strerror(errno));
	/* a way back would make all of this pointless */
	if (who->pw_uid && !setuid(0))
		return why_say(why, -EPERM, "user \"%s\" could become root again", user);
	return 0;
}

int privileges_drop(const char *user, struct why *why)
{
	int err = 0;

	if (*user && geteuid() == 0)
		err = become(user, why);
	if (!err)
		err = drop_capabilities();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err ? why_say(why, err, "giving up privileges: %s", strerror(-err)) : 0;
}
