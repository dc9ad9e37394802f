/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector order: what a probe is asked to do.  It only writes the order down; `serve` sends it, again and
 * again until there is an answer, and writes the answer down. */
#include "../probes/core/mem.h"
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS    (3600 * NS_PER_S)
#define RUN_FOR    "1d"
#define PLAN_FOR   "30d"
#define LONGEST_NS (31 * STORE_DAY_NS) /* what probes take (WIRE.md) */

/* --- plan FILE: the form of agent.conf, only the keys that can be ordered --- */
static const struct setting plan_test[] = {
	{ "name", SETTING_TEXT, 0, ORDER_WORD - 1, NULL, "", NULL, "of the probe's configuration" },
	{ "interval_s", SETTING_INT, 1, 31622400, "0", "s", NULL, "0: as in the local plan" },
	{ "enabled", SETTING_BOOL, 0, 0, "true", "", NULL, "false: not run" },
	{ 0 },
};
static const struct section plan_sections[] = {
	{ .name = "tests", .accept = plan_test, .many = true },
	{ 0 },
};

static int read_plan(const char *path, struct order *w)
{
	struct conf *conf = NULL;
	struct buf problems;
	int err;

	buf_init(&problems, 64 * 1024);
	err = conf_load(&conf, path, plan_sections, &problems);
	if (!err && conf_count(conf, "tests") > ORDER_ENTRIES) {
		buf_printf(&problems, "%s: more than %d tests\n", path, ORDER_ENTRIES);
		err = -E2BIG;
	}
	for (size_t i = 0; !err && i < conf_count(conf, "tests"); i++) {
		const struct settings *s = conf_at(conf, "tests", i);
		struct order_entry *e = &w->entry[w->entries++];

		snprintf(e->test, sizeof(e->test), "%s", settings_text(s, "name"));
		e->interval_s = (uint32_t)settings_int(s, "interval_s");
		e->enabled =
			settings_given(s, "enabled") ? (int8_t)settings_bool(s, "enabled") : -1;
	}
	if (err)
		fputs(buf_text(&problems), stderr);
	buf_done(&problems);
	conf_free(conf);
	return err;
}

/* --- issuing --- */
struct words { /* taken out of the command line */
	const char *for_text, *expires, *target;
	bool stop;
};

static bool duration_or_usage(const char *text, int64_t *ns, const char *what, int *status)
{
	if (cli_duration(text, ns) == 0)
		return true;
	fprintf(stderr, "phusong-collector order: %s: \"%s\" is no duration: 90s, 30m, 2h, 14d\n",
		what, text);
	*status = EXIT_USAGE;
	return false;
}

static int copy_word(char *out, size_t room, const char *word, const char *what)
{
	if (*word && strlen(word) < room) {
		memcpy(out, word, strlen(word) + 1);
		return EXIT_DONE;
	}
	fprintf(stderr, "phusong-collector order: %s is empty or longer than %zu bytes\n", what,
		room - 1);
	return EXIT_USAGE;
}

/* argv: ACTION and its word.  Fills in the action's fields. */
static int read_action(struct order *w, int argc, char **argv, const struct words *t)
{
	int status = EXIT_DONE;

	for (w->action = ORDER_RUN; w->action < ORDER_ACTIONS; w->action++)
		if (!strcmp(argv[0], order_action_name[w->action]))
			break;
	if (w->action == ORDER_ACTIONS || argc != 2)
		return cli_usage("order", NULL);
	if (t->target && w->action != ORDER_RUN)
		return cli_usage("order", "--target belongs to run");
	if (t->stop && w->action != ORDER_SUPPRESS)
		return cli_usage("order", "--stop-running belongs to suppress");
	if (t->for_text && w->action != ORDER_SUPPRESS && w->action != ORDER_PLAN)
		return cli_usage("order", "--for belongs to suppress and plan");
	if (!t->for_text && w->action == ORDER_SUPPRESS)
		return cli_usage("order", "suppress needs --for, such as --for 2h");
	if (w->action == ORDER_RESTART && strcmp(argv[1], "agent") && strcmp(argv[1], "modem"))
		return cli_usage("order", "restart agent, or restart modem");
	if (w->action == ORDER_PLAN)
		return read_plan(argv[1], w) ? EXIT_USAGE : EXIT_DONE;
	status = copy_word(w->what, sizeof(w->what), argv[1], "the name");
	if (!status && t->target)
		status = copy_word(w->target, sizeof(w->target), t->target, "the target");
	w->stop_running = t->stop;
	return status;
}

