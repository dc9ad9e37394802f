/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"
#include "../probes/core/mem.h"
#include "../probes/core/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_USUAL 255

void conf_bug(const char *what, const char *key)
{
	fprintf(stderr, "conf: %s: %s\n", key, what);
	exit(EXIT_FAILURE);
}

/* --- checks ---------------------------------------------------------------------------------------- */

/* "5 s is below the least, 10 s" */
static int check_range(const struct setting *def, double v, const char *text, struct why *why)
{
	const char *unit = def->unit ? def->unit : "", *gap = *unit ? " " : "";

	if (def->least == def->most) /* no range in the table */
		return 0;
	if (v < def->least)
		return why_say(why, -EINVAL, "%s%s%s is below the least, %.15g%s%s", text, gap,
			unit, def->least, gap, unit);
	if (v > def->most)
		return why_say(why, -EINVAL, "%s%s%s is above the most, %.15g%s%s", text, gap, unit,
			def->most, gap, unit);
	return 0;
}

static int check_words(const struct setting *def, const char *text, struct why *why)
{
	struct nearest near = { .word = text };
	struct buf list;
	int err;

	for (const char *const *w = def->words; *w; w++)
		if (!strcmp(*w, text))
			return 0;
	buf_init(&list, 200);
	for (const char *const *w = def->words; *w; w++) {
		buf_printf(&list, "%s%s", w == def->words ? "" : ", ", *w);
		nearest_offer(&near, *w);
	}
	if (list.err && near.best)
		err = why_say(why, -EINVAL, "\"%.64s\" is unknown, did you mean \"%s\"?", text,
			near.best);
	else
		err = why_say(why, -EINVAL, "\"%.64s\" is none of: %s%s", text, buf_text(&list),
			list.err ? ", ..." : "");
	buf_done(&list);
	return err;
}

static int check_text(const struct setting *def, const char *text, struct why *why)
{
	size_t n = strlen(text), most = def->most > 0 ? (size_t)def->most : TEXT_USUAL;

	if (n > most)
		return why_say(why, -EINVAL, "%zu bytes are too long, %zu at most", n, most);
	if (!utf8_valid(text, n))
		return why_say(why, -EINVAL, "is not UTF-8");
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return why_say(why, -EINVAL, "has a control character");
	return def->words ? check_words(def, text, why) : 0;
}

int value_int(struct value *v, int64_t i, struct why *why)
{
	char text[32];
	int err;

	snprintf(text, sizeof(text), "%lld", (long long)i);
	err = check_range(v->def, (double)i, text, why);
	if (!err)
		v->i = i;
	return err;
}

static int check_real(const struct setting *def, double d, struct why *why)
{
	char text[32];

	if (!isfinite(d))
		return why_say(why, -EINVAL, "is not a finite number");
	snprintf(text, sizeof(text), "%.15g", d);
	return check_range(def, d, text, why);
}

int value_real(struct value *v, double d, struct why *why)
{
	int err = check_real(v->def, d, why);

	if (!err)
		v->d = d;
	return err;
}

static void set_text(struct value *v, const char *text)
{
	free(v->text);
	v->text = *text ? mem_copy(text) : NULL;
}

static void add_text(struct value *v, const char *text)
{
	v->texts = mem_grow(v->texts, v->count + 1, sizeof(*v->texts));
	v->texts[v->count++] = mem_copy(text);
}

static void add_real(struct value *v, double d)
{
	v->reals = mem_grow(v->reals, v->count + 1, sizeof(*v->reals));
	v->reals[v->count++] = d;
}

int value_text(struct value *v, const char *text, struct why *why)
{
	int err = check_text(v->def, text, why);

	if (!err)
		set_text(v, text);
	return err;
}

int value_add_text(struct value *v, const char *text, struct why *why)
{
	int err = check_text(v->def, text, why);

	if (!err)
		add_text(v, text);
	return err;
}

int value_add_real(struct value *v, double d, struct why *why)
{
	int err = check_real(v->def, d, why);

	if (!err)
		add_real(v, d);
	return err;
}

void value_empty(struct value *v)
{
	if (v->def->type == SETTING_TEXT) {
		free(v->text);
	} else if (v->def->type == SETTING_TEXTS) {
		for (size_t i = 0; i < v->count; i++)
			free(v->texts[i]);
		free(v->texts);
	} else if (v->def->type == SETTING_REALS) {
		free(v->reals);
	}
	v->i = 0;
	v->text = NULL;
	v->count = 0;
}

