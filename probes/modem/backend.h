/* SPDX-License-Identifier: Apache-2.0 */
/* A way to talk to a modem: AT on a tty, ModemManager, uqmi. */
#ifndef MODEM_BACKEND_H
#define MODEM_BACKEND_H

#include "../core/loop.h"
#include "../core/record.h"
#include "modem.h"

/* error is NULL or the word of FIELD_ERROR; the sentence is for people. */
typedef void (*backend_done)(void *arg, const char *error, const char *sentence);

struct modem_backend {
	const char *method;                              /* FIELD_METHOD */
	void *(*open)(struct loop *l, const char *port); /* cannot fail, touches nothing */
	void (*close)(void *b);
	/* Fills r (a signal record, begun) and calls done once from the loop, unless it returned -errno. */
	int (*read)(void *b, struct record *r, int64_t timeout_ns, backend_done done, void *arg);
	void (*cancel)(void *b); /* done will not be called */
	/* As modem_survey(); NULL when this way to talk cannot. */
	int (*survey)(void *b, int64_t timeout_ns,
		void (*done)(void *arg, const struct modem_survey *s), void *arg);
};

extern const struct modem_backend backend_at, backend_mmcli, backend_uqmi;

#define MODEM_RAW 1600 /* bytes of the answers that are kept */

#endif
