/* SPDX-License-Identifier: Apache-2.0 */
/* Which operators can be received here: one record for each cell of a survey, or one that says there was none.  A list
 * of neighbours is no survey: its records have no scan_cells, so that an empty one proves nothing. */
#include "modem/modem.h"
#include "probe.h"
#include <errno.h>
#include <string.h>

struct operators {
	struct modem *modem;
	bool surveying;
	/* while the records of a survey are emitted */
	const struct modem_survey *survey;
	int64_t scan, cells, index, duration_ms;
	bool neighbours;
	int64_t since_ns;
};

static const char *const methods[] = { "auto", "qscan", "cops", "neighbours", NULL };

static const struct setting accept[] = {
	{ .key = "port",
		.type = SETTING_TEXT,
		.meaning = "control port: /dev/ttyUSB2 for AT, mmcli:any for ModemManager, "
			   "uqmi:/dev/cdc-wdm0" },
	{ .key = "method",
		.type = SETTING_TEXT,
		.words = methods,
		.unless = "auto",
		.meaning =
			"auto: the best scan the modem has; qscan; cops; neighbours: what it has "
			"measured anyway, which disturbs nothing and proves no absence" },
	{ .key = "timeout_s",
		.type = SETTING_INT,
		.least = 30,
		.most = 900,
		.unless = "300",
		.unit = "s",
		.meaning = "longest time for one survey; some modems take three minutes" },
	{ 0 },
};

static void common(struct probe *p, struct record *r)
{
	const struct operators *o = probe_state(p);

	record_set_text(r, FIELD_METHOD, o->survey->method);
	record_set_int(r, FIELD_DURATION_MS, o->duration_ms);
	record_set_int(r, FIELD_SCAN, o->scan);
	record_set_int(r, o->neighbours ? FIELD_NEIGHBOURS : FIELD_SCAN_CELLS, o->cells);
	if (o->survey->suspended)
		record_set_bool(r, FIELD_LINE_SUSPENDED, true);
	record_set_bool(r, FIELD_MODEM_HEALTHY, true);
	if (*o->survey->modem)
		record_set_text(r, FIELD_MODEM, o->survey->modem);
}

static void emit_cell(void *arg, const struct record *cell)
{
	struct probe *p = arg;
	struct operators *o = probe_state(p);
	struct record r = *cell, times;

	probe_record(p, &times);
	r.mono_ns = times.mono_ns;
	r.utc_ns = times.utc_ns;
	r.clock = times.clock;
	record_set_text(&r, FIELD_TEST, probe_name(p));
	common(p, &r);
	record_set_int(&r, o->neighbours ? FIELD_NEIGHBOUR_INDEX : FIELD_SCAN_INDEX, o->index++);
	probe_emit(p, &r);
}

static size_t each_cell(
	const struct operators *o, void (*cell)(void *arg, const struct record *r), struct probe *p)
{
	return o->neighbours ? neighbour_cells(o->survey->answer, cell, p)
	                     : survey_cells(o->survey->answer, cell, p);
}

static void surveyed(void *arg, const struct modem_survey *s)
{
	struct probe *p = arg;
	struct operators *o = probe_state(p);
	struct record r;

	o->surveying = false;
	if (s->error) {
		probe_fail(p, -EIO, s->error, "%s", s->sentence);
		return;
	}
	o->survey = s;
	o->index = 0;
	o->scan =
		o->since_ns / NS_PER_S; /* seconds since boot: no two surveys of a boot share it */
	o->duration_ms = (clock_mono() - o->since_ns) / NS_PER_MS;
	o->neighbours = !strcmp(s->method, "neighbours");
	o->cells = (int64_t)each_cell(o, NULL, NULL);
	if (!o->cells) {
		probe_record(p, &r);
		common(p, &r);
		probe_emit(p, &r);
	}
	each_cell(o, emit_cell, p);
	probe_done(p, 0);
}

static int start(struct probe *p)
{
	struct operators *o = probe_state(p);
	int err;

	o->modem = modems_get(probe_world(p)->modems, probe_str(p, "port"));
	o->since_ns = clock_mono();
	err = modem_survey(o->modem, probe_str(p, "method"), probe_int(p, "timeout_s") * NS_PER_S,
		surveyed, p);
	if (!err)
		o->surveying = true;
	return err;
}

static void cancel(struct probe *p)
{
	struct operators *o = probe_state(p);

	if (o->surveying)
		modem_cancel(o->modem, p);
	o->surveying = false;
	probe_done(p, -ECANCELED);
}

extern const struct probe_type operators_probe;
const struct probe_type operators_probe = {
	.name = "operators",
	.needs = PROBE_MODEM | PROBE_EXCLUSIVE, /* +COPS=? may interrupt data */
	.accept = accept,
	.state_size = sizeof(struct operators),
	.start = start,
	.cancel = cancel,
};
