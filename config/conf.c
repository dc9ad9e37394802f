/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_inside.h"
#include "source.h"
#include "../probes/core/mem.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loading {
	struct conf *conf;
	const char *path;
	struct buf *problems;
	unsigned found;
};

/* Where a group or key stands: "tests[2].interval_s" at one setting of the file. */
struct spot {
	char path[160];
	const config_setting_t *at; /* NULL: not in the file */
};

static const char *file_of(const struct loading *l, const config_setting_t *at)
{
	const char *file = at ? config_setting_source_file(at) : NULL;

	return file ? file : l->path;
}

static int line_of(const config_setting_t *at)
{
	return at ? (int)config_setting_source_line(at) : 0;
}

static void problem(struct loading *l, const struct spot *spot, const char *format, ...)
	PRINTF(3, 4);
static void problem(struct loading *l, const struct spot *spot, const char *format, ...)
{
	char text[sizeof(struct why)];
	int line = line_of(spot->at);
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = 0;
	va_end(args);
	l->found++;
	buf_puts(l->problems, file_of(l, spot->at));
	if (line)
		buf_printf(l->problems, ":%d", line);
	buf_printf(l->problems, ": %s: %s\n", spot->path, text);
}

static struct spot below(const struct spot *group, const char *key, const config_setting_t *at)
{
	struct spot spot = { .at = at };

	snprintf(spot.path, sizeof(spot.path), "%.100s%s%.50s", group->path,
		group->path[0] ? "." : "", key);
	return spot;
}

static const char *kind_of(const config_setting_t *at)
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a whole number";
	case CONFIG_TYPE_FLOAT:
		return "a real number";
	case CONFIG_TYPE_STRING:
		return "a text";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	default:
		return "a list";
	}
}

static bool is_int(const config_setting_t *at)
{
	return config_setting_type(at) == CONFIG_TYPE_INT ||
	       config_setting_type(at) == CONFIG_TYPE_INT64;
}

static bool is_text(const config_setting_t *at)
{
	return config_setting_type(at) == CONFIG_TYPE_STRING;
}

static bool is_number(const config_setting_t *at)
{
	return is_int(at) || config_setting_type(at) == CONFIG_TYPE_FLOAT;
}

static double number_of(const config_setting_t *at)
{
	return is_int(at) ? (double)config_setting_get_int64(at) : config_setting_get_float(at);
}

static int wrong(struct why *why, const config_setting_t *at, const char *must)
{
	return why_say(why, -EINVAL, "must be %s, not %s", must, kind_of(at));
}

static int take_list(struct value *v, const config_setting_t *at, struct why *why)
{
	bool texts = v->def->type == SETTING_TEXTS;
	const char *must =
		texts ? "a list of texts, [ \"a\", \"b\" ]" : "a list of numbers, [ 1.5, 2.5 ]";
	int err = 0;

	if (config_setting_type(at) != CONFIG_TYPE_ARRAY &&
		config_setting_type(at) != CONFIG_TYPE_LIST)
		return wrong(why, at, must);
	value_empty(v);
	for (int i = 0; !err && i < config_setting_length(at); i++) {
		const config_setting_t *item = config_setting_get_elem(at, (unsigned)i);

		if (texts ? !is_text(item) : !is_number(item))
			err = why_say(why, -EINVAL, "must be %s, but number %d is %s", must, i + 1,
				kind_of(item));
		else if (texts)
			err = value_add_text(v, config_setting_get_string(item), why);
		else
			err = value_add_real(v, number_of(item), why);
	}
	return err;
}

static int take_value(struct value *v, const config_setting_t *at, struct why *why)
{
	v->given = true;
	v->line = line_of(at);
	switch (v->def->type) {
	case SETTING_INT:
		return is_int(at) ? value_int(v, config_setting_get_int64(at), why)
		                  : wrong(why, at, "a whole number");
	case SETTING_REAL:
		return is_number(at) ? value_real(v, number_of(at), why)
		                     : wrong(why, at, "a number");
	case SETTING_BOOL:
		if (config_setting_type(at) != CONFIG_TYPE_BOOL)
			return wrong(why, at, "true or false");
		v->yes = config_setting_get_bool(at);
		return 0;
	case SETTING_TEXT:
		return is_text(at) ? value_text(v, config_setting_get_string(at), why)
		                   : wrong(why, at, "a text in \"quotes\"");
	default:
		return take_list(v, at, why);
	}
}

