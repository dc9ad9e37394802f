/* SPDX-License-Identifier: Apache-2.0 */
/* What `status` tells while no agent runs: what the journal holds. */
#ifndef AGENT_STATUS_AT_REST_H
#define AGENT_STATUS_AT_REST_H

#include "settings.h"

struct json_object;

/* The allowance as the last run left it. */
struct json_object *status_budget_at_rest(const struct conf *c);
void status_at_rest(const struct conf *c, bool json, bool vietnamese);

#endif
