/* SPDX-License-Identifier: Apache-2.0 */
/* Who answered in place of the target: a login page, or the operator's page for used up credit.  Pure. */
#ifndef PROBES_SERVICE_PORTAL_H
#define PROBES_SERVICE_PORTAL_H

#include <stdbool.h>
#include <stddef.h>

/* '*' stands for any text, '?' for one byte; letters of ASCII match in either case.  Takes at most
 * strlen(pattern) * strlen(text) steps, whatever the text. */
bool portal_matches(const char *pattern, const char *text);

/* Host of an absolute address: of the Location header, else of a page's <meta http-equiv="refresh">.  "" when there
 * is none.  Path and query are left out, and long numbers become X: portals put the subscriber's number there. */
void portal_host(char *out, size_t room, const char *location, const char *body);

#endif
