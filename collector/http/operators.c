/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"

#include <string.h>

static int add(void *arg, const struct store_operator *o)
{
	struct operators *to = arg;

	if (to->count == OPERATORS_MOST)
		return 1;
	to->list[to->count++] = *o;
	return 0;
}

void operators_load(struct operators *out, struct store *s)
{
	out->count = 0;
	(void)store_operators(s, add, out); /* without a list the numbers still tell */
}

const char *operators_brand(const struct operators *o, const char *plmn)
{
	for (size_t i = 0; i < o->count; i++)
		if (!strcmp(o->list[i].plmn, plmn))
			return *o->list[i].brand ? o->list[i].brand : o->list[i].name;
	return NULL;
}
