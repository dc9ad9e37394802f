/* SPDX-License-Identifier: Apache-2.0 */
/* phusong-agent bundle: one file for whoever helps from afar.  One document of JSON and not an archive: everything passes
 * through one mask at one place, whoever sends it can read in any viewer what he sends, and a router needs no tar. */
#include "bundle.h"
#include "options.h"
#include "../probes/core/clock.h"
#include "../probes/core/file.h"
#include "../probes/core/log.h"
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define PROBLEMS_MAX (64 << 10)

static void put_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *about(bool with_place)
{
	struct json_object *o = json_object_new_object();
	enum word place = with_place ? W_B_PLACE_EXACT : W_B_PLACE_COARSE;
	char text[600];

	snprintf(text, sizeof(text), "%s %s", word(W_B_ABOUT, true), word(place, true));
	put_text(o, "vi", text);
	snprintf(text, sizeof(text), "%s %s", word(W_B_ABOUT, false), word(place, false));
	put_text(o, "en", text);
	return o;
}

/* c NULL: the configuration is wrong, which may be just what support is asked about. */
static struct json_object *document(
	const struct conf *c, const char *problems, const struct options *opt)
{
	struct json_object *o = json_object_new_object(), *log;
	char utc[CLOCK_TEXT];
	struct mask m;

	mask_init(&m, opt->with_place);
	json_object_object_add(o, "about", about(opt->with_place));
	put_text(o, "made", clock_text(clock_wall(), utc));
	json_object_object_add(o, "versions", bundle_versions());
	json_object_object_add(o, "configuration", bundle_configuration(c, opt->conf, &m));
	if (*problems)
		put_text(o, "configuration_problems", problems);
	if (c) {
		json_object_object_add(o, "status", bundle_status(c));
		json_object_object_add(o, "doctor", bundle_doctor(c, opt->vietnamese));
	}
	json_object_object_add(o, "interfaces", bundle_interfaces());
	log = bundle_log();
	json_object_object_add(
		o, "log", log ? log : json_object_new_string(word(W_B_NO_LOG, opt->vietnamese)));
	if (c)
		json_object_object_add(o, "records", bundle_records(c));
	mask_json(&m, o);
	mask_done(&m);
	return o;
}

static int make(const struct conf *c, const char *problems, const struct options *opt)
{
	struct json_object *o = document(c, problems, opt);
	const char *text = json_object_to_json_string_ext(o,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	int err = file_replace(opt->words[0], text, strlen(text), 0600);
	char size[WORDS_NUMBER];

	if (err) {
		fprintf(stderr, "phusong-agent bundle: %s: %s\n", opt->words[0],
			words_errno(err, opt->vietnamese));
	} else {
		words_print(stdout, opt->vietnamese, W_B_WRITTEN,
			FILL("file", opt->words[0], "size",
				words_bytes(size, opt->vietnamese, strlen(text))));
		putchar('\n');
	}
	json_object_put(o);
	return err ? EXIT_FAILED : EXIT_DONE;
}

int bundle_command(int argc, char **argv)
{
	struct conf *c = NULL;
	struct buf problems;
	struct options o;
	int status = options_read(&o, OPTION_CONF | OPTION_PLACE, argc, argv);

	if (status >= 0)
		return status;
	if (o.count != 1)
		return wrong_use("bundle", "one file is needed");
	log_quiet(true);
	buf_init(&problems, PROBLEMS_MAX);
	if (agent_conf_load(&c, o.conf, &problems))
		c = NULL;
	status = make(c, buf_text(&problems), &o);
	buf_done(&problems);
	conf_free(c);
	return status;
}
