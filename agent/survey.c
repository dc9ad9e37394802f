/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent survey: walking or driving, signal every second, with the place.  It is the daemon's own code on the
 * daemon's own journal, with another plan: results are sent, or taken out, afterwards. */
#include "command.h"
#include "daemon.h"
#include "options.h"
#include "survey_show.h"
#include "../probes/core/mem.h"
#include "../probes/core/utf8.h"
#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUND_NS      NS_PER_S
#define RAW_EVERY     60 /* rounds: the modem's own words are half of what a record takes on flash */
#define LINE_EVERY_NS (10 * NS_PER_S) /* where there is no terminal */
#define NAME_MOST     64

struct survey {
	struct daemon d;
	struct options options;
	const char *source; /* of GNSS, "" none */
	const char *port;
	char user[64];
	struct settings *made; /* of --port */
	struct probe *signal;
	struct loop_timer second, show;
	struct loop_signal hangup;
	int64_t due_ns, limit_ns;
	uint64_t rounds;
	struct survey_sum sum;
	struct record last;
	bool any, shown, terminal;
};

/* --- measuring ----------------------------------------------------------------------------------------------------- */
static void signal_record(void *arg, struct probe *p, const struct record *r)
{
	struct survey *s = arg;

	(void)p;
	s->last = *r;
	if (s->rounds % RAW_EVERY != 1 && !record_has(r, FIELD_ERROR) &&
		!record_has(r, FIELD_IMPLAUSIBLE))
		record_unset(&s->last, FIELD_RAW);
	daemon_record(&s->d, &s->last);
	s->any = true;
	s->d.world.last_signal = s->last;
	access_observe(s->d.access, &s->last);
	survey_sum_take(&s->sum, &s->last);
}

static void signal_done(void *arg, struct probe *p, int err)
{
	(void)arg;
	(void)p;
	(void)err; /* the record says it */
}

/* On whole seconds from the beginning.  A round that is not over by then costs seconds, and they are counted: were they
 * made up for, samples would bunch where the modem was slow. */
static void second_passed(struct loop_timer *t)
{
	struct survey *s = container_of(t, struct survey, second);
	int64_t now = loop_now(s->d.world.loop);
	const struct place_fix *near = place_near(&s->d.where, clock_mono());

	if (near)
		survey_sum_walk(&s->sum, near);
	if (probe_running(s->signal)) {
		s->sum.skipped++;
	} else {
		s->rounds++;
		(void)!probe_start(s->signal, s->limit_ns); /* the record says it */
	}
	for (s->due_ns += ROUND_NS; s->due_ns <= now; s->due_ns += ROUND_NS)
		s->sum.skipped++; /* the machine slept, or was busy */
	loop_timer_at(s->d.world.loop, t, s->due_ns);
}

static void view_of(struct survey *s, struct survey_view *v)
{
	const struct record *latency = schedule_count(s->d.schedule) ? &s->d.last[0] : NULL;
	struct uplink_status u;

	uplink_status(s->d.uplink, &u);
	*v = (struct survey_view){ .sum = &s->sum,
		.signal = s->any ? &s->last : NULL,
		.latency = latency && latency->kind ? latency : NULL,
		.fix = place_word(&s->d.where, clock_mono()),
		.near = place_near(&s->d.where, clock_mono()),
		.problem = s->d.gnss ? gnss_problem(s->d.gnss) : "",
		.lost = u.journal.dropped + u.queue_dropped,
		.seconds = (clock_mono() - s->d.started_ns) / NS_PER_S,
		.vietnamese = s->options.vietnamese };
}

static void show_now(struct loop_timer *t)
{
	struct survey *s = container_of(t, struct survey, show);
	struct survey_view v;

	view_of(s, &v);
	survey_show(stdout, &v, s->terminal, s->shown);
	s->shown = true;
	loop_timer_in(s->d.world.loop, t, s->terminal ? ROUND_NS : LINE_EVERY_NS);
}

/* --- beginning and ending ------------------------------------------------------------------------------------------- */
/* What root writes into the folder the daemon could not go on with: root becomes whose folder it is. */
static void whose_folder(struct survey *s)
{
	char path[STATE_PATH];
	struct passwd *who;
	struct stat st;

	if (geteuid() != 0 || *settings_text(conf_section(s->d.conf, "agent"), "user") ||
		stat(state_path(s->d.conf, "", path), &st) || st.st_uid == 0)
		return;
	who = getpwuid(st.st_uid);
	if (!who || strlen(who->pw_name) >= sizeof(s->user))
		return;
	memcpy(s->user, who->pw_name, strlen(who->pw_name) + 1);
	s->d.user = s->user;
}

/* All that can be wrong, before the journal is touched: what the boot before left in it must be told by whoever opens it. */
static int choose(struct survey *s, struct why *why)
{
	const struct options *o = &s->options;
	int err;

	s->source = o->gnss ? o->gnss : settings_text(conf_section(s->d.conf, "gnss"), "source");
	s->d.survey = o->name ? o->name : "survey";
	if (!*s->d.survey || strlen(s->d.survey) > NAME_MOST)
		return why_say(why, -EINVAL, "a name has 1 to %d bytes", NAME_MOST);
	if (!*s->source)
		return why_say(why, -EINVAL,
			"which receiver?  --gnss gpsd://127.0.0.1:2947, --gnss /dev/ttyUSB1, or "
			"gnss.source in the configuration; --gnss none goes without positions");
	if (!strcmp(s->source, "none"))
		s->source = "";
	err = *s->source ? gnss_source_check(s->source, why) : 0;
	if (err)
		return err;
	s->port = o->port ? o->port : first_modem_port(s->d.conf);
	if (!*s->port)
		return why_say(why, -EINVAL,
			"which modem?  --port /dev/ttyUSB2, or a test of kind signal in the "
			"configuration");
	if (strlen(s->port) == strcspn(s->source, "@") &&
		!strncmp(s->port, s->source, strlen(s->port)))
		return why_say(
			why, -EINVAL, "%s is the modem's port: the receiver has another", s->port);
	return 0;
}

