/* SPDX-License-Identifier: Apache-2.0 */
/* One record of a test, reduced to what it says of the net. */
#include "access_net.h"
#include "../probes/resolve.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_word(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

/* A name server that says "there is no such name" works: the plan is wrong, not the net. */
static bool no_such_name(const char *sentence)
{
	return sentence && strstr(sentence, resolve_text(-ENOENT));
}

static enum access_way way_of_error(const struct record *r)
{
	/* other errors are ours, or say that the server was reached and said no */
	static const char *const silent[] = { "unreachable", "timeout", "connect", "network",
		NULL };
	static const char *const refused[] = { "no_server", "http_status", "certificate", NULL };
	const char *error = record_text(r, FIELD_ERROR);

	if (!strcmp(error, "dns"))
		return no_such_name(record_text(r, FIELD_ERROR_TEXT)) ? WAY_REFUSED : WAY_NO_NAME;
	if (!strcmp(error, "no_route"))
		return WAY_NO_ROUTE;
	if (is_word(error, silent))
		return WAY_SILENT;
	return is_word(error, refused) ? WAY_REFUSED : WAY_NONE;
}

static bool begins(const char *text, const char *with)
{
	return text && !strncmp(text, with, strlen(with));
}

/* Only a STAMP answer cannot be forged by a portal, and portals are found by tests of services. */
static enum access_way way_of_ipv6(const struct record *r)
{
	const char *v4 = record_text(r, FIELD_V4_ERROR), *v6 = record_text(r, FIELD_V6_ERROR);

	if (record_has(r, FIELD_V4_HTTP_US) || record_has(r, FIELD_V6_HTTP_US) ||
		record_has(r, FIELD_V4_TCP_US) || record_has(r, FIELD_V6_TCP_US) ||
		record_bool(r, FIELD_V4_UDP, false) || record_bool(r, FIELD_V6_UDP, false))
		return WAY_OK;
	if (begins(v4, "dns:") && begins(v6, "dns:"))
		return no_such_name(v4) && no_such_name(v6)     ? WAY_REFUSED
		       : !no_such_name(v4) && !no_such_name(v6) ? WAY_NO_NAME
		                                                : WAY_SILENT;
	if (record_has(r, FIELD_V4_ROUTE) && !record_bool(r, FIELD_V4_ROUTE, false) &&
		!record_bool(r, FIELD_V6_ROUTE, false))
		return WAY_NO_ROUTE;
	return WAY_SILENT;
}

static enum access_way way_of_service(const struct record *r)
{
	const char *verdict = record_text(r, FIELD_VERDICT), *portal = record_text(r, FIELD_PORTAL),
		   *step = record_text(r, FIELD_FAILED_AT),
		   *fault = record_text(r, FIELD_CERTIFICATE);

	if (!verdict)
		return WAY_NONE;
	if (!strcmp(verdict, "ok"))
		return WAY_OK;
	if (!strcmp(verdict, "captive_portal"))
		return portal && !strcmp(portal, "credit") ? WAY_NO_CREDIT : WAY_PORTAL;
	if (!strcmp(verdict, "certificate")) {
		/* without a clock every certificate is of the future */
		if (fault && r->clock.source == CLOCK_NONE && !strcmp(fault, "time"))
			return WAY_NONE;
		return fault && !strcmp(fault, "name") ? WAY_OTHER_CERT : WAY_REFUSED;
	}
	if (strcmp(verdict, "network"))
		return WAY_REFUSED;
	if (step && !strcmp(step, "dns"))
		return WAY_NO_NAME;
	return step && !strcmp(step, "route") ? WAY_NO_ROUTE : WAY_SILENT;
}

enum access_way access_way(const struct record *r)
{
	if (r->kind < RECORD_LATENCY || r->kind > RECORD_SERVICE)
		return WAY_NONE;
	if (record_has(r, FIELD_ERROR))
		return way_of_error(r);
	switch (r->kind) {
	case RECORD_LATENCY:
		if (record_int(r, FIELD_RECEIVED, 0) > 0)
			return WAY_OK;
		return record_int(r, FIELD_SENT, 0) > 0 ? WAY_SILENT : WAY_NONE;
	case RECORD_THROUGHPUT:
		return record_int(r, FIELD_BYTES, 0) > 0 ? WAY_OK : WAY_NONE;
	case RECORD_IPV6:
		return way_of_ipv6(r);
	case RECORD_SERVICE:
		return way_of_service(r);
	default: /* a dns test compares name servers, and not only the one that is used */
		return WAY_NONE;
	}
}

void access_host(const char *target, char *out, size_t room)
{
	const char *from = strstr(target, "://"), *to;

	from = from ? from + 3 : target;
	if (*from == '[') {
		from++;
		to = strchr(from, ']');
	} else {
		to = from + strcspn(from, ":/");
		/* several colons: an IPv6 address without a port */
		if (*to == ':' && strchr(to + 1, ':') && !strchr(from, '/'))
			to = from + strlen(from);
	}
	snprintf(out, room, "%.*s", to ? (int)(to - from) : (int)strlen(from), from);
}
