/* SPDX-License-Identifier: Apache-2.0 */
#include "status_data.h"
#include "doc.h"
#include "journal_look.h"
#include "../probes/core/codec.h"
#include "../probes/core/mem.h"
#include <stdlib.h>
#include <string.h>

/* The age of a record of this boot by the time since boot; of others by UTC. */
static void date(
	struct data *d, const struct conf *c, const struct batch_head *head, const struct record *r)
{
	const char *file = settings_text(conf_section(c, "agent"), "boot_id_file");
	struct clock_state now;
	uint8_t boot[16];

	d->oldest_utc_ns =
		r->utc_ns != UTC_UNKNOWN ? r->utc_ns : batch_utc(head, r->mono_ns, NULL, NULL);
	clock_read(&now);
	if (!clock_boot_id(boot, *file ? file : NULL) && !memcmp(boot, head->boot, sizeof(boot)))
		d->oldest_age_s = (clock_mono() - r->mono_ns) / NS_PER_S;
	else if (d->oldest_utc_ns != UTC_UNKNOWN && now.utc_ns != UTC_UNKNOWN)
		d->oldest_age_s = (now.utc_ns - d->oldest_utc_ns) / NS_PER_S;
	if (d->oldest_age_s < 0)
		d->oldest_age_s = -1;
}

void data_oldest(struct data *d, const struct conf *c)
{
	struct batch_head head = { 0 };
	struct journal *j = NULL;
	struct record *r = mem_new(sizeof(*r));
	struct buf records;
	uint64_t last;
	size_t used;

	d->oldest_utc_ns = UTC_UNKNOWN;
	d->oldest_age_s = -1;
	buf_init(&records, 2 * RECORD_BYTES_MAX);
	if (!journal_look(&j, c, NULL, NULL) &&
		journal_read(j, 0, 1, RECORD_BYTES_MAX, &head, &records, &last) > 0 &&
		!codec_decode(r, records.data, records.len, &used, NULL))
		date(d, c, &head, r);
	journal_close(j);
	buf_done(&records);
	free(r);
}

void data_of(struct data *d, const struct conf *c, struct json_object *o)
{
	struct json_object *u = doc_at(o, "uplink");
	int64_t late = settings_int(conf_section(c, "access"), "receipt_after_s");

	memset(d, 0, sizeof(*d));
	d->waiting = doc_int(doc_at(o, "journal"), "waiting", 0);
	d->receipt_age_s = doc_int(u, "last_receipt_age_s", -1);
	d->oldest_utc_ns = UTC_UNKNOWN;
	d->oldest_age_s = -1;
	if (d->waiting)
		data_oldest(d, c);
	if (!u)
		d->in = DATA_LOCAL;
	else if (!d->waiting)
		d->in = d->receipt_age_s >= 0 ? DATA_ALL : DATA_NOTHING;
	else if (d->receipt_age_s < 0)
		d->in = DATA_NONE;
	else
		d->in = d->receipt_age_s > late ? DATA_STUCK : DATA_SENDING;
}

void data_put(struct buf *out, const struct data *d, bool vi)
{
	static const enum word sentences[] = { [DATA_ALL] = W_S_DATA_ALL,
		[DATA_SENDING] = W_S_DATA_SENDING,
		[DATA_STUCK] = W_S_DATA_STUCK,
		[DATA_NONE] = W_S_DATA_NONE,
		[DATA_NOTHING] = W_S_DATA_NOTHING,
		[DATA_LOCAL] = W_S_DATA_LOCAL,
		[DATA_REST] = W_S_DATA_REST };
	char n[WORDS_NUMBER], oldest[WORDS_NUMBER], span[WORDS_NUMBER];
	enum word w = sentences[d->in];

	if (d->in == DATA_REST && !d->waiting)
		w = W_S_DATA_REST_NONE;
	if (d->oldest_age_s < 0)
		snprintf(oldest, sizeof(oldest), "%s", word(W_S_AT_UNKNOWN, vi));
	else
		words_span(oldest, vi, d->oldest_age_s);
	words_put(out, vi, w,
		FILL("n", words_int(n, d->waiting), "oldest", oldest, "span",
			words_span(span, vi, d->receipt_age_s)));
}

const char *data_word(enum data_in in)
{
	static const char *const words[] = { [DATA_ALL] = "yes",
		[DATA_SENDING] = "sending",
		[DATA_STUCK] = "no",
		[DATA_NONE] = "no",
		[DATA_NOTHING] = "nothing",
		[DATA_LOCAL] = "local",
		[DATA_REST] = "no" };

	return words[in];
}