static int read_times(struct order *w, const struct words *t)
{
	int64_t now = clock_wall(), lasts = 0, valid = 0;
	int status = EXIT_DONE;
	bool holds = w->action == ORDER_SUPPRESS || w->action == ORDER_PLAN;

	if (holds &&
		!duration_or_usage(t->for_text ? t->for_text : PLAN_FOR, &lasts, "--for", &status))
		return status;
	if (!duration_or_usage(t->expires ? t->expires : RUN_FOR, &valid, "--expires", &status))
		return status;
	if (holds)
		w->until_ns = now + lasts;
	/* a probe that comes back after days shall still get a plan; what is over need not be sent */
	if (!t->expires && holds)
		valid = lasts < 7 * STORE_DAY_NS ? lasts : 7 * STORE_DAY_NS;
	if (!t->expires && w->action == ORDER_RESTART)
		valid = HOUR_NS;
	if (valid > LONGEST_NS) {
		fprintf(stderr,
			"phusong-collector order: --expires: an order is good for 31 days at "
			"most\n");
		return EXIT_USAGE;
	}
	w->expires_ns = now + valid;
	return EXIT_DONE;
}

struct issuing {
	struct cli *cli;
	struct store *s;
	const struct order *order; /* action, its fields, expiry */
	size_t n;
	char (*probe)[PROBE_ID_TEXT]; /* "all": those that are not retired */
};

static int issue_one(struct issuing *is, const char *probe)
{
	struct store_order *o = calloc(1, sizeof(*o));
	struct why why = { "" };
	int err = o ? 0 : -ENOMEM;

	if (!err) {
		o->order = *is->order;
		snprintf(o->probe, sizeof(o->probe), "%s", probe);
		err = store_order_add(is->s, o, cli_actor(), &why);
	}
	if (err)
		fprintf(stderr, "phusong-collector: %s\n", why.text);
	else if (is->cli->json)
		printf("{\"id\":\"%s\",\"probe\":\"%s\"}\n", o->id, probe);
	else
		printf("%s\n", o->id);
	free(o);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int note_probe(void *arg, const struct store_probe *p)
{
	struct issuing *is = arg;

	if (p->retired)
		return 0;
	is->probe = mem_grow(is->probe, is->n + 1, sizeof(*is->probe));
	memcpy(is->probe[is->n++], p->id, sizeof(p->id));
	return 0;
}

/* A fleet is told to stop with one command; an order each, because each probe knows only its own. */
static int issue_to_all(struct issuing *is)
{
	int status = store_probes(is->s, NULL, note_probe, is) < 0 ? EXIT_FAILED : EXIT_DONE;

	for (size_t i = 0; i < is->n; i++)
		if (issue_one(is, is->probe[i]))
			status = EXIT_FAILED;
	free(is->probe);
	return status;
}

static int issue(struct cli *cli, struct store *s, int argc, char **argv, const struct words *t)
{
	struct order *w = calloc(1, sizeof(*w));
	struct issuing is = { .cli = cli, .s = s, .order = w };
	char probe[PROBE_ID_TEXT] = "";
	uint8_t id[PROBE_ID];
	int status;

	if (!w)
		return EXIT_FAILED;
	if (probe_id_parse(argv[0], id) == 0)
		probe_id_text(id, probe);
	else
		snprintf(probe, sizeof(probe), "%s", argv[0]);
	status = read_action(w, argc - 1, argv + 1, t);
	if (!status)
		status = read_times(w, t);
	if (!status)
		status = strcmp(probe, "all") ? issue_one(&is, probe) : issue_to_all(&is);
	free(w);
	return status;
}

/* --- showing --- */
struct printing {
	bool json;
	size_t n;
};

static void put_time(struct json_object *j, const char *key, int64_t ns)
{
	char text[CLOCK_TEXT];

	json_object_object_add(j, key, ns ? json_object_new_string(clock_text(ns, text)) : NULL);
}

static void put_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, *text ? json_object_new_string(text) : NULL);
}

static struct json_object *plan_json(const struct order *w)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < w->entries; i++) {
		const struct order_entry *e = &w->entry[i];
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "test", json_object_new_string(e->test));
		json_object_object_add(one, "interval_s",
			e->interval_s ? json_object_new_int64(e->interval_s) : NULL);
		json_object_object_add(one, "enabled",
			e->enabled >= 0 ? json_object_new_boolean(e->enabled) : NULL);
		json_object_array_add(list, one);
	}
	return list;
}

