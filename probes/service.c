/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a public service, by phases, and whose fault it is when it fails.  With expect = 204 it
 * also finds captive portals, and whose they are.  When it fails, a control target tells a broken line from a broken service. */
#include "core/clock.h"
#include "fetch.h"
#include "netif.h"
#include "probe.h"
#include "resolve.h"
#include "service_portal.h"
#include "service_verdict.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOST_MAX 256
#define URL_MAX  512
#define KEEP     2048 /* bytes of an answer that are looked at; none of them is kept */

struct service {
	struct resolve_query *query;
	struct fetch_job *job;
	struct record record;
	struct service_evidence e;
	bool asking_control;
	const char *failed_at; /* the first step that failed, NULL none */
	char host[HOST_MAX], control_host[HOST_MAX];
	int family;
	int64_t timeout_ns, begun_ns;
};

static const char *const families[] = { "any", "4", "6", NULL };

static const struct setting service_settings[] = {
	{ "target", SETTING_TEXT, 0, URL_MAX - 1, NULL, "", NULL,
		"http:// or https:// address of the service" },
	{ "expect", SETTING_INT, 0, 599, "0", "", NULL,
		"the only right HTTP status; 204 with a /ping finds captive portals; 0: 200 to "
		"399" },
	{ "control", SETTING_TEXT, 0, URL_MAX - 1, "", "", NULL,
		"asked when the target fails: answers it, the network is fine" },
	{ "credit_hosts", SETTING_TEXTS, 0, 127, "", "", NULL,
		"hosts of the operator's own pages for used up credit, \"*.example\": a portal "
		"that sends there means credit" },
	{ "credit_answers", SETTING_TEXTS, 0, 127, "", "", NULL,
		"texts in a portal's page that mean the same, \"*\" for anything between" },
	{ "family", SETTING_TEXT, 0, 0, "any", "", families, "address family" },
	{ "timeout_ms", SETTING_INT, 100, 60000, "8000", "ms", NULL,
		"for the name and for the request each" },
	{ "ca_file", SETTING_TEXT, 0, 0, "", "", NULL,
		"certificates to trust instead of the system's" },
	{ 0 },
};

static void finish(struct probe *p)
{
	struct service *s = probe_state(p);
	enum service_verdict verdict = service_judge(&s->e);

	record_set_text(&s->record, FIELD_VERDICT, service_verdict_name[verdict]);
	if (verdict != SERVICE_OK)
		record_set_text(
			&s->record, FIELD_FAILED_AT, s->failed_at ? s->failed_at : "answer");
	if (verdict != SERVICE_CAPTIVE_PORTAL) {
		record_unset(&s->record, FIELD_PORTAL);
		record_unset(&s->record, FIELD_PORTAL_HOST);
	}
	record_set_int(&s->record, FIELD_DURATION_MS, (clock_loop() - s->begun_ns) / NS_PER_MS);
	probe_emit(p, &s->record);
	probe_done(p, 0);
}

static void resolved(void *arg, int err, const struct sockaddr_storage *addrs, size_t n);

static bool is_name(const char *host)
{
	struct in_addr four;

	return *host != '[' && inet_pton(AF_INET, host, &four) != 1;
}

/* Asks for the control target, or finishes. */
static void conclude(struct probe *p)
{
	struct service *s = probe_state(p);
	bool failed = s->e.dns_err || (s->e.err && s->e.err != -EKEYREJECTED);

	if (!failed || !*s->control_host) {
		finish(p);
		return;
	}
	s->e.control = s->asking_control = true;
	s->e.control_named = is_name(s->control_host);
	if (resolve_start(&s->query, probe_world(p)->resolve, s->control_host, s->family,
		    s->timeout_ns, resolved, p))
		finish(p);
}

static void say_phase(struct record *r, enum field f, int64_t us)
{
	if (us >= 0)
		record_set_int(r, f, us);
}

/* A text somewhere in the page. */
static bool says(const char *body, const char *pattern)
{
	char around[160];

	snprintf(around, sizeof(around), "*%s*", pattern);
	return *pattern && portal_matches(around, body);
}

/* If it turns out to be one: whose page is this? */
static void look_for_portal(struct probe *p, const struct fetch_result *a)
{
	const struct settings *set = probe_settings(p);
	struct service *s = probe_state(p);
	char host[HOST_MAX];
	bool credit = false;

	portal_host(host, sizeof(host), a->location, a->body);
	for (size_t i = 0; i < settings_count(set, "credit_hosts") && !credit && *host; i++)
		credit = portal_matches(settings_text_at(set, "credit_hosts", i), host);
	for (size_t i = 0; i < settings_count(set, "credit_answers") && !credit; i++)
		credit = says(a->body, settings_text_at(set, "credit_answers", i));
	record_set_text(&s->record, FIELD_PORTAL, credit ? "credit" : "login");
	record_set_text(&s->record, FIELD_PORTAL_HOST, *host ? host : NULL);
}

static const char *step_of(const struct fetch_result *a)
{
	if (!a->err)
		return "answer";
	if (!a->connected)
		return "connect";
	return a->tls && a->tls_us < 0 ? "tls" : "answer";
}

