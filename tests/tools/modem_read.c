/* SPDX-License-Identifier: Apache-2.0 */
/* modem_read PORT [TIMEOUT_S [KEY=VALUE...]]: does what each line on standard input says, and prints lines of JSON.  For tests.
 *   (empty)     one round             quick        a quick one
 *   scan        a survey, "auto"      neighbours   a list of neighbours
 *   all         two rounds, a quick one and a survey, asked for at once
 *   drop        the same, and the first round and the survey are cancelled at once
 *   many        as many rounds as the queue takes, and one more: its -EBUSY is printed
 *   wait MS     nothing but the loop   hints       what the SIM says of itself
 *   sim SALT    the SIM's hash
 * Keys: state, balance (a code), balance_every_s, time (yes), busy (yes: something is being measured). */
#include "probes/core/codec.h"
#include "probes/modem/helper.h"
#include "probes/modem/modem.h"
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct loop *loop;
	struct modems *modems;
	struct modem *modem;
	int64_t timeout_ns;
	unsigned waiting;
	bool busy;
	struct modem_options options;
};

/* one of several requests at once, with the name it is told by */
struct request {
	struct reader *reader;
	const char *name;
};

static void put(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	fflush(stdout);
	json_object_put(o);
}

static void print(void *arg, const struct record *r)
{
	struct request *q = arg;
	struct json_object *o = codec_json(r);

	if (*q->name)
		json_object_object_add(o, "request", json_object_new_string(q->name));
	put(o);
	q->reader->waiting--;
}

static void surveyed(void *arg, const struct modem_survey *s)
{
	struct request *q = arg;
	struct json_object *o = json_object_new_object();
	bool neighbours = !strcmp(s->method, "neighbours");

	json_object_object_add(o, "request", json_object_new_string(q->name));
	json_object_object_add(o, "method", json_object_new_string(s->method));
	json_object_object_add(o, "error", s->error ? json_object_new_string(s->error) : NULL);
	json_object_object_add(o, "cells",
		json_object_new_int(
			(int)(neighbours ? neighbour_cells : survey_cells)(s->answer, NULL, NULL)));
	put(o);
	q->reader->waiting--;
}

static void tell(
	void *arg, const char *event, const char *step, const char *outcome, const char *sentence)
{
	struct json_object *o = json_object_new_object();

	(void)arg;
	json_object_object_add(o, "event", json_object_new_string(event));
	json_object_object_add(o, "step", json_object_new_string(step));
	json_object_object_add(o, "outcome", json_object_new_string(outcome));
	json_object_object_add(o, "detail", json_object_new_string(sentence));
	put(o);
}

static bool idle(void *arg)
{
	return !((struct reader *)arg)->busy;
}

static void hints(struct reader *r)
{
	struct json_object *o = json_object_new_object();
	struct clock_state now;
	struct modem_hints h;

	modem_hints(r->modem, &h);
	clock_read(&now);
	json_object_object_add(o, "sim_seen", json_object_new_boolean(h.sim_seen));
	json_object_object_add(o, "sim_changed", json_object_new_boolean(h.sim_changed));
	json_object_object_add(o, "credit", h.credit ? json_object_new_string(h.credit) : NULL);
	json_object_object_add(o, "balance_vnd", json_object_new_int64(h.balance_vnd));
	json_object_object_add(o, "clock", json_object_new_string(clock_source_name[now.source]));
	json_object_object_add(o, "utc_s", json_object_new_int64(now.utc_ns / NS_PER_S));
	put(o);
}

static void sim(struct reader *r, const char *salt)
{
	struct json_object *o = json_object_new_object();
	char text[24];
	uint64_t hash;

	if (modem_sim(r->modem, strtoull(salt, NULL, 10), &hash)) {
		snprintf(text, sizeof(text), "%016" PRIx64, hash);
		json_object_object_add(o, "sim", json_object_new_string(text));
	}
	put(o);
}

static struct request *request(struct reader *r, const char *name)
{
	static struct request all[8];
	static unsigned n;
	struct request *q = &all[n++ % 8];

	*q = (struct request){ r, name };
	return q;
}

