/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of phusong-agent doctor, and how one explains another: a table, so that none lacks its words in
 * either language. */
#ifndef AGENT_DOCTOR_H
#define AGENT_DOCTOR_H

#include "settings.h"
#include "words.h"
#include "world.h"
#include <sys/socket.h>

struct json_object;

enum finding_result { PASSED, FAILED, SKIPPED };

enum step {
	STEP_POWER,
	STEP_FOLDER,
	STEP_AGENT,
	STEP_MODEM,
	STEP_SIM,
	STEP_REGISTRATION,
	STEP_SIGNAL,
	STEP_ADDRESS,
	STEP_DNS,
	STEP_CLOCK,
	STEP_INTERNET,
	STEP_BROKER,
	STEP_RECEIPT,
	STEP_PLACE,
	STEP_JOURNAL,
	STEP_BUDGET,
	STEPS
};
#define STEP(name) (1u << STEP_##name)

struct finding {
	enum finding_result result;
	char detail[240], advice[320]; /* advice is "" unless it failed */
	int because;                   /* the step that explains it, -1 none */
	uint32_t
		blames; /* as in the table; look() may narrow it: 0 for a fault that is certainly its own */
};

struct visit {
	bool vietnamese;
	const struct conf *conf;
	const char *port; /* of the modem, "" none */
	struct probe_world world;
	struct json_object *status; /* of the running agent; NULL: none, or it does not answer */
	int status_err;
	bool running; /* an agent is there, whether or not it answers: its port is not touched */
	struct record signal; /* the newest round of the modem; kind 0: none */
	int64_t end_ns;       /* clock_loop(): all steps together */
	bool no_names;        /* no name server answers: further questions would only take time */
	enum step now;
	struct finding findings[STEPS];
};

struct doctor_step {
	const char *name; /* in JSON; stable */
	enum word title;
	void (*look)(struct visit *v, struct finding *f);
	uint32_t needs; /* left out without a look when one of these failed */
	uint32_t
		blames; /* looked at all the same; but when it fails, one of these that failed explains it */
};
extern const struct doctor_step doctor_steps[STEPS];

/* Blocks for less than a minute, whatever hangs.  said() is called after each step; may be NULL. */
int doctor_visit(
	struct visit *v, const struct conf *c, bool vietnamese, struct why *why) MUST_CHECK;
void doctor_walk(
	struct visit *v, void (*said)(void *arg, const struct visit *v, enum step s), void *arg);
void doctor_leave(struct visit *v);
/* The failed step that explains most others; STEPS when none failed. */
enum step doctor_cause(const struct visit *v);
struct json_object *doctor_json(const struct visit *v, enum step s);

/* For the steps: what is said, and for a failure what to do. */
void finding_say(struct visit *v, struct finding *f, enum finding_result result, enum word detail,
	const char *const fill[]);
void finding_advise(struct visit *v, struct finding *f, enum word advice, const char *const fill[]);
int64_t doctor_time(const struct visit *v, int64_t most_ns); /* what is left of both */

/* doctor_device.c */
void step_power(struct visit *v, struct finding *f);
void step_folder(struct visit *v, struct finding *f);
void step_agent(struct visit *v, struct finding *f);
void step_clock(struct visit *v, struct finding *f);
void step_place(struct visit *v, struct finding *f);
void step_journal(struct visit *v, struct finding *f);
void step_budget(struct visit *v, struct finding *f);
/* doctor_radio.c */
void doctor_ask_modem(struct visit *v);
void step_modem(struct visit *v, struct finding *f);
void step_sim(struct visit *v, struct finding *f);
void step_registration(struct visit *v, struct finding *f);
void step_signal(struct visit *v, struct finding *f);
/* doctor_net.c */
void step_address(struct visit *v, struct finding *f);
void step_dns(struct visit *v, struct finding *f);
void step_internet(struct visit *v, struct finding *f);
void step_receipt(struct visit *v, struct finding *f);
/* doctor_broker.c */
void step_broker(struct visit *v, struct finding *f);

/* doctor_net.c: addresses of a name by the agent's own name servers; 0 or -errno of resolve.h */
int doctor_resolve(struct visit *v, const char *host, struct sockaddr_storage *first);
#define HOST_MAX 256
/* Takes "mqtt://host:1883", "https://host/", "host:862" or an address apart; port 0: not told. */
void doctor_host(const char *target, char host[HOST_MAX], unsigned *port);
bool doctor_is_address(const char *host);

#endif
