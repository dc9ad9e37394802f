/* SPDX-License-Identifier: Apache-2.0 */
#include "status_at_rest.h"
#include "journal_look.h"
#include "show.h"
#include "../probes/core/codec.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <inttypes.h>
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

static void say_json(const struct at_rest *a)
{
	struct json_object *o = json_object_new_object(), *j = json_object_new_object();
	char text[CLOCK_TEXT];

	json_object_object_add(o, "running", json_object_new_boolean(false));
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
	json_object_object_add(o, "journal", j);
	json_object_object_add(o, "last", a->have_last ? codec_json(&a->last) : NULL);
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static void say_end(const struct at_rest *a, bool vi)
{
	char text[CLOCK_TEXT];

	printf("%s %s, %s\n", vi ? "Lần cuối:  " : "Last seen: ",
		a->past.last_utc_ns != UTC_UNKNOWN ? clock_text(a->past.last_utc_ns, text)
		: vi                               ? "không rõ giờ"
						   : "at an unknown time",
		a->past.clean ? (vi ? "kết thúc bình thường" : "ended as it should")
		: vi          ? "ngừng đột ngột: mất điện hoặc bị tắt ngang"
			      : "stopped suddenly: power was lost, or it was killed");
}

static void say(const struct at_rest *a, bool vi)
{
	printf("%s %s\n", vi ? "Nhật ký:   " : "Journal:   ", a->folder);
	if (!a->past.any) {
		puts(vi ? "            chưa có bản ghi nào"
			: "            nothing was ever recorded");
		return;
	}
	printf(vi ? "            %" PRIu64 " bản ghi chờ biên nhận, mới nhất số %" PRIu64
		    ", %" PRIu64 " kB\n"
		  : "            %" PRIu64 " records wait for a receipt, newest is number %" PRIu64
		    ", %" PRIu64 " kB\n",
		a->stats.waiting, a->stats.next_seq - 1, (a->stats.bytes + 999) / 1000);
	say_end(a, vi);
	if (a->have_last) {
		puts(vi ? "Bản ghi mới nhất:" : "Newest record:");
		show_line(stdout, &a->last);
	}
}

void status_at_rest(const struct conf *c, bool json, bool vietnamese)
{
	struct at_rest *a = mem_new(sizeof(*a));
	struct why why = { "" };
	int err;

	log_quiet(true);
	err = look(a, c, &why);
	if (err == -ENOENT)
		fprintf(stderr, "phusong-agent status: %s: %s\n", a->folder,
			vietnamese ? "chưa từng chạy ở đây" : "it has never run here");
	else if (err)
		fprintf(stderr, "phusong-agent status: %s\n",
			*why.text ? why.text : strerror(-err));
	else if (json)
		say_json(a);
	else
		say(a, vietnamese);
	free(a);
}
