/* SPDX-License-Identifier: Apache-2.0 */
/* From root to a user who may do one thing more than others: raw sockets, which binding a measurement to
 * an interface needs on each run. */
#include "privileges.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int user_named(const char *user, struct passwd **out, struct why *why)
{
	errno = 0;
	*out = getpwnam(user);
	return *out ? 0
	            : why_say(why, errno ? -errno : -ENOENT,
			      "agent.user: user \"%s\" does not exist here", user);
}

int privileges_folder(const char *folder, const char *user, struct why *why)
{
	struct passwd *who;
	int err;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return why_say(why, -errno, "cannot make %s: %s", folder, strerror(errno));
	if (!*user || geteuid() != 0)
		return 0;
	err = user_named(user, &who, why);
	if (!err && chown(folder, who->pw_uid, who->pw_gid))
		err = why_say(
			why, -errno, "cannot give %s to %s: %s", folder, user, strerror(errno));
	return err;
}

static int keep_only_raw(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct have[2] = { { 0 } }, keep[2] = { { 0 } };
	uint32_t raw = 1u << CAP_NET_RAW;

	if (syscall(SYS_capget, &head, have))
		return -errno;
	keep[0].permitted = keep[0].effective = have[0].permitted & raw;
	return syscall(SYS_capset, &head, keep) ? -errno : 0;
}

static int become(const char *user, struct why *why)
{
	struct passwd *who;
	int err = user_named(user, &who, why);

	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return why_say(why, -errno, "keeping capabilities: %s", strerror(errno));
	/* initgroups: the modem's port belongs to a group */
	if (initgroups(user, who->pw_gid) || setgid(who->pw_gid) || setuid(who->pw_uid))
		return why_say(why, -errno, "cannot become user \"%s\": %s", user, strerror(errno));
	return 0;
}

int privileges_keep_raw(const char *user, struct why *why)
{
	int err;

	if (geteuid() == 0 && !*user)
		return 0; /* told to stay root */
	if (*user && geteuid() == 0) {
		err = become(user, why);
		if (err)
			return err;
	}
	err = keep_only_raw();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err ? why_say(why, err, "giving up privileges: %s", strerror(-err)) : 0;
}
