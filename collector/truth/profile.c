/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include "../../config/conf.h"
#include "../../probes/core/mem.h"
#include "../store/store.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key, *unit;
	double least, most;
	bool needed;
} known[P_COUNT] = {
#define X(symbol, key, unit, least, most, needed, meaning) { key, unit, least, most, needed },
	PROFILE_THRESHOLDS(X)
#undef X
};

const char *const profile_basis_name[3] = { "confirmed", "unconfirmed", "own" };

static const char *const bases[] = { "confirmed", "unconfirmed", "own", NULL };
static const char *const rat_words[] = { "GSM", "WCDMA", "LTE", "NR5G-NSA", "NR5G-SA", NULL };
static const char *const keys[] = {
#define X(symbol, key, unit, least, most, needed, meaning) key,
	PROFILE_THRESHOLDS(X)
#undef X
		NULL
};

static const struct setting head[] = {
	{ "id", SETTING_TEXT, 0, 39, NULL, "", NULL, "short name, also the file's" },
	{ "name_vi", SETTING_TEXT, 0, 159, NULL, "", NULL, "name in Vietnamese" },
	{ "name_en", SETTING_TEXT, 0, 159, NULL, "", NULL, "name in English" },
	{ "technology", SETTING_TEXT, 0, 15, NULL, "", NULL, "what is judged: 4g, 5g" },
	{ "networks", SETTING_TEXTS, 0, 6, "", "", NULL,
		"networks with cells of their own, as digits" },
	{ "rats", SETTING_TEXTS, 0, 15, NULL, "", rat_words, "what counts as served" },
	{ 0 },
};
static const struct setting one[] = {
	{ "key", SETTING_TEXT, 0, 63, NULL, "", keys, "which threshold" },
	{ "value", SETTING_REAL, -1e9, 1e9, NULL, "", NULL, "its value" },
	{ "unit", SETTING_TEXT, 0, 15, NULL, "", NULL, "its unit, as a check" },
	{ "source", SETTING_TEXT, 0, 239, NULL, "", NULL, "where the value is from" },
	{ "basis", SETTING_TEXT, 0, 15, NULL, "", bases, "confirmed unconfirmed own" },
	{ 0 },
};
static const struct section sections[] = {
	{ .name = "", .accept = head, .needed = true },
	{ .name = "thresholds", .accept = one, .many = true, .needed = true },
	{ 0 },
};

const char *profile_key(enum profile_threshold t)
{
	return known[t].key;
}

const char *profile_unit(enum profile_threshold t)
{
	return known[t].unit;
}

double profile_value(const struct profile *p, enum profile_threshold t)
{
	return p->t[t].value;
}

static size_t word_index(const char *const words[], const char *word)
{
	size_t i = 0;

	while (words[i] && strcmp(words[i], word))
		i++;
	return i;
}

static void take_threshold(struct profile *p, const struct settings *s, struct buf *problems)
{
	size_t k = word_index(keys, settings_text(s, "key"));
	double value = settings_real(s, "value");
	const char *file = settings_file(s);
	struct threshold *t;

	if (k >= P_COUNT)
		return;
	t = &p->t[k];
	if (t->given)
		buf_printf(problems, "%s:%d: %s is given twice\n", file, settings_line(s, "key"),
			known[k].key);
	if (value < known[k].least || value > known[k].most)
		buf_printf(problems, "%s:%d: %s: %g is not within %g .. %g %s\n", file,
			settings_line(s, "value"), known[k].key, value, known[k].least,
			known[k].most, known[k].unit);
	if (strcmp(settings_text(s, "unit"), known[k].unit))
		buf_printf(problems, "%s:%d: %s: its unit is \"%s\"\n", file,
			settings_line(s, "unit"), known[k].key, known[k].unit);
	if (!*settings_text(s, "source"))
		buf_printf(problems, "%s:%d: %s: a threshold without a source\n", file,
			settings_line(s, "source"), known[k].key);
	t->given = true;
	t->value = value;
	t->basis = (uint8_t)word_index(bases, settings_text(s, "basis"));
	snprintf(t->source, sizeof(t->source), "%s", settings_text(s, "source"));
}

static void take_networks(struct profile *p, const struct settings *s, struct buf *problems)
{
	for (size_t i = 0; i < settings_count(s, "networks"); i++) {
		const char *text = settings_text_at(s, "networks", i);
		size_t n = strlen(text);

		if (n < 5 || strspn(text, "0123456789") != n || p->networks == PROFILE_NETWORKS)
			buf_printf(problems,
				"%s:%d: networks: \"%s\" is not a network, or one too many\n",
				settings_file(s), settings_line(s, "networks"), text);
		else
			p->network[p->networks++] = (uint32_t)strtoul(text, NULL, 10);
	}
}

