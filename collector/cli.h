/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share.  Exit status: 0 done, 1 the operation failed, 2 wrong use or configuration. */
#ifndef COLLECTOR_CLI_H
#define COLLECTOR_CLI_H

#include "../config/conf.h"
#include "store/store.h"

#define EXIT_DONE   0
#define EXIT_FAILED 1
#define EXIT_USAGE  2

struct command { /* a table of them ends with {0} */
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
	const char *usage;                 /* after "phusong-collector NAME " */
	const char *meaning;
};
extern const struct command commands[]; /* main.c */

int serve_command(int argc, char **argv);
int import_command(int argc, char **argv);
int probe_command(int argc, char **argv);
int authority_command(int argc, char **argv);
int order_command(int argc, char **argv);
int quarantine_command(int argc, char **argv);
int judge_command(int argc, char **argv); /* truth_command.c */
int report_command(int argc, char **argv);
int verify_command(int argc, char **argv);
int backup_command(int argc, char **argv);
int check_command(int argc, char **argv);

/* The options that every subcommand takes; what is left in argv is its own. */
struct cli {
	const char *config; /* -c FILE */
	const char *data;   /* --data FOLDER: instead of the configuration's */
	bool json;
	struct conf *conf;  /* loaded by cli_conf() */
	const char *folder; /* where the store is, after cli_conf() */
};
/* Takes -c/--config, --data, --json and --debug out of argv.  EXIT_DONE, or EXIT_USAGE when a value is missing. */
int cli_take(struct cli *c, int *argc, char **argv);
/* The value of option `name` ("--hamlet"), taken out of argv; NULL when it is not there. */
const char *cli_value(int *argc, char **argv, const char *name);
bool cli_flag(int *argc, char **argv, const char *name);
int cli_usage(const char *command, const char *wrong); /* says it, returns EXIT_USAGE */

/* Loads the configuration (not needed with --data when the file is absent); says what is wrong with it. */
int cli_conf(struct cli *c);
int cli_store(
	struct cli *c, enum store_mode mode, struct store **out); /* cli_conf() and store_open() */
void cli_done(struct cli *c);
int cli_duration(const char *text, int64_t *ns) MUST_CHECK; /* "90s" "30m" "2h" "14d"; -EINVAL */
const char *cli_actor(void); /* who is at the keyboard, for the audit log */

#endif
