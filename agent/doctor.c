/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent doctor: every step from power to collector, in the order in which one depends on the other:
 * pass, fail, and what to do.  With a running agent its own knowledge is used; without one the modem is
 * asked here. */
#include "doctor.h"
#include "doctor_watch.h"
#include "control.h"
#include "doc.h"
#include "options.h"
#include "../probes/core/log.h"
#include "../probes/core/mem.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define ALL_STEPS_NS   (50 * NS_PER_S)
#define OVERDUE_NS     (57 * NS_PER_S) /* a step that blocks in the kernel: the promise is a minute */
#define RESULT_COLUMNS 4

#define RADIO          (STEP(MODEM) | STEP(SIM) | STEP(REGISTRATION))

const struct doctor_step doctor_steps[STEPS] = {
	[STEP_POWER] = { "power", W_T_POWER, step_power, 0, 0 },
	[STEP_FOLDER] = { "folder", W_T_FOLDER, step_folder, 0, 0 },
	[STEP_AGENT] = { "agent", W_T_AGENT, step_agent, 0, STEP(FOLDER) },
	[STEP_MODEM] = { "modem", W_T_MODEM, step_modem, 0, STEP(POWER) },
	[STEP_SIM] = { "sim", W_T_SIM, step_sim, STEP(MODEM), 0 },
	[STEP_REGISTRATION] = { "registration", W_T_REGISTRATION, step_registration,
		STEP(MODEM) | STEP(SIM), 0 },
	[STEP_SIGNAL] = { "signal", W_T_SIGNAL, step_signal, RADIO, 0 },
	[STEP_ADDRESS] = { "address", W_T_ADDRESS, step_address, 0, RADIO },
	[STEP_DNS] = { "dns", W_T_DNS, step_dns, STEP(ADDRESS), 0 },
	[STEP_CLOCK] = { "clock", W_T_CLOCK, step_clock, 0, STEP(ADDRESS) | STEP(DNS) },
	[STEP_INTERNET] = { "internet", W_T_INTERNET, step_internet, STEP(ADDRESS), STEP(DNS) },
	[STEP_BROKER] = { "broker", W_T_BROKER, step_broker, STEP(ADDRESS),
		STEP(DNS) | STEP(CLOCK) | STEP(INTERNET) },
	[STEP_RECEIPT] = { "receipt", W_T_RECEIPT, step_receipt, STEP(AGENT) | STEP(BROKER), 0 },
	[STEP_PLACE] = { "place", W_T_PLACE, step_place, 0, 0 },
	[STEP_JOURNAL] = { "journal", W_T_JOURNAL, step_journal, STEP(FOLDER), 0 },
	[STEP_BUDGET] = { "budget", W_T_BUDGET, step_budget, 0, 0 },
};

/* --- findings ---------------------------------------------------------------------------------------- */
void finding_say(struct visit *v, struct finding *f, enum finding_result result, enum word detail,
	const char *const fill[])
{
	f->result = result;
	words_safe(words_text(f->detail, sizeof(f->detail), v->vietnamese, detail, fill));
}

void finding_advise(struct visit *v, struct finding *f, enum word advice, const char *const fill[])
{
	words_safe(words_text(f->advice, sizeof(f->advice), v->vietnamese, advice, fill));
}

int64_t doctor_time(const struct visit *v, int64_t most_ns)
{
	int64_t left = v->end_ns - clock_loop();

	return left < most_ns ? left : most_ns;
}

/* Of these steps the first that failed, or whose own cause did; -1 none. */
static int failed_of(const struct visit *v, uint32_t steps)
{
	for (int i = 0; i < STEPS; i++) {
		if (!(steps & 1u << i))
			continue;
		if (v->findings[i].result == FAILED)
			return i;
		if (v->findings[i].because >= 0)
			return v->findings[i].because;
	}
	return -1;
}

static void leave_out(struct visit *v, struct finding *f, int because)
{
	f->because = because;
	f->advice[0] = 0;
	finding_say(v, f, SKIPPED, W_DR_BECAUSE,
		FILL("step", word(doctor_steps[because].title, v->vietnamese)));
}

static void take_step(struct visit *v, enum step s)
{
	const struct doctor_step *step = &doctor_steps[s];
	struct finding *f = &v->findings[s];
	int because = failed_of(v, step->needs);

	v->now = s;
	*f = (struct finding){ .result = SKIPPED, .because = -1, .blames = step->blames };
	if (because >= 0) {
		leave_out(v, f, because);
		return;
	}
	if (doctor_time(v, ALL_STEPS_NS) <= 0) {
		finding_say(v, f, SKIPPED, W_DR_NO_TIME, NULL);
		return;
	}
	step->look(v, f);
	because = f->result == FAILED ? failed_of(v, f->blames) : -1;
	if (because >= 0)
		leave_out(v, f, because);
}

void doctor_walk(
	struct visit *v, void (*said)(void *arg, const struct visit *v, enum step s), void *arg)
{
	for (enum step s = 0; s < STEPS; s++) {
		take_step(v, s);
		if (said)
			said(arg, v, s);
	}
}

enum step doctor_cause(const struct visit *v)
{
	enum step cause = STEPS;
	unsigned most = 0;

	for (enum step s = 0; s < STEPS; s++) {
		unsigned explains = 1;

		if (v->findings[s].result != FAILED)
			continue;
		for (enum step t = 0; t < STEPS; t++)
			explains += v->findings[t].because == (int)s;
		if (explains > most) {
			most = explains;
			cause = s;
		}
	}
	return cause;
}