static void print_json(const struct store_order *o)
{
	const struct order *w = &o->order;
	struct json_object *j = json_object_new_object();

	put_text(j, "id", o->id);
	put_text(j, "probe", o->probe);
	json_object_object_add(j, "number", json_object_new_int64((int64_t)w->number));
	put_text(j, "action", order_action_name[w->action]);
	put_text(j, "what", w->what);
	put_text(j, "target", w->target);
	json_object_object_add(j, "tests", w->action == ORDER_PLAN ? plan_json(w) : NULL);
	put_time(j, "until", w->until_ns);
	json_object_object_add(j, "stop_running", json_object_new_boolean(w->stop_running));
	put_time(j, "issued", w->issued_ns);
	put_time(j, "expires", w->expires_ns);
	put_text(j, "by", o->actor);
	put_text(j, "state", store_order_state_name(o->state));
	put_text(j, "word", o->word);
	put_text(j, "detail", o->detail);
	put_time(j, "replied", o->replied_ns);
	json_object_object_add(j, "sent", json_object_new_int64(o->sent));
	put_time(j, "last_sent", o->last_sent_ns);
	puts(json_object_to_json_string_ext(
		j, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(j);
}

static int print_line(void *arg, const struct store_order *o)
{
	struct printing *p = arg;
	char issued[CLOCK_TEXT], what[ORDER_WORD + 16];

	if (p->json) {
		print_json(o);
		return 0;
	}
	if (!p->n++)
		printf("%-26s %-26s %-24s %-24s %s\n", "order", "probe", "issued", "asks",
			"answer");
	snprintf(what, sizeof(what), "%s %s", order_action_name[o->order.action], o->order.what);
	printf("%-26s %-26s %-24s %-24s %s%s%s\n", o->id, o->probe,
		clock_text(o->order.issued_ns, issued), what, store_order_state_name(o->state),
		*o->word && strcmp(o->word, store_order_state_name(o->state)) ? ": " : "",
		strcmp(o->word, store_order_state_name(o->state)) ? o->word : "");
	return 0;
}

static const char *when(int64_t ns, char out[CLOCK_TEXT])
{
	return ns ? clock_text(ns, out) : "-";
}

static void print_entries(const struct order *w)
{
	for (uint32_t i = 0; i < w->entries; i++) {
		const struct order_entry *e = &w->entry[i];

		printf("  test      %s", e->test);
		if (e->interval_s)
			printf(", every %" PRIu32 " s", e->interval_s);
		if (e->enabled >= 0)
			printf(", %s", e->enabled ? "on" : "off");
		printf("\n");
	}
	if (w->action == ORDER_PLAN && !w->entries)
		printf("  test      all as in the probe's own plan\n");
}

static void print_whole(const struct store_order *o)
{
	const struct order *w = &o->order;
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	printf("%s\n  probe     %s\n  asks      %s %s%s%s%s\n", o->id, o->probe,
		order_action_name[w->action], w->what, *w->target ? " at " : "", w->target,
		w->stop_running ? ", also what runs" : "");
	print_entries(w);
	if (w->until_ns)
		printf("  until     %s\n", when(w->until_ns, a));
	printf("  issued    %s by %s\n  expires   %s\n", when(w->issued_ns, a), o->actor,
		when(w->expires_ns, b));
	printf("  sent      %" PRId64 " times, last %s\n", o->sent, when(o->last_sent_ns, a));
	printf("  answer    %s", store_order_state_name(o->state));
	if (strcmp(o->word, store_order_state_name(o->state)))
		printf("%s%s%s%s", *o->word ? " " : "", o->word, *o->detail ? ": " : "", o->detail);
	if (o->replied_ns)
		printf(", %s", when(o->replied_ns, a));
	printf("\n");
}

static int show(struct store *s, const char *text, bool json)
{
	struct store_order *o = malloc(sizeof(*o));
	char id[ORDER_ID_TEXT] = "";
	uint8_t bytes[ORDER_ID];
	int err = o ? 0 : -ENOMEM;

	if (!err && probe_id_parse(text, bytes) == 0)
		probe_id_text(bytes, id);
	if (!err)
		err = store_order(s, id, o);
	if (err)
		fprintf(stderr, "phusong-collector: %s: no such order\n", text);
	else if (json)
		print_json(o);
	else
		print_whole(o);
	free(o);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static int verb(struct cli *cli, struct store *s, int argc, char **argv)
{
	struct words t = { cli_value(&argc, argv, "--for"), cli_value(&argc, argv, "--expires"),
		cli_value(&argc, argv, "--target"), cli_flag(&argc, argv, "--stop-running") };
	const char *probe = cli_value(&argc, argv, "--probe");
	bool open = cli_flag(&argc, argv, "--open");
	struct printing p = { cli->json, 0 };

	if (argc == 2 && !strcmp(argv[1], "list"))
		return store_orders(s, probe, open, print_line, &p) < 0 ? EXIT_FAILED : EXIT_DONE;
	if (argc == 3 && !strcmp(argv[1], "show"))
		return show(s, argv[2], cli->json);
	if (argc < 4 || probe || open)
		return cli_usage("order", NULL);
	return issue(cli, s, argc - 1, argv + 1, &t);
}

int order_command(int argc, char **argv)
{
	struct store *s = NULL;
	struct cli cli;
	int status = cli_take(&cli, &argc, argv);

	if (!status && argc < 2)
		status = cli_usage("order", NULL);
	if (!status)
		status = cli_store(&cli, STORE_WRITE, &s);
	if (!status)
		status = verb(&cli, s, argc, argv);
	store_close(s);
	cli_done(&cli);
	return status;
}
