/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent test: one measurement now, for a technician or a script. */
#include "aim.h"
#include "options.h"
#include "show.h"
#include "summary.h"
#include "world.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define RUN_LIMIT_NS (300 * NS_PER_S)
#define FOLLOW_NS    NS_PER_S /* all but signal, which aim.h paces */

struct test {
	struct options options;
	struct probe_world world;
	const struct probe_type *type;
	struct settings *settings;
	struct probe *probe;
	struct aim *aim; /* signal, again and again */
	struct loop_timer again;
	struct loop_signal interrupt, end;
	char *made[OPTIONS_WORDS + 4]; /* words of key=value that we put together */
	size_t made_count;
	int64_t started_ns;
	bool failed;
};

static void on_record(void *arg, struct probe *p, const struct record *r)
{
	struct test *t = arg;

	(void)p;
	if (record_has(r, FIELD_ERROR))
		t->failed = true;
	if (r->kind == RECORD_SIGNAL)
		t->world.last_signal = *r;
	if (t->aim) {
		aim_round(t->aim, r);
	} else if (t->options.json) {
		show_record_json(stdout, r);
	} else {
		show_record(stdout, r, t->options.vietnamese);
		summary_say(stdout, r, t->options.vietnamese);
		fflush(stdout);
	}
	if (ferror(stdout)) /* whoever followed it is gone */
		loop_stop(t->world.loop, 0);
}

static void on_done(void *arg, struct probe *p, int err)
{
	struct test *t = arg;

	(void)p;
	if (err)
		t->failed = true;
	if (!t->options.follow) {
		loop_stop(t->world.loop, 0);
		return;
	}
	t->failed = false;
	loop_timer_at(
		t->world.loop, &t->again, t->started_ns + (t->aim ? AIM_ROUND_NS : FOLLOW_NS));
}

static void start_again(struct loop_timer *timer)
{
	struct test *t = container_of(timer, struct test, again);
	int err;

	t->started_ns = loop_now(t->world.loop);
	err = probe_start(t->probe, RUN_LIMIT_NS);
	if (err)
		loop_stop(t->world.loop, err);
}

static void told_to_end(struct loop_signal *s, int signo)
{
	struct test *t = signo == SIGINT ? container_of(s, struct test, interrupt)
	                                 : container_of(s, struct test, end);

	if (!t->options.follow)
		t->failed = true;
	loop_stop(t->world.loop, 0);
}

static bool accepts(const struct probe_type *type, const char *key)
{
	for (const struct setting *s = type->accept; s && s->key; s++)
		if (!strcmp(s->key, key))
			return true;
	return false;
}

static int put_word(struct test *t, const char *key, const char *value)
{
	size_t n = strlen(key) + strlen(value) + 2;

	if (!accepts(t->type, key))
		return wrong_use("test", "%s has no %s", t->type->name, key);
	t->made[t->made_count] = mem_new(n);
	snprintf(t->made[t->made_count++], n, "%s=%s", key, value);
	return -1;
}

static int say_kinds(const char *wrong)
{
	fprintf(stderr, "phusong-agent test: ");
	if (wrong)
		fprintf(stderr, "there is no measurement \"%s\"; there are:", wrong);
	else
		fprintf(stderr, "which measurement?  There are:");
	for (size_t i = 0; probe_types[i]; i++)
		fprintf(stderr, " %s", probe_types[i]->name);
	fprintf(stderr, "\nusage: phusong-agent test KIND [TARGET] [--json] [-4|-6] [-i IFACE] "
			"[KEY=VALUE...]\n");
	return EXIT_USAGE;
}

static bool aims(const struct test *t)
{
	return !strcmp(t->type->name, "signal");
}

static bool given(const struct test *t, const char *key)
{
	for (size_t i = 0; i < t->made_count; i++)
		if (!strncmp(t->made[i], key, strlen(key)))
			return true;
	return false;
}

