/* SPDX-License-Identifier: Apache-2.0 */
/* Custody: which probes there are, what became of every number they gave out, and whether the system is well. */
#include "endpoints.h"
#include "html.h"
#include "last_access.h"

#include "../../probes/core/clock.h"
#include "../i18n.h"

#include <stdio.h>
#include <string.h>

#define PROBES_SHOWN 1000

struct rows {
	const struct request *q;
	struct buf *b;
	struct store *s;
	int64_t skip, left;
};

static void put_time(struct buf *b, int64_t utc_ns, const char *lang)
{
	char text[CLOCK_TEXT];

	if (utc_ns <= 0) {
		html_text(b, i18n(TR_NEVER, lang));
		return;
	}
	clock_text(utc_ns, text);
	buf_printf(b, "<time datetime=\"%s\">%.10s %.5s UTC</time>", text, text, text + 11);
}

static void put_custody(struct buf *b, struct store *s, int64_t probe)
{
	struct store_custody c = { 0 };

	if (store_custody(s, probe, &c))
		return;
	buf_printf(b,
		"<td class=\"n\">%llu</td><td class=\"n\">%llu</td><td class=\"n\">%llu</td><td "
		"class=\"n\">%llu</td>"
		"<td class=\"n\">%llu</td><td class=\"n\">%llu</td><td class=\"n\">%llu</td>",
		(unsigned long long)c.highest, (unsigned long long)c.received,
		(unsigned long long)c.missing, (unsigned long long)c.dropped,
		(unsigned long long)c.skipped, (unsigned long long)c.rejected,
		(unsigned long long)c.repeated);
}

static int put_probe(void *arg, const struct store_probe *p)
{
	static const enum i18n_key roles[] = { TR_ROLE_REFERENCE, TR_ROLE_CLUSTER,
		TR_ROLE_ROAMING };
	struct rows *rows = arg;
	struct buf *b = rows->b;
	const char *lang = rows->q->lang;

	if (rows->skip-- > 0)
		return 0;
	if (rows->left-- <= 0)
		return 1;
	buf_printf(b, "<tr><th scope=\"row\"><code>%s</code>", p->id);
	if (p->simulated) {
		buf_puts(b, " <span class=\"tag\">");
		html_text(b, i18n(TR_SIMULATED, lang));
		buf_puts(b, "</span>");
	}
	buf_puts(b, "</th><td>");
	if (p->hamlet[0]) {
		buf_puts(b, "<a href=\"/hamlets/");
		html_text(b, p->hamlet);
		buf_puts(b, "\">");
		html_text(b, p->hamlet);
		buf_puts(b, "</a>");
	} else {
		buf_puts(b, "–");
	}
	buf_puts(b, "</td><td>");
	html_text(b, i18n(roles[p->role % 3], lang));
	buf_puts(b, "</td><td>");
	html_text(b, i18n(p->online ? TR_IS_ONLINE : TR_IS_OFFLINE, lang));
	buf_puts(b, "</td><td>");
	put_last_access(b, rows->s, p, lang);
	buf_puts(b, "</td><td>");
	put_time(b, p->last_seen_ns, lang);
	buf_puts(b, "</td>");
	put_custody(b, rows->s, p->number);
	buf_puts(b, "<td>");
	html_text(b, p->agent);
	buf_puts(b, "</td></tr>\n");
	return 0;
}

