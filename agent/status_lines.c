/* SPDX-License-Identifier: Apache-2.0 */
#include "status_lines.h"
#include "doc.h"
#include "summary.h"
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 13
#define TEXT_MAX      65536

void status_label(struct buf *out, enum word w, bool vi)
{
	size_t n = words_columns(word(w, vi)) + 1;

	buf_printf(out, "%s:", word(w, vi));
	for (; n < LABEL_COLUMNS; n++)
		buf_puts(out, " ");
}

static void put_top(struct buf *out, struct json_object *o, const struct data *d, bool vi)
{
	char span[WORDS_NUMBER];
	const char *state = doc_text(o, "state", "unknown");
	size_t at = out->len;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	data_put(&b, d, vi);
	words_put(out, vi, W_S_TOP,
		FILL("state", word_or(word_of_state(state), vi, state), "span",
			words_span(span, vi, doc_int(o, "state_s", 0)), "data", buf_text(&b)));
	buf_done(&b);
	if (out->len > at) /* the first letter of every state is plain ASCII */
		out->data[at] = (uint8_t)toupper(out->data[at]);
	buf_puts(out, "\n\n");
}

static void put_state(struct buf *out, struct json_object *o, bool vi)
{
	const char *state = doc_text(o, "state", "unknown"),
		   *said = word_or(word_of_state(state), vi, state);
	int64_t now = UTC_UNKNOWN;
	char date[WORDS_NUMBER] = "";
	enum word cause;

	status_label(out, W_S_PROBE, vi);
	buf_printf(out, "%s%s%s\n", doc_text(o, "probe", "?"), doc_bool(o, "simulated") ? "  " : "",
		doc_bool(o, "simulated") ? word(W_S_SIMULATED, vi) : "");
	status_label(out, W_S_STATE, vi);
	if (!clock_parse(doc_text(doc_at(o, "clock"), "utc", ""), &now))
		words_date(date, now - doc_int(o, "state_s", 0) * NS_PER_S);
	words_put(out, vi, *date ? W_S_STATE_LINE : W_S_STATE_BARE,
		FILL("state", said, "name", state, "date", date));
	buf_puts(out, "\n");
	/* the cause is a word with a text; the evidence is the agent's own sentence, in English */
	status_label(out, W_S_EVIDENCE, vi);
	cause = word_of_cause(doc_text(o, "cause", NULL));
	if (cause != W_NONE)
		buf_printf(out, "%s (%s)\n", word(cause, vi), doc_text(o, "evidence", "-"));
	else
		buf_printf(out, "%s\n", doc_text(o, "evidence", "-"));
}

static void put_uplink(struct buf *out, struct json_object *u, bool vi)
{
	const char *problem = doc_text(u, "problem", "");
	char span[WORDS_NUMBER];
	int64_t pause = doc_int(u, "pause_s", 0);

	status_label(out, W_S_UPLINK, vi);
	words_put(out, vi,
		!u                         ? W_S_UPLINK_NONE
		: doc_bool(u, "connected") ? W_S_CONNECTED
					   : W_S_UNCONNECTED,
		FILL("broker", doc_text(u, "broker", "-"), "span",
			words_span(span, vi, doc_int(u, "down_s", 0))));
	if (*problem)
		buf_printf(out, " (%s)", problem);
	if (pause) {
		buf_puts(out, "; ");
		words_put(out, vi, W_S_PAUSE, FILL("span", words_span(span, vi, pause)));
	}
	buf_puts(out, "\n");
}

