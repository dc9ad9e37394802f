/* SPDX-License-Identifier: Apache-2.0 */
/* Which dialect a modem speaks. */
#include "dialect.h"
#include "text.h"
#include <string.h>

const struct at_dialect *const at_dialects[] = {
	&at_quectel,
	&at_simcom,
	&at_sierra,
	&at_fibocom,
	&at_huawei,
	&at_foxconn,
	&at_ublox,
	&at_generic,
	NULL,
};

static const struct at_command nothing_more[] = { { 0 } };
static const char *const nobody[] = { NULL };

static void parse_nothing_more(struct radio *x, const char *answer)
{
	(void)x;
	(void)answer;
}

const struct at_dialect at_generic = { "3gpp", nobody, nothing_more, parse_nothing_more, NULL, NULL,
	NULL };

const struct at_dialect *at_dialect_for(const char *maker_and_model)
{
	for (size_t i = 0; at_dialects[i]; i++)
		for (const char *const *m = at_dialects[i]->makers; *m; m++)
			if (strcasestr(maker_and_model, *m))
				return at_dialects[i];
	return &at_generic;
}

const struct at_dialect *at_dialect_named(const char *name)
{
	for (size_t i = 0; at_dialects[i]; i++)
		if (!strcmp(at_dialects[i]->name, name))
			return at_dialects[i];
	return NULL;
}

void at_parse_lines(struct radio *x, const char *answer, const struct at_line *table, size_t n)
{
	char line[TEXT_LINE];

	while (text_line(&answer, line))
		for (size_t i = 0; i < n; i++)
			if (text_has_prefix(line, table[i].prefix)) {
				table[i].take(x, line + strlen(table[i].prefix));
				break;
			}
}
