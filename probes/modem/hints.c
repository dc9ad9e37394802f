/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked now and then beside measuring: network time, the balance, and whether the SIM is another one. */
#include "modem_inside.h"
#include "nitz.h"
#include "ussd.h"
#include "../core/log.h"
#include "../core/mem.h"
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define DAY_NS          (86400 * NS_PER_S)
#define CLOCK_EVERY_NS  (3600 * NS_PER_S)
#define CLOCK_LIMIT_NS  (15 * NS_PER_S)
#define CREDIT_LIMIT_NS (90 * NS_PER_S)
#define CREDIT_FIRST_NS \
	(600 * NS_PER_S) /* not at once: the first hour of an installation is watched */

/* --- which SIM ------------------------------------------------------------------------------------------------ */
bool modem_sim(const struct modem *m, uint64_t salt, uint64_t *hash)
{
	uint8_t key[8], out[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!*m->imsi)
		return false;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(salt >> (56 - 8 * i));
	if (!HMAC(EVP_sha256(), key, sizeof(key), (const uint8_t *)m->imsi, strlen(m->imsi), out,
		    &n) ||
		n < 8)
		return false;
	*hash = 0;
	for (size_t i = 0; i < 8; i++)
		*hash = *hash << 8 | out[i];
	OPENSSL_cleanse(out, sizeof(out));
	return true;
}

/* "sim-ttyUSB2", "sim-any": one file for each port */
static void file_of(const struct modem *m, char *out, size_t room)
{
	const char *name = strrchr(m->port, '/');
	char file[80];

	if (!name)
		name = strrchr(m->port, ':');
	snprintf(file, sizeof(file), "sim-%.60s", name ? name + 1 : m->port);
	modems_path(m->all, file, out, room);
}

static const char *credit_word(const struct modem *m, int64_t vnd)
{
	return vnd < 0                             ? "unknown"
	       : vnd == 0                          ? "none"
	       : vnd < m->all->options.balance_low ? "low"
	                                           : "ok";
}

/* salt and hash of the SIM, when the balance was asked (UTC, 0 unknown), and what it was */
void hints_load(struct modem *m)
{
	struct hints *h = &m->hints;
	char path[512];
	int64_t asked = 0, vnd = -1;
	FILE *f;

	h->balance_vnd = -1;
	file_of(m, path, sizeof(path));
	f = *path ? fopen(path, "re") : NULL;
	if (f && fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNd64 " %" SCNd64, &h->sim_salt,
			 &h->sim_hash, &asked, &vnd) >= 2) {
		h->sim_known = true;
		h->credit_asked_utc_s = asked > 0 ? asked : 0;
		h->balance_vnd = asked > 0 ? vnd : -1;
		h->credit = asked > 0 ? credit_word(m, vnd) : NULL;
	}
	if (f)
		fclose(f);
}

static void save(const struct modem *m)
{
	const struct hints *h = &m->hints;
	char path[512], text[120];

	file_of(m, path, sizeof(path));
	snprintf(text, sizeof(text), "%" PRIx64 " %" PRIx64 " %" PRId64 " %" PRId64, h->sim_salt,
		h->sim_hash, h->credit_asked_utc_s, h->balance_vnd);
	modems_keep(path, text, false); /* lost in a power cut it is learnt again */
}

static void look_at_sim(struct modem *m)
{
	struct hints *h = &m->hints;
	uint64_t hash;

	if (!h->sim_known && getrandom(&h->sim_salt, sizeof(h->sim_salt), GRND_NONBLOCK) !=
				     (ssize_t)sizeof(h->sim_salt))
		return;
	if (!modem_sim(m, h->sim_salt, &hash) || (h->sim_known && hash == h->sim_hash))
		return;
	if (h->sim_known) {
		h->sim_changed_ns = clock_mono();
		h->credit = NULL; /* of another SIM */
		h->credit_asked_ns = h->credit_asked_utc_s = 0;
		h->balance_vnd = -1;
	}
	h->sim_known = true;
	h->sim_hash = hash;
	save(m);
}

/* --- network time ------------------------------------------------------------------------------------------------ */
static void clock_answered(void *arg, const struct backend_answer *a)
{
	struct modem *m = container_of((struct hints *)arg, struct modem, hints);
	int64_t utc_ns, mono_ns = clock_mono();
	const char *why = NULL;

	m->hints.clock_running = false;
	if (a->error)
		log_debug("modem", "%s: network time: %s", m->port, a->error);
	else if (nitz_parse(a->text, &utc_ns, &why))
		clock_told(CLOCK_NETWORK, utc_ns, mono_ns, NITZ_ERROR_US);
	else
		log_debug("modem", "%s: network time: %s", m->port, why);
}

