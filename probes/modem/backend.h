/* SPDX-License-Identifier: Apache-2.0 */
/* A way to talk to a modem: AT on a tty, ModemManager, uqmi.  One talk at a time; whoever owns the backend
 * (modem.c) keeps the others waiting. */
#ifndef MODEM_BACKEND_H
#define MODEM_BACKEND_H

#include "../core/loop.h"
#include "../core/record.h"
#include "modem.h"

/* error is NULL or the word of FIELD_ERROR; the sentence is for people. */
typedef void (*backend_done)(void *arg, const char *error, const char *sentence);

enum backend_talk {
	TALK_LOOK,    /* registration, radio, active contexts: what must be known before a scan */
	TALK_SCAN,    /* param: "auto", "qscan", "cops", "neighbours" */
	TALK_CLOCK,   /* what time the network told it */
	TALK_BALANCE, /* param: the code, "*101#" */
	TALK_REOPEN,  /* begin from the start, as after a program's start */
	TALK_RESET,   /* the modem restarts itself; there may be no answer */
};

struct backend_answer {
	const char *error, *sentence; /* NULL, NULL: it went well */
	const char *method;           /* of a scan: "qscan" "cops" "neighbours" "network_scan" */
	const char *modem;            /* maker and model, "" unknown */
	const char *text;             /* dies with the callback */
	/* TALK_LOOK */
	bool registered, radio_off, incomplete;
	uint16_t contexts; /* bit n: <cid> n is active */
};
typedef void (*backend_answered)(void *arg, const struct backend_answer *a);

/* What a round learnt beside its record; nothing of it leaves the device. */
struct backend_facts {
	const char *imsi;   /* "" unknown */
	const char *device; /* "/dev/ttyUSB2", or "/sys/devices/..."; "" unknown */
};

struct modem_backend {
	const char *method;                              /* FIELD_METHOD */
	unsigned talks;                                  /* 1 << enum backend_talk: what it can */
	void *(*open)(struct loop *l, const char *port); /* cannot fail, touches nothing */
	void (*close)(void *b);
	/* Fills r (a signal record, begun) and calls done once from the loop, unless it returned -errno. */
	int (*read)(void *b, struct record *r, bool quick, int64_t timeout_ns, backend_done done,
		void *arg);
	/* -EOPNOTSUPP: this way to talk cannot.  Else as read(). */
	int (*talk)(void *b, enum backend_talk what, const char *param, int64_t timeout_ns,
		backend_answered done, void *arg);
	void (*cancel)(void *b); /* done will not be called */
	void (*facts)(const void *b, struct backend_facts *out);
	/* An open descriptor of the port for another process; nothing is read or written here until
	 * take_back().  -1: there is none.  NULL, all three: no tty. */
	int (*lend)(void *b);
	void (*take_back)(void *b);
	void (*rest)(void *b); /* closes the port; the next talk opens it again */
};

extern const struct modem_backend backend_at, backend_mmcli, backend_uqmi;

const char *modem_error_word(int err); /* -errno of a port as the word of FIELD_ERROR (modem.c) */

#define MODEM_RAW 1600 /* bytes of the answers that are kept */

#endif
