/* SPDX-License-Identifier: Apache-2.0 */
/* Where a journal stands, as JSON; with --records, number, hash (FNV-1a) and time since boot of each record that has no
 * receipt.  Looks only. */
#include "../../agent/journal.h"
#include "../../probes/core/codec.h"
#include "../../probes/core/mem.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash(const uint8_t *bytes, size_t n)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < n; i++)
		h = (h ^ bytes[i]) * 1099511628211ULL;
	return h;
}

/* One record at a time, so that its bytes are those of the batch. */
static int list(struct journal *j)
{
	struct record *r = mem_new(sizeof(*r));
	struct batch_head head;
	struct buf records;
	uint64_t last = 0;
	size_t used;
	int n;

	buf_init(&records, RECORD_BYTES_MAX);
	while ((n = journal_read(j, last, 1, RECORD_BYTES_MAX, &head, &records, &last)) > 0) {
		if (codec_decode(r, records.data, records.len, &used, NULL))
			r->mono_ns = INT64_MAX;
		printf("%" PRIu64 " %016" PRIx64 " %" PRId64 "\n", last,
			hash(records.data, records.len), r->mono_ns);
		buf_clear(&records);
	}
	buf_done(&records);
	free(r);
	return n;
}

static void position(struct journal *j)
{
	struct journal_stats stats;

	journal_stats(j, &stats);
	printf("{\"made\":%" PRIu64 ",\"waiting\":%" PRIu64 ",\"dropped\":%" PRIu64 "}\n",
		stats.next_seq - 1, stats.waiting, stats.dropped);
}

int main(int argc, char **argv)
{
	bool records = argc == 3 && !strcmp(argv[1], "--records");
	struct journal_options o = { .read_only = true };
	struct journal_past past;
	struct why why = { { 0 } };
	struct journal *j;
	int err = 0;

	if (argc != (records ? 3 : 2)) {
		fputs("usage: journal_position [--records] FOLDER\n", stderr);
		return 2;
	}
	o.folder = argv[argc - 1];
	if (journal_open(&j, &o, &past, &why)) {
		fprintf(stderr, "journal_position: %s\n", why.text);
		return 1;
	}
	if (records)
		err = list(j);
	else
		position(j);
	journal_close(j);
	return err ? 1 : 0;
}
