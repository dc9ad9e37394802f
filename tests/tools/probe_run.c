/* SPDX-License-Identifier: Apache-2.0 */
/* probe_run KIND key=value ...: one run of one measurement, each record as a line of JSON.
 * Words that are not settings of the probe: iface=NAME, dns=SERVERS, limit_s=N. */
#include "../../probes/core/clock.h"
#include "../../probes/core/codec.h"
#include "../../probes/core/loop.h"
#include "../../probes/fetch.h"
#include "../../probes/modem/modem.h"
#include "../../probes/probe.h"
#include "../../probes/resolve.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

struct run {
	struct probe_world world;
	const struct probe_type *type;
	struct settings *settings;
	struct probe *probe;
	const char *words[WORDS_MAX], *dns;
	size_t count;
	int64_t limit_s;
	int err;
};

static void print_record(void *arg, struct probe *p, const struct record *r)
{
	struct json_object *o = codec_json(r);

	(void)arg;
	(void)p;
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	fflush(stdout);
	json_object_put(o);
}

static void ended(void *arg, struct probe *p, int err)
{
	struct run *run = arg;

	(void)p;
	run->err = err;
	loop_stop(run->world.loop, 0);
}

static int read_words(struct run *run, int argc, char **argv, struct why *why)
{
	if (argc < 2 || !(run->type = probe_type_named(argv[1])))
		return why_say(why, -EINVAL, "usage: probe_run KIND key=value ...");
	for (int i = 2; i < argc; i++) {
		if (!strncmp(argv[i], "iface=", 6))
			snprintf(run->world.iface, sizeof(run->world.iface), "%s", argv[i] + 6);
		else if (!strncmp(argv[i], "dns=", 4))
			run->dns = argv[i] + 4;
		else if (!strncmp(argv[i], "limit_s=", 8))
			run->limit_s = atoll(argv[i] + 8);
		else if (run->count < WORDS_MAX)
			run->words[run->count++] = argv[i];
	}
	return settings_make(&run->settings, run->type->accept, NULL, run->words, run->count, why);
}

static int build_world(struct run *run)
{
	struct probe_world *w = &run->world;
	int err = loop_new(&w->loop);

	if (!err)
		err = resolve_new(&w->resolve, w->loop, run->dns);
	if (!err)
		err = fetch_new(&w->fetch, w->loop);
	if (!err)
		err = modems_new(&w->modems, w->loop);
	return err;
}

int main(int argc, char **argv)
{
	struct run run = { .limit_s = 300 };
	struct why why = { "" };
	struct probe_owner owner = { print_record, ended, &run };
	int err = read_words(&run, argc, argv, &why), usage = err;

	if (!err)
		err = build_world(&run);
	if (!err)
		err = probe_new(&run.probe, run.type, NULL, run.settings, &run.world, owner, &why);
	if (!err)
		err = probe_start(run.probe, run.limit_s * NS_PER_S);
	if (!err)
		err = loop_run(run.world.loop);
	if (!err)
		err = run.err;
	if (err)
		fprintf(stderr, "probe_run: %s\n", *why.text ? why.text : strerror(-err));
	probe_free(run.probe);
	modems_free(run.world.modems);
	fetch_free(run.world.fetch);
	resolve_free(run.world.resolve);
	loop_free(run.world.loop);
	settings_free(run.settings);
	return usage ? 2 : err ? 1 : 0;
}
