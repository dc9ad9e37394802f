/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a question for the balance: +CUSD (TS 27.007 7.15) in any of the alphabets that modems hand on, and
 * mmcli's; and the sum in it.  The text may name a phone number: it stays here. */
#ifndef MODEM_USSD_H
#define MODEM_USSD_H

#include "../core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USSD_TEXT 600 /* 182 characters of three bytes (TS 23.038 5), with room */

/* The text as UTF-8; false when there is none. */
bool ussd_text(const char *answer, char out[USSD_TEXT]);

/* VND in the text: the first group of the pattern that begins with a digit.  "12.345d" and "12,345" are
 * 12345; what stands behind a decimal point is left out. */
bool ussd_balance(const char *text, const char *pattern, int64_t *vnd);
int ussd_pattern_check(const char *pattern, struct why *why); /* 0 or -EINVAL */

bool ussd_code_is_one(const char *code); /* digits, * and #, 1 .. 20 of them */

#endif
