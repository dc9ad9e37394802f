/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "../probes/core/log.h"
#include "options.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void take_out(int *argc, char **argv, int at, int n)
{
	memmove(argv + at, argv + at + n, (size_t)(*argc - at - n + 1) * sizeof(*argv));
	*argc -= n;
}

bool cli_flag(int *argc, char **argv, const char *name)
{
	for (int i = 1; i < *argc; i++)
		if (!strcmp(argv[i], name)) {
			take_out(argc, argv, i, 1);
			return true;
		}
	return false;
}

const char *cli_value(int *argc, char **argv, const char *name)
{
	size_t n = strlen(name);
	const char *value;

	for (int i = 1; i < *argc; i++) {
		if (!strcmp(argv[i], name) && i + 1 < *argc) {
			value = argv[i + 1];
			take_out(argc, argv, i, 2);
			return value;
		}
		if (n > 2 && !strncmp(argv[i], name, n) && argv[i][n] == '=') {
			value = argv[i] + n + 1;
			take_out(argc, argv, i, 1);
			return value;
		}
	}
	return NULL;
}

int cli_take(struct cli *c, int *argc, char **argv)
{
	const char *debug = cli_value(argc, argv, "--debug");
	const char *given = cli_value(argc, argv, "-c");

	*c = (struct cli){ 0 };
	c->config = given ? given : cli_value(argc, argv, "--config");
	c->data = cli_value(argc, argv, "--data");
	c->json = cli_flag(argc, argv, "--json");
	if (debug)
		log_debug_parts(debug);
	for (int i = 1; i < *argc; i++)
		if (!strcmp(argv[i], "-c") || !strcmp(argv[i], "--config") ||
			!strcmp(argv[i], "--data"))
			return cli_usage(argv[0], "an option lacks its value");
	return EXIT_DONE;
}

int cli_usage(const char *command, const char *wrong)
{
	if (wrong)
		fprintf(stderr, "phusong-collector %s: %s\n", command, wrong);
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, command))
			fprintf(stderr, "usage: phusong-collector %s %s\n", c->name, c->usage);
	return EXIT_USAGE;
}

int cli_conf(struct cli *c)
{
	const char *path = c->config ? c->config : COLLECTOR_CONF;
	struct buf problems;
	int err;

	if (c->data && !c->config && access(path, R_OK) < 0) {
		c->folder = c->data;
		return EXIT_DONE;
	}
	buf_init(&problems, 64 * 1024);
	err = conf_load(&c->conf, path, collector_sections, &problems);
	if (err)
		fprintf(stderr, "%s", buf_text(&problems));
	else
		c->folder = c->data ? c->data : settings_text(conf_section(c->conf, ""), "data");
	buf_done(&problems);
	return err ? EXIT_USAGE : EXIT_DONE;
}

int cli_store(struct cli *c, enum store_mode mode, struct store **out)
{
	struct why why = { "" };
	int status = cli_conf(c);

	if (status)
		return status;
	if (store_open(out, c->folder, mode, &why) < 0) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

void cli_done(struct cli *c)
{
	conf_free(c->conf);
	c->conf = NULL;
}

int cli_duration(const char *text, int64_t *ns)
{
	static const struct {
		char letter;
		int64_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end > text && *end == units[i].letter && !end[1] && !errno && n > 0 &&
			n <= 36600 * 86400LL / units[i].s) {
			*ns = n * units[i].s * NS_PER_S;
			return 0;
		}
	return -EINVAL;
}

const char *cli_actor(void)
{
	const struct passwd *p = getpwuid(getuid());

	return p ? p->pw_name : "unknown";
}
