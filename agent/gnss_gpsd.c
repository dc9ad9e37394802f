/* SPDX-License-Identifier: Apache-2.0 */
/* What gpsd says, one JSON object a line: gpsd_json(5). */
#include "gnss.h"
#include "../probes/modem/tool.h"
#include <math.h>
#include <string.h>

#define SKY_NS     (5 * NS_PER_S)
#define SPEED_MOST 350.0
#define HDOP_MOST  50.0

/* NaN, which gpsd 3.2 and older print, is no number */
static bool number_in(struct json_object *o, const char *key, double least, double most, double *v)
{
	struct json_object *m = tool_member(o, key, NULL);
	double d;

	if (!json_object_is_type(m, json_type_int) && !json_object_is_type(m, json_type_double))
		return false;
	d = json_object_get_double(m);
	if (!isfinite(d) || d < least || d > most)
		return false;
	*v = d;
	return true;
}

static void take_sky(struct gnss_sky *s, struct json_object *o, int64_t mono_ns)
{
	struct json_object *list = tool_member(o, "satellites", NULL);
	double v;

	s->mono_ns = mono_ns;
	s->used = number_in(o, "uSat", 0, 99, &v) ? (int)v : -1;
	s->hdop = number_in(o, "hdop", 0.1, HDOP_MOST, &v) ? v : NAN;
	if (s->used >= 0 || !json_object_is_type(list, json_type_array))
		return;
	s->used = 0; /* versions before 3.23 leave the counting to others */
	for (size_t i = 0; i < json_object_array_length(list); i++)
		s->used += json_object_get_boolean(
			tool_member(json_object_array_get_idx(list, i), "used", NULL));
}

static void take_accuracy(struct gnss_fix *f, struct json_object *o)
{
	double h, x, y;

	if (number_in(o, "eph", 0, 1e6, &h))
		f->accuracy_m = h;
	else if (number_in(o, "epx", 0, 1e6, &x) && number_in(o, "epy", 0, 1e6, &y))
		f->accuracy_m = hypot(x, y);
	else if (!isnan(f->hdop))
		f->accuracy_m = gnss_accuracy(f->hdop, false);
}

static void take_tpv(
	struct gnss_fix *f, const struct gnss_sky *s, struct json_object *o, int64_t mono_ns)
{
	double mode, status, lat, lon, v;
	int64_t utc_ns;

	gnss_fix_clear(f, mono_ns);
	if (!clock_parse(tool_text(o, "time"), &utc_ns) && utc_ns >= 0) {
		f->utc_ns = utc_ns;
		f->stamp_ns = utc_ns % GNSS_DAY_NS;
	}
	if (mono_ns - s->mono_ns < SKY_NS) {
		f->hdop = s->hdop;
		f->satellites = s->used;
	}
	if (number_in(o, "speed", 0, SPEED_MOST, &v))
		f->speed_mps = v;
	if (number_in(o, "track", 0, 360, &v))
		f->heading_deg = v;
	take_accuracy(f, o);
	/* 5 is dead reckoning, 8 simulated: no satellite says so */
	if (number_in(o, "status", 0, 99, &status) && (status == 5 || status == 8))
		return;
	if (!number_in(o, "mode", GNSS_2D, GNSS_3D, &mode) || !number_in(o, "lat", -90, 90, &lat) ||
		!number_in(o, "lon", -180, 180, &lon) || (lat == 0 && lon == 0))
		return;
	f->mode = (uint8_t)mode;
	f->lat_e7 = (int32_t)lround(lat * 1e7);
	f->lon_e7 = (int32_t)lround(lon * 1e7);
}

bool gnss_gpsd_line(
	struct gnss_fix *f, struct gnss_sky *s, const char *line, size_t n, int64_t mono_ns)
{
	struct json_object *o = tool_json(line, n);
	const char *class = tool_text(o, "class");
	bool tpv = !strcmp(class, "TPV");

	if (tpv)
		take_tpv(f, s, o, mono_ns);
	else if (!strcmp(class, "SKY"))
		take_sky(s, o, mono_ns);
	json_object_put(o);
	return tpv;
}
