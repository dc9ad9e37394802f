/* SPDX-License-Identifier: Apache-2.0 */
#include "service_portal.h"
#include "fetch.h"
#include <stdio.h>
#include <string.h>

#define URL_MOST 512

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A star that fails later needs no second look: the newest one may take all that an older one could. */
bool portal_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern && (*pattern == '?' || lower(*pattern) == lower(*text))) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* A subscriber's number as a part of the name: long runs of digits, which no address has. */
static void mask(char *host)
{
	for (char *c = host; *c; c++) {
		size_t n = strspn(c, "0123456789");

		if (n > 7)
			memset(c, 'X', n);
		c += n > 1 ? n - 1 : 0;
	}
}

/* fetch_url() says no to anything that is not http(s)://host. */
static bool host_of(char *out, size_t room, const char *from, size_t n)
{
	char url[URL_MOST];
	unsigned port;
	bool tls;

	if (n >= sizeof(url))
		n = sizeof(url) - 1;
	memcpy(url, from, n);
	url[n] = 0;
	url[strcspn(url, "?#")] = 0;
	if (fetch_url(url, out, room, &port, &tls))
		return false;
	mask(out);
	return true;
}

/* The address in <meta http-equiv="refresh" content="0; url=...">, for pages that send on without a Location. */
static bool host_of_refresh(char *out, size_t room, const char *tag)
{
	char text[URL_MOST];
	const char *url;

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(tag, ">"), tag);
	url = strcasestr(text, "url=");
	if (!url || !strcasestr(text, "http-equiv") || !strcasestr(text, "refresh"))
		return false;
	url += 4;
	url += strspn(url, " \"'");
	return host_of(out, room, url, strcspn(url, " \"'"));
}

void portal_host(char *out, size_t room, const char *location, const char *body)
{
	*out = 0;
	if (*location && host_of(out, room, location, strlen(location)))
		return;
	for (const char *tag = strcasestr(body, "<meta"); tag; tag = strcasestr(tag + 5, "<meta"))
		if (host_of_refresh(out, room, tag))
			return;
	*out = 0;
}
