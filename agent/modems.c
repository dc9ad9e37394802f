/* SPDX-License-Identifier: Apache-2.0 */
/* Modems as the configuration wants them: what they do by themselves is told as records of kind event. */
#include "daemon.h"
#include "../probes/modem/modem.h"
#include <stdlib.h>
#include <string.h>

static void tell(
	void *arg, const char *event, const char *step, const char *outcome, const char *sentence)
{
	daemon_event(arg, event, step, outcome, "%s", sentence);
}

/* What asks the modem itself does not use the line. */
static bool idle(void *arg)
{
	const struct daemon *d = arg;
	struct schedule_entry e;

	for (size_t i = 0; d->schedule && i < schedule_count(d->schedule); i++) {
		schedule_entry(d->schedule, i, &e);
		if (e.running && !(probe_type_named(e.kind)->needs & PROBE_MODEM))
			return false;
	}
	return true;
}

static void words(const struct settings *s, const char *key, const char *out[MODEM_ARGV])
{
	for (size_t i = 0; i < settings_count(s, key) && i < MODEM_ARGV - 1; i++)
		out[i] = settings_text_at(s, key, i);
}

static int named(const char *const *names, const char *name)
{
	int i = 0;

	while (names[i] && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* A secret that needs no file of its own: signatures of Ed25519 are the same each time (RFC 8032). */
static bool salt(const struct daemon *d, uint64_t *out)
{
	static const char what[] = "phusong salt of SIM hashes";
	uint8_t signature[SIGNATURE];

	if (identity_sign(d->identity, what, sizeof(what), signature))
		return false;
	memcpy(out, signature, sizeof(*out));
	return true;
}

static void look_at_credit(struct daemon *d, const struct modem *m)
{
	struct modem_hints h;
	int64_t asked;

	modem_hints(m, &h);
	if (!h.credit || h.credit_age_s < 0)
		return;
	asked = clock_mono() / NS_PER_S - h.credit_age_s;
	if (llabs(asked - d->credit_asked_s) <= 2)
		return;
	d->credit_asked_s = asked;
	access_credit(d->access, strcmp(h.credit, "none") ? h.credit : "used_up", clock_mono());
}

void daemon_look_at_modems(struct daemon *d)
{
	const char *port = first_modem_port(d->conf);
	const struct modem *m;
	uint64_t sim = 0, key;

	if (!*port)
		return;
	m = modems_get(d->world.modems, port);
	look_at_credit(d, m);
	if (!salt(d, &key) || !modem_sim(m, key, &sim) || sim == d->sim)
		return;
	d->sim = sim;
	daemon_sim(d, sim);
}

void daemon_modems(struct daemon *d)
{
	const struct settings *s = conf_section(d->conf, "modem");
	struct modem_options o = {
		.state = settings_text(conf_section(d->conf, "agent"), "state"),
		.sysfs = settings_text(s, "sysfs"),
		.after_rounds = (unsigned)settings_int(s, "recover_after"),
		.pause_ns = settings_int(s, "recover_pause_s") * NS_PER_S,
		.settle_ns = settings_int(s, "recover_settle_s") * NS_PER_S,
		.per_day = (unsigned)settings_int(s, "recover_per_day"),
		.suspend =
			(enum modem_suspend)named(modem_suspend_name, settings_text(s, "suspend")),
		.suspend_limit_ns = settings_int(s, "suspend_limit_s") * NS_PER_S,
		.network_time = settings_bool(s, "network_time"),
		.balance_code = settings_text(s, "balance_code"),
		.balance_pattern = settings_text(s, "balance_pattern"),
		.balance_low = settings_int(s, "balance_low"),
		.balance_every_ns = settings_int(s, "balance_hours") * 3600 * NS_PER_S,
		.tell = tell,
		.idle = idle,
		.arg = d,
	};

	o.step_count = settings_count(s, "recover");
	for (size_t i = 0; i < o.step_count; i++)
		o.steps[i] =
			(enum modem_step)named(modem_step_name, settings_text_at(s, "recover", i));
	words(s, "recover_command", o.recover_command);
	words(s, "suspend_command", o.suspend_command);
	words(s, "resume_command", o.resume_command);
	modems_setup(d->world.modems, &o);
}
