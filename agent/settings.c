/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_inside.h"
#include "command.h"
#include "enrolled.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROBLEMS_MAX (64 << 10)

bool setting_listed(const struct setting *table, const char *key)
{
	for (; table && table->key; table++)
		if (!strcmp(table->key, key))
			return true;
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int collector_key_text(const char *text, uint8_t out[PUBLIC_KEY])
{
	if (strlen(text) != 2 * PUBLIC_KEY)
		return -EINVAL;
	for (size_t i = 0; i < PUBLIC_KEY; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

bool collector_key_setting(const struct conf *c, uint8_t out[PUBLIC_KEY])
{
	return !collector_key_text(settings_text(conf_section(c, "uplink"), "collector_key"), out);
}

int agent_conf_load(struct conf **out, const char *path, struct buf *problems)
{
	struct conf *c = NULL;
	int err = conf_load(&c, path, agent_sections, problems);

	if (err)
		return err;
	enrolled_apply(c);
	settings_check(c, problems);
	if (problems->len) {
		conf_free(c);
		return -EINVAL;
	}
	*out = c;
	return 0;
}

int agent_conf_open(struct conf **out, const char *path)
{
	struct buf problems;
	int err;

	buf_init(&problems, PROBLEMS_MAX);
	err = agent_conf_load(out, path, &problems);
	if (err)
		fputs(buf_text(&problems), stderr);
	buf_done(&problems);
	return err ? EXIT_USAGE : -1;
}

char *state_path(const struct conf *c, const char *name, char out[STATE_PATH])
{
	const char *folder = settings_text(conf_section(c, "agent"), "state");

	if (*name)
		snprintf(out, STATE_PATH, "%s/%s", folder, name);
	else
		snprintf(out, STATE_PATH, "%s", folder);
	return out;
}

void journal_settings(const struct conf *c, const char *folder, struct journal_options *out)
{
	const struct settings *s = conf_section(c, "journal");

	memset(out, 0, sizeof(*out));
	out->folder = folder;
	out->bytes_max = (uint64_t)settings_int(s, "size_mb") << 20;
	out->segment_bytes = (uint32_t)settings_int(s, "segment_kb") << 10;
	out->sync_every_ns = settings_int(s, "sync_s") * NS_PER_S;
}

void access_settings(const struct conf *c, struct access_options *out)
{
	const struct settings *s = conf_section(c, "access");

	*out = (struct access_options){
		.heartbeat_ns = settings_int(s, "heartbeat_s") * NS_PER_S,
		.absent_rounds = (unsigned)settings_int(s, "absent_rounds"),
		.hung_rounds = (unsigned)settings_int(s, "hung_rounds"),
		.rounds = (unsigned)settings_int(s, "rounds"),
		.modem_surveys = !strcmp(settings_text(s, "survey"), "modem"),
		.scans = (unsigned)settings_int(s, "scans"),
		.scan_span_ns = settings_int(s, "scan_span_s") * NS_PER_S,
		.stale_ns = settings_int(s, "stale_s") * NS_PER_S,
		.collector_after_ns = settings_int(s, "collector_after_s") * NS_PER_S,
		.receipt_after_ns = settings_int(s, "receipt_after_s") * NS_PER_S,
	};
}

const char *first_modem_port(const struct conf *c)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		const struct settings *s = conf_at(c, "tests", i);

		if (setting_listed(agent_test_accepts(settings_text(s, "kind")), "port") &&
			settings_bool(s, "enabled"))
			return settings_text(s, "port");
	}
	return "";
}
