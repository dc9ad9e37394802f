/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the settings share.  Inside of settings*.c only. */
#ifndef AGENT_SETTINGS_INSIDE_H
#define AGENT_SETTINGS_INSIDE_H

#include "settings.h"

const struct setting *agent_test_accepts(const char *kind); /* NULL: there is no such measurement */
int collector_key_text(
	const char *text, uint8_t out[PUBLIC_KEY]) MUST_CHECK; /* 64 hexadecimal digits */
/* What no table can say: values that must fit together.  Each problem is a line. */
void settings_check(const struct conf *c, struct buf *problems);

#endif
