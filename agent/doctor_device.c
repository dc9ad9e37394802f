/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the device itself: power, folder, agent, clock, place, journal, allowance. */
#include "doctor.h"
#include "doctor_power.h"
#include "doc.h"
#include "status_at_rest.h"
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHARGE_LOW 20              /* percent: about an hour of most batteries */
#define DISK_LOW   (1024u * 1024u) /* bytes: some segments of the journal */

static const char *state_folder(const struct visit *v)
{
	return settings_text(conf_section(v->conf, "agent"), "state");
}

void step_power(struct visit *v, struct finding *f)
{
	struct power_seen p;
	char n[WORDS_NUMBER];

	power_look(&p, "/sys/class");
	if (p.under_voltage == 1) {
		finding_say(v, f, FAILED, W_D_POWER_LOW, NULL);
		finding_advise(v, f, W_A_POWER_LOW, NULL);
	} else if (p.charge >= 0 && p.mains != 1) {
		bool low = p.charge < CHARGE_LOW;

		finding_say(v, f, low ? FAILED : PASSED, W_D_POWER_BATTERY,
			FILL("n", words_int(n, p.charge)));
		if (low)
			finding_advise(v, f, W_A_POWER_BATTERY, NULL);
	} else if (p.mains == 1) {
		finding_say(v, f, PASSED, W_D_POWER_MAINS, NULL);
	} else if (p.under_voltage == 0) {
		finding_say(v, f, PASSED, W_D_POWER_ENOUGH, NULL);
	} else {
		finding_say(v, f, SKIPPED, W_D_POWER_UNKNOWN, NULL);
	}
}

void step_folder(struct visit *v, struct finding *f)
{
	const char *folder = state_folder(v);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = fd < 0 ? errno : 0;

	if (!err && access(folder, R_OK | W_OK | X_OK))
		err = errno;
	if (fd >= 0)
		close(fd);
	if (!err) {
		finding_say(v, f, PASSED, W_D_SEEN, FILL("seen", folder));
		return;
	}
	finding_say(v, f, FAILED, W_D_PATH_ERROR,
		FILL("path", folder, "error", words_errno(err, v->vietnamese)));
	finding_advise(v, f, err == EROFS ? W_A_READ_ONLY : W_A_FOLDER, NULL);
}

void step_agent(struct visit *v, struct finding *f)
{
	char span[WORDS_NUMBER];

	if (v->status) {
		finding_say(v, f, PASSED, W_D_AGENT_RUNS,
			FILL("probe", doc_text(v->status, "probe", "?"), "span",
				words_span(
					span, v->vietnamese, doc_int(v->status, "running_s", 0))));
	} else if (!v->running) {
		finding_say(v, f, FAILED, W_D_AGENT_STOPPED, NULL);
		finding_advise(v, f, W_A_AGENT, NULL);
	} else if (v->status_err == -EACCES || v->status_err == -EPERM) {
		finding_say(v, f, FAILED, W_D_AGENT_ERROR,
			FILL("error", words_errno(v->status_err, v->vietnamese)));
		finding_advise(v, f, W_A_SUDO, NULL);
	} else {
		finding_say(v, f, FAILED, W_D_AGENT_SILENT, NULL);
		finding_advise(v, f, W_A_AGENT_SILENT, NULL);
	}
}

/* The agent may know the time from the net or from satellites while the system does not. */
static void read_clock(const struct visit *v, int64_t *utc_ns, const char **source)
{
	struct json_object *k = doc_at(v->status, "clock");
	struct clock_state now;

	if (k) {
		*source = doc_text(k, "source", "none");
		if (clock_parse(doc_text(k, "utc", ""), utc_ns))
			*source = "none";
		return;
	}
	clock_read(&now);
	*utc_ns = now.utc_ns;
	*source = clock_source_name[now.utc_ns == UTC_UNKNOWN ? CLOCK_NONE : now.source];
}

void step_clock(struct visit *v, struct finding *f)
{
	char date[WORDS_NUMBER];
	const char *source;
	int64_t utc = 0;

	read_clock(v, &utc, &source);
	if (!strcmp(source, "none")) {
		finding_say(v, f, FAILED, W_D_CLOCK_NONE, NULL);
		finding_advise(v, f, W_A_CLOCK, NULL);
		return;
	}
	finding_say(v, f, PASSED, strcmp(source, "manual") ? W_D_CLOCK : W_D_CLOCK_UNCONFIRMED,
		FILL("date", words_date(date, utc), "source", source));
}