/* --- what the steps look at ---------------------------------------------------------------------------- */
static void take_signal(struct visit *v)
{
	struct json_object *tests = doc_at(v->status, "tests");
	size_t n = tests && json_object_is_type(tests, json_type_array)
	                   ? json_object_array_length(tests)
	                   : 0;

	for (size_t i = 0; i < n && !v->signal.kind; i++) {
		struct json_object *t = json_object_array_get_idx(tests, i);

		if (!strcmp(doc_text(t, "kind", ""), "signal") &&
			!doc_record(doc_at(t, "last"), &v->signal))
			v->signal.kind = 0;
	}
}

int doctor_visit(struct visit *v, const struct conf *c, bool vietnamese, struct why *why)
{
	const struct settings *s = conf_section(c, "agent");
	char path[STATE_PATH];
	int err;

	memset(v, 0, sizeof(*v));
	v->vietnamese = vietnamese;
	v->conf = c;
	v->port = first_modem_port(c);
	v->end_ns = clock_loop() + ALL_STEPS_NS;
	for (enum step i = 0; i < STEPS; i++)
		v->findings[i].because = -1;
	err = world_open(&v->world, settings_text(s, "iface"), settings_text(s, "dns"), why);
	if (err) {
		world_close(&v->world);
		return err;
	}
	v->status_err = control_ask(&v->status, state_path(c, CONTROL_SOCKET, path));
	if (v->status && !json_object_is_type(v->status, json_type_object)) {
		json_object_put(v->status);
		v->status = NULL;
		v->status_err = -EBADMSG;
	}
	v->running = v->status_err != -ENOENT && v->status_err != -ENOTDIR &&
	             v->status_err != -ECONNREFUSED;
	take_signal(v);
	return 0;
}

void doctor_leave(struct visit *v)
{
	json_object_put(v->status);
	world_close(&v->world);
}

/* --- what is said --------------------------------------------------------------------------------------- */
static void say(void *arg, const struct visit *v, enum step s)
{
	static const enum word words[] = { W_PASS, W_FAIL, W_SKIP };
	const struct finding *f = &v->findings[s];

	(void)arg;
	words_pad(stdout, word(words[f->result], v->vietnamese), RESULT_COLUMNS);
	printf("  %s: %s\n", word(doctor_steps[s].title, v->vietnamese), f->detail);
	if (*f->advice)
		printf("      → %s\n", f->advice);
	fflush(stdout);
}

static void say_end(const struct visit *v)
{
	enum step cause = doctor_cause(v);

	if (cause == STEPS)
		printf("\n%s\n", word(W_DR_ALL_GOOD, v->vietnamese));
	else
		printf("\n%s: %s. %s\n", word(W_DR_CAUSE, v->vietnamese),
			word(doctor_steps[cause].title, v->vietnamese), v->findings[cause].advice);
}

static struct json_object *text_or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

struct json_object *doctor_json(const struct visit *v, enum step s)
{
	static const char *const words[] = { "pass", "fail", "skip" };
	const struct finding *f = &v->findings[s];
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "step", json_object_new_string(doctor_steps[s].name));
	json_object_object_add(o, "result", json_object_new_string(words[f->result]));
	json_object_object_add(
		o, "title", json_object_new_string(word(doctor_steps[s].title, v->vietnamese)));
	json_object_object_add(o, "detail", json_object_new_string(f->detail));
	json_object_object_add(o, "advice", text_or_null(f->advice));
	json_object_object_add(o, "because",
		f->because < 0 ? NULL : json_object_new_string(doctor_steps[f->because].name));
	json_object_object_add(o, "likely_cause", json_object_new_boolean(doctor_cause(v) == s));
	return o;
}

static void say_json(const struct visit *v, enum step last)
{
	for (enum step s = 0; s <= last && s < STEPS; s++) {
		struct json_object *o = doctor_json(v, s);

		puts(json_object_to_json_string_ext(
			o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	}
	fflush(stdout);
}

struct overdue {
	struct visit *v;
	bool json;
};

/* On the watch's thread: the step that hangs is the finding. */
static void say_overdue(void *arg)
{
	const struct overdue *o = arg;
	struct visit *v = o->v;
	enum step s = v->now;

	v->findings[s].because = -1;
	finding_say(v, &v->findings[s], FAILED, W_DR_OVERDUE, NULL);
	if (o->json)
		say_json(v, s);
	else
		say(NULL, v, s);
}

int doctor_command(int argc, char **argv)
{
	struct doctor_watch *watch = NULL;
	struct visit *v = mem_new(sizeof(*v));
	struct why why = { "" };
	struct conf *c = NULL;
	struct options o;
	struct overdue overdue = { v, false };
	int status = options_read(&o, OPTION_CONF | OPTION_JSON, argc, argv);

	if (status < 0 && o.count)
		status = wrong_use("doctor", "\"%s\" is not understood", o.words[0]);
	if (status < 0)
		status = agent_conf_open(&c, o.conf);
	if (status >= 0)
		goto out;
	log_quiet(true);
	overdue.json = o.json;
	v->vietnamese = o.vietnamese;
	watch = doctor_watch_start(OVERDUE_NS, say_overdue, &overdue);
	status = EXIT_FAILED;
	if (doctor_visit(v, c, o.vietnamese, &why)) {
		fprintf(stderr, "phusong-agent doctor: %s\n", why.text);
		goto out;
	}
	doctor_walk(v, o.json ? NULL : say, NULL);
	if (o.json)
		say_json(v, STEPS - 1);
	else
		say_end(v);
	status = doctor_cause(v) == STEPS ? EXIT_DONE : EXIT_FAILED;
	doctor_leave(v);
out:
	doctor_watch_end(watch);
	conf_free(c);
	free(v);
	return status;
}
