/* SPDX-License-Identifier: Apache-2.0 */
#include "enrolled.h"
#include "settings.h"
#include "../probes/core/file.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include "../probes/core/utf8.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONF_MOST (16 * 1024)

static const struct setting uplink_keys[] = {
	{ "brokers", SETTING_TEXTS, 0, 127, "", "", NULL, "as told by the collector" },
	{ "collector_key", SETTING_TEXT, 0, 64, NULL, "", NULL, "of the collector" },
	{ 0 },
};

static const struct setting registered_keys[] = {
	{ "collector", SETTING_TEXT, 0, 400, "", "", NULL, "where it was done" },
	{ "hamlet", SETTING_TEXT, 0, 63, "", "", NULL, "code" },
	{ "hamlet_name", SETTING_TEXT, 0, 255, "", "", NULL, "" },
	{ "commune", SETTING_TEXT, 0, 255, "", "", NULL, "" },
	{ "province", SETTING_TEXT, 0, 255, "", "", NULL, "" },
	{ "role", SETTING_TEXT, 0, 31, "", "", NULL, "" },
	{ "expires", SETTING_TEXT, 0, 31, "", "", NULL, "end of the certificate" },
	{ 0 },
};

static const struct section sections[] = {
	{ .name = "uplink", .accept = uplink_keys, .needed = true },
	{ .name = "registered", .accept = registered_keys },
	{ 0 },
};

/* --- writing --- */
static void put_text(struct buf *b, const char *text)
{
	if (!utf8_printable(text, strlen(text)))
		b->err = b->err ? b->err : -EINVAL;
	buf_puts(b, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_put(b, "\\", 1);
		buf_put(b, text, 1);
	}
	buf_puts(b, "\"");
}

static void put_key(struct buf *b, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	buf_printf(b, "\t%s = ", key);
	put_text(b, text);
	buf_puts(b, ";\n");
}

static void put_conf(struct buf *b, const struct enrolled *e)
{
	buf_puts(b, "# Written by `phusong-agent enroll`.  It holds while uplink.brokers in "
		    "agent.conf is "
		    "empty.\nuplink = {\n\tbrokers = [ ");
	for (size_t i = 0; e->brokers[i]; i++) {
		buf_puts(b, i ? ", " : "");
		put_text(b, e->brokers[i]);
	}
	buf_puts(b, " ];\n");
	put_key(b, "collector_key", e->collector_key);
	buf_puts(b, "};\nregistered = {\n");
	put_key(b, "collector", e->collector);
	put_key(b, "hamlet", e->hamlet);
	put_key(b, "hamlet_name", e->hamlet_name);
	put_key(b, "commune", e->commune);
	put_key(b, "province", e->province);
	put_key(b, "role", e->role);
	put_key(b, "expires", e->expires);
	buf_puts(b, "};\n");
}

static int put_file(
	const char *state, const char *name, const void *bytes, size_t n, struct why *why)
{
	char path[STATE_PATH];
	int err;

	snprintf(path, sizeof(path), "%.440s/%s", state, name);
	err = file_replace(path, bytes, n, 0600);
	return err ? why_say(why, err, "%s: %s", path, strerror(-err)) : 0;
}

int enrolled_save(const struct enrolled *e, const char *state, struct why *why)
{
	struct buf b;
	int err;

	buf_init(&b, CONF_MOST);
	put_conf(&b, e);
	err = b.err ? why_say(why, b.err, "the collector's answer has a text that cannot be kept")
	            : 0;
	if (!err)
		err = put_file(state, ENROLLED_CERT, e->certificate, strlen(e->certificate), why);
	if (!err)
		err = put_file(state, ENROLLED_CA, e->ca, strlen(e->ca), why);
	if (!err)
		err = put_file(state, ENROLLED_CONF, b.data, b.len, why);
	buf_done(&b);
	return err;
}

/* --- reading --- */
static void fill_path(struct conf *c, const char *key, const char *name)
{
	char path[STATE_PATH];
	const char *text = state_path(c, name, path);

	(void)!conf_fill(c, "uplink", key, &text, 1, NULL);
}

static void fill(struct conf *c, const struct conf *from)
{
	const struct settings *s = conf_section(from, "uplink"), *own = conf_section(c, "uplink");
	const char *brokers[ENROLLED_TEXTS], *key = settings_text(s, "collector_key");
	size_t n = settings_count(s, "brokers");
	bool certificate = !*settings_text(own, "cert_file") && !*settings_text(own, "key_file");

	n = n < COUNT(brokers) ? n : COUNT(brokers);
	for (size_t i = 0; i < n; i++)
		brokers[i] = settings_text_at(s, "brokers", i);
	(void)!conf_fill(c, "uplink", "brokers", brokers, n, NULL);
	(void)!conf_fill(c, "uplink", "collector_key", &key, 1, NULL);
	fill_path(c, "ca_file", ENROLLED_CA);
	if (certificate) {
		fill_path(c, "cert_file", ENROLLED_CERT);
		fill_path(c, "key_file", "identity.pem");
	}
}

void enrolled_apply(struct conf *c)
{
	char path[STATE_PATH];
	struct conf *from = NULL;
	struct buf problems;
	int err;

	if (settings_count(conf_section(c, "uplink"), "brokers"))
		return;
	state_path(c, ENROLLED_CONF, path);
	if (access(path, R_OK)) /* not enrolled, or not for our eyes: `check` by another user */
		return;
	buf_init(&problems, CONF_MOST);
	err = conf_load(&from, path, sections, &problems);
	if (err)
		log_warn("enroll", "what was enrolled cannot be used: %.200s", buf_text(&problems));
	else
		fill(c, from);
	conf_free(from);
	buf_done(&problems);
}
