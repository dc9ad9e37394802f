/* SPDX-License-Identifier: Apache-2.0 */
/* Networks by the name people know: 45204 is Viettel. */
#ifndef COLLECTOR_HTTP_OPERATORS_H
#define COLLECTOR_HTTP_OPERATORS_H

#include "../store/store.h"

#define OPERATORS_MOST 32

struct operators {
	struct store_operator list[OPERATORS_MOST];
	size_t count;
};
void operators_load(struct operators *out, struct store *s);
const char *operators_brand(
	const struct operators *o, const char *plmn); /* NULL: not in the list */

#endif
