/* SPDX-License-Identifier: Apache-2.0 */
/* Inside config/ only: one group of checked values, and how a value gets in. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "conf.h"

struct value {
	const struct setting *def;
	bool given;
	int line;
	size_t count; /* of texts, reals */
	union {
		int64_t i; /* INT */
		double d;  /* REAL */
		bool yes;
		char *text; /* NULL: none */
		char **texts;
		double *reals;
	};
};

struct settings {
	char *file; /* "" when made from words */
	size_t count;
	struct value values[];
};

/* Every key of the tables (each may be NULL) with its default. */
struct settings *settings_new(const struct setting *const tables[], size_t n, const char *file);
struct value *settings_find(struct settings *s, const char *key); /* NULL: no such key */

/* Check and set; -EINVAL and a sentence without file and key otherwise.  The values of a list are
 * added one by one. */
int value_int(struct value *v, int64_t i, struct why *why);
int value_real(struct value *v, double d, struct why *why);
int value_text(struct value *v, const char *text, struct why *why);
int value_add_text(struct value *v, const char *text, struct why *why);
int value_add_real(struct value *v, double d, struct why *why);
void value_empty(struct value *v); /* a list loses its default */

/* Which of the offered words somebody may have meant. */
struct nearest {
	const char *word, *best; /* best: NULL when none is near enough */
	unsigned distance;
};
void nearest_offer(struct nearest *n, const char *candidate);

/* A mistake in the program, not in a file. */
void conf_bug(const char *what, const char *key) __attribute__((noreturn));

#endif
