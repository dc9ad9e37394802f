/* SPDX-License-Identifier: Apache-2.0 */
/* Hamlets, their clusters of houses, and what was reported about them (docs/hamlets-csv.md). */
#include "../../probes/core/mem.h"
#include "boundaries.h"
#include "names.h"
#include "sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place_names { /* communes by name, for files without commune codes */
	struct named {
		char code[8], province[8], full[STORE_NAME], name[STORE_NAME],
			plain_full[STORE_NAME], plain[STORE_NAME];
	} * at;
	size_t n;
};

struct hamlet_columns {
	struct place_names names;
	int code, name, commune_code, commune, province_code, former, lat, lon, population,
		households, population_source, grid;
	int from, reported, reported_on, reported_source, note;
	int32_t today;
};

static int name_one(void *arg, const struct store_unit *u)
{
	struct place_names *p = arg;
	struct named *n;

	if (p->n % 256 == 0)
		p->at = mem_grow(p->at, p->n + 256, sizeof(*p->at));
	n = &p->at[p->n++];
	snprintf(n->code, sizeof(n->code), "%.7s", u->code);
	snprintf(n->province, sizeof(n->province), "%.7s", u->parent);
	memcpy(n->full, u->full_name, sizeof(n->full));
	memcpy(n->name, u->name, sizeof(n->name));
	names_plain(u->full_name, n->plain_full, sizeof(n->plain_full));
	names_plain(u->name, n->plain, sizeof(n->plain));
	return 0;
}

/* How many communes bear the name, letter by letter or without marks; the first of them in *found. */
static size_t named(const struct place_names *p, const char *text, const char *province, bool plain,
	const struct named **found, char others[160])
{
	size_t n = 0;

	others[0] = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct named *c = &p->at[i];

		if (*province && strcmp(c->province, province) != 0)
			continue;
		if (plain ? strcmp(c->plain, text) && strcmp(c->plain_full, text)
			  : strcmp(c->name, text) && strcmp(c->full, text))
			continue;
		if (!n++)
			*found = c;
		if (n <= 4)
			snprintf(others + strlen(others), 160 - strlen(others), "%s%s %s (%s)",
				n > 1 ? ", " : "", c->code, c->full, c->province);
	}
	return n;
}

static void commune_by_name(
	struct sheet *sh, const struct hamlet_columns *c, struct store_hamlet *h)
{
	char name[STORE_NAME], plain[STORE_NAME], others[160], province[STORE_CODE] = "";
	const struct named *found = NULL;
	size_t n;

	sheet_name(sh, c->commune, name, sizeof(name), true);
	sheet_digits(sh, c->province_code, "province code", 2, province, false);
	if (!*name || sh->row_bad)
		return;
	n = named(&c->names, name, province, false, &found, others);
	if (!n) {
		names_plain(name, plain, sizeof(plain));
		n = named(&c->names, plain, province, true, &found, others);
		if (n == 1)
			sheet_warn(sh, "commune \"%s\" was taken as %s", name, others);
	}
	if (n == 1) {
		snprintf(h->commune, sizeof(h->commune), "%s", found->code);
		snprintf(h->province, sizeof(h->province), "%s", found->province);
	} else if (n) {
		sheet_bad(sh, "commune \"%s\" is not unique: %s%s; give commune_code", name, others,
			n > 4 ? " ..." : "");
	} else {
		sheet_bad(sh, "there is no commune \"%s\"%s%s", name,
			*province ? " in province " : "", province);
	}
}

static int first_former(void *arg, const struct store_former *f)
{
	*(struct store_former *)arg = *f;
	return 1;
}

static void commune_by_code(
	struct sheet *sh, const struct hamlet_columns *c, struct store_hamlet *h)
{
	struct store_former f;
	struct store_unit u;

	sheet_digits(sh, c->commune_code, "commune code", 5, h->commune, true);
	if (!*h->commune)
		return;
	if (store_unit(sh->im->store, UNIT_COMMUNE, h->commune, STORE_TODAY, &u) == 0)
		memcpy(h->province, u.parent, sizeof(h->province));
	else if (store_formers(sh->im->store, h->commune, NULL, first_former, &f) == 1)
		sheet_bad(sh,
			"%s is the former commune %s, today %s%s: give today's code, and the "
			"former one as former_commune_code",
			h->commune, f.name, f.now, f.split ? " and others" : "");
	else
		sheet_bad(sh, "there is no commune %s; import units first", h->commune);
}

