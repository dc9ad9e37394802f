/* SPDX-License-Identifier: Apache-2.0 */
/* Inside config/ only: a checked file. */
#ifndef CONFIG_CONF_INSIDE_H
#define CONFIG_CONF_INSIDE_H

#include "settings.h"

struct group { /* one section of the tables */
	const struct section *section;
	struct setting *by; /* a table of the one key that chooses the table, when there is one */
	size_t count;       /* 1 unless the section may be there many times */
	struct settings **items;
};

struct conf {
	const struct section *sections;
	size_t count;
	struct group *groups;
};

struct setting *by_table(const char *key);

#endif
