/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

extern const char phusong_version[];

const struct command commands[] = {
	{ "serve", serve_command, "[-c FILE]", "take results in, judge, show; in the foreground" },
	{ "import", import_command,
		"units|hamlets|clusters|reported|operators|journal PATH | "
		"walktest FILE [--probe NAME] [--utc-offset +07:00]",
		"lists, exported journals, walk tests" },
	{ "probe", probe_command,
		"add ID [--hamlet CODE] [--cluster CODE] [--role reference|cluster|roaming] "
		"[--simulated] | claim [--hamlet CODE] [--cluster CODE] [--role ROLE] [--valid "
		"14d] | "
		"claims [--withdraw NAME] | list | show ID | retire ID",
		"the registry of probes" },
	{ "authority", authority_command, "show | crl | server NAME... -o FOLDER [--days 825]",
		"certificates: ours, the revoked ones, those of brokers" },
	{ "order", order_command,
		"PROBE|all run TEST [--target TARGET] | PROBE suppress TEST|TAG|* --for 2h "
		"[--stop-running] | PROBE unsuppress TEST|TAG|* | PROBE plan FILE [--for 30d] | "
		"PROBE restart agent|modem | list [--probe ID] [--open] | show ID   "
		"[--expires 1d]",
		"what a probe is asked to do, and what it answered" },
	{ "quarantine", quarantine_command,
		"[list [--reason WORD]] | show NUMBER | drop NUMBER | replay",
		"what could not be taken in" },
	{ "judge", judge_command, "[--profile FILE]... [--as-of TIME]",
		"roll up what is new and judge every hamlet now" },
	{ "report", report_command,
		"--province CODE|all --format html|csv|geojson -o FILE [--lang vi|en] [--as-of "
		"TIME] [--profile FILE]",
		"a province's or the country's hamlets, the same bytes each time" },
	{ "verify", verify_command, "", "ledger against raw records, audit chain" },
	{ "backup", backup_command, "FOLDER", "consistent copies of all databases, while running" },
	{ "check", check_command, "[-c FILE] [--print]", "validate the configuration" },
	{ 0 },
};

static int help(FILE *out)
{
	fprintf(out, "usage: phusong-collector COMMAND ...\n\n");
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-11s%s\n             phusong-collector %s %s\n", c->name,
			c->meaning, c->name, c->usage);
	fprintf(out, "\nEverywhere: -c FILE  --data FOLDER (instead of the configuration's)  "
		     "--json  --debug PARTS\n"
		     "            --help  --version\n");
	return out == stderr ? EXIT_USAGE : EXIT_DONE;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return help(stdout);
		if (!strcmp(argv[i], "--version")) {
			printf("phusong-collector %s\n", phusong_version);
			return EXIT_DONE;
		}
	}
	for (const struct command *c = commands; argc > 1 && c->name; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	if (argc > 1)
		fprintf(stderr, "phusong-collector: there is no command \"%s\"\n\n", argv[1]);
	return help(stderr);
}
