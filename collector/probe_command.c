/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector probe add|claim|claims|list|show|retire. */
#include "cli.h"
#include "enroll/enroll.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct printing {
	struct store *s;
	bool json;
	size_t n;
};

static const char *when(int64_t ns, char out[CLOCK_TEXT])
{
	if (!ns)
		return "-";
	return clock_text(ns, out);
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static struct json_object *probe_json(const struct store_probe *p, const struct store_custody *c)
{
	struct json_object *o = json_object_new_object();
	char text[CLOCK_TEXT];

	json_object_object_add(o, "id", json_object_new_string(p->id));
	json_object_object_add(o, "hamlet", *p->hamlet ? json_object_new_string(p->hamlet) : NULL);
	json_object_object_add(
		o, "cluster", *p->cluster ? json_object_new_string(p->cluster) : NULL);
	json_object_object_add(o, "role", json_object_new_string(probe_role_name[p->role]));
	json_object_object_add(o, "simulated", json_object_new_boolean(p->simulated));
	json_object_object_add(o, "retired", json_object_new_boolean(p->retired));
	json_object_object_add(o, "online", json_object_new_boolean(p->online));
	json_object_object_add(o, "last_seen",
		p->last_seen_ns ? json_object_new_string(clock_text(p->last_seen_ns, text)) : NULL);
	json_object_object_add(o, "agent", *p->agent ? json_object_new_string(p->agent) : NULL);
	json_object_object_add(o, "highest_seq", json_object_new_int64((int64_t)c->highest));
	json_object_object_add(o, "received", json_object_new_int64((int64_t)c->received));
	json_object_object_add(o, "missing", json_object_new_int64((int64_t)c->missing));
	json_object_object_add(o, "dropped", json_object_new_int64((int64_t)c->dropped));
	json_object_object_add(o, "skipped", json_object_new_int64((int64_t)c->skipped));
	json_object_object_add(o, "rejected", json_object_new_int64((int64_t)c->rejected));
	json_object_object_add(o, "repeated", json_object_new_int64((int64_t)c->repeated));
	return o;
}

static int print_line(void *arg, const struct store_probe *p)
{
	struct printing *out = arg;
	struct store_custody c;
	char text[CLOCK_TEXT];
	int err = store_custody(out->s, p->number, &c);

	if (err)
		return err;
	if (out->json) {
		print_json(probe_json(p, &c));
		return 0;
	}
	if (!out->n++)
		printf("%-26s %-16s %-9s %-7s %-24s %12s %8s\n", "probe", "hamlet", "role", "state",
			"last seen", "received", "missing");
	printf("%-26s %-16s %-9s %-7s %-24s %12" PRIu64 " %8" PRIu64 "%s\n", p->id,
		*p->hamlet ? p->hamlet : "-", probe_role_name[p->role],
		p->retired  ? "retired"
		: p->online ? "online"
			    : "offline",
		when(p->last_seen_ns, text), c.received, c.missing,
		p->simulated ? "  simulated" : "");
	return 0;
}

static int print_missing(void *arg, uint64_t first, uint64_t last)
{
	(void)arg;
	printf("  missing    %" PRIu64 "-%" PRIu64 "\n", first, last);
	return 0;
}

static int show(struct store *s, const char *id, bool json)
{
	struct store_custody c;
	struct store_probe p;
	char text[CLOCK_TEXT];

	if (store_probe(s, id, &p) < 0) {
		fprintf(stderr, "phusong-collector: %s: no such probe\n", id);
		return EXIT_FAILED;
	}
	if (store_custody(s, p.number, &c) < 0)
		return EXIT_FAILED;
	if (json) {
		print_json(probe_json(&p, &c));
		return EXIT_DONE;
	}
	printf("%s%s%s\n", p.id, p.simulated ? "  simulated" : "", p.retired ? "  retired" : "");
	printf("  hamlet     %s\n  role       %s %s\n", *p.hamlet ? p.hamlet : "-",
		probe_role_name[p.role], p.cluster);
	printf("  state      %s, last seen %s\n", p.online ? "online" : "offline",
		when(p.last_seen_ns, text));
	printf("  agent      %s\n", *p.agent ? p.agent : "-");
	printf("  received   %" PRIu64 " of %" PRIu64 ", %" PRIu64 " told as dropped, %" PRIu64
	       " rejected, %" PRIu64 " missing\n",
		c.received, c.highest, c.dropped, c.rejected, c.missing);
	printf("  repeated   %" PRIu64 " deliveries of what was there\n", c.repeated);
	return store_missing(s, p.number, 20, print_missing, NULL) < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int read_role(const char *role, const char *hamlet, const char *cluster, uint8_t *out)
{
	*out = cluster ? ROLE_CLUSTER : hamlet ? ROLE_REFERENCE : ROLE_ROAMING;
	if (!role)
		return EXIT_DONE;
	for (*out = 0; *out < 3; (*out)++)
		if (!strcmp(role, probe_role_name[*out]))
			return EXIT_DONE;
	return cli_usage("probe", "a role is reference, cluster or roaming");
}

static int add(struct store *s, int argc, char **argv)
{
	const char *hamlet = cli_value(&argc, argv, "--hamlet"),
		   *cluster = cli_value(&argc, argv, "--cluster");
	const char *role = cli_value(&argc, argv, "--role");
	struct store_probe p = { .simulated = cli_flag(&argc, argv, "--simulated") };
	uint8_t id[PROBE_ID];
	struct why why = { "" };

	if (argc != 2)
		return cli_usage("probe", "add takes one id");
	if (read_role(role, hamlet, cluster, &p.role))
		return EXIT_USAGE;
	if (probe_id_parse(argv[1], id) == 0)
		probe_id_text(id, p.id);
	else
		snprintf(p.id, sizeof(p.id), "%s", argv[1]);
	snprintf(p.hamlet, sizeof(p.hamlet), "%s", hamlet ? hamlet : "");
	snprintf(p.cluster, sizeof(p.cluster), "%s", cluster ? cluster : "");
	if (store_probe_add(s, &p, cli_actor(), &why) < 0) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

/* --- claims --- */
static const char *setting(const struct cli *cli, const char *section, const char *key)
{
	return cli->conf ? settings_text(conf_section(cli->conf, section), key) : "";
}

/* What a technician needs, on a sheet of paper. */
static void print_claim(const struct cli *cli, const struct store_claim *c, const char *text)
{
	const char *url = setting(cli, "enroll", "url"), *cert = setting(cli, "http", "cert_file");
	char until[CLOCK_TEXT], pin[64] = "";
	struct why why = { "" };

	if (*cert && enroll_pin(cert, pin, &why))
		fprintf(stderr, "phusong-collector: %s\n", why.text);
	clock_text(c->expires_ns, until);
	if (cli->json) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "claim", json_object_new_string(text));
		json_object_object_add(o, "name", json_object_new_string(c->name));
		json_object_object_add(
			o, "hamlet", *c->hamlet ? json_object_new_string(c->hamlet) : NULL);
		json_object_object_add(o, "role", json_object_new_string(probe_role_name[c->role]));
		json_object_object_add(o, "expires", json_object_new_string(until));
		json_object_object_add(o, "url", *url ? json_object_new_string(url) : NULL);
		json_object_object_add(o, "pin", *pin ? json_object_new_string(pin) : NULL);
		print_json(o);
		return;
	}
	printf("%s\n  good until %s, for one probe, hamlet %s, role %s\n", text, until,
		*c->hamlet ? c->hamlet : "-", probe_role_name[c->role]);
	printf("  on the probe: phusong-agent enroll --collector %s --claim %s%s%s\n",
		*url ? url : "https://...", text, *pin ? " --pin " : "", pin);
	if (!cli->conf || !settings_count(conf_section(cli->conf, "enroll"), "brokers"))
		fprintf(stderr,
			"phusong-collector: enroll.brokers is empty: serve takes no claims yet\n");
}

static int claim(struct cli *cli, struct store *s, int argc, char **argv)
{
	const char *hamlet = cli_value(&argc, argv, "--hamlet"),
		   *cluster = cli_value(&argc, argv, "--cluster"),
		   *role = cli_value(&argc, argv, "--role"),
		   *valid = cli_value(&argc, argv, "--valid");
	struct store_claim c = { .simulated = cli_flag(&argc, argv, "--simulated") };
	char code[CLAIM_CODE], text[CLAIM_TEXT];
	struct why why = { "" };
	int64_t lasts;
	int status = read_role(role, hamlet, cluster, &c.role);

	if (status)
		return status;
	if (argc != 1)
		return cli_usage("probe", "claim takes no word of its own");
	if (cli_duration(valid ? valid : "14d", &lasts) || lasts > 366 * STORE_DAY_NS)
		return cli_usage("probe", "--valid is a duration up to 366d, such as 14d");
	snprintf(c.hamlet, sizeof(c.hamlet), "%s", hamlet ? hamlet : "");
	snprintf(c.cluster, sizeof(c.cluster), "%s", cluster ? cluster : "");
	c.created_ns = clock_wall();
	c.expires_ns = c.created_ns + lasts;
	if (enroll_claim(s, &c, cli_actor(), code, &why) < 0) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		return EXIT_FAILED;
	}
	print_claim(cli, &c, claim_text(code, text));
	return EXIT_DONE;
}