/* --- from text: defaults, and the words of a command line ------------------------------------- */

static int parse_int(const char *text, int64_t *out)
{
	char *end;
	long long i;

	errno = 0;
	i = strtoll(text, &end, 0);
	if (errno || end == text || *end)
		return -EINVAL;
	*out = i;
	return 0;
}

static int parse_real(const char *text, double *out)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end || !isfinite(d))
		return -EINVAL;
	*out = d;
	return 0;
}

static int parse_bool(const char *text, bool *out)
{
	bool yes = !strcmp(text, "true");

	if (!yes && strcmp(text, "false"))
		return -EINVAL;
	*out = yes;
	return 0;
}

/* "a,b": each part to add(). */
static int parse_list(struct value *v, const char *text, struct why *why,
	int (*add)(struct value *v, const char *part, struct why *why))
{
	char *copy = mem_copy(text), *rest = copy, *part;
	int err = 0;

	value_empty(v);
	while (!err && *text && (part = strsep(&rest, ",")))
		err = add(v, part, why);
	free(copy);
	return err;
}

static int add_real_text(struct value *v, const char *part, struct why *why)
{
	double d;

	if (parse_real(part, &d))
		return why_say(why, -EINVAL, "\"%.64s\" is no number", part);
	return value_add_real(v, d, why);
}

static int value_parse(struct value *v, const char *text, struct why *why)
{
	int64_t i;
	double d;

	switch (v->def->type) {
	case SETTING_INT:
		if (parse_int(text, &i))
			return why_say(why, -EINVAL, "must be a whole number, not \"%.64s\"", text);
		return value_int(v, i, why);
	case SETTING_REAL:
		if (parse_real(text, &d))
			return why_say(why, -EINVAL, "must be a number, not \"%.64s\"", text);
		return value_real(v, d, why);
	case SETTING_BOOL:
		if (parse_bool(text, &v->yes))
			return why_say(why, -EINVAL, "must be true or false, not \"%.64s\"", text);
		return 0;
	case SETTING_TEXT:
		return value_text(v, text, why);
	case SETTING_TEXTS:
		return parse_list(v, text, why, value_add_text);
	case SETTING_REALS:
		return parse_list(v, text, why, add_real_text);
	}
	return -EINVAL;
}

/* The default may lie outside of what a file may say: 0 for "not set", "" for "none". */
static void set_default(struct value *v)
{
	struct setting anything = *v->def;
	const struct setting *def = v->def;
	struct why why = { 0 };

	if (!def->unless)
		return;
	anything.least = anything.most = 0;
	anything.words = NULL;
	if (def->type == SETTING_TEXT || def->type == SETTING_TEXTS)
		anything.most = (double)strlen(def->unless);
	v->def = &anything;
	if (value_parse(v, def->unless, &why))
		conf_bug(why.text, def->key);
	v->def = def;
}

struct settings *settings_new(const struct setting *const tables[], size_t n, const char *file)
{
	struct settings *s;
	size_t count = 0;

	for (size_t t = 0; t < n; t++)
		for (const struct setting *def = tables[t]; def && def->key; def++)
			count++;
	s = mem_new(sizeof(*s) + count * sizeof(s->values[0]));
	s->file = mem_copy(file);
	for (size_t t = 0; t < n; t++) {
		for (const struct setting *def = tables[t]; def && def->key; def++) {
			if (settings_find(s, def->key))
				continue; /* the first table is the nearer one */
			s->values[s->count].def = def;
			set_default(&s->values[s->count++]);
		}
	}
	return s;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		value_empty(&s->values[i]);
	free(s->file);
	free(s);
}

struct value *settings_find(struct settings *s, const char *key)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->values[i].def->key, key))
			return &s->values[i];
	return NULL;
}

