/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of every database of the folder, each consistent, while the collector runs.  meta.db is copied
 * first: raw files commit before it, so whatever the copied ledger knows is in the raw copies, and
 * what they have beyond it is completed when the copy is opened. */
#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int copy_db(const char *from, const char *to, struct why *why)
{
	sqlite3_backup *b = NULL;
	struct db source, target = { 0 };
	int rc = SQLITE_OK, err;

	err = db_open(&source, from, NULL, false);
	if (err)
		return why_say(why, err, "%s: %s", from, strerror(-err));
	rc = sqlite3_open_v2(to, &target.handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (rc == SQLITE_OK)
		b = sqlite3_backup_init(target.handle, "main", source.handle, "main");
	if (b) {
		/* in one step: between two of them a commit of the collector would begin the copy anew,
		 * and there is one every 200 ms.  With WAL a long reader holds no writer up */
		rc = sqlite3_backup_step(b, -1);
		sqlite3_backup_finish(b);
		if (rc == SQLITE_DONE)
			rc = SQLITE_OK;
	} else if (rc == SQLITE_OK) {
		rc = sqlite3_errcode(target.handle);
	}
	err = db_errno(&target, rc);
	db_close(&target);
	db_close(&source);
	return err ? why_say(why, err, "%s: %s", to, strerror(-err)) : 0;
}

static bool is_db(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && !strcmp(name + n - 3, ".db");
}

static int copy_all(const char *from, const char *to, const char *but, struct why *why)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(from);
	int err = 0;

	if (!d)
		return why_say(why, -errno, "%s: %s", from, strerror(errno));
	while (!err && (e = readdir(d))) {
		if (!is_db(e->d_name) || !strcmp(e->d_name, but))
			continue;
		if (snprintf(a, sizeof(a), "%s/%s", from, e->d_name) >= (int)sizeof(a) ||
			snprintf(b, sizeof(b), "%s/%s", to, e->d_name) >= (int)sizeof(b))
			err = why_say(why, -ENAMETOOLONG, "%s: too long", to);
		else
			err = copy_db(a, b, why);
	}
	closedir(d);
	return err;
}

int store_backup(struct store *s, const char *folder, struct why *why)
{
	char from[PATH_MAX], to[PATH_MAX];
	int err;

	if (mkdir(folder, 0750) < 0)
		return why_say(why, -errno, "%s: %s", folder,
			errno == EEXIST ? "is there already; a backup goes into a new folder"
					: strerror(errno));
	snprintf(from, sizeof(from), "%s/meta.db", s->folder);
	if (snprintf(to, sizeof(to), "%s/meta.db", folder) >= (int)sizeof(to))
		return why_say(why, -ENAMETOOLONG, "%s: too long", folder);
	err = copy_db(from, to, why);
	if (!err)
		err = copy_all(s->folder, folder, "meta.db", why);
	snprintf(from, sizeof(from), "%s/raw", s->folder);
	snprintf(to, sizeof(to), "%s/raw", folder);
	if (!err && mkdir(to, 0750) < 0)
		err = why_say(why, -errno, "%s: %s", to, strerror(errno));
	return err ? err : copy_all(from, to, "", why);
}