static int ask(struct reader *r, const char *line)
{
	struct request *first, *last;
	int err = 0;

	if (!strcmp(line, "quick"))
		return modem_read_quick(r->modem, r->timeout_ns, print, request(r, ""));
	if (!strcmp(line, "scan") || !strcmp(line, "neighbours"))
		return modem_survey(r->modem, strcmp(line, "scan") ? "neighbours" : "auto",
			r->timeout_ns, surveyed, request(r, line));
	if (strcmp(line, "all") != 0 && strcmp(line, "drop") != 0)
		return modem_read(r->modem, r->timeout_ns, print, request(r, ""));
	first = request(r, "first");
	last = request(r, "survey");
	r->waiting = 4;
	err = modem_read(r->modem, r->timeout_ns, print, first);
	if (!err)
		err = modem_survey(r->modem, "auto", r->timeout_ns, surveyed, last);
	if (!err)
		err = modem_read(r->modem, r->timeout_ns, print, request(r, "second"));
	if (!err)
		err = modem_read_quick(r->modem, r->timeout_ns, print, request(r, "quick"));
	if (!err && !strcmp(line, "drop")) {
		modem_cancel(r->modem, first);
		modem_cancel(r->modem, last);
		r->waiting = 2;
	}
	return err;
}

static void fill(struct reader *r)
{
	struct json_object *o = json_object_new_object();
	int err = 0, taken = 0;

	for (; !err; taken++)
		err = modem_read(r->modem, r->timeout_ns, print, request(r, ""));
	r->waiting = (unsigned)taken - 1;
	json_object_object_add(o, "taken", json_object_new_int(taken - 1));
	json_object_object_add(o, "then", json_object_new_string(strerror(-err)));
	put(o);
}

static int wait_ms(struct reader *r, long ms)
{
	int64_t until = loop_now(r->loop) + ms * NS_PER_MS;
	int err = 0;

	while (!err && loop_now(r->loop) < until)
		err = loop_turn(r->loop, until - loop_now(r->loop));
	return err;
}

static int obey(struct reader *r, const char *line)
{
	int err = 0;

	r->waiting = 0;
	if (!strncmp(line, "wait ", 5))
		return wait_ms(r, strtol(line + 5, NULL, 10));
	if (!strcmp(line, "hints"))
		hints(r);
	else if (!strncmp(line, "sim ", 4))
		sim(r, line + 4);
	else if (!strcmp(line, "many"))
		fill(r);
	else {
		r->waiting = 1;
		err = ask(r, line);
	}
	while (!err && r->waiting)
		err = loop_turn(r->loop, -1);
	return err;
}

static bool option(struct reader *r, const char *word)
{
	const char *value = strchr(word, '=');

	if (!value++)
		return false;
	if (!strncmp(word, "state=", 6))
		r->options.state = value;
	else if (!strncmp(word, "balance=", 8))
		r->options.balance_code = value;
	else if (!strncmp(word, "balance_every_s=", 16))
		r->options.balance_every_ns = strtol(value, NULL, 10) * NS_PER_S;
	else if (!strncmp(word, "time=", 5))
		r->options.network_time = !strcmp(value, "yes");
	else if (!strncmp(word, "busy=", 5))
		r->busy = !strcmp(value, "yes");
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct reader r = { .options = { .balance_pattern = "(TKG|TK goc)[^0-9]*([0-9][0-9.,]*)",
				    .balance_low = 10000,
				    .balance_every_ns = NS_PER_S,
				    .tell = tell,
				    .idle = idle } };
	char line[64];
	int err = 0;

	if (argc > 1 && !strcmp(argv[1], MODEM_HELPER))
		return modem_helper(argc - 1, argv + 1);
	if (argc < 2 || loop_new(&r.loop) || modems_new(&r.modems, r.loop))
		return 2;
	r.timeout_ns = (argc > 2 ? strtol(argv[2], NULL, 10) : 20) * NS_PER_S;
	r.options.arg = &r;
	for (int i = 3; i < argc; i++)
		if (!option(&r, argv[i]))
			return 2;
	modems_setup(r.modems, &r.options);
	r.modem = modems_get(r.modems, argv[1]);
	while (!err && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		err = obey(&r, line);
	}
	modems_free(r.modems);
	loop_free(r.loop);
	return err ? 1 : 0;
}
