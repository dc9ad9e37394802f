/* SPDX-License-Identifier: Apache-2.0 */
/* Administrative units, hamlets, clusters, networks: out of meta.db. */
#include "inside.h"

#include <errno.h>

#define UNIT_COLUMNS \
	"level, code, parent, name, full_name, name_en, type, area_km2, population, lat, lon, " \
	"valid_from, valid_to FROM unit "

static void unit_get(sqlite3_stmt *st, struct store_unit *u)
{
	*u = (struct store_unit){ .level = (uint8_t)sqlite3_column_int(st, 0),
		.area_km2 = -1,
		.population = -1,
		.lat = sqlite3_column_double(st, 9),
		.lon = sqlite3_column_double(st, 10),
		.from = sqlite3_column_int(st, 11),
		.to = sqlite3_column_int(st, 12) };
	db_text(st, 1, u->code, sizeof(u->code));
	db_text(st, 2, u->parent, sizeof(u->parent));
	db_text(st, 3, u->name, sizeof(u->name));
	db_text(st, 4, u->full_name, sizeof(u->full_name));
	db_text(st, 5, u->name_en, sizeof(u->name_en));
	db_text(st, 6, u->type, sizeof(u->type));
	if (sqlite3_column_type(st, 7) != SQLITE_NULL)
		u->area_km2 = sqlite3_column_double(st, 7);
	if (sqlite3_column_type(st, 8) != SQLITE_NULL)
		u->population = sqlite3_column_int64(st, 8);
}

/* STORE_TODAY is INT32_MAX, which is also the end of what is valid still: hence <= for it. */
#define VALID "valid_from<=?2 AND (valid_to>?2 OR valid_to=2147483647)"

int store_unit(struct store *s, enum unit_level level, const char *code, int32_t day,
	struct store_unit *out)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT " UNIT_COLUMNS "WHERE level=?1 AND " VALID " AND code=?3", "iit",
		(int64_t)level, (int64_t)day, code);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		unit_get(st, out);
		err = 0;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

