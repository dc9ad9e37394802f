/* SPDX-License-Identifier: Apache-2.0 */
/* Dated lists of provinces and communes, the map from former communes, mobile networks. */
#include "names.h"
#include "sheet.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The last YYYY-MM-DD of the name, else today. */
static int32_t date_of(const char *file)
{
	int32_t day = store_day_of(clock_wall()), found;
	char text[11];

	for (const char *p = file; strlen(p) >= 10; p++) {
		snprintf(text, sizeof(text), "%.10s", p);
		if (store_day_parse(text, &found) == 0)
			day = found;
	}
	return day;
}

struct unit_columns {
	enum unit_level level;
	int code, parent, name, full, english, type, area, population, lat, lon, from;
	int32_t date;
};

static int same_unit(const struct store_unit *a, const struct store_unit *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->full_name, b->full_name) &&
	       !strcmp(a->name_en, b->name_en) && !strcmp(a->type, b->type) &&
	       !strcmp(a->parent, b->parent) && a->population == b->population;
}

/* A unit that changed its parent or name keeps its history: the old row ends, a new one begins. */
static int put_unit(struct sheet *sh, const struct unit_columns *c, const struct store_unit *u)
{
	struct store *s = sh->im->store;
	struct store_unit old;
	bool renamed;
	int err = store_unit(s, c->level, u->code, STORE_TODAY, &old);

	if (err && err != -ENOENT)
		return err;
	if (!err && same_unit(&old, u))
		return 0;
	if (!err) {
		renamed = strcmp(old.full_name, u->full_name) != 0 ||
		          strcmp(old.parent, u->parent) != 0;
		sh->im->result.changed++;
		if (renamed && c->date > old.from)
			err = db_run(&s->meta,
				"UPDATE unit SET valid_to=? WHERE level=? AND code=? AND "
				"valid_from=?",
				"iiti", (int64_t)c->date, (int64_t)c->level, u->code,
				(int64_t)old.from);
		else
			err = db_run(&s->meta,
				"DELETE FROM unit WHERE level=? AND code=? AND valid_from=?", "iti",
				(int64_t)c->level, u->code, (int64_t)old.from);
		if (err)
			return err;
	} else {
		renamed = false;
		old.from = u->from;
		sh->im->result.added++;
	}
	return db_run(&s->meta,
		"INSERT OR REPLACE INTO unit(level, code, valid_from, valid_to, parent, name, "
		"full_name, name_en, type, area_km2, population,"
		" lat, lon) VALUES(?,?,?,?,?,?,?,?,?,nullif(?,-1.0),nullif(?,-1),?,?)",
		"itiitttttdidd", (int64_t)c->level, u->code,
		(int64_t)(renamed && c->date > old.from ? c->date : old.from), (int64_t)INT32_MAX,
		u->parent, u->name, u->full_name, u->name_en, u->type, u->area_km2, u->population,
		u->lat, u->lon);
}

static int unit_row(struct sheet *sh, void *arg)
{
	const struct unit_columns *c = arg;
	struct store_unit u = { .level = (uint8_t)c->level, .area_km2 = -1 }, parent;
	int32_t lat = 0, lon = 0;
	int err;

	sheet_digits(sh, c->code, c->level == UNIT_PROVINCE ? "province code" : "commune code",
		c->level == UNIT_PROVINCE ? 2 : 5, u.code, true);
	if (c->level == UNIT_COMMUNE) {
		sheet_digits(sh, c->parent, "province code", 2, u.parent, true);
		if (*u.parent && store_unit(sh->im->store, UNIT_PROVINCE, u.parent, STORE_TODAY,
					 &parent) == -ENOENT)
			sheet_bad(sh, "there is no province %s; import provinces first", u.parent);
	}
	sheet_name(sh, c->name, u.name, sizeof(u.name), true);
	sheet_name(sh, c->full, u.full_name, sizeof(u.full_name), false);
	if (!*u.full_name)
		memcpy(u.full_name, u.name, sizeof(u.full_name));
	sheet_name(sh, c->english, u.name_en, sizeof(u.name_en), false);
	sheet_name(sh, c->type, u.type, sizeof(u.type), false);
	if (*sheet_cell(sh, c->area) && !sheet_real(sheet_cell(sh, c->area), &u.area_km2))
		sheet_bad(sh, "area \"%s\" is not a number", sheet_cell(sh, c->area));
	u.population = sheet_number(sh, c->population, "population");
	if (sheet_point(sh, c->lat, c->lon, &lat, &lon)) {
		u.lat = lat / 1e7;
		u.lon = lon / 1e7;
	}
	u.from = sheet_day(sh, c->from, "valid_from", c->date);
	if (sh->row_bad)
		return 0;
	err = db_run(&sh->im->store->meta, "INSERT INTO temp.seen(code, line) VALUES(?,?)", "ti",
		u.code, (int64_t)sh->csv.line[sh->row + 1]);
	if (err == -EEXIST) {
		sheet_bad(sh, "%s is there twice (first in line %lld)", u.code,
			(long long)db_int(&sh->im->store->meta, 0,
				"SELECT line FROM temp.seen WHERE code=?", "t", u.code));
		return 0;
	}
	return err ? err : put_unit(sh, c, &u);
}

