/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and configuration of the reflector. */
#ifndef REFLECTOR_OPTIONS_H
#define REFLECTOR_OPTIONS_H

#include "http_server.h"
#include "stamp_reflector.h"
#include "../../config/conf.h"

struct options {
	struct conf *conf; /* texts below live in it */
	const char *user;
	const char *stamp_address;
	uint16_t stamp_port; /* 0: off */
	struct stamp_limits stamp;
	struct http_listen http_listen;
	struct http_limits http;
};
#define OPTIONS_NONE \
	{ \
		0 \
	}

/* -1: go on and run; else the exit status: help was shown, a file was checked, or something was wrong
 * (said on stderr). */
int options_read(struct options *o, int argc, char **argv);
void options_done(struct options *o);

/* Reads a configuration; problems as text, one a line. */
int options_load(struct options *o, const char *file, struct buf *problems) MUST_CHECK;

#endif
