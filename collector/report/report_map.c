/* SPDX-License-Identifier: Apache-2.0 */
/* Equirectangular, true at the middle latitude: good enough for a page, and anybody can check it. */
#include "report.h"

#include "../i18n.h"
#include "markup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 640.0
#define INSET 220.0
/* The country with both archipelagos. */
#define COUNTRY \
	{ \
		102.0, 6.0, 118.0, 23.6, 0, 0, 0 \
	}
#define HOANG_SA_UNIT  "20333"
#define TRUONG_SA_UNIT "22736"

struct frame {
	double west, south, east, north;
	double scale, squeeze, height; /* pixels a degree of latitude; cosine; pixels */
};

struct spot {
	double x, y;
};

static void fit(struct frame *f, double width)
{
	f->squeeze = cos((f->south + f->north) / 2 * M_PI / 180);
	f->scale = width / ((f->east - f->west) * f->squeeze);
	f->height = (f->north - f->south) * f->scale;
}

static struct spot at(const struct frame *f, double lon, double lat)
{
	return (struct spot){ (lon - f->west) * f->squeeze * f->scale,
		(f->north - lat) * f->scale };
}

static void put_path(
	struct buf *out, const struct frame *f, const struct boundary *b, const char *class)
{
	size_t i = 0;

	buf_printf(out, "<path class=\"%s\" d=\"", class);
	for (size_t ring = 0; ring < b->rings; ring++) {
		struct spot last = { -1e9, -1e9 };
		bool begun = false;

		for (; i < b->ends[ring]; i++) {
			struct spot s = at(f, b->points[i].lon, b->points[i].lat);

			/* closer than half a pixel is not seen */
			if (begun && fabs(s.x - last.x) < 0.5 && fabs(s.y - last.y) < 0.5)
				continue;
			buf_printf(out, "%c%.1f %.1f", begun ? 'L' : 'M', s.x, s.y);
			last = s;
			begun = true;
		}
		buf_puts(out, "Z");
	}
	buf_puts(out, "\"/>\n");
}

static void put_label(struct buf *out, const struct frame *f, const struct report *r,
	const char *unit, double lon, double lat, enum i18n_key name)
{
	const struct boundaries *b = r->boundaries;
	const struct boundary *u = b ? boundaries_named(b->communes, b->commune_count, unit) : NULL;
	struct spot s =
		at(f, u ? (u->west + u->east) / 2 : lon, u ? (u->south + u->north) / 2 : lat);

	if (u)
		put_path(out, f, u, "isle");
	buf_printf(out,
		"<circle class=\"isle\" cx=\"%.1f\" cy=\"%.1f\" r=\"1.5\"/><text x=\"%.1f\" "
		"y=\"%.1f\" text-anchor=\"middle\">",
		s.x, s.y, s.x, s.y - 4);
	markup(out, i18n(name, r->lang));
	buf_puts(out, "</text>\n");
}

static void put_country(struct buf *out, const struct frame *f, const struct report *r)
{
	for (size_t i = 0; i < r->boundaries->province_count; i++) {
		const struct boundary *p = &r->boundaries->provinces[i];

		put_path(out, f, p, !strcmp(p->code, r->province_code) ? "unit here" : "unit");
	}
	put_label(out, f, r, HOANG_SA_UNIT, 112.0, 16.4, TR_HOANG_SA);
	put_label(out, f, r, TRUONG_SA_UNIT, 113.8, 9.5, TR_TRUONG_SA);
}

/* Told apart by shape as well as by colour. */
static void put_signs(struct buf *out)
{
	static const char *const sign[TRUTH_STATUSES] = {
		"<circle r=\"5\" fill=\"#b2182b\"/><path d=\"M-2-2 2 2M2-2-2 2\" stroke=\"#fff\"/>",
		"<circle r=\"4.5\" fill=\"#fff\" stroke=\"#d95f02\"/><path d=\"M0 4.5A4.5 4.5 0 0 "
		"1 0-4.5Z\" fill=\"#d95f02\"/>",
		"<circle r=\"5\" fill=\"#6a3d9a\"/><path d=\"M-3 1-1-2 1 2 3-1\" fill=\"none\" "
		"stroke=\"#fff\"/>",
		"<circle r=\"5\" fill=\"#a67c00\"/><path d=\"M-2 2V0M0 2V-1\" stroke=\"#fff\"/>",
		"<circle r=\"5\" fill=\"#1a7f37\"/><path d=\"M-2 0-.5 2 2.5-2.5\" fill=\"none\" "
		"stroke=\"#fff\"/>",
		"<circle r=\"4.5\" fill=\"#fff\" stroke=\"#5b6770\" stroke-dasharray=\"2 1.5\"/>",
		"<rect x=\"-4.5\" y=\"-4.5\" width=\"9\" height=\"9\" fill=\"#3b4148\"/><path "
		"d=\"M-2.5 0H2.5\" stroke=\"#fff\"/>",
	};

	buf_puts(out, "<defs>");
	for (int i = 0; i < TRUTH_STATUSES; i++)
		buf_printf(out, "<g id=\"%s\">%s</g>", truth_status_name[i], sign[i]);
	buf_puts(out, "</defs>\n");
}

static void put_hamlets(struct buf *out, const struct frame *f, const struct report *r)
{
	for (size_t i = 0; i < r->hamlets; i++) {
		const struct report_hamlet *h = &r->hamlet[i];
		struct spot s;

		if (!h->hamlet.has_point || !h->rows)
			continue;
		s = at(f, h->hamlet.lon_e7 / 1e7, h->hamlet.lat_e7 / 1e7);
		buf_printf(out, "<use href=\"#%s\" x=\"%.1f\" y=\"%.1f\"><title>",
			truth_status_name[h->row[0].row.status], s.x, s.y);
		markup(out, h->hamlet.name);
		buf_puts(out, ": ");
		markup(out, i18n_status(truth_status_name[h->row[0].row.status], r->lang));
		buf_puts(out, "</title></use>\n");
	}
}

static void begin_svg(
	struct buf *out, const struct report *r, double width, double height, const char *class)
{
	buf_printf(out, "<svg class=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"",
		class, width, ceil(height));
	markup(out, i18n(TR_MAP, r->lang));
	buf_puts(out, "\">\n");
}

void report_map(struct buf *out, const struct report *r)
{
	struct frame country = COUNTRY, f = COUNTRY;
	const struct boundary *here;

	if (!r->boundaries)
		return;
	here = *r->province_code ? boundaries_named(r->boundaries->provinces,
					   r->boundaries->province_count, r->province_code)
	                         : NULL;
	if (here) {
		f = (struct frame){ here->west, here->south, here->east, here->north, 0, 0, 0 };
		fit(&f, WIDTH);
		begin_svg(out, r, WIDTH, f.height, "map");
		put_signs(out);
		for (size_t i = 0; i < r->boundaries->commune_count; i++)
			if (!strcmp(r->boundaries->communes[i].province, r->province_code))
				put_path(out, &f, &r->boundaries->communes[i], "unit");
		put_hamlets(out, &f, r);
		buf_puts(out, "</svg>\n");
	}
	fit(&country, here ? INSET : WIDTH);
	begin_svg(out, r, here ? INSET : WIDTH, country.height, here ? "map inset" : "map");
	if (!here)
		put_signs(out);
	put_country(out, &country, r);
	if (!here)
		put_hamlets(out, &country, r);
	buf_puts(out, "</svg>\n");
}