void status_put_journal(struct buf *out, struct json_object *j, const struct data *d, bool vi)
{
	char n[WORDS_NUMBER], newest[WORDS_NUMBER], size[WORDS_NUMBER], date[WORDS_NUMBER];

	status_label(out, W_S_JOURNAL, vi);
	words_put(out, vi, W_S_JOURNAL_LINE,
		FILL("n", words_int(n, doc_int(j, "waiting", 0)), "newest",
			words_int(newest, doc_int(j, "newest_seq", 0)), "size",
			words_bytes(size, vi, (uint64_t)doc_int(j, "bytes", 0))));
	if (d->oldest_utc_ns != UTC_UNKNOWN)
		words_put(out, vi, W_S_JOURNAL_OLDEST,
			FILL("date", words_date(date, d->oldest_utc_ns)));
	if (doc_int(j, "dropped", 0))
		words_put(out, vi, W_S_JOURNAL_DROPPED,
			FILL("n", words_int(n, doc_int(j, "dropped", 0))));
	if (*doc_text(j, "problem", ""))
		buf_printf(out, " (%s)", doc_text(j, "problem", ""));
	buf_puts(out, "\n");
}

void status_put_budget(struct buf *out, struct json_object *b, bool vi)
{
	char used[WORDS_NUMBER], limit[WORDS_NUMBER], day[WORDS_NUMBER];
	int64_t most = doc_int(b, "limit", 0);

	if (!b)
		return;
	status_label(out, W_S_BUDGET, vi);
	words_put(out, vi, most ? W_S_BUDGET_LINE : W_S_BUDGET_NONE,
		FILL("used", words_real(used, vi, doc_real(b, "used", 0) / 1e6, 1), "limit",
			words_real(limit, vi, (double)most / 1e6, 0), "day",
			words_int(day, doc_int(b, "reset_day", 1))));
	if (!doc_bool(b, "may_spend"))
		buf_puts(out, word(W_S_BUDGET_OUT, vi));
	buf_puts(out, "\n");
}

/* What is not run just now, and why; nothing when all is. */
static void put_held(struct buf *out, struct json_object *o, bool vi)
{
	struct json_object *cut = doc_at(doc_at(o, "budget"), "cut"),
			   *held = doc_at(o, "suppressions");
	const char *quiet = doc_text(o, "quiet", "");
	char span[WORDS_NUMBER];

	for (size_t i = 0; cut && i < json_object_array_length(cut); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(cut, i));

		status_label(out, W_S_CUT, vi);
		words_put(out, vi, W_S_CUT_LINE, FILL("name", name));
		buf_puts(out, "\n");
	}
	for (size_t i = 0; held && i < json_object_array_length(held); i++) {
		struct json_object *one = json_object_array_get_idx(held, i);
		int64_t left = doc_int(one, "left_s", -1);
		const char *name = doc_text(one, "name", "?");

		if (!doc_bool(one, "active"))
			continue;
		status_label(out, W_S_SUPPRESSED, vi);
		if (left >= 0)
			words_put(out, vi, W_S_SUPPRESSED_LEFT,
				FILL("name", name, "span", words_span(span, vi, left)));
		else
			buf_puts(out, name);
		buf_puts(out, "\n");
	}
	if (*quiet) {
		status_label(out, W_S_QUIET, vi);
		words_put(out, vi, W_S_QUIET_LINE, FILL("why", quiet));
		buf_puts(out, "\n");
	}
}

static void put_clock(struct buf *out, struct json_object *k, bool vi)
{
	char text[WORDS_NUMBER];
	int64_t utc;

	status_label(out, W_S_CLOCK, vi);
	if (clock_parse(doc_text(k, "utc", ""), &utc)) {
		buf_printf(out, "%s\n", word(W_S_CLOCK_NONE, vi));
		return;
	}
	words_put(out, vi, W_S_CLOCK_LINE,
		FILL("date", words_date(text, utc), "source", doc_text(k, "source", "none")));
	if (doc_at(k, "error_us"))
		words_put(out, vi, W_S_CLOCK_ERROR,
			FILL("value", words_real(text, vi, doc_real(k, "error_us", 0) / 1e3, 1)));
	if (doc_at(k, "sync_age_s"))
		words_put(out, vi, W_S_CLOCK_AGE,
			FILL("span", words_span(text, vi, doc_int(k, "sync_age_s", 0))));
	buf_puts(out, "\n");
}