static void answered(void *arg, const struct fetch_result *a)
{
	struct probe *p = arg;
	struct service *s = probe_state(p);
	struct record *r = &s->record;

	s->job = NULL;
	if (s->asking_control) {
		s->e.control_ok = !a->err && a->status >= 200 && a->status < 300;
		finish(p);
		return;
	}
	s->e.err = a->err;
	s->e.connected = a->connected;
	s->e.tls = a->tls;
	s->e.status = a->status;
	s->failed_at = step_of(a);
	record_set_text(r, FIELD_CERTIFICATE, *a->certificate ? a->certificate : NULL);
	say_phase(r, FIELD_TCP_US, a->connect_us);
	say_phase(r, FIELD_TLS_US, a->tls_us);
	say_phase(r, FIELD_FIRST_BYTE_US, a->first_byte_us);
	record_set_bool(r, FIELD_TLS, a->tls);
	if (!a->err) {
		record_set_int(r, FIELD_TOTAL_US, a->total_us + record_int(r, FIELD_DNS_US, 0));
		record_set_int(r, FIELD_HTTP_STATUS, a->status);
		record_set_text(r, FIELD_HTTP_VERSION, *a->version ? a->version : NULL);
		look_for_portal(p, a);
	} else {
		/* the attempt was made and this is what came of it; the verdict says whose fault it is */
		record_set_text(r, FIELD_ERROR_TEXT, a->problem);
	}
	conclude(p);
}

static void ask(struct probe *p, const struct sockaddr_storage *to)
{
	struct service *s = probe_state(p);
	struct fetch_options o = { .url = probe_str(p, s->asking_control ? "control" : "target"),
		.address = to,
		.iface = probe_world(p)->iface,
		.timeout_ns = s->timeout_ns,
		.keep = KEEP,
		.ca_file = probe_str(p, "ca_file") };
	int err = fetch_start(&s->job, probe_world(p)->fetch, &o, answered, p);

	if (!err)
		return;
	s->e.err = err;
	finish(p);
}

static void resolved(void *arg, int err, const struct sockaddr_storage *addrs, size_t n)
{
	struct probe *p = arg;
	struct service *s = probe_state(p);
	struct record *r = &s->record;
	const struct sockaddr_storage *to;
	char text[NETIF_TEXT];

	s->query = NULL;
	if (s->asking_control) {
		if (err)
			finish(p);
		else
			ask(p, netif_choose(addrs, n, probe_world(p)->iface));
		return;
	}
	s->e.dns_err = err;
	if (err) {
		s->failed_at = "dns";
		record_set_text(r, FIELD_ERROR_TEXT, resolve_text(err));
		conclude(p);
		return;
	}
	record_set_int(r, FIELD_DNS_US, (clock_loop() - s->begun_ns) / NS_PER_US);
	to = netif_choose(addrs, n, probe_world(p)->iface);
	record_set_int(r, FIELD_FAMILY, to->ss_family == AF_INET6 ? 6 : 4);
	record_set_text(r, FIELD_ADDRESS, netif_text(to, text));
	s->e.err = netif_route(to, probe_world(p)->iface, NULL);
	if (!s->e.err) {
		ask(p, to);
		return;
	}
	s->failed_at = "route";
	record_set_text(r, FIELD_ERROR_TEXT, strerror(-s->e.err));
	conclude(p);
}

static int service_open(struct probe *p, struct why *why)
{
	struct service *s = probe_state(p);
	const char *control = probe_str(p, "control"), *family = probe_str(p, "family");
	unsigned port;
	bool tls;

	if (fetch_url(probe_str(p, "target"), s->host, sizeof(s->host), &port, &tls))
		return why_say(why, -EINVAL, "target \"%s\" is not an http:// or https:// address",
			probe_str(p, "target"));
	if (*control && fetch_url(control, s->control_host, sizeof(s->control_host), &port, &tls))
		return why_say(why, -EINVAL, "control \"%s\" is not an http:// or https:// address",
			control);
	s->family = *family == '4' ? 4 : *family == '6' ? 6 : 0;
	s->timeout_ns = probe_int(p, "timeout_ms") * NS_PER_MS;
	return 0;
}

static int service_start(struct probe *p)
{
	struct service *s = probe_state(p);
	const char *iface = probe_world(p)->iface;

	s->e = (struct service_evidence){ .expect = (int)probe_int(p, "expect") };
	s->asking_control = false;
	s->failed_at = NULL;
	s->begun_ns = clock_loop();
	probe_record(p, &s->record);
	record_set_text(&s->record, FIELD_TARGET, probe_str(p, "target"));
	record_set_text(&s->record, FIELD_IFACE, *iface ? iface : NULL);
	if (s->e.expect)
		record_set_int(&s->record, FIELD_EXPECTED, s->e.expect);
	probe_radio(p, &s->record, FIELD_START_RAT);
	return resolve_start(
		&s->query, probe_world(p)->resolve, s->host, s->family, s->timeout_ns, resolved, p);
}

static void service_cancel(struct probe *p)
{
	struct service *s = probe_state(p);

	resolve_cancel(s->query);
	fetch_cancel(s->job);
	s->query = NULL;
	s->job = NULL;
	probe_done(p, -ECANCELED);
}

/* How long a page is nobody knows before: most are shorter, and the owner watches what the line carries. */
static int64_t service_most_bytes(const struct probe *p)
{
	(void)p;
	return 1000000;
}

const struct probe_type service_probe = {
	.name = "service",
	.accept = service_settings,
	.state_size = sizeof(struct service),
	.open = service_open,
	.start = service_start,
	.cancel = service_cancel,
	.most_bytes = service_most_bytes,
};
