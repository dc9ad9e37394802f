/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the net: address, names, a target of the plan, and the receipt at the end of it all. */
#include "doctor.h"
#include "doc.h"
#include "summary.h"
#include "traffic.h"
#include "../probes/core/mem.h"
#include "../probes/netif.h"
#include "../probes/resolve.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <json-c/json.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define DNS_LIMIT_NS    (5 * NS_PER_S)
#define TARGET_LIMIT_NS (12 * NS_PER_S)
#define EARLY_S         120 /* a receipt may take so long after a start, beside the gathering */

/* --- hosts of the configuration --------------------------------------------------------------------------- */
void doctor_host(const char *target, char host[HOST_MAX], unsigned *port)
{
	const char *from = strstr(target, "://"), *end;

	*port = 0;
	from = from ? from + 3 : target;
	if (*from == '[') {
		from++;
		end = from + strcspn(from, "]");
		if (end[0] == ']' && end[1] == ':')
			*port = (unsigned)strtoul(end + 2, NULL, 10);
	} else {
		end = from + strcspn(from, ":/");
		/* several colons: an IPv6 address without a port */
		if (*end == ':' && strchr(end + 1, ':'))
			end = from + strcspn(from, "/");
		else if (*end == ':')
			*port = (unsigned)strtoul(end + 1, NULL, 10);
	}
	snprintf(host, HOST_MAX, "%.*s", (int)(end - from), from);
}

bool doctor_is_address(const char *host)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static const char *target_of(const struct settings *s)
{
	const struct probe_type *type = probe_type_named(settings_text(s, "kind"));

	return type && settings_bool(s, "enabled") && setting_listed(type->accept, "target")
	               ? settings_text(s, "target")
	               : "";
}

/* The i-th of the brokers and then of the tests' targets; NULL after the last. */
static const char *target_at(const struct visit *v, size_t i)
{
	const struct settings *u = conf_section(v->conf, "uplink");
	size_t brokers = settings_count(u, "brokers");

	if (i < brokers)
		return settings_text_at(u, "brokers", i);
	i -= brokers;
	return i < conf_count(v->conf, "tests") ? target_of(conf_at(v->conf, "tests", i)) : NULL;
}

/* The first host that is an address, or a name; "" when there is none. */
static void first_host(const struct visit *v, bool address, char host[HOST_MAX])
{
	const char *target;
	unsigned port;

	for (size_t i = 0; (target = target_at(v, i)); i++) {
		doctor_host(target, host, &port);
		if (*host && doctor_is_address(host) == address)
			return;
	}
	*host = 0;
}

/* --- address ---------------------------------------------------------------------------------------------- */
static void families_of(const char *iface, char *out, size_t room)
{
	struct ifaddrs *all, *i;
	bool four = false, six = false;

	if (getifaddrs(&all))
		all = NULL;
	for (i = all; i; i = i->ifa_next) {
		const struct sockaddr_in6 *a = (const void *)i->ifa_addr;

		if (strcmp(i->ifa_name, iface) != 0 || !a)
			continue;
		four |= a->sin6_family == AF_INET;
		six |= a->sin6_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr);
	}
	if (all)
		freeifaddrs(all);
	snprintf(out, room, "%s%s%s", four ? "IPv4" : "", four && six ? ", " : "",
		six ? "IPv6" : "");
}

/* Without a default route: is there one to an address of the configuration, as in a closed network? */
static bool iface_by_target(const struct visit *v, char iface[NETIF_NAME])
{
	struct sockaddr_storage to = { 0 }, local;
	struct sockaddr_in *four = (struct sockaddr_in *)&to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&to;
	char host[HOST_MAX];

	first_host(v, true, host);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1)
		to.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1)
		to.ss_family = AF_INET6;
	else
		return false;
	netif_port(&to, 9);
	return !netif_route(&to, NULL, &local) && !netif_of(&local, iface);
}

void step_address(struct visit *v, struct finding *f)
{
	const char *told = settings_text(conf_section(v->conf, "agent"), "iface");
	char iface[NETIF_NAME] = "", families[32];

	if (*told)
		snprintf(iface, sizeof(iface), "%.15s", told);
	else
		traffic_default_iface(iface);
	if (!*iface && !iface_by_target(v, iface)) {
		finding_say(v, f, FAILED, W_D_NO_DEFAULT, NULL);
		finding_advise(v, f, W_A_ADDRESS, NULL);
	} else if (!traffic_has_address(iface)) {
		finding_say(v, f, FAILED, W_D_ADDRESS_NONE, FILL("iface", iface));
		finding_advise(v, f, W_A_ADDRESS, NULL);
	} else {
		families_of(iface, families, sizeof(families));
		finding_say(v, f, PASSED, W_D_ADDRESS, FILL("iface", iface, "families", families));
	}
}

