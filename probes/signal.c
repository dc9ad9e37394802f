/* SPDX-License-Identifier: Apache-2.0 */
/* What the modem receives now: one round of questions, one record. */
#include "modem/modem.h"
#include "probe.h"
#include <errno.h>

struct signal {
	struct modem *modem;
	bool reading;
};

static const struct setting accept[] = {
	{ .key = "port",
		.type = SETTING_TEXT,
		.meaning = "control port: /dev/ttyUSB2 for AT, mmcli:any for ModemManager, "
			   "uqmi:/dev/cdc-wdm0" },
	{ .key = "timeout_s",
		.type = SETTING_INT,
		.least = 2,
		.most = 120,
		.unless = "20",
		.unit = "s",
		.meaning = "longest time for one round" },
	{ .key = "quick",
		.type = SETTING_BOOL,
		.unless = "false",
		.meaning = "only registration and the levels of the serving cell, for aiming an "
			   "antenna twice a second" },
	{ 0 },
};

static void read_done(void *arg, const struct record *r)
{
	struct probe *p = arg;
	struct signal *s = probe_state(p);
	struct record out = *r;

	s->reading = false;
	record_set_text(&out, FIELD_TEST, probe_name(p));
	probe_emit(p, &out);
	probe_done(p, record_has(r, FIELD_ERROR) ? -ENODEV : 0);
}

static int start(struct probe *p)
{
	struct signal *s = probe_state(p);
	int err;

	s->modem = modems_get(probe_world(p)->modems, probe_str(p, "port"));
	err = (settings_bool(probe_settings(p), "quick") ? modem_read_quick : modem_read)(
		s->modem, probe_int(p, "timeout_s") * NS_PER_S, read_done, p);
	if (!err)
		s->reading = true;
	return err;
}

static void cancel(struct probe *p)
{
	struct signal *s = probe_state(p);

	if (s->reading)
		modem_cancel(s->modem, p);
	s->reading = false;
	probe_done(p, -ECANCELED);
}

extern const struct probe_type signal_probe;
const struct probe_type signal_probe = {
	.name = "signal",
	.needs = PROBE_MODEM | PROBE_LOADED,
	.accept = accept,
	.state_size = sizeof(struct signal),
	.start = start,
	.cancel = cancel,
};
