/* SPDX-License-Identifier: Apache-2.0 */
#include "status_at_rest.h"
#include "budget.h"
#include "command.h"
#include "doc.h"
#include "journal_look.h"
#include "place.h"
#include "show.h"
#include "status_document.h"
#include "status_lines.h"
#include "../probes/core/codec.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct at_rest {
	char folder[STATE_PATH];
	struct journal_past past;
	struct journal_stats stats;
	bool have_last; /* the newest record has no receipt yet: it can still be read */
	struct record last;
};

static void read_last(struct at_rest *a, struct journal *j)
{
	struct batch_head head = { 0 };
	struct buf records;
	uint64_t seq;
	size_t used;

	if (a->stats.next_seq < 2)
		return;
	buf_init(&records, 2 * RECORD_BYTES_MAX);
	if (journal_read(j, a->stats.next_seq - 2, 1, RECORD_BYTES_MAX, &head, &records, &seq) > 0)
		a->have_last = !codec_decode(&a->last, records.data, records.len, &used, NULL);
	buf_done(&records);
	if (a->have_last && a->last.utc_ns == UTC_UNKNOWN)
		a->last.utc_ns = batch_utc(&head, a->last.mono_ns, NULL, NULL);
}

static int look(struct at_rest *a, const struct conf *c, struct why *why)
{
	struct journal *j = NULL;
	int err;

	state_path(c, "journal", a->folder);
	err = journal_look(&j, c, &a->past, why);
	if (err)
		return err;
	journal_stats(j, &a->stats);
	read_last(a, j);
	journal_close(j);
	return 0;
}

static void add_int(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)v));
}

static struct json_object *journal_document(const struct at_rest *a)
{
	struct json_object *j = json_object_new_object();
	char text[CLOCK_TEXT];

	add_int(j, "newest_seq", a->stats.next_seq ? a->stats.next_seq - 1 : 0);
	add_int(j, "arrived_below_seq", a->stats.oldest_seq);
	add_int(j, "waiting", a->stats.waiting);
	add_int(j, "bytes", a->stats.bytes);
	json_object_object_add(
		j, "clean_end", a->past.any ? json_object_new_boolean(a->past.clean) : NULL);
	json_object_object_add(j, "last_utc",
		a->past.last_utc_ns == UTC_UNKNOWN
			? NULL
			: json_object_new_string(clock_text(a->past.last_utc_ns, text)));
	return j;
}

/* Only looks: a file that is not there stays away. */
struct json_object *status_budget_at_rest(const struct conf *c)
{
	const struct settings *s = conf_section(c, "budget");
	static const uint8_t no_boot[16];
	char path[STATE_PATH];
	struct budget b = { .limit = (uint64_t)settings_int(s, "month_mb") * 1000000,
		.reserve = (uint64_t)settings_int(s, "telemetry_mb") * 1000000,
		.reset_day = (int)settings_int(s, "reset_day") };

	budget_open(&b, state_path(c, "budget", path), no_boot);
	return status_budget(&b);
}

static struct json_object *document(const struct at_rest *a, const struct conf *c)
{
	struct json_object *o = json_object_new_object();
	struct place place = place_of(conf_section(c, "place"));

	json_object_object_add(o, "running", json_object_new_boolean(false));
	json_object_object_add(o, "version", json_object_new_string(phusong_version));
	json_object_object_add(o, "simulated",
		json_object_new_boolean(settings_bool(conf_section(c, "agent"), "simulated")));
	json_object_object_add(o, "place", status_place(&place));
	json_object_object_add(o, "budget", status_budget_at_rest(c));
	json_object_object_add(o, "journal", journal_document(a));
	json_object_object_add(o, "last", a->have_last ? codec_json(&a->last) : NULL);
	return o;
}

static void put_end(struct buf *out, struct json_object *j, bool vi)
{
	char text[WORDS_NUMBER];
	int64_t utc;

	status_label(out, W_S_LAST_SEEN, vi);
	buf_printf(out, "%s, %s\n",
		clock_parse(doc_text(j, "last_utc", ""), &utc) ? word(W_S_NO_TIME, vi)
							       : words_date(text, utc),
		word(doc_bool(j, "clean_end") ? W_S_ENDED : W_S_STOPPED_SUDDENLY, vi));
}

static void say(struct json_object *o, const struct data *d, bool vi)
{
	struct json_object *j = doc_at(o, "journal"), *last = doc_at(o, "last");
	struct record r;
	struct buf b, data;

	buf_init(&b, 16384);
	buf_init(&data, 4096);
	data_put(&data, d, vi);
	words_put(&b, vi, W_S_STOPPED, FILL("data", buf_text(&data)));
	buf_puts(&b, "\n\n");
	if (!doc_at(j, "clean_end")) {
		status_label(&b, W_S_JOURNAL, vi);
		buf_printf(&b, "%s\n", word(W_S_JOURNAL_EMPTY, vi));
	} else {
		status_put_journal(&b, j, d, vi);
		put_end(&b, j, vi);
	}
	status_put_budget(&b, doc_at(o, "budget"), vi);
	status_put_place(&b, doc_at(o, "place"), vi);
	if (doc_record(last, &r))
		buf_printf(&b, "\n%s\n", word(W_S_NEWEST, vi));
	fputs(buf_text(&b), stdout);
	if (doc_record(last, &r))
		show_line(stdout, &r);
	buf_done(&data);
	buf_done(&b);
}

int status_rest_document(
	struct json_object **out, struct data *d, const struct conf *c, struct why *why)
{
	struct at_rest *a = mem_new(sizeof(*a));
	int err = look(a, c, why);

	if (!err) {
		*d = (struct data){ .in = DATA_REST,
			.waiting = (int64_t)a->stats.waiting,
			.receipt_age_s = -1,
			.oldest_utc_ns = UTC_UNKNOWN,
			.oldest_age_s = -1 };
		if (a->stats.waiting)
			data_oldest(d, c);
		*out = document(a, c);
		status_complete(*out, d);
	}
	free(a);
	return err;
}

void status_at_rest(const struct conf *c, bool json, bool vi)
{
	struct json_object *o = NULL;
	struct why why = { "" };
	char folder[STATE_PATH];
	struct data d;
	int err;

	log_quiet(true);
	err = status_rest_document(&o, &d, c, &why);
	if (err == -ENOENT)
		fprintf(stderr, "phusong-agent status: %s: %s\n", state_path(c, "journal", folder),
			word(W_S_NEVER_RAN, vi));
	else if (err)
		fprintf(stderr, "phusong-agent status: %s\n",
			*why.text ? why.text : words_errno(err, vi));
	else if (json)
		puts(json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		say(o, &d, vi);
	json_object_put(o);
}
