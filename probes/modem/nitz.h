/* SPDX-License-Identifier: Apache-2.0 */
/* What time the network told the modem (NITZ), out of the answers of +CCLK?, +QLTS=1 and mmcli --time. */
#ifndef MODEM_NITZ_H
#define MODEM_NITZ_H

#include <stdbool.h>
#include <stdint.h>

/* TS 22.042 clause 4 expects an accuracy "in the order of minutes", and that a time which arrives is usually
 * within a couple of minutes.  The second that +CCLK counts in, and the age of an RTC that runs on since, are small beside it. */
#define NITZ_ERROR_US (120 * 1000000LL)

/* UTC in ns.  False, and a sentence in *why: there is no time, its zone is not told, it is none that a
 * network has sent (clock_plausible()), or the modem's clock does not follow the network (+CTZU: 0). */
bool nitz_parse(const char *answer, int64_t *utc_ns, const char **why);
bool nitz_is_off(const char *answer); /* +CTZU: 0 */

#endif