static void check_point(struct sheet *sh, const struct store_hamlet *h)
{
	const struct boundaries *b = sh->im->boundaries;
	const struct boundary *commune;

	if (!b || !h->has_point || !*h->commune)
		return;
	commune = boundaries_named(b->communes, b->commune_count, h->commune);
	if (commune && !boundary_holds(commune, h->lat_e7 / 1e7, h->lon_e7 / 1e7))
		sheet_warn(sh, "%s: the point %.5f, %.5f is outside commune %s %s", h->name,
			h->lat_e7 / 1e7, h->lon_e7 / 1e7, h->commune, commune->name);
}

static void take_code(struct sheet *sh, int column, char out[STORE_CODE])
{
	sheet_name(sh, column, out, STORE_CODE, true);
	for (const char *p = out; *p; p++)
		if (!strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.",
			    *p)) {
			sheet_bad(sh,
				"code \"%s\": only letters without marks, digits, - _ . may be in "
				"it",
				out);
			return;
		}
}

static void take_grid(struct sheet *sh, int column, char out[8])
{
	char word[16];

	names_plain(sheet_cell(sh, column), word, sizeof(word));
	if (!strcmp(word, "yes") || !strcmp(word, "co") || !strcmp(word, "1"))
		memcpy(out, "yes", 4);
	else if (!strcmp(word, "no") || !strcmp(word, "khong") || !strcmp(word, "chua") ||
		 !strcmp(word, "0"))
		memcpy(out, "no", 3);
	else if (*word && strcmp(word, "unknown") != 0)
		sheet_bad(sh, "grid_power \"%s\" is neither yes nor no (có, không)",
			sheet_cell(sh, column));
}

/* A code that an earlier line of this file had makes the line bad. */
static int seen_before(struct sheet *sh, const char *code, bool *before)
{
	struct db *meta = &sh->im->store->meta;
	int err = db_run(meta, "INSERT INTO temp.seen(code, line) VALUES(?,?)", "ti", code,
		(int64_t)sh->csv.line[sh->row + 1]);

	*before = err == -EEXIST;
	if (*before)
		sheet_bad(sh, "%s is there twice (first in line %lld)", code,
			(long long)db_int(
				meta, 0, "SELECT line FROM temp.seen WHERE code=?", "t", code));
	return *before ? 0 : err;
}

static int put_reported(struct store *s, const char *hamlet, const char *status, int32_t day,
	const char *source, const char *note)
{
	if (day == INT32_MIN)
		return db_run(&s->meta,
			"INSERT OR REPLACE INTO reported(hamlet, status, as_of, source, note) "
			"VALUES(?,?,NULL,?,?)",
			"tttt", hamlet, status, source, note);
	return db_run(&s->meta,
		"INSERT OR REPLACE INTO reported(hamlet, status, as_of, source, note) "
		"VALUES(?,?,?,?,?)",
		"ttitt", hamlet, status, (int64_t)day, source, note);
}

static int put_hamlet(struct sheet *sh, const struct store_hamlet *h, const char *note)
{
	struct store *s = sh->im->store;
	bool old = db_int(&s->meta, 0, "SELECT 1 FROM hamlet WHERE code=?", "t", h->code);
	int err;

	*(old ? &sh->im->result.changed : &sh->im->result.added) += 1;
	err = db_run(&s->meta,
		"INSERT OR REPLACE INTO hamlet(code, name, commune, province, former_commune, "
		"population, households, population_source,"
		" grid_power, valid_from, valid_to) "
		"VALUES(?,?,?,?,?,nullif(?,-1),nullif(?,-1),?,?,?,2147483647)",
		"tttttiitti", h->code, h->name, h->commune, h->province, h->former_commune,
		h->population, h->households, h->population_source, h->grid_power,
		(int64_t)h->from);
	if (!err && h->has_point)
		err = db_run(&s->meta, "UPDATE hamlet SET lat_e7=?, lon_e7=? WHERE code=?", "iit",
			(int64_t)h->lat_e7, (int64_t)h->lon_e7, h->code);
	if (!err && *h->reported)
		err = put_reported(
			s, h->code, h->reported, h->reported_on, h->reported_source, note);
	return err;
}

