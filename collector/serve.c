/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-collector serve: builds the world in order, runs until a signal, takes it apart. */
#include "../probes/core/log.h"
#include "../probes/core/loop.h"
#include "cli.h"
#include "enroll/authority.h"
#include "enroll/enroll.h"
#include "http/context.h"
#include "http/http.h"
#include "ingest/ingest.h"
#include "truth/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

extern const char phusong_version[];

struct world {
	struct cli cli;
	struct loop *loop;
	struct loop_signal term, interrupt;
	int running; /* lock: one `serve` on a folder */
	struct identity *identity;
	struct ingest *ingest;
	struct truth_worker *truth;
	struct enroller *enroller;
	struct http_context *context;
	struct http *http;
	char password[256];
};

#define PROFILES 8

static void ended(struct loop_signal *s, int signo)
{
	struct world *w = signo == SIGTERM
	                          ? (struct world *)((char *)s - offsetof(struct world, term))
	                          : (struct world *)((char *)s - offsetof(struct world, interrupt));

	log_info("serve", "ending: %s", strsignal(signo));
	loop_stop(w->loop, 0);
}

static int only_one(struct world *w, struct why *why)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/serve.lock", w->cli.folder);
	w->running = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (w->running < 0)
		return why_say(why, -errno, "%s: %s", path, strerror(errno));
	if (flock(w->running, LOCK_EX | LOCK_NB) < 0)
		return why_say(
			why, -EBUSY, "%s: another collector serves this folder", w->cli.folder);
	return 0;
}

static const char *some(const struct settings *s, const char *key)
{
	const char *text = settings_text(s, key);

	return *text ? text : NULL;
}

static int read_password(struct world *w, const char *path, struct why *why)
{
	FILE *f;

	if (!*path)
		return 0;
	f = fopen(path, "re");
	if (!f || !fgets(w->password, sizeof(w->password), f))
		why_say(why, -EIO, "%s: cannot be read: %s", path, strerror(errno));
	if (f)
		fclose(f);
	w->password[strcspn(w->password, "\r\n")] = 0;
	return *w->password ? 0 : why_say(why, -EINVAL, "%s: the first line is empty", path);
}

static int start_ingest(struct world *w, struct why *why)
{
	const struct settings *s = conf_section(w->cli.conf, "ingest");
	struct ingest_options o = {
		.folder = w->cli.folder,
		.identity = w->identity,
		.user = some(s, "user"),
		.ca_file = some(s, "ca_file"),
		.cert_file = some(s, "cert_file"),
		.key_file = some(s, "key_file"),
		.slices = settings_text(s, "slices"),
		.share = some(s, "share"),
		.open = !strcmp(settings_text(s, "register"), "open"),
		.queue_messages = (size_t)settings_int(s, "queue_messages"),
		.queue_bytes = (size_t)settings_int(s, "queue_mb") * 1024 * 1024,
		.group_records = (uint32_t)settings_int(s, "group_records"),
		.group_ms = (uint32_t)settings_int(s, "group_ms"),
	};
	size_t n = settings_count(s, "brokers");
	int err = read_password(w, settings_text(s, "password_file"), why);

	if (err)
		return err;
	if (n > INGEST_BROKERS)
		return why_say(why, -EINVAL, "ingest.brokers: more than %d", INGEST_BROKERS);
	for (size_t i = 0; i < n; i++)
		o.brokers[i] = settings_text_at(s, "brokers", i);
	o.password = *w->password ? w->password : NULL;
	return ingest_start(&w->ingest, &o, why);
}

static int start_truth(struct world *w, struct why *why)
{
	const struct settings *s = conf_section(w->cli.conf, "truth");
	const char *files[PROFILES];
	struct truth_options o = { .folder = w->cli.folder,
		.profiles = files,
		.profile_count = settings_count(s, "profiles") };

	if (o.profile_count > PROFILES)
		return why_say(why, -EINVAL, "truth.profiles: more than %d", PROFILES);
	for (size_t i = 0; i < o.profile_count; i++)
		files[i] = settings_text_at(s, "profiles", i);
	return o.profile_count ? truth_start(&w->truth, &o, why) : 0;
}

/* The list is there before the broker asks for it, and its end moves on. */
static void renew_revocations(const struct world *w)
{
	struct authority *a = NULL;
	struct store *s = NULL;
	struct why why = { "" };
	int err = authority_open(&a, w->cli.folder, &why);

	if (!err)
		err = store_open(&s, w->cli.folder, STORE_READ, &why);
	if (!err)
		err = authority_revocations(a, s, "", &why);
	if (err)
		log_warn("serve", "revoked certificates: %s", why.text);
	store_close(s);
	authority_free(a);
}