static void take_head(struct profile *p, const struct settings *s)
{
	snprintf(p->id, sizeof(p->id), "%s", settings_text(s, "id"));
	snprintf(p->name_vi, sizeof(p->name_vi), "%s", settings_text(s, "name_vi"));
	snprintf(p->name_en, sizeof(p->name_en), "%s", settings_text(s, "name_en"));
	snprintf(p->technology, sizeof(p->technology), "%s", settings_text(s, "technology"));
	for (size_t i = 0; i < settings_count(s, "rats"); i++)
		p->rats |= 1u << (RAT_GSM + word_index(rat_words, settings_text_at(s, "rats", i)));
}

int profile_load(struct profile *out, const char *path, struct buf *problems)
{
	struct profile p = { 0 };
	struct conf *c = NULL;
	size_t before = problems->len;
	int err = conf_load(&c, path, sections, problems);

	if (err)
		return err;
	take_head(&p, conf_section(c, ""));
	take_networks(&p, conf_section(c, ""), problems);
	for (size_t i = 0; i < conf_count(c, "thresholds"); i++)
		take_threshold(&p, conf_at(c, "thresholds", i), problems);
	err = profile_seal(&p, problems);
	if (!err && problems->len > before)
		err = -EINVAL;
	if (!err)
		*out = p;
	conf_free(c);
	return err;
}

static void complain(struct buf *problems, const struct profile *p, const char *text)
{
	buf_printf(problems, "%s: %s\n", *p->id ? p->id : "profile", text);
}

static void check(const struct profile *p, struct buf *problems)
{
	for (size_t i = 0; i < P_COUNT; i++)
		if (known[i].needed && !p->t[i].given)
			buf_printf(problems, "%s: %s is missing\n", *p->id ? p->id : "profile",
				known[i].key);
	if (!*p->id || strspn(p->id, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(p->id))
		complain(problems, p, "an id is made of a-z, 0-9 and -");
	if (!p->rats)
		complain(problems, p, "rats is empty: nothing could ever be served");
	if (p->t[P_DOWN_RATE].given != p->t[P_DOWN_SHARE].given)
		complain(problems, p, "down_rate_mbps and down_share go together");
	if (profile_value(p, P_MIN_DAYS) > profile_value(p, P_WINDOW))
		complain(problems, p, "min_days is more than window_days");
	if (profile_value(p, P_NONE_SHARE) + profile_value(p, P_MARGIN) >=
		profile_value(p, P_AVAILABILITY))
		complain(problems, p, "no_signal_share reaches availability_share");
	if (profile_value(p, P_B_N) < profile_value(p, P_MIN_N) ||
		profile_value(p, P_A_N) < profile_value(p, P_B_N))
		complain(problems, p, "grades must need more samples from C to A");
}

void profile_canonical(struct buf *out, const struct profile *p)
{
	buf_printf(out, "id=%s\ntechnology=%s\nrats=", p->id, p->technology);
	for (unsigned r = RAT_GSM; r <= RAT_NR_SA; r++)
		if (p->rats >> r & 1)
			buf_printf(out, "%s,", rat_words[r - RAT_GSM]);
	buf_puts(out, "\nnetworks=");
	for (size_t i = 0; i < p->networks; i++)
		buf_printf(out, "%05u,", p->network[i]);
	buf_puts(out, "\n");
	for (size_t i = 0; i < P_COUNT; i++)
		if (p->t[i].given)
			buf_printf(out, "%s=%.9g %s [%s] %s\n", known[i].key, p->t[i].value,
				known[i].unit, profile_basis_name[p->t[i].basis], p->t[i].source);
}

int profile_seal(struct profile *p, struct buf *problems)
{
	size_t before = problems->len;
	unsigned char digest[32];
	struct buf text;
	int err = 0;

	check(p, problems);
	buf_init(&text, 1 << 16);
	profile_canonical(&text, p);
	if (text.err || !EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL))
		err = -EIO;
	for (size_t i = 0; i < sizeof(digest) && !err; i++)
		snprintf(p->hash + 2 * i, 3, "%02x", digest[i]);
	buf_done(&text);
	return err ?: problems->len > before ? -EINVAL : 0;
}
