/* SPDX-License-Identifier: Apache-2.0 */
/* The code with which a technician brings a probe in: typed from paper, read out over a bad line, or scanned.
 * 16 symbols of Crockford's base32 in groups of four, "7K3M-9QXW-T2RD-H8VC": 75 random bits and a check symbol
 * that finds every wrong symbol and every two that were exchanged. */
#ifndef CORE_CLAIM_H
#define CORE_CLAIM_H

#include "why.h"
#include <stdint.h>

#define CLAIM_SYMBOLS 16
#define CLAIM_CODE    (CLAIM_SYMBOLS + 1) /* without groups, terminated */
#define CLAIM_TEXT    (CLAIM_SYMBOLS + 3 + 1)
#define CLAIM_NAME    5 /* the first group, terminated: names the claim and is no secret */
#define CLAIM_HASH    32

int claim_make(char code[CLAIM_CODE]) MUST_CHECK; /* -EIO: no random numbers */
/* Blanks and hyphens anywhere, small letters, O for 0, I and L for 1 are all right.  -EINVAL: not 16 symbols of
 * the alphabet; -EBADMSG: the check symbol does not fit, a symbol is wrong. */
int claim_parse(const char *text, char code[CLAIM_CODE]) MUST_CHECK;
char *claim_text(const char code[CLAIM_CODE], char out[CLAIM_TEXT]);
char *claim_name(const char code[CLAIM_CODE], char out[CLAIM_NAME]);
void claim_hash(const char code[CLAIM_CODE], uint8_t out[CLAIM_HASH]); /* what is stored of it */

#endif