static int print_claim_line(void *arg, const struct store_claim *c)
{
	struct printing *out = arg;
	bool expired = !c->used_ns && c->expires_ns <= clock_wall();
	const char *state = c->used_ns ? "used" : expired ? "expired" : "open";
	char text[CLOCK_TEXT];

	if (out->json) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "name", json_object_new_string(c->name));
		json_object_object_add(
			o, "hamlet", *c->hamlet ? json_object_new_string(c->hamlet) : NULL);
		json_object_object_add(o, "state", json_object_new_string(state));
		json_object_object_add(
			o, "probe", *c->probe ? json_object_new_string(c->probe) : NULL);
		json_object_object_add(
			o, "expires", json_object_new_string(clock_text(c->expires_ns, text)));
		json_object_object_add(o, "by", json_object_new_string(c->actor));
		print_json(o);
		return 0;
	}
	printf("%s-...  %-16s %-9s %-7s until %-24s by %-12s %s\n", c->name,
		*c->hamlet ? c->hamlet : "-", probe_role_name[c->role], state,
		clock_text(c->expires_ns, text), c->actor, c->probe);
	return 0;
}

static int claims(struct cli *cli, struct store *s, int argc, char **argv)
{
	const char *name = cli_value(&argc, argv, "--withdraw");
	struct printing out = { s, cli->json, 0 };
	struct why why = { "" };

	if (argc != 1)
		return cli_usage("probe", NULL);
	if (!name)
		return store_claims(s, print_claim_line, &out) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (store_claim_withdraw(s, name, cli_actor(), &why) == 0)
		return EXIT_DONE;
	fprintf(stderr, "phusong-collector: %s\n", why.text);
	return EXIT_FAILED;
}

