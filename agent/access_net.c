/* SPDX-License-Identifier: Apache-2.0 */
#include "access_net.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void access_net_forget(struct access_net *n)
{
	struct access_uplink uplink = n->uplink;
	bool told = n->uplink_told;

	memset(n, 0, sizeof(*n));
	n->ok_ns = n->unreceipted_ns = ACCESS_NEVER;
	n->uplink = uplink;
	n->uplink_told = told;
}

static bool is_word(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

/* The host of "http://host:port/path", "host:port", "[address]:port" or an address. */
static void host_of(const char *target, char *out, size_t room)
{
	const char *from = strstr(target, "://"), *to;

	from = from ? from + 3 : target;
	if (*from == '[') {
		from++;
		to = strchr(from, ']');
	} else {
		to = from + strcspn(from, ":/");
		/* several colons: an IPv6 address without a port */
		if (*to == ':' && strchr(to + 1, ':'))
			to = from + strcspn(from, "/");
	}
	snprintf(out, room, "%.*s", to ? (int)(to - from) : (int)strlen(from), from);
}

static uint32_t hash_of(const char *text)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h ? h : 1;
}

static void reached(struct access_net *n, const struct record *r, int64_t now_ns, bool by_http)
{
	const char *kind = record_kind_name(r->kind), *target = record_text(r, FIELD_TARGET);

	n->ok_ns = now_ns;
	snprintf(n->ok_by, sizeof(n->ok_by), "%s %s", kind ? kind : "", target ? target : "");
	memset(n->failed, 0, sizeof(n->failed));
	n->no_address = 0;
	/* a portal lets packets pass as long as they are not the web's */
	if (by_http)
		n->captive = 0;
}

static void missed(struct access_net *n, const struct record *r, int64_t now_ns)
{
	const char *target = record_text(r, FIELD_TARGET);
	char host[48];
	uint32_t hash;
	size_t oldest = 0;

	host_of(target ? target : record_kind_name(r->kind), host, sizeof(host));
	hash = hash_of(host);
	for (size_t i = 0; i < ACCESS_TARGETS; i++) {
		if (n->failed[i].host == hash) {
			oldest = i;
			break;
		}
		if (!n->failed[i].host ||
			(n->failed[oldest].host && n->failed[i].at_ns < n->failed[oldest].at_ns))
			oldest = i;
	}
	n->failed[oldest].host = hash;
	n->failed[oldest].at_ns = now_ns;
	snprintf(n->failed[oldest].name, sizeof(n->failed[oldest].name), "%s", host);
}

static void observe_ipv6(struct access_net *n, const struct record *r, int64_t now_ns)
{
	static const char *const unusable[] = { "none", "link_local", NULL };
	bool http = record_has(r, FIELD_V4_HTTP_US) || record_has(r, FIELD_V6_HTTP_US);

	if (http || record_has(r, FIELD_V4_TCP_US) || record_has(r, FIELD_V6_TCP_US) ||
		record_bool(r, FIELD_V4_UDP, false) || record_bool(r, FIELD_V6_UDP, false)) {
		reached(n, r, now_ns, http);
		return;
	}
	if (is_word(record_text(r, FIELD_V4_ADDRESS), unusable) &&
		is_word(record_text(r, FIELD_V6_ADDRESS), unusable))
		n->no_address++;
	missed(n, r, now_ns);
}

static void observe_service(struct access_net *n, const struct record *r, int64_t now_ns)
{
	const char *verdict = record_text(r, FIELD_VERDICT);

	if (!verdict)
		return;
	if (!strcmp(verdict, "captive_portal"))
		n->captive++;
	else if (!strcmp(verdict, "ok"))
		reached(n, r, now_ns, true);
	else if (!strcmp(verdict, "network"))
		missed(n, r, now_ns);
}

void access_net_observe(struct access_net *n, const struct record *r, int64_t now_ns)
{
	/* other errors are ours, the server's, or a host that answered that nothing listens */
	static const char *const unreachable[] = { "unreachable", "no_route", "dns", "timeout",
		"connect", "network", NULL };

	if (r->kind < RECORD_LATENCY || r->kind > RECORD_SERVICE)
		return;
	if (record_has(r, FIELD_ERROR)) {
		if (is_word(record_text(r, FIELD_ERROR), unreachable))
			missed(n, r, now_ns);
		return;
	}
	switch (r->kind) {
	case RECORD_LATENCY:
		if (record_int(r, FIELD_RECEIVED, 0) > 0)
			reached(n, r, now_ns, false);
		else if (record_int(r, FIELD_SENT, 0) > 0)
			missed(n, r, now_ns);
		break;
	case RECORD_THROUGHPUT:
		if (record_int(r, FIELD_BYTES, 0) > 0)
			reached(n, r, now_ns, true);
		break;
	case RECORD_IPV6:
		observe_ipv6(n, r, now_ns);
		break;
	case RECORD_SERVICE:
		observe_service(n, r, now_ns);
		break;
	default:
		break;
	}
}

