/* SPDX-License-Identifier: Apache-2.0 */
/* Is my data in?  What status says first. */
#ifndef AGENT_STATUS_DATA_H
#define AGENT_STATUS_DATA_H

#include "settings.h"
#include "words.h"

struct json_object;

enum data_in {
	DATA_ALL,     /* every record has its receipt */
	DATA_SENDING, /* some wait, and receipts come */
	DATA_STUCK,   /* some wait, and no receipt has come for long */
	DATA_NONE,    /* some wait, and no receipt came since start */
	DATA_NOTHING, /* none waits, none was ever sent in this run */
	DATA_LOCAL,   /* there is no broker */
	DATA_REST,    /* no agent is running */
};

struct data {
	enum data_in in;
	int64_t waiting, receipt_age_s; /* receipt_age_s -1: none in this run */
	int64_t oldest_utc_ns;          /* of the oldest waiting record; UTC_UNKNOWN */
	int64_t oldest_age_s;           /* -1 unknown */
};

/* o: the document of status.  Looks into the journal for the oldest record that waits, if it may. */
void data_of(struct data *d, const struct conf *c, struct json_object *o);
/* The oldest record that waits in the journal: utc and age, UTC_UNKNOWN and -1 when it cannot be told. */
void data_oldest(struct data *d, const struct conf *c);
void data_put(struct buf *out, const struct data *d, bool vi);
const char *data_word(enum data_in in); /* "yes" "sending" "no" "nothing" "local", for scripts */

#endif
