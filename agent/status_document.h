/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the document of `status --json` that do not need a running agent. */
#ifndef AGENT_STATUS_DOCUMENT_H
#define AGENT_STATUS_DOCUMENT_H

#include "budget.h"
#include "status_data.h"
#include "../probes/core/record.h"

struct json_object *status_budget(const struct budget *b);
struct json_object *status_place(const struct place *p); /* NULL: none */

/* Adds what the command knows beside the agent: data_in, kernel, the oldest record that waits. */
void status_complete(struct json_object *o, const struct data *d);
/* The document while no agent runs: -errno with a sentence when there is no journal either. */
int status_rest_document(
	struct json_object **out, struct data *d, const struct conf *c, struct why *why) MUST_CHECK;

#endif