/* --- names ------------------------------------------------------------------------------------------------- */
struct question {
	struct loop *loop;
	struct sockaddr_storage first;
	int err;
};

static void answered(void *arg, int err, const struct sockaddr_storage *addresses, size_t n)
{
	struct question *q = arg;

	q->err = err ? err : n ? 0 : -ENOENT;
	if (!q->err)
		q->first = addresses[0];
	loop_stop(q->loop, 0);
}

int doctor_resolve(struct visit *v, const char *host, struct sockaddr_storage *first)
{
	struct question q = { .loop = v->world.loop, .err = -ETIMEDOUT };
	struct resolve_query *query = NULL;
	int err;

	if (v->no_names && !doctor_is_address(host))
		return -ETIMEDOUT;
	err = resolve_start(
		&query, v->world.resolve, host, 0, doctor_time(v, DNS_LIMIT_NS), answered, &q);
	if (!err)
		err = loop_run(v->world.loop);
	if (!err)
		err = q.err;
	v->no_names |= err == -ETIMEDOUT;
	if (!err && first)
		*first = q.first;
	return err;
}

void step_dns(struct visit *v, struct finding *f)
{
	char host[HOST_MAX];
	int err;

	first_host(v, false, host);
	if (!*host) {
		finding_say(v, f, SKIPPED, W_D_NO_NAMES, NULL);
		return;
	}
	err = doctor_resolve(v, host, NULL);
	if (!err) {
		finding_say(v, f, PASSED, W_D_SEEN, FILL("seen", host));
		return;
	}
	finding_say(v, f, FAILED,
		err == -ENOENT                              ? W_D_DNS_NO_SUCH
		: err == -ETIMEDOUT || err == -ECONNREFUSED ? W_D_DNS_SILENT
							    : W_D_DNS_FAILED,
		FILL("host", host));
	finding_advise(v, f, err == -ENOENT ? W_A_DNS_NAME : W_A_DNS, FILL("host", host));
}

/* --- a target of the plan ---------------------------------------------------------------------------------- */
struct target_run {
	struct loop *loop;
	struct record last; /* kind 0: none */
};

static void heard(void *arg, struct probe *p, const struct record *r)
{
	struct target_run *t = arg;

	(void)p;
	t->last = *r;
}

static void ended(void *arg, struct probe *p, int err)
{
	struct target_run *t = arg;

	(void)p;
	(void)err;
	loop_stop(t->loop, 0);
}

static const struct settings *test_with_target(const struct conf *c, const char *kind)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		const struct settings *s = conf_at(c, "tests", i);

		if (!strcmp(settings_text(s, "kind"), kind) && *target_of(s))
			return s;
	}
	return NULL;
}

/* Five packets where the plan sends twenty, one small page where it fills the line: doctor costs no data. */
static const char *cheap_words(
	const struct conf *c, char words[8][300], size_t *n, const char **target)
{
	static const char *const by_page[] = { "service", "ipv6", "throughput", NULL };
	const struct settings *s = test_with_target(c, "latency");

	*n = 0;
	if (s) {
		*target = settings_text(s, "target");
		snprintf(words[(*n)++], 300, "target=%s", *target);
		snprintf(words[(*n)++], 300, "method=%s", settings_text(s, "method"));
		snprintf(words[(*n)++], 300, "family=%s", settings_text(s, "family"));
		if (*settings_text(s, "key"))
			snprintf(words[(*n)++], 300, "key=%s", settings_text(s, "key"));
		snprintf(words[(*n)++], 300, "count=5");
		snprintf(words[(*n)++], 300, "interval_ms=200");
		snprintf(words[(*n)++], 300, "timeout_ms=2000");
		return "latency";
	}
	for (const char *const *kind = by_page; *kind && !s; kind++)
		s = test_with_target(c, *kind);
	if (!s)
		return NULL;
	*target = settings_text(s, "target");
	snprintf(words[(*n)++], 300, "target=%s", *target);
	snprintf(words[(*n)++], 300, "timeout_ms=6000");
	if (*settings_text(s, "ca_file"))
		snprintf(words[(*n)++], 300, "ca_file=%s", settings_text(s, "ca_file"));
	if (!strcmp(settings_text(s, "kind"), "service"))
		snprintf(words[(*n)++], 300, "expect=%d", (int)settings_int(s, "expect"));
	return "service";
}

