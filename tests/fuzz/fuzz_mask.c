/* SPDX-License-Identifier: Apache-2.0 */
/* Any text at all: what comes out has no run of digits that could be a number of somebody, and no MAC address.  The
 * first byte says as what it is read. */
#include "../../agent/mask.h"
#include <stdlib.h>
#include <string.h>

#define DIGITS_RUN 9

static size_t digits_at(const char *c)
{
	return strspn(c, "0123456789");
}

static bool is_mac(const char *c)
{
	for (int i = 0; i < 6; i++, c += 3)
		if (strspn(c, "0123456789abcdefABCDEF") < 2 || (i < 5 && c[2] != ':'))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mask m;
	bool as_config;
	struct buf out;
	char *text;

	if (!size)
		return 0;
	as_config = data[0] & 1;
	mask_init(&m, data[0] & 2);
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	buf_init(&out, 1 << 22);
	if (as_config)
		mask_config(&m, &out, text);
	else
		mask_text(&m, &out, text);
	for (const char *c = buf_text(&out); !out.err && *c; c++)
		if (digits_at(c) >= DIGITS_RUN ||
			((c == buf_text(&out) || c[-1] == ' ') && is_mac(c)))
			abort();
	mask_done(&m);
	buf_done(&out);
	free(text);
	return 0;
}
