/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector import KIND PATH. */
#include "../probes/core/mem.h"
#include "cli.h"
#include "ingest/intake.h"
#include "options.h"
#include "store/boundaries.h"
#include "store/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_MAX (1024 * 1024)

static const struct kind {
	const char *name;
	int (*run)(struct import *im, const char *path);
	bool points;
} kinds[] = {
	{ "units", import_units, false },
	{ "hamlets", import_hamlets, true },
	{ "clusters", import_clusters, false },
	{ "reported", import_reported, false },
	{ "operators", import_operators, false },
};

static int import_list(
	struct store *s, const struct kind *kind, const char *path, const char *folder)
{
	struct boundaries *boundaries = NULL;
	struct why why = { "" };
	struct buf problems;
	struct import im = { .store = s, .actor = cli_actor(), .problems = &problems };
	int err;

	buf_init(&problems, PROBLEMS_MAX);
	if (kind->points && boundaries_load(&boundaries, folder, &why) < 0)
		fprintf(stderr, "phusong-collector: %s; points are not compared with communes\n",
			why.text);
	im.boundaries = boundaries;
	err = kind->run(&im, path);
	fputs(buf_text(&problems), stderr);
	if (!err)
		printf("%s: %zu rows, %zu added, %zu changed, %zu ended, %zu warnings\n",
			kind->name, im.result.rows, im.result.added, im.result.changed,
			im.result.ended, im.result.warnings);
	buf_done(&problems);
	boundaries_free(boundaries);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int import_journal(struct store *s, const char *path, bool open)
{
	struct ingest_counters counters = { 0 };
	struct intake *in = mem_new(sizeof(*in));
	struct intake_file sum = { 0 };
	struct why why = { "" };
	int err;

	in->store = s;
	in->counters = &counters;
	in->open = open;
	err = intake_journal(in, path, &sum, &why);
	free(in);
	if (err) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		return EXIT_FAILED;
	}
	printf("%" PRIu64 " batches: %" PRIu64 " records new, %" PRIu64 " there already, %" PRIu64
	       " rejected; %" PRIu64 " batches quarantined, %" PRIu64
	       " waiting for their probe to be registered\n",
		sum.batches, sum.stored, sum.repeated, sum.rejected, sum.quarantined, sum.waiting);
	if (sum.cut)
		fprintf(stderr,
			"phusong-collector: %s: the last %" PRIu64
			" bytes are not a whole batch: was the copy cut short?\n",
			path, sum.cut);
	return sum.cut ? EXIT_FAILED : EXIT_DONE;
}

static int import_kind(
	struct cli *cli, struct store *s, const char *name, const char *path, const char *folder)
{
	if (!strcmp(name, "journal"))
		return import_journal(s, path,
			cli->conf && !strcmp(settings_text(
						     conf_section(cli->conf, "ingest"), "register"),
					     "open"));
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			return import_list(s, &kinds[i], path, folder);
	return cli_usage("import", "there is no such list");
}

int import_command(int argc, char **argv)
{
	const char *folder;
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	folder = cli_value(&argc, argv, "--boundaries");
	if (!status && argc != 3)
		status = cli_usage("import", NULL);
	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status && !folder)
		folder = cli.conf ? settings_text(conf_section(cli.conf, ""), "boundaries")
		                  : BOUNDARIES_FOLDER;
	if (!status)
		status = import_kind(&cli, s, argv[1], argv[2], folder);
	store_close(s);
	cli_done(&cli);
	return status;
}