static const struct settings *signal_settings(const struct conf *c)
{
	for (size_t i = 0; i < conf_count(c, "tests"); i++) {
		const struct settings *t = conf_at(c, "tests", i);

		if (!strcmp(settings_text(t, "kind"), "signal") && settings_bool(t, "enabled"))
			return t;
	}
	return NULL;
}

static int open_signal(struct survey *s, struct why *why)
{
	const struct probe_type *type = probe_type_named("signal");
	struct probe_owner owner = { signal_record, signal_done, s };
	const struct settings *t = signal_settings(s->d.conf);
	char word[300];
	const char *words[] = { word };
	int err = 0;

	if (s->options.port || !t) {
		snprintf(word, sizeof(word), "port=%s", s->port);
		err = settings_make(&s->made, type->accept, NULL, words, 1, why);
		t = s->made;
	}
	if (err)
		return err;
	s->limit_ns = (settings_int(t, "timeout_s") + 5) * NS_PER_S;
	return probe_new(&s->signal, type, "signal", t, &s->d.world, owner, why);
}

/* The terminal is gone, the walk is not lost. */
static void hung_up(struct loop_signal *h, int signo)
{
	struct survey *s = container_of(h, struct survey, hangup);

	(void)signo;
	loop_stop(s->d.world.loop, 0);
}

static int start(struct survey *s, struct why *why)
{
	int err = choose(s, why);

	whose_folder(s);
	if (!err)
		err = daemon_start(&s->d, why);
	if (err)
		return err;
	s->d.where.o.gnss = *s->source;
	s->hangup.caught = hung_up;
	err = loop_signal_add(s->d.world.loop, &s->hangup, SIGHUP);
	if (!err)
		err = daemon_gnss_start(&s->d, s->source, why);
	return err ? err : open_signal(s, why);
}

static void say_event(struct survey *s, const char *step, const char *outcome)
{
	struct record r;

	record_begin(&r, RECORD_EVENT);
	record_set_text(&r, FIELD_EVENT, "survey");
	record_set_text(&r, FIELD_STEP, step);
	record_set_text(&r, FIELD_OUTCOME, outcome);
	record_set_real(&r, FIELD_DISTANCE_M, round(s->sum.walked_m));
	record_set_int(&r, FIELD_SAMPLES, (int64_t)s->sum.samples);
	record_set_int(&r, FIELD_SAMPLES_PLACED, (int64_t)s->sum.placed);
	record_set_int(&r, FIELD_ROUNDS_SKIPPED, (int64_t)s->sum.skipped);
	daemon_record(&s->d, &r);
}

static void say_beginning(const struct survey *s)
{
	bool vi = s->options.vietnamese;

	printf(vi ? "Khảo sát \"%s\", thiết bị %s%s.  Ctrl-C để kết thúc.\n"
		  : "Survey \"%s\", probe %s%s.  Ctrl-C ends it.\n",
		s->d.survey, s->d.probe, s->d.simulated ? (vi ? ", MÔ PHỎNG" : ", SIMULATED") : "");
	fflush(stdout);
}

static int survey(struct survey *s)
{
	struct survey_view v;
	int err;

	s->second.fire = second_passed;
	s->show.fire = show_now;
	s->terminal = isatty(STDOUT_FILENO);
	s->due_ns = loop_now(s->d.world.loop);
	loop_timer_at(s->d.world.loop, &s->second, s->due_ns);
	loop_timer_in(s->d.world.loop, &s->show, NS_PER_S);
	say_beginning(s);
	say_event(s, "begin", "begun");
	err = daemon_live(&s->d);
	probe_cancel(s->signal);
	say_event(s, "end", "ended");
	view_of(s, &v);
	survey_summary(stdout, &v);
	return err;
}

/* Another agent on the journal is the daemon, as a rule. */
static int failed(const struct survey *s, int err, const struct why *why)
{
	fprintf(stderr, "phusong-agent survey: %s\n", *why->text ? why->text : strerror(-err));
	if (err == -EBUSY)
		fputs(s->options.vietnamese
				? "Hãy dừng nó trước khi khảo sát: systemctl stop phusong-agent\n"
				: "Stop it for the survey: systemctl stop phusong-agent\n",
			stderr);
	return err == -EBUSY || err == -EINVAL || err == -ENOENT ? EXIT_USAGE : EXIT_FAILED;
}

int survey_command(int argc, char **argv)
{
	struct survey *s = mem_new(sizeof(*s));
	struct why why = { "" };
	int err, status;

	status = options_read(&s->options, OPTION_CONF | OPTION_LANG | OPTION_SURVEY, argc, argv);
	if (status < 0 && s->options.count)
		status = wrong_use("survey", "\"%s\" is not understood", s->options.words[0]);
	if (status < 0)
		status = agent_conf_open(&s->d.conf, s->options.conf);
	if (status >= 0)
		goto out;
	log_quiet(true);
	err = start(s, &why);
	if (!err)
		err = survey(s);
	status = err ? failed(s, err, &why) : EXIT_DONE;
	probe_free(s->signal);
	settings_free(s->made);
	daemon_done(&s->d);
out:
	free(s);
	return status;
}