static int start_enroll(struct world *w, struct why *why)
{
	const struct settings *s = conf_section(w->cli.conf, "enroll");
	struct enroll_options o = { .folder = w->cli.folder,
		.broker_ca_file = settings_text(s, "broker_ca_file"),
		.ca_command = settings_text(s, "ca_command"),
		.days = (unsigned)settings_int(s, "days"),
		.collector_key = identity_public(w->identity) };
	size_t n = settings_count(s, "brokers");
	int err;

	if (!n)
		return 0;
	if (n > ENROLL_BROKERS)
		return why_say(why, -EINVAL, "enroll.brokers: more than %d", ENROLL_BROKERS);
	for (size_t i = 0; i < n; i++)
		o.brokers[i] = settings_text_at(s, "brokers", i);
	err = enroll_new(&w->enroller, &o, why);
	if (!err && !*o.ca_command)
		renew_revocations(w);
	return err;
}

static int start_http(struct world *w, struct why *why)
{
	const struct settings *s = conf_section(w->cli.conf, "http");
	const struct settings *truth = conf_section(w->cli.conf, "truth");
	struct context_options c = { .folder = w->cli.folder,
		.technology = settings_text(s, "technology"),
		.profile = settings_count(truth, "profiles")
		                   ? settings_text_at(truth, "profiles", 0)
		                   : NULL,
		.ingest = w->ingest,
		.enroller = w->enroller,
		.boundaries = settings_text(conf_section(w->cli.conf, ""), "boundaries") };
	struct http_options o = { .listen = settings_text(s, "listen"),
		.port = (int)settings_int(s, "port"),
		.threads = (unsigned)settings_int(s, "threads"),
		.cert_file = some(s, "cert_file"),
		.key_file = some(s, "key_file") };
	int err;

	if (!o.port)
		return 0;
	err = context_new(&w->context, &c, why);
	o.context = w->context;
	return err ? err : http_start(&w->http, &o, why);
}

static int start(struct world *w, struct why *why)
{
	struct store *s;
	char path[PATH_MAX];
	int err;

	/* before any thread exists */
	w->term.caught = w->interrupt.caught = ended;
	err = loop_signal_add(w->loop, &w->term, SIGTERM);
	if (!err)
		err = loop_signal_add(w->loop, &w->interrupt, SIGINT);
	if (!err)
		err = store_open(
			&s, w->cli.folder, STORE_WRITE, why); /* makes it, completes the ledger */
	if (err)
		return *why->text ? err : why_say(why, err, "%s", strerror(-err));
	store_close(s);
	err = only_one(w, why);
	snprintf(path, sizeof(path), "%s/identity.pem", w->cli.folder);
	if (!err)
		err = identity_open(&w->identity, path, why);
	if (!err)
		err = start_ingest(w, why);
	if (!err)
		err = start_truth(w, why);
	if (!err)
		err = start_enroll(w, why);
	if (!err)
		err = start_http(w, why);
	return err;
}

static void stop(struct world *w)
{
	http_stop(w->http);
	context_free(w->context);
	enroll_free(w->enroller);
	truth_stop(w->truth);
	ingest_stop(w->ingest);
	identity_free(w->identity);
	loop_free(w->loop);
	if (w->running >= 0)
		close(w->running);
	cli_done(&w->cli);
}

int serve_command(int argc, char **argv)
{
	struct world w = { .running = -1 };
	struct why why = { "" };
	char id[PROBE_ID_TEXT];
	int status = cli_take(&w.cli, &argc, argv);

	if (!status && argc > 1)
		status = cli_usage("serve", "too many words");
	if (!status)
		status = cli_conf(&w.cli);
	if (!status && !w.cli.conf)
		status = cli_usage("serve", "a configuration is needed: -c FILE");
	if (status)
		return status;
	if (loop_new(&w.loop) < 0 || start(&w, &why) < 0) {
		log_error("serve", "%s", why.text);
		stop(&w);
		return EXIT_FAILED;
	}
	log_info("serve", "phusong-collector %s, key %s, data in %s", phusong_version,
		probe_id_text(identity_id(w.identity), id), w.cli.folder);
	status = loop_run(w.loop) < 0 ? EXIT_FAILED : EXIT_DONE;
	stop(&w);
	return status;
}
