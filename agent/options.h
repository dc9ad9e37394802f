/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of every subcommand: the same options mean the same everywhere. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "command.h"
#include <stdio.h>

#define AGENT_CONF    "/etc/phusong/agent.conf"
#define OPTIONS_WORDS 64

enum option_use { /* which options a command takes, beside --help, --version and --debug */
	OPTION_CONF = 1 << 0,
	OPTION_JSON = 1 << 1,
	OPTION_LANG = 1 << 2,   /* --lang, which every command understands */
	OPTION_NET = 1 << 3,    /* -4 -6 -i */
	OPTION_TEST = 1 << 4,   /* --port --follow --beep */
	OPTION_PRINT = 1 << 5,  /* --print-config */
	OPTION_PLACE = 1 << 6,  /* --with-place */
	OPTION_SURVEY = 1 << 7, /* --gnss --name --port */
	OPTION_ENROLL = 1 << 8, /* --collector --claim --ca --pin */
};

struct options {
	const char *conf, *iface, *port;
	const char *gnss, *name;
	bool help, json, follow, beep, print, with_place, vietnamese;
	int family; /* 4, 6 or 0 */
	const char *collector, *claim, *ca, *pin;
	const char *words[OPTIONS_WORDS]; /* what is no option */
	int count;
};

/* -1: go on; else the exit status (help was shown, or the use was wrong and said so on stderr). */
int options_read(struct options *o, unsigned use, int argc, char **argv);
void options_help(FILE *out, const char *lang); /* lang: "vi", "en" or NULL, the environment's */

#endif
