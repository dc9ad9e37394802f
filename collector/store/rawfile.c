/* SPDX-License-Identifier: Apache-2.0 */
/* raw/raw-YYYYMMDD.db: at most RAW_OPEN of them open, least recently used goes. */
#include "inside.h"
#include "schema.h"
#include "../../probes/core/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void raw_path(const struct store *s, int32_t day, char out[PATH_MAX])
{
	char text[16];

	store_day_text(day, text);
	snprintf(out, PATH_MAX, "%s/raw/raw-%.4s%.2s%.2s.db", s->folder, text, text + 5, text + 8);
}

static void raw_close(struct raw *r)
{
	if (r->in_group)
		raw_rollback(r);
	db_close(&r->db);
	free(r->span);
	*r = (struct raw){ 0 };
}

/* The slot to use for one more file: a free one, else the least recently used. */
static int make_room(struct store *s, struct raw **out)
{
	struct raw *oldest = NULL;
	int err;

	for (struct raw *r = s->raw; r < s->raw + RAW_OPEN; r++) {
		if (!r->open) {
			*out = r;
			return 0;
		}
		if (!r->pinned && (!oldest || r->used < oldest->used))
			oldest = r;
	}
	if (!oldest)
		return -EMFILE;
	/* A group over more days than may be open commits the oldest early.  That is sound: the
	 * file's `grouped` rows carry the number of a group that meta.db has not seen yet. */
	if (oldest->in_group) {
		err = raw_commit(s, oldest);
		if (err)
			return err;
		s->spilled = true;
	}
	raw_close(oldest);
	*out = oldest;
	return 0;
}

int raw_get(struct store *s, int32_t day, bool make, struct raw **out)
{
	char path[PATH_MAX];
	struct raw *slot;
	int err;

	for (struct raw *r = s->raw; r < s->raw + RAW_OPEN; r++)
		if (r->open && r->day == day) {
			r->used = ++s->turn;
			*out = r;
			return 0;
		}
	raw_path(s, day, path);
	if (!make && access(path, F_OK) < 0)
		return -ENOENT;
	err = make_room(s, &slot);
	if (err)
		return err;
	err = db_open(&slot->db, path, RAW_SCHEMA, s->mode == STORE_WRITE);
	if (!err && s->mode == STORE_READ &&
		!db_int(&slot->db, 0, "SELECT count(*) FROM sqlite_master WHERE name='record'", ""))
		err = -ENOENT; /* the writer is just making it */
	if (err) {
		db_close(&slot->db);
		return err;
	}
	slot->open = true;
	slot->day = day;
	slot->used = ++s->turn;
	*out = slot;
	return 0;
}

int raw_begin(struct store *s, struct raw *r)
{
	int err;

	(void)s;
	if (r->in_group)
		return 0;
	err = db_script(&r->db, "BEGIN IMMEDIATE");
	if (err)
		return err;
	r->in_group = true;
	r->marked = 0;
	r->spans = 0;
	return 0;
}

void raw_note(struct raw *r, int64_t probe, uint64_t seq)
{
	struct span *last = r->spans ? &r->span[r->spans - 1] : NULL;

	if (last && last->probe == probe && last->last + 1 == seq) {
		last->last = seq;
		return;
	}
	if (r->spans == r->room) {
		r->room = r->room ? r->room * 2 : 64;
		r->span = mem_grow(r->span, r->room, sizeof(*r->span));
	}
	r->span[r->spans++] = (struct span){ probe, seq, seq };
}

int raw_commit(struct store *s, struct raw *r)
{
	int err = db_run(&r->db, "DELETE FROM grouped WHERE number<?", "i", s->number);

	for (size_t i = 0; !err && i < r->spans; i++)
		err = db_run(&r->db,
			"INSERT INTO grouped(number, probe, first, last) VALUES(?,?,?,?)", "iiii",
			s->number, r->span[i].probe, (int64_t)r->span[i].first,
			(int64_t)r->span[i].last);
	if (!err)
		err = db_script(&r->db, "COMMIT");
	if (err) {
		raw_rollback(r);
		return err;
	}
	r->in_group = false;
	r->spans = 0;
	return 0;
}

void raw_rollback(struct raw *r)
{
	if (!sqlite3_get_autocommit(r->db.handle))
		sqlite3_exec(r->db.handle, "ROLLBACK", NULL, NULL, NULL);
	r->in_group = false;
	r->spans = 0;
}

void raw_close_all(struct store *s)
{
	for (struct raw *r = s->raw; r < s->raw + RAW_OPEN; r++)
		if (r->open)
			raw_close(r);
}

static int by_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

int raw_days(struct store *s, int32_t **days, size_t *n)
{
	char path[PATH_MAX], digits[9];
	int32_t *list = NULL, day;
	size_t count = 0;
	struct dirent *e;
	int end;
	DIR *d;

	snprintf(path, sizeof(path), "%s/raw", s->folder);
	d = opendir(path);
	if (!d && errno != ENOENT)
		return -errno;
	while (d && (e = readdir(d))) {
		end = 0;
		if (sscanf(e->d_name, "raw-%8[0-9].db%n", digits, &end) != 1 || !end ||
			e->d_name[end] || store_day_parse(digits, &day) < 0)
			continue;
		if (count % 64 == 0)
			list = mem_grow(list, count + 64, sizeof(*list));
		list[count++] = day;
	}
	if (d)
		closedir(d);
	if (count)
		qsort(list, count, sizeof(*list), by_day);
	*days = list;
	*n = count;
	return 0;
}

int store_days(struct store *s, int (*each)(void *arg, int32_t day), void *arg)
{
	int32_t *days;
	size_t n;
	int err = raw_days(s, &days, &n);

	if (err)
		return err;
	for (size_t i = 0; !err && i < n; i++)
		err = each(arg, days[i]);
	free(days);
	return err;
}
