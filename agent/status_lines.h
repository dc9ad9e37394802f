/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of status for a person, from its document; anything may be missing in it. */
#ifndef AGENT_STATUS_LINES_H
#define AGENT_STATUS_LINES_H

#include "status_data.h"

/* Of a running agent, to stdout. */
void status_say(struct json_object *o, const struct data *d, bool vi);

/* "Nhật ký:     " */
void status_label(struct buf *out, enum word w, bool vi);
void status_put_journal(struct buf *out, struct json_object *j, const struct data *d, bool vi);
void status_put_budget(struct buf *out, struct json_object *b, bool vi);
void status_put_place(struct buf *out, struct json_object *p, bool vi);

#endif
