/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of `phusong-agent enroll`. */
#ifndef AGENT_ENROLL_H
#define AGENT_ENROLL_H

#include "../probes/core/buf.h"
#include "../probes/core/identity.h"
#include "enrolled.h"

/* enroll_request.c: a certificate request (PKCS #10, PEM) for the identity's own key, common name the probe id. */
int enroll_request(struct buf *out, const struct identity *i, struct why *why) MUST_CHECK;
/* The certificate is for that key and that name.  -EBADMSG, -EPERM. */
int enroll_certificate(const char *pem, const struct identity *i, struct why *why) MUST_CHECK;

/* enroll_talk.c: one question over HTTPS. */
enum talk_trouble { /* what a person can do something about */
	TALK_OK,
	TALK_URL,        /* it is no https:// */
	TALK_NAME,       /* the host has no address */
	TALK_NO_ANSWER,  /* nobody there, or the net is down */
	TALK_UNTRUSTED,  /* no authority that we know has signed the certificate */
	TALK_WRONG_NAME, /* the certificate is for another host */
	TALK_NOT_YET,    /* not valid yet: the clock here is behind */
	TALK_EXPIRED,    /* not valid any more, or the clock here is ahead */
	TALK_PIN,        /* another key than the one that was pinned */
	TALK_CA_FILE,    /* --ca cannot be read */
	TALK_OTHER,
	TALK_TROUBLES
};
struct talk {
	const char *url, *ca, *pin; /* ca, pin: or NULL */
	const char *body;           /* JSON */
	long status;                /* of HTTP, 0 none */
	struct buf answer;          /* to be freed by the caller, also after trouble */
	char detail[256];           /* in the library's words */
};
enum talk_trouble talk_post(struct talk *t);

#endif