/* What the list no longer has ended on its date. */
static int end_missing(struct sheet *sh, const struct unit_columns *c)
{
	struct store *s = sh->im->store;
	int err = db_run(&s->meta,
		"UPDATE unit SET valid_to=?1 WHERE level=?2 AND valid_to=2147483647 AND "
		"valid_from<?1"
		" AND code NOT IN (SELECT code FROM temp.seen)",
		"ii", (int64_t)c->date, (int64_t)c->level);

	if (!err)
		sh->im->result.ended += (size_t)sqlite3_changes(s->meta.handle);
	return err;
}

static int units_of(struct sheet *sh, enum unit_level level)
{
	struct unit_columns c = { .level = level, .date = date_of(sh->file) };
	struct db *meta = &sh->im->store->meta;
	int err;

	c.code = sheet_need(sh,
		level == UNIT_PROVINCE ? "province_code|code|ma_tinh" : "commune_code|code|ma_xa");
	c.parent = level == UNIT_COMMUNE ? sheet_need(sh, "province_code|ma_tinh") : -1;
	c.name = sheet_need(sh, "name_vi|name|ten");
	c.full = csv_column(&sh->csv, "full_name_vi|full_name|ten_day_du");
	c.english = csv_column(&sh->csv, "name_en|full_name_en|ten_tieng_anh");
	c.type = csv_column(&sh->csv, "unit_type|type|loai");
	c.area = csv_column(&sh->csv, "area_km2|dien_tich_km2");
	c.population = csv_column(&sh->csv, "population|dan_so");
	c.lat = csv_column(&sh->csv, "inner_lat|lat|vi_do");
	c.lon = csv_column(&sh->csv, "inner_lon|lon|kinh_do");
	c.from = csv_column(&sh->csv, "valid_from|tu_ngay");
	err = db_script(meta, "CREATE TEMP TABLE IF NOT EXISTS seen(code TEXT PRIMARY KEY, line "
			      "INTEGER); DELETE FROM temp.seen");
	if (!err)
		err = sheet_each(sh, unit_row, &c);
	return err || sh->bad ? err : end_missing(sh, &c);
}

struct former_columns {
	int code, name, district, province_code, province, now, split;
};

static int former_row(struct sheet *sh, void *arg)
{
	const struct former_columns *c = arg;
	struct store_former f;
	struct store_unit u;
	int err;

	sheet_digits(sh, c->code, "former commune code", 5, f.code, true);
	sheet_name(sh, c->name, f.name, sizeof(f.name), false);
	sheet_name(sh, c->district, f.district, sizeof(f.district), false);
	if (!*f.name) /* island districts had no communes */
		memcpy(f.name, f.district, sizeof(f.name));
	if (!*f.name)
		sheet_bad(sh, "the former commune has no name");
	sheet_digits(sh, c->province_code, "former province code", 2, f.province_code, false);
	sheet_name(sh, c->province, f.province, sizeof(f.province), false);
	sheet_digits(sh, c->now, "commune code", 5, f.now, true);
	if (*f.now && store_unit(sh->im->store, UNIT_COMMUNE, f.now, STORE_TODAY, &u) == -ENOENT)
		sheet_warn(sh, "there is no commune %s today", f.now);
	if (sh->row_bad)
		return 0;
	err = db_run(&sh->im->store->meta,
		"INSERT OR REPLACE INTO former(code, now, name, district, province_code, province, "
		"split) VALUES(?,?,?,?,?,?,?)",
		"ttttttt", f.code, f.now, f.name, f.district, f.province_code, f.province,
		sheet_cell(sh, c->split));
	sh->im->result.added += !err;
	return err;
}

