/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector judge | report: options of the configuration, then what truth and report do. */
#include "cli.h"
#include "options.h"
#include "report/report.h"
#include "truth/truth.h"

#define PROFILES 8

struct judging {
	struct cli cli;
	const char *profile[PROFILES];
	size_t profiles;
	const char *boundaries;
};

static int prepare(struct judging *j, int *argc, char **argv)
{
	const struct settings *s;
	int status = cli_take(&j->cli, argc, argv);

	if (!status)
		status = cli_conf(&j->cli);
	if (status || !j->cli.conf)
		return status;
	s = conf_section(j->cli.conf, "truth");
	for (; j->profiles < settings_count(s, "profiles") && j->profiles < PROFILES; j->profiles++)
		j->profile[j->profiles] = settings_text_at(s, "profiles", j->profiles);
	j->boundaries = settings_text(conf_section(j->cli.conf, ""), "boundaries");
	return 0;
}

int judge_command(int argc, char **argv)
{
	struct judging j = { .boundaries = BOUNDARIES_FOLDER };
	int status = prepare(&j, &argc, argv);

	if (!status)
		status = truth_judge_run(argc - 1, argv + 1, j.cli.folder, j.profile, j.profiles);
	cli_done(&j.cli);
	return status;
}

int report_command(int argc, char **argv)
{
	struct judging j = { .boundaries = BOUNDARIES_FOLDER };
	const char *boundaries = cli_value(&argc, argv, "--boundaries");
	int status = prepare(&j, &argc, argv);

	if (!status)
		status = report_run(argc - 1, argv + 1, j.cli.folder,
			boundaries ? boundaries : j.boundaries, j.profile, j.profiles);
	cli_done(&j.cli);
	return status;
}
