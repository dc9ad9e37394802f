/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to one broker through Paho.  What Paho's threads report becomes an event in a queue;
 * all calls are made by the uplink's thread, and none between link_connect() and its event. */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include "../probes/core/why.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link;

struct link_options {
	const char *client_id, *user, *password;
	const char *ca_file, *cert_file, *key_file;
	const char *will_topic, *will_text; /* retained, when the connection is lost */
	int connect_s;                      /* for everything up to the broker's consent */
};

enum link_event_type {
	LINK_UP,
	LINK_FAILED,  /* not connected: code is a reason code or Paho's, text a sentence */
	LINK_LOST,    /* it was up */
	LINK_SENT,    /* token: the broker has it; code is MQTT 5's reason, 0x10: nobody listens */
	LINK_REFUSED, /* token: it does not have it */
	LINK_MESSAGE,
};

struct link_event {
	uint32_t type;    /* enum link_event_type */
	uint32_t attempt; /* number of the link_connect() it belongs to */
	int token, code;
	char text[96];
	uint32_t topic_len, payload_len;
	uint8_t bytes[]; /* topic with its zero, payload */
};

int link_new(struct link **out,
	const struct link_options *o) MUST_CHECK; /* copies nothing: o's texts live on */
/* While an attempt still blocks inside Paho nothing is freed, because Paho may yet call back. */
void link_free(struct link *l);

/* uri as Paho wants it: tcp:// or ssl://.  version 5 or 3 (3.1.1).  Afterwards an event comes. */
int link_connect(struct link *l, const char *uri, int version) MUST_CHECK;
uint32_t link_attempt(const struct link *l); /* events of others are stale */
int link_subscribe(struct link *l,
	const char *topic) MUST_CHECK; /* LINK_REFUSED with token -1 when it may not */
int link_publish(struct link *l, const char *topic, const void *bytes, size_t n, bool retained,
	int *token) MUST_CHECK;
void link_bye(struct link *l, int wait_ms); /* says DISCONNECT, so that the will is not sent */
void link_drop(struct link *l);             /* ends the connection or attempt, if there is one */

int link_fd(struct link *l);
struct link_event *link_event(struct link *l); /* to be freed, NULL when there is none */

#endif