static int formers_of(struct sheet *sh)
{
	struct former_columns c = {
		.code = sheet_need(sh, "former_code|old_commune_code|ma_xa_cu"),
		.name = sheet_need(sh, "former_name|old_commune_vi|ten_xa_cu"),
		.district = csv_column(&sh->csv, "former_district|old_district_vi|huyen_cu"),
		.province_code =
			csv_column(&sh->csv, "former_province_code|old_province_code|ma_tinh_cu"),
		.province = csv_column(&sh->csv, "former_province|old_province_vi|tinh_cu"),
		.now = sheet_need(sh, "commune_code|new_commune_code|ma_xa"),
		.split = csv_column(&sh->csv, "split|is_split"),
	};
	int err = db_script(&sh->im->store->meta, "DELETE FROM former");

	return err ? err : sheet_each(sh, former_row, &c);
}

/* Which of the three lists it is, its header tells. */
static int units_file(struct import *im, const char *path)
{
	struct sheet sh;
	int err = sheet_open(&sh, im, path);

	if (err)
		return err;
	if (csv_column(&sh.csv, "former_code|old_commune_code|ma_xa_cu") >= 0)
		err = formers_of(&sh);
	else
		err = units_of(&sh, csv_column(&sh.csv, "commune_code|ma_xa") >= 0 ? UNIT_COMMUNE
										   : UNIT_PROVINCE);
	return sheet_close(&sh, err, "import units");
}

/* The last by name of prefix*.csv. */
static int newest(const char *folder, const char *prefix, char out[PATH_MAX])
{
	char best[NAME_MAX + 1] = "";
	struct dirent *e;
	DIR *d = opendir(folder);

	if (!d)
		return -errno;
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 4 && !strncmp(e->d_name, prefix, strlen(prefix)) &&
			!strcmp(e->d_name + n - 4, ".csv") && strcmp(e->d_name, best) > 0)
			snprintf(best, sizeof(best), "%s", e->d_name);
	}
	closedir(d);
	if (!*best || snprintf(out, PATH_MAX, "%s/%s", folder, best) >= PATH_MAX)
		return -ENOENT;
	return 0;
}

int import_units(struct import *im, const char *path)
{
	static const char *const kinds[] = { "provinces", "communes", "former" };
	char file[PATH_MAX];
	struct stat st;
	int err = 0;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return units_file(im, path);
	for (size_t i = 0; !err && i < 3; i++) {
		err = newest(path, kinds[i], file);
		if (err)
			buf_printf(im->problems, "%s: no %s*.csv in this folder\n", path, kinds[i]);
		else
			err = units_file(im, file);
	}
	if (!err && newest(path, "plmn", file) == 0)
		err = import_operators(im, file);
	return err;
}

/* --- networks --- */

struct operator_columns {
	int plmn, brand, name, status;
};

static int operator_row(struct sheet *sh, void *arg)
{
	const struct operator_columns *c = arg;
	struct store_operator o;
	size_t n;
	int err;

	n = names_clean(sheet_cell(sh, c->plmn), o.plmn, sizeof(o.plmn));
	if ((n != 5 && n != 6) || strspn(o.plmn, "0123456789") != n)
		sheet_bad(sh, "plmn \"%s\" is not MCC and MNC as five or six digits", o.plmn);
	sheet_name(sh, c->brand, o.brand, sizeof(o.brand), true);
	sheet_name(sh, c->name, o.name, sizeof(o.name), false);
	snprintf(o.status, sizeof(o.status), "%.*s", (int)strcspn(sheet_cell(sh, c->status), " ("),
		sheet_cell(sh, c->status));
	if (sh->row_bad)
		return 0;
	err = db_run(&sh->im->store->meta,
		"INSERT OR REPLACE INTO operator(plmn, brand, name, status) VALUES(?,?,?,?)",
		"tttt", o.plmn, o.brand, o.name, o.status);
	sh->im->result.added += !err;
	return err;
}

int import_operators(struct import *im, const char *path)
{
	struct operator_columns c;
	struct sheet sh;
	int err = sheet_open(&sh, im, path);

	if (err)
		return err;
	c.plmn = sheet_need(&sh, "plmn");
	c.brand = sheet_need(&sh, "brand|thuong_hieu");
	c.name = csv_column(&sh.csv, "operator|name|doanh_nghiep");
	c.status = csv_column(&sh.csv, "status|trang_thai");
	err = sheet_each(&sh, operator_row, &c);
	return sheet_close(&sh, err, "import operators");
}
