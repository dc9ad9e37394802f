/* SPDX-License-Identifier: Apache-2.0 */
#include "access_net.h"
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The operator is asked once a day, and answers later some days. */
#define CREDIT_VALID_NS (26 * 3600 * NS_PER_S)

bool verdict_is(
	struct verdict *v, enum access_state state, const char *cause, const char *format, ...)
{
	va_list args;

	v->state = state;
	snprintf(v->cause, sizeof(v->cause), "%s", cause);
	va_start(args, format);
	vsnprintf(v->why, sizeof(v->why), format, args);
	va_end(args);
	return true;
}

void access_net_forget(struct access_net *n)
{
	struct access_net old = *n;

	memset(n, 0, sizeof(*n));
	n->turn = old.turn;
	n->ok_ns = n->unreceipted_ns = n->refused_ns = n->alive_ns = n->captive_ns = ACCESS_NEVER;
	n->fresh_ns = old.fresh_ns;
	n->credit = old.credit;
	n->credit_ns = old.credit_ns;
	n->uplink = old.uplink;
	n->uplink_told = old.uplink_told;
}

void access_net_fresh(struct access_net *n, int64_t now_ns)
{
	n->fresh_ns = now_ns;
}

static uint32_t hash_of(const char *text, uint32_t seed)
{
	uint32_t h = 2166136261u ^ seed; /* FNV-1a */

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h ? h : 1;
}