int store_units(struct store *s, enum unit_level level, const char *parent, int32_t day,
	int (*each)(void *arg, const struct store_unit *u), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT " UNIT_COLUMNS "WHERE level=?1 AND " VALID
		" AND (?3 IS NULL OR parent=?3) ORDER BY code",
		"iit", (int64_t)level, (int64_t)day, parent);
	struct store_unit u;
	int err = 0, ended;

	while (!err && db_row(st)) {
		unit_get(st, &u);
		err = each(arg, &u);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

int store_formers(struct store *s, const char *former, const char *now,
	int (*each)(void *arg, const struct store_former *f), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT code, name, district, province_code, province, now, split FROM former"
		" WHERE (?1 IS NULL OR code=?1) AND (?2 IS NULL OR now=?2) ORDER BY code, now",
		"tt", former, now);
	struct store_former f;
	int err = 0, ended;

	while (!err && db_row(st)) {
		db_text(st, 0, f.code, sizeof(f.code));
		db_text(st, 1, f.name, sizeof(f.name));
		db_text(st, 2, f.district, sizeof(f.district));
		db_text(st, 3, f.province_code, sizeof(f.province_code));
		db_text(st, 4, f.province, sizeof(f.province));
		db_text(st, 5, f.now, sizeof(f.now));
		f.split = sqlite3_column_int(st, 6);
		err = each(arg, &f);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

#define HAMLET_COLUMNS \
	"code, name, commune, province, former_commune, lat_e7, lon_e7, population, households, " \
	"population_source, grid_power," \
	" valid_from, valid_to, status, as_of, source FROM hamlet LEFT JOIN reported ON " \
	"reported.hamlet=hamlet.code "

static int64_t column(sqlite3_stmt *st, int i, int64_t absent)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? absent : sqlite3_column_int64(st, i);
}

static void hamlet_get(sqlite3_stmt *st, struct store_hamlet *h)
{
	*h = (struct store_hamlet){ .lat_e7 = sqlite3_column_int(st, 5),
		.lon_e7 = sqlite3_column_int(st, 6),
		.has_point = sqlite3_column_type(st, 5) != SQLITE_NULL,
		.population = column(st, 7, -1),
		.households = column(st, 8, -1),
		.from = (int32_t)column(st, 11, 0),
		.to = (int32_t)column(st, 12, INT32_MAX),
		.reported_on = (int32_t)column(st, 14, INT32_MIN) };
	db_text(st, 0, h->code, sizeof(h->code));
	db_text(st, 1, h->name, sizeof(h->name));
	db_text(st, 2, h->commune, sizeof(h->commune));
	db_text(st, 3, h->province, sizeof(h->province));
	db_text(st, 4, h->former_commune, sizeof(h->former_commune));
	db_text(st, 9, h->population_source, sizeof(h->population_source));
	db_text(st, 10, h->grid_power, sizeof(h->grid_power));
	db_text(st, 13, h->reported, sizeof(h->reported));
	db_text(st, 15, h->reported_source, sizeof(h->reported_source));
}

int store_hamlet(struct store *s, const char *code, struct store_hamlet *out)
{
	sqlite3_stmt *st = db_query(&s->meta, "SELECT " HAMLET_COLUMNS "WHERE code=?", "t", code);
	int err = -ENOENT, ended;

	if (db_row(st)) {
		hamlet_get(st, out);
		err = 0;
	}
	ended = db_end(&s->meta, st);
	return ended ? ended : err;
}

int store_hamlets(struct store *s, const char *province, const char *commune,
	int (*each)(void *arg, const struct store_hamlet *h), void *arg)
{
	sqlite3_stmt *st;
	struct store_hamlet h;
	int err = 0, ended;

	if (commune)
		st = db_query(&s->meta,
			"SELECT " HAMLET_COLUMNS
			"WHERE commune=?1 AND (?2 IS NULL OR province=?2) ORDER BY code",
			"tt", commune, province);
	else if (province)
		st = db_query(&s->meta, "SELECT " HAMLET_COLUMNS "WHERE province=? ORDER BY code",
			"t", province);
	else
		st = db_query(&s->meta, "SELECT " HAMLET_COLUMNS "ORDER BY code", "");
	while (!err && db_row(st)) {
		hamlet_get(st, &h);
		err = each(arg, &h);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

int store_clusters(struct store *s, const char *hamlet,
	int (*each)(void *arg, const struct store_cluster *c), void *arg)
{
	sqlite3_stmt *st = db_query(&s->meta,
		"SELECT hamlet, code, name, lat_e7, lon_e7, population, households FROM cluster "
		"WHERE ?1 IS NULL OR hamlet=?1 ORDER BY hamlet, code",
		"t", hamlet);
	struct store_cluster c;
	int err = 0, ended;

	while (!err && db_row(st)) {
		c = (struct store_cluster){ .lat_e7 = sqlite3_column_int(st, 3),
			.lon_e7 = sqlite3_column_int(st, 4),
			.has_point = sqlite3_column_type(st, 3) != SQLITE_NULL,
			.population = column(st, 5, -1),
			.households = column(st, 6, -1) };
		db_text(st, 0, c.hamlet, sizeof(c.hamlet));
		db_text(st, 1, c.code, sizeof(c.code));
		db_text(st, 2, c.name, sizeof(c.name));
		err = each(arg, &c);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}

int store_operators(
	struct store *s, int (*each)(void *arg, const struct store_operator *o), void *arg)
{
	sqlite3_stmt *st = db_query(
		&s->meta, "SELECT plmn, brand, name, status FROM operator ORDER BY plmn", "");
	struct store_operator o;
	int err = 0, ended;

	while (!err && db_row(st)) {
		db_text(st, 0, o.plmn, sizeof(o.plmn));
		db_text(st, 1, o.brand, sizeof(o.brand));
		db_text(st, 2, o.name, sizeof(o.name));
		db_text(st, 3, o.status, sizeof(o.status));
		err = each(arg, &o);
	}
	ended = db_end(&s->meta, st);
	return err ? err : ended;
}
