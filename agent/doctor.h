/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of phusong-agent doctor: a table, so that none lacks its words in either language. */
#ifndef AGENT_DOCTOR_H
#define AGENT_DOCTOR_H

#include "settings.h"
#include "world.h"

struct json_object;

enum finding_result { PASSED, FAILED, SKIPPED };

struct finding {
	enum finding_result result;
	char detail[200];
};

struct visit {
	bool vietnamese;
	const struct conf *conf;
	const char *port; /* of the modem, "" none */
	struct probe_world world;
	struct json_object *status; /* of the running agent; NULL: none */
	int status_err;
	struct json_object *signal; /* the newest signal record; NULL: none */
	int dns_err;
};

struct doctor_step { /* a table of them ends with {0} */
	const char *name;
	struct finding (*look)(struct visit *v);
	const char *title[2], *advice[2]; /* vi, en */
};
extern const struct doctor_step doctor_steps[];

int doctor_visit(struct visit *v, const struct conf *c, struct why *why) MUST_CHECK;
void doctor_leave(struct visit *v);

#endif