static bool is_address(const char *host)
{
	char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/* Its place in the table; when that is full the one that was silent about itself longest goes.  A test has
 * one target, and a record that could not be made may not tell it. */
static struct access_target *target_of(struct access_net *n, const struct record *r)
{
	const char *target = record_text(r, FIELD_TARGET), *test = record_text(r, FIELD_TEST),
		   *kind = record_kind_name(r->kind);
	struct access_target *t = n->target;
	char host[128];
	uint32_t key;

	target = target ? target : "";
	test = test ? test : target;
	key = hash_of(test, (uint32_t)r->kind << 24);
	for (size_t i = 0; i < ACCESS_TARGETS; i++) {
		if (n->target[i].key == key)
			return &n->target[i];
		if (!n->target[i].key || (t->key && n->target[i].turn < t->turn))
			t = &n->target[i];
	}
	access_host(target, host, sizeof(host));
	*t = (struct access_target){ .key = key,
		.host = hash_of(*host ? host : test, 0),
		.named = *host && !is_address(host) };
	for (int i = 0; i < ACCESS_SAWS; i++)
		t->saw_ns[i] = ACCESS_NEVER;
	snprintf(t->name, sizeof(t->name), "%s %s", kind ? kind : "", *target ? target : test);
	return t;
}

/* Whoever was silent then was so by itself.  A receipt may be told late: it counts from when it came. */
static void others_see(struct access_net *n, int what, int64_t at_ns)
{
	for (struct access_target *t = n->target; t < n->target + ACCESS_TARGETS; t++)
		if (t->saw_ns[what] == ACCESS_NEVER && t->at_ns <= at_ns)
			t->saw_ns[what] = at_ns;
}

static void met(struct access_net *n, struct access_target *t, int64_t now_ns, bool proof)
{
	t->misses = 0;
	n->ok_turn = n->turn;
	n->ok_ns = now_ns;
	n->ok_key = t->key;
	snprintf(n->ok_by, sizeof(n->ok_by), "%s", t->name);
	if (!t->named)
		n->address_turn = n->turn;
	n->no_address = 0;
	n->refused_ns = ACCESS_NEVER;
	others_see(n, SAW_ANY, now_ns);
	if (!proof)
		return;
	n->http_turn = n->turn;
	others_see(n, SAW_WEB, now_ns);
	n->captive = 0;
	n->captive_credit = false;
}

static void count_names(struct access_net *n, const struct access_target *t, const struct record *r,
	enum access_way way, int64_t now_ns)
{
	if (way == WAY_NO_NAME) {
		if (!n->nameless++) {
			n->nameless_turn = n->turn;
			n->nameless_ns = now_ns;
		}
		n->nameless_last_ns = now_ns;
	} else if (t->named && (way == WAY_OK || record_has(r, FIELD_ADDRESS))) {
		n->nameless = 0; /* whatever came of it, the name was found */
		others_see(n, SAW_NAME, now_ns);
	}
}

/* Of what others did, that which this target did not. */
static int lacking(const struct access_net *n, enum access_way way)
{
	if (way == WAY_NO_NAME)
		return SAW_NAME;
	if (way == WAY_PORTAL || way == WAY_NO_CREDIT || (way == WAY_OTHER_CERT && n->http_turn))
		return SAW_WEB;
	return SAW_ANY;
}

/* A miss is the target's own when others worked after its run before and before this one began. */
static void miss(struct access_net *n, struct access_target *t, const struct record *r,
	enum access_way way, int64_t now_ns)
{
	int64_t saw_ns = t->saw_ns[lacking(n, way)];

	if (!t->misses++) {
		t->since_turn = n->turn;
		t->since_ns = now_ns;
		t->own = 0;
	}
	if (t->turn && saw_ns != ACCESS_NEVER && saw_ns <= r->mono_ns)
		t->own++;
	if (way == WAY_PORTAL || way == WAY_NO_CREDIT) {
		n->captive++;
		n->captive_credit |= way == WAY_NO_CREDIT;
	}
	if (way == WAY_PORTAL || way == WAY_NO_CREDIT || way == WAY_OTHER_CERT)
		n->captive_ns = now_ns;
}

/* Of a service: with the one status that was asked for, or under a certificate, nobody else can have said it. */
static bool is_proof(const struct record *r)
{
	return r->kind == RECORD_SERVICE &&
	       (record_bool(r, FIELD_TLS, false) || record_has(r, FIELD_EXPECTED));
}

static void count_addresses(struct access_net *n, const struct record *r, int64_t now_ns)
{
	const char *v4 = record_text(r, FIELD_V4_ADDRESS), *v6 = record_text(r, FIELD_V6_ADDRESS);

	if (!v4 || !v6)
		return;
	if (strcmp(v4, "none") != 0 || (strcmp(v6, "none") != 0 && strcmp(v6, "link_local") != 0))
		n->no_address = 0;
	else if (!n->no_address++)
		n->no_address_ns = now_ns;
}

/* It failed while nothing could succeed. */
static bool is_void(
	const struct access_net *n, const struct record *r, enum access_way way, bool served)
{
	return (way == WAY_SILENT || way == WAY_NO_ROUTE || way == WAY_NO_NAME) &&
	       (!served || r->mono_ns < n->fresh_ns);
}

void access_net_observe(struct access_net *n, const struct record *r, int64_t now_ns, bool served)
{
	enum access_way way = access_way(r);
	struct access_target *t;

	/* a page that anybody could have sent is none while somebody does so */
	if (way == WAY_OK && r->kind == RECORD_SERVICE && !is_proof(r) && n->captive)
		way = WAY_NONE;
	if (way == WAY_NONE || is_void(n, r, way, served))
		return;
	n->turn++;
	t = target_of(n, r);
	count_names(n, t, r, way, now_ns);
	count_addresses(n, r, now_ns);
	if (way == WAY_OK)
		met(n, t, now_ns, is_proof(r));
	else
		miss(n, t, r, way, now_ns);
	for (int i = 0; i < ACCESS_SAWS; i++)
		t->saw_ns[i] = ACCESS_NEVER;
	t->way = (uint8_t)way;
	t->turn = n->turn;
	t->at_ns = now_ns;
}

void access_net_uplink(struct access_net *n, const struct access_uplink *u, int64_t now_ns)
{
	bool was = n->uplink_told && n->uplink.connected;
	int64_t before = n->alive_ns;

	if (u->connected && !was)
		n->alive_ns = now_ns;
	if (u->last_receipt_ns != n->uplink.last_receipt_ns && u->last_receipt_ns > n->alive_ns)
		n->alive_ns = u->last_receipt_ns;
	if (n->alive_ns != before)
		others_see(n, SAW_ANY, n->alive_ns);
	if (!u->waiting || !u->connected)
		n->unreceipted_ns = ACCESS_NEVER;
	else if (n->unreceipted_ns == ACCESS_NEVER ||
		 u->last_receipt_ns != n->uplink.last_receipt_ns)
		n->unreceipted_ns = now_ns;
	n->uplink = *u;
	n->uplink_told = true;
}

/* What was missed for want of an address says nothing once there is one. */
void access_net_link(struct access_net *n, bool has_address, int64_t now_ns)
{
	if (n->link_told && n->link_has_address == has_address)
		return;
	if (!has_address) {
		n->link_lost_ns = now_ns;
	} else if (n->link_told) {
		for (struct access_target *t = n->target; t < n->target + ACCESS_TARGETS; t++)
			t->misses = t->own = 0;
		n->nameless = n->no_address = 0;
		n->fresh_ns = now_ns;
	}
	n->link_told = true;
	n->link_has_address = has_address;
}

/* --- what it amounts to --------------------------------------------------------------------------- */
static int64_t seconds(int64_t ns)
{
	return ns / NS_PER_S;
}

static bool broker_gone(const struct access_net *n, const struct access_options *o, int64_t now_ns)
{
	return n->uplink_told && n->uplink.configured && !n->uplink.connected &&
	       n->uplink.down_since_ns && now_ns - n->uplink.down_since_ns >= o->collector_after_ns;
}

/* Connected alone may be what was left over from before an outage. */
static bool broker_answers(const struct access_net *n)
{
	return n->uplink_told && n->uplink.connected && n->alive_ns != ACCESS_NEVER;
}

static bool used_up(const struct access_net *n, int64_t now_ns)
{
	return n->credit && !strcmp(n->credit, "used_up") &&
	       now_ns - n->credit_ns <= CREDIT_VALID_NS && n->credit_ns >= n->ok_ns;
}

static bool missing(const struct access_target *t)
{
	return t->key && t->misses &&
	       (t->way == WAY_SILENT || t->way == WAY_NO_ROUTE || t->way == WAY_NO_NAME);
}

static void list(char *names, size_t room, const char *name)
{
	size_t used = strlen(names);

	snprintf(names + used, room - used, "%s%s", used ? ", " : "", name);
}

/* Hosts whose misses began after the last success of any test.  One that was down before, while others
 * worked, says nothing new. */
struct missed {
	unsigned hosts, old; /* old: those that were down before */
	bool firmly;         /* a host of the new ones in several rounds */
	bool last;           /* the target that was reached last is among them */
	bool nameless;       /* all of them only because no name server answers */
	bool untried;        /* an address that may still answer was not asked since */
	bool routes;         /* all of them for want of a way out */
	char names[100];
};

static struct missed missed_since(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, int64_t served_ns)
{
	struct missed m = { .last = !n->ok_turn, .nameless = true, .routes = true };
	uint32_t seen[ACCESS_TARGETS];

	for (const struct access_target *t = n->target; t < n->target + ACCESS_TARGETS; t++) {
		bool known = false;

		if (!t->key || now_ns - t->at_ns > o->stale_ns)
			continue;
		m.untried |= !t->named && t->way == WAY_OK;
		if (!missing(t) || t->since_turn < n->ok_turn || t->since_ns > served_ns) {
			m.old += missing(t) && t->since_turn < n->ok_turn;
			continue;
		}
		m.firmly |= t->misses >= o->rounds;
		m.last |= t->key == n->ok_key;
		m.nameless &= t->way == WAY_NO_NAME;
		m.routes &= t->way == WAY_NO_ROUTE;
		for (unsigned i = 0; i < m.hosts && !known; i++)
			known = seen[i] == t->host;
		if (known)
			continue;
		seen[m.hosts++] = t->host;
		list(m.names, sizeof(m.names), t->name);
	}
	return m;
}

/* Two misses of its own at least: between the two something else worked. */
static bool targets_down(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	char *names, size_t room, const char **works)
{
	unsigned least = o->rounds > 2 ? o->rounds : 2;

	*names = 0;
	for (const struct access_target *t = n->target; t < n->target + ACCESS_TARGETS; t++) {
		if (!t->key || !t->misses || t->own < least || now_ns - t->at_ns > o->stale_ns)
			continue;
		*works = n->ok_turn > t->since_turn ? n->ok_by : "the broker";
		list(names, room, t->name);
	}
	return *names;
}

/* Hosts, each once, whose newest result is this and came not before a turn. */
static unsigned hosts_that(const struct access_net *n, enum access_way way, uint64_t since,
	uint32_t hosts[ACCESS_TARGETS])
{
	unsigned count = 0;

	for (const struct access_target *t = n->target; t < n->target + ACCESS_TARGETS; t++) {
		bool known = false;

		if (!t->key || t->way != way || t->turn < since)
			continue;
		for (unsigned i = 0; i < count && !known; i++)
			known = hosts[i] == t->host;
		if (!known)
			hosts[count++] = t->host;
	}
	return count;
}

/* Every name that is tested, or two at least: one alone may be the fault of its own zone's servers. */
static bool names_fail(const struct access_net *n, const struct access_options *o, int64_t now_ns)
{
	uint32_t hosts[ACCESS_TARGETS];
	unsigned count = hosts_that(n, WAY_NO_NAME, n->nameless_turn, hosts);

	if (!count || n->nameless < o->rounds || now_ns - n->nameless_last_ns > o->stale_ns)
		return false;
	for (const struct access_target *t = n->target; t < n->target + ACCESS_TARGETS && count < 2;
		t++)
		if (t->key && t->named && t->way != WAY_NO_NAME &&
			now_ns - t->at_ns <= o->stale_ns && t->host != hosts[0])
			return false;
	return true;
}

/* Since the first lookup that failed, and not taken back by an address that was missed. */
static bool addresses_work(const struct access_net *n, const char **works)
{
	if (broker_answers(n) && n->alive_ns > n->nameless_ns) {
		*works = "the broker";
		return true;
	}
	for (const struct access_target *t = n->target; t < n->target + ACCESS_TARGETS; t++)
		if (missing(t) && !t->named && t->turn > n->address_turn)
			return false;
	*works = n->ok_by;
	return n->address_turn > n->nameless_turn;
}

static bool decide_address(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, int64_t served_ns, struct verdict *v)
{
	if (n->refused_ns != ACCESS_NEVER && now_ns - n->refused_ns <= o->stale_ns)
		return verdict_is(v, STATE_ATTACHED_NO_IP, "context_refused",
			"registered, the data connection was refused: %s", n->refused);
	if ((n->link_told && !n->link_has_address && n->link_lost_ns <= served_ns) ||
		(n->no_address >= o->rounds && n->no_address_ns <= served_ns))
		return verdict_is(v, STATE_ATTACHED_NO_IP, "no_address",
			"registered, but the interface has no usable address");
	return false;
}

static bool captive_now(const struct access_net *n, const struct access_options *o, int64_t now_ns)
{
	return n->captive_ns != ACCESS_NEVER && now_ns - n->captive_ns <= o->stale_ns;
}

/* One host with the certificate of another may be that host's mistake; two are somebody in between. */
static bool decide_captive(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, struct verdict *v)
{
	uint32_t hosts[ACCESS_TARGETS];
	unsigned forged = hosts_that(n, WAY_OTHER_CERT, n->http_turn, hosts);
	bool credit = n->captive_credit || used_up(n, now_ns);

	if (!captive_now(n, o, now_ns) ||
		(n->captive < o->rounds && forged < 2 && !(n->captive && forged)))
		return false;
	return verdict_is(v, STATE_CAPTIVE_OR_NO_CREDIT, credit ? "no_credit" : "portal",
		"%u answers in a row came from somebody else than the server asked, %u hosts have "
		"certificates of others%s",
		n->captive, forged,
		n->captive_credit ? "; it is the operator's page for used up credit"
		: credit          ? "; the operator says that the credit is used up"
				  : "");
}

/* Names fail, addresses do not: it is the name servers. */
static bool decide_names(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	struct verdict *v)
{
	const char *works = "";

	if (!names_fail(n, o, now_ns) || !addresses_work(n, &works))
		return false;
	return verdict_is(v, STATE_IP_NO_INTERNET, "dns",
		"%u lookups in a row that no name server answered, and %s works", n->nameless,
		works);
}

/* One host that fails may be that host's fault, one round may be the radio's; a broker that answers is proof of
 * a net. */
static bool decide_missing(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, int64_t served_ns, struct verdict *v)
{
	bool gone = broker_gone(n, o, now_ns);
	struct missed m = missed_since(n, o, now_ns, served_ns);

	if (!m.hosts || n->uplink.connected || (m.nameless && m.untried))
		return false;
	if (m.hosts >= 2 ? !(m.last || m.firmly) : !(m.firmly && (gone || m.old)))
		return false;
	if (used_up(n, now_ns))
		return verdict_is(v, STATE_CAPTIVE_OR_NO_CREDIT, "no_credit",
			"the operator says that the credit is used up, and nothing is reached: %s",
			m.names);
	return verdict_is(v, STATE_IP_NO_INTERNET, m.routes ? "route" : "unreachable", "%s: %s%s",
		m.routes ? "there is no way to any of them" : "nothing reached", m.names,
		gone ? ", broker" : "");
}

static bool decide_collector(const struct access_net *n, const struct access_options *o,
	int64_t now_ns, struct verdict *v)
{
	/* what was reached before the broker went may have gone with it */
	if (broker_gone(n, o, now_ns) && n->ok_ns != ACCESS_NEVER &&
		n->ok_ns > n->uplink.down_since_ns && now_ns - n->ok_ns <= o->stale_ns)
		return verdict_is(v, STATE_COLLECTOR_DOWN, "broker",
			"%s works, no broker for %" PRId64 " s", n->ok_by,
			seconds(now_ns - n->uplink.down_since_ns));
	if (n->uplink_told && n->uplink.connected && n->unreceipted_ns != ACCESS_NEVER &&
		now_ns - n->unreceipted_ns >= o->receipt_after_ns)
		return verdict_is(v, STATE_COLLECTOR_DOWN, "receipts",
			"the broker answers, the collector does not: no receipt for %" PRId64 " s",
			seconds(now_ns - n->unreceipted_ns));
	return false;
}

static bool decide_ok(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	struct verdict *v)
{
	bool tested = n->ok_ns != ACCESS_NEVER && now_ns - n->ok_ns <= o->stale_ns;
	bool connected = broker_answers(n);
	const char *works = "";
	char down[120];

	if (!tested && !connected && !(o->no_internet_tests && !n->uplink.configured))
		return false;
	if ((tested || connected) && targets_down(n, o, now_ns, down, sizeof(down), &works))
		return verdict_is(v, STATE_OK, "target_down", "%s fails, %s works", down, works);
	if (tested)
		return verdict_is(v, STATE_OK, "none", "%s works", n->ok_by);
	if (connected)
		return verdict_is(v, STATE_OK, "none", "the broker is connected");
	return verdict_is(v, STATE_OK, "none", "registered; nothing here tests the net");
}

bool access_net_decide(const struct access_net *n, const struct access_options *o, int64_t now_ns,
	int64_t served_ns, struct verdict *v)
{
	if (!o->no_modem && decide_address(n, o, now_ns, served_ns, v))
		return true;
	/* what is missed since decides before what was found of names earlier */
	if (decide_captive(n, o, now_ns, v) || decide_missing(n, o, now_ns, served_ns, v) ||
		decide_names(n, o, now_ns, v) || decide_collector(n, o, now_ns, v))
		return true;
	if (n->captive && captive_now(n, o, now_ns))
		return false;
	if (decide_ok(n, o, now_ns, v))
		return true;
	/* one failed host, or nothing fresh: the state of before holds until its evidence is too old */
	if (n->ok_ns == ACCESS_NEVER)
		return verdict_is(v, STATE_UNKNOWN, "untested",
			"registered, nothing is known of the net yet");
	return verdict_is(v, STATE_UNKNOWN, "stale", "no test of the net for %" PRId64 " s",
		seconds(now_ns - n->ok_ns));
}