static int hamlet_row(struct sheet *sh, void *arg)
{
	const struct hamlet_columns *c = arg;
	struct store_hamlet h = { 0 };
	char note[256];
	bool before = false;
	int err = 0;

	take_code(sh, c->code, h.code);
	sheet_name(sh, c->name, h.name, sizeof(h.name), true);
	if (c->commune_code >= 0 && *sheet_cell(sh, c->commune_code))
		commune_by_code(sh, c, &h);
	else if (c->commune >= 0)
		commune_by_name(sh, c, &h);
	else
		sheet_bad(sh, "commune_code is empty");
	sheet_digits(sh, c->former, "former commune code", 5, h.former_commune, false);
	h.has_point = sheet_point(sh, c->lat, c->lon, &h.lat_e7, &h.lon_e7);
	h.population = sheet_number(sh, c->population, "population");
	h.households = sheet_number(sh, c->households, "households");
	sheet_name(
		sh, c->population_source, h.population_source, sizeof(h.population_source), false);
	take_grid(sh, c->grid, h.grid_power);
	h.from = sheet_day(sh, c->from, "valid_from", 0);
	sheet_name(sh, c->reported, h.reported, sizeof(h.reported), false);
	h.reported_on = sheet_day(sh, c->reported_on, "reported_on", INT32_MIN);
	sheet_name(sh, c->reported_source, h.reported_source, sizeof(h.reported_source), false);
	sheet_name(sh, c->note, note, sizeof(note), false);
	if (*h.code)
		err = seen_before(sh, h.code, &before);
	check_point(sh, &h);
	return err || before || sh->row_bad ? err : put_hamlet(sh, &h, note);
}

static int fresh_seen(struct sheet *sh)
{
	return db_script(&sh->im->store->meta, "CREATE TEMP TABLE IF NOT EXISTS seen(code TEXT "
					       "PRIMARY KEY, line INTEGER); DELETE FROM temp.seen");
}

int import_hamlets(struct import *im, const char *path)
{
	struct hamlet_columns c = { 0 };
	struct sheet sh;
	int err = sheet_open(&sh, im, path);

	if (err)
		return err;
	c.code = sheet_need(&sh, "hamlet_code|code|ma_thon");
	c.name = sheet_need(&sh, "hamlet|hamlet_name|name|ten_thon|thon");
	c.commune_code = csv_column(&sh.csv, "commune_code|ma_xa");
	c.commune = csv_column(&sh.csv, "commune|ten_xa|xa");
	if (c.commune_code < 0 && c.commune < 0)
		c.commune_code = sheet_need(&sh, "commune_code|ma_xa");
	c.province_code = csv_column(&sh.csv, "province_code|ma_tinh");
	c.former = csv_column(&sh.csv, "former_commune_code|ma_xa_cu");
	c.lat = csv_column(&sh.csv, "lat|latitude|vi_do");
	c.lon = csv_column(&sh.csv, "lon|lng|longitude|kinh_do");
	c.population = csv_column(&sh.csv, "population|dan_so");
	c.households = csv_column(&sh.csv, "households|so_ho");
	c.population_source = csv_column(&sh.csv, "population_source|nguon_dan_so");
	c.grid = csv_column(&sh.csv, "grid_power|dien_luoi");
	c.from = csv_column(&sh.csv, "valid_from|tu_ngay");
	c.reported = csv_column(&sh.csv, "reported|tinh_trang_bao_cao");
	c.reported_on = csv_column(&sh.csv, "reported_on|ngay_bao_cao");
	c.reported_source = csv_column(&sh.csv, "reported_source|nguon_bao_cao");
	c.note = csv_column(&sh.csv, "note|ghi_chu");
	err = fresh_seen(&sh);
	if (!err && c.commune >= 0)
		err = store_units(im->store, UNIT_COMMUNE, NULL, STORE_TODAY, name_one, &c.names);
	if (!err)
		err = sheet_each(&sh, hamlet_row, &c);
	free(c.names.at);
	return sheet_close(&sh, err, "import hamlets");
}

/* --- clusters --- */

struct cluster_columns {
	int hamlet, code, name, lat, lon, population, households;
};

