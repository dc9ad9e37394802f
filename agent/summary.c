/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"
#include "level.h"
#include "show.h"
#include "../probes/core/mem.h"
#include <string.h>

#define SENTENCE_MAX 4096

/* The text with one {value}: the field as show_value() says it; nothing when it is absent. */
static void value(struct buf *out, bool vi, enum word w, const struct record *r, enum field f)
{
	char text[RECORD_ARENA];

	if (record_has(r, f))
		words_put(out, vi, w,
			FILL("value",
				words_decimal(show_value_in(r, f, text, sizeof(text), vi), vi)));
}

static void share(struct buf *out, bool vi, enum word w, int64_t part, int64_t all)
{
	char text[WORDS_NUMBER];

	if (all > 0)
		words_put(out, vi, w,
			FILL("value", words_real(text, vi, 100.0 * (double)part / (double)all, 1)));
}

static void latency(struct buf *out, const struct record *r, bool vi)
{
	int64_t sent = record_int(r, FIELD_SENT, 0), back = record_int(r, FIELD_RECEIVED, 0);
	char a[WORDS_NUMBER], b[WORDS_NUMBER], c[WORDS_NUMBER];

	words_put(out, vi, W_R_LATENCY,
		FILL("sent", words_int(a, sent), "back", words_int(b, back), "lost",
			words_real(c, vi, sent ? 100.0 * (double)(sent - back) / (double)sent : 0,
				1)));
	value(out, vi, W_R_RTT, r, FIELD_RTT_P50_US);
	value(out, vi, W_R_SLOWEST, r, FIELD_RTT_MAX_US);
}

static void throughput(struct buf *out, const struct record *r, bool vi)
{
	const char *direction = record_text(r, FIELD_DIRECTION),
		   *disturbed = record_text(r, FIELD_INTERFERENCE);

	if (!record_has(r, FIELD_RATE_BPS))
		buf_puts(out, word(W_R_NOT_KNOWN, vi));
	value(out, vi, direction && !strcmp(direction, "up") ? W_R_UP : W_R_DOWN, r,
		FIELD_RATE_BPS);
	value(out, vi, W_R_SPENT, r, FIELD_BYTES);
	value(out, vi, W_R_LOADED, r, FIELD_LOADED_P50_US);
	if (disturbed && strcmp(disturbed, "none"))
		value(out, vi, W_R_DISTURBED, r, FIELD_COMPETING_BPS);
}

static void put_level(struct buf *out, const struct record *r, bool vi)
{
	char text[RECORD_ARENA];
	struct level l;

	if (level_of(r, &l))
		words_put(out, vi, W_R_LEVEL,
			FILL("value",
				words_decimal(
					show_value_in(r, l.field, text, sizeof(text), vi), vi),
				"word", word(level_word(l.grade), vi)));
	value(out, vi, W_R_SINR, r, FIELD_SINR);
	if (!level_of(r, &l) || l.field != FIELD_NR_RSRP)
		value(out, vi, W_R_NR, r, FIELD_NR_RSRP);
}

static void cell(struct buf *out, const struct record *r, bool vi)
{
	const char *state = record_text(r, FIELD_MODEM_STATE), *rat = record_text(r, FIELD_RAT);
	const char *registration = record_text(r, FIELD_REGISTRATION),
		   *sim = record_text(r, FIELD_SIM);

	if (r->kind == RECORD_OPERATORS && !record_int(r, FIELD_SCAN_CELLS, 0)) {
		buf_puts(out, word(W_R_NO_CELLS, vi));
		return;
	}
	if (rat)
		buf_puts(out, rat);
	else
		buf_printf(out, "%s%s%s%s", word(W_R_NO_CELL, vi), state ? " (" : "",
			state ? state : "", state ? ")" : "");
	value(out, vi, W_R_NETWORK, r, FIELD_PLMN);
	if (record_has(r, FIELD_OPERATOR_NAME))
		buf_printf(out, " %s", record_text(r, FIELD_OPERATOR_NAME));
	put_level(out, r, vi);
	if (registration)
		words_put(out, vi, W_R_REGISTRATION,
			FILL("value",
				word_or(word_of_registration(registration), vi, registration)));
	if (sim)
		words_put(
			out, vi, W_R_SIM, FILL("value", word_or(word_of_sim(sim)->means, vi, sim)));
}

