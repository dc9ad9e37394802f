/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector import KIND PATH. */
#include "../probes/core/mem.h"
#include "cli.h"
#include "ingest/intake.h"
#include "options.h"
#include "store/boundaries.h"
#include "store/import.h"
#include "store/walktest.h"

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

static int import_walk(struct store *s, const char *path, const struct walktest_options *o)
{
	char from[CLOCK_TEXT], to[CLOCK_TEXT];
	struct walktest_result r;
	struct buf problems;
	struct import im = { .store = s, .actor = cli_actor(), .problems = &problems };
	int err;

	buf_init(&problems, PROBLEMS_MAX);
	err = import_walktest(&im, path, o, &r);
	fputs(buf_text(&problems), stderr);
	buf_done(&problems);
	if (err)
		return EXIT_FAILED;
	printf("walktest: probe %s: %" PRIu64 " rows, %" PRIu64 " new, %" PRIu64
	       " there already; %" PRIu64 " without position, %" PRIu64
	       " with values that cannot be, left out; %s to %s\n",
		r.probe, r.rows, r.added, r.there, r.rows - r.placed, r.implausible,
		clock_text(r.first_ns, from), clock_text(r.last_ns, to));
	return EXIT_DONE;
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
	const char *folder, *offset;
	/* Asia/Ho_Chi_Minh, which has no summer time */
	struct walktest_options walk = { .utc_offset_s = 7 * 3600, .now_ns = clock_wall() };
	struct store *s = NULL;
	bool walked;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	folder = cli_value(&argc, argv, "--boundaries");
	walk.probe = cli_value(&argc, argv, "--probe");
	offset = cli_value(&argc, argv, "--utc-offset");
	walked = argc > 1 && !strcmp(argv[1], "walktest");
	if (!status && argc != 3)
		status = cli_usage("import", NULL);
	if (!status && !walked && (walk.probe || offset))
		status = cli_usage("import", "--probe and --utc-offset are for walk tests");
	if (!status && offset && walktest_offset(offset, &walk.utc_offset_s))
		status = cli_usage("import", "--utc-offset is such as +07:00");
	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status && !folder)
		folder = cli.conf ? settings_text(conf_section(cli.conf, ""), "boundaries")
		                  : BOUNDARIES_FOLDER;
	if (!status)
		status = walked ? import_walk(s, argv[2], &walk)
		                : import_kind(&cli, s, argv[1], argv[2], folder);
	store_close(s);
	cli_done(&cli);
	return status;
}