void access_net_uplink(struct access_net *n, const struct access_uplink *u, int64_t now_ns)
{
	if (!u->waiting || !u->connected)
		n->unreceipted_ns = ACCESS_NEVER;
	else if (n->unreceipted_ns == ACCESS_NEVER ||
		 u->last_receipt_ns != n->uplink.last_receipt_ns)
		n->unreceipted_ns = now_ns;
	n->uplink = *u;
	n->uplink_told = true;
}

void access_net_link(struct access_net *n, bool has_address)
{
	n->link_told = true;
	n->link_has_address = has_address;
}

static bool PRINTF(5, 6) is(enum access_state *out, char *why, size_t room, enum access_state state,
	const char *format, ...)
{
	va_list args;

	*out = state;
	va_start(args, format);
	vsnprintf(why, room, format, args);
	va_end(args);
	return true;
}

static int64_t seconds(int64_t ns)
{
	return ns / NS_PER_S;
}

static bool broker_gone(const struct access_net *n, const struct access_options *o, int64_t now_ns)
{
	return n->uplink_told && n->uplink.configured && !n->uplink.connected &&
	       now_ns - n->uplink.down_since_ns >= o->collector_after_ns;
}

/* How many hosts failed and none was reached since; their names as a list. */
static unsigned hosts_missed(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, char *names, size_t room)
{
	unsigned hosts = 0;
	size_t used = 0;

	*names = 0;
	for (size_t i = 0; i < ACCESS_TARGETS; i++) {
		int took;

		if (!n->failed[i].host || now_ns - n->failed[i].at_ns > o->stale_ns)
			continue;
		hosts++;
		took = snprintf(
			names + used, room - used, "%s%s", used ? ", " : "", n->failed[i].name);
		if (took > 0 && used + (size_t)took < room)
			used += (size_t)took;
	}
	return hosts;
}

static bool decide_missing(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, enum access_state *state, char *why, size_t room)
{
	bool no_address = (n->link_told && !n->link_has_address) || n->no_address >= o->rounds;
	bool gone = broker_gone(n, o, now_ns);
	char names[100];
	unsigned hosts = hosts_missed(n, o, now_ns, names, sizeof(names));

	if (no_address && !o->no_modem)
		return is(state, why, room, STATE_ATTACHED_NO_IP,
			"registered, but the interface has no usable address");
	if (n->captive >= o->rounds)
		return is(state, why, room, STATE_CAPTIVE_OR_NO_CREDIT,
			"%u answers in a row came from somebody else than the server asked",
			n->captive);
	/* one host that fails may be that host's fault; a broker that answers is proof of a net */
	if (hosts && !n->uplink.connected && (hosts >= 2 || gone))
		return is(state, why, room, STATE_IP_NO_INTERNET, "nothing reached: %s%s", names,
			gone ? ", broker" : "");
	return false;
}

bool access_net_decide(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	enum access_state *state, char *why, size_t room)
{
	bool tested = n->ok_ns != ACCESS_NEVER && now_ns - n->ok_ns <= o->stale_ns;
	bool connected = n->uplink_told && n->uplink.connected;

	if (decide_missing(n, o, now_ns, state, why, room))
		return true;
	if (tested && broker_gone(n, o, now_ns))
		return is(state, why, room, STATE_COLLECTOR_DOWN,
			"%s works, no broker for %" PRId64 " s", n->ok_by,
			seconds(now_ns - n->uplink.down_since_ns));
	if (connected && n->unreceipted_ns != ACCESS_NEVER &&
		now_ns - n->unreceipted_ns >= o->receipt_after_ns)
		return is(state, why, room, STATE_COLLECTOR_DOWN,
			"the broker answers, the collector does not: no receipt for %" PRId64 " s",
			seconds(now_ns - n->unreceipted_ns));
	if (n->captive)
		return false;
	if (tested)
		return is(state, why, room, STATE_OK, "%s works", n->ok_by);
	if (connected)
		return is(state, why, room, STATE_OK, "the broker is connected");
	if (o->no_internet_tests && !n->uplink.configured)
		return is(state, why, room, STATE_OK, "registered; nothing here tests the net");
	/* one failed host, or nothing fresh: the state of before holds until its evidence is too old */
	if (n->ok_ns != ACCESS_NEVER && now_ns - n->ok_ns > o->stale_ns)
		return is(state, why, room, STATE_UNKNOWN, "no test of the net for %" PRId64 " s",
			seconds(now_ns - n->ok_ns));
	if (n->ok_ns == ACCESS_NEVER)
		return is(state, why, room, STATE_UNKNOWN,
			"registered, nothing is known of the net yet");
	return false;
}
