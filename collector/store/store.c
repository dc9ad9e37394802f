/* SPDX-License-Identifier: Apache-2.0 */
#include "inside.h"
#include "schema.h"
#include "../../probes/core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const probe_role_name[3] = { "reference", "cluster", "roaming" };

static int make_folder(const char *path, struct why *why)
{
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return why_say(why, -errno, "%s: cannot be made: %s", path, strerror(errno));
	return 0;
}

static int open_files(struct store *s, struct why *why)
{
	char path[PATH_MAX];
	int64_t version;
	int err = 0;

	if (s->mode == STORE_WRITE) {
		err = make_folder(s->folder, why);
		snprintf(path, sizeof(path), "%s/raw", s->folder);
		if (!err)
			err = make_folder(path, why);
		snprintf(path, sizeof(path), "%s/writer.lock", s->folder);
		if (!err && (s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640)) < 0)
			err = why_say(why, -errno, "%s: %s", path, strerror(errno));
		if (err)
			return err;
	}
	snprintf(path, sizeof(path), "%s/meta.db", s->folder);
	err = db_open(&s->meta, path, META_SCHEMA "PRAGMA user_version=1", s->mode == STORE_WRITE);
	if (err)
		return why_say(why, err, "%s: cannot be opened: %s", path, strerror(-err));
	version = db_int(&s->meta, -1, "PRAGMA user_version", "");
	if (version != SCHEMA_VERSION)
		return why_say(why, -EPROTONOSUPPORT,
			"%s: schema version %lld, this program knows %d", path, (long long)version,
			SCHEMA_VERSION);
	if (s->mode == STORE_WRITE && (err = db_script(&s->meta, META_MORE)))
		return why_say(why, err, "%s: tables cannot be added: %s", path, strerror(-err));
	return 0;
}

/* What a killed writer left half done is completed before anybody relies on the ledger. */
static int complete(struct store *s, struct why *why)
{
	bool unclean;
	int err = group_lock(s, &unclean);

	if (!err && unclean) {
		err = meta_begin(s);
		if (!err)
			err = meta_end(s, recover(s));
	}
	group_unlock(s, !err);
	if (!err && unclean)
		err = place_boots(s);
	return err ? why_say(why, err, "%s: the ledger cannot be completed from the raw files: %s",
			     s->folder, strerror(-err))
	           : 0;
}

int store_open(struct store **out, const char *folder, enum store_mode mode, struct why *why)
{
	struct store *s = mem_new(sizeof(*s));
	int err;

	s->mode = mode;
	s->lock = -1;
	if (snprintf(s->folder, sizeof(s->folder), "%s", folder) >= (int)sizeof(s->folder))
		err = why_say(why, -ENAMETOOLONG, "%s: too long", folder);
	else
		err = open_files(s, why);
	if (!err && mode == STORE_WRITE)
		err = complete(s, why);
	if (err) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->in_group)
		store_group_abort(s);
	raw_close_all(s);
	db_close(&s->meta);
	if (s->lock >= 0)
		close(s->lock);
	free(s);
}

const char *store_folder(const struct store *s)
{
	return s->folder;
}

const char *store_problem(const struct store *s)
{
	return sqlite3_errmsg(s->meta.handle);
}

int meta_begin(struct store *s)
{
	return db_script(&s->meta, "BEGIN IMMEDIATE");
}

int meta_end(struct store *s, int err)
{
	if (!err)
		err = db_script(&s->meta, "COMMIT");
	if (err && !sqlite3_get_autocommit(s->meta.handle))
		sqlite3_exec(s->meta.handle, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

/* --- days --- */

int32_t store_day_of(int64_t utc_ns)
{
	int64_t day = utc_ns / STORE_DAY_NS;

	return (int32_t)(utc_ns % STORE_DAY_NS < 0 ? day - 1 : day);
}

char *store_day_text(int32_t day, char out[16])
{
	char text[CLOCK_TEXT];

	out[0] = 0;
	if (day > -100000 && day < 100000) { /* 1696 .. 2243: what int64_t nanoseconds can hold */
		clock_text((int64_t)day * STORE_DAY_NS, text);
		snprintf(out, 16, "%.10s", text);
	}
	return out;
}

int store_day_parse(const char *text, int32_t *day)
{
	char full[CLOCK_TEXT];
	int64_t utc_ns;
	size_t n = strlen(text);

	if (n == 8 && strspn(text, "0123456789") == 8)
		snprintf(full, sizeof(full), "%.4s-%.2s-%.2sT00:00:00Z", text, text + 4, text + 6);
	else if (n == 10)
		snprintf(full, sizeof(full), "%sT00:00:00Z", text);
	else
		return -EINVAL;
	if (clock_parse(full, &utc_ns) < 0)
		return -EINVAL;
	*day = store_day_of(utc_ns);
	return 0;
}
