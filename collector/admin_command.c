/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector verify | backup | check | quarantine. */
#include "../probes/core/mem.h"
#include "cli.h"
#include "ingest/intake.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_check(const struct store_check *c, bool json, bool sound)
{
	if (json)
		printf("{\"sound\":%s,\"probes\":%" PRIu64 ",\"records\":%" PRIu64
		       ",\"raw_records\":%" PRIu64 ",\"raw_files\":%" PRIu64
		       ",\"not_in_raw\":%" PRIu64 ",\"not_in_ledger\":%" PRIu64
		       ",\"twice\":%" PRIu64 ",\"audit_entries\":%" PRIu64 "}\n",
			sound ? "true" : "false", c->probes, c->ledger_records, c->raw_records,
			c->raw_files, c->not_in_raw, c->not_in_ledger, c->twice, c->audit_entries);
	else
		printf("%" PRIu64 " probes, %" PRIu64 " records in the ledger, %" PRIu64
		       " in %" PRIu64 " raw files, %" PRIu64 " twice, %" PRIu64
		       " audit entries: %s\n",
			c->probes, c->ledger_records, c->raw_records, c->raw_files, c->twice,
			c->audit_entries, sound ? "sound" : "NOT SOUND");
}

int verify_command(int argc, char **argv)
{
	struct store_check c = { 0 };
	struct why why = { "" };
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	if (!status && argc > 1)
		status = cli_usage("verify", "too many words");
	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status) {
		status = store_verify(s, &c, &why) < 0 ? EXIT_FAILED : EXIT_DONE;
		print_check(&c, cli.json, !status);
		if (status)
			fprintf(stderr, "phusong-collector: %s\n", why.text);
	}
	store_close(s);
	cli_done(&cli);
	return status;
}

int backup_command(int argc, char **argv)
{
	struct why why = { "" };
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	if (!status && argc != 2)
		status = cli_usage("backup", "one new folder is needed");
	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status && store_backup(s, argv[1], &why) < 0) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		status = EXIT_FAILED;
	}
	store_close(s);
	cli_done(&cli);
	return status;
}

int check_command(int argc, char **argv)
{
	struct buf out;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);
	bool print = cli_flag(&argc, argv, "--print");

	if (!status && argc > 1)
		status = cli_usage("check", "too many words");
	if (!status)
		status = cli_conf(&cli);
	if (!status && print && cli.conf) {
		buf_init(&out, 1024 * 1024);
		conf_print(&out, cli.conf);
		fputs(buf_text(&out), stdout);
		buf_done(&out);
	}
	cli_done(&cli);
	return status;
}

/* --- quarantine --- */

static int print_suspect(void *arg, const struct store_suspect *q)
{
	char text[CLOCK_TEXT];

	(void)arg;
	printf("%6" PRId64 "  %-24s  %-13s %8" PRIu64 " B  %-26s  %s\n", q->number,
		clock_text(q->received_ns, text), q->reason, q->size, *q->probe ? q->probe : "-",
		q->detail);
	return 0;
}

struct showing {
	int64_t number;
	bool found;
};

static int print_bytes(void *arg, const struct store_suspect *q)
{
	struct showing *sh = arg;

	if (q->number != sh->number)
		return 0;
	sh->found = true;
	print_suspect(NULL, q);
	for (size_t i = 0; i < q->bytes_len; i++)
		printf("%02x%s", q->bytes[i], i % 32 == 31 || i + 1 == q->bytes_len ? "\n" : "");
	return 1;
}

static int count_line(void *arg, const char *reason, uint64_t now, uint64_t ever)
{
	(void)arg;
	printf("%-13s %" PRIu64 " kept, %" PRIu64 " ever\n", reason, now, ever);
	return 0;
}

static int replay(struct store *s)
{
	struct ingest_counters counters = { 0 };
	struct intake *in = mem_new(sizeof(*in));
	uint64_t batches = 0;
	int err;

	in->store = s;
	in->counters = &counters;
	err = intake_replay(in, &batches);
	free(in);
	if (!err)
		printf("%" PRIu64 " batches, %" PRIu64 " records taken in\n", batches,
			(uint64_t)counters.stored);
	return err;
}

static int quarantine_verb(struct store *s, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "list";
	const char *reason = cli_value(&argc, argv, "--reason");
	struct showing sh = { argc > 2 ? strtoll(argv[2], NULL, 10) : 0, false };
	int err;

	if (!strcmp(verb, "list") && argc <= 2) {
		err = store_suspect_counts(s, count_line, NULL);
		return err || store_suspects(s, reason, NULL, print_suspect, NULL) < 0 ? EXIT_FAILED
		                                                                       : EXIT_DONE;
	}
	if (!strcmp(verb, "replay") && argc == 2)
		return replay(s) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (!strcmp(verb, "show") && argc == 3)
		return store_suspects(s, NULL, NULL, print_bytes, &sh) < 0 || !sh.found
		               ? EXIT_FAILED
		               : EXIT_DONE;
	if (!strcmp(verb, "drop") && argc == 3) {
		err = store_audit(s, cli_actor(), "quarantine drop", argv[2], "");
		return err || store_suspect_drop(s, sh.number) < 0 ? EXIT_FAILED : EXIT_DONE;
	}
	return cli_usage("quarantine", NULL);
}

int quarantine_command(int argc, char **argv)
{
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status)
		status = quarantine_verb(s, argc, argv);
	store_close(s);
	cli_done(&cli);
	return status;
}