/* Out of service: its results are not taken any more, and the broker lets it in no more. */
static int retire(struct cli *cli, struct store *s, const char *id)
{
	struct why why = { "" };
	uint64_t revoked = 0;
	int err = store_probe_retire(s, id, cli_actor(), &why);

	if (!err)
		err = enroll_revoke(s, id, setting(cli, "enroll", "ca_command"),
			setting(cli, "enroll", "crl_file"), cli_actor(), &revoked, &why);
	if (err) {
		fprintf(stderr, "phusong-collector: %s\n", why.text);
		return EXIT_FAILED;
	}
	if (revoked)
		printf("%" PRIu64 " certificates revoked: let the broker read its crlfile again "
		       "(systemctl reload mosquitto)\n",
			revoked);
	return EXIT_DONE;
}

static int probe_verb(struct cli *cli, struct store *s, int argc, char **argv)
{
	struct printing out = { s, cli->json, 0 };

	if (!strcmp(argv[0], "add"))
		return add(s, argc, argv);
	if (!strcmp(argv[0], "claim"))
		return claim(cli, s, argc, argv);
	if (!strcmp(argv[0], "claims"))
		return claims(cli, s, argc, argv);
	if (!strcmp(argv[0], "list") && argc == 1)
		return store_probes(s, NULL, print_line, &out) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (!strcmp(argv[0], "show") && argc == 2)
		return show(s, argv[1], cli->json);
	if (!strcmp(argv[0], "retire") && argc == 2)
		return retire(cli, s, argv[1]);
	return cli_usage("probe", NULL);
}

int probe_command(int argc, char **argv)
{
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	if (!status && argc < 2)
		status = cli_usage("probe", NULL);
	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status)
		status = probe_verb(&cli, s, argc - 1, argv + 1);
	store_close(s);
	cli_done(&cli);
	return status;
}