/* True: the record (or its absence) is the answer; false: this user may not make that measurement. */
static bool run_target(
	struct visit *v, const char *kind, char words[8][300], size_t n, struct record *out)
{
	struct target_run t = { .loop = v->world.loop };
	struct probe_owner owner = { heard, ended, &t };
	const struct probe_type *type = probe_type_named(kind);
	const char *list[8];
	struct settings *s = NULL;
	struct probe *p = NULL;
	int err;

	for (size_t i = 0; i < n; i++)
		list[i] = words[i];
	err = type ? settings_make(&s, type->accept, NULL, list, n, NULL) : -EINVAL;
	if (!err)
		err = probe_new(&p, type, NULL, s, &v->world, owner, NULL);
	if (!err)
		err = probe_start(p, doctor_time(v, TARGET_LIMIT_NS));
	if (!err)
		(void)!loop_run(v->world.loop);
	probe_free(p);
	settings_free(s);
	*out = t.last;
	return !err;
}

static bool reached(const struct record *r)
{
	const char *verdict = record_text(r, FIELD_VERDICT);

	if (!r->kind || record_has(r, FIELD_ERROR))
		return false;
	if (r->kind == RECORD_LATENCY)
		return record_int(r, FIELD_RECEIVED, 0) > 0;
	/* a server that answers with the wrong status is there: its fault is not the net's */
	return verdict && (!strcmp(verdict, "ok") || (!strcmp(verdict, "service") &&
							     record_has(r, FIELD_HTTP_STATUS)));
}

void step_internet(struct visit *v, struct finding *f)
{
	char words[8][300];
	char host[HOST_MAX];
	const char *target = "", *kind;
	struct record r;
	struct buf said;
	unsigned port;
	enum word todo;
	size_t n;

	kind = cheap_words(v->conf, words, &n, &target);
	if (!kind) {
		finding_say(v, f, SKIPPED, W_D_NO_TARGET, NULL);
		return;
	}
	doctor_host(target, host, &port);
	if (doctor_is_address(host))
		f->blames &= ~STEP(DNS);
	if (!run_target(v, kind, words, n, &r)) {
		finding_say(v, f, SKIPPED, W_D_TARGET,
			FILL("target", target, "result", word(W_ER_SOCKET, v->vietnamese)));
		return;
	}
	buf_init(&said, 4096);
	if (!r.kind || !summary_put(&said, &r, v->vietnamese))
		buf_puts(&said, word(W_TOO_SLOW, v->vietnamese));
	finding_say(v, f, reached(&r) ? PASSED : FAILED, W_D_TARGET,
		FILL("target", target, "result", buf_text(&said)));
	buf_done(&said);
	if (f->result == PASSED)
		return;
	todo = r.kind ? summary_todo(&r) : W_NONE;
	finding_advise(v, f, todo == W_NONE || todo == W_DO_UNREACHABLE ? W_A_TARGET : todo, NULL);
}

/* --- receipts ------------------------------------------------------------------------------------------------ */
void step_receipt(struct visit *v, struct finding *f)
{
	const struct settings *u = conf_section(v->conf, "uplink"),
			      *a = conf_section(v->conf, "access");
	int64_t age = doc_int(doc_at(v->status, "uplink"), "last_receipt_age_s", -1);
	int64_t waiting = doc_int(doc_at(v->status, "journal"), "waiting", 0);
	int64_t running = doc_int(v->status, "running_s", 0);
	int64_t early = EARLY_S + settings_int(u, "gather_s"),
		late_s = settings_int(a, "receipt_after_s");
	char n[WORDS_NUMBER], span[WORDS_NUMBER];

	words_int(n, waiting);
	if (early > late_s)
		early = late_s;
	if (!v->status || !settings_count(u, "brokers")) {
		finding_say(v, f, SKIPPED, W_D_RECEIPT_UNKNOWN, NULL);
	} else if (age >= 0) {
		bool late = waiting && age > late_s;

		finding_say(v, f, late ? FAILED : PASSED, W_D_RECEIPT,
			FILL("span", words_span(span, v->vietnamese, age), "n", n));
	} else if (running < early) {
		finding_say(v, f, SKIPPED, W_D_RECEIPT_EARLY,
			FILL("span", words_span(span, v->vietnamese, running)));
	} else {
		finding_say(v, f, waiting ? FAILED : SKIPPED, W_D_RECEIPT_NONE, FILL("n", n));
	}
	if (f->result == FAILED)
		finding_advise(v, f, W_A_RECEIPT, NULL);
}