static bool hamlet_there(struct sheet *sh, int column, char out[STORE_CODE])
{
	sheet_name(sh, column, out, STORE_CODE, true);
	if (!*out || db_int(&sh->im->store->meta, 0, "SELECT 1 FROM hamlet WHERE code=?", "t", out))
		return *out;
	sheet_bad(sh, "there is no hamlet %s; import hamlets first", out);
	return false;
}

static int cluster_row(struct sheet *sh, void *arg)
{
	const struct cluster_columns *c = arg;
	struct store *s = sh->im->store;
	struct store_cluster k = { 0 };
	char both[2 * STORE_CODE + 1];
	bool before = false;
	int err = 0;

	hamlet_there(sh, c->hamlet, k.hamlet);
	take_code(sh, c->code, k.code);
	sheet_name(sh, c->name, k.name, sizeof(k.name), false);
	k.has_point = sheet_point(sh, c->lat, c->lon, &k.lat_e7, &k.lon_e7);
	k.population = sheet_number(sh, c->population, "population");
	k.households = sheet_number(sh, c->households, "households");
	snprintf(both, sizeof(both), "%s/%s", k.hamlet, k.code);
	if (*k.code)
		err = seen_before(sh, both, &before);
	if (err || before || sh->row_bad)
		return err;
	sh->im->result.added++;
	err = db_run(&s->meta,
		"INSERT OR REPLACE INTO cluster(hamlet, code, name, population, households) "
		"VALUES(?,?,?,nullif(?,-1),nullif(?,-1))",
		"tttii", k.hamlet, k.code, k.name, k.population, k.households);
	if (!err && k.has_point)
		err = db_run(&s->meta,
			"UPDATE cluster SET lat_e7=?, lon_e7=? WHERE hamlet=? AND code=?", "iitt",
			(int64_t)k.lat_e7, (int64_t)k.lon_e7, k.hamlet, k.code);
	return err;
}

int import_clusters(struct import *im, const char *path)
{
	struct cluster_columns c;
	struct sheet sh;
	int err = sheet_open(&sh, im, path);

	if (err)
		return err;
	c.hamlet = sheet_need(&sh, "hamlet_code|ma_thon");
	c.code = sheet_need(&sh, "cluster_code|code|ma_cum");
	c.name = csv_column(&sh.csv, "cluster|name|ten_cum");
	c.lat = csv_column(&sh.csv, "lat|latitude|vi_do");
	c.lon = csv_column(&sh.csv, "lon|lng|longitude|kinh_do");
	c.population = csv_column(&sh.csv, "population|dan_so");
	c.households = csv_column(&sh.csv, "households|so_ho");
	err = fresh_seen(&sh);
	if (!err)
		err = sheet_each(&sh, cluster_row, &c);
	return sheet_close(&sh, err, "import clusters");
}

/* --- reported --- */

struct reported_columns {
	int hamlet, status, day, source, note;
};

static int reported_row(struct sheet *sh, void *arg)
{
	const struct reported_columns *c = arg;
	char hamlet[STORE_CODE], status[32], source[256], note[256];
	int32_t day;

	hamlet_there(sh, c->hamlet, hamlet);
	sheet_name(sh, c->status, status, sizeof(status), true);
	day = sheet_day(sh, c->day, "reported_on", INT32_MIN);
	sheet_name(sh, c->source, source, sizeof(source), true);
	sheet_name(sh, c->note, note, sizeof(note), false);
	if (sh->row_bad)
		return 0;
	sh->im->result.added++;
	return put_reported(sh->im->store, hamlet, status, day, source, note);
}

int import_reported(struct import *im, const char *path)
{
	struct reported_columns c;
	struct sheet sh;
	int err = sheet_open(&sh, im, path);

	if (err)
		return err;
	c.hamlet = sheet_need(&sh, "hamlet_code|ma_thon");
	c.status = sheet_need(&sh, "reported|tinh_trang_bao_cao");
	c.day = csv_column(&sh.csv, "reported_on|ngay_bao_cao");
	c.source = sheet_need(&sh, "reported_source|nguon_bao_cao");
	c.note = csv_column(&sh.csv, "note|ghi_chu");
	err = sheet_each(&sh, reported_row, &c);
	return sheet_close(&sh, err, "import reported");
}
