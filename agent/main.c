/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent: measures where people live, and keeps every result until it has arrived. */
#include "command.h"
#include "options.h"
#include "../probes/modem/helper.h"
#include <stdio.h>
#include <string.h>

const struct command commands[] = {
	{ "run", run_command, "[-c FILE] [--debug PARTS]",
		"measure and report, in the foreground" },
	{ "test", test_command,
		"KIND [TARGET] [--json] [--lang vi|en] [-4|-6] [-i IFACE] [--port PORT] [--follow] "
		"[KEY=VALUE...]",
		"one measurement now" },
	{ "check", check_command, "[-c FILE] [--print-config]",
		"what is wrong with the configuration: file:line" },
	{ "status", status_command, "[-c FILE] [--json] [--lang vi|en]",
		"state, journal, budget, last results, what has arrived" },
	{ "doctor", doctor_command, "[-c FILE] [--lang vi|en] [--json]",
		"every step from power to collector, and what to do" },
	{ "journal", journal_command, "[-c FILE] [--json]",
		"read the results that wait for a receipt" },
	{ "export", export_command, "[-c FILE] FILE",
		"take those results out by hand, signed, for the collector's import" },
	{ 0 },
};

int main(int argc, char **argv)
{
	if (argc > 1 &&
		!strcmp(argv[1], MODEM_HELPER)) /* we ran ourselves: no command for people */
		return modem_helper(argc - 1, argv + 1);
	for (const struct command *c = commands; argc > 1 && c->name; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		options_help(stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("phusong-agent %s\n", phusong_version);
		return EXIT_DONE;
	}
	if (argc > 1)
		fprintf(stderr, "phusong-agent: there is no command \"%s\"\n\n", argv[1]);
	options_help(stderr);
	return EXIT_USAGE;
}
