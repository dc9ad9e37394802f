/* SPDX-License-Identifier: Apache-2.0 */
/* u-blox: 3GPP, and +UCGED=5 whose answer lists RSRP and RSRQ of the cells in whole decibels. */
#include "dialect.h"

static const char *const makers[] = { "u-blox", "ublox", "SARA-", "LARA-", "TOBY-", NULL };

static const struct at_command commands[] = {
	{ "AT+UCGED=5", NULL, ANSWER_NONE, NULL }, /* the form of the answer, nothing else */
	{ "AT+UCGED?", "+UCGED:", ANSWER_BLOCK, NULL },
	{ 0 },
};

const struct at_dialect at_ublox = { "u-blox", makers, commands, at_rsrp_list, commands, NULL,
	NULL };
