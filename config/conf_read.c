/* SPDX-License-Identifier: Apache-2.0 */
/* What a program does with a checked file: ask for its sections, print it, let it go. */
#include "conf_inside.h"
#include "../probes/core/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setting *by_table(const char *key)
{
	struct setting *table = mem_new(2 * sizeof(*table));

	table[0] = (struct setting){ .key = key, .type = SETTING_TEXT };
	return table;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t g = 0; g < c->count; g++) {
		for (size_t i = 0; i < c->groups[g].count; i++)
			settings_free(c->groups[g].items[i]);
		free(c->groups[g].items);
		free(c->groups[g].by);
	}
	free(c->groups);
	free(c);
}

static const struct group *group_of(const struct conf *c, const char *name)
{
	for (size_t g = 0; g < c->count; g++)
		if (!strcmp(c->groups[g].section->name, name))
			return &c->groups[g];
	conf_bug("the program asks for a section that is in no table", name);
}

const struct settings *conf_section(const struct conf *c, const char *name)
{
	return conf_at(c, name, 0);
}

size_t conf_count(const struct conf *c, const char *name)
{
	return group_of(c, name)->count;
}

const struct settings *conf_at(const struct conf *c, const char *name, size_t i)
{
	const struct group *g = group_of(c, name);

	if (i >= g->count)
		conf_bug("the program asks for more groups than there are", name);
	return g->items[i];
}

int conf_fill(struct conf *c, const char *section, const char *key, const char *const texts[],
	size_t n, struct why *why)
{
	struct settings *s = (struct settings *)conf_section(c, section);
	struct value *v = settings_find(s, key);
	int err = 0;

	if (!v || (v->def->type != SETTING_TEXT && v->def->type != SETTING_TEXTS))
		conf_bug("the program fills in a key that is no text of the tables", key);
	if (v->def->type == SETTING_TEXT)
		return v->text ? 0 : value_text(v, n ? texts[0] : "", why);
	for (size_t i = 0, had = v->count; !had && !err && i < n; i++)
		err = value_add_text(v, texts[i], why);
	return err;
}

/* --- printing ------------------------------------------------------------------------------------------ */

static void print_text(struct buf *out, const char *text)
{
	buf_puts(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_put(out, "\\", 1);
		buf_put(out, text, 1);
	}
	buf_puts(out, "\"");
}

/* The shortest that reads back as the same number, with the point that libconfig needs to see. */
static void print_real(struct buf *out, double d)
{
	char text[40];
	size_t n;

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (fabs(strtod(text, NULL) - d) <= 0)
			break;
	}
	n = strcspn(text, ".e");
	if (text[n] == '.')
		buf_puts(out, text);
	else
		buf_printf(out, "%.*s.0%s", (int)n, text, text + n);
}

static void print_list(struct buf *out, const struct value *v)
{
	buf_puts(out, "[");
	for (size_t i = 0; i < v->count; i++) {
		buf_puts(out, i ? ", " : " ");
		if (v->def->type == SETTING_TEXTS)
			print_text(out, v->texts[i]);
		else
			print_real(out, v->reals[i]);
	}
	buf_puts(out, " ]");
}

static void print_value(struct buf *out, const struct value *v)
{
	switch (v->def->type) {
	case SETTING_INT:
		buf_printf(out, v->i < INT32_MIN || v->i > INT32_MAX ? "%lldL" : "%lld",
			(long long)v->i);
		break;
	case SETTING_REAL:
		print_real(out, v->d);
		break;
	case SETTING_BOOL:
		buf_puts(out, v->yes ? "true" : "false");
		break;
	case SETTING_TEXT:
		print_text(out, v->text ? v->text : "");
		break;
	default:
		print_list(out, v);
	}
}

/* "# packets in a run; 1 .. 10000 s" */
static void print_meaning(struct buf *out, const struct setting *def, const char *indent)
{
	bool number =
		def->type == SETTING_INT || def->type == SETTING_REAL || def->type == SETTING_REALS;
	const char *unit = def->unit ? def->unit : "";

	buf_printf(out, "%s# %s", indent, def->meaning ? def->meaning : def->key);
	if (number && def->least < def->most)
		buf_printf(
			out, "; %.15g .. %.15g%s%s", def->least, def->most, *unit ? " " : "", unit);
	for (const char *const *w = def->words; w && *w; w++)
		buf_printf(out, "%s%s", w == def->words ? "; one of: " : ", ", *w);
	buf_puts(out, "\n");
}

static void print_setting(struct buf *out, const struct value *v, const char *indent)
{
	print_meaning(out, v->def, indent);
	buf_printf(out, "%s%s = ", indent, v->def->key);
	print_value(out, v);
	buf_puts(out, ";\n");
}

/* The key `by` (may be NULL) first: it says what the others are. */
static void print_settings(struct buf *out, struct settings *s, const char *indent, const char *by)
{
	const struct value *first = by ? settings_find(s, by) : NULL;

	if (first)
		print_setting(out, first, indent);
	for (size_t i = 0; i < s->count; i++)
		if (&s->values[i] != first)
			print_setting(out, &s->values[i], indent);
}

static void print_group(struct buf *out, const struct group *g)
{
	const char *name = g->section->name;

	if (!*name) {
		print_settings(out, g->items[0], "", g->section->by);
	} else if (!g->section->many) {
		buf_printf(out, "\n%s = {\n", name);
		print_settings(out, g->items[0], "\t", g->section->by);
		buf_puts(out, "};\n");
	} else {
		buf_printf(out, "\n%s = (", name);
		for (size_t i = 0; i < g->count; i++) {
			buf_puts(out, i ? ", {\n" : " {\n");
			print_settings(out, g->items[i], "\t", g->section->by);
			buf_puts(out, "}");
		}
		buf_puts(out, " );\n");
	}
}

/* A section with a key that must be given and is not, because the section is optional and absent,
 * is not printed: what is printed can be read again. */
static bool complete(const struct group *g)
{
	for (size_t i = 0; !g->section->many && i < g->items[0]->count; i++)
		if (!g->items[0]->values[i].given && !g->items[0]->values[i].def->unless)
			return false;
	return true;
}

void conf_print(struct buf *out, const struct conf *c)
{
	for (size_t g = 0; g < c->count; g++)
		if (complete(&c->groups[g]))
			print_group(out, &c->groups[g]);
}