/* A word without "=" is the target; for the modem's measurements that is its port. */
static int take_words(struct test *t)
{
	const struct options *o = &t->options;
	int status = -1;
	bool target = false;

	if (!o->count || !(t->type = probe_type_named(o->words[0])))
		return say_kinds(o->count ? o->words[0] : NULL);
	for (int i = 1; i < o->count && status < 0; i++) {
		const char *word = o->words[i], *equals = strchr(word, '=');

		if (equals && equals != word && strncmp(word, "http", 4) != 0) {
			t->made[t->made_count++] = mem_copy(word);
			continue;
		}
		if (target)
			return wrong_use("test", "one target is enough: \"%s\"", word);
		target = true;
		status = put_word(t, accepts(t->type, "target") ? "target" : "port", word);
	}
	if (status < 0 && o->port)
		status = put_word(t, "port", o->port);
	if (status < 0 && o->family)
		status = put_word(t, "family", o->family == 4 ? "4" : "6");
	if (status < 0 && o->beep && (!o->follow || !aims(t)))
		status = wrong_use("test", "--beep goes with signal --follow");
	if (status < 0 && o->follow && aims(t) && !given(t, "quick="))
		status = accepts(t->type, "quick") ? put_word(t, "quick", "true") : -1;
	return status;
}

/* What this measurement takes: KEY=VALUE, what it is when it is left out, and what it means. */
static void say_settings(const struct probe_type *type)
{
	fprintf(stderr, "%s takes:\n", type->name);
	for (const struct setting *s = type->accept; s && s->key; s++) {
		fprintf(stderr, "  %-12s %s", s->key, s->meaning ? s->meaning : "");
		if (!s->unless)
			fputs(" (must be given)", stderr);
		else if (*s->unless)
			fprintf(stderr, " (%s%s%s)", s->unless, *s->unit ? " " : "", s->unit);
		fputc('\n', stderr);
	}
}

static int measure(struct test *t, struct why *why)
{
	struct probe_owner owner = { on_record, on_done, t };
	int err;

	t->again.fire = start_again;
	t->interrupt.caught = t->end.caught = told_to_end;
	err = world_open(&t->world, t->options.iface, NULL, why);
	if (!err)
		err = loop_signal_add(t->world.loop, &t->interrupt, SIGINT);
	if (!err)
		err = loop_signal_add(t->world.loop, &t->end, SIGTERM);
	if (!err)
		err = probe_new(&t->probe, t->type, NULL, t->settings, &t->world, owner, why);
	if (!err && t->options.follow && aims(t))
		t->aim = aim_new(&(struct aim_options){ .loop = t->world.loop,
			.json = t->options.json,
			.vietnamese = t->options.vietnamese,
			.beep = t->options.beep });
	if (!err) {
		loop_timer_in(t->world.loop, &t->again, 0);
		err = loop_run(t->world.loop);
	}
	probe_free(t->probe);
	aim_free(t->aim);
	world_close(&t->world);
	return err;
}

int test_command(int argc, char **argv)
{
	struct test t = { .type = NULL };
	struct why why = { "" };
	int status, err;

	status = options_read(
		&t.options, OPTION_JSON | OPTION_LANG | OPTION_NET | OPTION_TEST, argc, argv);
	if (status < 0)
		status = take_words(&t);
	if (status < 0) {
		log_quiet(true);
		err = settings_make(&t.settings, t.type->accept, NULL, (const char *const *)t.made,
			t.made_count, &why);
		if (err) {
			status = wrong_use("test", "%s", why.text);
			say_settings(t.type);
		} else {
			err = measure(&t, &why);
			status = err || t.failed ? EXIT_FAILED : EXIT_DONE;
			if (err)
				fprintf(stderr, "phusong-agent test: %s\n",
					*why.text ? why.text : strerror(-err));
		}
	}
	settings_free(t.settings);
	for (size_t i = 0; i < t.made_count; i++)
		free(t.made[i]);
	return status;
}
