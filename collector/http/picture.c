/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include "../../probes/core/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const page_statuses[STATUSES] = { "no_signal", "partial", "unstable", "weak", "silent",
	"unmeasured", "covered" };

unsigned status_index(const char *status)
{
	for (unsigned i = 0; i < STATUSES; i++)
		if (!strcmp(page_statuses[i], status))
			return i;
	return STATUSES - 2; /* unmeasured */
}

/* --- texts: names are short and there are many, so they lie back to back ---------------------------- */

#define TEXT_BLOCK 65536

struct picture_texts {
	struct picture_texts *next;
	size_t used;
	char bytes[TEXT_BLOCK];
};

static const char *keep(struct picture *p, const char *text)
{
	size_t n = strlen(text) + 1; /* far below a block: codes and names are bounded */
	struct picture_texts *t = p->texts;

	if (n == 1)
		return "";
	if (!t || t->used + n > TEXT_BLOCK) {
		t = mem_grow(NULL, 1, sizeof(*t));
		t->next = p->texts;
		t->used = 0;
		p->texts = t;
	}
	memcpy(t->bytes + t->used, text, n);
	t->used += n;
	return t->bytes + t->used - n;
}

void picture_free(struct picture *p)
{
	if (!p)
		return;
	for (struct picture_texts *t = p->texts, *next; t; t = next) {
		next = t->next;
		free(t);
	}
	free(p->hamlets);
	free(p->points);
	free(p->provinces);
	free(p);
}

/* --- hamlets and their status ------------------------------------------------------------------------ */

static int add_hamlet(void *arg, const struct store_hamlet *h)
{
	struct picture *p = arg;
	struct picture_hamlet *to;

	if (p->count % 4096 == 0)
		p->hamlets = mem_grow(p->hamlets, p->count + 4096, sizeof(*p->hamlets));
	to = &p->hamlets[p->count++];
	*to = (struct picture_hamlet){ .code = keep(p, h->code),
		.name = keep(p, h->name),
		.reported = keep(p, h->reported),
		.status = "unmeasured",
		.since_ns = UTC_UNKNOWN,
		.population = h->population,
		.has_point = h->has_point,
		.lat_e7 = h->lat_e7,
		.lon_e7 = h->lon_e7 };
	snprintf(to->commune, sizeof(to->commune), "%.7s", h->commune);
	snprintf(to->province, sizeof(to->province), "%.7s", h->province);
	return 0;
}

static int by_code(const void *a, const void *b)
{
	return strcmp(
		((const struct picture_hamlet *)a)->code, ((const struct picture_hamlet *)b)->code);
}

static struct picture_hamlet *find(const struct picture *p, const char *code)
{
	struct picture_hamlet key = { .code = code };

	return p->count ? bsearch(&key, p->hamlets, p->count, sizeof(key), by_code) : NULL;
}

const struct picture_hamlet *picture_hamlet(const struct picture *p, const char *code)
{
	return find(p, code);
}

static int add_status(void *arg, const struct truth_row *row)
{
	struct picture_hamlet *h = find(arg, row->hamlet);

	if (!h)
		return 0;
	h->status = truth_status_name[row->status];
	h->grade = row->grade == '-' ? 0 : row->grade;
	h->since_ns = row->since > 0 ? (int64_t)row->since * STORE_DAY_NS : UTC_UNKNOWN;
	h->simulated = row->simulated;
	return 0;
}

static void add_points(struct picture *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->hamlets[i].has_point;
	p->points = mem_grow(NULL, n ? n : 1, sizeof(*p->points));
	for (size_t i = 0; i < p->count; i++) {
		const struct picture_hamlet *h = &p->hamlets[i];

		if (h->has_point)
			p->points[p->point_count++] = (struct tile_hamlet){ .code = h->code,
				.name = h->name,
				.status = h->status,
				.rank = status_index(h->status),
				.simulated = h->simulated,
				.at = mvt_project(h->lat_e7 / 1e7, h->lon_e7 / 1e7) };
	}
}

/* --- counts ------------------------------------------------------------------------------------------- */

static int by_province(const void *a, const void *b)
{
	return strcmp(((const struct picture_counts *)a)->province,
		((const struct picture_counts *)b)->province);
}

static struct picture_counts *province_of(struct picture *p, const char *code)
{
	struct picture_counts *c;

	for (size_t i = 0; i < p->province_count; i++) /* some dozens */
		if (!strcmp(p->provinces[i].province, code))
			return &p->provinces[i];
	p->provinces = mem_grow(p->provinces, p->province_count + 1, sizeof(*p->provinces));
	c = &p->provinces[p->province_count++];
	*c = (struct picture_counts){ .hamlets = 0 };
	snprintf(c->province, sizeof(c->province), "%s", code);
	return c;
}

static void add_counts(struct picture *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct picture_counts *c = province_of(p, p->hamlets[i].province);
		unsigned status = status_index(p->hamlets[i].status);

		c->hamlets++;
		c->by_status[status]++;
		p->all.hamlets++;
		p->all.by_status[status]++;
	}
	if (p->province_count)
		qsort(p->provinces, p->province_count, sizeof(*p->provinces), by_province);
}

const struct picture_counts *picture_counts(const struct picture *p, const char *province)
{
	static const struct picture_counts none = { .hamlets = 0 };
	const struct picture_counts *found = NULL;
	struct picture_counts key;

	if (!province)
		return &p->all;
	snprintf(key.province, sizeof(key.province), "%s", province);
	if (p->province_count)
		found = bsearch(&key, p->provinces, p->province_count, sizeof(key), by_province);
	return found ? found : &none;
}

int picture_make(struct picture **out, struct store *s, struct truth *t, const char *technology)
{
	const struct truth_query best = { .plmn = "*", .technology = technology };
	struct picture *p = mem_new(sizeof(*p));
	int err = store_hamlets(s, NULL, NULL, add_hamlet, p);

	if (!err && p->count)
		qsort(p->hamlets, p->count, sizeof(*p->hamlets), by_code);
	if (!err && t)
		err = truth_rows(t, &best, add_status, p);
	if (err) {
		picture_free(p);
		return err;
	}
	add_points(p);
	add_counts(p);
	*out = p;
	return 0;
}
