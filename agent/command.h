/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share.  Exit status: 0 done, 1 the measurement or operation failed, 2 wrong use or
 * configuration. */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include "words.h"
#include <stdbool.h>

#define EXIT_DONE   0
#define EXIT_FAILED 1
#define EXIT_USAGE  2

extern const char phusong_version[];

struct command { /* a table of them ends with {0} */
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
	const char *usage;                 /* after "phusong-agent NAME " */
	enum word meaning;
};
extern const struct command commands[]; /* main.c */

int run_command(int argc, char **argv);
int test_command(int argc, char **argv);
int check_command(int argc, char **argv);
int status_command(int argc, char **argv);
int doctor_command(int argc, char **argv);
int bundle_command(int argc, char **argv);
int journal_command(int argc, char **argv);
int export_command(int argc, char **argv);
int survey_command(int argc, char **argv);
int enroll_command(int argc, char **argv);

/* Says on stderr what is wrong and how the command is used; returns EXIT_USAGE. */
int wrong_use(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