void step_place(struct visit *v, struct finding *f)
{
	const struct settings *s = conf_section(v->conf, "place");
	struct json_object *p = doc_at(v->status, "place");
	char lat[WORDS_NUMBER], lon[WORDS_NUMBER], accuracy[WORDS_NUMBER];
	bool told = p || (settings_given(s, "lat") && settings_given(s, "lon"));

	if (!told) {
		finding_say(v, f, SKIPPED,
			v->findings[STEP_RECEIPT].result == PASSED ? W_D_PLACE_KNOWN
								   : W_D_PLACE_NONE,
			NULL);
		return;
	}
	finding_say(v, f, PASSED, W_D_PLACE,
		FILL("lat",
			words_real(
				lat, false, p ? doc_real(p, "lat", 0) : settings_real(s, "lat"), 5),
			"lon",
			words_real(
				lon, false, p ? doc_real(p, "lon", 0) : settings_real(s, "lon"), 5),
			"accuracy",
			words_int(accuracy,
				p ? doc_int(p, "accuracy_m", 0) : settings_int(s, "accuracy_m")),
			"source", p ? doc_text(p, "source", "?") : "surveyed"));
}

static void say_disk(struct visit *v, struct finding *f, uint64_t free_bytes)
{
	struct json_object *j = doc_at(v->status, "journal");
	char space[WORDS_NUMBER], n[WORDS_NUMBER], size[WORDS_NUMBER], dropped[120];
	size_t used;

	words_bytes(space, v->vietnamese, free_bytes);
	finding_say(v, f, PASSED, j ? W_D_DISK : W_D_DISK_FREE,
		FILL("free", space, "n", words_int(n, doc_int(j, "waiting", 0)), "size",
			words_bytes(size, v->vietnamese, (uint64_t)doc_int(j, "bytes", 0))));
	if (!doc_int(j, "dropped", 0))
		return;
	used = strlen(f->detail);
	words_text(dropped, sizeof(dropped), v->vietnamese, W_D_DISK_DROPPED,
		FILL("n", words_int(n, doc_int(j, "dropped", 0))));
	snprintf(f->detail + used, sizeof(f->detail) - used, "%s", dropped);
}

void step_journal(struct visit *v, struct finding *f)
{
	const char *folder = state_folder(v),
		   *problem = doc_text(doc_at(v->status, "journal"), "problem", "");
	char space[WORDS_NUMBER];
	struct statvfs s;
	uint64_t free_bytes;

	if (statvfs(folder, &s)) {
		finding_say(v, f, FAILED, W_D_PATH_ERROR,
			FILL("path", folder, "error", words_errno(errno, v->vietnamese)));
		finding_advise(v, f, W_A_FOLDER, NULL);
		return;
	}
	free_bytes = (uint64_t)s.f_bavail * s.f_frsize; /* root's reserve is not the agent's */
	if (s.f_flag & ST_RDONLY) {
		finding_say(v, f, FAILED, W_D_PATH_ERROR,
			FILL("path", folder, "error", word(W_READ_ONLY, v->vietnamese)));
		finding_advise(v, f, W_A_READ_ONLY, NULL);
	} else if (free_bytes < DISK_LOW) {
		finding_say(v, f, FAILED, W_D_DISK_FULL,
			FILL("free", words_bytes(space, v->vietnamese, free_bytes)));
		finding_advise(v, f, W_A_DISK_FULL, NULL);
	} else if (*problem) {
		finding_say(v, f, FAILED, W_D_PATH_ERROR, FILL("path", folder, "error", problem));
		finding_advise(v, f, W_A_JOURNAL, NULL);
	} else {
		say_disk(v, f, free_bytes);
	}
}

void step_budget(struct visit *v, struct finding *f)
{
	struct json_object *b = doc_at(v->status, "budget"),
			   *own = b ? NULL : status_budget_at_rest(v->conf);
	char used[WORDS_NUMBER], limit[WORDS_NUMBER], day[WORDS_NUMBER];

	if (own)
		b = own;
	if (!doc_int(b, "limit", 0)) {
		finding_say(v, f, SKIPPED, W_D_BUDGET_NONE, NULL);
	} else {
		bool left = doc_bool(b, "may_spend");

		finding_say(v, f, left ? PASSED : FAILED, W_D_BUDGET,
			FILL("used",
				words_real(used, v->vietnamese, doc_real(b, "used", 0) / 1e6, 1),
				"limit",
				words_real(
					limit, v->vietnamese, doc_real(b, "limit", 0) / 1e6, 0)));
		if (!left)
			finding_advise(v, f, W_A_BUDGET,
				FILL("day", words_int(day, doc_int(b, "reset_day", 1))));
	}
	json_object_put(own);
}