static const struct section *section_named(const struct section *sections, const char *name)
{
	for (const struct section *s = sections; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

static void say_unknown(struct loading *l, const struct spot *spot, const struct settings *s,
	const char *key, bool top)
{
	int type = config_setting_type(spot->at);
	const char *what =
		top && (type == CONFIG_TYPE_GROUP || type == CONFIG_TYPE_LIST) ? "section" : "key";
	struct nearest near = { .word = key };

	for (size_t i = 0; i < s->count; i++)
		nearest_offer(&near, s->values[i].def->key);
	for (const struct section *c = l->conf->sections; top && c->name; c++)
		nearest_offer(&near, c->name);
	if (near.best)
		problem(l, spot, "unknown %s, did you mean \"%s\"?", what, near.best);
	else
		problem(l, spot, "unknown %s", what);
}

static void take_keys(
	struct loading *l, const struct spot *group, struct settings *s, bool top, bool strict)
{
	for (int i = 0; i < config_setting_length(group->at); i++) {
		const config_setting_t *at = config_setting_get_elem(group->at, (unsigned)i);
		const char *key = config_setting_name(at);
		struct spot spot = below(group, key, at);
		struct value *v = settings_find(s, key);
		struct why why = { 0 };

		if (v && take_value(v, at, &why))
			problem(l, &spot, "%s", why.text);
		else if (!v && strict && !(top && *key && section_named(l->conf->sections, key)))
			say_unknown(l, &spot, s, key, top);
	}
}

/* The table that the text of the key `by` stands for; *strict: false when it is unknown, and so are
 * the keys beside it. */
static const struct setting *chosen(
	struct loading *l, const struct section *section, const struct spot *group, bool *strict)
{
	const config_setting_t *at =
		group->at ? config_setting_get_member(group->at, section->by) : NULL;
	struct spot spot = below(group, section->by, at);
	const struct setting *table = NULL;

	if (at && is_text(at))
		table = section->accept_for(config_setting_get_string(at));
	*strict = table;
	if (at && is_text(at) && !table)
		problem(l, &spot, "\"%.64s\" is unknown", config_setting_get_string(at));
	return table;
}

static struct settings *load_group(struct loading *l, struct group *g, const struct spot *group)
{
	const struct section *section = g->section;
	const struct setting *tables[3] = { section->accept, section->common, NULL };
	struct settings *s;
	bool strict = true;

	if (section->by) {
		tables[0] = chosen(l, section, group, &strict);
		tables[2] = g->by; /* only where no table lists it */
	}
	s = settings_new(tables, COUNT(tables), file_of(l, group->at));
	if (!group->at)
		return s;
	take_keys(l, group, s, !*section->name, strict);
	for (size_t i = 0; i < s->count; i++) {
		struct spot spot = below(group, s->values[i].def->key, group->at);

		if (!s->values[i].given && !s->values[i].def->unless)
			problem(l, &spot, "must be given");
	}
	return s;
}

static void add_group(struct loading *l, struct group *g, const struct spot *spot)
{
	g->items = mem_grow(g->items, g->count + 1, sizeof(struct settings *));
	g->items[g->count++] = load_group(l, g, spot);
}

static void load_many(struct loading *l, struct group *g, const struct spot *list)
{
	if (config_setting_type(list->at) != CONFIG_TYPE_LIST && config_setting_length(list->at)) {
		problem(l, list, "must be a list of groups, ( { ... }, { ... } )");
		return;
	}
	for (int i = 0; i < config_setting_length(list->at); i++) {
		struct spot spot = { .at = config_setting_get_elem(list->at, (unsigned)i) };

		snprintf(spot.path, sizeof(spot.path), "%.100s[%d]", list->path, i);
		if (config_setting_type(spot.at) == CONFIG_TYPE_GROUP)
			add_group(l, g, &spot);
		else
			problem(l, &spot, "must be a group, { ... }, not %s", kind_of(spot.at));
	}
}

static void load_section(struct loading *l, struct group *g, const config_setting_t *root)
{
	const struct section *section = g->section;
	struct spot spot = { .at = *section->name ? config_setting_get_member(root, section->name)
		                                  : root };

	snprintf(spot.path, sizeof(spot.path), "%.100s", section->name);
	if (section->by)
		g->by = by_table(section->by);
	if (!spot.at && section->needed)
		problem(l, &spot, "is missing");
	else if (section->many && spot.at)
		load_many(l, g, &spot);
	else if (!section->many && spot.at && config_setting_type(spot.at) != CONFIG_TYPE_GROUP)
		problem(l, &spot, "must be a group, { ... }, not %s", kind_of(spot.at));
	else if (!section->many)
		add_group(l, g, &spot);
	if (section->many && section->needed && spot.at && !config_setting_length(spot.at))
		problem(l, &spot, "must have at least one group");
}

static void say_syntax(struct loading *l, const config_t *file)
{
	const char *text = config_error_text(file), *name = config_error_file(file);

	l->found++;
	buf_printf(l->problems, "%s:%d: %s%s\n", name ? name : l->path, config_error_line(file),
		text,
		strcmp(text, "syntax error")
			? ""
			: ": is a ; a \" or a bracket missing here or on the line above?");
}

static void load_sections(struct loading *l, const config_setting_t *root)
{
	const struct section *sections = l->conf->sections;
	size_t n = 0;

	while (sections[n].name)
		n++;
	l->conf->groups = mem_new(n * sizeof(l->conf->groups[0]));
	for (; l->conf->count < n; l->conf->count++) {
		struct group *g = &l->conf->groups[l->conf->count];

		g->section = &sections[l->conf->count];
		load_section(l, g, root);
	}
}

static void load(struct loading *l)
{
	const char *slash = strrchr(l->path, '/');
	char *folder = mem_copy(slash ? l->path : ".");
	config_t file;

	if (slash)
		folder[slash == l->path ? 1 : slash - l->path] = 0;
	config_init(&file);
	config_set_include_dir(&file, folder);
	if (!config_read_file(&file, l->path))
		say_syntax(l, &file);
	else
		l->found += source_check(l->path, folder, l->problems);
	/* a number that was cut would be complained of again, with a value nobody wrote */
	if (!l->found)
		load_sections(l, config_root_setting(&file));
	config_destroy(&file);
	free(folder);
}

int conf_load(
	struct conf **out, const char *path, const struct section *sections, struct buf *problems)
{
	struct loading l = { .path = path, .problems = problems };
	struct buf text;
	int err;

	/* libconfig says no more than "file I/O error", and takes a text to its end whatever its length */
	buf_init(&text, SOURCE_MOST);
	err = source_read(path, &text);
	buf_done(&text);
	if (err) {
		buf_printf(problems, "%s: %s\n", path, strerror(-err));
		return err;
	}
	l.conf = mem_new(sizeof(*l.conf));
	l.conf->sections = sections;
	load(&l);
	if (l.found) {
		conf_free(l.conf);
		return -EINVAL;
	}
	*out = l.conf;
	return 0;
}
