/* SPDX-License-Identifier: Apache-2.0 */
#include "last_access.h"
#include "html.h"

#include "../i18n.h"

#include <string.h>

void put_last_access(struct buf *b, struct store *s, const struct store_probe *p, const char *lang)
{
	struct store_access a;
	const char *cause;

	if (store_last_access(s, p, &a) || a.state >= ACCESS_STATES) {
		buf_puts(b, "–");
		return;
	}
	cause = i18n_cause(a.cause, lang);
	html_text(b, i18n_access(access_state_name[a.state], lang));
	if (!strncmp(cause, "reject_", 7))
		html_textf(b, ": %s %s", i18n(TR_BECAUSE_REJECT, lang), cause + 7);
	else if (*cause)
		html_textf(b, ": %s", cause);
}
