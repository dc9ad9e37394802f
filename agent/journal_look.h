/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as commands see it: beside a running agent or without one, and never changed. */
#ifndef AGENT_JOURNAL_LOOK_H
#define AGENT_JOURNAL_LOOK_H

#include "journal.h"
#include "settings.h"

int journal_look(struct journal **out, const struct conf *c, struct journal_past *past,
	struct why *why) MUST_CHECK;

#endif