void status_put_place(struct buf *out, struct json_object *p, bool vi)
{
	char lat[WORDS_NUMBER], lon[WORDS_NUMBER], accuracy[WORDS_NUMBER];

	status_label(out, W_S_PLACE, vi);
	if (p)
		words_put(out, vi, W_S_PLACE_LINE,
			FILL("lat", words_real(lat, false, doc_real(p, "lat", 0), 5), "lon",
				words_real(lon, false, doc_real(p, "lon", 0), 5), "accuracy",
				doc_at(p, "accuracy_m")
					? words_int(accuracy, doc_int(p, "accuracy_m", 0))
					: "?",
				"source", doc_text(p, "source", "?")));
	else
		buf_puts(out, word(W_S_PLACE_NONE, vi));
	buf_puts(out, "\n");
}

static void put_versions(struct buf *out, struct json_object *o, bool vi)
{
	const char *modem = doc_text(o, "modem", "");

	status_label(out, W_S_VERSIONS, vi);
	buf_printf(out, "phusong-agent %s, Linux %s%s%s\n", doc_text(o, "version", "?"),
		doc_text(o, "kernel", "?"), *modem ? ", " : "", modem);
}

/* --- the tests ----------------------------------------------------------------------------------------------- */
static void put_test(struct buf *out, struct json_object *t, int64_t uptime_s, bool vi)
{
	struct record r;
	char a[WORDS_NUMBER], b[WORDS_NUMBER], c[WORDS_NUMBER];
	const char *name = doc_text(t, "name", "?");

	buf_printf(out, "  %s (%s): ", name, doc_text(t, "kind", "?"));
	words_put(out, vi, W_S_RUNS,
		FILL("runs", words_int(a, doc_int(t, "invocations", 0)), "failed",
			words_int(b, doc_int(t, "failures", 0)), "left",
			words_int(c, doc_int(t, "suppressions", 0) + doc_int(t, "overlaps", 0))));
	buf_puts(out, "; ");
	if (doc_bool(t, "running"))
		buf_puts(out, word(W_S_RUNNING, vi));
	else
		words_put(out, vi, W_S_NEXT,
			FILL("span", words_span(a, vi, doc_int(t, "next_s", 0))));
	buf_puts(out, "\n      ");
	if (!doc_record(doc_at(t, "last"), &r)) {
		buf_printf(out, "%s\n", word(W_S_NOT_YET, vi));
		return;
	}
	words_put(out, vi, W_S_RESULT_AGE,
		FILL("span", words_span(a, vi, uptime_s - r.mono_ns / NS_PER_S)));
	buf_puts(out, ": ");
	summary_put(out, &r, vi);
	buf_puts(out, "\n");
	if (summary_todo(&r) != W_NONE)
		buf_printf(out, "      → %s\n", word(summary_todo(&r), vi));
}

static void put_tests(struct buf *out, struct json_object *o, bool vi)
{
	struct json_object *tests = doc_at(o, "tests");
	size_t n = tests && json_object_is_type(tests, json_type_array)
	                   ? json_object_array_length(tests)
	                   : 0;

	buf_printf(out, "\n%s\n", word(W_S_TESTS, vi));
	for (size_t i = 0; i < n; i++)
		put_test(out, json_object_array_get_idx(tests, i), doc_int(o, "uptime_s", 0), vi);
}

void status_say(struct json_object *o, const struct data *d, bool vi)
{
	struct buf b;

	buf_init(&b, TEXT_MAX);
	put_top(&b, o, d, vi);
	put_state(&b, o, vi);
	put_uplink(&b, doc_at(o, "uplink"), vi);
	status_put_journal(&b, doc_at(o, "journal"), d, vi);
	status_put_budget(&b, doc_at(o, "budget"), vi);
	put_held(&b, o, vi);
	put_clock(&b, doc_at(o, "clock"), vi);
	status_put_place(&b, doc_at(o, "place"), vi);
	put_versions(&b, o, vi);
	put_tests(&b, o, vi);
	if (b.data)
		fputs(words_safe((char *)b.data), stdout);
	buf_done(&b);
}
