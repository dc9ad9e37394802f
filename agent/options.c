/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "../probes/core/log.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LETTER_COLLECTOR = 1000, LETTER_CLAIM, LETTER_CA, LETTER_PIN };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "debug", required_argument, NULL, 'd' },
	{ "json", no_argument, NULL, 'j' },
	{ "lang", required_argument, NULL, 'l' },
	{ "port", required_argument, NULL, 'p' },
	{ "follow", no_argument, NULL, 'f' },
	{ "beep", no_argument, NULL, 'b' },
	{ "print-config", no_argument, NULL, 'P' },
	{ "gnss", required_argument, NULL, 'g' },
	{ "name", required_argument, NULL, 'n' },
	{ "with-place", no_argument, NULL, 'w' },
	{ "collector", required_argument, NULL, LETTER_COLLECTOR },
	{ "claim", required_argument, NULL, LETTER_CLAIM },
	{ "ca", required_argument, NULL, LETTER_CA },
	{ "pin", required_argument, NULL, LETTER_PIN },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static const struct {
	int letter;
	unsigned use;
} needs[] = {
	{ 'c', OPTION_CONF },
	{ 'j', OPTION_JSON },
	{ 'p', OPTION_TEST | OPTION_SURVEY },
	{ 'f', OPTION_TEST },
	{ 'b', OPTION_TEST },
	{ 'P', OPTION_PRINT },
	{ 'g', OPTION_SURVEY },
	{ 'n', OPTION_SURVEY },
	{ 'w', OPTION_PLACE },
	{ LETTER_COLLECTOR, OPTION_ENROLL },
	{ LETTER_CLAIM, OPTION_ENROLL },
	{ LETTER_CA, OPTION_ENROLL },
	{ LETTER_PIN, OPTION_ENROLL },
	{ '4', OPTION_NET },
	{ '6', OPTION_NET },
	{ 'i', OPTION_NET },
};

static const struct command *command_named(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static bool language_is_vietnamese(const char *told)
{
	const char *lang = told ? told : getenv("LC_ALL");

	if (!lang || !*lang)
		lang = getenv("LC_MESSAGES");
	if (!lang || !*lang)
		lang = getenv("LANG");
	/* Vietnamese first: English only where it was chosen */
	return !lang || strncmp(lang, "en", 2) != 0;
}

void options_help(FILE *out, const char *lang)
{
	bool vi = language_is_vietnamese(lang);

	fprintf(out, "%s phusong-agent COMMAND ...\n\n", word(W_H_USAGE, vi));
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-9s%s\n           phusong-agent %s %s\n", c->name,
			word(c->meaning, vi), c->name, c->usage);
	fprintf(out, "\n%s\n", word(W_H_EVERYWHERE, vi));
	words_print(out, vi, W_H_CONF, FILL("path", AGENT_CONF));
	fprintf(out, "\n%s\n", word(W_H_EXIT, vi));
}

static void say_help(const char *command, bool vi)
{
	const struct command *c = command_named(command);

	printf("%s phusong-agent %s %s\n       %s\n", word(W_H_USAGE, vi), command,
		c ? c->usage : "", c ? word(c->meaning, vi) : "");
}

int wrong_use(const char *command, const char *format, ...)
{
	const struct command *c = command_named(command);
	va_list args;

	fprintf(stderr, "phusong-agent %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nusage: phusong-agent %s %s\n", command, c ? c->usage : "");
	return EXIT_USAGE;
}

static bool allowed(int letter, unsigned use)
{
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].letter == letter)
			return needs[i].use & use;
	return true;
}

/* -1 go on, else exit status */
static int take(struct options *o, const char *command, int letter, const char **lang)
{
	switch (letter) {
	case 'c':
		o->conf = optarg;
		break;
	case 'd':
		log_debug_parts(optarg);
		break;
	case 'j':
		o->json = true;
		break;
	case 'l':
		if (strcmp(optarg, "vi") && strcmp(optarg, "en"))
			return wrong_use(command, "--lang is vi or en");
		*lang = optarg;
		break;
	case 'p':
		o->port = optarg;
		break;
	case 'f':
		o->follow = true;
		break;
	case 'b':
		o->beep = true;
		break;
	case 'P':
		o->print = true;
		break;
	case 'g':
		o->gnss = optarg;
		break;
	case 'n':
		o->name = optarg;
		break;
	case 'w':
		o->with_place = true;
		break;
	case '4':
	case '6':
		o->family = letter - '0';
		break;
	case 'i':
		o->iface = optarg;
		break;
	case LETTER_COLLECTOR:
		o->collector = optarg;
		break;
	case LETTER_CLAIM:
		o->claim = optarg;
		break;
	case LETTER_CA:
		o->ca = optarg;
		break;
	case LETTER_PIN:
		o->pin = optarg;
		break;
	case 'V':
		printf("phusong-agent %s\n", phusong_version);
		return EXIT_DONE;
	case 'h':
		o->help = true;
		break;
	default:
		return wrong_use(command, "unknown option or missing value");
	}
	return -1;
}

int options_read(struct options *o, unsigned use, int argc, char **argv)
{
	const char *lang = NULL;
	int letter, status;

	memset(o, 0, sizeof(*o));
	o->conf = AGENT_CONF;
	opterr = 0;
	optind = 1;
	while ((letter = getopt_long(argc, argv, "c:hV46i:", long_options, NULL)) != -1) {
		if (letter != '?' && !allowed(letter, use))
			return wrong_use(argv[0], "this command does not take that option");
		status = take(o, argv[0], letter, &lang);
		if (status >= 0)
			return status;
	}
	o->vietnamese = language_is_vietnamese(lang);
	if (o->help) { /* in the language that may be told after it */
		say_help(argv[0], o->vietnamese);
		return EXIT_DONE;
	}
	for (; optind < argc; optind++) {
		if (o->count == OPTIONS_WORDS)
			return wrong_use(argv[0], "too many words");
		o->words[o->count++] = argv[optind];
	}
	return -1;
}
