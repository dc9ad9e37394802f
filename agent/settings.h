/* SPDX-License-Identifier: Apache-2.0 */
/* agent.conf as tables, and what cannot be said in a table: values that must fit together. */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "../config/conf.h"
#include "../probes/core/identity.h"
#include "access.h"
#include "journal.h"

extern const struct section agent_sections[];

/* Loads and checks; every problem is a line in problems. */
int agent_conf_load(struct conf **out, const char *path, struct buf *problems) MUST_CHECK;
/* The same, problems to stderr: -1 when it is good, else the exit status. */
int agent_conf_open(struct conf **out, const char *path);

#define STATE_PATH 512
/* "<state folder>/name".  Returns out. */
char *state_path(const struct conf *c, const char *name, char out[STATE_PATH]);

void journal_settings(const struct conf *c, const char *folder,
	struct journal_options *out); /* boot stays zero */
void access_settings(const struct conf *c, struct access_options *out);
/* PUBLIC_KEY bytes of uplink.collector_key; false when there is none. */
bool collector_key_setting(const struct conf *c, uint8_t out[PUBLIC_KEY]);
bool setting_listed(const struct setting *table, const char *key);
const char *first_modem_port(const struct conf *c); /* of the tests; "" when none */

#endif
