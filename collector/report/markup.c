/* SPDX-License-Identifier: Apache-2.0 */
#include "markup.h"

#include <string.h>

void markup(struct buf *out, const char *text)
{
	static const char special[] = "&<>\"'";
	static const char *const entity[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };

	while (text && *text) {
		size_t plain = strcspn(text, special);

		buf_put(out, text, plain);
		text += plain;
		if (*text)
			buf_puts(out, entity[strchr(special, *text++) - special]);
	}
}

void markup_cell(struct buf *out, const char *tag, const char *text)
{
	buf_printf(out, "<%s>", tag);
	markup(out, text);
	buf_printf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}
