/* SPDX-License-Identifier: Apache-2.0 */
/* libconfig in, checked settings out; the only place that knows libconfig.  A program describes its
 * sections and keys as tables; every key is checked for type and range, unknown keys are errors, and
 * each message names file, line and key:
 *   agent.conf:41: tests[2].interval_s: 5 s is below the least, 10 s */
#ifndef CONFIG_CONF_H
#define CONFIG_CONF_H

#include "../probes/core/buf.h"
#include "../probes/core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_INT,
	SETTING_REAL,
	SETTING_BOOL,
	SETTING_TEXT,
	SETTING_TEXTS,
	SETTING_REALS
};

struct setting { /* a table of them ends with {0} */
	const char *key;
	enum setting_type type;
	/* INT, REAL and each of REALS: the range, none when both are 0.  TEXT and each of TEXTS: most is
	 * the longest in bytes, 0 means 255. */
	double least, most;
	/* The default as text ("60", "true", "a,b"); it may lie outside of what a file may say.  NULL:
	 * the key must be given.  "" for TEXT and TEXTS: none. */
	const char *unless;
	const char *unit;         /* "s", "dBm"; for messages and --print-config */
	const char *const *words; /* TEXT, TEXTS: all that are allowed, then NULL; NULL: any text */
	const char *meaning;      /* one line, for --print-config and the man page */
};

struct settings; /* the checked values of one group */

struct section { /* a table of them ends with {0} */
	/* "" is the top level of the file */
	const char *name;
	/* NULL: accept_for decides by the text of the key `by` */
	const struct setting *accept;
	/* a list of groups: name = ( { ... }, { ... } ) */
	bool many;
	/* must be there; else an absent section has all its defaults, and nothing where there is none */
	bool needed;
	/* "kind": then accept_for(word) gives the table, NULL for an unknown word */
	const char *by;
	const struct setting *(*accept_for)(const char *word);
	/* keys that every group accepts beside accept or accept_for; may be NULL */
	const struct setting *common;
};

struct conf;

/* Reads and checks the file.  Every problem is one line in problems (text); -EINVAL when there are
 * any, -errno when the file cannot be read (also said in problems).  @include of libconfig works,
 * relative to the file. */
int conf_load(struct conf **out, const char *path, const struct section *sections,
	struct buf *problems) MUST_CHECK;
void conf_free(struct conf *c);

/* A section that is there once: never NULL for a name of the tables. */
const struct settings *conf_section(const struct conf *c, const char *name);
size_t conf_count(const struct conf *c, const char *name); /* groups of a `many` section */
const struct settings *conf_at(const struct conf *c, const char *name, size_t i);

/* Gives an empty TEXT or TEXTS key other values, checked, as if that were its default: for what a program has
 * learnt elsewhere.  What is not empty stays. */
int conf_fill(struct conf *c, const char *section, const char *key, const char *const texts[],
	size_t n, struct why *why) MUST_CHECK;

/* Settings without a file: "key=value" words checked against tables (command line, tests). */
int settings_make(struct settings **out, const struct setting *accept, const struct setting *common,
	const char *const words[], size_t n, struct why *why) MUST_CHECK;
/* A copy in which one key of type TEXT has another value, checked. */
int settings_with(struct settings **out, const struct settings *s, const char *key,
	const char *text, struct why *why) MUST_CHECK;
void settings_free(struct settings *s); /* only those of settings_make() and settings_with() */

/* A key that is not in the table is a bug in the program and ends it with a message. */
int64_t settings_int(const struct settings *s, const char *key);
double settings_real(const struct settings *s, const char *key);
bool settings_bool(const struct settings *s, const char *key);
const char *settings_text(const struct settings *s, const char *key); /* "" when none */
size_t settings_count(const struct settings *s, const char *key);     /* of TEXTS, REALS */
const char *settings_text_at(const struct settings *s, const char *key, size_t i);
double settings_real_at(const struct settings *s, const char *key, size_t i);
bool settings_given(const struct settings *s, const char *key); /* in the file, not defaulted */
/* 0 when defaulted */
int settings_line(const struct settings *s, const char *key);
const char *settings_file(const struct settings *s);

/* Prints what holds, defaults included, in libconfig's own form with meanings as comments. */
void conf_print(struct buf *out, const struct conf *c);

#endif
