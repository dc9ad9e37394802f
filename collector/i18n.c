/* SPDX-License-Identifier: Apache-2.0 */
#include "i18n.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *vi, *en;
} texts[I18N_COUNT] = {
#define X(key, vi, en) { #key, vi, en },
	I18N_KEYS(X)
#undef X
};

static const struct {
	const char *status;
	enum i18n_key word, meaning;
} statuses[] = {
	{ "no_signal", TR_NO_SIGNAL, TR_DEF_NO_SIGNAL },
	{ "partial", TR_PARTIAL, TR_DEF_PARTIAL },
	{ "unstable", TR_UNSTABLE, TR_DEF_UNSTABLE },
	{ "weak", TR_WEAK, TR_DEF_WEAK },
	{ "covered", TR_COVERED, TR_DEF_COVERED },
	{ "unmeasured", TR_UNMEASURED, TR_DEF_UNMEASURED },
	{ "silent", TR_SILENT, TR_DEF_SILENT },
};

const char *i18n(enum i18n_key key, const char *lang)
{
	if ((unsigned)key >= I18N_COUNT)
		return "";
	return lang && !strcmp(lang, "en") ? texts[key].en : texts[key].vi;
}

const char *i18n_name(enum i18n_key key)
{
	return (unsigned)key < I18N_COUNT ? texts[key].name : "";
}

const char *i18n_status(const char *status, const char *lang)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (!strcmp(statuses[i].status, status))
			return i18n(statuses[i].word, lang);
	return status;
}

const char *i18n_status_meaning(const char *status, const char *lang)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (!strcmp(statuses[i].status, status))
			return i18n(statuses[i].meaning, lang);
	return status;
}

const char *i18n_reported(const char *reported, const char *lang)
{
	if (!strcmp(reported, "trang_song"))
		return i18n(TR_NO_SIGNAL, lang);
	return strcmp(reported, "lom_song") ? reported : i18n(TR_PARTIAL, lang);
}

/* The text whose key is the prefix and the word in capitals; else the word itself. */
static const char *text_of(const char *prefix, const char *word, const char *lang)
{
	char key[64];
	size_t n = strlen(prefix);

	snprintf(key, sizeof(key), "%s%s", prefix, word);
	for (char *c = key + n; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	for (unsigned i = 0; i < I18N_COUNT; i++)
		if (!strcmp(texts[i].name, key))
			return i18n((enum i18n_key)i, lang);
	return word;
}

const char *i18n_access(const char *state, const char *lang)
{
	return text_of("ACCESS_", state, lang);
}

const char *i18n_cause(const char *cause, const char *lang)
{
	return strcmp(cause, "none") ? text_of("BECAUSE_", cause, lang) : "";
}

void i18n_put(struct buf *out, enum i18n_key key, const char *lang, const char *const fill[])
{
	const char *text = i18n(key, lang);

	while (*text) {
		size_t plain = strcspn(text, "{");
		size_t name;

		buf_put(out, text, plain);
		text += plain;
		if (!*text)
			return;
		name = strcspn(++text, "}");
		for (size_t i = 0; fill && fill[i]; i += 2)
			if (strlen(fill[i]) == name && !memcmp(fill[i], text, name))
				buf_puts(out, fill[i + 1]);
		text += name + (text[name] == '}');
	}
}

char *i18n_number(char out[I18N_NUMBER], double v, int decimals, const char *lang)
{
	char *point;

	snprintf(out, I18N_NUMBER, "%.*f", decimals, v);
	point = strchr(out, '.');
	if (point && !(lang && !strcmp(lang, "en")))
		*point = ',';
	return out;
}