static int take_word(struct settings *s, const char *word, struct why *why)
{
	const char *equals = strchr(word, '=');
	struct nearest near = { 0 };
	struct why what = { 0 };
	struct value *v;
	char key[64];

	if (!equals || equals == word || equals - word >= (long)sizeof(key))
		return why_say(why, -EINVAL, "\"%.64s\" is not of the form key=value", word);
	snprintf(key, sizeof(key), "%.*s", (int)(equals - word), word);
	v = settings_find(s, key);
	if (!v) {
		near.word = key;
		for (size_t i = 0; i < s->count; i++)
			nearest_offer(&near, s->values[i].def->key);
		return near.best ? why_say(why, -EINVAL, "%s: unknown key, did you mean \"%s\"?",
					   key, near.best)
		                 : why_say(why, -EINVAL, "%s: unknown key", key);
	}
	if (v->given)
		return why_say(why, -EINVAL, "%s: is given twice", key);
	v->given = true;
	if (value_parse(v, equals + 1, &what))
		return why_say(why, -EINVAL, "%s: %s", key, what.text);
	return 0;
}

int settings_make(struct settings **out, const struct setting *accept, const struct setting *common,
	const char *const words[], size_t n, struct why *why)
{
	struct settings *s = settings_new((const struct setting *const[]){ accept, common }, 2, "");
	int err = 0;

	for (size_t i = 0; !err && i < n; i++)
		err = take_word(s, words[i], why);
	for (size_t i = 0; !err && i < s->count; i++)
		if (!s->values[i].given && !s->values[i].def->unless)
			err = why_say(why, -EINVAL, "%s: must be given", s->values[i].def->key);
	if (err)
		settings_free(s);
	else
		*out = s;
	return err;
}

int settings_with(struct settings **out, const struct settings *s, const char *key,
	const char *text, struct why *why)
{
	struct settings *copy = mem_new(sizeof(*s) + s->count * sizeof(s->values[0]));
	struct value *v;
	int err;

	copy->file = mem_copy(s->file);
	copy->count = s->count;
	for (size_t i = 0; i < s->count; i++) {
		const struct value *from = &s->values[i];

		v = &copy->values[i];
		*v = *from;
		if (from->def->type == SETTING_TEXT) {
			v->text = mem_copy(from->text);
		} else if (from->def->type == SETTING_TEXTS || from->def->type == SETTING_REALS) {
			v->count = 0;
			v->texts = NULL;
			for (size_t k = 0; k < from->count; k++)
				if (from->def->type == SETTING_TEXTS)
					add_text(v, from->texts[k]);
				else
					add_real(v, from->reals[k]);
		}
	}
	v = settings_find(copy, key);
	if (!v || v->def->type != SETTING_TEXT)
		conf_bug("the program changes a key that is no text of the table", key);
	err = value_text(v, text, why);
	if (err)
		settings_free(copy);
	else
		*out = copy;
	return err;
}

/* --- reading ----------------------------------------------------------------------------------------- */

static const struct value *value_of(const struct settings *s, const char *key)
{
	const struct value *v = settings_find((struct settings *)s, key);

	if (!v)
		conf_bug("the program asks for a key that is in no table", key);
	return v;
}

static const struct value *value_as(
	const struct settings *s, const char *key, enum setting_type type)
{
	const struct value *v = value_of(s, key);

	if (v->def->type != type)
		conf_bug("the program asks for another type than its table says", key);
	return v;
}

static const struct value *item_as(
	const struct settings *s, const char *key, enum setting_type type, size_t i)
{
	const struct value *v = value_as(s, key, type);

	if (i >= v->count)
		conf_bug("the program asks for more than the list has", key);
	return v;
}

int64_t settings_int(const struct settings *s, const char *key)
{
	return value_as(s, key, SETTING_INT)->i;
}

double settings_real(const struct settings *s, const char *key)
{
	return value_as(s, key, SETTING_REAL)->d;
}

bool settings_bool(const struct settings *s, const char *key)
{
	return value_as(s, key, SETTING_BOOL)->yes;
}

const char *settings_text(const struct settings *s, const char *key)
{
	const struct value *v = value_as(s, key, SETTING_TEXT);

	return v->text ? v->text : "";
}

size_t settings_count(const struct settings *s, const char *key)
{
	return value_of(s, key)->count;
}

const char *settings_text_at(const struct settings *s, const char *key, size_t i)
{
	return item_as(s, key, SETTING_TEXTS, i)->texts[i];
}

double settings_real_at(const struct settings *s, const char *key, size_t i)
{
	return item_as(s, key, SETTING_REALS, i)->reals[i];
}

bool settings_given(const struct settings *s, const char *key)
{
	return value_of(s, key)->given;
}

int settings_line(const struct settings *s, const char *key)
{
	return value_of(s, key)->line;
}

const char *settings_file(const struct settings *s)
{
	return s->file;
}
