/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector authority: what a broker needs to know the probes by, and to be known by them. */
#include "cli.h"
#include "enroll/authority.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int failed(const struct why *why)
{
	fprintf(stderr, "phusong-collector: %s\n", why->text);
	return EXIT_FAILED;
}

static int server(struct authority *a, int argc, char **argv, const char *folder, const char *days)
{
	char key[PATH_MAX], cert[PATH_MAX];
	struct why why = { "" };
	char *end = NULL;
	long n = days ? strtol(days, &end, 10) : 825;

	if (argc < 1 || !folder || n < 1 || n > 7300 || (end && *end))
		return cli_usage(
			"authority", "server needs names, -o FOLDER, and at most 7300 days");
	if (mkdir(folder, 0755) && errno != EEXIST) {
		fprintf(stderr, "phusong-collector: %s: %s\n", folder, strerror(errno));
		return EXIT_FAILED;
	}
	if (snprintf(key, sizeof(key), "%s/server.key", folder) >= (int)sizeof(key) ||
		snprintf(cert, sizeof(cert), "%s/server.crt", folder) >= (int)sizeof(cert))
		return cli_usage("authority", "the folder's name is too long");
	if (authority_server(
		    a, (const char *const *)argv, (size_t)argc, (unsigned)n, key, cert, &why))
		return failed(&why);
	printf("%s\n%s\n", cert, key);
	return EXIT_DONE;
}

static int verb(struct cli *cli, struct store *s, int argc, char **argv)
{
	const char *folder = cli_value(&argc, argv, "-o"), *days = cli_value(&argc, argv, "--days");
	const char *copy =
		cli->conf ? settings_text(conf_section(cli->conf, "enroll"), "crl_file") : "";
	struct authority *a = NULL;
	struct why why = { "" };
	int status = EXIT_DONE;

	if (argc < 2 || (strcmp(argv[1], "server") && argc > 2))
		return cli_usage("authority", NULL);
	if (authority_open(&a, cli->folder, &why))
		return failed(&why);
	if (!strcmp(argv[1], "show"))
		fputs(authority_certificate(a), stdout);
	else if (!strcmp(argv[1], "server"))
		status = server(a, argc - 2, argv + 2, folder, days);
	else if (strcmp(argv[1], "crl"))
		status = cli_usage("authority", NULL);
	else if (authority_revocations(a, s, copy, &why))
		status = failed(&why);
	else
		printf("%s/crl.pem\n", authority_folder(a));
	authority_free(a);
	return status;
}

int authority_command(int argc, char **argv)
{
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status)
		status = verb(&cli, s, argc, argv);
	store_close(s);
	cli_done(&cli);
	return status;
}
