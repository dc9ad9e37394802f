/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of fields.h as tables. */
#include "mem.h"
#include "record.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Ascending by number, as fields.h lists them; test_codec.c checks that. */
static const struct field_info infos[] = {
#define X(number, symbol, name, type, unit, kinds, meaning) \
	{ number, FIELD_##type, name, unit, kinds },
	RECORD_FIELDS(X)
#undef X
};

static const char *const kind_names[] = {
#define X(number, symbol, name, meaning) [number] = name,
	RECORD_KINDS(X)
#undef X
};

const char *const place_source_name[PLACE_SOURCES] = { "none", "surveyed", "gnss", "network" };

static int by_number(const void *number, const void *info)
{
	return (int)*(const unsigned *)number - (int)((const struct field_info *)info)->number;
}

const struct field_info *field_info(unsigned number)
{
	if (number >= FIELD_LIMIT)
		return NULL;
	return bsearch(&number, infos, COUNT(infos), sizeof(infos[0]), by_number);
}

const struct field_info *field_named(const char *name)
{
	for (size_t i = 0; i < COUNT(infos); i++)
		if (!strcmp(infos[i].name, name))
			return &infos[i];
	return NULL;
}

const char *record_kind_name(unsigned kind)
{
	return kind < COUNT(kind_names) ? kind_names[kind] : NULL;
}

int record_kind_from(const char *name)
{
	for (unsigned i = 0; i < COUNT(kind_names); i++)
		if (kind_names[i] && !strcmp(kind_names[i], name))
			return (int)i;
	return -EINVAL;
}
