/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon tells to those beside it: a light, and a file for Prometheus. */
#include "command.h"
#include "daemon.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define COMMAND_WORDS 32

void daemon_signs_open(struct daemon *d)
{
	const struct settings *led = conf_section(d->conf, "led"),
			      *file = conf_section(d->conf, "textfile");
	const char *command[COMMAND_WORDS + 1] = { NULL };
	size_t n = settings_count(led, "command");

	for (size_t i = 0; i < n && i < COMMAND_WORDS; i++)
		command[i] = settings_text_at(led, "command", i);
	if (n || *settings_text(led, "path"))
		led_new(&d->led, d->world.loop,
			&(struct led_options){
				.path = settings_text(led, "path"), .command = command });
	snprintf(d->textfile.path, sizeof(d->textfile.path), "%s", settings_text(file, "path"));
	d->textfile.every_ns = settings_int(file, "interval_s") * NS_PER_S;
	d->temperature_c = NAN;
}

static void show_light(struct daemon *d, const struct uplink_status *u, int64_t now_ns)
{
	int64_t since = u->last_receipt_mono ? u->last_receipt_mono : d->started_ns;

	led_show(d->led,
		led_pattern_of(
			access_state(d->access), u->journal.waiting, (now_ns - since) / NS_PER_S),
		access_state(d->access));
}

static void write_file(struct daemon *d, const struct uplink_status *u, int64_t now_ns)
{
	struct textfile_facts f = { .probe = d->probe,
		.version = phusong_version,
		.simulated = d->simulated,
		.running_s = (now_ns - d->started_ns) / NS_PER_S,
		.state = access_state(d->access),
		.state_s =
			access_since(d->access) ? (now_ns - access_since(d->access)) / NS_PER_S : 0,
		.has_broker = d->brokers[0] != NULL,
		.uplink = u,
		.budget = &d->budget,
		.signal = &d->world.last_signal,
		.schedule = d->schedule,
		.last = d->last,
		.temperature_c = d->temperature_c,
		.mono_ns = now_ns };
	int err;

	clock_read(&f.clock);
	err = textfile_write(&d->textfile, &f, clock_loop());
	if (err)
		log_complain(&d->textfile_complaint, clock_loop(), "textfile", "%s: %s",
			d->textfile.path, strerror(-err));
	else
		log_recovered(&d->textfile_complaint, "textfile", d->textfile.path);
}

void daemon_signs(struct daemon *d)
{
	struct uplink_status u;
	bool due = textfile_due(&d->textfile, clock_loop());

	if (!d->led && !due)
		return;
	uplink_status(d->uplink, &u);
	if (d->led)
		show_light(d, &u, clock_mono());
	if (due)
		write_file(d, &u, clock_mono());
}

void daemon_signs_close(struct daemon *d)
{
	led_free(d->led);
	d->led = NULL;
	textfile_end(&d->textfile);
}