static void verdict(struct buf *out, const struct record *r, bool vi)
{
	const char *name = record_text(r, FIELD_VERDICT);
	const struct word_of *w = word_of_verdict(name);

	buf_puts(out, w ? word(w->means, vi) : name ? name : word(W_R_NOT_KNOWN, vi));
	value(out, vi, W_R_TOTAL, r, FIELD_TOTAL_US);
	value(out, vi, W_R_V4, r, FIELD_V4_HTTP_US);
	value(out, vi, W_R_V6, r, FIELD_V6_HTTP_US);
}

static const char *or_question(const struct record *r, enum field f)
{
	const char *text = record_text(r, f);

	return text ? text : "?";
}

static bool answered(const struct record *r)
{
	return record_has(r, FIELD_DNS_US) || strcmp(or_question(r, FIELD_RCODE), "timeout") != 0;
}

static void dns(struct buf *out, const struct record *r, bool vi)
{
	words_put(out, vi, answered(r) ? W_R_DNS : W_R_DNS_SILENT,
		FILL("resolver", or_question(r, FIELD_RESOLVER), "rcode",
			or_question(r, FIELD_RCODE), "qname", or_question(r, FIELD_QNAME)));
	value(out, vi, W_R_DNS_TIME, r, FIELD_DNS_US);
	value(out, vi, W_R_DNS_ANSWERS, r, FIELD_ANSWERS);
	if (!record_bool(r, FIELD_AGREED, true))
		buf_puts(out, word(W_R_DNS_DIFFERS, vi));
}

static void passive(struct buf *out, const struct record *r, bool vi)
{
	char a[WORDS_NUMBER], b[WORDS_NUMBER];

	words_put(out, vi, W_R_PASSIVE,
		FILL("packets", words_int(a, record_int(r, FIELD_PACKETS, 0)), "flows",
			words_int(b, record_int(r, FIELD_FLOWS, 0))));
	value(out, vi, W_R_PASSIVE_FAR, r, FIELD_HS_FAR_P50_US);
	value(out, vi, W_R_PASSIVE_NEAR, r, FIELD_HS_NEAR_P50_US);
	if (record_has(r, FIELD_RETRANSMITTED))
		share(out, vi, W_R_PASSIVE_AGAIN, record_int(r, FIELD_RETRANSMITTED, 0),
			record_int(r, FIELD_TCP_SEGMENTS, 0));
}

static const struct {
	enum record_kind kind;
	void (*put)(struct buf *out, const struct record *r, bool vi);
} kinds[] = {
	{ RECORD_SIGNAL, cell },
	{ RECORD_OPERATORS, cell },
	{ RECORD_LATENCY, latency },
	{ RECORD_THROUGHPUT, throughput },
	{ RECORD_IPV6, verdict },
	{ RECORD_DNS, dns },
	{ RECORD_SERVICE, verdict },
	{ RECORD_PASSIVE, passive },
};

bool summary_put(struct buf *out, const struct record *r, bool vi)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].kind != r->kind)
			continue;
		if (record_has(r, FIELD_ERROR)) {
			const struct word_of *w = word_of_error(record_text(r, FIELD_ERROR));

			buf_puts(out, word(w->means, vi));
			if (!w->name)
				buf_printf(out, " (%s)", record_text(r, FIELD_ERROR));
			value(out, vi, W_R_COMPETING, r, FIELD_COMPETING_BPS);
		} else {
			kinds[i].put(out, r, vi);
		}
		return true;
	}
	return false;
}

enum word summary_todo(const struct record *r)
{
	const struct word_of *w = word_of_verdict(record_text(r, FIELD_VERDICT));

	if (record_has(r, FIELD_ERROR))
		return word_of_error(record_text(r, FIELD_ERROR))->todo;
	if (r->kind == RECORD_SIGNAL && record_has(r, FIELD_SIM))
		return word_of_sim(record_text(r, FIELD_SIM))->todo;
	if (r->kind == RECORD_DNS && !answered(r))
		return W_DO_DNS;
	return w ? w->todo : W_NONE;
}

void summary_say(FILE *out, const struct record *r, bool vi)
{
	enum word todo = summary_todo(r);
	struct buf b;

	buf_init(&b, SENTENCE_MAX);
	if (summary_put(&b, r, vi)) {
		fprintf(out, "  => %s\n", b.data ? words_safe((char *)b.data) : "");
		if (todo != W_NONE)
			fprintf(out, "     → %s\n", word(todo, vi));
	}
	buf_done(&b);
}
