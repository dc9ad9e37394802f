/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent: measures where people live, and keeps every result until it has arrived. */
#include "command.h"
#include "options.h"
#include "../probes/modem/helper.h"
#include <stdio.h>
#include <string.h>

const struct command commands[] = {
	{ "run", run_command, "[-c FILE] [--debug PARTS]", W_H_RUN },
	{ "test", test_command,
		"KIND [TARGET] [--json] [--lang vi|en] [-4|-6] [-i IFACE] [--port PORT] "
		"[--follow [--beep]] [KEY=VALUE...]",
		W_H_TEST },
	{ "check", check_command, "[-c FILE] [--print-config] [--lang vi|en]", W_H_CHECK },
	{ "status", status_command, "[-c FILE] [--json] [--lang vi|en]", W_H_STATUS },
	{ "doctor", doctor_command, "[-c FILE] [--lang vi|en] [--json]", W_H_DOCTOR },
	{ "survey", survey_command,
		"[--gnss SOURCE] [-c FILE] [--port PORT] [--name TEXT] [--lang vi|en]",
		W_H_SURVEY },
	{ "enroll", enroll_command,
		"--collector URL --claim CODE [--ca FILE | --pin sha256//...] [-c FILE] [--json] "
		"[--lang vi|en]",
		W_H_ENROLL },
	{ "bundle", bundle_command, "[-c FILE] [--with-place] [--lang vi|en] FILE", W_H_BUNDLE },
	{ "journal", journal_command, "[-c FILE] [--json]", W_H_JOURNAL },
	{ "export", export_command, "[-c FILE] FILE", W_H_EXPORT },
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
		options_help(stdout, argc > 3 && !strcmp(argv[2], "--lang") ? argv[3] : NULL);
		return EXIT_DONE;
	}
	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("phusong-agent %s\n", phusong_version);
		return EXIT_DONE;
	}
	if (argc > 1)
		fprintf(stderr, "phusong-agent: there is no command \"%s\"\n\n", argv[1]);
	options_help(stderr, NULL);
	return EXIT_USAGE;
}
