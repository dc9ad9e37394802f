/* SPDX-License-Identifier: Apache-2.0 */
/* What people write for a target, taken apart. */
#include "latency.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int latency_target(const char *text, char *host, size_t room, uint16_t *port)
{
	const char *colon = strrchr(text, ':'), *from = text, *to = text + strlen(text);
	bool bracket = *text == '[';

	if (bracket) {
		from = text + 1;
		to = strchr(from, ']');
		if (!to || (to[1] && to[1] != ':'))
			return -EINVAL;
		colon = to[1] ? to + 1 : NULL;
	} else if (colon && colon == strchr(text, ':')) {
		to = colon;
	} else {
		colon = NULL; /* several: an IPv6 address without a port */
	}
	if (colon) {
		char *rest;
		unsigned long n = strtoul(colon + 1, &rest, 10);

		if (*rest || rest == colon + 1 || n == 0 || n > UINT16_MAX)
			return -EINVAL;
		*port = (uint16_t)n;
	}
	if (to == from || (size_t)(to - from) >= room)
		return -EINVAL;
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = 0;
	return 0;
}
