/* SPDX-License-Identifier: Apache-2.0 */
/* journal_position FOLDER: how far a journal has come, as JSON, without touching it.  For tests that compare what
 * was made with what arrived. */
#include "../../agent/journal.h"

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct journal_options o = { .folder = argc > 1 ? argv[1] : "", .read_only = true };
	struct journal_past past;
	struct journal_stats stats;
	struct why why = { { 0 } };
	struct journal *j;

	if (argc != 2) {
		fputs("usage: journal_position FOLDER\n", stderr);
		return 2;
	}
	if (journal_open(&j, &o, &past, &why)) {
		fprintf(stderr, "journal_position: %s\n", why.text);
		return 1;
	}
	journal_stats(j, &stats);
	printf("{\"made\":%" PRIu64 ",\"waiting\":%" PRIu64 ",\"dropped\":%" PRIu64 "}\n",
		stats.next_seq - 1, stats.waiting, stats.dropped);
	journal_close(j);
	return 0;
}