static void ask_clock(struct modem *m)
{
	struct hints *h = &m->hints;
	struct clock_state now;

	if (!m->all->options.network_time || h->clock_running || !modem_can(m, TALK_CLOCK) ||
		(h->clock_asked_ns && clock_mono() - h->clock_asked_ns < CLOCK_EVERY_NS))
		return;
	clock_read(&now);
	if (now.source == CLOCK_NTP || now.source == CLOCK_GNSS)
		return;
	h->clock_asked_ns = clock_mono();
	h->clock_running = true;
	modem_talk(m, TALK_CLOCK, NULL, CLOCK_LIMIT_NS, clock_answered, h);
}

/* --- balance --------------------------------------------------------------------------------------------------------- */
static int64_t utc_s(void)
{
	struct clock_state now;

	clock_read(&now);
	return now.utc_ns == UTC_UNKNOWN ? 0 : now.utc_ns / NS_PER_S;
}

static void credit_answered(void *arg, const struct backend_answer *a)
{
	struct modem *m = container_of((struct hints *)arg, struct modem, hints);
	const struct modem_options *o = &m->all->options;
	struct hints *h = &m->hints;
	char text[USSD_TEXT];

	h->credit_running = false;
	h->balance_vnd = -1;
	if (a->error || !ussd_text(a->text, text) ||
		!ussd_balance(text, o->balance_pattern, &h->balance_vnd))
		h->balance_vnd = -1;
	h->credit = credit_word(m, h->balance_vnd);
	if (h->balance_vnd >= 0)
		modems_tell(m->all, "credit", "balance", "ok", "%s: %" PRId64 " VND", h->credit,
			h->balance_vnd);
	else
		modems_tell(m->all, "credit", "balance", "failed", "%s",
			a->error ? a->sentence : "the answer names no sum that the pattern finds");
	save(m);
}

static bool credit_is_due(const struct modem *m)
{
	const struct hints *h = &m->hints;
	int64_t every = m->all->options.balance_every_ns, now = utc_s();

	if (h->credit_asked_ns)
		return clock_mono() - h->credit_asked_ns >= every;
	if (clock_mono() - m->all->set_up_ns < CREDIT_FIRST_NS && every > CREDIT_FIRST_NS)
		return false;
	/* asked before this start: without a clock nobody knows how long ago */
	return !h->credit_asked_utc_s || (now && now - h->credit_asked_utc_s >= every / NS_PER_S);
}

static void ask_credit(struct modem *m)
{
	const struct modem_options *o = &m->all->options;
	struct hints *h = &m->hints;

	if (!o->balance_code || !*o->balance_code || h->credit_running || !m->registered ||
		!modem_can(m, TALK_BALANCE) || !credit_is_due(m) || !o->idle ||
		modems_line_suspended(m->all) || !o->idle(o->arg))
		return;
	h->credit_asked_ns = clock_mono();
	h->credit_asked_utc_s = utc_s();
	h->credit_running = true;
	modem_talk(m, TALK_BALANCE, o->balance_code, CREDIT_LIMIT_NS, credit_answered, h);
}

void hints_saw(struct modem *m, const struct record *r)
{
	(void)r;
	look_at_sim(m);
	ask_clock(m);
	ask_credit(m);
}

/* --- what it comes to ------------------------------------------------------------------------------------------------- */
bool modems_disturbing(const struct modems *all)
{
	for (const struct modem *m = all->first; m; m = m->next)
		if (m->hints.credit_running || recovery_disturbs(m))
			return true;
	return false;
}

/* Since the balance was asked, -1 when nobody knows: before this start, and without a clock. */
static int64_t credit_age_s(const struct hints *h)
{
	int64_t now = utc_s();

	if (h->credit_asked_ns)
		return (clock_mono() - h->credit_asked_ns) / NS_PER_S;
	return now && h->credit_asked_utc_s && now >= h->credit_asked_utc_s
	               ? now - h->credit_asked_utc_s
	               : -1;
}

void modem_hints(const struct modem *m, struct modem_hints *out)
{
	const struct hints *h = &m->hints;
	int64_t age = credit_age_s(h);

	*out = (struct modem_hints){ .sim_seen = *m->imsi != 0,
		.sim_changed = h->sim_changed_ns && clock_mono() - h->sim_changed_ns < DAY_NS,
		.credit = age >= 0 ? h->credit : NULL,
		.balance_vnd = age >= 0 ? h->balance_vnd : -1,
		.credit_age_s = age };
}

void modems_hints_record(const struct modems *all, struct record *r)
{
	struct modem_hints h;

	for (const struct modem *m = all ? all->first : NULL; m; m = m->next) {
		modem_hints(m, &h);
		if (!h.sim_seen && !h.credit)
			continue;
		if (h.sim_seen)
			record_set_bool(r, FIELD_SIM_CHANGED, h.sim_changed);
		if (h.credit) {
			record_set_text(r, FIELD_CREDIT, h.credit);
			record_set_int(r, FIELD_CREDIT_AGE_S, h.credit_age_s);
		}
		if (h.credit && h.balance_vnd >= 0)
			record_set_int(r, FIELD_BALANCE_VND, h.balance_vnd);
		return;
	}
}