unsigned page_probes(const struct request *q, struct reply *r)
{
	const char *l = q->lang;
	char made[64], stored[64], missing[64], dropped[64], skipped[64], rejected[64],
		repeated[64];
	const char *const columns[] = { i18n(TR_PROBE, l), i18n(TR_HAMLET, l), i18n(TR_ROLE, l),
		i18n(TR_ONLINE, l), i18n(TR_PROBE_STATE, l), i18n(TR_LAST_SEEN, l), made, stored,
		missing, dropped, skipped, rejected, repeated, i18n(TR_VERSION, l), NULL };
	struct handles *h = context_take(q->context);
	struct rows rows = { q, &r->body, h ? h->store : NULL, 0, PROBES_SHOWN };
	int64_t offset = 0;

	if (!h)
		return reply_problem(q, r, 503);
	if (!request_take(q, "offset", 0, INT32_MAX, &offset)) {
		context_return(q->context, h);
		return reply_problem(q, r, 400);
	}
	rows.skip = offset;
	snprintf(made, sizeof(made), "#%s", i18n(TR_MADE, l));
	snprintf(stored, sizeof(stored), "#%s", i18n(TR_STORED, l));
	snprintf(missing, sizeof(missing), "#%s", i18n(TR_MISSING, l));
	snprintf(dropped, sizeof(dropped), "#%s", i18n(TR_DROPPED, l));
	snprintf(skipped, sizeof(skipped), "#%s", i18n(TR_SKIPPED, l));
	snprintf(rejected, sizeof(rejected), "#%s", i18n(TR_REJECTED, l));
	snprintf(repeated, sizeof(repeated), "#%s", i18n(TR_REPEATED, l));
	html_begin(q, r, i18n(TR_PROBES_TITLE, l), "probes", false);
	buf_puts(&r->body, "<p class=\"lead\">");
	html_text(&r->body, i18n(TR_PROBES_LEAD, l));
	buf_puts(&r->body, "</p>\n");
	html_table_begin(&r->body, i18n(TR_PROBES_TITLE, l), columns);
	store_probes(rows.s, NULL, put_probe, &rows);
	html_table_end(&r->body);
	if (rows.left < 0) /* there is one more */
		buf_printf(&r->body, "<p><a rel=\"next\" href=\"/probes?offset=%lld\">→</a></p>\n",
			(long long)offset + PROBES_SHOWN);
	html_end(q, r, NULL);
	context_return(q->context, h);
	return 200;
}

/* --- /status --------------------------------------------------------------------------------------------------- */

static int put_suspect_row(void *arg, const char *reason, uint64_t now, uint64_t ever)
{
	struct buf *b = arg;

	buf_puts(b, "<tr><th scope=\"row\">");
	html_text(b, reason);
	buf_printf(b, "</th><td class=\"n\">%llu</td><td class=\"n\">%llu</td></tr>\n",
		(unsigned long long)now, (unsigned long long)ever);
	return 0;
}

static void put_ingest(const struct request *q, struct buf *b)
{
	struct ingest_state state = { 0 };
	enum i18n_key sentence = TR_STATUS_IMPORT_ONLY;

	if (context_ingest(q->context)) {
		ingest_state(context_ingest(q->context), &state);
		sentence = !state.brokers    ? TR_STATUS_IMPORT_ONLY
		           : state.connected ? TR_STATUS_GOOD
		                             : TR_STATUS_NO_BROKER;
	}
	buf_puts(b, "<p class=\"lead\"><strong>");
	html_text(b, i18n(sentence, q->lang));
	buf_puts(b, "</strong></p>\n<dl class=\"facts\"><dt>");
	html_text(b, i18n(TR_BROKERS, q->lang));
	buf_printf(b, "</dt><dd>%zu / %zu</dd><dt>", state.connected, state.brokers);
	html_text(b, i18n(TR_QUEUE, q->lang));
	buf_printf(b, "</dt><dd>%zu</dd></dl>\n", state.queued);
}

unsigned page_status(const struct request *q, struct reply *r)
{
	char kept[64], ever[64];
	const char *const columns[] = { i18n(TR_REASON, q->lang), kept, ever, NULL };
	struct handles *h = context_take(q->context);

	if (!h)
		return reply_problem(q, r, 503);
	snprintf(kept, sizeof(kept), "#%s", i18n(TR_KEPT, q->lang));
	snprintf(ever, sizeof(ever), "#%s", i18n(TR_EVER, q->lang));
	html_begin(q, r, i18n(TR_STATUS_TITLE, q->lang), "status", false);
	put_ingest(q, &r->body);
	buf_puts(&r->body, "<h2>");
	html_text(&r->body, i18n(TR_QUARANTINE, q->lang));
	buf_puts(&r->body, "</h2>\n<p class=\"note\">");
	html_text(&r->body, i18n(TR_QUARANTINE_LEAD, q->lang));
	buf_puts(&r->body, "</p>\n");
	html_table_begin(&r->body, i18n(TR_QUARANTINE, q->lang), columns);
	store_suspect_counts(h->store, put_suspect_row, &r->body);
	html_table_end(&r->body);
	html_end(q, r, NULL);
	context_return(q->context, h);
	return 200;
}
